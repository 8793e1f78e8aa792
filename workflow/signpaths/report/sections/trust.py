"""How far the pictures are to be trusted.

Takes the quality of every network's projections, gives means, ranges and the worst signs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.study import Study, known, spread
from signpaths.spaces import AUTOENCODER, described, of_kind

NAME = "Trust in the pictures"
MEASURES = (
    *("trustworthiness", "continuity", "rnx_area", "shepard", "stress"),
    "step_correlation",
)
# From `stability.zarr`: how well a projection keeps the closeness of its network.
KEPT = ("kept_ranks", "kept_close")
NEIGHBOURS = 10
SHOWN_SIGNS = 5


def content(study: Study) -> dict[str, Any] | None:
    """Give the quality of every projection; nothing if it was not measured."""
    runs = study.quality_runs()
    return quality_rows(runs, study.stability) if runs else None


def quality_rows(runs: Sequence[xr.Dataset], stability: xr.Dataset) -> dict[str, Any]:
    """Give the quality of every projection, the mean over all runs, and the least trusted signs."""
    found: dict[str, list[np.ndarray]] = {}
    total: xr.DataArray | None = None
    for run in runs:
        one = run.load()
        for name in MEASURES:
            values = one[name].sel(k=NEIGHBOURS) if "k" in one[name].dims else one[name]
            found.setdefault(name, []).append(values.transpose("space", "ae_seed").values)
        mean = one["trustworthiness_sign"].mean("ae_seed")
        total = mean if total is None else total + mean
    assert total is not None  # there is one run at least
    # Each autoencoder's projection stands before the PCA with as many dimensions.
    order = sorted(enumerate(described(runs[0])), key=lambda one: one[1].as_pictures)
    projection = next(iter(of_kind(runs[0], AUTOENCODER)), None)
    return {
        "rows": [
            {
                "space": space.name,
                "values": [
                    *(
                        spread(np.concatenate([one[at, : space.runs] for one in found[name]]))
                        for name in MEASURES
                    ),
                    *(_kept(stability, space.name, name) for name in KEPT),
                ],
            }
            for at, space in order
        ],
        "worst": _least(total.sel(space=projection) / len(runs)) if projection else [],
        "space": projection,
        "neighbours": NEIGHBOURS,
    }


def _kept(stability: xr.Dataset, space: str, name: str) -> list[float | None]:
    """Mean, least and most of all runs; None if the space is not in the study's stability."""
    if space not in stability["space"].values:
        return [None] * 3
    at = stability.sel(space=space)
    return [known(at[one]) for one in (name, f"{name}_low", f"{name}_high")]


def _least(of_sign: xr.DataArray) -> list[tuple[str, float]]:
    known = of_sign.dropna("sign")
    order = np.argsort(known.values)[:SHOWN_SIGNS]
    return [(str(known["sign"].values[at]), float(known.values[at])) for at in order]
