"""What more networks would decide: against a slow search, scipy and networks drawn later."""

import numpy as np
import pytest
from scipy import stats
from signpaths.options import StabilityOptions
from signpaths.stability import shrinkage
from signpaths.stability.planning import (
    MORE,
    equivalent,
    expected_verdicts,
    networks_needed,
    planned,
)
from signpaths.stability.verdicts import STAYS, UNDECIDED, VERDICTS, verdict_of_counts

OPTIONS = StabilityOptions()


def decide(count: np.ndarray, networks: int) -> np.ndarray:
    return verdict_of_counts(count, networks, OPTIONS)


def many_pairs(generator: np.random.Generator) -> np.ndarray:
    """Most are far, some firm, some in between."""
    return np.concatenate(
        [generator.beta(0.3, 6, 1500), generator.beta(9, 1, 60), generator.uniform(0.2, 0.9, 140)]
    )


def plan(count: np.ndarray, networks: int) -> object:
    return planned(
        count, networks, decide, verdicts=VERDICTS, open_verdict=UNDECIDED, options=OPTIONS
    )


# Networks needed


@pytest.mark.parametrize(("full", "kept"), [(1, 1), (1, 40), (12, 40), (40, 40), (0, 7)])
def test_so_many_networks_are_just_enough(full: int, kept: int) -> None:
    """With so many N1 passes if the other pairs kept are just above τ; with fewer it does not."""
    count = np.concatenate([np.full(full, 9), np.full(kept - full, 6), np.zeros(100, dtype=int)])
    found = networks_needed(count, 9, tau=0.5, fdr=0.05)
    assert (found.full, found.kept) == (full, kept)
    for passing, needed in ((max(full, 1), found.together), (1, found.alone)):
        for networks in range(1, needed + 1):
            # The rest is close in as few networks as a pair that is kept can be.
            least = int(np.floor(networks / 2)) + 1
            p = [
                stats.binom.sf(x - 1, networks, 0.5) / stats.binom.sf(networks // 2, networks, 0.5)
                for x in [networks] * passing + [least] * (kept - passing)
            ]
            passes = stats.false_discovery_control(p)[0] <= 0.05
            assert passes == (networks == needed) or least == networks


def test_without_a_pair_that_is_kept_one_is_planned_for() -> None:
    none, one = (networks_needed(np.array([x, 0]), 9, tau=0.5, fdr=0.05) for x in (0, 9))
    assert (none.kept, none.full) == (0, 0)
    assert none.together == none.alone == one.together == one.alone


def test_more_kept_pairs_need_more_networks_for_one() -> None:
    few, many = (
        networks_needed(np.full(pairs, 7), 10, tau=0.5, fdr=0.05).alone for pairs in (2, 2000)
    )
    assert few < many


# The planner


def test_a_future_of_no_network_is_today() -> None:
    generator = np.random.default_rng(0)
    count = generator.binomial(12, many_pairs(generator))
    found = expected_verdicts(count, 12, decide, VERDICTS, more=(0,), futures=3)
    assert (found[0] == (decide(count, 12) == np.array(VERDICTS)[:, None])).all()


def test_verdicts_come_with_the_chance_of_the_counts() -> None:
    """A rule that asks for a count only: its chance is that of a beta mixture's binomial."""
    count = np.repeat([0, 3, 6, 10], [500, 80, 60, 30])
    more = 5

    def at_least_twelve(x: np.ndarray, networks: int) -> np.ndarray:
        return np.where(x >= 12, "many", "few")

    found = expected_verdicts(
        count, 10, at_least_twelve, ["few", "many"], more=(more,), futures=4000
    )
    mixture = shrinkage.fitted(count, 10)
    for x in (6, 10):
        chance = mixture.responsibilities(10)[x] @ stats.betabinom.sf(
            11 - x, more, mixture.a + x, mixture.b + 10 - x
        )
        assert found[0, 1, count == x].mean() == pytest.approx(chance, abs=0.01)


@pytest.mark.parametrize("networks", [10, 20])
def test_what_is_foretold_comes_about(networks: int) -> None:
    generator = np.random.default_rng(networks)
    pi = many_pairs(generator)
    foretold, came = [], []
    for _ in range(6):
        count = generator.binomial(networks, pi)
        found = expected_verdicts(count, networks, decide, VERDICTS, more=(5, 20), futures=20)
        later = count + generator.binomial(20, pi)
        words = decide(later, networks + 20)
        still_open = decide(count, networks) == UNDECIDED
        for those in (np.ones(count.size, dtype=bool), still_open):
            foretold.append(found[1][:, those].sum(axis=1))
            came.append([(words[those] == word).sum() for word in VERDICTS])
    foretold_sum, came_sum = np.sum(foretold, axis=0), np.sum(came, axis=0)
    assert (np.abs(foretold_sum - came_sum) < 20 + 0.1 * came_sum).all()


def test_a_plan_counts_every_pair_once() -> None:
    generator = np.random.default_rng(3)
    count = generator.binomial(8, many_pairs(generator))
    found = plan(count, 8)
    np.testing.assert_allclose(found.plan.sum("answer"), count.size)
    np.testing.assert_allclose(found.plan_open.sum("answer"), (decide(count, 8) == UNDECIDED).sum())
    assert found.more.values.tolist() == list(MORE)
    assert MORE[0] == 0, "the study as it is comes first"
    assert (np.diff(MORE) > 0).all()
    today = [(decide(count, 8) == word).sum() for word in VERDICTS]
    np.testing.assert_allclose(found.plan.sel(more=0, answer=list(VERDICTS)), today)
    assert found.plan.sel(answer=UNDECIDED).values[-1] < found.plan.sel(answer=UNDECIDED).values[0]
    assert found.plan.sel(answer=STAYS).values[-1] > found.plan.sel(answer=STAYS).values[0]


def test_pairs_near_tau_are_counted() -> None:
    generator = np.random.default_rng(4)
    pi = np.concatenate([np.full(60, 0.5), np.full(300, 0.02), np.full(40, 0.95)])
    found = plan(generator.binomial(100, pi), 100)
    assert equivalent(OPTIONS) == pytest.approx((0.4, 0.6))
    assert found.attrs["plan_equivalent"] == pytest.approx(60, abs=4)
    assert 40 <= found.attrs["plan_equivalent_sure"] <= 60


@pytest.mark.parametrize(("tau", "ends"), [(0.05, (0, 0.15)), (0.95, (0.85, 1))])
def test_shares_near_tau_are_shares(tau: float, ends: tuple[float, float]) -> None:
    assert equivalent(StabilityOptions(tau=tau)) == pytest.approx(ends)


def test_one_network_can_be_planned_from() -> None:
    found = plan(np.array([1, 0, 0, 1, 0]), 1)
    assert np.isfinite(found.plan.values).all()


def test_what_is_foretold_of_a_pair_is_the_mean_over_pairs_of_its_count() -> None:
    count = np.array([0, 0, 3, 12, 12, 7])
    found = plan(count, 12)
    each = found.plan_by_count.transpose("close_in", "more", "answer")
    assert each.sizes["close_in"] == 13
    seen = np.unique(count)
    assert np.allclose(each.sel(close_in=seen).sum("answer"), 1)
    assert np.isnan(each.drop_sel(close_in=seen)).all()
    total = sum(each.sel(close_in=one) for one in count.tolist())
    np.testing.assert_allclose(total, found.plan.transpose("more", "answer"))
