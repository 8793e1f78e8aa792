"""A denoising autoencoder: frames in, a trained network, its history and its losses out.

Takes hidden states; builds dense layers in–600–150–d–150–600–in with a bottleneck of two or three
units (the article's) and trains them to restore hidden states from noisy ones. Stages `autoencoder`
and `shared` choose the frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from signpaths import versions
from signpaths.errors import UserError
from signpaths.networks import training
from signpaths.options import DenoisingOptions
from signpaths.stores import write_json

if TYPE_CHECKING:
    import keras

# The article's share of shuffled frames for validation.
VALIDATION_SHARE = 0.2
# States are from -1 to 1. Where they are next to nothing, Adam's steps alone make such an error.
LEAST_SQUARE = 0.01


@dataclass(frozen=True)
class Written:
    """What a trained autoencoder leaves.

    Attributes
    ----------
    model
        The trained autoencoder, `.keras`; its layer `bottleneck` gives the path.
    history
        CSV: one row an epoch.
    metrics
        JSON: losses and counts.
    """

    model: Path
    history: Path
    metrics: Path


def train(
    frames: np.ndarray,
    validation: np.ndarray,
    written: Written,
    *,
    made_from: Mapping[str, Path],
    dims: int,
    seed: int,
    options: DenoisingOptions,
    regime: training.Regime,
) -> None:
    """Train one denoising autoencoder and write it.

    Parameters
    ----------
    frames, validation
        Hidden states to train and to validate on, float32 `(frame, unit)`.
    written
        Where.
    made_from
        The stores that the hidden states come from.
    dims
        Units of the bottleneck.
    seed
        Sets the noise if it is drawn once; `training.start` has set the rest.
    options
        The autoencoder.
    regime
        How it is trained.

    Raises
    ------
    UserError
        If training diverges, or there are no frames.
    """
    if not (len(frames) and len(validation)):
        raise UserError(
            f"{len(frames)} training and {len(validation)} validation frames are left; both need "
            "some. See autoencoder.frames and autoencoder.validation, of the shared map "
            "shared.frames, and split.validation."
        )
    seen, seen_validation = frames, validation
    if options.noise_draw == "fixed":
        generator = np.random.default_rng(seed)
        seen, seen_validation = (
            states + generator.normal(0, options.noise, states.shape).astype(np.float32)
            for states in (frames, validation)
        )
    network = build(frames.shape[1], dims, options)
    compile_for_training(network, len(frames), regime)
    square = float(np.square(validation, dtype=np.float64).mean())
    fitted = training.fit(
        network,
        (seen, frames),
        (seen_validation, validation),
        regime,
        chance=max(square, LEAST_SQUARE),
    )
    training.write_history(fitted, written.history)
    training.save_model(network, written.model, made_from)
    best = training.best_epoch(fitted)
    write_json(
        written.metrics,
        {
            "autoencoder_seed": seed,
            "dims": dims,
            "train_loss": best["loss"],
            "validation_loss": best["val_loss"],
            # Whether it restores frames better than zeros would.
            "learned": bool(best["val_loss"] < square),
            "epochs_run": len(fitted),
            "best_epoch": int(best["epoch"]),
            "frames": {"train": len(frames), "validation": len(validation)},
            "parameters": network.count_params(),
            versions.TRAINED_BY: versions.training(),
        },
    )


def last_fifth(frames: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shuffle frames; give all but the last fifth to train on, and that to validate on."""
    order = np.random.default_rng(seed).permutation(len(frames))
    cut = round(len(frames) * (1 - VALIDATION_SHARE))
    return frames[order[:cut]], frames[order[cut:]]


def build(units: int, dims: int, options: DenoisingOptions) -> "keras.Model":
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


def compile_for_training(network: "keras.Model", frames: int, regime: training.Regime) -> None:
    """Attach loss and optimiser."""
    import keras

    rate = training.learning_rate(regime, frames)
    network.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="mse",
        steps_per_execution=training.STEPS_AT_ONCE,
        jit_compile=False,
    )
