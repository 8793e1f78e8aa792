"""Stage `quality`: against slow loops, scikit-learn and scipy, and what must not change it."""

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from signpaths.errors import UserError
from signpaths.quality import (
    NEIGHBOURS,
    SHEPARD_FRAMES,
    Quality,
    QualityOptions,
    Sample,
    by_sign,
    compare,
    compared_examples,
    geometry,
    kept,
    neighbours,
    quality,
    rnx_area,
    sampled,
    sampled_frames,
    stress,
)
from signpaths.sequences import real_frames
from signpaths.stores import open_store, write_store
from sklearn.manifold import trustworthiness

SEEDS = st.integers(0, 2**32 - 1)
MEASURES = ("trustworthiness", "continuity", "rnx_area", "shepard", "stress", "step_correlation")
OF_SIGNS = ("trustworthiness_sign", "continuity_sign")


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# The measures, written down as slowly and plainly as can be


def slow_order(points: np.ndarray, example: np.ndarray, frame: int) -> list[int]:
    """The frames of other examples, the nearest first."""
    others = [other for other in range(len(points)) if example[other] != example[frame]]
    return sorted(others, key=lambda other: np.linalg.norm(points[other] - points[frame]))


def slow_kept(near_in: np.ndarray, ranked_in: np.ndarray, example: np.ndarray, k: int):
    found = []
    for frame in range(len(example)):
        place = {o: i + 1 for i, o in enumerate(slow_order(ranked_in, example, frame))}
        penalty = sum(max(0, place[o] - k) for o in slow_order(near_in, example, frame)[:k])
        # At worst the k nearest become the k farthest.
        worst = sum(max(0, place - k) for place in range(len(place) - k + 1, len(place) + 1))
        found.append(1 - penalty / worst)
    return np.array(found)


def slow_rnx_area(one: np.ndarray, other: np.ndarray, example: np.ndarray) -> float:
    areas = []
    for frame in range(len(example)):
        first, second = (slow_order(points, example, frame) for points in (one, other))
        n, total, weights = len(first), 0.0, 0.0
        for k in range(1, n):
            q = len(set(first[:k]) & set(second[:k])) / k
            total += (n * q - k) / (n - k) / k
            weights += 1 / k
        areas.append(total / weights)
    return sum(areas) / len(areas)


def slow_distances(points: np.ndarray, example: np.ndarray) -> np.ndarray:
    pairs = itertools.combinations(range(len(points)), 2)
    return np.array(
        [np.linalg.norm(points[i] - points[j]) for i, j in pairs if example[i] != example[j]]
    )


def slow_stress(original: np.ndarray, projected: np.ndarray) -> float:
    """Look for the best scale instead of solving for it."""

    def squared(log_scale: float) -> float:
        return ((original - np.exp(log_scale) * projected) ** 2).sum() / (original**2).sum()

    return float(minimize_scalar(squared, bracket=(-5, 5), tol=1e-12).fun ** 0.5)


def some_spaces(seed: int, examples: int = 8, time: int = 9, padding: str = "pre"):
    """Trajectories of uneven length and a noisy projection of them, and all their frames."""
    generator = np.random.default_rng(seed)
    length = generator.integers(4, time + 1, examples)
    real = real_frames(length, time, padding)
    hidden = generator.normal(size=(examples, time, 6)).cumsum(axis=1)
    path = hidden[..., :2] + generator.normal(0, 0.5, (examples, time, 2))
    hidden[~real] = np.nan
    path[~real] = np.nan
    label = np.arange(examples) % 3
    return hidden, path, sampled(real, np.ones(examples, bool), label, 5000)


def compared(hidden: np.ndarray, path: np.ndarray, sample: Sample) -> Quality:
    return compare(geometry(hidden, sample), geometry(path, sample), sample, 3)


@given(SEEDS, st.sampled_from(["pre", "post"]))
@settings(max_examples=8, deadline=None)
def test_measures_agree_with_slow_loops(seed: int, padding: str) -> None:
    hidden, path, sample = some_spaces(seed, padding=padding)
    found = compared(hidden, path, sample)
    at = sample.example, sample.time
    high, low, example = hidden[at], path[at], sample.example
    for index, k in enumerate(NEIGHBOURS):
        if (sample.others < 2 * k).any():
            assert np.isnan([found.trustworthiness[index], found.continuity[index]]).all()
            continue
        trusted = slow_kept(low, high, example, k)
        continued = slow_kept(high, low, example, k)
        assert found.trustworthiness[index] == pytest.approx(trusted.mean(), abs=1e-12)
        assert found.continuity[index] == pytest.approx(continued.mean(), abs=1e-12)
        if k == 10:
            for sign in range(3):
                mine = sample.sign == sign
                assert found.trustworthiness_sign[sign] == pytest.approx(trusted[mine].mean())
                assert found.continuity_sign[sign] == pytest.approx(continued[mine].mean())
    assert found.rnx_area == pytest.approx(slow_rnx_area(high, low, example), abs=1e-12)
    distances = slow_distances(high, example), slow_distances(low, example)
    assert found.shepard == pytest.approx(spearmanr(*distances).statistic)
    assert found.stress == pytest.approx(slow_stress(*distances), abs=1e-6)
    steps = [
        [
            np.linalg.norm(one[row, step] - one[row, step - 1])
            for row in range(len(one))
            for step in range(1, one.shape[1])
            if not np.isnan(one[row, step - 1 : step + 1]).any()
        ]
        for one in (hidden, path)
    ]
    assert found.step_correlation == pytest.approx(spearmanr(*steps).statistic)


@given(SEEDS, st.integers(42, 70))
@settings(max_examples=10, deadline=None)
def test_frames_of_an_example_each_give_scikit_learns_trustworthiness(seed: int, count: int):
    generator = np.random.default_rng(seed)
    high = generator.normal(size=(count, 1, 5))
    low = high[..., :2] + generator.normal(0, 0.3, (count, 1, 2))
    every = np.ones(count, dtype=bool)
    sample = sampled(every[:, None], every, np.zeros(count, int), 5000)
    found = compared(high, low, sample)
    for index, k in enumerate(NEIGHBOURS):
        one, other = high[:, 0], low[:, 0]
        assert found.trustworthiness[index] == pytest.approx(
            trustworthiness(one, other, n_neighbors=k)
        )
        assert found.continuity[index] == pytest.approx(trustworthiness(other, one, n_neighbors=k))


@given(SEEDS, st.integers(2, 30))
def test_neighbours_are_sorted_by_distance_and_ties_by_lot(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    example = generator.integers(0, 4, count) if seed % 2 else np.arange(count)
    distance = generator.random((count, count)).astype(np.float32)
    nearest, rank = neighbours(distance, example)
    tied, tied_rank = neighbours(np.zeros((count, count), np.float32), example)
    for row in range(count):
        others = np.flatnonzero(example != example[row])
        in_order = others[np.argsort(distance[row, others])]
        assert nearest[row, : others.size].tolist() == in_order.tolist()
        assert rank[row, in_order].tolist() == list(range(1, others.size + 1))
        assert sorted(tied[row, : others.size].tolist()) == others.tolist()
        assert sorted(tied_rank[row].tolist()) == list(range(1, count + 1))
    if np.unique(example).size == count > 2:
        assert np.unique(tied[:, 0]).size == count, "each frame has a lot of its own"


def test_rnx_area_of_a_case_done_by_hand() -> None:
    # Three frames that can be neighbours. First frame: the same order; R is 1 at K = 1 and 2.
    # Second: the first two exchanged; Q is 0 and 1, so R is (0 − 1)/2 and 1.
    one = np.array([[9, 1, 2, 3], [1, 9, 2, 3]], dtype=np.uint16)
    other = np.array([[9, 1, 2, 3], [2, 9, 1, 3]], dtype=np.uint16)
    expected = (1 + (-0.5 * 1 + 1 * 0.5) / 1.5) / 2
    assert rnx_area(one, other, np.array([3, 3])) == pytest.approx(expected)


def test_neighbours_as_wrong_as_can_be_are_worth_nothing() -> None:
    nearest = np.array([[3, 2, 1, 0]])
    rank = np.array([[1, 2, 3, 4]])
    np.testing.assert_allclose(kept(nearest, rank, np.array([4]), 2), [0])
    np.testing.assert_allclose(kept(nearest[:, ::-1], rank, np.array([4]), 2), [1])
    np.testing.assert_allclose(kept(nearest, rank, np.array([3]), 2), [np.nan])


@given(SEEDS, st.floats(-6, 6))
@settings(max_examples=20, deadline=None)
def test_rotation_and_scale_keep_everything(seed: int, log_scale: float) -> None:
    hidden, path, sample = some_spaces(seed, examples=12)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    moved = hidden @ rotation * 10**log_scale + 3
    same = compared(hidden, moved, sample)
    enough = np.array([(sample.others >= 2 * k).all() for k in NEIGHBOURS])
    assert enough[:2].all()
    for values in (same.trustworthiness, same.continuity):
        np.testing.assert_allclose(values[enough], 1, atol=1e-4)
    for value in (same.rnx_area, same.shepard, same.step_correlation):
        assert value == pytest.approx(1, abs=1e-4)
    assert same.stress == pytest.approx(0, abs=1e-4)
    before, after = compared(hidden, path, sample), compared(moved, path, sample)
    for name in (*MEASURES, *OF_SIGNS):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-4)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_measures_lie_in_their_bounds_and_noise_is_worth_nothing(seed: int) -> None:
    hidden, _, sample = some_spaces(seed, examples=30)
    noise = np.random.default_rng([seed, 1]).normal(size=(*hidden.shape[:2], 2))
    noise[np.isnan(hidden[..., 0])] = np.nan
    found = compared(hidden, noise, sample)
    assert abs(found.rnx_area) < 0.1
    assert abs(found.shepard) < 0.15
    assert 0 < found.stress < 1
    for values in (found.trustworthiness, found.continuity, *(getattr(found, n) for n in OF_SIGNS)):
        assert ((values > 0.3) & (values < 0.7)).all()


def test_frames_of_the_same_example_are_no_neighbours() -> None:
    """Steps within an example shrink to nothing: nothing changes but the lengths of the steps."""
    hidden, _, sample = some_spaces(1, examples=12)
    start = np.nanmean(hidden, axis=1, keepdims=True)
    alike = start + 1e-3 * (hidden - start)
    found = compared(alike, np.nan_to_num(start) + 0 * hidden, sample)
    # The places of examples are kept; all frames of an example tie, and share their neighbours.
    assert found.trustworthiness[0] > 0.9
    assert found.stress == pytest.approx(0, abs=0.01)
    assert np.isnan(found.step_correlation), "no step has a length"


def test_the_scale_of_stress_is_the_best_there_is() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.uniform(1, 2, (2, 50))
    assert stress(one, other) == pytest.approx(slow_stress(one, other), abs=1e-6)
    assert stress(one, 1e-30 * other) == pytest.approx(stress(one, other))
    assert stress(one, np.zeros(50)) == 1
    assert np.isnan(stress(np.zeros(50), one))


def test_tiny_and_huge_distances_are_ranked() -> None:
    hidden, path, sample = some_spaces(2)
    before = compared(hidden, path, sample)
    for scale in (1e-100, 1e100):
        after = compared(hidden * scale, path * scale, sample)
        for name in MEASURES:
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-6)


def test_shepard_stops_at_its_own_number_of_frames() -> None:
    generator = np.random.default_rng(0)
    high = generator.normal(size=(300, 4, 4))
    low = high[..., :2]
    sample = sampled(np.ones((300, 4), bool), np.ones(300, bool), np.zeros(300, int), 5000)
    few = sample.example[:SHEPARD_FRAMES], sample.time[:SHEPARD_FRAMES]
    pairs = np.triu(few[0][:, None] != few[0], 1)
    distances = [cdist(one[few], one[few])[pairs] for one in (high, low)]
    found = compared(high, low, sample)
    assert found.shepard == pytest.approx(spearmanr(*distances).statistic)
    assert sample.example.size > SHEPARD_FRAMES


# Degenerate spaces


def test_a_space_of_one_point_has_neighbours_by_chance() -> None:
    hidden, _, sample = some_spaces(0, examples=60)
    point = np.where(np.isnan(hidden[..., :2]), np.nan, 0.3)
    found = compared(hidden, point, sample)
    assert abs(found.rnx_area) < 0.05
    for values in (found.trustworthiness, found.continuity):
        assert ((values > 0.4) & (values < 0.6)).all()
    assert found.stress == 1
    assert np.isnan([found.shepard, found.step_correlation]).all()
    again = compared(hidden, point, sample)
    np.testing.assert_array_equal(again.trustworthiness, found.trustworthiness)


def test_hidden_states_of_one_point_leave_nothing_to_say() -> None:
    hidden, path, sample = some_spaces(0, examples=12)
    found = compared(0 * hidden, path, sample)
    for name in (*MEASURES, *OF_SIGNS):
        assert np.isnan(getattr(found, name)).all(), name


def test_a_sign_without_a_frame_is_missing() -> None:
    found = by_sign(np.array([1.0, 0.5, 0.0]), np.array([0, 0, 2]), 4)
    np.testing.assert_array_equal(found, [0.75, np.nan, 0, np.nan])


# The sample


@given(SEEDS, st.integers(2, 60))
def test_the_sample_is_of_chosen_real_frames_without_repeats(seed: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    real = real_frames(generator.integers(1, 8, 9), 7, "post")
    chosen = generator.random(9) < 0.7
    example, time = sampled_frames(real, chosen, most)
    assert example.size == min(most, real[chosen].sum())
    assert chosen[example].all()
    assert real[example, time].all()
    assert len(set(zip(example.tolist(), time.tolist(), strict=True))) == example.size
    np.testing.assert_array_equal(sampled_frames(real, chosen, most), (example, time))


def test_the_sample_spreads_over_all_examples() -> None:
    real = np.ones((100, 50), dtype=bool)
    example, time = sampled_frames(real, np.ones(100, bool), 1000)
    assert np.bincount(example, minlength=100).max() < 30
    assert np.unique(example).size == 100
    assert np.unique(time).size == 50


def test_held_out_examples_are_compared_if_there_are_two() -> None:
    part = np.array(["train", "validation", "test", "train"])
    chosen, which = compared_examples(part)
    assert (chosen.tolist(), which) == ([False, True, True, False], "held_out")
    for alone in (np.array(["train", "train", "test"]), np.repeat("train", 3)):
        chosen, which = compared_examples(alone)
        assert (chosen.all(), which) == (True, "all")


# The stage on tiny stores

SIGNS, PER_SIGN, TIME, AE_SEEDS = ("God", "a_", "drink"), 15, 9, (0, 3)
SPACES = ("pca2", "pca3", "ae2", "ae3")


def write_stores(folder: Path, padding: str = "pre", parts: tuple[str, ...] = ("train", "test")):
    """Write activations and paths of one run; what stands on padding must not matter."""
    generator = np.random.default_rng(4)
    sign = np.repeat(SIGNS, PER_SIGN)
    length = generator.integers(5, TIME + 1, sign.size)
    part = np.resize(parts, sign.size)
    real = real_frames(length, TIME, padding)
    hidden = generator.normal(size=(sign.size, TIME, 5)).astype(np.float32)
    hidden[~real] = 1e9
    path = generator.normal(size=(len(SPACES), len(AE_SEEDS), sign.size, TIME, 3))
    path += hidden[..., :3]
    for row, space in enumerate(SPACES):
        if space.startswith("pca"):
            path[row] = path[row, 0]
        if space.endswith("2"):
            path[row, ..., 2] = np.nan
    path[:, :, ~real] = np.nan
    coords = {
        name: ("example", values)
        for name, values in {"sign": sign, "length": length, "part": part}.items()
    }
    dataset = xr.Dataset(
        {"hidden": (("example", "time", "unit"), hidden), "mask": (("example", "time"), real)},
        coords=coords,
        attrs={"padding": padding},
    )
    write_store(dataset, folder / "hidden.zarr", stage="activations", title="test")
    error = generator.random((len(SPACES), len(AE_SEEDS), 2))
    dims = ("space", "ae_seed")
    dataset = xr.Dataset(
        {
            "path": ((*dims, "example", "time", "dim"), path.astype(np.float32)),
            "reconstruction_error": (
                (*dims, "seen"),
                error,
                {"long_name": "error", "units": "1"},
            ),
        },
        coords={
            "space": list(SPACES),
            "ae_seed": list(AE_SEEDS),
            "seen": ["train", "held_out"],
            **coords,
        },
        attrs={"padding": padding},
    )
    write_store(dataset, folder / "paths.zarr", stage="paths", title="test")
    return hidden, path.astype(np.float32), real, part, sign


def run_stage(folder: Path, frames: int = 5000) -> xr.Dataset:
    out = folder / "out.zarr"
    quality(folder / "hidden.zarr", folder / "paths.zarr", out, options=QualityOptions(frames))
    return open_store(out).load()


def change(store: Path, **variables: np.ndarray) -> None:
    dataset = open_store(store).load()
    changed = {name: (dataset[name].dims, values) for name, values in variables.items()}
    write_store(dataset.assign(changed), store, stage="test", title="test")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_every_projection_is_measured_on_held_out_frames(tmp_path: Path, padding: str) -> None:
    hidden, path, real, part, sign = write_stores(tmp_path, padding)
    found = run_stage(tmp_path)
    assert found.space.values.tolist() == list(SPACES)
    assert found.ae_seed.values.tolist() == list(AE_SEEDS)
    assert found.k.values.tolist() == list(NEIGHBOURS)
    assert found.sign.values.tolist() == sorted(SIGNS)
    assert found.attrs["compared"] == "held_out"
    assert found.attrs["examples"] == (part == "test").sum()
    assert found.attrs["frames"] == real[part == "test"].sum()
    assert found.attrs["note"] == ""
    assert set(found.data_vars) == {*MEASURES, *OF_SIGNS, "reconstruction_error"}
    stored = open_store(tmp_path / "paths.zarr").reconstruction_error
    np.testing.assert_array_equal(found.reconstruction_error.values, stored.values)
    for variable in found.data_vars.values():
        assert variable.attrs.keys() >= {"long_name", "units"}
        assert np.isfinite(variable.values).all()
    example, time = np.nonzero(real & (part == "test")[:, None])
    for row, space in enumerate(SPACES):
        for column, seed in enumerate(AE_SEEDS):
            one = found.sel(space=space, ae_seed=seed)
            low = path[row, column, example, time][:, : int(space[-1])]
            high = hidden[example, time]
            trusted = slow_kept(low, high, example, 5)
            assert float(one.trustworthiness[0]) == pytest.approx(trusted.mean(), abs=1e-9)
            per_sign = slow_kept(low, high, example, 10)[sign[example] == "a_"].mean()
            assert float(one.trustworthiness_sign.sel(sign="a_")) == pytest.approx(per_sign)
        if row and column:
            break
    repeated = found.sel(space=["pca2", "pca3"])
    for name in (*MEASURES, *OF_SIGNS):
        assert (
            repeated[name]
            .isel(ae_seed=0)
            .equals(repeated[name].isel(ae_seed=1).assign_coords(ae_seed=AE_SEEDS[0]))
        )
    assert (found.rnx_area.sel(space="ae2").diff("ae_seed") != 0).all(), "autoencoders differ"


def test_the_same_frames_are_compared_in_every_run_of_a_study(tmp_path: Path) -> None:
    """A sample of frames leaves numbers as they are if only the other frames change."""
    _, _, real, part, _ = write_stores(tmp_path)
    before = run_stage(tmp_path, 120)
    assert before.attrs["frames"] == 120
    at = sampled_frames(real, part == "test", 120)
    unused = np.ones_like(real)
    unused[at] = False
    states = open_store(tmp_path / "hidden.zarr").hidden.values
    states[unused] += 5
    change(tmp_path / "hidden.zarr", hidden=states)
    after = run_stage(tmp_path, 120)
    for name in ("trustworthiness", "rnx_area", "shepard", "stress"):
        np.testing.assert_array_equal(after[name].values, before[name].values)
    assert not np.array_equal(after.step_correlation.values, before.step_correlation.values)


def test_without_held_out_examples_all_are_compared_and_that_is_said(tmp_path: Path) -> None:
    *_, part, _ = write_stores(tmp_path, parts=("train",))
    found = run_stage(tmp_path)
    assert (found.attrs["compared"], found.attrs["examples"]) == ("all", part.size)
    assert "Fewer than two examples are held out" in found.attrs["note"]
    assert "all examples" in found.rnx_area.attrs["long_name"]


def test_a_sample_too_small_for_k_says_so(tmp_path: Path) -> None:
    write_stores(tmp_path)
    found = run_stage(tmp_path, 30)
    assert np.isnan(found.trustworthiness.sel(k=20).values).all()
    assert np.isfinite(found.trustworthiness.sel(k=10).values).all()
    assert "Too few frames for 20 neighbours" in found.attrs["note"]
    assert "fewer than 2k others" in found.trustworthiness.attrs["long_name"]
    found = run_stage(tmp_path, 2)
    assert np.isnan(found.trustworthiness.values).all()
    assert "Too few frames for 5, 10, 20 neighbours" in found.attrs["note"]


def test_a_collapsed_autoencoder_is_named(tmp_path: Path) -> None:
    _, path, *_ = write_stores(tmp_path)
    path[2, 1] = np.where(np.isnan(path[2, 1]), np.nan, 0.1)
    change(tmp_path / "paths.zarr", path=path)
    found = run_stage(tmp_path)
    assert "All points are equal in ae2 of seed 3" in found.attrs["note"]
    one = found.sel(space="ae2", ae_seed=3)
    assert float(one.stress) == 1
    assert abs(float(one.rnx_area)) < 0.1
    assert np.isnan(float(one.shepard))
    assert np.isfinite(found.sel(space="ae2", ae_seed=0).shepard.values)


def test_constant_hidden_states_are_told(tmp_path: Path) -> None:
    hidden, *_ = write_stores(tmp_path)
    change(tmp_path / "hidden.zarr", hidden=np.full_like(hidden, 1 / 3))
    found = run_stage(tmp_path)
    assert "All hidden states compared are equal" in found.attrs["note"]
    assert np.isnan(found.rnx_area.values).all()


def test_a_store_is_the_same_every_time(tmp_path: Path) -> None:
    write_stores(tmp_path)
    xr.testing.assert_identical(run_stage(tmp_path), run_stage(tmp_path))


@pytest.mark.parametrize("frames", [-1, 1, 5001])
def test_a_sample_out_of_bounds_is_refused(tmp_path: Path, frames: int) -> None:
    write_stores(tmp_path)
    with pytest.raises(UserError, match="expected 2 to 5000"):
        run_stage(tmp_path, frames)


def test_one_example_is_refused(tmp_path: Path) -> None:
    write_stores(tmp_path)
    for name in ("hidden", "paths"):
        one = open_store(tmp_path / f"{name}.zarr").isel(example=[0]).load()
        write_store(one, tmp_path / f"{name}.zarr", stage="test", title="test")
    with pytest.raises(UserError, match="two or more"):
        run_stage(tmp_path)


def test_stores_of_two_studies_are_refused(tmp_path: Path) -> None:
    *_, sign = write_stores(tmp_path)
    change(tmp_path / "paths.zarr", sign=sign[::-1])
    with pytest.raises(UserError, match="its examples are not those of"):
        run_stage(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    hidden, path, real, *_ = write_stores(tmp_path)
    last = np.flatnonzero(real[1])[-1]
    broken = path.copy()
    broken[3, 1, 1, last, 0] = value
    change(tmp_path / "paths.zarr", path=broken)
    with pytest.raises(UserError, match=r"paths\.zarr: .*no finite numbers"):
        run_stage(tmp_path)
    broken[3, 1] = np.nan
    change(tmp_path / "paths.zarr", path=broken)
    with pytest.raises(UserError, match=r"paths\.zarr: .*no finite numbers"):
        run_stage(tmp_path)
    states = hidden.copy()
    states[1, last, 2] = value
    change(tmp_path / "hidden.zarr", hidden=states)
    with pytest.raises(UserError, match=r"hidden\.zarr: .*no finite numbers"):
        run_stage(tmp_path)
