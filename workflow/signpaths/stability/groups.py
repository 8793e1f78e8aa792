"""Which sets of signs stay together: how often each pair is close in, groups of signs out.

Takes in which networks each pair is close; gives groups by average linkage of the signs on 1 − π,
and how often they come again if the networks are resampled, as in consensus clustering (Monti et
al. 2003).
"""

import numpy as np
import xarray as xr
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from signpaths.columns import Column, variables

# Weights of ties, and what rounding may add: far less than one network in a million changes.
TIE, ROUNDING = 1e-10, 1e-7


def group_statistics(
    close: np.ndarray, signs: np.ndarray, *, tau: float, resamples: int, seed: int
) -> xr.Dataset:
    """Find the groups of signs that stay together over retrainings.

    Parameters
    ----------
    close
        Whether, or in what share of a network's runs, a pair is close, float `(network, pair)`;
        pairs in the order of `np.triu_indices`.
    signs
        Names, `(sign,)`.
    tau
        Signs are grouped as long as the mean π of two joined groups is no less.
    resamples
        So many studies of resampled networks.
    seed
        Of the resampling.

    Returns
    -------
    xarray.Dataset
        Over `sign`: `group` (1 for the largest; 0 for a sign by itself), `group_close` and
        `group_membership`.
    """
    pi = close.mean(axis=0, dtype=np.float64)
    group = groups_of(pi, tau)
    together = co_membership(close, tau, resamples, seed)
    others = (group[:, None] == group) & (group > 0) & ~np.eye(group.size, dtype=bool)
    columns = (
        (
            Column(
                "group",
                "set of signs that stay together, by average linkage: the mean share of networks "
                f"in which its pairs are close is at least {tau:g} wherever two parts of it were "
                "joined; 1 is the largest, 0: none",
                7,
                unit="count",
                heading="Group",
                shown="words",
            ),
            group,
        ),
        (
            Column(
                "group_close",
                "share of networks in which the sign is close to another of its group, mean over "
                "the others; empty without a group",
                7,
                heading="Close to the others in",
                shown="percent",
                words="In so many networks the sign is close to another one of its set.",
            ),
            _mean_over(squareform(pi), others),
        ),
        (
            Column(
                "group_membership",
                "share of resampled studies in which the sign is in one group with another of its "
                "group, mean over the others; empty without a group, and with one network",
                7,
                heading="Together again in",
                shown="percent",
                words="In so many studies of as many networks, drawn anew from those at hand, the "
                "sign is in one set with another one of this set. Below 80 % the sign hardly "
                "belongs to it.",
                needs="networks",
            ),
            _mean_over(together, others),
        ),
    )
    return xr.Dataset(
        variables("sign", *columns), coords={"sign": ("sign", signs, {"long_name": "sign"})}
    )


def groups_of(pi: np.ndarray, tau: float) -> np.ndarray:
    """Group signs by how often their pairs are close.

    Parameters
    ----------
    pi
        `(pair,)`.
    tau
        The least mean π at which two groups are joined.

    Returns
    -------
    numpy.ndarray
        The number of each sign's group, `(sign,)`: 1 for the largest, of two equally large the one
        that is closer; 0 for a sign by itself.
    """
    matrix = squareform(pi)
    cut = fcluster(tree_of(pi), 1 - tau + ROUNDING, "distance") - 1
    size = np.bincount(cut)
    cohesion = np.bincount(cut, weights=(matrix * (cut[:, None] == cut)).sum(axis=1))
    order = [one for one in np.lexsort((-cohesion, -size)) if size[one] > 1]
    number = np.zeros(size.size, dtype=int)
    number[order] = np.arange(len(order)) + 1
    return number[cut]


def tree_of(pi: np.ndarray) -> np.ndarray:
    """Join signs by average linkage on 1 − π.

    Parameters
    ----------
    pi
        `(pair,)`.

    Returns
    -------
    numpy.ndarray
        As scipy's `linkage` gives it, `(sign - 1, 4)`.
    """
    matrix = squareform(pi)
    # Shares of few networks are often equal. Of two, the signs that are more alike in all else come
    # first, so that the order of the signs decides nothing.
    squares = (matrix**2).sum(axis=1)
    unlike = np.maximum(squares[:, None] + squares - 2 * matrix @ matrix, 0)
    return linkage(1 - pi + TIE * squareform(unlike, checks=False), "average")


def co_membership(close: np.ndarray, tau: float, resamples: int, seed: int) -> np.ndarray:
    """Count how often two signs are in one group if the networks are resampled.

    Returns
    -------
    numpy.ndarray
        Share of the resampled studies, `(sign, other)`; 1 on the diagonal. NaN with one network,
        which resampling cannot change.
    """
    networks = len(close)
    if networks == 1:
        return np.full(squareform(close[0]).shape, np.nan)
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(networks, np.full(networks, 1 / networks), size=resamples)
    shares = counts.astype(np.float64) @ close / networks
    together: np.ndarray = np.zeros(())
    for pi in np.clip(shares, 0, 1):
        group = groups_of(pi, tau)
        together = together + ((group[:, None] == group) & (group > 0))
    found = np.asarray(together) / resamples
    np.fill_diagonal(found, 1)
    return found


def _mean_over(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the chosen others of each sign; NaN where there is none."""
    count = chosen.sum(axis=1)
    total = np.where(chosen, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
