"""Stage `quality`: every projection on held-out frames, on tiny stores; what is missing is said."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError
from signpaths.data.sequences import real_frames
from signpaths.errors import UserError
from signpaths.frames import sampled_frames
from signpaths.options import QualityOptions
from signpaths.projections.neighbourhoods import NEIGHBOURS, Sample, compare, geometry
from signpaths.projections.quality import EVERY, HELD_OUT, _notes, compared_examples, quality
from signpaths.spaces import COMPONENTS, coordinates, projections
from signpaths.stores import open_store, write_store
from slow_neighbourhoods import MEASURES, OF_SIGNS, slow_preservation

SIGNS, PER_SIGN, TIME, AE_SEEDS = ("God", "a_", "drink"), 15, 9, (0, 3)
SPACES = projections((2, 3), seeds=2)[:4]


def test_held_out_examples_are_compared_if_there_are_two() -> None:
    part = np.array(["train", "validation", "test", "train"])
    chosen, which = compared_examples(part)
    assert (chosen.tolist(), which) == ([False, True, True, False], "held_out")
    for alone in (np.array(["train", "train", "test"]), np.repeat("train", 3)):
        chosen, which = compared_examples(alone)
        assert (chosen.all(), which) == (True, "all")


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
        if space.kind == COMPONENTS:
            path[row] = path[row, 0]
        path[row, ..., space.dims :] = np.nan
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
            **coordinates(SPACES),
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
    quality(
        folder / "hidden.zarr", folder / "paths.zarr", out, options=QualityOptions(frames=frames)
    )
    return open_store(out).load()


def change(store: Path, **variables: np.ndarray) -> None:
    dataset = open_store(store).load()
    changed = {name: (dataset[name].dims, values) for name, values in variables.items()}
    write_store(dataset.assign(changed), store, stage=dataset.attrs["stage"], title="test")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_every_projection_is_measured_on_held_out_frames(tmp_path: Path, padding: str) -> None:
    hidden, path, real, part, sign = write_stores(tmp_path, padding)
    found = run_stage(tmp_path)
    assert found.space.values.tolist() == ["pca2", "pca3", "ae2", "ae3"]
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
            one = found.sel(space=space.name, ae_seed=seed)
            low = path[row, column, example, time][:, : space.dims]
            high = hidden[example, time]
            trusted = slow_preservation(low, high, example, 5)
            assert float(one.trustworthiness[0]) == pytest.approx(trusted.mean(), abs=1e-9)
            per_sign = slow_preservation(low, high, example, 10)[sign[example] == "a_"].mean()
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


@pytest.mark.parametrize(
    ("others", "few"),
    [(9, "5, 10, 20"), (10, "10, 20"), (19, "10, 20"), (20, "20"), (39, "20"), (40, None)],
)
def test_twice_as_many_others_as_neighbours_are_enough(others: int, few: str | None) -> None:
    """The note and the measures agree on which k are too many."""
    example = np.repeat([0, 1], [others, others + 3])
    frames = np.arange(example.size)
    time = np.where(example, frames - others, frames)
    sample = Sample(example, time, example, example.size - np.bincount(example)[example])
    assert sample.others.min() == others
    trajectories = np.random.default_rng(1).normal(size=(2, others + 3, 3))
    space = geometry(trajectories, sample)
    said = list(_notes(HELD_OUT, space, [], sample))
    assert [one.split(" neighbours")[0] for one in said] == (
        [] if few is None else [f"Too few frames for {few}"]
    )
    missing = np.isnan(compare(space, space, sample, 2).trustworthiness)
    assert np.array(NEIGHBOURS)[missing].tolist() == [int(k) for k in (few or "").split(", ") if k]
    assert list(_notes(EVERY, space, [], sample))[1:] == said


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
def test_a_sample_out_of_bounds_is_refused(frames: int) -> None:
    with pytest.raises(ValidationError, match=r"than or equal to (2|5000)"):
        QualityOptions(frames=frames)


def test_one_example_is_refused(tmp_path: Path) -> None:
    write_stores(tmp_path)
    for name in ("hidden", "paths"):
        one = open_store(tmp_path / f"{name}.zarr").isel(example=[0]).load()
        write_store(one, tmp_path / f"{name}.zarr", stage=one.attrs["stage"], title="test")
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


def test_paths_of_another_network_are_refused(tmp_path: Path) -> None:
    """Of the same shape: nothing but what they were made from tells."""
    write_stores(tmp_path)
    store, states = tmp_path / "paths.zarr", tmp_path / "hidden.zarr"
    one = open_store(store).load()
    write_store(one, store, stage="paths", title="test", made_from={"activations": states})
    run_stage(tmp_path)
    change(states, hidden=open_store(states).hidden.values + np.float32(0.5))
    with pytest.raises(UserError, match=r"paths\.zarr: it was not made from .*hidden\.zarr"):
        run_stage(tmp_path)
