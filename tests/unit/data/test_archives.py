"""Folders and archives: the same recordings from any of them, and nothing from a damaged one."""

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from makers import tarred, text_of, write_folder, zipped
from signpaths.data.archives import members
from signpaths.data.tsd import tsd
from signpaths.errors import UserError
from signpaths.stores import open_store
from tsd_files import GOOD, frames_of, some_files, table


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


def test_links_in_archives_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        add_file(archive, "s/a-1.tsd", GOOD)
        for kind, name in ((tarfile.SYMTYPE, "b"), (tarfile.LNKTYPE, "c")):
            entry = tarfile.TarInfo(f"s/{name}-1.tsd")
            entry.type, entry.linkname = kind, "s/a-1.tsd"
            archive.addfile(entry)
        pipe = tarfile.TarInfo("s/d-1.tsd")
        pipe.type = tarfile.FIFOTYPE
        archive.addfile(pipe)
    tsd(tmp_path / "links.tar", tmp_path / "tar.zarr")
    assert [row[1] for row in table(tmp_path / "tar.zarr")] == ["a"]


def add_file(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def test_links_in_zips_are_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr("s/a-1.tsd", GOOD)
        entry = zipfile.ZipInfo("s/b-1.tsd")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "a-1.tsd")
    tsd(tmp_path / "links.zip", tmp_path / "zip.zarr")
    assert [row[1] for row in table(tmp_path / "zip.zarr")] == ["a"]


def test_links_that_lead_nowhere_or_in_circles_are_passed_over(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "source", {"s/a-1.tsd": GOOD})
    (source / "s/b-1.tsd").symlink_to("nowhere.tsd")
    (source / "s/c-1.tsd").symlink_to("c-1.tsd")
    (source / "s/again").symlink_to(source)
    os.mkfifo(source / "s/d-1.tsd")
    tsd(source, tmp_path / "out.zarr")
    assert table(tmp_path / "out.zarr") == [("s", "a", 1, 2)]


@pytest.mark.parametrize("suffix", ["", ".tar", ".zip"])
def test_hidden_files_are_passed_over(tmp_path: Path, suffix: str) -> None:
    files = {"s/a-1.tsd": GOOD, "s/.b-1.tsd": b"x", "__MACOSX/s/._a-1.tsd": b"\x00", ".c.zip": b""}
    source = tmp_path / f"source{suffix}"
    if suffix:
        source.write_bytes(tarred(files) if suffix == ".tar" else zipped(files))
    else:
        write_folder(source, files)
    tsd(source, tmp_path / "out.zarr")
    assert table(tmp_path / "out.zarr") == [("s", "a", 1, 2)]


@pytest.mark.parametrize("suffix", ["", ".tar", ".zip"])
def test_files_in_hidden_folders_are_passed_over(tmp_path: Path, suffix: str) -> None:
    """Editors and notebooks keep copies in such folders."""
    files = {"s/a-1.tsd": GOOD, ".snapshot/s/a-2.tsd": GOOD, "s/.checkpoints/a-3.tsd": GOOD}
    source = tmp_path / f"source{suffix}"
    if suffix:
        source.write_bytes(tarred(files) if suffix == ".tar" else zipped(files))
    else:
        write_folder(source, files)
    tsd(source, tmp_path / "out.zarr")
    assert table(tmp_path / "out.zarr") == [("s", "a", 1, 2)]


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_archives_nested_too_deep_are_refused(
    tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    suffix = "tar" if pack is tarred else "zip"
    data, reads, messages = pack({"s/a-1.tsd": GOOD}), [], []
    for depth in range(1, 20):
        (tmp_path / f"x.{suffix}").write_bytes(data)
        try:
            assert [handle.read() for _, handle in members(tmp_path / f"x.{suffix}")] == [GOOD]
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
