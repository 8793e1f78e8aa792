"""Variance components against slow sums, simulated truth and a textbook's limits."""

import itertools
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata
from signpaths.spaces import HIDDEN_SPACE, Space, autoencoder
from signpaths.stability import variance

PARTS = ("pair", "network", "autoencoder", "common")


def pictures(seeds: int) -> list[Space]:
    """Spaces of so many autoencoders of each network."""
    return [autoencoder(dims, seeds) for dims in (2, 3)]


def sums_of(scores: np.ndarray) -> variance.SumsOfSquares:
    """The sums of scores `(network, ae_seed, pair)`."""
    of_network = scores.mean(axis=1)
    return variance.summed_over_networks(
        of_network, ((scores - of_network[:, None]) ** 2).sum(axis=(0, 1)), scores.shape[1]
    )


def slow_components(scores: np.ndarray) -> tuple[float, float, float]:
    """The formulas, term by term."""
    networks, autoencoders, pairs = scores.shape
    grand = scores.mean()
    ms_p = ms_pl = ms_pe = 0.0
    for pair in range(pairs):
        mean = scores[:, :, pair].mean()
        ms_p += networks * autoencoders * (mean - grand) ** 2 / (pairs - 1)
        for network in range(networks):
            own = scores[network, :, pair].mean()
            ms_pl += autoencoders * (own - mean) ** 2 / ((pairs - 1) * (networks - 1))
            for one in scores[network, :, pair]:
                ms_pe += (one - own) ** 2 / ((pairs - 1) * networks * (autoencoders - 1))
    return (
        max(0.0, (ms_p - ms_pl) / (networks * autoencoders)),
        max(0.0, (ms_pl - ms_pe) / autoencoders),
        ms_pe,
    )


def parts(found: variance.Components) -> list[float]:
    return [float(np.squeeze(one)) for one in (found.pair, found.network, found.autoencoder)]


@given(st.integers(2, 5), st.integers(2, 4), st.integers(2, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_components_are_those_of_the_slow_sums(
    networks: int, autoencoders: int, pairs: int, seed: int
) -> None:
    scores = np.random.default_rng(seed).normal(size=(networks, autoencoders, pairs))
    found = parts(variance.components(sums_of(scores)))
    np.testing.assert_allclose(found, slow_components(scores), atol=1e-9)


def test_leaving_pairs_out_is_not_having_them() -> None:
    scores = np.random.default_rng(0).normal(size=(4, 3, 20)) + np.arange(20)
    without = np.zeros((2, 20), dtype=bool)
    without[0, [0, 7]] = True
    without[1, 15:] = True
    found = variance.components(sums_of(scores), without)
    for case, out in enumerate(without):
        left = slow_components(scores[:, :, ~out])
        np.testing.assert_allclose(
            [found.pair[case], found.network[case], found.autoencoder[case]], left, atol=1e-9
        )


def test_one_pair_that_is_left_varies_by_itself_alone_and_none_not_at_all() -> None:
    scores = np.random.default_rng(1).normal(size=(4, 3, 6)) + np.arange(4)[:, None, None]
    scores[..., 2] += 9
    without = np.ones((2, 6), dtype=bool)
    without[0, 2] = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = variance.components(sums_of(scores), without)
    own = variance.of_each_pair(sums_of(scores))
    assert own.network[2] > 0
    np.testing.assert_allclose(found.pair, 0, atol=1e-12)
    np.testing.assert_allclose(found.network, [own.network[2], 0])
    np.testing.assert_allclose(found.autoencoder, [own.autoencoder[2], 0])


def test_where_nothing_varies_nothing_is_reliable() -> None:
    nothing = variance.Components(*np.zeros((3, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parts(nothing.shares()) == [0, 0, 0]
        assert variance.reliability(nothing, 5, 2) == 0


def test_planted_variances_come_back() -> None:
    generator = np.random.default_rng(4)
    scores = (
        generator.normal(0, 2, size=(1, 1, 3000))
        + generator.normal(0, 1, size=(20, 1, 3000))
        + generator.normal(0, 0.5, size=(20, 5, 3000))
    )
    pair, network, autoencoder = parts(variance.components(sums_of(scores)))
    assert pair == pytest.approx(4, rel=0.06)
    assert network == pytest.approx(1, rel=0.06)
    assert autoencoder == pytest.approx(0.25, rel=0.06)
    shares = variance.components(sums_of(scores)).shares()
    assert sum(parts(shares)) == pytest.approx(1)


def test_each_pair_has_the_variance_of_its_own() -> None:
    generator = np.random.default_rng(5)
    scores = np.zeros((400, 5, 2))
    scores[:, :, 0] += generator.normal(0, 3, size=(400, 1))
    scores[:, :, 1] += generator.normal(0, 2, size=(400, 5))
    own = variance.of_each_pair(sums_of(scores))
    assert own.network[0] == pytest.approx(9, rel=0.2)
    assert own.autoencoder[0] == pytest.approx(0, abs=1e-12)
    assert own.network[1] < 0.3
    assert own.autoencoder[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("shape", [(4, 3, 5), (2, 2, 3), (5, 1, 3), (1, 4, 3), (1, 1, 2)])
def test_the_variance_of_each_pair_is_that_of_its_own_slow_sums(
    shape: tuple[int, int, int],
) -> None:
    networks, autoencoders, pairs = shape
    scores = np.random.default_rng(7).normal(size=shape) + np.arange(networks)[:, None, None]
    found = variance.of_each_pair(sums_of(scores))
    for pair in range(pairs):
        own = scores[:, :, pair]
        within = own.var(axis=1, ddof=1).mean() if autoencoders > 1 else 0.0
        between = own.mean(axis=1).var(ddof=1) if networks > 1 else 0.0
        assert found.autoencoder[pair] == pytest.approx(within, abs=1e-12)
        expected = max(0.0, between - within / autoencoders)
        assert found.network[pair] == pytest.approx(expected, abs=1e-12)
        assert found.pair[pair] == 0


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_scores_are_standard_normal_quantiles_with_the_closest_highest(
    pairs: int, seed: int
) -> None:
    ranks = np.random.default_rng(seed).permutation(pairs)[None].astype(float)
    scores = variance.normal_scores(ranks)[0]
    order = np.argsort(ranks[0])
    expected = norm.ppf((pairs - np.arange(pairs) - 0.5) / pairs)
    np.testing.assert_allclose(scores[order], expected, atol=1e-12)
    np.testing.assert_allclose(variance.normal_scores(np.ones((2, pairs))), 0, atol=1e-12)
    # Of one run alone, and of runs in any layout.
    np.testing.assert_array_equal(variance.normal_scores(ranks[0]), scores)
    np.testing.assert_array_equal(variance.normal_scores(ranks[None])[0, 0], scores)


def test_spaces_of_fewer_runs_are_counted_once() -> None:
    """What stands beyond a space's runs is repeated, and says nothing."""
    ranks = np.random.default_rng(1).random((1, 6, 1, 15))
    told = {"confidence": 0.95, "target": 0.9, "near": 1.0}
    once, repeated = (
        variance.variance_statistics(every, [HIDDEN_SPACE], 6, **told)
        for every in (ranks, np.repeat(ranks, 4, axis=2))
    )
    xr.testing.assert_equal(once, repeated)
    assert not repeated.variance.sel(source="autoencoder").values.any()


def test_shared_autoencoders_are_crossed_with_networks() -> None:
    """Planted: half of what autoencoders change is the same in all networks that share them."""
    generator = np.random.default_rng(2)
    pairs, networks, seeds = 3000, 12, 4
    planted = {"pair": 1.0, "network": 0.6, "common": 0.5, "own": 0.5}
    size = {name: math.sqrt(value) for name, value in planted.items()}
    scores = (
        size["pair"] * generator.normal(size=(1, 1, pairs))
        + size["network"] * generator.normal(size=(networks, 1, pairs))
        + size["common"] * generator.normal(size=(1, seeds, pairs))
        + size["own"] * generator.normal(size=(networks, seeds, pairs))
    )
    nested = sums_of(scores)
    common = networks * ((scores.mean(axis=0) - nested.mean) ** 2).sum(axis=0)
    crossed = replace(nested, autoencoder=nested.autoencoder - common, common=common)
    found = variance.components(crossed)
    assert parts(found) == pytest.approx([1.0, 0.6, 1.0], rel=0.08)
    assert float(np.squeeze(found.common)) == pytest.approx(0.5, rel=0.12)
    # Taken as nested, what is the networks' is told as if it were the autoencoders'.
    assert parts(variance.components(nested))[1] < 0.55
    one = variance.Components(*(np.asarray(getattr(found, name)).item() for name in PARTS))
    noise = one.network / 12 + one.common / 4 + (one.autoencoder - one.common) / 48
    expected = one.pair / (one.pair + noise)
    assert float(variance.reliability(one, 12, 4)) == pytest.approx(expected)
    needed = variance.networks_for(one, 0.8, 4)
    assert variance.reliability(one, needed, 4) >= 0.8 > variance.reliability(one, needed - 1, 4)
    # No number of networks averages out what all of them share.
    assert variance.networks_for(one, 0.95, 4) == 0


def test_sums_of_shared_autoencoders_are_those_of_the_scores() -> None:
    generator = np.random.default_rng(3)
    ranks = generator.random((5, 3, 20)) + generator.random((1, 3, 20))
    found = variance.sums_of_squares(ranks, crossed=True)
    scores = variance.normal_scores(ranks)
    mean = scores.mean(axis=(0, 1))
    common = 5 * ((scores.mean(axis=0) - mean) ** 2).sum(axis=0)
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1)[:, None] + mean
    np.testing.assert_allclose(found.common, common)
    np.testing.assert_allclose(found.autoencoder, (rest**2).sum(axis=(0, 1)))
    own = variance.of_each_pair(found)
    np.testing.assert_allclose(
        own.autoencoder - own.common, (rest**2).sum(axis=(0, 1)) / ((5 - 1) * (3 - 1))
    )


def test_networks_needed_reach_the_reliability_and_one_less_does_not() -> None:
    found = variance.Components(np.array(1.0), np.array(2.0), np.array(3.0))
    for autoencoders in (1, 2, 5):
        needed = variance.networks_for(found, 0.9, autoencoders)
        assert variance.reliability(found, needed, autoencoders) >= 0.9 - 1e-12
        assert variance.reliability(found, needed - 1, autoencoders) < 0.9 - 1e-12
    assert variance.networks_for(variance.Components(*map(np.array, (0.0, 1.0, 1.0))), 0.9, 5) == 0
    # A whole number is enough, whichever way it is rounded, and a million is the most.
    for noise in (1, 2, 7, 111_111):
        whole = variance.Components(np.array(1.0), np.array(float(noise)), np.array(0.0))
        assert variance.networks_for(whole, 0.9, 1) == 9 * noise
        assert variance.networks_for(whole, 0.5, 1) == noise
    most = variance.Components(np.array(1.0), np.array(1e6), np.array(0.0))
    assert variance.networks_for(most, 0.5, 1) == 1_000_000
    assert variance.networks_for(most, 0.500001, 1) == 0
    one_more = variance.Components(np.array(1.0), np.array(1e6 + 1), np.array(0.0))
    assert variance.networks_for(one_more, 0.5, 1) == 0
    few = variance.Components(np.array(1.0), np.array(0.01), np.array(0.0))
    assert variance.networks_for(few, 0.5, 1) == 1
    assert (
        variance.networks_for(variance.Components(*map(np.array, (1e-20, 1.0, 1.0))), 0.9, 5) == 0
    )


def test_the_best_number_of_autoencoders_is_the_best_for_the_money() -> None:
    """For a fixed budget no other number gives a smaller variance of the mean."""
    found = variance.Components(np.array(1.0), np.array(0.2), np.array(1.5))
    best = variance.best_autoencoders(found, 100.0, 12.0)

    def noise(autoencoders: float) -> float:
        networks = 10_000 / (100 + 12 * autoencoders)
        return float(found.network / networks + found.autoencoder / (networks * autoencoders))

    grid = np.linspace(1, 40, 4000)
    assert best == pytest.approx(grid[np.argmin([noise(one) for one in grid])], abs=0.02)
    nothing = variance.Components(np.array(1.0), np.array(0.0), np.array(0.0))
    assert variance.best_autoencoders(nothing, 1, 1) == 1
    only = variance.Components(np.array(1.0), np.array(0.0), np.array(0.3))
    assert math.isinf(variance.best_autoencoders(only, 1, 1))
    # Less than one cannot be trained, however little autoencoders vary.
    hardly = variance.Components(np.array(1.0), np.array(0.3), np.array(0.1))
    assert variance.best_autoencoders(hardly, 1, 1) == 1


def test_the_jackknife_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(3).normal(size=50)
    without = (values.sum() - values) / 49
    low, high = variance.jackknife(without, values.mean(), 0.95)
    error = values.std(ddof=1) / math.sqrt(50)
    assert (low, high) == pytest.approx(norm.interval(0.95, values.mean(), error))


def test_everything_told_of_a_space_is_that_of_its_parts() -> None:
    """Intervals, reliability and networks needed, from components of the pairs that are left."""
    signs, near = 7, 9.0
    pairs = list(itertools.combinations(range(signs), 2))
    generator = np.random.default_rng(11)
    ranks = generator.normal(0, 1, (2, 5, 3, 21)) + generator.normal(0, 2, (2, 5, 1, 21))
    ranks = rankdata(ranks + 3 * generator.normal(size=21), axis=-1).astype(np.float32)
    found = variance.variance_statistics(
        ranks, pictures(3)[:2], signs, confidence=0.9, target=0.8, near=near
    )
    for space, own in enumerate(ranks):
        at = found.isel(space=space)
        scores = norm.ppf((21 + 1 - own.astype(float) - 0.5) / 21)
        whole = np.array(slow_components(scores))
        np.testing.assert_allclose(at.variance, whole)
        np.testing.assert_allclose(at.variance_share, whole / whole.sum())
        left = np.array(
            [
                slow_components(scores[..., [sign not in pair for pair in pairs]])
                for sign in range(signs)
            ]
        )
        left /= left.sum(axis=1, keepdims=True)
        error = np.sqrt((signs - 1) / signs * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
        reach = norm.ppf(0.95) * error
        low, high = whole / whole.sum() - reach, whole / whole.sum() + reach
        np.testing.assert_allclose(at.variance_share_low, np.clip(low, 0, 1), atol=1e-9)
        np.testing.assert_allclose(at.variance_share_high, np.clip(high, 0, 1), atol=1e-9)
        close = own.mean(axis=(0, 1), dtype=float) <= near
        assert 0 < at.near_pairs.item() == close.sum() < 21
        # The grand mean is that of all pairs, of which those near are a part.
        among = np.array(slow_components(scores[..., close]))
        np.testing.assert_allclose(at.variance_near, among)
        for count in at.ae_count.values:
            for networks in at.network_count.values:
                noise = whole[1] / networks + whole[2] / (networks * count)
                share = at.reliability.sel(network_count=networks, ae_count=count).item()
                assert share == pytest.approx(whole[0] / (whole[0] + noise))
            for name, parts_of in (("networks_needed", whole), ("networks_needed_near", among)):
                needed = int(at[name].sel(ae_count=count))
                pair, noise = parts_of[0], parts_of[1] + parts_of[2] / count
                assert pair / (pair + noise / needed) >= 0.8
                assert needed == 1 or pair / (pair + noise / (needed - 1)) < 0.8


def test_intervals_of_shares_stay_within_0_and_1() -> None:
    """With so few signs the jackknife's own ends lie beyond 0, for shares that are near it."""
    ranks = np.random.default_rng(3).uniform(1, 9, (1, 4, 2, 10))
    found = variance.variance_statistics(
        ranks, pictures(2)[:1], 5, confidence=0.95, target=0.9, near=3.0
    )
    ends = np.stack([found.variance_share_low.values, found.variance_share_high.values])
    assert ends.min() == 0
    # Pairs of one sign alone vary: without it nothing does, and the end lies beyond 1.
    ranks = np.broadcast_to(np.arange(10.0), (1, 4, 2, 10)).copy()
    ranks[..., :4] = np.random.default_rng(3).permuted(ranks[..., :4], axis=-1)
    found = variance.variance_statistics(
        ranks, pictures(2)[:1], 5, confidence=0.95, target=0.9, near=3.0
    )
    ends = np.stack([found.variance_share_low.values, found.variance_share_high.values])
    assert ends.max() == 1
