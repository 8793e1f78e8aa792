"""Another workflow uses this one as a `module:`, as README.md shows it."""

import re
from pathlib import Path

import pytest
import yaml
from running import CHECKOUT, MICRO, checkout_copy, run

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
INTERFACE = yaml.safe_load((CHECKOUT / "INTERFACE.yaml").read_text(encoding="utf-8"))
SNAKEFILE = re.search(r"```python\n(module signpaths:.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project beside a checkout of this one, with the README's Snakefile, run to its end."""
    assert SNAKEFILE, "README.md shows no Snakefile that uses this workflow as a module"
    folder = tmp_path_factory.mktemp("module")
    checkout_copy(folder / "signpaths")
    project = folder / "project"
    project.mkdir()
    (project / "Snakefile").write_text(SNAKEFILE[1])
    # The shares of the base config would leave none of six recordings to test on.
    split = {"train": 4, "validation": 1}
    own = {**MICRO, "data": {"source": "simulate"}, "split": split}
    config = {"signpaths": own, "own": "key"}
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    code, output = run(project, "--configfile", "config.yaml")
    assert code == 0, output
    return project


def test_it_ends_in_the_outputs_that_the_interface_names(other: Path) -> None:
    for pattern in INTERFACE["outputs"]:
        path = pattern.replace("<results>", "output").replace("<study>", "micro")
        assert (other / path).exists(), pattern
    assert not (other / "results").exists()
    assert not (other / "logs").exists()


def test_a_second_run_does_nothing(other: Path) -> None:
    code, output = run(other, "--configfile", "config.yaml", "--dry-run")
    assert code == 0, output
    assert "Nothing to be done" in output


def test_it_says_at_the_terminal_where_its_report_is(other: Path) -> None:
    code, output = run(other, "--configfile", "config.yaml")
    assert code == 0, output
    assert "\nreport: output/micro/report.html\nAs planted: " in output


def test_the_interface_names_what_there_is() -> None:
    rules = "".join(
        path.read_text()
        for path in [CHECKOUT / "Snakefile", *CHECKOUT.glob("workflow/rules/*.smk")]
    )
    for name in INTERFACE["rules"]:
        assert f"rule {name}:" in rules
    for name in INTERFACE["pathvars"]:
        assert f"<{name}>" in rules
    assert (CHECKOUT / INTERFACE["config"]["schema"]).is_file()
