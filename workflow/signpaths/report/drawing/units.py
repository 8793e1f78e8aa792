"""The units that answer most clearly, over the recordings: a line's colour is what the unit does.

Takes `units.zarr`, the recordings and one network's hidden states; gives a row for each kind of
feature and in it three held-out examples, in which the unit answers well, as usual, and badly.
After Karpathy, Johnson and Li (2015), who colour text by what a unit does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator

from signpaths.evidence.associations import aligned, centred, shifted, without_course
from signpaths.evidence.features import (
    FINGERS,
    KINDS,
    Feature,
    moving_features,
    moving_values,
    position,
)
from signpaths.report.drawing.style import DPI, TIME_COLOURS, sentence, short
from signpaths.wording import counted, signed

MOST_ROWS = 5
# From this quantile on of how much the feature varies in them, examples are shown; and quantiles of
# the correlation inside of these.
VARIES = 0.75
SHOWN = (0.9, 0.5, 0.1)
TITLES = ("clearer than in 90 % of examples", "middle example", "less clear than in 90 %")
# Frames that an example needs to be shown, and the range of a unit that colours span.
FEWEST, RANGE = 8, (2, 98)
NOTHING = "No unit to draw: no unit of this network varies with what happens in the recordings."


@dataclass(frozen=True)
class Row:
    """A unit and the feature that it goes together with most clearly of its kind."""

    feature: Feature
    unit: int
    strength: float
    lag: int
    answers: bool


@dataclass(frozen=True)
class Shown:
    """The examples to choose from.

    Attributes
    ----------
    frames
        Real frames of every example, `(frame, channel)`.
    hidden
        Hidden states `(example, time, unit)`, aligned.
    channels
        Names of the channels.
    signs
        The sign of every example.
    """

    frames: list[np.ndarray]
    hidden: np.ndarray
    channels: list[str]
    signs: list[str]


def draw_units(
    units: xr.Dataset, sequences: xr.Dataset, activations: xr.Dataset, network: str
) -> Figure:
    """Draw the units of a network that answer most clearly, one for each kind of feature.

    Parameters
    ----------
    units
        The store of stage `units`.
    sequences
        That of stage `sequences`.
    activations
        That of stage `activations`, of this network.
    network
        Its name.
    """
    rows = clearest(units, network)
    channels = sequences["channel"].values.astype(str).tolist()
    chosen = np.flatnonzero(
        (activations["part"].values != "train") & (sequences["length"].values >= FEWEST)
    )
    if not rows or not chosen.size:
        return sentence(NOTHING)
    real = sequences["mask"].values[chosen]
    shown = Shown(
        [x[mask] for x, mask in zip(sequences["x"].values[chosen], real, strict=True)],
        aligned(activations["hidden"].values[chosen], real),
        channels,
        sequences["sign"].values[chosen].astype(str).tolist(),
    )
    figure = Figure(figsize=(10, 1.75 * len(rows) + 1), dpi=DPI)
    FigureCanvasAgg(figure)
    height = figure.get_figheight()
    grid = GridSpec(
        nrows=len(rows),
        ncols=len(SHOWN) + 1,
        figure=figure,
        width_ratios=[1] * len(SHOWN) + [0.035],
        left=0.075,
        right=0.925,
        top=1 - 1.2 / height,
        bottom=0.5 / height,
        wspace=0.3,
        hspace=0.85,
    )
    for place, row in enumerate(rows):
        axes = [figure.add_subplot(grid[place, column]) for column in range(len(SHOWN))]
        drawn = _draw_row(axes, row, shown)
        if place == len(rows) - 1:
            for one in axes:
                one.set_xlabel("frame", fontsize=9)
        bar = figure.colorbar(drawn, cax=figure.add_subplot(grid[place, -1]))
        bar.set_label(f"unit {row.unit} (no unit)", fontsize=8)
        bar.ax.tick_params(labelsize=8)
        bar.ax.yaxis.set_major_locator(MaxNLocator(3))
        bar.outline.set_visible(False)
    for column, title in enumerate(TITLES):
        box = grid[0, column].get_position(figure)
        figure.text(box.x0, 1 - 0.52 / height, title, fontsize=9, color="#444444")
    figure.text(
        0.005,
        1 - 0.2 / height,
        f"Network {network}: the clearest unit for each kind of feature",
        fontsize=12,
        va="center",
    )
    return figure


def _draw_row(axes: Sequence[Any], row: Row, shown: Shown) -> LineCollection:
    line, label = _line(row.feature, shown)
    does = [
        one[: len(frames), row.unit] for one, frames in zip(shown.hidden, shown.frames, strict=True)
    ]
    inside, varies = correlations(row, shown)
    # Where hardly anything happens there is nothing to answer to.
    most = np.flatnonzero(varies >= np.quantile(varies, VARIES))
    bounds = np.percentile(np.concatenate(does), RANGE)
    chosen = most[_at_quantiles(np.sign(row.strength) * inside[most])]
    for one, example in zip(axes, chosen, strict=True):
        drawn = _draw(one, line[example], does[example], bounds)
        name = f"{short(shown.signs[example])}, r = {signed(inside[example])}"
        one.set_title(name, fontsize=8, pad=3)
        one.set_ylim(_span(line[example]))
        one.tick_params(labelsize=8)
        one.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        one.yaxis.set_major_locator(MaxNLocator(3))
    axes[0].set_ylabel(label, fontsize=8)
    axes[0].text(0, 1.26, _heading(row), fontsize=9.5, transform=axes[0].transAxes, va="bottom")
    return drawn


def clearest(units: xr.Dataset, network: str) -> list[Row]:
    """Give the clearest unit and feature of every kind that varies in an example, best first."""
    own = units.sel(which="trained", network=network)
    rows = []
    kinds = own["kind"].values.astype(str)
    for kind in dict.fromkeys(kinds.tolist()):
        if KINDS[kind].view == "between":
            continue
        places = np.flatnonzero(kinds == kind)
        feature = int(places[own["best"].values[places].argmax()])
        unit = int(own["best_unit"].values[feature])
        strength = float(own["strength"].values[unit, feature])
        if strength:
            rows.append(
                Row(
                    Feature(kind, str(own["of"].values[feature])),
                    unit,
                    strength,
                    int(own["lag"].values[unit, feature]),
                    bool(own["q"].values[unit, feature] <= units.attrs["fdr"]),
                )
            )
    return sorted(rows, key=lambda row: (not row.answers, -abs(row.strength)))[:MOST_ROWS]


def correlations(row: Row, shown: Shown) -> tuple[np.ndarray, np.ndarray]:
    """Correlate unit and feature inside each example, as stage `responses` does over all of them.

    Returns
    -------
    tuple of numpy.ndarray
        Correlation, 0 where either does not vary, and how much the feature varies, `(example,)`.
    """
    length = np.array([len(one) for one in shown.frames])
    value = np.zeros((*shown.hidden.shape[:2], 1))
    for place, one in enumerate(shown.frames):
        value[place, : len(one), 0] = _value(row.feature, one, shown.channels)
    unit = centred(shown.hidden[..., [row.unit]], length)
    value = centred(value, length)
    # Before the mean course is taken off: what stands still departs from that, too.
    varies = (value**2).sum(axis=(1, 2))
    if KINDS[row.feature.kind].lagged:
        unit, value = without_course(unit, length), without_course(value, length)
    value = shifted(value, length, row.lag)
    size = np.sqrt((unit**2).sum(axis=(1, 2)) * (value**2).sum(axis=(1, 2)))
    both = (unit * value).sum(axis=(1, 2))
    return np.divide(both, size, out=np.zeros(len(both)), where=size > 0), varies


def _heading(row: Row) -> str:
    words = KINDS[row.feature.kind].words
    of = f" ({short(row.feature.of)})" if row.feature.of else ""
    later = f", {counted(row.lag, 'frame')} later" if row.lag else ""
    said = "answers" if row.answers else "not shown to answer"
    how = f"r = {signed(row.strength)} in all examples{later}"
    return f"Unit {row.unit} and {words}{of}: {how} · {said}"


def _line(feature: Feature, shown: Shown) -> tuple[list[np.ndarray], str]:
    """Give what is drawn in every example, and its name: the channel that the feature is of."""
    frames, channels = shown.frames, shown.channels
    if feature.kind in ("shape", "fist"):
        places = [channels.index(f"{feature.of}_{finger}") for finger in FINGERS]
        return [one[:, places].mean(axis=1) for one in frames], f"{feature.of} fingers,\nmean bend"
    if feature.of in channels:
        return [one[:, channels.index(feature.of)] for one in frames], short(feature.of)
    if feature.kind == "position":
        # The channel that changes most within examples, beside how much it differs in all.
        within = np.mean([one.std(axis=0) for one in frames], axis=0)
        whole = np.concatenate(frames).std(axis=0)
        most = int(np.argmax(np.divide(within, whole, out=np.zeros_like(within), where=whole > 0)))
        return [one[:, most] for one in frames], short(channels[most])
    return [_value(feature, one, channels) for one in frames], f"{feature.of} {feature.kind}"


def _value(feature: Feature, frames: np.ndarray, channels: list[str]) -> np.ndarray:
    if feature.kind == "position":
        return position(len(frames))
    return moving_values(frames, channels)[:, moving_features(channels).index(feature)]


def _at_quantiles(values: np.ndarray) -> list[int]:
    order = np.argsort(values, kind="stable")
    return [int(order[round(share * (len(order) - 1))]) for share in SHOWN]


def _draw(axes: Any, line: np.ndarray, does: np.ndarray, bounds: np.ndarray) -> LineCollection:
    points = np.column_stack([np.arange(1, len(line) + 1), line])
    pieces = LineCollection(
        list(np.stack([points[:-1], points[1:]], axis=1)),
        array=(does[1:] + does[:-1]) / 2,
        cmap=TIME_COLOURS,
        lw=2.6,
        capstyle="round",
    )
    pieces.set_clim(*bounds)
    axes.add_collection(pieces)
    axes.set_xlim(0, len(line) + 1)
    return pieces


def _span(line: np.ndarray) -> tuple[float, float]:
    """Give the range of a line, with room about it."""
    low, high = line.min(), line.max()
    room = 0.08 * (high - low) or 1.0
    return float(low - room), float(high + room)
