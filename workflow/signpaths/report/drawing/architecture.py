"""The two architectures, drawn from the trained models: the article's figures 1 and 2.

Takes the layers and weights of `.keras` files, gives the network unrolled in time and the
autoencoder as bars as high as its layers are wide.
"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from signpaths.networks.weights import Stored
from signpaths.report.drawing.style import canvas
from signpaths.wording import ACTIVATIONS, counted

BOX: dict[str, Any] = {"ec": "#444444", "lw": 1.1}
SIGNAL, LSTM, ANSWER, NARROW = "#E4EEF6", "#0072B2", "#F7E3D6", "#D55E00"
GREY = "#666666"


def draw_network(found: Stored) -> Figure:
    """Draw the classifier, unrolled over its first two steps and its last.

    Parameters
    ----------
    found
        The layers and weights of `networks/<network>/model.keras`.
    """
    of_name = {layer["config"]["name"]: layer for layer in found.layers}
    first = next(layer for layer in found.layers if layer["class_name"] == "InputLayer")
    _, steps, channels = first["config"]["batch_shape"]
    lstm, answer = of_name["lstm"]["config"], of_name["probability"]["config"]
    scaled = any(layer["class_name"] == "Normalization" for layer in found.layers)
    masked = any(
        node["kwargs"].get("mask") is not None for node in of_name["lstm"]["inbound_nodes"]
    )
    figure, axes = canvas(8.6, 4.8)
    places = (0.0, 2.2, 6.2)
    for place, step in zip(places, ("1", "2", str(steps)), strict=True):
        _box(axes, place, 0, 1.5, 0.9, f"frame {step}\n{counted(channels, 'channel')}", SIGNAL)
        _box(axes, place, 1.7, 1.5, 1.0, f"LSTM\n{counted(lstm['units'], 'unit')}", LSTM, "white")
        _box(axes, place, 3.4, 1.5, 0.8, f"hidden\nstate {step}", SIGNAL)
        _arrow(axes, (place + 0.75, 0.9), (place + 0.75, 1.7))
        _arrow(axes, (place + 0.75, 2.7), (place + 0.75, 3.4))
    _arrow(axes, (1.5, 2.2), (2.2, 2.2))
    _arrow(axes, (3.7, 2.2), (4.55, 2.2))
    axes.text(4.95, 2.2, "…", ha="center", va="center", fontsize=16, color=GREY)
    _arrow(axes, (5.35, 2.2), (6.2, 2.2))
    end = places[-1]
    signs = answer["units"]
    words = f"softmax\n{counted(signs, 'sign')}"
    _box(axes, end, 5.0, 1.5, 0.9, words, ANSWER)
    _arrow(axes, (end + 0.75, 4.2), (end + 0.75, 5.0))
    axes.text(end + 1.75, 5.45, "the answer, from\nthe last state alone", va="center", fontsize=9.5)
    axes.text(
        *(end + 1.75, 3.8, "all hidden states of an\nexample: what paths show"),
        va="center",
        fontsize=9.5,
    )
    said = [
        "channels scaled by the\ntraining set's mean and deviation" if scaled else "raw signals",
        "padding passed over" if masked else "padding read like frames",
    ]
    axes.text(end + 1.75, 0.45, ",\n".join(said), va="center", fontsize=9.5)
    axes.text(
        *(end + 1.75, 2.2, f"{lstm['activation']}, gates {lstm['recurrent_activation']}"),
        va="center",
        fontsize=9.5,
    )
    axes.set_title(f"The network: {counted(weights_of(found), 'weight')}")
    _bare(axes, (-0.2, 10.9), (-0.2, 6.1))
    return figure


def draw_autoencoder(found: Stored) -> Figure:
    """Draw a denoising autoencoder, a bar a layer.

    Parameters
    ----------
    found
        The layers and weights of its `model.keras`.
    """
    noise = next(
        (one["config"]["stddev"] for one in found.layers if one["class_name"] == "GaussianNoise"),
        None,
    )
    dense = [one["config"] for one in found.layers if one["class_name"] == "Dense"]
    size = len(found.weights[dense[0]["name"]][0])
    layers = [("hidden\nstate", size, f"plus noise,\nσ = {noise:g}" if noise else "")]
    layers += [
        (_said(layer["name"]), layer["units"], ACTIVATIONS[layer["activation"]]) for layer in dense
    ]
    figure, axes = canvas(8.6, 4.6)
    widest = max(units for _, units, _ in layers)
    # Heights by the root: a bottleneck of two beside hundreds is to be seen.
    height = {units: 0.25 + 3.4 * np.sqrt(units / widest) for _, units, _ in layers}
    for place, (name, units, activation) in enumerate(layers):
        tall, narrow = height[units], name == "bottleneck"
        colour = NARROW if narrow else LSTM if place else SIGNAL
        _box(axes, 1.5 * place, -tall / 2, 0.62, tall, "", colour)
        axes.text(1.5 * place + 0.31, 2.25, f"{units:,}", ha="center", fontsize=12)
        axes.text(1.5 * place + 0.31, -2.1, name, ha="center", va="top", fontsize=9.5)
        axes.text(
            *(1.5 * place + 0.31, -2.85, activation),
            **{"ha": "center", "va": "top", "fontsize": 9, "color": GREY},
        )
        if place:
            _arrow(axes, (1.5 * place - 0.82, 0), (1.5 * place - 0.06, 0))
        if narrow:
            axes.annotate(
                "the path",
                (1.5 * place + 0.31, tall / 2),
                (1.5 * place + 0.31, 1.5),
                ha="center",
                fontsize=10,
                color=NARROW,
                arrowprops={"arrowstyle": "-|>", "color": NARROW},
            )
    axes.set_title(
        f"The autoencoder: {counted(weights_of(found), 'weight')}; units above each layer"
    )
    _bare(axes, (-0.6, 1.5 * len(layers) - 0.3), (-3.3, 2.8))
    return figure


def weights_of(found: Stored) -> int:
    """Count the weights that training has set."""
    trained = {layer["config"]["name"] for layer in found.layers} - {
        layer["config"]["name"] for layer in found.layers if layer["class_name"] == "Normalization"
    }
    return sum(
        int(array.size)
        for name, arrays in found.weights.items()
        # An LSTM's weights stand under its cell's name.
        if name in trained or name.removesuffix("_cell") in trained
        for array in arrays
    )


def _said(layer: str) -> str:
    return "restored\nstate" if layer == "restored" else layer.replace("_", " ")


def _box(
    axes: Any,
    x: float,
    y: float,
    width: float,
    height: float,
    words: str,
    colour: str,
    ink: str = "#111111",
) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.08", fc=colour, **BOX
        )
    )
    axes.text(
        *(x + width / 2, y + height / 2, words),
        **{"ha": "center", "va": "center", "fontsize": 9, "color": ink},
    )


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=GREY, shrinkA=0, shrinkB=0
        )
    )


def _bare(axes: Any, x: tuple[float, float], y: tuple[float, float]) -> None:
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.set_aspect("equal")
    axes.axis("off")
