"""Names beside points: how `report/drawing/labels.py` and two libraries place them, as a table.

Takes a study's folder with its `sequences.zarr` and, if there, one network's `paths`; gives a line
for each way to place names and each set of places. The libraries are textalloc 1.2.4 (C. Kjellson,
greedy) and adjustText 1.4.0 (I. Flyamer, forces). Nothing else needs them, so they are imported
from wherever they are: `pip install --no-deps --target libraries textalloc==1.2.4
adjustText==1.4.0`, then `PYTHONPATH=workflow:libraries python tests/benchmarks/labels.py
results/article`. A library that cannot be imported is left out, and that is told.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from signpaths.frames import last_states
from signpaths.projections.components import principal_components
from signpaths.report.drawing.labels import name_signs
from signpaths.report.drawing.scene import last_points
from signpaths.report.drawing.style import STYLE, canvas, save, short
from signpaths.stores import open_store

FEW, CLUSTERS = 20, 7
FONTSIZE = 8.8
RED = "#B00000"
# A picture has so many points to an inch, whatever its pixels.
POINTS = 72.0
COLUMNS = "{:<22} {:<18} {:>8} {:>8} {:>9} {:>10} {:>7} {:>8} {:>7} {:>8} {:>6}"


class Places(NamedTuple):
    """Names, where they belong `(name, 2)`, and the points drawn below them `(point, 2)`."""

    what: str
    names: list[str]
    anchors: np.ndarray
    points: np.ndarray


class Placed(NamedTuple):
    """What came of it: counts, distances from label to anchor in points, seconds."""

    left_out: int
    overlaps: int
    outside: int
    covered: int
    median: float
    greatest: float
    seconds: float
    again: bool


def main(study: Path, pictures: Path | None) -> None:
    """Place the names in every way, print a line for each."""
    print(
        COLUMNS.format(
            *("places", "placed by", "left out", "overlaps", "outside", "covered", "median"),
            *("greatest", "seconds", "the same", "names"),
        )
    )
    for places in all_places(study):
        for name, way in WAYS.items():
            try:
                figure, found = measured(places, way)
            except ImportError as error:
                print(f"{places.what:<22} {name:<18} cannot be imported: {error}")
                continue
            print(
                COLUMNS.format(
                    *(places.what, name, found.left_out, found.overlaps, found.outside),
                    *(found.covered, f"{found.median:.1f}", f"{found.greatest:.1f}"),
                    *(f"{found.seconds:.2f}", "yes" if found.again else "no", len(places.names)),
                )
            )
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                save(figure, pictures / f"{places.what}-{name}".replace(" ", "-"), name, ("png",))


def all_places(study: Path) -> Iterator[Places]:
    """Give the places of all signs and of the first twenty: of raw signals, paths and by chance."""
    sequences = open_store(study / "sequences.zarr")
    sign = sequences.sign.values.astype(str)
    last = last_states(sequences.x.values, sequences.mask.values)
    planes = {"raw": principal_components(last).onto(last, 2)}
    for store in sorted((study / "paths").glob("*.zarr"))[:1]:
        paths = open_store(store, "paths")
        for space in ("pca2", "ae2"):
            one = paths.path.sel(space=space).isel(ae_seed=0).values[..., :2]
            planes[space] = last_points(one)
    names = np.unique(sign)
    for what, points in planes.items():
        anchors = np.array([np.nanmedian(points[sign == name], axis=0) for name in names])
        yield Places(f"{what}, all", names.tolist(), anchors, points)
        few = np.isin(sign, names[:FEW])
        yield Places(f"{what}, few", names[:FEW].tolist(), anchors[:FEW], points[few])
    generator = np.random.default_rng(0)
    centre = generator.normal(0, 1, (CLUSTERS, 2))[generator.integers(0, CLUSTERS, names.size)]
    anchors = centre + generator.normal(0, 0.15, centre.shape)
    yield Places("crowds, all", names.tolist(), anchors, anchors)


def measured(places: Places, way: Callable[[Figure, Any, Places], None]) -> tuple[Figure, Placed]:
    """Draw the places and their names twice; measure what stands in the picture."""
    boxes, seconds = [], []
    for _ in range(2):
        with matplotlib.rc_context(STYLE):
            figure, axes = canvas(12.4, 12)
            axes.scatter(*places.points.T, s=3, c="#9BB7C9", linewidths=0)
            axes.scatter(*places.anchors.T, s=6, c=RED, linewidths=0, zorder=4)
            axes.margins(0.04)
            axes.set_xlabel("first dimension")
            axes.set_ylabel("second dimension")
            figure.canvas.draw()
            start = time.perf_counter()
            way(figure, axes, places)
            seconds.append(time.perf_counter() - start)
            figure.canvas.draw()
        boxes.append(label_boxes(axes, places.names))
    again = all(
        np.array_equal(one, other, equal_nan=True) for one, other in zip(*boxes, strict=True)
    )
    frame = np.array(axes.get_window_extent().extents)
    found = judged(*boxes[0], axes.transData.transform(places.anchors), frame)
    scale = POINTS / figure.dpi
    return figure, Placed(
        *found[:4], median=found[4] * scale, greatest=found[5] * scale, seconds=seconds[0],
        again=again,
    )  # fmt: skip


def label_boxes(axes: Any, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give lowest and highest corner of every name in pixels, `(name, 2)`; NaN if left out."""
    extents = {text.get_text(): text.get_window_extent().extents for text in axes.texts}
    boxes = np.array([extents.get(short(name), np.full(4, np.nan)) for name in names])
    return boxes[:, :2], boxes[:, 2:]


def judged(
    low: np.ndarray, high: np.ndarray, anchors: np.ndarray, frame: np.ndarray
) -> tuple[int, int, int, int, float, float]:
    """Count labels left out, pairs that overlap, labels outside and anchors that others cover.

    Then median and greatest distance from a label's edge to its anchor, in pixels.
    """
    there = ~np.isnan(low[:, 0])
    low, high, own = low[there], high[there], anchors[there]
    over = ((low[:, None] < high) & (low < high[:, None])).all(axis=2)
    inside = np.all((anchors[:, None] > low) & (anchors[:, None] < high), axis=2)
    # A label over its own anchor hides nothing that it does not name.
    inside &= np.arange(len(anchors))[:, None] != np.flatnonzero(there)
    apart = np.linalg.norm(np.maximum(0, np.maximum(low - own, own - high)), axis=1)
    return (
        int((~there).sum()),
        int(np.triu(over, 1).sum()),
        int(((low < frame[:2]) | (high > frame[2:])).any(axis=1).sum()),
        int(np.count_nonzero(inside.any(axis=1))),
        float(np.median(apart)),
        float(apart.max()),
    )


def by_our_own(figure: Figure, axes: Any, places: Places) -> None:
    """As the figures of a study have it."""
    name_signs(figure, axes, places.names, places.anchors, fontsize=FONTSIZE)


def by_textalloc(figure: Figure, axes: Any, places: Places, **settings: Any) -> None:
    """Take the first free one of many places around each anchor, in the names' order."""
    figure.set_layout_engine("none")
    import_module("textalloc").allocate(
        axes,
        *places.anchors.T,
        [short(name) for name in places.names],
        x_scatter=places.anchors[:, 0],
        y_scatter=places.anchors[:, 1],
        textsize=FONTSIZE,
        linecolor=RED,
        linewidth=0.7,
        **settings,
    )


def by_textalloc_tuned(figure: Figure, axes: Any, places: Places) -> None:
    """Look near first, with small margins and more candidates, and leave out what does not fit."""
    by_textalloc(
        *(figure, axes, places),
        min_distance=0.004,
        max_distance=0.4,
        margin=0.002,
        nbr_candidates=1000,
        draw_all=False,
    )


def by_adjust_text(figure: Figure, axes: Any, places: Places, **settings: Any) -> None:
    """Push names apart and pull them to their anchors, over and over."""
    figure.set_layout_engine("none")
    texts = [
        axes.text(*at, short(name), ha="center", va="center", fontsize=FONTSIZE)
        for at, name in zip(places.anchors, places.names, strict=True)
    ]
    import_module("adjustText").adjust_text(
        texts, ax=axes, arrowprops={"arrowstyle": "-", "color": RED, "lw": 0.7}, **settings
    )


def by_adjust_text_tuned(figure: Figure, axes: Any, places: Places) -> None:
    """The same with weaker forces and 200 rounds; left alone it stops by the clock."""
    by_adjust_text(
        *(figure, axes, places),
        force_text=(0.1, 0.2),
        force_static=(0.05, 0.1),
        force_explode=(0.05, 0.1),
        force_pull=(0.02, 0.02),
        expand=(1.02, 1.05),
        iter_lim=200,
        min_arrow_len=0,
    )


WAYS = {
    "our own": by_our_own,
    "textalloc": by_textalloc,
    "textalloc tuned": by_textalloc_tuned,
    "adjustText": by_adjust_text,
    "adjustText tuned": by_adjust_text_tuned,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="folder of a study with the real names")
    parser.add_argument("--pictures", type=Path, help="folder to draw into")
    arguments = parser.parse_args()
    main(arguments.study, arguments.pictures)
