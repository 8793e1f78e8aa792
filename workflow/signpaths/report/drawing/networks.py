"""In which networks a pair is close: a grid of mutual ranks, pairs by networks.

Takes `stability.zarr`, gives a figure of the pairs that are close in any network.
"""

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from signpaths.report.closest import over_all_counts, verdicts_in_words
from signpaths.report.drawing.style import COLOURS, MARKERS, canvas, sentence, short_pair
from signpaths.runs import names_of
from signpaths.spaces import HEADLINE
from signpaths.stability.verdicts import STAYS

ROWS_SHOWN = 60


def draw_networks(stability: xr.Dataset) -> Figure:
    """Draw in which networks a pair is close, with its mutual rank, for the pairs that ever are."""
    chosen = stability.sel(space=HEADLINE)
    close = chosen["close"].transpose("pair", "network").values.astype(bool)
    rank = chosen["mutual_rank"].transpose("pair", "network").values
    ever = int(close.any(axis=1).sum())
    order = over_all_counts(stability, ROWS_SHOWN)
    names, runs = names_of(stability), stability.sizes["network"]
    verdict, said = stability["verdict"].values.astype(str), verdicts_in_words(stability)
    if not len(order):
        return sentence("No pair was close in any network.")
    figure, axes = canvas(max(7.6, 4.6 + 0.4 * runs), 1.5 + 0.25 * len(order))
    close, rank = close[order], rank[order]
    furthest = max(float(np.nanmax(rank)), 2.0)
    # Not close: white to grey, the nearer the darker; close: one strong blue that no grey reaches.
    grey = ListedColormap(matplotlib.colormaps["Greys"](np.linspace(0.42, 0.03, 256)))
    norm = LogNorm(1, furthest)
    axes.pcolormesh(
        np.ma.masked_where(close, rank), cmap=grey, norm=norm, edgecolors="white", linewidth=1
    )
    axes.pcolormesh(
        np.ma.masked_where(~close, np.ones_like(rank)),
        cmap=ListedColormap([COLOURS[STAYS]]),
        edgecolors="white",
        linewidth=1,
    )
    if runs <= 40:
        for row, column in np.ndindex(rank.shape):
            is_close = close[row, column]
            axes.text(
                column + 0.5,
                row + 0.5,
                _rank_text(rank[row, column]),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if is_close else "#333333",
                fontweight="bold" if is_close else "normal",
            )
    axes.set_xticks(np.arange(runs) + 0.5, names)
    axes.set_yticks(np.arange(len(order)) + 0.5, [short_pair(stability, int(i)) for i in order])
    axes.tick_params(length=0)
    axes.set_ylim(len(order), 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, i in enumerate(order):
        beside = axes.get_yaxis_transform() + ScaledTranslation(12 / 72, 0, figure.dpi_scale_trans)
        axes.plot(
            1,
            row + 0.5,
            MARKERS[verdict[i]],
            color=COLOURS[verdict[i]],
            ms=6,
            clip_on=False,
            transform=beside,
        )
        axes.annotate(
            f"{int(close[row].sum())}/{runs} {said[i]}",
            (1, row + 0.5),
            (21, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
    axes.set_xlabel("network")
    shown = f"{len(order)} of {ever:,}" if ever > len(order) else str(ever)
    axes.set_title(
        f"Pairs that are close in at least one network: {shown} (space: {HEADLINE})\n"
        "Number: mutual rank, 1 is nearest. "
        f"Blue and bold: close, at most {stability.attrs['k']:g}.",
        fontsize=10.5,
        linespacing=1.5,
    )
    return figure


def _rank_text(rank: float) -> str:
    if not np.isfinite(rank):
        return ""
    return f"{rank:.1f}".removesuffix(".0") if rank < 9.95 else f"{rank:.0f}"
