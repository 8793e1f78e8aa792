"""Where pairs part: against slow double loops over examples, and against planted partings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths import spaces as kinds
from signpaths.closeness.partings import (
    MeanPaths,
    mean_paths,
    parting_variables,
    partings,
    separations,
)
from signpaths.spaces import HIDDEN_SPACE, LAST_SPACE, Space

PHASES = 32


def slow_separation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Over all examples of two signs that last as long, `(example, phase, unit)`."""
    found = []
    for phase in range(one.shape[1]):
        a, b = one[:, phase], other[:, phase]
        between = np.mean([((x - y) ** 2).sum() for x in a for y in b])
        within = [
            np.mean([((x - y) ** 2).sum() for i, x in enumerate(s) for y in s[:i]]) for s in (a, b)
        ]
        found.append(np.sqrt(between / np.mean(within)))
    return np.array(found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(2, 5))
def test_separations_are_those_of_all_examples(seed: int, first: int, second: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(first, 6, 3)), rng.normal(1, 1, size=(second, 6, 3))
    label = np.repeat([0, 1], [first, second])
    paths = mean_paths(np.concatenate([one, other]), label, np.full(label.size, 20))
    np.testing.assert_allclose(separations(paths)[0], slow_separation(one, other), rtol=1e-9)


def made(places: np.ndarray, duration: list[float], spread: float = 0.1) -> MeanPaths:
    signs = len(places)
    return MeanPaths(
        places, np.full(places.shape[:2], spread), np.full(signs, 9), np.array(duration)
    )


def test_a_sign_that_begins_like_another_and_goes_on_is_together_to_its_end() -> None:
    """At equal phases the two would be apart soon; after equal times they are one."""

    def walk(frames: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(frames / 9), np.sin(frames / 9)], axis=-1) * 10

    short, long = 30.0, 50.0
    phase = np.linspace(0, 1, PHASES)
    places = np.stack([walk(short * phase), walk(long * phase)])
    parted = partings(separations(made(places, [short, long])), 1.5)
    assert parted.together_to[0] == pytest.approx(short / long, abs=0.06)
    assert parted.apart_from[0] == parted.together_to[0]
    # Whichever of the two comes first.
    again = partings(separations(made(places[::-1], [long, short])), 1.5)
    assert again.together_to[0] == pytest.approx(parted.together_to[0])
    as_long = partings(separations(made(places, [short, short])), 1.5)
    assert as_long.together_to[0] < 0.3


def test_equal_times_are_counted_in_steps_between_frames() -> None:
    """Of 21 and of 11 frames the shorter one is at its end half-way, not at 11 of 21."""
    rng = np.random.default_rng(4)
    lengths, way = (21, 11), np.linspace(0, 1, PHASES)
    places = [10 * (length - 1) * way[:, None] * np.ones(2) for length in lengths]
    points = np.concatenate([one + 0.3 * rng.normal(size=(20, PHASES, 2)) for one in places])
    label = np.repeat([0, 1], 20)
    found = separations(mean_paths(points, label, np.repeat(lengths, 20)))[0]
    together = way <= 0.48
    assert (found[together] < 1.2).all()
    assert (found[way > 0.55] > 5).all()


def test_a_sign_of_one_frame_rests_where_it_is() -> None:
    still, going = np.zeros((PHASES, 2)), np.linspace(0, 9, PHASES)[:, None] * np.ones(2)
    found = separations(made(np.stack([still, going, still]), [0.0, 20.0, 0.0]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[1], found[1, 0])
    assert (np.diff(found[0]) > 0).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 0.9), st.integers(0, 100))
def test_a_planted_parting_is_found(phase: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    way = np.linspace(0, 1, PHASES)
    base = rng.normal(size=(PHASES, 4)).cumsum(axis=0)
    other = base + 40 * np.clip(way - phase, 0, None)[:, None] * np.array([1.0, 0, 0, 0])
    points = np.concatenate([one + 0.3 * rng.normal(size=(20, PHASES, 4)) for one in (base, other)])
    label = np.repeat([0, 1], 20)
    parted = partings(separations(mean_paths(points, label, np.full(40, 30))), 1.5)
    assert phase - 1 / (PHASES - 1) <= parted.together_to[0] <= phase + 0.08
    assert parted.apart_from[0] == parted.together_to[0]


@pytest.mark.parametrize(
    ("separation", "together_to", "apart_from"),
    [
        ([1, 1, 1, 1, 1], 1.0, 1.0),
        ([2, 2, 2, 2, 2], 0.0, 0.0),
        ([1, 1, 2, 2, 2], 0.375, 0.375),
        ([1, 1, 2, 1, 2], 0.375, 0.875),
        ([1, 1, 1, 1, 2], 0.875, 0.875),
        ([2, 1, 1, 1, 1], 0.0, 1.0),
        ([2, 1, 2, 2, 2], 0.0, 0.375),
        ([1, 1, 2, 1, 1], 0.375, 1.0),
        ([1, np.inf, 2, 2, 2], 0.0, 0.0),
        ([2, 1, np.inf, 2, 2], 0.0, 0.25),
        ([1, 1.5, 2, 2, 2], 0.25, 0.25),
        ([1, 1, 1, 1, 1.5], 1.0, 1.0),
        ([np.nan] * 5, np.nan, np.nan),
    ],
)
def test_where_a_curve_crosses_the_limit(
    separation: list[float], together_to: float, apart_from: float
) -> None:
    parted = partings(np.array([separation], dtype=float), 1.5)
    assert parted.together_to[0] == pytest.approx(together_to, nan_ok=True)
    assert parted.apart_from[0] == pytest.approx(apart_from, nan_ok=True)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0.5, 1.0, 1.49, 1.5, 2.0, 4.0, np.inf]), min_size=2, max_size=12))
def test_crossings_are_those_of_a_walk_in_small_steps(curve: list[float]) -> None:
    """Between phases the curve is linear; what is infinite begins right behind a phase."""
    parted = partings(np.array([curve]), 1.5)
    phases = np.linspace(0, 1, len(curve))
    way = np.linspace(0, 1, 500 * (len(curve) - 1) + 1)
    below = np.maximum(np.searchsorted(phases, way, side="right") - 1, 0).clip(max=len(curve) - 2)
    weight = np.round((way - phases[below]) * (len(curve) - 1), 9)
    low, high = np.array(curve)[below], np.array(curve)[below + 1]
    inside = (weight > 0) & (weight < 1)
    with np.errstate(invalid="ignore"):
        mixed = np.where(
            inside, (1 - weight) * low + weight * high, np.where(weight > 0, high, low)
        )
    # Rounding takes a mean of two limits below it.
    apart = mixed >= 1.5 - 1e-9
    to = way[apart.argmax()] if apart.any() else 1.0
    since = 0.0 if apart.all() else way[min(len(way) - 1, len(way) - apart[::-1].argmin())]
    assert parted.together_to[0] == pytest.approx(to, abs=2.5e-3)
    assert parted.apart_from[0] == pytest.approx(since, abs=2.5e-3)
    assert parted.together_to[0] <= parted.apart_from[0]


def test_what_does_not_vary_is_infinitely_far_or_at_one_place() -> None:
    still = np.zeros((3, 4, 2))
    still[2] = 1
    found = separations(made(still, [9, 9, 9], spread=0.0))
    np.testing.assert_array_equal(found[0], 1)
    assert np.isinf(found[1:]).all()


def test_a_sign_of_one_example_takes_the_spread_of_the_other() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(5, 4, 2))
    paths = mean_paths(points, np.array([0, 0, 0, 1, 2]), np.full(5, 9))
    found = separations(paths)
    within = [
        np.mean([((points[i, p] - points[j, p]) ** 2).sum() for i in range(3) for j in range(i)])
        for p in range(4)
    ]
    between = [((points[:3, p] - points[3, p]) ** 2).sum(axis=1).mean() for p in range(4)]
    np.testing.assert_allclose(found[0], np.sqrt(np.divide(between, within)))
    assert np.isnan(found[2]).all()
    assert np.isnan(partings(found, 1.5).together_to).tolist() == [False, False, True]


def test_what_is_stored_is_of_every_run_and_their_geometric_mean() -> None:
    rng = np.random.default_rng(3)
    hidden, shared = HIDDEN_SPACE, Space("shared_ae2", kinds.SHARED_AUTOENCODER, "shared", 2)
    own = replace(shared, name="ae2", kind=kinds.AUTOENCODER, runs=2)
    label = np.repeat(np.arange(4), 6)
    paths = {
        space: [
            mean_paths(rng.normal(size=(24, PHASES, 2)).cumsum(axis=1), label, 20 + label)
            for _ in range(space.runs)
        ]
        for space in (hidden, own, shared)
    }
    stored = parting_variables(
        paths, [hidden, LAST_SPACE, own, shared], list("abcd"), seeds=2, limit=1.1
    )
    assert stored.view.values.tolist() == ["hidden", "ae2", "shared_ae2"]
    for row, runs in ((0, paths[hidden]), (2, paths[own]), (3, paths[shared])):
        each = [separations(one) for one in runs]
        for seed in range(2):
            parted = partings(each[seed % len(each)], 1.1)
            np.testing.assert_allclose(stored.together_to[row, seed], parted.together_to, rtol=1e-3)
            np.testing.assert_allclose(stored.apart_from[row, seed], parted.apart_from, rtol=1e-3)
        mean = np.prod(each, axis=0) ** (1 / len(each))
        view = max(row - 1, 0)
        np.testing.assert_allclose(stored.separation[view].T, mean, rtol=1e-3)
    assert np.isnan(stored.together_to[1]).all()
    named = [a + b for a, b in zip(stored.sign_a.values, stored.sign_b.values, strict=True)]
    assert named == ["ab", "ac", "ad", "bc", "bd", "cd"]
    assert stored.shared_space.values.tolist() == ["shared_ae2"]
    for seed in range(2):
        np.testing.assert_allclose(stored.mean_path[0, seed], paths[shared][0].mean, rtol=1e-6)
