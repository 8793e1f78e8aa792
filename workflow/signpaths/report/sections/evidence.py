"""Whether closeness foretells mistakes, and does so better than rivals that know no network.

Takes `evidence.zarr`, gives average precision and AUC of every space, what beats what, and how much
of what counts as mixed up are real mistakes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.rivals import CONSENSUS, FAIR, recognised
from signpaths.report.study import Study, known
from signpaths.spaces import (
    DISCRIMINANTS,
    HEADLINE,
    LDA_SPACE,
    RAW,
    RAW_SIGNALS,
    of_kind,
    plane,
    words,
)

NAME = "Mistakes"
# Columns of the table: a score and the ends of its interval.
SCORES = {
    "ap": ("ap_mean", "ap_low", "ap_high"),
    "gain": ("ap_gain", "ap_gain_low", "ap_gain_high"),
    "auc": ("auc_mean", "auc_low", "auc_high"),
}
OVER_RAW = ("ap_over_raw", "ap_over_raw_low", "ap_over_raw_high")
BETTER, WORSE, EVEN, UNSAID = "better", "worse", "neither better nor worse", "cannot be said"
# Answers that a sentence can be made of.
TOLD = (BETTER, WORSE, EVEN)


def content(study: Study) -> dict[str, Any] | None:
    """Give the scores; nothing if there are none."""
    if study.evidence is None:
        return None
    evidence = study.evidence.load()
    return evidence_rows(evidence, plane(study.stability)) | {
        "split_differs": study.config.get("seeds_vary", "training") != "training"
    }


def evidence_rows(evidence: xr.Dataset, seen: str | None) -> dict[str, Any]:
    """Give every space's scores, what the hidden states beat, and how real the mistakes are.

    `seen` is the picture in two dimensions, which is held against the raw signals.
    """
    rows = []
    said = words(evidence)
    for space in evidence.space.values.tolist():
        at = evidence.sel(space=space)
        against = [
            {score: _known(one, names) for score, names in SCORES.items()}
            for one in (at.sel(against=name) for name in evidence.against.values)
        ]
        rows.append(
            {
                "space": space,
                "words": said[space],
                "headline": space == HEADLINE,
                "against": against,
            }
        )
    fair = evidence.sel(against=FAIR)
    pictured = seen in evidence.space.values
    over_raw = _compared(_known(fair.sel(space=seen), OVER_RAW)) if pictured else UNSAID
    return {
        "against": evidence.against.values.tolist(),
        "rows": rows,
        "chance": float(evidence.attrs["chance_ap"]),
        "fraction": float(evidence.attrs["confused_fraction"]),
        "note": str(evidence.attrs["note"]),
        "beaten": {way: _beaten(evidence.sel(against=way)) for way in (FAIR, CONSENSUS)},
        "picture": {"space": seen, "answer": over_raw} if over_raw in TOLD else None,
        "recognised": recognised(evidence),
        "lacking": str(evidence.attrs.get(f"{LDA_SPACE.name}_note", "")),
        "mistakes": _mistakes(evidence),
    }


def _beaten(at: xr.Dataset) -> dict[str, list[str]]:
    """Name the rivals of which the hidden states are better, worse or neither, as far as known."""
    found = {answer: list[str]() for answer in TOLD}
    for rival in of_kind(at, RAW_SIGNALS, DISCRIMINANTS):
        answer = _compared(_known(at.sel(space=rival), SCORES["gain"]))
        if answer in found:
            found[answer].append(rival)
    return {answer: names for answer, names in found.items() if names}


def _known(at: xr.Dataset, names: Sequence[str]) -> list[float | None]:
    return [known(at[name]) for name in names]


def _compared(difference: Sequence[float | None]) -> str:
    """Say what a difference with its interval shows: one better, worse or neither."""
    _, low, high = difference
    if low is None or high is None:
        return UNSAID
    if low > 0:
        return BETTER
    return WORSE if high < 0 else EVEN


def _mistakes(evidence: xr.Dataset) -> dict[str, Any]:
    """Say how much of what counts as mixed up are real mistakes."""
    own = evidence["confused_really"].values
    compared = [HEADLINE, *of_kind(evidence, DISCRIMINANTS), RAW]
    return {
        **{
            name: int(evidence[name])
            for name in ("confused", "confused_by_some", "confused_by_most")
        },
        **{name: float(evidence[name].mean()) for name in ("held_out", "wrong")},
        "own": float(np.nanmean(own)) if np.isfinite(own).any() else None,
        "chance": known(evidence["share_mistaken"].sel(against=FAIR)),
        "ap": [
            (name, known(evidence["ap_mistaken"].sel(space=name, against=FAIR)))
            for name in compared
        ],
    }
