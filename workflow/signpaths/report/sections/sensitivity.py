"""What closeness hangs on: labels, the limit of closeness, hubs.

Takes the counts in `stability.zarr`, gives how many pairs stay close if something else had counted.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.study import Study
from signpaths.stability.verdicts import STAYS

NAME = "What it hangs on"
SHOWN_HUBS = 3


def content(study: Study) -> dict[str, Any] | None:
    """Give the pairs that stay close with other labels, with other limits, and without hubs.

    Nothing if the networks are too few for any pair to stay close.
    """
    stability = study.stability
    if not stability.attrs["inference"]:
        return None
    stays = stability["verdict"].values == STAYS
    return {
        "staying": int(stays.sum()),
        "labels": labels_in(stability),
        "limits": [
            {"limit": int(limit), "stays": int(count)}
            for limit, count in zip(
                stability["limit"].values, stability["stays_at"].values, strict=True
            )
        ],
        "hubs": hubs_in(stability, stays),
    }


def labels_in(stability: xr.Dataset) -> dict[str, Any] | None:
    """Give the pairs of pseudo-signs that stay close, by labelling; None if none was made.

    Beside them how far distances over training and over held-out examples agree, of pseudo-signs
    and of signs; None where it is not known.
    """
    if "label_stays" not in stability:
        return None
    return {
        "stays": stability["label_stays"].values.tolist(),
        **{name: stability.attrs.get(name) for name in ("labels_agree", "signs_agree")},
    }


def hubs_in(stability: xr.Dataset, stays: np.ndarray) -> dict[str, Any]:
    """Give the signs that are near most others, and the pairs that stay close without hubs."""
    hubness = stability["hubness"]
    order = np.argsort(-hubness.values, kind="stable")[:SHOWN_HUBS]
    unhubbed = stability["q_unhubbed"].values <= stability.attrs["fdr"]
    return {
        "signs": [(str(hubness["sign"].values[at]), float(hubness.values[at])) for at in order],
        "correlation": stability.attrs.get("hub_correlation"),
        "stays": int(unhubbed.sum()),
        "both": int((unhubbed & stays).sum()),
    }
