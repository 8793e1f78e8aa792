"""Stage `tsd`: what is read is what was written, and what is wrong is named."""

import io
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from makers import GLOVE_CHANNELS, tarred, text_of, write_folder, zipped
from signpaths.data.tsd import parse_frames, tsd
from signpaths.errors import UserError
from signpaths.options import TsdOptions
from signpaths.stores import open_store
from tsd_files import GOOD, frames_of, problems, refusal, some_files, table

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30)
SKIP = TsdOptions(on_bad_file="skip")


# Reading numbers


@st.composite
def texts(draw: st.DrawFn) -> tuple[np.ndarray, bytes]:
    """Frames, and a text of them with every kind of white space, ends of line and marks."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=6))
    frames = draw(arrays(np.float64, shape, elements=FINITE))
    gaps = st.text(alphabet=" \t", min_size=1, max_size=3)
    margins = st.text(alphabet=" \t", max_size=2)
    ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n \t\r\n"])
    shapes = st.sampled_from(["{!r}", "{:+.17e}", "{:.17G}"])
    text = draw(st.sampled_from(["", "\ufeff"])) + draw(st.sampled_from(["", "\n", " \r\n"]))
    for index, frame in enumerate(frames):
        numbers = [draw(shapes).format(float(value)) for value in frame]
        text += draw(margins) + numbers[0]
        text += "".join(draw(gaps) + number for number in numbers[1:]) + draw(margins)
        last = index == len(frames) - 1
        text += "" if last and draw(st.booleans()) else draw(ends)
    return frames, text.encode()


@given(texts())
def test_what_is_written_is_read_back(case: tuple[np.ndarray, bytes]) -> None:
    frames, data = case
    np.testing.assert_array_equal(parse_frames(data), frames)


@given(texts())
def test_numpys_slow_reader_agrees(case: tuple[np.ndarray, bytes]) -> None:
    _, data = case
    text = io.StringIO(data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    expected = np.atleast_2d(np.genfromtxt(text, dtype=np.float64, ndmin=2))
    np.testing.assert_array_equal(parse_frames(data), expected)


@given(st.text(alphabet="0123456789.-+eE \t\n\r\x00\x0bxnaif_,;#é", max_size=30))
@settings(max_examples=300)
def test_any_text_is_read_as_python_reads_it_or_refused(text: str) -> None:
    data = text.encode()
    rows = [line.split() for line in data.splitlines() if line.split()]
    try:
        expected = [[float(token.decode("ascii")) for token in row] for row in rows]
        readable = bool(rows) and len({len(row) for row in rows}) == 1
        readable &= bool(np.isfinite(expected).all()) if readable else False
    except ValueError:
        readable = False
    if readable:
        # Python alone takes 1_000 for a number; what float32 cannot hold has a test of its own.
        assume("_" not in text and np.abs(expected).max() < 1e38)
        np.testing.assert_array_equal(parse_frames(data), np.array(expected))
    else:
        with pytest.raises(ValueError, match=r"line \d+|holds no frame"):
            parse_frames(data)


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        (b"1 2 3\n1 2\n1 2 3\n", "line 2: 2 numbers", "expected 3"),
        (b"1 2\n1 2 3\n1 2\n", "line 2: 3 numbers", "expected 2"),
        (b"\n\n1 2\n\n1\n1 2\n", "line 5: 1 numbers", "expected 2"),
        (b"1 2\r\n1 2\r\n7\r\n", "line 3: 1 numbers", "expected 2"),
        (b"1 2\n1 two\n", "line 2: 'two'", "expected a finite number"),
        (b"1 2\n3 4\nnan 5\n", "line 3: 'nan'", "expected a finite number"),
        (b"1 2\n3 inf\n", "line 2: 'inf'", "expected a finite number"),
        (b"1 2\n3 -Infinity\n", "line 2: '-Infinity'", "expected a finite number"),
        (b"1 2\n3 1e999\n", "line 2: '1e999'", "expected a finite number"),
        (b"1 2\n3-4 5\n", "line 2: '3-4'", "expected a finite number"),
        (b"1 2\n3,5 5\n", "line 2: '3,5'", "expected a finite number"),
        ("1 2\n3 ４\n".encode(), "line 2: '４'", "expected a finite number"),
        (b"1 2\n3 \xff\n", "line 2: '\\\\xff'", "expected a finite number"),
        (b"1 2\n3 4\x00\n", "line 2: '4\\x00'", "expected a finite number"),
        (b"1 2\n3 " + b"9z" * 500 + b"\n", "line 2: '9z9z", "…"),
        (b"", "holds no frame", "expected one frame a line"),
        (b" \t\r\n\n", "holds no frame", "expected one frame a line"),
        (b"\xef\xbb\xbf", "holds no frame", "expected one frame a line"),
    ],
)
def test_bad_content_is_named(tmp_path: Path, data: bytes, found: str, expected: str) -> None:
    message = refusal({"s/drink-1.tsd": data, "s/who-1.tsd": GOOD}, tmp_path)
    assert f"s/drink-1.tsd: {found}" in message
    assert expected in message
    assert "who-1" not in message
    assert "1 of 2 files" in message
    assert len(message) < 1000


def test_a_number_too_large_for_the_store_is_bad(tmp_path: Path) -> None:
    """The store holds float32, in which 1e39 is infinite."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = refusal({"s/drink-1.tsd": b"1 2\n3 1e39\n", "s/who-1.tsd": GOOD}, tmp_path)
    assert "s/drink-1.tsd: line 2: '1e39'" in message


def test_two_spaces_for_a_tab_part_numbers_alike(tmp_path: Path) -> None:
    data = text_of(frames_of(0, channels=22))
    where = data.index(b"\t", 300)
    blemished = data[:where] + b"  " + data[where + 1 :]
    np.testing.assert_array_equal(parse_frames(blemished), parse_frames(data))
    assert parse_frames(blemished).shape == (4, 22)


def test_a_file_of_many_pieces_is_read_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are parsed in pieces; where they are cut must not show."""
    data = text_of(frames_of(0, count=40))
    for ends in (b"\n", b"\r\n", b"\r", b"\n\n \n"):
        text = b"\xef\xbb\xbf" + data.replace(b"\n", ends)
        whole = parse_frames(text)
        bad = text[:-9] + b" x" + text[-9:]
        with pytest.raises(ValueError, match="line") as caught:
            parse_frames(bad)
        for size in (1, 7, 63, 64, 1000):
            monkeypatch.setattr("signpaths.data.tsd.PIECE", size)
            np.testing.assert_array_equal(parse_frames(text), whole)
            with pytest.raises(ValueError, match="line") as again:
                parse_frames(bad)
            assert str(again.value) == str(caught.value)
        monkeypatch.undo()


def test_a_line_without_an_end_is_named() -> None:
    with pytest.raises(ValueError, match="line 4: longer than a MiB"):
        parse_frames(b"1 2\n3 4\r\n\n" + b"5 " * 2**20)


def test_paths_without_an_end_are_listed_and_not_searched(tmp_path: Path) -> None:
    """The pattern takes the square of a path's length."""
    source = tmp_path / "x.zip"
    source.write_bytes(zipped({f"s/{'-' * 60_000}": GOOD, "s/a-1.tsd": GOOD}))
    with pytest.raises(UserError, match="more than 1024 characters") as caught:
        tsd(source, tmp_path / "out.zarr")
    assert len(str(caught.value)) < 1000


# Files that do not agree


def test_unequal_widths_among_files_are_named(tmp_path: Path) -> None:
    files = {"s/a-1.tsd": b"1 2 3\n", "s/b-1.tsd": GOOD, "s/c-1.tsd": GOOD}
    message = refusal(files, tmp_path)
    assert "s/a-1.tsd: line 1: 3 numbers, expected 2" in message
    message = refusal(files, tmp_path, TsdOptions(channels=("x", "y", "z")))
    assert "2 of 3 files" in message
    assert "s/b-1.tsd: line 1: 2 numbers, expected 3 as data.channels names" in message
    assert "s/a-1.tsd" not in message


def test_the_same_recording_twice_is_named(tmp_path: Path) -> None:
    pattern = r"(?P<session>one|two)?.*?(?P<sign>[a-z]+)-(?P<take>\d+)\.tsd$"
    files = {f"one/{name}.tsd": GOOD for name in ("drink-1", "x/drink-1", "drink-2", "who-01")}
    message = refusal(files | {"one/who-1.tsd": GOOD}, tmp_path, TsdOptions(pattern=pattern))
    assert "2 of 5 files" in message
    assert "one/x/drink-1.tsd: same session, sign and take as one/drink-1.tsd" in message
    assert "one/who-1.tsd: same session, sign and take as one/who-01.tsd" in message


@pytest.mark.parametrize("pack", [tarred, lambda files: zip_of_doubles(files)])
def test_the_same_name_twice_in_an_archive_is_named(
    tmp_path: Path, pack: Callable[[list[tuple[str, bytes]]], bytes]
) -> None:
    """An archive may hold two files of one name; unpacked, only one of them would be left."""
    doubles = [("s/drink-1.tsd", GOOD), ("s/drink-1.tsd", b"5 6\n"), ("s/who-1.tsd", GOOD)]
    source = tmp_path / ("source.tar" if pack is tarred else "source.zip")
    source.write_bytes(pack(doubles))
    with pytest.raises(UserError, match="same session, sign and take"):
        tsd(source, tmp_path / "out.zarr")


def zip_of_doubles(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("take", ["x", "", "-1", "²", "1.5"])
def test_a_take_that_is_no_number_is_named(tmp_path: Path, take: str) -> None:
    options = TsdOptions(pattern=r"(?P<sign>drink|who)_(?P<take>.*)\.tsd$")
    message = refusal({f"drink_{take}.tsd": GOOD, "who_2.tsd": GOOD}, tmp_path, options)
    assert f"drink_{take}.tsd: the take in its name is {take!r}, expected a whole number" in message


def test_a_take_too_large_to_store_is_named(tmp_path: Path) -> None:
    message = refusal({f"drink-{'9' * 30}.tsd": GOOD, "who-2.tsd": GOOD}, tmp_path)
    assert "the take in its name" in message


def test_all_bad_files_are_listed_at_once(tmp_path: Path) -> None:
    files = {f"s/a-{take}.tsd": b"no numbers here\n" for take in range(1, 4)}
    message = refusal({**files, "s/b-1.tsd": GOOD, "s/b-2.tsd": b""}, tmp_path)
    assert "4 of 5 files are bad" in message
    for name in (*files, "s/b-2.tsd"):
        assert f"  {name}: " in message
    assert "data.on_bad_file" in message


def test_a_long_list_of_bad_files_ends_with_their_number(tmp_path: Path) -> None:
    files = {f"s/a-{take:02d}.tsd": b"" for take in range(1, 26)}
    message = refusal({**files, "s/b-1.tsd": GOOD}, tmp_path)
    assert "25 of 26 files are bad" in message
    assert message.count(".tsd: ") == 20
    assert "and 5 more" in message


def test_skip_keeps_bad_files_with_their_reasons(tmp_path: Path) -> None:
    files = some_files()
    bad = {"one/bad-1.tsd": b"1 2 x\n", "one/bad-2.tsd": b"", "two/drink-9.tsd": b"1 2 3 4\n"}
    tsd(write_folder(tmp_path / "good", files), tmp_path / "good.zarr")
    tsd(write_folder(tmp_path / "both", files | bad), tmp_path / "both.zarr", options=SKIP)
    good, both = open_store(tmp_path / "good.zarr"), open_store(tmp_path / "both.zarr")
    assert problems(tmp_path / "both.zarr") == {
        "one/bad-1.tsd": "line 1: 'x' found, expected a finite number",
        "one/bad-2.tsd": "holds no frame; expected one frame a line",
        "two/drink-9.tsd": "line 1: 4 numbers, expected 3 as in most files",
    }
    np.testing.assert_array_equal(both.value.values, good.value.values)
    kept = both.problem.values == ""
    assert both.path.values[kept].tolist() == good.path.values.tolist()
    assert both.first.values[kept].tolist() == good["first"].values.tolist()
    assert (both.frames.values[~kept] == 0).all()
    assert (both.attrs["files"], both.attrs["bad_files"]) == (8, 3)
    assert both.attrs["source_sha256"] != good.attrs["source_sha256"]


def test_skip_with_nothing_left_is_an_error(tmp_path: Path) -> None:
    message = refusal({"s/a-1.tsd": b"", "s/b-1.tsd": b"x\n"}, tmp_path, SKIP)
    assert "2 of 2 files are bad" in message


def test_a_bad_file_is_not_the_double_that_spoils_a_good_one(tmp_path: Path) -> None:
    """With skip, the broken copy is left out and the sound one stays."""
    files = {"s/drink-01.tsd": b"broken", "s/drink-1.tsd": GOOD, "s/who-1.tsd": GOOD}
    tsd(write_folder(tmp_path / "source", files), tmp_path / "out.zarr", options=SKIP)
    assert list(problems(tmp_path / "out.zarr")) == ["s/drink-01.tsd"]


# The hash of the source


def test_the_hash_of_the_source_tells_names_and_contents_apart(tmp_path: Path) -> None:
    files = {"s/a-1.tsd": b"1 2\n", "s/b-1.tsd": b"3 4\n"}
    others = [
        {"s/a-1.tsd": b"1 2\n", "s/b-1.tsd": b"3 5\n"},
        {"s/a-1.tsd": b"1 2\n", "s/b-2.tsd": b"3 4\n"},
        {"s/a-1.tsd": b"3 4\n", "s/b-1.tsd": b"1 2\n"},
        {"s/a-1.tsd": b"1 2\n", "s/b-1.tsd": b"3  4\n"},
    ]
    found = set()
    for index, case in enumerate([files, *others]):
        tsd(write_folder(tmp_path / str(index), case), tmp_path / f"{index}.zarr")
        found.add(open_store(tmp_path / f"{index}.zarr").attrs["source_sha256"])
    assert len(found) == 5


# Names


@pytest.mark.parametrize(
    ("path", "session", "sign", "take"),
    [
        ("tctodd1/flash-light-3.tsd", "tctodd1", "flash-light", 3),
        ("tctodd1/not-my-problem-1.tsd", "tctodd1", "not-my-problem", 1),
        ("tctodd1/change_mind_-2.tsd", "tctodd1", "change_mind_", 2),
        ("tctodd1/computer_PC_-2.tsd", "tctodd1", "computer_PC_", 2),
        ("tctodd1/God-12.tsd", "tctodd1", "God", 12),
        ("a/b/I-1.tsd", "b", "I", 1),
        ("I-007.tsd", "", "I", 7),
        ("s/grüß-gott-1.tsd", "s", "grüß-gott", 1),
        ("s/手-1.tsd", "s", "手", 1),
        ("s/a sign, \"quoted\" 'and' <b>-1.tsd", "s", "a sign, \"quoted\" 'and' <b>", 1),
        ("s/x--1.tsd", "s", "x-", 1),
        ("s/nan-1.tsd", "s", "nan", 1),
    ],
)
def test_session_sign_and_take_come_from_the_name(
    tmp_path: Path, path: str, session: str, sign: str, take: int
) -> None:
    tsd(write_folder(tmp_path / "source", {path: GOOD}), tmp_path / "out.zarr")
    assert table(tmp_path / "out.zarr") == [(session, sign, take, 2)]
    assert open_store(tmp_path / "out.zarr").path.values.tolist() == [path]


@pytest.mark.parametrize("name", ["dri\nnk-1.tsd", "drink-1.tsd\n", "dri\x1b[31mnk-1.tsd"])
def test_names_that_cannot_be_printed_are_bad_files(tmp_path: Path, name: str) -> None:
    message = refusal({f"s/{name}": GOOD, "s/who-1.tsd": GOOD}, tmp_path)
    assert "cannot be printed" in message
    assert "\x1b" not in message
    listed = [line for line in message.splitlines() if "cannot be printed" in line]
    assert len(listed) == 1
    assert listed[0].startswith("  s/dri")
    tsd(tmp_path / "source", tmp_path / "out.zarr", options=SKIP)
    assert len(problems(tmp_path / "out.zarr")) == 1


def test_names_that_are_no_unicode_are_passed_over_or_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_folder(tmp_path / "source", {"s/a-1.tsd": GOOD})
    try:
        (source / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names in Unicode only")
    tsd(source, tmp_path / "out.zarr")
    assert "passed over 1 files" in capsys.readouterr().out
    (source / "s" / os.fsdecode(b"\xfe-1.tsd")).write_bytes(GOOD)
    with pytest.raises(UserError, match="cannot be printed") as caught:
        tsd(source, tmp_path / "other.zarr")
    str(caught.value).encode()


@pytest.mark.parametrize(
    "pattern", [r"\.tsd$", r"(?P<sign>\w+)\.tsd$", r"(?P<take>\d+)\.tsd$", r"(\w+)-(\d+)\.tsd$"]
)
def test_a_pattern_without_its_groups_is_refused(tmp_path: Path, pattern: str) -> None:
    message = refusal({"s/a-1.tsd": GOOD}, tmp_path, TsdOptions(pattern=pattern))
    assert "data.pattern" in message
    assert "(?P<sign>…)" in message


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    message = refusal({"s/a-1.tsd": GOOD}, tmp_path, TsdOptions(pattern="(?P<sign>"))
    assert "data.pattern" in message
    assert "(?P<sign>" in message


def test_nothing_that_matches_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    message = refusal({"s/a-1.csv": GOOD, "README": b""}, tmp_path)
    assert "no file matches" in message
    assert "s/a-1.csv" in message
    assert "README" in message
    assert "It has 2 files" in message
    message = refusal({f"s/{n}.csv": b"" for n in range(9)}, tmp_path / "many")
    assert "It has 9 files, such as s/0.csv, s/1.csv, s/2.csv. Change" in message
    assert repr(TsdOptions().pattern) in message
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="It has no files at all"):
        tsd(tmp_path / "empty", tmp_path / "out.zarr")


def test_files_that_do_not_match_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"s/a-1.tsd": GOOD, "s/notes.txt": b"", "s/more.txt": b""}
    tsd(write_folder(tmp_path / "source", files), tmp_path / "out.zarr")
    assert "passed over 2 files" in capsys.readouterr().out
    assert len(table(tmp_path / "out.zarr")) == 1


# The store


def test_the_store_holds_every_frame_where_it_says(tmp_path: Path) -> None:
    files = some_files()
    tsd(write_folder(tmp_path / "source", files), tmp_path / "out.zarr")
    found = open_store(tmp_path / "out.zarr").load()
    assert found.path.values.tolist() == sorted(files)
    assert found.value.dtype == np.float32
    assert found.channel.values.tolist() == ["channel_00", "channel_01", "channel_02"]
    assert found.frames.values.sum() == found.sizes["frame"]
    for index, path in enumerate(found.path.values):
        first, count = int(found["first"][index]), int(found.frames[index])
        expected = np.loadtxt(io.BytesIO(files[path]), ndmin=2)
        np.testing.assert_array_equal(
            found.value.values[first : first + count], expected.astype(np.float32)
        )


def test_channels_are_named(tmp_path: Path) -> None:
    options = TsdOptions(channels=("left_x", "right_x"))
    tsd(write_folder(tmp_path / "in", {"a-1.tsd": GOOD}), tmp_path / "out.zarr", options=options)
    assert open_store(tmp_path / "out.zarr").channel.values.tolist() == ["left_x", "right_x"]


# The real recordings


def test_the_real_recordings_are_what_is_known_of_them(real_store: Path) -> None:
    found = open_store(real_store).load()
    frames = found.frames.values
    assert found.sizes["file"] == found.attrs["files"] == 2565
    assert found.attrs["bad_files"] == 0
    assert not (found.problem.values != "").any()
    assert len(set(found.sign.values)) == 96  # her and his_hers are one sign by two names
    sessions, counts = np.unique(found.session.values, return_counts=True)
    assert sessions.tolist() == [f"tctodd{number}" for number in range(1, 10)]
    assert counts.tolist() == [285] * 9
    assert sorted(set(found["take"].values)) == [1, 2, 3]
    assert (frames.min(), frames.max(), np.median(frames)) == (45, 136, 55)
    assert round(float(frames.mean()), 1) == 57.3
    assert sorted(frames[frames >= 90].tolist()) == [90, 91, 92, 92, 92, 93, 95, 96, 101, 136]
    assert {"flash-light", "not-my-problem", "change_mind_", "God", "I"} <= set(found.sign.values)
    her = set(found.session.values[found.sign.values == "her"])
    assert her == {"tctodd1"}
    assert "tctodd1" not in set(found.session.values[found.sign.values == "his_hers"])


def test_the_blemished_recording_has_every_channel(real_store: Path) -> None:
    found = open_store(real_store).load()
    assert found.channel.values.tolist() == list(GLOVE_CHANNELS)
    index = int(np.flatnonzero(found.path.values == "tctodd1/drink-1.tsd")[0])
    first, count = int(found["first"][index]), int(found.frames[index])
    values = found.value.values[first : first + count]
    assert count >= 55
    assert np.isfinite(values).all()
    # A number lost or split in line 55 would tear that frame away from its neighbours.
    assert np.abs(np.diff(values[53:56], axis=0)).max() < 0.5
