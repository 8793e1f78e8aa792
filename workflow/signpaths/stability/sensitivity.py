"""What closeness hangs on: hubs, and where the limit of closeness is drawn.

Takes what all retrainings say; gives how often pairs are close with hubs taken away, and for every
limit near k, as data sets whose variables say what they are.
"""

import numpy as np
import xarray as xr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE
from signpaths.stability import inference
from signpaths.stability.retrainings import Retrainings


def hub_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say which signs are near many others, and what closeness is without that (section 2)."""
    first, second = np.triu_indices(found.signs.size, 1)
    networks = len(found.networks)
    close = found.close[found.space_names.index(HEADLINE)].mean(axis=0, dtype=np.float64)
    of_sign = np.bincount(first, close, found.signs.size) + np.bincount(
        second, close, found.signs.size
    )
    q = inference.stays_close_q(found.unhubbed, networks, options.tau)
    varies = min(np.ptp(found.hubness), np.ptp(of_sign)) > 0
    correlation = float(np.corrcoef(found.hubness, of_sign)[0, 1]) if varies else None
    return xr.Dataset(
        variables(
            "sign",
            (
                Column(
                    "hubness",
                    f"among how many other signs' {found.k} nearest the sign is in {HEADLINE}, "
                    f"mean over networks; {found.k} on average",
                    2,
                    unit="signs",
                    shown="rank",
                ),
                found.hubness,
            ),
            (
                Column(
                    "close_signs",
                    f"sum of pi over the sign's pairs in {HEADLINE}: with how many signs it is "
                    "close in a network",
                    2,
                    unit="signs",
                    shown="rank",
                ),
                of_sign,
            ),
        )
        | variables(
            "pair",
            (
                Column(
                    "pi_unhubbed",
                    f"share of networks in which the pair is close in {HEADLINE} if distances are "
                    "divided by those of the two signs to their own nearest",
                    2,
                    heading="Corrected for hubs, close in",
                    shown="count",
                    words="In how many networks the pair would be close if signs that are near "
                    "many others, or far from all, were put on one scale with the rest.",
                ),
                found.unhubbed / networks,
            ),
            (
                Column("q_unhubbed", "q of N1 from the same closeness", 4, shown="p"),
                q,
            ),
        ),
        attrs={} if correlation is None else {"hub_correlation": correlation},
    )


def curve_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how often each pair is close in the hidden states for other limits than k (section 2)."""
    ranks = found.mean_ranks[found.space_names.index(HEADLINE)]
    networks = len(ranks)
    limits = np.arange(1, max(3 * found.k, 3) + 1)
    counts = np.stack([(ranks <= limit).sum(axis=0) for limit in limits])
    stays = [
        int((inference.stays_close_q(one, networks, options.tau) <= options.fdr).sum())
        for one in counts
    ]
    return xr.Dataset(
        variables(
            ("limit", "pair"),
            (
                Column(
                    "pi_at",
                    f"share of networks in which the pair's mutual rank in {HEADLINE} is at most "
                    "each limit",
                    2,
                    shown="percent",
                ),
                (counts / networks).astype(np.float32),
            ),
        )
        | variables(
            "limit",
            (
                Column(
                    "stays_at",
                    "pairs that stay close (N1) if mutual ranks up to each limit count as close",
                    2,
                    unit="pairs",
                ),
                np.array(stays),
            ),
        ),
        coords={
            "limit": ("limit", limits, {"long_name": "largest mutual rank that counts as close"})
        },
    )
