"""Plantings: what counts as found as promised, and what a copy of the raw signals would find."""

import re
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from fake_study import NAMES, make_whole_study
from signpaths.report.sections.planted import (
    PROMISES,
    Answer,
    Score,
    copied_answers,
    kept,
    own_answers,
    planted_rows,
    planted_sentence,
    score,
    spans,
)
from signpaths.report.study import shown_rows
from signpaths.report.templates import environment
from signpaths.stability.pairs import pair_table
from signpaths.stability.verdicts import (
    APART,
    COMES,
    FLICKERS,
    INPUT,
    LEARNED,
    NONE,
    STAYS,
    UNDECIDED,
)
from signpaths.stores import open_store

RELATIONS = ("twin", "prefix", "crossing", "learned", "learned apart", "trembling")
FLICKERING = [
    {"sign_a": f"{name}{one}", "sign_b": f"{name}{other}", "relation": "flickering", "planting": n}
    for n, name in ((7, "x"), (8, "y"))
    for one, other in combinations(range(4), 2)
]
PLANTED: list[dict[str, Any]] = [
    *(
        {"sign_a": f"{relation}-a", "sign_b": f"{relation}-b", "relation": relation, "planting": n}
        for n, relation in enumerate(RELATIONS, start=1)
    ),
    *FLICKERING,
]


def key(row: dict[str, Any]) -> frozenset[str]:
    return frozenset((row["sign_a"], row["sign_b"]))


def as_promised() -> dict[frozenset[str], Answer]:
    return {
        key(row): Answer(PROMISES[row["relation"]].verdict, PROMISES[row["relation"]].cause)
        for row in PLANTED
    }


@pytest.fixture(scope="module")
def stability(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """Pair 0-1 stays close from the input, 2-3 by learning, and 4-5 comes and goes."""
    study = make_whole_study(tmp_path_factory.mktemp("whole"))
    return open_store(study.folder / "stability.zarr").load()


def planting(*rows: tuple[int, int, str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [(NAMES[a], NAMES[b], relation, number) for a, b, relation, number in rows],
        columns=["sign_a", "sign_b", "relation", "planting"],
    )


def test_a_planting_is_counted_once_however_many_pairs_it_has() -> None:
    assert kept(PLANTED, as_promised()) == [True] * len(PLANTED)
    assert score(PLANTED, as_promised()) == Score(judged=8, kept=8, likely=0, missed=[])


def test_a_quartet_needs_one_pair_of_its_own_that_comes_and_goes() -> None:
    found = as_promised()
    for row in FLICKERING:
        found[key(row)] = Answer(APART, NONE)
    assert score(PLANTED, found) == Score(8, 6, 0, ["flickering", "flickering"])
    # One pair of the first quartet says nothing of the second.
    found[key(FLICKERING[1])] = Answer(COMES, FLICKERS)
    assert kept(FLICKERING, found) == [True] * 6 + [False] * 6
    assert score(PLANTED, found) == Score(8, 7, 0, ["flickering"])


@pytest.mark.parametrize("row", range(len(RELATIONS)))
def test_verdict_and_cause_both_have_to_be_as_promised(row: int) -> None:
    promise = PROMISES[RELATIONS[row]]
    for other in (Answer(UNDECIDED, promise.cause), Answer(promise.verdict, FLICKERS)):
        found = as_promised() | {key(PLANTED[row]): other}
        assert kept(PLANTED, found) == [one is not PLANTED[row] for one in PLANTED]
        assert score(PLANTED, found).missed == [RELATIONS[row]]


def test_what_is_not_in_the_study_or_promises_nothing_is_not_judged() -> None:
    found = as_promised()
    del found[key(PLANTED[0])]
    strange = [{**PLANTED[1], "relation": "sisters"}, *PLANTED[2:]]
    assert kept([PLANTED[0], *strange], found)[:3] == [None, None, True]
    assert score([PLANTED[0], *strange], found) == Score(6, 6, 0, [])


def test_a_planting_is_only_likely_if_none_of_its_right_pairs_is_sure() -> None:
    found = as_promised()
    found[key(PLANTED[0])] = Answer(STAYS, INPUT, sure=False)
    for row in FLICKERING[:6]:
        found[key(row)] = Answer(COMES, FLICKERS, sure=False)
    assert score(PLANTED, found).likely == 2
    found[key(FLICKERING[0])] = Answer(COMES, FLICKERS, sure=True)
    assert score(PLANTED, found).likely == 1
    # A sure answer that is not the promised one makes nothing sure.
    found[key(FLICKERING[0])] = Answer(APART, NONE, sure=True)
    assert score(PLANTED, found).likely == 2


def test_rows_of_one_planting_are_told_of_once() -> None:
    assert spans(PLANTED) == [1] * len(RELATIONS) + [6, *[0] * 5, 6, *[0] * 5]


def told(stability: xr.Dataset) -> tuple[list[dict[str, Any]], float]:
    """Give the pairs as `pairs.csv` has them, and how often is sure."""
    return shown_rows(pair_table(stability)), float(stability.attrs["sure"])


def test_own_answers_are_those_of_the_study(stability: xr.Dataset) -> None:
    own = own_answers(*told(stability))
    answers = [own[frozenset(NAMES[a : a + 2])] for a in (0, 2, 4)]
    assert [(one.verdict, one.cause) for one in answers] == [
        (STAYS, INPUT),
        (STAYS, LEARNED),
        (COMES, FLICKERS),
    ]
    assert len(own) == stability.sizes["pair"]
    for at in range(stability.sizes["pair"]):
        one = stability.isel(pair=at)
        answers = [("verdict", UNDECIDED), ("cause", NONE)]
        often = [
            one[f"{name}_repeats"] >= stability.attrs["sure"]
            for name, no_answer in answers
            if one[name] != no_answer
        ]
        assert own[frozenset((one.sign_a.item(), one.sign_b.item()))].sure == all(often)
    assert {one.sure for one in own.values()} == {True, False}
    # A verdict without a cause is as sure as it is.
    assert any(one.sure and one.cause == NONE for one in own.values())


def test_a_copy_of_the_raw_signals_knows_only_what_these_say(stability: xr.Dataset) -> None:
    copied = copied_answers(stability)
    raw = stability["raw_close"].values.astype(bool)
    assert [one.verdict for one in copied.values()] == [STAYS if close else APART for close in raw]
    assert copied[frozenset(NAMES[:2])] == Answer(STAYS, INPUT)
    assert copied[frozenset(NAMES[2:4])] == Answer(APART, NONE)
    without = stability.sel(space=["hidden"])
    assert {one.cause for one in copied_answers(without).values()} == {NONE}


def test_the_copy_is_measured_and_not_asserted(stability: xr.Dataset) -> None:
    """Raw signals that say what the networks say score as they do."""
    told = stability.assign(raw_close=stability["close"].sel(space="hidden").min("network") == 1)
    copied = copied_answers(told)
    assert copied[frozenset(NAMES[:2])].verdict == STAYS
    assert copied[frozenset(NAMES[2:4])].verdict == STAYS


def test_the_sentence_counts_plantings_and_what_a_copy_would_find(stability: xr.Dataset) -> None:
    planted = planting(
        (0, 1, "twin", 1),
        (2, 3, "learned", 2),
        (4, 5, "flickering", 3),
        (4, 6, "flickering", 3),
        (5, 6, "flickering", 3),
    )
    text = planted_sentence(planted, stability, told(stability)[0])
    assert text.startswith("As planted: 3 of 3 plantings")
    assert text.endswith("; a copy of the raw signals in place of networks would find 1.")
    wrong = planted_sentence(planting((2, 3, "crossing", 1)), stability, told(stability)[0])
    assert wrong == (
        "As planted: 0 of 1 plantings (not crossing); a copy of the raw signals in place of "
        "networks would find 1."
    )


def test_rows_tell_what_networks_and_the_copy_found(stability: xr.Dataset) -> None:
    planted = planting((0, 1, "twin", 1), (2, 3, "learned", 2))
    rows = planted_rows(planted, stability, told(stability)[0])
    assert [(row["agrees"], row["copied"], row["span"]) for row in rows["rows"]] == [
        (True, True, 1),
        (True, False, 1),
    ]
    assert (rows["score"].kept, rows["copied"].kept) == (2, 1)
    page = environment(escape=True).get_template("sections/planted.html.j2")
    text = page.render(planted=rows, pictures={})
    assert re.findall(r"<td>(yes|no)</td><td>(yes|no)</td></tr>", text) == [
        ("yes", "yes"),
        ("yes", "no"),
    ]


@pytest.mark.parametrize(
    ("often", "expected"), [(0.79, "likely stays close"), (0.8, "stays close")]
)
def test_what_is_only_likely_is_shown_so(
    stability: xr.Dataset, often: float, expected: str
) -> None:
    repeated = stability.assign(verdict_repeats=stability["verdict_repeats"] * 0 + often)
    rows = planted_rows(planting((0, 1, "twin", 1)), repeated, told(repeated)[0])
    page = environment(escape=True).get_template("sections/planted.html.j2")
    text = page.render(planted=rows, pictures={})
    # What was planted first, and then what was found.
    badges = re.findall(r'<span class="verdict [a-z-]+">([^<]+)</span>', text)
    assert badges == ["stays close", expected]


def test_a_study_of_signs_alone_has_no_planting(stability: xr.Dataset) -> None:
    rows = planted_rows(planting(), stability, told(stability)[0])
    assert rows["rows"] == []
    assert rows["score"] == Score(0, 0, 0, [])
