"""Asynchronous crossings: how often two signs come to the same place at different times.

Takes trajectories at equal phases; gives the share of example pairs that meet so.
"""

import numpy as np

from signpaths.closeness.distances import group_sums, mean_distances
from signpaths.closeness.examples import Examples

# Phases nearer than this share of a trajectory are the same time, seen from either.
SAME_TIME = 0.2
# Within-sign distances below this quantile are as near as examples of one sign come.
NEAR_QUANTILE = 0.05
# Examples that are looked at together for crossing: small enough for the processor's cache.
ROWS = 256


def crossings(points: np.ndarray, examples: Examples, most: int) -> np.ndarray:
    """Give the share of example pairs that meet at different times, `(sign, other)`.

    Two examples meet if they come nearer than δ at phases more than 0.2 apart; δ is the 5 %
    quantile of the distances between examples of one sign at equal phases.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, unit)`.
    examples
        What is known of these examples.
    most
        Examples of a sign that are compared at most, spread over the sessions.

    Returns
    -------
    numpy.ndarray
        Within a sign without an example's own; NaN there for a sign with one example, and
        everywhere if no sign has two.
    """
    signs, label = np.unique(examples.sign, return_inverse=True)
    chosen = spread_over_sessions(label, examples, most)
    label, few = label[chosen], points[chosen]
    limit = within_sign_quantile(few, label)
    if np.isnan(limit):
        return np.full((signs.size, signs.size), np.nan)
    meets = meetings(few, limit)
    return mean_distances(*group_sums(meets, label, signs.size))


def meetings(points: np.ndarray, limit: float) -> np.ndarray:
    """Say which examples come nearer than `limit` at different times, bool `(example, example)`.

    An example's meetings with itself do not count.
    """
    examples, phases, _ = points.shape
    by_phase = (points - points.mean(axis=(0, 1))).swapaxes(0, 1).astype(np.float64)
    square = np.einsum("uij,uij->ui", by_phase, by_phase)[..., None]
    # One product gives the squared distance: (−2x, |x|², 1)·(y, 1, |y|²).
    left = np.concatenate([-2 * by_phase, square, np.ones_like(square)], axis=2)
    right = np.concatenate([by_phase, np.ones_like(square), square], axis=2)
    different = [
        (u, v)
        for u in range(phases)
        for v in range(phases)
        if abs(u - v) > SAME_TIME * (phases - 1)
    ]
    meets = np.zeros((examples, examples), dtype=bool)
    for start in range(0, examples, ROWS):
        rows = slice(start, start + ROWS)
        nearest = np.full((len(points[rows]), examples - start), np.inf)
        squared = np.empty_like(nearest)
        for u, v in different:
            np.matmul(left[u, rows], right[v, start:].T, out=squared)
            np.minimum(nearest, squared, out=nearest)
        # Rounding takes the square of nothing below zero.
        meets[rows, start:] = np.maximum(nearest, 0) < limit**2
    upper = np.triu(meets, 1)
    return upper | upper.T


def spread_over_sessions(label: np.ndarray, examples: Examples, most: int) -> np.ndarray:
    """Choose at most so many examples of each sign, first one of every session; sorted by sign."""
    order = np.lexsort((examples.take, examples.session, label))
    turn = np.zeros(label.size, dtype=int)
    for name in np.unique(label):
        mine = order[label[order] == name]
        _, of_session = np.unique(examples.session[mine], return_inverse=True)
        turn[mine] = [(of_session[:at] == own).sum() for at, own in enumerate(of_session)]
    order = np.lexsort((examples.take, examples.session, turn, label))
    first = np.searchsorted(label[order], label[order])
    return order[np.arange(label.size) - first < most]


def within_sign_quantile(points: np.ndarray, label: np.ndarray) -> float:
    """Give δ, the 5 % quantile of distances between examples of one sign at equal phases.

    NaN if no sign has two examples.
    """
    found: list[np.ndarray] = []
    for name in np.unique(label):
        mine = points[label == name]
        one, other = np.triu_indices(len(mine), 1)
        found.append(np.linalg.norm(mine[one] - mine[other], axis=2).ravel())
    every = np.concatenate(found)
    return float(np.quantile(every, NEAR_QUANTILE)) if every.size else float("nan")
