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
OTHERS = ["1.output.lock", "2.output.lock"]
ALL = ["0.input.lock", "0.output.lock", *OTHERS]
DEMO, BEGUN = Path("results/demo"), Path("results/.made/incomplete")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    locks = tmp_path / live.LOCKS
    locks.mkdir()
    (locks / "0.output.lock").write_text("results/demo/pairs.csv\nresults/demo/report.html\n")
    (locks / "0.input.lock").write_text("results/demo/a\nresults/demo/b\nresults/other/c\n")
    (locks / "1.output.lock").write_text("elsewhere/pairs.csv\n")
    (locks / "2.output.lock").write_text("results/other/pairs.csv\n")
    yield tmp_path
    while live._held:
        os.close(live._held.popitem()[1])


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
    assert live.clear_locks(folder, DEMO, BEGUN)
    assert locks(folder) == OTHERS
    (own,) = (folder / live.FOLDER).iterdir()
    assert own.name.endswith(f"-{os.getpid()}")


def test_a_run_that_lives_keeps_its_locks_and_is_named(folder: Path) -> None:
    living = other_run(folder)
    try:
        with pytest.raises(live.BusyError, match=rf"process {living.pid} on .* \(study demo\)"):
            live.clear_locks(folder, DEMO, BEGUN)
        assert locks(folder) == ALL
        # It is no reason for another study to stay locked.
        assert live.clear_locks(folder, DEMO.with_name("other"), BEGUN)
    finally:
        living.communicate("\n")
    assert locks(folder) == ["0.input.lock", "0.output.lock", "1.output.lock"]


def test_of_somebody_else_s_run_it_is_enough_to_read_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = other_run(folder)
    killed.kill()
    killed.wait()

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(live.Path, "unlink", denied)
    assert live.others(folder) == []


def test_locks_stay_while_a_batch_system_may_have_jobs_of_a_killed_run(folder: Path) -> None:
    begun = Path("results/.made/incomplete")
    (begun / "@long").mkdir(parents=True)
    (begun / "one").write_text('{"external_jobid": "12"}')
    (begun / "@long/two").write_text('{"external_jobid": "7"}')
    (begun / "here").write_text('{"external_jobid": null}')
    (begun / "damaged").write_text("{")
    with pytest.raises(live.BusyError, match=r"\(12 7;.*--unlock"):
        live.clear_locks(folder, DEMO, BEGUN)
    assert locks(folder) == ALL


def test_outputs_of_a_study_s_locks_are_known(folder: Path) -> None:
    made = ["results/demo/pairs.csv", "results/demo/report.html"]
    assert live.locked_outputs(folder, DEMO) == made


def test_without_locks_nothing_is_told(folder: Path) -> None:
    for lock in ("0.input.lock", "0.output.lock"):
        (folder / live.LOCKS / lock).unlink()
    assert not live.clear_locks(folder, DEMO, BEGUN)
    assert locks(folder) == OTHERS


def test_where_files_cannot_be_locked_nothing_is_touched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(live.fcntl, "flock", unsupported)
    (folder / live.FOLDER).mkdir()
    assert not live.clear_locks(folder, DEMO, BEGUN)
    assert live.others(folder) == []
    assert locks(folder) == ALL


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
