"""Signs that meet at different times: against four loops, and what must not change it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from signpaths.closeness.crossings import meetings, spread_over_sessions, within_sign_quantile
from slow_measures import SEEDS, labelled, measured, some_points


def slow_crossing(points: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Every two examples, every two phases."""
    phases = points.shape[1]
    within = [
        np.linalg.norm(points[i, u] - points[j, u])
        for i, j in itertools.combinations(range(len(sign)), 2)
        if sign[i] == sign[j]
        for u in range(phases)
    ]
    limit = np.quantile(within, 0.05)
    signs = sorted(set(sign))
    shares = np.full((len(signs), len(signs)), np.nan)
    for (a, one), (b, other) in itertools.product(enumerate(signs), repeat=2):
        meets = [
            any(
                np.linalg.norm(points[i, u] - points[j, v]) < limit
                for u, v in itertools.product(range(phases), repeat=2)
                if abs(u - v) > 0.2 * (phases - 1)
            )
            for i in np.flatnonzero(sign == one)
            for j in np.flatnonzero(sign == other)
            if i != j
        ]
        shares[a, b] = np.mean(meets) if meets else np.nan
    return shares


@pytest.mark.parametrize("phases", [6, 7])
@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_crossings_are_those_of_four_loops(phases: int, seed: int) -> None:
    """Of six phases, neighbours are just so far apart that they are the same time."""
    generator = np.random.default_rng(seed)
    points, sign = some_points(seed, phases=phases, units=2)
    points = np.cumsum(points, axis=1) + generator.normal(0, 0.1, points.shape)
    found = measured(points, sign).crossing
    np.testing.assert_allclose(found, slow_crossing(points, sign), atol=1e-6)


def test_signs_that_take_one_way_in_opposite_directions_cross() -> None:
    generator = np.random.default_rng(1)
    way = np.stack([np.linspace(0, 10, 32), np.zeros(32)], axis=1)
    lines = {"forth": way, "back": way[::-1], "aside": way + np.array([0, 100])}
    sign = np.repeat(sorted(lines), 6)
    points = np.stack([lines[name] for name in sign]) + generator.normal(0, 0.5, (18, 32, 2))
    found = measured(points, sign)
    names = sorted(lines)
    share = found.crossing[names.index("back"), names.index("forth")]
    assert share > 0.9
    assert found.crossing[names.index("aside"), names.index("forth")] == 0


def test_examples_for_crossing_are_spread_over_the_sessions() -> None:
    sign = np.repeat(["a", "b"], 6)
    session = np.array(list("xxxyyzxxxxxx"))
    label = np.unique(sign, return_inverse=True)[1]
    chosen = spread_over_sessions(label, labelled(sign, session), 3)
    assert session[chosen].tolist() == ["x", "y", "z", "x", "x", "x"]
    assert sign[chosen].tolist() == list("aaabbb")
    assert chosen.tolist() == [0, 3, 5, 6, 7, 8]
    assert spread_over_sessions(label, labelled(sign, session), 99).size == 12


def test_blocks_of_examples_cross_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    points, sign = some_points(4, phases=7, units=2)
    whole = measured(points, sign).crossing
    assert 0 < np.nanmean(whole) < 1
    monkeypatch.setattr("signpaths.closeness.crossings.ROWS", 5)
    np.testing.assert_array_equal(measured(points, sign).crossing, whole)


@pytest.mark.parametrize("kind", ["rotation", "shift", "scale"])
def test_crossings_do_not_depend_on_the_axes(kind: str) -> None:
    points, sign = some_points(8, phases=7, units=3)
    before = measured(points, sign).crossing
    generator = np.random.default_rng(8)
    moved = {
        "rotation": points @ np.linalg.qr(generator.normal(size=(3, 3)))[0],
        "shift": points + 1e3,
        "scale": points * 1e-5,
    }[kind]
    np.testing.assert_array_equal(measured(moved, sign).crossing, before)


def test_the_quantile_within_signs_takes_a_sign_with_two_examples() -> None:
    lone = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert np.isnan(within_sign_quantile(lone, np.arange(3)))
    assert np.isnan(measured(lone, np.array(list("abc"))).crossing).all()


def test_rounding_makes_no_examples_meet_that_are_not_nearer_than_nothing() -> None:
    places = np.random.default_rng(0).normal(size=(20, 1, 5)) + 3
    assert not meetings(np.repeat(np.repeat(places, 6, axis=1), 2, axis=0), 0.0).any()


def test_what_never_moves_does_not_cross() -> None:
    found = measured(np.full((6, 8, 2), 1 / 3), np.array(list("aabbcc")))
    np.testing.assert_array_equal(found.crossing, np.zeros((3, 3)))


@pytest.mark.parametrize(("phases", "units"), [(1, 1), (1, 3), (2, 1), (7, 1)])
def test_meeting_at_another_time_takes_two_phases_and_one_unit(phases: int, units: int) -> None:
    points, sign = some_points(6, phases=phases, units=units)
    found = measured(points, sign).crossing
    assert (found is None) == (phases == 1)
    if found is not None:
        np.testing.assert_allclose(found, slow_crossing(points, sign), atol=1e-6)
