"""The film in a real browser: it is decoded, and it plays."""

import json
import re
import subprocess
from base64 import b64encode
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from signpaths.report.video import written

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--timeout=30000",
    "--virtual-time-budget=20000",
    "--dump-dom",
)
SIZE, SECONDS, FRAMES_PER_SECOND = (320, 180), 2, 24
# It plays, goes on to its end and says what it has seen: size, length and where it came.
PAGE = """<!doctype html><title>film</title><video muted src="{source}"></video><pre></pre><script>
const film = document.querySelector("video"), said = document.querySelector("pre");
const say = (event) => {{ said.textContent = JSON.stringify({{
  event, at: film.currentTime, length: film.duration, size: [film.videoWidth, film.videoHeight],
  error: film.error && film.error.message }}); }};
film.addEventListener("error", () => say("error"));
film.addEventListener("ended", () => say("ended"));
film.addEventListener("timeupdate", () => say("playing"));
film.play().catch(() => say("refused"));
</script>"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small film, written as the stage does, in which a bar grows."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    pictures = np.full((SECONDS * FRAMES_PER_SECOND, SIZE[1], SIZE[0], 4), 255, np.uint8)
    for number, picture in enumerate(pictures):
        picture[60:120, : 6 * number, :2] = 0
    written(pictures, SIZE, FRAMES_PER_SECOND, path)
    return path


@pytest.mark.parametrize("inside", [False, True], ids=["a file", "inside the page"])
def test_the_film_plays(browser: str, film: Path, inside: bool, tmp_path: Path) -> None:
    source = film.as_uri()
    if inside:
        source = f"data:video/mp4;base64,{b64encode(film.read_bytes()).decode()}"
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(source=source), encoding="utf-8")
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r"<pre>([^<]+)</pre>", done.stdout)
    assert found, "the film did not begin"
    said = json.loads(unescape(found[1]))
    assert said["event"] in ("playing", "ended"), said
    assert said["at"] > 0
    assert said["size"] == list(SIZE)
    assert said["length"] == pytest.approx(SECONDS, abs=0.05)
