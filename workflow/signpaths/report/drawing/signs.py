"""Some signs among all others: the article's figures 7 to 10, and the misclassified, 11 to 13.

Takes a scene and what to show of it; gives paths in colour with all others faint behind.
"""

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.report.drawing.labels import Label, place_names
from signpaths.report.drawing.scene import (
    Scene,
    backdrop,
    joined,
    last_points,
    middles,
    plane,
    threads,
)
from signpaths.report.drawing.style import PALETTE, sentence, short
from signpaths.wording import counted, listed

# Told apart by their ends, too.
ENDS = ("o", "s", "^", "D", "v", "P")
TRUE, CHOSEN = "#0050B5", "#C00000"
# More names than these would cover the picture.
MOST = 40
# Characters of a title's line.
LINE = 66
# Of signs that are drawn together, in their extents.
ROOM = 1.2


def draw_signs(scene: Scene, signs: Sequence[str]) -> Figure:
    """Draw all examples of some signs, the rest faint behind."""
    others = ~np.isin(scene.sign, list(signs))
    title = f"{listed([short(one) for one in signs])} in {scene.space.name}"
    figure, axes = plane(scene, "\n".join(wrap(title, LINE)))
    backdrop(scene, axes, others)
    ends = last_points(scene.path)
    handles = []
    for name, colour, marker in zip(signs, PALETTE, ENDS, strict=False):
        own = scene.sign == name
        threads(axes, joined(scene, own), False, colors=colour, lw=0.9, alpha=0.75, zorder=2)
        starts = np.array([path[0] for path in joined(scene, own)])
        axes.scatter(*starts.T, s=9, facecolors="white", edgecolors=colour, lw=0.8, zorder=3)
        axes.scatter(*ends[own].T, s=26, marker=marker, color=colour, ec="white", lw=0.5, zorder=4)
        words = f"{short(name)} ({counted(int(own.sum()), 'example')})"
        handles.append(Line2D([], [], color=colour, marker=marker, lw=1.6, label=words))
    _look_at(axes, np.concatenate(joined(scene, ~others)))
    axes.legend(handles=handles, loc="best", fontsize=10)
    axes.set_xlabel(
        f"{axes.get_xlabel()}\nWhite dots: where examples begin; filled: where they end."
    )
    anchors = middles(ends, scene.sign, signs)
    labels = [
        Label(((short(name), colour),), 12) for name, colour in zip(signs, PALETTE, strict=False)
    ]
    place_names(figure, axes, labels, anchors)
    return figure


def _look_at(axes: Any, points: np.ndarray) -> None:
    """Show the part of the plane that these points take, with some room, square."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, ROOM * float((high - low).max() or 1.0) / 2
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)


def draw_mistakes(scene: Scene, part: str) -> Figure:
    """Draw the examples of a part that the network takes for another sign."""
    of_part = scene.part == part
    wrong = np.flatnonzero(of_part & (scene.predicted != scene.sign))
    what = "training" if part == "train" else part
    if not len(wrong):
        return sentence(f"None of {int(of_part.sum()):,} {what} examples is misclassified.")
    count = f"{len(wrong):,} of {counted(int(of_part.sum()), f'{what} example')}"
    figure, axes = plane(scene, f"Misclassified: {count}, in {scene.space.name}")
    rest = np.ones(len(scene.sign), dtype=bool)
    rest[wrong] = False
    backdrop(scene, axes, rest)
    many = min(1.0, len(wrong) / 200)
    style = {"colors": "#333333", "lw": 1.1 - 0.6 * many, "alpha": 0.9 - 0.4 * many}
    threads(axes, joined(scene, wrong), False, **style, zorder=2)
    ends = last_points(scene.path)
    axes.scatter(*ends[wrong].T, s=16 - 8 * many, color="#333333", ec="white", lw=0.5, zorder=3)
    axes.autoscale_view()
    confusions = most_frequent(scene.sign[wrong], scene.predicted[wrong])
    rank = float(scene.measured("chosen_rank").sel(part=part))
    left = len(scene.names) - 2
    note = (
        "Blue, above: the true sign; red, below: what the network chose, and how often.\nEach "
        "stands where the example ends, of several the one nearest to the others.\n"
        f"{rank - 1:g} of the "
        f"{left} signs left end nearer to it than the chosen one (median; by chance {left / 2:g})"
    )
    if len(confusions) > MOST:
        note += f".\nNamed are the {MOST} most frequent of {len(confusions)} confusions"
    axes.set_xlabel(f"{axes.get_xlabel()}\n{note}.")
    labels, anchors = [], []
    for (true, chosen), times in list(confusions.items())[:MOST]:
        own = wrong[(scene.sign[wrong] == true) & (scene.predicted[wrong] == chosen)]
        below = short(chosen) + (f" ×{times}" if times > 1 else "")
        labels.append(Label(((short(true), TRUE), (below, CHOSEN)), 8.5))
        anchors.append(middles(ends[own], np.zeros(len(own)), [0])[0])
    place_names(figure, axes, labels, np.array(anchors))
    return figure


def most_frequent(true: np.ndarray, chosen: np.ndarray) -> dict[tuple[str, str], int]:
    """Count how often each sign is taken for which other, the most frequent first, then by name."""
    counts = Counter(zip(true.tolist(), chosen.tolist(), strict=True))
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
