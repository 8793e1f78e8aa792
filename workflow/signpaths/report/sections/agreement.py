"""How alike the runs are.

Takes `agreement.zarr`, gives every measure of two networks with its mean, interval and what chance
gives, the signs that networks answer most differently, and the runs that stand out.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.columns import column_of
from signpaths.report.study import Study, known, spread
from signpaths.runs import names_of
from signpaths.spaces import HEADLINE

NAME = "Runs"
SIGNS_SHOWN = 5


def content(study: Study) -> dict[str, Any] | None:
    """Give the agreement of runs; nothing if it was not measured."""
    return None if study.agreement is None else agreement_rows(study.agreement, study.stability)


def agreement_rows(agreement: xr.Dataset, stability: xr.Dataset) -> dict[str, Any]:
    """Say how alike the runs are, and which stand out."""
    store = agreement.load()
    common = store.common.values[~np.eye(store.sizes["network"], dtype=bool)]
    return {
        "rows": measure_rows(store),
        "columns": [
            column_of(store[name]) for name in ("mean", "mean_low", "by_chance", "within_sign")
        ],
        "ceiling": [known(store.consensus.mean()), known(store.ceiling_upper.mean())],
        "common": [int(common.min()), int(common.max())] if common.size else None,
        "differently": most(store.disagreement_sign),
        "stress": float(store.attrs["map_stress"]),
        "flags": flagged(store),
        "note": str(store.attrs["note"]),
        "held_out": _of_headline(stability, "held_out_agreement"),
        "halves": _of_headline(stability, "ceiling"),
    }


def measure_rows(store: xr.Dataset) -> list[dict[str, Any]]:
    """Give one row a measure of two networks; what is not known is None."""
    other = ~np.eye(store.sizes["network"], dtype=bool)
    rows = []
    for name in store["measure"].values.tolist():
        one, column = store.sel(measure=name), column_of(store[name])
        as_percent = column.shown.endswith("percent")
        numbers = {
            key: known(one[key])
            for key in ("mean", "mean_low", "mean_high", "by_chance", "within_sign")
        }
        rows.append(
            {
                "heading": column.heading,
                "words": column.words,
                "unit": "%" if as_percent else "",
                "decimals": int(column.shown == "fine percent") if as_percent else 2,
                "scale": 100 if as_percent else 1,
                "range": spread(store[name].values[other])[1:],
                **numbers,
            }
        )
    return rows


def most(of_sign: xr.DataArray) -> list[tuple[str, float]]:
    """Name the signs of the greatest values above 0, the greatest first."""
    values = np.nan_to_num(of_sign.values, nan=0.0)
    order = np.argsort(-values, kind="stable")[:SIGNS_SHOWN]
    names = of_sign["sign"].values
    return [(str(names[index]), float(values[index])) for index in order if values[index] > 0]


def flagged(agreement: xr.Dataset) -> list[dict[str, str]]:
    """Name the networks that stand out, and say how."""
    flags = agreement["flag"].values.tolist()
    return [
        {"network": name, "flag": flag}
        for name, flag in zip(names_of(agreement), flags, strict=True)
        if flag
    ]


def _of_headline(stability: xr.Dataset, name: str) -> float | None:
    if name not in stability:
        return None
    return known(stability[name].sel(space=HEADLINE).mean())
