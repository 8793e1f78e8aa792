"""The statistics of stage `stability`: how often pairs are close, and what chance would give.

Takes plain arrays of closeness and ranks over networks and pairs; gives shares with their
intervals, the tests N0 to N3, bootstrap and jackknife. Exact wherever a closed form exists; the
distributions are scipy's. Networks are the independent units throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, binomtest, poisson_binom

from signpaths.stability.variance import normal_scores


@dataclass(frozen=True)
class Counted:
    """How often pairs are close; arrays of any one shape."""

    pi: np.ndarray
    pi_low: np.ndarray
    pi_high: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class Regression:
    """N3: how far the input explains the ranks in a space.

    Attributes
    ----------
    coefficients
        Of each predictor's normal scores, `(predictor,)`.
    coefficients_p
        Two-sided, by permuting the signs.
    explained
        Share of the variance of the mean scores over networks, R².
    explained_p
        By permuting the signs.
    residual
        Mean score beyond the prediction, `(pair,)`: above 0, closer than the input says.
    agreement
        Correlation between the residuals of even and of odd networks: what they share beyond the
        input. None with one network.
    agreement_p
        By permuting the signs of one half. None with one network.
    """

    coefficients: np.ndarray
    coefficients_p: np.ndarray
    explained: float
    explained_p: float
    residual: np.ndarray
    agreement: float | None
    agreement_p: float | None


def count_close(close: np.ndarray, *, tau: float, confidence: float) -> Counted:
    """Count in how many networks each pair is close.

    Parameters
    ----------
    close
        bool `(space, network, pair)`.
    tau
        N1's null hypothesis: close in at most this share of retrainings.
    confidence
        Of the intervals.

    Returns
    -------
    Counted
        Over `(space, pair)`: the share, its Clopper–Pearson interval (1934), and N1's one-sided
        exact binomial p.
    """
    networks = close.shape[1]
    tests = [
        (
            binomtest(count, networks).proportion_ci(confidence, method="exact"),
            binomtest(count, networks, tau, alternative="greater").pvalue,
        )
        for count in range(networks + 1)
    ]
    count = close.sum(axis=1)
    low, high = (np.array([interval[end] for interval, _ in tests]) for end in (0, 1))
    p = np.array([pvalue for _, pvalue in tests])
    return Counted(count / networks, low[count], high[count], p[count])


def chance(close: np.ndarray) -> np.ndarray:
    """Test N0: would a pair be close so often if labels carried nothing?

    If the signs' labels are permuted independently in every network, any pair is close in network ℓ
    with probability n_ℓ / M, for its n_ℓ close pairs of M: the count over networks is Poisson
    binomial. That is what pooled permutations estimate, without their noise.

    Parameters
    ----------
    close
        bool `(network, pair)`.

    Returns
    -------
    numpy.ndarray
        One-sided p, `(pair,)`.
    """
    counts = np.arange(len(close) + 1)
    p = np.clip(poisson_binom(close.mean(axis=1)).sf(counts - 1), 0.0, 1.0)
    return p[close.sum(axis=0)]


def learned(trained: np.ndarray, untrained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test N2: is a pair close more often after training than before?

    Flipping the sign of each network's difference leaves only those networks to count in which
    training made or broke the closeness: an exact binomial test.

    Parameters
    ----------
    trained, untrained
        bool `(network, pair)`, row by row with the same initial weights.

    Returns
    -------
    tuple
        The difference of the two shares, and the one-sided p; both `(pair,)`.
    """
    made = (trained & ~untrained).sum(axis=0)
    broken = (untrained & ~trained).sum(axis=0)
    return (made - broken) / len(trained), binom.sf(made - 1, made + broken, 0.5)


def bootstrap_means(
    ranks: np.ndarray, *, resamples: int, confidence: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Give a two-stage bootstrap interval of each pair's mean over networks of the median rank.

    Networks are drawn with replacement, then autoencoders within each. A median of drawn values is
    one of the sorted values (or two, halved), so every resample is a weighting of sorted ranks, and
    all resamples of all pairs are one matrix product.

    Parameters
    ----------
    ranks
        `(network, ae_seed, pair)`.
    resamples
        How many.
    confidence
        Of the percentile interval.
    seed
        Of the draws.

    Returns
    -------
    tuple
        Lower and upper ends, `(pair,)`.
    """
    networks, autoencoders, pairs = ranks.shape
    generator = np.random.default_rng(seed)
    drawn = generator.integers(networks, size=(resamples, networks))
    places = np.sort(generator.integers(autoencoders, size=(resamples, networks, autoencoders)), 2)
    weights = np.zeros((resamples, networks * autoencoders), dtype=np.float32)
    row = np.arange(resamples)[:, None]
    for middle in ((autoencoders - 1) // 2, autoencoders // 2):
        column = drawn * autoencoders + places[:, :, middle]
        np.add.at(weights, (row, column), np.float32(0.5 / networks))
    sorted_ranks = np.sort(ranks, axis=1).reshape(-1, pairs).astype(np.float32)
    tail = (1 - confidence) / 2
    means = weights @ sorted_ranks
    means.sort(axis=0)
    low, high = round(tail * (resamples - 1)), round((1 - tail) * (resamples - 1))
    return means[low], means[high]


def jackknife_error(without: np.ndarray) -> np.ndarray:
    """Give the standard error of an estimate from its values with one session left out each.

    Parameters
    ----------
    without
        `(session, …)`; at least two sessions.
    """
    sessions = len(without)
    squares = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return np.sqrt((sessions - 1) / sessions * squares)


def beyond_input(
    scores: np.ndarray,
    predictors: Mapping[str, np.ndarray],
    signs: int,
    *,
    permutations: int,
    seed: int = 0,
) -> Regression:
    """Test N3: do the raw signals explain which pairs are close?

    The mean normal scores of the pairs are regressed on those of the raw spaces. Pairs share signs,
    so p-values come from permuting the signs, not the pairs (quadratic assignment procedure).

    Parameters
    ----------
    scores
        Normal scores of each network, `(network, pair)`, pairs in the order of `np.triu_indices`.
    predictors
        Mutual ranks in each raw space, `(pair,)`.
    signs
        Number of signs.
    permutations
        How many; p is at least 1 / (1 + permutations).
    seed
        Of the permutations.
    """
    design = np.stack([np.ones(scores.shape[1]), *map(normal_scores, predictors.values())], axis=1)
    solve = np.linalg.pinv(design)
    mean = scores.mean(axis=0)
    coefficients = solve @ mean
    residual = mean - design @ coefficients
    total = ((mean - mean.mean()) ** 2).sum()
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(signs) for _ in range(permutations)]
    shuffled = np.stack([_permuted(mean, order) for order in orders], axis=1)
    fitted = solve @ shuffled
    explained = _explained(residual, total)
    by_chance = np.array([_explained(column, total) for column in (shuffled - design @ fitted).T])
    agreement, agreement_p = None, None
    if len(scores) > 1:
        halves = [scores[start::2].mean(axis=0) for start in (0, 1)]
        even, odd = (half - design @ (solve @ half) for half in halves)
        agreement = _correlation(even, odd)
        by_luck = np.array([_correlation(even, _permuted(odd, order)) for order in orders])
        agreement_p = _permutation_p(agreement, by_luck)
    return Regression(
        coefficients=coefficients[1:],
        coefficients_p=np.array(
            [
                _permutation_p(abs(one), np.abs(others))
                for one, others in zip(coefficients[1:], fitted[1:], strict=True)
            ]
        ),
        explained=explained,
        explained_p=_permutation_p(explained, by_chance),
        residual=residual,
        agreement=agreement,
        agreement_p=agreement_p,
    )


def _permuted(pairs: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Give the values of all pairs after the signs have changed places."""
    upper = np.triu_indices(order.size, 1)
    square = np.zeros((order.size, order.size))
    square[upper] = pairs
    square += square.T
    return square[np.ix_(order, order)][upper]


def _explained(residual: np.ndarray, total: float) -> float:
    """R², from the total sum of squares; 0 if nothing varies."""
    return float(1 - (residual**2).sum() / total) if total > 0 else 0.0


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation; 0 if either does not vary."""
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale > 1e-12 else 0.0


def _permutation_p(found: float, others: np.ndarray) -> float:
    # Equal up to rounding counts as equal: a permutation that changes nothing is no rarer.
    return float((1 + (others >= found - 1e-12).sum()) / (1 + others.size))
