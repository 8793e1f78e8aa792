"""Pages opened as a reader would, and waiting for what they do."""

import time
from pathlib import Path
from types import TracebackType
from typing import Any

from playwright.sync_api import Browser, Page

READY = "document.documentElement.dataset.ready || document.documentElement.dataset.error"
PATIENCE = 30.0


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds; the page's own policy forbids what polls inside it."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(30)


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

    def __init__(self, chromium: Browser, file: Path, address: str = "", **context: Any) -> None:
        self._context = chromium.new_context(viewport={"width": 1280, "height": 900}, **context)
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
