"""Where instability comes from: whose the spread of the ranks is, and what more networks would buy.

Takes `stability.zarr`, gives a figure of shares of variance and curves of reliability.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from signpaths.report.drawing.style import blank, sentence
from signpaths.spaces import AUTOENCODER, HEADLINE, described
from signpaths.stability import variance

# What varies, in the order of `variance_share`; told apart without colours too.
SOURCES = (
    ("between pairs", "#0072B2", ""),
    ("between networks", "#E69F00", "///"),
    ("between autoencoders", "#BBBBBB", "..."),
)
LEAST_LABELLED = 0.06
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "ls": "-"},
    {"color": "#D55E00", "ls": (0, (5, 2))},
    {"color": "#8A5A83", "ls": (0, (1, 1.2))},
    {"color": "#6B6B6B", "ls": (0, (5, 2, 1, 2))},
)


def draw_variance(stability: xr.Dataset) -> Figure:
    """Draw whose the spread of the ranks is, and how reliable means over more networks would be."""
    if stability.sizes["network"] == 1:
        return sentence("One network: what another training would change is not known.")
    spaces = [str(name) for name in stability["space"].values]
    figure = blank(9.2, 4.6 + 0.34 * len(spaces), hspace=0.06)
    upper, lower = figure.subplots(2, 1, height_ratios=[1.1 + 0.34 * len(spaces), 3.2])
    _draw_shares(upper, stability, spaces)
    _draw_reliability(lower, stability)
    return figure


def _draw_shares(axes: Any, stability: xr.Dataset, spaces: Sequence[str]) -> None:
    shares = stability["variance_share"].transpose("space", "source").values
    rows = np.arange(len(spaces))
    left = np.zeros(len(spaces))
    for column, (name, colour, hatch) in enumerate(SOURCES):
        axes.barh(
            rows,
            shares[:, column],
            left=left,
            height=0.72,
            color=colour,
            edgecolor="white",
            hatch=hatch,
            label=name,
        )
        left += shares[:, column]
    for row, values in enumerate(shares):
        for start, value, (_, _, hatch) in zip(
            np.cumsum(values) - values, values, SOURCES, strict=True
        ):
            if value >= LEAST_LABELLED:
                axes.text(
                    start + value / 2,
                    row,
                    f"{100 * value:.0f} %",
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="#000000" if hatch else "white",
                    bbox={"fc": "white", "ec": "none", "pad": 1.2} if hatch else None,
                )
    axes.set_yticks(rows, spaces)
    axes.set_ylim(len(spaces) - 0.45, -0.55)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("share of the variance of the pairs' ranks (%)")
    axes.tick_params(axis="y", length=0)
    axes.set_title("Where ranks differ: between pairs, or between trainings of one pair")
    # Above the title, however many spaces there are.
    above = ScaledTranslation(0, 26 / 72, axes.figure.dpi_scale_trans)
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        bbox_transform=axes.transAxes + above,
        ncols=len(SOURCES),
    )


def _draw_reliability(axes: Any, stability: xr.Dataset) -> None:
    runs, each = stability.sizes["network"], int(stability.attrs["ae_seeds"])
    target = float(stability.attrs["reliability"])
    most = max(30, 2 * runs)
    counts = np.arange(1, most + 1)
    drawn = [
        space.name
        for space in described(stability)
        if space.name == HEADLINE or space.kind == AUTOENCODER
    ]
    for index, space in enumerate(drawn):
        found = variance.Components(*stability["variance"].sel(space=space).values)
        style = LINES[index % len(LINES)]
        axes.plot(counts, variance.reliability(found, counts, each), **style, lw=2, label=space)
        axes.plot(
            runs,
            variance.reliability(found, runs, each),
            marker="o",
            color=style["color"],
            ms=7,
            mec="white",
            clip_on=False,
            zorder=3,
        )
    axes.axvline(runs, color="#222222", lw=1, ls=(0, (1, 2)), zorder=0)
    axes.axhline(target, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
    for text, at, shift in (
        (f"here: {runs} networks", (runs, 0), (5, 6)),
        (f"wanted: {target:g}", (most, target), (-4, -11)),
    ):
        axes.annotate(
            text,
            at,
            shift,
            textcoords="offset points",
            fontsize=9,
            ha="right" if shift[0] < 0 else "left",
        )
    axes.set_xlim(0.5, most + 0.5)
    axes.set_ylim(0, 1.01)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axes.set_xlabel(f"number of networks, with {each} autoencoder{'s' * (each != 1)} each")
    axes.set_ylabel("reliability (no unit)")
    axes.set_title("How far the order of the pairs can be relied on")
    axes.legend(loc="lower right", title="space", alignment="left")
