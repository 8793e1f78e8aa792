"""How alike the runs are.

Takes `agreement.zarr`, gives means and ranges over every two networks, and those that stand out.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.study import Study, known, spread
from signpaths.runs import names_of
from signpaths.spaces import HEADLINE

NAME = "Runs"


def content(study: Study) -> dict[str, Any] | None:
    """Give the agreement of runs; nothing if it was not measured."""
    return None if study.agreement is None else agreement_rows(study.agreement, study.stability)


def agreement_rows(agreement: xr.Dataset, stability: xr.Dataset) -> dict[str, Any]:
    """Say how alike the runs are, and which stand out."""
    store = agreement.load()
    other = ~np.eye(store.sizes["network"], dtype=bool)
    return {
        "measures": {
            name: spread(store[name].values[other])
            for name in ("cka", "procrustes", "rank_correlation")
        },
        "ceiling": [known(store.consensus.mean()), known(store.ceiling_upper.mean())],
        "shared": known(store.jaccard.mean()),
        "flags": flagged(store),
        "note": str(store.attrs["note"]),
        "held_out": _of_headline(stability, "held_out_agreement"),
        "halves": _of_headline(stability, "ceiling"),
    }


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
