"""Whole studies through Snakemake: a micro study end to end, bad recordings, the real archive."""

import csv
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import xarray as xr
from running import ARCHIVE, CHECKOUT, MICRO, checkout_copy, finished, jobs, snakemake


def test_a_micro_study_ends_in_a_report(micro: Path) -> None:
    study = micro / "results" / "micro"
    page = (study / "report.html").read_text()
    assert "<table" in page
    assert len(list(csv.DictReader((study / "pairs.csv").open()))) == 66
    for figure in ("figures/shared-map", "run_figures/0/ae/03-paths", "run_figures/0/01-network"):
        assert (study / f"{figure}.png").stat().st_size > 10_000, figure
    assert (study / "films/0/ae.mp4").stat().st_size > 10_000
    for content in ("data:video/mp4;base64,", 'id="figure-ae-03-paths"', "figure by figure"):
        assert content in page
    provenance = json.loads((study / "provenance.json").read_text())
    assert provenance["config"]["lstm"]["seeds"] == 2
    assert provenance["seconds"]["lstm"]["jobs"] == 2
    assert provenance["seconds"].keys() >= {
        *("reference", "alignment", "shared", "quality"),
        *("stability", "agreement", "shared_map", "evidence", "responses", "units"),
    }
    assert "**This study has too few networks" in (study / "method.md").read_text()
    assert {row["relation"] for row in csv.DictReader((study / "planted.csv").open())} == {
        "twin",
        "prefix",
        "crossing",
    }


def test_it_ends_in_the_reports_place_and_what_was_found(micro: Path) -> None:
    # Nothing is to be done, so it is said of what is there.
    told = finished(micro, MICRO).rstrip().splitlines()
    found = findings(micro / "results/micro")
    assert told[-len(found) - 1 :] == ["report: results/micro/report.html", *found]
    # A run that was to make no report says nothing of one that stands there.
    for arguments in (["--dry-run"], ["--until", "lstm"]):
        output = finished(micro, MICRO, *arguments)
        assert "Nothing to be done" in output
        assert "report:" not in output


def findings(study: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "signpaths", "findings", str(study)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "workflow")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_every_store_opens_in_one_line_and_says_what_it_is(micro: Path) -> None:
    stores = sorted({path.parent for path in micro.glob("results/**/*.zarr/zarr.json")})
    assert {store.name for store in stores} >= {
        "recordings.zarr",
        "sequences.zarr",
        "stability.zarr",
        "evidence.zarr",
        "agreement.zarr",
        "reference.zarr",
        "shared_map.zarr",
        "units.zarr",
    }
    for store in stores:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dataset = xr.open_zarr(store)
        assert {"title", "stage", "made_by", "options"} <= dataset.attrs.keys(), store
        for name, variable in dataset.variables.items():
            assert variable.attrs.get("long_name"), (store, name)
            assert variable.dtype.kind not in "f" or variable.attrs.get("units"), (store, name)


def test_a_typo_names_the_key_and_the_nearest_one_before_any_job(micro: Path) -> None:
    code, output = snakemake(micro, {**MICRO, "lstm": {"epoch": 3}})
    assert code != 0
    assert "lstm.epoch" in output
    assert "lstm.epochs" in output
    assert "Traceback" not in output


def test_what_is_made_again_is_the_same_bit_for_bit(micro: Path) -> None:
    """As after killed jobs: outputs are made anew, and what was begun before is left over."""
    study = micro / "results" / "micro"
    timed = {"provenance.json", "report.html", ".provenance.json.sum", ".report.html.sum"}

    def contents() -> dict[Path, bytes]:
        files = (path for path in study.rglob("*") if path.is_file())
        kept = (path for path in files if path.name not in timed and path.suffix != ".tsv")
        return {path: path.read_bytes() for path in kept if path.name != ".snakemake_timestamp"}

    before = contents()
    (study / "networks/1/.partial-model.keras").write_bytes(b"half")
    (study / "closeness/.partial-1.zarr").mkdir()
    code, output = snakemake(micro, MICRO, "--forcerun", "lstm")
    assert code == 0, output
    assert jobs(output).keys() >= {
        *("lstm", "activations", "autoencoder", "reference", "alignment", "shared"),
        *("paths", "closeness", "shared_map"),
    }
    after = contents()
    assert after.keys() == before.keys()
    assert [path for path in before if after[path] != before[path]] == []


def test_a_bad_recording_is_named_at_the_terminal_or_skipped(tmp_path: Path) -> None:
    folder = checkout_copy(tmp_path / "signpaths")
    raw = tmp_path / "my recordings; touch evil"
    for sign in ("a", "b", "c", "bad$(touch evil)"):
        for take in range(1, 6):
            path = raw / "s1" / f"{sign}-{take}.tsd"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(f"{take} {frame}.5 0.25" for frame in range(5 + take)))
    (raw / "s1" / "a-6.tsd").write_text("1 2 3\n1 2 x\n")
    overlay = {
        **MICRO,
        "data": {"source": str(raw), "channels": None},
        "autoencoder": {**MICRO["autoencoder"], "dims": [2, 3]},  # type: ignore[dict-item]
        "figures": {**MICRO["figures"], "signs": [["a", "bad$(touch evil)"]]},  # type: ignore[dict-item]
    }
    code, output = snakemake(folder, overlay)
    assert code != 0
    assert "s1/a-6.tsd: line 2: 'x' found, expected a finite number" in output
    overlay["data"]["on_bad_file"] = "skip"  # type: ignore[index]
    code, output = snakemake(folder, overlay)
    assert code == 0, output
    assert "a-6.tsd" in (folder / "results/micro/excluded.csv").read_text()
    assert "a-6.tsd" in (folder / "results/micro/report.html").read_text()
    assert not list(tmp_path.rglob("evil"))


def test_the_real_archive(tmp_path: Path) -> None:
    if not ARCHIVE.is_file():
        pytest.skip("the recordings (shared/data/tctodd.tar.gz beside the checkout) are not there")
    folder = checkout_copy(tmp_path / "signpaths")
    overlay = {
        "study": "smoke",
        "data": {"source": str(ARCHIVE)},
        # Small batches and gentle noise: the most that ten epochs can teach.
        "lstm": {
            **{"seeds": 2, "epochs": 10, "units": 48, "learning_rate": 0.01},
            **{"batch_size": 16, "bucket": 1, "noise": 0.1, "gain": 0, "offset": 0},
        },
        "autoencoder": {"seeds": 1, "epochs": 1, "layers": [32, 8]},
        # One network in one projection, and a short film.
        "figures": {
            **{"runs": ["reference"], "maps": ["ae"], "film_seconds": 1, "bottlenecks": []},
        },
    }
    code, output = snakemake(folder, overlay, over="config/auslan.yaml")
    assert code == 0, output
    study = folder / "results" / "smoke"
    sequences = xr.open_zarr(study / "sequences.zarr")
    assert sequences.sizes == {"example": 2529, "time": 90, "channel": 22}
    assert len(list(csv.DictReader((study / "pairs.csv").open()))) == 4371
    page = (study / "report.html").read_text()
    assert "too few networks" in page.lower()
    for seed in range(2):
        metrics = json.loads((study / f"networks/{seed}/metrics.json").read_text())
        # Ten epochs teach little, but far more than guessing among 94 signs.
        assert metrics["train_accuracy"] > 10 / 94, metrics
