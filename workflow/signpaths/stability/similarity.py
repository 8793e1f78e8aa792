"""How alike runs are: hidden states and ranks of many runs in, measures of likeness out.

Takes plain arrays; gives linear CKA (Kornblith et al. 2019), Procrustes disparity, rank
correlations with their noise ceiling (Nili et al. 2014) and Jaccard indices of nearest signs, and
tells which values lie far below the others.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import median_abs_deviation, rankdata

# So many robust standard deviations below the median of runs stands out.
DEVIATIONS = 3
# Networks that one is compared with at once: of 5,000 frames and 100 units, 64 MB.
BLOCK = 16


def normalised(states: np.ndarray) -> np.ndarray | None:
    """Centre hidden states `(frame, unit)` and bring them to norm 1; None if all are equal."""
    if (states == states[0]).all():
        return None
    centred = states - states.mean(axis=0, dtype=np.float64)
    # The greatest value first: squares of very small ones would vanish.
    centred /= np.abs(centred).max()
    return (centred / np.linalg.norm(centred)).astype(np.float32)


def cka_and_procrustes(states: Sequence[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray]:
    """Give linear CKA and Procrustes disparity of every two sets of hidden states.

    With X and Y centred and of norm 1, CKA is ‖XᵀY‖²_F / (‖XᵀX‖_F·‖YᵀY‖_F), 1 for states that
    differ by rotation and scale only. The disparity is min ‖X − s·Y·R‖²_F over rotations R and
    scales s, which is 1 minus the squared sum of the singular values of XᵀY: the share of X that
    no rotation of Y explains.

    Parameters
    ----------
    states
        Of each network from `normalised`, `(frame, unit)`; the units may be of different number.

    Returns
    -------
    tuple of numpy.ndarray
        Both `(network, other_network)`, from 0 to 1: a CKA of 1 and a disparity of 0 mean that the
        states are alike. NaN on the diagonal and where states are None.
    """
    cka, disparity = np.full((2, len(states), len(states)), np.nan)
    known = [index for index, one in enumerate(states) if one is not None]
    found = [one for one in states if one is not None]
    own = np.array([np.linalg.norm(one.T.astype(np.float64) @ one) for one in found])
    for start in range(0, len(found), BLOCK):
        block = _stacked(found[start : start + BLOCK])
        for row, one in enumerate(found[: start + len(block)]):
            # Each two networks once: those of the block that come after this one.
            first = max(0, row + 1 - start)
            singular = np.linalg.svd(one.T.astype(np.float64) @ block[first:], compute_uv=False)
            others = slice(start + first, start + len(block))
            at = [known[row]], known[others]
            likeness = (singular**2).sum(axis=1) / (own[row] * own[others])
            cka[at] = cka.T[at] = np.minimum(likeness, 1)
            disparity[at] = disparity.T[at] = np.clip(1 - singular.sum(axis=1) ** 2, 0, 1)
    return cka, disparity


def rank_correlations(ranks: np.ndarray) -> np.ndarray:
    """Correlate the ranks of every two runs, `(network, other_network)`; `ranks(network, pair)`.

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
        Ranks of the pairs, `(network, pair)`.

    Returns
    -------
    tuple of numpy.ndarray
        `(network,)` each; NaN with one run, or where ranks do not vary.
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


def mean_jaccard(nearest: np.ndarray) -> np.ndarray:
    """Give the mean Jaccard index of each sign's nearest signs with those in the other runs.

    Parameters
    ----------
    nearest
        bool `(network, sign, other)`.

    Returns
    -------
    numpy.ndarray
        `(network, sign)`; NaN with one run.
    """
    runs = len(nearest)
    found = np.full(nearest.shape[:2], np.nan)
    for index, own in enumerate(nearest if runs > 1 else []):
        rest = np.delete(nearest, index, axis=0)
        found[index] = ((own & rest).sum(axis=2) / (own | rest).sum(axis=2)).mean(axis=0)
    return found


def outlying(values: np.ndarray, margin: float) -> np.ndarray:
    """Tell which values lie below the median by more than 3 robust deviations and by the margin.

    The deviation is the median absolute deviation, scaled to the standard deviation of normal
    values. Missing values are neither counted nor told.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(values.shape, dtype=bool)
    deviation = median_abs_deviation(known, scale="normal")
    below = np.median(known) - values
    return np.nan_to_num(below, nan=0.0) > max(DEVIATIONS * deviation, margin)


def _correlation(ranks: np.ndarray, mean: np.ndarray) -> float:
    if np.ptp(ranks) == 0 or np.ptp(mean) == 0:
        return float("nan")
    return float(np.corrcoef(ranks, rankdata(mean))[0, 1])


def _stacked(states: Sequence[np.ndarray]) -> np.ndarray:
    """Stack states `(network, frame, unit)`; units that are missing are zeros: no difference."""
    units = max(one.shape[1] for one in states)
    return np.stack([np.pad(one, ((0, 0), (0, units - one.shape[1]))) for one in states])
