"""The browser that pages and films are opened in, and pages opened in it as a reader would."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_explorer import make_explored_study, write_excerpt, written
from fake_study import Study, write_report
from playwright.sync_api import Browser, sync_playwright
from slow_packing import read
from visits import Visit

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# WebGL in software, for a machine without a graphics card.
FLAGS = ("--no-sandbox", "--disable-quic", "--enable-unsafe-swiftshader", "--use-angle=swiftshader")


@pytest.fixture(scope="session")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("chromium is not installed")
    return found


@pytest.fixture(scope="session")
def chromium(browser: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def visit(chromium: Browser) -> Callable[..., Visit]:
    """Open a file at an address; leaving it fails the test if anything went wrong in the page."""
    return lambda file, address="", **context: Visit(chromium, file, address, **context)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for faults in what a screen reader is told."""
    script = Path(__file__).parents[2] / "workflow/explorer/node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed: make workflow/explorer/node_modules")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_explored_study(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="session")
def whole(study: Study) -> tuple[dict[str, Any], dict[str, Any]]:
    return read(written(study.folder, study.folder / "explorer.txt"))


@pytest.fixture(scope="session")
def file(study: Study, whole: Any) -> Path:
    out = study.folder / "report.html"
    write_report(study, out, explorer=study.folder / "explorer.txt")
    return out


@pytest.fixture(scope="session")
def split_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose networks learned from different examples."""
    folder = make_explored_study(tmp_path_factory.mktemp("split")).folder
    shutil.rmtree(folder / "excerpts/1.zarr")
    write_excerpt(folder, 1, ["validation", "train", "test", "train"])
    written(folder, folder / "explorer.txt")
    write_report(Study(folder), folder / "report.html", explorer=folder / "explorer.txt")
    return folder
