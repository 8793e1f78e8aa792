"""A study with projections for the tests of the stages that train and use autoencoders."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from trained import paths_of, run, train_autoencoder, trained_study


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with the activations of an LSTM, one autoencoder a dimension, and its paths."""
    folder = trained_study(tmp_path_factory.getbasetemp())
    for dims in (2, 3):
        train_autoencoder(folder / "autoencoders" / str(dims) / "0", folder, dims)
    run("reference", folder / "activations", folder / "reference.zarr", "--networks", 0)
    activations, reference = folder / "activations.zarr", folder / "reference.zarr"
    run("alignment", activations, reference, folder / "alignment.zarr", "--network", 0)
    for dims in (2, 3):
        train_autoencoder(folder / "shared" / str(dims) / "0", folder, dims, stage="shared")
    run("paths", *paths_of(folder), folder / "paths.zarr", "--seeds", 1, "--dims", 2, "--dims", 3)
    return folder
