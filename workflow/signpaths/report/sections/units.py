"""What single units answer to, and whether the article's first attempt was bound to fail.

Takes `units.zarr`; gives a row for each kind of feature, and the numbers of both halves of the
question: do units answer to parts of gestures at all, and do units that do the same come again.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.evidence.features import KINDS
from signpaths.evidence.responses import WHICH
from signpaths.report.study import Study

NAME = "Units"
# Units come again if no more than this share of turned networks are matched as well, and if they
# come so much nearer to being the same (of what turned ones leave): a little is soon shown, for
# there are many units.
CHANCE, NEARER = 0.05, 0.1


def content(study: Study) -> dict[str, Any] | None:
    """Give what units answer to; nothing if it was not measured."""
    return None if study.units is None else unit_rows(study.units)


def unit_rows(units: xr.Dataset) -> dict[str, Any]:
    """Give the table of kinds, and both halves of the answer."""
    kinds = units["kind"].values.astype(str)
    gesture = np.array([KINDS[kind].gesture for kind in kinds])
    half = units.sizes["network"] / 2
    return {
        **{name: units.attrs[name] for name in ("least", "fdr", "examples", "note", "rotations")},
        "networks": units.sizes["network"],
        "units": units.sizes["unit"],
        "rows": [_row(units, kinds == kind, kind) for kind in dict.fromkeys(kinds.tolist())],
        "gestures": _row(units, gesture, "") if gesture.any() else None,
        "answered": units["feature"]
        .values[gesture & (units["networks"].sel(which="trained").values > half)]
        .tolist(),
        "clearest": _clearest(units, np.flatnonzero(gesture)),
        "again": coming_again(units),
    }


def coming_again(units: xr.Dataset) -> list[dict[str, Any]] | None:
    """Give how alike matched units are, of trained networks and of twins; nothing of one network.

    `p` is the share of turned studies whose units are matched as well, this one counted in.
    """
    if "alike" not in units:
        return None
    found = []
    for which in WHICH:
        mean = float(units["alike"].sel(which=which).mean())
        turned = units["alike_turned"].sel(which=which).values
        nearer = (mean - turned.mean()) / max(1 - turned.mean(), np.finfo(float).eps)
        p = (1 + int((turned >= mean).sum())) / (1 + turned.size)
        found.append(
            {
                "which": which,
                "alike": mean,
                "turned": float(turned.mean()),
                "most": float(turned.max()),
                "p": p,
                "nearer": float(nearer),
                "shown": p <= CHANCE,
                "more": bool(p <= CHANCE and nearer >= NEARER),
            }
        )
    return found


def _row(units: xr.Dataset, chosen: np.ndarray, kind: str) -> dict[str, Any]:
    """Say of the features chosen what trained networks' units, and their twins', make of them.

    `often`: features with a unit in most networks; `ever`: in any; `below`: features for which the
    clearest unit does not even come to the least size in most networks.
    """
    networks, least = units.sizes["network"], units.attrs["least"]
    row: dict[str, Any] = {"kind": kind, "features": int(chosen.sum())}
    if kind:
        row["words"] = KINDS[kind].words
    for which in WHICH:
        own = units.sel(which=which).isel(feature=np.flatnonzero(chosen))
        row[which] = {
            "often": int((own["networks"].values > networks / 2).sum()),
            "ever": int((own["networks"].values > 0).sum()),
            "below": int(((own["best"] < least).sum("network").values > networks / 2).sum()),
            "best": float(np.median(own["best"].values)),
            "most": float(own["best"].values.max()),
            "together": _median_known(own["together"].values),
        }
    return row


def _median_known(values: np.ndarray) -> float | None:
    """Give the median of what is known; None if nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _clearest(units: xr.Dataset, features: np.ndarray) -> dict[str, Any] | None:
    """Give the unit of a trained network that answers most clearly to one of these features."""
    if not features.size:
        return None
    best = units["best"].sel(which="trained").values[:, features]
    network, column = np.unravel_index(best.argmax(), best.shape)
    feature = features[column]
    unit = int(units["best_unit"].sel(which="trained").values[network, feature])
    q = units["q"].sel(which="trained").values[network, unit, feature]
    return {
        "network": str(units["network"].values[network]),
        "unit": unit,
        "feature": str(units["feature"].values[feature]),
        "words": KINDS[str(units["kind"].values[feature])].words,
        "of": str(units["of"].values[feature]),
        "strength": float(best[network, column]),
        "answers": bool(q <= units.attrs["fdr"]),
    }
