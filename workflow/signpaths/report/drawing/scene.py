"""What is drawn of one run in one space, and the plane that it is drawn on.

Takes paths and what is known of their examples, gives a scene; and figures whose axes, threads and
ends all pictures of paths share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from signpaths.errors import UserError
from signpaths.report.drawing.style import TIME_COLOURS, canvas
from signpaths.spaces import Space

FAINT = "#C4C4C4"
LOG1P = "log1p"


@dataclass(frozen=True)
class Scene:
    """Paths of every example in one space of one run.

    Attributes
    ----------
    path
        As they are drawn, `(example, time, dim)`; NaN on padding.
    sign, predicted, part, hands
        Of every example, `(example,)`.
    space
        The space.
    transform
        How paths were changed to be drawn.
    sightings
        What was measured of the run, `sightings/<run>.zarr`.
    """

    path: np.ndarray
    sign: np.ndarray
    predicted: np.ndarray
    part: np.ndarray
    hands: np.ndarray
    space: Space
    transform: str
    sightings: xr.Dataset

    @property
    def names(self) -> list[str]:
        """The signs."""
        return sorted(set(self.sign.tolist()))

    @property
    def real(self) -> np.ndarray:
        """Which frames are real, bool `(example, time)`."""
        return np.isfinite(self.path).all(axis=2)

    @property
    def axes(self) -> list[str]:
        """What stands at the axes."""
        return axis_labels(self.space, self.transform)

    @property
    def many(self) -> float:
        """How far points and threads are to be thinned for the number of examples, 0 to 1."""
        return thinned(len(self.path))

    @property
    def crowd(self) -> float:
        """How far names are to be made smaller for their number, 0 to 1."""
        return min(1.0, max(0.0, (len(self.names) - 12) / 82))

    @property
    def named_side(self) -> float:
        """How large a picture is to be in which every sign has its name, in inches."""
        return 8 + 1.8 * self.crowd

    @property
    def fontsize(self) -> float:
        """Of the names of all signs."""
        return 10 - 1.8 * self.crowd

    def measured(self, name: str) -> xr.DataArray:
        """Give what was measured in this space."""
        return self.sightings[name].sel(space=self.space.name)


def transformed(values: np.ndarray, transform: str) -> np.ndarray:
    """Apply the display transform; NaN stays NaN."""
    if transform == "none":
        return values
    if transform == LOG1P:
        return np.sign(values) * np.log1p(np.abs(values))
    raise UserError(f"figures.transform is {transform!r}, expected none or log1p.")


def axis_labels(space: Space, transform: str) -> list[str]:
    """Say what stands on each axis of a space's pictures."""
    unit = "autoencoder unit" if space.is_trained else "principal component"
    note = ", sign(x)·log(1 + |x|)" if transform == LOG1P else ""
    return [f"{unit} {dim + 1} (no unit{note})" for dim in range(space.dims)]


def last_points(path: np.ndarray) -> np.ndarray:
    """Give the last real point of every example's path, whichever side the padding is on."""
    real = np.isfinite(path).all(axis=2)
    last = path.shape[1] - 1 - np.argmax(real[:, ::-1], axis=1)
    points = path[np.arange(len(path)), last]
    return np.where(real.any(axis=1)[:, None], points, np.nan)


def middles(ends: np.ndarray, sign: np.ndarray, names: Sequence[Any]) -> np.ndarray:
    """Give of every sign the end that is nearest to all its others (the medoid), `(sign, dim)`.

    A mean or median can lie where no example ends.
    """
    found = []
    for name in names:
        own = ends[sign == name]
        apart = np.linalg.norm(own[:, None] - own, axis=2)
        found.append(own[int(np.nanargmin(np.nansum(apart, axis=1)))])
    return np.array(found)


def plane(scene: Scene, title: str, side: float = 7.2) -> tuple[Figure, Any]:
    """Give a figure for a scene in two dimensions: a unit is as long on both axes.

    The paper takes the shape of the data, within reason; `side` is the root of its area, in inches.
    """
    width, height = np.ptp(scene.path[scene.real], axis=0)
    shape = float(np.sqrt(np.clip(width / max(height, 1e-9), 1.0, 1.7)))
    figure, axes = canvas(side * shape + 1, side / shape + 0.6)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    axes.set_xlabel(scene.axes[0])
    axes.set_ylabel(scene.axes[1])
    axes.set_title(title)
    return figure, axes


def threads(axes: Any, paths: Sequence[np.ndarray], rasterized: bool = True, **style: Any) -> None:
    """Draw thin lines that join the points of each example, all at once."""
    axes.add_collection(LineCollection(list(paths), rasterized=rasterized, **style))


def joined(scene: Scene, chosen: np.ndarray) -> list[np.ndarray]:
    """Give the real points of the chosen examples' paths, one array each."""
    return [path[mask] for path, mask in zip(scene.path[chosen], scene.real[chosen], strict=True)]


def backdrop(scene: Scene, axes: Any, chosen: np.ndarray) -> None:
    """Draw examples faintly, for others to be seen against."""
    threads(axes, joined(scene, chosen), colors=FAINT, lw=0.35, alpha=0.75 - 0.4 * scene.many)
    # A collection alone is not seen by the limits of axes with equal units.
    axes.autoscale_view()


def time_bar(figure: Figure, axes: Any, points: Any) -> None:
    """Explain the colours of time steps."""
    label_time_bar(figure.colorbar(points, ax=axes, fraction=0.035, pad=0.015, aspect=35))


def label_time_bar(bar: Any) -> None:
    """Name what the colours of a bar mean."""
    bar.set_label("time step since the example began (frames)")
    bar.solids.set(alpha=1)
    bar.outline.set_visible(False)


def mark_paths(axes: Any, path: np.ndarray, size: float = 1.0) -> Any:
    """Draw paths `(example, time, 2)`: thin lines, and points by time step; give the points.

    Lines and points are `size` times as large as in a picture of their own.
    """
    many = thinned(len(path))
    real = np.isfinite(path).all(axis=2)
    threads(
        axes,
        [one[mask] for one, mask in zip(path, real, strict=True)],
        colors="#111111",
        linewidths=size * (0.5 - 0.28 * many),
        alpha=0.45 - 0.2 * many,
        zorder=2,
    )
    return time_points(axes, path, s=size**2 * (9 - 5.5 * many), alpha=0.75, zorder=1)


def time_points(axes: Any, path: np.ndarray, **style: Any) -> Any:
    """Draw every point of paths, coloured by its time step; give what a bar explains."""
    real = np.isfinite(path).all(axis=2)
    steps = np.cumsum(real, axis=1)
    return axes.scatter(
        *path[real].T, c=steps[real], cmap=TIME_COLOURS, lw=0, rasterized=True, **style
    )


def thinned(examples: int) -> float:
    """Say how far points and threads are to be thinned for the number of examples, 0 to 1."""
    return min(1.0, examples / 2500)
