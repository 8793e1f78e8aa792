"""What README.md and docs/ tell a reader to type is run, and what they link to is there.

The five steps of a study of one's own are taken as they are written, with fewer and smaller
networks. Every other command is in one of the tables below, which say how it is run: here, by a
dry run here, or by a test that is named; what takes hours is begun.
"""

import csv
import os
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from running import CHECKOUT, MICRO, as_typed, checkout_copy, jobs
from signpaths.stability.verdicts import CAUSES, PICTURES, VERDICTS

README = CHECKOUT / "README.md"
PAGES = {
    path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8")
    for path in [README, *sorted((CHECKOUT / "docs").glob("*.md"))]
}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|snakemake|python|PYTHONPATH=\S+|cd|source|export|du) [^`]+)`")
SIGNS = ("give", "how", "lose", "share", "thank")
# The sizes of the tests' micro study; all else is what README.md tells.
SMALL = {
    **{name: MICRO[name] for name in ("lstm", "autoencoder", "alignment", "shared")},
    "figures": {"runs": ["reference"], "maps": ["ae"], "film_seconds": 1, "bottlenecks": []},
}

FINDINGS = "PYTHONPATH=workflow python -m signpaths findings results/"
# Run in the study that the five steps have made, which stands for all others.
HERE = (
    "source .venv/bin/activate",
    "du -sh results/auslan results/demo .venv",
    "du -sh results/auslan/*",
    FINDINGS + "auslan",
    FINDINGS + "demo",
    "cd results/demo && sha256sum -c .pairs.csv.sum",
    "export PYTHONPATH=workflow",
)
# Likewise, after `source .venv/bin/activate` and `export PYTHONPATH=workflow`.
ACTIVATED = ("python -m signpaths --help",)
# The five steps, below.
STEPS = (
    "snakemake -n --configfile my.yaml",
    "snakemake --configfile my.yaml",
    "snakemake --configfile my.yaml --config 'lstm={seeds: 22}'",
)
# Snakemake plans what it would run, and how many networks that would train.
PLANNED = {
    "make demo": 11,
    "make seeds": 33,
    "make auslan RAW=tctodd.tar.gz": 20,
    "make article RAW=tctodd.tar.gz": 5,
    "snakemake --configfile config/auslan.yaml config/sessions.yaml --config "
    "'data={source: tctodd.tar.gz}'": 20,
}
# They measure for long: each script that they run reads its arguments.
BEGUN = (
    *("make calibrate", "make alignments", "make bench RAW=tctodd.tar.gz", "make break"),
    "make page STUDY=auslan",
)
# What runs it: a line of .ci/run, or a test.
ELSEWHERE = {
    "make test": ".ci/run",
    "make docs": "tests/unit/test_documents.py::test_files_say_what_the_library_declares",
    "make explorer": "tests/browser/test_script.py",
    "make .venv/slurm": "tests/cluster/test_slurm.py",
    "snakemake --workflow-profile profiles/slurm --configfile my.yaml": (
        "tests/cluster/test_slurm.py::test_a_study_on_slurm_makes_the_same_files_as_at_home"
    ),
    "snakemake -n": "tests/workflow/test_base_config.py::"
    "test_a_file_of_ones_own_does_not_inherit_the_demo",
    "snakemake --report report.zip": "tests/workflow/test_snakemake_report.py::"
    "test_every_caption_is_used_and_rendered",
    "snakemake … --forcerun lstm autoencoder": "tests/workflow/test_study.py::"
    "test_what_is_made_again_is_the_same_bit_for_bit",
    "python -m signpaths <stage> …": "tests/unit/test_cli.py::"
    "test_every_stage_has_help_without_tensorflow",
    "PYTHONPATH=workflow python tests/workflow/damage.py results/<study>": (
        "tests/workflow/test_damage.py::test_no_damage_is_read_without_a_word"
    ),
}
MODULE = "tests/workflow/test_module.py::test_it_ends_in_the_outputs_that_the_interface_names"


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Give the blocks of a language, each with its page."""
    for page, text in PAGES.items():
        for found, block in FENCED.findall(text):
            if found == language:
                yield page, block


def commands() -> set[str]:
    """Give all commands, those in running text too, without comments."""
    lines = [line for _, block in blocks("") for line in block.splitlines()]
    found = {line.split("  #")[0].strip() for line in lines}
    for text in PAGES.values():
        found |= {" ".join(one.split()) for one in INLINE.findall(FENCED.sub("", text))}
    return found


def typed(folder: Path, command: str) -> str:
    """Run a command as it is typed into a shell in a folder; give what it says."""
    environment = as_typed()
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def own_config() -> str:
    """Give `my.yaml`, as README.md shows it."""
    [found] = [block for page, block in blocks("yaml") if page == "README.md"]
    assert found.startswith("# my.yaml\n")
    return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with an environment, a Makefile, and recordings as the first step has them."""
    folder = checkout_copy(tmp_path_factory.mktemp("readme") / "signpaths")
    (folder / "Makefile").write_bytes((CHECKOUT / "Makefile").read_bytes())
    (folder / ".venv").symlink_to(sys.prefix)
    rng = np.random.default_rng(0)
    for session in ("monday", "tuesday"):
        for number, sign in enumerate(SIGNS):
            for take in (1, 2, 3):
                path = folder / "recordings" / session / sign / f"{take}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                way = np.sin(np.linspace(0, 3, 12 + take)[:, None] * (number + np.arange(1, 4)))
                np.savetxt(path, way + 0.05 * rng.normal(size=way.shape))
    (folder / "my.yaml").write_text(own_config(), encoding="utf-8")
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL), encoding="utf-8")
    with tarfile.open(folder / "tctodd.tar.gz", "w:gz") as archive:
        for path in (folder / "recordings/monday").rglob("*.txt"):
            archive.add(path, f"tctodd1/{path.parent.name}-{path.stem}.tsd")
    return folder


@pytest.fixture(scope="module")
def study(checkout: Path) -> Path:
    """The checkout after the five steps, its study under the names of the others, too."""
    dry, _, _ = STEPS
    planned = jobs(typed(checkout, f"source .venv/bin/activate\n{dry}"))
    assert planned["lstm"] == 12
    assert not (checkout / "results/mine").exists()
    said = typed(checkout, small("snakemake --configfile my.yaml"))
    assert "\nreport: results/mine/report.html\n" in said
    return checkout


@pytest.fixture(scope="module")
def finished(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the finished study stands for the demo and for the real study."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "results").mkdir()
    for name in ("workflow", ".venv"):
        (folder / name).symlink_to(study / name)
    for name in ("auslan", "demo"):
        (folder / "results" / name).symlink_to(study / "results/mine")
    return folder


def small(command: str) -> str:
    """Lay the small sizes over a study of one's own."""
    return command.replace("my.yaml", "my.yaml small.yaml")


def test_every_command_is_run() -> None:
    known = {*HERE, *ACTIVATED, *STEPS, *PLANNED, *BEGUN, *ELSEWHERE}
    assert commands() - known == set(), "say in this file how these are run"
    assert known - commands() == set(), "no page tells these any more"


def test_every_block_is_of_a_language_that_is_run_or_shown() -> None:
    languages = {found for text in PAGES.values() for found, _ in FENCED.findall(text)}
    assert languages <= {"", "python", "yaml", "text"}


@pytest.mark.parametrize("named", sorted({*ELSEWHERE.values(), MODULE}))
def test_what_runs_the_others_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    assert f"\ndef {test}(" in text if test else text


def test_the_whole_check_makes_the_demo_twice_and_runs_the_tests() -> None:
    lines = (CHECKOUT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert "make demo" in lines
    assert any(line.startswith("make demo ") for line in lines)
    assert "make test" in lines


def test_recordings_are_labelled_as_told(study: Path) -> None:
    split = (study / "results/mine/splits").glob("*.csv")
    with next(split).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * len(SIGNS)
    parts = [row["part"] for row in rows]
    # Of six recordings of a sign four train, one validates and one tests.
    counts = {part: parts.count(part) // len(SIGNS) for part in set(parts)}
    assert counts == {"train": 4, "validation": 1, "test": 1}


def test_more_networks_train_only_the_new_ones(study: Path) -> None:
    *_, more = STEPS
    planned = jobs(typed(study, f"{small(more)} --dry-run"))
    assert planned["lstm"] == 22 - SMALL["lstm"]["seeds"]


def test_a_second_run_does_nothing(study: Path) -> None:
    said = typed(study, small("snakemake -n --configfile my.yaml"))
    assert "Nothing to be done" in said


@pytest.mark.parametrize("command", HERE)
def test_a_command_runs(finished: Path, command: str) -> None:
    said = typed(finished, command)
    assert said or command.startswith(("source", "export"))


@pytest.mark.parametrize("command", ACTIVATED)
def test_a_command_runs_in_the_environment(finished: Path, command: str) -> None:
    assert typed(finished, f"source .venv/bin/activate\nexport PYTHONPATH=workflow\n{command}")


@pytest.mark.parametrize(("command", "networks"), PLANNED.items())
def test_a_long_study_is_planned(checkout: Path, command: str, networks: int) -> None:
    if command.startswith("make"):
        # The environment is not made again here.
        command += " --old-file .venv/study 'SNAKEMAKE=snakemake --dry-run'"
    else:
        command += " --dry-run"
    said = typed(checkout, command)
    planned = re.findall(r"^ lstm +(\d+) *$", said, re.MULTILINE)
    assert sum(map(int, planned)) == networks, said


@pytest.mark.parametrize("command", BEGUN)
def test_what_measures_for_long_reads_its_arguments(command: str) -> None:
    made = [".venv/study", ".venv/dev"]
    lines = subprocess.run(
        ["make", "--dry-run", *(f"--old-file={one}" for one in made), *command.split()[1:]],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    scripts = [line.split()[1:] for line in lines.splitlines() if "python tests/" in line]
    assert scripts
    for script in scripts:
        words = shlex.split(" ".join(script))
        done = subprocess.run(
            [sys.executable, *words, "--help"],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "workflow")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("usage: ")


def snippets() -> list[tuple[str, str]]:
    """Give what Python is shown, but for the Snakefile that another test runs."""
    return [(page, block) for page, block in blocks("python") if "use rule" not in block]


@pytest.mark.parametrize(("page", "snippet"), snippets())
def test_python_that_is_shown_runs(finished: Path, page: str, snippet: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", snippet],
        cwd=finished,
        env=as_typed(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (page, done.stderr)


def test_yaml_that_is_shown_is_a_config(checkout: Path) -> None:
    shown = [(page, block) for page, block in blocks("yaml") if page != "README.md"]
    assert shown
    source = "--config 'data={source: tctodd.tar.gz}'"
    for page, block in shown:
        (checkout / "shown.yaml").write_text(block, encoding="utf-8")
        said = typed(checkout, f"snakemake -n --configfile config/auslan.yaml shown.yaml {source}")
        assert jobs(said)["lstm"] == 20, page


def listed() -> list[str]:
    """Give the files of docs/results.md, with * where a name differs."""
    table = re.findall(r"^\| (`.*?) \|", PAGES["docs/results.md"], re.MULTILINE)
    names = [name for cell in table for name in re.findall(r"`([^`]+)`", cell)]
    return [re.sub(r"<\w+>", "*", name) for name in names]


# Only of a simulated study, or of one that compares bottlenecks, as this one does not.
OTHERS = {"simulated/", "planted.csv", "bottlenecks/*.zarr", "bottlenecks/*/"}


@pytest.mark.parametrize("name", sorted(set(listed()) - OTHERS))
def test_a_listed_file_is_there(study: Path, name: str) -> None:
    assert any((study / "results/mine").glob(name)), name


def test_every_file_at_the_top_is_listed(study: Path) -> None:
    tops = {name.split("/")[0] for name in listed()}
    found = {path.name for path in (study / "results/mine").iterdir()}
    assert {name for name in found if not name.startswith(".")} - tops == set()


@pytest.mark.parametrize("word", [*VERDICTS, *CAUSES, *PICTURES])
def test_readme_tells_every_word_of_a_verdict(word: str) -> None:
    assert f"**{word}**" in PAGES["README.md"]


@pytest.mark.parametrize(
    ("path", "pattern", "label"),
    [
        ("monday/lose-1.tsd", 0, ("monday", "lose", "1")),
        ("lose-1.tsd", 0, (None, "lose", "1")),
        ("monday/lose/1.txt", 1, ("monday", "lose", "1")),
        ("lose_1.csv", 2, (None, "lose", "1")),
        ("p07/monday/1-lose.dat", 3, ("monday", "lose", "1")),
    ],
)
def test_patterns_fit_the_layouts_that_they_are_shown_for(
    path: str, pattern: int, label: tuple[str | None, ...]
) -> None:
    page = PAGES["docs/recordings.md"]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert f"`{path}`" in rows[pattern]
    [text] = re.findall(r"`'(.*)'`", rows[pattern])
    found = re.search(text, path)
    assert found
    assert tuple(found.groupdict().get(name) for name in ("session", "sign", "take")) == label


def test_the_default_pattern_is_the_one_that_is_told() -> None:
    base = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text(encoding="utf-8"))
    assert f"`'{base['data']['pattern']}'`" in PAGES["docs/recordings.md"]


def anchors(text: str) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.add(kept.replace(" ", "-"))
    return found


def links() -> list[tuple[str, str]]:
    return [
        (page, target)
        for page, text in PAGES.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", text))
        if not target.startswith(("https://", "http://"))
    ]


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    name, _, anchor = target.partition("#")
    path = ((CHECKOUT / page).parent / name).resolve() if name else CHECKOUT / page
    assert path.is_file(), f"{page}: {target}"
    if anchor:
        assert anchor in anchors(path.read_text(encoding="utf-8")), f"{page}: {target}"


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"README.md"}))
def test_readme_leads_to_every_page(page: str) -> None:
    assert f"({page})" in PAGES["README.md"]
    assert "(../README.md)" in PAGES[page]


def test_the_comparison_is_a_whole_table() -> None:
    table = PAGES["README.md"].split("## How it compares")[1].split("\n\n")
    [rows] = [part.splitlines() for part in table if part.startswith("| |")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert {len(row) for row in cells} == {11}
    assert {cell for row in cells[2:] for cell in row[1:]} == {"●", "~", "·"}
