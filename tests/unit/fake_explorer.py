"""A small study with what the report's explorer shows: made-up excerpts, and hostile names."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fake_study import HOSTILE, Study, make_study
from signpaths.options import ExplorerOptions
from signpaths.report.excerpts import HELD_PHASES, excerpt
from signpaths.report.explorer import explorer
from signpaths.spaces import described
from signpaths.stores import open_store, write_store

RUNS, PHASES = 3, 8
SIGNS = sorted([*HOSTILE[:4], "drink", "who"])
INPUTS = (
    *("networks.txt", "stability.zarr", "agreement.zarr", "shared_map.zarr", "closeness_raw.zarr"),
    *("sequences.zarr", "excerpts", "closeness", "quality", "networks"),
)


def write_signals(folder: Path) -> None:
    """Give the recordings of a fake study something to show."""
    old = open_store(folder / "sequences.zarr").load()
    rng = np.random.default_rng(1)
    time = old.sizes["time"]
    mask = np.arange(time) >= time - old["length"].values[:, None]
    x = np.where(mask[..., None], rng.normal(size=old["x"].shape).cumsum(axis=1), 0)
    shutil.rmtree(folder / "sequences.zarr")
    new = old.assign(
        x=(old["x"].dims, x.astype(np.float32)), mask=(("example", "time"), mask)
    ).assign_attrs(padding="pre")
    write_store(new, folder / "sequences.zarr", stage="sequences", title="Sequences")


def write_excerpt(
    folder: Path, number: int, parts: Sequence[str], made_from: dict[str, str] | None = None
) -> None:
    """Write a made-up network's excerpt, of the recordings and spaces of a fake study."""
    rng = np.random.default_rng(number)
    sequences = open_store(folder / "sequences.zarr").load()
    spaces = [one for one in described(open_store(folder / "closeness/0.zarr"))]
    spaces = [one for one in spaces if one.is_projection]
    count = sequences.sizes["example"]
    real = sequences["mask"].values
    path = rng.normal(size=(len(spaces), 2, *real.shape, 3)).cumsum(axis=3).astype(np.float32)
    path[:, :, ~real] = np.nan
    hidden = sequences[["mask"]].assign_coords(
        {"class": SIGNS, "part": ("example", np.resize(list(parts), count))}
    )
    hidden["predicted"] = ("example", rng.choice(SIGNS, count))
    found = excerpt(path, spaces, hidden, PHASES)
    shape = (found.sizes["held"], HELD_PHASES)
    found = found.assign(
        answer=(("held", "held_phase"), rng.integers(len(SIGNS), size=shape)),
        sure=(("held", "held_phase"), rng.integers(101, size=shape).astype(np.uint8)),
    ).assign_attrs(network=str(number))
    write_store(
        found,
        folder / f"excerpts/{number}.zarr",
        stage="excerpts",
        title="Excerpt",
        made_from=made_from or {},
    )


def write_history(folder: Path, number: int) -> None:
    rows = "".join(f"{epoch},{0.1 * epoch},{2 / epoch}\n" for epoch in (1, 2, 3))
    (folder / f"networks/{number}/history.csv").write_text(f"epoch,accuracy,loss\n{rows}")


def make_explored_study(folder: Path) -> Study:
    made = make_study(folder, names=SIGNS, runs=RUNS, takes=5)
    write_signals(made.folder)
    for number in range(RUNS):
        write_excerpt(made.folder, number, ["train", "test", "train", "validation", "train"])
        write_history(made.folder, number)
    return made


def written(folder: Path, out: Path, **options: Any) -> str:
    inputs = (folder / name for name in INPUTS)
    explorer(*inputs, out, study="a study", options=ExplorerOptions(**options))
    return out.read_text(encoding="utf-8")
