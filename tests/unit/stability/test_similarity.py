"""Ranks of many runs: against scipy, sets and slow loops."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation, norm, rankdata, spearmanr
from signpaths.stability.similarity import (
    jaccard,
    nearest_signs,
    noise_ceiling,
    outlying,
    rank_correlations,
    shuffled_signs,
)

SEEDS = st.integers(0, 2**32 - 1)


def slow_ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    places = [[i + 1 for i, other in enumerate(ordered) if other == value] for value in values]
    return [sum(place) / len(place) for place in places]


# Ranks of all runs


@given(SEEDS, st.integers(2, 6))
@settings(max_examples=25)
def test_ranks_agree_with_scipy(seed: int, runs: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=10) + generator.normal(size=(runs, 10)).round()
    ranks = rankdata(values, axis=1)
    np.testing.assert_allclose(ranks, [slow_ranks(one.tolist()) for one in values])
    found = rank_correlations(ranks, 5).values
    lower, upper = noise_ceiling(ranks)
    for one in range(runs):
        assert np.isnan(found[one, one])
        others = [ranks[other] for other in range(runs) if other != one]
        mean = np.array([sum(column) / len(others) for column in zip(*others, strict=True)])
        assert lower[one] == pytest.approx(spearmanr(values[one], mean).statistic)
        everyone = np.mean([*others, ranks[one]], axis=0)
        assert upper[one] == pytest.approx(spearmanr(values[one], everyone).statistic)
        for other in range(runs):
            if other != one:
                expected = spearmanr(values[one], values[other]).statistic
                assert found[one, other] == pytest.approx(expected)


@given(SEEDS, st.integers(2, 5))
@settings(max_examples=25)
def test_a_left_out_sign_takes_its_pairs_with_it(seed: int, runs: int) -> None:
    ranks = rankdata(np.random.default_rng(seed).normal(size=(runs, 15)), axis=1)
    pairs = list(itertools.combinations(range(6), 2))
    for sign, mean in enumerate(rank_correlations(ranks, 6).without):
        left = [index for index, pair in enumerate(pairs) if sign not in pair]
        each = [
            np.corrcoef(one[left], other[left])[0, 1]
            for one, other in itertools.combinations(ranks, 2)
        ]
        assert mean == pytest.approx(np.mean(each))


@given(SEEDS, st.integers(2, 8), st.floats(0, 3))
@settings(max_examples=40)
def test_the_ceiling_has_its_lower_end_below(seed: int, runs: int, noise: float) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=40) + noise * generator.normal(size=(runs, 40))
    lower, upper = noise_ceiling(rankdata(values, axis=1))
    assert lower.mean() <= upper.mean() + 1e-12
    assert ((lower >= -1) & (upper <= 1 + 1e-12)).all()


@pytest.mark.filterwarnings("error")
def test_ranks_that_do_not_vary_correlate_with_nothing() -> None:
    ranks = np.array([[1.0, 2, 3], [2, 2, 2], [2, 1, 3]])
    likeness = rank_correlations(ranks, 3)
    np.testing.assert_allclose(likeness.values[0], [np.nan, np.nan, 0.5])
    assert np.isnan(likeness.values[1]).all()
    assert np.isnan(likeness.without).all(), "of one pair nothing correlates"
    lower, upper = noise_ceiling(ranks)
    assert np.isnan([lower[1], upper[1]]).all()
    assert np.isfinite([*lower[[0, 2]], *upper[[0, 2]]]).all()
    assert np.isnan(noise_ceiling(ranks[:1])).all(), "one run has nothing to agree with"
    assert np.isnan(rank_correlations(ranks[1:2], 3).values).all()
    alone = rank_correlations(rankdata([[3.0, 1, 4, 1, 5, 9]], axis=1), 4)
    assert np.isnan(alone.values).all()
    assert np.isnan(alone.without).all()


# Nearest signs


@given(SEEDS, st.integers(2, 5), st.integers(3, 9))
@settings(max_examples=25)
def test_the_jaccard_index_is_that_of_sets(seed: int, runs: int, signs: int) -> None:
    generator = np.random.default_rng(seed)
    k = int(generator.integers(1, signs))
    distance = generator.random((runs + 1, signs, signs))
    known = np.arange(runs + 1) != 1
    nearest = np.array([nearest_signs(one, k) for one in distance])
    found, of_sign = jaccard(nearest, known)
    sets = [
        [
            set(sorted((other for other in range(signs) if other != sign), key=one[sign].item)[:k])
            for sign in range(signs)
        ]
        for one in distance
    ]
    each = {
        (one, other): [
            len(sets[one][sign] & sets[other][sign]) / len(sets[one][sign] | sets[other][sign])
            for sign in range(signs)
        ]
        for one, other in itertools.permutations(np.flatnonzero(known).tolist(), 2)
    }
    for at in np.ndindex(found.values.shape):
        value = found.values[at]
        assert value == pytest.approx(np.mean(each[at])) if at in each else np.isnan(value)
    table = np.array(list(each.values()))
    np.testing.assert_allclose(of_sign, table.mean(axis=0))
    for sign in range(signs):
        assert found.without[sign] == pytest.approx(np.delete(table, sign, axis=1).mean())


def test_nearest_signs_leave_out_the_sign_itself_and_its_missing_distance() -> None:
    distance = np.array([[np.nan, 2, 2], [2, 0, 9], [2, 9, 0]])
    found = nearest_signs(distance, 1)
    np.testing.assert_array_equal(found, [[0, 1, 0], [1, 0, 0], [1, 0, 0]])
    assert np.isnan(distance[0, 0]), "the distances that were given have been changed"
    likeness, of_sign = jaccard(found[None], np.array([True]))
    assert np.isnan(likeness.values).all(), "one run has nothing to agree with"
    assert np.isnan(of_sign).all()


def test_signs_that_change_places_correlate_with_nothing() -> None:
    distance = np.abs(np.subtract.outer(np.arange(12.0), np.arange(12.0)))
    ranks = np.stack([rankdata(distance[np.triu_indices(12, 1)])] * 3)
    nearest = np.stack([nearest_signs(distance, 2)] * 3)
    assert rank_correlations(ranks, 12).values[0, 1] == pytest.approx(1)
    correlation, shared = shuffled_signs(ranks, nearest, 400)
    assert abs(correlation.mean()) < 0.03
    # Two of eleven: the expected index of two random sets of two.
    both = 2 * 1 / (11 * 10 / 2) / 2, 2 * 2 * 9 / (11 * 10)
    assert shared.mean() == pytest.approx(both[0] * 1 + both[1] / 3, abs=0.02)
    assert [one.size for one in shuffled_signs(ranks[:1], nearest[:1], 5)] == [0, 0]


def test_two_runs_are_shuffled_and_none_against_itself_or_without_an_order() -> None:
    """One run takes every sign for near, the other a single one: the index is 1/4 in any order."""
    signs = 5
    every = ~np.eye(signs, dtype=bool)
    single = np.roll(np.eye(signs, dtype=bool), 1, axis=1)
    ranks = np.array([np.full(10, 5.5), np.arange(10.0) + 1, np.full(10, 5.5), np.arange(10.0)])
    correlation, shared = shuffled_signs(ranks, np.array([every, every, single, single]), 30)
    np.testing.assert_allclose(shared, 1 / 4)
    assert np.isfinite(correlation).all()
    # Which signs change places differs between draws.
    assert np.ptp(correlation) > 0
    alone = shuffled_signs(ranks[:2], np.array([every, every]), 3)
    assert [one.size for one in alone] == [0, 0]


# Runs that stand out


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_what_stands_out_is_told_by_median_and_deviation(values: list[float], margin: float):
    found = outlying(np.array(values), margin)
    limit = max(3 * median_abs_deviation(values, scale="normal"), margin)
    assert found.tolist() == [np.median(values) - value > limit for value in values]


@pytest.mark.parametrize(("deviations", "told"), [(2.9, False), (3.1, True)])
def test_three_robust_deviations_are_the_limit(deviations: float, told: bool) -> None:
    """Of these the median absolute deviation is 1: that of normal values, over the quartile's z."""
    far = deviations / norm.ppf(0.75)
    found = outlying(np.array([-far, -1, -1, 0, 1, 1, far]), 0.1)
    assert found.tolist() == [told, *[False] * 6]


def test_missing_values_do_not_stand_out() -> None:
    found = outlying(np.array([0.9, np.nan, 0.9, 0.9, 0.2]), 0.1)
    assert found.tolist() == [False, False, False, False, True]
    assert outlying(np.array([np.nan]), 0.1).tolist() == [False]
