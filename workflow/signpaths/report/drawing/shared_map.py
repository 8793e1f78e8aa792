"""One map for all networks: the mean path of every sign, and one pair in every network.

Takes `shared_map.zarr` and `stability.zarr`; gives the map of all signs with ribbons as wide as
networks differ, small multiples of chosen pairs, one panel a network, and how far these pairs are
apart on their way.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.style import DPI, TIME_COLOURS, canvas, sentence, short
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
NO_PAIR = "No pair to draw: none stays close, comes and goes or is lost in a picture."
# Above this, how far signs are apart tells no more.
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
            PolyCollection(
                [ribbon(mean[sign], path[:, sign]) for sign in range(len(names))],
                facecolors="#777777",
                alpha=0.16 - 0.09 * crowd,
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
    bar = figure.colorbar(lines, ax=axes, fraction=0.035, pad=0.015, aspect=35)
    bar.ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    bar.set_label("share of the way (%)")
    bar.outline.set_visible(False)
    note = "Red dot: where a sign ends; grey: a standard deviation between networks"
    name_signs(figure, axes, names, mean[:, -1], fontsize=10 - 1.2 * crowd, note=note)
    return figure


def ribbon(mean: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """Give the outline of a ribbon about a path: a standard deviation across it on either side.

    Parameters
    ----------
    mean
        `(phase, 2)`.
    paths
        Of every network, `(network, phase, 2)`.

    Returns
    -------
    numpy.ndarray
        `(2 · phase, 2)`: there on one side, and back on the other.
    """
    along = np.gradient(mean, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    off = ((paths - mean) * across).sum(axis=2)
    wide = off.std(axis=0, ddof=1)[:, None] * across
    return np.concatenate([mean + wide, (mean - wide)[::-1]])


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
    signs = shared["sign"].values.astype(str).tolist()
    figure = Figure(figsize=(1.25 * columns + 0.3, len(pairs) * (1.3 * rows + 0.75)), dpi=DPI)
    FigureCanvasAgg(figure)
    blocks = figure.subfigures(len(pairs), 1, squeeze=False)[:, 0]
    whole = np.ptp(path, axis=(0, 1, 2)).max()
    for block, pair in zip(blocks, pairs, strict=True):
        two = [str(stability[name].values[pair]) for name in ("sign_a", "sign_b")]
        own = path[:, [signs.index(name) for name in two]]
        middle = (own.min(axis=(0, 1, 2)) + own.max(axis=(0, 1, 2))) / 2
        reach = max(REACH * np.ptp(own, axis=(0, 1, 2)).max(), LEAST_REACH * whole)
        each = block.subplots(rows, columns, squeeze=False).flat
        top = 1 - 0.55 / (1.3 * rows + 0.75)
        block.subplots_adjust(left=0.01, right=0.99, top=top, bottom=0.02)
        for index, axes in enumerate(each):
            axes.set_xticks([])
            axes.set_yticks([])
            if index >= len(names):
                axes.axis("off")
                continue
            _draw_panel(axes, path[index], [signs.index(name) for name in two])
            frame: dict[str, Any] = {"color": FAINT, "lw": 0.8}
            if close[index, pair]:
                frame = {"color": "#222222", "lw": 1.6}
            for spine in axes.spines.values():
                spine.set(visible=True, **frame)
            axes.set_xlim(middle[0] - reach, middle[0] + reach)
            axes.set_ylim(middle[1] - reach, middle[1] + reach)
            axes.set_aspect("equal")
            axes.set_title(names[index], fontsize=8, pad=2, loc="center")
        often = int(close[:, pair].sum())
        block.suptitle(
            f"{short(two[0])} (blue, ends in a dot) and {short(two[1])} (orange, in a square): "
            f"{stability['verdict'].values[pair]}, close in {often} of {len(close)} networks",
            fontsize=10,
            x=0.01,
            ha="left",
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
    phase = 100 * shared["phase"].values
    rows = -(-len(pairs) // PARTINGS)
    columns = min(len(pairs), PARTINGS)
    figure = Figure(figsize=(3.3 * columns + 0.6, 3 * rows + 0.6), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    each = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    for axes in each[len(pairs) :]:
        axes.axis("off")
    for axes, pair in zip(each, pairs, strict=False):
        for view, style in zip(views, VIEWS, strict=False):
            separation = shared["separation"].sel(view=view).isel(pair=pair).values
            axes.plot(phase, np.minimum(separation, FARTHEST), **style, label=view)
        at = stability.sel(space=HEADLINE).isel(pair=pair)
        low, high = (100 * float(at[name]) for name in ("parts_low", "parts_high"))
        if high > low:
            axes.axvspan(low, high, color="#000000", alpha=0.08, lw=0)
        axes.axhline(limit, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
        a, b = (short(str(stability[name].values[pair])) for name in ("sign_a", "sign_b"))
        axes.set_title(f"{a} and {b}", fontsize=10)
        axes.set_xlim(0, 100)
    each[0].set_yscale("log")
    each[0].yaxis.set_major_locator(ticker.FixedLocator([1, 1.5, 2, 3, 5, 8, 12]))
    each[0].yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    each[0].yaxis.set_minor_locator(ticker.NullLocator())
    figure.supylabel("distance between / within signs", fontsize=10)
    # The lowest panel of each column.
    for axes in each[max(0, len(pairs) - columns) : len(pairs)]:
        axes.set_xlabel("share of the longer one's way (%)")
    keys: dict[str, dict[str, Any]] = dict(zip(views, VIEWS, strict=False))
    keys[f"apart from {limit:g}"] = {"color": "#222222", "lw": 1, "ls": (0, (4, 3))}
    handles = [Line2D([], [], **style, label=name) for name, style in keys.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _draw_panel(axes: Any, path: np.ndarray, pair: Sequence[int]) -> None:
    axes.add_collection(LineCollection(list(path), colors=FAINT, linewidths=0.25, alpha=0.6))
    for sign, colour, end in zip(pair, (FIRST, SECOND), ENDS, strict=True):
        axes.plot(*path[sign].T, color=colour, lw=1.5)
        axes.plot(*path[sign, -1], end, color=colour, ms=3.6)
