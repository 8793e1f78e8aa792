"""Snakemake's own report of a study: every caption is rendered, and the page opens offline."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from running import CHECKOUT, MICRO, finished
from signpaths.report.gallery import BY_NAME, VOLUME

CAPTIONS = sorted((CHECKOUT / "workflow/report").glob("*.rst"))
CATEGORIES = ("Report", "Pairs", "Shared map", "The article's figures", "Runs", "Units")


@pytest.fixture(scope="module")
def page(micro: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    finished(micro, MICRO, "--report", str(folder / "report.zip"))
    with zipfile.ZipFile(folder / "report.zip") as archive:
        archive.extractall(folder)
    return folder / "report" / "report.html"


def test_every_caption_is_used_and_rendered(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rules = "".join(path.read_text() for path in (CHECKOUT / "workflow/rules").glob("*.smk"))
    for caption in CAPTIONS:
        drawn = BY_NAME.get(caption.stem)
        if drawn is None:
            assert f"../report/{caption.name}" in rules, caption.name
        elif drawn.of == VOLUME or not drawn.is_shown:
            # The study has no third dimension, and pages show no PDF.
            continue
        # Its first words that Jinja, reStructuredText and JSON leave as they are.
        words = re.split(r"\{\{|\{%|[*`<>&'\"\n\\]|[^ -~]", caption.read_text(encoding="utf-8"))
        start = next(part.strip() for part in words if len(part.strip()) > 15)
        assert start in text, caption.name
    assert "snakemake.config" not in text


def test_the_page_opens_in_a_browser(page: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
    done = subprocess.run(
        [
            *(browser, *flags, "--disable-sync", "--no-first-run", "--virtual-time-budget=5000"),
            *(f"--user-data-dir={tmp_path}", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", done.stdout, flags=re.DOTALL)
    for category in CATEGORIES:
        assert f">{category}<" in shown, category
