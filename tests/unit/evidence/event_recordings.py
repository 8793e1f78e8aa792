"""Recordings in which the events of one channel make the sign, and networks trained on them."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from makers import write_sequences
from trained import run

# A level that goes up or down four times, noise that changes slowly, and noise from frame to frame.
CHANNELS = ("event", "slow", "white")
EVENTS = 4
PARTS = ["train"] * 8 + ["validation"] + ["test"] * 3
SMALL = ("--units", 16, "--batch-size", 16, "--learning-rate", 0.01, "--epochs", 30)


def write_recordings(folder: Path, seed: int = 0) -> Path:
    """Write recordings of all sixteen orders of ups and downs, at times of their own."""
    rng = np.random.default_rng(seed)
    frames, signs = [], []
    for levels in itertools.product((-1.0, 1.0), repeat=EVENTS):
        for _ in PARTS:
            event = np.repeat(levels, rng.integers(7, 13, EVENTS))
            slow = np.zeros(len(event))
            for step in range(1, len(slow)):
                slow[step] = 0.8 * slow[step - 1] + 0.6 * rng.normal()
            white = rng.normal(size=len(event))
            frames.append(np.column_stack([event + 0.2 * rng.normal(size=len(event)), slow, white]))
            signs.append("".join("u" if level > 0 else "d" for level in levels))
    folder.mkdir(parents=True)
    part = PARTS * 2**EVENTS
    table = pd.DataFrame({"example": range(len(signs)), "sign": signs, "part": part})
    table.to_csv(folder / "split.csv", index=False)
    write_sequences(
        folder / "sequences.zarr",
        frames,
        "pre",
        max(map(len, frames)),
        CHANNELS,
        sign=signs,
        session=["s"] * len(signs),
        take=range(len(signs)),
        hands=["one"] * len(signs),
    )
    return folder


def train(folder: Path, network: int) -> None:
    """Train a small network by the commands of the library, and write its hidden states."""
    own = folder / "networks" / str(network)
    made = [own / name for name in ("model.keras", "untrained.keras", "history.csv")]
    recorded = (folder / "sequences.zarr", folder / "split.csv")
    run("lstm", *recorded, *made, own / "metrics.json", "--seed", network, *SMALL)
    states = (folder / f"activations/{network}.zarr", folder / f"untrained/{network}.zarr")
    run("activations", *recorded, *made[:2], *states)
