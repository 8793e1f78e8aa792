"""Checksums: what is read is what was written, or it is refused.

Takes paths; gives bytes and metadata that have been checked. A file, or a folder of files, has its
sums in a hidden file beside it, `.pairs.csv.sum`, as `sha256sum -c` reads them. A zarr store has
those of its metadata in its attributes, and every chunk ends with its own (zarr's codec crc32c).
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c

from signpaths.errors import UserError

# The CRC-32C of bytes that end with their own CRC-32C is always this.
RESIDUE = 0x48674BC7
OF_METADATA, OF_FILES = "checksum", "checksum_of_files"
LINE = re.compile(r"([0-9a-f]{64})  (.+)")


# Files.


def sidecar(path: Path) -> Path:
    """Give the hidden file that holds the sums of a file, or of the files of a folder."""
    return path.parent / f".{path.name}.sum"


def sums(path: Path, name: str) -> str:
    """Give the sums of a file, or of all files of a folder, for the name that it will have."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return "".join(
        f"{checksum(file.read_bytes())}  {(name / file.relative_to(path)).as_posix()}\n"
        for name, file in ((Path(name), file) for file in files)
    )


def read_bytes(path: Path) -> bytes:
    """Read a file, if it is what was written. One without a sum beside it is taken as it is.

    Raises
    ------
    UserError
        If it is not there, or not what its sum is of.
    """
    content = _content(path)
    known = _known(path)
    if known is not None and known.get(path.name) != checksum(content):
        raise _damaged(path, sidecar(path))
    return content


def read_text(path: Path) -> str:
    """Read a text file, as `read_bytes`."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: it is no text in UTF-8 ({error}). Make it again.") from error


def read_folder(folder: Path, suffix: str = "") -> dict[str, bytes]:
    """Read the files of a folder, by their place in it, if they are what was written.

    Parameters
    ----------
    folder
        Files that have come since are taken as they are.
    suffix
        Of the files that are read, such as `.png`; empty for all.

    Raises
    ------
    UserError
        If one is missing, or not what its sum is of.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; run the stage that makes it first.")
    there = (one for one in folder.rglob("*") if one.is_file() and not one.name.startswith("."))
    places = {one.relative_to(folder.parent).as_posix() for one in there}
    known = _known(folder) or {}
    found = {}
    for place in sorted(one for one in {*places, *known} if one.endswith(suffix)):
        path = folder.parent / place
        content = _content(path)
        if known.get(place, digest := checksum(content)) != digest:
            raise _damaged(path, sidecar(folder))
        found[path.relative_to(folder).as_posix()] = content
    return found


def altered(folder: Path) -> Iterator[Path]:
    """Give the files right in a folder that are not what was written; lost ones are left out."""
    for beside in sorted(folder.glob(".*.sum")):
        path = beside.with_name(beside.name[1:].removesuffix(".sum"))
        if path.is_file():
            try:
                read_bytes(path)
            except UserError:
                yield path


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not what was written. One without sums beside it is taken as it is.

    Raises
    ------
    UserError
        If a file is missing, or not what its sum is of.
    """
    if sidecar(folder).is_file():
        read_folder(folder)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: it cannot be read ({type(error).__name__}). Run the stage that makes it "
            "again."
        ) from error


def _known(path: Path) -> dict[str, str] | None:
    """Read the sums beside a file or folder, by name; None if there are none."""
    beside = sidecar(path)
    try:
        lines = beside.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        lines = []
    found = [LINE.fullmatch(line) for line in lines[:-1]]
    if lines[-1:] != [""] or not found or not all(found):
        raise UserError(
            f"{path}: its checksums in {beside.name} are damaged, so nobody can tell whether it is "
            "whole. Remove both and run again."
        )
    return {one[2]: one[1] for one in found if one}


def _damaged(path: Path, beside: Path) -> UserError:
    return UserError(
        f"{path}: it is not what was written, so it is damaged or cut short. Remove it and run "
        f"again. If you changed it yourself, remove {beside}."
    )


def checksum(content: bytes) -> str:
    """Give the sum of a file's content: SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


# Stores.


def seal_store(store: Path) -> None:
    """Write the checksums of a zarr store into its attributes."""
    described = json.loads((store / "zarr.json").read_text(encoding="utf-8"))
    attributes = described["attributes"]
    attributes[OF_FILES] = _sum_of_files(store, described)
    attributes[OF_METADATA] = _sum_of_metadata(described)
    (store / "zarr.json").write_text(_as_json(described), encoding="utf-8")


def check_store(store: Path) -> None:
    """Refuse a zarr store that is not what was written.

    Raises
    ------
    UserError
        If its metadata or a chunk is damaged or missing; names the variable.
    """
    described = read_metadata(store)
    if _sum_of_files(store, described) != described["attributes"].get(OF_FILES):
        raise UserError(
            f"{store}: its files were not written together, so some are of another store. Remove "
            "it and run again."
        )


def read_metadata(store: Path) -> dict[str, Any]:
    """Read a zarr store's metadata, `zarr.json`, if it is what was written.

    Raises
    ------
    UserError
        If there is no store, it is of an earlier version, or the metadata are damaged.
    """
    try:
        text = (store / "zarr.json").read_bytes().decode()
        described: dict[str, Any] = json.loads(text)
        written = described["attributes"].get(OF_METADATA)
        whole = written == _sum_of_metadata(described) and text == _as_json(described)
    except FileNotFoundError as error:
        raise UserError(
            f"{store}: no zarr store here; run the stage that makes it first."
        ) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"{store}: its zarr.json cannot be read as a zarr store ({type(error).__name__}: "
            f"{error}), so it is damaged. Remove it and run again."
        ) from error
    if written is None:
        raise UserError(
            f"{store}: it has no checksum, so it is of an earlier version of signpaths, or not of "
            "signpaths. Remove it and run again."
        )
    if not whole:
        raise UserError(
            f"{store}: its zarr.json is not what was written, so it is damaged. Remove it and run "
            "again."
        )
    return described


def _as_json(described: dict[str, Any]) -> str:
    return json.dumps(described, indent=2)


def _sum_of_metadata(described: dict[str, Any]) -> str:
    """Hash all metadata but this hash; 32 hexadecimal digits."""
    attributes = {
        name: value for name, value in described["attributes"].items() if name != OF_METADATA
    }
    return _hash(_as_json({**described, "attributes": attributes}).encode())


def _sum_of_files(store: Path, described: dict[str, Any]) -> str:
    """Hash the metadata of every variable and the checksums of its chunks."""
    found = []
    for name, one in described["consolidated_metadata"]["metadata"].items():
        for place in ("zarr.json", *_chunks(one)):
            try:
                content = (store / name / place).read_bytes()
            except OSError as error:
                raise UserError(
                    f"{store}: {place} of variable {name} cannot be read "
                    f"({type(error).__name__}), so the store is damaged. Remove it and run again."
                ) from error
            if place == "zarr.json":
                found.append(f"{name} {_hash(content)}")
            elif google_crc32c.value(content) == RESIDUE:
                found.append(content[-4:].hex())
            else:
                raise UserError(
                    f"{store}: {place} of variable {name} is not what was written, so the store is "
                    "damaged. Remove it and run again."
                )
    return _hash("\n".join(found).encode())


def _chunks(array: dict[str, Any]) -> Iterator[str]:
    """Give where the chunks of an array lie in its folder, by its metadata."""
    separator = array["chunk_key_encoding"]["configuration"]["separator"]
    size = array["chunk_grid"]["configuration"]["chunk_shape"]
    grid = [range(-(-length // own)) for length, own in zip(array["shape"], size, strict=True)]
    for place in itertools.product(*grid):
        yield separator.join(["c", *map(str, place)])


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
