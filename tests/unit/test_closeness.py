"""Stage `closeness`: against slow and obvious re-implementations, and what must not change it."""

import dataclasses
import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from signpaths.closeness import (
    Closeness,
    ClosenessOptions,
    Examples,
    closeness,
    closeness_raw,
    energy_coefficients,
    example_distances,
    measure,
    measure_warped,
    mutual_ranks,
    near,
    resample,
    spread,
)
from signpaths.errors import UserError
from signpaths.sequences import padded, real_frames
from signpaths.stores import open_store, write_store, write_text
from signpaths.warping import warped_distances

SEEDS = st.integers(0, 2**32 - 1)
PADDINGS = st.sampled_from(["pre", "post"])


# The measures, written down as slowly and plainly as can be


def labelled(
    sign: np.ndarray, session: np.ndarray | None = None, held_out: np.ndarray | None = None
) -> Examples:
    """Examples of these signs, takes in their order, of one session by default, none held out."""
    return Examples(
        sign=sign,
        session=np.repeat("day", len(sign)) if session is None else session,
        take=np.arange(len(sign)),
        held_out=np.zeros(len(sign), bool) if held_out is None else held_out,
    )


def measured(points: np.ndarray, sign: np.ndarray) -> Closeness:
    return measure(points, labelled(sign), crossing_examples=9)


def slow_distance(one: np.ndarray, other: np.ndarray) -> float:
    total = 0.0
    for phase in range(one.shape[0]):
        for unit in range(one.shape[1]):
            total += (float(one[phase, unit]) - float(other[phase, unit])) ** 2
    return (total / one.shape[0]) ** 0.5


def slow_means(points: np.ndarray, sign: np.ndarray, with_self: bool) -> np.ndarray:
    signs = sorted(set(sign.tolist()))
    result = np.full((len(signs), len(signs)), np.nan)
    for (row, a), (column, b) in itertools.product(enumerate(signs), enumerate(signs)):
        found = [
            slow_distance(points[i], points[j])
            for i in range(len(sign))
            for j in range(len(sign))
            if sign[i] == a and sign[j] == b and (with_self or i != j)
        ]
        if found:
            result[row, column] = sum(found) / len(found)
    return result


def slow_mutual_ranks(distance: np.ndarray) -> np.ndarray:
    count = len(distance)

    def rank(of: int, seen_from: int) -> float:
        others = sorted(distance[seen_from, c] for c in range(count) if c != seen_from)
        places = [i + 1 for i, d in enumerate(others) if d == distance[seen_from, of]]
        return sum(places) / len(places)

    result = np.full((count, count), np.nan)
    for a, b in itertools.permutations(range(count), 2):
        result[a, b] = (rank(b, a) * rank(a, b)) ** 0.5
    return result


def slow_energy(points: np.ndarray, sign: np.ndarray) -> np.ndarray:
    means = slow_means(points, sign, with_self=True)
    result = np.zeros(means.shape)
    for a, b in itertools.product(range(len(means)), repeat=2):
        if means[a, b] > 0:
            result[a, b] = (2 * means[a, b] - means[a, a] - means[b, b]) / (2 * means[a, b])
    return result


def slow_resampled(trajectory: np.ndarray, phases: int) -> np.ndarray:
    """One example's real frames, unit by unit with numpy's own interpolation."""
    at = np.linspace(0, len(trajectory) - 1, phases)
    steps = np.arange(len(trajectory))
    return np.stack([np.interp(at, steps, unit) for unit in trajectory.T], axis=1)


def some_points(seed: int, examples: int = 14, phases: int = 3, units: int = 4):
    """Trajectories of four signs, in no order, one sign with a single example."""
    generator = np.random.default_rng(seed)
    sign = generator.permutation([*"aaaa", *"bbbbb", "c", *"dddd"])[:examples]
    place = {name: generator.normal(size=(phases, units)) for name in "abcd"}
    points = np.stack([place[name] for name in sign]) + generator.normal(
        size=(examples, phases, units)
    )
    return points, sign


# Distances, ranks, energy


@given(SEEDS)
@settings(max_examples=15)
def test_measures_agree_with_double_loops(seed: int) -> None:
    points, sign = some_points(seed)
    found = measured(points, sign)
    between = example_distances(points)
    for i, j in itertools.product(range(len(points)), repeat=2):
        assert between[i, j] == pytest.approx(slow_distance(points[i], points[j]), abs=1e-9)
    distance = slow_means(points, sign, with_self=False)
    np.testing.assert_allclose(found.distance, distance, rtol=1e-9)
    np.testing.assert_allclose(found.mutual_rank, slow_mutual_ranks(distance), rtol=1e-12)
    np.testing.assert_allclose(found.energy, slow_energy(points, sign), atol=1e-9)


@given(
    st.integers(2, 7).flatmap(
        lambda count: st.lists(
            st.integers(0, 4), min_size=count * (count - 1) // 2, max_size=count * (count - 1) // 2
        )
    )
)
def test_mutual_ranks_agree_with_sorting_ties_included(values: list[int]) -> None:
    count = round((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    distance = np.zeros((count, count))
    distance[np.triu_indices(count, 1)] = values
    distance += distance.T
    np.fill_diagonal(distance, np.nan)
    ranks = mutual_ranks(distance)
    np.testing.assert_allclose(ranks, slow_mutual_ranks(distance), rtol=1e-12)
    off = ranks[~np.eye(count, dtype=bool)]
    assert ((off >= 1) & (off <= count - 1)).all()
    np.testing.assert_array_equal(ranks, ranks.T)
    assert np.isnan(np.diag(ranks)).all()


def test_mutual_ranks_of_a_case_done_by_hand() -> None:
    distance = np.array([[9.0, 1, 2, 2], [1, 9, 5, 6], [2, 5, 9, 1], [2, 6, 1, 9]])
    # From the first sign: the second is nearest, the others share ranks 2 and 3.
    expected = {(0, 1): 1.0, (0, 2): (2.5 * 2) ** 0.5, (0, 3): (2.5 * 2) ** 0.5}
    expected |= {(1, 2): (2 * 3) ** 0.5, (1, 3): 3.0, (2, 3): 1.0}
    ranks = mutual_ranks(distance)
    for pair, rank in expected.items():
        assert ranks[pair] == pytest.approx(rank)
    assert distance[0, 0] == 9.0, "the distances that were given have been changed"


@given(
    SEEDS,
    st.sampled_from(["rotation", "reflection", "shift", "scale", "units", "examples", "all"]),
)
@settings(max_examples=60)
def test_what_leaves_the_shape_leaves_the_ranks(seed: int, kind: str) -> None:
    points, sign = some_points(seed)
    before = measured(points, sign)
    generator = np.random.default_rng([seed, 1])
    units = points.shape[2]
    if kind in ("rotation", "reflection", "all"):
        q = np.linalg.qr(generator.normal(size=(units, units)))[0]
        q[:, 0] *= np.sign(np.linalg.det(q)) * (-1 if kind == "reflection" else 1)
        assert np.linalg.det(q) == pytest.approx(-1 if kind == "reflection" else 1)
        points = points @ q
    if kind in ("shift", "all"):
        points = points + generator.normal(0, 100, units)
    if kind in ("scale", "all"):
        points = points * 10 ** generator.uniform(-6, 6)
    if kind in ("units", "all"):
        points = points[..., generator.permutation(units)]
    if kind in ("examples", "all"):
        order = generator.permutation(len(sign))
        points, sign = points[order], sign[order]
    after = measured(points, sign)
    np.testing.assert_array_equal(after.mutual_rank, before.mutual_rank)
    np.testing.assert_allclose(after.energy, before.energy, atol=1e-6)
    if kind not in ("scale", "all"):
        np.testing.assert_allclose(after.distance, before.distance, rtol=1e-6)


def test_what_changes_the_shape_changes_the_ranks() -> None:
    points, sign = some_points(3)
    before = measured(points, sign).mutual_rank
    assert not np.array_equal(measured(points * [50, 1, 1, 1], sign).mutual_rank, before, True)
    assert not np.array_equal(measured(points[:, :1], sign).mutual_rank, before, True)


@given(SEEDS)
@settings(max_examples=30)
def test_energy_lies_between_no_and_full_overlap(seed: int) -> None:
    points, sign = some_points(seed, phases=1, units=1)
    points = np.round(points)
    energy = measured(points, sign).energy
    assert ((energy >= 0) & (energy <= 1)).all()
    np.testing.assert_allclose(energy, np.clip(slow_energy(points, sign), 0, 1), atol=1e-9)


def test_energy_at_its_ends() -> None:
    sign = np.array([*"aaa", *"bbb", *"cc"])
    cloud = np.random.default_rng(0).normal(size=(3, 2, 2))
    points = np.concatenate([cloud, cloud[[2, 0, 1]], np.full((2, 2, 2), 1e4)])
    energy = measured(points, sign).energy
    assert energy[0, 1] == pytest.approx(0, abs=1e-9), "two signs of the same examples"
    assert energy[0, 2] > 0.999, "two signs far apart"
    apart = measured(np.repeat(np.eye(3), 2, axis=0)[:, None], np.array(list("aabbcc"))).energy
    np.testing.assert_allclose(apart, 1 - np.eye(3), err_msg="each sign a point of its own")


def test_degenerate_points_give_no_nan_and_no_warning() -> None:
    sign = np.array([*"aa", *"bb", "c"])
    for points in (np.zeros((5, 3, 2)), np.full((5, 3, 2), 1 / 3), np.full((5, 3, 2), 1e8 / 7)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = measured(points, sign)
        np.testing.assert_array_equal(found.energy, np.zeros((3, 3)))
        off = ~np.eye(3, dtype=bool)
        np.testing.assert_array_equal(found.distance[off], 0)
        np.testing.assert_array_equal(found.mutual_rank[off], 1.5)
        assert np.diag(found.distance)[:2].tolist() == [0, 0]
        assert np.isnan(found.distance[2, 2]), "one example has no distance within its sign"


def test_identical_examples_are_at_distance_zero_anywhere() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(20, 8, 50)) + 1000
    points[7] = points[3]
    between = example_distances(points)
    assert between[3, 7] == between[7, 3] == 0
    assert (np.diag(between) == 0).all()
    others = between[~np.eye(20, dtype=bool)]
    assert (others == 0).sum() == 2


def test_signs_with_one_example_have_distances_to_others() -> None:
    points = np.array([0.0, 1, 3])[:, None, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measured(points, np.array(["c", "a", "b"]))
    expected = np.array([[np.nan, 2, 1], [2, np.nan, 3], [1, 3, np.nan]])
    np.testing.assert_allclose(found.distance, expected)
    np.testing.assert_allclose(found.energy, 1 - np.eye(3))


def test_energy_coefficients_do_not_divide_by_zero() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = energy_coefficients(np.array([[0.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


def test_rounding_takes_no_energy_below_zero() -> None:
    found = energy_coefficients(np.array([[1.0, 1 - 1e-15], [1 - 1e-15, 1.0]]))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


# Resampling


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(2, 40), PADDINGS, SEEDS)
def test_resampling_is_numpys_interpolation_of_the_real_frames(
    lengths: list[int], phases: int, padding: str, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    time = max(lengths) + int(generator.integers(3))
    trajectories = generator.normal(size=(len(lengths), time, 3))
    real = real_frames(np.array(lengths), time, padding)
    # What stands on padding must not matter.
    trajectories[~real] = 1e9
    found = resample(trajectories, real, phases)
    assert found.shape == (len(lengths), phases, 3)
    for row, mask, values in zip(found, real, trajectories, strict=True):
        np.testing.assert_allclose(row, slow_resampled(values[mask], phases), atol=1e-9)


def test_an_example_of_one_frame_stands_still() -> None:
    found = resample(np.array([[[9.0], [7.0]]]), np.array([[False, True]]), 4)
    np.testing.assert_array_equal(found, np.full((1, 4, 1), 7.0))


# The stages on tiny stores

TIME, SIGNS, PER_SIGN, AE_SEEDS = 9, ("God", "a_", "drink", "who"), 3, (0, 1)
SPACES = ("pca2", "pca3", "ae2", "ae3")


def make_run(folder: Path, padding: str) -> dict[str, np.ndarray]:
    """Write the stores of one run, and give what is in them as plain arrays."""
    generator = np.random.default_rng(5)
    sign = np.repeat(SIGNS, PER_SIGN)
    count = sign.size
    length = generator.integers(2, TIME + 1, count)
    part = np.tile(["train", "validation", "test"], len(SIGNS))
    real = real_frames(length, TIME, padding)
    columns = {
        "sign": sign,
        "session": np.tile(["s1", "s2", "s3"], len(SIGNS)),
        "take": np.ones(count, int),
        "length": length,
        "hands": np.repeat("one", count),
    }
    coords = {name: ("example", values) for name, values in columns.items()}
    states = {}
    for name in ("hidden", "untrained"):
        states[name] = generator.normal(size=(count, TIME, 5)).astype(np.float32)
        dataset = xr.Dataset(
            {
                "hidden": (("example", "time", "unit"), states[name]),
                "probability": (("example", "class"), np.full((count, 4), 0.25, np.float32)),
                "predicted": ("example", sign),
                "mask": (("example", "time"), real),
            },
            coords={**coords, "class": list(SIGNS), "part": ("example", part)},
            attrs={"padding": padding, "rounding": "none"},
        )
        write_store(dataset, folder / f"{name}.zarr", stage="activations", title="test")
    shape = (len(SPACES), len(AE_SEEDS), count, TIME, 3)
    path = generator.normal(size=shape).astype(np.float32)
    for row, space in enumerate(SPACES):
        if space.startswith("pca"):
            path[row] = path[row, 0]
        if space.endswith("2"):
            path[row, ..., 2] = np.nan
    path[:, :, ~real] = np.nan
    dataset = xr.Dataset(
        {
            "path": (("space", "ae_seed", "example", "time", "dim"), path),
            "reconstruction_error": (("space", "ae_seed", "seen"), np.zeros((4, 2, 2))),
        },
        coords={
            "space": list(SPACES),
            "ae_seed": list(AE_SEEDS),
            "seen": ["train", "held_out"],
            "dim": range(3),
            **coords,
            "part": ("example", part),
        },
        attrs={"padding": padding},
    )
    write_store(dataset, folder / "paths.zarr", stage="paths", title="test")
    return {**states, "path": path, "sign": sign, "part": part, "real": real}


def run_stage(folder: Path, **options: object) -> xr.Dataset:
    inputs = (folder / "hidden.zarr", folder / "untrained.zarr", folder / "paths.zarr")
    closeness(*inputs, folder / "out.zarr", options=ClosenessOptions(**options))
    return open_store(folder / "out.zarr").load()


def check_space(found: xr.Dataset, points: np.ndarray, sign: np.ndarray) -> None:
    distance = slow_means(points, sign, with_self=False)
    np.testing.assert_allclose(found.distance.values, distance, rtol=1e-5)
    np.testing.assert_allclose(found.mutual_rank.values, slow_mutual_ranks(distance), rtol=1e-6)
    np.testing.assert_allclose(found.energy.values, slow_energy(points, sign), atol=1e-5)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("examples", ["all", "train", "held_out"])
def test_every_space_is_measured_on_real_frames(
    tmp_path: Path, padding: str, examples: str
) -> None:
    run = make_run(tmp_path, padding)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = run_stage(tmp_path, phases=4, examples=examples)
    assert found.space.values.tolist() == ["hidden", "last", "untrained", *SPACES]
    assert found.ae_seed.values.tolist() == list(AE_SEEDS)
    assert found.sign.values.tolist() == found.other.values.tolist() == sorted(SIGNS)
    for name in ("distance", "mutual_rank", "energy"):
        assert found[name].dims == ("space", "ae_seed", "sign", "other")
        assert found[name].attrs.keys() >= {"long_name", "units"}
    chosen = {
        "all": np.full(run["part"].size, True),
        "train": run["part"] == "train",
        "held_out": run["part"] != "train",
    }[examples]
    assert (
        found.attrs["examples"] == chosen.sum() == {"all": 12, "train": 4, "held_out": 8}[examples]
    )
    sign, real = run["sign"][chosen], run["real"][chosen]

    def points(trajectories: np.ndarray) -> np.ndarray:
        pairs = zip(trajectories[chosen], real, strict=True)
        return np.stack([slow_resampled(values[mask], 4) for values, mask in pairs])

    last = [values[mask][-1:] for values, mask in zip(run["hidden"][chosen], real, strict=True)]
    for column, seed in enumerate(AE_SEEDS):
        one = found.sel(ae_seed=seed)
        check_space(one.sel(space="hidden"), points(run["hidden"]), sign)
        check_space(one.sel(space="untrained"), points(run["untrained"]), sign)
        check_space(one.sel(space="last"), np.stack(last), sign)
        for row, space in enumerate(SPACES):
            dims = int(space[-1])
            check_space(one.sel(space=space), points(run["path"][row, column, ..., :dims]), sign)
    same = found.isel(ae_seed=0).equals(found.isel(ae_seed=1).assign_coords(ae_seed=0))
    assert not same, "autoencoder seeds differ"


def write_raw_study(folder: Path, padding: str):
    """Sequences whose channels differ in scale by far, one of them constant; and their split."""
    generator = np.random.default_rng(2)
    sign = np.repeat(SIGNS, PER_SIGN)
    length = generator.integers(3, TIME + 1, sign.size)
    frames = [
        generator.normal(size=(count, 4)) * [1e4, 1e-4, 1, 0] + [1e5, 0, 5, 0.25]
        for count in length
    ]
    x = padded(frames, TIME, padding)
    columns = {
        "sign": sign,
        "session": np.tile(["s1", "s2", "s3"], len(SIGNS)),
        "length": length,
        "take": np.ones(sign.size, int),
    }
    dataset = xr.Dataset(
        {"x": (("example", "time", "channel"), x)},
        coords={name: ("example", values) for name, values in columns.items()},
        attrs={"padding": padding},
    )
    write_store(dataset, folder / "sequences.zarr", stage="sequences", title="test")
    part = ["train", "validation", "test"] * len(SIGNS)
    rows = [f"{index},{name}" for index, name in enumerate(part)]
    write_text(folder / "split.csv", "\n".join(["example,part", *rows]) + "\n")
    return frames, sign, np.array(part)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("examples", ["all", "train", "held_out"])
def test_raw_signals_are_standardised_and_measured(
    tmp_path: Path, padding: str, examples: str
) -> None:
    frames, sign, part = write_raw_study(tmp_path, padding)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closeness_raw(
            tmp_path / "sequences.zarr",
            tmp_path / "split.csv",
            tmp_path / "raw.zarr",
            options=ClosenessOptions(phases=5, examples=examples),
        )
    found = open_store(tmp_path / "raw.zarr").load()
    assert found.space.values.tolist() == ["raw", "dtw", "raw_pca2"]
    assert found.mutual_rank.dims == ("space", "sign", "other")
    every = np.concatenate(frames).astype(np.float32).astype(float)
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    deviation[3] = 1
    points = np.stack(
        [slow_resampled((one.astype(np.float32) - mean) / deviation, 5) for one in frames]
    )
    chosen = {"all": part != "", "train": part == "train", "held_out": part != "train"}[examples]
    check_space(found.sel(space="raw"), points[chosen], sign[chosen])
    # Two axes of an independent decomposition keep the same distances.
    frames_as_stored = np.concatenate(frames).astype(np.float32)
    axes = np.linalg.svd((frames_as_stored - mean) / deviation, full_matrices=False)[2][:2]
    check_space(found.sel(space="raw_pca2"), points[chosen] @ axes.T, sign[chosen])
    warped = warped_distances(points[chosen], 0.15)
    one, other = SIGNS[:2]
    pair = np.outer(sign[chosen] == one, sign[chosen] == other)
    at = found.distance.sel(space="dtw", sign=one, other=other)
    assert at.item() == pytest.approx(warped[pair].mean(), rel=1e-5)
    assert found.attrs["examples"] == chosen.sum()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e8 / 7])
def test_a_channel_that_never_moves_counts_for_nothing(tmp_path: Path, value: float) -> None:
    """Rounding in a constant's mean must not be taken for movement and blown up."""
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    real = real_frames(study.length.values, TIME, "pre")
    ranks = []
    for constant in (0.0, value):
        x = study.x.values.copy()
        x[..., 3] = np.where(real, constant, 0)
        folder = tmp_path / str(constant)
        write_store(study.assign(x=(study.x.dims, x)), folder / "s.zarr", stage="s", title="test")
        closeness_raw(folder / "s.zarr", tmp_path / "split.csv", folder / "raw.zarr")
        ranks.append(open_store(folder / "raw.zarr").load())
    xr.testing.assert_allclose(ranks[0].distance, ranks[1].distance, rtol=1e-5)
    np.testing.assert_array_equal(ranks[0].mutual_rank.values, ranks[1].mutual_rank.values)


# What leaving a session out changes, how a sign finds itself again, what held-out examples say


def sessions_of(sign: np.ndarray, names: str) -> np.ndarray:
    """Deal out sessions to the examples of each sign in turn."""
    session = np.empty(sign.size, dtype=object)
    for name in np.unique(sign):
        mine = np.flatnonzero(sign == name)
        session[mine] = [names[at % len(names)] for at in range(mine.size)]
    return session.astype(str)


@given(SEEDS)
@settings(max_examples=15)
def test_leaving_a_session_out_is_measuring_without_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sign = generator.permutation(np.repeat(list("abcd"), 6))
    points = generator.normal(size=(24, 3, 2))
    session = sessions_of(sign, "xyz")
    found = measure(points, labelled(sign, session), 0)
    assert found.rank_without.shape == (3, 4, 4)
    for row, name in enumerate("xyz"):
        kept = session != name
        expected = measured(points[kept], sign[kept]).mutual_rank
        np.testing.assert_allclose(found.rank_without[row], expected)


def test_only_sessions_that_leave_every_sign_an_example_are_left_out() -> None:
    sign = np.array(list("aabbcc"))
    points = np.random.default_rng(0).normal(size=(6, 2, 2))
    lone = measure(points, labelled(sign, np.array(list("xyxyxx"))), 0)
    assert len(lone.rank_without) == 0
    three = measure(points, labelled(sign, np.array(list("xyxyyz"))), 0)
    assert len(three.rank_without) == 3


@given(SEEDS)
@settings(max_examples=15)
def test_the_ceiling_is_the_rank_of_the_other_half_among_all_halves(seed: int) -> None:
    points, sign = some_points(seed)
    found = measured(points, sign).ceiling
    half = np.empty(sign.size, dtype=object)
    for name in "abcd":
        mine = np.flatnonzero(sign == name)
        half[mine] = [f"{name}{at % 2}" for at in range(mine.size)]
    names = sorted(set(half))
    ranks = slow_mutual_ranks(slow_means(points, half.astype(str), with_self=False))
    for at, name in enumerate("abcd"):
        if f"{name}1" not in names:
            assert np.isnan(found[at])
            continue
        assert found[at] == pytest.approx(ranks[names.index(f"{name}0"), names.index(f"{name}1")])


def test_halves_hold_every_session() -> None:
    """Two days far apart: halves by day would not find each other, halves within days do."""
    generator = np.random.default_rng(3)
    sign = np.repeat(list("abcdef"), 8)
    session = np.tile(np.repeat(["mon", "tue"], 4), 6)
    place = {name: generator.normal(size=(2, 3)) for name in "abcdef"}
    points = np.stack([place[name] for name in sign]) + (session == "tue")[:, None, None] * 50
    points += generator.normal(0, 0.1, points.shape)
    take = np.tile([1, 2, 3, 4], 12)
    examples = dataclasses.replace(labelled(sign, session), take=take)
    assert (measure(points, examples, 0).ceiling == 1).all()


@given(SEEDS)
@settings(max_examples=15)
def test_agreement_is_the_correlation_with_measuring_held_out_examples_alone(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sign = np.repeat(list("abcd"), 5)
    points = generator.normal(size=(20, 3, 2))
    held_out = np.tile([True, True, False, False, False], 4)
    found = measure(points, labelled(sign, held_out=held_out), 0).held_out_agreement
    upper = np.triu_indices(4, 1)
    every = slow_means(points, sign, with_self=False)[upper]
    alone = slow_means(points[held_out], sign[held_out], with_self=False)[upper]
    assert found == pytest.approx(spearmanr(every, alone).statistic)
    few = held_out & (sign < "c")
    assert np.isnan(measure(points, labelled(sign, held_out=few), 0).held_out_agreement)


# Meeting at different times


def slow_crossing(points: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Every two examples, every two phases."""
    phases = points.shape[1]
    within = [
        np.linalg.norm(points[i, u] - points[j, u])
        for i, j in itertools.combinations(range(len(sign)), 2)
        if sign[i] == sign[j]
        for u in range(phases)
    ]
    limit = np.quantile(within, 0.05)
    signs = sorted(set(sign))
    shares = np.full((len(signs), len(signs)), np.nan)
    for (a, one), (b, other) in itertools.product(enumerate(signs), repeat=2):
        meets = [
            any(
                np.linalg.norm(points[i, u] - points[j, v]) < limit
                for u, v in itertools.product(range(phases), repeat=2)
                if abs(u - v) > 0.2 * (phases - 1)
            )
            for i in np.flatnonzero(sign == one)
            for j in np.flatnonzero(sign == other)
            if i != j
        ]
        shares[a, b] = np.mean(meets) if meets else np.nan
    return shares


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_crossings_are_those_of_four_loops(seed: int) -> None:
    generator = np.random.default_rng(seed)
    points, sign = some_points(seed, phases=7, units=2)
    points = np.cumsum(points, axis=1) + generator.normal(0, 0.1, points.shape)
    found = measured(points, sign).crossing
    np.testing.assert_allclose(found, slow_crossing(points, sign), atol=1e-6)


def test_signs_that_take_one_way_in_opposite_directions_cross() -> None:
    generator = np.random.default_rng(1)
    way = np.stack([np.linspace(0, 10, 32), np.zeros(32)], axis=1)
    lines = {"forth": way, "back": way[::-1], "aside": way + np.array([0, 100])}
    sign = np.repeat(sorted(lines), 6)
    points = np.stack([lines[name] for name in sign]) + generator.normal(0, 0.5, (18, 32, 2))
    found = measured(points, sign)
    names = sorted(lines)
    share = found.crossing[names.index("back"), names.index("forth")]
    assert share > 0.9
    assert found.crossing[names.index("aside"), names.index("forth")] == 0


def test_examples_for_crossing_are_spread_over_the_sessions() -> None:
    sign = np.repeat(["a", "b"], 6)
    session = np.array(list("xxxyyzxxxxxx"))
    label = np.unique(sign, return_inverse=True)[1]
    kept = spread(label, labelled(sign, session), 3)
    assert session[kept].tolist() == ["x", "y", "z", "x", "x", "x"]
    assert sign[kept].tolist() == list("aaabbb")
    assert kept.tolist() == [0, 3, 5, 6, 7, 8]
    assert spread(label, labelled(sign, session), 99).size == 12


def test_blocks_of_examples_cross_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    points, sign = some_points(4, phases=7, units=2)
    whole = measured(points, sign).crossing
    assert 0 < np.nanmean(whole) < 1
    monkeypatch.setattr("signpaths.closeness.ROWS", 5)
    np.testing.assert_array_equal(measured(points, sign).crossing, whole)


@pytest.mark.parametrize("kind", ["rotation", "shift", "scale"])
def test_crossings_do_not_depend_on_the_axes(kind: str) -> None:
    points, sign = some_points(8, phases=7, units=3)
    before = measured(points, sign).crossing
    generator = np.random.default_rng(8)
    moved = {
        "rotation": points @ np.linalg.qr(generator.normal(size=(3, 3)))[0],
        "shift": points + 1e3,
        "scale": points * 1e-5,
    }[kind]
    np.testing.assert_array_equal(measured(moved, sign).crossing, before)


def test_how_near_is_near_takes_a_sign_with_two_examples() -> None:
    lone = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert np.isnan(near(lone, np.arange(3)))
    assert np.isnan(measured(lone, np.array(list("abc"))).crossing).all()


def test_what_never_moves_does_not_cross() -> None:
    found = measured(np.full((6, 8, 2), 1 / 3), np.array(list("aabbcc")))
    np.testing.assert_array_equal(found.crossing, np.zeros((3, 3)))


# Equal signs


@pytest.mark.parametrize("band", [None, 0.2])
def test_signs_of_the_same_examples_share_every_rank(band: float | None) -> None:
    """Whatever the order of the examples, rounding must not part the two."""
    generator = np.random.default_rng(6)
    cloud = generator.normal(size=(4, 5, 8, 3))
    points = np.concatenate([cloud[0], cloud[1], cloud[1, ::-1], cloud[2], cloud[3]])
    order = generator.permutation(len(points))
    examples = labelled(np.repeat(list("abcde"), 5)[order])
    points = points[order] + 7
    found = (
        measure(points, examples, 0) if band is None else measure_warped(points, examples, 0, band)
    )
    twins, others = [1, 2], [0, 3, 4]
    ranks = found.mutual_rank
    for one in others:
        assert ranks[one, 1] == ranks[one, 2]
    assert ranks[1, 2] == 1
    assert np.isfinite(ranks[~np.eye(5, dtype=bool)]).all()
    assert found.energy[*twins] == pytest.approx(0, abs=1e-6)


# What is asked for by name


def test_warped_spaces_stand_beside_the_others_on_demand(tmp_path: Path) -> None:
    make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=6, dtw=("hidden", "ae2"), crossing_examples=0)
    assert found.space.values.tolist()[-2:] == ["hidden_dtw", "ae2_dtw"]
    assert "crossing" not in found
    assert np.isfinite(found.mutual_rank.sel(space="ae2_dtw").values[:, 0, 1]).all()
    ratio = found.distance.sel(space="hidden_dtw") / found.distance.sel(space="hidden")
    assert ((ratio > 0.3) & (ratio < 1.2)).all()
    with pytest.raises(UserError, match=r"no space elsewhere.*hidden, last"):
        run_stage(tmp_path, dtw=("elsewhere",))


def test_the_store_holds_every_measure_of_every_space(tmp_path: Path) -> None:
    make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=4)
    assert found.rank_without.dims == ("space", "session", "sign", "other")
    assert found.session.values.tolist() == ["s1", "s2", "s3"]
    assert found.ceiling.dims == ("space", "ae_seed", "sign")
    assert found.held_out_agreement.dims == ("space", "ae_seed")
    assert found.crossing.dims == ("space", "ae_seed", "sign", "other")
    assert (found.crossing.sel(space="last") == 0).all()
    assert found.attrs["jackknife"] == ""
    for name, variable in found.data_vars.items():
        assert {"long_name", "units"} <= set(variable.attrs), name


def test_a_single_sign_is_no_pair(tmp_path: Path) -> None:
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    same = study.assign_coords(sign=("example", np.repeat("a", study.sizes["example"])))
    write_store(same, tmp_path / "one.zarr", stage="s", title="test")
    with pytest.raises(UserError, match="1 sign among the examples"):
        closeness_raw(tmp_path / "one.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")


def test_the_halves_of_signs_in_a_store_of_few_examples(tmp_path: Path) -> None:
    """Two signs, one of them with a single example: what can be said is, the rest is empty."""
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    few = study.isel(example=[0, 1, 2, 3])
    write_store(few, tmp_path / "few.zarr", stage="s", title="test")
    rows = [f"{index},train" for index in range(4)]
    write_text(tmp_path / "few.csv", "\n".join(["example,part", *rows]) + "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closeness_raw(tmp_path / "few.zarr", tmp_path / "few.csv", tmp_path / "raw.zarr")
    found = open_store(tmp_path / "raw.zarr").load()
    off = ~np.eye(2, dtype=bool)
    assert (found.mutual_rank.values[:, off] == 1).all()
    assert np.isfinite(found.ceiling.sel(sign="God")).all()
    assert np.isnan(found.ceiling.sel(sign="a_")).all()
    assert np.isnan(found.held_out_agreement).all()
    assert np.isnan(found.crossing.sel(sign="a_", other="a_")).all()
    assert np.isfinite(found.crossing.values[:, off]).all()
    assert found.sizes.get("session") == 2, "the single example's session cannot be left out"
    assert found.attrs["jackknife"] == ""


def test_signals_that_never_move_make_all_signs_alike(tmp_path: Path) -> None:
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    still = study.assign(x=study.x * 0 + 0.1)
    write_store(still, tmp_path / "still.zarr", stage="s", title="test")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        closeness_raw(tmp_path / "still.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")
    found = open_store(tmp_path / "raw.zarr").load()
    off = ~np.eye(len(SIGNS), dtype=bool)
    assert (found.mutual_rank.values[:, off] == 2).all()
    assert (found.rank_without.values[..., off] == 2).all()
    assert (found.distance.values[:, off] == 0).all()
    assert (found.crossing.values[:, off] == 0).all()
    assert np.isnan(found.held_out_agreement).all()


def test_a_study_of_one_session_says_why_none_is_left_out(tmp_path: Path) -> None:
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    one = study.assign_coords(session=("example", np.repeat("day", study.sizes["example"])))
    write_store(one, tmp_path / "one.zarr", stage="s", title="test")
    closeness_raw(tmp_path / "one.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")
    found = open_store(tmp_path / "raw.zarr").load()
    assert "rank_without" not in found
    assert "session" not in found.coords
    assert "fewer than two sessions" in found.attrs["jackknife"]
