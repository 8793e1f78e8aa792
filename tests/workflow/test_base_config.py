"""What a bare `snakemake` says in a fresh clone, and what works without any recordings."""

from pathlib import Path

import pytest
from running import MICRO, checkout_copy, run, snakemake


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout_copy(tmp_path_factory.mktemp("bare") / "signpaths")


@pytest.mark.parametrize("arguments", [(), ("-n",)])
def test_without_a_source_one_message_says_what_to_set(
    clone: Path, arguments: tuple[str, ...]
) -> None:
    code, output = run(clone, *arguments)
    assert code != 0
    assert output.count("data.source") == 1
    assert "make demo" in output
    assert "Traceback" not in output
    assert not (clone / "results/study").exists()


def test_a_source_that_is_not_there_is_named(clone: Path) -> None:
    code, output = snakemake(
        clone, {"data": {"source": "no/such.tar.gz"}}, over="config/auslan.yaml"
    )
    assert code != 0
    assert "no such file or folder: no/such.tar.gz" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("argument", ["--lint", "--list-rules"])
def test_linting_and_listing_need_no_source(clone: Path, argument: str) -> None:
    code, output = run(clone, argument)
    assert code == 0, output


def test_a_file_of_ones_own_does_not_inherit_the_demo(clone: Path) -> None:
    """A user's few keys lie over the recipe for real recordings, not over small networks."""
    (clone / "recordings").mkdir(exist_ok=True)
    own = {"study": "mine", "data": {"source": "recordings"}}
    code, output = snakemake(
        clone, own, "-n", "-p", "--workflow-profile", "none", over="config/config.yaml"
    )
    assert code == 0, output
    assert "--units=100 " in output
    assert "--seeds=20" in output
    assert MICRO["study"] not in output
