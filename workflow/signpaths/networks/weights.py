"""A trained network's file without TensorFlow: `.keras` in, its layers and their weights out.

Takes the zip that Keras writes (version 3 of its format: layers as JSON, weights as HDF5); gives
both as plain data. No code comes out of the file.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from signpaths.errors import UserError
from signpaths.origins import MODEL_MEMBER
from signpaths.sums import read_bytes

# What zipfile, h5py and a file of another shape raise.
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, OSError, RuntimeError),
    *(LookupError, TypeError, ValueError, AttributeError),
)


class Stored(NamedTuple):
    """What a `.keras` file holds.

    Attributes
    ----------
    layers
        Each as Keras describes it: `class_name`, `config`, `inbound_nodes`.
    weights
        By the layer's name (an LSTM's stand under its cell's), in Keras' order.
    made_from
        The contents of the stores that it was trained on (see `origins`).
    """

    layers: list[dict[str, Any]]
    weights: dict[str, list[np.ndarray]]
    made_from: dict[str, str]


@contextmanager
def stored(model: Path, kind: str) -> Iterator[Stored]:
    """Read a `.keras` file; what goes wrong with its content inside the block names the file.

    Parameters
    ----------
    model
        The file.
    kind
        What it should be, such as `an autoencoder`, for the message.

    Raises
    ------
    UserError
        If it is not there, or cannot be read as what it should be.
    """
    if not model.is_file():
        raise UserError(f"{model}: no such network; run the stage that trains it first.")
    content = io.BytesIO(read_bytes(model))
    try:
        with zipfile.ZipFile(content) as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
            with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
                found = _weights(weights)
            origin = json.loads(archive.read(MODEL_MEMBER)).get("made_from", {})
        yield Stored(layers, found, dict(origin))
    except UNREADABLE as error:
        raise UserError(
            f"{model}: it cannot be read as {kind} ({error}). It is damaged, or something else: "
            "remove it and run again."
        ) from error


def _weights(group: h5py.Group) -> dict[str, list[np.ndarray]]:
    """Give the weights of a group and of all groups in it by the names of their layers."""
    found = {}
    for name, inner in group.items():
        if name == "vars":
            arrays = [inner[str(place)][()] for place in range(len(inner))]
            found[str(inner.attrs["name"])] = arrays
        elif isinstance(inner, h5py.Group):
            found |= _weights(inner)
    return found
