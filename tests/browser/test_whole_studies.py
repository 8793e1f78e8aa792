"""Reports of whole studies in a real browser: every view draws what the stores hold.

Looks at this checkout's `results/demo`, which CI makes before the tests, and at `results/auslan`,
the real study, where that was made; skips by name what is not there.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from signpaths.stores import open_store
from slow_packing import decoded
from visits import drawn, draws, until

Visit = Callable[..., Any]
RESULTS = Path(__file__).parents[2] / "results"
VIEWS = ("map", "matrix", "picture", "instability")


@pytest.fixture(scope="module", params=["demo", "auslan"])
def whole_study(request: pytest.FixtureRequest) -> Path:
    folder = RESULTS / str(request.param)
    if not (folder / "report.html").exists():
        pytest.skip(f"{folder.name} (results/{folder.name}, by `make {folder.name}`) is not there")
    return folder


@pytest.fixture(scope="module")
def packed(whole_study: Path) -> tuple[dict[str, Any], str]:
    index, data = (whole_study / "explorer.txt").read_text(encoding="utf-8").split("\n")[:2]
    return json.loads(index), data


def address(index: dict[str, Any], place: int) -> str:
    names = (index["signs"][index["pairs"][end][place]] for end in ("a", "b"))
    return "#pair=" + ",".join(quote(name, safe="") for name in names)


def test_every_view_and_the_card_draw_what_the_stores_hold(
    visit: Visit, whole_study: Path, packed: Any
) -> None:
    index, _ = packed
    stable = open_store(whole_study / "stability.zarr").load()
    signs, networks = int(stable.attrs["signs"]), stable.sizes["network"]
    closest = int(stable["pi"].sel(space="hidden").values.argmax())
    with visit(whole_study / "report.html", address(index, closest)) as page:
        draws(page, "multiples", networks * 2 * index["phases"])
        draws(page, "parting", networks + 1)
        draws(page, "channels", 2 * len(index["channels"]))
        draws(page, "map", signs * (index["phases"] - 1))
        page.locator("#tab-matrix").click()
        draws(page, "matrix", signs * (signs - 1))
        page.locator("#tab-instability").click()
        draws(page, "runs", networks)
        page.locator("#tab-picture").click()
        assert drawn(page, "picture") > 0
        close = round(float(stable["pi"].sel(space="hidden").values[closest]) * networks)
        assert f"({close} of {networks})" in page.locator(".part .said").first.inner_text()


def test_a_named_example_lies_where_its_store_has_it(whole_study: Path, packed: Any) -> None:
    index, data = packed
    chosen = index["chosen"]
    seed = next(one["drawn"] for one in index["spaces"] if one["name"] == chosen)
    for network in (0, len(index["networks"]) - 1):
        entry = index["blocks"][f"held/{chosen}/{network}/{seed}"]
        found = decoded(entry, data[entry["at"] : entry["at"] + entry["size"]])
        excerpt = open_store(whole_study / f"excerpts/{index['networks'][network]}.zarr").load()
        wanted = excerpt["held_out"].sel(space=chosen).isel(ae_seed=seed).values[..., :2]
        assert found.shape == wanted.shape
        room = np.array(entry["scale"]) / 2 + 1e-5 * np.abs(wanted).max()
        assert (np.abs(found - wanted) <= room).all()


def test_all_pairs_are_saved_as_pairs_csv_has_them(visit: Visit, whole_study: Path) -> None:
    with visit(whole_study / "report.html") as page:
        with page.expect_download() as download:
            page.locator("#save").click()
        saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert saved == (whole_study / "pairs.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("view", VIEWS)
def test_an_address_brings_the_view_back(
    visit: Visit, whole_study: Path, packed: Any, view: str
) -> None:
    index, _ = packed
    whole = f"{address(index, 3)}&network={index['networks'][-1]}&view={view}&time=0.5"
    kind = {"instability": "runs"}.get(view, view)
    with visit(whole_study / "report.html", whole) as page:
        drawn(page, kind)
        assert page.locator(f"#tab-{view}").get_attribute("aria-selected") == "true"
        assert page.locator("#time").input_value() == "0.5"
        page.locator("#time").focus()
        page.keyboard.press("ArrowRight")
        until(page, "location.hash.includes('time=0.505')")
        assert f"network={index['networks'][-1]}" in page.evaluate("location.hash")
