"""Pages opened as a reader would, and waiting for what they do."""

import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page

READY = "document.documentElement.dataset.ready || document.documentElement.dataset.error"
PATIENCE = 30.0


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds; the page's own policy forbids what polls inside it."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(30)


def drawn(page: Page, kind: str) -> int:
    """Wait until a canvas has drawn, and give of how much."""
    of = f"document.querySelector('canvas.{kind}')"
    until(page, f"Number({of}?.dataset.drawn) > 0")
    return int(page.locator(f"canvas.{kind}").first.get_attribute("data-drawn") or 0)


def draws(page: Page, kind: str, count: int) -> None:
    """Wait until a canvas has drawn so much; it may draw before all that it shows is decoded."""
    until(page, f"Number(document.querySelector('canvas.{kind}')?.dataset.drawn) === {count}")


def coloured(page: Page, kind: str) -> int:
    """Give how many pixels of a canvas are not empty."""
    return int(
        page.locator(f"canvas.{kind}").first.evaluate(
            "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data"
            ".filter((value, i) => i % 4 === 3 && value > 0).length"
        )
    )


def pair_of(index: dict[str, Any], place: int) -> str:
    names = (index["signs"][index["pairs"][end][place]] for end in ("a", "b"))
    return "#pair=" + ",".join(quote(name, safe="") for name in names)


def serious_faults(page: Page, axe: str) -> list[tuple[str, list[str]]]:
    """Give what axe finds serious: the rule, and the first elements that break it."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


class Visit:
    """A page that is open; what went wrong in it, and what it asked of the network, is kept."""

    def __init__(
        self, chromium: Browser, file: Path, address: str = "", before: str = "", **context: Any
    ) -> None:
        """Open a file; `before` is a script that runs ahead of the page's own."""
        self._context = chromium.new_context(viewport={"width": 1280, "height": 900}, **context)
        self._context.add_init_script(before)
        self.page: Page = self._context.new_page()
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.faults.append(said.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri() + address)
        if context.get("java_script_enabled", True):
            until(self.page, READY)

    def __enter__(self) -> Page:
        return self.page

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._context.close()
        if error is None:
            outside = [one for one in self.asked if not one.startswith(("file:", "data:", "blob:"))]
            assert (self.faults, outside) == ([], [])
