"""Stage `responses`: recordings and hidden states of one network in, what its units answer to out.

Takes the recordings and the states of the network and of its untrained twin on held-out examples;
gives the correlation of every unit with every feature (see `features`) at every lag, its error and
what chance gives (see `associations`), and products of the units, from which the same follows
for any turn of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.evidence.associations import (
    Associations,
    aligned,
    associations,
    between,
    centred,
    together,
    whitened,
    without_course,
)
from signpaths.evidence.features import (
    KINDS,
    VIEWS,
    Feature,
    moving_features,
    moving_values,
    position,
)
from signpaths.frames import check_finite
from signpaths.options import ResponsesOptions
from signpaths.origins import check_origin, made_from
from signpaths.runs import check_same, require
from signpaths.stores import open_store, write_store

if TYPE_CHECKING:
    from signpaths.columns import Variable

WHICH = ("trained", "untrained")


@dataclass(frozen=True)
class Stimuli:
    """What happens in the examples that units are held against.

    Attributes
    ----------
    features
        All of them: those that move, the position, the signs.
    moving, position
        Values at every frame, `(example, time, feature)`, aligned and centred in each example,
        `moving` less the mean course.
    signs
        Of each sign, which examples are its, less the mean, `(example, sign)`.
    length
        Frames of every example, `(example,)`.
    group
        Number of every example's sign, `(example,)`.
    """

    features: list[Feature]
    moving: np.ndarray
    position: np.ndarray
    signs: np.ndarray
    length: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Response:
    """What the units of one network answer to.

    Attributes
    ----------
    associations
        Of every unit with every feature.
    together
        How well all units together tell each feature, `(lag, feature)`.
    products
        Sums of products of the units in every view of `VIEWS`, `(view, unit, unit)`.
    """

    associations: Associations
    together: np.ndarray
    products: np.ndarray


def responses(
    sequences: Path,
    activations: Path,
    untrained: Path,
    store: Path,
    /,
    *,
    options: ResponsesOptions = ResponsesOptions(),
) -> None:
    """Measure what every unit of a network, and of its untrained twin, answers to.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    activations
        That of stage `activations`.
    untrained
        That of the untrained twin.
    store
        The zarr store to write: `strength` and `error` over `(which, lag, unit, feature)`, `chance`
        and `groups` over `(which, unit, feature)`, `products(which, view, unit, other)`, all
        without unit.

    Raises
    ------
    UserError
        If the stores are not of one study, hold no finite numbers or fewer than two examples.
    """
    recorded = open_store(sequences, "sequences")
    states = [open_store(activations, "activations"), open_store(untrained, "untrained")]
    require(recorded, ("channel",), str(sequences))
    for path, one in zip((activations, untrained), states, strict=True):
        check_origin(path, made_from(path), {"sequences": sequences})
        check_same(one, recorded, ("sign", "length", "mask"), str(path))
    check_origin(untrained, made_from(untrained), {"activations": activations})
    check_same(states[1], states[0], ("part",), str(untrained))
    chosen, note = measured_examples(states[0].part.values, states[0].length.values)
    if chosen.sum() < 2:
        raise UserError(
            f"{activations}: examples with real frames: {chosen.sum()}. What units answer to is "
            "measured over examples, so the study needs two or more."
        )
    real = recorded.mask.values[chosen]
    stimuli = _stimuli(
        recorded.x.values[chosen],
        real,
        recorded.channel.values.astype(str).tolist(),
        recorded.sign.values[chosen],
    )
    found = []
    for path, one in zip((activations, untrained), states, strict=True):
        hidden = one.hidden.values[chosen]
        check_finite(hidden[real], path)
        found.append(measured(aligned(hidden, real), stimuli, options.lags))
    write_store(
        _dataset(found, stimuli.features).assign_attrs(
            network=activations.stem,
            examples=int(chosen.sum()),
            frames=int(real.sum()),
            note=note,
        ),
        store,
        stage="responses",
        title="What the units of a network and of its untrained twin answer to",
        options=options,
        made_from={"sequences": sequences, "activations": activations, "untrained": untrained},
    )


def measured_examples(part: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, str]:
    """Choose the held-out examples, or all if fewer than two are held out.

    Returns
    -------
    tuple
        bool `(example,)`, and a note, empty if held-out examples serve.
    """
    held_out = (part != "train") & (length > 0)
    if held_out.sum() > 1:
        return held_out, ""
    return length > 0, (
        "Fewer than two examples are held out; what units answer to is measured on all examples, "
        "those trained on included."
    )


def measured(hidden: np.ndarray, stimuli: Stimuli, lags: int) -> Response:
    """Hold the units of one network against all features.

    Parameters
    ----------
    hidden
        `(example, time, unit)`, aligned.
    stimuli
        What happens in these examples.
    lags
        The largest lag; position and signs have none, and are repeated over the lags.
    """
    within = centred(hidden, stimuli.length)
    means = hidden.sum(axis=1) / stimuli.length[:, None]
    of_view = {
        "moving": without_course(within, stimuli.length),
        "within": within,
        # As if each example were a frame.
        "between": centred(means[None], np.array([len(means)])).transpose(1, 0, 2),
    }
    return Response(
        _joined(_held(of_view, stimuli, lags), lags),
        # Each by itself: so many components as vary, which need not be as many in every view.
        np.concatenate(
            [
                _over_lags(together(one), lags)
                for one in _held({v: whitened(of_view[v]) for v in VIEWS}, stimuli, lags)
            ],
            axis=1,
        ),
        np.array(
            [np.tensordot(values, values, axes=([0, 1], [0, 1])) for values in of_view.values()]
        ),
    )


def _held(of_view: dict[str, np.ndarray], stimuli: Stimuli, lags: int) -> list[Associations]:
    length, group = stimuli.length, stimuli.group
    return [
        associations(of_view["moving"], stimuli.moving, length, group, lags),
        associations(of_view["within"], stimuli.position, length, group, 0),
        between(of_view["between"][:, 0], stimuli.signs),
    ]


def _over_lags(values: np.ndarray, lags: int) -> np.ndarray:
    return np.broadcast_to(values, (lags + 1, *values.shape[1:]))


def _joined(parts: Sequence[Associations], lags: int) -> Associations:
    return Associations(
        strength=np.concatenate([_over_lags(one.strength, lags) for one in parts], axis=2),
        error=np.concatenate([_over_lags(one.error, lags) for one in parts], axis=2),
        chance=np.concatenate([one.chance for one in parts], axis=1),
        groups=np.concatenate([one.groups for one in parts], axis=1),
    )


def _stimuli(x: np.ndarray, real: np.ndarray, channels: list[str], sign: np.ndarray) -> Stimuli:
    length = real.sum(axis=1)
    moving = np.zeros((len(x), length.max(), len(moving_features(channels))))
    places = np.zeros((len(x), length.max(), 1))
    for row, (frames, mask) in enumerate(zip(x, real, strict=True)):
        moving[row, : length[row]] = moving_values(frames[mask], channels)
        places[row, : length[row], 0] = position(length[row])
    names, group = np.unique(sign, return_inverse=True)
    member = (group[:, None] == np.arange(len(names))).astype(float)
    return Stimuli(
        features=[
            *moving_features(channels),
            Feature("position"),
            *(Feature("sign", str(name)) for name in names),
        ],
        moving=without_course(centred(moving, length), length),
        position=centred(places, length),
        signs=member - member.mean(axis=0),
        length=length,
        group=group,
    )


def _dataset(found: Sequence[Response], features: list[Feature]) -> xr.Dataset:
    return xr.Dataset(
        {**_of_units([one.associations for one in found]), **_of_all_units(found)},
        coords={
            "which": ("which", list(WHICH), {"long_name": "trained network or untrained twin"}),
            "view": ("view", list(VIEWS), {"long_name": "which of a unit's variation is seen"}),
            "unit": (
                "unit",
                np.arange(found[0].products.shape[1]),
                {"long_name": "unit of the network"},
            ),
            "feature": ("feature", [one.name for one in features], {"long_name": "feature"}),
            "kind": (
                "feature",
                [one.kind for one in features],
                {"long_name": "; ".join(f"{name}: {kind.words}" for name, kind in KINDS.items())},
            ),
            "of": (
                "feature",
                [one.of for one in features],
                {"long_name": "channel, hand or sign that the feature is of"},
            ),
            "lag": (
                "lag",
                np.arange(len(found[0].together)),
                {
                    "long_name": "steps from the feature to the unit; position and signs have none "
                    "and are repeated",
                    "units": "step",
                },
            ),
        },
    )


def _of_units(found: Sequence[Associations]) -> dict[str, "Variable"]:
    every, of_pair = ("which", "lag", "unit", "feature"), ("which", "unit", "feature")
    meanings = {
        "strength": (every, "correlation of the unit with the feature so many steps before"),
        "error": (every, "its standard error, over signs; of a sign, over examples"),
        "chance": (
            of_pair,
            "standard deviation of the correlation if examples were shifted round at random; of a "
            "sign, if examples were permuted",
        ),
        "groups": (
            of_pair,
            "how many signs of equal weight would tell as much; of a sign, examples",
        ),
    }
    return {
        name: (
            dims,
            np.array([getattr(one, name) for one in found], dtype=np.float32),
            {"long_name": meaning, "units": "1"},
        )
        for name, (dims, meaning) in meanings.items()
    }


def _of_all_units(found: Sequence[Response]) -> dict[str, "Variable"]:
    return {
        "together": (
            ("which", "lag", "feature"),
            np.array([one.together for one in found], dtype=np.float32),
            {
                "long_name": "multiple correlation of the feature with all units, less what chance "
                "gives so many; empty where chance alone gives half of it",
                "units": "1",
            },
        ),
        "products": (
            ("which", "view", "unit", "other"),
            np.array([one.products for one in found]),
            {
                "long_name": "sum of products of two units over all frames; of their means, over "
                "examples",
                "units": "1",
            },
        ),
    }
