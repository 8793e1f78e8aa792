"""The page's script is what its sources give, passes its own checks, and stays small and local."""

import json
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SOURCES = CHECKOUT / "workflow/explorer"
REPORT = CHECKOUT / "workflow/signpaths/report"
MOST_OF_LIBRARIES = 150_000


@pytest.fixture(scope="module")
def explorer() -> Path:
    if not (SOURCES / "node_modules").is_dir():
        pytest.skip("the script's tools are not installed: make workflow/explorer/node_modules")
    return SOURCES


def run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=SOURCES, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_bundled_again_it_is_the_same_to_the_byte(explorer: Path, tmp_path: Path) -> None:
    run("node", "bundle.mjs", "--to", str(tmp_path))
    for name in ("report.js", "report.licences.txt"):
        assert (tmp_path / name).read_bytes() == (REPORT / name).read_bytes(), (
            f"{name}: run make explorer"
        )


def test_its_types_its_style_and_its_unit_tests_hold(explorer: Path) -> None:
    run("npm", "--silent", "run", "check")
    run("npm", "--silent", "run", "test")


def test_its_libraries_are_small(explorer: Path, tmp_path: Path) -> None:
    run("node", "bundle.mjs", "--to", str(tmp_path), "--sizes", str(tmp_path / "sizes.json"))
    sizes = json.loads((tmp_path / "sizes.json").read_text())
    libraries = sum(size for name, size in sizes.items() if name.startswith("node_modules/"))
    assert 0 < libraries < MOST_OF_LIBRARIES


def test_it_asks_nothing_of_the_network_and_makes_no_code_of_text() -> None:
    script = (REPORT / "report.js").read_text(encoding="utf-8")
    assert not re.findall(
        r"\beval\(|new Function|\bfetch\(|XMLHttpRequest|WebSocket|importScripts|sendBeacon", script
    )
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", script))
    # The name of a namespace is no address.
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_the_lock_names_hashes_and_no_address() -> None:
    text = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert all("integrity" in one for name, one in packages.items() if name)
    assert '"resolved"' not in text
    wanted = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    for version in (wanted["dependencies"] | wanted["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
