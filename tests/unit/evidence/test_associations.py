"""Associations of units and features: against slow loops, shifts one by one, and planted sizes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from signpaths.evidence.associations import (
    aligned,
    associations,
    between,
    centred,
    chance_p,
    judged,
    least_p,
    shifted,
    together,
    whitened,
    without_course,
)
from sklearn.linear_model import LinearRegression

Examples = list[np.ndarray]


def padded(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    length = np.array([len(one) for one in examples])
    values = np.zeros((len(examples), length.max(), examples[0].shape[1]))
    for row, one in enumerate(examples):
        values[row, : len(one)] = one
    return values, length


def centred_examples(rng: np.random.Generator, lengths: list[int], columns: int) -> Examples:
    drawn = [rng.normal(size=(length, columns)) for length in lengths]
    return [one - one.mean(axis=0) for one in drawn]


def slow_strength(units: Examples, features: Examples, lag: int) -> np.ndarray:
    later = np.concatenate([np.roll(one, lag, axis=0) for one in features])
    every = np.concatenate(units)
    return np.array([[np.corrcoef(unit, feature)[0, 1] for feature in later.T] for unit in every.T])


def drift(rng: np.random.Generator, frames: int, columns: int, keep: float = 0.9) -> np.ndarray:
    """Values that change slowly, as hidden states and hands do."""
    values = rng.normal(size=(frames, columns))
    for step in range(1, frames):
        values[step] = keep * values[step - 1] + np.sqrt(1 - keep**2) * values[step]
    return values


@given(st.lists(st.integers(2, 9), min_size=2, max_size=5), st.integers(0, 4), st.integers(0, 999))
def test_strengths_are_correlations_over_all_frames(
    lengths: list[int], lags: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    units, features = centred_examples(rng, lengths, 3), centred_examples(rng, lengths, 2)
    values, length = padded(units)
    found = associations(values, padded(features)[0], length, np.arange(len(length)), lags)
    for lag in range(lags + 1):
        np.testing.assert_allclose(found.strength[lag], slow_strength(units, features, lag))


@given(st.lists(st.integers(2, 6), min_size=1, max_size=3), st.integers(0, 999))
def test_chance_is_what_all_shifts_give(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    units, features = centred_examples(rng, lengths, 2), centred_examples(rng, lengths, 3)
    values, length = padded(units)
    found = associations(values, padded(features)[0], length, np.arange(len(length)), 0)
    every = np.concatenate(units)
    each = []
    for shifts in itertools.product(*(range(one) for one in lengths)):
        rolled = np.concatenate(
            [np.roll(one, shift, axis=0) for one, shift in zip(features, shifts, strict=True)]
        )
        each.append(every.T @ rolled)
    size = np.sqrt((every**2).sum(axis=0)[:, None] * (np.concatenate(features) ** 2).sum(axis=0))
    np.testing.assert_allclose(np.mean(each, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.chance, np.std(each, axis=0) / size)


def test_chance_holds_for_slow_values_where_frames_taken_as_witnesses_do_not() -> None:
    """Shifts alone let 7 % pass at 5 %, for slow values do not go round; errors do not."""
    rng = np.random.default_rng(1)
    examples, frames, columns = 60, 40, 20
    length = np.full(examples, frames)
    p: dict[str, list[np.ndarray]] = {"shifts": [], "error": [], "frames": []}
    for _ in range(6):
        values, features = (
            centred(np.stack([drift(rng, frames, columns) for _ in length]), length)
            for _ in range(2)
        )
        found = associations(values, features, length, np.arange(examples), 0)
        strength = found.strength[0]
        p["shifts"].append(chance_p(strength, found.chance))
        p["error"].append(least_p(strength, found.error[0], found.groups, 1e-9))
        p["frames"].append(chance_p(strength, np.full_like(strength, length.sum() ** -0.5)))
    passed = {name: np.mean(np.array(each) < 0.05) for name, each in p.items()}
    assert 0.04 < passed["shifts"] < 0.1
    assert 0.035 < passed["error"] < 0.065
    assert passed["frames"] > 0.3


def test_chance_of_signs_is_what_all_permutations_give() -> None:
    rng = np.random.default_rng(3)
    means = rng.normal(size=(6, 2))
    member = (np.arange(6)[:, None] // 3 == np.arange(2)).astype(float)
    means, member = means - means.mean(axis=0), member - member.mean(axis=0)
    found = between(means, member)
    each = [means.T @ member[list(order)] for order in itertools.permutations(range(6))]
    size = np.sqrt((means**2).sum(axis=0)[:, None] * (member**2).sum(axis=0))
    np.testing.assert_allclose(found.strength[0], means.T @ member / size)
    np.testing.assert_allclose(found.chance, np.std(each, axis=0) / size)


def test_few_recordings_of_a_sign_count_as_few() -> None:
    rng = np.random.default_rng(0)
    means = rng.choice([-1.0, 1.0], size=(200, 1))
    member = (np.arange(200) < 4).astype(float)[:, None]
    found = between(means - means.mean(axis=0), member - member.mean(axis=0))
    # The others weigh little, one by one, and are many.
    assert 4 < found.groups[0, 0] < 17


@pytest.mark.parametrize("groups", [12, 60])
def test_a_size_at_the_limit_is_seldom_taken_for_a_larger_one(groups: int) -> None:
    """Signs differ in how strongly unit and feature go together, on average at the limit."""
    rng = np.random.default_rng(groups)
    limit, takes, frames, columns = 0.3, 4, 25, 60
    group = np.repeat(np.arange(groups), takes)
    length = np.full(len(group), frames)
    features = rng.normal(size=(len(group), frames, columns))
    noise = rng.normal(size=features.shape)
    of_group = limit + 0.2 * rng.normal(size=(groups, 1, columns))
    slope = of_group[group] / np.sqrt(1 - limit**2)
    units = slope * features + noise
    p, strength = [], []
    for column in range(columns):
        found = associations(
            centred(units[..., [column]], length),
            centred(features[..., [column]], length),
            length,
            group,
            0,
        )
        strength.append(found.strength[0, 0, 0])
        p.append(least_p(found.strength[0], found.error[0], found.groups, 0.29)[0, 0])
    assert abs(np.mean(strength) - 0.29) < 0.02
    assert np.mean(np.array(p) < 0.05) <= 0.12


def test_two_things_that_both_happen_late_do_not_go_together() -> None:
    """Each follows its own course, the same in all examples, at examples' own pace."""
    rng = np.random.default_rng(5)
    length = rng.integers(20, 50, 80)
    late = [np.linspace(0, 1, frames)[:, None] ** 3 for frames in length]
    unit, feature = (
        centred(padded([one + 0.2 * rng.normal(size=one.shape) for one in late])[0], length)
        for _ in range(2)
    )
    group = np.arange(80)
    before = associations(unit, feature, length, group, 0)
    assert before.strength[0, 0, 0] > 0.5
    after = associations(
        without_course(unit, length), without_course(feature, length), length, group, 0
    )
    assert abs(after.strength[0, 0, 0]) < 4 * after.chance[0, 0]


def test_what_follows_the_common_course_exactly_is_left_with_nothing() -> None:
    length = np.array([12, 30, 64])
    course = centred(padded([np.linspace(0, 2, one)[:, None] for one in length])[0], length)
    assert np.abs(without_course(course, length)).max() < 1e-3


def test_a_late_answer_is_found_at_its_lag() -> None:
    rng = np.random.default_rng(2)
    length = np.full(40, 30)
    features = centred(np.stack([drift(rng, 30, 2, 0.5) for _ in length]), length)
    units = shifted(features, length, 3)[..., :1] + 0.1 * rng.normal(size=(40, 30, 1))
    units = centred(units, length)
    found = associations(units, features, length, np.arange(40), 5)
    strength, lag, p = judged(found, 0.3, np.array([True, True]))
    assert lag[0, 0] == 3
    assert strength[0, 0] > 0.95
    assert p[0, 0] < 1e-6
    assert p[0, 1] > 0.5
    # Without lags it is not found.
    assert judged(found, 0.3, np.array([False, False]))[2][0, 0] > 0.05


def test_p_is_corrected_for_the_lags() -> None:
    rng = np.random.default_rng(4)
    length = np.full(30, 20)
    units, features = (centred(rng.normal(size=(30, 20, 1)), length) for _ in range(2))
    features = features + 0.45 * units
    found = associations(units, features, length, np.arange(30), 3)
    (with_lags,), (without,) = (
        judged(found, 0.3, np.array([lagged]))[2] for lagged in (True, False)
    )
    assert 0 < without[0] < 0.2
    assert with_lags[0] == pytest.approx(4 * without[0])


def test_noise_answers_to_nothing_at_any_size() -> None:
    """Realised FDR where all are false: how many studies say anything at all."""
    rng = np.random.default_rng(8)
    length, group = np.full(60, 30), np.repeat(np.arange(20), 3)
    said = 0
    for _ in range(60):
        units, features = (
            centred(np.stack([drift(rng, 30, size) for _ in length]), length) for size in (8, 6)
        )
        found = associations(units, features, length, group, 2)
        p = judged(found, 1e-3, np.ones(6, bool))[2]
        said += bool((false_discovery_control(p.ravel()) <= 0.05).any())
    assert said <= 6


def test_what_stands_still_and_dead_units_answer_to_nothing() -> None:
    rng = np.random.default_rng(0)
    length = np.array([7, 9])
    real = np.arange(9) < length[:, None]
    units = np.stack([rng.normal(size=(2, 9)), np.full((2, 9), 0.1)], axis=2) * real[..., None]
    own = centred(units, length)
    assert np.abs(own[..., 1]).max() == 0
    found = associations(own, own, length, np.arange(2), 1)
    strength, _, p = judged(found, 0.3, np.ones(2, bool))
    np.testing.assert_allclose(strength, [[1, 0], [0, 0]])
    assert p[1].tolist() == [1, 1]
    for values in (found.strength, found.error, found.chance, found.groups):
        assert np.isfinite(values).all()


def test_a_perfect_correlation_is_shown_and_one_group_shows_nothing() -> None:
    rng = np.random.default_rng(0)
    length = np.full(12, 20)
    units = centred(rng.normal(size=(12, 20, 1)), length)
    many, one = (
        judged(associations(units, -2 * units, length, group, 0), 0.3, np.array([False]))
        for group in (np.arange(12), np.zeros(12, int))
    )
    assert many[0][0, 0] == pytest.approx(-1)
    assert many[2][0, 0] < 1e-9
    assert one[2][0, 0] == 1


def test_all_units_together_tell_what_a_regression_does() -> None:
    rng = np.random.default_rng(6)
    length = np.full(50, 40)
    units = rng.normal(size=(50, 40, 4)) @ rng.normal(size=(4, 4))
    features = units @ rng.normal(size=(4, 1)) + 3 * rng.normal(size=(50, 40, 1))
    features = np.concatenate([features, rng.normal(size=(50, 40, 1))], axis=2)
    units, features = centred(units, length), centred(features, length)
    found = together(associations(whitened(units), features, length, np.arange(50), 0))[0]
    flat = units.reshape(-1, 4)
    share = [
        LinearRegression().fit(flat, one).score(flat, one) for one in features.reshape(-1, 2).T
    ]
    # By chance four units explain four of the frames' degrees of freedom.
    by_chance = 4 / (50 * 39)
    assert found[0] ** 2 == pytest.approx((share[0] - by_chance) / (1 - by_chance), abs=2e-3)
    assert found[1] < 0.06


def test_what_chance_gives_many_units_is_taken_off() -> None:
    """Six units explain six of seventy degrees of freedom of noise, and more by luck as often."""
    rng = np.random.default_rng(9)
    length = np.full(10, 8)
    units, features = (centred(rng.normal(size=(10, 8, size)), length) for size in (6, 200))
    found = associations(whitened(units), features, length, np.arange(10), 0)
    assert np.mean((found.strength**2).sum(axis=1)) == pytest.approx(6 / 70, rel=0.15)
    assert 0.4 < np.mean(together(found) == 0) < 0.7


def test_one_direction_of_two_equal_units_counts_once() -> None:
    rng = np.random.default_rng(7)
    one = rng.normal(size=(10, 8, 1))
    assert whitened(np.concatenate([one, 2 * one, 0 * one], axis=2)).shape == (10, 8, 1)


@given(st.integers(0, 5), st.integers(0, 99))
def test_real_frames_come_to_the_front(before: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, 4)
    values, real = np.zeros((4, 12, 2)), np.zeros((4, 12), bool)
    examples = [rng.normal(size=(length, 2)) for length in lengths]
    for row, one in enumerate(examples):
        values[row, before : before + len(one)] = one
        real[row, before : before + len(one)] = True
    np.testing.assert_array_equal(aligned(values, real), padded(examples)[0])
