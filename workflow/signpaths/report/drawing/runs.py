"""A map of the networks: near each other if their hidden states have the same shape.

Takes `agreement.zarr`, gives a figure with a dot a network, coloured by its test accuracy.
"""

from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from signpaths.report.drawing.labels import place_labels
from signpaths.report.drawing.style import canvas, sentence, short
from signpaths.runs import names_of

# More names than this would cover the map.
NAMED = 40
# Accuracies as near as this have much the same colour.
LEAST_SPAN = 0.05
FLAGGED = "#B00000"
# Without the palest end of the map, which is lost on white.
COLOURS = ListedColormap(matplotlib.colormaps["cividis_r"](np.linspace(0.12, 1, 256)))


def draw_runs(agreement: xr.Dataset) -> Figure:
    """Draw the map of the networks."""
    places, accuracy = agreement["place"].values, agreement["test_accuracy"].values
    shown = np.flatnonzero(np.isfinite(places).all(axis=1))
    if shown.size < 3:
        return sentence("A map needs three networks or more whose hidden states vary.")
    odd = agreement["flag"].values != ""
    figure, axes = canvas(7.6, 6.2)
    low, high = np.nanmin(accuracy), np.nanmax(accuracy)
    low = max(0.0, min(low, high - LEAST_SPAN))
    size = 90 if shown.size <= NAMED else max(8, 90 * NAMED / shown.size)
    colour = ScalarMappable(Normalize(low, max(high, low + LEAST_SPAN)), COLOURS)
    axes.scatter(
        *places[shown].T, s=size, c=colour.to_rgba(accuracy[shown]), edgecolors="white", lw=0.8
    )
    ringed = shown[odd[shown]]
    axes.scatter(*places[ringed].T, s=2.6 * size, facecolors="none", edgecolors=FLAGGED, lw=1.6)
    axes.set_aspect("equal")
    axes.margins(0.12)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#CCCCCC", linewidth=0.8)
    bar = figure.colorbar(
        colour,
        ax=axes,
        shrink=0.55,
        aspect=24,
        label="test examples recognised",
        ticks=MaxNLocator(5),
        format=FuncFormatter(lambda share, _: f"{100 * share:g} %"),
    )
    bar.outline.set_visible(False)
    axes.set_title("How alike the networks' hidden states are: near means alike")
    _scale_bar(axes, places[shown])
    axes.set_xlabel(
        f"Distances on this map are off by {100 * agreement.attrs['map_stress']:.0f} % (stress)."
        + (" Red ring: the network stands out." if ringed.size else ""),
        labelpad=8,
        loc="left",
    )
    _name(figure, axes, agreement, shown if shown.size <= NAMED else ringed)
    return figure


def _scale_bar(axes: Any, places: np.ndarray) -> None:
    """Draw how long a shape distance of 0.2, or of what fits, is on the map."""
    width = float(np.ptp(places[:, 0])) or 1.0
    length = next((one for one in (0.2, 0.1, 0.05, 0.02, 0.01) if one < 0.4 * width), 0.005)
    left, bottom = places.min(axis=0)
    bottom -= 0.1 * max(width, float(np.ptp(places[:, 1])))
    axes.plot([left, left + length], [bottom, bottom], color="#444444", lw=2)
    axes.annotate(
        f"shape distance {length:g}",
        (left + length, bottom),
        (6, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color="#444444",
    )


def _name(figure: Figure, axes: Any, agreement: xr.Dataset, named: np.ndarray) -> None:
    """Write the networks' names beside their dots."""
    names, odd = names_of(agreement), agreement["flag"].values != ""
    figure.canvas.draw()  # fixes the layout, so that pixels are final
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    pixels = axes.transData.transform(agreement["place"].values[named])
    texts = [
        axes.text(
            *at,
            short(names[index]),
            transform=None,
            ha="center",
            va="center",
            fontsize=9,
            color=FLAGGED if odd[index] else "#222222",
            fontweight="bold" if odd[index] else "normal",
        )
        for index, at in zip(named, pixels, strict=True)
    ]
    extents = [text.get_window_extent(renderer) for text in texts]
    sizes = np.array([[box.width, box.height] for box in extents]).reshape(-1, 2)
    frame = axes.get_window_extent(renderer)
    # A dot and its ring take room themselves.
    room = 0.11 * figure.dpi
    places = place_labels(pixels, sizes, (frame.x0, frame.y0, frame.x1, frame.y1), gap=room)
    for text, at in zip(texts, places, strict=True):
        if np.isnan(at).any():
            text.remove()
        else:
            # In shares of the figure, for an SVG has other pixels.
            text.set_position(tuple(figure.transFigure.inverted().transform(at)))
            text.set_transform(figure.transFigure)
