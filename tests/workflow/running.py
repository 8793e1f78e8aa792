"""Whole studies through Snakemake, in a copy of what a fresh clone holds.

They run in a folder of their own with this checkout's Snakefile, so nothing lands in `results/`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[2]
ARCHIVE = CHECKOUT.parent / "shared" / "data" / "tctodd.tar.gz"
DEMO = "config/demo.yaml"
# Twelve signs, of which nothing is hidden in the recordings: two networks could not find it.
SIGNS = {"twins": 2, "prefixes": 2, "crossings": 2, "learned": 0, "trembling": 0, "flickering": 0}
MICRO: dict[str, Any] = {
    "study": "micro",
    "simulate": {**SIGNS, "sessions": 2, "takes": 3},
    "lstm": {"seeds": 2, "units": 8, "epochs": 2},
    "autoencoder": {"seeds": 1, "dims": [2], "layers": [8], "epochs": 1},
    # As many as there are: more networks are turned onto these two.
    "alignment": {"reference": 2},
    "shared": {"seeds": 1},
    "figures": {
        **{"runs": ["reference"], "maps": ["ae"], "signs": [["anchor", "copper"]]},
        **{"film_seconds": 1, "bottlenecks": ["linear", "relu"]},
    },
}


def changed(**sections: dict[str, Any]) -> dict[str, Any]:
    """The micro study with keys of some sections changed."""
    return {
        **MICRO,
        **{name: {**MICRO.get(name, {}), **keys} for name, keys in sections.items()},
    }


def checkout_copy(folder: Path) -> Path:
    """Copy what a fresh clone holds, without what git ignores."""
    for name in ("Snakefile", "workflow", "config", "profiles", "envs"):
        source = CHECKOUT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def as_typed(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give the environment of a command that a person types, without the tests' own library."""
    return {key: value for key, value in environment.items() if key != "PYTHONPATH"}


def run(folder: Path, *arguments: object) -> tuple[int, str]:
    """Run Snakemake in a folder with no more than these arguments; exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)],
        cwd=folder,
        env=as_typed(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def begun(
    folder: Path, command: Sequence[str], environment: Mapping[str, str] = os.environ
) -> "subprocess.Popen[str]":
    """Begin a command by Python that heeds Ctrl-C; what it says can be read at its end."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=as_typed(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    )


def _heed_ctrl_c() -> None:
    # What was begun in the background ignores it, and so does all that it begins.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def snakemake(
    folder: Path, overlay: dict[str, Any], *arguments: str, over: str = DEMO
) -> tuple[int, str]:
    """Run Snakemake as a user does, with a file of one's own over another one."""
    (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    return run(folder, *arguments, "--configfile", over, "overlay.yaml")


def finished(folder: Path, overlay: dict[str, Any], *arguments: str, over: str = DEMO) -> str:
    """Run Snakemake and expect it to end well; give what it said."""
    code, output = snakemake(folder, overlay, *arguments, over=over)
    assert code == 0, output
    return output


def shell_lines(folder: Path, overlay: dict[str, Any]) -> list[str]:
    """List what a study from scratch would run, without `python -m signpaths`."""
    # Only Snakemake's plain logger prints shell lines.
    output = finished(folder, overlay, "-n", "-p", "--workflow-profile", "none")
    return re.findall(r"python -m signpaths (.*)", output)


def jobs(output: str) -> dict[str, int]:
    """Read the jobs that a run lists, by rule; the progress logger writes _ as a space."""
    rows = re.findall(r"^ (\w[\w ]*?) +(\d+) *$", output, re.MULTILINE)
    assert rows or "Nothing to be done" in output, output
    return {rule.replace(" ", "_"): int(count) for rule, count in rows if rule != "total"}


def planned(folder: Path, overlay: dict[str, Any], *arguments: str) -> dict[str, int]:
    """Say what would run, by rule."""
    return jobs(finished(folder, overlay, "--dry-run", *arguments))
