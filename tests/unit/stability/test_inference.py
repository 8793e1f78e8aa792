"""The tests N0 to N3, bootstrap and jackknife against slow loops, scipy and planted truth."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from signpaths.stability.inference import (
    beyond_input,
    bootstrap_means,
    chance,
    jackknife_error,
    learned,
)
from signpaths.stability.variance import normal_scores


def squared(values: np.ndarray, signs: int) -> np.ndarray:
    square = np.zeros((signs, signs))
    square[np.triu_indices(signs, 1)] = values
    return square + square.T


# N0


def test_chance_is_what_all_permutations_of_the_labels_give() -> None:
    """Four signs, two networks: all 24 × 24 permutations, one by one."""
    close = np.array([[1, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0]], dtype=bool)
    upper = np.triu_indices(4, 1)
    counts = []
    for orders in itertools.product(itertools.permutations(range(4)), repeat=2):
        shuffled = [
            squared(one, 4)[np.ix_(order, order)][upper]
            for one, order in zip(close, orders, strict=True)
        ]
        counts.append(np.sum(shuffled, axis=0))
    pooled = np.concatenate(counts)
    expected = [(pooled >= count).mean() for count in close.sum(axis=0)]
    np.testing.assert_allclose(chance(close), expected)


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(0, 1))
@settings(max_examples=40)
def test_chance_is_a_probability_that_falls_with_the_count(
    networks: int, seed: int, share: float
) -> None:
    close = np.random.default_rng(seed).random((networks, 15)) < share
    p = chance(close)
    assert ((p >= 0) & (p <= 1)).all()
    order = np.argsort(close.sum(axis=0))
    assert (np.diff(p[order]) <= 1e-12).all()
    assert (p[close.sum(axis=0) == 0] == 1).all()


# N2


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_learned_is_what_all_sign_flips_give(networks: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    trained, untrained = generator.random((2, networks, 4)) < 0.5
    difference, p = learned(trained, untrained)
    change = trained.astype(int) - untrained
    flips = np.array(list(itertools.product([-1, 1], repeat=networks)))
    for pair in range(4):
        expected = (flips @ change[:, pair] >= change[:, pair].sum()).mean()
        assert p[pair] == pytest.approx(expected)
        assert difference[pair] == pytest.approx(change[:, pair].mean())


# Bootstrap and jackknife


def test_the_bootstrap_is_that_of_a_slow_loop() -> None:
    generator = np.random.default_rng(3)
    ranks = generator.gamma(2, 5, size=(8, 5, 3)) + generator.gamma(2, 5, size=(8, 1, 3))
    low, high = bootstrap_means(ranks, resamples=20_000, confidence=0.9)
    slow = np.empty((4000, 3))
    for row in range(4000):
        medians = [
            np.median(ranks[network][generator.integers(5, size=5)], axis=0)
            for network in generator.integers(8, size=8)
        ]
        slow[row] = np.mean(medians, axis=0)
    error = slow.std(axis=0)
    np.testing.assert_allclose(low, np.quantile(slow, 0.05, axis=0), atol=0.12 * error.max())
    np.testing.assert_allclose(high, np.quantile(slow, 0.95, axis=0), atol=0.12 * error.max())


@pytest.mark.parametrize("autoencoders", [1, 2, 3, 4])
def test_the_bootstrap_holds_the_mean_and_draws_no_value_that_is_not_there(
    autoencoders: int,
) -> None:
    ranks = np.random.default_rng(0).random((12, autoencoders, 7))
    low, high = bootstrap_means(ranks, resamples=500, confidence=0.95)
    mean = np.median(ranks, axis=1).mean(axis=0)
    assert ((low <= mean) & (mean <= high)).all()
    assert ((low >= ranks.min(axis=(0, 1)) - 1e-6) & (high <= ranks.max(axis=(0, 1)) + 1e-6)).all()
    same = bootstrap_means(np.ones((3, autoencoders, 2)), resamples=50, confidence=0.95)
    np.testing.assert_allclose(same, 1, rtol=1e-6)


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=(9, 4))
    without = (values.sum(axis=0) - values) / 8
    np.testing.assert_allclose(jackknife_error(without), stats.sem(values, axis=0))


# N3


def made_scores(generator: np.random.Generator, signs: int, own: float, private: float):
    """Scores of ten networks: the input's places, places of their own that all share, and noise."""

    def distances(places: np.ndarray) -> np.ndarray:
        return np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(signs, 1)]

    raw = distances(generator.normal(size=(signs, 3)))
    common = distances(generator.normal(size=(signs, 3)))
    networks = [
        raw + own * common + private * distances(generator.normal(size=(signs, 3)))
        for _ in range(10)
    ]
    return normal_scores(np.array(networks)), {"raw": raw}


def test_a_network_that_only_hands_on_its_input_has_nothing_of_its_own() -> None:
    scores, predictors = made_scores(np.random.default_rng(5), 30, own=0.0, private=0.3)
    found = beyond_input(scores, predictors, 30, permutations=199)
    assert found.explained > 0.7
    assert found.explained_p == pytest.approx(1 / 200)
    assert found.coefficients_p[0] == pytest.approx(1 / 200)


def test_what_all_networks_share_beyond_the_input_is_found() -> None:
    scores, predictors = made_scores(np.random.default_rng(6), 30, own=2.0, private=0.3)
    found = beyond_input(scores, predictors, 30, permutations=199)
    assert found.agreement is not None
    assert found.agreement > 0.8
    assert found.agreement_p == pytest.approx(1 / 200)


def test_the_regression_is_that_of_least_squares() -> None:
    scores, predictors = made_scores(np.random.default_rng(7), 12, own=1.0, private=1.0)
    predictors["other"] = np.random.default_rng(8).random(66)
    found = beyond_input(scores, predictors, 12, permutations=9)
    design = np.stack([np.ones(66), *map(normal_scores, predictors.values())], axis=1)
    weights, residue, *_ = np.linalg.lstsq(design, scores.mean(axis=0), rcond=None)
    np.testing.assert_allclose(found.coefficients, weights[1:])
    assert found.explained == pytest.approx(1 - residue[0] / (66 * scores.mean(axis=0).var()))
    np.testing.assert_allclose(found.residual, scores.mean(axis=0) - design @ weights)


def test_permutations_of_the_signs_keep_their_level() -> None:
    """Under the null a p of 5 % or less comes in about 5 % of studies."""
    generator = np.random.default_rng(9)
    rejected = 0
    for _ in range(200):
        one, _ = made_scores(generator, 10, own=0.0, private=0.5)
        _, other = made_scores(generator, 10, own=0.0, private=0.5)
        rejected += beyond_input(one, other, 10, permutations=39).explained_p <= 0.05
    assert stats.binomtest(rejected, 200, 0.05).pvalue > 0.001


def test_one_network_shares_nothing_with_others_and_equal_ranks_explain_nothing() -> None:
    scores, predictors = made_scores(np.random.default_rng(2), 8, own=0.0, private=1.0)
    found = beyond_input(scores[:1], predictors, 8, permutations=9)
    assert found.agreement is None
    assert found.agreement_p is None
    flat = beyond_input(np.zeros((3, 28)), {"raw": np.ones(28)}, 8, permutations=9)
    assert flat.explained == 0
    assert flat.explained_p == 1
    assert np.isfinite(flat.residual).all()
