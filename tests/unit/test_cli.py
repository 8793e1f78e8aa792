"""The command line: quick to help, and brief when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from signpaths import __version__
from signpaths.hashes import PACKAGE
from signpaths.stages import STAGES

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
    for stage in STAGES:
        assert any(
            line.strip("│ ").startswith(f"{stage.name} ") and stage.summary in line
            for line in found["--help"].splitlines()
        ), stage.name
    assert __version__ in found["--version"]
    assert not set(found["loaded"].split()) & HEAVY


def test_every_stage_has_help_without_tensorflow() -> None:
    found = probed(*(f"{stage.name} --help" for stage in STAGES))
    for stage in STAGES:
        text = found[f"{stage.name} --help"]
        assert f"Usage: signpaths {stage.name}" in text
        for key in [key for model in stage.takes for key in model.model_fields]:
            assert f"--{key.replace('_', '-')} " in text, f"{stage.name} does not take {key}"
    assert "signpaths" in found["loaded"].split()
    assert not set(found["loaded"].split()) & {"tensorflow", "keras"}
    assert "A sign is two-handed if" in found["sequences --help"]


def test_a_users_mistake_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    done = python("-m", "signpaths", "tsd", tmp_path / "missing", tmp_path / "out.zarr")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("signpaths tsd: ")
    assert "missing: no such file or folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--units=0"], "--units is '0', expected an integer of at least 1"),
        (
            ["--patience", "never"],
            "--patience is 'never', expected an integer of at least 1, or null",
        ),
        (["--learning-rate=nan"], "--learning-rate is 'nan', expected a number above 0"),
        (
            ["--schedule=cosin"],
            "--schedule is 'cosin', expected constant, cosine or one_cycle; did you mean cosine?",
        ),
        (
            ["--units=many", "--epochs=0"],
            "--units is 'many', expected an integer of at least 1\n"
            "--epochs is '0', expected an integer of at least 1",
        ),
        (["--unit=5"], "Unknown option: --unit. Did you mean --units?"),
    ],
)
def test_a_wrong_option_is_one_message_about_it(arguments: list[str], message: str) -> None:
    done = python("-m", "signpaths", "lstm", *"abcdef", "--seed=0", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"signpaths lstm: {message}\n"


def test_none_is_null_and_true_is_no_number() -> None:
    stage = ("-m", "signpaths", "sequences", "a", "b", "c")
    assert "a: no zarr store here" in python(*stage, "--max-length=none").stderr
    assert (
        "--max-length is 'true', expected an integer" in python(*stage, "--max-length=true").stderr
    )


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
