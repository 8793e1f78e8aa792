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


def permuted_pairs(signs: int, permutations: int) -> list[list[int]]:
    """Where each pair's value comes from, permutation by permutation, one matrix at a time."""
    generator = np.random.default_rng(0)
    rows, columns = np.triu_indices(signs, 1)
    numbers = np.zeros((signs, signs), dtype=int)
    numbers[rows, columns] = numbers[columns, rows] = np.arange(rows.size)
    orders = [generator.permutation(signs) for _ in range(permutations)]
    return [numbers[np.ix_(order, order)][rows, columns].tolist() for order in orders]


def partial_correlation(response: np.ndarray, own: np.ndarray, others: list[np.ndarray]) -> float:
    """The correlation of what the others leave of the response and of the predictor."""
    design = np.stack([np.ones(response.size), *others], axis=1)
    left = (one - design @ np.linalg.lstsq(design, one, rcond=None)[0] for one in (response, own))
    return stats.pearsonr(*left).statistic


def test_p_values_are_those_of_loops_over_permutations() -> None:
    scores, predictors = made_scores(np.random.default_rng(12), 9, own=3.0, private=3.0)
    predictors["twin"] = normal_scores(
        predictors["raw"] + np.random.default_rng(13).normal(size=36)
    )
    found = regressed(scores, predictors, 9, permutations=59)
    orders, mean = permuted_pairs(9, 59), scores.mean(axis=0)
    design = np.stack([np.ones(36), *predictors.values()], axis=1)

    def explained(response: np.ndarray) -> float:
        return (
            stats.pearsonr(
                response, design @ np.linalg.lstsq(design, response, rcond=None)[0]
            ).statistic
            ** 2
        )

    def share(own: float, others: list[float]) -> float:
        return (1 + sum(one >= own for one in others)) / (1 + len(others))

    by_chance = [explained(mean[order]) for order in orders]
    assert found.explained_p == share(explained(mean), by_chance)
    for at, name in enumerate(predictors):
        others = [one for other, one in predictors.items() if other != name]
        basis = np.stack([np.ones(36), *others], axis=1)
        own = predictors[name]
        own = own - basis @ np.linalg.lstsq(basis, own, rcond=None)[0]
        moved = [abs(partial_correlation(mean, own[order], others)) for order in orders]
        expected = share(abs(partial_correlation(mean, own, others)), moved)
        assert found.coefficients_p[at] == expected
    halves = []
    for half in (scores[0::2].mean(axis=0), scores[1::2].mean(axis=0)):
        halves.append(half - design @ np.linalg.lstsq(design, half, rcond=None)[0])
    luck = [stats.pearsonr(halves[0], halves[1][order]).statistic for order in orders]
    assert found.agreement_p == share(found.agreement, luck)
    p = [found.explained_p, *found.coefficients_p, found.agreement_p]
    assert max(p) > 0.1, "all at their smallest would tell little"


def test_a_predictor_that_adds_nothing_keeps_its_level_beside_one_that_does() -> None:
    """The response hangs on the twin, the twin on the raw signals: these add nothing of their own.

    Permuting the response would reject in none of the studies, and keep what is there from view.
    """
    generator = np.random.default_rng(3)

    def distances() -> np.ndarray:
        places = generator.normal(size=(16, 3))
        return np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(16, 1)]

    rejected = {0.0: 0, 1.0: 0}
    for _ in range(150):
        raw = distances()
        twin = raw + distances()
        noise = [0.5 * distances() for _ in range(4)]
        for adds in rejected:
            scores = normal_scores(np.array([twin + adds * raw + one for one in noise]))
            predictors = {"raw": normal_scores(raw), "twin": normal_scores(twin)}
            p = regressed(scores, predictors, 16, permutations=39).coefficients_p
            rejected[adds] += p[0] <= 0.05
    assert stats.binomtest(rejected[0.0], 150, 0.05).pvalue > 0.001
    assert rejected[1.0] > 120


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_predictor_told_by_the_others_adds_nothing(scale: float) -> None:
    scores, predictors = made_scores(np.random.default_rng(5), 10, own=0.0, private=0.5)
    scores, predictors = scale * scores, {"raw": scale * predictors["raw"]}
    again = predictors | {"again": 2 * predictors["raw"]}
    assert regressed(scores, again, 10, permutations=19).coefficients_p.tolist() == [1, 1]
    # Nor does it change what is said of another one.
    other = {"other": normal_scores(np.random.default_rng(2).random(45))}
    few, more = (
        regressed(scores, one | other, 10, permutations=999) for one in (predictors, again)
    )
    assert few.coefficients_p[-1] == more.coefficients_p[-1]
    np.testing.assert_allclose(few.residual, more.residual, atol=1e-12)
