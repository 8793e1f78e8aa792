"""Checksums: files, folders and stores are read as they were written, or refused by name."""

import contextlib
import json
import shutil
import subprocess
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import xarray as xr
from signpaths import stores
from signpaths.data.tsd import tsd
from signpaths.errors import UserError
from signpaths.stores import open_store, sealed, write_store, write_text
from signpaths.sums import (
    RESIDUE,
    check_folder,
    check_store,
    read_bytes,
    read_folder,
    read_metadata,
    read_text,
    sidecar,
)

# Files


def test_a_file_that_was_changed_is_refused_and_the_way_out_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    write_text(path, "sign\ngod\n")
    assert read_bytes(path) == b"sign\ngod\n"
    assert sidecar(path).name == ".pairs.csv.sum"
    for content in (b"sign\n", b"sign\ngod\n\n", b"sign\ngoD\n", b""):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"pairs\.csv: it is not what was written.*\.sum\.$"):
            read_bytes(path)
    sidecar(path).unlink()
    assert read_bytes(path) == b""


def test_anyone_can_check_sums_without_signpaths(tmp_path: Path) -> None:
    if not shutil.which("sha256sum"):
        pytest.skip("no sha256sum is there")
    write_text(tmp_path / "a b.csv", "ü\n")
    with sealed(tmp_path / "figures") as partial:
        (partial / "ae").mkdir(parents=True)
        (partial / "ae" / "03-paths.png").write_bytes(b"x")
    for name in (".a b.csv.sum", ".figures.sum"):
        subprocess.run(["sha256sum", "--check", "--strict", name], cwd=tmp_path, check=True)


def test_a_file_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("\ufeff0\n", encoding="utf-8")
    assert read_text(tmp_path / "mine.txt") == "0\n"
    (tmp_path / "mine.txt").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"mine\.txt: it is no text in UTF-8"):
        read_text(tmp_path / "mine.txt")
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(UserError, match="it cannot be read"):
            read_text(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"abc", b"\xff\n", b"0" * 64 + b"  x.txt"])
def test_damaged_sums_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "0\n")
    sidecar(path).write_bytes(content)
    with pytest.raises(UserError, match=r"x\.txt: its checksums in \.x\.txt\.sum are damaged"):
        read_bytes(path)


def test_sums_of_another_file_are_told(tmp_path: Path) -> None:
    write_text(tmp_path / "x.txt", "0\n")
    write_text(tmp_path / "y.txt", "0\n")
    shutil.copy(sidecar(tmp_path / "y.txt"), sidecar(tmp_path / "x.txt"))
    with pytest.raises(UserError, match=r"x\.txt: it is not what was written"):
        read_bytes(tmp_path / "x.txt")


class KilledError(BaseException):
    """What stops a job at any place."""


@pytest.mark.parametrize("place", range(8))
def test_a_kill_at_any_moment_leaves_what_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Old or new, with its own sum or with none; and the next run writes as if nothing had been."""
    path, steps = tmp_path / "x.txt", iter(range(8))
    write_text(path, "old")

    def step(*arguments: object, **keywords: object) -> None:
        if next(steps) == place:
            raise KilledError

    with monkeypatch.context() as patched:
        for name in ("sums", "_remove"):
            does = getattr(stores, name)
            patched.setattr(stores, name, lambda *a, does=does: (step(), does(*a), step())[1])
        replace = stores.os.replace
        patched.setattr(stores.os, "replace", lambda *a: (step(), replace(*a), step())[1])
        with contextlib.suppress(KilledError):
            write_text(path, "new")
    assert read_text(path) in ("old", "new")
    write_text(path, "newest")
    assert read_text(path) == "newest"
    assert sorted(one.name for one in tmp_path.iterdir()) == [".x.txt.sum", "x.txt"]


def test_a_folder_is_read_whole_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    with sealed(folder) as partial:
        (partial / "ae").mkdir(parents=True)
        for name in ("ae/03.png", "ae/03.svg", "01.png"):
            (partial / name).write_bytes(name.encode())
    (folder / ".snakemake_timestamp").touch()
    (folder / "more.png").write_bytes(b"mine")
    assert read_folder(folder, ".png") == {
        **{"01.png": b"01.png", "ae/03.png": b"ae/03.png"},
        "more.png": b"mine",
    }
    (folder / "ae/03.svg").unlink()
    assert len(read_folder(folder, ".png")) == 3
    with pytest.raises(UserError, match=r"figures/ae/03\.svg: it cannot be read"):
        read_folder(folder)
    (folder / "ae/03.png").write_bytes(b"ae/03")
    with pytest.raises(UserError, match=r"figures/ae/03\.png: it is not what was written"):
        read_folder(folder, ".png")
    with pytest.raises(UserError, match=r"none: no such folder"):
        read_folder(tmp_path / "none")


def test_simulated_recordings_are_checked_before_they_are_read(tmp_path: Path) -> None:
    with sealed(tmp_path / "simulated") as partial:
        (partial / "s1").mkdir(parents=True)
        (partial / "s1" / "god-1.tsd").write_text("1 2\n3 4\n")
    tsd(tmp_path / "simulated", tmp_path / "recordings.zarr")
    (tmp_path / "simulated/s1/god-1.tsd").write_text("1 2\n3 5\n")
    with pytest.raises(UserError, match=r"simulated/s1/god-1\.tsd: it is not what was written"):
        tsd(tmp_path / "simulated", tmp_path / "recordings.zarr")
    # No name, no sums beside it.
    check_folder(Path())
    sidecar(tmp_path / "simulated").unlink()
    tsd(tmp_path / "simulated", tmp_path / "recordings.zarr")


# Stores


def write(path: Path, seed: int = 0) -> Path:
    values = np.random.default_rng(seed).normal(size=(3, 4)).astype(np.float32)
    dataset = xr.Dataset(
        {"x": (("sign", "time"), values), "none": ("sign", np.zeros(3)), "one": ((), 2.0)},
        coords={"sign": ["a", "bé", "c"]},
        attrs={"share": float("nan")},
    )
    # Zero in every place is what zarr takes to be there where nothing is.
    dataset["empty"] = (("no", "time"), np.zeros((0, 4)))
    write_store(dataset, path, stage="made", title="Ein Titel über Gebärden")
    return path


def chunks_of(store: Path) -> list[Path]:
    return sorted(one for one in store.rglob("*") if one.is_file() and one.name != "zarr.json")


def test_every_chunk_is_there_and_ends_with_its_checksum(tmp_path: Path) -> None:
    chunks = chunks_of(write(tmp_path / "a.zarr"))
    places = {one.relative_to(tmp_path / "a.zarr").as_posix() for one in chunks}
    assert places == {"x/c/0/0", "none/c/0", "one/c", "sign/c/0"}
    for one in chunks:
        content = one.read_bytes()
        assert google_crc32c.value(content[:-4]) == int.from_bytes(content[-4:], "little")
        assert google_crc32c.value(content) == RESIDUE


def test_every_byte_of_a_chunk_counts(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    for chunk in chunks_of(store):
        content = chunk.read_bytes()
        # One bit of each byte, another one from byte to byte.
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            chunk.write_bytes(changed)
            with pytest.raises(UserError, match=r"a\.zarr: c.* of variable "):
                check_store(store)
        chunk.write_bytes(content)
    check_store(store)


def test_what_is_wrong_with_a_store_names_the_variable_and_what_to_do(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    content = (store / "x/c/0/0").read_bytes()
    for cut in (0, 3, len(content) - 1):
        (store / "x/c/0/0").write_bytes(content[:cut])
        with pytest.raises(UserError, match=r"a\.zarr: c/0/0 of variable x is not .*run again"):
            open_store(store)
    (store / "x/c/0/0").write_bytes(content)
    for name in ("none/c/0", "one/c", "sign/c/0", "none/zarr.json"):
        kept = (store / name).read_bytes()
        (store / name).unlink()
        variable, _, place = name.partition("/")
        with pytest.raises(UserError, match=rf"a\.zarr: {place} of variable {variable} cannot be"):
            open_store(store)
        (store / name).write_bytes(kept)
    open_store(store)


def test_a_plain_reader_is_told_of_a_flipped_bit_too(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    content = bytearray((store / "x/c/0/0").read_bytes())
    content[len(content) // 2] ^= 1
    (store / "x/c/0/0").write_bytes(content)
    with pytest.raises(ValueError, match="checksum"):
        xr.open_zarr(store).load()


def test_chunks_of_another_store_are_refused(tmp_path: Path) -> None:
    """As after a copy that was broken off: each chunk is whole, but they are not of one store."""
    one, other = write(tmp_path / "a.zarr"), write(tmp_path / "b.zarr", seed=1)
    shutil.copy(other / "x/c/0/0", one / "x/c/0/0")
    with pytest.raises(UserError, match=r"a\.zarr: its files were not written together"):
        open_store(one)
    shutil.copy(other / "zarr.json", one / "zarr.json")
    open_store(one)


def test_every_byte_of_the_metadata_counts(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    content = (store / "zarr.json").read_bytes()
    for place in range(0, len(content), 5):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        (store / "zarr.json").write_bytes(changed)
        with pytest.raises(UserError, match=r"a\.zarr: "):
            read_metadata(store)


def test_metadata_that_say_the_same_in_other_words_are_refused(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    described = json.loads((store / "zarr.json").read_text())
    (store / "zarr.json").write_text(json.dumps(described))
    with pytest.raises(UserError, match=r"a\.zarr: its zarr\.json is not what was written"):
        read_metadata(store)


def test_a_store_of_an_earlier_version_is_refused_in_words(tmp_path: Path) -> None:
    xr.Dataset({"x": ("time", np.arange(3))}).to_zarr(
        tmp_path / "a.zarr", zarr_format=3, consolidated=False
    )
    with pytest.raises(UserError, match=r"a\.zarr: it has no checksum, so it is of an earlier"):
        open_store(tmp_path / "a.zarr")


def test_checksums_are_no_attributes_of_what_is_opened(tmp_path: Path) -> None:
    store = write(tmp_path / "a.zarr")
    opened = open_store(store)
    assert not [name for name in opened.attrs if "checksum" in name]
    # What is written from it has its own.
    write_store(xr.open_zarr(store).isel(time=[0]), tmp_path / "b.zarr", stage="made", title="t")
    open_store(tmp_path / "b.zarr")
