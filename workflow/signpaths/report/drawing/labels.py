"""Names beside points: near what they name, over nothing else, and never on each other.

Takes points and the sizes of labels, gives places; and writes names into a figure.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.report.drawing.style import short
from signpaths.wording import counted

# What it costs a label to cover another's anchor: as much as so many heights of way.
COVERED = 3.0
# The lines from labels to their anchors, and the anchors.
LEADER = "#B00000"
HALO = [patheffects.Stroke(linewidth=2.4, foreground="white", alpha=0.9)]
NOWHERE = np.empty((0, 2))
# Half the width of a mark that names keep clear of, in pixels, and what of it counts as covered.
MARK = 8.0
GRID = MARK * np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1)])


def place_labels(
    anchors: np.ndarray,
    sizes: np.ndarray,
    bounds: tuple[float, float, float, float],
    *,
    gap: float = 3.0,
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


class Label(NamedTuple):
    """A label: lines of text, one below the other, each with its colour; and their size."""

    lines: tuple[tuple[str, str], ...]
    fontsize: float


def name_signs(
    figure: Figure,
    axes: Any,
    names: Sequence[str],
    anchors: np.ndarray,
    *,
    fontsize: float,
    note: str = "Red dot: of a sign's last steps the one nearest to all others",
    colour: str = LEADER,
    avoid: np.ndarray = NOWHERE,
) -> list[list[Artist]]:
    """Write the signs' names at their anchors and a note below, which counts names left out.

    The rest as `place_names` has it.
    """
    axis_label = axes.get_xlabel()
    axes.set_xlabel(f"{axis_label}\n{note}.")
    labels = [Label(((short(name), "#000000"),), fontsize) for name in names]
    drawn = place_names(figure, axes, labels, anchors, dots=True, colour=colour, avoid=avoid)
    left_out = drawn.count([])
    if left_out:
        note += f"; {counted(left_out, 'name')} left out for want of room"
        axes.set_xlabel(f"{axis_label}\n{note}.")
    return drawn


def place_names(
    figure: Figure,
    axes: Any,
    labels: Sequence[Label],
    anchors: np.ndarray,
    *,
    dots: bool = False,
    colour: str = LEADER,
    avoid: np.ndarray = NOWHERE,
) -> list[list[Artist]]:
    """Write labels at their anchors, moved apart, with a thin line back to the anchor.

    Everything else has to be drawn before.

    Parameters
    ----------
    figure, axes
        Where to.
    labels
        What to write.
    anchors
        Places in the axes' data, `(label, 2)`.
    dots
        Whether to mark the anchors.
    colour
        Of lines and marks.
    avoid
        Marks that labels keep clear of as far as there is room, `(mark, 2)`.

    Returns
    -------
    list
        What was drawn for each label; nothing for one that found no room.
    """
    figure.canvas.draw()  # fixes the layout, so that pixels are final
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    pixels = axes.transData.transform(anchors)
    texts = [[_text(axes, *line, label.fontsize) for line in label.lines] for label in labels]
    boxes = [[one.get_window_extent(renderer) for one, _ in lines] for lines in texts]
    heights = [[box.height for box in of_lines] for of_lines in boxes]
    widths = [max(box.width for box in of_lines) for of_lines in boxes]
    sizes = np.array(list(zip(widths, map(sum, heights), strict=True))).reshape(-1, 2)
    frame = axes.get_window_extent(renderer)
    centres = place_labels(
        pixels,
        sizes,
        (frame.x0 + 3, frame.y0 + 3, frame.x1 - 3, frame.y1 - 3),
        avoid=(axes.transData.transform(avoid)[:, None] + GRID).reshape(-1, 2),
    )
    # In shares of the figure, for an SVG has other pixels.
    to_figure = figure.transFigure.inverted()

    def line(points: np.ndarray, **style: Any) -> Artist:
        drawn = Line2D(*to_figure.transform(points).T, transform=figure.transFigure, **style)
        return axes.add_line(drawn)

    every: list[list[Artist]] = []
    for lines, of_lines, at, anchor, size in zip(
        texts, heights, centres, pixels, sizes, strict=True
    ):
        every.append([])
        words = [text for both in lines for text in both]
        if np.isnan(at).any():
            for text in words:
                text.remove()
            continue
        edge = at + np.clip(anchor - at, -size / 2, size / 2)
        if np.linalg.norm(edge - anchor) > 0.6 * of_lines[0]:
            every[-1].append(line(np.stack([anchor, edge]), color=colour, lw=0.7, zorder=4))
        if dots:
            every[-1].append(line(anchor[None], marker="o", ms=2.4, color=colour, zorder=4))
        top = at[1] + size[1] / 2
        for both, height in zip(lines, of_lines, strict=True):
            for text in both:
                text.set_position(tuple(to_figure.transform((at[0], top - height / 2))))
                text.set_transform(figure.transFigure)
            top -= height
        every[-1] += words
    return every


def _text(axes: Any, words: str, colour: str, fontsize: float) -> tuple[Any, Any]:
    """Give a text's white halo and the text, which stays text in an SVG: effects make it a path."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": fontsize}
    style |= {"transform": None, "zorder": 5}
    halo = axes.text(0, 0, words, color="white", path_effects=HALO, **style)
    return halo, axes.text(0, 0, words, color=colour, **style)
