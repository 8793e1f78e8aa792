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


def whole(output: str, text: str = "made") -> Path:
    """Write an output, and a record of it as it is."""
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    recorded(output, params=[], code="x", input=[], endtime=path.stat().st_mtime)
    path.write_text(text)
    os.utime(path, (path.stat().st_atime, json.loads(record_of(output).read_text())["endtime"]))
    return path


def record_of(output: str) -> Path:
    return records.SNAKEMAKE / "metadata" / name(output)


def strangers(*outputs: str) -> list[str]:
    records.keep(Path("results"))
    return records.unrecorded(Path("results"), "demo", outputs)


A, B = "results/demo/pairs.csv", "results/demo/report.html"


@pytest.mark.parametrize("record", ["", "{", "{}", "[]", '{"params": [], "code": "x"}', None])
def test_an_output_without_a_record_that_says_something_is_named(
    project: Path, record: str | None
) -> None:
    whole(A)
    whole(B)
    if record is None:
        record_of(B).unlink()
    else:
        record_of(B).write_text(record)
    assert strangers(A, B) == [B]
    # It was begun and not ended, so Snakemake makes it again.
    (Path("results/.made/incomplete") / name(B)).write_text("{}")
    assert strangers(A, B) == []


def test_files_are_found_by_patterns_with_wildcards(project: Path) -> None:
    for path in ("results/demo/networks/0/model.keras", "results/demo/[a].csv", "results/demo/b"):
        whole(path)
    found = records.there(["results/demo/networks/{network}/model.keras", "results/demo/[a].csv"])
    assert found == {"results/demo/networks/0/model.keras", "results/demo/[a].csv"}


def test_the_refusal_names_no_more_to_take_away_than_it_is_about() -> None:
    study = Path("results/a b")
    few = records.refusal(study, ["results/a b/pairs.csv"])
    assert "rm -r 'results/a b/pairs.csv'," in few
    many = records.refusal(study, [f"results/a b/{number}" for number in range(9)])
    assert "and 6 more" in many
    assert "rm -r 'results/a b'," in many
    assert "--touch --forceall" in many


def test_a_copy_gets_its_dates_back(project: Path, tmp_path: Path) -> None:
    before = {output: whole(output).stat().st_mtime for output in (A, LONG)}
    store = Path("results/demo/runs.zarr")
    whole(str(store / records.DATED))
    store_date = (store / records.DATED).stat().st_mtime
    recorded(str(store / "x"))
    path = record_of(str(store))
    path.write_text(json.dumps({"params": [], "code": "", "input": [], "endtime": store_date}))
    assert strangers(A, LONG, str(store)) == []
    shutil.copytree("results", tmp_path / "copy/results", copy_function=shutil.copyfile)
    os.chdir(tmp_path / "copy")
    for copied in (A, LONG, str(store / records.DATED)):
        os.utime(copied, (1, 1))
    assert strangers(A, LONG, str(store)) == []
    for output, date in before.items():
        assert abs(Path(output).stat().st_mtime - date) < 1e-3
    assert abs((store / records.DATED).stat().st_mtime - store_date) < 1e-3


def test_what_another_study_put_in_the_place_of_an_output_is_named(project: Path) -> None:
    whole(A, "ours")
    whole(B, "ours")
    assert strangers(A, B) == []
    # Looked at while it is away, and put back: it is the same.
    away = Path(A).rename("away")
    assert strangers(B) == []
    shutil.copyfile(away, A)
    assert strangers(A, B) == []
    Path(A).write_text("theirs")
    os.utime(A, (1, 1))
    assert strangers(A, B) == [A]
    # A new record is of what is there now.
    whole(A, "theirs")
    assert strangers(A, B) == []


def test_records_go_with_the_results_that_a_run_has(project: Path) -> None:
    records.keep(Path("results"))
    assert not records.kept_elsewhere(Path("results"))
    assert records.kept_elsewhere(Path("other place"))
    records.keep(Path("other place"))
    assert not records.kept_elsewhere(Path("other place"))
    (records.SNAKEMAKE / "metadata/new").write_text("{}")
    assert Path("other place/.made/metadata/new").is_file()


def test_results_that_can_only_be_read_are_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(A)
    records.keep(Path("results"))
    os.utime(A, (1, 1))

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(records.os, "utime", refused)
    monkeypatch.setattr(records.os, "replace", refused)
    assert records.unrecorded(Path("results"), "demo", [A]) == []


def test_what_a_killed_run_made_and_nobody_recorded_is_begun_again(project: Path) -> None:
    whole(A)
    whole(B)
    whole(LONG)
    Path(B).write_text("made by a job that went on")
    os.utime(B, (1, 1))
    record_of(LONG).unlink()
    records.keep(Path("results"))
    records.begin_again(Path("results"), [A, B, LONG, "results/demo/never made"])
    begun = Path("results/.made/incomplete")
    assert [(begun / name(output)).exists() for output in (A, B, LONG)] == [False, True, True]
    assert len([path for path in begun.rglob("*") if path.is_file()]) == 2
    assert strangers(A, B, LONG) == []
