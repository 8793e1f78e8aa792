"""What the article says of bottlenecks, beside what was measured of them here.

Takes `bottlenecks/<network>.zarr`, gives a row for each sentence of Tempczyk and Bartołd,
"Visualizing LSTM Networks. Part I", section "Denoising Autoencoders".
"""

import math
from collections.abc import Callable
from typing import Any

import xarray as xr

from signpaths.evidence.claims import NO, UNSAID, YES
from signpaths.projections.bottlenecks import QUARTERS
from signpaths.projections.neighbourhoods import SIGN_NEIGHBOURS
from signpaths.wording import ACTIVATIONS, DASH, number, percent

ANSWERS = {1: YES, 0: NO, -1: UNSAID}


def sentence_rows(bottlenecks: xr.Dataset) -> list[dict[str, Any]]:
    """Give a row for each sentence: `said`, `criterion`, `agrees` and the numbers `behind` it.

    Parameters
    ----------
    bottlenecks
        A store of stage `bottlenecks`.

    Returns
    -------
    list of dict
        All text; `behind` has one text for each activation that the sentence is about.
    """
    return [
        {
            "said": str(one["said"].values),
            "criterion": str(one["criterion"].values),
            "agrees": ANSWERS[int(one.values)],
            "behind": [
                f"{ACTIVATIONS[name]}: {text}"
                for name in bottlenecks["bottleneck"].values.tolist()
                if (text := BEHIND[str(one["sentence"].values)](bottlenecks.sel(bottleneck=name)))
            ],
        }
        for one in bottlenecks["holds"]
    ]


def _start(one: xr.Dataset) -> str:
    first, others = (_shown(one[name], 2) for name in ("start_distance", "other_distance"))
    return f"first points {first}, all others {others}"


def _upper_right(one: xr.Dataset) -> str:
    if str(one["bottleneck"].values) not in ("relu", "sigmoid"):
        return ""
    return percent(float(one["quarter_share"].sel(quarter=QUARTERS[0])))


def _quarters(one: xr.Dataset) -> str:
    if str(one["bottleneck"].values) not in ("tanh", "linear"):
        return ""
    shares = one["quarter_share"].values.tolist()
    return ", ".join(
        f"{name} {percent(share)}" for name, share in zip(QUARTERS, shares, strict=True)
    )


def _squashed(one: xr.Dataset) -> str:
    match str(one["bottleneck"].values):
        case "tanh":
            return f"{percent(float(one['squashed']))} of the points near −1 or 1"
        case "linear":
            return f"{percent(float(one['at_edge']))} of the points near an end"
    return ""


def _legible(one: xr.Dataset) -> str:
    return f"trustworthiness {_shown(one['trustworthiness'].sel(k=SIGN_NEIGHBOURS), 3)}"


def _shown(value: xr.DataArray, decimals: int) -> str:
    found = float(value)
    return number(found, decimals) if math.isfinite(found) else DASH


# The numbers behind a sentence for one activation; empty if it is not about it.
BEHIND: dict[str, Callable[[xr.Dataset], str]] = {
    "start": _start,
    "upper_right": _upper_right,
    "evenly": _quarters,
    "squashed": _squashed,
    "legible": _legible,
}
