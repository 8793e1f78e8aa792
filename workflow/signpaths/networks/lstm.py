"""Stage `lstm`: sequences and a split in, one trained classifier out.

Takes `sequences.zarr` and a split; trains one layer of LSTM units whose last step feeds a softmax
over the signs, as in the article. Gives `model.keras`, its untrained twin with the same initial
weights, the history and the accuracies. Whichever engine trains, the files hold stock Keras layers
only: anyone can load them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from signpaths import versions
from signpaths.data.splits import PARTS, read_parts
from signpaths.networks import training
from signpaths.options import Engine, LstmOptions, SeedOption
from signpaths.stores import open_store, write_json

if TYPE_CHECKING:
    import keras

    from signpaths.networks.augmentation import Jitter

# A network that recognises no more of the examples that it was trained on has failed to learn: its
# hidden states say little about the signs. (Not of the validation examples: those can be from a day
# unlike all others, which more training would not mend.)
LEARNED = 0.5


def lstm(
    sequences: Path,
    split: Path,
    model: Path,
    untrained: Path,
    history: Path,
    metrics: Path,
    /,
    *,
    seed: SeedOption,
    options: LstmOptions = LstmOptions(),
) -> None:
    """Train one LSTM classifier.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV of stage `splits`.
    model
        The trained network to write, `.keras`.
    untrained
        The same network before its first step, `.keras`.
    history
        The CSV to write: one row an epoch.
    metrics
        The JSON to write: loss and accuracy on each part.
    seed
        Sets the initial weights and the order of the examples.

    Raises
    ------
    UserError
        If training diverges.
    """
    training.start(seed)
    # Imports TensorFlow, which must be started first.
    from signpaths.networks.augmentation import Batches

    dataset = open_store(sequences, "sequences").load()
    x = dataset.x.values
    origin = {"sequences": sequences, "split": split}
    signs, label = np.unique(dataset.sign.values, return_inverse=True)
    part = read_parts(split, len(x))
    real = dataset.mask.values
    train = part == "train"
    # Those of like length beside each other, so that a batch has little padding.
    validation = np.flatnonzero(part == "validation")
    validation = validation[np.argsort(dataset.length.values[validation], kind="stable")]
    frames = x[train][real[train]]
    network = build(frames, x.shape[1], len(signs), options)
    training.save_model(network, untrained, origin)
    trained = on_engine(network, options.engine)
    compile_for_training(trained, int(train.sum()), options)
    batches = Batches(
        *(x[train], label[train], real[train]),
        batch_size=options.batch_size,
        bucket=options.bucket,
        jitter=jitter(frames, options),
        seed=seed,
    )
    fitted = training.fit(
        trained,
        batches,
        (x[validation], label[validation]),
        options,
        chance=float(np.log(len(signs))),
    )
    network.set_weights(trained.get_weights())
    training.write_history(fitted, history)
    training.save_model(network, model, {**origin, "untrained": untrained})
    scores = {
        name: trained.evaluate(x[part == name], label[part == name], verbose=0) for name in PARTS
    }
    write_json(
        metrics,
        {
            "seed": seed,
            **{f"{name}_accuracy": scores[name][1] for name in PARTS},
            **{f"{name}_loss": scores[name][0] for name in PARTS},
            "learned": scores["train"][1] > LEARNED,
            "epochs_run": len(fitted),
            "best_epoch": int(training.best_epoch(fitted)["epoch"]),
            "examples": {name: int((part == name).sum()) for name in PARTS},
            "signs": len(signs),
            "parameters": network.count_params(),
            versions.TRAINED_BY: versions.training(),
        },
    )


def build(frames: np.ndarray, time: int, signs: int, options: LstmOptions) -> "keras.Model":
    """Build the network with fresh weights.

    Parameters
    ----------
    frames
        The training split's real frames `(frame, channel)`, from which the scaling is fitted.
    time
        Steps of a padded sequence.
    signs
        Number of classes.

    Returns
    -------
    keras.Model
        `(example, time, channel)` → probability `(example, sign)`; its layer `lstm` gives the
        hidden states `(example, time, unit)`.
    """
    import keras

    x = keras.Input((time, frames.shape[1]), name="x")
    real = keras.ops.any(keras.ops.not_equal(x, 0.0), axis=-1)
    signal = x
    if options.standardise:
        mean, deviation = scale(frames)
        # A finger of the glove that never bends has no variance; it stays at zero.
        variance = np.where(deviation > 0, deviation, 1.0) ** 2
        signal = keras.layers.Normalization(mean=mean, variance=variance, name="standardise")(
            signal
        )
    # Padding stays zero, whatever the scaling added to it.
    signal = signal * keras.ops.expand_dims(keras.ops.cast(real, "float32"), -1)
    layer = keras.layers.LSTM(options.units, return_sequences=True, name="lstm")
    last = (layer(signal, mask=real) if options.mask else layer(signal))[:, -1]
    probability = keras.layers.Dense(signs, activation="softmax", name="probability")(last)
    return keras.Model(x, probability, name="classifier")


def scale(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and standard deviation of each channel over `frames(frame, channel)`, float64."""
    return frames.mean(axis=0, dtype=np.float64), frames.std(axis=0, dtype=np.float64)


def jitter(frames: np.ndarray, options: LstmOptions) -> "Jitter":
    """Give how training examples are varied, to the scale of `frames(frame, channel)`."""
    from signpaths.networks.augmentation import Jitter

    mean, deviation = (value.astype(np.float32) for value in scale(frames))
    return Jitter(mean, deviation, options.gain, options.offset, options.noise)


def on_engine(network: "keras.Model", engine: Engine) -> "keras.Model":
    """Give a copy of a network, with its weights, to train on the chosen engine."""
    import keras
    import tensorflow as tf

    from signpaths.networks.fused import with_fused_lstm

    if engine == "fused" or (engine == "auto" and not tf.config.list_physical_devices("GPU")):
        return with_fused_lstm(network)
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def compile_for_training(network: "keras.Model", examples: int, options: LstmOptions) -> None:
    """Attach loss and optimiser."""
    import keras

    rate = training.learning_rate(options, examples)
    network.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=options.clipnorm),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=training.STEPS_AT_ONCE,
        # XLA takes longer to compile these small programs than it saves.
        jit_compile=False,
    )
