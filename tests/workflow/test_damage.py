"""Damaged files of a finished study: nothing is read without a word, and no number comes out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from damage import (
    Damage,
    cut,
    damaged,
    deleted,
    emptied,
    files_of,
    flipped,
    read,
    refused,
    sealed_folder,
    tried,
)
from running import CHECKOUT
from signpaths.data.splits import read_parts
from signpaths.runs import read_metrics
from signpaths.sums import sidecar

CLOSENESS_1 = "closeness/1.zarr/mutual_rank/c/0/0/0/0"
STABILITY = ("stability", "networks.txt", "closeness_raw.zarr", "closeness")
EVIDENCE = ("evidence", "stability.zarr", "closeness_raw.zarr", "activations")
QUALITY = ("quality", "activations/0.zarr", "paths/0.zarr")
ACTIVATIONS = (
    *("activations", "sequences.zarr", "splits/0.csv"),
    *("networks/0/model.keras", "networks/0/untrained.keras"),
)
FIGURES = ("figures", "stability.zarr", "agreement.zarr", "shared_map.zarr", "networks")
REPORT = (
    *("report", "stability.zarr", "sequences.zarr", "excluded.csv", "paths/0.zarr", "networks"),
    *("figures", "provenance.json"),
)
# What is damaged, how, the stage that reads it, and how many files it would write.
JOBS: list[tuple[str, Damage, tuple[str, ...], int]] = [
    (CLOSENESS_1, flipped, STABILITY, 2),
    (CLOSENESS_1, deleted, STABILITY, 2),
    ("networks.txt", emptied, STABILITY, 2),
    ("stability.zarr/zarr.json", flipped, EVIDENCE, 2),
    ("paths/0.zarr/path/zarr.json", flipped, QUALITY, 1),
    ("networks/0/model.keras", flipped, ACTIVATIONS, 2),
    ("splits/0.csv", cut, ACTIVATIONS, 2),
    ("networks/1/metrics.json", cut, (*FIGURES, "--study", "micro"), 1),
    ("figures/pairs.png", cut, REPORT, 1),
    ("provenance.json", cut, REPORT, 1),
]


@pytest.fixture(scope="module")
def study(micro: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the micro study, which is damaged at one place at a time."""
    copy = tmp_path_factory.mktemp("damage") / "results" / "micro"
    shutil.copytree(micro / "results" / "micro", copy)
    return copy


def test_no_damage_is_read_without_a_word(study: Path) -> None:
    counts, silent = tried(study)
    assert silent == []
    assert counts["chunk", "flipped"] == counts["chunk", "deleted"] > 400
    assert counts["metadata", "flipped"] == counts["metadata", "deleted"] > 400
    assert counts["file", "flipped"] == counts["file", "cut"] == counts["file", "emptied"] > 100
    assert sum(count for (_, how), count in counts.items() if how == "flipped") > 1000
    assert counts["benchmark", "cut"] > 20


def test_every_file_that_a_stage_writes_has_its_sums_beside_it(study: Path) -> None:
    files = files_of(study)
    assert {one.suffix for one in files} >= {
        *(".csv", ".json", ".keras", ".mp4", ".png", ".svg", ".tsd", ".txt", ".md", ".html"),
    }
    without = [one for one in files if not (sidecar(one).is_file() or sealed_folder(one, study))]
    assert without == []


def test_what_has_no_sums_is_refused_by_what_it_says_of_itself(study: Path, tmp_path: Path) -> None:
    """As files that were copied without what is hidden: cut, they are no files of their kind."""
    shutil.copytree(study, copy := tmp_path / "results" / "micro")
    for one in copy.rglob(".*.sum"):
        one.unlink()
    tables = [copy / "splits/0.csv", copy / "networks/0/metrics.json"]
    kinds = {".keras", ".mp4", ".json"}
    found = [one for one in files_of(copy) if one.suffix in kinds]
    for path in (*found, *tables):
        for how in (cut, emptied):
            with damaged(path, how):
                match path.name:
                    case "0.csv":
                        assert refused(lambda path=path: read_parts(path, 72), path), how
                    case "metrics.json" if path.parent.parent.name == "networks":
                        assert refused(lambda: read_metrics(copy / "networks", ["0", "1"]), path)
                    case _:
                        assert refused(lambda path=path: read(path, copy), path), (path, how)
    (copy / "networks/0/metrics.json").write_text("{}")
    assert refused(lambda: read_metrics(copy / "networks", ["0"]), copy / "networks/0/metrics.json")


@pytest.mark.parametrize(("place", "how", "command", "outputs"), JOBS)
def test_a_stage_ends_in_words_and_without_output(
    study: Path,
    tmp_path: Path,
    place: str,
    how: Damage,
    command: tuple[str, ...],
    outputs: int,
) -> None:
    positional = [one for one in command if not one.startswith("-") and one != "micro"]
    out = [str(tmp_path / f"out{number}") for number in range(outputs)]
    arguments = [*positional, *out, *command[len(positional) :]]
    with damaged(study / place, how):
        done = subprocess.run(
            [sys.executable, "-m", "signpaths", *arguments],
            cwd=study,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "workflow")},
            capture_output=True,
            text=True,
            check=False,
        )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1, said
    assert "Traceback" not in said
    top = place.partition(".zarr")[0].rpartition("/")[2] if ".zarr" in place else Path(place).name
    assert top in said
    assert "again" in said
    assert list(tmp_path.iterdir()) == []
