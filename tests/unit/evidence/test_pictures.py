"""What the article saw, as numbers: against slow, obvious versions and planted truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from signpaths.evidence.pictures import (
    NEIGHBOURS,
    mixing,
    neighbours_of_other_signs,
    ranks_of_chosen,
    sign_share,
    step_length,
    step_lengths,
    told_by_last,
)


def test_a_step_is_measured_against_what_two_frames_are_apart() -> None:
    generator = np.random.default_rng(0)
    path = generator.normal(size=(5, 9, 2)).cumsum(axis=1)
    real = np.ones((5, 9), dtype=bool)
    real[0, :4] = False
    steps, frames = [], [path[e, t] for e in range(5) for t in range(9) if real[e, t]]
    for e in range(5):
        for t in range(8):
            if real[e, t] and real[e, t + 1]:
                steps.append(((path[e, t + 1] - path[e, t]) ** 2).sum())
    apart = np.mean([((one - other) ** 2).sum() for one in frames for other in frames])
    assert step_length(path, real) == pytest.approx(np.sqrt(np.mean(steps) / apart))


def test_shuffled_frames_step_as_far_as_any_two_are_apart_and_smooth_ones_do_not() -> None:
    generator = np.random.default_rng(1)
    noise = generator.normal(size=(60, 50, 2))
    real = np.ones((60, 50), dtype=bool)
    assert step_length(noise, real) == pytest.approx(1, abs=0.03)
    line = np.broadcast_to(np.linspace(0, 1, 50)[None, :, None], (60, 50, 2))
    assert step_length(line, real) == pytest.approx(1 / 49 / np.sqrt(2 * np.var(line[0, :, 0])))


def test_nothing_that_moves_has_no_step_length() -> None:
    assert np.isnan(step_length(np.zeros((2, 3, 2)), np.ones((2, 3), dtype=bool)))
    assert np.isnan(step_length(np.zeros((2, 1, 2)), np.ones((2, 1), dtype=bool)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 6))
def test_the_share_of_the_sign_is_that_of_a_loop(seed: int, signs: int) -> None:
    generator = np.random.default_rng(seed)
    sign = np.repeat(np.arange(signs), 4)
    values = generator.normal(size=(len(sign), 5, 2)) + sign[:, None, None]
    total = within = 0.0
    for phase in range(5):
        for dim in range(2):
            one = values[:, phase, dim]
            total += ((one - one.mean()) ** 2).sum()
            for name in range(signs):
                own = one[sign == name]
                within += ((own - own.mean()) ** 2).sum()
    assert sign_share(values, sign) == pytest.approx(1 - within / total)


def test_signs_apart_have_it_all_and_names_shuffled_what_chance_gives() -> None:
    generator = np.random.default_rng(2)
    sign = np.repeat(np.arange(10), 20)
    values = 100.0 * sign[:, None, None] + generator.normal(size=(200, 4, 2))
    assert sign_share(values, sign) > 0.999
    shares = [sign_share(values, generator.permutation(sign)) for _ in range(200)]
    assert np.mean(shares) == pytest.approx(9 / 199, abs=0.01)


def test_last_steps_tell_what_their_neighbours_vote() -> None:
    last = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [0.15], [5.15], [4.9]])
    sign = np.array([*"aaabbb", "a", "b", "a"])
    train = np.arange(9) < 6
    assert told_by_last(last, sign, train) == pytest.approx(2 / 3)
    assert np.isnan(told_by_last(last, sign, np.ones(9, dtype=bool)))


def test_neighbours_are_of_other_signs_and_nearest_first() -> None:
    generator = np.random.default_rng(3)
    frames, sign = generator.normal(size=(80, 2)), generator.integers(0, 5, 80)
    found = neighbours_of_other_signs(frames, sign)
    assert found.shape == (80, NEIGHBOURS)
    for one in range(80):
        others = [other for other in range(80) if sign[other] != sign[one]]
        others.sort(key=lambda other: ((frames[other] - frames[one]) ** 2).sum())
        assert found[one].tolist() == [sign[other] for other in others[:NEIGHBOURS]]


def test_groups_apart_never_mix_and_groups_of_chance_mix_as_chance_does() -> None:
    generator = np.random.default_rng(4)
    two = np.arange(12) % 2 == 0
    sign = np.repeat(np.arange(12), 30)
    apart = generator.normal(size=(360, 2)) + 50.0 * two[sign, None]
    share, chance, p = mixing(neighbours_of_other_signs(apart, sign), sign, two)
    assert share == 0
    # Of the 11 other signs 6 use other hands.
    assert chance == pytest.approx(6 / 11, abs=0.08)
    assert p < 0.05
    ps = []
    for seed in range(40):
        drawn = np.random.default_rng(seed)
        frames = drawn.normal(size=(120, 2)) + 3 * drawn.normal(size=(12, 2))[sign[::3]]
        group = drawn.permutation(two)
        ps.append(mixing(neighbours_of_other_signs(frames, sign[::3]), sign[::3], group)[2])
    # Uniform if the groups mean nothing: a p below 0.1 comes up in a tenth of the draws.
    assert np.mean(np.array(ps) < 0.1) < 0.3
    assert 0.3 < np.mean(ps) < 0.7


def test_one_group_alone_mixes_with_nobody() -> None:
    sign = np.repeat(np.arange(3), 4)
    nearest = neighbours_of_other_signs(np.arange(12.0)[:, None], sign)
    assert np.isnan(mixing(nearest, sign, np.ones(3, dtype=bool))).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_the_chosen_sign_is_ranked_as_by_a_loop(seed: int) -> None:
    generator = np.random.default_rng(seed)
    middles, last = generator.normal(size=(7, 2)), generator.normal(size=(6, 2))
    true = generator.integers(0, 7, 6)
    chosen = (true + generator.integers(1, 7, 6)) % 7
    found = ranks_of_chosen(last, middles, true, chosen)
    for one in range(6):
        others = [sign for sign in range(7) if sign != true[one]]
        others.sort(key=lambda sign: ((last[one] - middles[sign]) ** 2).sum())
        assert found[one] == 1 + others.index(chosen[one])


def test_mixing_falls_as_groups_are_moved_apart() -> None:
    generator = np.random.default_rng(5)
    two, sign = np.arange(10) < 5, np.repeat(np.arange(10), 20)
    places = generator.normal(size=(200, 2))
    shares = [
        mixing(neighbours_of_other_signs(places + far * two[sign, None], sign), sign, two)[0]
        for far in (0, 1, 2, 4, 8)
    ]
    assert spearmanr(shares, range(5)).statistic < -0.95


def test_the_steps_of_signs_make_up_those_of_all() -> None:
    generator = np.random.default_rng(6)
    path = generator.normal(size=(12, 9, 2)).cumsum(axis=1)
    path[6:] *= 3
    real = np.ones((12, 9), dtype=bool)
    real[::2, :3] = False
    sign = np.repeat(["b", "a", "c"], 4)
    found = step_lengths(path, real, sign)
    steps = np.array([(real[sign == name].sum(axis=1) - 1).sum() for name in "abc"])
    assert np.sqrt((found**2 * steps).sum() / steps.sum()) == pytest.approx(step_length(path, real))
    assert found.argmax() == 2
    assert np.isnan(
        step_lengths(np.zeros((2, 3, 2)), np.ones((2, 3), bool), np.array([0, 1]))
    ).all()
