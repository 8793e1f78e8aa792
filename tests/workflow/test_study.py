"""Whole studies through Snakemake: a micro study end to end, what runs again, and the real archive.

They run in a folder of their own with this checkout's Snakefile, so nothing lands in `results/`.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import xarray as xr
import yaml

CHECKOUT = Path(__file__).parents[2]
ARCHIVE = CHECKOUT.parent / "shared" / "data" / "tctodd.tar.gz"
MICRO = {
    "study": "micro",
    "simulate": {"sessions": 2, "takes": 3},
    "lstm": {"seeds": 2, "units": 8, "epochs": 2},
    "autoencoder": {"seeds": 1, "dims": [2], "layers": [8], "epochs": 1},
}


def checkout_copy(folder: Path) -> Path:
    """What a fresh clone holds, without what git ignores."""
    for name in ("Snakefile", "workflow", "config", "profiles", "envs"):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def snakemake(folder: Path, overlay: dict[str, object], *arguments: str) -> tuple[int, str]:
    """Run Snakemake as a user does; give the exit code and what it printed."""
    (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay))
    files = [file for file in arguments if file.endswith(".yaml")]
    others = [argument for argument in arguments if not argument.endswith(".yaml")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2"),
            *("--configfile", *files, "overlay.yaml", *others),
        ],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def shell_lines(folder: Path, overlay: dict[str, object]) -> list[str]:
    """List what a study from scratch would run, without `python -m signpaths`."""
    # Only Snakemake's plain logger prints shell lines.
    code, output = snakemake(folder, overlay, "-n", "-p", "--workflow-profile", "none")
    assert code == 0, output
    return re.findall(r"python -m signpaths (.*)", output)


def jobs(output: str) -> dict[str, int]:
    """Read the jobs that a dry run lists, by rule; the progress logger writes _ as a space."""
    rows = re.findall(r"^ (\w[\w ]*?) +(\d+) *$", output, re.MULTILINE)
    assert rows or "Nothing to be done" in output, output
    return {rule.replace(" ", "_"): int(count) for rule, count in rows if rule != "total"}


def planned(folder: Path, overlay: dict[str, object], *arguments: str) -> dict[str, int]:
    code, output = snakemake(folder, overlay, "--dry-run", *arguments)
    assert code == 0, output
    return jobs(output)


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = checkout_copy(tmp_path_factory.mktemp("micro") / "signpaths")
    code, output = snakemake(folder, MICRO)
    assert code == 0, output
    return folder


# What is made of the stability, whatever changed it.
AFTER_STABILITY = {"stability", "evidence", "method", "figures", "provenance", "report", "all"}


def test_a_micro_study_ends_in_a_report(micro: Path) -> None:
    study = micro / "results" / "micro"
    page = (study / "report.html").read_text()
    assert "<table" in page
    assert len(list(csv.DictReader((study / "pairs.csv").open()))) == 66
    assert (study / "figures" / "paths-ae2.png").stat().st_size > 10_000
    provenance = json.loads((study / "provenance.json").read_text())
    assert provenance["config"]["lstm"]["seeds"] == 2
    assert provenance["seconds"]["lstm"]["jobs"] == 2
    assert provenance["seconds"].keys() >= {"quality", "agreement", "evidence", "stability"}
    assert "**Too few seeds" in (study / "method.md").read_text()
    assert {row["relation"] for row in csv.DictReader((study / "planted.csv").open())} == {
        "twin",
        "prefix",
        "crossing",
    }


def test_every_store_opens_in_one_line_and_says_what_it_is(micro: Path) -> None:
    stores = sorted({path.parent for path in micro.glob("results/**/*.zarr/zarr.json")})
    assert {store.name for store in stores} >= {
        "recordings.zarr",
        "sequences.zarr",
        "stability.zarr",
        "evidence.zarr",
        "agreement.zarr",
    }
    for store in stores:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dataset = xr.open_zarr(store)
        assert {"title", "stage", "made_by", "options"} <= dataset.attrs.keys(), store
        for name, variable in dataset.variables.items():
            assert variable.attrs.get("long_name"), (store, name)
            assert variable.dtype.kind not in "f" or variable.attrs.get("units"), (store, name)


def test_a_second_run_a_touch_and_a_comment_do_nothing(micro: Path) -> None:
    assert planned(micro, MICRO) == {}
    for path in [micro / "Snakefile", *(micro / "workflow").rglob("*.*")]:
        path.touch()
    assert planned(micro, MICRO) == {}
    module = micro / "workflow/signpaths/closeness.py"
    text = module.read_text()
    module.write_text(f"# A comment.\n{text}\n\n# Another.\n")
    try:
        assert planned(micro, MICRO) == {}
    finally:
        module.write_text(text)


def test_an_edited_stage_runs_again_with_what_follows(micro: Path) -> None:
    module = micro / "workflow/signpaths/closeness.py"
    text = module.read_text()
    module.write_text(f"{text}\nEDITED = True\n")
    try:
        found = planned(micro, MICRO)
    finally:
        module.write_text(text)
    assert found.keys() == {"closeness", "closeness_raw", "agreement"} | AFTER_STABILITY


def test_one_more_seed_trains_one_lstm_and_its_autoencoders(micro: Path) -> None:
    more = {**MICRO, "lstm": {**MICRO["lstm"], "seeds": 3}}  # type: ignore[dict-item]
    found = planned(micro, more)
    own = ("lstm", "activations", "autoencoder", "paths", "closeness", "quality")
    assert [found.pop(rule) for rule in own] == [1] * len(own)
    assert found.keys() == {"agreement"} | AFTER_STABILITY


@pytest.mark.parametrize(
    ("arm", "seeds", "splits"),
    [
        ("training", ["0", "1"], ["0", "0"]),
        ("split", ["0", "0"], ["0", "1"]),
        ("both", ["0", "1"], ["0", "1"]),
    ],
)
def test_what_varies_between_seeds_reaches_the_training(
    micro: Path, arm: str, seeds: list[str], splits: list[str]
) -> None:
    lines = shell_lines(micro, {**MICRO, "study": arm, "seeds_vary": arm})
    training = " ".join(line for line in lines if line.startswith("lstm "))
    assert sorted(re.findall(r"--seed (\d+)", training)) == seeds
    assert sorted(re.findall(r"/splits/(\d+)\.csv", training)) == splits


def test_another_study_reaches_the_report(micro: Path) -> None:
    lines = shell_lines(micro, {**MICRO, "study": "other", "report": {"compare": ["micro"]}})
    report = next(line for line in lines if line.startswith("report "))
    assert "--compare results/micro/stability.zarr" in report


def test_fewer_seeds_and_report_keys_train_nothing(micro: Path) -> None:
    fewer = {**MICRO, "lstm": {**MICRO["lstm"], "seeds": 1}}  # type: ignore[dict-item]
    assert planned(micro, fewer).keys() == {"agreement"} | AFTER_STABILITY
    stricter = {**MICRO, "stability": {"tau": 0.6}}
    assert planned(micro, stricter).keys() == AFTER_STABILITY
    claimed = {**MICRO, "claims": [{"claim": "hands", "kind": "handedness"}]}
    assert planned(micro, claimed).keys() == {
        *("evidence", "method", "provenance", "report", "all")
    }
    titled = {**MICRO, "report": {"title": "Twelve signs"}}
    assert planned(micro, titled).keys() == {"provenance", "report", "all"}
    drawn = {**MICRO, "figures": {"transform": "log1p"}}
    assert planned(micro, drawn).keys() == {"figures", "provenance", "report", "all"}


def test_values_from_the_command_line_come_as_text(micro: Path) -> None:
    nested = ["--config", "lstm={seeds: 2, units: 8, epochs: 2}", "report={reference_seed: 0}"]
    assert planned(micro, MICRO, *nested) == {}


def test_a_typo_names_the_key_and_the_nearest_one_before_any_job(micro: Path) -> None:
    code, output = snakemake(micro, {**MICRO, "lstm": {"epoch": 3}})
    assert code != 0
    assert "lstm.epoch" in output
    assert "lstm.epochs" in output
    assert "Traceback" not in output


def test_what_is_made_again_is_the_same_bit_for_bit(micro: Path) -> None:
    """As after killed jobs: outputs are made anew, and what was begun before is left over."""
    study = micro / "results" / "micro"
    timed = {"provenance.json", "report.html"}

    def contents() -> dict[Path, bytes]:
        files = (path for path in study.rglob("*") if path.is_file())
        kept = (path for path in files if path.name not in timed and path.suffix != ".tsv")
        return {path: path.read_bytes() for path in kept if path.name != ".snakemake_timestamp"}

    before = contents()
    (study / "lstm/1/.partial-model.keras").write_bytes(b"half")
    (study / "closeness/.partial-1.zarr").mkdir()
    code, output = snakemake(micro, MICRO, "--forcerun", "lstm")
    assert code == 0, output
    assert jobs(output).keys() >= {"lstm", "activations", "autoencoder", "paths", "closeness"}
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
    }
    code, output = snakemake(folder, overlay, "config/auslan.yaml")
    assert code == 0, output
    study = folder / "results" / "smoke"
    sequences = xr.open_zarr(study / "sequences.zarr")
    assert sequences.sizes == {"example": 2529, "time": 90, "channel": 22}
    assert len(list(csv.DictReader((study / "pairs.csv").open()))) == 4371
    page = (study / "report.html").read_text()
    assert "too few seeds" in page.lower()
    for seed in range(2):
        metrics = json.loads((study / f"lstm/{seed}/metrics.json").read_text())
        # Ten epochs teach little, but far more than guessing among 94 signs.
        assert metrics["train_accuracy"] > 10 / 94, metrics
