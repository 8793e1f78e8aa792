"""Means over every two networks: their jackknife by hand, and how often the interval covers."""

import itertools
import warnings

import numpy as np
import pytest
from scipy.stats import rankdata, t
from signpaths.stability.crossed import Likeness, mean_and_interval
from signpaths.stability.similarity import rank_correlations


def test_the_interval_is_that_of_the_jackknife_by_hand() -> None:
    generator = np.random.default_rng(0)
    values = generator.random((5, 5))
    values = values + values.T
    values[1, 3] = values[3, 1] = np.nan
    np.fill_diagonal(values, np.nan)
    without = generator.normal(1, 0.1, size=7)
    without[2] = np.nan
    pairs = [two for two in itertools.combinations(range(5), 2) if two != (1, 3)]
    left = [np.mean([values[two] for two in pairs if network not in two]) for network in range(5)]
    variance = 4 / 5 * sum((np.array(left) - np.mean(left)) ** 2)
    known = without[np.isfinite(without)]
    variance += 5 / 6 * sum((known - known.mean()) ** 2)
    half = t.ppf(0.95, 4) * variance**0.5
    mean = np.mean([values[two] for two in pairs])
    found = mean_and_interval(Likeness(values, without), -9, 9, confidence=0.9)
    np.testing.assert_allclose(found, (mean, mean - half, mean + half))
    bounded = mean_and_interval(Likeness(values, without), mean - half / 9, mean + half / 9)
    np.testing.assert_allclose(bounded, (mean, mean - half / 9, mean + half / 9))


@pytest.mark.parametrize("signs", [1, 2, 3])
def test_three_networks_have_an_interval_and_one_sign_does_not_count(signs: int) -> None:
    values = np.array([[np.nan, 0.2, 0.5], [0.2, np.nan, 0.9], [0.5, 0.9, np.nan]])
    without = np.append(np.linspace(0.4, 0.7, signs), np.nan)
    # Without one network the value of the other two is left.
    variance = 2 / 3 * sum((np.array([0.9, 0.5, 0.2]) - 1.6 / 3) ** 2)
    if signs > 1:
        variance += (signs - 1) / signs * sum((without[:-1] - without[:-1].mean()) ** 2)
    half = t.ppf(0.975, 1 if signs == 2 else 2) * variance**0.5
    found = mean_and_interval(Likeness(values, without), -99, 99)
    np.testing.assert_allclose(found, (1.6 / 3, 1.6 / 3 - half, 1.6 / 3 + half))


def test_a_network_that_is_part_of_every_comparison_leaves_no_interval() -> None:
    values = np.full((4, 4), np.nan)
    values[0, 1:] = values[1:, 0] = 0.3, 0.4, 0.8
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, low, high = mean_and_interval(Likeness(values, np.linspace(0, 1, 6)), 0, 1)
    assert mean == pytest.approx(0.5)
    assert np.isnan([low, high]).all()


def test_without_signs_the_interval_is_for_other_networks() -> None:
    values = np.where(np.eye(4), np.nan, 1.0)
    values[0, 1] = values[1, 0] = 2
    narrow = mean_and_interval(Likeness(values, np.full(6, np.nan)), 0, 9)
    assert narrow[1] < narrow[0] < narrow[2]
    wide = mean_and_interval(Likeness(values, np.linspace(0, 9, 6)), 0, 9)
    assert wide[0] == narrow[0]
    assert wide[1] < narrow[1]


@pytest.mark.parametrize("networks", [1, 2])
def test_too_few_networks_have_no_interval(networks: int) -> None:
    values = np.where(np.eye(networks), np.nan, 0.5)
    mean, low, high = mean_and_interval(Likeness(values, np.full(3, 0.5)), 0, 1)
    assert np.isnan(low)
    assert np.isnan(high)
    assert np.isnan(mean) if networks == 1 else mean == 0.5


def correlations(generator: np.random.Generator, networks: int, signs: int) -> Likeness:
    """Networks of own quality see signs of own place; some signs are seen by all alike."""
    upper = np.triu_indices(signs, 1)
    place = generator.normal(size=(signs, 2))
    steady = generator.uniform(0.2, 1.2, signs)[:, None]
    quality = generator.uniform(0.5, 1.5, networks)
    ranks = []
    for noise in quality:
        seen = place + noise * steady * generator.normal(size=place.shape)
        distance = np.linalg.norm(seen[:, None] - seen, axis=2)
        ranks.append(rankdata(distance[upper]))
    return rank_correlations(np.array(ranks), signs)


def test_the_interval_covers_the_mean_of_other_networks_and_signs() -> None:
    generator = np.random.default_rng(0)
    studies = [correlations(generator, 10, 14) for _ in range(400)]
    truth = np.mean([np.nanmean(one.values) for one in studies])
    ends = np.array([mean_and_interval(one, -1, 1)[1:] for one in studies])
    covered = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    alone = [Likeness(one.values, np.full(14, np.nan)) for one in studies]
    ends = np.array([mean_and_interval(one, -1, 1)[1:] for one in alone])
    covered_alone = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    assert covered > 0.93, covered
    assert covered_alone < covered - 0.1, "signs vary too: networks alone do not tell all"
