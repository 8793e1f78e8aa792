"""The pairs that a page's table holds: all, or the closest that fit, and the page says which."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_study import Page, Study, make_study, make_whole_study, packed_pairs, write_whole_report
from hypothesis import given
from hypothesis import strategies as st
from signpaths.options import StabilityOptions
from signpaths.report import held
from signpaths.report import report as page_stage
from signpaths.stability.verdicts import APART, COMES, STAYS, verdict_of_counts
from slow_packing import bytes_of

NAMES = [f"sign {number}" for number in range(16)]
SPACES = ("hidden", "untrained", "ae2", "shared_pca2")
# Bytes that a page lacks for its whole table.
LACKING = 4000


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_whole_study(tmp_path_factory.mktemp("whole"), names=NAMES, runs=6, spaces=SPACES)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another study of the same signs, to stand beside it."""
    return make_study(tmp_path_factory.mktemp("other"), names=NAMES, runs=2, spaces=SPACES).folder


@pytest.fixture(scope="module")
def whole(study: Study, other: Path) -> str:
    return write_whole_report(study, study.folder / "whole.html", compare=[other])


@pytest.fixture(scope="module")
def cut(study: Study, other: Path, whole: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_stage, "LARGEST", len(whole.encode()) - LACKING)
        return write_whole_report(study, study.folder / "cut.html", compare=[other])


def test_a_page_holds_the_closest_pairs_that_fit(study: Study, whole: str, cut: str) -> None:
    every, some = (packed_pairs(text) for text in (whole, cut))
    most = len(whole.encode()) - LACKING
    assert (1 - held.SPARE) * most <= len(cut.encode()) <= most
    count = len(some["rows"])
    assert 30 < count < len(every["rows"])
    assert some["rows"] == every["rows"][:count]
    assert some["curves"] == every["curves"][:count]
    assert (some.get("of"), every.get("of")) == (len(every["rows"]), None)
    table = pd.read_csv(study.folder / "pairs.csv")
    assert [row[:2] for row in some["rows"]] == table[["sign_a", "sign_b"]][:count].values.tolist()


def test_it_says_how_many_of_how_many(study: Study, whole: str, cut: str) -> None:
    count, every = len(packed_pairs(cut)["rows"]), len(packed_pairs(whole)["rows"])
    text = " ".join("".join(Page(cut).text).split())
    assert f"This page has room for the {count} closest of {every} pairs" in text
    assert f"the {every - count} least close of {every} pairs in its table" in text
    verdict = pd.read_csv(study.folder / "pairs.csv")["verdict"]
    for name, total in verdict.value_counts().items():
        assert f"{(verdict[:count] == name).sum()} of {total} {name}" in text
    assert "Every pair of signs" not in text
    for said in ("This page has room", "least close of", "would be larger"):
        assert said not in whole


def test_what_is_said_of_all_pairs_stays(whole: str, cut: str) -> None:
    """From the sections behind the table to the end, and the opening, nothing changes."""
    for start, end in (('id="main"', "<nav"), ('id="static-pairs"', "<footer>")):
        first, second = (text.split(start)[1].split(end)[0] for text in (whole, cut))
        assert first == second


def test_other_studies_answer_on_the_pairs_that_are_held(whole: str, cut: str) -> None:
    every, some = (
        json.loads(bytes_of(text.split('id="studies-data">')[1].split("<")[0]))
        for text in (whole, cut)
    )
    count = len(packed_pairs(cut)["rows"])
    assert some["in_all"] == every["in_all"][:count]
    for name, value in every["studies"][1].items():
        wanted = value[:count] if isinstance(value, list) else value
        assert some["studies"][1][name] == wanted


@given(st.integers(0, 300), st.lists(st.integers(1, 40), min_size=2, max_size=400), st.data())
def test_as_many_fit_as_there_is_room_for(
    frame: int, sizes: list[int], data: st.DataObject
) -> None:
    total = np.cumsum([frame, *sizes])
    most = data.draw(st.integers(1, int(total[-1]) - 1))
    asked: list[int] = []

    def page_of(pairs: int) -> str:
        asked.append(pairs)
        return "x" * int(total[pairs])

    page = held.fitting(page_of, len(sizes), "x" * int(total[-1]), most)
    pairs = int(np.flatnonzero(total == len(page))[-1])
    assert len(page) <= most or pairs == 1
    if len(page) <= most:
        assert total[pairs + 1] > most or most - len(page) <= held.SPARE * most
    assert len(asked) <= 30


def test_a_table_too_large_by_itself_is_not_packed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def packed(_: Any, pairs: int) -> held.Table:
        asked.append(pairs)
        return held.Table(pairs, {}, {}, "x" * pairs)

    monkeypatch.setattr(held, "AT_ONCE", 40)
    monkeypatch.setattr(held, "packed", packed)
    study: Any = SimpleNamespace(table=range(276))
    assert held.packed_within(study, 100).pairs == 110
    assert held.packed_within(study, 276).pairs == 276
    assert held.packed_within(study, 30).pairs == 40
    assert asked == [40, 110, 40, 276, 40]


@given(st.integers(2, 40), st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_the_order_keeps_pairs_that_are_close_at_times(networks: int, close: list[int]) -> None:
    """No pair that is apart is closer than one that stays close, or comes and goes."""
    count = np.sort(np.minimum(close, networks))[::-1]
    verdict = verdict_of_counts(count, networks, StabilityOptions())
    answered = np.flatnonzero(np.isin(verdict, [STAYS, COMES]))
    apart = np.flatnonzero(verdict == APART)
    assert not answered.size or not apart.size or answered.max() < apart.min()
    stays, rest = np.flatnonzero(verdict == STAYS), np.flatnonzero(verdict != STAYS)
    assert not stays.size or not rest.size or stays.max() < rest.min()
