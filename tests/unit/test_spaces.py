"""What a space is: told once, written beside the data, read back without parsing a name."""

import numpy as np
import pytest
import xarray as xr
from signpaths.spaces import (
    AUTOENCODER,
    COMPONENTS,
    DISCRIMINANTS,
    HIDDEN_SPACE,
    LAST_SPACE,
    LDA_SPACE,
    RAW_SIGNALS,
    RAW_SPACE,
    SHARED_AUTOENCODER,
    SHARED_COMPONENTS,
    STATES,
    UNTRAINED_SPACE,
    Space,
    autoencoder,
    components,
    coordinates,
    described,
    of_kind,
    plane,
    projections,
    raw_components,
    warped,
    words,
)

EVERY = [
    HIDDEN_SPACE,
    LAST_SPACE,
    UNTRAINED_SPACE,
    *projections((2, 3)),
    warped(HIDDEN_SPACE),
    warped(autoencoder(2)),
]
RAWS = [RAW_SPACE, warped(RAW_SPACE), raw_components(2), LDA_SPACE]


def store(spaces: list[Space], raw: list[Space] | None = None) -> xr.Dataset:
    dataset = xr.Dataset({"rank": ("space", np.arange(len(spaces)))}, coords=coordinates(spaces))
    return dataset.assign_coords(coordinates(raw, "raw_space")) if raw else dataset


def test_every_space_has_a_name_and_words_of_its_own() -> None:
    every = [*EVERY, *RAWS]
    assert len({space.name for space in every}) == len({space.words for space in every})
    assert len({space.name for space in every}) == len(every)


def test_projections_come_by_kind_and_dimensions() -> None:
    own = ["pca2", "pca3", "ae2", "ae3"]
    shared = [f"shared_{name}" for name in own]
    assert [space.name for space in projections((3, 2))] == own + shared
    found = projections([3], seeds=5, shared_seeds=2)
    assert [(space.kind, space.dims, space.runs) for space in found] == [
        (COMPONENTS, 3, 1),
        (AUTOENCODER, 3, 5),
        (SHARED_COMPONENTS, 3, 1),
        (SHARED_AUTOENCODER, 3, 2),
    ]
    assert [space.name for space in projections([2], shared_seeds=0)] == [
        *("pca2", "ae2", "shared_pca2"),
    ]
    assert [space.name for space in found if space.is_shared] == ["shared_pca3", "shared_ae3"]
    assert [space.name for space in found if space.is_trained] == ["ae3", "shared_ae3"]
    assert all(space.is_projection for space in found)
    assert "3 dimensions" in components(3).words


@pytest.mark.parametrize(
    ("space", "name"),
    [(RAW_SPACE, "dtw"), (HIDDEN_SPACE, "hidden_dtw"), (autoencoder(3), "ae3_dtw")],
)
def test_warping_leaves_what_a_space_is(space: Space, name: str) -> None:
    found = warped(space)
    assert (found.name, found.kind, found.dims) == (name, space.kind, space.dims)
    assert found.words.startswith(space.words)
    assert "time warping" in found.words


def test_what_is_written_beside_the_data_is_read_back() -> None:
    dataset = store(EVERY, RAWS)
    assert described(dataset) == EVERY
    assert dataset.raw_space.values.tolist() == ["raw", "dtw", "raw_pca2", "lda"]
    assert dataset.raw_kind.values.tolist() == [*[RAW_SIGNALS] * 3, DISCRIMINANTS]
    assert dataset.raw_dims.values.tolist() == [0, 0, 2, 0]
    for coordinate in dataset.coords.values():
        assert coordinate.attrs["long_name"], coordinate.name
    # A part of the spaces is described as they were.
    assert described(dataset.isel(space=[4, 1])) == [EVERY[4], EVERY[1]]
    assert described(dataset.isel(space=[])) == []


def test_spaces_are_found_by_kind_and_dimensions() -> None:
    dataset = store(EVERY)
    assert of_kind(dataset, STATES) == ["hidden", "hidden_dtw"]
    assert of_kind(dataset, AUTOENCODER) == ["ae2", "ae3", "ae2_dtw"]
    assert of_kind(dataset, AUTOENCODER, COMPONENTS, dims=3) == ["pca3", "ae3"]
    assert of_kind(dataset, RAW_SIGNALS) == []


def test_the_plane_is_the_autoencoders_before_that_of_components() -> None:
    assert plane(store(EVERY)) == "ae2"
    assert plane(store([HIDDEN_SPACE, components(2), autoencoder(3)])) == "pca2"
    assert plane(store([HIDDEN_SPACE, *projections([3])])) is None


def test_words_are_those_of_all_stores() -> None:
    found = words(store(EVERY[:2], RAWS), store(EVERY[2:]))
    assert found == {space.name: space.words for space in [*EVERY, *RAWS]}
