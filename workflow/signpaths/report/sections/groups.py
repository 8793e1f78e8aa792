"""Sets of signs that stay together.

Takes the groups in `stability.zarr`, gives those of three signs or more with their members, and
counts those of two and the verdicts inside.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.columns import column_of
from signpaths.report.study import Study, known
from signpaths.stability.verdicts import APART, STAYS

NAME = "Sets"
# A group of two is a pair, which the table of pairs has.
FEWEST_SIGNS = 3
LOOSE = 0.8


def content(study: Study) -> dict[str, Any] | None:
    """Give the sets; nothing if there is none of three signs or more."""
    if "group" not in study.stability:
        return None
    rows = group_rows(study.stability)
    if not rows:
        return None
    group = study.stability["group"].values
    sizes = np.bincount(group[group > 0])
    return {
        **verdicts_inside(study.stability),
        "rows": rows,
        "columns": [
            column_of(study.stability[name]) for name in ("group_close", "group_membership")
        ],
        "twos": int((sizes == 2).sum()),
        "alone": int((group == 0).sum()),
        "loose": LOOSE,
    }


def verdicts_inside(stability: xr.Dataset) -> dict[str, int]:
    """Count the pairs inside the sets that are listed, those that stay close and those apart."""
    group = stability["group"].values
    size = np.bincount(group)[group]
    first, second = np.triu_indices(group.size, 1)
    inside = (group[first] == group[second]) & (group[first] > 0) & (size[first] >= FEWEST_SIGNS)
    verdict = stability["verdict"].values[inside]
    return {
        "pairs": verdict.size,
        "staying": int((verdict == STAYS).sum()),
        "apart": int((verdict == APART).sum()),
    }


def group_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give the groups, the largest first, and their signs, the surest first."""
    rows = []
    for number in range(1, int(stability["group"].max()) + 1):
        own = stability.isel(sign=stability["group"].values == number)
        if own.sizes["sign"] < FEWEST_SIGNS:
            continue
        order = np.lexsort((-own["group_close"].values, -own["group_membership"].values))
        members = own.isel(sign=order)
        rows.append(
            {
                "signs": [
                    {"sign": str(name), "membership": known(share)}
                    for name, share in zip(
                        members["sign"].values, members["group_membership"].values, strict=True
                    )
                ],
                "close": float(own["group_close"].mean()),
                "membership": known(own["group_membership"].mean()),
            }
        )
    return rows
