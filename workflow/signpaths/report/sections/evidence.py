"""Whether closeness foretells mistakes.

Takes `evidence.zarr`, gives average precision and AUC of every space, and what beats what.
"""

from collections.abc import Sequence
from typing import Any

import xarray as xr

from signpaths.report.study import Study, known
from signpaths.spaces import AUTOENCODER, HEADLINE, RAW, of_kind

NAME = "Mistakes"
# Columns of the table: a score and the ends of its interval.
SCORES = {
    "ap": ("ap_mean", "ap_low", "ap_high"),
    "over_raw": ("ap_over_raw", "ap_over_raw_low", "ap_over_raw_high"),
    "auc": ("auc_mean", "auc_low", "auc_high"),
}


def content(study: Study) -> dict[str, Any] | None:
    """Give the scores; nothing if there are none."""
    if study.evidence is None:
        return None
    return evidence_rows(
        study.evidence.load(), [HEADLINE, *of_kind(study.stability, AUTOENCODER, dims=2)[:1]]
    )


def evidence_rows(evidence: xr.Dataset, judged: Sequence[str]) -> dict[str, Any]:
    """Give every space's scores, and say of those `judged` if they beat the raw signals."""
    rows = []
    for space in evidence.space.values.tolist():
        at = evidence.sel(space=space)
        against = [
            {score: [known(one[name]) for name in names] for score, names in SCORES.items()}
            for one in (at.sel(against=name) for name in evidence.against.values)
        ]
        rows.append({"space": space, "raw": space == RAW, "against": against})
    return {
        "against": evidence.against.values.tolist(),
        "rows": rows,
        "chance": float(evidence.attrs["chance_ap"]),
        "fraction": float(evidence.attrs["confused_fraction"]),
        "note": str(evidence.attrs["note"]),
        "verdicts": [_beats_raw(rows, space) for space in judged],
    }


def _beats_raw(rows: Sequence[dict[str, Any]], space: str) -> dict[str, Any]:
    """Say whether a space foretells mistakes better than the raw signals do."""
    answers = []
    for row in rows:
        if row["space"] != space:
            continue
        for one in row["against"]:
            _, low, high = one["over_raw"]
            if low is None or high is None:
                answers.append("cannot be said")
            elif low > 0:
                answers.append("better")
            else:
                answers.append("worse" if high < 0 else "about as well")
    return {"space": space, "answers": answers}
