"""Mutual ranks: against sorting, without a session, and of the two halves of a sign."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.closeness.measures import measure
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks, sensitivity_ranks
from slow_measures import SEEDS, labelled, measured, slow_means, slow_mutual_ranks, some_points


@given(
    st.integers(2, 7).flatmap(
        lambda count: st.lists(
            st.integers(0, 4), min_size=count * (count - 1) // 2, max_size=count * (count - 1) // 2
        )
    )
)
def test_mutual_ranks_agree_with_sorting_ties_included(values: list[int]) -> None:
    count = round((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    distance = np.zeros((count, count))
    distance[np.triu_indices(count, 1)] = values
    distance += distance.T
    np.fill_diagonal(distance, np.nan)
    ranks = mutual_ranks(distance)
    np.testing.assert_allclose(ranks, slow_mutual_ranks(distance), rtol=1e-12)
    off = ranks[~np.eye(count, dtype=bool)]
    assert ((off >= 1) & (off <= count - 1)).all()
    np.testing.assert_array_equal(ranks, ranks.T)
    assert np.isnan(np.diag(ranks)).all()


def test_mutual_ranks_of_a_case_done_by_hand() -> None:
    distance = np.array([[9.0, 1, 2, 2], [1, 9, 5, 6], [2, 5, 9, 1], [2, 6, 1, 9]])
    # From the first sign: the second is nearest, the others share ranks 2 and 3.
    expected = {(0, 1): 1.0, (0, 2): (2.5 * 2) ** 0.5, (0, 3): (2.5 * 2) ** 0.5}
    expected |= {(1, 2): (2 * 3) ** 0.5, (1, 3): 3.0, (2, 3): 1.0}
    ranks = mutual_ranks(distance)
    for pair, rank in expected.items():
        assert ranks[pair] == pytest.approx(rank)
    assert distance[0, 0] == 9.0, "the distances that were given have been changed"


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e20])
@pytest.mark.parametrize(("apart", "ranks"), [(2e-13, (1.5, 1.5)), (2e-12, (1, 2))])
def test_distances_are_equal_if_no_more_than_rounding_parts_them(
    scale: float, apart: float, ranks: tuple[float, float]
) -> None:
    """A trillionth of the largest distance is the limit, however large that is."""
    distance = np.zeros((4, 4))
    distance[np.triu_indices(4, 1)] = [1, 0.5, 0.5 + apart, 0.9, 0.9, 0.7]
    found = mutual_ranks(scale * (distance + distance.T))
    # The first sign is the nearest of the last two.
    np.testing.assert_allclose(found[0, 2:] ** 2, ranks)


# Without a session


def sessions_of(sign: np.ndarray, names: str) -> np.ndarray:
    """Deal out sessions to the examples of each sign in turn."""
    session = np.empty(sign.size, dtype=object)
    for name in np.unique(sign):
        mine = np.flatnonzero(sign == name)
        session[mine] = [names[at % len(names)] for at in range(mine.size)]
    return session.astype(str)


@given(SEEDS)
@settings(max_examples=15)
def test_leaving_a_session_out_is_measuring_without_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sign = generator.permutation(np.repeat(list("abcd"), 6))
    points = generator.normal(size=(24, 3, 2))
    session = sessions_of(sign, "xyz")
    found = measure(points, labelled(sign, session), 0)
    assert found.rank_without.shape == (3, 4, 4)
    for row, name in enumerate("xyz"):
        kept = session != name
        expected = measured(points[kept], sign[kept]).mutual_rank
        np.testing.assert_allclose(found.rank_without[row], expected)


def test_only_sessions_that_leave_every_sign_an_example_are_left_out() -> None:
    sign = np.array(list("aabbcc"))
    points = np.random.default_rng(0).normal(size=(6, 2, 2))
    lone = measure(points, labelled(sign, np.array(list("xyxyxx"))), 0)
    assert len(lone.rank_without) == 0
    three = measure(points, labelled(sign, np.array(list("xyxyyz"))), 0)
    assert len(three.rank_without) == 3
    two = measure(points, labelled(sign, np.array(list("xyxyxy"))), 0)
    assert len(two.rank_without) == 2


# The two halves of a sign


@given(SEEDS)
@settings(max_examples=15)
def test_the_ceiling_is_the_rank_of_the_other_half_among_all_halves(seed: int) -> None:
    points, sign = some_points(seed)
    found = measured(points, sign).ceiling
    half = np.empty(sign.size, dtype=object)
    for name in "abcd":
        mine = np.flatnonzero(sign == name)
        half[mine] = [f"{name}{at % 2}" for at in range(mine.size)]
    names = sorted(set(half))
    ranks = slow_mutual_ranks(slow_means(points, half.astype(str), with_self=False))
    for at, name in enumerate("abcd"):
        if f"{name}1" not in names:
            assert np.isnan(found[at])
            continue
        assert found[at] == pytest.approx(ranks[names.index(f"{name}0"), names.index(f"{name}1")])


def test_halves_hold_every_session() -> None:
    """Two days far apart: halves by day would not find each other, halves within days do."""
    generator = np.random.default_rng(3)
    sign = np.repeat(list("abcdef"), 8)
    session = np.tile(np.repeat(["mon", "tue"], 4), 6)
    place = {name: generator.normal(size=(2, 3)) for name in "abcdef"}
    points = np.stack([place[name] for name in sign]) + (session == "tue")[:, None, None] * 50
    points += generator.normal(0, 0.1, points.shape)
    take = np.tile([1, 2, 3, 4], 12)
    examples = dataclasses.replace(labelled(sign, session), take=take)
    assert (measure(points, examples, 0).ceiling == 1).all()


@pytest.mark.parametrize(
    ("signs", "fraction", "k"),
    [(94, 0.05, 5), (30, 0.05, 1), (52, 0.05, 3), (12, 0.05, 1), (2, 0.05, 1), (11, 1.0, 10)],
)
def test_close_is_a_share_of_the_other_signs(signs: int, fraction: float, k: int) -> None:
    assert largest_close_rank(signs, fraction) == k


@pytest.mark.parametrize("signs", [2, 3, 12, 94])
def test_other_limits_are_half_and_double_but_neither_none_nor_more_than_there_are(
    signs: int,
) -> None:
    for k in range(1, signs):
        half, double = sensitivity_ranks(k, signs)
        assert 1 <= half <= k <= double <= signs - 1
        assert half == 1 or abs(half - k / 2) <= 0.5
        assert double == signs - 1 or double == 2 * k
