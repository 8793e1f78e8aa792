"""Paths of every example in one space: the article's figures 3 to 5, and figure 3 for a wall.

Takes a scene, gives a plane with names, the last steps alone, or a volume of points. The pictures
follow Tempczyk and Bartołd, "Visualizing LSTM Networks. Part I".
"""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.scene import (
    Scene,
    joined,
    label_time_bar,
    last_points,
    mark_paths,
    middles,
    plane,
    threads,
    time_bar,
    time_points,
)
from signpaths.report.drawing.style import DPI, PALETTE, TIME_COLOURS
from signpaths.wording import counted, percent

# A quarter turn apart, in degrees.
SIDES = (-58, 32)
# Of the large figure, in sides of the small one.
LARGE = 2.2


def draw_paths(scene: Scene) -> Figure:
    """Draw every example's path in a plane, coloured by time step."""
    figure, axes = plane(scene, _title(scene, "Paths"), scene.named_side)
    return _named(scene, figure, axes, mark_paths(axes, scene.path))


def draw_large_paths(scene: Scene) -> Figure:
    """Draw the same for a wall or to zoom into: every line and point stays one."""
    figure, axes = plane(scene, _title(scene, "Paths"), LARGE * scene.named_side)
    every = joined(scene, np.ones(len(scene.path), dtype=bool))
    threads(axes, every, False, colors="#111111", lw=0.15, alpha=0.25, zorder=1)
    steps = np.cumsum(scene.real, axis=1)
    last = int(steps.max())
    scale = ScalarMappable(Normalize(1, last), TIME_COLOURS)
    colours = scale.to_rgba(np.arange(1, last + 1))
    # A mark of a line is written once a file, a point of a cloud each time.
    for step, colour in enumerate(colours, start=1):
        at = scene.path[scene.real & (steps == step)]
        axes.plot(*at.T, ".", color=colour, ms=2.6, mew=0, alpha=0.75, zorder=2)
    return _named(scene, figure, axes, scale, 1.6)


def _named(scene: Scene, figure: Figure, axes: Any, points: Any, size: float = 1.0) -> Figure:
    time_bar(figure, axes, points)
    anchors = middles(last_points(scene.path), scene.sign, scene.names)
    name_signs(figure, axes, scene.names, anchors, fontsize=size * scene.fontsize)
    return figure


def draw_last_steps(scene: Scene) -> Figure:
    """Draw where every example ends, joined to the one of its sign nearest to all others."""
    ends = last_points(scene.path)
    names = scene.names
    anchors = middles(ends, scene.sign, names)
    colours = colours_apart(anchors)
    figure, axes = plane(scene, _title(scene, "Last steps"), scene.named_side)
    for name, anchor, colour in zip(names, anchors, colours, strict=True):
        own = ends[scene.sign == name]
        spokes = np.stack([np.broadcast_to(anchor, own.shape), own], axis=1)
        threads(axes, list(spokes), colors=colour, lw=0.5, alpha=0.5, zorder=1)
        axes.scatter(
            *own.T, s=20 - 8 * scene.many, color=colour, alpha=0.8, lw=0, zorder=2, rasterized=True
        )
    axes.autoscale_view()
    told, network = scene.measured("told_by_last"), scene.sightings["told_by_last"][0]
    note = (
        "Lines join an example to the one of its sign that is nearest to all others; colours "
        f"only part neighbours.\nA vote of the five nearest training examples knows "
        f"{percent(float(told))} of the held-out ones here, {percent(float(network))} in the "
        "hidden states"
    )
    name_signs(figure, axes, names, anchors, fontsize=scene.fontsize, note=note)
    return figure


def colours_apart(anchors: np.ndarray) -> list[str]:
    """Give every sign the colour whose next use is farthest, so that neighbours differ.

    Parameters
    ----------
    anchors
        Where signs end, `(sign, 2)`.
    """
    chosen: list[int] = []
    for sign, anchor in enumerate(anchors):
        apart = np.linalg.norm(anchors[:sign] - anchor, axis=1)
        of_colour = [apart[np.equal(chosen, colour)] for colour in range(len(PALETTE))]
        chosen.append(int(np.argmax([one.min(initial=np.inf) for one in of_colour])))
    return [PALETTE[colour] for colour in chosen]


def draw_volume(scene: Scene) -> Figure:
    """Draw every point in three dimensions, seen from two sides, coloured by time step."""
    figure = Figure(figsize=(13.4, 5.9), dpi=DPI)
    FigureCanvasAgg(figure)
    size = 5 - 3.5 * scene.many
    for place, side in zip((0.0, 0.49), SIDES, strict=True):
        axes: Any = figure.add_axes((place, 0.03, 0.42, 0.91), projection="3d")
        points = time_points(axes, scene.path, s=size, alpha=0.6, depthshade=False)
        axes.view_init(elev=22, azim=side)
        axes.set_box_aspect(None, zoom=1.05)
        for name, text in zip("xyz", scene.axes, strict=True):
            getattr(axes, f"set_{name}label")(text, fontsize=8.5, labelpad=4)
            axis = getattr(axes, f"{name}axis")
            axis.set_pane_color("#FFFFFF")
            axis.set_major_locator(ticker.MaxNLocator(5))
        axes.tick_params(labelsize=8, pad=1)
    figure.text(0.02, 0.95, f"{_title(scene, 'Points')}, seen from two sides", fontsize=12)
    bar = figure.colorbar(points, cax=figure.add_axes((0.935, 0.18, 0.013, 0.64)))
    label_time_bar(bar)
    return figure


def _title(scene: Scene, what: str) -> str:
    examples, signs = counted(len(scene.path), "example"), counted(len(scene.names), "sign")
    return f"{what} of {examples} of {signs} in {scene.space.name}"
