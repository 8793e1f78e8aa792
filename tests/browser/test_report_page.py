"""The report in a real browser: its table works, its addresses work, no error happens."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_study import (
    HOSTILE,
    NAMES,
    Page,
    make_study,
    make_whole_study,
    write_report,
    write_whole_report,
)
from signpaths.stores import open_store

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=4000",
    "--dump-dom",
)
SMALL: Any = {"names": (*NAMES, *HOSTILE), "takes": 1, "spaces": ("hidden", "ae2")}
Dump = Callable[[str], str]


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("chromium is not installed")
    return found


def opener(browser: str, page: Path, folder: Path) -> Dump:
    """Open a page at an address and give its DOM, if its script ended well."""

    def opened(address: str) -> str:
        command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
        done = subprocess.run(
            [*command, page.as_uri() + address],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        start = done.stdout[: done.stdout.index("<head")]
        assert 'data-ready="yes"' in start, start
        assert "data-error" not in start, start
        return done.stdout

    return opened


@pytest.fixture(scope="module")
def dump(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """The report of a study that holds the least."""
    folder = tmp_path_factory.mktemp("page")
    write_report(make_study(folder / "study", **SMALL), folder / "report.html")
    return opener(browser, folder / "report.html", folder)


@pytest.fixture(scope="module")
def whole(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """The report of a study that holds cause, evidence and trust."""
    folder = tmp_path_factory.mktemp("whole")
    write_whole_report(make_whole_study(folder / "study", **SMALL), folder / "report.html")
    return opener(browser, folder / "report.html", folder)


def rows(dom: str) -> list[list[str]]:
    body = dom[dom.index('<tbody id="rows">') :]
    page = Page(body[: body.index('<p class="more"')])
    return [row for row in page.rows if len(row) >= 9 and "\N{EN DASH}" in row[0]]


def pairs(dom: str) -> list[str]:
    return [row[0].replace(" \N{EN DASH} ", "/") for row in rows(dom)]


def status(dom: str) -> str:
    found = re.search(r'id="status"[^>]*>([^<]*)<', dom)
    assert found
    return unescape(found[1])


def test_without_an_address_the_first_rows_are_those_written_for_readers_without_a_script(
    dump: Dump, tmp_path: Path
) -> None:
    study = make_study(tmp_path / "s", **SMALL)
    written = rows(write_report(study, tmp_path / "report.html"))
    dom = dump("")
    assert rows(dom) == written
    assert len(written) == 30
    assert status(dom) == "All 91 pairs, the first 30 shown."


def test_search_shows_just_the_matching_rows(dump: Dump) -> None:
    dom = dump("#q=drink")
    assert len(pairs(dom)) == len(NAMES) + len(HOSTILE) - 1
    assert all("drink" in pair for pair in pairs(dom))
    assert status(dom) == "13 of 91 pairs."
    assert pairs(dump("#q=drink%20dang")) == ["drink/danger"]
    assert "No pair matches" in dump("#q=nothing-like-it")


def test_verdict_and_order_come_from_the_address(dump: Dump) -> None:
    found = rows(dump("#verdict=stays%20close"))
    assert found
    assert {row[1] for row in found} == {"stays close"}
    order = [float(row[5]) for row in rows(dump("#q=god&sort=-rank:hidden"))]
    assert order == sorted(order, reverse=True)


def test_a_cited_pair_opens_with_its_details(dump: Dump) -> None:
    dom = dump("#pair=danger,drink")
    assert pairs(dom) == ["drink/danger"]
    assert "Address of this pair" in dom
    assert re.search(r'id="cited"(?! hidden)', dom)


def test_hostile_names_are_shown_and_cited_as_text(dump: Dump) -> None:
    dom = dump("#pair=%3Cscript%3Ealert(1)%3C%2Fscript%3E,a%22%2Cb")
    assert pairs(dom) == ['<script>alert(1)</script>/a",b']
    assert dom.count("<script") == 2


def test_the_first_rows_are_the_same_with_and_without_a_script(whole: Dump, tmp_path: Path) -> None:
    study = make_whole_study(tmp_path / "s", **SMALL)
    assert rows(whole("")) == rows(write_whole_report(study, tmp_path / "report.html"))


def test_origins_filter_together_with_verdicts(whole: Dump) -> None:
    found = rows(whole("#origin=learned,input-driven"))
    assert {row[1] for row in found} == {"stays close learned", "stays close input-driven"}
    dom = whole("#origin=learned&verdict=stays%20close")
    assert pairs(dom) == ["who/soon"]
    assert status(dom) == "1 of 91 pairs."
    assert re.search(r'name="origin" value="learned" checked', dom)
    assert pairs(whole("#origin=learned&verdict=apart")) == []
    assert status(whole("#origin=no-such-origin")) == "0 of 91 pairs."


def test_the_details_of_a_pair_are_its_numbers(whole: Dump, tmp_path: Path) -> None:
    folder = make_whole_study(tmp_path / "s", **SMALL).folder
    row = open_store(folder / "stability.zarr").load().isel(pair=0)
    dom = whole("#pair=drink,danger")
    detail = Page(dom[dom.index('<tr class="detail">') :])
    often, near = (
        next(shown for shown in detail.rows if shown[0] == "Space" and name in shown)
        for name in ("By chance", "Paths meet")
    )
    lines = [shown for shown in detail.rows if shown[0] == "ae2"]
    of_ae2 = dict(zip(often, lines[0], strict=True)) | dict(zip(near, lines[1], strict=True))
    at = {
        name: float(row[name].sel(space="ae2"))
        for name in row
        if "space" in row[name].dims and row[name].ndim == 1
    }
    assert of_ae2["Close in"] == f"{round(12 * at['pi'])}/12"
    assert float(of_ae2["By chance"]) == pytest.approx(at["p_chance"], abs=0.006)
    assert of_ae2["If close up to 2"] == f"{round(12 * at['pi_double_k'])}/12"
    assert float(of_ae2["Mean rank"]) == pytest.approx(at["rank_mean"], abs=0.051)
    low, high = of_ae2["Interval (95\N{NO-BREAK SPACE}%)"].split("\N{EN DASH}")
    assert float(low) == pytest.approx(at["rank_low"], abs=0.051)
    assert float(high) == pytest.approx(at["rank_high"], abs=0.051)
    assert float(of_ae2["Varies by LSTM"]) == pytest.approx(at["lstm_variance"], abs=0.0051)
    assert float(of_ae2["Varies by autoencoder"]) == pytest.approx(at["ae_variance"], abs=0.0051)
    assert float(of_ae2["Paths meet"].split("\N{NO-BREAK SPACE}")[0]) == pytest.approx(
        100 * at["crossing"], abs=0.051
    )
    assert [shown for shown in detail.rows if shown[0] == "hidden"][1][
        near.index("Varies by autoencoder")
    ] == "\N{EN DASH}"
    told = " ".join("".join(detail.text).split())
    beyond = float(row["beyond_input"])
    assert f"it is {abs(beyond):.2f} standard deviations nearer" in told
    assert "After training the pair is close in as many LSTMs as before." in told
    assert "It is lost in the projection" in told


def test_the_details_say_what_training_adds(whole: Dump) -> None:
    assert re.search(r"close in \d+ LSTMs more than before \(p ", whole("#pair=who,soon"))


def test_the_details_show_what_another_limit_would_give(whole: Dump, tmp_path: Path) -> None:
    folder = make_whole_study(tmp_path / "s", **SMALL).folder
    stability = open_store(folder / "stability.zarr").load()
    spread = (stability.pi_double_k - stability.pi).max("space")
    row = stability.isel(pair=int(spread.values.argmax()))
    assert (row.pi_double_k.values != row.pi.values).any()
    dom = whole(f"#pair={row.sign_a.item()},{row.sign_b.item()}")
    detail = Page(dom[dom.index('<tr class="detail">') :])
    head = next(shown for shown in detail.rows if "If close up to 2" in shown)
    for space in row.space.values:
        line = next(shown for shown in detail.rows if shown[0] == space)
        share = float(row.pi_double_k.sel(space=space))
        assert line[head.index("If close up to 2")] == f"{round(12 * share)}/12"
