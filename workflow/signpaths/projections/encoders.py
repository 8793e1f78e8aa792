"""A trained autoencoder without TensorFlow: its file and frames in, path and restored frames out.

Takes a `.keras` file of stage `autoencoder` or `shared`; computes its dense layers by numpy.
TensorFlow takes longer to start than these layers take.
"""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from signpaths.errors import UserError
from signpaths.networks.classifiers import logistic
from signpaths.networks.weights import stored
from signpaths.options import Activation
from signpaths.origins import check_origin

ACTIVATIONS: dict[Activation, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda values: values,
    "relu": lambda values: np.maximum(values, 0),
    "tanh": np.tanh,
    "sigmoid": logistic,
}
BOTTLENECK = "bottleneck"
# Frames that go through the layers together, for memory's sake.
BATCH = 4096


class Layer(NamedTuple):
    """A dense layer: `activation(frames @ weight + bias)`, float32 `(unit, next unit)`."""

    name: str
    weight: np.ndarray
    bias: np.ndarray
    activation: Callable[[np.ndarray], np.ndarray]


def read_layers(model: Path, units: int, dims: int, sources: Mapping[str, Path]) -> list[Layer]:
    """Read an autoencoder's layers. No code comes out of the file.

    Parameters
    ----------
    model
        The `.keras` file.
    units
        Of the hidden states that it takes and restores.
    dims
        Units of its bottleneck.
    sources
        The stores that it was trained on.

    Raises
    ------
    UserError
        If the file is not there, or is no autoencoder of dense layers from so many units to so
        many dimensions and back, with finite weights, or was trained on other stores.
    """
    layers = []
    with stored(model, "an autoencoder") as found:
        for config in (one["config"] for one in found.layers if one["class_name"] == "Dense"):
            weight, bias = found.weights[config["name"]]
            layers.append(Layer(config["name"], weight, bias, ACTIVATIONS[config["activation"]]))
    if not _fits(layers, units, dims):
        raise UserError(
            f"{model}: it is no autoencoder with finite weights from {units} hidden units to "
            f"{dims} dimensions and back, so it is damaged or of another study. Remove it and run "
            "again."
        )
    check_origin(model, found.made_from, sources)
    return layers


def _fits(layers: list[Layer], units: int, dims: int) -> bool:
    """Say whether layers lead from the hidden states through the bottleneck and back."""
    if [layer.weight.ndim for layer in layers] != [2] * len(layers):
        return False
    widths = [units, *(layer.bias.size for layer in layers)]
    return (
        [(layer.weight.shape, layer.bias.shape) for layer in layers]
        == [((before, after), (after,)) for before, after in itertools.pairwise(widths)]
        and widths[-1] == units
        and [layer.bias.size for layer in layers if layer.name == BOTTLENECK] == [dims]
        and all(np.isfinite(one).all() for layer in layers for one in layer[1:3])
    )


def encoded(layers: list[Layer], frames: np.ndarray) -> np.ndarray:
    """Give the path of frames `(frame, unit)`: the bottleneck's values, `(frame, dim)`."""
    depth = [layer.name for layer in layers].index(BOTTLENECK) + 1
    return restored(layers[:depth], frames)


def restored(layers: list[Layer], frames: np.ndarray) -> np.ndarray:
    """Give what all layers make of frames `(frame, unit)`."""
    batches = []
    for start in range(0, len(frames), BATCH):
        values = frames[start : start + BATCH]
        for layer in layers:
            values = layer.activation(values @ layer.weight + layer.bias)
        batches.append(values)
    return np.concatenate(batches)
