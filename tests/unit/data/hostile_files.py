"""Recordings and archives that are damaged or made to do harm, and how they must be read."""

import bz2
import gzip
import io
import lzma
import os
import random
import re
import stat
import tarfile
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from makers import tarred
from signpaths.data.tsd import tsd
from signpaths.errors import UserError
from signpaths.options import TsdOptions
from signpaths.stores import open_store

LARGEST = float(np.finfo(np.float32).max)
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SKIP = TsdOptions(on_bad_file="skip")
# Less than the large files of hostile archives hold.
LITTLE = TsdOptions(on_bad_file="skip", largest_gib=0.03)

# Recordings

WORDS = (
    *(b"nan", b"-NaN", b"inf", b"Infinity", b"1e400", b"-1e39", b"3.5e38", b"1e-400", b"5e-324"),
    *(b"0x10", b"0x1p3", b"1_000", b"1,5", b"1.", b".5", b"+.5", b"-", b"+", b"e5", b"1e", b"1e+"),
    *(b"--1", b"1-2", b"1.2.3", b"1d5", b"1e5e5", b"\x00", b"1\x00", b"TRUE", b"None", b'"1"'),
    *("٣".encode(), "４".encode(), "²".encode(), "−1".encode(), "1\u00a0".encode(), b"\xff"),
    *(b"9" * 400, b"0." + b"0" * 400 + b"1", b"1e" + b"9" * 30, b"-0", b"00012", b"1" + b"0" * 38),
    *(b"3.4028234663852886e38", b"3.4028235677973366e38", b"16777217", b"1e-46", b"#", b"//"),
)
ENDS = (b"\r\n", b"\r", b"\n\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xe2\x80\xa8", b"\n\r", b"")
GAPS = (b" ", b"  ", b"\t", b"\x0b", b"\x0c", b",", b";", b"\xc2\xa0", b"\x1f", b"\n", b"\x00", b"")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp037")


def recording(chance: random.Random, frames: int = 6, channels: int = 3) -> bytes:
    """A sound one."""
    shapes = (repr, "{:.3f}".format, "{:+.5e}".format, "{:.0f}".format)
    lines = [
        "\t".join(chance.choice(shapes)(chance.gauss(0, 10.0)) for _ in range(channels))
        for _ in range(chance.randint(1, frames))
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data or b"0")
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:first], data[last:], data[:first] + data[last:]))


def _doubled(data: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:last] + data[first:]


def _another_word(data: bytes, chance: random.Random) -> bytes:
    words = list(re.finditer(rb"[^\s]+", data))
    if not words:
        return data
    word = chance.choice(words)
    return data[: word.start()] + chance.choice(WORDS) + data[word.end() :]


def _inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(GAPS + ENDS + WORDS) + data[at:]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flipped, _cut, _doubled, _another_word, _another_word, _inserted),
    lambda data, chance: data.replace(b"\n", chance.choice(ENDS)),
    lambda data, chance: data.replace(b"\t", chance.choice(GAPS)),
    lambda data, chance: data.decode("latin-1").encode(chance.choice(ENCODINGS), "replace"),
)


def damaged_recording(chance: random.Random) -> bytes:
    """A recording after one to three mutations, or none."""
    data = recording(chance)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        data = chance.choice(MUTATIONS)(data, chance)
    return data


def slowly_read(data: bytes) -> np.ndarray | None:
    """Read a recording word by word; None if it is bad."""
    rows = []
    for line in re.split(rb"\r\n|\r|\n", data.removeprefix(b"\xef\xbb\xbf")):
        words = [word for word in re.split(rb"[ \t\x0b\x0c]", line) if word]
        if not all(NUMBER.fullmatch(word) and abs(float(word)) < LARGEST for word in words):
            return None
        rows += [[float(word) for word in words]] if words else []
    return np.array(rows, dtype=np.float32) if len({len(row) for row in rows}) == 1 else None


def misread_recordings(folder: Path, count: int, seed: int) -> list[str]:
    """Read damaged recordings through the stage; say which were read otherwise than slowly.

    Any error but a recording's listed problem is raised.
    """
    chance = random.Random(seed)
    files = {f"s/a-{take}.tsd": damaged_recording(chance) for take in range(count)}
    source = folder / "x.tar"
    source.write_bytes(tarred(files))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tsd(source, folder / "out.zarr", options=SKIP)
    found = open_store(folder / "out.zarr").load()
    expected = {path: slowly_read(data) for path, data in files.items()}
    widths = Counter(frames.shape[1] for frames in expected.values() if frames is not None)
    width = widths.most_common(1)[0][0]
    wrong = []
    columns = (found.path.values, found.problem.values, found["first"].values, found.frames.values)
    for path, problem, first, frames in zip(*columns, strict=True):
        wanted = expected.pop(path)
        sound = wanted is not None and wanted.shape[1] == width
        read = found.value.values[first : first + frames]
        # Bits: zeros have a sign.
        if sound == bool(problem) or (sound and read.tobytes() != wanted.tobytes()):  # type: ignore[union-attr]
            wrong.append(f"{path}: {files[path]!r} read as {read.tolist()}, {problem}")
    return wrong + [f"{path}: lost" for path in expected]


# Archives

NAMES = (
    *("../../evil-1.tsd", "/evil-1.tsd", "s/../../../evil-2.tsd", "C:\\evil-1.tsd", "..\\e-1.tsd"),
    *(
        "s/a\x00b-1.tsd",
        "s/a\nb-1.tsd",
        "s/\x1b[31m-1.tsd",
        "s/käse-1.tsd",
        "手/手-1.tsd",
        "-1.tsd",
    ),
    *(f"s/{'n' * 300}-1.tsd", f"{'d/' * 400}a-1.tsd", f"s/{'-' * 30_000}", "s/.a-1.tsd", "./././"),
    *("s/a-1.tsd", "s/a-1.tsd/b-1.tsd", "s/A-1.TSD", "x.zip/a-1.tsd", "s/ -1.tsd", "s/$(x)-1.tsd"),
    *("s/a-99999999999999999999.tsd", "s/\u202ea-1.tsd", "s//a-2.tsd", "s/a-1.tsd ", "con-1.tsd"),
)
TYPES = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, b"Z")
TARGETS = ("s/a-1.tsd", "/etc/passwd", "../../..", "", "s/link-1.tsd", "/dev/zero")


def _tar(files: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    kind = chance.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            if chance.random() < 0.2:
                link = tarfile.TarInfo(f"s/link-{chance.randrange(9)}.tsd")
                link.type, link.linkname = chance.choice(TYPES), chance.choice(TARGETS)
                archive.addfile(link)
    return buffer.getvalue()


def _zip(files: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", chance.choice(kinds)) as archive:
        warnings.simplefilter("ignore")  # The same name twice.
        for name, data in files:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = archive.compression
            if chance.random() < 0.1:
                entry.external_attr = chance.choice((stat.S_IFLNK, stat.S_IFIFO)) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


Packer = Callable[[list[tuple[str, bytes]], random.Random], bytes]
PACKERS: dict[str, Packer] = {
    ".zip": _zip,
    ".tar": _tar,
    ".tar.gz": lambda files, chance: gzip.compress(_tar(files, chance)),
    ".tar.bz2": lambda files, chance: bz2.compress(_tar(files, chance)),
    ".txz": lambda files, chance: lzma.compress(_tar(files, chance)),
}
# Of these, content has a checksum.
CHECKED = (".zip", ".tar.gz", ".tar.bz2", ".txz")


def hostile_archive(chance: random.Random) -> tuple[str, bytes, list[bytes] | None]:
    """Name and bytes of an archive, and what its recordings may hold; None if that is anything."""
    files = [(f"s/{chance.choice('abc')}-{take}.tsd", recording(chance)) for take in range(5)]
    files += [(chance.choice(NAMES), recording(chance)) for _ in range(chance.randint(0, 3))]
    if chance.random() < 0.2:
        unit = chance.choice((b"\0", b"\n", b"0 0 0\n", b"1"))
        files.append(
            (
                chance.choice(("s/z-1.tsd", "z.bin", "z.zip", "z.tar.gz")),
                unit * (10**6 // len(unit)),
            )
        )
    chance.shuffle(files)
    contents = [data for _, data in files]
    suffix = chance.choice(list(PACKERS))
    data, checked = PACKERS[suffix](files, chance), suffix in CHECKED
    for _ in range(chance.choice((*(0, 0, 1, 2) * 4, 20))):
        inner = f"in{chance.choice((suffix, chance.choice(list(PACKERS)), '.rar'))}"
        suffix = chance.choice(list(PACKERS))
        data = PACKERS[suffix]([(inner, data), *files[:1]], chance)
        checked &= suffix in CHECKED
    mutation = chance.choice((None, None, _flipped, _flipped, _cut, _doubled))
    if mutation:
        data = mutation(data, chance)
    if chance.random() < 0.1:
        suffix = chance.choice([*PACKERS, ".7z", ".tar.zst", ".txt", ""])
    # Cut and doubled in the middle, a tar of plain text may hold other numbers.
    return f"x{suffix}", data, contents if checked or mutation is None else None


def misread_archives(folder: Path, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Read hostile archives; give how each was read, and what is wrong with that, if anything.

    Any error but one that is meant for users is raised.
    """
    chance = random.Random(seed)
    temporary = folder / "temporary"
    for number in range(count):
        deep = folder / f"{number}" / "a" / "b" / "c"
        deep.mkdir(parents=True)
        temporary.mkdir()
        name, data, contents = hostile_archive(chance)
        (deep / name).write_bytes(data)
        here, tempfile.tempdir = Path.cwd(), str(temporary)
        os.chdir(deep)
        try:
            tsd(deep / name, deep / "out.zarr", options=LITTLE)
        except UserError as error:
            how, wrong = "refused", "" if name in str(error) else f"{number}: {error} names no file"
            str(error).encode()
        else:
            how, wrong = "read", _otherwise(deep / "out.zarr", contents)
        finally:
            os.chdir(here)
            tempfile.tempdir = None
        written = {
            path.name for path in (folder / f"{number}").rglob("*") if "out.zarr" not in str(path)
        }
        if written - {"a", "b", "c", name} or os.listdir(temporary):
            wrong = f"{number}: wrote {sorted(written)}"
        temporary.rmdir()
        yield how, wrong and f"archive {number}: {wrong}"


def _otherwise(store: Path, contents: list[bytes] | None) -> str:
    """Say which frames in a store are of no recording that was packed."""
    found = open_store(store).load()
    if contents is None:
        return ""
    known = {frames.tobytes() for data in contents if (frames := slowly_read(data)) is not None}
    for path, first, frames in zip(
        found.path.values, found["first"].values, found.frames.values, strict=True
    ):
        read = found.value.values[first : first + frames]
        if frames and read.tobytes() not in known:
            return f"{path} read as {read.tolist()[:3]}"
    return ""
