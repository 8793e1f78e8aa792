"""Stage `closeness`: trajectories in, distance, mutual rank and energy of every pair out.

Takes the hidden states and paths of one LSTM (or the raw signals); measures every pair of signs in
every space: hidden states, the last one, the untrained twin's, principal components, autoencoders.
Only real frames count. The energy coefficient follows Székely & Rizzo (2013).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from cyclopts import Parameter
from scipy.stats import rankdata

from signpaths.sequences import real_frames
from signpaths.splits import read_parts
from signpaths.stores import open_store, write_store


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
    """

    phases: int = 32
    examples: Literal["all", "train", "held_out"] = "all"


@dataclass(frozen=True)
class Closeness:
    """How close signs are in one space; three arrays `(sign, other)`."""

    distance: np.ndarray
    mutual_rank: np.ndarray
    energy: np.ndarray


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
    real = hidden.mask.values[chosen]
    sign = hidden.sign.values[chosen]
    resampled = _resampler(real, options.phases)
    states = hidden.hidden.values[chosen]
    last = states[np.arange(len(states)), real.shape[1] - 1 - real[:, ::-1].argmax(axis=1)]
    single = {
        "hidden": measure(resampled(states), sign),
        "last": measure(last[:, None], sign),
        "untrained": measure(resampled(twin.hidden.values[chosen]), sign),
    }
    seeds = projected.ae_seed.values
    found = {name: [result] * len(seeds) for name, result in single.items()}
    for space in projected.space.values:
        in_space = projected.path.sel(space=space)
        repeated = str(space).startswith("pca")
        results = [
            measure(resampled(np.nan_to_num(in_space.isel(ae_seed=index).values[chosen])), sign)
            for index in range(1 if repeated else len(seeds))
        ]
        found[str(space)] = results * len(seeds) if repeated else results
    dataset = _dataset(found, np.unique(sign)).assign_coords(
        ae_seed=("ae_seed", seeds, projected.ae_seed.attrs)
    )
    write_store(
        dataset.assign_attrs(examples=int(chosen.sum())),
        store,
        stage="closeness",
        title="Closeness of every pair of signs in every space of one run",
        options=options,
    )


def closeness_raw(
    sequences: Path, split: Path, store: Path, /, *, options: ClosenessOptions = ClosenessOptions()
) -> None:
    """Measure how close every pair of signs is in the raw signals.

    Channels are scaled by mean and deviation of all real frames: metres and bends count alike.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV of stage `splits`; tells the held-out examples.
    store
        The zarr store to write: `distance`, `mutual_rank`, `energy` over `(space, sign, other)`.
    """
    examples = open_store(sequences).load()
    x = examples.x.values
    real = real_frames(examples.length.values, x.shape[1], examples.attrs["padding"])
    frames = x[real].astype(np.float64)
    deviation = frames.std(axis=0)
    scaled = (x - frames.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    chosen = _chosen(read_parts(split, len(x)), options.examples)
    sign = examples.sign.values[chosen]
    result = measure(_resampler(real[chosen], options.phases)(scaled[chosen]), sign)
    write_store(
        _dataset({"raw": [result]}, np.unique(sign))
        .isel(ae_seed=0)
        .assign_attrs(examples=int(chosen.sum())),
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


def measure(points: np.ndarray, sign: np.ndarray) -> Closeness:
    """Measure the closeness of all pairs of signs in one space.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, unit)`.
    sign
        The sign of each example.

    Returns
    -------
    Closeness
        Over the signs in sorted order.
    """
    between = example_distances(points)
    signs, label = np.unique(sign, return_inverse=True)
    member = np.equal.outer(np.arange(signs.size), label).astype(float)
    count = member.sum(axis=1)
    total = member @ between @ member.T
    total = (total + total.T) / 2
    with_self = total / np.outer(count, count)
    distance = with_self.copy()
    pairs_within = count * (count - 1)
    # A sign with one example has no distance within itself.
    within = np.divide(
        np.diag(total), pairs_within, out=np.full(signs.size, np.nan), where=pairs_within > 0
    )
    np.fill_diagonal(distance, within)
    return Closeness(distance, mutual_ranks(distance), energy_coefficients(with_self))


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


def mutual_ranks(distance: np.ndarray) -> np.ndarray:
    """Give m(a, b) = √(ρ(b|a)·ρ(a|b)), where ρ(b|a) ranks b among a's other signs, 1 the nearest.

    Ties share their mean rank. The diagonal has no rank and is NaN.
    """
    others = distance.copy()
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


def _resampler(real: np.ndarray, phases: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda trajectories: resample(trajectories, real, phases)


def _chosen(part: np.ndarray, examples: str) -> np.ndarray:
    if examples == "all":
        return np.ones(part.size, dtype=bool)
    return (part == "train") == (examples == "train")


def _dataset(found: dict[str, list[Closeness]], signs: np.ndarray) -> xr.Dataset:
    described = {
        "distance": (
            "mean distance of the two signs' examples; within a sign on the diagonal",
            "1",
        ),
        "mutual_rank": ("geometric mean of the ranks that the two signs give each other", "rank"),
        "energy": ("energy coefficient: 0 full overlap, 1 none", "1"),
    }
    return xr.Dataset(
        {
            name: (
                ("space", "ae_seed", "sign", "other"),
                np.array(
                    [[getattr(one, name) for one in results] for results in found.values()],
                    dtype=np.float32,
                ),
                {"long_name": long_name, "units": units},
            )
            for name, (long_name, units) in described.items()
        },
        coords={
            "space": ("space", list(found), {"long_name": "where closeness is measured"}),
            "sign": ("sign", signs, {"long_name": "sign"}),
            "other": ("other", signs, {"long_name": "the other sign of the pair"}),
        },
    )
