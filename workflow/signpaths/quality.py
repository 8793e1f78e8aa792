"""Stage `quality`: hidden states and projections in, how far each projection can be trusted out.

Takes the activations and the paths of one LSTM; compares a sample of held-out frames in the hidden
states and in every projection. Trustworthiness and continuity follow Venna & Kaski (2001), the area
under R_NX Lee & Verleysen (2009) with the weights 1/K of Lee, Peluffo-Ordóñez & Verleysen (2015).
Frames of one example are no neighbours: they are alike because one follows the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from cyclopts import Parameter
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from signpaths.errors import UserError
from signpaths.stores import open_store, write_store

NEIGHBOURS = (5, 10, 20)
SIGN_NEIGHBOURS = 10
# Work and memory grow with the square of the frames.
MOST_FRAMES = 5000
# Half a million pairs of frames settle a rank correlation, and ranking more takes seconds.
SHEPARD_FRAMES = 1000
SAMPLE_SEED = 0
HELD_OUT, EVERY = "held_out", "all"


@Parameter(name="*")
@dataclass(frozen=True)
class QualityOptions:
    """How many frames are compared.

    Parameters
    ----------
    frames
        Size of the sample of real frames, 5000 at most; all of them if there are fewer.
    """

    frames: int = 3000


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


def quality(
    activations: Path,
    paths: Path,
    store: Path,
    /,
    *,
    options: QualityOptions = QualityOptions(),
) -> None:
    """Measure how far the projections of one LSTM's hidden states can be trusted.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    paths
        The store of stage `paths`, of the same LSTM.
    store
        The zarr store to write: `trustworthiness` and `continuity` over `(space, ae_seed, k)`, one
        number a projection of the other measures, all without unit. Principal components are
        repeated over `ae_seed`.

    Raises
    ------
    UserError
        If the stores are not of one study, hold values that are no numbers or fewer than two
        examples, or an option is not as described.
    """
    if not 2 <= options.frames <= MOST_FRAMES:
        raise UserError(
            f"frames is {options.frames}; expected 2 to {MOST_FRAMES}. Time and memory grow with "
            "its square, and some thousands are enough."
        )
    hidden, projected = open_store(activations), open_store(paths)
    real, sign = hidden.mask.values, hidden.sign.values
    if not (
        np.array_equal(projected.sign.values, sign)
        and np.array_equal(projected.length.values, hidden.length.values)
    ):
        raise UserError(f"{paths}: its examples are not those of {activations}. Make both again.")
    chosen, which = compared_examples(hidden.part.values)
    count = int((chosen & real.any(axis=1)).sum())
    if count < 2:
        raise UserError(
            f"{activations}: examples with real frames: {count}. Neighbours come from other "
            "examples, so the study needs two or more."
        )
    signs, label = np.unique(sign, return_inverse=True)
    sample = sampled(real, chosen, label, options.frames)
    states = geometry(_finite(hidden.hidden.values, real & chosen[:, None], activations), sample)
    seeds = projected.ae_seed.values
    found: dict[str, list[Quality]] = {}
    flat = []
    for row, space in enumerate(projected.space.values.tolist()):
        columns = 1 if space.startswith("pca") else len(seeds)
        runs = []
        for column in range(columns):
            path = projected.path[row, column].values
            in_space = geometry(_finite(path, real & chosen[:, None], paths), sample)
            runs.append(compare(states, in_space, sample, signs.size))
            if in_space.one_point:
                flat.append(space if columns == 1 else f"{space} of seed {seeds[column]}")
        found[space] = runs * (len(seeds) // columns)
    dataset = _dataset(found, signs, which).assign_coords(
        ae_seed=("ae_seed", seeds, projected.ae_seed.attrs)
    )
    if "reconstruction_error" in projected:
        dataset = dataset.assign(reconstruction_error=projected.reconstruction_error.load())
    write_store(
        dataset.assign_attrs(
            frames=sample.example.size,
            examples=np.unique(sample.example).size,
            compared=which,
            note="\n".join(_notes(which, states, flat, sample)),
        ),
        store,
        stage="quality",
        title="How far the projections of one LSTM's hidden states can be trusted",
        options=options,
    )


def compared_examples(part: np.ndarray) -> tuple[np.ndarray, str]:
    """Choose the held-out examples, or all if fewer than two are held out.

    Returns
    -------
    tuple
        bool `(example,)`, and `held_out` or `all`.
    """
    held_out = part != "train"
    return (held_out, HELD_OUT) if held_out.sum() > 1 else (np.ones_like(held_out), EVERY)


def sampled_frames(
    real: np.ndarray, chosen: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw real frames of the chosen examples, in random order.

    What is drawn depends on which frames are real and chosen, not on what is in them: runs of one
    study share their sample.

    Parameters
    ----------
    real
        bool `(example, time)`: real frames.
    chosen
        bool `(example,)`: examples to draw from.
    most
        Frames to draw at most.

    Returns
    -------
    tuple of numpy.ndarray
        Number of the example and step of each frame, `(frame,)`.
    """
    example, time = np.nonzero(real)
    # All frames are shuffled first: other chosen examples then change the sample little.
    drawn = np.random.default_rng(SAMPLE_SEED).permutation(example.size)
    drawn = drawn[chosen[example[drawn]]][:most]
    return example[drawn], time[drawn]


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
    return Geometry(
        *neighbours(squareform(scaled), sample.example),
        distance=distance[_strangers(sample.example)],
        distance_rank=rankdata(pdist(points[few])[_strangers(sample.example[few])]),
        step_rank=rankdata(steps[~np.isnan(steps)]),
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
    trusted = {k: kept(projected.nearest, hidden.rank, sample.others, k) for k in NEIGHBOURS}
    continued = {k: kept(hidden.nearest, projected.rank, sample.others, k) for k in NEIGHBOURS}
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


def kept(nearest: np.ndarray, rank: np.ndarray, others: np.ndarray, k: int) -> np.ndarray:
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


def _strangers(example: np.ndarray) -> np.ndarray:
    """Tell the pairs of frames of different examples, bool `(pair,)` in the order of `pdist`."""
    return (example[:, None] != example)[np.triu(np.ones((example.size,) * 2, dtype=bool), 1)]


def _finite(trajectories: np.ndarray, wanted: np.ndarray, store: Path) -> np.ndarray:
    """Give trajectories with NaN on all that is not wanted, without the dimensions that are empty.

    A plane has an empty third dimension.
    """
    frames = trajectories[wanted]
    used = ~np.isnan(frames).all(axis=0)
    if not used.any() or not np.isfinite(frames[:, used]).all():
        raise UserError(
            f"{store}: it holds values on real frames that are no finite numbers. A network has "
            "diverged: train it again with a lower learning rate, or leave out its seed."
        )
    return np.where(wanted[..., None], trajectories[..., used], np.nan)


def _notes(which: str, hidden: Geometry, flat: list[str], sample: Sample) -> Iterable[str]:
    if which == EVERY:
        yield (
            "Fewer than two examples are held out; the projections are judged on all examples, "
            "those that they were fitted to included."
        )
    if hidden.one_point and sample.others.any():
        yield "All hidden states compared are equal: there is nothing a projection could keep."
    elif flat:
        yield (
            f"All points are equal in {', '.join(flat)}: neighbours there come by chance, and "
            "correlations are missing."
        )
    few = [str(k) for k in NEIGHBOURS if (sample.others < 2 * k).any()]
    if few:
        yield (
            f"Too few frames for {', '.join(few)} neighbours: some frame has fewer than twice as "
            "many others; those measures are missing."
        )


def _dataset(found: dict[str, list[Quality]], signs: np.ndarray, which: str) -> xr.Dataset:
    """Lay out what was found in every space; runs of one LSTM in a list."""
    where = f"real frames of {'held-out' if which == HELD_OUT else 'all'} examples"
    few = "empty if some frame has fewer than 2k others"
    flat = "empty if either does not vary"
    described = {
        "trustworthiness": (
            ("k",),
            f"share of nearest neighbours in the projection that are near in the hidden states, "
            f"weighted by rank; {where}, other examples only; {few}",
        ),
        "continuity": (
            ("k",),
            f"share of nearest neighbours in the hidden states that are near in the projection, "
            f"weighted by rank; {where}, other examples only; {few}",
        ),
        "rnx_area": (
            (),
            f"area under R_NX over log K: 1 all neighbours kept, 0 chance; {where}, other examples "
            "only; empty if some frame has fewer than two others or hidden states do not vary",
        ),
        "shepard": (
            (),
            f"Spearman's correlation of distances in hidden states and projection; {where}, pairs "
            f"of different examples; {flat}",
        ),
        "stress": (
            (),
            f"stress-1 of those distances after the best scale: 0 none, 1 all is lost; {where}; "
            "empty if hidden states do not vary",
        ),
        "step_correlation": (
            (),
            f"Spearman's correlation of step lengths along hidden states and along the path; all "
            f"{where} in the sample; {flat}",
        ),
        "trustworthiness_sign": (
            ("sign",),
            f"trustworthiness at k = {SIGN_NEIGHBOURS} of the sign's frames; {few} or the sign "
            "has no frame in the sample",
        ),
        "continuity_sign": (
            ("sign",),
            f"continuity at k = {SIGN_NEIGHBOURS} of the sign's frames; {few} or the sign has no "
            "frame in the sample",
        ),
    }
    return xr.Dataset(
        {
            name: (
                ("space", "ae_seed", *dims),
                np.array([[getattr(one, name) for one in runs] for runs in found.values()]),
                {"long_name": long_name, "units": "1"},
            )
            for name, (dims, long_name) in described.items()
        },
        coords={
            "space": ("space", list(found), {"long_name": "projection; PCA is repeated"}),
            "k": ("k", list(NEIGHBOURS), {"long_name": "neighbours", "units": "count"}),
            "sign": ("sign", signs, {"long_name": "sign"}),
        },
    )
