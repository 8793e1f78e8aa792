"""Stage `activations`: trained networks in, hidden states of every example and step out.

Takes `model.keras` and its untrained twin; gives one store each: hidden states, probabilities and
predicted signs for every example. The untrained twin, with the same initial weights, is the control
for what training adds.
"""

from pathlib import Path

import numpy as np
import xarray as xr
from numcodecs import BitRound

from signpaths.data.splits import read_parts
from signpaths.networks.classifiers import (
    Classifier,
    hidden_states,
    probabilities,
    read_classifier,
)
from signpaths.options import ActivationsOptions
from signpaths.stores import open_store, write_store

FULL_MANTISSA = 23


def activations(
    sequences: Path,
    split: Path,
    model: Path,
    untrained: Path,
    trained_store: Path,
    untrained_store: Path,
    /,
    *,
    options: ActivationsOptions = ActivationsOptions(),
) -> None:
    """Write the hidden states of a trained network and of its untrained twin.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV of stage `splits`.
    model
        The trained network.
    untrained
        Its untrained twin.
    trained_store
        The zarr store to write for the trained network: `hidden(example, time, unit)`,
        `probability(example, class)`, `predicted(example)`, `mask(example, time)`.
    untrained_store
        The same for the twin.
    """
    examples = open_store(sequences, "sequences").load()
    part = read_parts(split, examples.sizes["example"])
    signs, sources = np.unique(examples.sign.values), {"sequences": sequences, "split": split}
    # Of a stage of another name, so that nothing takes the twin's states for the network's.
    trained_on = {**sources, "untrained": untrained}
    beside = {**sources, "activations": trained_store}
    for path, model_of, store, stage, name, origin in (
        (model, trained_on, trained_store, "activations", "the trained network", sources),
        (untrained, sources, untrained_store, "untrained", "its untrained twin", beside),
    ):
        network = read_classifier(path, examples.sizes["channel"], signs.size, model_of)
        write_store(
            run(network, examples, part, options).assign_attrs(network=trained_store.stem),
            store,
            stage=stage,
            title=f"Hidden states of {name} for every example and step",
            options=options,
            made_from={**origin, "network": path},
        )


def run(
    network: Classifier, examples: xr.Dataset, part: np.ndarray, options: ActivationsOptions
) -> xr.Dataset:
    """Run a network over all examples, each of which is in a `part(example)` of the split."""
    signs = np.unique(examples.sign.values)
    hidden = hidden_states(network, examples.x.values)
    probability = probabilities(network, hidden[:, -1])
    return xr.Dataset(
        {
            "hidden": (
                ("example", "time", "unit"),
                rounded(hidden, options.mantissa_bits),
                {"long_name": "hidden state of the network", "units": "1"},
            ),
            "probability": (
                ("example", "class"),
                probability,
                {"long_name": "probability given to each sign", "units": "1"},
            ),
            "predicted": (
                "example",
                signs[probability.argmax(axis=1)],
                {"long_name": "likeliest sign"},
            ),
            "mask": examples.mask,
        },
        coords={
            "class": ("class", signs, {"long_name": "sign that the network can answer"}),
            **{name: examples[name] for name in ("sign", "session", "take", "length", "hands")},
            "part": ("example", part, {"long_name": "train, validation or test"}),
        },
        attrs={
            "padding": examples.attrs["padding"],
            "rounding": "none"
            if options.mantissa_bits == FULL_MANTISSA
            else f"hidden rounded to {options.mantissa_bits} bits of the mantissa",
        },
    )


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Round float32 to `bits` bits of the mantissa, half to even; zeros follow and pack well."""
    if bits == FULL_MANTISSA:
        return values
    codec = BitRound(keepbits=bits)
    # The codec rounds in place and gives a flat array.
    copied = np.array(values, dtype=np.float32, order="C")
    return np.asarray(codec.decode(codec.encode(copied))).reshape(values.shape)
