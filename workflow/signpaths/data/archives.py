"""Folders and archives of files, one inside the other: paths and contents out.

Takes a folder or an archive (`.tar.*`, `.zip`); archives are read in memory, never unpacked, and
one that is damaged is refused, not half read.
"""

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from signpaths.errors import UserError

UNREADABLE = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
COMPRESSED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
ARCHIVE = re.compile(r"\.(zip|tar(\.\w+)?|tgz|tbz2?|txz)$", re.IGNORECASE)
# Deep enough for any honest archive; stops one that contains itself.
DEEPEST = 16


def members(source: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Give path and content of every file in a folder or an archive, and in archives inside it.

    Paths are relative to the source. Hidden files and what is no plain file are passed over.
    """
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                with path.open("rb") as handle:
                    yield from _opened(path.relative_to(source).as_posix(), handle, 0)
    elif source.is_file():
        if not ARCHIVE.search(source.name):
            raise UserError(
                f"{source}: expected a folder or an archive (.tar, .tar.gz, .tgz, .zip, …). "
                "Set data.source to one."
            )
        with source.open("rb") as handle:
            yield from _archive(source.name, handle, 0, "")
    else:
        raise UserError(f"{source}: no such file or folder. Set data.source to the recordings.")


def _opened(path: str, handle: IO[bytes], depth: int) -> Iterator[tuple[str, IO[bytes]]]:
    plain = PurePosixPath(path)
    path, name = plain.as_posix(), plain.name
    if any(part.startswith(".") and part != ".." for part in plain.parts):
        return
    if ARCHIVE.search(name):
        yield from _archive(path, handle, depth, f"{path}/")
    else:
        yield path, handle


def _archive(
    path: str, handle: IO[bytes], depth: int, prefix: str
) -> Iterator[tuple[str, IO[bytes]]]:
    if depth == DEEPEST:
        raise UserError(f"{path}: archives lie {DEEPEST} deep in each other; unpack some of them.")
    try:
        if path.lower().endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(handle.read()) if depth else handle) as archive:
                for entry in archive.infolist():
                    if not (entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16)):
                        with archive.open(entry) as inner:
                            yield from _opened(prefix + entry.filename, inner, depth + 1)
        else:
            stream = _decompressed(handle)
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictTarInfo) as archive:
                for member in archive:
                    inner_file = archive.extractfile(member) if member.isfile() else None
                    if inner_file:
                        yield from _opened(prefix + member.name, inner_file, depth + 1)
            # Only at its end does a compressed stream tell whether it was whole.
            while stream.read(1 << 20):
                pass
    except UNREADABLE as error:
        raise UserError(
            f"{path}: the archive cannot be read to its end ({error}). Fetch or pack it again."
        ) from error


class _StrictTarInfo(tarfile.TarInfo):
    """Take a damaged or missing header for an error, where tarfile takes it for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_StrictTarInfo":
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


def _decompressed(handle: IO[bytes]) -> io.BufferedIOBase:
    """Open a stream by what it holds, whatever its name says."""
    buffered = io.BufferedReader(cast(io.RawIOBase, handle))
    start = buffered.peek(6)
    for magic, opened in COMPRESSED:
        if start.startswith(magic):
            return opened(buffered)
    return buffered


def without_archives(path: str) -> str:
    """Give a path without the names of the archives on it: as if all of them were unpacked."""
    return "/".join(part for part in path.split("/") if not ARCHIVE.search(part))
