"""One- against two-handed signs: the article's figure 6, with the number that its sentence lacks.

Takes a scene, gives paths in two colours, and beside them how the number of two-handed signs and
the mixing of the two groups hang on the threshold that parts them.
"""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.data.hands import ONE, TWO
from signpaths.report.drawing.scene import Scene, joined, threads
from signpaths.report.drawing.style import blank, sentence
from signpaths.wording import PERCENT, counted, number, percent

# The article's cyan and magenta, dark enough for white paper and of different lightness.
COLOURS = {ONE: "#0099BB", TWO: "#B3006B"}
OWN = {"color": "#222222", "lw": 1, "ls": (0, (4, 3))}


def draw_hands(scene: Scene) -> Figure:
    """Draw paths by the hands that their signs use."""
    if "mixing" not in scene.sightings:
        return sentence(
            "Which signs are one-handed is not known: no channels left_x to left_z and right_x to "
            "right_z."
        )
    if len(kinds := set(scene.hands.tolist())) < 2:
        return sentence(f"All signs are {kinds.pop()}-handed, so there is nothing that could mix.")
    figure = blank(12.4, 7.4)
    plan = figure.subplot_mosaic([["paths", "signs"], ["paths", "mixing"]], width_ratios=(2.6, 1))
    axes = plan["paths"]
    # Drawn in turns, so that neither group lies on the other.
    order = np.random.default_rng(0).permutation(len(scene.path))
    threads(
        axes,
        joined(scene, order),
        colors=[COLOURS[one] for one in scene.hands[order].tolist()],
        lw=0.7 - 0.35 * scene.many,
        alpha=0.7 - 0.3 * scene.many,
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.autoscale_view()
    axes.margins(0.03)
    axes.set_xlabel(f"{scene.axes[0]}\n{mixing_in_words(scene)}")
    axes.set_ylabel(scene.axes[1])
    own = float(scene.sightings.attrs["two_handed"])
    at = scene.sightings.sel(space=scene.space.name, threshold=own)
    two, signs = int(at["two_handed"]), int(scene.sightings.attrs["signs"])
    groups = f"{signs - two} one-handed and {counted(two, 'two-handed sign')}"
    axes.set_title(f"{groups} in {scene.space.name}")
    handles = [
        Line2D([], [], color=colour, lw=2.4, label=f"{hands}-handed")
        for hands, colour in COLOURS.items()
    ]
    axes.legend(handles=handles, loc="best", fontsize=10)
    _threshold_panel(plan["signs"], scene, own)
    _mixing_panel(plan["mixing"], scene, own)
    return figure


def mixing_in_words(scene: Scene) -> str:
    """Say how far the two groups mix, with what chance gives."""
    own = float(scene.sightings.attrs["two_handed"])
    at = scene.sightings.sel(space=scene.space.name, threshold=own)
    return (
        f"{percent(float(at['mixing']))} of the nearest frames of other signs use other hands; "
        f"{percent(float(at['mixing_by_chance']))} if hands are dealt out\nto signs at random "
        f"(p = {number(float(at['mixing_p']), 3)})."
    )


def _threshold_panel(axes: Any, scene: Scene, own: float) -> None:
    limits = scene.sightings["threshold"].values
    axes.plot(limits, scene.sightings["two_handed"].values, "-o", color=COLOURS[TWO], ms=4)
    axes.set_ylim(0, scene.sightings.attrs["signs"])
    axes.yaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    axes.set_title("Two-handed signs, by threshold", fontsize=10)
    _as_threshold(axes, own)
    axes.annotate(
        f"{own:g}",
        (own, 1),
        (3, -10),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=8.5,
    )


def _mixing_panel(axes: Any, scene: Scene, own: float) -> None:
    limits = scene.sightings["threshold"].values
    for name, style in (
        ("mixing", {"color": "#111111", "ls": "-", "marker": "o", "ms": 4, "label": "found"}),
        ("mixing_by_chance", {"color": "#888888", "ls": ":", "lw": 1.8, "label": "by chance"}),
    ):
        axes.plot(limits, 100 * scene.measured(name).values, **style)
    axes.set_ylim(bottom=0)
    axes.set_title(f"Neighbours that use other hands ({PERCENT.strip()})", fontsize=10)
    axes.set_xlabel(
        "left hand's movement from which on a sign\nis two-handed, share of the right's"
    )
    axes.legend(fontsize=9, loc="best")
    _as_threshold(axes, own)


def _as_threshold(axes: Any, own: float) -> None:
    axes.axvline(own, **OWN)
    axes.set_xlim(0, None)
    axes.grid(axis="y", color="#E2E2E2", lw=0.6)
    axes.set_axisbelow(True)
