"""Config files: a key that stands twice, and what is no config, are told with file and line."""

import itertools
import os
from pathlib import Path

import pytest
from signpaths.config import check_files
from signpaths.errors import UserError

ROOT = Path(__file__).parents[2]


def problems(*files: Path | str) -> list[str]:
    """List what is said of files, without the folder that they are in."""
    try:
        check_files(files)
    except UserError as error:
        first, *lines = str(error).splitlines()
        count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
        assert first == f"the config files have {count}:"
        return [line.removeprefix("  - ").rpartition("/")[2] for line in lines]
    return []


def said_of(folder: Path, text: str, name: str = "my.yaml") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return problems(folder / name)


def test_doubles_at_any_depth_are_named_with_their_lines(tmp_path: Path) -> None:
    text = (
        "lstm:\n  seeds: 3\n  epochs: 2\n  seeds: 4\nclaims:\n  - {claim: a, claim: b}\nlstm:\n"
        "  units: 4\nlstm: {}\n"
    )
    ending = "only the last would count. Write it once, with all that belongs to it"
    assert said_of(tmp_path, text) == [
        f"my.yaml: lstm stands there 3 times, in lines 1, 7 and 9: {ending}",
        f"my.yaml: lstm.seeds stands there twice, in lines 2 and 4: {ending}",
        f"my.yaml: claims[0].claim stands there twice, in line 6: {ending}",
    ]


def test_doubles_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("a: 1\na: 2\n")
    found = problems(tmp_path / "one.yaml", "https://host/x.yaml", str(tmp_path / "two.yaml"))
    assert [line.partition(":")[0] for line in found] == ["one.yaml", "two.yaml"]


def test_the_same_key_in_two_files_is_no_double(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("lstm: {seeds: 1}\n")
    assert problems(tmp_path / "one.yaml", tmp_path / "two.yaml") == []


def test_json_with_tabs_is_looked_through_as_well(tmp_path: Path) -> None:
    assert said_of(tmp_path, '{\n\t"a": {"b": "\\/"},\n\t"c": [1e5]\n}', "my.json") == []
    (said,) = said_of(tmp_path, '{\n\t"a": 1,\n\t"a": 2\n}', "my.json")
    assert "a stands there twice, in lines 2 and 3" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "holds no map: expected keys such as `study: mine`"),
        ("just text", "holds no map"),
        ("lstm:\n\tseeds: 3\n", "line 2, column 1: a tab stands there; YAML takes spaces only"),
        ("lstm: {seeds: 3\nstudy: x\n", "is no YAML: line 2, column 6: "),
        ("a: *nope\n", "line 1, column 4: found undefined alias 'nope'"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: expected a single document"),
        ("a: 'open\n", "is no YAML: line 2, column 1: "),
        ("a\0: 1\n", "is no YAML: unacceptable character"),
        ("a: &a [*a]\n", "an alias (*name) stands inside of what it stands for"),
        ("[" * 3000, "is nested too deeply"),
        ("yes: 1\ntrue: 2\n", "true stands there twice, in lines 1 and 2"),
        ("2026-13-01: 3\n2026-13-01: 4\n", "2026-13-01 stands there twice"),
        ("\ufeffa: 1\na: 2\n", "a stands there twice, in lines 1 and 2"),
    ],
)
def test_what_no_config_can_be_read_from(tmp_path: Path, text: str, message: str) -> None:
    (said,) = said_of(tmp_path, text)
    assert said.startswith("my.yaml: ")
    assert message in said


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing\n", "a: 1\n", "a: {b: 1}\nc: {b: 1}\n", "a: [{b: 1}, {b: 1}]\n"),
        *("base: &b {x: 1}\nc: {<<: *b, x: 3}\nd: *b\n", "1: a\n'1': b\n", "? [a, b]\n: 1\n"),
    ],
)
def test_what_is_no_double_is_taken(tmp_path: Path, text: str) -> None:
    assert said_of(tmp_path, text) == []


def test_aliases_that_stand_for_too_much_are_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in itertools.pairwise("abcdefghijklmnop")
    )
    (said,) = said_of(tmp_path, bomb)
    assert "its aliases (*name) stand for more than 1,000,000 values" in said


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\n")
    (tmp_path / "folder").mkdir()
    names = ("latin.yaml", "folder", "missing.yaml")
    assert problems(*(tmp_path / name for name in names)) == [
        "latin.yaml: is no text in UTF-8: byte 3 is 0xff",
        "folder: cannot be read: Is a directory",
        "missing.yaml: cannot be read: No such file or directory",
    ]


def test_a_pipe_is_not_read_again(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert problems(tmp_path / "pipe") == []


def test_the_files_of_this_checkout_have_no_doubles() -> None:
    check_files((ROOT / "config").glob("*.yaml"))
