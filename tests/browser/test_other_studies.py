"""Studies beside this one, in a real browser: the page shows of them what their stores say."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import Study, write_report
from signpaths.errors import UserError
from signpaths.stability.conjunction import replicated_q
from signpaths.stores import open_store, write_store
from visits import draws, pair_of, serious_faults, until

Visit = Callable[..., Any]
STAYS = "stays close"


@pytest.fixture(scope="session")
def other(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another study of a hostile name: other verdicts, pairs the other way round, one sign less."""
    folder = tmp_path_factory.mktemp("beside") / "<b>other"
    stable = open_store(study.folder / "stability.zarr").load()
    kept = np.flatnonzero((stable.sign_a.values != "who") & (stable.sign_b.values != "who"))
    stable = stable.isel(pair=kept)
    turned = {
        "sign_a": ("pair", stable.sign_b.values),
        "sign_b": ("pair", stable.sign_a.values),
        "verdict": ("pair", np.roll(stable.verdict.values, 1)),
    }
    pi = stable.pi.copy()
    pi.loc[{"space": "hidden"}] = np.roll(pi.sel(space="hidden").values, 1)
    made = stable.assign(pi=pi).assign_coords({name: turned[name] for name in ("sign_a", "sign_b")})
    made["verdict"] = turned["verdict"]
    write_store(made, folder / "stability.zarr", stage="stability", title="made for a test")
    told = {"config": {"study": "<b>other", "seeds_vary": "both"}}
    (folder / "provenance.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="session")
def beside(study: Study, file: Path, other: Path) -> Path:
    out = file.parent / "beside.html"
    write_report(study, out, explorer=study.folder / "explorer.txt", compare=[other])
    return out


def said_of(folder: Path) -> dict[frozenset[str], tuple[str, float]]:
    stable = open_store(folder / "stability.zarr").load()
    pi = stable.pi.sel(space="hidden").values
    names = zip(stable.sign_a.values, stable.sign_b.values, strict=True)
    return {
        frozenset(map(str, pair)): (str(verdict), float(one))
        for pair, verdict, one in zip(names, stable.verdict.values, pi, strict=True)
    }


def test_verdicts_here_by_verdicts_there_are_those_of_the_stores(
    visit: Visit, beside: Path, study: Study, other: Path
) -> None:
    here, there = said_of(study.folder), said_of(other)
    common = [pair for pair in here if pair in there]
    assert 0 < len(common) < len(here)
    with visit(beside, "#view=studies") as page:
        draws(page, "studies", len(common))
        head = page.locator(".crossed thead th.n").all_inner_texts()
        cells = page.locator(".crossed tbody tr").evaluate_all(
            "all => all.map(row => [row.cells[0].textContent,"
            " ...[...row.cells].slice(1).map(cell => +cell.textContent)])"
        )
        for verdict, *counts in cells:
            for word, count in zip(head, counts, strict=True):
                both = [pair for pair in common if here[pair][0] == verdict]
                assert count == sum(there[pair][0] == word for pair in both), (verdict, word)
        staying = sum(here[pair][0] == there[pair][0] == STAYS for pair in common)
        told = page.locator(".panel.studies .listed button").all_inner_texts()
        assert f"{staying} stay close by the verdict of each study" in told
        assert "<b>other" in page.locator(".panel.studies .said").last.inner_text()


def test_a_group_lists_its_pairs_and_a_pair_is_chosen(visit: Visit, beside: Path) -> None:
    with visit(beside, "#view=studies") as page:
        cell = page.locator(".crossed button").first
        count = int(cell.inner_text())
        cell.click()
        pairs = page.locator(".panel.studies .listed[role=status] button")
        assert pairs.count() == count
        pairs.first.click()
        until(page, "location.hash.includes('pair=')")
        assert page.locator("#card h3").inner_text() == pairs.first.inner_text()


def test_the_card_says_what_the_other_study_says(
    visit: Visit, beside: Path, study: Study, other: Path, whole: Any
) -> None:
    index, _ = whole
    here, there = said_of(study.folder), said_of(other)
    networks = len(index["networks"])
    common = [pair for pair in here if pair in there]
    counts = np.rint(
        np.array([[of[pair][1] for pair in common] for of in (here, there)]) * networks
    ).astype(int)
    q = replicated_q(counts, np.array([networks] * 2), np.array([0.5, 0.5]), 2)
    for place in range(len(index["pairs"]["a"])):
        pair = frozenset(index["signs"][index["pairs"][end][place]] for end in ("a", "b"))
        with visit(beside, pair_of(index, place)) as page:
            part = page.locator(".part", has_text="In other studies")
            row = part.locator("tbody tr").nth(1).inner_text()
            said = part.locator(".said").inner_text()
        if pair not in there:
            assert "has no such pair" in row
            assert said == "Not every study has this pair."
            continue
        verdict, pi = there[pair]
        assert f"{round(pi * networks)}/{networks}" in row
        assert verdict in row
        shown = q[common.index(pair)] <= 0.05
        assert said.startswith(
            f"In both studies at once: {'shown' if shown else 'not shown'} to stay close"
        )


def test_the_matrix_shows_another_study(
    visit: Visit, beside: Path, whole: Any, other: Path
) -> None:
    index, _ = whole
    names = len(index["signs"]) - 1
    with visit(beside, "#view=matrix&matrix=study%200") as page:
        draws(page, "matrix", names * (names - 1))
        assert "study <b>other" in page.locator(".panel.matrix select").first.inner_text()


def test_a_pair_that_the_text_names_is_chosen_there_and_told_of_on_its_card(
    visit: Visit, beside: Path
) -> None:
    with visit(beside) as page:
        named = page.locator("section a.mention").first
        section = named.evaluate("one => one.closest('section').id")
        words = named.inner_text()
        named.click()
        until(page, "location.hash.includes('pair=')")
        assert {*page.locator("#card h3").inner_text().split(" – ")} == {*words.split(" – ")}
        told = page.locator(".named-in a")
        assert f"#{section}" in told.evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert named.get_attribute("aria-current") == "true"
        told.first.click()
        assert page.evaluate("document.activeElement.classList.contains('mention')")


def test_without_other_studies_there_is_no_such_view(visit: Visit, file: Path) -> None:
    with visit(file, "#view=studies") as page:
        assert page.locator("#tab-studies").count() == 0
        assert page.locator("#tab-map").get_attribute("aria-selected") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_for_readers_with_a_screen_reader(
    visit: Visit, beside: Path, whole: Any, axe: str, scheme: str
) -> None:
    index, _ = whole
    address = f"{pair_of(index, 0)}&view=studies"
    with visit(beside, address, bypass_csp=True, color_scheme=scheme) as page:
        until(page, "Number(document.querySelector('canvas.studies')?.dataset.drawn) > 0")
        assert serious_faults(page, axe) == []


def test_the_other_study_must_be_there(study: Study, tmp_path: Path, other: Path) -> None:
    shutil.copytree(other, tmp_path / "lost")
    shutil.rmtree(tmp_path / "lost/stability.zarr")
    with pytest.raises(Exception, match=r"stability\.zarr"):
        write_report(study, tmp_path / "report.html", compare=[tmp_path / "lost"])


def test_another_study_that_lacks_a_share_is_refused(
    study: Study, tmp_path: Path, other: Path
) -> None:
    shutil.copytree(other, tmp_path / "holes")
    shutil.rmtree(tmp_path / "holes/stability.zarr")
    stable = open_store(other / "stability.zarr").load()
    stable["pi"][0, 0] = np.nan
    write_store(stable, tmp_path / "holes/stability.zarr", stage="stability", title="with a hole")
    with pytest.raises(UserError, match="how often it is close"):
        write_report(study, tmp_path / "report.html", compare=[tmp_path / "holes"])


def test_another_limit_there_is_told(
    visit: Visit, study: Study, tmp_path: Path, other: Path
) -> None:
    shutil.copytree(other, tmp_path / "strict")
    shutil.rmtree(tmp_path / "strict/stability.zarr")
    stable = open_store(other / "stability.zarr").load().assign_attrs(k=2.0, tau=0.9)
    write_store(stable, tmp_path / "strict/stability.zarr", stage="stability", title="strict")
    out = tmp_path / "report.html"
    write_report(study, out, explorer=study.folder / "explorer.txt", compare=[tmp_path / "strict"])
    with visit(out, "#view=studies") as page:
        said = page.locator(".panel.studies .said").all_inner_texts()
        assert any("a mutual rank of at most 2 there" in one for one in said)
        assert any("in more than 90\u00a0% of retrainings there" in one for one in said)
        assert any(one.startswith("Of the 10 pairs that every study has") for one in said)
