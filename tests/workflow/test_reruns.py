"""Rerunning is the product: what a change runs again, and what it leaves alone."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from after import (
    AFTER_ALIGNMENT,
    AFTER_CLOSENESS,
    DRAWN,
    OF_A_NETWORK,
    PAGE,
    SHARED,
)
from running import MICRO, changed, checkout_copy, finished, jobs, planned, shell_lines, snakemake


@contextmanager
def edited(folder: Path, module: str, old: str, new: str) -> Iterator[None]:
    """Replace text in a module of the library for a while."""
    path = folder / "workflow/signpaths" / module
    text = path.read_text()
    assert old in text, f"{module} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))
    try:
        yield
    finally:
        path.write_text(text)


def test_a_second_run_a_touch_and_a_comment_do_nothing(micro: Path) -> None:
    assert planned(micro, MICRO) == {}
    for path in [micro / "Snakefile", *(micro / "workflow").rglob("*.*")]:
        path.touch()
    assert planned(micro, MICRO) == {}
    with edited(micro, "closeness/closeness.py", '"""Stage', '# A comment.\n"""Stage'):
        assert planned(micro, MICRO) == {}


def test_an_edited_stage_runs_again_with_what_follows(micro: Path) -> None:
    with edited(micro, "closeness/measures.py", "import numpy", "EDITED = True\nimport numpy"):
        found = planned(micro, MICRO)
    assert found.keys() == {"closeness", "closeness_raw"} | AFTER_CLOSENESS


@pytest.mark.parametrize(
    ("module", "old", "new", "rules"),
    [
        # Words of the findings stand in the report only.
        ("report/findings.py", "flickers most", "wavers most", PAGE),
        ("report/report.css", "{", "{ ", PAGE),
        (
            "report/method.md.j2",
            "# What was computed",
            "# What we did",
            {"method"} | PAGE,
        ),
        # What a key means is no code of any stage.
        ("options.py", "LSTM units, the dimensions", "Units, the dimensions", set()),
        (
            "options.py",
            "class Lstm(",
            "class Unused(Options):\n    extra: int = 1\n\n\nclass Lstm(",
            set(),
        ),
    ],
)
def test_rewording_runs_no_more_than_what_it_words(
    micro: Path, module: str, old: str, new: str, rules: set[str]
) -> None:
    with edited(micro, module, old, new):
        found = planned(micro, MICRO)
    assert found.keys() == rules


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("columns.py", "How often close", "How often near"),
        ("spaces.py", "as a control", "for comparison"),
        ("stability/verdicts.py", "the pair is seldom close", "the pair is hardly close"),
    ],
)
def test_no_words_train_a_network_again(micro: Path, module: str, old: str, new: str) -> None:
    with edited(micro, module, old, new):
        found = planned(micro, MICRO)
    assert "report" in found
    assert not found.keys() & {"lstm", "activations", "autoencoder"}


def test_a_lost_benchmark_trains_nothing(micro: Path) -> None:
    lost = micro / "results/micro/benchmarks/lstm/0.tsv"
    text = lost.read_text()
    lost.unlink()
    try:
        found = planned(micro, changed(report={"title": "Twelve signs"})).keys()
    finally:
        lost.write_text(text)
    assert found == PAGE


@pytest.mark.parametrize(
    ("lost", "rules"),
    [
        ("figures/variance.png", {"figures", *PAGE}),
        ("run_figures/0/ae/03-paths.svg", {"run_figures", *PAGE}),
        ("films/0/ae.mp4", {"film", *PAGE}),
        ("agreement.zarr", {"agreement", "figures", "method", "explorer", *DRAWN, *PAGE}),
        ("shared_map.zarr", {"shared_map", "figures", "method", "explorer", *DRAWN, *PAGE}),
        ("evidence.zarr", {"evidence", "method", *PAGE}),
        ("units.zarr", {"units", "method", "run_figures", *PAGE}),
        ("explorer.txt", {"explorer", *PAGE}),
    ],
)
def test_an_output_that_is_lost_is_made_again(micro: Path, lost: str, rules: set[str]) -> None:
    path = micro / "results/micro" / lost
    path.rename(micro / "lost")
    try:
        found = planned(micro, MICRO).keys()
    finally:
        (micro / "lost").rename(path)
    assert found == rules


@pytest.mark.parametrize(
    ("lost", "rule"),
    [
        ("simulated", "simulate"),
        ("recordings.zarr", "tsd"),
        ("excluded.csv", "sequences"),
        ("splits/0.csv", "splits"),
        ("networks/1/untrained.keras", "lstm"),
        ("untrained/0.zarr", "activations"),
        ("autoencoders/0/2/0/metrics.json", "autoencoder"),
        ("shared/2/0/history.csv", "shared"),
        ("alignment/1.zarr", "alignment"),
        ("responses/1.zarr", "responses"),
        ("bottlenecks/0.zarr", "bottlenecks"),
        ("figures/runs.svg", "figures"),
        ("excerpts/1.zarr", "excerpts"),
    ],
)
def test_whatever_is_lost_is_made_again(micro: Path, lost: str, rule: str) -> None:
    path = micro / "results/micro" / lost
    path.rename(micro / "lost")
    try:
        assert rule in planned(micro, MICRO)
    finally:
        (micro / "lost").rename(path)


@pytest.mark.parametrize("more", [1, 5])
def test_more_networks_train_no_other_and_leave_the_reference(micro: Path, more: int) -> None:
    found = planned(micro, changed(lstm={"seeds": 2 + more}))
    assert [found.pop(rule) for rule in OF_A_NETWORK] == [more] * len(OF_A_NETWORK)
    assert found.keys() == {"networks", "units"} | AFTER_CLOSENESS


@pytest.mark.parametrize(
    ("sections", "rules"),
    [
        # Fewer networks than the reference is made of: none of theirs is trained again.
        ({"lstm": {"seeds": 1}}, {"networks", "units"} | SHARED | AFTER_ALIGNMENT),
        ({"shared": {"seeds": 0}}, AFTER_ALIGNMENT),
        ({"figures": {"runs": [1]}}, DRAWN | PAGE),
        # The same run by another name.
        ({"figures": {"runs": [0]}}, PAGE),
        ({"figures": {"bottlenecks": ["linear"]}}, {"bottlenecks", "figures"} | PAGE),
        ({"figures": {"bottlenecks": []}}, {"figures"} | PAGE),
    ],
    ids=lambda one: str(one) if isinstance(one, dict) else "",
)
def test_another_value_of_a_key_runs_again_something_else(
    micro: Path, sections: dict[str, dict[str, Any]], rules: set[str]
) -> None:
    assert planned(micro, changed(**sections)).keys() == rules


def test_a_misspelt_sign_is_told_at_once_and_costs_no_training(tmp_path: Path) -> None:
    """What does not hang on it goes on, and a second run has no more than figures to make."""
    folder = checkout_copy(tmp_path / "signpaths")
    wrong = changed(figures={"pairs": [["anchr", "copper"]]})
    code, said = snakemake(folder, wrong, "results/micro/figures/parting.png", "--cores", "1")
    assert code == 1
    assert "anchr" in said
    told = folder / "logs/micro/named_signs.log"
    assert "figures.pairs: the study has no sign anchr. Did you mean anchor?" in told.read_text()
    study = folder / "results/micro"
    first = min(path.stat().st_mtime_ns for path in study.glob("networks/*/model.keras"))
    assert told.stat().st_mtime_ns < first
    assert (study / "shared_map.zarr").is_dir()
    right = changed(figures={"pairs": []})
    ran = planned(folder, right, "results/micro/figures/parting.png")
    assert ran.keys() == {"named_signs", "figures"}


def test_a_claim_runs_again_what_it_is_held_against(micro: Path) -> None:
    claimed = {**MICRO, "claims": [{"claim": "hands", "kind": "handedness"}]}
    assert planned(micro, claimed).keys() == {"evidence", "method"} | PAGE


def test_a_network_beyond_the_reference_is_turned_onto_what_there_was(
    micro: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "signpaths"
    shutil.copytree(micro, folder, symlinks=True)
    study = folder / "results/micro"
    kept = [*study.glob("reference.zarr/**/*"), *study.glob("shared/*/*/model.keras")]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in kept if path.is_file()}
    assert {path.name for path in before} >= {"zarr.json", "model.keras"}
    ran = jobs(finished(folder, changed(lstm={"seeds": 3}), "results/micro/paths/2.zarr"))
    assert ran == dict.fromkeys(["lstm", "activations", "autoencoder", "alignment", "paths"], 1)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
    alignment = xr.open_zarr(study / "alignment/2.zarr")
    assert not alignment.attrs["of_reference"]


@pytest.mark.parametrize(
    ("arm", "seeds", "splits"),
    [
        ("training", ["0", "1"], ["0", "0"]),
        ("split", ["0", "0"], ["0", "1"]),
        ("both", ["0", "1"], ["0", "1"]),
    ],
)
def test_what_varies_between_networks_reaches_the_training(
    micro: Path, arm: str, seeds: list[str], splits: list[str]
) -> None:
    lines = shell_lines(micro, {**MICRO, "study": arm, "seeds_vary": arm})
    training = " ".join(line for line in lines if line.startswith("lstm "))
    assert sorted(re.findall(r"--seed (\d+)", training)) == seeds
    assert sorted(re.findall(r"/splits/(\d+)\.csv", training)) == splits


def test_another_study_reaches_the_report(micro: Path) -> None:
    lines = shell_lines(micro, {**MICRO, "study": "other", "report": {"compare": ["micro"]}})
    report = next(line for line in lines if line.startswith("report "))
    assert "--compare=results/micro" in report


def test_a_study_to_compare_that_is_not_there_is_named(micro: Path) -> None:
    code, output = snakemake(micro, changed(report={"compare": ["missing"]}), "-n")
    assert code != 0
    assert "report.compare names missing, but results/missing holds no finished study" in output
    assert "Traceback" not in output


def test_values_from_the_command_line_come_as_text(micro: Path) -> None:
    nested = ["--config", "lstm={seeds: 2, units: 8, epochs: 2}", "report={reference_seed: 0}"]
    assert planned(micro, MICRO, *nested) == {}
