"""Files on disk: every output appears whole or not at all, and is read as it was written.

Takes xarray datasets, gives zarr v3 stores (one a job, written once), which say what made them. No
dates and no machine names go into a store, so the same inputs give the same bytes. Damage is told
by the checksums of `sums`.
"""

import csv
import io
import json
import os
import shutil
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from zarr.codecs import Crc32cCodec, ZstdCodec

from signpaths import __version__
from signpaths.errors import UserError
from signpaths.origins import contents, digest
from signpaths.sums import (
    OF_FILES,
    OF_METADATA,
    check_store,
    read_text,
    seal_store,
    sidecar,
    sums,
)

if TYPE_CHECKING:
    import pandas as pd

    from signpaths.options import Options

# Bytes of a variable that is written as one chunk. Zarr would cut it smaller, and of small chunks
# each costs a millisecond to read, which thousands of runs make minutes.
ONE_CHUNK = 2**24
# What xarray and zarr raise where metadata or a chunk are damaged.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError)


# Zarr's own compressor, and a checksum at the end of every chunk.
CODECS = (ZstdCodec(level=0), Crc32cCodec())


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary sibling of `path` that takes its place if the block ends without an error.

    Works for files and for folders. What a killed job left under the temporary name goes first.

    Raises
    ------
    UserError
        If a folder stands at `path` that signpaths did not write.
    """
    partial = path.with_name(f".partial-{path.name}")
    if path.is_dir() and not _own(path):
        raise UserError(
            f"{path}: a folder of other things stands here, and would be replaced. Remove it, or "
            "give another place to write to."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(partial)
    try:
        yield partial
        # A folder cannot be renamed over anything, nor a file over a folder.
        if partial.is_dir() or (partial.is_file() and path.is_dir()):
            _remove(path)
        os.replace(partial, path)
    finally:
        _remove(partial)


@contextmanager
def sealed(path: Path) -> Iterator[Path]:
    """Give a temporary sibling as `whole`, and leave its checksums beside what takes its place.

    A kill at any moment leaves a file with its own checksum, or with none.
    """
    beside = sidecar(path)
    with whole(path) as partial:
        yield partial
        found = sums(partial, path.name)
        beside.unlink(missing_ok=True)
    with whole(beside) as partial:
        partial.write_text(found, encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    with sealed(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV: numbers to six digits, the same bytes on every system."""
    write_text(path, table.to_csv(index=False, lineterminator="\n", float_format="%.6g"))


def read_table(path: Path, columns: Sequence[str] = ()) -> "pd.DataFrame":
    """Read a CSV as text; a sign may be called `NA`, and an empty cell is empty text.

    Raises
    ------
    UserError
        If there is no table here, it is damaged, or it lacks one of the columns.
    """
    import pandas as pd

    text = read_text(path)
    try:
        table = pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False)
    except ValueError as error:
        raise UserError(f"{path}: no table can be read here ({error}). Make it again.") from error
    missing = [name for name in columns if name not in table]
    if missing:
        raise UserError(
            f"{path}: it has no column {' and no '.join(missing)}, expected "
            f"{', '.join(columns)}. It may come from an earlier version: make it again."
        )
    # Pandas fills rows that end early.
    cells = [len(row) for row in csv.reader(io.StringIO(text, newline="")) if row]
    if short := [row for row, count in enumerate(cells) if count < cells[0]]:
        raise UserError(
            f"{path}: row {short[0]} has fewer cells than there are columns, so the table is cut "
            "short. Make it again."
        )
    return table


def read_json(path: Path, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises
    ------
    UserError
        If there is none, it is damaged, or it lacks one of the keys.
    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise UserError(f"{path}: no JSON can be read here ({error}). Make it again.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a JSON object, found none. Make it again.")
    if missing := [key for key in keys if key not in content]:
        raise UserError(
            f"{path}: it has no {' and no '.join(missing)}, expected {', '.join(keys)}. Make it "
            "again."
        )
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that people can read and that no NaN can enter."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_store(
    dataset: xr.Dataset,
    path: Path,
    *,
    stage: str,
    title: str,
    options: "Options | None" = None,
    made_from: Mapping[str, Path | str] = MappingProxyType({}),
) -> None:
    """Write `dataset` as a zarr v3 store at `path`, with its origin in the attributes.

    Parameters
    ----------
    dataset
        Every variable should carry `long_name` and `units`.
    stage
        The stage that made it, which is also the command: `python -m signpaths <stage>`.
    title
        One line for people.
    options
        The stage's options; kept as JSON.
    made_from
        The stores and files that it was made from, by what they are, or their contents, which are
        kept as JSON.
    """
    dataset = dataset.assign_attrs(
        title=title,
        stage=stage,
        made_by=f"signpaths {__version__}",
        options=json.dumps(options.model_dump(mode="json") if options else {}),
        content=digest(dataset),
        made_from=json.dumps(contents(made_from)),
    )
    with whole(path) as partial, warnings.catch_warnings():
        # Consolidated metadata lets `xr.open_zarr(path)` open the store without a warning; zarr
        # says at each write that version 3 of its format has not adopted it yet.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        written = _with_strings_as(dataset, "U", object)
        written.to_zarr(
            partial,
            mode="w",
            zarr_format=3,
            consolidated=True,
            encoding={
                name: {"compressors": CODECS} | _chunked(variable)
                for name, variable in written.variables.items()
            },
            # One that is left out cannot be told from one that is lost.
            write_empty_chunks=True,
        )
        seal_store(partial)


def open_store(path: Path, stage: str | None = None) -> xr.Dataset:
    """Open a store of the study; strings come as numpy's plain unicode, the rest stays lazy.

    Parameters
    ----------
    path
        The store.
    stage
        The stage that should have made it; None for any.

    Raises
    ------
    UserError
        If there is none, it is not what was written, or another stage made it.
    """
    check_store(path)
    try:
        found = _with_strings_as(xr.open_zarr(path, consolidated=True), "T", str)
    except UNREADABLE as error:
        raise UserError(
            f"{path}: it cannot be read as a zarr store ({type(error).__name__}: {error}), so it "
            "is damaged. Remove it and run again."
        ) from error
    for checksum in (OF_METADATA, OF_FILES):
        del found.attrs[checksum]
    if stage is not None and found.attrs.get("stage") != stage:
        raise UserError(
            f"{path}: expected a store of stage {stage}, found one of "
            f"{found.attrs.get('stage', 'something else')}."
        )
    return found


def _with_strings_as(dataset: xr.Dataset, kind: str, dtype: type) -> xr.Dataset:
    """Give variables whose dtype is of `kind` another string dtype.

    Zarr v3 specifies strings of variable length only, and numpy's own of that kind (T) cannot be
    sorted, cast or compared everywhere yet: strings go in as objects and come out as unicode.
    """
    strings: dict[Hashable, tuple[Any, ...]] = {
        name: (variable.dims, np.array(variable.values.tolist(), dtype=dtype), variable.attrs)
        for name, variable in dataset.variables.items()
        if variable.dtype.kind == kind
    }
    return dataset.assign(strings)


def _chunked(variable: xr.Variable) -> dict[str, Any]:
    """Say how a variable is cut into chunks: small ones not at all, others as zarr does."""
    return {"chunks": variable.shape} if variable.ndim and 0 < variable.nbytes <= ONE_CHUNK else {}


def _own(folder: Path) -> bool:
    """Say whether a folder is a store, was sealed, or has no files but Snakemake's hidden ones."""
    return (
        (folder / "zarr.json").is_file()
        or sidecar(folder).is_file()
        or all(one.name.startswith(".") for one in folder.rglob("*") if one.is_file())
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
