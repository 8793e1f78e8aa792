"""Stage `bottlenecks`: one network and an autoencoder for each activation in, how they draw out.

Takes the activations of one network and autoencoders that differ by their bottleneck's activation;
gives `bottlenecks/<network>.zarr`: the paths in each bottleneck, where in the plane they are, what
they keep, and whether what Tempczyk and Bartołd ("Visualizing LSTM Networks. Part I", section
"Denoising Autoencoders") say of linear, tanh, ReLU and sigmoid holds here.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.options import Activation, QualityOptions
from signpaths.projections.encoders import (
    ACTIVATIONS,
    BOTTLENECK,
    Layer,
    encoded,
    read_layers,
    restored,
)
from signpaths.projections.neighbourhoods import (
    NEIGHBOURS,
    SIGN_NEIGHBOURS,
    compare,
    geometry,
    sampled,
)
from signpaths.projections.quality import compared_examples
from signpaths.stores import open_store, write_store
from signpaths.wording import PERCENT

DIMS = 2
QUARTERS = ("upper right", "upper left", "lower left", "lower right")
# Below and above what an activation cannot come; empty where there is no such end.
BOUNDS: dict[str, tuple[float, float]] = {
    "linear": (-math.inf, math.inf),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "sigmoid": (0.0, 1.0),
}
# A quarter is used if it holds so many of the points.
USED = 0.05
# So near an end, as a share of the way from end to end, counts as at it.
EDGE = 0.05
# What the sentences of the article are judged by: "near (0, 0)" as a share of the root mean square
# distance, "more or less evenly" as bounds of a quarter's share, and "some paths".
NEAR, EVEN, SOME = 0.25, (0.125, 0.5), 0.05
# Trustworthiness that differs by less may do so from one training to the next.
AS_TRUSTED = 0.01


def whole_percent(share: float) -> str:
    """Show a limit as a percentage, with no more digits than it has."""
    return f"{100 * share:g}{PERCENT}"


@dataclass(frozen=True)
class Measures:
    """What is measured of one bottleneck; no number has a unit, counts aside.

    Attributes
    ----------
    start_distance, other_distance
        Mean distance from (0, 0) of the paths' first points, and of all others, as shares of the
        root mean square distance of all; NaN if all are at (0, 0), or there are no others.
    quarter_share
        `(quarter,)`: share of the points in each quarter; a point on an axis is in the right or
        upper one.
    squashed
        Share of the points with a coordinate at the activation's bounds; NaN for linear.
    at_edge
        Share of the points with a coordinate at an end of what that coordinate reaches.
    units_used
        Count of coordinates that vary.
    """

    start_distance: float
    other_distance: float
    quarter_share: np.ndarray
    squashed: float
    at_edge: float
    units_used: int

    @property
    def quarters_used(self) -> int:
        """How many quarters hold at least `USED` of the points."""
        return int((self.quarter_share >= USED).sum())


class Kept(NamedTuple):
    """What a bottleneck keeps: error of restored frames; `(k,)` trustworthiness and continuity."""

    error: float
    trustworthiness: np.ndarray
    continuity: np.ndarray


def bottlenecks(
    activations: Path,
    store: Path,
    /,
    *,
    models: tuple[Path, ...],
    options: QualityOptions = QualityOptions(),
) -> None:
    """Compare activations of the bottleneck on the hidden states of one network.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    store
        The zarr store to write: `path(bottleneck, example, time, dim)`, a number a bottleneck of
        each measure, and `holds(sentence)`.
    models
        Autoencoders of the network with a bottleneck of two units, `.keras`, each with another
        activation; compared in this order.

    Raises
    ------
    UserError
        If no autoencoder is given, two have one activation, or one is of another network; if the
        network has no real frames or values that are no numbers.
    """
    hidden = open_store(activations, "activations").load()
    real = hidden.mask.values
    frames = hidden.hidden.values[real]
    check_finite(frames, activations)
    if not len(frames):
        raise UserError(f"{activations}: no example has a real frame, so there are no paths.")
    found = _read(models, frames.shape[1], {"activations": activations})
    paths = np.full((len(found), *real.shape, DIMS), np.nan, dtype=np.float32)
    for path, (model, layers) in zip(paths, found.values(), strict=True):
        path[real] = encoded(layers, frames)
        check_finite(path[real], model)
    chosen, which = compared_examples(hidden.part.values)
    label = np.unique(hidden.sign.values, return_inverse=True)[1]
    dataset = as_dataset(
        paths,
        {name: measured(path, name) for name, path in zip(found, paths, strict=True)},
        kept(
            hidden.hidden.values,
            paths,
            [layers for _, layers in found.values()],
            real & chosen[:, None],
            label,
            options.frames,
        ),
    )
    write_store(
        dataset.assign_coords(
            {name: hidden[name] for name in ("sign", "session", "take", "length", "hands", "part")}
        ).assign_attrs(
            padding=hidden.attrs["padding"], compared=which, note="\n".join(_notes(dataset))
        ),
        store,
        stage="bottlenecks",
        title="Paths of one network behind bottlenecks of different activations",
        options=options,
        made_from={"activations": activations},
    )


def _read(
    models: Sequence[Path], units: int, sources: Mapping[str, Path]
) -> dict[Activation, tuple[Path, list[Layer]]]:
    """Read autoencoders, by the activation that each file says its bottleneck has."""
    if not models:
        raise UserError("--models is empty, expected one or more autoencoders.")
    found: dict[Activation, tuple[Path, list[Layer]]] = {}
    for model in models:
        layers = read_layers(model, units, DIMS, sources)
        own = next(layer.activation for layer in layers if layer.name == BOTTLENECK)
        name = next(name for name, function in ACTIVATIONS.items() if function is own)
        if name in found:
            raise UserError(
                f"{model}: its bottleneck is {name}, as that of {found[name][0]} is. Give one "
                "autoencoder for each activation."
            )
        found[name] = model, layers
    return found


def measured(path: np.ndarray, activation: Activation) -> Measures:
    """Measure where the paths of one bottleneck are.

    Parameters
    ----------
    path
        `(example, time, 2)`; NaN on padding.
    activation
        The bottleneck's.
    """
    real = np.isfinite(path).all(axis=2)
    points = path[real].astype(np.float64)
    # The first real step of every example that has one.
    first = (real & (real.cumsum(axis=1) == 1))[real]
    distance = np.linalg.norm(points, axis=1)
    size = math.sqrt(float((distance**2).mean()))
    right, upper = (points >= 0).T
    inside = (right & upper, ~right & upper, ~right & ~upper, right & ~upper)
    lowest, highest = points.min(axis=0), points.max(axis=0)
    return Measures(
        start_distance=_mean(distance[first]) / size if size else math.nan,
        other_distance=_mean(distance[~first]) / size if size else math.nan,
        quarter_share=np.array([one.mean() for one in inside]),
        squashed=_at_ends(points, *BOUNDS[activation]),
        at_edge=_at_ends(points, lowest, highest),
        units_used=int((highest > lowest).sum()),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else math.nan


def _at_ends(points: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> float:
    """Give the share of points with a coordinate at an end; NaN if there is none.

    Near counts as at where both ends are known. With one end, as ReLU has, only what is cut off
    there is at it: beyond, ReLU is as linear as linear is.
    """
    if np.all(np.isinf(low) & np.isinf(high)):
        return math.nan
    width = np.subtract(high, low)
    reach = np.where(np.isfinite(width), EDGE * width, 0.0)
    return float(((points <= low + reach) | (points >= high - reach)).any(axis=1).mean())


def kept(
    states: np.ndarray,
    paths: np.ndarray,
    autoencoders: Sequence[list[Layer]],
    chosen: np.ndarray,
    label: np.ndarray,
    most: int,
) -> list[Kept]:
    """Measure what each bottleneck keeps of the chosen frames.

    Parameters
    ----------
    states
        Hidden states `(example, time, unit)`.
    paths
        `(bottleneck, example, time, 2)`; NaN on padding.
    autoencoders
        The layers of each bottleneck's.
    chosen
        bool `(example, time)`: real frames to measure on.
    label
        Number of each example's sign, `(example,)`.
    most
        Frames among which neighbours are looked for, at most.

    Returns
    -------
    list of Kept
        NaN for an error without frames and for neighbours where fewer than two examples have some.
    """
    frames = states[chosen]
    errors = [
        _mean((frames - restored(layers, frames)) ** 2) if len(frames) else math.nan
        for layers in autoencoders
    ]
    examples: np.ndarray = np.any(chosen, axis=1)
    if examples.sum() < 2:
        return [Kept(error, *np.full((2, len(NEIGHBOURS)), np.nan)) for error in errors]
    sample = sampled(chosen, examples, label, most)
    original = geometry(np.where(chosen[..., None], states, np.nan), sample)
    found = []
    for error, path in zip(errors, paths, strict=True):
        own = geometry(np.where(chosen[..., None], path, np.nan), sample)
        quality = compare(original, own, sample, int(label.max()) + 1)
        found.append(Kept(error, quality.trustworthiness, quality.continuity))
    return found


def as_dataset(
    paths: np.ndarray, measures: Mapping[Activation, Measures], keeps: Sequence[Kept]
) -> xr.Dataset:
    """Lay out paths `(bottleneck, example, time, 2)`, what is measured of them, the sentences."""
    one = {
        name: np.array([asdict(each)[name] for each in measures.values()])
        for name in ("start_distance", "other_distance", "squashed", "at_edge", "units_used")
    }
    used = [each.quarters_used for each in measures.values()]
    few = "empty if some frame has fewer than 2k others or hidden states do not vary"
    described: dict[str, tuple[tuple[str, ...], np.ndarray | list[float], str, str]] = {
        "path": (
            ("example", "time", "dim"),
            paths,
            "example paths: the bottleneck's values; empty on padding",
            "1",
        ),
        "start_distance": (
            (),
            one["start_distance"],
            "mean distance of the paths' first points from (0, 0), over the root mean square "
            "distance of all points; empty if all are at (0, 0)",
            "1",
        ),
        "other_distance": (
            (),
            one["other_distance"],
            "the same of all points but the first ones",
            "1",
        ),
        "quarter_share": (
            ("quarter",),
            np.array([each.quarter_share for each in measures.values()]),
            "share of the points in the quarter; on an axis: in the right or upper one",
            "1",
        ),
        "quarters_used": (
            (),
            np.array(used),
            f"quarters that hold at least {whole_percent(USED)} of the points",
            "count",
        ),
        "squashed": (
            (),
            one["squashed"],
            f"share of the points with a coordinate within {whole_percent(EDGE)} of the way from "
            "bound to bound of one of its bounds (ReLU: cut off at 0); empty if it has none",
            "1",
        ),
        "at_edge": (
            (),
            one["at_edge"],
            f"share of the points with a coordinate within {whole_percent(EDGE)} of the way from "
            "its least to its largest value of either",
            "1",
        ),
        "units_used": ((), one["units_used"], "units of the bottleneck that vary", "count"),
        "reconstruction_error": (
            (),
            [each.error for each in keeps],
            "mean squared error of restored hidden states, frames of the examples compared",
            "1",
        ),
        "trustworthiness": (
            ("k",),
            np.array([each.trustworthiness for each in keeps]),
            "share of nearest neighbours in the plane that are near in the hidden states, weighted "
            f"by rank; other examples only; {few}",
            "1",
        ),
        "continuity": (
            ("k",),
            np.array([each.continuity for each in keeps]),
            "share of nearest neighbours in the hidden states that are near in the plane, weighted "
            f"by rank; other examples only; {few}",
            "1",
        ),
    }
    dataset = xr.Dataset(
        {
            name: (("bottleneck", *dims), values, {"long_name": words, "units": units})
            for name, (dims, values, words, units) in described.items()
        },
        coords={
            "bottleneck": (
                "bottleneck",
                list(measures),
                {"long_name": "activation of the bottleneck"},
            ),
            "quarter": ("quarter", list(QUARTERS), {"long_name": "quarter of the plane"}),
            "k": ("k", list(NEIGHBOURS), {"long_name": "neighbours", "units": "count"}),
            "dim": ("dim", range(DIMS), {"long_name": "dimension of the plane"}),
        },
    )
    answers = [_holds(sentence, dataset) for sentence in SENTENCES]
    return dataset.assign(
        holds=(
            "sentence",
            np.array([-1 if answer is None else int(answer) for answer in answers], dtype=np.int8),
            {
                "long_name": "whether it holds here: 1 yes, 0 no, -1 cannot be said",
                "units": "1",
            },
        )
    ).assign_coords(
        sentence=(
            "sentence",
            [one.name for one in SENTENCES],
            {"long_name": "what the article says of bottlenecks"},
        ),
        said=("sentence", [one.said for one in SENTENCES], {"long_name": "the same in words"}),
        criterion=(
            "sentence",
            [one.criterion for one in SENTENCES],
            {"long_name": "when it counts as true"},
        ),
    )


def _notes(dataset: xr.Dataset) -> list[str]:
    """Say of which bottlenecks units died: what is drawn is a line or a point."""
    return [
        f"The bottleneck {name} uses {units} of its {DIMS} units: all points are on one "
        f"{'line' if units else 'place'}. The others give the same for every frame; another seed "
        "may not."
        for name, units in zip(
            dataset.bottleneck.values, dataset.units_used.values.tolist(), strict=True
        )
        if units < DIMS
    ]


# What the article says. A verdict is True, False, or None where a measure is missing.

Verdict = bool | None


@dataclass(frozen=True)
class Sentence:
    """What the article says of bottlenecks, and when it counts as true.

    Attributes
    ----------
    name
        In the store.
    said
        In words.
    criterion
        When it holds, in words.
    about
        The activations that it is about; empty for all compared.
    of_one
        Whether it holds for an activation, which it does if it does for each.
    """

    name: str
    said: str
    criterion: str
    about: tuple[Activation, ...]
    of_one: Callable[[xr.Dataset, str], Verdict]


def _holds(sentence: Sentence, dataset: xr.Dataset) -> Verdict:
    """Judge a sentence: false if false of one activation, unknown if unknown or one is missing."""
    compared = dataset.bottleneck.values.tolist()
    verdicts = [
        sentence.of_one(dataset, name) if name in compared else None
        for name in sentence.about or compared
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _at_most(value: float, limit: float) -> Verdict:
    return None if math.isnan(value) else bool(value <= limit)


def _starts_near(dataset: xr.Dataset, name: str) -> Verdict:
    return _at_most(float(dataset.start_distance.sel(bottleneck=name)), NEAR)


def _upper_right(dataset: xr.Dataset, name: str) -> Verdict:
    return bool(dataset.quarter_share.sel(bottleneck=name, quarter=QUARTERS[0]) == 1)


def _evenly(dataset: xr.Dataset, name: str) -> Verdict:
    share = dataset.quarter_share.sel(bottleneck=name).values
    return bool(((share >= EVEN[0]) & (share <= EVEN[1])).all())


def _squashes(dataset: xr.Dataset, name: str) -> Verdict:
    if name == "tanh":
        return bool(dataset.squashed.sel(bottleneck=name) >= SOME)
    return bool(dataset.at_edge.sel(bottleneck=name) < SOME)


def _most_trusted(dataset: xr.Dataset, name: str) -> Verdict:
    found = dataset.trustworthiness.sel(k=SIGN_NEIGHBOURS)
    rivals = found.drop_sel(bottleneck=name).values
    if not rivals.size or np.isnan(found.values).any():
        return None
    ahead = float(found.sel(bottleneck=name) - rivals.max())
    return None if abs(ahead) < AS_TRUSTED else ahead > 0


SENTENCES = (
    Sentence(
        "start",
        "All paths start near (0, 0), whatever the activation",
        f"the mean distance of first points from (0, 0) is at most {NEAR} of the root mean square "
        "distance of all points, for each activation",
        (),
        _starts_near,
    ),
    Sentence(
        "upper_right",
        "With ReLU and sigmoid all paths are in the upper right quarter",
        "no point of either has a negative coordinate, which neither activation can give",
        ("relu", "sigmoid"),
        _upper_right,
    ),
    Sentence(
        "evenly",
        "With tanh and linear the paths are more or less evenly distributed over all quarters",
        f"each quarter holds between {whole_percent(EVEN[0])} and {whole_percent(EVEN[1])} of the "
        "points, half and twice an equal share, for both",
        ("tanh", "linear"),
        _evenly,
    ),
    Sentence(
        "squashed",
        "tanh squashes some paths near −1 and 1, and linear does not",
        f"at least {whole_percent(SOME)} of the points of tanh lie within {whole_percent(EDGE)} of "
        "the way from bound to bound of −1 or 1, and fewer than that of linear lie so near an end "
        "of what they reach",
        ("tanh", "linear"),
        _squashes,
    ),
    Sentence(
        "legible",
        "Linear is the best activation for legible pictures",
        f"legibility itself is no number, so it is held to be the highest trustworthiness with "
        f"{SIGN_NEIGHBOURS} neighbours of those compared: the higher, the more often is near in "
        f"the hidden states what lies together in the picture. Differences below {AS_TRUSTED} say "
        "nothing, for each was trained once",
        ("linear",),
        _most_trusted,
    ),
)
