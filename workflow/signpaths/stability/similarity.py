"""How alike runs order the pairs: ranks of many runs in, measures of likeness out.

Takes plain arrays; gives rank correlations with their noise ceiling (Nili et al. 2014) and Jaccard
indices of nearest signs, both with signs shuffled too, and tells which values lie far below the
others.
"""

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import median_abs_deviation, rankdata

from signpaths.stability.crossed import Likeness

# So many robust standard deviations below the median of runs stands out.
DEVIATIONS = 3
SEED = 0


def rank_correlations(ranks: np.ndarray, signs: int) -> Likeness:
    """Correlate the ranks of every two runs.

    Parameters
    ----------
    ranks
        Ranks of the pairs in each run, `(network, pair)`, in the order of `np.triu_indices`.
    signs
        Number of signs.

    Returns
    -------
    Likeness
        NaN where the ranks of a run do not vary. A left-out sign takes its pairs with it; the
        others keep their ranks.
    """
    found = np.full((len(ranks),) * 2, np.nan)
    known = np.flatnonzero(np.ptp(ranks, axis=1) > 0)
    without = np.full(signs, np.nan)
    if known.size:
        found[np.ix_(known, known)] = np.corrcoef(ranks[known])
    np.fill_diagonal(found, np.nan)
    first, second = np.triu_indices(signs, 1)
    for sign in range(signs if known.size > 1 else 0):
        left = ranks[known][:, (first != sign) & (second != sign)]
        if not left.size or not np.ptp(left, axis=1).all():
            continue
        scores = left - left.mean(axis=1, keepdims=True)
        scores /= np.linalg.norm(scores, axis=1, keepdims=True)
        # The mean over all pairs of runs is that of their sum with itself.
        square = (scores.sum(axis=0) ** 2).sum()
        without[sign] = (square - known.size) / (known.size * (known.size - 1))
    return Likeness(found, without)


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


def jaccard(nearest: np.ndarray, known: np.ndarray) -> tuple[Likeness, np.ndarray]:
    """Give the Jaccard index of each sign's nearest signs in every two runs.

    Parameters
    ----------
    nearest
        bool `(network, sign, other)`.
    known
        The runs to compare, bool `(network,)`.

    Returns
    -------
    tuple
        The mean over signs for every two runs, and each sign's mean over every two runs,
        `(sign,)`; NaN with one run.
    """
    found = np.full((len(nearest),) * 2, np.nan)
    runs, signs = np.flatnonzero(known), nearest.shape[1]
    total = np.zeros(signs)
    for place, row in enumerate(runs[:-1]):
        later = runs[place + 1 :]
        one, others = nearest[row], nearest[later]
        shares = (one & others).sum(axis=2) / (one | others).sum(axis=2)
        found[row, later] = found[later, row] = shares.mean(axis=1)
        total += shares.sum(axis=0)
    of_two = runs.size * (runs.size - 1) / 2
    of_sign = total / of_two if of_two else np.full(signs, np.nan)
    return Likeness(found, (of_sign.sum() - of_sign) / (signs - 1)), of_sign


def shuffled_signs(
    ranks: np.ndarray, nearest: np.ndarray, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare two random runs again and again, as if the signs of one had changed places.

    Parameters
    ----------
    ranks
        `(network, pair)`; runs whose ranks do not vary are left out.
    nearest
        bool `(network, sign, other)`.
    draws
        So many times two runs and a permutation are drawn.

    Returns
    -------
    tuple of numpy.ndarray
        Rank correlation and mean Jaccard index, `(draw,)`; empty with fewer than two runs.
    """
    generator = np.random.default_rng(SEED)
    known = np.flatnonzero(np.ptp(ranks, axis=1) > 0)
    correlation, shared = [], []
    for _ in range(draws if known.size > 1 else 0):
        one, other = generator.choice(known, 2, replace=False)
        order = generator.permutation(nearest.shape[1])
        at = np.ix_(order, order)
        moved = squareform(squareform(ranks[other])[at])
        correlation.append(np.corrcoef(ranks[one], moved)[0, 1])
        mine, theirs = nearest[one], nearest[other][at]
        shared.append(((mine & theirs).sum(axis=1) / (mine | theirs).sum(axis=1)).mean())
    return np.array(correlation), np.array(shared)


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
