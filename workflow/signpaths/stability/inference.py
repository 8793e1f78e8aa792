"""The statistics of stage `stability`: how often pairs are close, and what chance would give.

Takes plain arrays of closeness and ranks over networks and pairs; gives shares with their
intervals, the tests N0 to N3, bootstrap and jackknife. Exact wherever a closed form exists; the
distributions are scipy's. Networks are the independent units throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import xlogy
from scipy.stats import beta, binom, false_discovery_control, poisson_binom

from signpaths.stability.betting import confidence_sequence
from signpaths.stability.variance import normal_scores


@dataclass(frozen=True)
class Tested:
    """How often pairs are close in one space, and what N1 and its mirror say; `(pair,)` each.

    Attributes
    ----------
    pi, pi_low, pi_high
        Share of networks, and its interval.
    p, q, q_by
        N1, against π ≤ τ: p, and corrected after Benjamini and Hochberg, and after Benjamini and
        Yekutieli.
    apart_q
        N1a, against π ≥ τ, corrected after Benjamini and Hochberg.
    """

    pi: np.ndarray
    pi_low: np.ndarray
    pi_high: np.ndarray
    p: np.ndarray
    q: np.ndarray
    q_by: np.ndarray
    apart_q: np.ndarray


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


def count_tested(count: np.ndarray, networks: int, *, tau: float, confidence: float) -> Tested:
    """Test how often pairs are close where a network says yes or no.

    Parameters
    ----------
    count
        In how many networks each pair is close, int `(pair,)`.
    networks
        How many there are.
    tau
        The share that N1 and N1a are about.
    confidence
        Of the interval, that of Clopper & Pearson (1934).
    """
    low, high = clopper_pearson(networks, confidence)
    p = conditioned_p(networks, tau)[count]
    return Tested(
        pi=count / networks,
        pi_low=low[count],
        pi_high=high[count],
        p=p,
        q=_kept_q(p, count > tau * networks, "bh"),
        q_by=_kept_q(p, count > tau * networks, "by"),
        apart_q=apart_q(count, networks, tau),
    )


def share_tested(close: np.ndarray, *, tau: float, confidence: float) -> Tested:
    """Test how often pairs are close where a network gives a share, that of its autoencoders.

    Parameters
    ----------
    close
        From 0 to 1, `(network, pair)`.
    tau, confidence
        As in `count_tested`; the interval comes from bets (`betting.confidence_sequence`), p from
        Hoeffding's bound (1963, theorem 1) on the mean of independent values from 0 to 1.
    """
    pi = close.mean(axis=0, dtype=np.float64)
    low, high = confidence_sequence(close, confidence)
    p = _hoeffding_p(pi, len(close), tau)
    return Tested(
        pi=pi,
        pi_low=low,
        pi_high=high,
        p=p,
        q=false_discovery_control(p, method="bh"),
        q_by=false_discovery_control(p, method="by"),
        apart_q=false_discovery_control(_hoeffding_p(1 - pi, len(close), 1 - tau), method="bh"),
    )


def clopper_pearson(networks: int, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the interval of Clopper & Pearson (1934) for every count from 0 on, `(count,)` each."""
    count, tail = np.arange(networks + 1), (1 - confidence) / 2
    low = beta.ppf(tail, np.maximum(count, 1), networks - count + 1)
    high = beta.isf(tail, count + 1, np.maximum(networks - count, 1))
    return np.where(count == 0, 0.0, low), np.where(count == networks, 1.0, high)


def conditioned_p(networks: int, tau: float) -> np.ndarray:
    """Give p of N1 for every count from 0 on, `(count,)`.

    One-sided and exact, given that the pair is close in more than τ of the networks; 1 for counts
    that are not. P(X ≥ x | X > τA) for a binomial X is at most uniform for every π ≤ τ (Zhao, Small
    & Su 2019), so that only pairs with such a count need to be looked at, and to be corrected for.
    """
    count = np.arange(networks + 1)
    kept = count > tau * networks
    p = binom.sf(count - 1, networks, tau) / binom.sf(np.floor(tau * networks), networks, tau)
    return np.where(kept, np.minimum(p, 1.0), 1.0)


def stays_close_q(count: np.ndarray, networks: int, tau: float) -> np.ndarray:
    """Correct N1 after Benjamini and Hochberg over the pairs that are close in more than τ."""
    return _kept_q(conditioned_p(networks, tau)[count], count > tau * networks, "bh")


def apart_q(count: np.ndarray, networks: int, tau: float) -> np.ndarray:
    """Test N1a, π ≥ τ: exact, one-sided, and corrected after Benjamini and Hochberg.

    Over all pairs: most are apart, and among many true discoveries conditioning would lose power.
    """
    p = binom.cdf(np.arange(networks + 1), networks, tau)[count]
    return false_discovery_control(p, method="bh")


def _kept_q(p: np.ndarray, kept: np.ndarray, method: Literal["bh", "by"]) -> np.ndarray:
    q = np.ones(p.shape)
    if kept.any():
        q[kept] = false_discovery_control(p[kept], method=method)
    return q


def _hoeffding_p(mean: np.ndarray, networks: int, tau: float) -> np.ndarray:
    """Bound the chance of such a mean, or a larger one, of values whose expectation is τ."""
    divergence = xlogy(mean, mean / tau) + xlogy(1 - mean, (1 - mean) / (1 - tau))
    return np.where(mean > tau, np.exp(-networks * divergence), 1.0)


def arrangement(close: np.ndarray) -> np.ndarray:
    """Test N0: do networks agree on a pair no more than random arrangements of the signs would?

    If the signs change places at random, independently in every network, any pair is close in
    network ℓ with probability n_ℓ / M, for its n_ℓ close pairs of M: the count over networks is
    Poisson binomial. That is what pooled permutations estimate, without their noise. It does not
    say that the labels of the examples carry something.

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


def moved_by_training(
    made: np.ndarray, broken: np.ndarray, fdr: float
) -> tuple[np.ndarray, np.ndarray]:
    """Test N2: does training change how often a pair is close, either way?

    Flipping the sign of each network's difference leaves only those networks to count in which
    training made or broke the closeness: an exact binomial test, two-sided. How many these are
    says nothing about the way, so pairs of which they are too few for p ≤ fdr even if all went one
    way need not be corrected for (Tarone 1990).

    Parameters
    ----------
    made, broken
        In how many networks the pair is close after training only, and before it only, `(pair,)`;
        network by network with the same initial weights.
    fdr
        The false discovery rate that will be asked for.

    Returns
    -------
    tuple of numpy.ndarray
        p, and q after Benjamini and Hochberg over the pairs that could pass, 1 for the others.
    """
    both = made + broken
    p = np.minimum(1.0, 2 * binom.cdf(np.minimum(made, broken), both, 0.5))
    return p, _kept_q(p, 2.0 ** (1.0 - both) <= fdr, "bh")


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
