"""How all figures look: their colours, marks, fonts and names.

Takes figures or what is named in them, gives canvases, keys, short names and image files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED
from signpaths.wording import pair_name, printable

DPI = 160
LONGEST_NAME = 28
# Okabe and Ito's palette, which stays apart for every common kind of colour blindness.
COLOURS = {STAYS: "#0072B2", COMES: "#D55E00", UNDECIDED: "#8A5A83", APART: "#6B6B6B"}
MARKERS = {STAYS: "o", COMES: "D", UNDECIDED: "s", APART: "^"}
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.grid": False,
    "legend.frameon": False,
    # A sign may be called `$x$`: names are text, never formulas.
    "text.parse_math": False,
    # Two runs of the same study give the same bytes.
    "svg.hashsalt": "signpaths",
    "svg.fonttype": "path",
}
# Viridis without its last, pale yellow, which is lost on white.
TIME_COLOURS = ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0, 0.93, 256)))


def canvas(width: float, height: float) -> tuple[Figure, Any]:
    """Give a figure with one pair of axes, in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def sentence(text: str) -> Figure:
    """Give a figure that says in words why there is nothing to draw."""
    figure, axes = canvas(8, 2)
    axes.axis("off")
    axes.text(0, 0.5, text, fontsize=12, va="center")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure without the date and the software's name: the same bytes every time."""
    if path.suffix == ".svg":
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        return
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Put the keys below the axes, in one row."""
    figure.legend(handles=handles, loc="outside lower center", ncols=max(1, len(handles)))


def verdict_key(verdict: str) -> Line2D:
    """Give the key of a verdict, by shape and colour."""
    return Line2D(
        [], [], color=COLOURS[verdict], marker=MARKERS[verdict], ms=7, lw=2.2, label=verdict
    )


def short(name: str) -> str:
    """Cut a long name, so that it leaves room for the picture."""
    name = printable(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def short_pair(stability: xr.Dataset, pair: int) -> str:
    """Name a pair with both names cut."""
    a, b = (str(stability[name].values[pair]) for name in ("sign_a", "sign_b"))
    return pair_name(short(a), short(b))
