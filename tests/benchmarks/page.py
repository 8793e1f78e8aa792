"""`make page`: how large a report is and how quickly it answers, beside what is asked of it.

Takes a `report.html`; opens it in Chromium without a graphics card, gives a table on the terminal.
Seconds of a shared machine are rough, so this is no test; the goals are those of the real study.
"""

import argparse
import re
import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY = "document.documentElement.dataset.ready || document.documentElement.dataset.error"
# Megabytes without the film, seconds, milliseconds, frames a second.
SIZE, INTERACTIVE, REDRAWN, FRAMES = 15.0, 2.0, 100.0, 30.0
PAIRS, SCRUB_MS = 20, 3000
# From a key that chooses the next pair until what it changes has been drawn.
CHOOSE = """async (count) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const grid = document.getElementById("grid");
  const took = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    grid.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    await frame();
    await frame();
    await new Promise((done) => setTimeout(done, 0));
    took.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 100));
  }
  return took;
}"""
SCRUB = """async (most) => {
  const slider = document.getElementById("time");
  const began = performance.now();
  let frames = 0;
  for (; performance.now() - began < most; frames++) {
    slider.value = String((frames % 200) / 200);
    slider.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(done));
  }
  return (1000 * frames) / (performance.now() - began);
}"""


def megabytes(file: Path) -> float:
    """Give the size of a page without its film."""
    text = file.read_text(encoding="utf-8")
    film = sum(len(one) for one in re.findall(r'src="data:video/[^"]*"', text))
    return (len(text.encode()) - film) / 1e6


def opened(page: Page, address: str) -> float:
    """Open a page and give how many seconds it took until it answers."""
    began = time.monotonic()
    page.goto(address)
    while not page.evaluate(READY):
        time.sleep(0.01)
    return time.monotonic() - began


def measured(file: Path) -> list[tuple[str, float, str, bool]]:
    """Give what was measured: words, number, unit, whether the goal is reached."""
    size = megabytes(file)
    rows = [("the page without its film", size, "MB", size <= SIZE)]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit("No Chromium is installed: only the size was measured.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        ready = opened(page, file.resolve().as_uri())
        rows.append(("until it answers", ready, "s", ready <= INTERACTIVE))
        page.locator("#grid").focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(3000)
        took = page.evaluate(CHOOSE, PAIRS)
        middle = statistics.median(took)
        rows.append((f"a pair is drawn, median of {PAIRS}", middle, "ms", middle <= REDRAWN))
        rows.append(("the slowest of them", max(took), "ms", max(took) <= REDRAWN))
        page.locator("#tab-map").scroll_into_view_if_needed()
        for words, network in (("mean over networks", ""), ("one network, held-out examples", "0")):
            page.locator(".panel.map select[name=network]").select_option(network)
            page.wait_for_timeout(1500)
            frames = page.evaluate(SCRUB, SCRUB_MS)
            rows.append((f"time is dragged, map: {words}", frames, "frames/s", frames >= FRAMES))
        chromium.close()
    return rows


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="a report.html with an explorer")
    given = parser.parse_args(arguments)
    if not given.report.is_file():
        raise SystemExit(f"{given.report}: there is no such report. Make the study first.")
    for words, number, unit, reached in measured(given.report):
        print(f"{words:45} {number:8.2f} {unit:9} {'met' if reached else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
