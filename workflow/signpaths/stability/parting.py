"""Where on their way the signs of a pair part, over retrainings: shares of it in, their median out.

Takes from every network how far a pair is together and from where on it is apart (see
`closeness.partings`); gives medians over networks with intervals by order statistics, which assume
nothing of how these numbers are distributed (David & Nagaraja 2003, section 7.1).
"""

import numpy as np
import xarray as xr
from scipy.stats import binom

from signpaths.columns import NEAR, Column, variables
from signpaths.options import StabilityOptions
from signpaths.stability.retrainings import Retrainings


def parting_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how long pairs are together, from where on they are apart, and in how many networks."""
    together, apart = f"below {found.parting:g}", f"at least {found.parting:g}"
    within = (
        "times that within the two (root mean squares), as a share of the longer one's duration"
    )
    over = "median over networks, of a network's mean over its autoencoders"
    unknown = "empty if neither sign has two examples or the space has no time"
    to, since = (
        Column(
            "together_to",
            "how far on their way the two signs are together without a break: so long the distance "
            f"between their examples is {together} {within}, {over}; 1: they are "
            f"never apart; {unknown}",
            8,
            heading="Together to",
            shown="percent",
            group=NEAR,
            words="How far on the longer one's way the two signs are together from the first frame "
            f"on: the distance between their examples is {together} times that within the two. "
            "The middle one of all networks. 0\u00a0% means apart from the first frame, "
            "100\u00a0% never apart.",
        ),
        Column(
            "parts_at",
            "where on their way the two signs part for good: from there to the end the distance "
            f"between their examples is {apart} {within}, {over}; 1: they end "
            f"together; {unknown}",
            8,
            heading="Apart from",
            shown="percent",
            group=NEAR,
            words="From where on the two signs are apart to the end, as a share of the longer "
            "one's duration: the middle one of all networks. In one network it is the share to "
            "which they are together, unless they meet again after they were apart. 0\u00a0% means "
            "apart all the way, 100\u00a0% together at the end.",
        ),
    )
    made = [
        *_with_interval(to, "together", found.together_to, options.confidence),
        *_with_interval(since, "parts", found.apart_from, options.confidence),
        (
            Column(
                "parts_in",
                "share of networks, or of their pictures, in which the two signs are apart at the "
                f"end; {unknown}",
                8,
                heading="Apart at the end in",
                shown="bar",
                group=NEAR,
                words="In how many networks, or shares of a network's pictures, the two signs are "
                "apart at the end. In the others they are together there.",
            ),
            found.parts,
        ),
    ]
    return xr.Dataset(variables(("space", "pair"), *made))


def _with_interval(
    column: Column, name: str, shares: np.ndarray, confidence: float
) -> list[tuple[Column, np.ndarray]]:
    """Give the median over networks of `shares` `(space, network, pair)`, and its interval.

    The ends are called `name` and the end.
    """
    rank = lower_rank(shares.shape[1], confidence)
    median, low, high = (np.empty((len(shares), shares.shape[2])) for _ in range(3))
    for row, one in enumerate(shares):
        ordered = np.sort(one.astype(np.float64), axis=0)
        median[row] = np.median(ordered, axis=0)
        low[row], high[row] = ordered[rank], ordered[-1 - rank]
    end = f"end of an interval for {column.name} of {confidence:.0%} at least (order statistics)"
    of_low = Column(
        f"{name}_low",
        f"lower {end}",
        8,
        heading=f"{column.heading}, interval",
        shown="percent",
        to=f"{name}_high",
        group=NEAR,
        words="Where that middle may lie in other trainings.",
        needs="networks",
    )
    of_high = Column(f"{name}_high", f"upper {end}", 8, shown="percent", needs="networks")
    return [(column, median), (of_low, low), (of_high, high)]


def lower_rank(networks: int, confidence: float) -> int:
    """Give the place, from 0, of the ordered value that is the lower end of a median's interval.

    The upper end stands as far from the other side. Of fewer than six networks even the least and
    the largest make an interval of less than 95 %; they are given all the same.
    """
    return max(0, int(binom.ppf((1 - confidence) / 2, networks, 0.5)) - 1)
