"""The files that are made from what the library declares: none has drifted, none loses words."""

import re
from pathlib import Path

import pytest
import yaml
from signpaths.documents import base_config, documents
from signpaths.schema import schema, schema_keys
from signpaths.stages import STAGES

ROOT = Path(__file__).parents[2]
BASE = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", documents(ROOT))
def test_files_say_what_the_library_declares(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == documents(ROOT)[name], "run: make docs"


def test_readme_lists_every_stage() -> None:
    readme = documents(ROOT)["README.md"]
    assert [
        stage for stage in STAGES if f"| `{stage.name}` | {stage.package} |" not in readme
    ] == []


@pytest.mark.parametrize("dotted", schema_keys(schema()))
def test_a_key_that_the_base_config_lacks_gets_a_commented_line(dotted: str) -> None:
    """As when a key is new: its line comes back in its place, and all other lines stay."""
    section, _, key = dotted.rpartition(".")
    indent = "  " if section else ""
    start = BASE.index(f"\n{section}:\n") if section else 0
    line = re.compile(rf"^{indent}{key}:.*\n", re.MULTILINE).search(BASE, start)
    assert line
    without = BASE[: line.start()] + BASE[line.end() :]
    made = base_config(without)
    assert yaml.safe_load(made) == yaml.safe_load(BASE)
    added = set(made.splitlines()) - set(without.splitlines())
    assert all(one.strip().startswith("#") or f"{key}:" in one for one in added)
    assert set(without.splitlines()) <= set(made.splitlines())
