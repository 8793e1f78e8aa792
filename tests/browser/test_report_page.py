"""The report in a real browser: its table works, its addresses work, no error happens."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_study import HOSTILE, NAMES, Page, make_study, write_report

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


@pytest.fixture(scope="module")
def dump(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """Open the report at an address and give its DOM, if its script ended well."""
    folder = tmp_path_factory.mktemp("page")
    study = make_study(folder / "study", **SMALL)
    write_report(study, folder / "report.html")

    def opened(address: str) -> str:
        command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
        url = (folder / "report.html").as_uri() + address
        done = subprocess.run(
            [*command, url], capture_output=True, text=True, timeout=60, check=True
        )
        start = done.stdout[: done.stdout.index("<head")]
        assert 'data-ready="yes"' in start, start
        assert "data-error" not in start, start
        return done.stdout

    return opened


def rows(dom: str) -> list[list[str]]:
    body = dom[dom.index('<tbody id="rows">') :]
    body = body[: body.index("</table></div>") if "</table></div>" in body else None]
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
