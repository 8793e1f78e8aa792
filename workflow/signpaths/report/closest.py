"""The pairs of a study by name, and in the order in which they are shown everywhere.

Takes `stability.zarr`, gives names for people and the order of `pairs.csv`.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from signpaths.data.named_signs import check_signs
from signpaths.spaces import HEADLINE, plane
from signpaths.stability.verdicts import COMES, LOST, STAYS, UNDECIDED
from signpaths.wording import pair_name


def closest_first(stability: xr.Dataset) -> np.ndarray:
    """Order the pairs by how often they are close, then by mean mutual rank: as in `pairs.csv`."""
    chosen = stability.sel(space=HEADLINE)
    return np.lexsort((chosen["rank_mean"].values, -chosen["pi"].values))


def over_all_counts(stability: xr.Dataset, most: int) -> np.ndarray:
    """Choose pairs that are close in some network, so that all numbers of networks are shown.

    The closest one of those that are close in all networks, in all but one, and so on, then the
    second of each, until there are `most`; in the order of `closest_first`.
    """
    pi = stability["pi"].sel(space=HEADLINE).values
    order = closest_first(stability)
    order = order[pi[order] > 0]
    _, first, group = np.unique(-pi[order], return_index=True, return_inverse=True)
    # How many pairs with the same count stand before each.
    before = np.arange(order.size) - first[group]
    return order[np.sort(np.argsort(before, kind="stable")[:most])]


def telling(stability: xr.Dataset) -> list[int]:
    """Choose pairs to be drawn in every network: one of each kind, those that a study has.

    The closest that stays close, the one that comes and goes most evenly, and the closest of those
    that stay close but are lost in the networks' own picture.
    """
    order = closest_first(stability)
    verdict = stability["verdict"].values.astype(str)[order]
    pi = stability["pi"].sel(space=HEADLINE).values[order]
    stays, comes = order[verdict == STAYS], order[verdict == COMES]
    found = [*stays[:1], *comes[np.argsort(np.abs(pi[verdict == COMES] - 0.5), kind="stable")[:1]]]
    if (seen := plane(stability)) is not None:
        picture = stability["picture"].sel(space=seen).values.astype(str)
        lost = order[picture[order] == LOST]
        found += [pair for pair in lost if pair not in found][:1]
    return [int(pair) for pair in found]


def named(stability: xr.Dataset, pairs: Sequence[tuple[str, str]]) -> list[int]:
    """Find pairs by the names of their signs, in either order.

    Raises
    ------
    UserError
        If the study has no such sign.
    """
    both = zip(stability["sign_a"].values, stability["sign_b"].values, strict=True)
    place = {frozenset(map(str, two)): index for index, two in enumerate(both)}
    check_signs({"figures.pairs": pairs}, set().union(*place))
    return [place[frozenset(pair)] for pair in pairs]


def pair_names(stability: xr.Dataset) -> list[str]:
    """Name every pair for people."""
    signs = zip(stability["sign_a"].values, stability["sign_b"].values, strict=True)
    return [pair_name(a, b) for a, b in signs]


def verdicts_in_words(stability: xr.Dataset) -> list[str]:
    """Give every pair's verdict, with «likely» before one that resampled studies seldom repeat.

    To be undecided is always sure.
    """
    verdict = stability["verdict"].values.astype(str)
    seldom = stability["verdict_repeats"].values < float(stability.attrs["sure"])
    likely = seldom & (verdict != UNDECIDED)
    return np.where(likely, np.char.add("likely ", verdict), verdict).tolist()
