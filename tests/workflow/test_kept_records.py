"""Results that lost Snakemake's folder, their dates or their records; runs that were killed."""

import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import records
import yaml
from after import AFTER_STABILITY, OF_A_NETWORK
from running import DEMO, MICRO, begun, changed, checkout_copy, finished, planned, snakemake


@pytest.fixture
def copied(micro: Path, tmp_path: Path) -> Path:
    """The checkout anew, and results that `cp -r` brought: without dates, without `.snakemake`."""
    folder = checkout_copy(tmp_path / "signpaths")
    shutil.copytree(
        micro / "results", folder / "results", copy_function=shutil.copyfile, symlinks=True
    )
    return folder


def test_copied_results_behave_as_they_did(copied: Path, micro: Path) -> None:
    assert not (copied / ".snakemake").exists()
    assert planned(copied, MICRO) == {}
    for overlay in (
        changed(stability={"tau": 0.6}),
        changed(data={"exclude": ["anchor"]}),
        # Another recipe and more networks: none of the old recipe may stay.
        changed(lstm={"seeds": 3, "epochs": 3}),
    ):
        shutil.rmtree(copied / ".snakemake", ignore_errors=True)
        assert planned(copied, overlay) == planned(micro, overlay)
    found = planned(copied, changed(lstm={"seeds": 3, "epochs": 3}))
    assert [found[rule] for rule in OF_A_NETWORK] == [3] * len(OF_A_NETWORK)


def test_a_lost_table_is_not_made_of_networks_of_two_recipes(copied: Path) -> None:
    (copied / "results/micro/pairs.csv").unlink()
    assert planned(copied, MICRO).keys() == AFTER_STABILITY
    found = planned(copied, changed(lstm={"epochs": 3}))
    assert found["lstm"] == 2


def test_an_edit_is_seen_without_the_folder_of_snakemake(copied: Path) -> None:
    path = copied / "workflow/signpaths/stability/variance.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert "stability" in planned(copied, MICRO)


@pytest.mark.parametrize("lost", [".made", ".made/metadata"])
def test_results_without_records_are_refused_until_somebody_vouches(
    copied: Path, lost: str
) -> None:
    shutil.rmtree(copied / "results" / lost)
    code, said = snakemake(copied, MICRO, "--dry-run")
    assert code != 0
    assert "nothing says what made results/micro/" in said
    assert "Traceback" not in said
    assert str(copied / "results/micro/pairs.csv") not in said
    finished(copied, MICRO, "--touch", "--forceall")
    assert planned(copied, MICRO) == {}
    assert "lstm" in planned(copied, changed(lstm={"epochs": 3}))


def test_one_output_from_elsewhere_is_named(copied: Path) -> None:
    network = copied / "results/micro/networks"
    shutil.copytree(network / "0", network / "5")
    code, said = snakemake(copied, MICRO, "--dry-run")
    assert code != 0
    assert "results/micro/networks/5/" in said
    # What no rule could make is somebody's own.
    (network / "5").rename(network / "mine")
    assert planned(copied, MICRO) == {}


def test_a_table_that_was_edited_is_told_though_nothing_reads_it(copied: Path) -> None:
    path = copied / "results/micro/pairs.csv"
    path.write_text(path.read_text().replace("undecided", "apart", 1))
    said = finished(copied, MICRO, "--dry-run")
    assert "results/micro/pairs.csv is not what was written" in said
    assert "Nothing to be done" in said


def test_networks_of_other_versions_are_told_and_not_trained_again(copied: Path) -> None:
    path = copied / "results/micro/networks/0/metrics.json"
    path.write_text(
        re.sub(r'"trained_by": ".*"', '"trained_by": "tensorflow 1.0"', path.read_text())
    )
    said = finished(copied, MICRO, "--dry-run")
    assert "1 by tensorflow 1.0 were trained" in said
    assert "Nothing to be done" in said


def test_a_run_that_would_leave_no_records_is_refused(copied: Path) -> None:
    code, said = snakemake(copied, MICRO, "--drop-metadata", "--dry-run")
    assert code != 0
    assert "--drop-metadata: without its records" in said


def test_a_record_that_says_nothing_is_none(copied: Path) -> None:
    name = records._name("results/micro/stability.zarr")
    (copied / "results" / records.RECORDS / records.METADATA / name).write_text("{}")
    code, said = snakemake(copied, changed(stability={"tau": 0.6}), "--dry-run")
    assert code != 0
    assert "nothing says what made results/micro/stability.zarr" in said


def test_another_study_of_the_same_name_is_not_taken_for_ours(copied: Path, micro: Path) -> None:
    assert planned(copied, MICRO) == {}
    store = copied / "results/micro/stability.zarr"
    shutil.rmtree(store)
    # A store of another content, as another config makes it.
    shutil.copytree(micro / "results/micro/evidence.zarr", store, copy_function=shutil.copyfile)
    code, said = snakemake(copied, MICRO, "--dry-run")
    assert code != 0
    assert "nothing says what made results/micro/stability.zarr" in said


def test_results_in_two_places_have_records_of_their_own(copied: Path) -> None:
    elsewhere = {**MICRO, "pathvars": {"results": "else where"}}
    finished(copied, elsewhere, "else where/micro/networks.txt")
    assert planned(copied, elsewhere, "else where/micro/networks.txt") == {}
    assert planned(copied, MICRO) == {}
    assert planned(copied, elsewhere, "else where/micro/networks.txt") == {}


def started(folder: Path, overlay: dict[str, Any]) -> subprocess.Popen[str]:
    """Start a run as a user does, and wait until a network is training."""
    (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    own = ("--configfile", DEMO, "overlay.yaml")
    run = begun(folder, ["-m", "snakemake", "--cores", "2", *own])
    log = folder / "logs/micro/lstm/0.log"
    while not (log.is_file() and "epoch" in log.read_text()):
        assert run.poll() is None, "the run ended before a network was trained"
        time.sleep(0.05)
    return run


def jobs_of(folder: Path) -> list[int]:
    """Find the jobs of the library that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"signpaths" in words and (process / "cwd").resolve() == folder.resolve():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_killed_run_leaves_no_lock_and_no_job_and_a_live_one_keeps_both(copied: Path) -> None:
    endless = changed(lstm={"epochs": 100_000})
    run = started(copied, endless)
    try:
        code, said = snakemake(copied, endless)
        assert code != 0
        assert f"at work on the same results: process {run.pid} on " in said
        assert "unlock" not in said
        code, said = snakemake(copied, endless, "--unlock")
        assert code != 0
        assert f"process {run.pid} on " in said
        assert (copied / ".snakemake/locks").exists()
        # To look is allowed.
        assert planned(copied, endless)
        assert jobs_of(copied)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    while jobs_of(copied):
        time.sleep(0.05)
    # Its jobs made no network: those of the former recipe went when they were begun anew.
    assert not list(copied.glob("results/micro/networks/*/model.keras"))
    code, said = snakemake(copied, MICRO, "results/micro/networks/0/model.keras")
    assert code == 0, said
    assert "took away the locks of a run that was killed" in said
