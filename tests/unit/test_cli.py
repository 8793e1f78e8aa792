"""The command line: quick to help, and brief when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from signpaths import __version__
from signpaths.__main__ import STAGES
from signpaths.hashes import PACKAGE

HEAVY = {"tensorflow", "keras", "xarray", "zarr", "numpy", "pandas", "scipy", "matplotlib"}
# Runs commands one after another in one process; then says what they have loaded.
PROBE = """
import contextlib, io, sys
from signpaths.__main__ import app
for command in sys.argv[1].split(","):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        app([*command.split()])
    print("<<", command, ">>")
    print(out.getvalue())
print("<< loaded >>")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def python(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def probed(*commands: str) -> dict[str, str]:
    done = python("-c", PROBE, ",".join(commands))
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("<< ")[1:]
    return {name: text for name, _, text in (part.partition(" >>") for part in parts)}


def test_help_lists_every_stage_and_loads_nothing_heavy() -> None:
    found = probed("--help", "--version")
    for stage, summary in STAGES.items():
        assert any(
            line.strip("│ ").startswith(f"{stage} ") and summary in line
            for line in found["--help"].splitlines()
        ), stage
    assert __version__ in found["--version"]
    assert not set(found["loaded"].split()) & HEAVY


def test_every_stage_has_help_without_tensorflow() -> None:
    found = probed(*(f"{stage} --help" for stage in STAGES))
    for stage in STAGES:
        assert f"Usage: signpaths {stage}" in found[f"{stage} --help"]
    assert "signpaths" in found["loaded"].split()
    assert not set(found["loaded"].split()) & {"tensorflow", "keras"}
    assert "--close-fraction" in found["stability --help"]
    assert "two-handed" in found["sequences --help"]


def test_a_users_mistake_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    done = python("-m", "signpaths", "tsd", tmp_path / "missing", tmp_path / "out.zarr")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("signpaths tsd: ")
    assert "missing: no such file or folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_command_writes_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/God-1.tsd").write_text("1 2\n")
    (tmp_path / "in/bad-1.tsd").write_text("1 x\n")
    stage = ("-m", "signpaths", "tsd", tmp_path / "in", tmp_path / "out.zarr")
    done = python(*stage, "--on-bad-file", "skip", "--channels", "a", "--channels", "b")
    assert done.returncode == 0, done.stderr
    assert "left out bad-1.tsd: line 1: 'x'" in done.stdout
    assert (tmp_path / "out.zarr/zarr.json").is_file()


@pytest.mark.parametrize("arguments", [["nonsense"], ["tsd"], ["tsd", "a", "b", "--on-bad", "x"]])
def test_a_wrong_command_fails(arguments: list[str]) -> None:
    done = python("-m", "signpaths", *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
