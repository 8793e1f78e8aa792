"""Stage `closeness`: every space of a run, on tiny stores and against slow re-implementations."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from signpaths.closeness.closeness import closeness
from signpaths.data.sequences import real_frames
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions
from signpaths.spaces import (
    AUTOENCODER,
    HIDDEN_SPACE,
    LAST_SPACE,
    STATES,
    UNTRAINED_SPACE,
    coordinates,
    described,
    projections,
)
from signpaths.stores import open_store, write_store
from slow_frames import slow_resampled
from slow_measures import check_space, slow_means, slow_mutual_ranks

TIME, SIGNS, PER_SIGN, AE_SEEDS = 9, ("God", "a_", "drink", "who"), 3, (0, 1)
SPACES = projections((2, 3), seeds=2)
NAMES = tuple(space.name for space in SPACES)
STAGES = {"hidden": "activations", "untrained": "untrained"}


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
        write_store(dataset, folder / f"{name}.zarr", stage=STAGES[name], title="test")
    shape = (len(SPACES), len(AE_SEEDS), count, TIME, 3)
    path = generator.normal(size=shape).astype(np.float32)
    for row, space in enumerate(SPACES):
        if space.runs == 1:
            path[row] = path[row, 0]
        path[row, ..., space.dims :] = np.nan
    path[:, :, ~real] = np.nan
    dataset = xr.Dataset(
        {
            "path": (("space", "ae_seed", "example", "time", "dim"), path),
            "reconstruction_error": (("space", "ae_seed", "seen"), np.zeros((len(SPACES), 2, 2))),
        },
        coords={
            **coordinates(SPACES),
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


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("examples", ["all", "train", "held_out"])
def test_every_space_is_measured_on_real_frames(
    tmp_path: Path, padding: str, examples: str
) -> None:
    run = make_run(tmp_path, padding)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = run_stage(tmp_path, phases=4, examples=examples)
    assert found.space.values.tolist() == ["hidden", "last", "untrained", *NAMES]
    assert found.ae_seed.values.tolist() == list(AE_SEEDS)
    assert found.sign.values.tolist() == found.other.values.tolist() == sorted(SIGNS)
    assert described(found) == [HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE, *SPACES]
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
            path = points(run["path"][row, column, ..., : space.dims])
            check_space(one.sel(space=space.name), path, sign)
    same = found.isel(ae_seed=0).equals(found.isel(ae_seed=1).assign_coords(ae_seed=0))
    assert not same, "autoencoder seeds differ"


def test_pseudo_signs_are_dealt_out_in_the_hidden_states(tmp_path: Path) -> None:
    run = make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=4, labellings=2)
    assert found.label_rank.dims == ("labelling", "sign", "other")
    assert (found.label_rank.dtype, found.sizes["labelling"]) == (np.float32, 2)
    trajectories = zip(run["hidden"], run["real"], strict=True)
    points = np.stack([slow_resampled(values[mask], 4) for values, mask in trajectories])
    for labelling in range(2):
        dealt = np.random.default_rng(labelling).permutation(run["sign"])
        expected = slow_mutual_ranks(slow_means(points, dealt, with_self=False))
        np.testing.assert_allclose(found.label_rank.values[labelling], expected, rtol=1e-6)


@pytest.mark.parametrize("options", [{"labellings": 0}, {"examples": "train"}])
def test_no_pseudo_signs_where_none_are_asked_for_or_networks_would_differ(
    tmp_path: Path, options: dict[str, object]
) -> None:
    make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=4, **options)
    assert not {"label_rank", "label_agreement", "labelling"} & set(found.variables)


def test_a_split_of_its_own_deals_out_the_same_pseudo_signs(tmp_path: Path) -> None:
    """Networks that differ in what they were trained on still hold the same examples together."""
    make_run(tmp_path, "pre")
    first = run_stage(tmp_path, phases=4)
    for name in ("hidden", "untrained"):
        store = open_store(tmp_path / f"{name}.zarr").load()
        store = store.assign_coords(part=("example", np.roll(store.part.values, 1)))
        write_store(store, tmp_path / f"{name}.zarr", stage=STAGES[name], title="test")
    other = run_stage(tmp_path, phases=4)
    assert other.label_rank.equals(first.label_rank)
    assert not other.label_agreement.equals(first.label_agreement)


def test_warped_spaces_stand_beside_the_others_on_demand(tmp_path: Path) -> None:
    make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=6, dtw=("hidden", "ae2"), crossing_examples=0)
    assert found.space.values.tolist()[-2:] == ["hidden_dtw", "ae2_dtw"]
    assert [(space.kind, space.dims) for space in described(found)[-2:]] == [
        (STATES, 0),
        (AUTOENCODER, 2),
    ]
    assert "crossing" not in found
    assert np.isfinite(found.mutual_rank.sel(space="ae2_dtw").values[:, 0, 1]).all()
    ratio = found.distance.sel(space="hidden_dtw") / found.distance.sel(space="hidden")
    assert ((ratio > 0.3) & (ratio < 1.2)).all()
    with pytest.raises(UserError, match=r"no space elsewhere.*hidden, last"):
        run_stage(tmp_path, dtw=("elsewhere",))


def test_the_store_holds_every_measure_of_every_space(tmp_path: Path) -> None:
    make_run(tmp_path, "pre")
    found = run_stage(tmp_path, phases=4)
    assert found.rank_without.dims == ("space", "ae_seed", "session", "sign", "other")
    assert found.session.values.tolist() == ["s1", "s2", "s3"]
    assert found.ceiling.dims == ("space", "ae_seed", "sign")
    assert found.held_out_agreement.dims == ("space", "ae_seed")
    assert found.crossing.dims == ("space", "ae_seed", "sign", "other")
    assert (found.crossing.sel(space="last") == 0).all()
    assert found.attrs["jackknife"] == ""
    for name, variable in found.data_vars.items():
        assert {"long_name", "units"} <= set(variable.attrs), name


@pytest.mark.parametrize("store", ["hidden", "untrained"])
def test_states_that_are_no_numbers_are_refused(tmp_path: Path, store: str) -> None:
    make_run(tmp_path, "pre")
    path = tmp_path / f"{store}.zarr"
    one = open_store(path).load()
    where = np.argwhere(one.mask.values)[0]
    one["hidden"][where[0], where[1], 2] = np.inf
    write_store(one, path, stage=STAGES[store], title="test")
    with pytest.raises(UserError, match=rf"{store}\.zarr: it holds values on real frames"):
        run_stage(tmp_path)


def test_a_path_that_is_empty_on_a_real_frame_is_refused(tmp_path: Path) -> None:
    """As where a part of the store is lost; it would have been taken for 0."""
    make_run(tmp_path, "pre")
    path = tmp_path / "paths.zarr"
    one = open_store(path).load()
    where = np.argwhere(~np.isnan(one.path.values[-1, 0, ..., 0]))[0]
    one["path"][-1, 0, where[0], where[1], 0] = np.nan
    write_store(one, path, stage="paths", title="test")
    with pytest.raises(UserError, match=r"paths\.zarr: it holds values on real frames"):
        run_stage(tmp_path)


@pytest.mark.parametrize(("name", "stage"), [("paths", "paths"), ("untrained", "untrained")])
def test_paths_or_a_twin_of_another_network_are_refused(
    tmp_path: Path, name: str, stage: str
) -> None:
    make_run(tmp_path, "pre")
    store, sources = tmp_path / f"{name}.zarr", {"activations": tmp_path / "paths.zarr"}
    one = open_store(store).load()
    write_store(one, store, stage=stage, title="test", made_from=sources)
    with pytest.raises(UserError, match=rf"{name}\.zarr: it was not made from .*hidden\.zarr"):
        run_stage(tmp_path)


def test_states_of_an_untrained_network_are_not_taken_for_trained_ones(tmp_path: Path) -> None:
    make_run(tmp_path, "pre")
    shutil.rmtree(tmp_path / "hidden.zarr")
    shutil.copytree(tmp_path / "untrained.zarr", tmp_path / "hidden.zarr")
    with pytest.raises(UserError, match=r"hidden\.zarr: expected a store of stage activations"):
        run_stage(tmp_path)
