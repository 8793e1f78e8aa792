"""Bets against closed forms, numerical integrals and all paths of small studies."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats
from signpaths.stability.betting import confidence_sequence, discovered, log_e_values
from signpaths.stability.inference import clopper_pearson


def close_in(networks: int) -> np.ndarray:
    """One pair for each number of networks in which it is close, `(network, pair)`."""
    return (np.arange(networks)[:, None] < np.arange(networks + 1)).astype(np.float32)


def log_mixture(count: int, networks: int, share: float, low: float) -> float:
    """Beliefs from `low` to 1 against `share`, in closed form."""
    a, b = count + 1, networks - count + 1
    return (
        special.betaln(a, b)
        + stats.beta.logsf(low, a, b)
        - np.log(1 - low)
        - count * np.log(share)
        - (networks - count) * np.log(1 - share)
    )


@pytest.mark.parametrize("networks", [1, 5, 20, 200, 1000])
@pytest.mark.parametrize("tau", [0.2, 0.5, 0.8])
def test_e_values_of_counts_have_a_closed_form(networks: int, tau: float) -> None:
    found = log_e_values(close_in(networks), tau)
    expected = np.array([log_mixture(count, networks, tau, tau) for count in range(networks + 1)])
    # Where the tail of the beta distribution is too small for a float, scipy does not know it.
    counts = np.arange(networks + 1)
    known = stats.beta.logsf(tau, counts + 1, networks - counts + 1) > -690
    assert known[int(tau * networks) :].all()
    # The nodes are a grid: exact up to degree 199.
    np.testing.assert_allclose(found[known], expected[known], rtol=1e-6, atol=1e-6)


def test_e_values_of_shares_are_the_integral() -> None:
    close = np.array([0.2, 1.0, 0.6, 0.0, 0.8])

    def capital(belief: float) -> float:
        return float(np.prod(close * belief / 0.5 + (1 - close) * (1 - belief) / 0.5))

    expected = integrate.quad(capital, 0.5, 1)[0] / 0.5
    assert log_e_values(close[:, None], 0.5)[0] == pytest.approx(np.log(expected))


@pytest.mark.parametrize("levels", [(0.0, 1.0), (0.0, 0.5, 1.0)])
@pytest.mark.parametrize("tau", [0.3, 0.5])
def test_nobody_wins_on_average(levels: tuple[float, ...], tau: float) -> None:
    """All outcomes of four networks whose mean closeness is τ."""
    if len(levels) == 2:
        chance = np.array([1 - tau, tau])
    else:
        chance = np.array([1 - tau - 0.1, 0.2, tau - 0.1])
    paths = np.array(list(itertools.product(range(len(levels)), repeat=4)))
    e = np.exp(log_e_values(np.array(levels)[paths].T, tau))
    assert (e * chance[paths].prod(axis=1)).sum() == pytest.approx(1)


@pytest.mark.parametrize("tau", [0.2, 0.5, 0.8])
def test_nobody_wins_on_average_where_the_share_is_smaller(tau: float) -> None:
    """The less often the pair is close, the more is lost."""
    paths = np.array(list(itertools.product((0, 1), repeat=6)))
    e = np.exp(log_e_values(paths.T.astype(np.float32), tau))
    means = [
        float((e * stats.bernoulli.pmf(paths, part * tau).prod(axis=1)).sum())
        for part in (0.2, 0.5, 0.8, 0.95, 1.0)
    ]
    assert means[-1] == pytest.approx(1)
    assert (np.diff(means) > 0).all()


@pytest.mark.parametrize("tau", [0.2, 0.5, 0.8])
def test_an_e_value_seldom_ever_grows_large(tau: float) -> None:
    """All paths of sixty networks at π = τ: the share of those that ever reach 1/α (Ville)."""
    for alpha in (0.05, 0.2):
        alive, reached = {0: 1.0}, 0.0
        for networks in range(1, 61):
            large = log_e_values(close_in(networks), tau) >= -np.log(alpha)
            after: dict[int, float] = {}
            for count, chance in alive.items():
                for more, part in ((0, 1 - tau), (1, tau)):
                    if large[count + more]:
                        reached += chance * part
                    else:
                        after[count + more] = after.get(count + more, 0.0) + chance * part
            alive = after
        assert alpha / 10 < reached <= alpha
        assert reached + sum(alive.values()) == pytest.approx(1)


def test_a_sequence_seldom_ever_leaves_the_truth_out() -> None:
    """All paths of twelve networks: the share of those that exclude π at any time."""
    for pi in (0.5, 0.8):
        alive = {0: 1.0}
        lost = 0.0
        for networks in range(1, 13):
            low, high = confidence_sequence(close_in(networks), 0.8)
            reached: dict[int, float] = {}
            for count, chance in alive.items():
                for more, part in ((0, 1 - pi), (1, pi)):
                    key = count + more
                    if low[key] <= pi <= high[key]:
                        reached[key] = reached.get(key, 0.0) + chance * part
                    else:
                        lost += chance * part
            alive = reached
        assert 0 < lost <= 0.2
        assert lost + sum(alive.values()) == pytest.approx(1)


@pytest.mark.parametrize("networks", [1, 6, 30])
def test_the_ends_are_where_the_closed_form_reaches_the_limit(networks: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = confidence_sequence(close_in(networks), 0.95)
    for count in range(networks + 1):

        def over(share: float, count: int = count) -> float:
            return log_mixture(count, networks, share, 0.0) - np.log(20)

        mean = count / networks
        if count == 0:
            assert low[count] == 0
        else:
            expected = optimize.brentq(over, 1e-9, min(mean, 1 - 1e-9))
            assert expected - 1 / 2**12 <= low[count] <= expected
        if count == networks:
            assert high[count] == 1
        else:
            expected = optimize.brentq(over, max(mean, 1e-9), 1 - 1e-9)
            assert expected <= high[count] <= expected + 1 / 2**12


def test_the_ends_for_shares_are_where_the_integral_reaches_the_limit() -> None:
    close = np.array([0.2, 1.0, 0.6, 0.0, 0.8, 1.0, 0.4])

    def over(share: float) -> float:
        def capital(belief: float) -> float:
            right, wrong = belief / share, (1 - belief) / (1 - share)
            return float(np.prod(close * right + (1 - close) * wrong))

        return integrate.quad(capital, 0, 1)[0] - 1 / 0.1

    low, high = confidence_sequence(close[:, None], 0.9)
    lowest, highest = (optimize.brentq(over, close.mean(), end) for end in (0.01, 0.99))
    assert lowest - 1 / 2**12 <= low[0] <= lowest
    assert highest <= high[0] <= highest + 1 / 2**12


def test_intervals_of_more_confidence_hold_those_of_less() -> None:
    close = np.random.default_rng(4).integers(0, 4, (15, 40)) / 3
    for less, more in itertools.pairwise((0.5, 0.8, 0.95, 0.999)):
        (low, high), (lower, higher) = (confidence_sequence(close, one) for one in (less, more))
        assert (lower < low).all()
        assert (higher > high).all()


def test_many_different_pairs_are_bet_on_as_each_alone() -> None:
    close = np.random.default_rng(5).integers(0, 11, (9, 1300)) / 10
    low, high = confidence_sequence(close, 0.95)
    log_e = log_e_values(close, 0.4)
    assert len(np.unique(np.sort(close, axis=0), axis=1).T) > 1024
    for pair in range(0, 1300, 130):
        alone = close[:, [pair]]
        np.testing.assert_allclose(confidence_sequence(alone, 0.95), [[low[pair]], [high[pair]]])
        np.testing.assert_allclose(log_e_values(alone, 0.4), log_e[pair])


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_intervals_hold_the_mean_whatever_the_order(networks: int, seed: int, parts: int) -> None:
    generator = np.random.default_rng(seed)
    close = (generator.integers(0, parts + 1, (networks, 6)) / parts).astype(np.float32)
    low, high = confidence_sequence(close, 0.95)
    mean = close.mean(axis=0)
    assert ((low <= mean + 1e-6) & (mean - 1e-6 <= high)).all()
    assert ((low >= 0) & (high <= 1)).all()
    again = confidence_sequence(generator.permutation(close), 0.95)
    np.testing.assert_allclose(again, (low, high))
    np.testing.assert_allclose(
        log_e_values(close, 0.5), log_e_values(generator.permutation(close), 0.5)
    )


def test_what_holds_always_is_wider_than_what_holds_once() -> None:
    low, high = confidence_sequence(close_in(20), 0.95)
    once_low, once_high = clopper_pearson(20, 0.95)
    assert (low[1:] < once_low[1:]).all()
    assert (high[:-1] > once_high[:-1]).all()


def test_autoencoders_that_disagree_narrow_the_interval() -> None:
    """Shares near one half vary less than yes and no with the same mean, and bets see that."""
    halves, coins = np.full((20, 1), 0.5), (np.arange(20) % 2.0)[:, None]
    of_halves, of_coins = (confidence_sequence(one, 0.95) for one in (halves, coins))
    assert of_halves[1][0] - of_halves[0][0] <= of_coins[1][0] - of_coins[0][0]


@given(st.lists(st.floats(-5, 12), min_size=1, max_size=20), st.sampled_from([0.01, 0.05, 0.2]))
def test_discoveries_are_those_of_the_slow_rule(log_e: list[float], fdr: float) -> None:
    e = np.exp(log_e)
    most = max(
        (r for r in range(1, e.size + 1) if np.sort(e)[-r] >= e.size / (fdr * r) * (1 - 1e-12)),
        default=0,
    )
    found = discovered(np.array(log_e), fdr)
    assert found.sum() == most
    if most:
        assert e[found].min() >= np.sort(e)[-most]


def test_reaching_the_limit_is_a_discovery() -> None:
    """Of two pairs e = 20 discovers both, of four it discovers none unless all reach it."""
    assert discovered(np.log([20.0, 20.0]), 0.05).tolist() == [True, True]
    assert discovered(np.log([40.0, 19.9]), 0.05).tolist() == [True, False]
    assert discovered(np.log([39.9, 19.9]), 0.05).tolist() == [False, False]
    assert discovered(np.log([20.0] * 3 + [19.9]), 0.05).tolist() == [False] * 4
