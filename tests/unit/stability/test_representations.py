"""Hidden states of two networks: against the formulas written out, scipy, and what is known."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist, squareform
from signpaths.stability import representations
from signpaths.stability.representations import (
    centred_products,
    debiased_cka,
    map_of_networks,
    normalised,
    sampled_examples,
    shape_distances,
    shuffled,
)
from sklearn.manifold import smacof

SEEDS = st.integers(0, 2**32 - 1)
PHASES, UNITS = 3, 4


def some_states(seed: int, runs: int = 2, examples: int = 20, own: float = 1.0) -> list[np.ndarray]:
    """Runs that see the same things, each in its own way and with noise of its own."""
    generator = np.random.default_rng(seed)
    seen = generator.normal(size=(examples * PHASES, UNITS)) * np.arange(1, UNITS + 1)
    return [
        seen @ generator.normal(size=(UNITS, UNITS)) + own * generator.normal(size=seen.shape) + 3
        for _ in range(runs)
    ]


def cka(*states: np.ndarray, label: np.ndarray | None = None):
    """Debiased CKA of networks' states, from the beginning."""
    examples = len(states[0]) // PHASES
    label = np.arange(examples) % 5 if label is None else label
    unit = [normalised(one) for one in states]
    return debiased_cka([centred_products(one, examples) for one in unit], label)


def slow_hsic(one: np.ndarray, other: np.ndarray) -> float:
    """Song et al. 2012, equation 5, with sums over elements."""
    n = len(one)
    k, gram = one @ one.T, other @ other.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(gram, 0)
    trace = sum(k[i, j] * gram[j, i] for i in range(n) for j in range(n))
    ends = sum(k[i, j] * gram[j, q] for i in range(n) for j in range(n) for q in range(n))
    return (trace + k.sum() * gram.sum() / ((n - 1) * (n - 2)) - 2 * ends / (n - 2)) / (n * (n - 3))


def slow_cka(one: np.ndarray, other: np.ndarray, examples: int) -> float:
    flat = [states.reshape(examples, -1) for states in (one, other)]
    own = [slow_hsic(states, states) for states in flat]
    return slow_hsic(*flat) / (own[0] * own[1]) ** 0.5


# Debiased CKA


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_debiased_cka_is_that_of_unbiased_hsic(seed: int) -> None:
    states = some_states(seed, runs=3, examples=8)
    found = cka(*states).values
    assert np.isnan(np.diag(found)).all()
    for one, other in itertools.permutations(range(3), 2):
        expected = slow_cka(states[one], states[other], 8)
        assert found[one, other] == pytest.approx(expected, abs=1e-5)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_left_out_sign_takes_its_examples_with_it(seed: int) -> None:
    label = np.array([0, 0, 1, 2, 2, 2, 0, 1, 2, 1])
    states = some_states(seed, runs=4, examples=10)
    found = cka(*states, label=label)
    for sign in range(3):
        rest = np.repeat(label != sign, PHASES)
        left = cka(*(one[rest] for one in states), label=np.zeros(int(rest.sum()) // PHASES, int))
        each = left.values[~np.eye(4, dtype=bool)]
        assert found.without[sign] == pytest.approx(each.mean(), abs=1e-5)


def test_a_sign_that_leaves_too_few_examples_is_not_left_out() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cka(*some_states(0, examples=6), label=np.array([0, 0, 0, 1, 2, 2]))
        np.testing.assert_array_equal(np.isnan(found.without), [True, False, False])
        alone = cka(*some_states(0, runs=1, examples=6), label=np.array([0, 0, 0, 1, 2, 2]))
    assert np.isnan(alone.without).all(), "one network is like no other"


def test_a_sign_without_which_nothing_differs_is_not_left_out() -> None:
    """Rounding that is left of the others' products must not be taken for likeness."""
    generator, label = np.random.default_rng(0), np.repeat(np.arange(3), 4)
    states = []
    for _ in range(4):
        paths = np.tile(generator.normal(size=(PHASES, UNITS)), (12, 1, 1))
        paths[:4] += generator.normal(size=(4, PHASES, UNITS))
        states.append(paths.reshape(-1, UNITS))
    without = cka(*states, label=label).without
    assert np.isnan(without[0])
    assert (np.abs(without[1:]) <= 1).all()


def test_unrelated_networks_are_unrelated_however_many_units_they_have() -> None:
    """The biased estimate is not: that is why it misleads."""
    generator = np.random.default_rng(0)
    label = np.zeros(10, int)
    states = [generator.normal(size=(10, 400)) for _ in range(60)]
    values = debiased_cka([centred_products(normalised(one), 10) for one in states], label).values
    assert abs(np.nanmean(values)) < 0.02
    one, other = (states[i] - states[i].mean(axis=0) for i in (0, 1))
    biased = np.linalg.norm(one.T @ other) ** 2
    biased /= np.linalg.norm(one.T @ one) * np.linalg.norm(other.T @ other)
    assert biased > 0.9


@given(SEEDS, st.floats(-6, 6), st.booleans())
@settings(max_examples=25)
def test_rotation_scale_and_shift_leave_runs_alike(seed: int, log_scale: float, mirror: bool):
    one, other = some_states(seed)
    generator = np.random.default_rng([seed, 1])
    rotation = np.linalg.qr(generator.normal(size=(UNITS, UNITS)))[0]
    rotation[:, 0] *= np.sign(np.linalg.det(rotation)) * (-1 if mirror else 1)
    moved = 10**log_scale * (one @ rotation + generator.normal(size=UNITS))
    for states, expected in (([one, moved], 1), ([moved, other], cka(one, other).values[0, 1])):
        assert cka(*states).values[0, 1] == pytest.approx(expected, abs=1e-5)
    unit = [normalised(states) for states in (one, moved, other)]
    angles = shape_distances(unit)
    # The arc cosine turns a rounding of 1e-7 near 1 into 1e-3.
    assert angles[0, 1] == pytest.approx(0, abs=2e-3)
    assert angles[1, 2] == pytest.approx(angles[0, 2], abs=1e-5)


def test_equal_or_too_few_states_have_no_products() -> None:
    assert normalised(np.full((5, 3), 1 / 3, np.float32)) is None
    tiny = np.full((5, 3), 0.0)
    tiny[0, 0] = 1e-200
    found = normalised(tiny)
    assert found is not None
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found.dtype == np.float32
    assert centred_products(normalised(some_states(0, examples=3)[0]), 3) is None
    for least in (0.0, 1.0):
        states = np.abs(least - np.array([[0.0, 0], [1, 0], [0, 2]]))
        assert normalised(states) is not None, "the first state is the least, or the greatest"
    unknown = debiased_cka([None, None], np.array([0, 1]))
    assert np.isnan(unknown.values).all()
    assert unknown.without.shape == (2,)


def test_examples_that_differ_by_one_at_most_say_nothing() -> None:
    """What a single example adds is taken from the products; nothing but rounding is left."""
    states = np.tile(np.random.default_rng(0).normal(size=(PHASES, UNITS)), (9, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert centred_products(normalised(states), 9) is None
        states[:PHASES] += np.random.default_rng(1).normal(size=(PHASES, UNITS))
        assert centred_products(normalised(states), 9) is None


def test_rounding_takes_no_likeness_beyond_its_ends() -> None:
    generator, label = np.random.default_rng(2), np.arange(10) % 3
    for _ in range(30):
        products = generator.normal(size=45)
        products = (products / np.linalg.norm(products)).astype(np.float32)
        found = debiased_cka([products, products, -products], label).values
        np.testing.assert_allclose([found[0, 1], found[0, 2]], [1, -1], atol=1e-6)
        assert np.nanmax(np.abs(found)) <= 1
        one = normalised(generator.normal(size=(30, UNITS)))
        assert shape_distances([one, one])[0, 1] == pytest.approx(0, abs=2e-3)


# Shape distance


@given(SEEDS)
@settings(max_examples=25)
def test_the_shape_distance_is_the_angle_of_scipys_disparity(seed: int) -> None:
    one, other = some_states(seed)
    (found,) = shape_distances([normalised(one), normalised(other)])[:1, 1]
    assert np.sin(found) ** 2 == pytest.approx(procrustes(one, other)[2], abs=1e-6)


@given(SEEDS)
@settings(max_examples=25)
def test_the_shape_distance_is_a_metric(seed: int) -> None:
    generator = np.random.default_rng(seed)
    states = [normalised(generator.normal(size=(8, int(units)))) for units in (2, 3, 3, 2, 4)]
    found = np.nan_to_num(shape_distances(states), nan=0)
    np.testing.assert_array_equal(found, found.T)
    for a, b, c in itertools.permutations(range(5), 3):
        assert found[a, c] <= found[a, b] + found[b, c] + 1e-6


@pytest.mark.parametrize("block", [1, 2, 16])
def test_many_networks_are_compared_two_by_two(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signpaths.stability.representations.BLOCK", block)
    states = [one[:, : UNITS - seed % 2] for seed in range(3) for one in some_states(seed)]
    flat = 2
    unit = [None if index == flat else normalised(one) for index, one in enumerate(states)]
    found = shape_distances(unit)
    for row, column in np.ndindex(6, 6):
        if row == column or flat in (row, column):
            assert np.isnan(found[row, column])
        else:
            expected = np.sqrt(procrustes(*wide(states[row], states[column]))[2])
            assert np.sin(found[row, column]) == pytest.approx(expected, abs=1e-6)


def wide(*states: np.ndarray) -> list[np.ndarray]:
    return [np.pad(one, ((0, 0), (0, UNITS - one.shape[1]))) for one in states]


def test_runs_with_nothing_in_common() -> None:
    wave = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    one, other = (np.stack([f(n * wave) for n in (1, 2)], axis=1) for f in (np.sin, np.cos))
    found = shape_distances([normalised(one), normalised(other)])
    assert found[0, 1] == pytest.approx(np.pi / 2, abs=1e-6)


# What chance gives


def test_the_null_of_cka_has_the_mean_and_the_variance_that_are_known() -> None:
    examples = 12
    states = [normalised(one) for one in some_states(3, runs=4, examples=examples, own=0)]
    products = [centred_products(one, examples) for one in states]
    found = shuffled(states, products, np.arange(examples), 4000).cka
    deviation = np.sqrt(2 / (examples * (examples - 3)))
    assert abs(found.mean()) < 4 * deviation / np.sqrt(4000)
    assert found.std() == pytest.approx(deviation, rel=0.08)


def test_a_shuffle_is_that_of_the_states() -> None:
    """With two examples of each sign, exchanging them within signs leaves no choice."""
    examples = 8
    label = np.repeat(np.arange(4), 2)
    raw = some_states(5, examples=examples)
    swapped = raw[1].reshape(examples, PHASES, UNITS)[[1, 0, 3, 2, 5, 4, 7, 6]]
    moved = normalised(swapped.reshape(raw[1].shape))
    states = [normalised(one) for one in raw]
    products = [centred_products(one, examples) for one in states]
    found = shuffled(states, products, label, 3, within_signs=True)
    expected = debiased_cka([products[0], centred_products(moved, examples)], label)
    np.testing.assert_allclose(found.cka, expected.values[0, 1], atol=1e-6)
    angle = shape_distances([states[0], moved])[0, 1]
    np.testing.assert_allclose(found.shape_distance, angle, atol=1e-6)
    assert shuffled([states[0], None], [products[0], None], label, 3).cka.size == 0
    assert shuffled(states, [products[0], None], label, 3).cka.size == 0, "no products, no likeness"


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), SEEDS)
def test_an_example_takes_the_place_of_another_of_its_sign(signs: list[int], seed: int) -> None:
    label = np.array(signs)
    order = representations._others_of_the_sign(label, np.random.default_rng(seed))
    assert sorted(order) == list(range(label.size))
    np.testing.assert_array_equal(label[order], label)
    for example, other in enumerate(order):
        assert (example == other) == (signs.count(signs[example]) == 1)


def test_what_signs_have_in_common_outlasts_a_shuffle_within_them() -> None:
    label = np.repeat(np.arange(5), 4)
    generator = np.random.default_rng(0)
    seen = np.repeat(generator.normal(size=(5, PHASES * UNITS)), 4, axis=0)
    raw = [(seen + 0.3 * generator.normal(size=seen.shape)) for _ in range(4)]
    states = [normalised(one.reshape(-1, UNITS)) for one in raw]
    products = [centred_products(one, 20) for one in states]
    within = shuffled(states, products, label, 50, within_signs=True).cka
    assert within.min() > 0.6
    assert shuffled(states, products, label, 50).cka.max() < 0.6


# The sample and the map


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 70))
def test_the_sample_takes_all_signs_alike(signs: list[int], most: int) -> None:
    label = np.array(signs)
    found = sampled_examples(label, most)
    assert found.size == min(most, label.size) == np.unique(found).size
    assert (np.diff(found) > 0).all()
    taken, there = (np.bincount(one, minlength=7) for one in (label[found], label))
    # Whoever has fewer than the others has no more to give.
    assert (taken[taken < there] >= taken.max() - 1).all()


def test_a_map_keeps_distances_that_fit_on_a_plane() -> None:
    points = np.random.default_rng(0).normal(size=(9, 2))
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    distance[4] = distance[:, 4] = np.nan
    np.fill_diagonal(distance, np.nan)
    found, stress = map_of_networks(distance)
    assert stress == pytest.approx(0, abs=1e-3)
    assert np.isnan(found[4]).all()
    kept = np.linalg.norm(found[:, None] - found, axis=2)
    known = np.isfinite(distance)
    np.testing.assert_allclose(kept[known], distance[known], atol=5e-3)
    assert np.ptp(found[:, 0][np.isfinite(found[:, 0])]) > 0


@pytest.mark.parametrize("seed", range(6))
def test_the_outermost_network_of_an_axis_is_on_its_positive_side(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(6, 2)) * [3, 1]
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    found, _ = map_of_networks(distance.copy())
    kept = np.linalg.norm(found[:, None] - found, axis=2)
    np.testing.assert_allclose(kept, distance, atol=5e-3)
    np.testing.assert_allclose(np.abs(found).max(axis=0), found.max(axis=0))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    # The axes are the main ones: along the first the networks lie widest, and apart from the other.
    spread = found.T @ found
    assert spread[0, 0] > spread[1, 1]
    assert spread[0, 1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("moved", "rounds"), [(1, 10), (144 * 11, 11), (144 * 999, 999), (144 * 1001, 1000)]
)
def test_a_map_of_many_networks_takes_fewer_rounds(
    monkeypatch: pytest.MonkeyPatch, moved: float, rounds: int
) -> None:
    asked = []

    def told(distance: np.ndarray, **options: object):
        asked.append(options["max_iter"])
        return smacof(distance, **options)

    monkeypatch.setattr(representations, "smacof", told)
    monkeypatch.setattr(representations, "MOST_MOVED", moved)
    map_of_networks(np.ones((12, 12)))
    assert asked == [rounds]


def test_a_map_starts_from_the_classical_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of points in five dimensions that is their first two principal components."""
    points = np.random.default_rng(0).normal(size=(7, 5)) * [0.5, 0.3, 0.1, 0.1, 0.1]
    points -= points.mean(axis=0)
    left, sizes, _ = np.linalg.svd(points, full_matrices=False)
    started = []

    def told(distance: np.ndarray, **options: object):
        started.append(options["init"])
        return smacof(distance, **options)

    monkeypatch.setattr(representations, "smacof", told)
    map_of_networks(np.linalg.norm(points[:, None] - points, axis=2))
    np.testing.assert_allclose(np.abs(started[0]), np.abs(left[:, :2] * sizes[:2]), atol=1e-9)


def test_no_other_map_nearby_is_truer() -> None:
    points = np.random.default_rng(1).normal(size=(9, 6))
    distance = np.linalg.norm(points[:, None] - points, axis=2)

    def off(places: np.ndarray) -> float:
        kept = pdist(places.reshape(9, 2))
        return float(np.sqrt(((kept - pdist(points)) ** 2).sum() / (pdist(points) ** 2).sum()))

    found, stress = map_of_networks(distance)
    assert stress == pytest.approx(off(found))
    assert stress < optimize.minimize(off, found.ravel()).fun + 1e-4


@pytest.mark.parametrize("networks", [2, 3, 4, 5, 6])
def test_networks_on_a_line_lie_on_one_axis(networks: int) -> None:
    place = np.append(0, np.arange(networks)[1:] + 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found, stress = map_of_networks(np.abs(np.subtract.outer(place, place)))
    # The outermost one is on the positive side.
    np.testing.assert_allclose(found[:, 0], place.mean() - place, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], 0, atol=1e-6)
    assert stress == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_distances_that_no_points_have_are_mapped_all_the_same(seed: int) -> None:
    """Two networks are far from a third, but nearer to each other than that difference."""
    far, farther, near = np.random.default_rng(seed).uniform(0.1, 1, 3) * [3, 9, 0.1]
    distance = squareform([far, 3 + farther, near])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found, stress = map_of_networks(distance)
    assert np.isfinite(found).all()
    assert 0 < stress < 1


def test_a_map_says_how_far_its_distances_are_off() -> None:
    """Of networks that are all equally far apart no plane is true."""
    found, stress = map_of_networks(np.ones((12, 12)))
    off = np.linalg.norm(found[:, None] - found, axis=2)[~np.eye(12, dtype=bool)] - 1
    assert stress == pytest.approx(np.sqrt((off**2).mean()))
    assert stress > 0.2
    none, unknown = map_of_networks(np.full((1, 1), np.nan))
    assert np.isnan(unknown)
    assert np.isnan(none).all()
    np.testing.assert_array_equal(map_of_networks(np.zeros((3, 3)))[0], 0)
