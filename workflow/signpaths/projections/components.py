"""Principal components: frames in, the directions in which they vary most out.

Takes hidden states; gives their mean and the leading eigenvectors of their covariance (Pearson
1901), the plain alternative to an autoencoder.
"""

from typing import NamedTuple

import numpy as np

# The map has this many dimensions at most.
WIDEST = 3


class Components(NamedTuple):
    """Principal components.

    Attributes
    ----------
    centre
        Mean of the frames `(unit,)`.
    component
        Orthonormal directions `(dim, unit)`, the one of most variance first; the largest entry of
        each is positive, so that the same frames give the same picture.
    explained
        Share of the frames' variance along each `(dim,)`.
    """

    centre: np.ndarray
    component: np.ndarray
    explained: np.ndarray

    def onto(self, frames: np.ndarray, dims: int) -> np.ndarray:
        """Project frames `(frame, unit)` onto the first components: `(frame, dim)`."""
        return (frames - self.centre) @ self.component[:dims].T

    def back(self, scores: np.ndarray) -> np.ndarray:
        """Give the frames `(frame, unit)` that scores `(frame, dim)` stand for."""
        return scores @ self.component[: scores.shape[1]] + self.centre


def principal_components(frames: np.ndarray) -> Components:
    """Find the first `WIDEST` principal components of frames `(frame, unit)`.

    Of fewer units than that, the components that are none are zero.
    """
    centre = frames.mean(axis=0, dtype=np.float64)
    centred = frames - centre
    variance, direction = np.linalg.eigh(centred.T @ centred)
    # From the smallest up, and where there is none it may fall below zero by rounding.
    variance, direction = variance[::-1].clip(0), direction.T[::-1]
    largest = np.abs(direction).argmax(axis=1)
    direction = direction * np.sign(direction[np.arange(len(direction)), largest])[:, None]
    component, explained = np.zeros((WIDEST, centre.size)), np.zeros(WIDEST)
    component[: centre.size] = direction[:WIDEST]
    explained[: centre.size] = variance[:WIDEST] / (variance.sum() or 1.0)
    return Components(centre, component, explained)
