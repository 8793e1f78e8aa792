"""The report: it loads nothing, no name becomes markup, its numbers are those of pairs.csv."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from fake_study import (
    HOSTILE,
    NAMES,
    QUICK,
    Page,
    Study,
    make_study,
    make_whole_study,
    packed_pairs,
    write_claims,
    write_report,
    write_whole_report,
)
from jinja2 import StrictUndefined, Template
from signpaths.columns import OFTEN, Column
from signpaths.errors import UserError
from signpaths.options import ReportOptions
from signpaths.report.findings import sentences
from signpaths.report.sections.pairs import breaks
from signpaths.report.sections.provenance import flattened
from signpaths.report.study import open_stability, shown_rows
from signpaths.stability.verdicts import CAUSES
from signpaths.stores import open_store, write_store

CAPTIONS = Path(__file__).parents[3] / "workflow/report"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def text(study: Study) -> str:
    return write_report(study, study.folder / "report.html")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            value = attributes.get(name) or ""
            assert value.startswith(("data:", "#")) or not value, f"{tag} {name}={value[:60]}"
    style = next(i for i, (tag, _) in enumerate(page.elements) if tag == "style")
    assert not re.search(r"url\(|@import", "".join(page.text[: style + 400]))


def test_the_policy_allows_the_page_s_own_script_and_no_other(page: Page) -> None:
    policy = next(a["content"] for t, a in page.elements if t == "meta" and "http-equiv" in a)
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_every_figure_is_inside_and_described(page: Page) -> None:
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(images) == 4
    for image in images:
        assert (image["src"] or "").startswith(
            ("data:image/webp;base64,", "data:image/avif;base64,")
        )
        assert image["alt"]
        assert int(image["width"] or 0) > 500


def same(shown: Any, cell: Any) -> bool:
    """Whether the script has what a cell holds; a column with empty cells is read as text."""
    if shown is None or isinstance(shown, str):
        return (shown or "") == str(cell)
    return shown == (float(cell) if isinstance(cell, str) else cell)


def test_the_page_s_numbers_are_those_of_pairs_csv(study: Study, page: Page) -> None:
    table = pd.read_csv(study.folder / "pairs.csv", keep_default_na=False)
    data = packed_pairs(page.source)
    assert data["columns"] == list(table.columns)
    assert len(data["rows"]) == len(table) == len(NAMES) * (len(NAMES) - 1) // 2
    every = data["every"]
    for shown, (_, row) in zip(data["rows"], table.iterrows(), strict=True):
        for name, value in zip(data["columns"], shown, strict=True):
            if name.endswith("_breaks"):
                assert (every if value == "*" else value) == str(row[name])
            else:
                assert same(value, row[name])


def test_the_static_table_says_the_same(study: Study, page: Page) -> None:
    table = pd.read_csv(study.folder / "pairs.csv", keep_default_na=False)
    rows = [row for row in page.rows if len(row) == 18 and row[0] != "Pair"]
    assert len(rows) == min(30, len(table))
    for shown, (_, row) in zip(rows, table.iterrows(), strict=False):
        assert shown[0] == f"{row.sign_a} \N{EN DASH} {row.sign_b}"
        assert shown[1].removeprefix("likely ").startswith(row.verdict)
        assert shown[2] == f"{round(row.hidden_pi * 10)}/10"
        assert float(shown[5]) == pytest.approx(row.hidden_rank_mean, abs=0.051)
        assert float(shown[-2]) == pytest.approx(row.raw_rank, abs=0.051)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", names=HOSTILE, takes=1)
    provenance = study.folder / "provenance.json"
    origin = json.loads(provenance.read_text())
    origin["config"]["study"] = "</title><script>alert(3)</script>"
    provenance.write_text(json.dumps(origin))
    options = ReportOptions(title="</title><img src=x onerror=alert(2)>\x1b[31m\u202e")
    text = write_report(study, tmp_path / "report.html", options=options)
    page = Page(text)
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert scripts == [{"type": "text/plain", "id": "pairs-data"}, {}]
    assert "alert(" not in page.scripts[1]
    assert not [t for t, _ in page.elements if t == "b"]
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)
    shown = "".join(page.text)
    assert "onerror=alert(2)>\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}" in shown
    for name in HOSTILE:
        assert name in shown
    assert {row[0] for row in packed_pairs(text)["rows"]} <= set(HOSTILE)


def test_too_few_networks_are_said_at_the_top(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", runs=2, takes=1, spaces=("hidden", "pca2"))
    text = write_report(study, tmp_path / "report.html")
    shown = " ".join("".join(Page(text).text).split())
    assert shown.index("Too few networks for inference") < shown.index("What was found")
    assert "It needs at least 6 before any pair can be said to stay close" in shown
    assert "stays close (" not in shown.split("Pairs")[0]


def test_enough_networks_make_no_notice(page: Page) -> None:
    assert "Too few networks" not in "".join(page.text)


def test_planted_pairs_are_set_against_the_verdicts(page: Page) -> None:
    rows = page.rows[[row[:2] for row in page.rows].index(["Pair", "Planted as"]) :]
    assert rows[1][0] == "drink \N{EN DASH} danger"
    assert rows[1][2:4] == ["stays close input-driven", "stays close input-driven"]
    assert rows[1][-2:] == ["yes", "yes"]
    assert rows[2][2] == "apart"


def test_the_report_can_be_written_twice_with_the_same_bytes(study: Study, text: str) -> None:
    assert write_report(study, study.folder / "again.html") == text


def test_settings_are_shown_short(text: str) -> None:
    assert "0.30000000000000004" not in text
    assert re.search(r"autoencoder\.noise</th><td>0\.3</td>", text)
    assert list(flattened({"a": {"b": [1, 2.5], "c": None}, "d": {}})) == [
        ("a.b", "1, 2.5"),
        ("a.c", "–"),
        ("d", "–"),
    ]


def test_breaks_are_few_by_name_and_many_by_count() -> None:
    assert breaks("", 10) == "none"
    assert breaks("0 3", 10) == "networks 0, 3"
    assert breaks("0 1 2 3 4 5", 10) == "6 of 10"
    assert breaks("0 1", 2) == "all 2"
    assert breaks("0", 1) == "network 0"


def test_the_page_says_what_every_space_is(text: str) -> None:
    assert "<code>pca2</code>: the hidden states projected to 2 dimensions by principal" in text
    assert "<code>ae3</code>: the hidden states projected to 3 dimensions by a denoising" in text


def test_a_study_without_the_headline_space_is_refused(study: Study, tmp_path: Path) -> None:
    stable = open_store(study.folder / "stability.zarr").load()
    without = stable.sel(space=stable["space"] != "hidden")
    write_store(without, tmp_path / "stability.zarr", stage="stability", title="made for a test")
    with pytest.raises(UserError, match="no space hidden"):
        open_stability(tmp_path / "stability.zarr")


@pytest.mark.parametrize("caption", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_for_snakemake_s_report_are_sound(caption: Path) -> None:
    config = {
        "study": "demo",
        "report": {"reference_seed": 0},
        "figures": {"transform": "log1p"},
        "lstm": {"seeds": 10},
        "closeness": {"parting": 1.5},
        "stability": {"tau": 0.5, "confidence": 0.95},
        "units": {"least": 0.3},
    }
    snakemake = SimpleNamespace(config=config)
    template = Template(caption.read_text(encoding="utf-8"), undefined=StrictUndefined)
    parts = publish_parts(
        template.render(snakemake=snakemake),
        writer="html5",
        settings_overrides={"halt_level": 2, "report_level": 2},
    )
    assert parts["body"].startswith("<p>")


def test_signs_that_look_like_numbers_stay_names() -> None:
    table = pd.DataFrame({"sign_a": ["NA"], "sign_b": ["1e3"], "pi": [0.1 + 0.2], "raw": [None]})
    table = table.assign(raw=table["raw"].astype(float), close=[True], whole=[2.0])
    (row,) = shown_rows(table)
    assert list(row.values()) == ["NA", "1e3", 0.3, None, True, 2]
    assert isinstance(row["whole"], int)


# Studies with cause, evidence and trust.

SMALL: Any = {"takes": 1, "spaces": ("hidden", "ae2")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_whole_study(tmp_path_factory.mktemp("whole"), **SMALL)


@pytest.fixture(scope="module")
def whole_text(whole: Study) -> str:
    return write_whole_report(whole, whole.folder / "report.html")


@pytest.fixture(scope="module")
def whole_page(whole_text: str) -> Page:
    return Page(whole_text)


def cells(page: Page, width: int) -> list[list[str]]:
    return [row for row in page.rows if len(row) == width]


def test_every_number_of_a_pair_reaches_the_script(whole: Study, whole_page: Page) -> None:
    table = pd.read_csv(whole.folder / "pairs.csv", keep_default_na=False)
    data = packed_pairs(whole_page.source)
    assert data["columns"] == list(table.columns)
    for shown, (_, row) in zip(data["rows"], table.iterrows(), strict=True):
        for name, value in zip(data["columns"], shown, strict=True):
            if not name.endswith("_breaks"):
                assert same(value, row[name]), name
    assert data["spaces"] == [
        {"name": "hidden", "runs": 1},
        {"name": "untrained", "runs": 1},
        {"name": "ae2", "runs": 2},
        {"name": "shared_pca2", "runs": 1},
    ]
    assert data["causes"] == [name for name in CAUSES if name in set(table.cause)]


def test_the_cause_stands_beside_the_verdict(whole: Study, whole_page: Page) -> None:
    table = pd.read_csv(whole.folder / "pairs.csv", keep_default_na=False)
    rows = [row for row in cells(whole_page, 11) if "\N{EN DASH}" in row[0]]
    assert len(rows) == len(table) == 28
    for shown, (_, row) in zip(rows, table.iterrows(), strict=True):
        answers = [(row.verdict, row.verdict_repeats), (row.cause, row.cause_repeats)]
        expected = [
            f"likely {answer}" if float(repeats) < 0.8 and answer != "undecided" else answer
            for answer, repeats in answers
            if answer
        ]
        assert shown[1] == " ".join(expected)
    assert [row[1] for row in rows[:2]] == ["stays close input-driven", "stays close learned"]


def test_causes_are_filters_with_their_counts_and_explained(
    whole: Study, whole_page: Page, whole_text: str
) -> None:
    cause = open_store(whole.folder / "stability.zarr").cause.values
    boxes = [
        a["value"] for t, a in whole_page.elements if t == "input" and a.get("name") == "cause"
    ]
    assert boxes == [*(name for name in CAUSES if name in cause), ""]
    assert len(boxes) <= len(CAUSES)
    for name in boxes:
        total = int((cause == name).sum())
        words = f'<span class="cause">{name}</span>' if name else "none told"
        assert f'{words} <span class="total">{total}</span>' in whole_text
    explained = whole_text[whole_text.index('id="causes"') :]
    explained = explained[: explained.index("</table>")]
    assert all(f'<span class="cause">{name}</span></th>' in explained for name in CAUSES)


def test_runs_that_stand_out_are_told_at_the_top(whole_page: Page, whole_text: str) -> None:
    shown = " ".join("".join(whole_page.text).split())
    start = shown.index("2 of 12 networks stand out")
    assert start < shown.index("What was found")
    # Those that only failed to learn have a notice of their own.
    assert shown[start:].startswith(
        "2 of 12 networks stand out Network 2: low validation accuracy; outlying ranks. "
        "Network 3: outlying ranks. They count in every number below;"
    )


def test_findings_are_those_of_the_terminal(whole: Study, whole_page: Page) -> None:
    stability = open_store(whole.folder / "stability.zarr").load()
    shown = "".join(whole_page.text)
    for sentence in sentences(stability, [])[1:]:
        assert sentence in shown


def test_the_planted_table_tells_the_cause(whole_page: Page) -> None:
    rows = whole_page.rows[[row[:2] for row in whole_page.rows].index(["Pair", "Planted as"]) :]
    assert rows[1][2:4] == ["stays close input-driven", "stays close input-driven"]
    assert rows[1][-2:] == ["yes", "yes"]
    # The crossing pair, planted as not close, stays close by training; in the signals it is apart.
    assert rows[2][2:4] == ["apart", "stays close learned"]
    assert rows[2][-2:] == ["no", "yes"]


def test_the_variance_figure_is_on_the_page_once(whole_page: Page) -> None:
    alts = [str(a["alt"]) for t, a in whole_page.elements if t == "img"]
    assert sum("between autoencoders" in alt for alt in alts) == 1


def test_one_network_shows_no_reliability_and_no_variance(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path, runs=1, autoencoders=1, optional=False, **SMALL)
    text = write_whole_report(study, tmp_path / "report.html")
    assert 'id="figure-variance"' not in text
    assert "The order of the pairs has reliability" not in text
    assert "stand out" not in text.split('id="findings"')[0]
    assert "One network: nothing can be said about retraining" in text
    data = packed_pairs(text)
    assert (data["runs"], {space["runs"] for space in data["spaces"]}) == (1, {1})
    assert "hidden_pi_error" not in data["columns"]
    # What the runs do not hold is not explained either.
    assert "\N{PLUS-MINUS SIGN} sessions" not in text.split("<script")[0]
    assert "Paths meet" not in text.split("<script")[0]


def test_what_a_study_lacks_leaves_no_trace(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", runs=1, takes=1, spaces=("hidden", "pca2"))
    text = write_report(study, tmp_path / "report.html")
    names = ("claims", "causes", "instability", "evidence", "trust", "agreement", "compared")
    for name in names:
        assert f'id="{name}"' not in text, name
        assert f'href="#{name}"' not in text, name
    html = text.split("<script")[0].split("</style>")[1]
    traces = ("stand out", "figure-variance", "\N{PLUS-MINUS SIGN} sessions")
    for trace in (*traces, "Paths meet", "What training does", "If close up to 1"):
        assert trace not in html, trace


def test_a_new_statistic_reaches_details_and_legend_by_itself(whole: Study, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "study")
    stable = open_store(whole.folder / "stability.zarr").load()
    words = "How new <this> is."
    inside = Column("novelty", "how new", 7, heading="Novelty", shown="rank", group=OFTEN)
    alone = Column("oddity", "how odd", 7, heading="Oddity", shown="percent", words=words)
    stable = stable.assign(
        novelty=inside.over(("space", "pair"), np.full_like(stable.pi.values, 1.25)),
        oddity=alone.over("pair", np.full(stable.sizes["pair"], 0.5)),
    )
    store = tmp_path / "study/stability.zarr"
    shutil.rmtree(store)
    write_store(stable, store, stage="stability", title="made for a test", options=QUICK)
    text = write_whole_report(Study(tmp_path / "study"), tmp_path / "report.html")
    assert "<dt>Novelty</dt><dd>How new.</dd>" in text
    assert "<dt>Oddity</dt><dd>How new &lt;this&gt; is.</dd>" in text
    data = packed_pairs(text)
    often = next(table for table in data["details"] if table["title"] == OFTEN)
    described = {"needs": "", "to": "", "words": "How new."}
    assert {"name": "novelty", "heading": "Novelty", "shown": "rank", **described} in (
        often["columns"]
    )
    assert "oddity" in [one["name"] for one in data["alone"]]
    assert {"hidden_novelty", "oddity"} <= set(data["columns"])


def test_hostile_names_and_claims_stay_text(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path, names=HOSTILE, **SMALL)
    write_claims(study.folder / "claims.csv", *(4 * [name] for name in HOSTILE))
    text = write_whole_report(study, tmp_path / "report.html")
    page = Page(text)
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert scripts == [{"type": "text/plain", "id": "pairs-data"}, {}]
    assert not [t for t, _ in page.elements if t == "b"]
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)
    claims = [row for row in page.rows if row and row[0] in HOSTILE and len(row) < 7]
    assert {row[0] for row in claims} == set(HOSTILE)
    assert all(row[0] in row[1] for row in claims)


@pytest.mark.parametrize(
    ("varies", "words"),
    [
        ("training", "over from different random starts."),
        ("split", "over on different shares of the examples."),
        ("both", "over from different random starts and on different shares of the examples."),
    ],
)
def test_the_page_says_what_differs_between_retrainings(
    tmp_path: Path, varies: str, words: str
) -> None:
    study = make_study(tmp_path / "study")
    provenance = study.folder / "provenance.json"
    made = json.loads(provenance.read_text(encoding="utf-8"))
    made["config"]["seeds_vary"] = varies
    provenance.write_text(json.dumps(made), encoding="utf-8")
    assert words in write_report(study, tmp_path / "report.html")
