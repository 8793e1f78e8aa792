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
from signpaths.stability.groups import tree_of
from signpaths.wording import counted

GREY = "#9A9A9A"
# Scipy draws leaves at 5, 15, 25, …
FIRST_LEAF, LEAF = 5, 10


def draw_dendrogram(stability: xr.Dataset) -> Figure:
    """Draw the signs as a tree, those that are often close on one branch."""
    tree = tree_of(stability["pi"].sel(space=HEADLINE).values)
    signs = stability["sign"].values.astype(str)
    tau = float(stability.attrs["tau"])
    colours = colours_of_branches(tree, 1 - tau)
    found: Any = dendrogram(tree, no_plot=True, link_color_func=colours.__getitem__)
    figure, axes = canvas(8.2, 1.4 + 0.115 * max(len(signs), 12))
    # What breaks ties can set a join a hair beyond no network at all.
    branches = [
        np.stack([100 * (1 - np.clip(far, 0, 1)), along], axis=1)
        for along, far in zip(found["icoord"], found["dcoord"], strict=True)
    ]
    axes.add_collection(LineCollection(branches, colors=found["color_list"], lw=1.3))
    at = FIRST_LEAF + LEAF * np.arange(len(signs))
    axes.set_yticks(at, [short(signs[leaf]) for leaf in leaves_list(tree)], fontsize=7)
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(at[-1] + LEAF, -FIRST_LEAF)
    axes.set_xlim(-1, 100)
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


def colours_of_branches(tree: np.ndarray, most: float) -> dict[int, str]:
    """Colour the branches below a distance, each set of signs in one colour, the others grey.

    Parameters
    ----------
    tree
        As scipy's `linkage` gives it.
    most
        The largest distance at which a set is still one.

    Returns
    -------
    dict
        The colour of every join by its number, as scipy counts: joins come after the signs.
    """
    signs = len(tree) + 1
    colours: dict[int, str] = {}
    sets = 0
    # From the root down: a join inherits the colour of the set that it is in.
    for join in range(len(tree) - 1, -1, -1):
        if tree[join, 2] > most:
            colours[signs + join] = GREY
            continue
        if colours.get(signs + join, GREY) == GREY:
            colours[signs + join] = PALETTE[sets % len(PALETTE)]
            sets += 1
        for below in tree[join, :2].astype(int):
            if below >= signs:
                colours[int(below)] = colours[signs + join]
    return colours
