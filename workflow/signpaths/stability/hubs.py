"""Hubs: signs that are among the nearest of many others.

Takes distances between signs; gives how often each is among the others' nearest (Radovanović et
al. 2010), and distances that are set against those of the two signs to their own nearest, which
takes hubs away (the non-iterative contextual dissimilarity of Jégou et al. 2007; see Schnitzer et
al. 2012).
"""

import numpy as np


def occurrences(distance: np.ndarray, k: int) -> np.ndarray:
    """Count among how many other signs' k nearest each sign is, `(sign,)`; k on average.

    Parameters
    ----------
    distance
        `(sign, other)`; the diagonal plays no part.
    k
        How many nearest count.
    """
    nearest = _nearest(distance)[:, :k]
    return np.bincount(nearest.ravel(), minlength=len(distance)).astype(float)


def scaled_locally(distance: np.ndarray, k: int) -> np.ndarray:
    """Divide distances by the geometric mean of the two signs' mean distances to their k nearest.

    The diagonal becomes 0, as does every distance of a sign that lies on its k nearest.
    """
    order = _nearest(distance)[:, :k]
    near = np.take_along_axis(distance, order, axis=1).mean(axis=1)
    scale = np.sqrt(np.outer(near, near))
    scaled = np.divide(distance, scale, out=np.zeros_like(distance), where=scale > 0)
    np.fill_diagonal(scaled, 0.0)
    return scaled


def _nearest(distance: np.ndarray) -> np.ndarray:
    """Order the other signs of each, the nearest first, `(sign, other - 1)`."""
    others = distance.copy()
    np.fill_diagonal(others, np.inf)
    return np.argsort(others, axis=1, kind="stable")[:, :-1]
