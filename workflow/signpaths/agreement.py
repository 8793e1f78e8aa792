"""Stage `agreement`: hidden states and ranks of every run in, how alike the runs are out.

Takes activations, closeness and metrics of all LSTM seeds, one run at a time; gives for every two
runs linear CKA (Kornblith et al. 2019), Procrustes disparity and the correlation of their ranks,
for every run its place below the noise ceiling (Nili et al. 2014), and flags the runs that stand
out. Nothing is dropped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import xarray as xr
from cyclopts import Parameter
from scipy.stats import rankdata

from signpaths.errors import UserError
from signpaths.quality import MOST_FRAMES, sampled_frames
from signpaths.stability import HEADLINE, largest_close_rank
from signpaths.stores import by_seed, open_store, write_store

FAILED, INACCURATE, OUTLYING, CONSTANT = FLAGS = (
    "failed to learn",
    "low validation accuracy",
    "outlying ranks",
    "constant activations",
)
# So many robust standard deviations below the median of runs stands out, and no less than this:
# where all runs are alike, a trifle is many deviations.
DEVIATIONS = 3
ACCURACY_MARGIN = 0.05
CONSENSUS_MARGIN = 0.1
# The median absolute deviation of normal values times this is their standard deviation.
TO_DEVIATION = 1.4826


@Parameter(name="*")
@dataclass(frozen=True)
class AgreementOptions:
    """What is compared of the runs.

    Parameters
    ----------
    frames
        Real frames of the common sample for CKA and Procrustes, 5000 at most.
    """

    frames: int = MOST_FRAMES


@dataclass(frozen=True)
class Runs:
    """What is read of all runs, in the order of their seeds.

    Attributes
    ----------
    states
        Sampled hidden states of each run, centred and of norm 1, float32 `(frame, unit)`; None if
        they are all equal.
    ranks
        Ranks of the pairs' mutual ranks in `hidden`, `(lstm_seed, pair)`.
    nearest
        Whether `other` is one of the sign's k nearest, bool `(lstm_seed, sign, other)`.
    validation, test
        Accuracy, `(lstm_seed,)`.
    learned
        bool `(lstm_seed,)`.
    frames
        Frames in the sample.
    """

    seeds: list[int]
    signs: np.ndarray
    states: list[np.ndarray | None]
    ranks: np.ndarray
    nearest: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    learned: np.ndarray
    frames: int

    @property
    def constant(self) -> np.ndarray:
        """Tell the runs whose hidden states are all equal, bool `(lstm_seed,)`."""
        return np.array([states is None for states in self.states])


def agreement(
    store: Path,
    /,
    *,
    activations: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    closeness: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    metrics: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    close_fraction: float = 0.05,
    options: AgreementOptions = AgreementOptions(),
) -> None:
    """Say how alike the runs of a study are, and which stand out.

    Parameters
    ----------
    store
        The zarr store to write: `cka`, `procrustes` and `rank_correlation` over
        `(lstm_seed, other_seed)`, `jaccard(lstm_seed, sign)`, and `consensus`, `ceiling_upper`,
        accuracies and `flag` over `lstm_seed`.
    activations
        The stores of stage `activations`, each `…/<lstm_seed>.zarr`.
    closeness
        The stores of stage `closeness`, each `…/<lstm_seed>.zarr`, of the same seeds.
    metrics
        The metrics of stage `lstm`, each `…/<lstm_seed>/metrics.json`, of the same seeds.
    close_fraction
        As many nearest signs are compared as this share of the other signs (1 at least), as in
        stage `stability`.

    Raises
    ------
    UserError
        If the files are not of one study or hold no finite numbers, or an option is not as
        described.
    """
    if not 2 <= options.frames <= MOST_FRAMES:
        raise UserError(f"frames is {options.frames}; expected 2 to {MOST_FRAMES}.")
    if not 0 < close_fraction <= 1:
        raise UserError(
            f"close_fraction is {close_fraction}; it is a share of the other signs, above "
            "0 and at most 1."
        )
    found = read_runs(
        by_seed(activations),
        by_seed(closeness),
        by_seed(metrics),
        options.frames,
        close_fraction,
    )
    k = largest_close_rank(found.signs.size, close_fraction)
    dataset = compared(found, k)
    flagged = int((dataset.flag.values != "").sum())
    write_store(
        dataset.assign_attrs(
            lstm_seeds=len(found.seeds),
            signs=found.signs.size,
            pairs=found.ranks.shape[1],
            frames=found.frames,
            k=k,
            flagged=flagged,
            deviations=DEVIATIONS,
            accuracy_margin=ACCURACY_MARGIN,
            consensus_margin=CONSENSUS_MARGIN,
            note="\n".join(_notes(found)),
        ),
        store,
        stage="agreement",
        title=f"How alike {len(found.seeds)} LSTMs are in hidden states and ranks",
        options=options,
    )


def read_runs(
    networks: Mapping[int, Path],
    ranked: Mapping[int, Path],
    scored: Mapping[int, Path],
    frames: int,
    close_fraction: float,
) -> Runs:
    """Read one run after the other, and of each no more than is compared."""
    if not networks.keys() == ranked.keys() == scored.keys():
        raise UserError(
            "activations, closeness and metrics are not of the same LSTM seeds: "
            f"{list(networks)}, {list(ranked)} and {list(scored)}. Give all three of each seed."
        )
    seeds = list(networks)
    first = open_store(networks[seeds[0]])
    signs = open_store(ranked[seeds[0]]).sign.values
    if signs.size < 2:
        raise UserError("one sign has no pair; the study needs two signs or more.")
    labels = {name: first[name].values for name in ("sign", "mask")}
    # Splits can differ between runs: only a sample of all examples is the same for each.
    at = sampled_frames(labels["mask"], np.ones(len(labels["sign"]), dtype=bool), frames)
    if at[0].size < 2:
        raise UserError(f"{networks[seeds[0]]}: fewer than two real frames; nothing to compare.")
    k = largest_close_rank(signs.size, close_fraction)
    upper = np.triu_indices(signs.size, 1)
    states, ranks, nearest, accuracies, learned = [], [], [], [], []
    for seed in seeds:
        hidden, close = open_store(networks[seed]), open_store(ranked[seed])
        _check_same(hidden, labels, networks[seed])
        _check_same(close, {"sign": signs}, ranked[seed])
        states.append(normalised(_finite(hidden.hidden.values[at], networks[seed])))
        if HEADLINE not in close.space.values:
            raise UserError(f"{ranked[seed]}: no space {HEADLINE} here. Make its closeness again.")
        # The hidden states do without an autoencoder and are repeated over its seeds.
        own = close.sel(space=HEADLINE).isel(ae_seed=0)
        ranks.append(rankdata(_finite(own.mutual_rank.values[upper], ranked[seed])))
        nearest.append(nearest_signs(own.distance.values, k))
        *accuracy, has_learned = _metrics(scored[seed])
        accuracies.append(accuracy)
        learned.append(has_learned)
    validation, test = np.array(accuracies).T
    return Runs(
        seeds=seeds,
        signs=signs,
        states=states,
        ranks=np.array(ranks),
        nearest=np.array(nearest),
        validation=validation,
        test=test,
        learned=np.array(learned),
        frames=at[0].size,
    )


def normalised(states: np.ndarray) -> np.ndarray | None:
    """Centre hidden states `(frame, unit)` and bring them to norm 1; None if all are equal."""
    if (states == states[0]).all():
        return None
    centred = states - states.mean(axis=0, dtype=np.float64)
    # The greatest value first: squares of very small ones would vanish.
    centred /= np.abs(centred).max()
    return (centred / np.linalg.norm(centred)).astype(np.float32)


def alike(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Give linear CKA and Procrustes disparity of two sets of hidden states.

    With X and Y centred and of norm 1, CKA is ‖XᵀY‖²_F / (‖XᵀX‖_F·‖YᵀY‖_F), 1 for states that
    differ by rotation and scale only. The disparity is min ‖X − s·Y·R‖²_F over rotations R and
    scales s, which is 1 minus the squared sum of the singular values of XᵀY: the share of X that
    no rotation of Y explains.

    Parameters
    ----------
    one, other
        From `normalised`, `(frame, unit)`; the units may be of different number.

    Returns
    -------
    tuple of float
        Both from 0 to 1; alike are a CKA of 1 and a disparity of 0.
    """
    singular = np.linalg.svd(one.T.astype(np.float64) @ other, compute_uv=False)
    cka = (singular**2).sum() / (_own(one) * _own(other))
    return float(min(cka, 1.0)), float(np.clip(1 - singular.sum() ** 2, 0, 1))


def rank_correlations(ranks: np.ndarray) -> np.ndarray:
    """Correlate the ranks of every two runs, `(lstm_seed, other_seed)`; `ranks(lstm_seed, pair)`.

    NaN on the diagonal, and where the ranks of a run do not vary.
    """
    found = np.full((len(ranks),) * 2, np.nan)
    known = np.flatnonzero(np.ptp(ranks, axis=1) > 0)
    if known.size:
        found[np.ix_(known, known)] = np.corrcoef(ranks[known])
    np.fill_diagonal(found, np.nan)
    return found


def noise_ceiling(ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the rank correlation of each run with the mean ranks of the others, and of all.

    The means over runs of the first and the second are the lower and the upper end of the noise
    ceiling: so well can any one set of ranks agree with the runs.

    Parameters
    ----------
    ranks
        Ranks of the pairs, `(lstm_seed, pair)`.

    Returns
    -------
    tuple of numpy.ndarray
        `(lstm_seed,)` each; NaN with one run, or where ranks do not vary.
    """
    lower, upper = np.full((2, len(ranks)), np.nan)
    for index, own in enumerate(ranks if len(ranks) > 1 else []):
        lower[index] = _correlation(own, np.delete(ranks, index, axis=0).mean(axis=0))
        upper[index] = _correlation(own, ranks.mean(axis=0))
    return lower, upper


def nearest_signs(distance: np.ndarray, k: int) -> np.ndarray:
    """Tell each sign's k nearest others, bool `(sign, other)`; ties go by the signs' order."""
    others = distance.astype(np.float64)
    np.fill_diagonal(others, np.inf)
    order = np.argsort(others, axis=1, kind="stable")[:, :k]
    found = np.zeros(distance.shape, dtype=bool)
    np.put_along_axis(found, order, True, axis=1)
    return found


def overlaps(nearest: np.ndarray) -> np.ndarray:
    """Give the mean Jaccard index of each sign's nearest signs with those in the other runs.

    Parameters
    ----------
    nearest
        bool `(lstm_seed, sign, other)`.

    Returns
    -------
    numpy.ndarray
        `(lstm_seed, sign)`; NaN with one run.
    """
    runs = len(nearest)
    found = np.full(nearest.shape[:2], np.nan)
    for index, own in enumerate(nearest if runs > 1 else []):
        rest = np.delete(nearest, index, axis=0)
        found[index] = ((own & rest).sum(axis=2) / (own | rest).sum(axis=2)).mean(axis=0)
    return found


def far_below(values: np.ndarray, margin: float) -> np.ndarray:
    """Tell which values lie below the median by more than 3 robust deviations and by the margin.

    The deviation is 1.4826 times the median absolute deviation. Missing values are neither counted
    nor told.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(values.shape, dtype=bool)
    middle = np.median(known)
    deviation = TO_DEVIATION * np.median(np.abs(known - middle))
    return np.nan_to_num(middle - values, nan=0.0) > max(DEVIATIONS * deviation, margin)


def flags(found: Runs, consensus: np.ndarray) -> np.ndarray:
    """Say what is odd about each run, `(lstm_seed,)`; several things joined, nothing is empty."""
    signs = {
        FAILED: ~found.learned,
        INACCURATE: far_below(found.validation, ACCURACY_MARGIN),
        OUTLYING: far_below(consensus, CONSENSUS_MARGIN),
        CONSTANT: found.constant,
    }
    return np.array(
        [
            "; ".join(name for name, told in signs.items() if told[index])
            for index in range(len(found.seeds))
        ]
    )


def compared(found: Runs, k: int) -> xr.Dataset:
    """Compare all runs, and lay out what was found."""
    runs = len(found.seeds)
    cka, procrustes = np.full((2, runs, runs), np.nan)
    for row, column in zip(*np.triu_indices(runs, 1), strict=True):
        mine, theirs = found.states[row], found.states[column]
        if mine is not None and theirs is not None:
            at = [row, column], [column, row]
            cka[at], procrustes[at] = alike(mine, theirs)
    jaccard = np.full((runs, found.signs.size), np.nan)
    jaccard[~found.constant] = overlaps(found.nearest[~found.constant])
    consensus, ceiling_upper = noise_ceiling(found.ranks)
    equal = "on the diagonal and where hidden states are all equal"
    vary = "with one run, or where ranks do not vary"
    two, one = ("lstm_seed", "other_seed"), ("lstm_seed",)
    described: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        "cka": (two, cka, f"linear CKA of hidden states: 1 alike; empty {equal}"),
        "procrustes": (
            two,
            procrustes,
            "Procrustes disparity of hidden states: 0 alike but for rotation and scale, 1 nothing "
            f"in common; empty {equal}",
        ),
        "rank_correlation": (
            two,
            rank_correlations(found.ranks),
            f"Spearman's correlation of the pairs' mutual ranks in {HEADLINE}; empty on the "
            "diagonal and where ranks do not vary",
        ),
        "jaccard": (
            ("lstm_seed", "sign"),
            jaccard,
            f"share of the sign's {k} nearest signs that two runs have in common (Jaccard index), "
            "mean over the other runs; empty with one run, or where hidden states are all equal",
        ),
        "consensus": (
            one,
            consensus,
            f"Spearman's correlation of the run's ranks with the mean ranks of the others; its "
            f"mean is the lower end of the noise ceiling; empty {vary}",
        ),
        "ceiling_upper": (
            one,
            ceiling_upper,
            "Spearman's correlation of the run's ranks with the mean ranks of all runs; its mean "
            f"is the upper end of the noise ceiling; empty {vary}",
        ),
        "validation_accuracy": (one, found.validation, "accuracy on validation examples"),
        "test_accuracy": (one, found.test, "accuracy on test examples"),
        "learned": (one, found.learned, "whether the LSTM learned enough to count as trained"),
        "flag": (one, flags(found, consensus), "what is odd about the run; empty: nothing"),
    }
    return xr.Dataset(
        {
            name: (dims, values, {"long_name": long_name, "units": "1"})
            for name, (dims, values, long_name) in described.items()
        },
        coords={
            "lstm_seed": ("lstm_seed", found.seeds, {"long_name": "LSTM seed"}),
            "other_seed": ("other_seed", found.seeds, {"long_name": "LSTM seed of the other run"}),
            "sign": ("sign", found.signs, {"long_name": "sign"}),
        },
    )


def _own(states: np.ndarray) -> float:
    return float(np.linalg.norm(states.T.astype(np.float64) @ states))


def _correlation(ranks: np.ndarray, mean: np.ndarray) -> float:
    if np.ptp(ranks) == 0 or np.ptp(mean) == 0:
        return float("nan")
    return float(np.corrcoef(ranks, rankdata(mean))[0, 1])


def _notes(found: Runs) -> list[str]:
    notes = []
    if len(found.seeds) == 1:
        notes.append("One LSTM seed: one LSTM has nothing to agree with; the values are missing.")
    if found.signs.size == 2:
        notes.append("Two signs make one pair: its ranks cannot vary, so nothing correlates.")
    return notes


def _metrics(path: Path) -> tuple[float, float, bool]:
    """Give accuracy on validation and test examples, and whether the LSTM learned."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        accuracies = float(content["validation_accuracy"]), float(content["test_accuracy"])
        learned = content["learned"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: expected the metrics of stage lstm with validation_accuracy, test_accuracy "
            f"and learned; found {type(error).__name__}: {error}. Train this LSTM again."
        ) from error
    if not isinstance(learned, bool) or not np.isfinite(accuracies).all():
        raise UserError(
            f"{path}: expected numbers as accuracies and true or false for learned; found "
            f"{accuracies} and {learned!r}. Train this LSTM again."
        )
    return *accuracies, learned


def _check_same(one: xr.Dataset, expected: Mapping[str, np.ndarray], path: Path) -> None:
    for name, values in expected.items():
        if not np.array_equal(one[name].values, values):
            raise UserError(f"{path}: its {name}s are not those of the other runs. Make it again.")


def _finite(values: np.ndarray, store: Path) -> np.ndarray:
    if not np.isfinite(values).all():
        raise UserError(
            f"{store}: it holds values that are no finite numbers. A network has diverged: train "
            "it again with a lower learning rate, or leave out its seed."
        )
    return values
