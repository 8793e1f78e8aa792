"""Stage `paths`: where paths lie, what they restore, and which autoencoders they take."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from signpaths.stores import open_store
from trained import run, signpaths


def test_paths_lie_on_real_frames_and_pca_is_scikit_learns(study: Path) -> None:
    from sklearn.decomposition import PCA

    paths, store = open_store(study / "paths.zarr"), open_store(study / "activations.zarr")
    assert list(paths.space.values) == ["pca2", "pca3", "ae2", "ae3"]
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
    stores = (study / "activations.zarr", models, tmp_path / "paths.zarr")
    run("paths", *stores, "--seeds", 1, "--dims", 2)
    found, every = open_store(tmp_path / "paths.zarr"), open_store(study / "paths.zarr")
    assert found.space.values.tolist() == ["pca2", "ae2"]
    assert found.kind.values.tolist() == ["principal components", "autoencoder"]
    assert found["dims"].values.tolist() == [2, 2]
    assert found.ae_seed.values.tolist() == [0]
    same = every.path.sel(space=["pca2", "ae2"])
    np.testing.assert_array_equal(found.path.values, same.values)


def test_an_autoencoder_that_is_missing_is_named(study: Path, tmp_path: Path) -> None:
    done = signpaths(
        *("paths", study / "activations.zarr", study / "autoencoders", tmp_path / "paths.zarr"),
        *("--seeds", 2, "--dims", 2),
    )
    assert done.returncode == 1
    assert "autoencoders/2/1/model.keras: no such network" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "paths.zarr").exists()
