"""Report: everything a reader needs about one study, as a single page that opens offline.

Takes the files of the stages before it, gives `report.html` with figures, styles and script inside.
Nothing that comes from a file name, a sign or the config is trusted: the templates escape it, and a
content security policy allows no script but the page's own.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Protocol

from cyclopts import Parameter
from markupsafe import Markup

from signpaths import __version__
from signpaths.data.planted import read_planted
from signpaths.evidence.claims import read_claims
from signpaths.options import ReportOptions
from signpaths.origins import check_origin, made_from
from signpaths.report import embedded, gallery
from signpaths.report.held import Table, fitting, packed, packed_within
from signpaths.report.packing import packed_object
from signpaths.report.reading import open_shared_map, open_units, recorded
from signpaths.report.retraining import AGAIN
from signpaths.report.sections import (
    accuracy,
    agreement,
    article,
    causes,
    cite,
    claims,
    compared,
    data,
    evidence,
    glossary,
    groups,
    halves,
    instability,
    method,
    opening,
    pairs,
    planning,
    planted,
    projection,
    provenance,
    sensitivity,
    shared_map,
    trust,
    units,
)
from signpaths.report.study import ORIGIN, Study, measured, open_stability, read_compared
from signpaths.report.templates import TEMPLATES, environment
from signpaths.runs import names_of, read_metrics
from signpaths.stores import open_store, read_json, read_table, write_text
from signpaths.wording import count, counted, printable

# Bytes of a page that a browser still opens with ease.
LARGEST = 30_000_000
# What a larger page does without, in this order: where that lies, which part of the study it is,
# and what stands for it.
LESS: tuple[tuple[str, str, Any], ...] = (
    ("the film, which lies in films/", "film", None),
    ("the figures of single networks, which lie in run_figures/", "run_pictures", {}),
)


class Section(Protocol):
    """A module with a template of its name beside it."""

    __name__: str
    NAME: str

    def content(self, study: Study) -> Any:
        """Give what the template shows; nothing if the study lacks it."""


# Below the opening, in the order of the page.
SECTIONS: Sequence[Section] = (
    *(pairs, groups, shared_map, article, accuracy, claims, causes),
    *(sensitivity, instability, halves, planning),
    *(evidence, trust, agreement, units, compared),
    *(planted, data, method, projection, provenance, cite, glossary),
)


def report(
    stability: Path,
    sequences: Path,
    excluded: Path,
    paths: Path,
    networks: Path,
    figures: Path,
    provenance: Path,
    out: Path,
    /,
    *,
    evidence: Path | None = None,
    claims: Path | None = None,
    agreement: Path | None = None,
    shared_map: Path | None = None,
    units: Path | None = None,
    quality: Path | None = None,
    sightings: Path | None = None,
    run_figures: Path | None = None,
    bottlenecks: Path | None = None,
    film: Path | None = None,
    compare: Annotated[Sequence[Path], Parameter(consume_multiple=True)] = (),
    planted: Path | None = None,
    explorer: Path | None = None,
    options: ReportOptions = ReportOptions(),
) -> None:
    """Write the report of a study.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    sequences
        The recordings, `sequences.zarr`.
    excluded
        The recordings that were left out, `excluded.csv`.
    paths
        The reference run's paths, `paths/<network>.zarr`.
    networks
        The folder of the trained networks, with `<network>/metrics.json` in it.
    figures
        The folder of the figures stage.
    provenance
        What made the study, `provenance.json`.
    out
        The page to write.
    evidence
        Whether closeness foretells mistakes, `evidence.zarr`.
    claims
        What was said beside what was found, `claims.csv`.
    agreement
        How alike the runs are, `agreement.zarr`.
    shared_map
        All networks in one map, `shared_map.zarr`.
    units
        What single units answer to, `units.zarr`.
    quality
        The folder of how far the projections are to be trusted, with `<network>.zarr` in it.
    sightings
        What was measured of the run whose figures are shown, `sightings/<run>.zarr`.
    run_figures
        The folder of its figures.
    bottlenecks
        Bottlenecks of other activations compared, `bottlenecks/<network>.zarr`.
    film
        Its film, an MP4.
    compare
        The folders of other studies, each with `stability.zarr` and `provenance.json`.
    planted
        For simulated data: which relations were planted, `planted.csv`.
    explorer
        What the explorer shows, `explorer.txt`.
    options
        How the report is headed.
    """
    stable = open_stability(stability)
    of_networks = recorded(stable)
    if agreement:
        check_origin(agreement, made_from(agreement), of_networks)
    if evidence:
        check_origin(evidence, made_from(evidence), {"stability": stability})
    if drawn := of_networks.get(f"network {paths.stem}"):
        check_origin(paths, made_from(paths), {"activations": drawn})
    study = Study(
        stability=stable,
        metrics=read_metrics(networks, names_of(stable)),
        origin=read_json(provenance, ORIGIN),
        sequences=open_store(sequences, "sequences"),
        excluded=read_table(excluded, ["file", "reason"]),
        paths=open_store(paths, "paths"),
        reference=paths.stem,
        pictures=embedded.pictures(figures),
        evidence=open_store(evidence, "evidence") if evidence else None,
        claims=read_claims(claims) if claims else None,
        agreement=open_store(agreement, "agreement") if agreement else None,
        shared_map=open_shared_map(shared_map, stable) if shared_map else None,
        units=open_units(units, stable) if units else None,
        quality=quality,
        sightings=open_store(sightings, "sightings").load() if sightings else None,
        run_pictures=embedded.pictures(run_figures) if run_figures else {},
        bottlenecks=open_store(bottlenecks, "bottlenecks") if bottlenecks else None,
        film=embedded.film(film) if film else None,
        compared=[read_compared(folder) for folder in compare],
        planted=read_planted(planted) if planted else None,
    )
    name = str(study.config.get("study", out.parent.name))
    shown = embedded.explorer(explorer, {"stability": stability}) if explorer else None
    write_text(out, page_within(study, name, options.title, shown, LARGEST))


def page_within(
    study: Study, name: str, title: str | None, explorer: embedded.Explorer | None, most: int
) -> str:
    """Render the page; where it would be larger than so many bytes, without what it can do without.

    First the film goes, then the figures of single networks, then the explorer, then from the table
    the pairs that are least close; the page says so.
    """
    left_out: list[str] = []
    table = packed_within(study, most)
    page = render(study, name, title, table, explorer)
    for words, part, nothing in LESS:
        if getattr(study, part) and len(page.encode()) > most:
            study = replace(study, **{part: nothing})
            left_out.append(words)
            page = render(study, name, title, table, explorer, left_out)
    if explorer and len(page.encode()) > most:
        left_out.append("the explorer, whose data lie in explorer.txt and excerpts/")
        page = render(study, name, title, table, None, left_out)
    if len(page.encode()) > most:
        page = fitting(
            lambda pairs: render(study, name, title, packed(study, pairs), None, left_out),
            table.pairs,
            page,
            most,
        )
    return page


def render(
    study: Study,
    name: str,
    title: str | None,
    table: Table,
    explorer: embedded.Explorer | None = None,
    left_out: Sequence[str] = (),
) -> str:
    """Fill the frame and every section that has something to show."""
    contents = {_id_of(section): section.content(study) for section in SECTIONS}
    shown = [section for section in SECTIONS if contents[_id_of(section)]]
    style, script = (
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        environment(escape=True)
        .get_template("report.html.j2")
        .render(
            contents,
            title=printable(
                title or f"Which of {study.stability.attrs['signs']} signs stay close?"
            ),
            study=name,
            version=__version__,
            again=AGAIN[study.config.get("seeds_vary", "training")],
            measured=measured(study),
            reference=study.reference,
            pictures=study.pictures | study.run_pictures,
            film=study.film,
            gallery=gallery.BY_NAME,
            opening=opening.content(study),
            sections=[{"id": _id_of(section), "name": section.NAME} for section in shown],
            held=table,
            # No digit of base 91 means anything in HTML.
            pairs_data=Markup(table.text),
            studies_data=Markup(
                packed_object(compared.of_first(contents["compared"]["data"], table.pairs)).text
            )
            if contents["compared"]
            else None,
            explorer_index=Markup(packed_object(explorer.index).text) if explorer else None,
            explorer_data=Markup(explorer.data) if explorer else None,
            left_out=[*left_out, *_less_close(table, len(study.table))],
            largest=LARGEST // 10**6,
            style=Markup(style),
            script=Markup(script),
            script_digest=digest,
        )
    )


def _less_close(table: Table, every: int) -> list[str]:
    """Say which pairs the table does without, if it does."""
    if table.pairs == every:
        return []
    return [
        f"the {count(every - table.pairs)} least close of {counted(every, 'pair')} in its table, "
        "which lie in pairs.csv and stability.zarr"
    ]


def _id_of(section: Section) -> str:
    return section.__name__.rpartition(".")[2]
