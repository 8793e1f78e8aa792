"""Origins: what a store holds in one word, and what it was made from."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.errors import UserError
from signpaths.origins import check_origin, contents, digest, made_from
from signpaths.stores import open_store, write_store


def dataset(values: np.ndarray, signs: tuple[str, ...] = ("a", "bé")) -> xr.Dataset:
    return xr.Dataset(
        {"hidden": (("sign", "unit"), values), "scale": ((), 2.0)}, coords={"sign": list(signs)}
    )


def stored(path: Path, values: np.ndarray, **sources: Path) -> Path:
    write_store(dataset(values), path, stage="activations", title="t", made_from=sources)
    return path


VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


@given(st.integers(0, 5), st.sampled_from(["value", "sign", "name", "shape", "order"]))
@settings(max_examples=60, deadline=None)
def test_the_digest_tells_any_difference(place: int, what: str) -> None:
    values, signs = VALUES.copy(), ["a", "bé"]
    other = dataset(values)
    match what:
        case "value":
            values.flat[place] += np.float32(1e-6) + values.flat[place] * np.float32(1e-6)
            other = dataset(values)
        case "sign":
            signs[place % 2] += "x"
            other = dataset(values, tuple(signs))
        case "name":
            other = other.rename(hidden="last")
        case "shape":
            other = dataset(values[:, : place % 3])
        case "order":
            other = other.isel(sign=[1, 0])
    assert digest(other) != digest(dataset(VALUES))


def test_a_digest_survives_the_disk_and_says_nothing_of_attributes(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.zarr", VALUES)
    found = open_store(path)
    assert found.attrs["content"] == digest(found) == digest(dataset(VALUES).assign_attrs(x=1))


def test_what_was_made_from_something_else_is_named(tmp_path: Path) -> None:
    first, second = (
        stored(tmp_path / f"{place}.zarr", VALUES + np.float32(place)) for place in range(2)
    )
    child = stored(tmp_path / "child.zarr", VALUES, activations=first)
    assert made_from(child) == contents({"activations": first})
    check_origin(child, made_from(child), {"activations": first})
    # A file of an earlier version says nothing; one that names other sources was made from others.
    check_origin(first, made_from(first), {"activations": second})
    with pytest.raises(UserError, match=r"child\.zarr: it was not made from .*1\.zarr"):
        check_origin(child, made_from(child), {"reference": second})
    with pytest.raises(UserError, match=r"child\.zarr: it was not made from .*1\.zarr"):
        check_origin(child, made_from(child), {"activations": second})


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "null"])
def test_a_damaged_store_is_named(tmp_path: Path, text: str) -> None:
    path = stored(tmp_path / "a.zarr", VALUES)
    (path / "zarr.json").write_text(text)
    for read in (open_store, made_from):
        with pytest.raises(UserError, match=r"a\.zarr: "):
            read(path)


def test_a_store_of_another_stage_is_named(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.zarr", VALUES)
    assert open_store(path, "activations").equals(open_store(path))
    with pytest.raises(UserError, match=r"a\.zarr: expected a store of stage paths, found one of"):
        open_store(path, "paths")
