"""The interval of a mean mutual rank against a slow loop and planted truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from signpaths.stability.intervals import UNSEEN, mean_interval

LARGEST = 93


def ends(ranks: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    return mean_interval(ranks, largest=LARGEST, confidence=confidence)


def test_each_end_is_a_t_interval_of_the_log_with_one_network_more() -> None:
    ranks = 1 + np.random.default_rng(0).gamma(2, 3, size=(7, 5))
    low, high = ends(ranks, 0.9)
    for pair, seen in enumerate(ranks.T):
        for end, factor, sign in ((low, 1 / UNSEEN, -1), (high, UNSEEN, 1)):
            values = np.append(seen, factor * seen.mean())
            error = stats.sem(values) / values.mean()
            expected = np.log(values.mean()) + sign * stats.t.ppf(0.95, 6) * error
            assert end[pair] == pytest.approx(np.clip(np.exp(expected), 1, LARGEST))


@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=60)
def test_it_holds_the_mean_and_no_impossible_rank(
    networks: int, seed: int, confidence: float
) -> None:
    generator = np.random.default_rng(seed)
    ranks = np.minimum(1 + generator.gamma(0.3, 5, size=(networks, 20)), LARGEST)
    low, high = ends(ranks, confidence)
    assert ((low >= 1) & (low <= ranks.mean(axis=0))).all()
    assert ((high >= ranks.mean(axis=0)) & (high <= LARGEST)).all()
    wider = ends(ranks, 0.999)
    assert ((wider[0] <= low) & (wider[1] >= high)).all()
    order = generator.permutation(networks)
    np.testing.assert_allclose(ends(ranks[order], confidence), (low, high))


@pytest.mark.parametrize("networks", [2, 3, 6, 10, 20, 100, 1000])
@pytest.mark.parametrize("rank", [1.0, 2.0, 30.0])
def test_ranks_that_all_agree_are_not_certain(networks: int, rank: float) -> None:
    """As many others as the exact bound allows, of twice the rank, are within it."""
    low, high = ends(np.full((networks, 1), rank, dtype=np.float32))
    others = 1 - 0.025 ** (1 / networks)
    assert high[0] > min(rank * (1 + others), LARGEST - 1e-9)
    assert low[0] < rank or rank == 1
    assert low[0] >= 1


def test_it_narrows_as_networks_agree_on() -> None:
    width = [np.ptp(ends(np.full((networks, 1), 4.0))) for networks in (2, 5, 10, 50, 500)]
    assert (np.diff(width) < 0).all()
    assert width[-1] < 0.1


def test_one_network_says_nothing() -> None:
    low, high = ends(np.array([[1.0, 5.0]]))
    assert low.tolist() == [1, 1]
    assert high.tolist() == [LARGEST, LARGEST]


def test_two_signs_have_one_rank_only() -> None:
    low, high = mean_interval(np.ones((5, 1)), largest=1, confidence=0.95)
    assert (low[0], high[0]) == (1, 1)


@pytest.mark.parametrize("networks", [6, 10, 20])
@pytest.mark.parametrize("share", [0.75, 0.9])
def test_it_covers_a_pair_that_is_near_in_most_networks(networks: int, share: float) -> None:
    """Planted truth: rank 1 to 3 in most networks, three times as far in the others."""
    generator = np.random.default_rng(networks)
    near = generator.choice([1, 1, 2**0.5, 2, 3], size=(networks, 4000))
    far = np.round(near * 3)
    ranks = np.where(generator.random(near.shape) < share, near, far)
    values = np.array([1, 1, 2**0.5, 2, 3])
    mean = share * values.mean() + (1 - share) * np.round(values * 3).mean()
    low, high = ends(ranks)
    assert ((low <= mean) & (mean <= high)).mean() >= 0.93


def test_it_is_no_wider_than_it_must_be() -> None:
    """Of twenty networks, of which one in four is far, it covers what it says and not much more."""
    generator = np.random.default_rng(20)
    near = generator.choice([1, 2**0.5, 2, 3], size=(20, 4000))
    low, high = ends(np.where(generator.random(near.shape) < 0.75, near, 3 * near))
    mean = 1.5 * (1 + 2**0.5 + 2 + 3) / 4
    assert 0.94 <= ((low <= mean) & (mean <= high)).mean() <= 0.975
