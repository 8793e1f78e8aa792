"""Why pairs are close or apart, and what the pictures make of them.

Takes the answers in `stability.zarr`, gives how many pairs have each, and how many of these are
sure.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.study import Study
from signpaths.spaces import (
    RAW_SPACE,
    UNTRAINED,
    described,
    warped,
)
from signpaths.stability.verdicts import CAUSES, LEARNED, NONE, PICTURES, RECURRENT

NAME = "Why close"


def content(study: Study) -> dict[str, Any] | None:
    """Give causes and pictures, and what the input explains; nothing if nothing can be told."""
    stability = study.stability
    if not (stability["cause"] != NONE).any() and not (stability["picture"] != NONE).any():
        return None
    return {
        "rows": cause_rows(stability),
        "untold": UNTRAINED not in stability["space"].values,
        "pictures": picture_rows(stability),
        "projections": projections_in(stability),
        "aligned": close_once_aligned(stability),
        **{
            name: stability.attrs.get(name)
            for name in (
                *("input_explained", "whole_explained", "input_agreement"),
                *("beyond_agreement", "untrained_agreement"),
            )
        },
    }


def cause_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Count the pairs of each cause, and those of them that are sure."""
    cause, repeats = stability["cause"].values, stability["cause_repeats"].values
    return _rows(CAUSES, cause, repeats >= stability.attrs["sure"])


def close_once_aligned(stability: xr.Dataset) -> dict[str, int] | None:
    """Count the pairs said not to be close in the raw signals that are, once timing is aligned.

    `pairs` is how many recurrence or training is said to have brought together, `close` how many of
    these dynamic time warping of the raw signals finds close; None if nobody measured that.
    """
    aligned = warped(RAW_SPACE).name
    if aligned not in stability["raw_space"].values:
        return None
    its = np.isin(stability["cause"].values, [RECURRENT, LEARNED])
    close = stability["input_rank"].sel(raw_space=aligned).values <= stability.attrs["k"]
    return {"pairs": int(its.sum()), "close": int((its & close).sum())}


def picture_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Count what each projection does with pairs; `pairs` in the order of `projections_in`."""
    each = [
        _rows(
            PICTURES,
            stability["picture"].sel(space=space).values,
            stability["picture_repeats"].sel(space=space).values >= stability.attrs["sure"],
        )
        for space in projections_in(stability)
    ]
    return [
        {"name": name, "meaning": meaning, "pairs": [rows[at]["pairs"] for rows in each]}
        for at, (name, meaning) in enumerate(PICTURES.items())
        if each
    ]


def projections_in(stability: xr.Dataset) -> list[str]:
    """Name the projections, an autoencoder's before the PCA with as many dimensions."""
    found = [one for one in described(stability) if one.is_projection]
    return [one.name for one in sorted(found, key=lambda one: one.as_pictures)]


def _rows(words: Mapping[str, str], answer: np.ndarray, sure: np.ndarray) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "meaning": meaning,
            "pairs": int((answer == name).sum()),
            "sure": int(((answer == name) & sure).sum()),
        }
        for name, meaning in words.items()
    ]
