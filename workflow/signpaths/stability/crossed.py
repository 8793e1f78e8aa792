"""A measure of every two networks over the same signs: its mean, and how far that is from chance.

Takes the measure for every two networks, and its mean with each sign left out; gives the mean with
an interval for other networks and other signs: jackknife over both, left out one at a time (for
signs as the nodes of a network of pairs: Snijders and Borgatti 1999), their variances added.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

CONFIDENCE = 0.95
# One pair of networks is left if one of three is left out.
FEWEST_NETWORKS = 3


@dataclass(frozen=True)
class Likeness:
    """How alike every two networks are by one measure.

    Attributes
    ----------
    values
        `(network, other_network)`, symmetric; NaN on the diagonal and where it is not known.
    without
        The mean over every two networks with one sign left out, `(sign,)`; NaN where that is not
        known, as for a sign that it does not depend on.
    """

    values: np.ndarray
    without: np.ndarray


def mean_and_interval(
    found: Likeness, lowest: float, highest: float, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Give the mean over every two networks with the ends of its interval.

    Variances between networks and between signs are added, which counts what both change together
    twice: the interval is rather too wide than too narrow. The t distribution has the degrees of
    freedom of the fewer of both.

    Parameters
    ----------
    found
        The measure.
    lowest, highest
        What the measure cannot go beyond.
    confidence
        Level of the interval.

    Returns
    -------
    tuple of float
        Mean, lower and upper end; NaN where they are not known, the ends with fewer than three
        networks. Without values for left-out signs the interval is for other networks alone.
    """
    known = np.isfinite(found.values)
    if not known.any():
        return (float("nan"),) * 3
    total, count = found.values[known].sum(), known.sum()
    mean = float(total / count)
    of_one = np.where(known, found.values, 0).sum(axis=1)
    # A network's values stand in its row and in its column.
    left = count - 2 * known.sum(axis=1)
    networks = known.any(axis=1)
    if networks.sum() < FEWEST_NETWORKS or not left[networks].all():
        return mean, float("nan"), float("nan")
    without_networks = (total - 2 * of_one[networks]) / left[networks]
    without_signs = found.without[np.isfinite(found.without)]
    samples = [one for one in (without_networks, without_signs) if one.size > 1]
    variance = sum((one.size - 1) / one.size * ((one - one.mean()) ** 2).sum() for one in samples)
    freedom = min(one.size for one in samples) - 1
    half = float(t.ppf((1 + confidence) / 2, freedom) * np.sqrt(variance))
    return mean, max(mean - half, lowest), min(mean + half, highest)
