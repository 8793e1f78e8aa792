"""Some signs among all others: the article's figures 7 to 10, and the misclassified, 11 to 13.

Takes a scene and what to show of it; gives paths in colour with all others faint behind.
"""

from collections.abc import Sequence

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


def draw_signs(scene: Scene, signs: Sequence[str]) -> Figure:
    """Draw all examples of some signs, the rest faint behind."""
    others = ~np.isin(scene.sign, list(signs))
    figure, axes = plane(scene, f"{listed([short(one) for one in signs])} in {scene.space.name}")
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
    axes.autoscale_view()
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


def draw_mistakes(scene: Scene, part: str) -> Figure:
    """Draw the examples of a part that the network takes for another sign."""
    of_part = scene.part == part
    wrong = np.flatnonzero(of_part & (scene.predicted != scene.sign))
    what = "training" if part == "train" else part
    count = f"{len(wrong):,} of {int(of_part.sum()):,} {what} examples"
    if not len(wrong):
        return sentence(f"None of {int(of_part.sum()):,} {what} examples is misclassified.")
    shown = wrong[:MOST]
    figure, axes = plane(scene, f"Misclassified: {count}, in {scene.space.name}")
    rest = np.ones(len(scene.sign), dtype=bool)
    rest[shown] = False
    backdrop(scene, axes, rest)
    threads(axes, joined(scene, shown), False, colors="#333333", lw=1.1, alpha=0.9, zorder=2)
    ends = last_points(scene.path)[shown]
    axes.scatter(*ends.T, s=16, color="#333333", ec="white", lw=0.5, zorder=3)
    axes.autoscale_view()
    rank = float(scene.measured("chosen_rank").sel(part=part))
    note = (
        "Blue, above: the true sign; red, below: what the network chose; each where the example "
        f"ends.\n{rank - 1:g} of the {len(scene.names) - 2} signs left end nearer to it than the "
        f"chosen one (median; by chance {(len(scene.names) - 2) / 2:g})"
    )
    if len(shown) < len(wrong):
        note += f".\nThe first {len(shown)} are drawn"
    axes.set_xlabel(f"{axes.get_xlabel()}\n{note}.")
    labels = [
        Label(((short(scene.sign[one]), TRUE), (short(scene.predicted[one]), CHOSEN)), 8.5)
        for one in shown.tolist()
    ]
    place_names(figure, axes, labels, ends)
    return figure
