"""How much of the neighbourhoods and distances of hidden states a projection keeps.

Takes a sample of frames in two spaces. Trustworthiness and continuity follow Venna & Kaski (2001),
the area under R_NX Lee & Verleysen (2009) with the weights 1/K of Lee, Peluffo-Ordóñez & Verleysen
(2015). Frames of one example are no neighbours: they are alike because one follows the other, which
no library's measure can leave out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

from signpaths.frames import sampled_frames

NEIGHBOURS = (5, 10, 20)
SIGN_NEIGHBOURS = 10
# Half a million pairs of frames settle a rank correlation, and ranking more takes seconds.
SHEPARD_FRAMES = 1000


@dataclass(frozen=True)
class Sample:
    """The frames that are compared; the same for every space.

    Attributes
    ----------
    example, time
        Where each frame is, `(frame,)`.
    sign
        Its sign's number, `(frame,)`.
    others
        How many frames of other examples there are for it, `(frame,)`.
    """

    example: np.ndarray
    time: np.ndarray
    sign: np.ndarray
    others: np.ndarray


@dataclass(frozen=True)
class Geometry:
    """What is compared of a space.

    Attributes
    ----------
    nearest
        `(frame, frame)`: of each frame, the frames of other examples, the nearest first; behind
        them those of its own example.
    rank
        `(frame, frame)`: their places in that order, 1 = nearest.
    distance
        Between all frames of different examples, `(pair,)`.
    distance_rank
        Ranks of the distances among the first frames of the sample, `(pair,)`.
    step_rank
        Ranks of the step lengths along the sampled examples, `(step,)`.
    """

    nearest: np.ndarray
    rank: np.ndarray
    distance: np.ndarray
    distance_rank: np.ndarray
    step_rank: np.ndarray

    @property
    def one_point(self) -> bool:
        """Whether all frames are in one place, or there are none to compare."""
        return not self.distance.any()


@dataclass(frozen=True)
class Quality:
    """How far a projection can be trusted; NaN where that cannot be said.

    Attributes
    ----------
    trustworthiness, continuity
        `(k,)`.
    rnx_area, shepard, stress, step_correlation
        One number each.
    trustworthiness_sign, continuity_sign
        `(sign,)`, with `SIGN_NEIGHBOURS` neighbours.
    """

    trustworthiness: np.ndarray
    continuity: np.ndarray
    rnx_area: float
    shepard: float
    stress: float
    step_correlation: float
    trustworthiness_sign: np.ndarray
    continuity_sign: np.ndarray


def sampled(real: np.ndarray, chosen: np.ndarray, label: np.ndarray, most: int) -> Sample:
    """Draw the frames to compare; `label` numbers each example's sign."""
    example, time = sampled_frames(real, chosen, most)
    own = np.bincount(example)[example]
    return Sample(example, time, label[example], example.size - own)


def geometry(trajectories: np.ndarray, sample: Sample) -> Geometry:
    """Bring a space into the form in which spaces are compared.

    Parameters
    ----------
    trajectories
        `(example, time, unit)`; NaN on padding.
    sample
        The frames to compare.
    """
    points = trajectories[sample.example, sample.time].astype(np.float64)
    distance = pdist(points)
    # Scaled to 1, no distance is too long or too short for float32.
    scaled = (distance / (distance.max() or 1.0)).astype(np.float32)
    few = slice(SHEPARD_FRAMES)
    own = trajectories[np.unique(sample.example)]
    steps = np.linalg.norm(np.diff(own.astype(np.float64), axis=1), axis=2)
    apart = pd.Series(pdist(points[few])[_of_different_examples(sample.example[few])])
    return Geometry(
        *neighbours(squareform(scaled), sample.example),
        distance=distance[_of_different_examples(sample.example)],
        distance_rank=apart.rank().to_numpy(),
        step_rank=pd.Series(steps[~np.isnan(steps)]).rank().to_numpy(),
    )


def neighbours(distance: np.ndarray, example: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank the frames of other examples by their distance from each frame.

    Ties are parted by lot, by another one for each frame: a space in which all frames are one point
    then has neighbours by chance, and the same on every machine.

    Parameters
    ----------
    distance
        float32 `(frame, frame)`.
    example
        Number of each frame's example; the frames in random order.

    Returns
    -------
    tuple of numpy.ndarray
        `nearest` and `rank` of `Geometry`, uint16.
    """
    count = np.uint64(len(distance))
    column = np.arange(count, dtype=np.uint64)
    # The bits of floats that are not negative are in the order of their values; with the lot below
    # them no two keys are alike, so the quickest sort has but one result.
    keys = np.ascontiguousarray(distance).view(np.uint32).astype(np.uint64)
    keys[example[:, None] == example] = np.iinfo(np.uint32).max
    keys <<= np.uint64(32)
    keys |= (column + count - column[:, None]) % count
    keys.sort(axis=1)
    nearest = ((keys + column[:, None]) & np.uint64(0xFFFFFFFF)) % count
    rank = np.empty(distance.shape, dtype=np.uint16)
    np.put_along_axis(
        rank, nearest.astype(np.intp), np.arange(1, len(distance) + 1, dtype=np.uint16)[None], 1
    )
    return nearest.astype(np.uint16), rank


def compare(hidden: Geometry, projected: Geometry, sample: Sample, signs: int) -> Quality:
    """Compare a projection with the hidden states it was made from.

    If all hidden states are one point, there is nothing to preserve: all NaN. In a projection to
    one point neighbours come by chance, the stress is 1 and the correlations are NaN.
    """
    if hidden.one_point:
        one, each, of_signs = np.nan, np.full(len(NEIGHBOURS), np.nan), np.full(signs, np.nan)
        return Quality(each, each, one, one, one, one, of_signs, of_signs)
    trusted = {
        k: preservation(projected.nearest, hidden.rank, sample.others, k) for k in NEIGHBOURS
    }
    continued = {
        k: preservation(hidden.nearest, projected.rank, sample.others, k) for k in NEIGHBOURS
    }
    return Quality(
        trustworthiness=np.array([of_frames.mean() for of_frames in trusted.values()]),
        continuity=np.array([of_frames.mean() for of_frames in continued.values()]),
        rnx_area=rnx_area(hidden.rank, projected.rank, sample.others),
        shepard=correlation(hidden.distance_rank, projected.distance_rank),
        stress=stress(hidden.distance, projected.distance),
        step_correlation=correlation(hidden.step_rank, projected.step_rank),
        trustworthiness_sign=by_sign(trusted[SIGN_NEIGHBOURS], sample.sign, signs),
        continuity_sign=by_sign(continued[SIGN_NEIGHBOURS], sample.sign, signs),
    )


def preservation(nearest: np.ndarray, rank: np.ndarray, others: np.ndarray, k: int) -> np.ndarray:
    """Say how far each frame's k nearest in one space are near in the other too.

    1 − 2/(k(2n − 3k + 1)) · Σ max(0, rank − k) over the k nearest, if n frames can be neighbours:
    1 where all keep within the k nearest, 0 where they become the farthest. The mean over frames is
    trustworthiness if `nearest` is of the projection, continuity if it is of the hidden states.

    Parameters
    ----------
    nearest
        Of one space, `(frame, frame)`; see `Geometry`.
    rank
        Of the other, `(frame, frame)`.
    others
        How many frames can be neighbours of each, `(frame,)`.
    k
        Number of neighbours.

    Returns
    -------
    numpy.ndarray
        `(frame,)`; NaN for a frame that has fewer than 2k others.
    """
    enough = others >= 2 * k
    beyond = np.take_along_axis(rank, nearest[:, :k].astype(np.intp), axis=1).astype(np.int64) - k
    worst = k * (2 * others - 3 * k + 1) / 2
    share = np.maximum(beyond, 0).sum(axis=1) / np.where(enough, worst, np.nan)
    return 1 - share


def rnx_area(one: np.ndarray, other: np.ndarray, others: np.ndarray) -> float:
    """Give the area under R_NX(K) over log K: 1 if all neighbours are kept, 0 if as by chance.

    R_NX(K) = (n·Q(K) − K)/(n − K), where Q is the mean share of the K nearest that two spaces have
    in common and n the number of frames that can be neighbours. Each K from 1 to n − 1 weighs 1/K.

    Parameters
    ----------
    one, other
        Ranks in the two spaces, `(frame, frame)`.
    others
        How many frames can be neighbours of each, `(frame,)`; n. NaN if one has fewer than two.
    """
    if (others < 2).any():
        return float("nan")
    # Two spaces share a neighbour from that K on at which both have it.
    shared_from = np.maximum(one, other)
    areas = []
    for n in np.unique(others):
        rows = others == n
        size = np.arange(1, n)
        shared = np.bincount(shared_from[rows].ravel(), minlength=n)[1:n].cumsum()
        rnx = (n * shared / (size * rows.sum()) - size) / (n - size)
        areas.append(rows.sum() * np.average(rnx, weights=1 / size))
    return float(sum(areas) / others.size)


def stress(original: np.ndarray, projected: np.ndarray) -> float:
    """Give the stress-1 of distances after the scale that makes it least: 0 none, 1 all is lost.

    √(Σ(δ − s·d)²/Σδ²) at s = Σδd/Σd², which is √(1 − (Σδd)²/(Σδ²·Σd²)). NaN if all δ are 0.
    """
    if not original.any():
        return float("nan")
    if not projected.any():
        return 1.0
    # Units of length cancel out.
    original, projected = original / original.max(), projected / projected.max()
    cosine = (original @ projected) / np.sqrt((original @ original) * (projected @ projected))
    return float(np.sqrt(max(0.0, 1 - cosine**2)))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate ranks; NaN if one of them does not vary or there are fewer than three."""
    if one.size < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def by_sign(of_frames: np.ndarray, sign: np.ndarray, signs: int) -> np.ndarray:
    """Give the mean over each sign's frames, `(sign,)`; NaN for a sign without a frame."""
    count = np.bincount(sign, minlength=signs)
    total = np.bincount(sign, of_frames, minlength=signs)
    return np.divide(total, count, out=np.full(signs, np.nan), where=count > 0)


def _of_different_examples(example: np.ndarray) -> np.ndarray:
    """Tell the pairs of frames of different examples, bool `(pair,)` in the order of `pdist`."""
    return (example[:, None] != example)[np.triu(np.ones((example.size,) * 2, dtype=bool), 1)]
