"""What no study can be made from is refused by Snakemake before any job, in one message."""

import itertools
from pathlib import Path

import pytest
from running import MICRO, checkout_copy, run, snakemake


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout_copy(tmp_path_factory.mktemp("refused") / "signpaths")


def refused(clone: Path, text: str, *arguments: str) -> str:
    (clone / "own.yaml").write_text(text, encoding="utf-8")
    code, output = run(clone, "-n", "--configfile", "config/demo.yaml", "own.yaml", *arguments)
    assert code != 0
    assert "Traceback" not in output
    assert not (clone / "results").exists()
    return output


def test_keys_that_stand_twice_are_named_with_their_lines(clone: Path) -> None:
    text = "lstm:\n  seeds: 3\n  epochs: 2\n  seeds: 4\nstudy: mine\nlstm:\n  units: 8\n"
    output = refused(clone, text)
    assert "own.yaml: lstm stands there twice, in lines 1 and 6" in output
    assert "own.yaml: lstm.seeds stands there twice, in lines 2 and 4" in output


def test_an_alias_bomb_is_refused(clone: Path) -> None:
    names = "abcdefghij"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in itertools.pairwise(names)
    )
    assert "own.yaml: its aliases (*name) stand for more than" in refused(clone, bomb)


def test_a_misspelt_path_variable_is_refused(clone: Path) -> None:
    said = "pathvars.resutls is no path variable, expected results, logs, study, "
    output = refused(clone, "pathvars: {resutls: elsewhere}\n")
    assert said in output
    assert "did you mean results?" in output
    assert said in refused(clone, "study: mine\n", "--config", "pathvars={resutls: elsewhere}")


def test_path_variables_that_there_are_move_the_results(clone: Path) -> None:
    own = {**MICRO, "pathvars": {"results": "elsewhere"}}
    code, output = snakemake(clone, own, "-n", "--workflow-profile", "none")
    assert code == 0, output
    assert "elsewhere/micro/report.html" in output


def test_a_module_is_told_of_a_path_variable_that_it_does_not_have(
    clone: Path, tmp_path: Path
) -> None:
    snakefile = (
        "pathvars:\n    mine='output',\n"
        "module signpaths:\n"
        f"    snakefile: {str(clone / 'Snakefile')!r}\n"
        "    config: {'data': {'source': 'simulate'}, 'split': {'train': 4, 'validation': 1}}\n"
        "    pathvars:\n        NAME='<mine>',\n"
        "use rule * from signpaths as signpaths_*\n"
    )
    (tmp_path / "Snakefile").write_text(snakefile.replace("NAME", "resluts"))
    code, output = run(tmp_path, "-n")
    assert code != 0
    assert "pathvars.resluts is no path variable" in output
    assert "did you mean results?" in output
    (tmp_path / "Snakefile").write_text(snakefile.replace("NAME", "results"))
    code, output = run(tmp_path, "-n")
    assert code == 0, output
    assert "output/study/report.html" in output
