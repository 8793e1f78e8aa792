"""The page's script is what its sources give, passes its own checks, and stays small and local."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_explorer import make_explored_study, written
from signpaths.stores import open_store

CHECKOUT = Path(__file__).parents[2]
SOURCES = CHECKOUT / "workflow/explorer"
REPORT = CHECKOUT / "workflow/signpaths/report"
MOST_OF_LIBRARIES = 150_000
# Writes blocks of a file as the page decodes them.
DECODE = """
import { readFileSync, writeFileSync } from "node:fs";
import { Pack } from "./pack.mjs";
const [file, ...names] = process.argv.slice(2);
const [index, data] = readFileSync(file, "utf8").split("\\n");
const pack = new Pack(JSON.parse(index).blocks, () => data);
const found = {};
for (const name of names) found[name] = [...(await pack.tensor(name)).values];
writeFileSync(`${file}.json`, JSON.stringify(found));
"""


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


def test_it_decodes_what_python_packs(explorer: Path, tmp_path: Path) -> None:
    """A network's paths and ranks, from the stores through the file to the page's own decoder."""
    folder = make_explored_study(tmp_path / "study").folder
    index = json.loads(written(folder, tmp_path / "explorer.txt").splitlines()[0])
    excerpt = open_store(folder / "excerpts/1.zarr").load()
    chosen = index["chosen"]
    blocks = [f"means/{chosen}/1/0", f"held/{chosen}/1/0", f"frames/{chosen}/1", "ranks/hidden"]
    bundled = tmp_path / "pack.mjs"
    run("npx", "esbuild", "src/pack.ts", "--bundle", "--format=esm", f"--outfile={bundled}")
    (tmp_path / "decode.mjs").write_text(DECODE, encoding="utf-8")
    run("node", str(tmp_path / "decode.mjs"), str(tmp_path / "explorer.txt"), *blocks)
    found = json.loads((tmp_path / "explorer.txt.json").read_text(encoding="utf-8"))
    at = excerpt.sel(space=chosen).isel(ae_seed=0)
    plane = list(zip(excerpt["plane"].values, excerpt["plane_seed"].values, strict=True))
    stored = [
        at["mean"].values[..., :2],
        at["held_out"].values[..., :2],
        excerpt["frames"].values[plane.index((chosen, drawn_in(index, chosen)))],
    ]
    for name, values in zip(blocks, stored, strict=False):
        decoded = np.array(found[name]).reshape(values.shape)
        step = max(index["blocks"][name]["scale"])
        assert np.abs(decoded - values).max() <= 0.51 * step, name
        assert np.ptp(values) > 20 * step
    stability = open_store(folder / "closeness/1.zarr").load()
    ranks = stability["mutual_rank"].values[0, 0][index["pairs"]["a"], index["pairs"]["b"]]
    decoded = np.array(found["ranks/hidden"]).reshape(index["blocks"]["ranks/hidden"]["shape"])
    assert np.abs(decoded[1, 0] - ranks).max() <= 0.51
    assert ((decoded[1, 0] <= index["k"]) == (ranks <= index["k"])).all()


def drawn_in(index: dict[str, Any], space: str) -> int:
    return next(one["drawn"] for one in index["spaces"] if one["name"] == space)


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
