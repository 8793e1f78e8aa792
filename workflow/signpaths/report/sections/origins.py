"""Why pairs are close.

Takes the origins in `stability.zarr`, gives how many pairs have each, and what the input explains.
"""

from typing import Any

import xarray as xr

from signpaths.report.study import Study
from signpaths.stability.verdicts import ORIGINS, STAYS

NAME = "Why close"


def content(study: Study) -> dict[str, Any] | None:
    """Give the origins; nothing if the study could not look for them."""
    attrs = study.stability.attrs
    if "origin" not in study.stability:
        return None
    return {
        "rows": origin_rows(study.stability),
        "explained": attrs.get("input_explained"),
        "beyond": attrs.get("beyond_agreement"),
    }


def origin_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Count the pairs of each origin, and how many of them stay close."""
    origin, verdict = stability["origin"].values, stability["verdict"].values
    return [
        {
            "origin": name,
            "meaning": meaning,
            "pairs": int((origin == name).sum()),
            "staying": int(((origin == name) & (verdict == STAYS)).sum()),
        }
        for name, meaning in ORIGINS.items()
    ]
