"""Stage `closeness-raw`: the recorded signals, standardised; what cannot be said stays empty."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import write_sequences
from signpaths.closeness.closeness_raw import closeness_raw
from signpaths.closeness.warping import warped_distances
from signpaths.errors import UserError
from signpaths.options import ClosenessRawOptions
from signpaths.spaces import RAW_SPACE, described, raw_components, warped
from signpaths.stores import open_store, write_store, write_text
from slow_frames import slow_resampled
from slow_measures import check_space

TIME, SIGNS, PER_SIGN = 9, ("God", "a_", "drink", "who"), 3


def write_raw_study(folder: Path, padding: str):
    """Sequences whose channels differ in scale by far, one of them constant; and their split."""
    generator = np.random.default_rng(2)
    sign = np.repeat(SIGNS, PER_SIGN)
    length = generator.integers(3, TIME + 1, sign.size)
    frames = [
        generator.normal(size=(count, 4)) * [1e4, 1e-4, 1, 0] + [1e5, 0, 5, 0.25]
        for count in length
    ]
    write_sequences(
        folder / "sequences.zarr",
        frames,
        padding,
        TIME,
        sign=sign,
        session=["s1", "s2", "s3"] * len(SIGNS),
        take=np.ones(sign.size, int),
    )
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
            options=ClosenessRawOptions(phases=5, examples=examples),
        )
    found = open_store(tmp_path / "raw.zarr").load()
    assert found.space.values.tolist() == ["raw", "dtw", "raw_pca2"]
    assert described(found) == [RAW_SPACE, warped(RAW_SPACE), raw_components(2)]
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
    dtw = warped_distances(points[chosen], 0.15)
    one, other = SIGNS[:2]
    pair = np.outer(sign[chosen] == one, sign[chosen] == other)
    at = found.distance.sel(space="dtw", sign=one, other=other)
    assert at.item() == pytest.approx(dtw[pair].mean(), rel=1e-5)
    assert found.attrs["examples"] == chosen.sum()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e8 / 7])
def test_a_channel_that_never_moves_counts_for_nothing(tmp_path: Path, value: float) -> None:
    """Rounding in a constant's mean must not be taken for movement and blown up."""
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    real = study.mask.values
    ranks = []
    for constant in (0.0, value):
        x = study.x.values.copy()
        x[..., 3] = np.where(real, constant, 0)
        folder = tmp_path / str(constant)
        write_store(
            study.assign(x=(study.x.dims, x)), folder / "s.zarr", stage="sequences", title="test"
        )
        closeness_raw(folder / "s.zarr", tmp_path / "split.csv", folder / "raw.zarr")
        ranks.append(open_store(folder / "raw.zarr").load())
    xr.testing.assert_allclose(ranks[0].distance, ranks[1].distance, rtol=1e-5)
    np.testing.assert_array_equal(ranks[0].mutual_rank.values, ranks[1].mutual_rank.values)


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_the_mask_tells_which_frames_are_real(tmp_path: Path, padding: str) -> None:
    write_raw_study(tmp_path, padding)
    study = open_store(tmp_path / "sequences.zarr").load()
    filled = study.assign(x=study.x.where(study["mask"], 1e9).astype(np.float32))
    write_store(filled, tmp_path / "filled.zarr", stage="sequences", title="test")
    for name in ("sequences", "filled"):
        store = tmp_path / f"{name}-raw.zarr"
        closeness_raw(tmp_path / f"{name}.zarr", tmp_path / "split.csv", store)
    found = [open_store(tmp_path / f"{name}-raw.zarr").load() for name in ("sequences", "filled")]
    xr.testing.assert_equal(*found)


def test_a_single_channel_is_its_own_plane(tmp_path: Path) -> None:
    write_raw_study(tmp_path, "pre")
    one = open_store(tmp_path / "sequences.zarr").load().isel(channel=[0])
    write_store(one, tmp_path / "one.zarr", stage="sequences", title="test")
    closeness_raw(tmp_path / "one.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")
    found = open_store(tmp_path / "raw.zarr").load()
    raw, plane = (found.distance.sel(space=space).values for space in ("raw", "raw_pca2"))
    np.testing.assert_allclose(plane, raw, rtol=1e-5)


def test_a_single_sign_is_no_pair(tmp_path: Path) -> None:
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    same = study.assign_coords(sign=("example", np.repeat("a", study.sizes["example"])))
    write_store(same, tmp_path / "one.zarr", stage="sequences", title="test")
    with pytest.raises(UserError, match="1 sign among the examples"):
        closeness_raw(tmp_path / "one.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")


def test_the_halves_of_signs_in_a_store_of_few_examples(tmp_path: Path) -> None:
    """Two signs, one of them with a single example: what can be said is, the rest is empty."""
    write_raw_study(tmp_path, "pre")
    study = open_store(tmp_path / "sequences.zarr").load()
    few = study.isel(example=[0, 1, 2, 3])
    write_store(few, tmp_path / "few.zarr", stage="sequences", title="test")
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
    write_store(still, tmp_path / "still.zarr", stage="sequences", title="test")
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
    write_store(one, tmp_path / "one.zarr", stage="sequences", title="test")
    closeness_raw(tmp_path / "one.zarr", tmp_path / "split.csv", tmp_path / "raw.zarr")
    found = open_store(tmp_path / "raw.zarr").load()
    assert "rank_without" not in found
    assert "session" not in found.coords
    assert "fewer than two sessions" in found.attrs["jackknife"]
