"""Roles of units: matched against all orders, and turns against measuring turned states anew."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signpaths.evidence.associations import centred, without_course
from signpaths.evidence.features import KINDS, VIEWS, Feature
from signpaths.evidence.responses import Response, Stimuli, measured
from signpaths.evidence.roles import Network, matched, profiles, random_turn, turned

UNITS, SIGNS, TAKES, FRAMES = 5, 4, 3, 12


def stimuli(rng: np.random.Generator) -> Stimuli:
    group = np.repeat(np.arange(SIGNS), TAKES)
    length = rng.integers(FRAMES // 2, FRAMES + 1, len(group))
    real = np.arange(FRAMES) < length[:, None]
    values = np.where(real[..., None], rng.normal(size=(len(group), FRAMES, 2)), 0)
    places = np.where(real, np.arange(FRAMES) / (length[:, None] - 1), 0)[..., None]
    member = (group[:, None] == np.arange(SIGNS)).astype(float)
    return Stimuli(
        features=[
            *(Feature("channel", name) for name in "ab"),
            Feature("position"),
            *(Feature("sign", str(sign)) for sign in range(SIGNS)),
        ],
        moving=without_course(centred(values, length), length),
        position=centred(places, length),
        signs=member - member.mean(axis=0),
        length=length,
        group=group,
    )


def states(rng: np.random.Generator, shown: Stimuli) -> np.ndarray:
    real = np.arange(FRAMES) < shown.length[:, None]
    size = rng.uniform(0.2, 2, UNITS)
    return np.where(real[..., None], size * rng.normal(size=(len(real), FRAMES, UNITS)), 0)


def network(found: Response, shown: Stimuli) -> Network:
    view = [list(VIEWS).index(KINDS[feature.kind].view) for feature in shown.features]
    return Network(found.associations.strength, found.products, np.array(view))


@given(st.integers(0, 999))
def test_strengths_after_a_turn_are_those_of_turned_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shown = stimuli(rng)
    hidden, turn = states(rng, shown), random_turn(UNITS, rng)
    found = turned(network(measured(hidden, shown, 2), shown), turn)
    anew = measured(hidden @ turn, shown, 2).associations.strength
    np.testing.assert_allclose(found, anew, atol=1e-9)


def test_all_units_together_tell_the_same_after_a_turn() -> None:
    rng = np.random.default_rng(0)
    shown = stimuli(rng)
    hidden, turn = states(rng, shown), random_turn(UNITS, rng)
    np.testing.assert_allclose(
        measured(hidden, shown, 1).together, measured(hidden @ turn, shown, 1).together, atol=1e-6
    )


@given(st.integers(2, 5), st.integers(0, 999))
def test_no_other_matching_is_better(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ours, theirs = (profiles(rng.normal(size=(1, size, 4))) for _ in range(2))
    partner, alike = matched(ours, theirs)
    assert sorted(partner) == list(range(size))
    cosine = np.abs(ours @ theirs.T)
    best = max(
        sum(cosine[row, column] for row, column in enumerate(order))
        for order in itertools.permutations(range(size))
    )
    assert alike.sum() == pytest.approx(best)


def test_units_are_found_again_in_another_order_and_upside_down() -> None:
    rng = np.random.default_rng(1)
    strength = rng.normal(size=(2, 9, 7))
    order, sign = rng.permutation(9), rng.choice([-1, 1], 9)
    other = (strength * sign[:, None])[:, order]
    partner, alike = matched(profiles(strength), profiles(other))
    np.testing.assert_array_equal(order[partner], np.arange(9))
    np.testing.assert_allclose(alike, 1)


def test_a_unit_without_a_role_is_like_no_other() -> None:
    strength = np.random.default_rng(0).normal(size=(1, 3, 4))
    strength[:, 1] = 0
    _, alike = matched(profiles(strength), profiles(strength))
    np.testing.assert_allclose(alike, [1, 0, 1])


def test_turns_are_orthogonal_and_prefer_no_direction() -> None:
    rng = np.random.default_rng(0)
    turns = np.array([random_turn(3, rng) for _ in range(2000)])
    np.testing.assert_allclose(
        turns @ turns.transpose(0, 2, 1), np.tile(np.eye(3), (2000, 1, 1)), atol=1e-9
    )
    np.testing.assert_allclose(turns.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose((turns**2).mean(axis=0), 1 / 3, atol=0.03)
