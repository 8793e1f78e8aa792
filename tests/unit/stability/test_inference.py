"""The tests N0 to N2, intervals and jackknife against slow loops, scipy and planted truth."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from signpaths.stability import inference
from signpaths.stability.betting import confidence_sequence
from signpaths.stability.inference import (
    apart_q,
    arrangement,
    clopper_pearson,
    conditioned_p,
    count_tested,
    jackknife_error,
    looked_at,
    moved_by_training,
    share_tested,
    stays_close_q,
)


def squared(values: np.ndarray, signs: int) -> np.ndarray:
    square = np.zeros((signs, signs))
    square[np.triu_indices(signs, 1)] = values
    return square + square.T


def slow_benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Each p times M over its rank, and never above that of a larger p."""
    scaled = [value * len(p) / sum(other <= value for other in p) for value in p]
    larger = [[s for s, other in zip(scaled, p, strict=True) if other >= value] for value in p]
    return np.array([min(1.0, *found) for found in larger])


# N1 and N1a


@pytest.mark.parametrize("tau", [0.2, 0.5, 0.75, 0.8, 0.29, 0.07])
@pytest.mark.parametrize("networks", [1, 2, 7, 10, 20, 100])
def test_p_is_the_exact_one_given_more_than_tau(networks: int, tau: float) -> None:
    counts = np.arange(networks + 1)
    found = conditioned_p(networks, tau)
    kept = [count for count in counts if count > Fraction(str(tau)) * networks]
    known = sum(stats.binom.pmf(count, networks, tau) for count in kept)
    for count in counts:
        expected = (
            stats.binomtest(count, networks, tau, alternative="greater").pvalue / known
            if count in kept
            else 1.0
        )
        assert found[count] == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 99), st.integers(1, 200))
@example(29, 100)
@example(57, 100)
def test_a_share_of_tau_is_not_more_than_tau(hundredths: int, networks: int) -> None:
    """As they are written: in binary, 0.29 times 100 is less than 29."""
    tau = Fraction(hundredths, 100)
    counts = np.arange(networks + 1)
    expected = [count > tau * networks for count in range(networks + 1)]
    assert looked_at(counts, networks, hundredths / 100).tolist() == expected
    # The first count that is looked at is all that is known of the pair, the last is the rarest.
    p = conditioned_p(networks, hundredths / 100)
    assert p[expected.index(True)] == 1
    assert (np.diff(p) <= 0).all()


@given(st.integers(1, 40), st.floats(0.1, 0.9), st.floats(0, 1))
def test_p_is_at_most_uniform_whatever_the_share_up_to_tau(
    networks: int, tau: float, part: float
) -> None:
    """All outcomes, weighed by their chance, given that the pair is looked at (Zhao et al.)."""
    counts = np.arange(networks + 1)
    kept = counts > tau * networks
    chance = stats.binom.pmf(counts, networks, part * tau)[kept]
    if chance.sum() < 1e-12:
        return
    p = conditioned_p(networks, tau)[kept]
    for limit in p:
        assert chance[p <= limit].sum() / chance.sum() <= limit + 1e-9


@pytest.mark.parametrize(("networks", "confidence"), [(1, 0.95), (7, 0.8), (20, 0.95)])
def test_intervals_are_scipy_s(networks: int, confidence: float) -> None:
    low, high = clopper_pearson(networks, confidence)
    for count in range(networks + 1):
        interval = stats.binomtest(count, networks).proportion_ci(confidence, method="exact")
        assert (low[count], high[count]) == pytest.approx((interval.low, interval.high), abs=1e-9)


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.7]))
@settings(max_examples=30, deadline=None)
def test_only_pairs_that_are_looked_at_are_corrected_for(
    networks: int, seed: int, tau: float
) -> None:
    generator = np.random.default_rng(seed)
    count = generator.binomial(networks, generator.random(25))
    found = count_tested(count, networks, tau=tau, confidence=0.9)
    kept = count > tau * networks
    p = conditioned_p(networks, tau)[count]
    np.testing.assert_allclose(found.p, p)
    assert (found.q[~kept] == 1).all()
    assert (found.q_by[~kept] == 1).all()
    if kept.any():
        np.testing.assert_allclose(found.q[kept], slow_benjamini_hochberg(p[kept]))
        harmonic = sum(1 / rank for rank in range(1, kept.sum() + 1))
        by = np.minimum(1, slow_benjamini_hochberg(p[kept] * harmonic))
        np.testing.assert_allclose(found.q_by[kept], by)
    np.testing.assert_allclose(found.q, stays_close_q(count, networks, tau))
    below = [stats.binomtest(one, networks, tau, alternative="less").pvalue for one in count]
    np.testing.assert_allclose(found.apart_q, slow_benjamini_hochberg(np.array(below)))
    np.testing.assert_allclose(found.apart_q, apart_q(count, networks, tau))
    np.testing.assert_allclose(found.pi, count / networks)


def test_apart_is_asked_of_all_pairs_and_at_tau_exactly() -> None:
    """Written out for ten networks: P(X ≤ 1) is 11/1024, of two pairs among four."""
    q = apart_q(np.array([1, 1, 10, 10]), 10, 0.5)
    np.testing.assert_allclose(q, [22 / 1024, 22 / 1024, 1, 1])
    # The same with τ on the other side of one half.
    assert apart_q(np.array([0]), 3, 0.2)[0] == pytest.approx(0.8**3)


def test_conditioning_finds_more_where_most_pairs_are_hardly_ever_close() -> None:
    count = np.r_[np.full(4300, 0), np.full(30, 17), np.full(20, 20)]
    plain = stats.false_discovery_control(stats.binom.sf(count - 1, 20, 0.5))
    assert (plain <= 0.05).sum() == 20
    assert (stays_close_q(count, 20, 0.5) <= 0.05).sum() == 50


# The same where a network counts by a share


@given(st.integers(1, 25), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_the_bound_is_never_below_the_exact_p(networks: int, seed: int) -> None:
    """Of yes and no the exact p is known; Hoeffding's bound is at least that."""
    generator = np.random.default_rng(seed)
    close = (generator.random((networks, 12)) < generator.random(12)).astype(np.float32)
    found = share_tested(close, tau=0.5, confidence=0.95)
    count = np.rint(close.sum(axis=0)).astype(int)
    assert (found.p >= stats.binom.sf(count - 1, networks, 0.5) - 1e-9).all()
    assert (found.p[count <= networks / 2] == 1).all()
    assert found.p[count == networks] == pytest.approx(0.5**networks)
    order = np.argsort(count)
    assert (np.diff(found.p[order]) <= 1e-12).all()


def test_shares_count_by_their_mean() -> None:
    close = np.array([[0.2, 1.0], [0.6, 1.0], [1.0, 1.0]], dtype=np.float32)
    found = share_tested(close, tau=0.5, confidence=0.95)
    np.testing.assert_allclose(found.pi, [0.6, 1.0])
    divergence = 0.6 * np.log(0.6 / 0.5) + 0.4 * np.log(0.4 / 0.5)
    np.testing.assert_allclose(found.p, [np.exp(-3 * divergence), 0.5**3], rtol=1e-6)
    np.testing.assert_allclose(found.q, slow_benjamini_hochberg(found.p))
    np.testing.assert_allclose(found.apart_q, [1, 1])


@pytest.mark.parametrize("tau", [0.25, 0.5, 0.7])
@pytest.mark.parametrize("part", [0.6, 1.0])
@pytest.mark.parametrize("networks", [1, 3, 6])
def test_p_of_shares_is_at_most_uniform(tau: float, part: float, networks: int) -> None:
    """All outcomes of networks of two autoencoders, whose mean is π ≤ τ or, mirrored, π ≥ τ."""
    pi = part * tau
    chance = np.array([1 - pi - 0.05, 0.1, pi - 0.05])
    paths = np.array(list(itertools.product(range(3), repeat=networks)))
    weight = chance[paths].prod(axis=1)
    assert weight.sum() == pytest.approx(1)
    close = (paths.T / 2).astype(np.float32)
    p = share_tested(close, tau=tau, confidence=0.9).p
    for limit in np.unique(p):
        assert weight[p <= limit].sum() <= limit + 1e-9


@given(st.integers(1, 20), st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
@settings(max_examples=30, deadline=None)
def test_apart_is_the_mirror_where_networks_count_by_shares(
    networks: int, seed: int, tau: float
) -> None:
    """Closeness turned round: q of N1 and of N1a change places, and so do the ends."""
    generator = np.random.default_rng(seed)
    close = generator.integers(0, 5, (networks, 9)) / 4
    found = share_tested(close, tau=tau, confidence=0.9)
    turned = share_tested(1 - close, tau=1 - tau, confidence=0.9)
    np.testing.assert_allclose(found.apart_q, turned.q, atol=1e-9)
    np.testing.assert_allclose(found.q, turned.apart_q, atol=1e-9)
    np.testing.assert_allclose(found.pi_low, 1 - turned.pi_high, atol=1e-9)
    low, high = confidence_sequence(close, 0.9)
    np.testing.assert_array_equal((found.pi_low, found.pi_high), (low, high))
    harmonic = sum(1 / rank for rank in range(1, 10))
    by = np.minimum(1, slow_benjamini_hochberg(found.p * harmonic))
    np.testing.assert_allclose(found.q_by, by)
    order = np.argsort(close.mean(axis=0), kind="stable")
    assert (np.diff(found.p[order]) <= 1e-9).all()


def test_a_share_of_tau_or_less_is_no_evidence() -> None:
    for tau in (0.25, 0.5, 0.75):
        close = np.tile([0.0, tau / 2, tau, 1.0], (8, 1))
        np.testing.assert_allclose(
            share_tested(close, tau=tau, confidence=0.9).p, [1, 1, 1, tau**8], rtol=1e-6
        )


# N0


def test_arrangement_is_what_all_permutations_of_the_labels_give() -> None:
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
    np.testing.assert_allclose(arrangement(close), expected)


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(0, 1))
@settings(max_examples=40)
def test_arrangement_is_a_probability_that_falls_with_the_count(
    networks: int, seed: int, share: float
) -> None:
    close = np.random.default_rng(seed).random((networks, 15)) < share
    p = arrangement(close)
    assert ((p >= 0) & (p <= 1)).all()
    order = np.argsort(close.sum(axis=0))
    assert (np.diff(p[order]) <= 1e-12).all()
    assert (p[close.sum(axis=0) == 0] == 1).all()


# N2


@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_moved_by_training_is_what_all_sign_flips_give(networks: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    trained, untrained = generator.random((2, networks, 4)) < 0.5
    made, broken = (trained & ~untrained).sum(axis=0), (untrained & ~trained).sum(axis=0)
    p, q = moved_by_training(made, broken, 0.05)
    change = trained.astype(int) - untrained
    flips = np.array(list(itertools.product([-1, 1], repeat=networks)))
    for pair in range(4):
        sums = flips @ change[:, pair]
        expected = (np.abs(sums) >= abs(change[:, pair].sum())).mean()
        assert p[pair] == pytest.approx(expected)
        both = made[pair] + broken[pair]
        if both:
            assert p[pair] == pytest.approx(stats.binomtest(made[pair], both).pvalue)
    # Fewer than six networks that differ can never give 5 %.
    looked_at = (made + broken) >= 6
    assert (q[~looked_at] == 1).all()
    if looked_at.any():
        np.testing.assert_allclose(q[looked_at], stats.false_discovery_control(p[looked_at]))


@pytest.mark.parametrize(("fdr", "fewest"), [(0.05, 6), (1 / 16, 5), (0.2, 4), (0.01, 8)])
def test_pairs_of_which_too_few_networks_differ_are_not_corrected_for(
    fdr: float, fewest: int
) -> None:
    """If all of n differ one way, p is 2 / 2ⁿ: the fewest for which that is fdr or less."""
    made = np.repeat(np.arange(11), 40)
    p, q = moved_by_training(made, np.zeros_like(made), fdr)
    looked_at = made >= fewest
    assert (q[~looked_at] == 1).all()
    np.testing.assert_allclose(q[looked_at], slow_benjamini_hochberg(p[looked_at]))
    # A pair on which all networks agree before and after says nothing at all.
    assert (p[made == 0] == 1).all()


def test_training_moves_pairs_both_ways_alike() -> None:
    made, broken = np.array([10, 0, 5]), np.array([0, 10, 5])
    p, q = moved_by_training(made, broken, 0.05)
    assert p[0] == p[1] == pytest.approx(2 * 0.5**10)
    assert p[2] == 1
    assert (q[:2] <= 0.05).all()


# Jackknife


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=(9, 4))
    without = (values.sum(axis=0) - values) / 8
    np.testing.assert_allclose(jackknife_error(without), stats.sem(values, axis=0))


@pytest.mark.parametrize("kept_table", ["interval", "p", "apart"])
def test_a_table_that_is_kept_for_the_next_call_cannot_be_changed(kept_table: str) -> None:
    made = {
        "interval": lambda: inference.clopper_pearson(9, 0.95)[0],
        "p": lambda: inference.conditioned_p(9, 0.5),
        "apart": lambda: inference._apart_p(9, 0.5),
    }[kept_table]
    before = made().copy()
    with pytest.raises(ValueError, match="read-only"):
        made()[3] = 0.7
    np.testing.assert_array_equal(made(), before)
