"""Groups of signs: planted families are found, and how sure they are is told."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import squareform
from signpaths.columns import column_of
from signpaths.stability.groups import co_membership, group_statistics, groups_of

FAMILIES = ((0, 3, 7, 8), (1, 2, 9), (4, 5))
SIGNS = 12


def planted(seed: int, networks: int, inside: float, outside: float) -> np.ndarray:
    """Pairs of a family are close with one probability, all others with another."""
    chance = np.full((SIGNS, SIGNS), outside)
    for family in FAMILIES:
        for one, other in itertools.permutations(family, 2):
            chance[one, other] = inside
    chance = chance[np.triu_indices(SIGNS, 1)]
    draws = np.random.default_rng(seed).random((networks, chance.size))
    return (draws < chance).astype(np.float32)


def test_planted_families_are_the_groups() -> None:
    names = np.array(list("abcdefghijkl"))
    close = planted(0, 20, 0.85, 0.1)
    found = group_statistics(close, names, tau=0.5, resamples=100, seed=0)
    assert found.sign.values.tolist() == list(names)
    for number, family in enumerate(FAMILIES, 1):
        assert np.flatnonzero(found.group == number).tolist() == list(family)
        pairs = [np.array(close).mean(axis=0)[at] for at in pairs_of(family)]
        own = found.isel(sign=list(family))
        assert float(own.group_close.mean()) == pytest.approx(np.mean(pairs), abs=1e-6)
        assert own.group_membership.min() > 0.9
    alone = found.group.values == 0
    assert np.flatnonzero(alone).tolist() == [6, 10, 11]
    assert np.isnan(found.group_close.values[alone]).all()
    assert np.isnan(found.group_membership.values[alone]).all()
    for name in found.data_vars:
        assert column_of(found[name]).section == 7


def pairs_of(family: tuple[int, ...]) -> list[int]:
    place = {two: at for at, two in enumerate(itertools.combinations(range(SIGNS), 2))}
    return [place[two] for two in itertools.combinations(family, 2)]


def test_a_group_at_the_limit_comes_again_less_often_than_a_firm_one() -> None:
    firm, loose = (
        group_statistics(
            planted(3, 20, inside, 0.05), np.arange(SIGNS), tau=0.5, resamples=100, seed=0
        )
        for inside in (0.95, 0.55)
    )
    assert loose.group_membership.mean() < firm.group_membership.mean() - 0.1


def test_without_close_pairs_there_is_no_group() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = group_statistics(
            np.zeros((5, 66), np.float32), np.arange(SIGNS), tau=0.5, resamples=10, seed=0
        )
    assert (found.group == 0).all()
    assert np.isnan(found.group_membership).all()


def test_two_signs_and_one_network_are_no_obstacle() -> None:
    two = group_statistics(
        np.ones((3, 1), np.float32), np.array(["a", "b"]), tau=0.5, resamples=10, seed=0
    )
    assert two.group.values.tolist() == [1, 1]
    one = group_statistics(planted(0, 1, 1, 0), np.arange(SIGNS), tau=0.5, resamples=10, seed=0)
    assert one.group.max() == 3
    assert np.isnan(one.group_membership).all(), "resampling one network changes nothing"


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 8]))
@settings(max_examples=40, deadline=None)
def test_joined_signs_are_close_on_average_and_their_order_decides_nothing(
    seed: int, networks: int
) -> None:
    pi = planted(seed, networks, 0.7, 0.2).mean(axis=0)
    # Whole numbers of networks make ties; a trifle for each pair leaves none that matter.
    pi = np.clip(pi + 1e-5 * np.random.default_rng(seed).random(pi.size), 0, 1)
    group = groups_of(pi, 0.5)
    matrix = squareform(pi)
    sizes = np.bincount(group, minlength=1)[1:]
    assert (np.diff(sizes) <= 0).all()
    assert (sizes >= 2).all()
    for number in range(1, sizes.size + 1):
        own = np.flatnonzero(group == number)
        inside = matrix[np.ix_(own, own)][np.triu_indices(own.size, 1)]
        assert inside.mean() >= 0.5 - 1e-6
    order = np.random.default_rng(seed).permutation(SIGNS)
    moved = groups_of(squareform(matrix[np.ix_(order, order)]), 0.5)
    expected = group[order]
    np.testing.assert_array_equal(
        (moved[:, None] == moved) & (moved > 0), (expected[:, None] == expected) & (expected > 0)
    )


def test_of_two_ties_the_signs_that_are_more_alike_in_all_else_are_joined() -> None:
    """b is as close to a as to c, but only a is also near d: in any order a and b are the group."""
    pi = {frozenset("ab"): 0.6, frozenset("bc"): 0.6, frozenset("ad"): 0.4, frozenset("bd"): 0.4}
    for order in itertools.permutations("abcd"):
        shares = [pi.get(frozenset(two), 0.0) for two in itertools.combinations(order, 2)]
        found = groups_of(np.array(shares), 0.5)
        assert {sign for sign, group in zip(order, found, strict=True) if group} == {"a", "b"}


@pytest.mark.parametrize("seed", range(30))
def test_how_alike_two_signs_are_is_told_by_their_shares_with_all_others(seed: int) -> None:
    """b is as close to a as to c, and joins the one whose shares with all signs are nearer."""
    generator = np.random.default_rng(seed)
    shares = generator.choice([0, 0.1, 0.2], (7, 7)) * (generator.random((7, 1)) < 0.7)
    pi = np.triu(shares, 1) + np.triu(shares, 1).T
    pi[[0, 1, 1, 2], [1, 0, 2, 1]], pi[[0, 2], [2, 0]] = 0.3, 0
    apart = [np.linalg.norm(pi[1] - pi[other]) for other in (0, 2)]
    if np.ptp(apart) > 1e-9:
        joined = [0, 1] if apart[0] < apart[1] else [1, 2]
        assert np.flatnonzero(groups_of(squareform(pi), 0.25)).tolist() == joined


def test_of_two_groups_of_one_size_the_closer_is_the_first() -> None:
    pi = np.zeros((7, 7))
    for own, share in (((0, 1), 0.7), ((2, 3), 0.9), ((4, 5), 0.8)):
        pi[own] = pi[own[::-1]] = share
    # How close they are to others does not count.
    pi[[0, 6, 1, 2], [6, 0, 2, 1]] = 0.5
    assert groups_of(squareform(pi), 0.65).tolist() == [3, 3, 1, 1, 2, 2, 0]


def test_a_mean_of_just_tau_joins() -> None:
    assert groups_of(np.array([0.5]), 0.5).tolist() == [1, 1]
    assert groups_of(np.array([0.4999]), 0.5).tolist() == [0, 0]


def test_co_membership_counts_resampled_studies() -> None:
    """Of two networks one is drawn twice in half of the cases."""
    close = np.array([[1.0], [0.0]], np.float32)
    found = co_membership(close, 0.6, 4000, 0)
    np.testing.assert_array_equal(np.diag(found), 1)
    assert found[0, 1] == pytest.approx(0.25, abs=0.03)
