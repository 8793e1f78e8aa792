"""The same network's paths behind bottlenecks of different activations, side by side.

Takes `bottlenecks/<network>.zarr`; gives a picture with a panel for each activation and what was
measured of it below. The pictures follow Tempczyk and Bartołd, "Visualizing LSTM Networks. Part I",
which tells of these activations and shows linear.
"""

import math
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.errors import UserError
from signpaths.projections.bottlenecks import BOUNDS, EDGE, whole_percent
from signpaths.projections.neighbourhoods import SIGN_NEIGHBOURS
from signpaths.report.drawing.scene import axis_labels, label_time_bar, mark_paths, transformed
from signpaths.report.drawing.style import blank, legend
from signpaths.spaces import autoencoder
from signpaths.wording import (
    ACTIVATIONS,
    DASH,
    PERCENT,
    count,
    counted,
    number,
    percent,
    significant,
)

COLUMNS = 2
PANEL = 5.0  # inches
# Of a picture of one space, which is twice as large.
MARKS = 0.7
FAINT, BOUND, ORIGIN = "#C9C9C9", "#555555", "#D55E00"
SHADE = "#F4F4F4"


def draw_bottlenecks(bottlenecks: xr.Dataset, transform: str) -> Figure:
    """Draw one network's paths behind every bottleneck compared, with its measures in words.

    Parameters
    ----------
    bottlenecks
        A store of stage `bottlenecks`.
    transform
        How points are spread for display, `none` or `log1p`; measures are of the points themselves.

    Raises
    ------
    UserError
        If no bottleneck is compared.
    """
    names = [str(name) for name in bottlenecks["bottleneck"].values]
    if not names:
        raise UserError("the store of bottlenecks holds none. Name some in figures.bottlenecks.")
    columns = min(COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    figure = blank(PANEL * columns + 1.1, (PANEL + 1.4) * rows + 0.8)
    grid = figure.subplots(rows, columns, squeeze=False)
    points: Any = None
    for axes, name in zip(grid.flat, names, strict=False):
        points = _panel(axes, bottlenecks.sel(bottleneck=name), name, transform)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    several = f"{len(names)} bottlenecks of different activations"
    figure.suptitle(
        f"Paths of {counted(bottlenecks.sizes['example'], 'example')} of one network behind "
        f"{several if len(names) > 1 else 'one bottleneck'}",
        x=0.02,
        ha="left",
    )
    label_time_bar(figure.colorbar(points, ax=grid, fraction=0.03, pad=0.02, aspect=45))
    legend(
        figure,
        [
            Line2D([], [], color=ORIGIN, marker="+", ms=11, mew=2, ls="", label="(0, 0)"),
            Line2D([], [], color=FAINT, lw=1.2, label="edge of the quarters"),
            Line2D([], [], color=BOUND, lw=1.2, ls=(0, (5, 3)), label="bound of the activation"),
        ],
    )
    return figure


def _panel(axes: Any, one: xr.Dataset, name: str, transform: str) -> Any:
    """Draw the paths behind one bottleneck; give the points, by which the colours are told."""
    values = transformed(one["path"].transpose("example", "time", "dim").values, transform)
    points = mark_paths(axes, values, MARKS)
    bounds = transformed(np.array(BOUNDS[name]), transform)
    ends = [float(end) for end in bounds if np.isfinite(end)]
    axes.set_box_aspect(1)
    _frame(axes, values, ends)
    for line in (axes.axhline, axes.axvline):
        line(0, color=FAINT, lw=1.2, zorder=0)
        for end in ends:
            line(end, color=BOUND, lw=1.2, ls=(0, (5, 3)), zorder=3)
    axes.plot(0, 0, marker="+", ms=12, mew=4.2, color="white", zorder=6, clip_on=False)
    axes.plot(0, 0, marker="+", ms=10, mew=1.8, color=ORIGIN, zorder=7, clip_on=False)
    axes.set_title(ACTIVATIONS[name])
    along, up = axis_labels(autoencoder(2), transform)
    axes.set_xlabel(along)
    axes.set_ylabel(up)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(6))
    axes.text(
        *(0, -0.15, "\n".join(in_words(one, name))),
        transform=axes.transAxes,
        va="top",
        fontsize=8.5,
        linespacing=1.35,
    )
    return points


def _frame(axes: Any, values: np.ndarray, ends: list[float]) -> None:
    """Show all points, (0, 0) and the bounds, one unit as long on both axes."""
    points = values[np.isfinite(values).all(axis=2)]
    marks = np.array([0.0, *ends])[:, None].repeat(2, axis=1)
    shown = np.concatenate([points, marks])
    low, high = shown.min(axis=0), shown.max(axis=0)
    middle, half = (low + high) / 2, 0.54 * float((high - low).max() or 1.0)
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)


def in_words(one: xr.Dataset, name: str) -> list[str]:
    """Say what was measured of one bottleneck, a line each."""
    shares = zip(one["quarter"].values, one["quarter_share"].values.tolist(), strict=True)
    held = ", ".join(f"{quarter} {number(100 * share, 0)}{PERCENT}" for quarter, share in shares)
    used = int(one["units_used"])
    lines = [
        f"From (0, 0): first points {_number(one['start_distance'])}, others "
        f"{_number(one['other_distance'])} (root mean square 1)",
        f"Quarters used: {count(int(one['quarters_used']))} of {one.sizes['quarter']}",
        held,
        f"Squashed: {_squashed(float(one['squashed']), name)}",
        f"Restored with error {_number(one['reconstruction_error'], significant)}; trustworthiness "
        f"{_number(one['trustworthiness'].sel(k=SIGN_NEIGHBOURS), lambda value: number(value, 3))}",
    ]
    if used < one.sizes["dim"]:
        lines.append(f"Only {counted(used, 'unit')} varies." if used else "No unit varies.")
    return lines


def _squashed(share: float, name: str) -> str:
    if math.isnan(share):
        return "the activation has no bounds"
    if name == "relu":
        return f"{percent(share)} of points cut off at 0"
    return f"{percent(share)} of points within {whole_percent(EDGE)} of a bound"


def _number(value: xr.DataArray, shown: Any = lambda value: number(value, 2)) -> str:
    found = float(value)
    return shown(found) if math.isfinite(found) else DASH
