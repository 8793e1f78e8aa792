"""Distances of examples and overlap of signs: at their ends, and where rounding might tell."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from signpaths.closeness.distances import energy_coefficients, example_distances, mean_distances
from slow_measures import SEEDS, measured, slow_energy, some_points


@given(SEEDS)
@settings(max_examples=30)
def test_energy_lies_between_no_and_full_overlap(seed: int) -> None:
    points, sign = some_points(seed, phases=1, units=1)
    points = np.round(points)
    energy = measured(points, sign).energy
    assert ((energy >= 0) & (energy <= 1)).all()
    np.testing.assert_allclose(energy, np.clip(slow_energy(points, sign), 0, 1), atol=1e-9)


def test_energy_at_its_ends() -> None:
    sign = np.array([*"aaa", *"bbb", *"cc"])
    cloud = np.random.default_rng(0).normal(size=(3, 2, 2))
    points = np.concatenate([cloud, cloud[[2, 0, 1]], np.full((2, 2, 2), 1e4)])
    energy = measured(points, sign).energy
    assert energy[0, 1] == pytest.approx(0, abs=1e-9), "two signs of the same examples"
    assert energy[0, 2] > 0.999, "two signs far apart"
    apart = measured(np.repeat(np.eye(3), 2, axis=0)[:, None], np.array(list("aabbcc"))).energy
    np.testing.assert_allclose(apart, 1 - np.eye(3), err_msg="each sign a point of its own")


def test_energy_coefficients_do_not_divide_by_zero() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = energy_coefficients(np.array([[0.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


def test_rounding_takes_no_energy_below_zero() -> None:
    found = energy_coefficients(np.array([[1.0, 1 - 1e-15], [1 - 1e-15, 1.0]]))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


def test_a_group_of_one_has_no_distance_within_itself() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mean_distances(np.array([[6.0, 4.0], [4.0, 0.0]]), np.array([3.0, 1.0]))
    np.testing.assert_array_equal(found, [[1, 4 / 3], [4 / 3, np.nan]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 1), (6, 3)])
def test_a_distance_is_the_root_mean_square_over_phases(shape: tuple[int, int]) -> None:
    points = np.random.default_rng(3).normal(size=(7, *shape))
    between = example_distances(points)
    for i, j in np.ndindex(7, 7):
        apart = np.linalg.norm(points[i] - points[j], axis=1)
        assert between[i, j] == pytest.approx(np.sqrt(np.mean(apart**2)), abs=1e-9)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_identical_examples_are_at_distance_zero_anywhere(scale: float) -> None:
    generator = np.random.default_rng(0)
    points = scale * (generator.normal(size=(20, 8, 50)) + 1000)
    points[7] = points[3]
    between = example_distances(points)
    assert between[3, 7] == between[7, 3] == 0
    assert (np.diag(between) == 0).all()
    others = between[~np.eye(20, dtype=bool)]
    assert (others == 0).sum() == 2
