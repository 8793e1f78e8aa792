"""The fused engine against Keras' own LSTM: forward, every gradient, states, and what it computes.

Keras' layer steps through all frames in Python-made graph operations and shares no code with the
kernel, so it is an oracle for every number.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.networks import training

training.start(0)
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from signpaths.networks.fused import FusedLSTM, with_fused_lstm  # noqa: E402

BATCH, TIME, CHANNELS, UNITS = 6, 15, 4, 5
RESULTS = ("outputs", "h", "c", "by input", "by kernel", "by recurrent", "by bias", "by h", "by c")


def frames_of(kind: str, generator: np.random.Generator) -> np.ndarray:
    """Which frames are real `(example, time)`."""
    if kind == "holes":
        real = generator.random((BATCH, TIME)) < 0.6
        real[0] = False
        return real
    lengths = generator.integers(1, TIME + 1, BATCH)[:, None]
    step = np.arange(TIME)[None]
    return step >= TIME - lengths if kind == "pre" else step < lengths


def results(
    layer: keras.layers.LSTM,
    x: np.ndarray,
    mask: np.ndarray | None,
    states: list[np.ndarray] | None,
    weights: list[np.ndarray],
) -> list[np.ndarray]:
    """Outputs, last states and the gradients of their weighted sum by everything that goes in."""
    inputs = [tf.constant(x), *map(tf.constant, states or [])]

    @tf.function
    def run() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            found = layer(inputs[0], initial_state=inputs[1:] or None, mask=mask)
            total = sum(tf.reduce_sum(w * v) for w, v in zip(weights, found, strict=True))
        sources = [inputs[0], *layer.trainable_variables, *inputs[1:]]
        return [*found, *tape.gradient(total, sources)]

    return [tf.convert_to_tensor(value).numpy() for value in run()]


@pytest.mark.parametrize("given_states", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["pre", "post", "holes"])
def test_it_computes_what_keras_computes(kind: str, masked: bool, given_states: bool) -> None:
    generator = np.random.default_rng(1)

    def draw(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    real = frames_of(kind, generator)
    x = draw(BATCH, TIME, CHANNELS) * real[..., None]
    keywords: dict[str, Any] = {"return_sequences": True, "return_state": True}
    stock, fused = keras.layers.LSTM(UNITS, **keywords), FusedLSTM(UNITS, **keywords)
    for layer in (stock, fused):
        layer.build(x.shape)
    stock.set_weights([draw(*weight.shape) / 2 for weight in stock.get_weights()])
    fused.set_weights(stock.get_weights())
    states = [draw(BATCH, UNITS), draw(BATCH, UNITS)] if given_states else None
    weights = [draw(BATCH, TIME, UNITS), draw(BATCH, UNITS), draw(BATCH, UNITS)]
    mask = real if masked else None
    expected = results(stock, x, mask, states, weights)
    found = results(fused, x, mask, states, weights)
    for name, own, other in zip(RESULTS, found, expected, strict=False):
        np.testing.assert_allclose(own, other, atol=3e-6 * np.abs(other).max(), err_msg=name)


STOCK, FUSED = (kind(UNITS, return_sequences=True) for kind in (keras.layers.LSTM, FusedLSTM))
for built in (STOCK, FUSED):
    built.build((None, TIME, CHANNELS))
FUSED.set_weights(STOCK.get_weights())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, TIME), min_size=1, max_size=5),
    st.sampled_from(["pre", "post"]),
    st.booleans(),
)
def test_any_lengths_give_the_numbers_of_all_steps(
    lengths: list[int], padding: str, masked: bool
) -> None:
    step, length = np.arange(TIME)[None], np.array(lengths)[:, None]
    real = step >= TIME - length if padding == "pre" else step < length
    x = np.random.default_rng(2).normal(size=(*real.shape, CHANNELS)).astype(np.float32)
    x *= real[..., None]
    mask = real if masked else None
    np.testing.assert_allclose(
        FUSED(x, mask=mask).numpy(), STOCK(x, mask=mask).numpy(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(("masked", "runs"), [(True, {(4, 3)}), (False, {(4, 3), (8, 1)})])
def test_padding_is_not_computed(
    masked: bool, runs: set[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel sees the longest example's frames and, unmasked, one silence: steps × examples."""
    seen = set()
    kernel = tf.raw_ops.BlockLSTMV2

    def spy(**arguments: Any) -> Any:
        seen.add(tuple(arguments["x"].shape[:2]))
        return kernel(**arguments)

    monkeypatch.setattr(tf.raw_ops, "BlockLSTMV2", spy)
    real = np.arange(10)[None] >= np.array([6, 7, 8])[:, None]
    x = np.ones((3, 10, CHANNELS), dtype=np.float32) * real[..., None]
    FUSED(x, mask=real if masked else None)
    assert seen == runs


def small_network(layer: type[keras.layers.LSTM]) -> keras.Model:
    x = keras.Input((TIME, CHANNELS))
    real = keras.ops.any(keras.ops.not_equal(x, 0.0), axis=-1)
    last = layer(UNITS, return_sequences=True, name="lstm")(x, mask=real)[:, -1]
    return keras.Model(x, keras.layers.Dense(3)(last))


def test_a_network_keeps_its_weights_and_answers_when_its_engine_changes() -> None:
    network = small_network(keras.layers.LSTM)
    fast = with_fused_lstm(network)
    assert type(fast.get_layer("lstm")) is FusedLSTM
    assert type(network.get_layer("lstm")) is keras.layers.LSTM
    names = [[weight.path for weight in model.weights] for model in (network, fast)]
    assert names[0] == names[1]
    x = np.random.default_rng(3).normal(size=(4, TIME, CHANNELS)).astype(np.float32)
    x[1, :7] = 0
    np.testing.assert_allclose(fast.predict(x, verbose=0), network.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize(
    "argument",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"dropout": 0.1},
        {"recurrent_dropout": 0.1},
        {"go_backwards": True},
        {"stateful": True},
        {"unroll": True},
        {"zero_output_for_mask": True},
    ],
)
def test_what_the_kernel_cannot_do_is_refused(argument: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(argument))):
        FusedLSTM(UNITS, **argument)
