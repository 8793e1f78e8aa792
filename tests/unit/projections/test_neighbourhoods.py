"""Projections judged: against slow loops, scikit-learn and scipy, and what must not change it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from signpaths.data.sequences import real_frames
from signpaths.projections.neighbourhoods import (
    NEIGHBOURS,
    SHEPARD_FRAMES,
    Quality,
    Sample,
    by_sign,
    compare,
    geometry,
    neighbours,
    preservation,
    rnx_area,
    sampled,
    stress,
)
from sklearn.manifold import trustworthiness
from slow_neighbourhoods import MEASURES, OF_SIGNS, slow_order, slow_preservation

SEEDS = st.integers(0, 2**32 - 1)


def slow_rnx_area(one: np.ndarray, other: np.ndarray, example: np.ndarray) -> float:
    areas = []
    for frame in range(len(example)):
        first, second = (slow_order(points, example, frame) for points in (one, other))
        n, total, weights = len(first), 0.0, 0.0
        for k in range(1, n):
            q = len(set(first[:k]) & set(second[:k])) / k
            total += (n * q - k) / (n - k) / k
            weights += 1 / k
        areas.append(total / weights)
    return sum(areas) / len(areas)


def slow_distances(points: np.ndarray, example: np.ndarray) -> np.ndarray:
    pairs = itertools.combinations(range(len(points)), 2)
    return np.array(
        [np.linalg.norm(points[i] - points[j]) for i, j in pairs if example[i] != example[j]]
    )


def slow_stress(original: np.ndarray, projected: np.ndarray) -> float:
    """Look for the best scale instead of solving for it."""

    def squared(log_scale: float) -> float:
        return ((original - np.exp(log_scale) * projected) ** 2).sum() / (original**2).sum()

    return float(minimize_scalar(squared, bracket=(-5, 5), tol=1e-12).fun ** 0.5)


def some_spaces(seed: int, examples: int = 8, time: int = 9, padding: str = "pre"):
    """Trajectories of uneven length and a noisy projection of them, and all their frames."""
    generator = np.random.default_rng(seed)
    length = generator.integers(4, time + 1, examples)
    real = real_frames(length, time, padding)
    hidden = generator.normal(size=(examples, time, 6)).cumsum(axis=1)
    path = hidden[..., :2] + generator.normal(0, 0.5, (examples, time, 2))
    hidden[~real] = np.nan
    path[~real] = np.nan
    label = np.arange(examples) % 3
    return hidden, path, sampled(real, np.ones(examples, bool), label, 5000)


def compared(hidden: np.ndarray, path: np.ndarray, sample: Sample) -> Quality:
    return compare(geometry(hidden, sample), geometry(path, sample), sample, 3)


@given(SEEDS, st.sampled_from(["pre", "post"]))
@settings(max_examples=8, deadline=None)
def test_measures_agree_with_slow_loops(seed: int, padding: str) -> None:
    hidden, path, sample = some_spaces(seed, padding=padding)
    found = compared(hidden, path, sample)
    at = sample.example, sample.time
    high, low, example = hidden[at], path[at], sample.example
    for index, k in enumerate(NEIGHBOURS):
        if (sample.others < 2 * k).any():
            assert np.isnan([found.trustworthiness[index], found.continuity[index]]).all()
            continue
        trusted = slow_preservation(low, high, example, k)
        continued = slow_preservation(high, low, example, k)
        assert found.trustworthiness[index] == pytest.approx(trusted.mean(), abs=1e-12)
        assert found.continuity[index] == pytest.approx(continued.mean(), abs=1e-12)
        if k == 10:
            for sign in range(3):
                mine = sample.sign == sign
                assert found.trustworthiness_sign[sign] == pytest.approx(trusted[mine].mean())
                assert found.continuity_sign[sign] == pytest.approx(continued[mine].mean())
    assert found.rnx_area == pytest.approx(slow_rnx_area(high, low, example), abs=1e-12)
    distances = slow_distances(high, example), slow_distances(low, example)
    assert found.shepard == pytest.approx(spearmanr(*distances).statistic)
    assert found.stress == pytest.approx(slow_stress(*distances), abs=1e-6)
    steps = [
        [
            np.linalg.norm(one[row, step] - one[row, step - 1])
            for row in range(len(one))
            for step in range(1, one.shape[1])
            if not np.isnan(one[row, step - 1 : step + 1]).any()
        ]
        for one in (hidden, path)
    ]
    assert found.step_correlation == pytest.approx(spearmanr(*steps).statistic)


@given(SEEDS, st.integers(42, 70))
@settings(max_examples=10, deadline=None)
def test_frames_of_an_example_each_give_scikit_learns_trustworthiness(seed: int, count: int):
    generator = np.random.default_rng(seed)
    high = generator.normal(size=(count, 1, 5))
    low = high[..., :2] + generator.normal(0, 0.3, (count, 1, 2))
    every = np.ones(count, dtype=bool)
    sample = sampled(every[:, None], every, np.zeros(count, int), 5000)
    found = compared(high, low, sample)
    for index, k in enumerate(NEIGHBOURS):
        one, other = high[:, 0], low[:, 0]
        assert found.trustworthiness[index] == pytest.approx(
            trustworthiness(one, other, n_neighbors=k)
        )
        assert found.continuity[index] == pytest.approx(trustworthiness(other, one, n_neighbors=k))


@given(SEEDS, st.integers(2, 30))
def test_neighbours_are_sorted_by_distance_and_ties_by_lot(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    example = generator.integers(0, 4, count) if seed % 2 else np.arange(count)
    distance = generator.random((count, count)).astype(np.float32)
    nearest, rank = neighbours(distance, example)
    tied, tied_rank = neighbours(np.zeros((count, count), np.float32), example)
    for row in range(count):
        others = np.flatnonzero(example != example[row])
        in_order = others[np.argsort(distance[row, others])]
        assert nearest[row, : others.size].tolist() == in_order.tolist()
        assert rank[row, in_order].tolist() == list(range(1, others.size + 1))
        assert sorted(tied[row, : others.size].tolist()) == others.tolist()
        assert sorted(tied_rank[row].tolist()) == list(range(1, count + 1))
    if np.unique(example).size == count > 2:
        assert np.unique(tied[:, 0]).size == count, "each frame has a lot of its own"


def test_rnx_area_of_a_case_done_by_hand() -> None:
    # Three frames that can be neighbours. First frame: the same order; R is 1 at K = 1 and 2.
    # Second: the first two exchanged; Q is 0 and 1, so R is (0 − 1)/2 and 1.
    one = np.array([[9, 1, 2, 3], [1, 9, 2, 3]], dtype=np.uint16)
    other = np.array([[9, 1, 2, 3], [2, 9, 1, 3]], dtype=np.uint16)
    expected = (1 + (-0.5 * 1 + 1 * 0.5) / 1.5) / 2
    assert rnx_area(one, other, np.array([3, 3])) == pytest.approx(expected)


def test_neighbours_as_wrong_as_can_be_are_worth_nothing() -> None:
    nearest = np.array([[3, 2, 1, 0]])
    rank = np.array([[1, 2, 3, 4]])
    np.testing.assert_allclose(preservation(nearest, rank, np.array([4]), 2), [0])
    np.testing.assert_allclose(preservation(nearest[:, ::-1], rank, np.array([4]), 2), [1])
    np.testing.assert_allclose(preservation(nearest, rank, np.array([3]), 2), [np.nan])


@given(SEEDS, st.floats(-6, 6))
@settings(max_examples=20, deadline=None)
def test_rotation_and_scale_keep_everything(seed: int, log_scale: float) -> None:
    hidden, path, sample = some_spaces(seed, examples=12)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    moved = hidden @ rotation * 10**log_scale + 3
    same = compared(hidden, moved, sample)
    enough = np.array([(sample.others >= 2 * k).all() for k in NEIGHBOURS])
    assert enough[:2].all()
    for values in (same.trustworthiness, same.continuity):
        np.testing.assert_allclose(values[enough], 1, atol=1e-4)
    for value in (same.rnx_area, same.shepard, same.step_correlation):
        assert value == pytest.approx(1, abs=1e-4)
    assert same.stress == pytest.approx(0, abs=1e-4)
    before, after = compared(hidden, path, sample), compared(moved, path, sample)
    for name in (*MEASURES, *OF_SIGNS):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-4)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_measures_lie_in_their_bounds_and_noise_is_worth_nothing(seed: int) -> None:
    hidden, _, sample = some_spaces(seed, examples=30)
    noise = np.random.default_rng([seed, 1]).normal(size=(*hidden.shape[:2], 2))
    noise[np.isnan(hidden[..., 0])] = np.nan
    found = compared(hidden, noise, sample)
    assert abs(found.rnx_area) < 0.1
    assert abs(found.shepard) < 0.15
    assert 0 < found.stress < 1
    for values in (found.trustworthiness, found.continuity, *(getattr(found, n) for n in OF_SIGNS)):
        assert ((values > 0.3) & (values < 0.7)).all()


def test_frames_of_the_same_example_are_no_neighbours() -> None:
    """Steps within an example shrink to nothing: nothing changes but the lengths of the steps."""
    hidden, _, sample = some_spaces(1, examples=12)
    start = np.nanmean(hidden, axis=1, keepdims=True)
    alike = start + 1e-3 * (hidden - start)
    found = compared(alike, np.nan_to_num(start) + 0 * hidden, sample)
    # The places of examples are kept; all frames of an example tie, and share their neighbours.
    assert found.trustworthiness[0] > 0.9
    assert found.stress == pytest.approx(0, abs=0.01)
    assert np.isnan(found.step_correlation), "no step has a length"


def test_the_scale_of_stress_is_the_best_there_is() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.uniform(1, 2, (2, 50))
    assert stress(one, other) == pytest.approx(slow_stress(one, other), abs=1e-6)
    assert stress(one, 1e-30 * other) == pytest.approx(stress(one, other))
    assert stress(one, np.zeros(50)) == 1
    assert np.isnan(stress(np.zeros(50), one))


def test_tiny_and_huge_distances_are_ranked() -> None:
    hidden, path, sample = some_spaces(2)
    before = compared(hidden, path, sample)
    for scale in (1e-100, 1e100):
        after = compared(hidden * scale, path * scale, sample)
        for name in MEASURES:
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-6)


def test_shepard_stops_at_its_own_number_of_frames() -> None:
    generator = np.random.default_rng(0)
    high = generator.normal(size=(300, 4, 4))
    low = high[..., :2]
    sample = sampled(np.ones((300, 4), bool), np.ones(300, bool), np.zeros(300, int), 5000)
    few = sample.example[:SHEPARD_FRAMES], sample.time[:SHEPARD_FRAMES]
    pairs = np.triu(few[0][:, None] != few[0], 1)
    distances = [cdist(one[few], one[few])[pairs] for one in (high, low)]
    found = compared(high, low, sample)
    assert found.shepard == pytest.approx(spearmanr(*distances).statistic)
    assert sample.example.size > SHEPARD_FRAMES


# Degenerate spaces


def test_a_space_of_one_point_has_neighbours_by_chance() -> None:
    hidden, _, sample = some_spaces(0, examples=60)
    point = np.where(np.isnan(hidden[..., :2]), np.nan, 0.3)
    found = compared(hidden, point, sample)
    assert abs(found.rnx_area) < 0.05
    for values in (found.trustworthiness, found.continuity):
        assert ((values > 0.4) & (values < 0.6)).all()
    assert found.stress == 1
    assert np.isnan([found.shepard, found.step_correlation]).all()
    again = compared(hidden, point, sample)
    np.testing.assert_array_equal(again.trustworthiness, found.trustworthiness)


def test_hidden_states_of_one_point_leave_nothing_to_say() -> None:
    hidden, path, sample = some_spaces(0, examples=12)
    found = compared(0 * hidden, path, sample)
    for name in (*MEASURES, *OF_SIGNS):
        assert np.isnan(getattr(found, name)).all(), name


def test_a_sign_without_a_frame_is_missing() -> None:
    found = by_sign(np.array([1.0, 0.5, 0.0]), np.array([0, 0, 2]), 4)
    np.testing.assert_array_equal(found, [0.75, np.nan, 0, np.nan])
