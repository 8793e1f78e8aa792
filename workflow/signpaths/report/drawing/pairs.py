"""Pairs that are close in some network: in how many of them, and how sure that is.

Takes `stability.zarr`, gives a figure with a dot and an interval a pair.
"""

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.figure import Figure

from signpaths.report.closest import closest_first, over_all_counts
from signpaths.report.drawing.style import (
    COLOURS,
    MARKERS,
    canvas,
    legend,
    short_pair,
    verdict_key,
)
from signpaths.spaces import HEADLINE
from signpaths.stability.verdicts import VERDICTS

PAIRS_SHOWN = 25
FEWEST_PAIRS_SHOWN = 10


def draw_pairs(stability: xr.Dataset) -> Figure:
    """Draw the share of networks in which pairs are close, with its interval."""
    ever = int((stability["pi"].sel(space=HEADLINE).values > 0).sum())
    # Pairs that are never close say nothing here, but a handful show where the others end.
    few = ever < FEWEST_PAIRS_SHOWN
    order = (
        closest_first(stability)[:FEWEST_PAIRS_SHOWN]
        if few
        else over_all_counts(stability, PAIRS_SHOWN)
    )
    chosen = stability.sel(space=HEADLINE).isel(pair=order)
    names = [short_pair(stability, int(i)) for i in order]
    verdict = chosen["verdict"].values.astype(str)
    runs = stability.sizes["network"]
    tau = float(stability.attrs["tau"])
    confidence = 100 * float(stability.attrs["confidence"])
    figure, axes = canvas(9.2, 2.3 + 0.29 * len(order))
    rows = np.arange(len(order))
    low, pi, high = (chosen[name].values for name in ("pi_low", "pi", "pi_high"))
    for name in VERDICTS:
        these = rows[verdict == name]
        axes.hlines(these, low[these], high[these], color=COLOURS[name], lw=2.2, alpha=0.55)
        axes.plot(
            pi[these],
            these,
            MARKERS[name],
            color=COLOURS[name],
            ms=7,
            mec="white",
            mew=0.8,
            zorder=3,
        )
    axes.axvline(tau, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
    axes.annotate(
        f"τ = {tau:g}",
        (tau, 1),
        (4, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=9,
    )
    for row, share in zip(rows, pi, strict=True):
        axes.annotate(
            f"{round(share * runs)}/{runs}",
            (1, row),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(rows, names)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel(
        f"share of {runs} network{'s' * (runs != 1)} in which the pair is close (%), "
        f"with its {confidence:g} % interval"
    )
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#DDDDDD", lw=0.6)
    axes.set_axisbelow(True)
    title = (
        f"{len(order)} of the {ever:,} pairs that are close in some network"
        if len(order) < ever
        else f"The {len(order)} closest of {stability.sizes['pair']:,} pairs"
    )
    axes.set_title(f"{title} (space: {HEADLINE})", pad=22)
    legend(figure, [verdict_key(name) for name in VERDICTS if (verdict == name).any()])
    return figure
