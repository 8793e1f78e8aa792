"""Which signs stay together, as a tree: stability in, a dendrogram of the signs from π out.

Takes `stability.zarr`; joins signs as `stability/groups.py` does, by average linkage on 1 − π.
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, leaves_list

from signpaths.report.drawing.style import PALETTE, canvas, short
from signpaths.spaces import HEADLINE
from signpaths.stability.groups import groups_of, tree_of
from signpaths.wording import counted

GREY, ALONE = "#9A9A9A", "#333333"
# Scipy draws leaves at 5, 15, 25, …
FIRST_LEAF, LEAF = 5, 10
# Where signs stand, in percent of networks.
BEYOND = 104


def draw_dendrogram(stability: xr.Dataset) -> Figure:
    """Draw the signs as a tree, those that are often close on one branch."""
    pi = stability["pi"].sel(space=HEADLINE).values
    tree = tree_of(pi)
    signs = stability["sign"].values.astype(str)
    tau = float(stability.attrs["tau"])
    leaves = leaves_list(tree)
    colours = colours_of_sets(tree, groups_of(pi, tau), leaves)
    found: Any = dendrogram(tree, no_plot=True, link_color_func=colours.__getitem__)
    figure, axes = canvas(8.2, 1.4 + 0.115 * max(len(signs), 12))
    # What breaks ties can set a join a hair beyond no network at all. Signs stand a little beyond
    # all networks, so that joins there are to be seen.
    branches = [
        np.stack([np.where(far > 0, 100 * (1 - np.clip(far, 0, 1)), BEYOND), along], axis=1)
        for along, far in zip(found["icoord"], map(np.asarray, found["dcoord"]), strict=True)
    ]
    axes.add_collection(LineCollection(branches, colors=found["color_list"], lw=1.3))
    at = FIRST_LEAF + LEAF * np.arange(len(signs))
    axes.set_yticks(at, [short(signs[leaf]) for leaf in leaves], fontsize=7)
    axes.yaxis.tick_right()
    for label, leaf in zip(axes.get_yticklabels(), leaves.tolist(), strict=True):
        label.set_color(colours[leaf])
        label.set_fontweight("normal" if colours[leaf] == ALONE else "bold")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(at[-1] + LEAF, -FIRST_LEAF)
    axes.set_xlim(-1, BEYOND)
    axes.xaxis.set_major_locator(ticker.MultipleLocator(20))
    axes.axvline(100 * tau, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
    axes.annotate(
        f"τ = {tau:g}",
        (100 * tau, 1),
        (4, 2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=9,
    )
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(100, decimals=0, symbol=" %"))
    axes.set_xlabel(
        f"share of {counted(stability.sizes['network'], 'network')} in which signs of two joined "
        "branches are close, mean (%)"
    )
    axes.spines["left"].set_visible(False)
    axes.set_title(f"{counted(len(signs), 'sign')}, joined by how often they are close", pad=20)
    return figure


def colours_of_sets(tree: np.ndarray, group: np.ndarray, leaves: np.ndarray) -> dict[int, str]:
    """Colour each set of signs that stay together, so that sets side by side differ.

    Parameters
    ----------
    tree
        As scipy's `linkage` gives it.
    group
        The number of each sign's set, 0 for none, `(sign,)`.
    leaves
        The signs in the order in which they are drawn, `(sign,)`.

    Returns
    -------
    dict
        The colour of every sign and, after them, of every join, by its number as scipy counts.
    """
    sets = list(dict.fromkeys(number for number in group[leaves].tolist() if number))
    of_set = {number: PALETTE[place % len(PALETTE)] for place, number in enumerate(sets)}
    # A join belongs to a set if both of its branches do.
    of_node = group.tolist()
    for one, other in tree[:, :2].astype(int):
        of_node.append(of_node[one] if of_node[one] == of_node[other] else 0)
    alone = [ALONE] * len(group) + [GREY] * len(tree)
    return {node: of_set.get(number, alone[node]) for node, number in enumerate(of_node)}
