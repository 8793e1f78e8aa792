"""The recordings that the study is about, and those that were left out.

Takes labels and lengths in `sequences.zarr` and the table `excluded.csv`, gives counts and names.
"""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.report.study import Study, rows_of

NAME = "Data"
EXCLUDED_ROWS = 500


def content(study: Study) -> dict[str, Any]:
    """Describe what was used and what was not."""
    return {"used": recordings(study.sequences), "excluded": excluded_rows(study.excluded)}


def recordings(sequences: xr.Dataset) -> dict[str, Any]:
    """Describe the examples that were used; reads labels and lengths only."""
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


def excluded_rows(excluded: pd.DataFrame) -> dict[str, Any]:
    """Give the files that were left out, and how many for each reason."""
    rows = rows_of(excluded)
    reasons = Counter(row["reason"] for row in rows)
    return {"rows": rows[:EXCLUDED_ROWS], "total": len(rows), "reasons": reasons.most_common()}
