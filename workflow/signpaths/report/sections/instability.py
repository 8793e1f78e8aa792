"""Where the instability comes from, and how many networks are enough.

Takes variances in `stability.zarr` and what the trainings cost, gives shares and reliabilities.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.study import Study
from signpaths.spaces import AUTOENCODER, HEADLINE, described
from signpaths.stability import variance

NAME = "Instability"
# Jobs of these rules are paid once for each network.
PER_NETWORK = ("lstm", "activations")


def content(study: Study) -> dict[str, Any] | None:
    """Give shares and reliabilities; nothing with one network, whose spread is unknown."""
    if study.runs == 1:
        return None
    return {
        "shares": variance_rows(study.stability),
        "reliability": reliability_rows(study.stability, study.origin.get("seconds", {})),
        "target": study.stability.attrs["reliability"],
    }


def variance_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give the variance shares of every space in percent, with their intervals."""
    share, low, high = (
        100 * stability[name].values
        for name in ("variance_share", "variance_share_low", "variance_share_high")
    )
    return [
        {
            "space": space.name,
            "shares": list(zip(share[row], low[row], high[row], strict=True)),
            "autoencoders": space.runs > 1,
        }
        for row, space in enumerate(described(stability))
    ]


def reliability_rows(stability: xr.Dataset, seconds: dict[str, Any]) -> list[dict[str, Any]]:
    """Say for the hidden states and each autoencoder's space how many trainings are enough.

    Parameters
    ----------
    stability
        The study's stability.
    seconds
        `provenance.json`'s jobs and seconds by rule; tells what a network and an autoencoder cost.
    """
    networks, autoencoders = stability.sizes["network"], int(stability.attrs["ae_seeds"])
    costs = [
        sum(seconds[rule]["seconds"] / seconds[rule]["jobs"] for rule in rules if rule in seconds)
        for rules in (PER_NETWORK, ("autoencoder",))
    ]
    rows = []
    for space in described(stability):
        if space.name != HEADLINE and space.kind != AUTOENCODER:
            continue
        found, near = (
            variance.Components(*stability[name].sel(space=space.name).values)
            for name in ("variance", "variance_near")
        )
        best = variance.best_autoencoders(found, *costs) if all(costs) else float("nan")
        rows.append(
            {
                "space": space.name,
                "now": float(variance.reliability(found, networks, autoencoders)),
                "needed": variance.networks_for(
                    found, float(stability.attrs["reliability"]), autoencoders
                ),
                "near_pairs": int(stability["near_pairs"].sel(space=space.name)),
                "near_now": float(variance.reliability(near, networks, autoencoders)),
                "near_needed": variance.networks_for(
                    near, float(stability.attrs["reliability"]), autoencoders
                ),
                "best": best if np.isfinite(best) and space.name != HEADLINE else None,
            }
        )
    return rows
