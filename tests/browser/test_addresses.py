"""Addresses in a real browser: they bring back the whole view, and say what they ask in vain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page
from visits import drawn, pair_of, until

Visit = Callable[..., Any]
ANSWERED = "/held-out examples rightly/.test(document.querySelector('.map').textContent)"


def address(page: Page, has: str) -> str:
    """Wait until the address tells something, and give it."""
    until(page, f"location.hash.includes('{has}')")
    return str(page.evaluate("location.hash"))


def top_of(page: Page, place: str) -> float:
    return float(page.locator(place).evaluate("one => one.getBoundingClientRect().top"))


def test_what_is_selected_in_the_map_comes_back(visit: Visit, file: Path) -> None:
    with visit(file, "#view=map&network=2&space=ae2") as page:
        until(page, ANSWERED)
        page.get_by_label("All frames").check()
        page.get_by_label("PCA beside it").check()
        drawn(page, "twin")
        page.locator("canvas.twin").focus()
        page.keyboard.press("+")
        address(page, "twinCamera=1.25,")
        page.get_by_role("button", name="Select what is in view").click()
        cited = address(page, "examples=")
        told = page.locator(".picked").inner_text()
    with visit(file, cited) as page:
        until(page, "document.querySelector('.picked .chip')")
        drawn(page, "twin")
        assert page.locator(".picked").inner_text() == told
        assert page.get_by_label("All frames").is_checked()
        assert page.get_by_label("PCA beside it").is_checked()
        assert page.evaluate("location.hash") == cited
        # Another network has other places.
        page.locator(".panel.map select[name=network]").select_option("0")
        until(page, "!document.querySelector('.picked .chip')")
        until(page, "!location.hash.includes('examples=')")


def test_what_is_marked_and_zoomed_in_the_matrix_comes_back(
    visit: Visit, file: Path, whole: Any
) -> None:
    index, blocks = whole
    lowest = blocks["tree"]["leaves"][:2]
    names = ",".join(quote(index["signs"][sign], safe="") for sign in lowest)
    with visit(file, f"#view=matrix&block={names}") as page:
        drawn(page, "matrix")
        until(page, "/^2 signs/.test(document.querySelector('.panel.matrix .told').textContent)")
        page.locator(".panel.matrix").get_by_role("button", name="Zoom in").click()
        cited = address(page, "window=")
        # Towards what is marked, at the upper end.
        assert float(cited.rpartition(",")[2]) < 1
        seen = int(page.locator("canvas.matrix").get_attribute("data-drawn") or 0)
    with visit(file, cited) as page:
        until(page, f"Number(document.querySelector('canvas.matrix')?.dataset.drawn) === {seen}")
        assert page.evaluate("location.hash") == cited
        page.get_by_role("button", name="Whole").click()
        until(page, "!location.hash.includes('window=')")
    assert 0 < seen < len(index["signs"]) * (len(index["signs"]) - 1)


def test_which_picture_and_which_curves_come_back(visit: Visit, file: Path) -> None:
    with visit(file, "#view=picture&picture=pca2&measured=training") as page:
        assert page.locator(".panel.picture select").input_value() == "pca2"
        page.locator(".panel.picture select").select_option("ae2")
        cited = address(page, "picture=ae2")
        assert "measured=training" in cited
        page.locator("#tab-instability").click()
        until(page, "document.querySelector('.panel.instability canvas.small')")
        assert page.get_by_label("Measured on").input_value() == "training"


def test_a_section_is_read_without_losing_the_view(visit: Visit, file: Path, whole: Any) -> None:
    index, _ = whole
    chosen = pair_of(index, 1)
    with visit(file, f"{chosen}&view=matrix") as page:
        drawn(page, "matrix")
        before = page.evaluate("location.hash")
        page.locator("nav a[href='#method']").scroll_into_view_if_needed()
        was = page.evaluate("scrollY")
        page.locator("nav a[href='#method']").click()
        cited = address(page, "at=method")
        assert cited == f"{before}&at=method"
        assert page.locator("#grid [aria-selected=true]").count() == 1
        assert page.evaluate("document.activeElement.id") == "method"
        assert abs(top_of(page, "#method")) < 40
        page.go_back()
        until(page, f"location.hash === {before!r}")
        until(page, f"Math.abs(scrollY - {was}) < 2")
        assert page.locator("#tab-matrix").get_attribute("aria-selected") == "true"
    with visit(file, cited) as page:
        assert abs(top_of(page, "#method")) < 40
        assert page.locator("#grid [aria-selected=true]").count() == 1
    # Where nothing is chosen a link is a link.
    with visit(file) as page:
        page.locator("nav a[href='#method']").click()
        assert page.evaluate("location.hash") == "#method"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("#pair=no,%3Cb%3Esuch", "pair no, <b>such."),
        ("#network=99&view=nothing", "view nothing; network 99."),
        ("#pair=a&colour=constructor", "pair a; colour constructor."),
    ],
)
def test_what_an_address_asks_in_vain_is_told_until_it_changes(
    visit: Visit, file: Path, asked: str, told: str
) -> None:
    with visit(file, asked) as page:
        notice = page.locator("#explorer > .notice")
        assert notice.inner_text().endswith(told)
        page.locator("#grid").focus()
        page.keyboard.press("ArrowDown")
        until(page, "location.hash.startsWith('#pair=')")
        until(page, "!document.querySelector('#explorer > .notice')")


def test_an_address_that_is_understood_says_nothing(visit: Visit, file: Path, whole: Any) -> None:
    index, _ = whole
    with visit(file, f"{pair_of(index, 0)}&time=1&view=map&network=0") as page:
        assert page.locator("#explorer > .notice").count() == 0


def test_a_network_alone_in_an_edited_address_keeps_its_selection(visit: Visit, file: Path) -> None:
    with visit(file, "#view=map&network=1&space=ae2&signs=drink") as page:
        until(page, "document.querySelector('.picked .chip')")
        page.evaluate("location.hash = '#view=map&network=2&space=ae2&signs=drink'")
        until(page, "document.querySelector('.panel.map select[name=network]').value === '2'")
        assert page.locator(".picked .chip").count() == 1
        page.evaluate("location.hash = ''")
        until(page, "!document.querySelector('.picked .chip')")
        assert page.locator(".panel.map select[name=network]").input_value() == ""


def test_the_window_of_an_address_holds_beside_another_pair(
    visit: Visit, file: Path, whole: Any
) -> None:
    index, _ = whole
    with visit(file, f"{pair_of(index, 0)}&view=matrix&window=4,0,0") as page:
        drawn(page, "matrix")
        other = f"{pair_of(index, -1)}&view=matrix&window=4,0,0"
        page.evaluate("hash => { location.hash = hash; }", other)
        page.wait_for_timeout(300)
        page.locator("#time").focus()
        page.keyboard.press("ArrowLeft")
        assert "window=4,0,0" in address(page, "time=")


def test_time_that_plays_leaves_the_section_in_the_address(
    visit: Visit, file: Path, whole: Any
) -> None:
    index, _ = whole
    with visit(file, pair_of(index, 0)) as page:
        page.locator("nav a[href='#method']").click()
        address(page, "at=method")
        page.evaluate(
            "() => { const time = document.querySelector('#time'); time.value = 0.5;"
            " time.dispatchEvent(new Event('input')); }"
        )
        assert "at=method" in address(page, "time=0.5")
        page.evaluate("document.querySelector('#tab-matrix').click()")
        until(page, "!location.hash.includes('at=')")


def test_only_the_first_button_drags_the_matrix_and_only_while_it_is_down(
    visit: Visit, file: Path
) -> None:
    with visit(file, "#view=matrix&window=3,1,1") as page:
        drawn(page, "matrix")
        box = page.locator("canvas.matrix").bounding_box()
        assert box
        middle, high = box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"]
        page.mouse.move(middle, high)
        page.mouse.down(button="right")
        page.mouse.move(middle + 40, high + 40, steps=4)
        page.mouse.up(button="right")
        # Pressed inside, let go outside.
        page.mouse.move(box["x"] + box["width"] - 3, high)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] + 60, high)
        page.mouse.up()
        page.mouse.move(middle, high)
        page.mouse.move(middle - 40, high - 40, steps=4)
        page.locator("#time").focus()
        page.keyboard.press("ArrowLeft")
        found = address(page, "time=")
        assert "window=3,1,1" in found
        assert "pair=" not in found
