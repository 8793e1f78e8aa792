"""Where on their way two signs part: trajectories at equal phases in, separations by time out.

Takes the mean path of every sign and how far its examples are from it, phase by phase. The
separation of two signs is the distance between their examples over the distance within the signs,
both as root mean squares: 1 where the two are alike, larger the farther they are apart for how much
they vary. In closed form from means and deviations, like the ratio of Fisher's discriminant. Two
signs are compared after equal times, by their mean durations, and the shorter one rests where it
ends: at equal phases, a sign would soon be apart from another that begins with it and goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from signpaths.spaces import HEADLINE, Space

# Pairs that are computed together, for memory's sake.
AT_ONCE = 512


@dataclass(frozen=True)
class MeanPaths:
    """Where signs are on the way.

    Attributes
    ----------
    mean
        Mean of a sign's examples, `(sign, phase, unit)`.
    spread
        Their mean squared distance from it, `(sign, phase)`.
    count
        How many there are, `(sign,)`.
    duration
        Their mean duration from the first frame to the last, in steps, `(sign,)`.
    """

    mean: np.ndarray
    spread: np.ndarray
    count: np.ndarray
    duration: np.ndarray


@dataclass(frozen=True)
class Parting:
    """Where the signs of every pair part; pairs in the order of `np.triu_indices`.

    Attributes
    ----------
    together_to
        Share of the longer one's way up to which the pair is together from the beginning,
        `(pair,)`: 0 if it begins apart, 1 if it is never apart.
    apart_from
        Share from which it is apart to the end, `(pair,)`: 0 if it is apart all the way, 1 if it
        ends together. Later than `together_to` where the two meet again.

    Both are NaN if it is not known how far either sign varies.
    """

    together_to: np.ndarray
    apart_from: np.ndarray


def mean_paths(points: np.ndarray, label: np.ndarray, length: np.ndarray) -> MeanPaths:
    """Average the examples of every sign.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, unit)`.
    label
        Number of each example's sign, `(example,)`.
    length
        Frames of each example, `(example,)`.
    """
    signs = int(label.max()) + 1
    mean = np.empty((signs, *points.shape[1:]))
    spread = np.empty(mean.shape[:2])
    for sign in range(signs):
        own = points[label == sign]
        mean[sign] = own.mean(axis=0)
        spread[sign] = ((own - mean[sign]) ** 2).sum(axis=2).mean(axis=0)
    count = np.bincount(label, minlength=signs)
    return MeanPaths(mean, spread, count, np.bincount(label, length - 1, signs) / count)


def separations(paths: MeanPaths) -> np.ndarray:
    """Give the separation of every pair on the longer one's way, `(pair, phase)`.

    Between phases the shorter one's mean and spread are interpolated, not its examples. The
    distance within is that of two different examples, of either sign alike. Where nothing
    varies it is infinite, or 1 if the signs are at one place; NaN if neither sign has two examples.
    """
    pairs = np.triu_indices(len(paths.mean), 1)
    found = np.empty((pairs[0].size, paths.mean.shape[1]))
    for start in range(0, len(found), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        found[some] = _separations(paths, pairs[0][some], pairs[1][some])
    return found


def _separations(paths: MeanPaths, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The same of some pairs."""
    swapped = paths.duration[first] > paths.duration[second]
    short, long = np.where(swapped, second, first), np.where(swapped, first, second)
    phases = paths.mean.shape[1]
    # A sign of one frame has no duration: it rests from the beginning.
    faster = (paths.duration[long] / np.maximum(paths.duration[short], 1e-9))[:, None]
    position = np.minimum(np.arange(phases) * faster, phases - 1)
    before = np.minimum(position.astype(int), phases - 2)
    weight = position - before
    row = short[:, None]
    place = paths.mean[row, before]
    place += weight[..., None] * (paths.mean[row, before + 1] - place)
    place -= paths.mean[long]
    apart = np.einsum("psu,psu->ps", place, place)
    # Rounding leaves something of the square of nothing.
    apart[apart < 1e-24 * max((paths.mean**2).sum(axis=2).max(), 1e-300)] = 0

    def at_equal_times(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (1 - weight) * values[row, before] + weight * values[row, before + 1], values[long]

    between = apart + sum(at_equal_times(paths.spread))
    examples = paths.count[:, None]
    factor = np.where(examples > 1, 2 * examples / np.maximum(examples - 1, 1), np.nan)
    within = np.array(at_equal_times(paths.spread * factor))
    # Of a sign with one example it is not known; the other's stands for both.
    within = np.where(np.isnan(within), within[::-1], within).mean(axis=0)
    still = np.where(between > 0, np.inf, 1.0)
    return np.sqrt(np.divide(between, within, out=still, where=within != 0))


def partings(separation: np.ndarray, limit: float) -> Parting:
    """Say where every pair parts.

    Parameters
    ----------
    separation
        `(pair, phase)`, of phases equally spaced from 0 to 1; between them it is linear.
    limit
        From this separation on two signs are apart.
    """
    phases = separation.shape[1]
    together = separation < limit
    # The last phase of the first and of the last stretch that is together; -1 without any.
    first = np.where(together.all(axis=1), phases, together.argmin(axis=1)) - 1
    last = np.where(together.any(axis=1), phases - 1 - together[:, ::-1].argmax(axis=1), -1)
    known = ~np.isnan(separation).any(axis=1)
    together_to, apart_from = (
        np.where(known, _parts_behind(separation, phase, limit), np.nan) for phase in (first, last)
    )
    return Parting(together_to, apart_from)


def _parts_behind(separation: np.ndarray, phase: np.ndarray, limit: float) -> np.ndarray:
    """Give the share of the way at which pairs, together at `phase` `(pair,)`, are so no more."""
    pairs, phases = separation.shape
    row, before, after = np.arange(pairs), np.maximum(phase, 0), np.minimum(phase + 1, phases - 1)
    low, high = separation[row, before], separation[row, after]
    # An infinite separation begins right behind the phase before it.
    finite = np.isfinite(high) & (high > low)
    step = np.zeros(pairs)
    step[finite] = (limit - low[finite]) / (high[finite] - low[finite])
    return np.where(phase < 0, 0.0, np.minimum(phase + step, phases - 1) / (phases - 1))


def parting_variables(
    found: dict[Space, list[MeanPaths]],
    spaces: Sequence[Space],
    signs: Sequence[str],
    seeds: int,
    limit: float,
) -> xr.Dataset:
    """Lay out where pairs part in every space, how far apart they are, and the shared map's paths.

    Parameters
    ----------
    found
        The mean paths of every run, by the space; a space of one time has none.
    spaces
        All spaces of the store.
    signs
        In the order of the mean paths.
    seeds
        Of autoencoders; a space of fewer runs is repeated over them.
    limit
        From this separation on two signs are apart.
    """
    views = [space for space in found if space.is_projection or space.name == HEADLINE]
    shared = [space for space in views if space.is_shared]
    upper = np.triu_indices(len(signs), 1)
    phases, pairs = next(iter(found.values()))[0].spread.shape[1], upper[0].size
    together = np.full((len(spaces), seeds, pairs), np.nan, dtype=np.float16)
    apart = together.copy()
    far = np.zeros((len(views), phases, pairs))
    for space, runs in found.items():
        for column, one in enumerate(runs):
            separation = separations(one)
            if space in spaces:
                row, parted = spaces.index(space), partings(separation, limit)
                # Repeated over the seeds.
                together[row, column :: len(runs)] = parted.together_to
                apart[row, column :: len(runs)] = parted.apart_from
            if space in views:
                far[views.index(space)] += np.log(separation.T) / len(runs)
    mean = np.full(
        (len(shared), seeds, len(signs), phases, max((space.dims for space in shared), default=0)),
        np.nan,
        dtype=np.float32,
    )
    for row, space in enumerate(shared):
        for column, one in enumerate(found[space]):
            mean[row, column :: len(found[space]), ..., : space.dims] = one.mean[..., : space.dims]
    # What is too large for half precision is as good as infinite.
    with np.errstate(over="ignore"):
        separation = np.exp(far).astype(np.float16)
    return xr.Dataset(
        {
            "together_to": (
                ("space", "ae_seed", "pair"),
                together,
                {
                    "long_name": "share of the longer one's way up to which the two signs are "
                    "together from the beginning; 1: they never part; empty where not known",
                    "units": "1",
                },
            ),
            "apart_from": (
                ("space", "ae_seed", "pair"),
                apart,
                {
                    "long_name": "share of the longer one's way from which the two signs are apart "
                    "to the end; 1: they end together; empty where not known",
                    "units": "1",
                },
            ),
            "separation": (
                ("view", "phase", "pair"),
                separation,
                {
                    "long_name": "distance between the two signs' examples over that within the "
                    "signs, after equal times, geometric mean over the space's runs",
                    "units": "1",
                },
            ),
            "mean_path": (
                ("shared_space", "ae_seed", "sign", "phase", "dim"),
                mean,
                {
                    "long_name": "mean path of the sign at equal phases in the shared map",
                    "units": "1",
                },
            ),
        },
        coords={
            **{
                name: ("pair", np.array(signs)[rows], {"long_name": f"the pair's {place} sign"})
                for name, rows, place in zip(
                    ("sign_a", "sign_b"), upper, ("first", "second"), strict=True
                )
            },
            "view": ("view", [space.name for space in views], {"long_name": "space"}),
            "shared_space": (
                "shared_space",
                [space.name for space in shared],
                {"long_name": "space of the shared map"},
            ),
        },
    )
