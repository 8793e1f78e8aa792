"""Answers of two networks: against scikit-learn, scipy and slow loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from signpaths.stability.functional import FEWEST_COMMON, Answers, functional_likeness
from sklearn.metrics import cohen_kappa_score

SIGNS = 4


def some_answers(seed: int, networks: int, label: np.ndarray, share: float) -> list[Answers]:
    """Networks that hold out examples of their own and are right in most of them."""
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(networks):
        example = np.flatnonzero(generator.random(label.size) < share)
        probability = generator.dirichlet(np.ones(SIGNS) / 2, example.size)
        probability += 0.7 * np.eye(SIGNS)[label[example]]
        probability /= probability.sum(axis=1, keepdims=True)
        probability[::5] = np.eye(SIGNS)[probability[::5].argmax(axis=1)]
        made.append(Answers(example, probability.astype(np.float32), probability.argmax(axis=1)))
    return made


def slow_two(one: Answers, other: Answers, label: np.ndarray, without: int = -1):
    """Disagreement, kappa, divergence and examples in common, one example at a time."""
    rows = [
        (list(one.example).index(example), list(other.example).index(example), label[example])
        for example in sorted({*one.example.tolist()} & {*other.example.tolist()})
        if label[example] != without
    ]
    if len(rows) < FEWEST_COMMON:
        return np.nan, np.nan, np.nan, len(rows)
    different = np.mean([one.answer[i] != other.answer[j] for i, j, _ in rows])
    right = [one.answer[i] == sign for i, _, sign in rows]
    other_right = [other.answer[j] == sign for _, j, sign in rows]
    same = all(right + other_right)
    kappa = np.nan if same else cohen_kappa_score(right, other_right)
    divergence = np.mean(
        [jensenshannon(one.probability[i], other.probability[j], 2) ** 2 for i, j, _ in rows]
    )
    return different, kappa, divergence, len(rows)


@pytest.mark.parametrize("block", [1, 2, 64])
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.6]))
@settings(max_examples=12, deadline=None)
def test_answers_are_compared_as_scikit_learn_and_scipy_do(block: int, seed: int, share: float):
    label = np.random.default_rng(seed).integers(0, SIGNS, 40)
    answers = some_answers(seed, 4, label, share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("signpaths.stability.functional.BLOCK", block)
        found = functional_likeness(answers, label, SIGNS)
    measures = (found.disagreement, found.error_consistency, found.divergence)
    for one, other in itertools.permutations(range(4), 2):
        *expected, common = slow_two(answers[one], answers[other], label)
        values = [measure.values[one, other] for measure in measures]
        np.testing.assert_allclose(values, expected, atol=2e-6)
        assert found.common[one, other] == common
    for sign in range(SIGNS):
        each = np.array(
            [slow_two(*two, label, without=sign)[:3] for two in itertools.combinations(answers, 2)]
        )
        for measure, values in zip(measures, each.T, strict=True):
            known = values[np.isfinite(values)]
            if known.size:
                assert measure.without[sign] == pytest.approx(known.mean(), abs=2e-6)
            else:
                assert np.isnan(measure.without[sign])


def test_each_sign_has_its_own_disagreement() -> None:
    label = np.repeat(np.arange(SIGNS), 5)
    sure = np.eye(SIGNS, dtype=np.float32)
    wrong = label.copy()
    wrong[5:8] = 0
    answers = [Answers(np.arange(20), sure[one], one) for one in (label, label, wrong)]
    found = functional_likeness(answers, label, SIGNS + 1)
    np.testing.assert_allclose(found.of_sign, [0, 2 / 5, 0, 0, np.nan])
    np.testing.assert_allclose(found.disagreement.values[0], [np.nan, 0, 0.15])
    np.testing.assert_allclose(found.divergence.values[0], [np.nan, 0, 0.15], atol=1e-6)
    assert np.isnan(found.error_consistency.values[0, 1]), "none of both is ever wrong"
    assert found.error_consistency.values[0, 2] == pytest.approx(0)
    assert np.isnan(found.disagreement.without[SIGNS]), "nobody held the fifth sign out"


def test_rounding_takes_no_divergence_below_zero() -> None:
    generator, label = np.random.default_rng(0), np.arange(12) % SIGNS
    for _ in range(40):
        one = np.tile(generator.dirichlet(np.ones(SIGNS)).astype(np.float32), (12, 1))
        other = np.nextafter(one, np.float32(1))
        answers = [Answers(np.arange(12), p, p.argmax(axis=1)) for p in (one, other)]
        found = functional_likeness(answers, label, SIGNS).divergence.values[0, 1]
        assert 0 <= found < 1e-6


def test_ten_examples_in_common_are_enough() -> None:
    label = np.append(np.zeros(10, dtype=int), 1)
    sure = np.eye(SIGNS, dtype=np.float32)
    first, every = np.arange(10), np.arange(11)
    answers = [Answers(own, sure[label[own]], label[own]) for own in (first, every)]
    found = functional_likeness(answers, label, SIGNS)
    assert found.common[0, 1] == 10
    assert found.disagreement.values[0, 1] == found.of_sign[0] == 0
    # Of a sign that one example in common shows, the mean without it is known as well.
    alike = functional_likeness(answers[1:] * 2, label, SIGNS)
    np.testing.assert_array_equal(alike.disagreement.without, [np.nan, 0, np.nan, np.nan])


def test_networks_with_too_few_examples_in_common_are_not_compared() -> None:
    label = np.arange(30) % SIGNS
    sure = np.eye(SIGNS, dtype=np.float32)
    halves = [np.arange(20), np.arange(11, 30), np.arange(20)]
    answers = [Answers(own, sure[label[own]], label[own]) for own in halves]
    found = functional_likeness(answers, label, SIGNS)
    assert found.common.tolist() == [[20, 9, 20], [9, 19, 9], [20, 9, 20]]
    np.testing.assert_array_equal(np.isfinite(found.disagreement.values[0]), [False, False, True])
    alone = functional_likeness(answers[:1], label, SIGNS)
    assert np.isnan(alone.disagreement.values).all()
    assert np.isnan(alone.of_sign).all()
