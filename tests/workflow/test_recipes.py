"""The five recipes of CONTRIBUTING.md, each tried on a copy of the checkout and of a study.

A recipe edits what it says and nothing else; everything that should follow from it is looked for.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
from fake_study import packed_pairs
from running import CHECKOUT, MICRO, finished, jobs, planned, shell_lines


@pytest.fixture
def copy(micro: Path, tmp_path: Path) -> Path:
    """A checkout of one's own, in which the micro study is finished."""
    folder = tmp_path / "signpaths"
    shutil.copytree(micro, folder, symlinks=True)
    shutil.copy(CHECKOUT / "README.md", folder)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace text in one file of a checkout."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def library(folder: Path, *arguments: str) -> str:
    """Run a module of the checkout's library, and give what it prints."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "workflow"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_config_key(copy: Path) -> None:
    edit(
        copy,
        "workflow/signpaths/options.py",
        "    epochs: Epochs = 80\n",
        '    warmth: NotNegative = 0.5\n    """How warm the network is kept."""\n\n'
        "    epochs: Epochs = 80\n",
    )
    edit(
        copy,
        "workflow/signpaths/networks/lstm.py",
        "    training.start(seed)\n",
        '    training.start(seed)\n    print(f"kept at {options.warmth}")\n',
    )
    library(copy, "signpaths.documents", ".")
    assert "  # How warm the network is kept.\n  warmth: 0.5\n" in (
        (copy / "config/config.yaml").read_text()
    )
    assert "| `warmth` | a number from 0 to 1,000 | `0.5` |" in (
        (copy / "config/README.md").read_text()
    )
    assert "warmth:" in (copy / "workflow/schemas/config.schema.yaml").read_text()
    assert "How warm the network is kept." in library(copy, "signpaths", "lstm", "--help")
    lines = shell_lines(copy, {**MICRO, "study": "warm", "lstm": {"warmth": 2}})
    assert {"--warmth=2.0" in line for line in lines if line.startswith("lstm ")} == {True}
    assert not any("--warmth" in line for line in lines if not line.startswith("lstm "))


def test_a_space(copy: Path) -> None:
    edit(
        copy,
        "workflow/signpaths/spaces.py",
        "UNTRAINED_SPACE = Space(",
        'MIDDLE_SPACE = Space("middle", "middle state", "the hidden state half-way")\n'
        "UNTRAINED_SPACE = Space(",
    )
    edit(
        copy,
        "workflow/signpaths/spaces.py",
        "own = [HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE]",
        "own = [HIDDEN_SPACE, LAST_SPACE, MIDDLE_SPACE, UNTRAINED_SPACE]",
    )
    module = "workflow/signpaths/closeness/closeness.py"
    edit(copy, module, "    LAST_SPACE,\n", "    LAST_SPACE,\n    MIDDLE_SPACE,\n")
    edit(
        copy,
        module,
        "        UNTRAINED_SPACE: [",
        "        MIDDLE_SPACE: [resample(states, real, 3)[:, 1:2]],\n        UNTRAINED_SPACE: [",
    )
    ran = jobs(finished(copy, MICRO))
    assert not ran.keys() & {"lstm", "activations", "autoencoder"}
    study = copy / "results/micro"
    for store in ("stability.zarr", "evidence.zarr", "closeness/1.zarr"):
        dataset = xr.open_zarr(study / store)
        assert dataset.words.sel(space="middle").item() == "the hidden state half-way"
    assert "middle_pi" in next(csv.reader((study / "pairs.csv").open()))
    assert "<code>middle</code>: the hidden state half-way" in (study / "report.html").read_text()
    assert "- `middle`: the hidden state half-way" in (study / "method.md").read_text()


def test_a_statistic(copy: Path) -> None:
    module = "workflow/signpaths/stability/pairs.py"
    edit(
        copy,
        module,
        '    if "energy" in found.means:\n',
        "    best = Column(\n"
        '        "rank_best", "least mutual rank", 3, unit="rank", heading="Best rank",\n'
        '        shown="rank", group=NEAR, words="The nearest that any network brings the pair.",\n'
        "    )\n"
        "    statistics.append((best, of_network.min(axis=1)))\n"
        '    if "energy" in found.means:\n',
    )
    ran = jobs(finished(copy, MICRO)).keys()
    assert {"stability", "method", "report"} <= ran
    assert not ran & {"lstm", "activations", "autoencoder", "paths", "closeness", "quality"}
    study = copy / "results/micro"
    stored = xr.open_zarr(study / "stability.zarr").rank_best
    assert (stored.attrs["heading"], stored.attrs["long_name"]) == (
        "Best rank",
        "least mutual rank",
    )
    assert "hidden_rank_best" in next(csv.reader((study / "pairs.csv").open()))
    page = (study / "report.html").read_text()
    assert "<dt>Best rank</dt><dd>The nearest that any network brings the pair.</dd>" in page
    details = {
        column["name"]: column
        for table in packed_pairs(page)["details"]
        for column in table["columns"]
    }
    assert details["rank_best"]["shown"] == "rank"
    assert "| `rank_best` | rank | least mutual rank | 3 |" in (study / "method.md").read_text()


def test_a_figure(copy: Path) -> None:
    (copy / "workflow/signpaths/report/drawing/spread.py").write_text(
        '"""A dot a pair: its mean rank and how far that varies."""\n\n'
        "import xarray as xr\n"
        "from matplotlib.figure import Figure\n\n"
        "from signpaths.report.drawing.style import canvas\n"
        "from signpaths.spaces import HEADLINE\n\n\n"
        "def draw_spread(stability: xr.Dataset) -> Figure:\n"
        '    """Draw it."""\n'
        "    one = stability.sel(space=HEADLINE)\n"
        "    figure, axes = canvas(5, 4)\n"
        "    axes.plot(one.rank_mean, one.rank_q75 - one.rank_q25, '.')\n"
        "    return figure\n"
    )
    module = "workflow/signpaths/report/figures.py"
    edit(
        copy,
        module,
        "from signpaths.report.drawing.style",
        "from signpaths.report.drawing.spread import draw_spread\n"
        "from signpaths.report.drawing.style",
    )
    edit(
        copy,
        module,
        '            ("variance", draw_variance(stable), "all spaces"),\n',
        '            ("spread", draw_spread(stable), HEADLINE),\n'
        '            ("variance", draw_variance(stable), "all spaces"),\n',
    )
    edit(
        copy,
        "workflow/signpaths/report/gallery.py",
        '    Entry(\n        "variance",\n',
        '    Entry("spread", STUDY, RUNS, "How ranks vary", "A dot a pair of signs.", "Dots."),\n'
        '    Entry(\n        "variance",\n',
    )
    library(copy, "signpaths.documents", ".")
    assert (copy / "workflow/report/spread.rst").read_text() == "A dot a pair of signs.\n"
    edit(
        copy,
        "workflow/signpaths/report/sections/accuracy.html.j2",
        "{{ figure('accuracy'",
        "{{ figure('spread') }}\n{{ figure('accuracy'",
    )
    ran = jobs(finished(copy, MICRO)).keys()
    assert ran == {"figures", "provenance", "report", "all"}
    assert (copy / "results/micro/figures/spread.png").stat().st_size > 1000
    assert 'id="figure-spread"' in (copy / "results/micro/report.html").read_text()


def test_a_stage(copy: Path) -> None:
    (copy / "workflow/signpaths/stability/counted.py").write_text(
        '"""Stage `counted`: stability in, the number of close pairs out."""\n\n'
        "from pathlib import Path\n\n"
        "from signpaths.stores import open_store, write_text\n\n\n"
        "def counted(stability: Path, out: Path, /) -> None:\n"
        '    """Count the close pairs of every network."""\n'
        "    close = open_store(stability)['close'].sel(space='hidden')\n"
        "    write_text(out, f'{int(close.sum())}\\n')\n"
    )
    edit(
        copy,
        "workflow/signpaths/stages.py",
        '    Stage(\n        "agreement",\n',
        '    Stage("counted", "stability", "Count the close pairs."),\n'
        '    Stage(\n        "agreement",\n',
    )
    rules = copy / "workflow/rules/stability.smk"
    rules.write_text(
        rules.read_text() + "\n\nrule counted:\n"
        '    input:\n        "<results>/<study>/stability.zarr",\n'
        '    output:\n        "<results>/<study>/counted.txt",\n'
        '    log:\n        "<logs>/<study>/counted.log",\n'
        "    conda:\n        ENVIRONMENT\n"
        '    params:\n        code=code("counted"),\n'
        "    shell:\n"
        '        "python -m signpaths counted {input:q} {output:q} > {log:q} 2>&1"\n'
    )
    library(copy, "signpaths.documents", ".")
    assert "| `counted` | stability | Count the close pairs. |" in (copy / "README.md").read_text()
    assert "Count the close pairs." in library(copy, "signpaths", "--help")
    ran = jobs(finished(copy, MICRO, "results/micro/counted.txt")).keys()
    assert ran == {"counted"}
    assert int((copy / "results/micro/counted.txt").read_text()) > 0
    # What was there before runs again no more than provenance, which lists the stages.
    assert planned(copy, MICRO).keys() == {"provenance", "report", "all"}
