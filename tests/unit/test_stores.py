"""Files on disk: whole or not at all, the same bytes each time, opened in one line."""

import json
import multiprocessing
import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths import __version__
from signpaths.errors import UserError
from signpaths.options import Options
from signpaths.stores import (
    ONE_CHUNK,
    open_store,
    read_json,
    read_table,
    sealed,
    whole,
    write_json,
    write_store,
    write_table,
    write_text,
)
from signpaths.sums import read_folder

WORDS = ["", "God", "手", "grüß-gott", "😀", 'a "b", c\n', "x" * 300, "NA"]


class SomeOptions(Options):
    rate: float = 0.1
    names: tuple[str, ...] = ("a", "ü")
    most: int | None = None


def dataset() -> xr.Dataset:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(len(WORDS), 5)).astype(np.float32)
    values[0, 0] = np.nan
    return xr.Dataset(
        {
            "x": (("example", "time"), values, {"long_name": "values", "units": "m"}),
            "close": ("example", np.arange(len(WORDS)) % 2 == 0),
            "word": ("example", WORDS, {"long_name": "a word"}),
        },
        coords={
            "sign": ("example", WORDS, {"long_name": "sign"}),
            "time": np.arange(5),
            "channel": ["left_x", "right_x"],
        },
        attrs={"padding": "pre"},
    )


def write(path: Path, data: xr.Dataset | None = None) -> Path:
    data = dataset() if data is None else data
    write_store(data, path, stage="made", title="A title", options=SomeOptions())
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def content(path: Path) -> object:
    return files_of(path) if path.is_dir() else path.read_bytes()


def make(path: Path, folder: bool, text: str) -> None:
    if folder:
        (path / "deep").mkdir(parents=True)
        (path / "deep" / text).write_text(text)
        (path / "zarr.json").write_text("{}")
    else:
        path.write_text(text)


def make_and_stop(target: Path, folder: bool) -> None:
    before = content(target) if target.exists() else None
    with whole(target) as partial:
        make(partial, folder, "new")
        now = content(target) if target.exists() else None
        assert now == before, "nothing is replaced before the end"
        raise KeyboardInterrupt


# Whole or not at all


@pytest.mark.parametrize("folder", [True, False])
def test_an_error_leaves_nothing_behind(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "new" / "out"
    with pytest.raises(KeyboardInterrupt):
        make_and_stop(target, folder)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("folder", [True, False])
def test_an_error_leaves_what_was_there(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "out"
    make(target, folder, "old")
    before = content(target)
    with pytest.raises(KeyboardInterrupt):
        make_and_stop(target, folder)
    assert content(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("old", [True, False, None])
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("left", [True, False, None])
def test_success_replaces_what_was_there(
    tmp_path: Path, old: bool | None, new: bool, left: bool | None
) -> None:
    """Files and folders take each other's place, whatever a killed job has left."""
    target = tmp_path / "out"
    if left is not None:
        with whole(target) as partial:
            leftover = partial
            make(partial, False, "")
        target.unlink()
        make(leftover, left, "left")
    if old is not None:
        make(target, old, "old")
    with whole(target) as partial:
        assert not partial.exists()
        assert partial.parent == target.parent
        make(partial, new, "new")
    assert content(target) == ({"deep/new": b"new", "zarr.json": b"{}"} if new else b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_block_that_writes_nothing_does_not_take_the_old_result(tmp_path: Path) -> None:
    make(tmp_path / "out", True, "old")
    with pytest.raises(FileNotFoundError), whole(tmp_path / "out"):
        pass
    assert content(tmp_path / "out") == {"deep/old": b"old", "zarr.json": b"{}"}


@pytest.mark.parametrize("new", [True, False])
def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path, new: bool) -> None:
    # As Snakemake makes one before the job.
    (tmp_path / "out" / "ae").mkdir(parents=True)
    (tmp_path / "out" / ".snakemake_timestamp").touch()
    with whole(tmp_path / "out") as partial:
        make(partial, new, "new")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("of years")
    for write_over in (whole, sealed):
        with (
            pytest.raises(UserError, match=r"mine: a folder of other things stands here"),
            write_over(tmp_path / "mine") as partial,
        ):
            make(partial, new, "new")
    assert files_of(tmp_path / "mine") == {"notes.txt": b"of years"}


def test_a_folder_that_was_sealed_is_replaced(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with sealed(tmp_path / "figures") as partial:
            partial.mkdir()
            (partial / text).write_text(text)
    assert files_of(tmp_path / "figures") == {"new": b"new"}
    assert read_folder(tmp_path / "figures") == {"new": b"new"}


def write_slowly(target: Path) -> None:
    with whole(target) as partial:
        partial.mkdir()
        (partial / "half").write_text("half")
        (target.parent / "started").write_text("")
        time.sleep(60)


def test_a_killed_job_leaves_no_result_and_does_not_stop_the_next(tmp_path: Path) -> None:
    target = tmp_path / "out.zarr"
    job = multiprocessing.get_context("fork").Process(target=write_slowly, args=(target,))
    job.start()
    for _ in range(500):
        if (tmp_path / "started").exists():
            break
        time.sleep(0.01)
    os.kill(job.pid, signal.SIGKILL)
    job.join()
    assert not target.exists()
    write(target)
    assert open_store(target).identical(open_store(write(tmp_path / "other.zarr")))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["other.zarr", "out.zarr", "started"]


# Stores


def test_a_store_written_twice_is_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one.zarr")
    time.sleep(0.01)
    write(tmp_path / "other.zarr")
    one, other = files_of(tmp_path / "one.zarr"), files_of(tmp_path / "other.zarr")
    assert one.keys() == other.keys()
    assert one == other
    assert b"one.zarr" not in b"".join(one.values())


def test_a_store_written_over_another_is_as_if_alone(tmp_path: Path) -> None:
    write(tmp_path / "out.zarr", dataset().assign(more=("time", np.ones(5))))
    write(tmp_path / "out.zarr")
    assert files_of(tmp_path / "out.zarr") == files_of(write(tmp_path / "fresh.zarr"))


def test_any_user_opens_a_store_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(tmp_path / "out.zarr")
        plain = xr.open_zarr(tmp_path / "out.zarr").load()
        ours = open_store(tmp_path / "out.zarr").load()
    expected = dataset()
    for found in (plain, ours):
        assert found["sign"].values.tolist() == found["word"].values.tolist() == WORDS
        np.testing.assert_array_equal(found.x.values, expected.x.values)
        assert found.x.dtype == np.float32
        assert found["close"].dtype == bool
        assert found.channel.values.tolist() == ["left_x", "right_x"]
        assert found.x.attrs == {"long_name": "values", "units": "m"}
        assert found["sign"].attrs == {"long_name": "sign"}
    assert ours["sign"].dtype.kind == "U"
    assert {"sign", "time", "channel"} <= set(ours.coords)
    assert np.unique(ours["sign"].values).tolist() == sorted(WORDS)


def test_a_store_says_what_made_it(tmp_path: Path) -> None:
    attrs = xr.open_zarr(write(tmp_path / "out.zarr")).attrs
    assert attrs["stage"] == "made"
    assert attrs["title"] == "A title"
    assert attrs["made_by"] == f"signpaths {__version__}"
    assert attrs["padding"] == "pre"
    assert json.loads(attrs["options"]) == {"rate": 0.1, "names": ["a", "ü"], "most": None}
    assert json.loads((tmp_path / "out.zarr/zarr.json").read_text())["zarr_format"] == 3


def test_what_is_small_is_one_chunk_and_what_is_large_is_cut(tmp_path: Path) -> None:
    many = np.zeros((7, 2, 9, 94, 94), np.float32)
    large = np.zeros(ONE_CHUNK // 4 + 1, np.float32)
    data = xr.Dataset({"small": (tuple("abcde"), many), "large": ("x", large), "empty": ("y", [])})
    opened = xr.open_zarr(write(tmp_path / "store.zarr", data))
    assert opened["small"].encoding["chunks"] == many.shape
    assert opened["large"].encoding["chunks"] < large.shape
    assert opened["empty"].size == 0


def test_writing_leaves_the_dataset_alone(tmp_path: Path) -> None:
    data = dataset()
    before = data.copy(deep=True)
    write(tmp_path / "out.zarr", data)
    assert data.identical(before)


def test_what_was_opened_can_be_written_again(tmp_path: Path) -> None:
    write(tmp_path / "one.zarr")
    once = open_store(tmp_path / "one.zarr")
    write(tmp_path / "two.zarr", once.isel(example=slice(2, 5)))
    again = open_store(tmp_path / "two.zarr")
    assert again["sign"].values.tolist() == WORDS[2:5]
    np.testing.assert_array_equal(again.x.values, dataset().x.values[2:5])


@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
@settings(max_examples=25)
def test_any_words_come_back(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "words.zarr"
    words = [*words, "end"]
    write_store(xr.Dataset({"word": ("n", words)}), path, stage="words", title="words")
    assert open_store(path).word.values.tolist() == words


@pytest.mark.parametrize("name", ["missing.zarr", "folder.zarr", "file.zarr"])
def test_what_is_no_store_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "file.zarr").write_text("")
    with pytest.raises(UserError, match=name):
        open_store(tmp_path / name)


# Text


def test_json_is_for_people_and_machines(tmp_path: Path) -> None:
    what = {"b": [1, 0.1], "a": {"ü": None}, "t": True}
    write_json(tmp_path / "new" / "out.json", what)
    text = (tmp_path / "new" / "out.json").read_text(encoding="utf-8")
    assert json.loads(text) == what
    assert "ü" in text
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["b", "a", "t"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_takes_no_nan(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "out.json", {"deep": [{"value": value}]})
    assert list(tmp_path.iterdir()) == []


def test_text_is_utf_8_with_ends_of_line_as_given(tmp_path: Path) -> None:
    write_text(tmp_path / "out.csv", "a,b\nü,手\n")
    assert (tmp_path / "out.csv").read_bytes() == "a,b\nü,手\n".encode()


# Tables


def test_a_table_is_written_the_same_on_every_system(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "sign": ["God", 'a "b", c', "NA", "", "手"],
            "take": [1, 2, 3, 4, 100000000],
            "share": [0.1234567, 1 / 3, 1e-9, np.nan, 2.0],
            "close": [True, False, True, False, True],
        }
    )
    write_table(tmp_path / "new" / "out.csv", table)
    assert (tmp_path / "new" / "out.csv").read_bytes().decode() == (
        "sign,take,share,close\n"
        "God,1,0.123457,True\n"
        '"a ""b"", c",2,0.333333,False\n'
        "NA,3,1e-09,True\n"
        ",4,,False\n"
        "手,100000000,2,True\n"
    )
    found = read_table(tmp_path / "new" / "out.csv")
    assert found.sign.tolist() == table.sign.tolist()
    assert found["take"].tolist() == ["1", "2", "3", "4", "100000000"]
    assert found.share.tolist() == ["0.123457", "0.333333", "1e-09", "", "2"]


# Stage `tsd` lets no control characters in.
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]))))
@settings(max_examples=50)
def test_any_words_come_back_from_a_table(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "words.csv"
    words = [*words, "end"]
    write_table(path, pd.DataFrame({"word": words, "number": range(len(words))}))
    assert read_table(path).word.tolist() == words


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("sign_a,sign_b\na,b\n")
    assert read_table(table, ["sign_a", "sign_b"]).shape == (1, 2)
    with pytest.raises(UserError, match=r"table\.csv: it has no column planting, expected"):
        read_table(table, ["sign_a", "planting"])
    for content in (b"", b"\xff\xfe\x00", b'a,b\n"'):
        table.write_bytes(content)
        with pytest.raises(UserError, match=r"table\.csv: (no table can be read|it is no text)"):
            read_table(table)
    with pytest.raises(UserError, match="it cannot be read"):
        read_table(tmp_path)
    table.write_bytes(b"a,b\nx,\ny\n")
    with pytest.raises(UserError, match=r"table\.csv: row 2 has fewer cells"):
        read_table(table)


def test_what_is_no_json_object_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"config": {}, "code": {}})
    assert read_json(path, ["config", "code"]) == {"config": {}, "code": {}}
    with pytest.raises(UserError, match=r"a\.json: it has no seconds, expected config, seconds"):
        read_json(path, ["config", "seconds"])
    for text, said in (("", "no JSON"), ("{", "no JSON"), ("[]", "expected a JSON object")):
        write_text(path, text)
        with pytest.raises(UserError, match=rf"a\.json: {said}"):
            read_json(path)


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "out.csv", pd.DataFrame({"file": [], "reason": []}))
    assert (tmp_path / "out.csv").read_text() == "file,reason\n"
    assert read_table(tmp_path / "out.csv").columns.tolist() == ["file", "reason"]
