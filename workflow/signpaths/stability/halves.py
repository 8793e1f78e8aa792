"""Split-half replication: would half of the networks have said the same as the other half?

Takes in which networks pairs are close; splits the networks in two halves at random, many times,
judges every half as a study of its own and gives how often the two give a pair the same answer.
Networks are trained independently, so that two halves are two studies of half the size: the mean
over splits estimates, without bias, how well such a study replicates.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr
from scipy.stats import spearmanr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE
from signpaths.stability.answers import Observed, counts_of
from signpaths.stability.verdicts import (
    APART,
    CAUSES,
    NONE,
    PICTURES,
    STAYS,
    VERDICTS,
    answered,
)

# With fewer networks a half is one network, which is no study of retraining.
FEWEST = 4
# Answers that cannot both be true of a pair.
OPPOSITE = {STAYS: APART, APART: STAYS}


def half_statistics(observed: Observed, options: StabilityOptions, seed: int = 0) -> xr.Dataset:
    """Say how often two halves of the networks give the same answers (section 9).

    Parameters
    ----------
    observed
        In which networks pairs are close.
    options
        The thresholds, and how many splits are drawn.
    seed
        Of the splits.

    Returns
    -------
    xarray.Dataset
        Means over the splits, over `answer` and `other_answer` (the verdicts), `cause_name`,
        `projection` and `picture_name`; the rank correlation of π over `split`; attribute
        `half_networks`. Empty with fewer than four networks.
    """
    networks = len(observed.close)
    if networks < FEWEST:
        return xr.Dataset()
    halves = drawn_halves(networks, options.halves, seed)
    counts = counts_of(observed, halves.reshape(-1, networks))
    answers = [answered(one, options) for one in counts]
    parts = [
        _verdicts([one.verdict for one in answers]),
        _causes([one.cause for one in answers]),
        _correlation(np.stack([one.close for one in counts])),
    ]
    if observed.pictured:
        of_projection = {name: [one.picture[name] for one in answers] for name in observed.pictured}
        parts.append(_pictures(of_projection))
    return xr.merge(parts).assign_attrs(half_networks=networks // 2)


def _verdicts(verdicts: Sequence[np.ndarray]) -> xr.Dataset:
    counts = crossed(verdicts, VERDICTS)
    opposite = np.array([[OPPOSITE.get(one) == other for other in VERDICTS] for one in VERDICTS])
    return xr.Dataset(
        variables(
            ("answer", "other_answer"),
            (
                Column(
                    "halves",
                    "pairs given one verdict by a half of the networks and another by the other "
                    "half, mean over splits",
                    9,
                    unit="pairs",
                ),
                counts,
            ),
        )
        | variables(
            "answer",
            _repeats("half_repeats", "verdict", counts),
            (
                Column(
                    "half_contradicts",
                    f"share of the pairs {STAYS} in a half that are {APART} in the other, or the "
                    "other way round",
                    9,
                    shown="percent",
                ),
                shares((counts * opposite).sum(axis=1), counts),
            ),
        ),
        coords={
            "answer": ("answer", list(VERDICTS), {"long_name": "verdict"}),
            "other_answer": (
                "other_answer",
                list(VERDICTS),
                {"long_name": "verdict of the other half"},
            ),
        },
    )


def _causes(causes: Sequence[np.ndarray]) -> xr.Dataset:
    counts = crossed(causes, [*CAUSES, NONE])[:-1]
    return xr.Dataset(
        variables(
            "cause_name",
            _given("half_causes", "cause", counts),
            _repeats("half_cause_repeats", "cause", counts),
        ),
        coords={"cause_name": ("cause_name", list(CAUSES), {"long_name": "cause"})},
    )


def _pictures(pictures: Mapping[str, Sequence[np.ndarray]]) -> xr.Dataset:
    counts = np.stack([crossed(one, [*PICTURES, NONE])[:-1] for one in pictures.values()])
    return xr.Dataset(
        variables(
            ("projection", "picture_name"),
            _given("half_pictures", "picture", counts),
            _repeats("half_picture_repeats", "picture", counts),
        ),
        coords={
            "projection": ("projection", list(pictures), {"long_name": "projection"}),
            "picture_name": ("picture_name", list(PICTURES), {"long_name": "picture"}),
        },
    )


def _correlation(close: np.ndarray) -> xr.Dataset:
    column = Column(
        "half_correlation", f"rank correlation of π in {HEADLINE} between the halves", 9
    )
    return xr.Dataset(variables("split", (column, rank_correlations(close))))


def _given(name: str, answer: str, counts: np.ndarray) -> tuple[Column, np.ndarray]:
    column = Column(name, f"pairs given each {answer} by a half, mean", 9, unit="pairs")
    return column, counts.sum(axis=-1)


def _repeats(name: str, answer: str, counts: np.ndarray) -> tuple[Column, np.ndarray]:
    meaning = f"share of the pairs given each {answer} by a half to which the other gives the same"
    column = Column(name, meaning, 9, shown="percent")
    return column, shares(np.diagonal(counts, axis1=-2, axis2=-1), counts)


def drawn_halves(networks: int, splits: int, seed: int = 0) -> np.ndarray:
    """Split networks in two halves at random; of an odd number one is left out, another each time.

    Returns
    -------
    numpy.ndarray
        1 for a network that belongs to the half, else 0, `(split, half, network)`.
    """
    half = networks // 2
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(networks), (splits, 1)), axis=1)
    drawn = np.zeros((splits, 2, networks), dtype=int)
    for which in (0, 1):
        members = order[:, which * half : (which + 1) * half]
        np.put_along_axis(drawn[:, which], members, 1, axis=1)
    return drawn


def crossed(answers: Iterable[np.ndarray], words: Sequence[str]) -> np.ndarray:
    """Count pairs by what one half says and what the other does, mean over splits.

    Parameters
    ----------
    answers
        Of each half, `(pair,)` each; the halves of a split stand one behind the other.
    words
        All that a half may say.

    Returns
    -------
    numpy.ndarray
        `(word, word)`. Symmetric, since neither half is the first.
    """
    said = np.stack([one == np.array(words)[:, None] for one in answers]).astype(np.float32)
    both = np.einsum("swp,svp->wv", said[::2], said[1::2], optimize=True, dtype=np.float64)
    return (both + both.T) / len(said)


def shares(part: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Divide by the sum over the last dimension of `counts`; NaN where nothing was counted."""
    whole = counts.sum(axis=-1)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def rank_correlations(close: np.ndarray) -> np.ndarray:
    """Correlate how often pairs are close in the halves of each split, Spearman, `(split,)`.

    NaN where either half finds all pairs close equally often.
    """
    return np.array(
        [
            spearmanr(one, other).statistic if np.ptp(one) > 0 and np.ptp(other) > 0 else np.nan
            for one, other in zip(close[::2], close[1::2], strict=True)
        ]
    )
