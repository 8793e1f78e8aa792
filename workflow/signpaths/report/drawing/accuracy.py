"""How well every network recognises the signs.

Takes every network's `metrics.json`, gives a figure with a dot a network and part of the split.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.report.drawing.style import canvas, legend
from signpaths.runs import accuracies

PARTS = {
    "train": ("training", "o", "#0072B2"),
    "validation": ("validation", "D", "#D55E00"),
    "test": ("test", "s", "#000000"),
}


def draw_accuracy(metrics: Sequence[dict[str, Any]]) -> Figure:
    """Draw how well every network recognises the training, validation and test examples."""
    names = [run["network"] for run in metrics]
    figure, axes = canvas(max(7.2, 2.4 + 0.34 * len(names)), 4.2)
    handles, lowest = [], 1.0
    for offset, (part, (name, marker, colour)) in zip((-0.2, 0, 0.2), PARTS.items(), strict=True):
        values = np.array([_value(run, part) for run in metrics])
        if not np.isfinite(values).any():
            continue
        axes.plot(
            np.arange(len(names)) + offset,
            values,
            marker,
            color=colour,
            ms=6,
            mec="white",
            mew=0.6,
            zorder=3,
        )
        mean = float(np.nanmean(values))
        if len(accuracies(metrics, part)) > 1:
            axes.axhline(mean, color=colour, lw=0.9, ls=(0, (5, 3)), alpha=0.7)
        label = f"{name} (mean {100 * mean:.1f} %)" if len(names) > 1 else name
        handles.append(Line2D([], [], color=colour, marker=marker, ls="", ms=6, label=label))
        lowest = min(lowest, float(np.nanmin(values)))
    for boundary in np.arange(len(names) - 1) + 0.5:
        axes.axvline(boundary, color="#EEEEEE", lw=0.8, zorder=0)
    axes.set_xticks(np.arange(len(names)), names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    # At least a tenth is shown: a spread of half a percent is not to look like a chasm.
    span = max(0.1, 1 - lowest)
    axes.set_ylim(1 - 1.05 * span, 1 + 0.05 * span)
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.grid(axis="y", color="#DDDDDD", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("network")
    axes.set_ylabel("examples recognised (%)")
    axes.set_title("Accuracy of every network" + (" (dashed: mean)" if len(names) > 1 else ""))
    legend(figure, handles)
    return figure


def _value(run: dict[str, Any], part: str) -> float:
    values = accuracies([run], part)
    return values[0] if values else float("nan")
