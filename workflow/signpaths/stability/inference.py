"""The statistics of stage `stability`: how often pairs are close, and what chance would give.

Takes plain arrays of closeness and ranks over networks and pairs; gives shares with their
intervals, the tests N0 to N2, and the jackknife. Exact wherever a closed form exists; the
distributions are scipy's. Networks are the independent units throughout.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy.special import xlogy
from scipy.stats import beta, binom, false_discovery_control, poisson_binom

from signpaths.stability.betting import confidence_sequence


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
    p, kept = conditioned_p(networks, tau)[count], looked_at(count, networks, tau)
    return Tested(
        pi=count / networks,
        pi_low=low[count],
        pi_high=high[count],
        p=p,
        q=_kept_q(p, kept, "bh"),
        q_by=_kept_q(p, kept, "by"),
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


@cache
def clopper_pearson(networks: int, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the interval of Clopper & Pearson (1934) for every count from 0 on, `(count,)` each."""
    count, tail = np.arange(networks + 1), (1 - confidence) / 2
    low = beta.ppf(tail, np.maximum(count, 1), networks - count + 1)
    high = beta.isf(tail, count + 1, np.maximum(networks - count, 1))
    return _frozen(np.where(count == 0, 0.0, low)), _frozen(np.where(count == networks, 1.0, high))


def looked_at(count: np.ndarray, networks: int | np.ndarray, tau: float | np.ndarray) -> np.ndarray:
    """Tell which counts are more than τ of the networks: N1 looks at these pairs only.

    Shares are compared, not counts: 29 of 100 are 0.29 as it is written, but 0.29 times 100 is less
    than 29.
    """
    return count / networks > tau


@cache
def conditioned_p(networks: int, tau: float) -> np.ndarray:
    """Give p of N1 for every count from 0 on, `(count,)`.

    One-sided and exact, given that the pair is close in more than τ of the networks; 1 for counts
    that are not. P(X ≥ x | X > τA) for a binomial X is at most uniform for every π ≤ τ (Zhao, Small
    & Su 2019), so that only pairs with such a count need to be looked at, and to be corrected for.
    """
    count = np.arange(networks + 1)
    kept = looked_at(count, networks, tau)
    p = binom.sf(count - 1, networks, tau)
    p = p / p[kept.argmax()]
    return _frozen(np.where(kept, np.minimum(p, 1.0), 1.0))


def stays_close_q(count: np.ndarray, networks: int, tau: float) -> np.ndarray:
    """Correct N1 after Benjamini and Hochberg over the pairs that are close in more than τ."""
    p = conditioned_p(networks, tau)[count]
    return _kept_q(p, looked_at(count, networks, tau), "bh")


def apart_q(count: np.ndarray, networks: int, tau: float) -> np.ndarray:
    """Test N1a, π ≥ τ: exact, one-sided, and corrected after Benjamini and Hochberg.

    Over all pairs: most are apart, and among many true discoveries conditioning would lose power.
    """
    return false_discovery_control(_apart_p(networks, tau)[count], method="bh")


@cache
def _apart_p(networks: int, tau: float) -> np.ndarray:
    return _frozen(binom.cdf(np.arange(networks + 1), networks, tau))


def _frozen(table: np.ndarray) -> np.ndarray:
    """Make a table that is kept for the next call safe from whoever gets it."""
    table.setflags(write=False)
    return table


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
    way need not be corrected for: a filter that knows nothing of p under the null hypothesis leaves
    the correction valid (Bourgon, Gentleman & Huber 2010).

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
    # From the first, so that values that are all equal give 0 and not what rounding leaves.
    moved = without - without[0]
    squares = ((moved - moved.mean(axis=0)) ** 2).sum(axis=0)
    return np.sqrt((sessions - 1) / sessions * squares)
