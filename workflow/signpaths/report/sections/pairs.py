"""The table of pairs, what its columns mean, and what the page's script needs of them.

Takes the pairs as `pairs.csv` has them and what `stability.zarr` says of its statistics; gives the
first rows as text, for readers without a script, the legend of a pair's details, and JSON of as
many pairs as a page holds.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.columns import NEAR, OFTEN, Column, column_of, columns_over
from signpaths.report.sections.planning import plan_of_pairs
from signpaths.report.study import (
    Study,
    promises,
    resampled_studies,
    shown_columns,
    shown_rows,
)
from signpaths.runs import names_of
from signpaths.spaces import HEADLINE, RAW, words
from signpaths.stability.verdicts import CAUSES, UNDECIDED, VERDICTS
from signpaths.wording import interval, number, probability, sentence

NAME = "Pairs"
STATIC_ROWS = 30
MOST_BREAKS = 5
# The networks in which a pair is not close; behind the name of the space in `pairs.csv`.
BREAKS = "breaks"
# Statistics of a pair that are told in a sentence of their own, or stand in the table itself.
TOLD = {
    *("verdict", "cause", "raw_rank", "raw_close"),
    *("learned", "learned_p", "learned_q", "beyond_input"),
}


def content(study: Study) -> dict[str, Any]:
    """Give the table's first rows, and its legends."""
    said = words(study.stability)
    tables = detail_tables(study.stability)
    return {
        "rows": first_rows(study),
        "causes": causes_found(study),
        "headline": HEADLINE,
        "spaces": [(name, said[name]) for name in [*(one.name for one in study.spaces), RAW]],
        "said": {one["name"]: one["words"] for table in tables for one in table["columns"]},
        "legend": [*tables, {"title": "The pair as a whole", "columns": alone(study.stability)}],
    }


def first_rows(study: Study) -> list[dict[str, Any]]:
    """Give the first rows of the table as text."""
    runs, k, sure = study.runs, *(study.stability.attrs[name] for name in ("k", "sure"))
    names = [space.name for space in study.spaces]
    found = []
    for row in shown_rows(study.table[:STATIC_ROWS]):
        pi, low, high, q, broken = (
            row[f"{HEADLINE}_{name}"] for name in ("pi", "pi_low", "pi_high", "q", BREAKS)
        )
        ranks = [*(row[f"{name}_rank_mean"] for name in names), row["raw_rank"]]
        found.append(
            {
                "sign_a": row["sign_a"],
                "sign_b": row["sign_b"],
                "verdict": row["verdict"],
                "cause": row["cause"],
                "likely": {name: is_likely(row, name, sure) for name in ("verdict", "cause")},
                "close": f"{round(pi * runs)}/{runs}",
                "share": round(100 * pi, 1),
                "interval": interval(low, high),
                "q": probability(q),
                "ranks": [(number(rank), _is_close(rank, k)) for rank in ranks],
                "breaks": breaks(broken, runs),
            }
        )
    return found


def is_likely(row: dict[str, Any], answer: str, sure: float) -> bool:
    """Tell whether an answer is no more than likely; to be undecided is always sure."""
    return row[answer] not in ("", UNDECIDED) and row[f"{answer}_repeats"] < sure


def breaks(names: str, runs: int) -> str:
    """Show the networks in which a pair is not close: a few by name, many by count."""
    broken = names.split()
    if not broken:
        return "none"
    if len(broken) == runs and runs > 1:
        return f"all {runs}"
    if len(broken) > MOST_BREAKS:
        return f"{len(broken)} of {runs}"
    return f"network{'s' * (len(broken) > 1)} {', '.join(broken)}"


def described(column: Column) -> dict[str, str]:
    """Give what is said of a statistic, as templates and script read it."""
    return {
        **{name: getattr(column, name) for name in ("name", "heading", "shown", "to", "needs")},
        "words": column.words or sentence(column.meaning),
    }


def detail_tables(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give the tables of a pair's details: their titles, and what they show in every space."""
    columns = columns_over(stability, "space", "pair")
    # In which networks a pair is close is shown as those in which it is not.
    close = column_of(stability["close"])
    found: dict[str, list[dict[str, str]]] = {OFTEN: [], NEAR: []}
    for one in columns:
        if one.heading and one.group:
            found.setdefault(one.group, []).append(described(one))
    found[close.group].append(described(close) | {"name": BREAKS, "shown": BREAKS})
    return [{"title": title, "columns": rows} for title, rows in found.items()]


def alone(stability: xr.Dataset) -> list[dict[str, str]]:
    """Give what is told of a pair as a whole."""
    return [described(one) for one in columns_over(stability, "pair") if one.heading]


def causes_found(study: Study) -> list[str]:
    """Give the causes that some pair of the study has."""
    found = set(study.table["cause"])
    return [name for name in CAUSES if name in found]


def script_data(study: Study, held: int) -> dict[str, Any]:
    """Give the first pairs and what is said of their columns, as the script reads it."""
    stability = study.stability
    every = " ".join(names_of(stability))
    spots = {f"{space.name}_{BREAKS}" for space in study.spaces}
    columns = shown_columns(study.table[:held])
    return {
        "columns": list(columns),
        # Column by column, for alike values deflate better; most pairs break everywhere: one star
        # instead of the whole list.
        "values": [
            ["*" if name in spots and value == every else value for value in values]
            for name, values in columns.items()
        ],
        "limits": stability["limit"].values.tolist(),
        "curves": curves(study, held),
        "plan": plan_of_pairs(stability),
        "headline": HEADLINE,
        "spaces": [{"name": space.name, "runs": space.runs} for space in study.spaces],
        "rawSpaces": stability["raw_space"].values.tolist(),
        "details": detail_tables(stability),
        "alone": [one for one in alone(stability) if one["name"] not in TOLD],
        "every": every,
        "runs": study.runs,
        "studies": resampled_studies(stability),
        "k": float(stability.attrs["k"]),
        "verdicts": list(VERDICTS),
        "promises": promises(stability),
        "causes": causes_found(study),
        "undecided": UNDECIDED,
        "sure": float(stability.attrs["sure"]),
        # Where there are more.
        **({"of": len(study.table)} if held < len(study.table) else {}),
    }


def curves(study: Study, held: int) -> list[str | None]:
    """Give in how many networks the first pairs are close for each limit; None if one never is."""
    # The table's index has each pair's place in the store.
    shares = study.stability["pi_at"].isel(pair=study.table.index[:held].to_numpy())
    counts = np.rint(shares.transpose("pair", "limit").values * study.runs).astype(int)
    return [" ".join(map(str, one)) if one.any() else None for one in counts]


def _is_close(rank: float | None, k: float) -> bool:
    return rank is not None and float(number(rank)) <= k
