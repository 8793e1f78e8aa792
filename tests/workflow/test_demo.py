"""What the demo says of what was planted in it, and that a copy of the raw signals says otherwise.

Looks at this checkout's `results/demo`, which `make demo` makes and CI makes before the tests. The
README tells what it finds; other types of processors round otherwise, which can turn a network, so
here two of eight plantings may be missed.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from running import CHECKOUT
from signpaths.data.planted import read_planted
from signpaths.report.sections.planted import (
    PROMISES,
    copied_answers,
    kept,
    own_answers,
    score,
)
from signpaths.report.study import rows_of, shown_rows
from signpaths.stability.pairs import pair_table
from signpaths.stability.verdicts import APART, CAUSES, COMES, STAYS, VERDICTS
from signpaths.stores import open_store

STUDY = CHECKOUT / "results" / "demo"
PLANTINGS, FEWEST = 8, 6
Told = tuple[list[dict[str, Any]], float]


@pytest.fixture(scope="module")
def demo() -> Path:
    """The demo's folder."""
    if not (STUDY / "report.html").is_file():
        pytest.skip("the demo (results/demo, by `make demo`) is not there")
    return STUDY


@pytest.fixture(scope="module")
def stability(demo: Path) -> xr.Dataset:
    return open_store(demo / "stability.zarr").load()


@pytest.fixture(scope="module")
def told(stability: xr.Dataset) -> Told:
    """The pairs as `pairs.csv` has them, and how often is sure."""
    return shown_rows(pair_table(stability)), float(stability.attrs["sure"])


@pytest.fixture(scope="module")
def planted(demo: Path) -> pd.DataFrame:
    return read_planted(demo / "planted.csv")


def test_what_was_planted_is_found(planted: pd.DataFrame, told: Told) -> None:
    assert set(planted["relation"]) == set(PROMISES)
    found = score(rows_of(planted), own_answers(*told))
    assert found.judged == PLANTINGS
    assert found.kept >= FEWEST
    assert len(found.missed) == PLANTINGS - found.kept


def test_a_copy_of_the_raw_signals_fails(planted: pd.DataFrame, stability: xr.Dataset) -> None:
    """Raw ranks in the place of hidden ones, scored by the same rules."""
    rows, copied = rows_of(planted), copied_answers(stability)
    assert score(rows, copied).judged == PLANTINGS
    by_relation = {
        row["relation"]: right for row, right in zip(rows, kept(rows, copied), strict=True)
    }
    # What no network is needed for it finds; nothing that the recordings hide, and no flickering.
    assert {relation for relation, right in by_relation.items() if right} == {
        "twin",
        "prefix",
        "crossing",
    }
    assert not any(by_relation[name] for name, promise in PROMISES.items() if promise.hidden)


def test_verdicts_and_causes_of_all_kinds_are_there(stability: xr.Dataset) -> None:
    assert {STAYS, COMES, APART} <= set(stability["verdict"].values) <= set(VERDICTS)
    assert len(set(stability["cause"].values) & set(CAUSES)) >= len(CAUSES) - 1


def test_the_first_line_in_the_terminal_tells_what_was_planted(
    demo: Path, planted: pd.DataFrame, told: Told
) -> None:
    found = score(rows_of(planted), own_answers(*told)).kept
    lines = subprocess.run(
        [sys.executable, "-m", "signpaths", "findings", str(demo)],
        cwd=CHECKOUT / "workflow",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert lines[0].startswith(f"As planted: {found} of {PLANTINGS} plantings")
    assert lines[0].endswith("a copy of the raw signals in place of networks would find 3.")
    page = (demo / "report.html").read_text(encoding="utf-8")
    assert f"Of {PLANTINGS} plantings {found} were found" in page
