"""One network's files without any training: a model of random weights, its states and its paths."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from fake_study import NAMES
from makers import spaces_named
from signpaths.networks.activations import run
from signpaths.networks.classifiers import COMPUTED, GATES, read_classifier
from signpaths.options import ActivationsOptions
from signpaths.spaces import Space, coordinates
from signpaths.stores import write_store

TIME, CHANNELS, UNITS = 14, 3, 6


def write_model(path: Path, signs: int, *, masked: bool = True, seed: int = 0) -> Path:
    """Write a `.keras` file of random weights, as Keras lays it out."""
    rng = np.random.default_rng(seed)
    gates = GATES * UNITS
    weights = {
        "lstm_cell": [(CHANNELS, gates), (UNITS, gates), (gates,)],
        "probability": [(UNITS, signs), (signs,)],
    }
    held_in = io.BytesIO()
    with h5py.File(held_in, "w") as file:
        for name, shapes in weights.items():
            group = file.create_group(f"layers/{name}/vars")
            group.attrs["name"] = name
            for place, shape in enumerate(shapes):
                # Small biases: what is seen decides the answer.
                spread = 2 if len(shape) == 2 else 0.1
                group[str(place)] = (spread * rng.normal(size=shape)).astype(np.float32)
    node = {"kwargs": {"mask": "some"} if masked else {}}
    layers = [
        {
            "class_name": "LSTM",
            "config": {"name": "lstm", **COMPUTED},
            "inbound_nodes": [node],
        },
        {
            "class_name": "Dense",
            "config": {"name": "probability", "activation": "softmax"},
            "inbound_nodes": [],
        },
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", held_in.getvalue())
    return path


def sequences(
    lengths: Sequence[int], names: Sequence[str], padding: str, parts: Sequence[str]
) -> tuple[xr.Dataset, np.ndarray]:
    """Random recordings, a sign after the other, and their parts of the split."""
    rng = np.random.default_rng(len(lengths))
    x = np.zeros((len(lengths), TIME, CHANNELS), np.float32)
    mask = np.zeros(x.shape[:2], bool)
    for one, length in enumerate(lengths):
        real = slice(TIME - length, None) if padding == "pre" else slice(length)
        x[one, real] = rng.normal(size=(length, CHANNELS))
        mask[one, real] = True
    count = len(lengths)
    dataset = xr.Dataset(
        {"x": (("example", "time", "channel"), x), "mask": (("example", "time"), mask)},
        coords={
            "sign": ("example", np.array([names[i % len(names)] for i in range(count)])),
            "session": ("example", ["s1"] * count),
            "take": ("example", np.arange(count)),
            "length": ("example", np.array(lengths)),
            "hands": ("example", ["one"] * count),
        },
        attrs={"padding": padding},
    )
    return dataset, np.array([parts[i % len(parts)] for i in range(count)])


def write_files(
    folder: Path,
    lengths: Sequence[int],
    names: Sequence[str] = NAMES,
    *,
    padding: str = "pre",
    masked: bool = True,
    parts: Sequence[str] = ("train", "train", "test"),
    bits: int = 23,
    seed: int = 0,
    spaces: Sequence[Space] = (),
) -> tuple[Path, Path, Path]:
    """Write one network's paths (pca2, pca3 or others), activations and model."""
    examples, part = sequences(lengths, names, padding, parts)
    signs = len(set(names[: len(lengths)]))
    model = write_model(folder / "networks/0/model.keras", signs, masked=masked, seed=seed)
    network = read_classifier(model, CHANNELS, signs, {})
    hidden = run(network, examples, part, ActivationsOptions(mantissa_bits=bits))
    activations = folder / "activations/0.zarr"
    write_store(
        hidden,
        activations,
        stage="activations",
        title="Hidden states",
        options=ActivationsOptions(mantissa_bits=bits),
        made_from={"network": model},
    )
    spaces = spaces or spaces_named("pca2", "pca3")
    seeds = max(space.runs for space in spaces)
    path = np.full((len(spaces), seeds, *examples.mask.shape, 3), np.nan, np.float32)
    for row, space in enumerate(spaces):
        for column in range(seeds):
            # Every space and run has its own; what is beyond the runs is repeated.
            own = (1 + row + column % space.runs / 10) * hidden.hidden.values[..., : space.dims]
            path[row, column, ..., : space.dims] = np.where(
                examples.mask.values[..., None], own, np.nan
            )
    coords = {**coordinates(spaces), "ae_seed": range(seeds)}
    coords |= {name: hidden[name] for name in ("sign", "session", "take", "length", "part")}
    write_store(
        xr.Dataset({"path": (("space", "ae_seed", "example", "time", "dim"), path)}, coords=coords),
        folder / "paths/0.zarr",
        stage="paths",
        title="Paths",
        made_from={"activations": activations},
    )
    write_sightings(folder / "sightings/0.zarr", activations, [space.name for space in spaces])
    return folder / "paths/0.zarr", activations, model


def write_sightings(
    path: Path, activations: Path, spaces: Sequence[str] = ("pca2", "pca3")
) -> None:
    """Write what names a run: its network, and which autoencoder draws each space."""
    seen = xr.Dataset(
        coords={
            **coordinates(spaces_named(*spaces)),
            "drawn": ("space", np.zeros(len(spaces), int)),
        },
        attrs={"network": "0", "run": path.stem},
    )
    paths = activations.parents[1] / "paths" / activations.name
    made_from = {"activations": activations, "paths": paths}
    write_store(seen, path, stage="sightings", title="Sightings", made_from=made_from)
