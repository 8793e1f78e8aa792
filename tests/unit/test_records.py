"""Snakemake's records, kept with the results: moved once, linked, and true of copies."""

import base64
import json
import os
import shutil
from pathlib import Path

import pytest
import records


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recorded(output: str, kind: str = "metadata", **record: object) -> Path:
    """Write an output and its record as Snakemake does."""
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text("made")
    path = records.SNAKEMAKE / kind / name(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"rule": "some", **record}))
    return path


def name(output: str) -> str:
    key = base64.urlsafe_b64encode(output.encode()).decode()
    parts = [key[at : at + 254] for at in range(0, len(key), 254)]
    return "/".join([f"@{part}" for part in parts[:-1]] + parts[-1:])


LONG = f"results/demo/{'long/' * 60}pairs.csv"


@pytest.mark.parametrize("output", ["results/demo/pairs.csv", LONG, "results/demo/α b.csv"])
def test_records_that_snakemake_has_go_into_the_results_and_are_still_its_own(
    project: Path, output: str
) -> None:
    path = records.SNAKEMAKE / "metadata" / name(output)
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    records.keep(Path("results"))
    assert path.read_text() == "{}"
    assert not (records.SNAKEMAKE / "metadata").readlink().is_absolute()
    shutil.rmtree(records.SNAKEMAKE)
    records.keep(Path("results"))
    assert path.read_text() == "{}"


def test_a_record_that_came_with_the_results_is_not_replaced(project: Path) -> None:
    output = "results/demo/pairs.csv"
    recorded(output, came="before")
    kept = Path("results/.made/metadata") / name(output)
    kept.parent.mkdir(parents=True)
    kept.write_text('{"came": "with the results"}')
    records.keep(Path("results"))
    assert "with the results" in (records.SNAKEMAKE / "metadata" / name(output)).read_text()


def test_results_that_were_taken_away_leave_no_broken_link(project: Path) -> None:
    records.keep(Path("results"))
    shutil.rmtree("results")
    records.keep(Path("results"))
    (records.SNAKEMAKE / "metadata/new").write_text("{}")
    assert Path("results/.made/metadata/new").is_file()


def test_the_results_may_lie_elsewhere_behind_a_link(project: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "far/scratch"
    scratch.mkdir(parents=True)
    Path("results").symlink_to(scratch)
    records.keep(Path("results"))
    (records.SNAKEMAKE / "incomplete/new").write_text("{}")
    assert (scratch / ".made/incomplete/new").is_file()


def test_only_outputs_without_any_record_are_named(project: Path) -> None:
    recorded("results/demo/networks/0/model.keras")
    recorded("results/demo/networks/1/model.keras", kind="incomplete")
    recorded(LONG)
    records.keep(Path("results"))
    for lost in ("results/demo/networks/2/model.keras", "results/demo/[a].csv"):
        Path(lost).parent.mkdir(parents=True, exist_ok=True)
        Path(lost).write_text("made")
    patterns = ["results/demo/networks/{network}/model.keras", "results/demo/[a].csv", LONG]
    found = records.unrecorded(Path("results"), patterns)
    assert found == ["results/demo/[a].csv", "results/demo/networks/2/model.keras"]
    said = records.refusal(Path("results/demo"), found)
    assert "results/demo/networks/2/model.keras" in said
    assert "--touch --forceall" in said


def test_a_copy_gets_its_dates_back_once(project: Path, tmp_path: Path) -> None:
    output, store = Path("results/demo/pairs.csv"), Path("results/demo/runs.zarr")
    recorded(str(output), endtime=1_700_000_000.25)
    recorded(f"{store}/{records.DATED}")
    recorded("results/demo/gone.csv", endtime=5.0)
    Path("results/demo/gone.csv").unlink()
    path = records.SNAKEMAKE / "metadata" / name(str(store))
    path.write_text('{"endtime": 1700000001.5}')
    (records.SNAKEMAKE / "metadata/damaged").write_text("{")
    records.keep(Path("results"))
    records.restore_dates(Path("results"))
    # In its own place a date is what it is: somebody has changed the file.
    os.utime(output, (1_800_000_000, 1_800_000_000))
    records.restore_dates(Path("results"))
    assert output.stat().st_mtime == 1_800_000_000
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copytree("results", copy / "results", copy_function=shutil.copyfile)
    os.chdir(copy)
    records.keep(Path("results"))
    records.restore_dates(Path("results"))
    assert output.stat().st_mtime == 1_700_000_000.25
    assert (store / records.DATED).stat().st_mtime == 1_700_000_001.5
    assert store.stat().st_mtime == 1_700_000_001.5
    os.utime(output, (1_800_000_000, 1_800_000_000))
    records.restore_dates(Path("results"))
    assert output.stat().st_mtime == 1_800_000_000


def test_what_is_put_where_an_output_was_lost_has_no_record(project: Path) -> None:
    kept, lost = "results/demo/pairs.csv", "results/demo/report.html"
    recorded(kept)
    recorded(lost)
    recorded("results/demo/begun.csv", kind="incomplete")
    Path("results/demo/begun.csv").unlink()
    recorded("elsewhere/table.csv")
    Path("elsewhere/table.csv").unlink()
    records.keep(Path("results"))
    Path(lost).unlink()
    records.forget_lost(Path("results"))
    Path(lost).write_text("from elsewhere")
    assert records.unrecorded(Path("results"), [kept, lost]) == [lost]
    assert (records.SNAKEMAKE / "incomplete" / name("results/demo/begun.csv")).exists()
    assert (records.SNAKEMAKE / "metadata" / name("elsewhere/table.csv")).exists()
