"""The report: it loads nothing, no name becomes markup, its numbers are those of pairs.csv."""

import base64
import hashlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from docutils.core import publish_parts
from fake_study import HOSTILE, NAMES, Page, Study, make_study, write_report
from jinja2 import StrictUndefined, Template
from signpaths.errors import UserError
from signpaths.report import (
    ReportOptions,
    breaks,
    describe_space,
    duration,
    flattened,
    interval,
    number,
    probability,
    read_pairs,
    significant,
)

CAPTIONS = Path(__file__).parents[2] / "workflow/report"


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
    assert len(images) == 7
    for image in images:
        assert (image["src"] or "").startswith("data:image/png;base64,")
        assert image["alt"]
        assert int(image["width"] or 0) > 500


def test_the_page_s_numbers_are_those_of_pairs_csv(study: Study, page: Page) -> None:
    table = pd.read_csv(study.folder / "pairs.csv", keep_default_na=False)
    data = json.loads(page.scripts[0])
    assert data["columns"] == list(table.columns)
    assert len(data["rows"]) == len(table) == len(NAMES) * (len(NAMES) - 1) // 2
    every = data["every"]
    for shown, (_, row) in zip(data["rows"], table.iterrows(), strict=True):
        for name, value in zip(data["columns"], shown, strict=True):
            if name.endswith("_breaks"):
                assert (every if value == "*" else value) == str(row[name])
            elif isinstance(value, str):
                assert value == str(row[name])
            else:
                assert value == pytest.approx(row[name], rel=1e-12)


def test_the_static_table_says_the_same(study: Study, page: Page) -> None:
    table = pd.read_csv(study.folder / "pairs.csv", keep_default_na=False)
    rows = [row for row in page.rows if len(row) == 14 and row[0] != "Pair"]
    assert len(rows) == min(30, len(table))
    for shown, (_, row) in zip(rows, table.iterrows(), strict=False):
        assert shown[0] == f"{row.sign_a} \N{EN DASH} {row.sign_b}"
        assert shown[1] == row.verdict
        assert shown[2] == f"{round(row.hidden_pi * 10)}/10"
        assert float(shown[5]) == pytest.approx(row.hidden_rank_mean, abs=0.051)
        assert float(shown[12]) == pytest.approx(row.raw_rank, abs=0.051)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", names=HOSTILE, takes=1)
    provenance = study.folder / "provenance.json"
    origin = json.loads(provenance.read_text())
    origin["config"]["study"] = "</title><script>alert(3)</script>"
    provenance.write_text(json.dumps(origin))
    options = ReportOptions(title="</title><img src=x onerror=alert(2)>")
    text = write_report(study, tmp_path / "report.html", options=options)
    page = Page(text)
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "pairs-data"}, {}]
    assert "alert(" not in page.scripts[1]
    assert not [t for t, _ in page.elements if t == "b"]
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)
    shown = "".join(page.text)
    for name in HOSTILE:
        assert name in shown
    assert {row[0] for row in json.loads(page.scripts[0])["rows"]} <= set(HOSTILE)


def test_too_few_seeds_are_said_at_the_top(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", runs=2, takes=1, spaces=("hidden", "pca2"))
    text = write_report(study, tmp_path / "report.html")
    shown = " ".join("".join(Page(text).text).split())
    assert shown.index("Too few seeds for inference") < shown.index("What was found")
    assert "It needs at least 9 before any pair can be said to stay close" in shown
    assert "stays close (" not in shown.split("Pairs")[0]


def test_enough_seeds_make_no_notice(page: Page) -> None:
    assert "Too few seeds" not in "".join(page.text)


def test_planted_pairs_are_set_against_the_verdicts(page: Page) -> None:
    rows = [row for row in page.rows if len(row) == 7]
    assert rows[0][0] == "Pair"
    assert rows[1][0] == "drink \N{EN DASH} danger"
    assert rows[1][2:4] == ["stays close", "stays close"]
    assert rows[1][-1] == "yes"
    assert rows[2][2] == "does not stay close"


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


def test_numbers_in_words() -> None:
    assert [number(value) for value in (None, 1, 0.25, 2.5, 13.04)] == [
        "–",
        "1.0",
        "0.3",
        "2.5",
        "13.0",
    ]
    assert [probability(v) for v in (0.0, 0.0123, 0.5)] == ["<0.001", "0.012", "0.50"]
    assert significant(0.1 + 0.2) == "0.300"
    assert interval(0.0, 0.312) == "0–31\N{NO-BREAK SPACE}%"
    assert breaks("", 10) == "none"
    assert breaks("0 3", 10) == "0, 3"
    assert breaks("0 1 2 3 4 5", 10) == "6 of 10"
    assert breaks("0 1", 2) == "all 2"
    assert [duration(s) for s in (3, 82, 7322)] == ["3.0 s", "1 min 22 s", "2 h 02 min"]
    assert "2 dimensions by principal component" in describe_space("pca2")
    assert describe_space("umap2") == "another space"


def test_a_table_without_the_headline_space_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("sign_a,sign_b,verdict\n")
    with pytest.raises(UserError, match="no column hidden_pi"):
        read_pairs(path)


@pytest.mark.parametrize("caption", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_for_snakemake_s_report_are_sound(caption: Path) -> None:
    config = {
        "study": "demo",
        "report": {"reference_seed": 0},
        "figures": {"transform": "log1p"},
        "lstm": {"seeds": 10},
        "stability": {"tau": 0.5, "confidence": 0.95},
    }
    snakemake = SimpleNamespace(config=config)
    template = Template(caption.read_text(encoding="utf-8"), undefined=StrictUndefined)
    parts = publish_parts(
        template.render(snakemake=snakemake),
        writer="html5",
        settings_overrides={"halt_level": 2, "report_level": 2},
    )
    assert parts["body"].startswith("<p>")


def test_signs_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("sign_a,sign_b,hidden_pi,raw_rank\nNA,1e3,0.5,\n")
    assert read_pairs(path).rows == [["NA", "1e3", 0.5, None]]
