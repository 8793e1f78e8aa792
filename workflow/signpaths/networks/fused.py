"""The fused engine: Keras' LSTM computed by TensorFlow's own sequence kernel, for training on CPU.

Takes a network with a stock `keras.layers.LSTM`, gives the same network with the same weights on
the kernel `BlockLSTMV2` (TensorFlow's block LSTM; gates in Keras' order). Padding is not computed:
masked steps are passed over, and the state after leading zero steps is worked out once a batch.
"""

from typing import Any

import keras
import tensorflow as tf

# What the kernel computes, as arguments of `keras.layers.LSTM`.
COMPUTED = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "zero_output_for_mask": False,
}


class FusedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` on TensorFlow's fused kernel.

    Weights, their names and their order are those of the stock layer, and so are all results, but
    for rounding.

    Raises
    ------
    ValueError
        If an argument asks for what the kernel does not compute (see `COMPUTED`).
    """

    def __init__(self, units: int, **arguments: Any) -> None:
        super().__init__(units, **arguments)
        config = {"zero_output_for_mask": self.zero_output_for_mask, **self.get_config()}
        other = {key: config[key] for key, value in COMPUTED.items() if config[key] != value}
        if other:
            raise ValueError(f"the fused kernel computes {COMPUTED}, not {other}")

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor] | None = None,
        mask: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor | tuple[tf.Tensor, ...]:
        """Compute outputs and states as `keras.layers.LSTM.call` does; the shapes are its own."""
        weights = (
            tf.concat([self.cell.kernel, self.cell.recurrent_kernel], axis=0),
            tf.convert_to_tensor(self.cell.bias),
        )
        if mask is not None:
            outputs, *states = _masked(sequences, initial_state, mask, *weights)
        elif initial_state is not None:
            h, c = initial_state
            outputs, *states = _every_step(sequences, h, c, *weights)
        else:
            outputs, *states = _after_leading_zeros(sequences, *weights)
        outputs.set_shape((*sequences.shape[:2], self.units))
        result = outputs if self.return_sequences else outputs[:, -1]
        return (result, *states) if self.return_state else result


def with_fused_lstm(network: keras.Model) -> keras.Model:
    """Give a copy of a network, with its weights, in which the fused kernel computes every LSTM."""

    def fused(layer: keras.layers.Layer) -> keras.layers.Layer:
        # A subclass may compute something else, so only the stock layer is replaced.
        kind = FusedLSTM if type(layer) is keras.layers.LSTM else type(layer)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(network, clone_function=fused)
    copy.set_weights(network.get_weights())
    return copy


def _every_step(
    sequences: tf.Tensor, h: tf.Tensor, c: tf.Tensor, w: tf.Tensor, b: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Compute all steps from given states."""
    hs, cs = _kernel(tf.transpose(sequences, (1, 0, 2)), h, c, w, b)
    return tf.transpose(hs, (1, 0, 2)), hs[-1], cs[-1]


def _masked(
    sequences: tf.Tensor,
    initial_state: list[tf.Tensor] | None,
    mask: tf.Tensor,
    w: tf.Tensor,
    b: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Compute only the steps of the mask, moved together, and put the outputs where they belong.

    As in Keras, a masked step repeats the last output, and outputs are zero before the first one.
    """
    batch = tf.shape(sequences)[0]
    seen = tf.cumsum(tf.cast(mask, tf.int32), axis=1)
    longest = tf.reduce_max(seen[:, -1])
    steps = tf.argsort(tf.cast(~mask, tf.int32), axis=1, stable=True)[:, :longest]
    zero = tf.zeros((batch, _units(w, sequences)), sequences.dtype)
    h, c = (zero, zero) if initial_state is None else initial_state
    hs, cs = _kernel(_take_steps(sequences, tf.transpose(steps)), h, c, w, b)
    outputs = _take_steps_back(tf.concat([zero[None], hs], axis=0), seen)
    last = tf.stack([seen[:, -1], tf.range(batch)], axis=1)
    final = (tf.gather_nd(tf.concat([s[None], ss], axis=0), last) for s, ss in ((h, hs), (c, cs)))
    return outputs, *final


@tf.custom_gradient
def _after_leading_zeros(sequences: tf.Tensor, w: tf.Tensor, b: tf.Tensor) -> Any:
    """Compute all steps from zero states, those before the first nonzero frame once a batch.

    All examples begin in the same state, so the one after n steps of zeros is the same for all.
    Only the gradient by the input tells the zeros of one example from those of another: it takes
    every step. Training a network asks for it only if a layer with weights comes before this one;
    else TensorFlow leaves it out of the graph.
    """
    with tf.GradientTape() as tape:
        tape.watch((w, b))
        results = _with_one_silence(sequences, w, b)

    def gradient(*upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
        zero = tf.zeros((tf.shape(sequences)[0], _units(w, sequences)), sequences.dtype)
        with tf.GradientTape() as full:
            full.watch(sequences)
            every = _every_step(sequences, zero, zero, w, b)
        by_input = full.gradient(every, sequences, upstream)
        return by_input, *tape.gradient(results, (w, b), upstream)

    return results, gradient


def _with_one_silence(
    sequences: tf.Tensor, w: tf.Tensor, b: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Compute the leading zero steps of the longest silence, then each example's own frames."""
    batch, time = tf.unstack(tf.shape(sequences)[:2])
    silent = tf.reduce_all(sequences == 0, axis=2)
    leading = tf.reduce_sum(tf.math.cumprod(tf.cast(silent, tf.int32), axis=1), axis=1)
    # At least one step is left to compute, so that every example has a last one.
    leading = tf.minimum(leading, time - 1)
    units = _units(w, sequences)
    zero = tf.zeros((1, units), sequences.dtype)
    silence = tf.zeros((tf.reduce_max(leading), 1, sequences.shape[2]), sequences.dtype)
    silent_hs, silent_cs = (
        tf.concat([zero, states[:, 0]], axis=0) for states in _kernel(silence, zero, zero, w, b)
    )
    longest = time - tf.reduce_min(leading)
    # Where an example is shorter than the longest, its last frames are computed on and not used.
    steps = tf.minimum(tf.range(longest)[:, None] + leading[None], time - 1)
    hs, cs = _kernel(
        _take_steps(sequences, steps),
        tf.gather(silent_hs, leading),
        tf.gather(silent_cs, leading),
        w,
        b,
    )
    # One table of all outputs: those in silence, then step by step those of the examples.
    table = tf.concat([silent_hs[1:], tf.reshape(hs, (-1, units))], axis=0)
    step = tf.range(time)[None]
    silences = tf.shape(silent_hs)[0] - 1
    place = silences + (step - leading[:, None]) * batch + tf.range(batch)[:, None]
    outputs = tf.gather(table, tf.where(step < leading[:, None], step, place))
    last = tf.stack([time - 1 - leading, tf.range(batch)], axis=1)
    return outputs, tf.gather_nd(hs, last), tf.gather_nd(cs, last)


def _units(w: tf.Tensor, sequences: tf.Tensor) -> int:
    return w.shape[0] - sequences.shape[2]


def _take_steps(sequences: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Take `steps(step, example)` of `sequences(example, time, channel)`, steps first."""
    batch, time = tf.unstack(tf.shape(sequences)[:2])
    rows = tf.reshape(sequences, (-1, sequences.shape[2]))
    return tf.gather(rows, steps + time * tf.range(batch)[None])


def _take_steps_back(states: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Take `steps(example, time)` of `states(step, example, unit)`, examples first."""
    batch = tf.shape(states)[1]
    rows = tf.reshape(states, (-1, states.shape[2]))
    return tf.gather(rows, steps * batch + tf.range(batch)[:, None])


@tf.custom_gradient
def _kernel(x: tf.Tensor, h: tf.Tensor, c: tf.Tensor, w: tf.Tensor, b: tf.Tensor) -> Any:
    """Run the kernel over `x(time, example, channel)`; outputs and cell states of every step.

    The gradient that TensorFlow registers for `BlockLSTMV2` is that of its first version, with the
    gates in another order: it is silently wrong. This is the right one.
    """
    peephole = tf.zeros(h.shape[1], x.dtype)
    given = {
        "seq_len_max": tf.cast(tf.shape(x)[0], tf.int64),
        "x": x,
        "cs_prev": c,
        "h_prev": h,
        "w": w,
        "wci": peephole,
        "wcf": peephole,
        "wco": peephole,
        "b": b,
        "use_peephole": False,
    }
    computed = tf.raw_ops.BlockLSTMV2(**given)

    def gradient(h_grad: tf.Tensor, cs_grad: tf.Tensor) -> tuple[tf.Tensor, ...]:
        grads = tf.raw_ops.BlockLSTMGradV2(
            **given, **computed._asdict(), h_grad=h_grad, cs_grad=cs_grad
        )
        return grads.x_grad, grads.h_prev_grad, grads.cs_prev_grad, grads.w_grad, grads.b_grad

    return (computed.h, computed.cs), gradient
