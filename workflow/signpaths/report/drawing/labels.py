"""Names beside points: near what they name, over nothing else, and never on each other.

Takes points and the sizes of labels, gives places; and writes the signs' names into a figure.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.report.drawing.style import short

# What it costs a label to cover another's anchor: as much as so many heights of way.
COVERED = 3.0
NOWHERE = np.empty((0, 2))
# Half the width of a mark that names keep clear of, in pixels, and what of it counts as covered.
MARK = 8.0
GRID = MARK * np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1)])


def place_labels(
    anchors: np.ndarray,
    sizes: np.ndarray,
    bounds: tuple[float, float, float, float],
    *,
    gap: float = 2.0,
    avoid: np.ndarray = NOWHERE,
) -> np.ndarray:
    """Find a place for every label, near its anchor, so that no two labels overlap.

    Labels are placed one after the other, those in a crowd first. Each takes the cheapest free
    place on rings around its anchor: near, and covering few other anchors.

    Parameters
    ----------
    anchors
        Where the labels belong, (n, 2).
    sizes
        Width and height of each label, (n, 2).
    bounds
        The rectangle that the labels must stay in: left, bottom, right, top.
    gap
        Least distance between two labels, and between a label and its anchor.
    avoid
        What is better not covered either, as other labels' anchors are, (m, 2).

    Returns
    -------
    The labels' centres, (n, 2); NaN for a label that fits nowhere.
    """
    centres = np.full(anchors.shape, np.nan)
    if not len(anchors):
        return centres
    apart = np.linalg.norm(anchors[:, None] - anchors[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    crowd = np.sort(apart, axis=1)[:, : min(4, len(anchors))].mean(axis=1)
    left, bottom, right, top = bounds
    height = float(sizes[:, 1].mean())
    lowest, highest = np.array([left, bottom]), np.array([right, top])
    radii = np.arange(0.0, math.hypot(right - left, top - bottom), 0.5 * height)
    angles = np.pi / 2 + 2 * np.pi * np.arange(24) / 24
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for i in np.argsort(crowd, kind="stable"):
        half = sizes[i] / 2
        done = ~np.isnan(centres[:, 0])
        reach = (sizes[done] + sizes[i]) / 2 + gap
        others = np.concatenate([np.delete(anchors, i, axis=0), avoid])
        best = np.inf
        for radius in radii:
            if radius >= best:
                break  # no place further out can be cheaper
            # A box whose edge touches the ring: its centre lies half its size further out.
            places = anchors[i] + (radius + gap + half) * directions
            inside = ((places - half >= lowest) & (places + half <= highest)).all(axis=1)
            near = np.abs(places[:, None] - centres[done]) < reach
            covered = (np.abs(places[:, None] - others) < half + gap / 2).all(axis=2).sum(axis=1)
            cost = np.where(
                inside & ~near.all(axis=2).any(axis=1), radius + COVERED * height * covered, np.inf
            )
            if cost.min() < best:
                best = float(cost.min())
                centres[i] = places[int(np.argmin(cost))]
    return centres


def name_signs(
    figure: Figure,
    axes: Any,
    names: Sequence[str],
    anchors: np.ndarray,
    *,
    fontsize: float,
    note: str = "Red dot: the middle of a sign's last steps",
    colour: str = "#B00000",
    avoid: np.ndarray = NOWHERE,
) -> list[list[Artist]]:
    """Write the signs' names at their anchors, moved apart, with a thin line back to the anchor.

    They keep clear of marks at `avoid`, as far as there is room.

    Returns
    -------
    What was drawn for each name, in that order; nothing for one that found no room.
    """
    axis_label = axes.get_xlabel()
    axes.set_xlabel(f"{axis_label}\n{note}.")
    figure.canvas.draw()  # fixes the layout, so that pixels are final
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    pixels = axes.transData.transform(anchors)
    halo = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.9)]
    texts = [
        axes.text(
            *at,
            short(name),
            transform=None,
            ha="center",
            va="center",
            fontsize=fontsize,
            color="#000000",
            path_effects=halo,
            zorder=5,
        )
        for name, at in zip(names, pixels, strict=True)
    ]
    extents = [text.get_window_extent(renderer) for text in texts]
    sizes = np.array([[box.width, box.height] for box in extents])
    frame = axes.get_window_extent(renderer)
    centres = place_labels(
        pixels,
        sizes,
        (frame.x0 + 3, frame.y0 + 3, frame.x1 - 3, frame.y1 - 3),
        avoid=(axes.transData.transform(avoid)[:, None] + GRID).reshape(-1, 2),
    )
    to_figure = figure.transFigure.inverted()
    drawn: list[list[Artist]] = []
    for text, at, anchor, size in zip(texts, centres, pixels, sizes, strict=True):
        drawn.append([])
        if np.isnan(at).any():
            text.remove()
            continue
        # In shares of the figure, for an SVG has other pixels.
        text.set_position(tuple(to_figure.transform(at)))
        text.set_transform(figure.transFigure)
        edge = at + np.clip(anchor - at, -size / 2, size / 2)
        if np.linalg.norm(edge - anchor) > 0.6 * size[1]:
            way = Line2D(
                *to_figure.transform(np.stack([anchor, edge])).T,
                transform=figure.transFigure,
                color=colour,
                lw=0.7,
                zorder=4,
            )
            drawn[-1].append(axes.add_line(way))
        dot = Line2D(
            *to_figure.transform(anchor)[:, None],
            transform=figure.transFigure,
            marker="o",
            ms=2.4,
            color=colour,
            zorder=4,
        )
        drawn[-1] += [axes.add_line(dot), text]
    left_out = int(np.isnan(centres[:, 0]).sum())
    if left_out:
        note += f"; {left_out} {'name' if left_out == 1 else 'names'} left out for want of room"
        axes.set_xlabel(f"{axis_label}\n{note}.")
    return drawn
