"""Stage `paths`: hidden states and autoencoders in, example paths in two and three dimensions out.

Takes the activations of one LSTM and its autoencoders; gives `paths/<lstm_seed>.zarr`, the
bottleneck's values at every real frame. Principal components (scikit-learn's PCA, fitted on the
training examples' real frames) stand beside them as the plain alternative, and so does how well
each space restores the hidden states.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import xarray as xr
from cyclopts import Parameter

from signpaths import training
from signpaths.errors import UserError
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
    store: Path,
    /,
    *,
    models: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
) -> None:
    """Project the hidden states of one LSTM.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    store
        The zarr store to write: `path(space, ae_seed, example, time, dim)`.
    models
        Autoencoders, each `…/<dims>/<ae_seed>/model.keras`.
    """
    from sklearn.decomposition import PCA

    training.start(0)
    hidden = open_store(activations).load()
    mask = hidden.mask.values
    frames = hidden.hidden.values[mask]
    part_of_frame = np.repeat(hidden.part.values, mask.sum(axis=1))
    trained = {_dims_and_seed(model): model for model in models}
    dims = sorted({dim for dim, _ in trained})
    seeds = sorted({seed for _, seed in trained})
    missing = [(dim, seed) for dim in dims for seed in seeds if (dim, seed) not in trained]
    if missing:
        raise UserError(f"autoencoders are missing: {missing} (dims, seed)")
    spaces = [f"{kind}{dim}" for kind in ("pca", "ae") for dim in dims]
    shape = (len(spaces), len(seeds), *mask.shape, WIDEST)
    path = np.full(shape, np.nan, dtype=np.float32)
    error = np.zeros((len(spaces), len(seeds), 2))
    for row, dim in enumerate(dims):
        pca = PCA(n_components=dim, random_state=0).fit(frames[part_of_frame == FITTED_ON])
        scores = pca.transform(frames)
        flat = Projection(scores, pca.inverse_transform(scores[::RESTORED_EVERY]))
        for column, seed in enumerate(seeds):
            for space, projection in (
                (row, flat),
                (row + len(dims), _encoded(trained[dim, seed], frames)),
            ):
                path[space, column, mask, :dim] = projection.path
                error[space, column] = _errors(
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
            "space": ("space", spaces, {"long_name": "projection; PCA is repeated over ae_seed"}),
            "ae_seed": ("ae_seed", seeds, {"long_name": "autoencoder seed"}),
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
        dataset, store, stage="paths", title="Example paths: hidden states in 2 and 3 dimensions"
    )


def _dims_and_seed(model: Path) -> tuple[int, int]:
    match = re.search(r"/(\d+)/(\d+)/[^/]+$", model.as_posix())
    if not match:
        raise UserError(f"{model}: expected …/<dims>/<ae_seed>/model.keras")
    return int(match[1]), int(match[2])


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
