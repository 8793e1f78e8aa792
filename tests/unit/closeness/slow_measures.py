"""The measures of closeness, written down as slowly and plainly as can be, and points for them."""

import itertools

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from signpaths.closeness.examples import Examples
from signpaths.closeness.measures import Closeness, measure

SEEDS = st.integers(0, 2**32 - 1)


def labelled(
    sign: np.ndarray, session: np.ndarray | None = None, held_out: np.ndarray | None = None
) -> Examples:
    """Examples of these signs, takes in their order, of one session by default, none held out."""
    return Examples(
        sign=sign,
        session=np.repeat("day", len(sign)) if session is None else session,
        take=np.arange(len(sign)),
        held_out=np.zeros(len(sign), bool) if held_out is None else held_out,
    )


def measured(points: np.ndarray, sign: np.ndarray) -> Closeness:
    return measure(points, labelled(sign), crossing_examples=9)


def slow_distance(one: np.ndarray, other: np.ndarray) -> float:
    total = 0.0
    for phase in range(one.shape[0]):
        for unit in range(one.shape[1]):
            total += (float(one[phase, unit]) - float(other[phase, unit])) ** 2
    return (total / one.shape[0]) ** 0.5


def slow_means(points: np.ndarray, sign: np.ndarray, with_self: bool) -> np.ndarray:
    signs = sorted(set(sign.tolist()))
    result = np.full((len(signs), len(signs)), np.nan)
    for (row, a), (column, b) in itertools.product(enumerate(signs), enumerate(signs)):
        found = [
            slow_distance(points[i], points[j])
            for i in range(len(sign))
            for j in range(len(sign))
            if sign[i] == a and sign[j] == b and (with_self or i != j)
        ]
        if found:
            result[row, column] = sum(found) / len(found)
    return result


def slow_mutual_ranks(distance: np.ndarray) -> np.ndarray:
    count = len(distance)

    def rank(of: int, seen_from: int) -> float:
        others = sorted(distance[seen_from, c] for c in range(count) if c != seen_from)
        places = [i + 1 for i, d in enumerate(others) if d == distance[seen_from, of]]
        return sum(places) / len(places)

    result = np.full((count, count), np.nan)
    for a, b in itertools.permutations(range(count), 2):
        result[a, b] = (rank(b, a) * rank(a, b)) ** 0.5
    return result


def slow_energy(points: np.ndarray, sign: np.ndarray) -> np.ndarray:
    means = slow_means(points, sign, with_self=True)
    result = np.zeros(means.shape)
    for a, b in itertools.product(range(len(means)), repeat=2):
        if means[a, b] > 0:
            result[a, b] = (2 * means[a, b] - means[a, a] - means[b, b]) / (2 * means[a, b])
    return result


def some_points(seed: int, examples: int = 14, phases: int = 3, units: int = 4):
    """Trajectories of four signs, in no order, one sign with a single example."""
    generator = np.random.default_rng(seed)
    sign = generator.permutation([*"aaaa", *"bbbbb", "c", *"dddd"])[:examples]
    place = {name: generator.normal(size=(phases, units)) for name in "abcd"}
    points = np.stack([place[name] for name in sign]) + generator.normal(
        size=(examples, phases, units)
    )
    return points, sign


def check_space(found: xr.Dataset, points: np.ndarray, sign: np.ndarray) -> None:
    distance = slow_means(points, sign, with_self=False)
    np.testing.assert_allclose(found.distance.values, distance, rtol=1e-5)
    np.testing.assert_allclose(found.mutual_rank.values, slow_mutual_ranks(distance), rtol=1e-6)
    np.testing.assert_allclose(found.energy.values, slow_energy(points, sign), atol=1e-5)
