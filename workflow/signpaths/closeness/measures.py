"""All measures of one space together, and how they are laid out in a store.

Takes trajectories at equal phases and what is known of their examples; gives distance, mutual rank
and energy of every pair of signs, and beside them what leaving out a session changes, how well a
sign finds itself again, and how far held-out examples agree.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.closeness.crossings import crossings
from signpaths.closeness.distances import (
    energy_coefficients,
    example_distances,
    group_sums,
    mean_distances,
)
from signpaths.closeness.examples import Examples
from signpaths.closeness.ranks import (
    jackknife_ranks,
    jackknife_sessions,
    mutual_ranks,
    noise_ceilings,
)
from signpaths.closeness.warping import warped_distances
from signpaths.spaces import Space, coordinates


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
        Noise ceiling (N4): mutual rank of the two halves of each sign's examples among all halves,
        `(sign,)`; NaN for a sign with one example.
    held_out_agreement
        Rank correlation of the distances over training and over held-out examples; NaN if there
        are too few of either.
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
    total, count = group_sums(between, label, signs.size)
    distance = mean_distances(total, count)
    return Closeness(
        distance=distance,
        mutual_rank=mutual_ranks(distance),
        energy=energy_coefficients(total / np.outer(count, count)),
        rank_without=jackknife_ranks(between, label, examples.session),
        ceiling=noise_ceilings(between, label, examples),
        held_out_agreement=held_out_agreement(between, label, examples.held_out),
        crossing=crossings(points, examples, crossing_examples)
        if crossing_examples and points.shape[1] > 1
        else None,
    )


def held_out_agreement(between: np.ndarray, label: np.ndarray, held_out: np.ndarray) -> float:
    """Give the rank correlation of pairs' distances over training and over held-out examples.

    No example counts on both sides, so that groups without a meaning agree by about 0. NaN if fewer
    than three signs have examples of both kinds, or all distances of one kind are equal.
    """
    signs = np.intersect1d(label[held_out], label[~held_out])
    if signs.size < 3:
        return float("nan")
    upper = np.triu_indices(signs.size, 1)
    sides = []
    for side in (~held_out, held_out):
        rows = np.flatnonzero(side & np.isin(label, signs))
        own = np.searchsorted(signs, label[rows])
        means = mean_distances(*group_sums(between[np.ix_(rows, rows)], own, signs.size))
        sides.append(means[upper])
    if any(np.ptp(one) == 0 for one in sides):
        return float("nan")
    # Spearman's, by Pearson's of ranks.
    return float(np.corrcoef([pd.Series(one).rank() for one in sides])[0, 1])


def as_dataset(found: dict[Space, list[Closeness]], examples: Examples) -> xr.Dataset:
    """Lay out what was found in every space; runs of one network in a list."""
    signs, label = np.unique(examples.sign, return_inverse=True)
    omissible = jackknife_sessions(label, examples.session)
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
            "long_name": "rank correlation of the pairs' distances over training and over "
            "held-out examples; empty if there are too few of either",
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
        **coordinates(list(found)),
        "sign": ("sign", signs, {"long_name": "sign"}),
        "other": ("other", signs, {"long_name": "the other sign of the pair"}),
    }
    if omissible:
        variables["rank_without"] = (
            ("space", "ae_seed", "session", "sign", "other"),
            stacked("rank_without"),
            {"long_name": "mutual rank with one session left out", "units": "rank"},
        )
        coords["session"] = ("session", omissible, {"long_name": "session left out"})
    return xr.Dataset(variables, coords=coords).assign_attrs(
        examples=examples.sign.size,
        jackknife=""
        if omissible
        else "fewer than two sessions can be left out with an example of every sign remaining.",
    )
