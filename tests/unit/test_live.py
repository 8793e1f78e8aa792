"""Runs that live are told from those that were killed; a job ends with its workflow."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import live
import pytest

LIBRARY = Path(live.__file__).parent
RESULTS, BEGUN = Path("results"), Path("results/.made/incomplete")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    locks = tmp_path / live.LOCKS
    locks.mkdir()
    (locks / "0.output.lock").write_text("results/demo/pairs.csv\nresults/demo/report.html\n")
    (locks / "1.output.lock").write_text("elsewhere/pairs.csv\n")
    yield tmp_path
    while live._held:
        os.close(live._held.pop())


def other_run(folder: Path) -> subprocess.Popen[str]:
    """Start another run, and wait until it has registered itself."""
    code = f"""
        import sys
        sys.path.insert(0, {str(LIBRARY)!r})
        import live, pathlib
        live.register(pathlib.Path({str(folder)!r}), "study demo")
        print("registered", flush=True)
        input()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "registered\n"
    return process


def locks(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / live.LOCKS).iterdir())


def test_locks_of_a_killed_run_go_and_those_of_other_workflows_stay(folder: Path) -> None:
    killed = other_run(folder)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    said = live.clear_locks(folder, RESULTS, BEGUN, "study demo")
    assert "killed" in said
    assert locks(folder) == ["1.output.lock"]
    assert [path.name for path in (folder / live.FOLDER).iterdir()] == [
        f"{live.socket.gethostname()}-{os.getpid()}"
    ]


def test_locks_of_a_run_that_lives_stay_and_it_is_named(folder: Path) -> None:
    living = other_run(folder)
    try:
        said = live.clear_locks(folder, RESULTS, BEGUN, "study demo")
    finally:
        living.communicate("\n")
    assert f"process {living.pid} on " in said
    assert "(study demo)" in said
    assert locks(folder) == ["0.output.lock", "1.output.lock"]


def test_locks_stay_while_a_batch_system_may_have_jobs_of_a_killed_run(folder: Path) -> None:
    begun = Path("results/.made/incomplete")
    (begun / "@long").mkdir(parents=True)
    (begun / "one").write_text('{"external_jobid": "12"}')
    (begun / "@long/two").write_text('{"external_jobid": "7"}')
    (begun / "here").write_text('{"external_jobid": null}')
    (begun / "damaged").write_text("{")
    said = live.clear_locks(folder, RESULTS, BEGUN, "study demo")
    assert "(12 7;" in said
    assert "--unlock" in said
    assert locks(folder) == ["0.output.lock", "1.output.lock"]


def test_without_locks_nothing_is_told(folder: Path) -> None:
    (folder / live.LOCKS / "0.output.lock").unlink()
    assert live.clear_locks(folder, RESULTS, BEGUN, "study demo") == ""
    assert locks(folder) == ["1.output.lock"]


def test_where_files_cannot_be_locked_nothing_is_touched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(live.fcntl, "flock", unsupported)
    assert live.clear_locks(folder, RESULTS, BEGUN, "study demo") == ""
    assert locks(folder) == ["0.output.lock", "1.output.lock"]


@pytest.mark.parametrize("way", ["waits for it", "has to look"])
def test_a_job_ends_with_the_process_that_it_belongs_to(way: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    code = f"""
        import os, time
        from signpaths import orphans
        if {way!r} == "has to look":
            orphans.WAIT = 0.01
            del os.pidfd_open
        orphans.end_with_parent()
        print("works", flush=True)
        time.sleep(600)
    """
    job = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(LIBRARY), "SIGNPATHS_PARENT": str(parent.pid)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout
    assert job.stdout.readline() == "works\n"
    assert job.poll() is None
    parent.kill()
    parent.wait()
    assert job.wait() == -signal.SIGTERM


@pytest.mark.parametrize("parent", ["", "no number"])
def test_a_command_typed_by_hand_belongs_to_nobody(parent: str) -> None:
    code = """
        from signpaths import orphans
        import threading
        orphans.end_with_parent()
        assert threading.active_count() == 1
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(LIBRARY), "SIGNPATHS_PARENT": parent},
        check=True,
    )
