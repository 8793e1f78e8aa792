"""Stage `autoencoder`: hidden states in, one denoising autoencoder out.

Takes the activations of one network; chooses the frames that the autoencoder (see `denoising`) sees
and is validated on. The article's own regime is one set of options.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.networks import training
from signpaths.options import AutoencoderOptions, SeedOption
from signpaths.projections import denoising
from signpaths.projections.denoising import Written
from signpaths.stores import open_store


def autoencoder(
    activations: Path,
    model: Path,
    history: Path,
    metrics: Path,
    /,
    *,
    dims: Literal[2, 3],
    seed: SeedOption,
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
    hidden = open_store(activations, "activations")
    train, validation = training_frames(hidden, seed, options)
    denoising.train(
        train,
        validation,
        Written(model, history, metrics),
        made_from={"activations": activations},
        dims=dims,
        seed=seed,
        options=options,
        regime=options,
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
    return denoising.last_fifth(train, seed)


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
