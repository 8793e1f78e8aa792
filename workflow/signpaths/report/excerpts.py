"""Stage `excerpts`: one network's files in, what the report's explorer shows of it out.

Takes hidden states, paths and the trained network; gives the mean path of every sign, the held-out
examples at equal phases with the network's answers on the way, and every frame of all examples in
the planes. Of one network alone, so that more networks change nothing in it.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.closeness.partings import mean_paths
from signpaths.errors import UserError
from signpaths.frames import check_finite, resample
from signpaths.networks.classifiers import Classifier, read_classifier
from signpaths.options import PhasesOptions
from signpaths.origins import check_origin, made_from
from signpaths.report.filmed import answers
from signpaths.runs import check_same
from signpaths.spaces import AUTOENCODER, COMPONENTS, SHARED, Space, coordinates, described
from signpaths.stores import open_store, write_store

# At which held-out examples are shown.
HELD_PHASES = 24
FITTED_ON = "train"
PLANE = 2
OF_EXAMPLES = ("session", "take", "source", "length", "part", "hands")


def excerpts(
    activations: Path,
    paths: Path,
    model: Path,
    store: Path,
    /,
    *,
    options: PhasesOptions = PhasesOptions(),
) -> None:
    """Gather what the report's explorer shows of one network.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    paths
        The store of stage `paths`, of the same network.
    model
        The trained network, `model.keras`.
    store
        The zarr store to write: `mean(space, ae_seed, sign, phase, dim)`,
        `held_out(space, ae_seed, held, held_phase, dim)`, `answer` and `sure` over
        `(held, held_phase)`, `frames(plane, frame, axis)`, `predicted(example)`.

    Raises
    ------
    UserError
        If the files are not of one network, or hold values that are no numbers.
    """
    hidden, projected = open_store(activations, "activations"), open_store(paths, "paths")
    check_origin(paths, made_from(paths), {"activations": activations})
    check_origin(activations, made_from(activations), {"network": model})
    check_same(projected, hidden, ["sign", "session", "take", "length"], str(paths))
    network = read_classifier(model, None, hidden.sizes["class"], {})
    real = hidden.mask.values
    path = projected["path"].transpose("space", "ae_seed", "example", "time", "dim").values
    for row, space in enumerate(described(projected)):
        check_finite(path[row, : space.runs][:, real][..., : space.dims], paths)
    dataset = excerpt(path, described(projected), hidden, options.phases)
    held = np.flatnonzero(hidden.part.values != FITTED_ON)
    states, answered = hidden.hidden.values[held], real[held]
    check_finite(states[answered], activations)
    dataset = dataset.assign(answers_on_the_way(network, states, answered))
    write_store(
        dataset.assign_coords(
            ae_seed=("ae_seed", projected.ae_seed.values, {"long_name": "autoencoder seed"})
        ).assign_attrs(network=activations.stem),
        store,
        stage="excerpts",
        title=f"What the explorer shows of network {activations.stem}",
        options=options,
        made_from={"activations": activations, "paths": paths, "network": model},
    )


def excerpt(path: np.ndarray, spaces: list[Space], hidden: xr.Dataset, phases: int) -> xr.Dataset:
    """Gather a network's paths at equal phases, by sign and of held-out examples, and all frames.

    Parameters
    ----------
    path
        `(space, ae_seed, example, time, dim)`; what is beyond a space's runs is passed over.
    spaces
        In that order.
    hidden
        The store of stage `activations`.
    phases
        At which means are taken.
    """
    real, signs = hidden.mask.values, hidden["class"].values.astype(str)
    label = np.searchsorted(signs, hidden.sign.values.astype(str))
    if not np.array_equal(np.unique(label), np.arange(signs.size)):
        raise UserError("the network can answer other signs than there are examples of.")
    held = np.flatnonzero(hidden.part.values != FITTED_ON)
    widest = path.shape[-1]
    mean = np.full((*path.shape[:2], signs.size, phases, widest), np.nan, np.float32)
    held_out = np.full((*path.shape[:2], held.size, HELD_PHASES, widest), np.nan, np.float32)
    length = real.sum(axis=1)
    for row, space in enumerate(spaces):
        for column in range(space.runs):
            one = path[row, column][..., : space.dims]
            points = resample(np.nan_to_num(one), real, phases)
            mean[row, column, ..., : space.dims] = mean_paths(points, label, length).mean
            held_out[row, column, ..., : space.dims] = resample(one[held], real[held], HELD_PHASES)
    planes = planes_of(spaces)
    frames = np.array([path[row, column][real][:, :PLANE] for row, column in planes])
    return xr.Dataset(
        {
            "mean": (
                ("space", "ae_seed", "sign", "phase", "dim"),
                mean,
                {
                    "long_name": "mean path of the sign at equal phases, of all its examples; "
                    "empty beyond a space's runs and dimensions",
                    "units": "1",
                },
            ),
            "held_out": (
                ("space", "ae_seed", "held", "held_phase", "dim"),
                held_out,
                {
                    "long_name": "paths of the held-out examples at equal phases; empty likewise",
                    "units": "1",
                },
            ),
            "frames": (
                ("plane", "frame", "axis"),
                frames.reshape(len(planes), int(length.sum()), PLANE),
                {
                    "long_name": "all real frames, one example after the other",
                    "units": "1",
                },
            ),
            "predicted": (
                "example",
                np.searchsorted(signs, hidden.predicted.values.astype(str)),
                {"long_name": "the sign that the network answers, as a number", "units": "1"},
            ),
        },
        coords={
            **coordinates(spaces),
            "sign": ("sign", signs, {"long_name": "sign"}),
            "phase": _shares("phase", phases),
            "held_phase": _shares("held_phase", HELD_PHASES),
            "held": ("held", held, {"long_name": "number of the held-out example"}),
            "plane": (
                "plane",
                [spaces[row].name for row, _ in planes],
                {"long_name": "space in two dimensions"},
            ),
            "plane_seed": (
                "plane",
                [column for _, column in planes],
                {"long_name": "autoencoder seed of the plane"},
            ),
            "of_sign": ("example", label, {"long_name": "sign of the example, as a number"}),
            **{
                name: ("example", hidden[name].values, hidden[name].attrs)
                for name in OF_EXAMPLES
                if name in hidden.coords
            },
        },
    )


def planes_of(spaces: list[Space]) -> list[tuple[int, int]]:
    """Give the planes whose frames are all kept, as place of the space and seed.

    A network's own by the autoencoder that draws it, its first one. Which one draws the shared map
    hangs on all networks, so all of these are kept.
    """
    return [
        (row, column)
        for row, space in enumerate(spaces)
        if space.dims == PLANE
        for column in range(space.runs if space.is_shared else 1)
        if space.kind in (AUTOENCODER, COMPONENTS, *SHARED)
    ]


def steps_at(real: np.ndarray, phases: int) -> np.ndarray:
    """Find the time step nearest to each of equal phases, int `(example, phase)`.

    Parameters
    ----------
    real
        bool `(example, time)`: real frames, contiguous.
    phases
        From the first real frame to the last.
    """
    position = np.linspace(0, 1, phases) * (real.sum(axis=1)[:, None] - 1)
    return real.argmax(axis=1)[:, None] + np.floor(position + 0.5).astype(int)


def answers_on_the_way(
    network: Classifier, states: np.ndarray, real: np.ndarray
) -> dict[str, tuple[tuple[str, str], np.ndarray, dict[str, str]]]:
    """Give what a network would answer at the frame nearest to each phase, and how sure it is.

    Parameters
    ----------
    network
        Whose softmax reads the hidden states.
    states
        Of held-out examples, `(held, time, unit)`.
    real
        bool `(held, time)`.
    """
    answer, probability = answers(network, states, steps_at(real, HELD_PHASES))
    return {
        "answer": (
            ("held", "held_phase"),
            answer,
            {"long_name": "the sign that the network would answer, as a number", "units": "1"},
        ),
        "sure": (
            ("held", "held_phase"),
            np.rint(100 * probability).astype(np.uint8),
            {"long_name": "probability that it gives to this sign", "units": "percent"},
        ),
    }


def _shares(name: str, phases: int) -> tuple[str, np.ndarray, dict[str, str]]:
    return name, np.linspace(0, 1, phases), {"long_name": "share of the way", "units": "1"}
