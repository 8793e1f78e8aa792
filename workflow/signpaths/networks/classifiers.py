"""A trained classifier without TensorFlow: its file and sequences in, hidden states out.

Takes a `.keras` file of stage `lstm` and padded sequences; computes the LSTM (Hochreiter and
Schmidhuber 1997, with a forget gate; gates in Keras' order) and the softmax by numpy. TensorFlow
takes longer to start than a small network takes to run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from signpaths.errors import UserError
from signpaths.networks.weights import Stored, stored
from signpaths.origins import check_origin

LSTM_LAYER, ANSWER, SCALING = "lstm", "probability", "Normalization"
GATES = 4
# Keras divides by no smaller deviation.
SMALLEST_DEVIATION = 1e-7
# What is computed here, as Keras describes a layer.
COMPUTED = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "go_backwards": False,
    "return_sequences": True,
    "zero_output_for_mask": False,
}


class Classifier(NamedTuple):
    """One layer of LSTM units whose last step feeds a softmax over the signs, float32.

    Attributes
    ----------
    mean, deviation
        Each channel's, taken off and divided by.
    masked
        Whether padding is passed over.
    kernel, recurrent, bias
        `(channel, gate · unit)`, `(unit, gate · unit)`, `(gate · unit)`; gates are input, forget,
        cell and output.
    weight, offset
        Of the softmax `(unit, sign)`, `(sign)`.
    """

    mean: np.ndarray
    deviation: np.ndarray
    masked: bool
    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray
    weight: np.ndarray
    offset: np.ndarray


def read_classifier(
    model: Path, channels: int | None, signs: int, sources: Mapping[str, Path]
) -> Classifier:
    """Read a classifier of stage `lstm`. No code comes out of the file.

    Parameters
    ----------
    model
        The `.keras` file.
    channels
        Of the sequences that it takes; None for any number.
    signs
        That it can answer.
    sources
        The stores that it was trained on.

    Raises
    ------
    UserError
        If the file is not there, or is no LSTM of so many channels and signs with finite weights,
        or was trained on other stores.
    """
    with stored(model, "a classifier") as found:
        read = _classifier(found, channels)
        channels, units = channels or len(read.kernel), read.recurrent.shape[0]
        fits = [one.shape for one in (read.mean, read.deviation, *read[3:])] == [
            *((channels,), (channels,)),
            *((channels, GATES * units), (units, GATES * units), (GATES * units,)),
            *((units, signs), (signs,)),
        ] and all(np.isfinite(one).all() for one in read)
    if not fits:
        raise UserError(
            f"{model}: it is no LSTM with finite weights from {channels} channels to {signs} "
            "signs, so it is damaged or of another study. Remove it and run again."
        )
    check_origin(model, found.made_from, sources)
    return read


def _classifier(found: Stored, channels: int | None) -> Classifier:
    of_name = {layer["config"]["name"]: layer for layer in found.layers}
    recurrent = of_name[LSTM_LAYER]
    other = {key: value for key, value in COMPUTED.items() if recurrent["config"][key] != value}
    if other or of_name[ANSWER]["config"]["activation"] != "softmax":
        raise ValueError(f"expected one layer of LSTM units ({COMPUTED}) and a softmax")
    channels = channels or len(found.weights[f"{LSTM_LAYER}_cell"][0])
    mean, deviation = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    for layer in found.layers:
        if layer["class_name"] == SCALING:
            mean = np.array(layer["config"]["mean"], np.float32)
            deviation = np.sqrt(np.array(layer["config"]["variance"], np.float32))
    return Classifier(
        mean,
        np.maximum(deviation, np.float32(SMALLEST_DEVIATION)),
        _masked(recurrent["inbound_nodes"]),
        *found.weights[f"{LSTM_LAYER}_cell"],
        *found.weights[ANSWER],
    )


def _masked(nodes: list[dict[str, Any]]) -> bool:
    return any(node["kwargs"].get("mask") is not None for node in nodes)


def hidden_states(network: Classifier, sequences: np.ndarray) -> np.ndarray:
    """Run the LSTM over all steps.

    Parameters
    ----------
    network
        The trained classifier.
    sequences
        Padded by zeros, float32 `(example, time, channel)`.

    Returns
    -------
    numpy.ndarray
        Hidden states, float32 `(example, time, unit)`. Masked steps repeat the state before them;
        it is zero before the first frame.
    """
    examples, time, _ = sequences.shape
    units = len(network.recurrent)
    real = (sequences != 0).any(axis=2)
    hidden = np.zeros((examples, time, units), np.float32)
    state, cell = np.zeros((2, examples, units), np.float32)
    for step in range(time):
        here = np.flatnonzero(real[:, step]) if network.masked else np.arange(examples)
        # Padding stays zero, whatever the scaling would make of it.
        signal = (sequences[here, step] - network.mean) / network.deviation
        signal *= real[here, step, None]
        state[here], cell[here] = _step(network, signal, state[here], cell[here])
        hidden[:, step] = state
    return hidden


def _step(
    network: Classifier, signal: np.ndarray, state: np.ndarray, cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the next hidden state and cell `(example, unit)`."""
    gates = signal @ network.kernel + state @ network.recurrent + network.bias
    let_in, forget, candidate, let_out = np.split(gates, GATES, axis=1)
    cell = logistic(forget) * cell + logistic(let_in) * np.tanh(candidate)
    return logistic(let_out) * np.tanh(cell), cell


def logistic(values: np.ndarray) -> np.ndarray:
    """Give the logistic function; as tanh, it overflows nowhere."""
    return (1 + np.tanh(values / 2)) / 2


def probabilities(network: Classifier, last: np.ndarray) -> np.ndarray:
    """Give the probability of each sign `(example, sign)` from last hidden states."""
    from scipy.special import softmax

    return softmax(last @ network.weight + network.offset, axis=1)
