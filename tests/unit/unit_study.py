"""A study whose units are known: recordings and hidden states, through `responses` and `units`.

In every network one unit answers to the fist that closes, two steps later, one to the opposite of
the right hand's height, one to the position in the sign, one to the first sign; the others are
noise. They stand in an order of the network's own. In untrained twins all units are noise.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from makers import GLOVE_CHANNELS, write_names, write_sequences
from signpaths.evidence.responses import responses
from signpaths.evidence.units import units
from signpaths.options import ResponsesOptions, UnitsOptions
from signpaths.stores import open_store, write_store

SIGNS, TAKES, TIME, UNITS, LATER = 14, 12, 40, 8, 2
HEIGHT = GLOVE_CHANNELS.index("right_y")
FINGERS = slice(GLOVE_CHANNELS.index("right_thumb"), GLOVE_CHANNELS.index("right_little") + 1)
QUICK = UnitsOptions(rotations=19)


def write_recordings(path: Path, rng: np.random.Generator, names: Sequence[str]) -> None:
    """Write gloves' recordings in which fingers and height change slowly, anew in every take."""
    frames, signs = [], []
    for name in names:
        for _ in range(TAKES):
            length = int(rng.integers(TIME - 10, TIME + 1))
            values = 0.1 * rng.normal(size=(length, len(GLOVE_CHANNELS)))
            values[:, HEIGHT] += np.cumsum(rng.normal(size=length))
            values[:, FINGERS] += np.cumsum(rng.normal(size=length))[:, None]
            frames.append(values)
            signs.append(name)
    write_sequences(
        path,
        frames,
        "pre",
        TIME,
        GLOVE_CHANNELS,
        sign=signs,
        session=["s"] * len(signs),
        take=range(len(signs)),
        hands=["one"] * len(signs),
    )


def states(recorded: xr.Dataset, rng: np.random.Generator) -> np.ndarray:
    """Give the hidden states of one trained network, `(example, time, unit)`."""
    x, real = recorded.x.values.astype(float), recorded.mask.values
    hidden = rng.normal(size=(*real.shape, UNITS))
    first = recorded.sign.values == recorded.sign.values[0]
    for row, mask in enumerate(real):
        frames = x[row, mask]
        rate = np.gradient(frames[:, FINGERS].mean(axis=1))
        count = len(frames)
        hidden[row, mask, 0] = 0.3 * hidden[row, mask, 0] + np.roll(rate, LATER)
        hidden[row, mask, 1] = 0.3 * hidden[row, mask, 1] - frames[:, HEIGHT]
        hidden[row, mask, 2] = 0.2 * hidden[row, mask, 2] + np.linspace(-2, 2, count)
        hidden[row, mask, 3] = 0.2 * hidden[row, mask, 3] + 3 * first[row]
    return hidden[..., rng.permutation(UNITS)]


def write_states(path: Path, hidden: np.ndarray, recorded: xr.Dataset, sequences: Path) -> None:
    """Write a store of the stage that its folder names; every other take is held out."""
    beside = path.parents[1] / "activations" / path.name
    part = np.where(np.arange(len(hidden)) % 2, "test", "train")
    dataset = xr.Dataset(
        {
            "hidden": (("example", "time", "unit"), hidden.astype(np.float32)),
            "mask": recorded.mask,
        },
        coords={
            **{name: recorded[name] for name in ("sign", "length")},
            "part": ("example", part),
        },
    )
    write_store(
        dataset,
        path,
        stage=path.parent.name,
        title="made for a test",
        made_from={"sequences": sequences} | ({"activations": beside} if beside != path else {}),
    )


def make_units(
    folder: Path, networks: int = 3, names: Sequence[str] = (), seed: int = 0
) -> xr.Dataset:
    """Write such a study and give what stage `units` says of it."""
    rng = np.random.default_rng(seed)
    sequences = folder / "sequences.zarr"
    write_recordings(sequences, rng, names or [f"sign{index:02d}" for index in range(SIGNS)])
    recorded = open_store(sequences).load()
    for network in range(networks):
        paths = [folder / name / f"{network}.zarr" for name in ("activations", "untrained")]
        write_states(paths[0], states(recorded, rng), recorded, sequences)
        noise = rng.normal(size=(*recorded.mask.shape, UNITS))
        write_states(paths[1], noise, recorded, sequences)
        responses(
            *(sequences, *paths, folder / f"responses/{network}.zarr"),
            options=ResponsesOptions(lags=3),
        )
    write_names(folder / "networks.txt", range(networks))
    return run_units(folder)


def run_units(folder: Path, options: UnitsOptions = QUICK) -> xr.Dataset:
    """Run stage `units` on the responses in a study's folder."""
    names = ("networks.txt", "responses", "units.zarr", "units.csv")
    units(*(folder / name for name in names), options=options)
    return open_store(folder / "units.zarr", "units").load()
