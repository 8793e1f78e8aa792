"""The report in a real browser: its table works, its addresses work, no error happens."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import (
    HOSTILE,
    NAMES,
    QUICK,
    Page,
    Study,
    make_study,
    make_whole_study,
    write_report,
    write_whole_report,
)
from signpaths.columns import NEAR, Column
from signpaths.stores import open_store, write_store

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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that holds cause, evidence and trust, with its report."""
    folder = tmp_path_factory.mktemp("whole")
    write_whole_report(make_whole_study(folder, **SMALL), folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def whole(browser: str, folder: Path) -> Dump:
    """The report of that study."""
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
    assert {row[1].removeprefix("likely ") for row in found} == {"stays close"}
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


def test_the_first_rows_are_the_same_with_and_without_a_script(whole: Dump, folder: Path) -> None:
    written = (folder / "report.html").read_text(encoding="utf-8")
    assert rows(whole("")) == rows(written)


def test_the_rows_saved_are_the_text_of_pairs_csv(browser: str, folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    # Without its policy, the page can be asked what it would save.
    open_to_all = re.sub(r"<meta http-equiv[^>]*>", "", page)
    asking = "document.getElementById('saved').textContent = csv();"
    asked = f'<pre id="saved"></pre><script>{asking}</script></body>'
    (folder / "asked.html").write_text(open_to_all.replace("</body>", asked), encoding="utf-8")
    dom = opener(browser, folder / "asked.html", folder)("")
    saved = re.search(r'<pre id="saved">(.*?)</pre>', dom, re.DOTALL)
    assert saved
    written = (folder / "pairs.csv").read_text(encoding="utf-8")
    assert re.search(r"e-\d\d[,\n]", written)
    assert unescape(saved[1]) == written


def test_causes_filter_together_with_verdicts(whole: Dump) -> None:
    found = rows(whole("#cause=learned,input-driven"))
    assert {row[1] for row in found} == {"stays close learned", "stays close input-driven"}
    dom = whole("#cause=learned&verdict=stays%20close")
    assert pairs(dom) == ["who/soon"]
    assert status(dom) == "1 of 91 pairs."
    assert re.search(r'name="cause" value="learned" checked', dom)
    assert pairs(whole("#cause=learned&verdict=apart")) == []
    assert status(whole("#cause=no-such-cause")) == "0 of 91 pairs."


def test_the_details_of_a_pair_are_its_numbers(whole: Dump, folder: Path) -> None:
    row = open_store(folder / "stability.zarr").load().isel(pair=0)
    dom = whole("#pair=drink,danger")
    detail = Page(dom[dom.index('<tr class="detail">') :])
    often, near = (
        next(shown for shown in detail.rows if shown[0] == "Space" and name in shown)
        for name in ("By arrangement", "Paths meet")
    )
    lines = [shown for shown in detail.rows if shown[0] == "ae2"]
    of_ae2 = dict(zip(often, lines[0], strict=True)) | dict(zip(near, lines[1], strict=True))
    at = {
        name: float(row[name].sel(space="ae2"))
        for name in row
        if row[name].dims == ("space",) and row[name].dtype.kind != "U"
    }
    assert of_ae2["Close in"] == f"{24 * at['pi']:.3g}/24"
    assert float(of_ae2["By arrangement"]) == pytest.approx(at["p_arrangement"], abs=0.006)
    assert of_ae2["If close up to 2"] == f"{24 * at['pi_double_k']:.3g}/24"
    assert float(of_ae2["Mean rank"]) == pytest.approx(at["rank_mean"], abs=0.051)
    low, high = of_ae2["Interval (95\N{NO-BREAK SPACE}%)"].split("\N{EN DASH}")
    assert float(low) == pytest.approx(at["rank_low"], abs=0.051)
    assert float(high) == pytest.approx(at["rank_high"], abs=0.051)
    for heading, name in (("Together to", "together"), ("Apart from", "parts")):
        parting = of_ae2[f"{heading}, interval"].removesuffix("\N{NO-BREAK SPACE}%")
        assert [float(end.strip("<>")) for end in parting.split("\N{EN DASH}")] == [
            pytest.approx(100 * at[f"{name}_{end}"], abs=0.51) for end in ("low", "high")
        ]
    assert float(of_ae2["Varies by network"]) == pytest.approx(at["network_variance"], abs=0.0051)
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
    assert "After training the pair is close in as many networks as before." in told
    assert of_ae2["Picture"].removeprefix("likely ") == row["picture"].sel(space="ae2").item()


def test_the_details_say_what_training_adds(whole: Dump) -> None:
    assert re.search(r"close in \d+ networks more than before \(p ", whole("#pair=who,soon"))


def test_the_details_show_what_another_limit_would_give(whole: Dump, folder: Path) -> None:
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
        # Networks, or pictures of two autoencoders each.
        every = 24 if space.startswith("ae") else 12
        assert line[head.index("If close up to 2")] == f"{round(every * share)}/{every}"


# How a column is shown, its value, the other end of the interval, and what a reader sees.
SHOWN: tuple[tuple[Any, float, float | None, str], ...] = (
    ("bar", 0.5, None, "12/24"),
    ("count", 0.25, None, "6/24"),
    ("percent", 0.123, None, "12\N{NO-BREAK SPACE}%"),
    ("percent", 0.996, None, ">99\N{NO-BREAK SPACE}%"),
    ("percent", 0.004, None, "<1\N{NO-BREAK SPACE}%"),
    ("percent", 1.0, None, "100\N{NO-BREAK SPACE}%"),
    ("percent", 0.123, 0.5, "12–50\N{NO-BREAK SPACE}%"),
    ("fine percent", 0.1234, None, "12.3\N{NO-BREAK SPACE}%"),
    ("rank", 1.44, None, "1.4"),
    ("rank", 1.44, 2.0, "1.4–2.0"),
    ("number", 0.256, None, "0.26"),
    ("p", 0.01234, None, "0.0123"),
    ("p", 1.2e-05, None, "1.2 × 10⁻⁵"),
    ("probability", 0.0001, None, "<0.001"),
    ("number", np.nan, None, "–"),
)


def test_new_statistics_are_shown_as_their_columns_say(
    browser: str, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "study", ignore=shutil.ignore_patterns("profile"))
    stable = open_store(folder / "stability.zarr").load()
    shape = stable.pi.shape
    for index, (shown, value, high, _) in enumerate(SHOWN):
        name = f"new{index}"
        to = f"{name}_high" if high else ""
        column = Column(name, "new", 7, heading=f"New {index}", shown=shown, to=to, group=NEAR)
        stable[name] = column.over(("space", "pair"), np.full(shape, value))
        if high:
            stable[to] = Column(to, "new", 7).over(("space", "pair"), np.full(shape, high))
    shutil.rmtree(tmp_path / "study/stability.zarr")
    store = tmp_path / "study/stability.zarr"
    write_store(stable, store, stage="stability", title="for a test", options=QUICK)
    write_whole_report(Study(tmp_path / "study"), tmp_path / "new.html")
    dom = opener(browser, tmp_path / "new.html", tmp_path)("#pair=drink,danger")
    detail = Page(dom[dom.index('<tr class="detail">') :])
    head = next(row for row in detail.rows if "New 0" in row)
    line = [row for row in detail.rows if row[0] == "ae2"][1]
    found = dict(zip(head, line, strict=True))
    assert [found[f"New {index}"] for index in range(len(SHOWN))] == [text for *_, text in SHOWN]


def test_what_one_network_cannot_tell_is_a_dash(browser: str, tmp_path: Path) -> None:
    study = make_whole_study(tmp_path / "study", runs=1, autoencoders=1, **SMALL)
    write_whole_report(study, tmp_path / "report.html")
    dom = opener(browser, tmp_path / "report.html", tmp_path)("#pair=drink,danger")
    detail = Page(dom[dom.index('<tr class="detail">') :])
    head = next(row for row in detail.rows if "Varies by network" in row)
    for line in [row for row in detail.rows if row[0] in ("hidden", "ae2")][2:4]:
        told = dict(zip(head, line, strict=True))
        for name in ("Interval (95\N{NO-BREAK SPACE}%)", "Varies by network"):
            assert told[name] == "–"
        assert told["Varies by autoencoder"] == "–"
        assert told["Mean rank"] != "–"
