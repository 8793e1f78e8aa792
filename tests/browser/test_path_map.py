"""The path map in a real browser: what it draws and says is what the stores hold."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from fake_explorer import RUNS
from playwright.sync_api import Page
from signpaths.stores import open_store
from visits import coloured, drawn, draws, until

Visit = Callable[..., Any]


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f".panel.map select[name={name}]").select_option(value)


def shade_of_paths(page: Page) -> int:
    """Give how many pixels of the layer that WebGL draws on are not empty."""
    page.evaluate(
        "() => { const copy = document.createElement('canvas'); copy.id = 'copy';"
        " const below = document.querySelector('canvas.below');"
        " requestAnimationFrame(() => { copy.width = below.width; copy.height = below.height;"
        " copy.getContext('2d').drawImage(below, 0, 0); document.body.append(copy); }); }"
    )
    until(page, "document.querySelector('#copy')")
    return int(
        page.evaluate(
            "() => { const one = document.querySelector('#copy');"
            " return one.getContext('2d').getImageData(0, 0, one.width, one.height).data"
            ".filter((value, i) => i % 4 === 3 && value > 0).length; }"
        )
    )


@pytest.mark.parametrize("of", ["file", "split_apart"])
@pytest.mark.parametrize("network", range(RUNS))
@pytest.mark.parametrize("time", [0, 1])
def test_it_says_what_a_network_answers_by_then(
    visit: Visit, request: pytest.FixtureRequest, of: str, network: int, time: int
) -> None:
    found = request.getfixturevalue(of)
    folder = found.parent if of == "file" else found
    excerpt = open_store(folder / f"excerpts/{network}.zarr").load()
    signs = open_store(folder / "sequences.zarr")["sign"].values
    names = excerpt["sign"].values
    answers = names[excerpt["answer"].values[:, -1 if time else 0]]
    right = int((answers == signs[excerpt["held"].values]).sum())
    with visit(folder / "report.html", f"#view=map&network={network}&time={time}") as page:
        until(page, "/held-out examples rightly/.test(document.querySelector('.map').textContent)")
        told = page.locator(".panel.map .told").inner_text()
    assert f"answers {right} of {excerpt.sizes['held']} held-out examples" in told


@pytest.mark.parametrize("space", ["shared_pca2", "ae2", "shared_ae3"])
def test_it_draws_means_and_held_out_examples(
    visit: Visit, file: Path, whole: Any, space: str
) -> None:
    index, blocks = whole
    signs, phases = len(index["signs"]), index["phases"]
    held, steps = np.asarray(blocks[f"held/{space}/1/0"]).shape[:2]
    with visit(file, f"#view=map&network=1&space={space}&seed=0") as page:
        draws(page, "map", signs * (phases - 1) + held * (steps - 1))
        assert coloured(page, "map") > 500


def test_all_frames_and_the_twin_are_drawn_on_request(visit: Visit, file: Path, whole: Any) -> None:
    _, blocks = whole
    frames = np.asarray(blocks["frames/ae2/2"]).shape[0]
    with visit(file, "#view=map&network=2&space=ae2") as page:
        until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
        until(page, "/held-out examples rightly/.test(document.querySelector('.map').textContent)")
        page.wait_for_timeout(300)
        before = int(page.locator("canvas.map").get_attribute("data-drawn") or 0)
        page.get_by_label("All frames").check()
        draws(page, "map", before + frames)
        page.get_by_label("PCA beside it").check()
        until(page, "Number(document.querySelector('canvas.twin')?.dataset.drawn) > 0")
        assert coloured(page, "twin") > 200


def test_a_lasso_selects_the_examples_within(visit: Visit, file: Path, whole: Any) -> None:
    _, blocks = whole
    held = np.asarray(blocks["held"])
    examples = np.asarray(blocks["examples"]["sign"])[held]
    with visit(file, "#view=map&network=1&space=ae2") as page:
        until(page, "/held-out examples rightly/.test(document.querySelector('.map').textContent)")
        box = page.locator("canvas.map").bounding_box()
        assert box
        left, top = box["x"] + 2, box["y"] + 2
        right, bottom = left + box["width"] - 4, top + box["height"] - 4
        page.keyboard.down("Shift")
        page.mouse.move(left, top)
        page.mouse.down()
        for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
            page.mouse.move(x, y, steps=4)
        page.mouse.up()
        page.keyboard.up("Shift")
        until(page, "document.querySelector('.picked .chip')")
        said = page.locator(".picked p").inner_text()
        chips = page.locator(".picked .chip").all_inner_texts()
        assert f"{len(held)} held-out examples of {len(set(examples))} signs" in said
        assert sum(int(re.findall(r"\d+$", one)[0]) for one in chips) == len(held)
        # One chooses the sign, two the pair.
        page.locator(".picked .chip").nth(0).click()
        page.locator(".picked .chip").nth(1).click()
        until(page, "location.hash.includes('pair=')")
        assert page.locator("#grid [aria-selected=true]").count() == 1


def test_three_dimensions_turn_and_the_address_keeps_the_view(visit: Visit, file: Path) -> None:
    with visit(file, "#view=map&network=0&space=ae3&seed=1") as page:
        until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
        page.locator("canvas.map").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("+")
        until(page, "location.hash.includes('camera=')")
        address = page.evaluate("location.hash")
    with visit(file, address) as page:
        until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
        assert page.evaluate("location.hash") == address
        assert page.locator(".panel.map select[name=seed]").input_value() == "1"


def test_a_mean_over_networks_is_of_a_shared_map_only(visit: Visit, file: Path) -> None:
    with visit(file, "#view=map") as page:
        choose(page, "space", "ae2")
        until(page, "location.hash.includes('network=0')")
        choose(page, "network", "")
        until(page, "!location.hash.includes('network=')")
        assert page.locator(".panel.map select[name=space]").input_value() == "shared_pca2"


def test_webgl_draws_what_the_canvas_draws(visit: Visit, file: Path, tmp_path: Path) -> None:
    counts = {}
    for query in ("", "?webgl"):
        with visit(file, f"{query}#view=map&network=1&space=ae2") as page:
            until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
            until(
                page, "/held-out examples rightly/.test(document.querySelector('.map').textContent)"
            )
            page.wait_for_timeout(300)
            counts[query] = page.locator("canvas.map").get_attribute("data-drawn")
            painter = page.locator("canvas.map").get_attribute("data-painter")
            assert painter == ("webgl" if query else "canvas")
            if query:
                assert shade_of_paths(page) > 500
    assert counts[""] == counts["?webgl"]


NO_WEBGL = (
    "const given = HTMLCanvasElement.prototype.getContext;"
    "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
    " return kind.startsWith('webgl') ? null : given.call(this, kind, ...more); };"
)


def test_a_browser_that_refuses_webgl_draws_all_the_same(visit: Visit, file: Path) -> None:
    address = "?webgl#view=map&network=1&space=ae3"
    with visit(file, address, before=NO_WEBGL) as page:
        until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
        assert page.locator("canvas.map").get_attribute("data-painter") == "canvas"
        assert coloured(page, "map") > 500


def test_a_lost_context_goes_on_by_canvas(visit: Visit, file: Path) -> None:
    with visit(file, "?webgl#view=map&network=1&space=ae2") as page:
        until(page, "document.querySelector('canvas.map')?.dataset.painter === 'webgl'")
        page.evaluate(
            "document.querySelector('canvas.below').getContext('webgl2')"
            ".getExtension('WEBGL_lose_context').loseContext()"
        )
        until(page, "document.querySelector('canvas.map').dataset.painter === 'canvas'")
        assert coloured(page, "map") > 500


def test_a_space_without_paths_here_is_drawn_in_the_chosen_one(
    visit: Visit, file: Path, whole: Any
) -> None:
    index, _ = whole
    with visit(file, "#view=map&space=hidden") as page:
        until(page, "Number(document.querySelector('canvas.map')?.dataset.drawn) > 0")
        assert page.locator(".panel.map select[name=space]").input_value() == index["chosen"]


@pytest.mark.parametrize("view", ["map", "matrix"])
def test_two_fingers_zoom(visit: Visit, file: Path, view: str) -> None:
    with visit(file, f"#view={view}", has_touch=True) as page:
        drawn(page, view)
        page.locator(f"canvas.{view}").scroll_into_view_if_needed()
        box = page.locator(f"canvas.{view}").bounding_box()
        assert box
        middle, high = box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"]
        touches = page.context.new_cdp_session(page)

        def touch(kind: str, *offsets: float) -> None:
            points = [
                {"x": middle + offset, "y": high, "id": finger}
                for finger, offset in enumerate(offsets)
            ]
            touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", -40, 40)
        for spread in range(40, 85, 5):
            touch("touchMove", -spread, spread)
        touch("touchEnd")
        until(page, "/(camera|window)=2,/.test(location.hash)")
        assert "pair=" not in page.evaluate("location.hash")


def test_a_swipe_past_the_whole_map_scrolls_the_page_and_leaves_the_map(
    visit: Visit, file: Path
) -> None:
    with visit(file, "#view=map", has_touch=True, is_mobile=True) as page:
        drawn(page, "map")
        page.locator("canvas.map").scroll_into_view_if_needed()
        box = page.locator("canvas.map").bounding_box()
        assert box
        was = page.evaluate("scrollY")
        touches = page.context.new_cdp_session(page)
        middle, high = box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]
        for kind, offsets in (("touchStart", [0]), ("touchMove", range(3, 90, 3))):
            for offset in offsets:
                points = [{"x": middle, "y": high - offset, "id": 0}]
                touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        until(page, f"scrollY > {was} + 20")
        page.wait_for_timeout(300)
        assert "camera=" not in page.evaluate("location.hash")


def test_the_signs_of_a_selection_follow_what_is_chosen(
    visit: Visit, file: Path, whole: Any
) -> None:
    index, _ = whole
    names = ",".join(quote(name, safe="") for name in index["signs"][:3])
    with visit(file, f"#view=map&network=1&space=ae2&signs={names}") as page:
        until(page, "document.querySelectorAll('.picked .chip').length === 3")
        page.locator(".picked .chip").first.click()
        until(page, "document.querySelectorAll('.picked .chip[aria-pressed=true]').length === 1")
        # Chosen elsewhere, nothing is left of the first: the next is the first again.
        choose(page, "sign", "")
        until(page, "!document.querySelector('.picked .chip[aria-pressed=true]')")
        page.locator(".picked .chip").nth(1).click()
        until(page, "location.hash.includes('sign=')")
        assert "pair=" not in page.evaluate("location.hash")
        page.locator("#grid").focus()
        page.keyboard.press("Escape")
        until(page, "!document.querySelector('.picked .chip')")
