"""Where on their way the signs of a pair part, over retrainings: shares of it in, their median out.

Takes from every network how far on its way a pair is together (see `closeness.partings`); gives the
median over networks with an interval by order statistics, which assumes nothing of how these
numbers are distributed (David & Nagaraja 2003, section 7.1).
"""

import numpy as np
import xarray as xr
from scipy.stats import binom

from signpaths.columns import NEAR, Column, variables
from signpaths.options import StabilityOptions
from signpaths.stability.retrainings import Retrainings


def parting_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say where on their way pairs part, and in how many networks they then stay apart."""
    rank = lower_rank(len(found.networks), options.confidence)
    median, low, high = (
        np.empty((len(found.spaces), found.together_to.shape[2])) for _ in range(3)
    )
    for row, phases in enumerate(found.together_to):
        ordered = np.sort(phases.astype(np.float64), axis=0)
        median[row] = np.median(ordered, axis=0)
        low[row], high[row] = ordered[rank], ordered[-1 - rank]
    level = f"{options.confidence:.0%}"
    until = (
        "the time from which the distance between their examples is at least "
        f"{found.parting:g} times that within the signs, as a share of the longer one's duration"
    )
    return xr.Dataset(
        variables(
            ("space", "pair"),
            (
                Column(
                    "parts_at",
                    f"how far on their way the two signs are together: {until}, median over "
                    "networks; 1: they never part; empty if neither sign has two examples or the "
                    "space has no time",
                    2,
                    heading="Together to",
                    shown="percent",
                    group=NEAR,
                    words="How long the two signs are no farther apart than each of them varies, "
                    "as a share of the longer one's duration: the middle one of all networks. "
                    "0\u00a0% means apart from the first frame, 100\u00a0% never apart.",
                ),
                median,
            ),
            (
                Column(
                    "parts_low",
                    f"lower end of its {level} interval (order statistics)",
                    2,
                    heading="Together to, interval",
                    shown="percent",
                    to="parts_high",
                    group=NEAR,
                    words="Where that middle may lie in other trainings.",
                    needs="networks",
                ),
                low,
            ),
            (
                Column(
                    "parts_high",
                    f"upper end of its {level} interval (order statistics)",
                    2,
                    shown="percent",
                    needs="networks",
                ),
                high,
            ),
            (
                Column(
                    "parts_in",
                    "share of networks, or of their pictures, in which the two signs are apart "
                    "from there to the end",
                    2,
                    heading="Then apart in",
                    shown="bar",
                    group=NEAR,
                    words="In how many networks the two signs, once they have parted, stay apart "
                    "to the end. In the others they never part, or meet again.",
                ),
                found.stays_apart,
            ),
        )
    )


def lower_rank(networks: int, confidence: float) -> int:
    """Give the place, from 0, of the ordered value that is the lower end of a median's interval.

    The upper end stands as far from the other side. Of fewer than six networks even the least and
    the largest make an interval of less than 95 %; they are given all the same.
    """
    return max(0, int(binom.ppf((1 - confidence) / 2, networks, 0.5)) - 1)
