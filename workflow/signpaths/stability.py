"""Stage `stability`: closeness of every run in, one verdict a pair out.

Takes the closeness of all LSTM seeds and of the raw signals; gives `stability.zarr` and
`pairs.csv`: how often each pair is close over retrainings, with a Clopper–Pearson interval (1934)
and the exact binomial test N1, corrected over all pairs after Benjamini & Hochberg (1995), all from
scipy. LSTM seeds are the independent units; autoencoder seeds, nested in them, give a median.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from cyclopts import Parameter
from scipy.stats import binomtest, false_discovery_control

from signpaths.errors import UserError
from signpaths.stores import open_store, write_store, write_text

HEADLINE = "hidden"
STAYS, COMES, UNDECIDED, APART = VERDICTS = ("stays close", "comes and goes", "undecided", "apart")


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
    confidence
        Of the intervals.
    """

    close_fraction: float = 0.05
    tau: float = 0.5
    fdr: float = 0.05
    apart: float = 0.2
    confidence: float = 0.95


@dataclass(frozen=True)
class Counted:
    """How often pairs are close; arrays of any one shape."""

    pi: np.ndarray
    pi_low: np.ndarray
    pi_high: np.ndarray
    p: np.ndarray


def stability(
    store: Path,
    pairs: Path,
    /,
    *,
    raw: Path,
    runs: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    options: StabilityOptions = StabilityOptions(),
) -> None:
    """Say which pairs stay close over retrainings.

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
    by_seed = dict(sorted((_seed(run), run) for run in runs))
    if len(by_seed) < len(runs):
        raise UserError("two of the runs are of the same LSTM seed; give each seed once.")
    first = open_store(next(iter(by_seed.values())))
    signs, spaces = first.sign.values, first.space.values
    upper = np.triu_indices(signs.size, 1)
    mutual_rank = np.empty((spaces.size, len(by_seed), upper[0].size))
    energy = np.zeros((spaces.size, upper[0].size))
    for index, run in enumerate(by_seed.values()):
        one = open_store(run)
        _check_same(one, first, run)
        mutual_rank[:, index] = np.median(one.mutual_rank.values, axis=1)[:, *upper]
        energy += one.energy.values.mean(axis=1)[:, *upper] / len(by_seed)
    k = largest_close_rank(signs.size, options.close_fraction)
    close = mutual_rank <= k
    counted = count_close(close, options)
    q = false_discovery_control(counted.p, axis=1)
    needed_any, needed_one = seeds_needed(signs.size, k, options)
    headline = int(np.flatnonzero(spaces == HEADLINE)[0])
    verdict = verdicts(
        Counted(*(getattr(counted, name)[headline] for name in ("pi", "pi_low", "pi_high", "p"))),
        q[headline],
        enough=len(by_seed) >= needed_any,
        options=options,
    )
    raw_store = open_store(raw)
    if not np.array_equal(raw_store.sign.values, signs):
        raise UserError(f"{raw}: its signs are not those of the runs. Make its closeness again.")
    raw_rank = raw_store.mutual_rank.values[0][upper]
    per_space = {
        "pi": (counted.pi, "share of LSTM seeds in which the pair is close"),
        "pi_low": (counted.pi_low, f"lower end of its {options.confidence:.0%} interval"),
        "pi_high": (counted.pi_high, f"upper end of its {options.confidence:.0%} interval"),
        "p": (counted.p, f"N1: exact binomial test of pi at most {options.tau}"),
        "q": (q, "p after Benjamini and Hochberg over all pairs of the space"),
        "rank_mean": (mutual_rank.mean(axis=1), "mean mutual rank over LSTM seeds"),
        "rank_q25": (np.quantile(mutual_rank, 0.25, axis=1), "first quartile of the mutual rank"),
        "rank_q75": (np.quantile(mutual_rank, 0.75, axis=1), "third quartile of the mutual rank"),
        "energy": (energy, "mean energy coefficient: 0 full overlap, 1 none"),
    }
    dataset = xr.Dataset(
        {
            **{
                name: (("space", "pair"), values, {"long_name": long_name, "units": _units(name)})
                for name, (values, long_name) in per_space.items()
            },
            "mutual_rank": (
                ("space", "lstm_seed", "pair"),
                mutual_rank.astype(np.float32),
                {"long_name": "mutual rank, median over autoencoder seeds", "units": "rank"},
            ),
            "close": (
                ("space", "lstm_seed", "pair"),
                close,
                {"long_name": f"mutual rank at most {k}"},
            ),
            "verdict": ("pair", verdict, {"long_name": f"verdict in space {HEADLINE}"}),
            "raw_rank": (
                "pair",
                raw_rank,
                {"long_name": "mutual rank in the raw signals", "units": "rank"},
            ),
            "raw_close": ("pair", raw_rank <= k, {"long_name": "close in the raw signals"}),
        },
        coords={
            "space": first.space,
            "lstm_seed": ("lstm_seed", list(by_seed), {"long_name": "LSTM seed"}),
            "sign_a": ("pair", signs[upper[0]], {"long_name": "first sign of the pair"}),
            "sign_b": ("pair", signs[upper[1]], {"long_name": "second sign of the pair"}),
        },
        attrs={
            "k": k,
            "tau": options.tau,
            "fdr": options.fdr,
            "apart": options.apart,
            "confidence": options.confidence,
            "lstm_seeds": len(by_seed),
            "ae_seeds": first.sizes["ae_seed"],
            "signs": signs.size,
            "pairs": upper[0].size,
            "seeds_needed_any": needed_any,
            "seeds_needed_one": needed_one,
            "inference": int(len(by_seed) >= needed_any),
        },
    )
    write_text(
        pairs, pair_table(dataset).to_csv(index=False, lineterminator="\n", float_format="%.6g")
    )
    write_store(
        dataset,
        store,
        stage="stability",
        title=f"Which of {upper[0].size} pairs of signs stay close over {len(by_seed)} LSTM seeds",
        options=options,
    )


def largest_close_rank(signs: int, close_fraction: float) -> int:
    """Give k, the largest mutual rank that counts as close: 5 for 94 signs, 1 for 12."""
    return max(1, round(close_fraction * (signs - 1)))


def count_close(close: np.ndarray, options: StabilityOptions) -> Counted:
    """Count in how many LSTM seeds each pair is close.

    Parameters
    ----------
    close
        bool `(space, lstm_seed, pair)`.

    Returns
    -------
    Counted
        Over `(space, pair)`: the share, its Clopper–Pearson interval, and N1's one-sided p-value.
    """
    seeds = close.shape[1]
    tests = [
        (
            binomtest(count, seeds).proportion_ci(options.confidence, method="exact"),
            binomtest(count, seeds, options.tau, alternative="greater").pvalue,
        )
        for count in range(seeds + 1)
    ]
    count = close.sum(axis=1)
    low, high = (np.array([interval[end] for interval, _ in tests]) for end in (0, 1))
    p = np.array([pvalue for _, pvalue in tests])
    return Counted(count / seeds, low[count], high[count], p[count])


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


def pair_table(dataset: xr.Dataset) -> pd.DataFrame:
    """Lay out `stability.zarr` as one row a pair, the most stable first."""
    table = pd.DataFrame(
        {
            name: dataset[name].values
            for name in ("sign_a", "sign_b", "verdict", "raw_rank", "raw_close")
        }
    )
    for space in dataset.space.values:
        one = dataset.sel(space=space)
        for name, variable in one.data_vars.items():
            if variable.dims == ("pair",) and name not in table:
                table[f"{space}_{name}"] = variable.values
        breaks = ~one["close"].values
        seeds = dataset.lstm_seed.values.astype(str)
        table[f"{space}_breaks"] = [" ".join(seeds[column]) for column in breaks.T]
    return table.sort_values(
        [f"{HEADLINE}_pi", f"{HEADLINE}_rank_mean", "sign_a", "sign_b"],
        ascending=[False, True, True, True],
    )


def _units(name: str) -> str:
    return "rank" if name.startswith("rank") else "1"


def _seed(run: Path) -> int:
    if not run.stem.isdecimal():
        raise UserError(f"{run}: expected a store named <lstm_seed>.zarr")
    return int(run.stem)


def _check_same(one: xr.Dataset, first: xr.Dataset, run: Path) -> None:
    for name in ("sign", "space", "ae_seed"):
        if not np.array_equal(one[name].values, first[name].values):
            raise UserError(
                f"{run}: its {name}s are not those of the other runs. Make its closeness again."
            )
