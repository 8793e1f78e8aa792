"""N3 against least squares, loops and planted truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from signpaths.stability import regression
from signpaths.stability.regression import regressed
from signpaths.stability.variance import normal_scores


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
    return normal_scores(np.array(networks)), {"raw": normal_scores(raw)}


def test_a_network_that_only_hands_on_its_input_has_nothing_of_its_own() -> None:
    scores, predictors = made_scores(np.random.default_rng(5), 30, own=0.0, private=0.3)
    found = regressed(scores, predictors, 30, permutations=199)
    assert found.explained > 0.7
    assert found.explained_p == pytest.approx(1 / 200)
    assert found.coefficients_p[0] == pytest.approx(1 / 200)


def test_what_all_networks_share_beyond_the_input_is_found() -> None:
    scores, predictors = made_scores(np.random.default_rng(6), 30, own=2.0, private=0.3)
    found = regressed(scores, predictors, 30, permutations=199)
    assert found.agreement is not None
    assert found.agreement > 0.8
    assert found.agreement_p == pytest.approx(1 / 200)


def test_the_regression_is_that_of_least_squares() -> None:
    scores, predictors = made_scores(np.random.default_rng(7), 12, own=1.0, private=1.0)
    predictors["other"] = normal_scores(np.random.default_rng(8).random(66))
    found = regressed(scores, predictors, 12, permutations=9)
    design = np.stack([np.ones(66), *predictors.values()], axis=1)
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
        rejected += regressed(one, other, 10, permutations=39).explained_p <= 0.05
    assert stats.binomtest(rejected, 200, 0.05).pvalue > 0.001


def test_one_network_shares_nothing_with_others_and_equal_ranks_explain_nothing() -> None:
    scores, predictors = made_scores(np.random.default_rng(2), 8, own=0.0, private=1.0)
    found = regressed(scores[:1], predictors, 8, permutations=9)
    assert found.agreement is None
    assert found.agreement_p is None
    flat = regressed(np.zeros((3, 28)), {"raw": np.zeros(28)}, 8, permutations=9)
    assert flat.explained == 0
    assert flat.explained_p == 1
    assert np.isfinite(flat.residual).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_correlation_is_numpy_s_at_every_scale(seed: int, one: float, other: float) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, 12)) * np.array([[one], [other]])
    found = regression._correlation(a, b)
    assert found == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert regression._correlation(a, np.full(12, other)) == 0


def test_the_agreement_is_that_of_two_halves_of_the_networks() -> None:
    scores, predictors = made_scores(np.random.default_rng(4), 9, own=1.0, private=2.0)
    found = regressed(scores, predictors, 9, permutations=9)
    design = np.stack([np.ones(36), *predictors.values()], axis=1)
    halves = []
    for half in (scores[0::2].mean(axis=0), scores[1::2].mean(axis=0)):
        weights, *_ = np.linalg.lstsq(design, half, rcond=None)
        halves.append(half - design @ weights)
    assert found.agreement == pytest.approx(stats.pearsonr(*halves).statistic)
