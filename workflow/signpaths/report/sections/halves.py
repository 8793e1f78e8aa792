"""Whether half of the networks would have said the same.

Takes what two halves say of the pairs in `stability.zarr`, gives the table of verdicts, and how
often each verdict, cause and picture comes again.
"""

from typing import Any

import xarray as xr

from signpaths.report.study import Study, known, spread
from signpaths.stability.halves import OPPOSITE
from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED

NAME = "Halves"
# What pairs with each verdict do.
SAID = {
    STAYS: "stay close",
    COMES: "come and go",
    UNDECIDED: "are undecided",
    APART: "are apart",
}


def content(study: Study) -> dict[str, Any] | None:
    """Give what halves say; nothing if there are too few networks for two."""
    return half_rows(study.stability) if "halves" in study.stability else None


def half_rows(stability: xr.Dataset) -> dict[str, Any]:
    """Give the table of verdicts, what comes again, and how alike the order of the pairs is."""
    each = int(stability.attrs["half_networks"])
    return {
        "networks": each,
        "enough": each >= stability.attrs["networks_needed_any"],
        "splits": stability.sizes["split"],
        "verdicts": verdict_rows(stability),
        "causes": repeated_rows(stability["half_causes"], stability["half_cause_repeats"]),
        "pictures": picture_rows(stability),
        "correlation": spread(stability["half_correlation"].values),
    }


def verdict_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give for each verdict of a half how many pairs get which from the other.

    `chance` is the share of all pairs that get the verdict: so often would halves agree that had
    nothing but that in common.
    """
    counts = stability["halves"]
    total = float(counts.sum())
    rows = []
    for name in counts["answer"].values.tolist():
        row = counts.sel(answer=name)
        rows.append(
            {
                "name": name,
                "pairs": row.values.tolist(),
                "given": float(row.sum()),
                "chance": float(row.sum()) / total,
                "repeats": known(stability["half_repeats"].sel(answer=name)),
                "contradicts": known(stability["half_contradicts"].sel(answer=name)),
                "said": SAID[name],
                "opposite": OPPOSITE.get(name),
            }
        )
    return rows


def repeated_rows(given: xr.DataArray, repeats: xr.DataArray) -> list[dict[str, Any]]:
    """Give every answer that a half gave, to how many pairs, and how often it comes again."""
    names = given[given.dims[0]].values.tolist()
    return [
        {"name": name, "given": pairs, "repeats": share}
        for name, pairs, share in zip(
            names, given.values.tolist(), repeats.values.tolist(), strict=True
        )
        if pairs > 0
    ]


def picture_rows(stability: xr.Dataset) -> dict[str, Any] | None:
    """Give the projections and, for every picture that a half gave, what `repeated_rows` does."""
    if "half_pictures" not in stability:
        return None
    given, repeats = stability["half_pictures"], stability["half_picture_repeats"]
    projections = given["projection"].values.tolist()
    rows = []
    for name in given["picture_name"].values.tolist():
        shown = repeated_rows(given.sel(picture_name=name), repeats.sel(picture_name=name))
        of_projection = {row["name"]: row for row in shown}
        if shown:
            rows.append({"name": name, "each": [of_projection.get(one) for one in projections]})
    return {"projections": projections, "rows": rows}
