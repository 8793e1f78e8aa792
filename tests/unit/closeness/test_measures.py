"""All measures of a space: against slow and plain ones, and what must not change them."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from signpaths.closeness.distances import example_distances
from signpaths.closeness.measures import measure, measure_warped
from slow_measures import (
    SEEDS,
    labelled,
    measured,
    slow_distance,
    slow_energy,
    slow_means,
    slow_mutual_ranks,
    some_points,
)


@given(SEEDS)
@settings(max_examples=15)
def test_measures_agree_with_double_loops(seed: int) -> None:
    points, sign = some_points(seed)
    found = measured(points, sign)
    between = example_distances(points)
    for i, j in itertools.product(range(len(points)), repeat=2):
        assert between[i, j] == pytest.approx(slow_distance(points[i], points[j]), abs=1e-9)
    distance = slow_means(points, sign, with_self=False)
    np.testing.assert_allclose(found.distance, distance, rtol=1e-9)
    np.testing.assert_allclose(found.mutual_rank, slow_mutual_ranks(distance), rtol=1e-12)
    np.testing.assert_allclose(found.energy, slow_energy(points, sign), atol=1e-9)


@given(
    SEEDS,
    st.sampled_from(["rotation", "reflection", "shift", "scale", "units", "examples", "all"]),
)
@settings(max_examples=60)
def test_what_leaves_the_shape_leaves_the_ranks(seed: int, kind: str) -> None:
    points, sign = some_points(seed)
    before = measured(points, sign)
    generator = np.random.default_rng([seed, 1])
    units = points.shape[2]
    if kind in ("rotation", "reflection", "all"):
        q = np.linalg.qr(generator.normal(size=(units, units)))[0]
        q[:, 0] *= np.sign(np.linalg.det(q)) * (-1 if kind == "reflection" else 1)
        assert np.linalg.det(q) == pytest.approx(-1 if kind == "reflection" else 1)
        points = points @ q
    if kind in ("shift", "all"):
        points = points + generator.normal(0, 100, units)
    if kind in ("scale", "all"):
        points = points * 10 ** generator.uniform(-6, 6)
    if kind in ("units", "all"):
        points = points[..., generator.permutation(units)]
    if kind in ("examples", "all"):
        order = generator.permutation(len(sign))
        points, sign = points[order], sign[order]
    after = measured(points, sign)
    np.testing.assert_array_equal(after.mutual_rank, before.mutual_rank)
    np.testing.assert_allclose(after.energy, before.energy, atol=1e-6)
    if kind not in ("scale", "all"):
        np.testing.assert_allclose(after.distance, before.distance, rtol=1e-6)


def test_what_changes_the_shape_changes_the_ranks() -> None:
    points, sign = some_points(3)
    before = measured(points, sign).mutual_rank
    assert not np.array_equal(measured(points * [50, 1, 1, 1], sign).mutual_rank, before, True)
    assert not np.array_equal(measured(points[:, :1], sign).mutual_rank, before, True)


def test_degenerate_points_give_no_nan_and_no_warning() -> None:
    sign = np.array([*"aa", *"bb", "c"])
    for points in (np.zeros((5, 3, 2)), np.full((5, 3, 2), 1 / 3), np.full((5, 3, 2), 1e8 / 7)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = measured(points, sign)
        np.testing.assert_array_equal(found.energy, np.zeros((3, 3)))
        off = ~np.eye(3, dtype=bool)
        np.testing.assert_array_equal(found.distance[off], 0)
        np.testing.assert_array_equal(found.mutual_rank[off], 1.5)
        assert np.diag(found.distance)[:2].tolist() == [0, 0]
        assert np.isnan(found.distance[2, 2]), "one example has no distance within its sign"


def test_signs_with_one_example_have_distances_to_others() -> None:
    points = np.array([0.0, 1, 3])[:, None, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measured(points, np.array(["c", "a", "b"]))
    expected = np.array([[np.nan, 2, 1], [2, np.nan, 3], [1, 3, np.nan]])
    np.testing.assert_allclose(found.distance, expected)
    np.testing.assert_allclose(found.energy, 1 - np.eye(3))


@pytest.mark.parametrize("band", [None, 0.2])
def test_signs_of_the_same_examples_share_every_rank(band: float | None) -> None:
    """Whatever the order of the examples, rounding must not part the two."""
    generator = np.random.default_rng(6)
    cloud = generator.normal(size=(4, 5, 8, 3))
    points = np.concatenate([cloud[0], cloud[1], cloud[1, ::-1], cloud[2], cloud[3]])
    order = generator.permutation(len(points))
    examples = labelled(np.repeat(list("abcde"), 5)[order])
    points = points[order] + 7
    found = (
        measure(points, examples, 0) if band is None else measure_warped(points, examples, 0, band)
    )
    twins, others = [1, 2], [0, 3, 4]
    ranks = found.mutual_rank
    for one in others:
        assert ranks[one, 1] == ranks[one, 2]
    assert ranks[1, 2] == 1
    assert np.isfinite(ranks[~np.eye(5, dtype=bool)]).all()
    assert found.energy[*twins] == pytest.approx(0, abs=1e-6)


@given(SEEDS)
@settings(max_examples=15)
def test_agreement_is_that_of_measuring_both_kinds_of_examples_alone(seed: int) -> None:
    generator = np.random.default_rng(seed)
    order = generator.permutation(22)
    # The last two signs have examples of one kind only, and cannot be held against themselves.
    sign = np.array([*np.repeat(list("abcd"), 5), "e", "f"])[order]
    held_out = np.array([*np.tile([True, True, False, False, False], 4), True, False])[order]
    points = generator.normal(size=(22, 3, 2))
    found = measure(points, labelled(sign, held_out=held_out), 0).held_out_agreement
    upper, known = np.triu_indices(4, 1), sign < "e"
    sides = (
        slow_means(points[one & known], sign[one & known], with_self=False)[upper]
        for one in (held_out, ~held_out)
    )
    assert found == pytest.approx(spearmanr(*sides).statistic)


def test_agreement_takes_three_signs_with_examples_of_both_kinds() -> None:
    sign = np.repeat(list("abcd"), 5)
    points = np.random.default_rng(0).normal(size=(20, 3, 2))
    held_out = np.tile([True, True, False, False, False], 4)

    def agreement(held_out: np.ndarray, points: np.ndarray = points) -> float:
        return measure(points, labelled(sign, held_out=held_out), 0).held_out_agreement

    assert np.isfinite(agreement(held_out & (sign < "d")))
    for few in (held_out & (sign < "c"), held_out | (sign > "b")):
        assert np.isnan(agreement(few))
    for none in (np.zeros(20, bool), np.ones(20, bool)):
        assert np.isnan(agreement(none))
    assert np.isnan(agreement(held_out, np.where(held_out[:, None, None], 1.0, points)))


def test_groups_without_a_meaning_agree_by_chance_only() -> None:
    """Over all and over held-out examples they would agree by more: some examples are the same."""
    generator = np.random.default_rng(1)
    held_out = np.tile([True] * 2 + [False] * 7, 30)
    found = [
        measure(
            generator.normal(size=(270, 1, 5)),
            labelled(np.repeat(np.arange(30), 9), held_out=held_out),
            0,
        ).held_out_agreement
        for _ in range(20)
    ]
    assert abs(np.mean(found)) < 0.05


@pytest.mark.parametrize(("phases", "units"), [(1, 1), (1, 3), (2, 1), (5, 3)])
def test_crossings_are_looked_for_where_there_is_another_time(phases: int, units: int) -> None:
    points, sign = some_points(3, phases=phases, units=units)
    assert (measured(points, sign).crossing is None) == (phases == 1)
    assert measure(points, labelled(sign), crossing_examples=0).crossing is None
