"""Hubs against obvious loops and planted ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from signpaths.stability.hubs import occurrences, scaled_locally


def strewn(generator: np.random.Generator, signs: int) -> np.ndarray:
    place = generator.normal(size=(signs, 3))
    return np.linalg.norm(place[:, None] - place, axis=2)


@given(st.integers(3, 12), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_occurrences_are_those_of_a_loop(signs: int, k: int, seed: int) -> None:
    k = min(k, signs - 1)
    distance = strewn(np.random.default_rng(seed), signs)
    expected = np.zeros(signs)
    for sign in range(signs):
        others = sorted((distance[sign, other], other) for other in range(signs) if other != sign)
        for _, other in others[:k]:
            expected[other] += 1
    np.testing.assert_array_equal(occurrences(distance, k), expected)
    assert expected.sum() == signs * k


def test_the_diagonal_plays_no_part() -> None:
    distance = strewn(np.random.default_rng(1), 8)
    known = occurrences(distance, 2), scaled_locally(distance, 2)
    np.fill_diagonal(distance, np.nan)
    np.testing.assert_array_equal(occurrences(distance, 2), known[0])
    np.testing.assert_array_equal(scaled_locally(distance, 2), known[1])


def test_scaling_is_that_of_a_loop() -> None:
    distance = strewn(np.random.default_rng(2), 7)
    near = [np.sort(np.delete(distance[sign], sign))[:3].mean() for sign in range(7)]
    found = scaled_locally(distance, 3)
    for a, b in np.ndindex(7, 7):
        expected = distance[a, b] / np.sqrt(near[a] * near[b])
        np.testing.assert_allclose(found[a, b], expected, atol=1e-12)


def test_hubs_of_many_dimensions_are_taken_away() -> None:
    """Points strewn in many dimensions have hubs: their occurrences are skewed (Radovanović)."""
    place = np.random.default_rng(0).normal(size=(150, 60))
    distance = np.linalg.norm(place[:, None] - place, axis=2)
    before, after = (
        stats.skew(occurrences(one, 5)) for one in (distance, scaled_locally(distance, 5))
    )
    assert before > 1.5
    assert after < before / 2


def test_signs_that_lie_on_each_other_have_no_distance() -> None:
    assert (scaled_locally(np.zeros((4, 4)), 2) == 0).all()
