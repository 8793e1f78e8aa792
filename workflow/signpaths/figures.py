"""Figures: the reference run's paths, the closest pairs, the seeds and the accuracies, as images.

Takes `stability.zarr`, one run's `paths/<lstm_seed>.zarr` and every run's `metrics.json`, gives PNG
files (and SVG where it is small). The pictures of the paths follow Tempczyk and Bartołd,
"Visualizing LSTM Networks. Part I"; verdicts are shown by shape as well as by colour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
import xarray as xr
from cyclopts import Parameter
from matplotlib import patheffects, ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from signpaths import variance
from signpaths.errors import UserError
from signpaths.findings import (
    HEADLINE,
    VERDICTS,
    accuracies,
    closest_first,
    lstm_seeds,
    pair_name,
    printable,
    read_metrics,
)
from signpaths.stores import open_store, whole

DPI = 160
PAIRS_SHOWN = 25
FEWEST_PAIRS_SHOWN = 10
SEED_ROWS_SHOWN = 60
LONGEST_NAME = 28
# Okabe and Ito's palette, which stays apart for every common kind of colour blindness.
COLOURS = {
    "stays close": "#0072B2",
    "comes and goes": "#D55E00",
    "undecided": "#8A5A83",
    "apart": "#6B6B6B",
}
MARKERS = {"stays close": "o", "comes and goes": "D", "undecided": "s", "apart": "^"}
PARTS = {
    "train": ("training", "o", "#0072B2"),
    "validation": ("validation", "D", "#D55E00"),
    "test": ("test", "s", "#000000"),
}
# What varies, in the order of `variance_share`; told apart without colours too.
SOURCES = (
    ("between pairs", "#0072B2", ""),
    ("between LSTMs", "#E69F00", "///"),
    ("between autoencoders", "#BBBBBB", "..."),
)
LEAST_LABELLED = 0.06
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "ls": "-"},
    {"color": "#D55E00", "ls": (0, (5, 2))},
    {"color": "#8A5A83", "ls": (0, (1, 1.2))},
    {"color": "#6B6B6B", "ls": (0, (5, 2, 1, 2))},
)
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


@Parameter(name="*")
@dataclass(frozen=True)
class FiguresOptions:
    """How the figures are drawn.

    Parameters
    ----------
    transform
        `log1p` draws sign(x) * log(1 + |x|), which shows the beginnings of the paths more closely.
        It changes the picture only, never a measure.
    """

    transform: Literal["none", "log1p"] = "none"


def figures(
    stability: Path,
    paths: Path,
    lstm: Path,
    out: Path,
    /,
    *,
    options: FiguresOptions = FiguresOptions(),
) -> None:
    """Draw the figures of a study.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    paths
        The reference run's paths, `paths/<lstm_seed>.zarr`.
    lstm
        The folder of the trained LSTMs, with `<lstm_seed>/metrics.json` in it.
    out
        The folder for the figures.
    options
        How they are drawn.
    """
    stable = open_store(stability).load()
    runs = read_metrics(lstm, lstm_seeds(stable))
    reference = open_store(paths)
    with whole(out) as folder, matplotlib.rc_context(STYLE):
        folder.mkdir()
        for space in (str(name) for name in reference["space"].values):
            figure = draw_paths(reference, space, paths.stem, options.transform)
            _save(figure, folder / f"paths-{space}.png")
        for name, figure in (("pairs", draw_pairs(stable)), ("accuracy", draw_accuracy(runs))):
            _save(figure, folder / f"{name}.png")
            _save(figure, folder / f"{name}.svg")
        _save(draw_seeds(stable), folder / "seeds.png")
        if "variance_share" in stable:
            _save(draw_variance(stable), folder / "variance.png")


def transformed(values: np.ndarray, transform: str) -> np.ndarray:
    """Apply the display transform; NaN stays NaN."""
    if transform == "none":
        return values
    if transform == "log1p":
        return np.sign(values) * np.log1p(np.abs(values))
    raise UserError(f"figures.transform is {transform!r}, expected none or log1p.")


def place_labels(
    anchors: np.ndarray,
    sizes: np.ndarray,
    bounds: tuple[float, float, float, float],
    *,
    gap: float = 2.0,
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
        others = np.delete(anchors, i, axis=0)
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
                inside & ~near.all(axis=2).any(axis=1), radius + 0.8 * height * covered, np.inf
            )
            if cost.min() < best:
                best = float(cost.min())
                centres[i] = places[int(np.argmin(cost))]
    return centres


def last_points(path: np.ndarray) -> np.ndarray:
    """Give the last real point of every example's path, whichever side the padding is on."""
    real = np.isfinite(path).all(axis=2)
    last = path.shape[1] - 1 - np.argmax(real[:, ::-1], axis=1)
    points = path[np.arange(len(path)), last]
    return np.where(real.any(axis=1)[:, None], points, np.nan)


def draw_paths(paths: xr.Dataset, space: str, lstm_seed: str, transform: str) -> Figure:
    """Draw every example's path in one space, coloured by time step."""
    chosen = paths["path"].sel(space=space).isel(ae_seed=0)
    values = chosen.transpose("example", "time", "dim").values
    # 2-D spaces carry NaN in the third dimension.
    values = values[:, :, np.isfinite(values).any(axis=(0, 1))]
    if values.shape[2] not in (2, 3):
        found = values.shape[2]
        raise UserError(f"space {space}: {found} dimensions hold numbers, expected 2 or 3.")
    values = transformed(values, transform)
    signs = paths["sign"].values.astype(str)
    seed = "" if space.startswith("pca") else f", autoencoder seed {int(chosen['ae_seed'].values)}"
    title = (
        f"Paths of {len(values):,} examples of {len(set(signs)):,} signs in {space} "
        f"(LSTM seed {lstm_seed}{seed})"
    )
    axis = "principal component" if space.startswith("pca") else "autoencoder unit"
    note = ", sign(x)·log(1 + |x|)" if transform == "log1p" else ""
    labels = [f"{axis} {d + 1} (no unit{note})" for d in range(values.shape[2])]
    if values.shape[2] == 2:
        return _plane(values, signs, title, labels)
    return _volume(values, title, labels)


def draw_pairs(stability: xr.Dataset) -> Figure:
    """Draw the closest pairs: the share of LSTMs in which they are close, with its interval."""
    order = closest_first(stability)
    # Pairs that are never close say nothing here, but a handful show where the others end.
    ever = int((stability["pi"].sel(space=HEADLINE).values > 0).sum())
    order = order[: min(PAIRS_SHOWN, max(ever, FEWEST_PAIRS_SHOWN))]
    chosen = stability.sel(space=HEADLINE).isel(pair=order)
    names = [_short_pair(stability, int(i)) for i in order]
    verdict = chosen["verdict"].values.astype(str)
    runs = stability.sizes["lstm_seed"]
    tau = float(stability.attrs["tau"])
    confidence = 100 * float(stability.attrs["confidence"])
    figure, axes = _canvas(9.2, 2.3 + 0.29 * len(order))
    rows = np.arange(len(order))
    low, pi, high = (chosen[name].values for name in ("pi_low", "pi", "pi_high"))
    for name in VERDICTS:
        these = rows[verdict == name]
        axes.hlines(these, low[these], high[these], color=COLOURS[name], lw=2.2, alpha=0.55)
        axes.plot(
            pi[these],
            these,
            MARKERS[name],
            color=COLOURS[name],
            ms=7,
            mec="white",
            mew=0.8,
            zorder=3,
        )
    axes.axvline(tau, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
    axes.annotate(
        f"τ = {tau:g}",
        (tau, 1),
        (4, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        fontsize=9,
    )
    for row, share in zip(rows, pi, strict=True):
        axes.annotate(
            f"{round(share * runs)}/{runs}",
            (1, row),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(rows, names)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel(
        f"share of {runs} LSTM{'s' * (runs != 1)} in which the pair is close (%), "
        f"with its {confidence:g} % interval"
    )
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#DDDDDD", lw=0.6)
    axes.set_axisbelow(True)
    pairs = stability.sizes["pair"]
    axes.set_title(f"The {len(order)} closest of {pairs:,} pairs (space: {HEADLINE})", pad=22)
    _legend(figure, [_key(name) for name in VERDICTS if (verdict == name).any()])
    return figure


def draw_seeds(stability: xr.Dataset) -> Figure:
    """Draw in which LSTMs a pair is close, with its mutual rank, for the pairs that ever are."""
    chosen = stability.sel(space=HEADLINE)
    close = chosen["close"].transpose("pair", "lstm_seed").values.astype(bool)
    rank = chosen["mutual_rank"].transpose("pair", "lstm_seed").values
    order = closest_first(stability)
    ever = order[close[order].any(axis=1)]
    order = ever[:SEED_ROWS_SHOWN]
    seeds, runs = lstm_seeds(stability), stability.sizes["lstm_seed"]
    verdict = stability["verdict"].values.astype(str)
    if not len(order):
        figure, axes = _canvas(8, 2)
        axes.axis("off")
        axes.text(0, 0.5, "No pair was close in any LSTM.", fontsize=12, va="center")
        return figure
    figure, axes = _canvas(max(7.6, 4.6 + 0.4 * runs), 1.5 + 0.25 * len(order))
    close, rank = close[order], rank[order]
    furthest = max(float(np.nanmax(rank)), 2.0)
    # Not close: white to grey, the nearer the darker; close: one strong blue that no grey reaches.
    grey = ListedColormap(matplotlib.colormaps["Greys"](np.linspace(0.42, 0.03, 256)))
    norm = LogNorm(1, furthest)
    axes.pcolormesh(
        np.ma.masked_where(close, rank), cmap=grey, norm=norm, edgecolors="white", linewidth=1
    )
    axes.pcolormesh(
        np.ma.masked_where(~close, np.ones_like(rank)),
        cmap=ListedColormap([COLOURS["stays close"]]),
        edgecolors="white",
        linewidth=1,
    )
    if runs <= 40:
        for row, column in np.ndindex(rank.shape):
            is_close = close[row, column]
            axes.text(
                column + 0.5,
                row + 0.5,
                _rank_text(rank[row, column]),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if is_close else "#333333",
                fontweight="bold" if is_close else "normal",
            )
    axes.set_xticks(np.arange(runs) + 0.5, [str(seed) for seed in seeds])
    axes.set_yticks(np.arange(len(order)) + 0.5, [_short_pair(stability, int(i)) for i in order])
    axes.tick_params(length=0)
    axes.set_ylim(len(order), 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, i in enumerate(order):
        beside = axes.get_yaxis_transform() + ScaledTranslation(12 / 72, 0, figure.dpi_scale_trans)
        axes.plot(
            1,
            row + 0.5,
            MARKERS[verdict[i]],
            color=COLOURS[verdict[i]],
            ms=6,
            clip_on=False,
            transform=beside,
        )
        axes.annotate(
            f"{int(close[row].sum())}/{runs} {verdict[i]}",
            (1, row + 0.5),
            (21, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
    axes.set_xlabel("LSTM seed")
    shown = f"the first {len(order)} of {len(ever):,}" if len(ever) > len(order) else str(len(ever))
    axes.set_title(
        f"Pairs that are close in at least one LSTM: {shown} (space: {HEADLINE})\n"
        "Number: mutual rank, 1 is nearest. "
        f"Blue and bold: close, at most {stability.attrs['k']:g}.",
        fontsize=10.5,
        linespacing=1.5,
    )
    return figure


def draw_variance(stability: xr.Dataset) -> Figure:
    """Draw whose the spread of the ranks is, and how reliable means over more LSTMs would be."""
    runs = stability.sizes["lstm_seed"]
    if runs == 1:
        figure, axes = _canvas(8, 2)
        axes.axis("off")
        text = "One LSTM: what another training would change is not known."
        axes.text(0, 0.5, text, fontsize=12, va="center")
        return figure
    spaces = [str(name) for name in stability["space"].values]
    layout = ConstrainedLayoutEngine(hspace=0.06)
    figure = Figure(figsize=(9.2, 4.6 + 0.34 * len(spaces)), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=[1.1 + 0.34 * len(spaces), 3.2])
    _draw_shares(upper, stability, spaces)
    _draw_reliability(lower, stability, spaces)
    return figure


def _draw_shares(axes: Any, stability: xr.Dataset, spaces: Sequence[str]) -> None:
    shares = stability["variance_share"].transpose("space", "source").values
    rows = np.arange(len(spaces))
    left = np.zeros(len(spaces))
    for column, (name, colour, hatch) in enumerate(SOURCES):
        axes.barh(
            rows,
            shares[:, column],
            left=left,
            height=0.72,
            color=colour,
            edgecolor="white",
            hatch=hatch,
            label=name,
        )
        left += shares[:, column]
    for row, values in enumerate(shares):
        for start, value, (_, _, hatch) in zip(
            np.cumsum(values) - values, values, SOURCES, strict=True
        ):
            if value >= LEAST_LABELLED:
                axes.text(
                    start + value / 2,
                    row,
                    f"{100 * value:.0f} %",
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="#000000" if hatch else "white",
                    bbox={"fc": "white", "ec": "none", "pad": 1.2} if hatch else None,
                )
    axes.set_yticks(rows, spaces)
    axes.set_ylim(len(spaces) - 0.45, -0.55)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel("share of the variance of the pairs' ranks (%)")
    axes.tick_params(axis="y", length=0)
    axes.set_title("Where ranks differ: between pairs, or between trainings of one pair")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.1), ncols=len(SOURCES))


def _draw_reliability(axes: Any, stability: xr.Dataset, spaces: Sequence[str]) -> None:
    runs, each = stability.sizes["lstm_seed"], int(stability.attrs["ae_seeds"])
    target = float(stability.attrs["reliability"])
    most = max(30, 2 * runs)
    counts = np.arange(1, most + 1)
    drawn = [space for space in spaces if space == HEADLINE or space.startswith("ae")]
    for index, space in enumerate(drawn):
        found = variance.Components(*stability["variance"].sel(space=space).values)
        style = LINES[index % len(LINES)]
        axes.plot(counts, variance.reliability(found, counts, each), **style, lw=2, label=space)
        axes.plot(
            runs,
            variance.reliability(found, runs, each),
            marker="o",
            color=style["color"],
            ms=7,
            mec="white",
            clip_on=False,
            zorder=3,
        )
    axes.axvline(runs, color="#222222", lw=1, ls=(0, (1, 2)), zorder=0)
    axes.axhline(target, color="#222222", lw=1, ls=(0, (4, 3)), zorder=0)
    for text, at, shift in (
        (f"here: {runs} LSTMs", (runs, 0), (5, 6)),
        (f"wanted: {target:g}", (most, target), (-4, -11)),
    ):
        axes.annotate(
            text,
            at,
            shift,
            textcoords="offset points",
            fontsize=9,
            ha="right" if shift[0] < 0 else "left",
        )
    axes.set_xlim(0.5, most + 0.5)
    axes.set_ylim(0, 1.01)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axes.set_xlabel(f"number of LSTMs, with {each} autoencoder{'s' * (each != 1)} each")
    axes.set_ylabel("reliability (no unit)")
    axes.set_title("How far the order of the pairs can be relied on")
    axes.legend(loc="lower right", title="space", alignment="left")


def draw_accuracy(metrics: Sequence[dict[str, Any]]) -> Figure:
    """Draw how well every LSTM recognises the training, validation and test examples."""
    seeds = [str(run["lstm_seed"]) for run in metrics]
    figure, axes = _canvas(max(7.2, 2.4 + 0.34 * len(seeds)), 4.2)
    handles, lowest = [], 1.0
    for offset, (part, (name, marker, colour)) in zip((-0.2, 0, 0.2), PARTS.items(), strict=True):
        values = np.array([_value(run, part) for run in metrics])
        if not np.isfinite(values).any():
            continue
        axes.plot(
            np.arange(len(seeds)) + offset,
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
        label = f"{name} (mean {100 * mean:.1f} %)" if len(seeds) > 1 else name
        handles.append(Line2D([], [], color=colour, marker=marker, ls="", ms=6, label=label))
        lowest = min(lowest, float(np.nanmin(values)))
    for boundary in np.arange(len(seeds) - 1) + 0.5:
        axes.axvline(boundary, color="#EEEEEE", lw=0.8, zorder=0)
    axes.set_xticks(np.arange(len(seeds)), seeds)
    axes.set_xlim(-0.6, len(seeds) - 0.4)
    # At least a tenth is shown: a spread of half a percent is not to look like a chasm.
    span = max(0.1, 1 - lowest)
    axes.set_ylim(1 - 1.05 * span, 1 + 0.05 * span)
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.grid(axis="y", color="#DDDDDD", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("LSTM seed")
    axes.set_ylabel("examples recognised (%)")
    axes.set_title("Accuracy of every LSTM" + (" (dashed: mean)" if len(seeds) > 1 else ""))
    _legend(figure, handles)
    return figure


def _plane(values: np.ndarray, signs: np.ndarray, title: str, axis_labels: list[str]) -> Figure:
    names = sorted(set(signs))
    size = min(1.0, max(0.0, (len(names) - 12) / 82))
    many = min(1.0, len(values) / 2500)
    real = np.isfinite(values).all(axis=2)
    # One unit is as long on both axes, so the paper takes the shape of the data, within reason.
    width, height = np.ptp(values[real], axis=0)
    shape = float(np.sqrt(np.clip(width / max(height, 1e-9), 1.0, 1.7)))
    figure, axes = _canvas((8 + 3.4 * size) * shape + 1, (8 + 3.4 * size) / shape + 0.6)
    steps = np.cumsum(real, axis=1)
    axes.add_collection(
        LineCollection(
            [path[mask] for path, mask in zip(values, real, strict=True)],
            colors="#111111",
            linewidths=0.5 - 0.28 * many,
            alpha=0.45 - 0.2 * many,
            zorder=2,
        )
    )
    points = axes.scatter(
        values[real][:, 0],
        values[real][:, 1],
        c=steps[real],
        cmap=TIME_COLOURS,
        s=9 - 5.5 * many,
        alpha=0.75,
        linewidths=0,
        zorder=1,
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    axes.set_xlabel(axis_labels[0])
    axes.set_ylabel(axis_labels[1])
    axes.set_title(title)
    _time_bar(figure, axes, points)
    ends = last_points(values)
    anchors = np.array([np.nanmedian(ends[signs == name], axis=0) for name in names])
    _name_signs(figure, axes, names, anchors, fontsize=10 - 1.2 * size)
    return figure


def _volume(values: np.ndarray, title: str, axis_labels: list[str]) -> Figure:
    figure = Figure(figsize=(6.8, 5.4), dpi=DPI)
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.0, 0.0, 0.84, 0.94), projection="3d")
    real = np.isfinite(values).all(axis=2)
    steps = np.cumsum(real, axis=1)
    size = 5 - 3.5 * min(1.0, len(values) / 2500)
    points = axes.scatter(
        *values[real].T, c=steps[real], cmap=TIME_COLOURS, s=size, alpha=0.6, lw=0, depthshade=False
    )
    axes.view_init(elev=22, azim=-58)
    axes.set_box_aspect(None, zoom=1.02)
    for name, text in zip("xyz", axis_labels, strict=True):
        getattr(axes, f"set_{name}label")(text, fontsize=8.5, labelpad=4)
        axis = getattr(axes, f"{name}axis")
        axis.set_pane_color("#FFFFFF")
        axis.set_major_locator(ticker.MaxNLocator(5))
    axes.tick_params(labelsize=8, pad=1)
    figure.text(0.03, 0.945, title, fontsize=9.5)
    bar = figure.colorbar(points, cax=figure.add_axes((0.88, 0.18, 0.022, 0.64)))
    _label_time_bar(bar)
    return figure


def _name_signs(
    figure: Figure, axes: Any, names: Sequence[str], anchors: np.ndarray, *, fontsize: float
) -> None:
    """Write the signs' names at their anchors, moved apart, with a thin line back to the anchor."""
    axis_label = axes.get_xlabel()
    note = "Red dot: the middle of a sign's last steps"
    axes.set_xlabel(f"{axis_label}\n{note}.")
    figure.canvas.draw()  # fixes the layout, so that pixels are final
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    pixels = axes.transData.transform(anchors)
    halo = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.9)]
    texts = [
        axes.text(
            *at,
            _short(name),
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
    centres = place_labels(pixels, sizes, (frame.x0 + 3, frame.y0 + 3, frame.x1 - 3, frame.y1 - 3))
    for text, at, anchor, size in zip(texts, centres, pixels, sizes, strict=True):
        if np.isnan(at).any():
            text.remove()
            continue
        text.set_position(tuple(at))
        edge = at + np.clip(anchor - at, -size / 2, size / 2)
        if np.linalg.norm(edge - anchor) > 0.6 * size[1]:
            axes.add_line(
                Line2D(
                    *np.stack([anchor, edge], axis=1),
                    transform=None,
                    color="#B00000",
                    lw=0.7,
                    zorder=4,
                )
            )
        axes.add_line(
            Line2D(*anchor[:, None], transform=None, marker="o", ms=2.4, color="#B00000", zorder=4)
        )
    left_out = int(np.isnan(centres[:, 0]).sum())
    if left_out:
        note += f"; {left_out} {'name' if left_out == 1 else 'names'} left out for want of room"
        axes.set_xlabel(f"{axis_label}\n{note}.")


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _save(figure: Figure, path: Path) -> None:
    if path.suffix == ".svg":
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        return
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _time_bar(figure: Figure, axes: Any, points: Any) -> None:
    _label_time_bar(figure.colorbar(points, ax=axes, fraction=0.035, pad=0.015, aspect=35))


def _label_time_bar(bar: Any) -> None:
    bar.set_label("time step since the example began (frames)")
    bar.solids.set(alpha=1)
    bar.outline.set_visible(False)


def _legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=max(1, len(handles)))


def _key(verdict: str) -> Line2D:
    return Line2D(
        [], [], color=COLOURS[verdict], marker=MARKERS[verdict], ms=7, lw=2.2, label=verdict
    )


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _short_pair(stability: xr.Dataset, pair: int) -> str:
    a, b = (str(stability[name].values[pair]) for name in ("sign_a", "sign_b"))
    return pair_name(_short(a), _short(b))


def _rank_text(rank: float) -> str:
    if not np.isfinite(rank):
        return ""
    return f"{rank:.1f}".removesuffix(".0") if rank < 9.95 else f"{rank:.0f}"


def _value(run: dict[str, Any], part: str) -> float:
    values = accuracies([run], part)
    return values[0] if values else float("nan")
