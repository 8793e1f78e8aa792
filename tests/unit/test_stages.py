"""The table of stages, and what is made from it."""

import importlib
import re
from pathlib import Path

from signpaths.stages import STAGES

ROOT = Path(__file__).parents[2]
# A command for the terminal, and no step of a study.
NO_RULES = {"findings"}


def test_every_stage_is_a_function_alone_in_a_module_of_its_name() -> None:
    for stage in STAGES:
        module = importlib.import_module(f"signpaths.{stage.module}")
        assert callable(getattr(module, stage.rule)), stage
        assert stage.summary.endswith("."), stage


def test_rule_files_are_the_packages_and_rules_the_stages() -> None:
    rules = {
        path.stem: re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)
        for path in (ROOT / "workflow/rules").glob("*.smk")
    }
    assert rules.pop("common") == rules.pop("records") == []
    packages: dict[str, list[str]] = {}
    for stage in STAGES:
        if stage.name not in NO_RULES:
            packages.setdefault(stage.package, []).append(stage.rule)
    assert {name: sorted(names) for name, names in rules.items()} == {
        name: sorted(names) for name, names in packages.items()
    }


def test_each_rule_runs_its_own_stage() -> None:
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    for stage in STAGES:
        if stage.name in NO_RULES:
            continue
        body = text.partition(f"rule {stage.rule}:")[2].partition("\nrule ")[0]
        assert f"python -m signpaths {stage.name} " in body
        assert f'code=code("{stage.rule}")' in body
        assert (f'options=options("{stage.rule}")' in body) == bool(stage.takes)
