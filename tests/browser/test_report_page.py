"""The report in a real browser: its table works, its addresses work, no error happens."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import (
    HOSTILE,
    NAMES,
    QUICK,
    Study,
    make_study,
    make_whole_study,
    packed_pairs,
    write_report,
    write_whole_report,
)
from playwright.sync_api import Page
from signpaths.columns import NEAR, Column
from signpaths.stores import open_store, write_store
from visits import serious_faults, until

SMALL: Any = {"names": (*NAMES, *HOSTILE), "takes": 1, "spaces": ("hidden", "ae2")}
ALL = 91
DASH = "\N{EN DASH}"
PERCENT = "\N{NO-BREAK SPACE}%"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a study that holds the least."""
    folder = tmp_path_factory.mktemp("page")
    write_report(make_study(folder / "study", **SMALL), folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that holds cause, evidence and trust, with its report."""
    folder = tmp_path_factory.mktemp("whole")
    write_whole_report(make_whole_study(folder, **SMALL), folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    return folder / "report.html"


def pairs(page: Page) -> list[str]:
    """Give the pairs of the rows in sight as they are written, in their order."""
    lines = page.locator("#grid .grid-body .line")
    shown = lines.evaluate_all(
        "all => all.map(one => [+one.getAttribute('aria-rowindex'), "
        "one.querySelector('.names').textContent])"
    )
    return [name for _, name in sorted(shown)]


def status(page: Page) -> str:
    return page.locator(".beside [role=status]").inner_text()


def filled(page: Page) -> int:
    """Give how many rows the table has, those out of sight too."""
    return int(page.locator("#grid").get_attribute("aria-rowcount") or 0) - 1


def details(page: Page) -> list[list[str]]:
    """Give the rows of the tables with all numbers of the chosen pair."""
    rows: list[list[str]] = page.locator(".numbers tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return rows


def test_the_table_begins_as_it_is_written_for_readers_without_a_script(
    visit: Visit, whole: Path
) -> None:
    with visit(whole, java_script_enabled=False) as page:
        assert page.locator("#explorer").is_hidden()
        written = page.locator("#static-pairs tbody th").all_inner_texts()
        assert len(written) == 30
        assert page.locator("#findings").is_visible()
    with visit(whole) as page:
        assert page.locator("#static-pairs").is_hidden()
        shown = pairs(page)
        assert len(shown) < ALL
        assert shown == written[: len(shown)]
        assert (filled(page), status(page)) == (ALL, f"All {ALL} pairs.")


def test_on_paper_the_rows_stand_as_they_were_written(visit: Visit, whole: Path) -> None:
    with visit(whole) as page:
        page.emulate_media(media="print")
        assert page.locator("#static-pairs").is_visible()
        assert page.locator("#explorer").inner_text().strip() == ""


def test_only_rows_in_sight_are_in_the_page_and_all_can_be_reached(
    visit: Visit, least: Path
) -> None:
    with visit(least) as page:
        page.locator("#grid").focus()
        page.keyboard.press("End")
        until(page, f"document.querySelector('[aria-rowindex=\"{ALL + 1}\"]')")
        assert page.locator("[aria-selected=true]").get_attribute("aria-rowindex") == str(ALL + 1)
        assert page.locator("#grid .grid-body .line").count() < 50


def test_search_shows_just_the_matching_rows(visit: Visit, least: Path) -> None:
    with visit(least, "#q=drink") as page:
        assert filled(page) == len(NAMES) + len(HOSTILE) - 1
        assert all("drink" in pair for pair in pairs(page))
        assert status(page) == f"13 of {ALL} pairs."
        page.locator("#q").fill("drink dang")
        until(page, "document.querySelector('#grid').ariaRowCount === '2'")
        assert pairs(page) == [f"drink {DASH} danger"]
        page.locator("#q").fill("nothing-like-it")
        page.get_by_text("No pair matches").wait_for()


def test_keys_search_choose_and_let_go(visit: Visit, least: Path) -> None:
    with visit(least) as page:
        page.keyboard.press("/")
        page.keyboard.type("drink")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        chosen = page.locator("[aria-selected=true]")
        assert chosen.get_attribute("aria-rowindex") == "3"
        assert page.locator("#grid").get_attribute("aria-activedescendant") == (
            chosen.get_attribute("id")
        )
        name = pairs(page)[1]
        assert page.locator("#card h3").inner_text() == name
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "card"
        page.keyboard.press("Escape")
        assert page.locator("#card h3").is_hidden()
        page.keyboard.press("/")
        page.keyboard.press("Escape")
        assert status(page) == f"All {ALL} pairs."


def test_verdict_and_order_come_from_the_address(visit: Visit, least: Path) -> None:
    with visit(least, "#verdict=stays%20close") as page:
        found = page.locator("#grid .verdict").all_inner_texts()
        assert found
        assert {one.removeprefix("likely ") for one in found} == {"stays close"}
    with visit(least, "#q=god&sort=-rank:hidden&ranks=hidden") as page:
        order = [float(one) for one in page.locator("#grid .grid-body .rank").all_inner_texts()]
        assert len(order) > 5
        assert order == sorted(order, reverse=True)


def test_heads_sort_down_up_and_as_before(visit: Visit, least: Path) -> None:
    with visit(least) as page:
        before = pairs(page)
        head = page.locator(".head .names")
        orders = []
        for direction in ("ascending", "descending", None):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == direction
            orders.append(pairs(page))
        assert orders[0] == sorted(
            orders[0], key=lambda name: name.replace(f" {DASH} ", "\n").lower()
        )
        assert orders[1] != orders[0]
        assert orders[2] == before


def test_a_cited_pair_opens_with_its_card(visit: Visit, least: Path) -> None:
    with visit(least, "#pair=danger,drink") as page:
        assert page.locator("#card h3").inner_text() == f"drink {DASH} danger"
        assert page.locator("#grid [aria-selected=true] .names").inner_text() == (
            f"drink {DASH} danger"
        )
        page.get_by_role("button", name="Let it go").click()
        until(page, "location.hash === ''")


def test_an_address_restores_what_is_looked_at(visit: Visit, whole: Path) -> None:
    with visit(whole) as page:
        page.locator("#q").fill("drink")
        page.get_by_role("checkbox", name=re.compile("^apart")).uncheck()
        page.locator(".head .q button").click()
        page.locator("#grid .grid-body .line").first.click()
        until(page, "location.hash.includes('pair=')")
        page.wait_for_timeout(300)
        address, shown = page.evaluate("location.hash"), pairs(page)
        card = page.locator("#card h3").inner_text()
    with visit(whole, address) as page:
        assert pairs(page) == shown
        assert page.locator("#card h3").inner_text() == card
        assert page.locator("#q").input_value() == "drink"
        page.wait_for_timeout(300)
        assert page.evaluate("location.hash") == address


def test_hostile_names_are_shown_and_cited_as_text(visit: Visit, least: Path) -> None:
    with visit(least, "#pair=%3Cscript%3Ealert(1)%3C%2Fscript%3E,a%22%2Cb") as page:
        assert page.locator("#card h3 bdi").all_inner_texts() == [
            "<script>alert(1)</script>",
            'a",b',
        ]
        assert page.locator("script").count() == 2
        assert page.locator("#explorer b, #explorer img").count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "#pair=%E0%A4%A,x", "#pair=a", "#sort=-no:such", "#q=%", "#camera=NaN,x&time=7&seed=-1",
        "#view=__proto__&colour=constructor&matrix=%3Cb%3E", "#verdict=nothing&cause=",
    ],
)  # fmt: skip
def test_addresses_that_make_no_sense_do_no_harm(visit: Visit, whole: Path, address: str) -> None:
    with visit(whole, address) as page:
        assert page.evaluate("document.documentElement.dataset.error") is None


def test_the_rows_saved_are_the_text_of_pairs_csv(visit: Visit, folder: Path) -> None:
    with visit(folder / "report.html") as page:
        with page.expect_download() as download:
            page.locator("#save").click()
        saved = Path(download.value.path()).read_text(encoding="utf-8")
        written = (folder / "pairs.csv").read_text(encoding="utf-8")
        assert re.search(r"e-\d\d[,\n]", written)
        assert saved == written
        page.locator("#q").fill("who soon")
        until(page, "document.querySelector('#grid').ariaRowCount === '2'")
        with page.expect_download() as download:
            page.locator("#save").click()
        some = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        assert some[0] == written.splitlines()[0]
        assert len(some) == 2
        assert some[1] in written.splitlines()


def test_causes_filter_together_with_verdicts(visit: Visit, whole: Path) -> None:
    with visit(whole, "#cause=learned,input-driven") as page:
        shown = page.locator("#grid .line:not(.head) .answers").all_inner_texts()
        assert {tuple(one.split("\n")) for one in shown} == {
            ("stays close", "learned"),
            ("stays close", "input-driven"),
        }
    with visit(whole, "#cause=learned&verdict=stays%20close") as page:
        assert pairs(page) == [f"who {DASH} soon"]
        assert status(page) == f"1 of {ALL} pairs."
        assert page.locator("[name=cause][value=learned]").is_checked()
        assert not page.locator("[name=cause][value=input-driven]").is_checked()
    with visit(whole, "#cause=learned&verdict=apart") as page:
        assert pairs(page) == []
    with visit(whole, "#cause=no-such-cause") as page:
        assert status(page) == f"All {ALL} pairs."
        assert "cause no-such-cause" in page.locator("#explorer > .notice").inner_text()


def test_the_details_of_a_pair_are_its_numbers(visit: Visit, folder: Path) -> None:
    row = open_store(folder / "stability.zarr").load().isel(pair=0)
    with visit(folder / "report.html", "#pair=drink,danger") as page:
        rows = details(page)
        told = " ".join(page.locator(".why").inner_text().split())
    often, near = (
        next(shown for shown in rows if shown[0] == "Space" and name in shown)
        for name in ("By arrangement", "Paths meet")
    )
    lines = [shown for shown in rows if shown[0] == "ae2"]
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
    low, high = of_ae2[f"Interval (95{PERCENT})"].split(DASH)
    assert float(low) == pytest.approx(at["rank_low"], abs=0.051)
    assert float(high) == pytest.approx(at["rank_high"], abs=0.051)
    for heading, name in (("Together to", "together"), ("Apart from", "parts")):
        parting = of_ae2[f"{heading}, interval"].removesuffix(PERCENT)
        assert [float(end.strip("<>")) for end in parting.split(DASH)] == [
            pytest.approx(100 * at[f"{name}_{end}"], abs=0.51) for end in ("low", "high")
        ]
    assert float(of_ae2["Varies by network"]) == pytest.approx(at["network_variance"], abs=0.0051)
    assert float(of_ae2["Varies by autoencoder"]) == pytest.approx(at["ae_variance"], abs=0.0051)
    assert float(of_ae2["Paths meet"].split("\N{NO-BREAK SPACE}")[0]) == pytest.approx(
        100 * at["crossing"], abs=0.051
    )
    hidden = [shown for shown in rows if shown[0] == "hidden"]
    assert hidden[1][near.index("Varies by autoencoder")] == DASH
    beyond = float(row["beyond_input"])
    assert f"it is {abs(beyond):.2f} standard deviations nearer" in told
    assert "After training the pair is close in as many networks as before." in told
    assert of_ae2["Picture"].removeprefix("likely ") == row["picture"].sel(space="ae2").item()


def test_the_card_says_what_training_adds(visit: Visit, whole: Path) -> None:
    with visit(whole, "#pair=who,soon") as page:
        told = page.locator(".why").inner_text()
    assert re.search(r"close in \d+ networks more than before \(p ", told)


def test_the_details_show_what_another_limit_would_give(visit: Visit, folder: Path) -> None:
    stability = open_store(folder / "stability.zarr").load()
    spread = (stability.pi_double_k - stability.pi).max("space")
    row = stability.isel(pair=int(spread.values.argmax()))
    assert (row.pi_double_k.values != row.pi.values).any()
    address = f"#pair={row.sign_a.item()},{row.sign_b.item()}"
    with visit(folder / "report.html", address) as page:
        rows = details(page)
    head = next(shown for shown in rows if "If close up to 2" in shown)
    for space in row.space.values:
        line = next(shown for shown in rows if shown[0] == space)
        share = float(row.pi_double_k.sel(space=space))
        # Networks, or pictures of two autoencoders each.
        every = 24 if space.startswith("ae") else 12
        assert line[head.index("If close up to 2")] == f"{round(every * share)}/{every}"


# How a column is shown, its value, the other end of the interval, and what a reader sees.
SHOWN: tuple[tuple[Any, float, float | None, str], ...] = (
    ("bar", 0.5, None, "12/24"),
    ("count", 0.25, None, "6/24"),
    ("percent", 0.123, None, f"12{PERCENT}"),
    ("percent", 0.996, None, f">99{PERCENT}"),
    ("percent", 0.004, None, f"<1{PERCENT}"),
    ("percent", 1.0, None, f"100{PERCENT}"),
    ("percent", 0.123, 0.5, f"12–50{PERCENT}"),
    ("fine percent", 0.1234, None, f"12.3{PERCENT}"),
    ("rank", 1.44, None, "1.4"),
    ("rank", 1.44, 2.0, "1.4–2.0"),
    ("number", 0.256, None, "0.26"),
    ("p", 0.01234, None, "0.0123"),
    ("p", 1.2e-05, None, "1.2 × 10⁻⁵"),
    ("probability", 0.0001, None, "<0.001"),
    ("number", np.nan, None, "–"),
)


def test_new_statistics_are_shown_as_their_columns_say(
    visit: Visit, folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "study")
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
    with visit(tmp_path / "new.html", "#pair=drink,danger") as page:
        rows = details(page)
    head = next(row for row in rows if "New 0" in row)
    line = [row for row in rows if row[0] == "ae2"][1]
    found = dict(zip(head, line, strict=True))
    assert [found[f"New {index}"] for index in range(len(SHOWN))] == [text for *_, text in SHOWN]


def test_what_one_network_cannot_tell_is_a_dash(visit: Visit, tmp_path: Path) -> None:
    study = make_whole_study(tmp_path / "study", runs=1, autoencoders=1, **SMALL)
    write_whole_report(study, tmp_path / "report.html")
    with visit(tmp_path / "report.html", "#pair=drink,danger") as page:
        rows = details(page)
    head = next(row for row in rows if "Varies by network" in row)
    for line in [row for row in rows if row[0] in ("hidden", "ae2")][2:4]:
        told = dict(zip(head, line, strict=True))
        for name in (f"Interval (95{PERCENT})", "Varies by network"):
            assert told[name] == "–"
        assert told["Varies by autoencoder"] == "–"
        assert told["Mean rank"] != "–"


def test_the_bars_of_the_table_are_its_numbers(visit: Visit, whole: Path) -> None:
    data = packed_pairs(whole.read_text(encoding="utf-8"))
    at = {name: place for place, name in enumerate(data["columns"])}
    with visit(whole) as page:
        bars = page.locator("#grid .line:not(.head)").evaluate_all(
            "all => all.map(one => ({row: +one.id.slice(5),"
            " dot: +one.querySelector('circle').getAttribute('cx'),"
            " open: one.querySelector('.barcode .closed').getAttribute('d')}))"
        )
    assert len(bars) > 5
    networks = data["every"].split()
    for bar in bars:
        row = data["rows"][bar["row"]]
        assert bar["dot"] == pytest.approx(4 + 60 * row[at["hidden_pi"]], abs=1e-6)
        broken = row[at["hidden_breaks"]]
        count = len(networks) if broken == "*" else len(broken.split())
        assert bar["open"].count("M") == len(networks) - count


def test_a_phone_shows_the_table_without_scrolling_sideways(visit: Visit, whole: Path) -> None:
    with visit(whole, "#pair=drink,danger") as page:
        page.set_viewport_size({"width": 400, "height": 800})
        page.wait_for_timeout(200)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]


def test_no_serious_fault_for_readers_with_a_screen_reader(
    visit: Visit, whole: Path, axe: str
) -> None:
    with visit(whole, "#pair=drink,danger", bypass_csp=True) as page:
        assert serious_faults(page, axe) == []
