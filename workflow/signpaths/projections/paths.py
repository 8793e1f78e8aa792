"""Stage `paths`: hidden states and autoencoders in, example paths in two and three dimensions out.

Takes the activations of one network, its own autoencoders, and how it is turned onto the reference
with the shared ones; gives `paths/<network>.zarr`, the bottlenecks' values at every real frame.
Principal components (fitted on the training examples' real frames, or the
reference's) stand beside them as the plain alternative, and so does how well each space restores
the hidden states.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from signpaths import spaces as kinds
from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.options import CountOption, PathsOptions
from signpaths.origins import check_origin, made_from
from signpaths.projections.components import WIDEST, Components, principal_components
from signpaths.projections.encoders import encoded, read_layers, restored
from signpaths.projections.procrustes import Turn
from signpaths.spaces import Space, coordinates, projections
from signpaths.stores import open_store, write_store

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
    alignment: Path,
    reference: Path,
    shared: Path,
    store: Path,
    /,
    *,
    shared_seeds: CountOption = 1,
    options: PathsOptions = PathsOptions(),
) -> None:
    """Project the hidden states of one network.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    autoencoders
        The folder of the network's autoencoders, each `<dims>/<ae_seed>/model.keras`.
    alignment
        The network's store of stage `alignment`.
    reference
        The store of stage `reference`.
    shared
        The folder of the shared map's autoencoders, each `<dims>/<ae_seed>/model.keras`.
    store
        The zarr store to write: `path(space, ae_seed, example, time, dim)`. A space of fewer runs
        than there are seeds is repeated over them.
    shared_seeds
        How many autoencoders the shared map has for each number of dimensions; 0 for none.

    Raises
    ------
    UserError
        If an autoencoder that the options ask for is not there, or it or the alignment is of
        another network or reference.
    """
    if shared_seeds < 0:
        raise UserError(f"--shared-seeds is {shared_seeds}, expected 0 or more.")
    hidden = open_store(activations, "activations").load()
    mask = hidden.mask.values
    frames = hidden.hidden.values[mask]
    check_finite(frames, activations)
    part_of_frame = np.repeat(hidden.part.values, mask.sum(axis=1))
    sources = {"activations": activations, "reference": reference}
    check_origin(alignment, made_from(alignment), sources)
    turn, common = read_turn(alignment), open_store(reference, "reference")
    if turn.rotation.shape != (frames.shape[1], common.sizes["unit"]):
        raise UserError(f"{alignment}: it is not of {activations} and {reference}. Make it again.")
    turned = turn.forth(frames)
    check_finite(turned, alignment)
    shared_components = Components(
        common.centre.values, common.component.values, common.explained.values
    )
    spaces = projections(options.dims, options.seeds, shared_seeds)
    seeds = range(max(space.runs for space in spaces))
    path = np.full((len(spaces), len(seeds), *mask.shape, WIDEST), np.nan, dtype=np.float32)
    error = np.zeros((len(spaces), len(seeds), 2))
    for row, space in enumerate(spaces):
        match space.kind:
            case kinds.AUTOENCODER:
                found = [
                    _encoded(one, frames, space.dims, {"activations": activations})
                    for one in _models(autoencoders, space)
                ]
            case kinds.SHARED_AUTOENCODER:
                found = [
                    _encoded(one, turned, space.dims, {"reference": reference})
                    for one in _models(shared, space)
                ]
            case kinds.SHARED_COMPONENTS:
                found = [_on_components(shared_components, turned, space.dims)]
            case _:
                own = principal_components(frames[part_of_frame == FITTED_ON])
                found = [_on_components(own, frames, space.dims)]
        for column in seeds:
            projection = found[column % space.runs]
            restored = turn.back(projection.restored) if space.is_shared else projection.restored
            path[row, column, mask, : space.dims] = projection.path
            error[row, column] = _errors(
                frames[::RESTORED_EVERY], restored, part_of_frame[::RESTORED_EVERY]
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
                {"long_name": "autoencoder seed; spaces of fewer runs are repeated over it"},
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
        attrs={"padding": hidden.attrs["padding"], "network": activations.stem},
    )
    write_store(
        dataset,
        store,
        stage="paths",
        title="Example paths: hidden states in 2 and 3 dimensions",
        options=options,
        made_from=sources,
    )


def read_turn(alignment: Path) -> Turn:
    """Read how a network is turned onto the reference from its store of stage `alignment`."""
    one = open_store(alignment, "alignment")
    return Turn(one["shift"].values, one["rotation"].values, float(one["scale"]))


def _models(folder: Path, space: Space) -> list[Path]:
    return [folder / str(space.dims) / str(seed) / "model.keras" for seed in range(space.runs)]


def _encoded(model: Path, frames: np.ndarray, dims: int, sources: Mapping[str, Path]) -> Projection:
    layers = read_layers(model, frames.shape[1], dims, sources)
    return Projection(encoded(layers, frames), restored(layers, frames[::RESTORED_EVERY]))


def _on_components(components: Components, frames: np.ndarray, dims: int) -> Projection:
    scores = components.onto(frames, dims)
    return Projection(scores, components.back(scores[::RESTORED_EVERY]))


def _errors(frames: np.ndarray, restored: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """Mean squared error on the frames of training examples, and on the others."""
    squared = ((frames - restored) ** 2).mean(axis=1, dtype=np.float64)
    return squared[part == FITTED_ON].mean(), squared[part != FITTED_ON].mean()
