"""Distances between examples and between signs, and how far two signs overlap.

Takes trajectories at equal phases, gives matrices of distances. The energy coefficient follows
Székely & Rizzo (2013).
"""

import numpy as np
from scipy.sparse import csr_array


def example_distances(points: np.ndarray) -> np.ndarray:
    """Give d(i, j) = ‖X_i − X_j‖_F / √U for all pairs of examples, `(example, example)`."""
    flat = points.reshape(len(points), -1).astype(np.float64)
    flat = flat - flat.mean(axis=0)
    square = np.einsum("ij,ij->i", flat, flat)
    squared = square[:, None] + square - 2 * (flat @ flat.T)
    np.fill_diagonal(squared, 0)
    # Identical examples come out as rounding error of either sign; below this it is nothing else.
    squared[squared < 1e-12 * max(square.max(), 1e-300)] = 0
    return np.sqrt(squared / points.shape[1])


def group_sums(
    between: np.ndarray, label: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up the distances between the examples of every two groups, and count each group's.

    Parameters
    ----------
    between
        Distances between examples, `(example, example)`.
    label
        Number of each example's group, `(example,)`.
    groups
        How many there are.

    Returns
    -------
    tuple of numpy.ndarray
        Sums `(group, group)`, symmetric, and counts `(group,)`, both float64.
    """
    member = csr_array((np.ones(label.size), (label, np.arange(label.size))), (groups, label.size))
    total = member @ (member @ between).T
    return (total + total.T) / 2, np.bincount(label, minlength=groups).astype(float)


def mean_distances(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Give D: the mean distance of two groups, within a group without an example's own.

    A group of one example has no distance within itself: NaN.
    """
    distance = total / np.outer(count, count)
    within = count * (count - 1)
    np.fill_diagonal(
        distance,
        np.divide(np.diag(total), within, out=np.full(count.size, np.nan), where=within > 0),
    )
    return distance


def energy_coefficients(with_self: np.ndarray) -> np.ndarray:
    """Give H = (2D_ab − D_aa − D_bb) / 2D_ab from mean distances in V-statistic form.

    0: the two signs overlap wholly; 1: each is a point of its own. Two identical points give 0.
    """
    within = np.diag(with_self)
    excess = 2 * with_self - within[:, None] - within
    ratio = np.divide(excess, 2 * with_self, out=np.zeros_like(with_self), where=with_self > 0)
    return np.clip(ratio, 0, 1)
