"""Stage `stability`: closeness of every run in, one verdict and one origin a pair out.

Takes the closeness of all LSTM seeds and of the raw signals, run by run; gives `stability.zarr` and
`pairs.csv`: how often each pair is close over retrainings, how sure that is, where the spread comes
from and what the closeness is due to. The statistics are in `inference` and `variance`; multiple
tests are corrected after Benjamini & Hochberg (1995) and Benjamini & Yekutieli (2001), by scipy.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import xarray as xr
from cyclopts import Parameter
from scipy.stats import false_discovery_control

from signpaths import inference, variance
from signpaths.errors import UserError
from signpaths.inference import Counted
from signpaths.stores import by_seed, open_store, write_store, write_text

HEADLINE, UNTRAINED, RAW = "hidden", "untrained", "raw"
STAYS, COMES, UNDECIDED, APART = VERDICTS = ("stays close", "comes and goes", "undecided", "apart")
INPUT, RECURRENT, LEARNED, ARTEFACT, LOST, BY_LSTM, BY_AUTOENCODER, UNTOLD, NOWHERE = (
    "input-driven",
    "recurrence-driven",
    "learned",
    "projection artefact",
    "lost in projection",
    "LSTM-dependent",
    "autoencoder-dependent",
    "cannot be told",
    "not close",
)
ORIGINS = (INPUT, RECURRENT, LEARNED, ARTEFACT, LOST, BY_LSTM, BY_AUTOENCODER, UNTOLD, NOWHERE)
# The counts of seeds at which the reliability is told.
LSTM_COUNTS = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100)
AE_COUNTS = (1, 2, 3, 5, 10)


@Parameter(name="*")
@dataclass(frozen=True)
class StabilityOptions:
    """When a pair counts as close, and when it stays close.

    Parameters
    ----------
    close_fraction
        A pair is close if its mutual rank is at most this share of the other signs (1 at least).
    tau
        N1's null hypothesis: the pair is close in at most this share of retrainings.
    fdr
        False discovery rate of the pairs that are said to stay close.
    apart
        Below this share of retrainings a pair is apart.
    present
        Close in this share of retrainings or more, a pair counts as close in another space.
    firm
        Close in this share of retrainings or more, a pair that a projection drops is lost in it.
    confidence
        Of the intervals.
    reliability
        The reliability that the number of seeds needed is told for.
    resamples
        Bootstrap resamples for the interval of the mean mutual rank.
    permutations
        Permutations of the signs for N3.
    """

    close_fraction: float = 0.05
    tau: float = 0.5
    fdr: float = 0.05
    apart: float = 0.2
    present: float = 0.5
    firm: float = 0.8
    confidence: float = 0.95
    reliability: float = 0.9
    resamples: int = 1000
    permutations: int = 1000


@dataclass(frozen=True)
class Runs:
    """What all runs together say; pairs in the order of `np.triu_indices`.

    Attributes
    ----------
    first
        The first run's store, for names and coordinates.
    seeds
        LSTM seeds.
    ranks
        Mutual ranks, float32 `(space, lstm_seed, ae_seed, pair)`.
    means
        Means over all runs by name, such as `energy`, `(space, pair)`.
    close_without, rank_without
        Share of LSTMs in which a pair is close, and its mean rank, with one session left out,
        `(session, space, pair)`; without any session if the runs hold none.
    ceiling
        N4: mutual rank of the halves of a sign, median over autoencoders,
        `(space, lstm_seed, sign)`; None if the runs hold none.
    agreement
        Rank correlation of all and held-out examples, mean over runs, `(space,)`; None likewise.
    """

    first: xr.Dataset
    seeds: list[int]
    ranks: np.ndarray
    means: dict[str, np.ndarray]
    close_without: np.ndarray
    rank_without: np.ndarray
    ceiling: np.ndarray | None
    agreement: np.ndarray | None


def stability(
    store: Path,
    pairs: Path,
    /,
    *,
    raw: Path,
    runs: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    options: StabilityOptions = StabilityOptions(),
) -> None:
    """Say which pairs stay close over retrainings, and why the others do not.

    Parameters
    ----------
    store
        The zarr store to write, over `(space, lstm_seed, pair)`.
    pairs
        The CSV to write: one row a pair, the most stable first.
    raw
        The store of stage `closeness-raw`.
    runs
        The stores of stage `closeness`, each `…/<lstm_seed>.zarr`.
    """
    found = read_runs(by_seed(runs), options)
    dataset = xr.merge(
        [
            closeness_statistics(found, options),
            variance_statistics(found, options),
            input_statistics(found, raw, options),
        ],
        combine_attrs="no_conflicts",
    )
    signs = found.first.sign.values
    upper = np.triu_indices(signs.size, 1)
    dataset = dataset.assign_coords(
        space=found.first.space,
        lstm_seed=("lstm_seed", found.seeds, {"long_name": "LSTM seed"}),
        sign=found.first.sign,
        sign_a=("pair", signs[upper[0]], {"long_name": "first sign of the pair"}),
        sign_b=("pair", signs[upper[1]], {"long_name": "second sign of the pair"}),
    )
    k = largest_close_rank(signs.size, options.close_fraction)
    needed_any, needed_one = seeds_needed(signs.size, k, options)
    ae_seeds = found.first.sizes["ae_seed"]
    dataset = dataset.assign(verdict_and_origin(dataset, ae_seeds, options)).assign_attrs(
        k=k,
        k_half=sensitivity_ranks(k, signs.size)[0],
        k_double=sensitivity_ranks(k, signs.size)[1],
        tau=options.tau,
        fdr=options.fdr,
        apart=options.apart,
        present=options.present,
        firm=options.firm,
        confidence=options.confidence,
        reliability=options.reliability,
        lstm_seeds=len(found.seeds),
        ae_seeds=ae_seeds,
        signs=signs.size,
        pairs=upper[0].size,
        sessions=len(found.close_without),
        seeds_needed_any=needed_any,
        seeds_needed_one=needed_one,
        inference=int(len(found.seeds) >= needed_any),
        closeness=str(found.first.attrs["options"]),
        notes="\n".join(cautions(found)),
    )
    write_text(
        pairs, pair_table(dataset).to_csv(index=False, lineterminator="\n", float_format="%.6g")
    )
    write_store(
        dataset,
        store,
        stage="stability",
        title=f"Which of {upper[0].size} pairs of signs stay close over {len(found.seeds)} LSTMs",
        options=options,
    )


def read_runs(runs: Mapping[int, Path], options: StabilityOptions) -> Runs:
    """Read the closeness of all runs, one LSTM at a time."""
    first = open_store(next(iter(runs.values())))
    spaces, signs = first.sizes["space"], first.sizes["sign"]
    if signs < 2:
        raise UserError("one sign has no pair; the study needs two signs or more.")
    upper = np.triu_indices(signs, 1)
    k = largest_close_rank(signs, options.close_fraction)
    averaged = [name for name in ("energy", "crossing") if name in first]
    sessions = _sessions(first)
    ranks = np.empty((spaces, len(runs), first.sizes["ae_seed"], upper[0].size), dtype=np.float32)
    means = {name: np.zeros((spaces, upper[0].size)) for name in averaged}
    close_without = np.zeros((len(sessions), spaces, upper[0].size))
    rank_without = np.zeros_like(close_without)
    ceiling, agreement = [], []
    for index, run in enumerate(runs.values()):
        one = open_store(run)
        _check_same(one, first, run)
        ranks[:, index] = one.mutual_rank.values[:, :, *upper]
        for name in averaged:
            means[name] += one[name].values.mean(axis=1)[:, *upper] / len(runs)
        # Runs with splits of their own may compare examples of other sessions.
        if _sessions(one) != sessions:
            sessions = []
        if sessions:
            without = one.rank_without.values[:, :, *upper].swapaxes(0, 1)
            close_without += (without <= k) / len(runs)
            rank_without += without / len(runs)
        if "ceiling" in first:
            ceiling.append(np.median(one.ceiling.values, axis=1))
        if "held_out_agreement" in first:
            agreement.append(one.held_out_agreement.values.mean(axis=1))
    return Runs(
        first=first,
        seeds=list(runs),
        ranks=ranks,
        means=means,
        close_without=close_without[: len(sessions)],
        rank_without=rank_without[: len(sessions)],
        ceiling=np.stack(ceiling, axis=1) if ceiling else None,
        agreement=np.mean(agreement, axis=0) if agreement else None,
    )


def closeness_statistics(found: Runs, options: StabilityOptions) -> xr.Dataset:
    """Say how often and how surely each pair is close in each space (sections 3 and 4)."""
    signs = found.first.sizes["sign"]
    spaces = found.first.space.values.tolist()
    k = largest_close_rank(signs, options.close_fraction)
    middle = np.median(found.ranks, axis=2).astype(np.float64)
    close = middle <= k
    counted = _counted(close, options)
    between = [
        inference.bootstrap_means(ranks, resamples=options.resamples, confidence=options.confidence)
        for ranks in found.ranks
    ]
    level = f"{options.confidence:.0%}"
    per_space = {
        "pi": (counted.pi, "share of LSTM seeds in which the pair is close", 3),
        "pi_low": (counted.pi_low, f"lower end of its {level} interval (Clopper-Pearson)", 3),
        "pi_high": (counted.pi_high, f"upper end of its {level} interval (Clopper-Pearson)", 3),
        "p": (counted.p, f"N1: exact binomial test of pi at most {options.tau:g}", 4),
        "q": (_corrected(counted.p, "bh"), "p after Benjamini and Hochberg over all pairs", 4),
        "q_by": (_corrected(counted.p, "by"), "p after Benjamini and Yekutieli over all pairs", 4),
        "p_chance": (
            np.stack([inference.chance(one) for one in close]),
            "N0: chance of so many close LSTMs if the signs' labels carried nothing",
            4,
        ),
        "rank_mean": (middle.mean(axis=1), "mean mutual rank over LSTM seeds", 3),
        "rank_low": (
            np.stack([low for low, _ in between]),
            f"lower end of its {level} interval (two-stage bootstrap)",
            3,
        ),
        "rank_high": (
            np.stack([high for _, high in between]),
            f"upper end of its {level} interval (two-stage bootstrap)",
            3,
        ),
        "rank_q25": (np.quantile(middle, 0.25, axis=1), "first quartile of the mutual rank", 3),
        "rank_q75": (np.quantile(middle, 0.75, axis=1), "third quartile of the mutual rank", 3),
    }
    for name, other in zip(("half", "double"), sensitivity_ranks(k, signs), strict=True):
        sensitive = _counted(middle <= other, options)
        text = f"mutual ranks up to {other} count as close"
        per_space[f"pi_{name}_k"] = (sensitive.pi, f"share of LSTM seeds if {text}", 3)
        per_space[f"q_{name}_k"] = (
            _corrected(sensitive.p, "bh"),
            f"q of N1 (Benjamini and Hochberg) if {text}",
            4,
        )
    if len(found.close_without):
        per_space["pi_error"] = (
            inference.jackknife_error(found.close_without),
            "standard error of pi, from leaving out one session at a time",
            3,
        )
        per_space["rank_error"] = (
            inference.jackknife_error(found.rank_without),
            "standard error of the mean mutual rank, from leaving out one session at a time",
            3,
        )
    meanings = {
        "energy": ("mean energy coefficient: 0 full overlap, 1 none", 2),
        "crossing": (
            "share of example pairs that meet at different times; empty if none is known",
            1,
        ),
    }
    for name, values in found.means.items():
        per_space[name] = (values, *meanings[name])
    variables: dict[str, tuple[str | tuple[str, ...], np.ndarray, dict[str, str]]] = {
        name: (("space", "pair"), values, _described(long_name, _units(name), section))
        for name, (values, long_name, section) in per_space.items()
    }
    variables["mutual_rank"] = (
        ("space", "lstm_seed", "pair"),
        middle.astype(np.float32),
        _described("mutual rank, median over autoencoder seeds", "rank", 2),
    )
    variables["close"] = (
        ("space", "lstm_seed", "pair"),
        close,
        _described(f"mutual rank at most {k}", "1", 2),
    )
    if found.ceiling is not None:
        variables["ceiling_rank"] = (
            ("space", "sign"),
            found.ceiling.mean(axis=1),
            _described(
                "N4: mean mutual rank of a sign's two halves; empty for a sign of one example",
                "rank",
                4,
            ),
        )
        variables["ceiling"] = (
            ("space", "sign"),
            np.where(
                np.isnan(found.ceiling).any(axis=1), np.nan, (found.ceiling <= 1).mean(axis=1)
            ),
            _described(
                "N4: share of LSTM seeds in which a sign's two halves are each other's nearest; "
                "empty for a sign of one example",
                "1",
                4,
            ),
        )
    if found.agreement is not None:
        variables["held_out_agreement"] = (
            "space",
            found.agreement,
            _described(
                "rank correlation of the pairs' distances over all and over held-out examples, "
                "mean over runs; empty if too few are held out",
                "1",
                1,
            ),
        )
    if UNTRAINED in spaces and HEADLINE in spaces:
        difference, p = inference.learned(
            close[spaces.index(HEADLINE)], close[spaces.index(UNTRAINED)]
        )
        variables["learned"] = (
            "pair",
            difference,
            _described("N2: share of LSTM seeds by which training makes the pair close", "1", 4),
        )
        variables["learned_p"] = (
            "pair",
            p,
            _described("N2: exact test that training adds nothing", "1", 4),
        )
        variables["learned_q"] = (
            "pair",
            _corrected(p, "bh"),
            _described("learned_p after Benjamini and Hochberg over all pairs", "1", 4),
        )
    return xr.Dataset(variables)


def variance_statistics(found: Runs, options: StabilityOptions) -> xr.Dataset:
    """Say how much of the spread of ranks is whose, and what more seeds would buy (section 5)."""
    signs = found.first.sizes["sign"]
    upper = np.triu_indices(signs, 1)
    without = np.stack([(upper[0] == sign) | (upper[1] == sign) for sign in range(signs)])
    sources = ("pair", "lstm", "autoencoder")
    columns: dict[str, list[np.ndarray]] = {
        name: []
        for name in (
            *("share", "share_low", "share_high", "variance"),
            *("reliability", "lstms", "pair_lstm", "pair_autoencoder"),
        )
    }
    for ranks in found.ranks:
        sums = summed(ranks)
        whole = variance.components(sums)
        shares, others = whole.shares(), variance.components(sums, without).shares()
        values = np.array([getattr(shares, source)[0] for source in sources])
        ends = np.clip(
            [
                variance.jackknife(getattr(others, source), value, options.confidence)
                for source, value in zip(sources, values, strict=True)
            ],
            0,
            1,
        )
        own = variance.of_each_pair(sums)
        one = variance.Components(*(getattr(whole, source)[0] for source in sources))
        row = {
            "share": values,
            "share_low": ends[:, 0],
            "share_high": ends[:, 1],
            "variance": np.array([getattr(one, source) for source in sources]),
            "reliability": variance.reliability(
                one, np.array(LSTM_COUNTS)[:, None], np.array(AE_COUNTS)
            ),
            "lstms": np.array(
                [variance.lstms_for(one, options.reliability, count) for count in AE_COUNTS]
            ),
            "pair_lstm": own.lstm,
            "pair_autoencoder": own.autoencoder,
        }
        for name, value in row.items():
            columns[name].append(value)
    level = f"{options.confidence:.0%}"
    described = {
        "variance_share": ("share", "share of the variance of normal scores of the ranks", "1"),
        "variance_share_low": ("share_low", f"lower end of its {level} interval", "1"),
        "variance_share_high": ("share_high", f"upper end of its {level} interval", "1"),
        "variance": ("variance", "variance of normal scores of the ranks", "1"),
    }
    return xr.Dataset(
        {
            **{
                name: (
                    ("space", "source"),
                    np.stack(columns[column]),
                    _described(long_name, units, 5),
                )
                for name, (column, long_name, units) in described.items()
            },
            "reliability": (
                ("space", "lstm_count", "ae_count"),
                np.stack(columns["reliability"]),
                _described("reliability of the pairs' mean score over so many seeds", "1", 5),
            ),
            "lstms_needed": (
                ("space", "ae_count"),
                np.stack(columns["lstms"]),
                _described(
                    f"LSTM seeds for a reliability of {options.reliability:g}; 0: never reached",
                    "count",
                    5,
                ),
            ),
            "lstm_variance": (
                ("space", "pair"),
                np.stack(columns["pair_lstm"]),
                _described("the pair's own variance of normal scores between LSTMs", "1", 5),
            ),
            "ae_variance": (
                ("space", "pair"),
                np.stack(columns["pair_autoencoder"]),
                _described(
                    "the pair's own variance of normal scores between an LSTM's autoencoders",
                    "1",
                    5,
                ),
            ),
        },
        coords={
            "source": ("source", list(sources), {"long_name": "what varies"}),
            "lstm_count": ("lstm_count", list(LSTM_COUNTS), {"long_name": "LSTM seeds"}),
            "ae_count": ("ae_count", list(AE_COUNTS), {"long_name": "autoencoder seeds of each"}),
        },
    )


def summed(ranks: np.ndarray) -> variance.Sums:
    """Sum up the normal scores of one space's `ranks(lstm_seed, ae_seed, pair)`, LSTM by LSTM."""
    # A space without autoencoders is repeated over their seeds: one is enough.
    repeated = ranks.shape[1] > 1 and np.array_equal(
        ranks, np.broadcast_to(ranks[:, :1], ranks.shape)
    )
    kept = ranks[:, :1] if repeated else ranks
    of_lstm = np.empty((len(kept), kept.shape[2]))
    autoencoder = np.zeros(kept.shape[2])
    for index, one in enumerate(kept):
        scores = variance.normal_scores(one)
        of_lstm[index] = scores.mean(axis=0)
        autoencoder += ((scores - of_lstm[index]) ** 2).sum(axis=0)
    return variance.sums(of_lstm, autoencoder, kept.shape[1])


def input_statistics(found: Runs, raw: Path, options: StabilityOptions) -> xr.Dataset:
    """Say how close pairs are in the raw signals, and what these explain (N3, section 4)."""
    store = open_store(raw)
    signs = found.first.sign.values
    if not np.array_equal(store.sign.values, signs):
        raise UserError(f"{raw}: its signs are not those of the runs. Make its closeness again.")
    upper = np.triu_indices(signs.size, 1)
    k = largest_close_rank(signs.size, options.close_fraction)
    ranks = store.mutual_rank.values[:, *upper].astype(np.float64)
    names = store.space.values.tolist()
    headline = found.ranks[found.first.space.values.tolist().index(HEADLINE)]
    scores = variance.normal_scores(np.median(headline, axis=1))
    n3 = inference.beyond_input(
        scores,
        dict(zip(names, ranks, strict=True)),
        signs.size,
        permutations=options.permutations,
    )
    own = ranks[names.index(RAW)]
    variables = {
        "raw_rank": ("pair", own, _described("mutual rank in the raw signals", "rank", 2)),
        "raw_close": ("pair", own <= k, _described("close in the raw signals", "1", 2)),
        "input_rank": (
            ("raw_space", "pair"),
            ranks,
            _described("mutual rank in each space of the raw signals", "rank", 2),
        ),
        "beyond_input": (
            "pair",
            n3.residual,
            _described("N3: normal score beyond what the raw signals predict", "1", 4),
        ),
        "input_coefficient": (
            "raw_space",
            n3.coefficients,
            _described("N3: weight of each raw space in that prediction", "1", 4),
        ),
        "input_p": (
            "raw_space",
            n3.coefficients_p,
            _described("N3: its p-value, by permuting the signs", "1", 4),
        ),
    }
    dataset = xr.Dataset(
        variables,
        coords={"raw_space": ("raw_space", names, {"long_name": "space of the raw signals"})},
        attrs={"input_explained": n3.explained, "input_explained_p": n3.explained_p},
    )
    if n3.agreement is None:
        return dataset
    return dataset.assign_attrs(beyond_agreement=n3.agreement, beyond_agreement_p=n3.agreement_p)


def verdict_and_origin(
    dataset: xr.Dataset, ae_seeds: int, options: StabilityOptions
) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
    """Give the verdict on each pair and what its closeness is due to (section 6)."""
    signs = dataset.sizes["sign"]
    k = largest_close_rank(signs, options.close_fraction)
    needed_any, _ = seeds_needed(signs, k, options)
    spaces = dataset.space.values.tolist()
    headline = dataset.sel(space=HEADLINE)
    verdict = verdicts(
        Counted(*(headline[name].values for name in ("pi", "pi_low", "pi_high", "p"))),
        headline["q"].values,
        enough=dataset.sizes["lstm_seed"] >= needed_any,
        options=options,
    )
    variables = {
        "verdict": (
            "pair",
            verdict,
            _described(f"verdict in space {HEADLINE}", "1", 6),
        )
    }
    projections = [space for space in spaces if space.startswith("ae")]
    if UNTRAINED not in spaces or not projections:
        return variables
    projected = dataset.sel(space=projections[0])
    lost = lost_in_projection(headline["pi"].values, projected["pi"].values, options)
    variables["origin"] = (
        "pair",
        origins(
            verdict,
            pi=headline["pi"].values,
            pi_untrained=dataset.sel(space=UNTRAINED)["pi"].values,
            pi_projected=projected["pi"].values,
            raw_close=dataset["raw_close"].values,
            lstm_variance=projected["lstm_variance"].values,
            ae_variance=projected["ae_variance"].values,
            enough=dataset.sizes["lstm_seed"] > 1 and ae_seeds > 1,
            options=options,
        ),
        _described(f"what the closeness is due to; projection: {projections[0]}", "1", 6),
    )
    variables["lost_in_projection"] = (
        "pair",
        lost,
        _described(f"close in {HEADLINE}, but not in {projections[0]}", "1", 6),
    )
    return variables


def largest_close_rank(signs: int, close_fraction: float) -> int:
    """Give k, the largest mutual rank that counts as close: 5 for 94 signs, 1 for 12."""
    return max(1, round(close_fraction * (signs - 1)))


def sensitivity_ranks(k: int, signs: int) -> tuple[int, int]:
    """Give half of k and its double, for the sensitivity: from 1 to as many as there are ranks."""
    return max(1, round(k / 2)), max(1, min(2 * k, signs - 1))


def seeds_needed(signs: int, k: int, options: StabilityOptions) -> tuple[int, int]:
    """Give the fewest LSTM seeds at which N1 can pass for any pair, and for one pair alone.

    A pair that is close in all A seeds has p = τ^A. With r discoveries among M pairs, Benjamini and
    Hochberg pass it if τ^A ≤ fdr·r/M. No more than signs·(2k − 1)/2 pairs can be close at once: a
    pair is close only if one side ranks the other below k, or both rank each other k at most.
    """
    pairs = signs * (signs - 1) // 2

    def fewest(discoveries: int) -> int:
        return math.ceil(math.log(options.fdr * discoveries / pairs, options.tau) - 1e-9)

    return fewest(min(pairs, signs * (2 * k - 1) // 2)), fewest(1)


def verdicts(
    counted: Counted, q: np.ndarray, *, enough: bool, options: StabilityOptions
) -> np.ndarray:
    """Give the verdict on each pair.

    stays close: N1 is rejected. undecided: there are too few seeds for any pair, or the interval
    leaves both «apart» and «stays close» open, or it lies above τ but not far enough for N1 over
    all pairs. apart: close in less than the share `apart` of seeds. comes and goes: the rest.
    """
    if not enough:
        return np.full(q.shape, UNDECIDED)
    stays = q <= options.fdr
    open_both_ways = (counted.pi_low < options.apart) & (counted.pi_high > options.tau)
    nearly = counted.pi_low > options.tau
    return np.select(
        [stays, open_both_ways | nearly, counted.pi < options.apart],
        [STAYS, UNDECIDED, APART],
        COMES,
    )


def lost_in_projection(
    pi: np.ndarray, pi_projected: np.ndarray, options: StabilityOptions
) -> np.ndarray:
    """Tell the pairs that are firmly close in the hidden states but not in the projection."""
    return (pi >= options.firm) & (pi_projected < options.present)


def origins(
    verdict: np.ndarray,
    *,
    pi: np.ndarray,
    pi_untrained: np.ndarray,
    pi_projected: np.ndarray,
    raw_close: np.ndarray,
    lstm_variance: np.ndarray,
    ae_variance: np.ndarray,
    enough: bool,
    options: StabilityOptions,
) -> np.ndarray:
    """Give what each pair's closeness, or the lack of it, is due to; the first that fits.

    not close: too rarely close in hidden states and projection to ask. input-driven: stays close,
    and is close in the raw signals and before training. recurrence-driven: stays close, and is
    close before training, but not in the raw signals. learned: stays close, but is not close before
    training. projection artefact: close in the projection only. lost in projection: firmly close
    in the hidden states, not in the projection. Else, whichever varies more for this pair, if there
    are enough seeds of both kinds to know: cannot be told, if there is only one of a kind.
    """
    stays = verdict == STAYS
    before = pi_untrained >= options.present
    return np.select(
        [
            ~stays & (np.maximum(pi, pi_projected) < options.apart),
            stays & before & raw_close,
            stays & before,
            stays,
            (pi_projected >= options.present) & (pi < options.apart),
            lost_in_projection(pi, pi_projected, options),
            np.full(pi.shape, not enough),
            lstm_variance >= ae_variance,
        ],
        [NOWHERE, INPUT, RECURRENT, LEARNED, ARTEFACT, LOST, UNTOLD, BY_LSTM],
        BY_AUTOENCODER,
    )


def cautions(found: Runs) -> list[str]:
    """Say in words what a study of this size cannot tell."""
    notes = []
    if len(found.seeds) == 1:
        notes.append(
            "One LSTM seed: nothing can be said about retraining; the spread between LSTMs is "
            "unknown and counts as none."
        )
    if found.first.sizes["ae_seed"] == 1:
        notes.append(
            "One autoencoder seed: what autoencoders change cannot be told from what LSTMs change."
        )
    if found.first.sizes["sign"] == 2:
        notes.append("Two signs make one pair, which is always close: ranks say nothing here.")
    if not len(found.close_without):
        reason = str(found.first.attrs.get("jackknife", ""))
        reason = reason or "the runs do not compare examples of the same sessions."
        notes.append(f"No standard errors over sessions: {reason}")
    return notes


def pair_table(dataset: xr.Dataset) -> pd.DataFrame:
    """Lay out `stability.zarr` as one row a pair, the most stable first."""
    table = {"sign_a": dataset.sign_a.values, "sign_b": dataset.sign_b.values}
    first = ("verdict", "origin", "lost_in_projection", "raw_rank", "raw_close")
    alone = [str(name) for name, one in dataset.data_vars.items() if one.dims == ("pair",)]
    for name in sorted(alone, key=lambda name: first.index(name) if name in first else len(first)):
        table[name] = dataset[name].values
    for space in dataset.raw_space.values:
        if space != RAW:
            table[f"{space}_rank"] = dataset["input_rank"].sel(raw_space=space).values
    seeds = dataset.lstm_seed.values.astype(str)
    for space in dataset.space.values:
        one = dataset.sel(space=space)
        for variable, values in one.data_vars.items():
            if dataset[variable].dims == ("space", "pair"):
                table[f"{space}_{variable}"] = values.values
        table[f"{space}_breaks"] = [" ".join(seeds[column]) for column in ~one["close"].values.T]
    return pd.DataFrame(table).sort_values(
        [f"{HEADLINE}_pi", f"{HEADLINE}_rank_mean", "sign_a", "sign_b"],
        ascending=[False, True, True, True],
    )


def _counted(close: np.ndarray, options: StabilityOptions) -> Counted:
    return inference.count_close(close, tau=options.tau, confidence=options.confidence)


def _corrected(p: np.ndarray, method: Literal["bh", "by"]) -> np.ndarray:
    return false_discovery_control(p, axis=-1, method=method)


def _described(long_name: str, units: str, section: int) -> dict[str, str]:
    return {"long_name": long_name, "units": units, "section": str(section)}


def _units(name: str) -> str:
    return "rank" if name.startswith("rank") else "1"


def _sessions(run: xr.Dataset) -> list[str]:
    """Give the sessions that a run can do without, one at a time."""
    return run.session.values.tolist() if "session" in run else []


def _check_same(one: xr.Dataset, first: xr.Dataset, run: Path) -> None:
    for name in ("sign", "space", "ae_seed"):
        if not np.array_equal(one[name].values, first[name].values):
            raise UserError(
                f"{run}: its {name}s are not those of the other runs. Make its closeness again."
            )
    if (set(one.variables) ^ set(first.variables)) - {"rank_without", "session"}:
        raise UserError(f"{run}: it holds other measures than the other runs. Make it again.")
