"""Stage `autoencoder`: hidden states in, one denoising autoencoder out.

Takes the activations of one network; trains dense layers in–600–150–d–150–600–in with a bottleneck
of two or three units to restore hidden states from noisy ones, as in the article. Which frames it
sees, how noise is drawn and how it is validated are options; the article's own regime is one set.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.networks import training
from signpaths.options import AutoencoderOptions
from signpaths.stores import open_store, write_json

if TYPE_CHECKING:
    import keras

# The article's share of shuffled frames for validation.
VALIDATION_SHARE = 0.2


def autoencoder(
    activations: Path,
    model: Path,
    history: Path,
    metrics: Path,
    /,
    *,
    dims: int,
    seed: int,
    options: AutoencoderOptions = AutoencoderOptions(),
) -> None:
    """Train one denoising autoencoder on the hidden states of one network.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    model
        The trained autoencoder to write, `.keras`; its layer `bottleneck` gives the path.
    history
        The CSV to write: one row an epoch.
    metrics
        The JSON to write: losses and counts.
    dims
        Units of the bottleneck, 2 or 3.
    seed
        Sets initial weights, noise and the order of the frames.
    """
    training.start(seed)
    hidden = open_store(activations)
    train, validation = training_frames(hidden, seed, options)
    if not (len(train) and len(validation)):
        raise UserError(
            f"{len(train)} training and {len(validation)} validation frames are left by "
            f"autoencoder.frames {options.frames} and autoencoder.validation {options.validation}; "
            "both need some."
        )
    seen, seen_validation = train, validation
    if options.noise_draw == "fixed":
        generator = np.random.default_rng(seed)
        seen, seen_validation = (
            states + generator.normal(0, options.noise, states.shape).astype(np.float32)
            for states in (train, validation)
        )
    network = build(train.shape[1], dims, options)
    compile_for_training(network, len(train), options)
    fitted = training.fit(network, (seen, train), (seen_validation, validation), options)
    training.write_history(fitted, history)
    training.save_model(network, model)
    best = training.best_epoch(fitted)
    write_json(
        metrics,
        {
            "autoencoder_seed": seed,
            "dims": dims,
            "train_loss": best["loss"],
            "validation_loss": best["val_loss"],
            "epochs_run": len(fitted),
            "best_epoch": int(best["epoch"]),
            "frames": {"train": len(train), "validation": len(validation)},
            "parameters": network.count_params(),
        },
    )


def training_frames(
    hidden: xr.Dataset, seed: int, options: AutoencoderOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the hidden states to train and to validate on: two float32 arrays `(frame, unit)`."""
    states, chosen = chosen_frames(hidden, "train", options)
    train = states[thinned(states, chosen, options.thin_steps, options.thin_speed)]
    if options.validation == "example":
        states, chosen = chosen_frames(hidden, "validation", options)
        return train, states[chosen]
    order = np.random.default_rng(seed).permutation(len(train))
    cut = round(len(train) * (1 - VALIDATION_SHARE))
    return train[order[:cut]], train[order[cut:]]


def chosen_frames(
    hidden: xr.Dataset, part: str, options: AutoencoderOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Give a part's hidden states `(example, time, unit)` and which frames the options choose."""
    of_part = hidden.isel(example=np.flatnonzero(hidden.part.values == part))
    if options.frames == "real":
        return of_part.hidden.values, of_part.mask.values
    first, last = options.window
    if not 0 <= first <= last < hidden.sizes["time"]:
        raise UserError(
            f"autoencoder.window goes from step {first} to {last}, but sequences have steps "
            f"0 to {hidden.sizes['time'] - 1}."
        )
    step = np.arange(hidden.sizes["time"])
    inside = (step >= first) & (step <= last)
    return of_part.hidden.values, np.broadcast_to(inside, of_part.mask.shape)


def thinned(states: np.ndarray, chosen: np.ndarray, steps: int, speed: float) -> np.ndarray:
    """Keep every so many-th chosen frame of an example, and of these the ones that moved.

    Parameters
    ----------
    states
        Hidden states `(example, time, unit)`.
    chosen
        The frames to thin `(example, time)`.
    steps
        Keep the first chosen frame of an example and every `steps`-th after it.
    speed
        Then leave out frames nearer than this to the last one kept.

    Returns
    -------
    numpy.ndarray
        The frames to keep `(example, time)`.
    """
    kept = chosen & ((chosen.cumsum(axis=1) - 1) % steps == 0)
    if not speed:
        return kept
    last = np.full((len(states), states.shape[2]), np.inf, dtype=states.dtype)
    for step in range(states.shape[1]):
        moved = np.linalg.norm(states[:, step] - last, axis=1) >= speed
        kept[:, step] &= moved
        last[kept[:, step]] = states[kept[:, step], step]
    return kept


def build(units: int, dims: int, options: AutoencoderOptions) -> "keras.Model":
    """Build the autoencoder with fresh weights; its layer `bottleneck` is the path."""
    import keras

    def dense(size: int, activation: str, name: str) -> "keras.layers.Dense":
        return keras.layers.Dense(size, activation=activation, name=name)

    sizes = list(enumerate(options.layers, start=1))
    stack = [keras.Input((units,), name="hidden")]
    if options.noise and options.noise_draw == "fresh":
        stack.append(keras.layers.GaussianNoise(options.noise, name="noise"))
    stack += [dense(size, options.activation, f"encoder_{index}") for index, size in sizes]
    stack.append(dense(dims, options.bottleneck, "bottleneck"))
    stack += [
        dense(size, options.activation, f"decoder_{index}") for index, size in reversed(sizes)
    ]
    stack.append(dense(units, "linear", "restored"))
    return keras.Sequential(stack, name="autoencoder")


def compile_for_training(network: "keras.Model", frames: int, options: AutoencoderOptions) -> None:
    """Attach loss and optimiser."""
    import keras

    rate = training.learning_rate(options, frames)
    network.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="mse",
        steps_per_execution=training.STEPS_AT_ONCE,
        jit_compile=False,
    )
