"""Stage `paths`: where paths lie, what they restore, and which autoencoders they take."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from signpaths.projections.paths import read_turn
from signpaths.stores import open_store, write_store
from trained import paths_of, run, signpaths, train_autoencoder


def test_paths_lie_on_real_frames_and_pca_is_scikit_learns(study: Path) -> None:
    from sklearn.decomposition import PCA

    paths, store = open_store(study / "paths.zarr"), open_store(study / "activations.zarr")
    own = ["pca2", "pca3", "ae2", "ae3"]
    assert list(paths.space.values) == own + [f"shared_{name}" for name in own]
    mask = store.mask.values
    plane = paths.path.sel(space="ae2").isel(ae_seed=0).values
    assert np.isfinite(plane[mask][:, :2]).all()
    assert np.isnan(plane[~mask]).all()
    assert np.isnan(plane[..., 2]).all()
    train = store.part.values == "train"
    fitted = PCA(3).fit(store.hidden.values[train][mask[train]])
    expected = fitted.transform(store.hidden.values[mask])
    found = paths.path.sel(space="pca3").isel(ae_seed=0).values[mask]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    error = ((fitted.inverse_transform(expected) - store.hidden.values[mask]) ** 2).mean(axis=1)
    held_out = ~np.repeat(train, mask.sum(axis=1))
    measured = paths.reconstruction_error.sel(space="pca3", seen="held_out")
    # Every eighth frame, from the first on, stands for all.
    some = slice(None, None, 8)
    assert float(measured[0]) == pytest.approx(error[some][held_out[some]].mean(), rel=1e-4)


def test_paths_take_the_autoencoders_that_the_study_has(study: Path, tmp_path: Path) -> None:
    """A folder may hold those of an earlier config: other seeds, other dimensions."""
    models = shutil.copytree(study / "autoencoders", tmp_path / "autoencoders")
    shutil.copytree(models / "3" / "0", models / "2" / "1")
    inputs = paths_of(study, models)
    run("paths", *inputs, tmp_path / "paths.zarr", "--seeds", 1, "--dims", 2, "--shared-seeds", 0)
    found, every = open_store(tmp_path / "paths.zarr"), open_store(study / "paths.zarr")
    assert found.space.values.tolist() == ["pca2", "ae2", "shared_pca2"]
    kinds = ["principal components", "autoencoder", "shared principal components"]
    assert found.kind.values.tolist() == kinds
    assert found["dims"].values.tolist() == [2, 2, 2]
    assert found.ae_seed.values.tolist() == [0]
    same = every.path.sel(space=found.space.values)
    np.testing.assert_array_equal(found.path.values, same.values)


def test_an_autoencoder_that_is_missing_is_named(study: Path, tmp_path: Path) -> None:
    done = signpaths(
        *("paths", *paths_of(study), tmp_path / "paths.zarr", "--seeds", 2, "--dims", 2),
    )
    assert done.returncode == 1
    assert "autoencoders/2/1/model.keras: no such network" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "paths.zarr").exists()


def test_more_shared_autoencoders_than_a_networks_own_repeat_these(
    study: Path, tmp_path: Path
) -> None:
    shared = shutil.copytree(study / "shared", tmp_path / "shared")
    train_autoencoder(shared / "2" / "1", study, 2, seed=1, stage="shared")
    inputs = [*paths_of(study)[:-1], shared, tmp_path / "paths.zarr"]
    run("paths", *inputs, "--seeds", 1, "--dims", 2, "--shared-seeds", 2)
    found = open_store(tmp_path / "paths.zarr")
    assert dict(zip(found.space.values, found.runs.values, strict=True)) == {
        **{"pca2": 1, "ae2": 1, "shared_pca2": 1, "shared_ae2": 2}
    }
    for name in ("pca2", "ae2", "shared_pca2"):
        first, second = found.path.sel(space=name).values
        np.testing.assert_array_equal(first, second)
    first, second = found.path.sel(space="shared_ae2").values
    assert not np.array_equal(first, second, equal_nan=True)


def test_shared_paths_are_those_of_the_turned_states(study: Path) -> None:
    """One network: the reference is the network itself, and its components are turned ones."""
    paths, common = open_store(study / "paths.zarr"), open_store(study / "reference.zarr")
    hidden, turn = open_store(study / "activations.zarr"), read_turn(study / "alignment.zarr")
    mask = hidden.mask.values
    turned = turn.forth(hidden.hidden.values[mask])
    expected = (turned - common.centre.values) @ common.component.values.T
    found = paths.path.sel(space="shared_pca3").isel(ae_seed=0).values[mask]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # Turning changes no distance but by the scale.
    before, after = pdist(hidden.hidden.values[mask][::7]), pdist(turned[::7])
    np.testing.assert_allclose(after, before * turn.scale, rtol=1e-3, atol=1e-5)
    error = paths.reconstruction_error.sel(space=["pca3", "shared_pca3"], seen="train")
    own, shared = error.values[:, 0]
    assert own <= shared * 1.001 < 2 * own + 1e-6


def test_a_map_onto_another_reference_is_refused(study: Path, tmp_path: Path) -> None:
    one = open_store(study / "alignment.zarr").load().isel(reference_unit=slice(3))
    write_store(one, tmp_path / "alignment.zarr", stage="alignment", title="made for a test")
    inputs = paths_of(study)
    inputs[2] = tmp_path / "alignment.zarr"
    done = signpaths("paths", *inputs, tmp_path / "paths.zarr", "--seeds", 1, "--dims", 2)
    assert done.returncode == 1
    assert "alignment.zarr: it is not of" in done.stderr


def test_what_was_made_from_another_network_is_refused(study: Path, tmp_path: Path) -> None:
    """Of the same shape, so that nothing but its origin tells."""
    other = open_store(study / "activations.zarr").load()
    other["hidden"] = other.hidden + np.float32(0.5)
    write_store(other, tmp_path / "other.zarr", stage="activations", title="made for a test")
    _, autoencoders, alignment, *rest = paths_of(study)
    run(
        "alignment",
        tmp_path / "other.zarr",
        study / "reference.zarr",
        tmp_path / "turned.zarr",
        "--network",
        "other",
    )
    for map_, refused in ((alignment, "alignment.zarr"), (tmp_path / "turned.zarr", "model.keras")):
        inputs = [tmp_path / "other.zarr", autoencoders, map_, *rest, tmp_path / "paths.zarr"]
        done = signpaths("paths", *inputs, "--seeds", 1, "--dims", 2)
        assert done.returncode == 1
        assert f"{refused}: it was not made from {tmp_path}/other.zarr" in done.stderr
        assert not (tmp_path / "paths.zarr").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("shared", "reference.zarr", "m", "h", "j", "--dims", 4, "--seed", 0),
            "Choose from: 2, 3",
        ),
        (("autoencoder", "a.zarr", "m", "h", "j", "--dims", 1, "--seed", 0), "Choose from: 2, 3"),
        (("paths", *"abcdef", "--shared-seeds=-1"), 'Invalid value "-1" for --shared-seeds'),
    ],
)
def test_numbers_that_no_study_has_are_refused(arguments: tuple[object, ...], told: str) -> None:
    done = signpaths(*arguments)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr
