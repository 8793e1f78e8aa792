"""Stage `paths`: hidden states and autoencoders in, example paths in two and three dimensions out.

Takes the activations of one network and its autoencoders; gives `paths/<network>.zarr`, the
bottleneck's values at every real frame. Principal components (scikit-learn's PCA, fitted on the
training examples' real frames) stand beside them as the plain alternative, and so does how well
each space restores the hidden states.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from signpaths.networks import training
from signpaths.options import PathsOptions
from signpaths.spaces import AUTOENCODER, coordinates, projections
from signpaths.stores import open_store, write_store

WIDEST = 3
BATCH = 4096
FITTED_ON = "train"
# Restoring takes as long as projecting; one frame of so many says the mean error to a percent.
RESTORED_EVERY = 8


class Projection(NamedTuple):
    """All frames in a low-dimensional space `(frame, dim)`; some restored from it `(some, unit)`.

    These are every `RESTORED_EVERY`-th.
    """

    path: np.ndarray
    restored: np.ndarray


def paths(
    activations: Path,
    autoencoders: Path,
    store: Path,
    /,
    *,
    options: PathsOptions = PathsOptions(),
) -> None:
    """Project the hidden states of one network.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    autoencoders
        The folder of the network's autoencoders, each `<dims>/<ae_seed>/model.keras`.
    store
        The zarr store to write: `path(space, ae_seed, example, time, dim)`.

    Raises
    ------
    UserError
        If an autoencoder that the options ask for is not there.
    """
    from sklearn.decomposition import PCA

    training.start(0)
    hidden = open_store(activations).load()
    mask = hidden.mask.values
    frames = hidden.hidden.values[mask]
    part_of_frame = np.repeat(hidden.part.values, mask.sum(axis=1))
    spaces, seeds = projections(options.dims), range(options.seeds)
    path = np.full((len(spaces), len(seeds), *mask.shape, WIDEST), np.nan, dtype=np.float32)
    error = np.zeros((len(spaces), len(seeds), 2))
    for row, space in enumerate(spaces):
        if space.kind == AUTOENCODER:
            folder = autoencoders / str(space.dims)
            models = [folder / str(seed) / "model.keras" for seed in seeds]
            projected = [_encoded(model, frames) for model in models]
        else:
            pca = PCA(n_components=space.dims, random_state=0)
            scores = pca.fit(frames[part_of_frame == FITTED_ON]).transform(frames)
            restored = pca.inverse_transform(scores[::RESTORED_EVERY])
            projected = [Projection(scores, restored)] * len(seeds)
        for column, projection in enumerate(projected):
            path[row, column, mask, : space.dims] = projection.path
            error[row, column] = _errors(
                frames[::RESTORED_EVERY], projection.restored, part_of_frame[::RESTORED_EVERY]
            )
    dataset = xr.Dataset(
        {
            "path": (
                ("space", "ae_seed", "example", "time", "dim"),
                path,
                {
                    "long_name": "example paths; empty on padding and on a plane's third dimension",
                    "units": "1",
                },
            ),
            "reconstruction_error": (
                ("space", "ae_seed", "seen"),
                error,
                {
                    "long_name": "mean squared error of restored hidden states, "
                    f"every {RESTORED_EVERY}th real frame",
                    "units": "1",
                },
            ),
        },
        coords={
            **coordinates(spaces),
            "ae_seed": (
                "ae_seed",
                seeds,
                {"long_name": "autoencoder seed; principal components are repeated over it"},
            ),
            "seen": (
                "seen",
                ["train", "held_out"],
                {"long_name": "examples of training, or the others"},
            ),
            "dim": ("dim", range(WIDEST), {"long_name": "dimension of the projection"}),
            **{
                name: hidden[name]
                for name in ("sign", "session", "take", "length", "hands", "part")
            },
        },
        attrs={"padding": hidden.attrs["padding"]},
    )
    write_store(
        dataset,
        store,
        stage="paths",
        title="Example paths: hidden states in 2 and 3 dimensions",
        options=options,
    )


def _encoded(model: Path, frames: np.ndarray) -> Projection:
    import keras

    network = training.load_model(model)
    encoder = keras.Model(network.inputs, network.get_layer("bottleneck").output)
    return Projection(
        encoder.predict(frames, batch_size=BATCH, verbose=0),
        network.predict(frames[::RESTORED_EVERY], batch_size=BATCH, verbose=0),
    )


def _errors(frames: np.ndarray, restored: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """Mean squared error on the frames of training examples, and on the others."""
    squared = ((frames - restored) ** 2).mean(axis=1, dtype=np.float64)
    return squared[part == FITTED_ON].mean(), squared[part != FITTED_ON].mean()
