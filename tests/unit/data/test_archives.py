"""Folders and archives: the same recordings from any of them, and nothing from a damaged one."""

import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from makers import tarred, text_of, write_folder, zipped
from signpaths.data.archives import members
from signpaths.data.sequences import sequences
from signpaths.data.tsd import tsd
from signpaths.errors import UserError
from signpaths.options import TsdOptions
from signpaths.stores import open_store
from tsd_files import GOOD, frames_of, problems, some_files, table


def wrapped(files: dict[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """The same files in every kind of archive: a source's name and its bytes."""
    gz = tarred(files, "w:gz")
    return {
        "tar": ("source.tar", tarred(files)),
        "tar.gz": ("source.tar.gz", gz),
        "tgz": ("SOURCE.TGZ", gz),
        "tar.bz2": ("source.tar.bz2", tarred(files, "w:bz2")),
        "tar.xz": ("source.tar.xz", tarred(files, "w:xz")),
        "zip": ("source.zip", zipped(files)),
        "stored zip": ("Source.ZIP", zipped(files, zipfile.ZIP_STORED)),
        "dotted tar": ("source.tar", tarred({f"./{name}": data for name, data in files.items()})),
    }


def nested(files: dict[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """The same files in archives inside archives."""
    gz, flat = tarred(files, "w:gz"), zipped(files)
    return {
        "tar.gz in zip": ("source.zip", zipped({"tctodd.tar.gz": gz, "README.txt": b"hello"})),
        "zip in tar in zip": ("a.zip", zipped({"b.tar": tarred({"c.zip": flat})})),
        "zip in tar.gz": ("a.tar.gz", tarred({"b.zip": flat}, "w:gz")),
    }


@pytest.mark.parametrize("kind", wrapped({}))
def test_folder_and_archive_give_the_same_store(tmp_path: Path, kind: str) -> None:
    name, data = wrapped(some_files())[kind]
    (tmp_path / name).write_bytes(data)
    tsd(write_folder(tmp_path / "folder", some_files()), tmp_path / "folder.zarr")
    tsd(tmp_path / name, tmp_path / "archive.zarr")
    folder, archive = open_store(tmp_path / "folder.zarr"), open_store(tmp_path / "archive.zarr")
    assert folder.identical(archive)
    assert [len(open_store(tmp_path / "folder.zarr").attrs["source_sha256"])] == [64]


@pytest.mark.parametrize("kind", nested({}))
def test_archives_in_archives_hold_the_same_recordings(tmp_path: Path, kind: str) -> None:
    name, data = nested(some_files())[kind]
    (tmp_path / name).write_bytes(data)
    tsd(write_folder(tmp_path / "folder", some_files()), tmp_path / "folder.zarr")
    tsd(tmp_path / name, tmp_path / "archive.zarr")
    folder, archive = open_store(tmp_path / "folder.zarr"), open_store(tmp_path / "archive.zarr")
    assert folder.drop_vars("path").equals(archive.drop_vars("path"))


@pytest.mark.parametrize("kind", nested({}))
def test_the_hash_of_the_source_is_of_what_the_archives_hold(tmp_path: Path, kind: str) -> None:
    name, data = nested(some_files())[kind]
    (tmp_path / name).write_bytes(data)
    tsd(write_folder(tmp_path / "folder", some_files()), tmp_path / "folder.zarr")
    tsd(tmp_path / name, tmp_path / "archive.zarr")
    hashes = [
        open_store(tmp_path / f"{name}.zarr").attrs["source_sha256"]
        for name in ("folder", "archive")
    ]
    assert hashes[0] == hashes[1]


def stage_reads_all(source: Path, store: Path) -> bool:
    """Whether the stage reads the source; False if it refuses with a message."""
    try:
        tsd(source, store)
    except UserError as error:
        message = str(error)
    else:
        return True
    assert source.name in message
    assert not store.exists()
    return False


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_an_archive_cut_short_is_refused(tmp_path: Path, kind: str) -> None:
    """Wherever a download breaks off, nothing is read as if it were all."""
    files = {f"s/a-{take}.tsd": text_of(frames_of(take, 20)) for take in range(1, 6)}
    name, data = wrapped(files)[kind]
    source = tmp_path / name
    # Behind the block of zeros that ends it, a tar has nothing but padding, which nobody misses.
    full = len(data) if kind != "tar" else -(-len(data.rstrip(b"\0")) // 512) * 512 + 512
    cuts = sorted({*range(0, full, 512), *range(1, full, max(1, full // 12)), full - 1})
    read = []
    for cut in cuts:
        source.write_bytes(data[:cut])
        if stage_reads_all(source, tmp_path / "out.zarr"):
            read.append(cut)
            break
    assert not read, f"cut at {read} of {len(data)} bytes and read as if whole"


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_a_damaged_archive_never_gives_other_numbers(tmp_path: Path, kind: str) -> None:
    files = {f"s/a-{take}.tsd": text_of(frames_of(take, 20)) for take in range(1, 4)}
    name, data = wrapped(files)[kind]
    source = tmp_path / name
    source.write_bytes(data)
    whole = open_after(source, tmp_path / "whole.zarr")
    wrong = []
    for position in np.random.default_rng(0).integers(20, len(data), 40):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        source.write_bytes(bytes(damaged))
        if stage_reads_all(source, tmp_path / "out.zarr"):
            found = open_store(tmp_path / "out.zarr").load()
            if not found.drop_vars(("session", "path")).equals(
                whole.drop_vars(("session", "path"))
            ):
                wrong.append(int(position))
            (tmp_path / "out.zarr").rename(tmp_path / f"read-{position}.zarr")
    assert not wrong, f"damage at {wrong} went unseen"


def open_after(source: Path, store: Path):
    tsd(source, store)
    return open_store(store).load()


def test_a_damaged_tar_header_does_not_end_the_archive_early(tmp_path: Path) -> None:
    data = bytearray(tarred({f"s/a-{take}.tsd": GOOD for take in range(1, 6)}))
    second = data.index(b"s/a-3.tsd")
    data[second] ^= 0x01
    (tmp_path / "source.tar").write_bytes(bytes(data))
    with pytest.raises(UserError, match=r"source\.tar"):
        tsd(tmp_path / "source.tar", tmp_path / "out.zarr")


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.xz", "x.tar.zst"])
@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=r"x\.\w"):
        tsd(tmp_path / name, tmp_path / "out.zarr")


def test_a_bad_archive_inside_a_good_one_is_named(tmp_path: Path) -> None:
    inner = tarred({"s/a-1.tsd": GOOD}, "w:gz")
    (tmp_path / "outer.zip").write_bytes(zipped({"in.tar.gz": inner[:40], "s/b-1.tsd": GOOD}))
    with pytest.raises(UserError, match=r"in\.tar\.gz"):
        tsd(tmp_path / "outer.zip", tmp_path / "out.zarr")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"s/a-1.tsd": GOOD}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(data))
    with pytest.raises(UserError, match=r"locked\.zip"):
        tsd(tmp_path / "locked.zip", tmp_path / "out.zarr")


@pytest.mark.parametrize(
    "evil", ["../../evil-1.tsd", "/signpaths-evil-1.tsd", "a/../../../evil-1.tsd"]
)
@pytest.mark.parametrize("suffix", ["tar", "zip"])
def test_archives_write_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evil: str, suffix: str
) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    files = {evil: GOOD, "s/good-1.tsd": GOOD}
    source = deep / f"source.{suffix}"
    source.write_bytes(tarred(files) if suffix == "tar" else zipped(files))
    tsd(source, deep / "out.zarr")
    assert {row[1] for row in table(deep / "out.zarr")} >= {"good"}
    assert len(table(deep / "out.zarr")) == 2
    assert sorted(path.name for path in deep.iterdir()) == ["out.zarr", source.name]
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/signpaths-evil-1.tsd").exists()


SKIP = TsdOptions(on_bad_file="skip")


def kinds_in_a_tar(path: Path) -> Path:
    """A tar of a file, a symbolic link to it, a pipe, a device, a sparse file and an `x.7z`."""
    with tarfile.open(path, "w") as archive:
        add_file(archive, "s/a-1.tsd", GOOD)
        for kind, name in (
            *((tarfile.SYMTYPE, "s/link-1.tsd"), (tarfile.FIFOTYPE, "s/pipe-1.tsd")),
            *((tarfile.CHRTYPE, "s/device-1.tsd"), (tarfile.SYMTYPE, "s/notes.txt")),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "a-1.tsd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("s/holes-1.tsd")
        entry.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**60)}
        archive.addfile(entry)
        add_file(archive, "s/x.7z", b"")
    return path


def add_file(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def kinds_in_a_zip(path: Path) -> Path:
    """The same in a zip, as far as it has them."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s/a-1.tsd", GOOD)
        for kind, name in (
            *((stat.S_IFLNK, "s/link-1.tsd"), (stat.S_IFIFO, "s/pipe-1.tsd")),
            *((stat.S_IFCHR, "s/device-1.tsd"), (stat.S_IFLNK, "s/notes.txt")),
        ):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (kind | 0o777) << 16
            archive.writestr(entry, "a-1.tsd")
        archive.writestr("s/x.7z", b"")
    return path


def kinds_in_a_folder(path: Path) -> Path:
    """The same in a folder, with links that lead nowhere, in circles, inside it and out of it."""
    source = write_folder(path, {"s/a-1.tsd": GOOD, "s/x.7z": b""})
    write_folder(path.with_name("elsewhere"), {"s/far-1.tsd": GOOD})
    for name, target in (
        *(("s/link-1.tsd", "a-1.tsd"), ("s/nowhere-1.tsd", "nowhere"), ("s/notes.txt", "a-1.tsd")),
        *(("s/circle-1.tsd", "circle-1.tsd"), ("s/again", str(source)), ("s/up", "..")),
        *(("out", str(path.with_name("elsewhere"))), ("s/x.zip", "../../elsewhere/x.zip")),
    ):
        (source / name).symlink_to(target)
    os.mkfifo(source / "s/pipe-1.tsd")
    return source


LINKED, PIPE = "a symbolic link, which is not followed", "no plain file, but a pipe"
KINDS: dict[str, tuple[Callable[[Path], Path], dict[str, str]]] = {
    "x.tar": (kinds_in_a_tar, {"s/device-1.tsd": PIPE, "s/holes-1.tsd": "a sparse file"}),
    "x.zip": (kinds_in_a_zip, {"s/device-1.tsd": PIPE}),
    "x": (
        kinds_in_a_folder,
        {
            **{f"s/{name}": LINKED for name in ("nowhere-1.tsd", "circle-1.tsd", "x.zip")},
            "out": "a link to a folder elsewhere",
        },
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_plain_file_is_listed_wherever_it_lies(tmp_path: Path, name: str) -> None:
    make, own = KINDS[name]
    source = make(tmp_path / name)
    expected = {
        "s/link-1.tsd": LINKED,
        "s/pipe-1.tsd": PIPE,
        "s/x.7z": "an archive of a kind that is not read; unpack it, or pack it again as .tar.gz",
        **own,
    }
    with pytest.raises(UserError, match=f"{len(expected)} of {len(expected) + 1} files are bad"):
        tsd(source, tmp_path / "out.zarr")
    tsd(source, tmp_path / "out.zarr", options=SKIP)
    found = problems(tmp_path / "out.zarr")
    assert found.keys() == expected.keys()
    for path, problem in found.items():
        assert problem.startswith(expected[path])
    assert open_store(tmp_path / "out.zarr").attrs["bad_files"] == len(expected)
    assert [row for row in table(tmp_path / "out.zarr") if row[3]] == [("s", "a", 1, 2)]


def test_what_is_listed_comes_to_the_table_of_what_is_left_out(tmp_path: Path) -> None:
    source = write_folder(
        tmp_path / "x", {f"s/{sign}-1.tsd": GOOD for sign in "abc"} | {"s/._a-1.tsd": b"x"}
    )
    (source / "s/a-2.tsd").symlink_to("a-1.tsd")
    (source / "y.rar").write_bytes(b"")
    tsd(source, tmp_path / "r.zarr", options=SKIP)
    sequences(tmp_path / "r.zarr", tmp_path / "s.zarr", tmp_path / "excluded.csv")
    lines = (tmp_path / "excluded.csv").read_text().splitlines()
    assert [line.split(",", 5)[::5] for line in lines[1:]] == [
        ["s/._a-1.tsd", "hidden file: a name on its path begins with a dot"],
        ["s/a-2.tsd", f'"bad file: {LINKED}; put a copy of the file in its place"'],
        [
            "y.rar",
            '"bad file: an archive of a kind that is not read; unpack it, or pack it again as '
            '.tar.gz or .zip"',
        ],
    ]
    assert open_store(tmp_path / "s.zarr").attrs["excluded"] == 3


def with_hard_links(links: Sequence[tuple[str, str]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        add_file(archive, "./s/a-1.tsd", GOOD)
        add_file(archive, "s/bad-1.tsd", b"no number")
        add_file(archive, "s/notes.txt", b"")
        for name, target in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.LNKTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()


@pytest.mark.parametrize("outer", ["", "outer.tar"])
def test_hard_links_in_a_tar_are_read_as_the_files_that_they_name(
    tmp_path: Path, outer: str
) -> None:
    links = [
        *(("s/b-1.tsd", "./s/a-1.tsd"), ("s/c-1.tsd", "s/b-1.tsd"), ("s/d-1.tsd", "s/notes.txt")),
        *(("s/e-1.tsd", "s/bad-1.tsd"), ("s/f-1.tsd", "s/later-1.tsd"), ("s/more.txt", "s/x")),
        *(("s/g.zip", "s/a-1.tsd"), ("s/.h-1.tsd", "s/a-1.tsd")),
    ]
    data = with_hard_links(links)
    (tmp_path / "x.tar").write_bytes(tarred({"y.tar": data}) if outer else data)
    tsd(tmp_path / "x.tar", tmp_path / "out.zarr", options=SKIP)
    read = {row[1]: row for row in table(tmp_path / "out.zarr") if row[3]}
    assert read == {sign: ("s", sign, 1, 2) for sign in "abc"}
    found = open_store(tmp_path / "out.zarr")
    assert found.value.values.tolist() == [[1, 2], [3, 4]] * 3
    prefix = "y.tar/" if outer else ""
    said = {path.removeprefix(prefix): why for path, why in problems(tmp_path / "out.zarr").items()}
    for name, target in (("d-1.tsd", "notes.txt"), ("f-1.tsd", "later-1.tsd")):
        assert f"a hard link to {prefix}s/{target}" in said[f"s/{name}"]
        assert "--hard-dereference" in said[f"s/{name}"]
    assert said["s/e-1.tsd"] == said["s/bad-1.tsd"] != ""
    assert "hidden" in said["s/.h-1.tsd"]
    assert "a hard link" in said["s/g.zip"]
    assert len(said) == 6


@pytest.mark.parametrize("suffix", ["", ".tar", ".zip"])
def test_hidden_files_are_left_out_and_listed(tmp_path: Path, suffix: str) -> None:
    """Systems leave them, and editors and notebooks keep copies in hidden folders."""
    hidden = {
        *("s/.b-1.tsd", "__MACOSX/s/._a-1.tsd", ".c.zip"),
        *(".snapshot/s/a-2.tsd", "s/.checkpoints/a-3.tsd"),
    }
    files = {"s/a-1.tsd": GOOD, ".DS_Store": b"", "s/.a-1.tsd.swp": b""} | dict.fromkeys(
        hidden, b""
    )
    source = tmp_path / f"source{suffix}"
    if suffix:
        source.write_bytes(tarred(files) if suffix == ".tar" else zipped(files))
    else:
        write_folder(source, files)
    tsd(source, tmp_path / "out.zarr")
    assert [row for row in table(tmp_path / "out.zarr") if row[3]] == [("s", "a", 1, 2)]
    assert problems(tmp_path / "out.zarr").keys() == hidden
    assert all("begins with a dot" in why for why in problems(tmp_path / "out.zarr").values())


def test_hidden_files_alone_are_no_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="1 of 1 files are bad") as caught:
        tsd(write_folder(tmp_path / "x", {"s/._a-1.tsd": b""}), tmp_path / "out.zarr")
    assert "s/._a-1.tsd: hidden file" in str(caught.value)


@pytest.mark.parametrize("name", ["x.7z", "x.rar", "x.tar.zst", "x.TAR.LZ4", "x.tzst"])
def test_archives_of_other_kinds_are_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"whatever")
    with pytest.raises(UserError, match=r"\.tar\.gz or \.zip") as caught:
        tsd(tmp_path / name, tmp_path / "out.zarr")
    assert name in str(caught.value)


def test_a_source_that_never_ends_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tar")
    for source in (tmp_path / "pipe.tar", Path("/dev/zero")):
        with pytest.raises(UserError, match=PIPE) as caught:
            tsd(source, tmp_path / "out.zarr")
        assert str(source) in str(caught.value)


# What is too large

SMALL = TsdOptions(largest_gib=64 / 1024)
MIB = 2**20
# A MiB for one file, 64 for all; on its way through the readers some of it is there twice.
MUCH_MEMORY = 5 * MIB


def too_large(count: int, name: str = "s/x.bin") -> bytes:
    return tarred({name: b"0" * count}, "w:gz")


def headers(count: int) -> bytes:
    return gzip.compress(tarfile.TarInfo("s/x.txt").tobuf() * count + bytes(1024))


def endless() -> bytes:
    entry = tarfile.TarInfo("s/x.bin")
    entry.size = 2**60
    return entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def long_name(count: int) -> bytes:
    entry = tarfile.TarInfo("s/x.bin")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, count
    return gzip.compress(entry.tobuf() + bytes(-(-count // 512) * 512 + 1024))


def sparse_map() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("s/a-1.tsd")
        entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        entry.size = 30 * MIB
        archive.addfile(entry, io.BytesIO(b"99999999\n" + b"7\n" * (15 * MIB)))
    return buffer.getvalue()


def wide_xz() -> bytes:
    wide = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**29}]
    return lzma.compress(tarred({"s/x.bin": b"0" * 2 * MIB}), filters=wide)


def wide_zip() -> bytes:
    """A zip in a zip that is nothing but a table of contents."""
    size = 30 * MIB
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, size, 0, 0)
    return zipped({"in.zip": bytes(size) + end})


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a tar of a large file": ("x.tar.gz", lambda: too_large(70 * MIB), "data.largest_gib"),
    "a large recording": ("x.tar.gz", lambda: too_large(MIB + 1, "s/a-1.tsd"), "data.largest_gib"),
    "a large recording in a zip": (
        "x.zip",
        lambda: zipped({"s/a-1.tsd": b"0 0\n" * 12 * MIB}),
        "data.largest_gib",
    ),
    "a large recording of lines": (
        "x.zip",
        lambda: zipped({"s/a-1.tsd": b"\n" * 4 * MIB}),
        "data.largest_gib",
    ),
    "a large zip in a zip": (
        "x.zip",
        lambda: zipped({"in.zip": b"0" * 70 * MIB}),
        "data.largest_gib",
    ),
    "many files": ("x.tar.gz", lambda: headers(2**14 + 1), "data.largest_gib"),
    "large files together": (
        "x.zip",
        lambda: zipped({f"{n}.tar.gz": too_large(25 * MIB) for n in range(3)}),
        "data.largest_gib",
    ),
    "a file without an end": ("x.tar", endless, "data.largest_gib"),
    "a name without an end": ("x.tar.gz", lambda: long_name(32 * MIB), "a header of"),
    "a map without an end": ("x.tar.gz", sparse_map, "a sparse file"),
    "an xz that wants memory": ("x.tar.xz", wide_xz, "[Mm]emory"),
    "a zip that wants memory": ("x.zip", wide_zip, "data.largest_gib"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_archive_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, bomb: str) -> None:
    name, make, said = BOMBS[bomb]
    source = tmp_path / name
    source.write_bytes(make())
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=said) as caught:
            tsd(source, tmp_path / "out.zarr", options=SMALL)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert name in str(caught.value)
    assert peak < MUCH_MEMORY
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_what_is_allowed_is_read(tmp_path: Path) -> None:
    """Just below each limit, in an archive and in a folder."""
    most = b"1 2\n" * (MIB // 4)
    source = tmp_path / "x.zip"
    source.write_bytes(zipped({"s/a-1.tsd": most, "s/b-1.tsd": GOOD}))
    tsd(source, tmp_path / "out.zarr", options=SMALL)
    assert [row[3] for row in table(tmp_path / "out.zarr")] == [MIB // 4, 2]
    folder = write_folder(tmp_path / "x", {"s/a-1.tsd": most + b"\n", "s/b-1.tsd": GOOD})
    with pytest.raises(UserError, match=r"1 of 2 files(.|\n)*more than 1 MiB.*data\.largest_gib"):
        tsd(folder, tmp_path / "other.zarr", options=SMALL)
    source.write_bytes(zipped({f"s/a-{take}.tsd": GOOD for take in range(250)}))
    tsd(source, tmp_path / "out.zarr", options=TsdOptions(largest_gib=1 / 1024))
    source.write_bytes(zipped({f"s/a-{take}.tsd": GOOD for take in range(257)}))
    with pytest.raises(UserError, match=r"x\.zip: more than 0\.000976562 GiB come out of it"):
        tsd(source, tmp_path / "other.zarr", options=TsdOptions(largest_gib=1 / 1024))


@pytest.mark.parametrize("streams", [1, 3])
def test_all_streams_of_an_xz_are_read(tmp_path: Path, streams: int) -> None:
    whole = tarred({f"s/{sign}-1.tsd": GOOD for sign in "abc"})
    size = -(-len(whole) // streams)
    parts = [lzma.compress(whole[at : at + size]) for at in range(0, len(whole), size)]
    (tmp_path / "x.tar.xz").write_bytes(b"".join(parts))
    tsd(tmp_path / "x.tar.xz", tmp_path / "out.zarr")
    assert len(table(tmp_path / "out.zarr")) == 3


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_archives_nested_too_deep_are_refused(
    tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    suffix = "tar" if pack is tarred else "zip"
    data, reads, messages = pack({"s/a-1.tsd": GOOD}), [], []
    for depth in range(1, 20):
        (tmp_path / f"x.{suffix}").write_bytes(data)
        try:
            found = members(tmp_path / f"x.{suffix}", 1)
            assert [one.content.read() for one in found if one.content] == [GOOD]
            reads.append(depth)
        except UserError as error:
            messages.append(str(error))
        data = pack({f"x.{suffix}": data})
    assert reads == list(range(1, 17))
    assert len(messages) == 3
    assert all("deep" in message and "unpack" in message for message in messages)


@pytest.mark.parametrize("name", ["missing", "notes.txt"])
def test_a_source_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UserError, match=name) as caught:
        tsd(tmp_path / name, tmp_path / "out.zarr")
    assert "data.source" in str(caught.value)
