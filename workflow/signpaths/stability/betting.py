"""What holds however often one looked: bets against a share of retrainings.

Takes how close pairs are in each network, from 0 to 1; gives e-values, the pairs that they
discover, and confidence sequences. A bet that π is `m` multiplies what it staked by
x·p/m + (1 − x)·(1 − p)/(1 − m) in a network of closeness x, where p is what the bettor believes; in
the mean over networks it wins nothing if π is `m`. Money spread evenly over all beliefs p is the
mixture of Robbins (1970) for counts, and the bounded means of Waudby-Smith & Ramdas (2024) for
shares. Discoveries after Wang & Ramdas (2022).
"""

import numpy as np
from scipy.special import logsumexp

# Beliefs that money is spread over. Any grid keeps the promise; a fine one loses no money.
BELIEFS = 100
# Halvings of the range in which an end of an interval lies; what is left is rounded outwards.
HALVINGS = 12
# Pairs that are looked at together.
BLOCK = 1024


def log_e_values(close: np.ndarray, tau: float) -> np.ndarray:
    """Give the logarithm of each pair's e-value against π ≤ τ.

    Parameters
    ----------
    close
        From 0 to 1, `(network, pair)`.
    tau
        The share that has to be beaten.

    Returns
    -------
    numpy.ndarray
        `(pair,)`. However many networks are added after looking, it exceeds log(1/α) at some time
        with probability α at most, if π ≤ τ.
    """
    levels, profiles, back = _profiles(close)
    beliefs = _beliefs(tau, 1.0)
    return _log_capital(profiles, levels, beliefs, np.full(len(profiles), tau))[back]


def discovered(log_e: np.ndarray, fdr: float) -> np.ndarray:
    """Tell which pairs e-values discover at this false discovery rate, under any dependence.

    The procedure of Benjamini and Hochberg for e-values: the r pairs with the largest ones, for
    the largest r of which all reach M/(r·fdr).
    """
    order = np.argsort(-log_e, kind="stable")
    reached = log_e[order] >= np.log(log_e.size / (fdr * np.arange(1, log_e.size + 1)))
    count = int(np.flatnonzero(reached).max(initial=-1)) + 1
    found = np.zeros(log_e.size, dtype=bool)
    found[order[:count]] = True
    return found


def confidence_sequence(close: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Give an interval of each pair's π that holds at all numbers of networks at once.

    With the number of networks fixed beforehand it holds as well, for a bounded mean.

    Parameters
    ----------
    close
        From 0 to 1, `(network, pair)`.
    confidence
        Of the interval.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, `(pair,)`.
    """
    levels, profiles, back = _profiles(close)
    mean = profiles @ levels / len(close)
    beliefs = _beliefs(0.0, 1.0)
    limit = -np.log1p(-confidence)
    ends = np.empty((2, len(profiles)))
    for end in (0, 1):
        for start in range(0, len(profiles), BLOCK):
            rows = slice(start, start + BLOCK)
            ends[end, rows] = _end(profiles[rows], levels, beliefs, limit, mean[rows], float(end))
    return ends[0][back], ends[1][back]


def _end(
    profiles: np.ndarray,
    levels: np.ndarray,
    beliefs: tuple[np.ndarray, np.ndarray],
    limit: float,
    mean: np.ndarray,
    end: float,
) -> np.ndarray:
    """Halve the way from the mean, which is never excluded, to an end of all shares.

    What bets have won is log-convex in the share that they are made against, so that the shares
    that are not excluded are all between two ends.
    """
    inside, outside = mean, np.full(mean.shape, end)
    for _ in range(HALVINGS):
        # A mean at the end itself is already all there is on that side.
        share = np.where(mean == end, 0.5, (inside + outside) / 2)
        kept = _log_capital(profiles, levels, beliefs, share) < limit
        inside, outside = np.where(kept, share, inside), np.where(kept, outside, share)
    return np.where(mean == end, end, outside)


def _profiles(close: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count how often each closeness occurs: all that a pair's bets depend on.

    Gives the closenesses there are `(level,)`, the different counts `(profile, level)`, and of each
    pair the number of its profile.
    """
    levels = np.unique(close)
    counts = np.stack([(close == level).sum(axis=0) for level in levels], axis=1)
    profiles, back = np.unique(counts, axis=0, return_inverse=True)
    return levels.astype(float), profiles, back.reshape(-1)


def _beliefs(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Give Gauss and Legendre's nodes and weights of an even spread between two shares."""
    nodes, weights = np.polynomial.legendre.leggauss(BELIEFS)
    return low + (high - low) * (nodes + 1) / 2, weights / 2


def _log_capital(
    profiles: np.ndarray,
    levels: np.ndarray,
    beliefs: tuple[np.ndarray, np.ndarray],
    share: np.ndarray,
) -> np.ndarray:
    """What bets against each profile's share have made of 1, as a logarithm, `(profile,)`."""
    belief, weights = beliefs
    right, wrong = belief / share[:, None], (1 - belief) / (1 - share[:, None])
    logarithm = np.zeros(right.shape)
    for count, level in zip(profiles.T, levels, strict=True):
        logarithm += count[:, None] * np.log(level * right + (1 - level) * wrong)
    return logsumexp(logarithm, axis=1, b=weights)
