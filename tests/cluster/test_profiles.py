"""What a cluster is told of every rule, and that each entry of a profile is explained."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from signpaths.stages import STAGES

ROOT = Path(__file__).parents[2]
# A command for the terminal, and no step of a study.
NO_RULES = {"findings"}
# Long enough to be jobs of their own.
ALONE = {"closeness_raw", "report"}


def _rules() -> dict[str, str]:
    """Give the text of every rule by its name."""
    text = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    return dict(
        re.findall(r"^(?:use rule \w+ as|rule) (\w+)[^\n]*:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    )


def _profile(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text())


def test_every_rule_says_memory_and_minutes_that_grow_when_it_is_tried_again() -> None:
    rules = _rules()
    assert rules.keys() >= {stage.rule for stage in STAGES if stage.name not in NO_RULES}
    # It is an autoencoder with other options.
    del rules["other_bottleneck"]
    for name, text in rules.items():
        assert re.search(r"mem_mb=grown\(\d+\),\n +runtime=grown\(\d+\),", text), name


def test_every_rule_has_its_place_on_a_cluster() -> None:
    rules = _rules()
    local = {name for name, text in rules.items() if "localrule: True" in text}
    grouped = set(_profile("slurm")["groups"])
    # A rule that runs at home would take its whole group along.
    assert not local & grouped
    assert rules.keys() == local | grouped | ALONE


def test_groups_that_share_a_job_are_groups() -> None:
    profile = _profile("slurm")
    assert profile["group-components"].keys() <= set(profile["groups"].values())


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_each_entry_of_a_profile_is_explained(name: str) -> None:
    page = (ROOT / "profiles/README.md").read_text()
    explained = page[page.index(f"entry of `{name}`") :].split("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)(?:: [^`]*)?`", explained)) >= _profile(name).keys()
