"""The explorer in a real browser: views draw what the stores hold, and follow one choice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_explorer import RUNS, written
from fake_study import Study, write_report
from signpaths.report import explorer as stage
from signpaths.stores import open_store
from slow_packing import read
from visits import coloured, drawn, draws, pair_of, serious_faults, until

Visit = Callable[..., Any]
VIEWS = ("map", "matrix", "picture", "instability")
# The canvas of a view that is named otherwise.
CANVAS = {"instability": "runs"}


def test_the_card_draws_every_retraining_space_and_channel(
    visit: Visit, file: Path, whole: Any, study: Study
) -> None:
    index, blocks = whole
    with visit(file, pair_of(index, 2)) as page:
        draws(page, "multiples", RUNS * 2 * index["phases"])
        draws(page, "parting", RUNS + 1)
        ranks = [values for name, values in blocks.items() if name.startswith("ranks/")]
        known = sum(int(np.isfinite(np.asarray(one)[..., 2]).sum()) for one in ranks)
        draws(page, "strip", known)
        draws(page, "channels", 2 * len(index["channels"]))
        for kind in ("multiples", "parting", "strip", "channels"):
            assert coloured(page, kind) > 500, kind
        close = int((np.asarray(blocks["ranks/hidden"])[:, 0, 2] <= index["k"]).sum())
        assert f"({close} of {RUNS})" in page.locator(".part .said").first.inner_text()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws(visit: Visit, file: Path, whole: Any, view: str) -> None:
    index, _ = whole
    signs, pairs = len(index["signs"]), len(index["pairs"]["a"])
    with visit(file, f"{pair_of(index, 0)}&view={view}") as page:
        kind = CANVAS.get(view, view)
        expected = {
            "map": signs * (index["phases"] - 1),
            "matrix": signs * (signs - 1),
            "instability": RUNS,
        }
        if view in expected:
            draws(page, kind, expected[view])
        else:
            assert drawn(page, kind) <= pairs
        assert coloured(page, kind) > 200
        assert page.locator(f"#tab-{view}").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize("place", [1, 4])
@pytest.mark.parametrize("of", ["study", "split_apart"])
def test_examples_that_bring_a_pair_together_are_those_of_the_stores(
    visit: Visit, file: Path, request: pytest.FixtureRequest, of: str, place: int
) -> None:
    found = request.getfixturevalue(of)
    folder = found.folder if of == "study" else found
    index, _ = read((folder / "explorer.txt").read_text(encoding="utf-8"))
    excerpts = [open_store(folder / f"excerpts/{number}.zarr").load() for number in range(RUNS)]
    signs = open_store(folder / "sequences.zarr")["sign"].values
    pair = [index["signs"][index["pairs"][end][place]] for end in ("a", "b")]
    seed = next(one["drawn"] for one in index["spaces"] if one["name"] == index["chosen"])
    expected = {}
    for example in np.flatnonzero(np.isin(signs, pair)):
        own = pair.index(signs[example])
        numbers = [index["signs"].index(pair[own]), index["signs"].index(pair[1 - own])]
        held = [one for one in excerpts if example in one["held"].values]
        mistaken = sum(int(one["predicted"][example]) == numbers[1] for one in held)
        nearer = 0
        for one in held:
            at = one.sel(space=index["chosen"]).isel(ae_seed=seed)
            path = at["held_out"].values[one["held"].values.tolist().index(example)][:, :2]
            ways = [way(path, at["mean"].values[number][:, :2]) for number in numbers]
            nearer += ways[1] < ways[0]
        if mistaken or nearer:
            expected[int(example)] = (mistaken, nearer, len(held))
    with visit(folder / "report.html", pair_of(index, place)) as page:
        until(page, "/held-out/.test(document.querySelector('.parts').textContent)")
        rows = page.locator(".parts tbody tr").evaluate_all(
            "all => all.map(row => [+row.querySelector('button').dataset.example,"
            " row.cells[1].textContent, row.cells[2].textContent])"
        )
    assert expected
    # Paths are told in steps: what is as near to one as to the other may fall to either side.
    assert {example: told for example, told, _ in rows if example in expected} == {
        example: f"{mistaken} of {held}" for example, (mistaken, _, held) in expected.items()
    }
    for example, _, told in rows:
        _, nearer, held = expected.get(example, (0, 0, 0))
        assert example not in expected or abs(int(told.split()[0]) - nearer) <= 1
        assert example not in expected or told.endswith(f"of {held}")


def way(path: np.ndarray, mean: np.ndarray) -> float:
    """Give the mean distance of a path from a mean path at the same shares of the way."""
    at = np.linspace(0, 1, len(path))
    shares = np.linspace(0, 1, len(mean))
    other = np.stack([np.interp(at, shares, mean[:, dim]) for dim in range(2)], axis=1)
    return float(np.sqrt(((path - other) ** 2).sum(axis=1)).mean())


def test_a_choice_made_anywhere_is_made_everywhere(visit: Visit, file: Path, whole: Any) -> None:
    index, _ = whole
    with visit(file, f"{pair_of(index, 0)}&view=matrix") as page:
        drawn(page, "multiples")
        # A network, in the small multiples; the address and the map follow.
        page.locator("canvas.multiples").click(position={"x": 20, "y": 60})
        until(page, "location.hash.includes('network=0')")
        page.locator("#tab-map").click()
        drawn(page, "map")
        assert page.locator(".panel.map select[name=network]").input_value() == "0"
        # A pair, by the keys of the matrix.
        page.locator("#tab-matrix").click()
        page.locator("canvas.matrix").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.locator("#grid [aria-selected=true]").count() == 1
        title = page.locator("#card h3").inner_text()
        assert page.locator("#grid [aria-selected=true] .names").inner_text() == title
        # A time, on the curve of distances.
        page.locator("canvas.parting").hover(position={"x": 60, "y": 60})
        until(page, "Number(document.querySelector('#time').value) < 0.2")


def test_tabs_follow_arrow_keys_and_time_plays(visit: Visit, file: Path) -> None:
    with visit(file) as page:
        page.locator("#tab-map").focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == "tab-matrix"
        page.get_by_role("button", name="Play").click()
        until(page, "0 < +document.querySelector('#time').value")
        page.get_by_role("button", name="Pause").click()
        stopped = page.locator("#time").input_value()
        page.wait_for_timeout(100)
        assert page.locator("#time").input_value() == stopped


def test_the_whole_view_comes_back_from_its_address(visit: Visit, file: Path, whole: Any) -> None:
    index, _ = whole
    address = f"{pair_of(index, 3)}&network=1&view=picture&ranks=hidden&time=0.25"
    with visit(file, address) as page:
        assert page.locator("#time").input_value() == "0.25"
        assert page.locator("#tab-picture").get_attribute("aria-selected") == "true"
        page.locator("#time").focus()
        page.keyboard.press("ArrowRight")
        until(page, "location.hash.includes('time=0.255')")
        assert "network=1" in page.evaluate("location.hash")


def test_on_paper_stands_the_pair_that_is_chosen(visit: Visit, file: Path, whole: Any) -> None:
    index, _ = whole
    drawing = "document.querySelector('canvas.multiples').toDataURL()"
    on_paper = ""
    for scheme in ("light", "dark"):
        with visit(file, pair_of(index, 0), color_scheme=scheme) as page:
            drawn(page, "multiples")
            on_screen = page.evaluate(drawing)
            page.emulate_media(media="print", color_scheme=scheme)
            until(page, f"{drawing} !== {on_screen!r}")
            assert page.locator("#card h3").is_visible()
            for hidden in ("#grid", ".tabs", "#card .links", "#time"):
                assert page.locator(hidden).is_hidden()
            high, needed = page.locator("canvas.multiples").evaluate(
                "one => [one.clientHeight, one.parentElement.scrollHeight]"
            )
            assert high >= needed - 1
            # Paper is white whatever the screen is.
            on_paper = on_paper or page.evaluate(drawing)
            until(page, f"{drawing} === {on_paper!r}")


def test_what_the_page_has_no_room_for_is_told(
    visit: Visit, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "MIB", 1000)
    pack = tmp_path / "explorer.txt"
    index, _ = read(written(study.folder, pack, largest_mib=0.1))
    write_report(study, tmp_path / "small.html", explorer=pack)
    cut = [one for one in index["details"] if one["networks"] < one["of"]]
    assert cut
    with visit(tmp_path / "small.html", pair_of(index, 0)) as page:
        page.locator(".holdings summary").click()
        told = page.locator(".holdings li").all_inner_texts()
        assert [one.split(":")[0] for one in told] == [one["words"] for one in cut]
        for view in VIEWS:
            page.locator(f"#tab-{view}").click()
            page.wait_for_timeout(100)


def test_a_damaged_pack_is_told_and_the_table_stays(
    visit: Visit, file: Path, whole: Any, tmp_path: Path
) -> None:
    index, _ = whole
    text = file.read_text(encoding="utf-8")
    start = text.index('id="explorer-data">') + len('id="explorer-data">')
    start += index["blocks"]["ranks/hidden"]["at"]
    (tmp_path / "damaged.html").write_text(
        text[:start] + ("B" if text[start] == "A" else "A") + text[start + 1 :], encoding="utf-8"
    )
    opened = visit(tmp_path / "damaged.html", pair_of(index, 0))
    until(opened.page, "document.documentElement.dataset.error")
    assert "damaged" in opened.page.locator("#explorer .notice").inner_text()
    assert opened.page.locator("#grid .line").count() > 1
    opened.faults.clear()
    with opened:
        pass


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_serious_fault_for_readers_with_a_screen_reader(
    visit: Visit, file: Path, whole: Any, axe: str, view: str, scheme: str
) -> None:
    index, _ = whole
    address = f"{pair_of(index, 0)}&view={view}"
    with visit(file, address, bypass_csp=True, color_scheme=scheme) as page:
        drawn(page, CANVAS.get(view, view))
        assert serious_faults(page, axe) == []
