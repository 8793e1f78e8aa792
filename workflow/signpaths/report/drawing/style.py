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
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from PIL import Image

from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED
from signpaths.wording import pair_name, printable

DPI = 160
# Inches below a figure that its corner takes.
CORNER = 0.16
# Of which every figure is written; clouds of points in the second are pictures, so it stays small.
FORMATS = ("png", "svg")
# Okabe and Ito's, for signs that are drawn together; dark on white, and apart in print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#111111", "#8A5A83")
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
    # Names in an SVG can be searched and edited.
    "svg.fonttype": "none",
}
# Clouds of points inside of an SVG.
CLOUD_DPI = 110
# From here on a colour of a picture counts as white.
PAPER = 250
# What matplotlib would write into a file by itself.
UNDATED: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# Viridis without its last, pale yellow, which is lost on white; in steps that a palette keeps.
TIME_COLOURS = ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0, 0.93, 30)))


def canvas(width: float, height: float) -> tuple[Figure, Any]:
    """Give a figure with one pair of axes, in inches, and room for its corner below."""
    figure = blank(width, height)
    return figure, figure.add_subplot()


def blank(width: float, height: float, hspace: float | None = None) -> Figure:
    """Give a figure in inches whose layout leaves room for its corner below."""
    room = CORNER / height
    engine = ConstrainedLayoutEngine(rect=(0, room, 1, 1 - room), hspace=hspace)
    figure = Figure(figsize=(width, height), dpi=DPI, layout=engine)
    FigureCanvasAgg(figure)
    return figure


def sentence(text: str) -> Figure:
    """Give a figure that says in words why there is nothing to draw."""
    figure, axes = canvas(8, 2)
    axes.axis("off")
    axes.text(0, 0.5, text, fontsize=12, va="center")
    return figure


def save(figure: Figure, stem: Path, corner: str, formats: Sequence[str] = FORMATS) -> None:
    """Write a figure without the date and the software's name: the same bytes every time.

    Parameters
    ----------
    figure
        The figure.
    stem
        The file without its suffix.
    corner
        What is drawn, of which run and study: small, below on the right.
    formats
        The suffixes.
    """
    figure.text(
        1 - 0.06 / figure.get_figwidth(),
        0.05 / figure.get_figheight(),
        printable(corner),
        ha="right",
        va="bottom",
        fontsize=7,
        color="#777777",
    )
    for name in formats:
        path = stem.with_name(f"{stem.name}.{name}")
        if name == "png":
            _save_picture(figure, path)
        else:
            figure.savefig(path, dpi=CLOUD_DPI, metadata=UNDATED[name])


def _save_picture(figure: Figure, path: Path) -> None:
    """Write a PNG of 256 colours: a third of the size, and no eye sees it."""
    figure.set_dpi(DPI)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
    picture = Image.fromarray(pixels).convert("RGB")
    few = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # The paper stays white.
    colours = few.getpalette() or []
    few.putpalette([255 if colour >= PAPER else colour for colour in colours])
    few.save(path)


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
