"""Stage `closeness`: trajectories in, distance, mutual rank and energy of every pair out.

Takes the hidden states and paths of one LSTM (or the raw signals); measures every pair of signs in
every space: hidden states, the last one, the untrained twin's, principal components, autoencoders.
Only real frames count. The energy coefficient follows Székely & Rizzo (2013). Beside it stand what
leaving out a session changes, how well a sign finds itself again, and how alike held-out examples
see it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from cyclopts import Parameter
from scipy.sparse import csr_array
from scipy.stats import rankdata, spearmanr

from signpaths.errors import UserError
from signpaths.sequences import real_frames
from signpaths.splits import read_parts
from signpaths.stores import open_store, write_store
from signpaths.warping import warped_distances

# Phases nearer than this share of a trajectory are the same time, seen from either.
SAME_TIME = 0.2
# Within-sign distances below this quantile are as near as examples of one sign come.
NEAR = 0.05
# Examples that are looked at together for crossing: small enough for the processor's cache.
ROWS = 256


@Parameter(name="*")
@dataclass(frozen=True)
class ClosenessOptions:
    """How trajectories are compared.

    Parameters
    ----------
    phases
        Equally spaced phases of its own length at which each trajectory is compared.
    examples
        Which examples count: all, those of training, or the held-out ones.
    crossing_examples
        At most so many examples of a sign are compared for asynchronous crossing; 0 for none.
    dtw
        Spaces that are measured with dynamic time warping as well, as `<space>_dtw`.
    dtw_band
        How far apart two phases may be matched by it, as a share of all phases.
    """

    phases: int = 32
    examples: Literal["all", "train", "held_out"] = "all"
    crossing_examples: int = 9
    dtw: tuple[str, ...] = ()
    dtw_band: float = 0.15


@dataclass(frozen=True)
class Examples:
    """What is known of the examples that are compared, `(example,)` each."""

    sign: np.ndarray
    session: np.ndarray
    take: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True)
class Closeness:
    """How close signs are in one space; signs in sorted order.

    Attributes
    ----------
    distance, mutual_rank, energy
        `(sign, other)`.
    rank_without
        Mutual rank with one session left out, `(session, sign, other)`.
    ceiling
        N4: mutual rank of the two halves of each sign's examples among all halves, `(sign,)`; NaN
        for a sign with one example.
    held_out_agreement
        Rank correlation of the distances over all and over held-out examples; NaN if too few are.
    crossing
        Share of example pairs that meet at different times, `(sign, other)`; None if not asked for
        or if the space has one time only.
    """

    distance: np.ndarray
    mutual_rank: np.ndarray
    energy: np.ndarray
    rank_without: np.ndarray
    ceiling: np.ndarray
    held_out_agreement: float
    crossing: np.ndarray | None


def closeness(
    activations: Path,
    untrained: Path,
    paths: Path,
    store: Path,
    /,
    *,
    options: ClosenessOptions = ClosenessOptions(),
) -> None:
    """Measure how close every pair of signs is in one run.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    untrained
        That of the untrained twin.
    paths
        The store of stage `paths`.
    store
        The zarr store to write: `distance`, `mutual_rank`, `energy` over
        `(space, ae_seed, sign, other)`. Spaces without an autoencoder are repeated over `ae_seed`.
    """
    hidden, twin, projected = (open_store(path) for path in (activations, untrained, paths))
    chosen = _chosen(hidden.part.values, options.examples)
    examples = _examples(hidden, hidden.part.values, chosen)
    real = hidden.mask.values[chosen]
    resampled = _resampler(real, options.phases)
    states = hidden.hidden.values[chosen]
    last = states[np.arange(len(states)), real.shape[1] - 1 - real[:, ::-1].argmax(axis=1)]
    points = {
        "hidden": [resampled(states)],
        "last": [last[:, None]],
        "untrained": [resampled(twin.hidden.values[chosen])],
    }
    seeds = projected.ae_seed.values
    for space in projected.space.values:
        in_space = projected.path.sel(space=space)
        columns = 1 if str(space).startswith("pca") else len(seeds)
        points[str(space)] = [
            resampled(np.nan_to_num(in_space.isel(ae_seed=column).values[chosen]))
            for column in range(columns)
        ]
    for space in options.dtw:
        if space not in points:
            raise UserError(f"closeness.dtw: no space {space} here; there are {', '.join(points)}.")
    found = {
        name: [measure(one, examples, options.crossing_examples) for one in runs]
        for name, runs in points.items()
    }
    for space in options.dtw:
        found[f"{space}_dtw"] = [
            measure_warped(one, examples, options.crossing_examples, options.dtw_band)
            for one in points[space]
        ]
    repeated = {name: runs * (len(seeds) // len(runs)) for name, runs in found.items()}
    write_store(
        _dataset(repeated, examples).assign_coords(
            ae_seed=("ae_seed", seeds, projected.ae_seed.attrs)
        ),
        store,
        stage="closeness",
        title="Closeness of every pair of signs in every space of one run",
        options=options,
    )


def closeness_raw(
    sequences: Path, split: Path, store: Path, /, *, options: ClosenessOptions = ClosenessOptions()
) -> None:
    """Measure how close every pair of signs is in the raw signals.

    Channels are scaled by mean and deviation of all real frames: metres and bends count alike. The
    rivals beside them: the same with dynamic time warping, and two principal components.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV of stage `splits`; tells the held-out examples.
    store
        The zarr store to write: `distance`, `mutual_rank`, `energy` over `(space, sign, other)`
        for the spaces `raw`, `dtw` and `raw_pca2`.
    """
    from sklearn.decomposition import PCA

    stored = open_store(sequences).load()
    x = stored.x.values
    real = real_frames(stored.length.values, x.shape[1], stored.attrs["padding"])
    frames = x[real].astype(np.float64)
    deviation = frames.std(axis=0)
    scaled = (x - frames.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    part = read_parts(split, len(x))
    chosen = _chosen(part, options.examples)
    examples = _examples(stored, part, chosen)
    components = min(2, x.shape[2])
    # The share of variance, which is not used, is 0/0 if no channel ever moves.
    with np.errstate(invalid="ignore"):
        plane = PCA(n_components=components, svd_solver="full").fit(scaled[real])
    resampled = _resampler(real[chosen], options.phases)
    points = resampled(scaled[chosen])
    # Principal axes are a rotation: projecting after resampling is the same.
    projected = (points - plane.mean_) @ plane.components_.T
    found = {
        "raw": [measure(points, examples, options.crossing_examples)],
        "dtw": [measure_warped(points, examples, options.crossing_examples, options.dtw_band)],
        "raw_pca2": [measure(projected, examples, options.crossing_examples)],
    }
    write_store(
        _dataset(found, examples).isel(ae_seed=0),
        store,
        stage="closeness-raw",
        title="Closeness of every pair of signs in the raw signals, channels standardised",
        options=options,
    )


def resample(trajectories: np.ndarray, real: np.ndarray, phases: int) -> np.ndarray:
    """Bring trajectories to equally spaced phases of their own length, linear in between.

    Parameters
    ----------
    trajectories
        `(example, time, unit)`, padded.
    real
        bool `(example, time)`: real frames, contiguous.
    phases
        Number of phases.

    Returns
    -------
    numpy.ndarray
        float64 `(example, phase, unit)`.
    """
    first = real.argmax(axis=1)[:, None]
    position = np.linspace(0, 1, phases) * (real.sum(axis=1)[:, None] - 1)
    before = np.floor(position).astype(int)
    after = np.ceil(position).astype(int)
    weight = (position - before)[..., None]
    row = np.arange(len(trajectories))[:, None]
    return (1 - weight) * trajectories[row, first + before] + weight * trajectories[
        row, first + after
    ]


def measure(points: np.ndarray, examples: Examples, crossing_examples: int) -> Closeness:
    """Measure the closeness of all pairs of signs in one space.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, unit)`.
    examples
        What is known of these examples.
    crossing_examples
        Examples of a sign that are compared for asynchronous crossing; 0 for none.
    """
    return summarise(example_distances(points), points, examples, crossing_examples)


def measure_warped(
    points: np.ndarray, examples: Examples, crossing_examples: int, band: float
) -> Closeness:
    """Measure the same with dynamic time warping in place of equal phases."""
    return summarise(warped_distances(points, band), points, examples, crossing_examples)


def summarise(
    between: np.ndarray, points: np.ndarray, examples: Examples, crossing_examples: int
) -> Closeness:
    """Sum up the distances between examples, `(example, example)`, by their signs."""
    signs, label = np.unique(examples.sign, return_inverse=True)
    total, count = summed(between, label, signs.size)
    distance = mean_distances(total, count)
    return Closeness(
        distance=distance,
        mutual_rank=mutual_ranks(distance),
        energy=energy_coefficients(total / np.outer(count, count)),
        rank_without=ranks_without(between, label, examples.session),
        ceiling=ceilings(between, label, examples),
        held_out_agreement=held_out_agreement(distance, between, label, examples.held_out),
        crossing=crossings(points, examples, crossing_examples)
        if crossing_examples and points.shape[1] > 1
        else None,
    )


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


def summed(between: np.ndarray, label: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum up the distances between the examples of every two groups, and count each group's."""
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


def mutual_ranks(distance: np.ndarray) -> np.ndarray:
    """Give m(a, b) = √(ρ(b|a)·ρ(a|b)), where ρ(b|a) ranks b among a's other signs, 1 the nearest.

    Ties share their mean rank. The diagonal has no rank and is NaN.
    """
    others = distance.copy()
    np.fill_diagonal(others, 0)
    # Equal distances may differ by rounding; below this share of the largest it is nothing else.
    others = np.round(others / max(others.max(), 1e-300), 12)
    np.fill_diagonal(others, np.inf)
    rank = rankdata(others, axis=1)
    mutual = np.sqrt(rank * rank.T)
    np.fill_diagonal(mutual, np.nan)
    return mutual


def energy_coefficients(with_self: np.ndarray) -> np.ndarray:
    """Give H = (2D_ab − D_aa − D_bb) / 2D_ab from mean distances in V-statistic form.

    0: the two signs overlap wholly; 1: each is a point of its own. Two identical points give 0.
    """
    within = np.diag(with_self)
    excess = 2 * with_self - within[:, None] - within
    ratio = np.divide(excess, 2 * with_self, out=np.zeros_like(with_self), where=with_self > 0)
    return np.clip(ratio, 0, 1)


def spare_sessions(label: np.ndarray, session: np.ndarray) -> list[str]:
    """Give the sessions without which every sign still has an example; none if there is one."""
    names = sorted(set(session.tolist()))
    spare = [
        name for name in names if np.unique(label[session != name]).size == np.unique(label).size
    ]
    return spare if len(spare) > 1 else []


def ranks_without(between: np.ndarray, label: np.ndarray, session: np.ndarray) -> np.ndarray:
    """Give the mutual ranks with one session left out, `(session, sign, other)`."""
    signs = int(label.max()) + 1
    spare = spare_sessions(label, session)
    names, of_session = np.unique(session, return_inverse=True)
    # Sums by sign and session, once; leaving one out is then a matter of small matrices.
    present, block = np.unique(label * names.size + of_session, return_inverse=True)
    sums, sizes = summed(between, block, present.size)
    sign_of, session_of = np.divmod(present, names.size)
    without = np.empty((len(spare), signs, signs))
    for row, name in enumerate(spare):
        kept = names[session_of] != name
        total, _ = summed(sums[np.ix_(kept, kept)], sign_of[kept], signs)
        count = np.bincount(sign_of[kept], sizes[kept], minlength=signs)
        without[row] = mutual_ranks(mean_distances(total, count))
    return without


def ceilings(between: np.ndarray, label: np.ndarray, examples: Examples) -> np.ndarray:
    """Give the mutual rank of each sign's two halves among all halves, `(sign,)` (N4).

    Halves take turns in the order of session and take, so both hold every session. A sign with one
    example stays whole and has no ceiling: NaN.
    """
    signs = int(label.max()) + 1
    order = np.lexsort((examples.take, examples.session, label))
    first = np.searchsorted(label[order], np.arange(signs))
    half = np.empty(label.size, dtype=int)
    half[order] = (np.arange(label.size) - first[label[order]]) % 2
    group = 2 * label + half
    present, dense = np.unique(group, return_inverse=True)
    ranks = mutual_ranks(mean_distances(*summed(between, dense, present.size)))
    found = np.full(signs, np.nan)
    split = np.flatnonzero(np.bincount(present // 2, minlength=signs) == 2)
    at = np.searchsorted(present, 2 * split)
    found[split] = ranks[at, at + 1]
    return found


def held_out_agreement(
    distance: np.ndarray, between: np.ndarray, label: np.ndarray, held_out: np.ndarray
) -> float:
    """Give the rank correlation of pairs' distances over all and over held-out examples.

    NaN if fewer than three signs have held-out examples, or all distances are equal.
    """
    signs, dense = np.unique(label[held_out], return_inverse=True)
    if signs.size < 3:
        return float("nan")
    seen = mean_distances(*summed(between[np.ix_(held_out, held_out)], dense, signs.size))
    upper = np.triu_indices(signs.size, 1)
    everything, unseen = distance[np.ix_(signs, signs)][upper], seen[upper]
    if np.ptp(everything) == 0 or np.ptp(unseen) == 0:
        return float("nan")
    return float(spearmanr(everything, unseen).statistic)


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
    kept = spread(label, examples, most)
    label, few = label[kept], points[kept]
    limit = near(few, label)
    if np.isnan(limit):
        return np.full((signs.size, signs.size), np.nan)
    meets = meetings(few, limit)
    return mean_distances(*summed(meets, label, signs.size))


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


def spread(label: np.ndarray, examples: Examples, most: int) -> np.ndarray:
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


def near(points: np.ndarray, label: np.ndarray) -> float:
    """Give δ, the 5 % quantile of distances between examples of one sign at equal phases.

    NaN if no sign has two examples.
    """
    found: list[np.ndarray] = []
    for name in np.unique(label):
        mine = points[label == name]
        one, other = np.triu_indices(len(mine), 1)
        found.append(np.linalg.norm(mine[one] - mine[other], axis=2).ravel())
    every = np.concatenate(found)
    return float(np.quantile(every, NEAR)) if every.size else float("nan")


def _resampler(real: np.ndarray, phases: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda trajectories: resample(trajectories, real, phases)


def _chosen(part: np.ndarray, examples: str) -> np.ndarray:
    if examples == "all":
        return np.ones(part.size, dtype=bool)
    return (part == "train") == (examples == "train")


def _examples(labels: xr.Dataset, part: np.ndarray, chosen: np.ndarray) -> Examples:
    found = Examples(
        sign=labels.sign.values[chosen],
        session=labels.session.values[chosen],
        take=labels["take"].values[chosen],
        held_out=(part != "train")[chosen],
    )
    if np.unique(found.sign).size < 2:
        raise UserError(
            f"{np.unique(found.sign).size} sign among the examples to compare; a pair takes two. "
            "See closeness.examples and the recordings."
        )
    return found


def _dataset(found: dict[str, list[Closeness]], examples: Examples) -> xr.Dataset:
    """Lay out what was found in every space; runs of one LSTM in a list."""
    signs, label = np.unique(examples.sign, return_inverse=True)
    spare = spare_sessions(label, examples.session)
    described = {
        "distance": (
            "mean distance of the two signs' examples; within a sign on the diagonal",
            "1",
        ),
        "mutual_rank": ("geometric mean of the ranks that the two signs give each other", "rank"),
        "energy": ("energy coefficient: 0 full overlap, 1 none", "1"),
    }

    def stacked(name: str) -> np.ndarray:
        return np.array(
            [[getattr(one, name) for one in runs] for runs in found.values()], dtype=np.float32
        )

    variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {
        name: (
            ("space", "ae_seed", "sign", "other"),
            stacked(name),
            {"long_name": long_name, "units": units},
        )
        for name, (long_name, units) in described.items()
    }
    variables["ceiling"] = (
        ("space", "ae_seed", "sign"),
        stacked("ceiling"),
        {
            "long_name": "mutual rank of the sign's two halves; empty for a sign of one example",
            "units": "rank",
        },
    )
    variables["held_out_agreement"] = (
        ("space", "ae_seed"),
        stacked("held_out_agreement"),
        {
            "long_name": "rank correlation of the pairs' distances over all and over held-out "
            "examples; empty if too few are held out",
            "units": "1",
        },
    )
    if any(one.crossing is not None for runs in found.values() for one in runs):
        none = np.zeros((signs.size, signs.size))
        variables["crossing"] = (
            ("space", "ae_seed", "sign", "other"),
            np.array(
                [
                    [none if one.crossing is None else one.crossing for one in runs]
                    for runs in found.values()
                ],
                dtype=np.float32,
            ),
            {
                "long_name": "share of example pairs that meet at different times; 0 in a space "
                "of one time, empty within a sign of one example",
                "units": "1",
            },
        )
    coords = {
        "space": ("space", list(found), {"long_name": "where closeness is measured"}),
        "sign": ("sign", signs, {"long_name": "sign"}),
        "other": ("other", signs, {"long_name": "the other sign of the pair"}),
    }
    if spare:
        variables["rank_without"] = (
            ("space", "session", "sign", "other"),
            np.array(
                [np.median([one.rank_without for one in runs], axis=0) for runs in found.values()],
                dtype=np.float32,
            ),
            {
                "long_name": "mutual rank with one session left out, median over autoencoder seeds",
                "units": "rank",
            },
        )
        coords["session"] = ("session", spare, {"long_name": "session left out"})
    return xr.Dataset(variables, coords=coords).assign_attrs(
        examples=examples.sign.size,
        jackknife=""
        if spare
        else "fewer than two sessions can be left out with an example of every sign remaining.",
    )
