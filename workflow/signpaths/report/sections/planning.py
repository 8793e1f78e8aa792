"""What more networks would decide.

Takes the plan in `stability.zarr`, gives what becomes of the pairs that are undecided today, by
number of networks, the curve of those that stay so, and how to train more.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.packing import plain
from signpaths.report.study import Study
from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED

NAME = "More networks"
# Of the curve, in the units of its drawing.
WIDTH, HEIGHT = 560.0, 160.0


def content(study: Study) -> dict[str, Any] | None:
    """Give what more networks would decide; nothing if nothing is open."""
    attrs = study.stability.attrs
    rows = plan_rows(study.stability)
    today, *later = rows
    if not today["open"]:
        return None
    # The fewest that decide half of what is open, or else the most that were looked at.
    enough = next((row for row in later if row["open"] <= today["open"] / 2), later[-1])
    return {
        "today": round(today["open"]),
        "rows": [in_whole_pairs(row) for row in later],
        "suggested": in_whole_pairs(enough),
        "staying": round(today["all_staying"]),
        "falls": min(round(row["all_staying"]) for row in later) < round(today["all_staying"]),
        "curve": curve(rows),
        "equivalent": attrs["plan_equivalent"],
        "region": [attrs["plan_equivalent_low"], attrs["plan_equivalent_high"]],
        "together": attrs["plan_together"],
        "full": attrs["plan_full"],
        "alone": attrs["plan_alone"],
    }


def plan_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give expected numbers of pairs by how many networks are added, from none on."""
    ours = stability["plan_open"]
    of_open = {word: ours.sel(answer=word).values for word in (STAYS, COMES, APART, UNDECIDED)}
    staying = stability["plan"].sel(answer=STAYS).values
    return [
        {
            "more": more,
            "networks": stability.sizes["network"] + more,
            "open": float(of_open[UNDECIDED][at]),
            "stays": float(of_open[STAYS][at]),
            "comes": float(of_open[COMES][at]),
            "apart": float(of_open[APART][at]),
            "all_staying": float(staying[at]),
        }
        for at, more in enumerate(stability["more"].values.tolist())
    ]


def plan_of_pairs(stability: xr.Dataset) -> dict[str, Any]:
    """Give what may become of a pair with more networks, by in how many it is close today.

    Returns
    -------
    dict
        `more`, networks that are added, none left out; `answers`, the verdicts; `of`, for each
        number of networks from 0 on, their probabilities `(more, answer)`, None where no pair is.
    """
    later = stability["plan_by_count"].isel(more=stability["more"].values > 0)
    of_count = later.transpose("close_in", "more", "answer").values
    return {
        "more": later["more"].values.tolist(),
        "answers": later["answer"].values.tolist(),
        "of": [None if np.isnan(one).any() else plain(one) for one in of_count],
    }


def in_whole_pairs(row: dict[str, Any]) -> dict[str, Any]:
    """Round what becomes of the open pairs so that they are as many together as today.

    The largest remainders are rounded up (Hamilton's method).
    """
    names = ("stays", "comes", "apart", "open")
    parts = np.array([row[name] for name in names])
    whole = np.floor(parts + 1e-9).astype(int)
    missing = round(parts.sum()) - int(whole.sum())
    whole[np.argsort(whole - parts, kind="stable")[:missing]] += 1
    return row | dict(zip(names, whole.tolist(), strict=True))


def curve(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Place the pairs still open in a drawing: doublings of the networks take the same width."""
    networks = np.log([row["networks"] for row in rows])
    x = WIDTH * (networks - networks[0]) / (networks[-1] - networks[0])
    most = max(row["open"] for row in rows)
    y = HEIGHT * (1 - np.array([row["open"] for row in rows]) / most)
    # Labels that would lie on each other are left out.
    ticks: list[tuple[float, int]] = []
    for place, row in zip(x.tolist(), rows, strict=True):
        if not ticks or place - ticks[-1][0] > 30:
            ticks.append((place, row["networks"]))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)),
        "ticks": ticks,
        "most": most,
    }
