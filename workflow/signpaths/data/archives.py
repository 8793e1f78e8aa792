"""Folders and archives of files, one inside the other: paths and contents out.

Takes a folder or an archive (`.tar`, `.tar.gz`, `.tar.bz2`, `.tar.xz`, `.zip`). Archives are read
as they stream, never unpacked over paths; one that is damaged is refused, not half read, and so is
one out of which more comes than is allowed.
"""

import bz2
import gzip
import io
import lzma
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from signpaths.errors import UserError
from signpaths.folders import (
    ARCHIVE,
    LINK,
    NOT_PLAIN,
    OTHER_ARCHIVE,
    OTHER_KIND,
    cannot_be_read,
    check_source,
    entries,
    unread_by_name,
)

UNREADABLE = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
# Deep enough for any honest archive; stops one that contains itself.
DEEPEST = 16
# Bytes that a file counts for at least, as on a disk: millions of empty ones are a bomb, too.
SMALLEST = 4096
# Bytes that are asked for at once. Some compressions give all that comes of what was asked for.
STEP = 4096
# A tar's headers of longer names and the like are read whole: bytes, and how many stand for all.
LONGEST_HEADER, MOST_GLOBALS = 2**20, 100
GIB = 2**30
# How xz begins, and the memory that it may ask for; its highest preset takes a quarter of that.
XZ, XZ_MEMORY = b"\xfd7zXZ\x00", 2**28

SPARSE = "a sparse file, which is not read; pack again without --sparse"


class Member(NamedTuple):
    """A file of a source."""

    path: str
    """Relative to the source, with the archives that it lies in."""
    content: IO[bytes] | None
    """What it holds, to be read before the next member is asked for; None if it is not read."""
    unread: str = ""
    """Why it is not read."""
    same_as: str = ""
    """The path of an earlier member of which it is a second name, a hard link."""


class Allowance:
    """What may come out of a source."""

    def __init__(self, source: Path, largest_gib: float) -> None:
        self.source, self._gib = source, largest_gib
        self._left = int(largest_gib * GIB)
        self.one_file = self._left // 64

    def take(self, count: int, path: str) -> None:
        """Count bytes that came out at `path`.

        Raises
        ------
        UserError
            If that is more than is left.
        """
        self.check(count, path)
        self._left -= count

    def check(self, count: int, path: str) -> None:
        """Refuse what `take` would refuse, without counting it."""
        if count > self._left:
            raise UserError(
                f"{self.source}: more than {self._gib:g} GiB come out of it (at {path[-200:]!r}), "
                "the most that data.largest_gib allows. If its recordings are as large as that, "
                "raise data.largest_gib; else it is damaged or hostile."
            )


def members(source: Path, largest_gib: float) -> Iterator[Member]:
    """Give every file in a folder or an archive, and in archives inside it.

    Parameters
    ----------
    source
        The folder or archive.
    largest_gib
        The most that may come out of it, in GiB.

    Raises
    ------
    UserError
        If the source, or an archive in it, cannot be read to its end, or more comes out of it.
    """
    check_source(source)
    allowance = Allowance(source, largest_gib)
    if source.is_dir():
        for path, file, unread in entries(source):
            if unread:
                yield Member(path, None, unread)
            else:
                yield from _of_file(path, Path(file), f"{path}/", allowance)
    elif ARCHIVE.search(source.name):
        yield from _of_file(source.name, source, "", allowance)
    else:
        what = OTHER_KIND if OTHER_ARCHIVE.search(source.name) else "no archive by its name"
        raise UserError(
            f"{source}: {what}; expected a folder or an archive (.tar, .tar.gz, .tgz, .zip, …). "
            "Set data.source to one."
        )


def _of_file(path: str, file: Path, prefix: str, allowance: Allowance) -> Iterator[Member]:
    try:
        handle = file.open("rb", buffering=0)
    except OSError as error:
        raise UserError(cannot_be_read(file, error)) from error
    with handle:
        if ARCHIVE.search(path):
            yield from _archive(path, cast(IO[bytes], handle), 0, prefix, allowance)
        else:
            yield Member(path, _counted(cast(IO[bytes], handle), path, allowance))


def _opened(
    path: str, handle: IO[bytes] | None, unread: str, depth: int, allowance: Allowance
) -> Iterator[Member]:
    """Give what an archive holds at a path; `handle` is None only where it is not read."""
    path = PurePosixPath(path).as_posix()
    unread = unread_by_name(path) or unread
    if unread or handle is None:
        yield Member(path, None, unread)
    elif ARCHIVE.search(path):
        yield from _archive(path, handle, depth, f"{path}/", allowance)
    else:
        yield Member(path, handle)


def _archive(
    path: str, handle: IO[bytes], depth: int, prefix: str, allowance: Allowance
) -> Iterator[Member]:
    if depth == DEEPEST:
        raise UserError(
            f"{allowance.source}: archives lie {DEEPEST} deep in each other; unpack some of them."
        )
    read = _zip if path.lower().endswith(".zip") else _tar
    try:
        yield from read(path, handle, depth, prefix, allowance)
    except UNREADABLE as error:
        raise UserError(
            f"{allowance.source}: the archive {path[-200:]!r} cannot be read to its end ({error}). "
            "Fetch or pack it again."
        ) from error


def _zip(
    path: str, handle: IO[bytes], depth: int, prefix: str, allowance: Allowance
) -> Iterator[Member]:
    with ExitStack() as stack:
        if depth:
            # Its table of contents is at its end.
            spool = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            shutil.copyfileobj(handle, spool)
            handle = spool
        table = stack.enter_context(_Table(cast(io.RawIOBase, handle), allowance.one_file))
        archive = stack.enter_context(zipfile.ZipFile(table))
        allowance.take(SMALLEST * len(archive.infolist()), path)
        for entry in archive.infolist():
            inside, kind = prefix + entry.filename, stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir():
                continue
            if kind in (0, stat.S_IFREG, stat.S_IFDIR):
                with archive.open(entry) as inner:
                    counted = _counted(inner, inside, allowance)
                    yield from _opened(inside, counted, "", depth + 1, allowance)
            else:
                unread = LINK if kind == stat.S_IFLNK else NOT_PLAIN
                yield from _opened(inside, None, unread, depth + 1, allowance)


def _tar(
    path: str, handle: IO[bytes], depth: int, prefix: str, allowance: Allowance
) -> Iterator[Member]:
    stream = _counted(_decompressed(handle), path, allowance)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictTarInfo) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # It would keep them all.
            if len(archive.pax_headers) > MOST_GLOBALS:
                raise tarfile.ReadError("its headers hold too much")
            inside = prefix + member.name
            allowance.take(SMALLEST, inside)
            # tarfile would look for the end of a file beyond the end of the archive, step by step.
            allowance.check(archive.offset - member.offset_data, inside)
            if member.islnk():
                yield from _hard_link(inside, prefix + member.linkname)
            elif member.isfile() and not member.issparse():
                content = archive.extractfile(member)
                yield from _opened(inside, content, "", depth + 1, allowance)
            elif not member.isdir():
                unread = SPARSE if member.issparse() else LINK if member.issym() else NOT_PLAIN
                yield from _opened(inside, None, unread, depth + 1, allowance)
    # Only at its end does a compressed stream tell whether it was whole.
    while stream.read(1 << 20):
        pass


def _hard_link(path: str, target: str) -> Iterator[Member]:
    path, target = PurePosixPath(path).as_posix(), PurePosixPath(target).as_posix()
    yield Member(path, None, unread_by_name(path), same_as=target)


class _StrictTarInfo(tarfile.TarInfo):
    """Take a damaged or missing header for an error, where tarfile takes it for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_StrictTarInfo":
        try:
            found = super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error
        if found.size < 0:
            raise tarfile.ReadError(f"a file of {found.size} bytes")
        return found

    @classmethod
    def frombuf(cls, buffer: bytes | bytearray, encoding: str, errors: str) -> "_StrictTarInfo":
        found = super().frombuf(buffer, encoding, errors)
        if found.type in HEADERS and not 0 <= found.size <= LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {found.size} bytes")
        return found

    def _proc_gnusparse_10(self, member: tarfile.TarInfo, *_: object) -> None:
        """Mark a sparse file, without the map of its parts, which may have any length."""
        member.sparse = []  # type: ignore[assignment]


# Types of members that say more of the next one, or of all.
HEADERS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)


class _Counted(io.RawIOBase):
    """What comes out of a handle, counted."""

    def __init__(self, handle: IO[bytes], path: str, allowance: Allowance) -> None:
        self._handle, self._path, self._allowance = handle, path, allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._handle.read(min(len(buffer), STEP))
        self._allowance.take(len(data), self._path)
        buffer[: len(data)] = data
        return len(data)


def _counted(handle: IO[bytes], path: str, allowance: Allowance) -> io.BufferedReader:
    return io.BufferedReader(_Counted(handle, path, allowance), STEP)


class _Table(io.BufferedReader):
    """A zip of which zipfile reads no more at once than is allowed, as it does its table."""

    def __init__(self, raw: io.RawIOBase, most: int) -> None:
        super().__init__(raw)
        self._most = max(most, LONGEST_HEADER)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._most:
            raise zipfile.BadZipFile(
                f"its table of contents takes {size} bytes, more than a 64th of data.largest_gib"
            )
        return super().read(size)


class _Xz(io.RawIOBase):
    """An xz stream, in no more memory than honest ones need; `lzma.open` takes what it asks for."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle, self._waiting = handle, b""
        self._decoder = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = b""
        while not data:
            if self._decoder.eof:
                self._waiting = self._decoder.unused_data + self._handle.read(STEP)
                if not self._waiting.startswith(XZ):
                    return 0
                self._decoder = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            elif self._decoder.needs_input:
                self._waiting = self._waiting or self._handle.read(STEP)
                if not self._waiting:
                    raise EOFError("it ends too early")
            data = self._decoder.decompress(self._waiting, len(buffer))
            self._waiting = b""
        buffer[: len(data)] = data
        return len(data)


def _decompressed(handle: IO[bytes]) -> IO[bytes]:
    """Open a stream by what it holds, whatever its name says."""
    buffered = io.BufferedReader(cast(io.RawIOBase, handle))
    start = buffered.peek(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(buffered))
    if start.startswith(b"BZh"):
        return bz2.open(buffered)
    return cast(IO[bytes], _Xz(buffered)) if start.startswith(XZ) else buffered


def without_archives(path: str) -> str:
    """Give a path without the names of the archives on it: as if all of them were unpacked."""
    return "/".join(part for part in path.split("/") if not ARCHIVE.search(part))
