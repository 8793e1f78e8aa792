"""Networks turned onto one another: against scipy, against planted rotations, against chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group
from signpaths.frames import resample
from signpaths.projections.procrustes import (
    consensus,
    fit_of,
    fits_the_reference,
    judged,
    permuted_fits,
    sign_means,
    turn_onto,
)

SIGNS, PHASES, UNITS = 12, 8, 10


def common(seed: int, units: int = UNITS) -> np.ndarray:
    """Where the signs of all networks are, before each network turns it."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(SIGNS, PHASES, units)).cumsum(axis=1)


def turned(seed: int, of: np.ndarray, noise: float, units: int = UNITS) -> np.ndarray:
    """A network: turned, mirrored, scaled, shifted, in so many units, and with noise of its own."""
    rng = np.random.default_rng([seed, 1])
    rotation = ortho_group.rvs(units, random_state=rng)[: of.shape[2]]
    own = of + noise * rng.normal(size=of.shape)
    return rng.uniform(0.5, 2) * own @ rotation + rng.normal(size=units)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_the_map_is_scipys_orthogonal_procrustes(seed: int) -> None:
    reference, own = common(seed), turned(seed, common(seed), 0.5)
    centred = reference - reference.mean(axis=(0, 1))
    turn = turn_onto(centred, own, 3.0)
    rows = (own - own.mean(axis=(0, 1))).reshape(-1, UNITS)
    expected, _ = orthogonal_procrustes(rows, centred.reshape(-1, UNITS))
    np.testing.assert_allclose(turn.rotation, expected, atol=1e-9)
    assert np.linalg.norm(turn.forth(own)) == pytest.approx(3.0, rel=1e-5)
    np.testing.assert_allclose(turn.back(turn.forth(own)), own, atol=1e-5)
    # Its own residual after the best scale is that of scipy's procrustes.
    _, _, lost = procrustes(centred.reshape(-1, UNITS), rows)
    assert fit_of(turn, centred, own, own).whole == pytest.approx(1 - lost, abs=1e-6)


def test_turning_keeps_every_distance_in_a_network_but_for_its_scale() -> None:
    own = turned(4, common(3), 1.0)
    turn = turn_onto(common(3) - common(3).mean(axis=(0, 1)), own, 7.0)
    before = pdist(own.reshape(SIGNS, -1))
    np.testing.assert_allclose(pdist(turn.forth(own).reshape(SIGNS, -1)) / before, turn.scale, 1e-5)


def test_rotations_of_one_another_are_turned_back() -> None:
    truth = common(0)
    networks = [turned(seed, truth, 0.0) for seed in range(6)]
    found = consensus(networks)
    for own in networks:
        fit = fit_of(turn_onto(found.mean, own, found.size), found.mean, own, own)
        assert fit.whole == pytest.approx(1, abs=1e-8)
    # The consensus is the truth itself, turned.
    _, _, lost = procrustes(truth.reshape(-1, UNITS), found.mean.reshape(-1, UNITS))
    assert lost < 1e-9
    assert np.linalg.norm(found.mean) == pytest.approx(found.size)
    np.testing.assert_allclose(found.mean.mean(axis=(0, 1)), 0, atol=1e-9)


def test_noise_lowers_the_fit_by_as_much_as_there_is_of_it() -> None:
    """R² of a network against others is the share of its variance that it shares with them."""
    truth = common(1, units=40)
    noise = truth.std() * 0.5
    networks = [turned(seed, truth, noise, units=40) for seed in range(12)]
    found = consensus(networks)
    fits = [
        fit_of(turn_onto(judge, own, found.size), judge, own, own).whole
        for own, judge in zip(networks, found.without, strict=True)
    ]
    centred = truth - truth.mean(axis=(0, 1))
    share = (centred**2).mean() / ((centred**2).mean() + noise**2)
    # Turning itself takes up some of the noise, so the fit is a little better than that.
    assert share < np.mean(fits) < share + 0.1


def test_independent_networks_fit_no_better_than_with_their_signs_permuted() -> None:
    networks = [common(seed) for seed in range(8)]
    found = consensus(networks)
    outcomes = []
    for own, judge in zip(networks, found.without, strict=True):
        fits, permuted = judged(judge, [own, own], found.size, 20)
        assert abs(fits[0].whole - permuted[:, 0].mean()) < 0.15
        outcomes.append(fits_the_reference(np.array([one.whole for one in fits]), permuted))
    assert sum(outcomes) <= 2
    related = [turned(seed, common(9), 0.5) for seed in range(8)]
    found = consensus(related)
    fits, permuted = judged(found.without[0], [related[0]] * 2, found.size, 20)
    assert fits_the_reference(np.array([one.whole for one in fits]), permuted)


def test_a_reference_network_is_judged_without_itself() -> None:
    networks = [turned(seed, common(0), 0.5) for seed in range(4)]
    found = consensus(networks)
    alone = consensus(networks[1:])
    _, _, lost = procrustes(alone.mean.reshape(-1, UNITS), found.without[0].reshape(-1, UNITS))
    assert lost < 1e-3
    assert consensus(networks[:1]).without == []


def test_networks_of_unlike_size_are_padded() -> None:
    """Sixty units against a hundred: what they share comes back, distances stay."""
    truth = common(2, units=20)
    wide = [turned(seed, truth, 0.1, units=100) for seed in range(5)]
    found = consensus(wide)
    narrow = turned(7, truth, 0.1, units=60)
    turn = turn_onto(found.mean, narrow, found.size)
    assert turn.rotation.shape == (60, 100)
    assert fit_of(turn, found.mean, narrow, narrow).whole > 0.95
    ratio = pdist(turn.forth(narrow).reshape(SIGNS, -1)) / pdist(narrow.reshape(SIGNS, -1))
    np.testing.assert_allclose(ratio, turn.scale, rtol=1e-4)
    # A wider one than the reference: what has a counterpart there is found.
    common_to = consensus([turned(seed, truth, 0.1, units=60) for seed in range(5)])
    turn = turn_onto(common_to.mean, wide[0], common_to.size)
    assert turn.rotation.shape == (100, 60)
    assert fit_of(turn, common_to.mean, wide[0], wide[0]).whole > 0.95
    mixed = consensus([wide[0], narrow])
    assert mixed.mean.shape == (SIGNS, PHASES, 100)


def test_fits_by_sign_and_by_phase_are_slow_sums_and_missing_signs_do_not_count() -> None:
    reference = common(5) - common(5).mean(axis=(0, 1))
    own, judge = turned(1, common(5), 0.5), turned(1, common(5), 0.8)
    own[3], judge[4], reference[6] = np.nan, np.nan, np.nan
    turn = turn_onto(reference, own, 2.0)
    found = fit_of(turn, reference, own, judge)
    fitted = [sign for sign in range(SIGNS) if sign not in (3, 6)]
    scale = sum((turn.forth(own[s]) * reference[s]).sum() for s in fitted) / sum(
        (turn.forth(own[s]) ** 2).sum() for s in fitted
    )
    known = [sign for sign in range(SIGNS) if sign not in (4, 6)]
    lost = {s: (reference[s] - scale * turn.forth(judge[s])) ** 2 for s in known}
    for sign in range(SIGNS):
        expected = 1 - lost[sign].sum() / (reference[sign] ** 2).sum() if sign in known else np.nan
        assert found.by_sign[sign] == pytest.approx(expected, nan_ok=True)
    middle = reference[known].mean(axis=0)
    for phase in range(PHASES):
        spread = sum(((reference[s, phase] - middle[phase]) ** 2).sum() for s in known)
        expected = 1 - sum(lost[s][phase].sum() for s in known) / spread
        assert found.by_phase[phase] == pytest.approx(expected)
    whole = sum(one.sum() for one in lost.values()) / (reference[known] ** 2).sum()
    assert found.whole == pytest.approx(1 - whole)


def test_permuting_moves_both_kinds_of_examples_alike() -> None:
    """With the same means as training and held-out ones both fits of a permutation are one."""
    own = turned(0, common(0), 0.2)
    fits = list(permuted_fits(common(1) - common(1).mean(axis=(0, 1)), own, own, 1.0, 5))
    assert len({round(train, 12) for train, _ in fits}) == 5
    assert all(train == pytest.approx(held_out) for train, held_out in fits)


def test_sign_means_are_slow_ones() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(6, 10, 3))
    real = np.arange(10) >= np.array([[0], [2], [4], [0], [1], [5]])
    label = np.array([0, 0, 2, 2, 2, 0])
    found = sign_means(states, real, label, 3, 5)
    assert np.isnan(found[1]).all()
    for sign in (0, 2):
        rows = [
            resample(states[i : i + 1], real[i : i + 1], 5)[0]
            for i in np.flatnonzero(label == sign)
        ]
        np.testing.assert_allclose(found[sign], np.mean(rows, axis=0))


@pytest.mark.parametrize("signs", [2, 3])
def test_a_network_of_few_signs_is_not_judged_by_itself(signs: int) -> None:
    """Of three signs every sixth order is their own, which would be no permutation."""
    rng = np.random.default_rng(5)
    means = rng.normal(size=(signs, 8, 6))
    found = np.array(list(permuted_fits(means, means, means, np.linalg.norm(means), 40)))
    assert found.max() < 0.999
