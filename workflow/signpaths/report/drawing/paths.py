"""Paths of every example in one space, coloured by time step.

Takes one network's `paths/<network>.zarr`, gives a plane with names or a volume with points. The
pictures follow Tempczyk and Bartołd, "Visualizing LSTM Networks. Part I".
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from signpaths.errors import UserError
from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.style import DPI, TIME_COLOURS, canvas
from signpaths.spaces import Space


def draw_paths(paths: xr.Dataset, space: Space, network: str, transform: str) -> Figure:
    """Draw every example's path in one space, coloured by time step."""
    chosen = paths["path"].sel(space=space.name).isel(ae_seed=0)
    values = chosen.transpose("example", "time", "dim").values
    # 2-D spaces carry NaN in the third dimension.
    values = values[:, :, np.isfinite(values).any(axis=(0, 1))]
    if values.shape[2] not in (2, 3):
        found = values.shape[2]
        raise UserError(f"space {space.name}: {found} dimensions hold numbers, expected 2 or 3.")
    values = transformed(values, transform)
    signs = paths["sign"].values.astype(str)
    trained = space.is_trained
    seed = f", autoencoder seed {int(chosen['ae_seed'].values)}" if trained else ""
    title = (
        f"Paths of {len(values):,} examples of {len(set(signs)):,} signs in {space.name} "
        f"(network {network}{seed})"
    )
    axis = "autoencoder unit" if trained else "principal component"
    note = ", sign(x)·log(1 + |x|)" if transform == "log1p" else ""
    labels = [f"{axis} {d + 1} (no unit{note})" for d in range(values.shape[2])]
    if values.shape[2] == 2:
        return _plane(values, signs, title, labels)
    return _volume(values, title, labels)


def transformed(values: np.ndarray, transform: str) -> np.ndarray:
    """Apply the display transform; NaN stays NaN."""
    if transform == "none":
        return values
    if transform == "log1p":
        return np.sign(values) * np.log1p(np.abs(values))
    raise UserError(f"figures.transform is {transform!r}, expected none or log1p.")


def last_points(path: np.ndarray) -> np.ndarray:
    """Give the last real point of every example's path, whichever side the padding is on."""
    real = np.isfinite(path).all(axis=2)
    last = path.shape[1] - 1 - np.argmax(real[:, ::-1], axis=1)
    points = path[np.arange(len(path)), last]
    return np.where(real.any(axis=1)[:, None], points, np.nan)


def _plane(values: np.ndarray, signs: np.ndarray, title: str, axis_labels: list[str]) -> Figure:
    names = sorted(set(signs))
    size = min(1.0, max(0.0, (len(names) - 12) / 82))
    real = np.isfinite(values).all(axis=2)
    # One unit is as long on both axes, so the paper takes the shape of the data, within reason.
    width, height = np.ptp(values[real], axis=0)
    shape = float(np.sqrt(np.clip(width / max(height, 1e-9), 1.0, 1.7)))
    figure, axes = canvas((8 + 3.4 * size) * shape + 1, (8 + 3.4 * size) / shape + 0.6)
    points = mark_paths(axes, values)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    axes.set_xlabel(axis_labels[0])
    axes.set_ylabel(axis_labels[1])
    axes.set_title(title)
    _time_bar(figure, axes, points)
    ends = last_points(values)
    anchors = np.array([np.nanmedian(ends[signs == name], axis=0) for name in names])
    name_signs(figure, axes, names, anchors, fontsize=10 - 1.2 * size)
    return figure


def mark_paths(axes: Any, values: np.ndarray, size: float = 1.0) -> Any:
    """Draw paths `(example, time, 2)` into axes: thin lines, points by time step; give the points.

    Lines and points are `size` times as large as in a picture of their own.
    """
    many = min(1.0, len(values) / 2500)
    real = np.isfinite(values).all(axis=2)
    steps = np.cumsum(real, axis=1)
    axes.add_collection(
        LineCollection(
            [path[mask] for path, mask in zip(values, real, strict=True)],
            colors="#111111",
            linewidths=size * (0.5 - 0.28 * many),
            alpha=0.45 - 0.2 * many,
            zorder=2,
            rasterized=True,
        )
    )
    return axes.scatter(
        values[real][:, 0],
        values[real][:, 1],
        c=steps[real],
        cmap=TIME_COLOURS,
        s=size**2 * (9 - 5.5 * many),
        alpha=0.75,
        linewidths=0,
        zorder=1,
        rasterized=True,
    )


def _volume(values: np.ndarray, title: str, axis_labels: list[str]) -> Figure:
    figure = Figure(figsize=(6.8, 5.4), dpi=DPI)
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.0, 0.0, 0.84, 0.94), projection="3d")
    real = np.isfinite(values).all(axis=2)
    steps = np.cumsum(real, axis=1)
    size = 5 - 3.5 * min(1.0, len(values) / 2500)
    points = axes.scatter(
        *values[real].T, c=steps[real], cmap=TIME_COLOURS, s=size, alpha=0.6, lw=0, depthshade=False
    )
    axes.view_init(elev=22, azim=-58)
    axes.set_box_aspect(None, zoom=1.02)
    for name, text in zip("xyz", axis_labels, strict=True):
        getattr(axes, f"set_{name}label")(text, fontsize=8.5, labelpad=4)
        axis = getattr(axes, f"{name}axis")
        axis.set_pane_color("#FFFFFF")
        axis.set_major_locator(ticker.MaxNLocator(5))
    axes.tick_params(labelsize=8, pad=1)
    figure.text(0.03, 0.945, title, fontsize=9.5)
    bar = figure.colorbar(points, cax=figure.add_axes((0.88, 0.18, 0.022, 0.64)))
    label_time_bar(bar)
    return figure


def _time_bar(figure: Figure, axes: Any, points: Any) -> None:
    label_time_bar(figure.colorbar(points, ax=axes, fraction=0.035, pad=0.015, aspect=35))


def label_time_bar(bar: Any) -> None:
    """Say what the colours of points are."""
    bar.set_label("time step since the example began (frames)")
    bar.solids.set(alpha=1)
    bar.outline.set_visible(False)
