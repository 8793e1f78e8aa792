"""Stage `evidence`: probabilities and closeness of every run in, evidence from outside out.

Takes what the networks answer on held-out examples and the closeness of every space; gives
`evidence.zarr`, how well closeness foretells which signs are mixed up (average precision and AUC
from scikit-learn, rank correlation from scipy), and `claims.csv`, claims beside what the
retrainings say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from cyclopts import Parameter
from scipy.stats import sem, spearmanr, t
from sklearn.metrics import average_precision_score, roc_auc_score

from signpaths.claims import Study, claim_table, listed, read_claims
from signpaths.errors import UserError
from signpaths.stability import HEADLINE, RAW
from signpaths.stores import open_store, write_store, write_text

AGAINST = ("same run", "other runs")
CONFIDENCE = 0.95


@Parameter(name="*")
@dataclass(frozen=True)
class EvidenceOptions:
    """What counts as mixed up.

    Parameters
    ----------
    confused_fraction
        Share of the pairs, those with the most softmax mass, that count as mixed up.
    """

    confused_fraction: float = 0.02


def evidence(
    stability: Path,
    raw: Path,
    store: Path,
    claims_csv: Path,
    /,
    *,
    activations: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    closeness: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    claims: str = "[]",
    options: EvidenceOptions = EvidenceOptions(),
) -> None:
    """Hold closeness against held-out mistakes, and claims against the retrainings.

    Parameters
    ----------
    stability
        The store of stage `stability`.
    raw
        The store of stage `closeness-raw`; each of its spaces is a rival.
    store
        The zarr store to write: `ap`, `auc`, `spearman` over `(space, against, lstm_seed)`, their
        summary over `(space, against)` and `softmax_mass(lstm_seed, pair)`.
    claims_csv
        The CSV to write: one row a claim.
    activations
        The stores of stage `activations`, each `…/<lstm_seed>.zarr`.
    closeness
        The stores of stage `closeness`, each `…/<lstm_seed>.zarr`, of the same seeds.
    claims
        JSON: a list of objects with `claim` (its name), `kind` (close, apart, crossing, sometimes,
        near_in_plane or handedness), `signs` (two names; none for handedness) and, if wanted,
        `said` (what was claimed, in words) and `space` (hidden by default).

    Raises
    ------
    UserError
        If the stores are not of one study, or an option is not as described.
    """
    said = read_claims(claims)
    if not 0 < options.confused_fraction < 1:
        raise UserError(
            f"confused_fraction is {options.confused_fraction}; it is a share of the pairs, "
            "above 0 and below 1."
        )
    networks, runs = _by_seed(activations), _by_seed(closeness)
    if networks.keys() != runs.keys():
        raise UserError(
            "activations and closeness are not of the same LSTM seeds: "
            f"{listed(networks)} and {listed(runs)}. Give both stores of each seed."
        )
    found = _read(networks, runs, raw)
    stable = open_store(stability)
    _check_stability(stable, found, stability)
    scores, share = foretold(found.rank, found.mass, options.confused_fraction)
    raw_rank = found.rank[0, found.spaces.index(RAW)]
    study = Study(stable, raw_rank, _mean(found.mass), _two_handed(networks))
    write_text(
        claims_csv,
        claim_table(said, study).to_csv(index=False, lineterminator="\n", float_format="%.6g"),
    )
    write_store(
        _dataset(found, scores, share).assign_attrs(
            chance_ap=_chance(share, found.mass.shape[1], options.confused_fraction),
            confused_fraction=options.confused_fraction,
            confidence=CONFIDENCE,
            lstm_seeds=len(runs),
            signs=found.signs.size,
            pairs=found.mass.shape[1],
            claims=len(said),
            note=_note(found, share),
        ),
        store,
        stage="evidence",
        title="How well closeness foretells which signs are mixed up on held-out examples",
        options=options,
    )


# Softmax mass and what foretells it.


def softmax_mass(probability: np.ndarray, sign: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Give S_ab: mean probability given to b on examples of a, averaged with that the other way.

    Parameters
    ----------
    probability
        `(example, sign)`: of each held-out example, over `signs`.
    sign
        The true sign of each example.
    signs
        All signs.

    Returns
    -------
    numpy.ndarray
        float64 `(sign, sign)`, symmetric. NaN where a sign has no example.
    """
    given = np.full((signs.size, signs.size), np.nan)
    for row, name in enumerate(signs):
        mine = probability[sign == name]
        if len(mine):
            given[row] = mine.mean(axis=0, dtype=np.float64)
    return (given + given.T) / 2


def mean_of_others(mass: np.ndarray) -> np.ndarray:
    """Give, for each LSTM, the mean over all others; `(lstm_seed, pair)`, missing values left out.

    NaN where no other LSTM has a value, so everywhere if there is but one.
    """
    # Not total less own: the rounding would part masses that are equal.
    return np.array([_mean(np.delete(mass, index, axis=0)) for index in range(len(mass))])


def confused(mass: np.ndarray, fraction: float) -> np.ndarray:
    """Say which pairs count as mixed up: the given share with the most mass, one at least.

    Pairs that tie with the last of them count as well; those without any mass, or where it is
    missing, never do.
    """
    known = np.sort(mass[np.isfinite(mass)])
    if not known.size:
        return np.zeros(mass.shape, dtype=bool)
    cut = known[-_wanted(known.size, fraction)]
    return (mass >= cut) & (mass > 0)


def _wanted(pairs: int, fraction: float) -> int:
    return max(1, round(fraction * pairs))


def score(rank: np.ndarray, mass: np.ndarray, positive: np.ndarray) -> tuple[float, float, float]:
    """Say how well closeness foretells mass.

    Parameters
    ----------
    rank
        Mutual rank `(pair,)`: the lower, the closer.
    mass
        Softmax mass `(pair,)`; pairs where it is missing are left out.
    positive
        bool `(pair,)`: the pairs that count as mixed up.

    Returns
    -------
    tuple of float
        Average precision and AUC of closeness for the pairs that are mixed up (NaN if all or none
        are), and its rank correlation with the mass (NaN if one of them does not vary).
    """
    known = np.isfinite(mass) & np.isfinite(rank)
    closer, mass, positive = -rank[known], mass[known], positive[known]
    ap = auc = rho = np.nan
    if 0 < positive.sum() < positive.size:
        ap = average_precision_score(positive, closer)
        auc = roc_auc_score(positive, closer)
    if closer.size and np.ptp(closer) > 0 and np.ptp(mass) > 0:
        rho = spearmanr(closer, mass).statistic
    return float(ap), float(auc), float(rho)


def foretold(
    rank: np.ndarray, mass: np.ndarray, fraction: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Score every space against the mass of the same LSTM, and against that of all others.

    The second way, what a network answers cannot be read off its own hidden states.

    Parameters
    ----------
    rank
        Mutual rank `(lstm_seed, space, pair)`.
    mass
        Softmax mass `(lstm_seed, pair)`.
    fraction
        Share of the pairs that count as mixed up.

    Returns
    -------
    tuple
        `ap`, `auc`, `spearman` over `(space, against, lstm_seed)`, NaN where they are not defined;
        and the share of the pairs that do count as mixed up, `(against, lstm_seed)`, NaN where
        that sets none apart.
    """
    targets = (mass, mean_of_others(mass))
    scores = np.full((3, rank.shape[1], len(AGAINST), len(mass)), np.nan)
    share = np.full((len(AGAINST), len(mass)), np.nan)
    for against, seed in np.ndindex(*share.shape):
        target = targets[against][seed]
        positive = confused(target, fraction)
        known = int(np.isfinite(target).sum())
        if 0 < positive.sum() < known:
            share[against, seed] = positive.sum() / known
        for space in range(rank.shape[1]):
            scores[:, space, against, seed] = score(rank[seed, space], target, positive)
    return dict(zip(("ap", "auc", "spearman"), scores, strict=True)), share


def mean_interval(values: np.ndarray) -> np.ndarray:
    """Give the mean over LSTM seeds with its 95 % t interval: mean, low, high.

    Missing values are left out. Without any, all three are NaN; with one, the ends are.
    """
    known = values[np.isfinite(values)]
    if known.size < 2:
        return np.array([known.mean() if known.size else np.nan, np.nan, np.nan])
    half = t.ppf((1 + CONFIDENCE) / 2, known.size - 1) * sem(known)
    return known.mean() + half * np.array([0, -1, 1])


# Reading the runs.


@dataclass(frozen=True)
class Runs:
    """What is read of all runs, in the order of their seeds.

    Attributes
    ----------
    rank
        Mutual rank `(lstm_seed, space, pair)`, median over autoencoder seeds.
    mass
        Softmax mass `(lstm_seed, pair)`.
    unheld
        Signs that have no held-out example in some LSTM's split.
    """

    seeds: list[int]
    signs: np.ndarray
    spaces: list[str]
    rank: np.ndarray
    mass: np.ndarray
    unheld: set[str]

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """First and second sign of each pair."""
        first, second = np.triu_indices(self.signs.size, 1)
        return self.signs[first], self.signs[second]


def _read(networks: Mapping[int, Path], runs: Mapping[int, Path], raw: Path) -> Runs:
    """Read one run after the other, and of each no more than is needed."""
    rivals, first = open_store(raw), open_store(next(iter(runs.values())))
    signs = first.sign.values
    spaces = [*first.space.values.tolist(), *rivals.space.values.tolist()]
    _check_same(rivals, {"sign": signs}, raw)
    for space in (HEADLINE, RAW):
        if spaces.count(space) != 1:
            raise UserError(
                f"{raw} and the runs: expected the space {space} once, found the spaces "
                f"{listed(spaces)}. Make their closeness again."
            )
    upper = np.triu_indices(signs.size, 1)
    in_signals = rivals.mutual_rank.values[:, *upper]
    rank, mass, unheld = [], [], set()
    for seed, run in runs.items():
        one = open_store(run)
        _check_same(one, {"sign": signs, "space": first.space.values}, run)
        in_states = np.median(one.mutual_rank.values, axis=1)[:, *upper]
        rank.append(np.concatenate([in_states, in_signals]))
        between, without = _held_out_mass(open_store(networks[seed]), signs, networks[seed])
        mass.append(between[upper])
        unheld |= without
    return Runs(list(runs), signs, spaces, np.array(rank), np.array(mass), unheld)


def _by_seed(stores: Sequence[Path]) -> dict[int, Path]:
    for store in stores:
        if not store.stem.isdecimal():
            raise UserError(f"{store}: expected a store named <lstm_seed>.zarr")
    by_seed = {int(store.stem): store for store in stores}
    if len(by_seed) < len(stores):
        raise UserError("two stores are of the same LSTM seed; give each seed once.")
    return dict(sorted(by_seed.items()))


def _check_same(one: xr.Dataset, expected: Mapping[str, np.ndarray], path: Path) -> None:
    for name, values in expected.items():
        if not np.array_equal(one[name].values, values):
            raise UserError(
                f"{path}: its {name}s are not those of the other runs. Make its closeness again."
            )


def _check_stability(stability: xr.Dataset, runs: Runs, path: Path) -> None:
    first, second = runs.pairs
    for name, values, what in (
        ("sign_a", first, "pairs of signs"),
        ("sign_b", second, "pairs of signs"),
        ("lstm_seed", np.array(runs.seeds), "LSTM seeds"),
    ):
        if not np.array_equal(stability[name].values, values):
            raise UserError(f"{path}: its {what} are not those of the runs. Make it again.")


def _held_out_mass(
    network: xr.Dataset, signs: np.ndarray, path: Path
) -> tuple[np.ndarray, set[str]]:
    """Softmax mass `(sign, sign)` of one LSTM, and the signs that have no held-out example."""
    column = pd.Index(network["class"].values).get_indexer(pd.Index(signs))
    if (column < 0).any():
        raise UserError(
            f"{path}: the network does not know the sign {signs[column < 0][0]}. Make it and its "
            "closeness from the same sequences."
        )
    held_out = network.part.values != "train"
    sign = network.sign.values[held_out]
    probability = network.probability.values[held_out][:, column]
    return softmax_mass(probability, sign, signs), {*signs.tolist()} - {*sign.tolist()}


def _two_handed(networks: Mapping[int, Path]) -> dict[str, bool]:
    """Of each sign, whether most of its examples use both hands; empty where it is not known."""
    network = open_store(next(iter(networks.values())))
    if "hands" not in network:
        return {}
    sign, hands = network.sign.values, network.hands.values
    if not np.isin(hands, ("one", "two")).all():
        return {}
    return {str(name): bool((hands[sign == name] == "two").mean() >= 0.5) for name in set(sign)}


# What is written.


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not missing; NaN where all is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _chance(share: np.ndarray, pairs: int, fraction: float) -> float:
    """Average precision by chance: the share of pairs that do count, or else that should."""
    known = share[np.isfinite(share)]
    return float(known.mean()) if known.size else _wanted(pairs, fraction) / pairs


def _dataset(runs: Runs, scores: Mapping[str, np.ndarray], share: np.ndarray) -> xr.Dataset:
    first, second = runs.pairs
    described = {
        "ap": "average precision of closeness for the pairs that are mixed up",
        "auc": "area under the ROC curve of closeness for the pairs that are mixed up",
        "spearman": "rank correlation of closeness with softmax mass",
    }
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        **{
            name: (("space", "against", "lstm_seed"), values, described[name])
            for name, values in scores.items()
        },
        **_summary(scores["ap"], runs.spaces),
        "positive_share": (
            ("against", "lstm_seed"),
            share,
            "share of pairs that count as mixed up: average precision by chance",
        ),
        "softmax_mass": (
            ("lstm_seed", "pair"),
            runs.mass,
            "probability given to the other sign on held-out examples, mean of both ways",
        ),
    }
    coords = {
        "space": ("space", runs.spaces, "where closeness is measured"),
        "against": (
            "against",
            list(AGAINST),
            "whose softmax mass: of the same LSTM, or the mean of all others",
        ),
        "lstm_seed": ("lstm_seed", runs.seeds, "LSTM seed"),
        "sign_a": ("pair", first, "first sign of the pair"),
        "sign_b": ("pair", second, "second sign of the pair"),
    }
    return xr.Dataset(
        {
            name: (dims, values, {"long_name": long_name, "units": "1"})
            for name, (dims, values, long_name) in variables.items()
        },
        coords={
            name: (dim, values, {"long_name": long_name})
            for name, (dim, values, long_name) in coords.items()
        },
    )


def _summary(
    ap: np.ndarray, spaces: list[str]
) -> dict[str, tuple[tuple[str, ...], np.ndarray, str]]:
    """Average precision over LSTM seeds, and paired differences, each with its interval."""
    hidden, raw = (ap[spaces.index(space)] for space in (HEADLINE, RAW))
    summary: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {}
    for name, mean, values, lowest, long_name in (
        ("ap", "ap_mean", ap, 0, "average precision"),
        ("ap_gain", "ap_gain", hidden - ap, -1, f"average precision of {HEADLINE} less this one's"),
        ("ap_over_raw", "ap_over_raw", ap - raw, -1, f"average precision less that of {RAW}"),
    ):
        # A t interval knows no bounds; average precision and a difference of two do.
        ends = np.clip(np.apply_along_axis(mean_interval, -1, values), lowest, 1)
        for part, end, text in (
            (mean, 0, f"{long_name}, mean over LSTM seeds"),
            (f"{name}_low", 1, f"{long_name}, lower end of its {CONFIDENCE:.0%} t interval"),
            (f"{name}_high", 2, f"{long_name}, upper end of its {CONFIDENCE:.0%} t interval"),
        ):
            summary[part] = (("space", "against"), ends[..., end], text)
    return summary


def _note(runs: Runs, share: np.ndarray) -> str:
    """Say in words what is missing and why; empty if nothing is."""
    told: list[str] = []
    if runs.unheld:
        told.append(
            f"No held-out example of {listed(sorted(runs.unheld))} in at least one LSTM's split: "
            "the pairs of these signs are missing there."
        )
    if flat := [seed for seed, one in zip(runs.seeds, share[0], strict=True) if np.isnan(one)]:
        told.append(
            f"LSTM seeds {listed(flat)}: too few pairs, or the same softmax mass in all of them, "
            "so none counts as mixed up more than another; average precision and AUC are missing."
        )
    if len(runs.seeds) == 1:
        told.append(
            "One LSTM: there are no other runs to hold it against, and there is no interval. "
            "Train more LSTM seeds."
        )
    return " ".join(told)
