"""One map for all networks: the mean path of every sign, and one pair in every network.

Takes `shared_map.zarr` and `stability.zarr`; gives the map of all signs with ribbons as wide as
networks differ, small multiples of chosen pairs, one panel a network, and how far these pairs are
apart on their way.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from scipy.spatial import ConvexHull

from signpaths.report.closest import verdicts_in_words
from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.style import DPI, TIME_COLOURS, blank, canvas, sentence, short
from signpaths.spaces import HEADLINE, described, plane
from signpaths.wording import counted

# The two signs of a pair, in every figure of this module; told apart in print by their ends, too.
FIRST, SECOND = "#0072B2", "#D55E00"
ENDS = ("o", "s")
FAINT = "#C8C8C8"
MOST_PANELS, COLUMNS = 20, 10
# Half a panel's width: of where a pair goes in any network, and of the whole map at least.
REACH, LEAST_REACH = 0.58, 0.15
# Where separation is drawn: in the hidden states, the shared map, a network's own picture.
VIEWS: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "ls": "-", "lw": 2.2},
    {"color": "#0072B2", "ls": (0, (5, 2)), "lw": 1.6},
    {"color": "#D55E00", "ls": (0, (1, 1.2)), "lw": 1.6},
)
# Panels side by side.
PARTINGS = 3
# What is marked where a pair parts: what it is called, the statistic with the ends of its interval,
# and how. The dot is small and the square open, for they may stand at one place.
PARTING_COLOUR = "#8A5A83"
PARTING_MARKS: tuple[tuple[str, tuple[str, str, str], dict[str, Any]], ...] = (
    (
        "together to",
        ("together_to", "together_low", "together_high"),
        {"marker": "o", "ms": 4.5, "mfc": PARTING_COLOUR},
    ),
    (
        "apart to the end from",
        ("parts_at", "parts_low", "parts_high"),
        {"marker": "s", "ms": 8.5, "mfc": "none"},
    ),
)
MARK: dict[str, Any] = {"ls": "", "mec": PARTING_COLOUR, "mew": 1.4}
INTERVAL: dict[str, Any] = {"color": PARTING_COLOUR, "lw": 3.5, "alpha": 0.35}
LIMIT: dict[str, Any] = {"color": "#222222", "lw": 1, "ls": (0, (4, 3))}
# What a ribbon's discs are made of.
CIRCLE = np.stack([(np.cos(angle), np.sin(angle)) for angle in 2 * np.pi * np.arange(20) / 20])
NO_PAIR = "No pair to draw: none stays close, comes and goes or is lost in a picture."
# Above this, how far signs are apart tells no more, unless they are together so far.
FARTHEST = 12.0


def draw_shared_map(shared: xr.Dataset) -> Figure:
    """Draw the mean path of every sign in the shared map, over all networks."""
    space = next(one for one in described(shared) if one.name == shared.attrs["chosen"])
    path = shared["path"].sel(space=space.name).values[..., :2].astype(float)
    names = shared["sign"].values.astype(str).tolist()
    networks = len(path)
    mean = path.mean(axis=0)
    crowd = min(1.0, max(0.0, (len(names) - 12) / 82))
    width, height = np.ptp(mean, axis=(0, 1))
    shape = float(np.sqrt(np.clip(width / max(height, 1e-9), 1.0, 1.7)))
    figure, axes = canvas((8 + 3.4 * crowd) * shape + 1, (8 + 3.4 * crowd) / shape + 0.6)
    if networks > 1:
        axes.add_collection(
            PathCollection(
                [ribbon(mean[sign], path[:, sign]) for sign in range(len(names))],
                facecolors="#777777",
                alpha=0.18 - 0.11 * crowd,
                lw=0,
                zorder=1,
            )
        )
    steps = np.linspace(0, 1, mean.shape[1])
    pieces = np.stack([mean[:, :-1], mean[:, 1:]], axis=2).reshape(-1, 2, 2)
    lines = LineCollection(
        list(pieces), array=np.tile(steps[:-1], len(names)), cmap=TIME_COLOURS, lw=1.8 - 0.6 * crowd
    )
    lines.set_clim(0, 1)
    axes.add_collection(lines)
    axes.set_aspect("equal", adjustable="datalim")
    axes.autoscale_view()
    axes.margins(0.04)
    unit = "autoencoder unit" if space.is_trained else "principal component"
    axes.set_xlabel(f"{unit} 1 (no unit)")
    axes.set_ylabel(f"{unit} 2 (no unit)")
    axes.set_title(
        f"Mean paths of {len(names):,} signs over {counted(networks, 'network')} in {space.name}"
    )
    axes.plot(*mean[:, 0].T, "o", ms=3.2 - crowd, mfc="white", mec="#444444", mew=0.8, zorder=3)
    bar = figure.colorbar(lines, ax=axes, fraction=0.035, pad=0.015, aspect=35)
    bar.ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    bar.set_label("share of the way (%)")
    bar.outline.set_visible(False)
    note = "White dot: where a sign begins; red: where it ends"
    if networks > 1:
        note += "; grey: a standard deviation between networks on every side"
    name_signs(figure, axes, names, mean[:, -1], fontsize=10 - 1.2 * crowd, note=note)
    return figure


def ribbon(mean: np.ndarray, paths: np.ndarray) -> Path:
    """Give a ribbon about a path, everywhere as wide as networks differ.

    At each phase a disc, whose radius is their standard deviation in any one direction (the root
    mean square over all of them), and hulls from each disc to the next; what overlaps is one area,
    for all of them turn the same way.

    Parameters
    ----------
    mean
        `(phase, 2)`.
    paths
        Of every network, `(network, phase, 2)`.
    """
    variance = ((paths - mean) ** 2).sum(axis=(0, 2)) / max(len(paths) - 1, 1)
    # Qhull takes no disc that is a point.
    least = 1e-5 * max(np.abs(mean).max(), 1e-9)
    radius = np.maximum(np.sqrt(variance / 2), least)
    discs = mean[:, None] + radius[:, None, None] * CIRCLE
    pieces = [np.concatenate([one, other]) for one, other in itertools.pairwise(discs)]
    hulls = [piece[ConvexHull(piece).vertices] for piece in pieces] or [discs[0]]
    return Path.make_compound_path(
        *(Path(np.vstack([hull, hull[:1]]), closed=True) for hull in hulls)
    )


def draw_retrainings(shared: xr.Dataset, stability: xr.Dataset, pairs: Sequence[int]) -> Figure:
    """Draw chosen pairs in every network, all in the shared map: one panel a network."""
    if not pairs:
        return sentence(NO_PAIR)
    space = shared.attrs["chosen"]
    path = shared["path"].sel(space=space).values[:MOST_PANELS, ..., :2].astype(float)
    names = shared["network"].values.astype(str)[:MOST_PANELS]
    close = stability["close"].sel(space=HEADLINE).transpose("network", "pair").values == 1
    rows = -(-len(names) // COLUMNS)
    columns = -(-len(names) // rows)
    signs, said = shared["sign"].values.astype(str).tolist(), verdicts_in_words(stability)
    # In inches: a panel, the line above a pair's panels, and that below all of them.
    side, head, foot = 1.3, 0.45, 0.5
    heights = [head + rows * side] * len(pairs) + [foot]
    figure = Figure(figsize=(max(side * columns, 7.5), sum(heights)), dpi=DPI)
    FigureCanvasAgg(figure)
    *blocks, below = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    whole = np.ptp(path, axis=(0, 1, 2)).max()
    for block, pair in zip(blocks, pairs, strict=True):
        two = [str(stability[name].values[pair]) for name in ("sign_a", "sign_b")]
        places = [signs.index(name) for name in two]
        own = path[:, places]
        middle = (own.min(axis=(0, 1, 2)) + own.max(axis=(0, 1, 2))) / 2
        reach = max(REACH * np.ptp(own, axis=(0, 1, 2)).max(), LEAST_REACH * whole)
        each = block.subplots(rows, columns, squeeze=False).flat
        top = 1 - head / heights[0]
        block.subplots_adjust(
            left=0.005, bottom=0.01, right=0.995, top=top, wspace=0.04, hspace=0.04
        )
        for index, axes in enumerate(each):
            axes.set(xticks=[], yticks=[])
            if index >= len(names):
                axes.axis("off")
                continue
            _draw_panel(axes, path[index], places)
            frame: dict[str, Any] = {"color": FAINT, "lw": 0.8}
            if close[index, pair]:
                frame = {"color": "#222222", "lw": 1.8}
            for spine in axes.spines.values():
                spine.set(visible=True, **frame)
            axes.set_xlim(middle[0] - reach, middle[0] + reach)
            axes.set_ylim(middle[1] - reach, middle[1] + reach)
            axes.set_aspect("equal")
            axes.text(0.04, 0.95, names[index], fontsize=8, va="top", transform=axes.transAxes)
        often = int(close[:, pair].sum())
        block.suptitle(
            f"{short(two[0])} (blue, ends in a dot) and {short(two[1])} (orange, in a square): "
            f"{said[pair]}, close in {often} of {len(close)} networks",
            fontsize=10,
            x=0.005,
            y=1 - 0.3 * head / heights[0],
            ha="left",
        )
    below.text(
        0.005,
        0.68,
        f"One panel a network, by its number, in {space}. Grey: all signs. "
        "Dark frame: close in that network's hidden states.",
        fontsize=9,
        va="center",
    )
    return figure


def draw_parting(shared: xr.Dataset, stability: xr.Dataset, pairs: Sequence[int]) -> Figure:
    """Draw how far apart the signs of chosen pairs are on their way."""
    if not pairs:
        return sentence(NO_PAIR)
    views = [HEADLINE, shared.attrs["chosen"]]
    if (own := plane(stability)) is not None:
        views.append(own)
    limit = float(shared.attrs["parting"])
    farthest = max(FARTHEST, 2 * limit)
    phase = 100 * shared["phase"].values
    rows = -(-len(pairs) // PARTINGS)
    columns = min(len(pairs), PARTINGS)
    figure = blank(max(3.3 * columns + 0.6, 7.5), 3 * rows + 1.2)
    each = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    for axes in each[len(pairs) :]:
        axes.axis("off")
    for axes, pair in zip(each, pairs, strict=False):
        for view, style in zip(views, VIEWS, strict=False):
            separation = shared["separation"].sel(view=view).isel(pair=pair).values
            axes.plot(phase, np.minimum(separation, farthest), **style, label=view)
        at = stability.sel(space=HEADLINE).isel(pair=pair)
        for _, names, style in PARTING_MARKS:
            middle, low, high = (100 * float(at[name]) for name in names)
            axes.plot([low, high], [limit, limit], **INTERVAL)
            axes.plot(middle, limit, **MARK, **style, clip_on=False, zorder=5)
        axes.axhline(limit, **LIMIT, zorder=0)
        a, b = (short(str(stability[name].values[pair])) for name in ("sign_a", "sign_b"))
        axes.set_title(f"{a} and {b}", fontsize=10)
        axes.set_xlim(0, 100)
    each[0].set_yscale("log")
    each[0].set_ylim(top=farthest)
    ticks = [1, limit, 2, 3, 5, 8, farthest]
    each[0].yaxis.set_major_locator(ticker.FixedLocator(sorted(set(ticks))))
    each[0].yaxis.set_major_formatter(
        lambda value, _: f"≥ {value:g}" if value >= farthest else f"{value:g}"
    )
    each[0].yaxis.set_minor_locator(ticker.NullLocator())
    figure.supylabel("distance between signs / within signs", fontsize=10)
    # The lowest panel of each column.
    for axes in each[max(0, len(pairs) - columns) : len(pairs)]:
        axes.set_xlabel("share of the longer one's way (%)")
    level = f"{float(stability.attrs['confidence']):.0%}".replace("%", "\u00a0%")
    keys: dict[str, dict[str, Any]] = {
        **dict(zip(views, VIEWS, strict=False)),
        f"apart from {limit:g} on": LIMIT,
        **{words: {**MARK, **style} for words, _, style in PARTING_MARKS},
        f"{level} interval": INTERVAL,
    }
    handles = [Line2D([], [], **style, label=name) for name, style in keys.items()]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(len(handles), 3 + 2 * (columns - 1)),
        fontsize=9,
        title="Curves: geometric means over networks. Marks: medians over networks, in the hidden "
        "states",
        title_fontsize=9,
    )
    return figure


def _draw_panel(axes: Any, path: np.ndarray, pair: Sequence[int]) -> None:
    axes.add_collection(LineCollection(list(path), colors=FAINT, linewidths=0.25, alpha=0.6))
    # The second lies on the first, which stays to be seen on either side.
    for sign, colour, end, width in zip(pair, (FIRST, SECOND), ENDS, (2.6, 1.1), strict=True):
        axes.plot(*path[sign].T, color=colour, lw=width)
        axes.plot(*path[sign, -1], end, color=colour, ms=3.6)
