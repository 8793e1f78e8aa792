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
        (["--units=0"], "--units is '0', expected an integer from 1 to 4,096"),
        (
            ["--patience", "never"],
            "--patience is 'never', expected an integer from 1 to 100,000, or null",
        ),
        (
            ["--learning-rate=nan"],
            "--learning-rate is 'nan', expected a number above 0 and of at most 10",
        ),
        (
            ["--schedule=cosin"],
            "--schedule is 'cosin', expected constant, cosine or one_cycle; did you mean cosine?",
        ),
        (
            ["--units=many", "--epochs=0"],
            "--units is 'many', expected an integer from 1 to 4,096\n"
            "--epochs is '0', expected an integer from 1 to 100,000",
        ),
        (["--unit=5"], "Unknown option: --unit. Did you mean --units?"),
    ],
)
def test_a_wrong_option_is_one_message_about_it(arguments: list[str], message: str) -> None:
    done = python("-m", "signpaths", "lstm", *"abcdef", "--seed=0", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"signpaths lstm: {message}\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("splits a b --seed=-1", 'Invalid value "-1" for --seed. Must be >= 0.'),
        ("splits a b --seed=3000000000", 'Invalid value "3000000000" for --seed. Must be <= '),
        ("lstm a b c d e f --seed=-1", 'Invalid value "-1" for --seed. Must be >= 0.'),
        ("autoencoder a b c d --dims=2 --seed=-1", 'Invalid value "-1" for --seed. Must be >= 0.'),
        ("shared a b c d --dims=2 --seed=-1", 'Invalid value "-1" for --seed. Must be >= 0.'),
        ("paths a b c d e f --shared-seeds=-1", 'Invalid value "-1" for --shared-seeds. Must be '),
        ("simulate a b --seed=-1", "--seed is '-1', expected an integer from 0 to 2,000,000,000"),
        (
            "autoencoder a b c d --dims=2 --seed=0 --noise=1.5",
            "--noise is '1.5', expected a number",
        ),
    ],
)
def test_no_stage_takes_a_negative_seed_or_a_noise_that_keras_refuses(
    command: str, message: str
) -> None:
    done = python("-m", "signpaths", *command.split())
    assert done.returncode == 2
    assert done.stderr.startswith(f"signpaths {command.split()[0]}: {message}")


def test_too_little_memory_is_said_in_words() -> None:
    code = (
        "import sys, numpy; sys.argv = ['signpaths', 'method']\n"
        "from signpaths import __main__ as main\n"
        "def parse_args(*_, **__): numpy.empty(2**52)\n"
        "type(main.app).parse_args = parse_args\n"
        "main.main()"
    )
    done = python("-c", code)
    assert done.returncode == 1
    assert "signpaths method: the memory is used up (" in done.stderr
    assert "Traceback" not in done.stderr


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


# A command that writes a file and meets trouble half-way, as a stage does.
TROUBLE = """
import os, signal, sys, time
from pathlib import Path
from signpaths import __main__ as cli
from signpaths.stores import whole

@cli.app.command
def trouble(path: Path, kind: str, /):
    with whole(path) as partial:
        partial.write_text("half")
        assert partial.exists()
        if kind == "told to end":
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        if kind == "stopped":
            raise KeyboardInterrupt
        if kind == "nobody reads":
            print("x" * 10**6)
        if kind == "bug":
            {}["nothing"]

cli.main()
"""


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("told to end", 143, "it was told to end (signal 15)"),
        ("stopped", 130, "stopped (Ctrl-C)"),
        ("bug", 70, "an error of signpaths itself (KeyError: 'nothing'); please report it"),
    ],
)
def test_what_ends_a_command_early_is_its_last_line_and_nothing_half_made_stays(
    tmp_path: Path, kind: str, status: int, says: str
) -> None:
    done = python("-c", TROUBLE, "trouble", tmp_path / "file", kind)
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"signpaths trouble: {says}")
    assert ("Traceback" in done.stderr) == (kind == "bug")
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_one_line_and_nothing_half_made_stays(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/God-1.tsd").write_text("1 2\n" * 1000)
    # No file may be larger than this, which the system refuses as it refuses a full disk.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))"
    run = f"{limit}; from signpaths.__main__ import main; main()"
    done = python(
        "-c",
        run,
        "tsd",
        tmp_path / "in",
        tmp_path / "out.zarr",
        *("--channels", "a", "--channels", "b"),
    )
    assert done.returncode == 74, done.stderr
    assert done.stderr.startswith("signpaths tsd: a file would be larger than is allowed here (")
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_log_on_a_full_disk_leaves_the_status_to_say_it() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "signpaths", "--version"],
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
            stdout=full,
            stderr=full,
            check=False,
        )
    assert done.returncode == 74


def test_output_that_nobody_reads_on_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", TROUBLE, "trouble", str(tmp_path / "file"), "nobody reads"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == ""
