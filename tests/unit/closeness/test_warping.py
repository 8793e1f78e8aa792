"""Warped distances against a slow table of partial costs, and against what warping must do."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.closeness.warping import warped_distances


def slow(x: np.ndarray, y: np.ndarray, reach: int) -> float:
    """One pair, cell by cell."""
    phases = len(x)
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for u in range(phases):
        for v in range(max(0, u - reach), min(phases, u + reach + 1)):
            local = float(np.linalg.norm(x[u] - y[v]))
            if u == v == 0:
                best[u, v] = (local, 1)
                continue
            before = [best[at] for at in ((u - 1, v - 1), (u - 1, v), (u, v - 1)) if at in best]
            cost, steps = min(before, key=lambda one: one[0])
            best[u, v] = (cost + local, steps + 1)
    cost, steps = best[phases - 1, phases - 1]
    return cost / steps


@given(
    st.integers(2, 9),
    st.integers(1, 3),
    st.sampled_from([0.1, 0.3, 1.0]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_distances_are_those_of_the_slow_table(
    phases: int, units: int, band: float, seed: int
) -> None:
    points = np.random.default_rng(seed).normal(size=(5, phases, units))
    found = warped_distances(points, band)
    reach = min(phases - 1, max(1, round(band * phases)))
    for i in range(5):
        for j in range(i + 1, 5):
            assert found[i, j] == pytest.approx(slow(points[i], points[j], reach), rel=1e-4)
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()


@given(st.integers(3, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_of_equally_cheap_paths_the_more_diagonal_one_counts(phases: int, seed: int) -> None:
    """Whole numbers make ties everywhere."""
    points = np.random.default_rng(seed).integers(0, 3, (4, phases, 1)).astype(float)
    found = warped_distances(points, 1.0)
    for i, j in itertools.combinations(range(4), 2):
        assert found[i, j] == pytest.approx(slow(points[i], points[j], phases - 1), rel=1e-6)


def test_blocks_of_examples_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(11, 8, 2))
    whole = warped_distances(points, 0.2)
    monkeypatch.setattr("signpaths.closeness.warping.ROWS", 4)
    np.testing.assert_allclose(warped_distances(points, 0.2), whole, rtol=1e-6)


def test_a_movement_made_later_is_nearer_than_without_warping() -> None:
    time = np.linspace(0, 1, 32)
    early, late = (np.exp(-((time - at) ** 2) / 0.002)[:, None] for at in (0.4, 0.5))
    points = np.stack([early, late])
    locked = np.linalg.norm(early - late, axis=1).mean()
    assert warped_distances(points, 0.15)[0, 1] < 0.2 * locked
    assert warped_distances(points, 0.01)[0, 1] > 0.5 * locked


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_equal_trajectories_have_no_distance_and_others_one_of_their_scale(scale: float) -> None:
    points = np.repeat(np.random.default_rng(1).normal(size=(2, 16, 22)), 3, axis=0)
    found = warped_distances(scale * (points + 100), 0.15)
    same = np.kron(np.eye(2), np.ones((3, 3))) == 1
    np.testing.assert_array_equal(found[same], 0)
    apart = warped_distances(points, 0.15)[~same]
    np.testing.assert_allclose(found[~same], scale * apart, rtol=1e-5)


def test_a_space_of_one_time_has_the_distance_of_its_points() -> None:
    points = np.random.default_rng(2).normal(size=(4, 1, 3))
    expected = np.linalg.norm(points - points.swapaxes(0, 1), axis=2)
    np.testing.assert_allclose(warped_distances(points, 0.15), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("seconds", "told"), [(12, ["49%", "82%", "98%", "100%"]), (5, ["98%"]), (1, [])]
)
def test_progress_is_told_after_ten_seconds_more(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: int,
    told: list[str],
) -> None:
    """A clock that moves on whenever it is looked at; ten seconds themselves are not enough."""
    clock = itertools.count(1000, seconds)
    monkeypatch.setattr("signpaths.closeness.warping.monotonic", lambda: next(clock))
    monkeypatch.setattr("signpaths.closeness.warping.ROWS", 4)
    warped_distances(np.zeros((14, 2, 1)), 0.15)
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()] == told


def test_long_work_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = np.zeros((8, 2, 1))
    warped_distances(points, 0.15)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("signpaths.closeness.warping.ROWS", 4)
    monkeypatch.setattr("signpaths.closeness.warping.TELL_AFTER", -1)
    warped_distances(points, 0.15)
    shares = [line.split()[2] for line in capsys.readouterr().out.splitlines()]
    assert shares == ["75%", "100%"]
