"""Partial conjunction: against a slow oracle and the definition, and its errors by simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control
from signpaths.stability.conjunction import conjunction_p, replicated_q

SHARES = st.floats(min_value=0, max_value=1)


def slow_conjunction(p: list[float], at_least: int) -> float:
    """The largest of Simes' p-values over all choices of s − r + 1 studies."""
    size = len(p) - at_least + 1
    return max(
        min(size / rank * value for rank, value in enumerate(sorted(chosen), start=1))
        for chosen in itertools.combinations(p, size)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(SHARES, min_size=1, max_size=5), st.data())
def test_it_is_the_largest_of_what_any_studies_say_that_may_hold_a_true_null(
    p: list[float], data: st.DataObject
) -> None:
    at_least = data.draw(st.integers(1, len(p)))
    (found,) = conjunction_p(np.array(p)[:, None], at_least)
    assert found == pytest.approx(slow_conjunction(p, at_least))


def test_all_studies_take_the_largest_p_and_one_study_simes() -> None:
    p = np.array([[0.01, 0.5], [0.03, 0.001], [0.2, 0.02]])
    np.testing.assert_allclose(conjunction_p(p, 3), [0.2, 0.5])
    np.testing.assert_allclose(conjunction_p(p, 2), [0.06, 0.04])
    np.testing.assert_allclose(conjunction_p(p, 1), [0.03, 0.003])


def test_studies_of_other_sizes_and_thresholds_are_combined() -> None:
    count = np.array([[12, 9, 3, 2], [19, 20, 18, 1]])
    networks, tau = np.array([12, 20]), np.array([0.5, 0.4])

    def given_more(x: int, n: int, t: float) -> float:
        """One-sided, given that more than τ of the networks have the pair close."""
        above = binomtest(math.floor(t * n) + 1, n, t, alternative="greater").pvalue
        return min(1.0, binomtest(x, n, t, alternative="greater").pvalue / above)

    p = np.array(
        [
            [given_more(int(x), int(n), t) for x in row]
            for row, n, t in zip(count, networks, tau, strict=True)
        ]
    )
    for at_least, combined, looked_at in ((1, 2 * p.min(axis=0), 3), (2, p.max(axis=0), 2)):
        # Simes over two: twice the smaller, or the larger if that is less.
        combined = np.minimum(combined, p.max(axis=0))
        found = replicated_q(count, networks, tau, at_least)
        np.testing.assert_allclose(found[:looked_at], false_discovery_control(combined[:looked_at]))
        assert (found[looked_at:] == 1).all()


@pytest.mark.parametrize("at_least", [2, 3])
def test_pairs_that_stay_close_in_fewer_studies_are_seldom_found(at_least: int) -> None:
    generator = np.random.default_rng(0)
    pi = np.full((3, 400), 0.1)
    pi[:, :40] = 0.97
    # True nulls at their edge: one study less than asked for.
    pi[: at_least - 1, 40:160], pi[at_least - 1 :, 40:160] = 0.97, 0.5
    networks, tau = np.full(3, 25), np.full(3, 0.5)
    mistaken, found = [], []
    for _ in range(60):
        count = generator.binomial(25, pi)
        said = replicated_q(count, networks, tau, at_least) <= 0.1
        mistaken.append(said[40:].sum() / max(1, said.sum()))
        found.append(said[:40].mean())
    assert np.mean(mistaken) <= 0.1
    assert np.mean(found) > 0.8
    # Asked for one study less, the others count as well.
    assert (replicated_q(count, networks, tau, at_least - 1)[40:160] <= 0.1).mean() > 0.5
