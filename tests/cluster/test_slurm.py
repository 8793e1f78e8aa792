"""A study whose jobs a real SLURM runs, by profiles/slurm, and jobs that go wrong there."""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from one_node import INSTALL, OneNode, missing
from running import DEMO, MICRO, begun, checkout_copy, finished, planned

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"SLURM lacks {', '.join(missing())}; {INSTALL}"
)

IMPATIENT = Path(__file__).with_name("impatient.py")
# A group of four rules, the first of a study: recordings, sequences and a split.
SPLIT = "results/micro/splits/0.csv"
# Rules of that group; its job holds as much memory as the one that asks for most.
RECORDINGS = ("simulate", "tsd", "sequences", "splits")
# A time in words, as the report has it for every rule.
DURATION = re.compile(r"(\d+(\.\d+)? (h|min|s)\b ?)+")
# Only so that what hangs ends.
SECONDS = 1800


@pytest.fixture(scope="module")
def slurm() -> Iterator[OneNode]:
    """A SLURM of this file's own. No process of it is left behind."""
    # Under pytest's own folder the path of a socket would be too long.
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder:
        with OneNode(Path(folder)) as node:
            yield node
        assert node.processes() == {}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A copy of the checkout with the micro study's config, in which nothing has been run."""
    return _study(tmp_path)


def _study(folder: Path) -> Path:
    folder = checkout_copy(folder / "signpaths")
    (folder / "overlay.yaml").write_text(yaml.safe_dump(MICRO))
    return folder


def _submitting(slurm: OneNode, study: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start Snakemake as on a cluster: the profile, and what it has to do."""
    return begun(
        study,
        [
            *(str(IMPATIENT), "--workflow-profile", "profiles/slurm"),
            *("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5"),
            *(*arguments, "--configfile", DEMO, "overlay.yaml"),
        ],
        slurm.environment,
    )


def _said(process: "subprocess.Popen[str]") -> str:
    """Wait for Snakemake and give what it said."""
    try:
        return process.communicate(timeout=SECONDS)[0]
    finally:
        process.kill()


def _completed(slurm: OneNode, study: Path, *arguments: str) -> str:
    """Run Snakemake on the cluster and expect it to end well; give what it said."""
    process = _submitting(slurm, study, *arguments)
    said = _said(process)
    assert process.returncode == 0, said
    return said


def _queue(slurm: OneNode, study: Path, what: str, *options: str) -> list[str]:
    """Ask for the jobs of a study in the order of their submission, the ended ones too."""
    lines = slurm.told(
        "squeue", "--states=all", "--noheader", "--sort=i", f"--format=%Z|{what}", *options
    )
    return [
        line.removeprefix(f"{study}|")
        for line in lines.splitlines()
        if line.startswith(f"{study}|")
    ]


def _until(is_so: Callable[[], Any], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait until something is so, and Snakemake, if it is given, at work all the while."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert process is None or process.poll() is None, _said(process)
        assert time.monotonic() < end
        time.sleep(0.1)


def _ended(slurm: OneNode, study: Path, what: str) -> list[str]:
    """Wait until no job of a study is at work any more, and ask for them."""
    at_work = "--states=PENDING,RUNNING,COMPLETING"
    _until(lambda: not _queue(slurm, study, "%i", at_work))
    return _queue(slurm, study, what)


def _at_work(slurm: OneNode, study: Path, process: "subprocess.Popen[str]") -> str:
    """Wait until a stage runs in the study's job; give the job's number."""
    _until(lambda: (study / "logs/micro/simulate.log").exists(), process)
    (job,) = _queue(slurm, study, "%i", "--states=RUNNING")
    return job


def _made(study: Path) -> dict[str, bytes]:
    """Read every file that a study made, by its path, without the times that jobs took.

    Benchmarks hold nothing else; provenance has them by rule and the report in words. Every other
    byte counts, models, pictures and films included.
    """
    results = study / "results/micro"
    # Their sums are of these, times included.
    timed = (".provenance.json.sum", ".report.html.sum")
    made = {
        str(path.relative_to(results)): path.read_bytes()
        for path in results.rglob("*")
        if path.is_file() and path.name not in timed
    }
    for name in made:
        if name.startswith("benchmarks/"):
            made[name] = b""
    provenance = json.loads(made["provenance.json"])
    assert provenance.pop("seconds")
    made["provenance.json"] = json.dumps(provenance).encode()
    made["report.html"] = DURATION.sub("", made["report.html"].decode()).encode()
    return made


def test_a_study_on_slurm_makes_the_same_files_as_at_home(
    slurm: OneNode, study: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _completed(slurm, study)
    assert _ended(slurm, study, "%T") == ["COMPLETED"] * 10
    home = _study(tmp_path_factory.mktemp("home"))
    finished(home, MICRO)
    at_home, on_slurm = _made(home), _made(study)
    assert at_home.keys() == on_slurm.keys()
    assert [name for name in at_home if at_home[name] != on_slurm[name]] == []
    # Where and with how much memory a job ran is no reason to do it again.
    assert planned(study, MICRO, "--set-resources", "lstm:mem_mb=9999") == {}


def test_a_job_that_is_cancelled_is_told_and_tried_again_with_more(
    slurm: OneNode, study: Path
) -> None:
    process = _submitting(slurm, study, SPLIT)
    job = _at_work(slurm, study, process)
    slurm.told("scancel", job)
    said = _said(process)
    assert process.returncode == 0, said
    assert re.search(rf"JOB {job} ON .* CANCELLED AT", said), said
    # Memory and minutes of the group: those of four rules, one after another.
    assert _ended(slurm, study, "%T %m %l") == ["CANCELLED 1000M 40:00", "COMPLETED 2000M 1:20:00"]


def test_a_job_that_holds_too_much_memory_is_told_and_a_rerun_completes(
    slurm: OneNode, study: Path
) -> None:
    too_little = [f"{rule}:mem_mb=30" for rule in RECORDINGS]
    process = _submitting(slurm, study, SPLIT, "--retries", "0", "--set-resources", *too_little)
    said = _said(process)
    assert process.returncode == 1
    assert "exceeded memory limit" in said
    # Only with control groups does SLURM call it OUT_OF_MEMORY.
    assert _ended(slurm, study, "%T") == ["FAILED"]
    _completed(slurm, study, SPLIT)


def test_ctrl_c_takes_the_jobs_along_and_a_rerun_completes(slurm: OneNode, study: Path) -> None:
    process = _submitting(slurm, study, SPLIT)
    _at_work(slurm, study, process)
    process.send_signal(signal.SIGINT)
    said = _said(process)
    assert process.returncode == 1
    assert "Terminating processes on user request" in said
    assert _ended(slurm, study, "%T") == ["CANCELLED"]
    _completed(slurm, study, SPLIT)


def test_after_a_killed_snakemake_a_rerun_waits_for_the_users_word(
    slurm: OneNode, study: Path
) -> None:
    """Its jobs go on: the folder stays locked, and they are named, until they are ended."""
    process = _submitting(slurm, study, SPLIT)
    job = _at_work(slurm, study, process)
    process.kill()
    process.communicate()
    assert _queue(slurm, study, "%i", "--states=RUNNING") == [job]
    again = _submitting(slurm, study, SPLIT)
    said = _said(again)
    assert "at work on the same results: process " in said
    assert "(a job of study micro)" in said
    assert again.returncode == 1
    slurm.told("scancel", job)
    assert _ended(slurm, study, "%i %T") == [f"{job} CANCELLED"]
    # Snakemake keeps the number of a job that it does not know to have ended.
    again = _submitting(slurm, study, SPLIT)
    assert f"End them ({job};" in _said(again)
    _completed(slurm, study, SPLIT, "--unlock")
    _completed(slurm, study, SPLIT)
    assert _ended(slurm, study, "%T") == ["CANCELLED", "COMPLETED"]
