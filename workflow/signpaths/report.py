"""Report: everything a reader needs about one study, as a single page that opens offline.

Takes the files of the stages before it, gives `report.html` with figures, styles and script inside.
Nothing that comes from a file name, a sign or the config is trusted: the template escapes it, and a
content security policy allows no script but the page's own.
"""

import base64
import csv
import hashlib
import json
import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import xarray as xr
from cyclopts import Parameter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from signpaths import __version__, sections
from signpaths.errors import UserError
from signpaths.findings import (
    HEADLINE,
    VERDICTS,
    accuracies,
    cautions,
    lstm_seeds,
    percent,
    printable,
    read_metrics,
    sentences,
)
from signpaths.stability import ORIGINS
from signpaths.stores import open_store, write_text

TEMPLATES = Path(__file__).parent / "templates"
STATIC_ROWS = 30
EXCLUDED_ROWS = 500
MOST_BREAKS = 5
NUMBERS = (
    *("pi", "pi_low", "pi_high", "p", "q", "rank_mean", "rank_q25", "rank_q75", "energy"),
    *("q_by", "p_chance", "rank_low", "rank_high", "pi_half_k", "q_half_k", "pi_double_k"),
    *("q_double_k", "pi_error", "rank_error", "crossing", "lstm_variance", "ae_variance"),
)
# Numbers of a pair that belong to no space.
ALONE = ("learned", "learned_p", "learned_q", "beyond_input")
# What was planted in simulated data, whether such a pair is meant to stay close, and why.
PLANTED = {
    "twin": ("the same movement, but for one finger towards its end", True, "input-driven"),
    "prefix": ("one sign is the beginning of the other", True, "input-driven"),
    "crossing": ("the same place at different times", False, "not close"),
}


@Parameter(name="*")
@dataclass(frozen=True)
class ReportOptions:
    """How the report is headed.

    Parameters
    ----------
    title
        The heading; by default the question that the study answers.
    """

    title: str | None = None


@dataclass(frozen=True)
class Pairs:
    """The rows of `pairs.csv`: names and breaks as text, numbers as numbers, None where empty."""

    columns: list[str]
    rows: list[list[Any]]
    spaces: list[str]

    def column(self, name: str) -> int:
        """Give a column's place in the rows."""
        return self.columns.index(name)


@dataclass(frozen=True)
class Picture:
    """A figure, ready to be put in the page."""

    name: str
    source: str
    width: int
    height: int


def report(
    stability: Path,
    pairs: Path,
    sequences: Path,
    excluded: Path,
    paths: Path,
    lstm: Path,
    figures: Path,
    provenance: Path,
    out: Path,
    /,
    *,
    evidence: Path | None = None,
    claims: Path | None = None,
    agreement: Path | None = None,
    quality: Annotated[Sequence[Path], Parameter(consume_multiple=True)] = (),
    compare: Annotated[Sequence[Path], Parameter(consume_multiple=True)] = (),
    planted: Path | None = None,
    options: ReportOptions = ReportOptions(),
) -> None:
    """Write the report of a study.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    pairs
        The same as a table, `pairs.csv`.
    sequences
        The recordings, `sequences.zarr`.
    excluded
        The recordings that were left out, `excluded.csv`.
    paths
        The reference run's paths, `paths/<lstm_seed>.zarr`.
    lstm
        The folder of the trained LSTMs, with `<lstm_seed>/metrics.json` in it.
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
    quality
        How far the projections are to be trusted, `quality/<lstm_seed>.zarr`.
    compare
        `stability.zarr` of other studies, each beside its `provenance.json`.
    planted
        For simulated data: which relations were planted, `planted.csv`.
    options
        How the report is headed.
    """
    stable = open_store(stability).load()
    metrics = read_metrics(lstm, lstm_seeds(stable))
    origin = json.loads(provenance.read_text(encoding="utf-8"))
    config = origin.get("config", {})
    table = read_pairs(pairs)
    context = {
        "title": options.title or f"Which of {stable.attrs['signs']} signs stay close?",
        "study": str(config.get("study", out.parent.name)),
        "version": __version__,
        "reference_seed": paths.stem,
        "again": sections.AGAIN[config.get("seeds_vary", "training")],
        "sentences": sentences(stable, metrics),
        "measured": measured(stable, metrics),
        "table": shown_table(table, stable),
        "details": {name: _has(table, name) for name in (*NUMBERS, *ALONE)}
        | {"sessions": stable.attrs.get("sessions", 0)},
        "data": {"json": _for_script(_script_data(table, stable))},
        "pictures": {name.stem: picture(name) for name in sorted(figures.glob("*.png"))},
        "runs": run_rows(metrics),
        "planted": planted_rows(planted, table, stable) if planted else None,
        "recordings": recordings(open_store(sequences)),
        "excluded": excluded_rows(excluded),
        "projection": projection_rows(open_store(paths)),
        "origin": origin_tables(origin),
        "config": config,
        "spaces": {name: describe_space(name) for name in [*table.spaces, "raw"]},
        "notes": cautions(stable),
        "claims": sections.claim_rows(claims),
        "origins": sections.origin_rows(stable),
        "explained": stable.attrs.get("input_explained"),
        "beyond": stable.attrs.get("beyond_agreement"),
        "variances": sections.variance_rows(stable),
        "seeds": sections.seeds_rows(stable, origin.get("seconds", {})),
        "target": stable.attrs.get("reliability"),
        "evidence": sections.evidence_rows(evidence),
        "trust": sections.quality_rows(quality),
        "alike": sections.agreement_rows(agreement, stable),
        "arms": sections.arm_rows(stable, config, compare),
    }
    write_text(out, render(context))


def render(context: dict[str, Any]) -> str:
    """Fill the template, with the styles and the script inside."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "number": number,
        "signed": signed,
        "significant": significant,
        "count": lambda value: f"{int(value):,}",
        "printable": printable,
        "plain": _plain,
    }
    style, script = (
        (TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment.get_template("report.html.j2")
    return page.render(context, style=Markup(style), script=Markup(script), script_digest=digest)


def read_pairs(path: Path) -> Pairs:
    """Read `pairs.csv`; a sign may be called `NA` or `1e3`: only known columns hold numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        columns = next(reader, [])
        spaces = [name.removesuffix("_pi") for name in columns if name.endswith("_pi")]
        if HEADLINE not in spaces:
            raise UserError(
                f"{path}: no column {HEADLINE}_pi; run the stability stage again to make it."
            )
        own = {f"{space}_{name}" for space in spaces for name in (*NUMBERS, "breaks")}
        # The ranks in the raw signals: `raw_rank`, `dtw_rank` and so on.
        raw = {name for name in columns if name.endswith("_rank")} - own
        numeric = {name for name in own if not name.endswith("_breaks")} | raw | {*ALONE}
        rows = [
            [
                _number(cell) if name in numeric else cell
                for name, cell in zip(columns, row, strict=True)
            ]
            for row in reader
        ]
    return Pairs(columns, rows, spaces)


def measured(stability: xr.Dataset, metrics: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give the study's sizes and thresholds."""
    verdict = stability["verdict"].values.astype(str)
    test = accuracies(metrics, "test")
    attrs = stability.attrs
    return {
        "signs": int(attrs["signs"]),
        "pairs": stability.sizes["pair"],
        "runs": stability.sizes["lstm_seed"],
        "ae_seeds": int(attrs["ae_seeds"]),
        "k": attrs["k"],
        "tau": attrs["tau"],
        "fdr": attrs["fdr"],
        "apart": attrs["apart"],
        "confidence": attrs["confidence"],
        "inference": bool(attrs["inference"]),
        "needed_any": attrs.get("seeds_needed_any"),
        "needed_one": attrs.get("seeds_needed_one"),
        "verdicts": {name: int((verdict == name).sum()) for name in VERDICTS},
        "test_accuracy": float(np.mean(test)) if test else None,
        "smallest_p": attrs["tau"] ** stability.sizes["lstm_seed"],
    }


def shown_table(pairs: Pairs, stability: xr.Dataset) -> dict[str, Any]:
    """Give the first rows of the pair table as text, for readers without JavaScript."""
    runs = stability.sizes["lstm_seed"]
    at = {name: i for i, name in enumerate(pairs.columns)}
    shown = []
    for row in pairs.rows[:STATIC_ROWS]:
        shown_numbers = ("pi", "pi_low", "pi_high", "q", "breaks")
        head = {name: row[at[f"{HEADLINE}_{name}"]] for name in shown_numbers}
        ranks = [row[at[f"{space}_rank_mean"]] for space in pairs.spaces] + [row[at["raw_rank"]]]
        shown.append(
            {
                "sign_a": row[at["sign_a"]],
                "sign_b": row[at["sign_b"]],
                "verdict": row[at["verdict"]],
                "origin": row[at["origin"]] if "origin" in at else "",
                "close": f"{round(head['pi'] * runs)}/{runs}",
                "share": round(100 * head["pi"], 1),
                "interval": interval(head["pi_low"], head["pi_high"]),
                "q": probability(head["q"]),
                "ranks": [(number(rank), _is_close(rank, stability.attrs["k"])) for rank in ranks],
                "breaks": breaks(head["breaks"], runs),
            }
        )
    return {"rows": shown, "spaces": [*pairs.spaces, "raw"], "total": len(pairs.rows)}


def number(value: float | None, decimals: int = 1) -> str:
    """Show a number with fixed decimals, halves away from zero, as the page's script does."""
    if value is None:
        return "\N{EN DASH}"
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def signed(value: float, decimals: int = 2) -> str:
    """Show a number with fixed decimals and a true minus sign, but never −0.00."""
    text = number(abs(value), decimals)
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text) else text


def significant(value: float | None, digits: int = 3) -> str:
    """Show a number with a few significant digits, never as 0.30000000000000004."""
    if value is None or not math.isfinite(value):
        return "\N{EN DASH}"
    return f"{value:#.{digits}g}".removesuffix(".")


def probability(value: float | None) -> str:
    """Show a p or q value: two decimals when it is large, three below 0.1."""
    if value is None:
        return "\N{EN DASH}"
    if value < 0.001:
        return "<0.001"
    return number(value, 3 if value < 0.1 else 2)


def interval(low: float | None, high: float | None) -> str:
    """Show an interval of a share as whole percents."""
    if low is None or high is None:
        return "\N{EN DASH}"
    return f"{number(100 * low, 0)}\N{EN DASH}{number(100 * high, 0)}\N{NO-BREAK SPACE}%"


def breaks(seeds: str, runs: int) -> str:
    """Show the LSTM seeds at which a pair is not close: a few by number, many by count."""
    broken = seeds.split()
    if not broken:
        return "none"
    if len(broken) == runs:
        return f"all {runs}" if runs > 1 else broken[0]
    return ", ".join(broken) if len(broken) <= MOST_BREAKS else f"{len(broken)} of {runs}"


def picture(path: Path) -> Picture:
    """Embed a PNG; its size keeps the page from jumping while it is decoded."""
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return Picture(path.stem, source, width, height)


def run_rows(metrics: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give one row a trained LSTM."""
    return [
        {
            "seed": run["lstm_seed"],
            "learned": run.get("learned", True),
            "accuracy": [next(iter(accuracies([run], part)), None) for part in _PARTS],
            "loss": [run.get(f"{part}_loss") for part in _PARTS],
            "examples": [run.get("examples", {}).get(part) for part in _PARTS],
            "best_epoch": run.get("best_epoch"),
            "epochs_run": run.get("epochs_run"),
        }
        for run in metrics
    ]


def planted_rows(path: Path, pairs: Pairs, stability: xr.Dataset) -> dict[str, Any]:
    """Set what was planted in simulated data against what was found."""
    runs = stability.sizes["lstm_seed"]
    at = {name: i for i, name in enumerate(pairs.columns)}
    found = {frozenset((row[at["sign_a"]], row[at["sign_b"]])): row for row in pairs.rows}
    with path.open(encoding="utf-8", newline="") as file:
        relations = list(csv.DictReader(file))
    rows = []
    for relation in relations:
        row = found.get(frozenset((relation["sign_a"], relation["sign_b"])))
        meaning, meant, cause = PLANTED.get(relation["relation"], ("", None, ""))
        verdict = row[at["verdict"]] if row else "not in the study"
        found_cause = row[at["origin"]] if row and "origin" in at else ""
        right = (verdict == "stays close") == meant and found_cause in ("", cause)
        rows.append(
            {
                **relation,
                "meaning": meaning,
                "meant": {True: "stays close", False: "does not stay close", None: "–"}[meant],
                "cause": cause if found_cause else "",
                "verdict": verdict,
                "origin": found_cause,
                "close": f"{round(row[at['hidden_pi']] * runs)}/{runs}" if row else "",
                "rank": number(row[at["hidden_rank_mean"]]) if row else "",
                "agrees": None if meant is None or not row else right,
            }
        )
    planted = {frozenset((r["sign_a"], r["sign_b"])) for r in relations}
    extra = [
        (row[at["sign_a"]], row[at["sign_b"]])
        for key, row in found.items()
        if row[at["verdict"]] == "stays close" and key not in planted
    ]
    judged = [row for row in rows if row["agrees"] is not None]
    return {
        "rows": rows,
        "agree": sum(bool(row["agrees"]) for row in judged),
        "judged": len(judged),
        "extra": extra,
    }


def recordings(sequences: xr.Dataset) -> dict[str, Any]:
    """Describe the examples that were kept; reads labels and lengths only."""
    sign, session, hands = (
        sequences[name].values.astype(str) for name in ("sign", "session", "hands")
    )
    length = sequences["length"].values
    per_sign = list(Counter(sign).values())
    hand_of = dict(zip(sign, hands, strict=True))
    return {
        "examples": len(sign),
        "signs": len(per_sign),
        "sessions": len(set(session)),
        "fewest": min(per_sign),
        "most": max(per_sign),
        "channels": sequences.sizes["channel"],
        "padded_length": sequences.sizes["time"],
        "padding": str(sequences.attrs.get("padding", "")),
        "shortest": int(length.min()),
        "median": float(np.median(length)),
        "longest": int(length.max()),
        "hands": dict(Counter(hand_of.values())),
        "hands_rule": str(sequences["hands"].attrs.get("rule", "")),
        "names": sorted(set(sign), key=lambda name: (name.lower(), name)),
    }


def excluded_rows(path: Path) -> dict[str, Any]:
    """Give the files that were left out, and how many for each reason."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    reasons = Counter(row["reason"] for row in rows)
    return {"rows": rows[:EXCLUDED_ROWS], "total": len(rows), "reasons": reasons.most_common()}


def projection_rows(paths: xr.Dataset) -> list[dict[str, Any]]:
    """Set the reconstruction errors of the autoencoders beside those of PCA."""
    if "reconstruction_error" not in paths:
        return []
    error = paths["reconstruction_error"].transpose("space", "ae_seed", "seen").load()
    means = {
        str(space): {
            part: float(error.sel(space=space, seen=part).mean()) for part in ("train", "held_out")
        }
        for space in error["space"].values
    }
    rows = []
    for space, mean in means.items():
        held_out = error.sel(space=space, seen="held_out")
        pca = means.get(f"pca{space.removeprefix('ae')}") if space.startswith("ae") else None
        rows.append(
            {
                "space": space,
                "train": mean["train"],
                "held_out": mean["held_out"],
                "spread": (
                    [float(held_out.min()), float(held_out.max())]
                    if pca and error.sizes["ae_seed"] > 1
                    else None
                ),
                "ratio": _ratio(mean["held_out"], (pca or {}).get("held_out")),
            }
        )
    return rows


def origin_tables(origin: dict[str, Any]) -> dict[str, Any]:
    """Lay out `provenance.json` as tables of names and values."""
    seconds = origin.get("seconds", {})
    return {
        "config": list(flattened(origin.get("config", {}))),
        "versions": list(flattened({"signpaths": __version__} | origin.get("versions", {}))),
        "source": list(flattened(origin.get("source", {}))),
        "code": list(flattened(origin.get("code", {}))),
        "machine": list(flattened(origin.get("machine", {}))),
        "seconds": [
            {
                "rule": rule,
                "jobs": int(used["jobs"]),
                "total": duration(used["seconds"]),
                "each": duration(used["seconds"] / used["jobs"]),
            }
            for rule, used in seconds.items()
            if used.get("jobs")
        ],
        "total": duration(sum(used.get("seconds", 0) for used in seconds.values())),
    }


def flattened(content: Any, prefix: str = "") -> Iterable[tuple[str, str]]:
    """Lay out nested settings as `section.key` and text."""
    if isinstance(content, dict) and (content or not prefix):
        for name, value in content.items():
            yield from flattened(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, _plain(content)


def duration(seconds: float) -> str:
    """Show a time span in the unit that suits it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def describe_space(space: str) -> str:
    """Say in words where closeness is measured."""
    known = {
        "hidden": "the LSTM's hidden states at every time step; the verdicts are about this space",
        "last": "the LSTM's hidden state at the last time step, which is what it classifies by",
        "untrained": "the hidden states of the same LSTM before any training, as a control",
        "raw": "the recorded signals themselves, without any network",
    }
    if space in known:
        return known[space]
    for prefix, how in (("pca", "principal component analysis"), ("ae", "a denoising autoencoder")):
        if space.startswith(prefix) and space.removeprefix(prefix).isdecimal():
            dimensions = space.removeprefix(prefix)
            return f"the hidden states projected to {dimensions} dimensions by {how}"
    return "another space"


_PARTS = ("train", "validation", "test")


def _script_data(pairs: Pairs, stability: xr.Dataset) -> dict[str, Any]:
    runs = stability.sizes["lstm_seed"]
    every = " ".join(str(seed) for seed in lstm_seeds(stability))
    spots = [i for i, name in enumerate(pairs.columns) if name.endswith("_breaks")]
    rows = [list(row) for row in pairs.rows]
    for row in rows:
        for i in spots:
            # Most pairs break everywhere: one star instead of the whole list.
            row[i] = "*" if row[i] == every else row[i]
    return {
        "columns": pairs.columns,
        "rows": rows,
        "spaces": pairs.spaces,
        "every": every,
        "runs": runs,
        "autoencoders": int(stability.attrs["ae_seeds"]),
        "k": float(stability.attrs["k"]),
        "halfK": stability.attrs.get("k_half"),
        "doubleK": stability.attrs.get("k_double"),
        "level": number(100 * stability.attrs["confidence"], 0),
        "verdicts": list(VERDICTS),
        "origins": _origins(pairs),
        "mostBreaks": MOST_BREAKS,
    }


def _for_script(content: dict[str, Any]) -> Markup:
    """Write JSON that cannot end the script element that it stands in."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _origins(pairs: Pairs) -> list[str]:
    """Give the origins that occur, in their order; none if the table has no such column."""
    if "origin" not in pairs.columns:
        return []
    found = {row[pairs.column("origin")] for row in pairs.rows}
    return [name for name in ORIGINS if name in found]


def _has(pairs: Pairs, name: str) -> bool:
    """Tell whether the pair table holds a number, by itself or in the headline's space."""
    return name in pairs.columns or f"{HEADLINE}_{name}" in pairs.columns


def _number(cell: str) -> float | int | None:
    if not cell:
        return None
    value = float(cell)
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e9 else value


def _is_close(rank: float | None, k: float) -> bool:
    return rank is not None and float(number(rank)) <= k


def _ratio(error: float | None, of: float | None) -> float | None:
    return error / of if error is not None and of else None


def _plain(value: Any) -> str:
    """Show a setting: numbers short, lists with commas, nothing as a dash."""
    if value is None or value == [] or value == {}:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)
