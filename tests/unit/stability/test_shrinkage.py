"""Shrunk shares against Bayes' rule by quadrature, planted truth and split halves."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from signpaths.stability import shrinkage
from signpaths.stability.shrinkage import Mixture, fitted, shrunk_statistics, split_half

SOME = Mixture(np.array([0.7, 0.3]), np.array([0.5, 6.0]), np.array([8.0, 2.0]))


def draw(generator: np.random.Generator, pairs: int, mixture: Mixture) -> np.ndarray:
    component = generator.choice(mixture.weight.size, pairs, p=mixture.weight)
    return generator.beta(mixture.a[component], mixture.b[component])


def by_quadrature(count: int, networks: int) -> tuple[np.ndarray, np.ndarray]:
    """Posterior weights of π on a fine grid."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    prior = sum(
        weight * stats.beta.pdf(grid, a, b)
        for weight, a, b in zip(SOME.weight, SOME.a, SOME.b, strict=True)
    )
    posterior = prior * stats.binom.pmf(count, networks, grid)
    return grid, posterior / posterior.sum()


@pytest.mark.parametrize("count", [0, 3, 7, 9])
def test_posterior_is_bayes_rule(count: int) -> None:
    grid, posterior = by_quadrature(count, 9)
    within = 2e-3  # the grid's; the density has a pole at 0
    assert SOME.posterior_mean(9)[count] == pytest.approx((grid * posterior).sum(), abs=within)
    assert SOME.posterior_above(0.5, 9)[count] == pytest.approx(
        posterior[grid > 0.5].sum(), abs=within
    )
    assert SOME.posterior_between(0.4, 0.6, 9)[count] == pytest.approx(
        posterior[(grid > 0.4) & (grid < 0.6)].sum(), abs=within
    )


def test_draws_follow_the_posterior() -> None:
    counts = np.array([0, 3, 7, 9])
    drawn = SOME.draws(counts, 9, 20_000, np.random.default_rng(0))
    assert drawn.shape == (20_000, 4)
    np.testing.assert_allclose(drawn.mean(axis=0), SOME.posterior_mean(9)[counts], atol=0.01)
    np.testing.assert_allclose(
        (drawn > 0.5).mean(axis=0), SOME.posterior_above(0.5, 9)[counts], atol=0.015
    )


@pytest.mark.parametrize("networks", [8, 20, 100])
def test_fit_finds_what_was_planted(networks: int) -> None:
    generator = np.random.default_rng(networks)
    pi = draw(generator, 20_000, SOME)
    counts = generator.binomial(networks, pi)
    found = fitted(counts, networks)
    np.testing.assert_allclose(
        found.shares(networks), np.bincount(counts, minlength=networks + 1) / 20_000, atol=0.012
    )
    np.testing.assert_allclose(
        found.posterior_mean(networks), SOME.posterior_mean(networks), atol=0.06
    )
    np.testing.assert_allclose(
        found.posterior_above(0.5, networks), SOME.posterior_above(0.5, networks), atol=0.13
    )


def test_the_fit_is_that_of_a_slow_loop_over_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expectation and maximisation pair by pair; the densities' means are even in arcsin √π."""
    assert np.ptp(np.diff(np.arcsin(np.sqrt(shrinkage.MEANS)))) < 1e-7
    assert (shrinkage.MEANS[0], shrinkage.MEANS[-1]) == (0, 1)
    monkeypatch.setattr(shrinkage, "STEPS", 30)
    # Some counts come once only.
    counts = np.array([0] * 9 + [1, 3, 4, 4, 6, 7, 7])
    a, b = np.array(
        [
            (0.5 + concentration * mean, 0.5 + concentration * (1 - mean))
            for concentration in shrinkage.CONCENTRATIONS
            for mean in shrinkage.MEANS
        ]
    ).T
    likelihood = [
        comb(7, count) * special.beta(a + count, b + 7 - count) / special.beta(a, b)
        for count in range(8)
    ]
    weight = np.full(a.size, 1 / a.size)
    for _ in range(30):
        shares = [weight * likelihood[count] / (weight @ likelihood[count]) for count in counts]
        weight = np.mean(shares, axis=0)
    expected = [
        (weight * likelihood[count] * (a + count) / (a + b + 7)).sum()
        / (weight @ likelihood[count])
        for count in range(8)
    ]
    np.testing.assert_allclose(fitted(counts, 7).posterior_mean(7), expected, rtol=1e-6)


def test_shrunk_shares_are_nearer_the_truth_than_raw_ones() -> None:
    generator = np.random.default_rng(1)
    pi = draw(generator, 3000, SOME)
    counts = generator.binomial(10, pi)
    shrunk = fitted(counts, 10).posterior_mean(10)[counts]
    error, raw = ((shrunk - pi) ** 2).mean(), ((counts / 10 - pi) ** 2).mean()
    best = ((SOME.posterior_mean(10)[counts] - pi) ** 2).mean()
    assert best - 1e-4 < error < 1.05 * best < 0.9 * raw


@given(st.integers(1, 60), st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_any_counts_give_probabilities(networks: int, pairs: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.binomial(networks, generator.random(pairs) ** generator.integers(0, 9))
    found = fitted(counts, networks)
    assert found.weight.sum() == pytest.approx(1)
    assert found.shares(networks).sum() == pytest.approx(1)
    mean, above = found.posterior_mean(networks), found.posterior_above(0.5, networks)
    assert ((mean > 0) & (mean < 1)).all()
    assert ((above >= -1e-12) & (above <= 1 + 1e-12)).all()
    assert (np.diff(mean) > 0).all()  # closer more often: more to be believed
    assert (np.diff(above) >= -1e-9).all()


def test_split_half_is_calibrated_where_networks_are_alike() -> None:
    generator = np.random.default_rng(2)
    close = generator.random((20, 8000)) < draw(generator, 8000, SOME)
    found = split_half(close)
    assert found.pairs.sum() == 8000
    np.testing.assert_allclose(
        found.predicted, found.found, atol=0.03 + 2 * np.sqrt(0.25 / found.pairs / 10).max()
    )
    assert np.abs(found.found - found.predicted).max() < np.abs(found.found - found.raw).max()
    assert found.error < found.raw_error


@pytest.mark.parametrize("networks", [2, 3, 4, 9])
def test_split_half_is_that_of_a_loop(networks: int) -> None:
    generator = np.random.default_rng(networks)
    close = generator.random((networks, 40)) < generator.random(40)
    seen, others = close[0::2], close[1::2]
    mean = fitted(seen.sum(axis=0), len(seen)).posterior_mean(len(seen))
    bins: dict[int, list[tuple[float, float, float]]] = {}
    for pair in range(40):
        predicted = mean[seen[:, pair].sum()]
        of_pair = (predicted, others[:, pair].mean(), seen[:, pair].mean())
        bins.setdefault(min(int(10 * predicted), 9), []).append(of_pair)
    found = split_half(close)
    rows = [np.array(bins[at]) for at in sorted(bins)]
    assert found.pairs.tolist() == [len(row) for row in rows]
    means = np.array([row.mean(axis=0) for row in rows]).T
    np.testing.assert_allclose([found.predicted, found.found, found.raw], means)
    every = np.concatenate(rows)
    noise = others.var(axis=0, ddof=1).mean() / len(others) if len(others) > 1 else 0.0
    for error, at in ((found.error, 0), (found.raw_error, 2)):
        expected = max(0.0, ((every[:, at] - every[:, 1]) ** 2).mean() - noise)
        assert error == pytest.approx(np.sqrt(expected))


def test_a_bin_of_one_pair_is_told() -> None:
    close = np.zeros((8, 30), dtype=bool)
    close[:, 0] = True
    found = split_half(close)
    assert found.pairs.tolist() == [29, 1]
    assert found.found.tolist() == found.raw.tolist() == [0, 1]
    assert found.raw_error == 0


def test_halves_that_agree_better_than_chance_lets_them_are_without_error() -> None:
    """Each pair is close in half of either: the noise that is taken off is more than there is."""
    found = split_half(np.repeat([[True], [False]], 4, axis=0).repeat(20, axis=1))
    assert (found.raw.tolist(), found.found.tolist()) == ([0.5], [0.5])
    assert found.raw_error == 0


def test_split_half_shows_what_halves_do_not_share() -> None:
    """Pairs close in every other network only are foretold, and not found."""
    close = np.zeros((20, 100), dtype=bool)
    close[::2, :50] = True
    found = split_half(close)
    assert found.found.max() == 0
    assert found.predicted.max() > 0.9


def test_statistics_hold_the_posterior_of_each_pair() -> None:
    counts = np.random.default_rng(3).binomial(12, 0.3, 500)
    found, mixture = shrunk_statistics(counts, 12, 0.5), fitted(counts, 12)
    np.testing.assert_allclose(found.pi_shrunk, mixture.posterior_mean(12)[counts])
    np.testing.assert_allclose(found.pi_above, mixture.posterior_above(0.5, 12)[counts])
    assert found.pi_share.sum() == pytest.approx(1)
    # Its mean is that of the counts.
    assert (found.pi_share * found.pi_class).sum() == pytest.approx(counts.mean() / 12, abs=0.02)
    # Classes of one width from 0 to 1, each with the share that draws have there.
    middle = found.pi_class.values
    half = (middle[1] - middle[0]) / 2
    edges = np.append(middle - half, middle[-1] + half)
    np.testing.assert_allclose(edges, np.linspace(0, 1, edges.size), atol=1e-12)
    drawn = draw(np.random.default_rng(4), 100_000, mixture)
    np.testing.assert_allclose(
        found.pi_share, np.histogram(drawn, edges)[0] / drawn.size, atol=0.006
    )


def test_close_and_not_close_are_treated_alike() -> None:
    """Counting the networks in which pairs are not close gives the other share of each."""
    counts = np.random.default_rng(0).binomial(12, 0.3, 60)
    shares, mirrored = (fitted(each, 12).posterior_mean(12) for each in (counts, 12 - counts))
    np.testing.assert_allclose(shares, 1 - mirrored[::-1], atol=1e-6)
