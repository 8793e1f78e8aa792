"""The targets that are limits, not ratios: how long a whole study takes, what many runs cost.

Takes a finished study and simulated closeness of many runs; gives a line for each limit and the raw
numbers as JSON. Seconds depend on the machine: unlike the ratios they hold for this one only.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from signpaths.closeness.partings import MeanPaths, parting_variables
from signpaths.closeness.ranks import mutual_ranks
from signpaths.options import ClosenessOptions
from signpaths.spaces import (
    HIDDEN_SPACE,
    LAST_SPACE,
    RAW_SPACE,
    UNTRAINED_SPACE,
    Space,
    coordinates,
    projections,
)
from signpaths.stability.stability import stability
from signpaths.stores import write_json, write_store, write_text

# 94 signs make 4,371 pairs, of which every statistic is computed.
SIGNS, NETWORKS, AE_SEEDS, SESSIONS, LABELLINGS = 94, 1000, 2, 9, 5
PHASES, UNITS, PARTING = 32, 100, ClosenessOptions().parting
SPACES = (HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE, *projections((2, 3), AE_SEEDS))
# So many networks are drawn, the others are copies of their files: what a store costs to read does
# not depend on which numbers it holds.
DRAWN = 10
MOST_SECONDS, MOST_MIB = 60.0, 2000.0
# The study that the goal is about.
STUDY_SEEDS, STUDY_CORES, MOST_MINUTES = (20, 5), 2, 60.0
COLUMNS = "{:<58} {:>10} {:>12}  {}"


@dataclass(frozen=True)
class Limit:
    """A line of the table: what may cost at most how much; `measured` is None if it was not run."""

    what: str
    unit: str
    goal: float
    measured: float | None
    note: str
    # Not the size that the goal is about: says nothing about it.
    partial: bool = False
    # The true cost is this or more.
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the goal is kept, if that can be said."""
        if self.measured is None:
            return "not run here"
        if self.partial:
            return "no verdict"
        if self.measured > self.goal:
            return "missed"
        return "met, as far as measured" if self.at_least else "met"


def told(text: str) -> None:
    """Show progress on stderr; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def study_limit(study: Path | None) -> Limit:
    """Say how long a finished study took, from the seconds of its jobs.

    Jobs keep to one thread, so they cannot have taken less than their sum over the cores. Pauses
    between jobs are not in it, nor are those that run after `provenance.json` is written.
    """
    what = f"the real study, {STUDY_SEEDS[0]} x {STUDY_SEEDS[1]}, on {STUDY_CORES} cores"
    if study is None:
        return Limit(what, "min", MOST_MINUTES, None, "give a finished study with --auslan")
    provenance = json.loads((study / "provenance.json").read_text("utf-8"))
    config, rules = provenance["config"], provenance["seconds"]
    seeds = (config["lstm"]["seeds"], config["autoencoder"]["seeds"])
    total = sum(rule["seconds"] for rule in rules.values())
    longest = sorted(rules, key=lambda name: rules[name]["seconds"], reverse=True)[:3]
    # A goal for the recordings of one study says nothing about simulated ones or fewer seeds.
    other = seeds != STUDY_SEEDS or config["data"]["source"] == "simulate"
    return Limit(
        what,
        "min",
        MOST_MINUTES,
        total / STUDY_CORES / 60,
        f"at least: {sum(rule['jobs'] for rule in rules.values())} jobs, {total:.0f} s together, "
        f"most in {', '.join(longest)}" + (f"; study of {seeds[0]} x {seeds[1]}" if other else ""),
        partial=other,
        at_least=True,
    )


def write_runs(folder: Path, networks: int, signs: int) -> None:
    """Write what stage `stability` reads: closeness of so many networks, and of the raw signals.

    The dims are those of stage `closeness`, and so is the size of a store.
    """
    generator = np.random.default_rng(0)
    names = [f"sign{index:03d}" for index in range(signs)]
    place = generator.normal(size=(signs, 12))

    def distances() -> np.ndarray:
        """Draw the signs' distances in one run: the same places, seen a little differently."""
        seen = place + generator.normal(0, 0.5, place.shape)
        return np.linalg.norm(seen[:, None] - seen, axis=2)

    def mean_paths(space: Space) -> list[MeanPaths]:
        """Draw where signs go in every run: from one place, on straight ways."""
        units = space.dims or UNITS
        way = np.linspace(0, 1, PHASES)[:, None]
        return [
            MeanPaths(
                mean=way * generator.normal(size=(signs, 1, units)),
                spread=np.full((signs, PHASES), 0.1 * units),
                count=np.full(signs, 27),
                duration=generator.uniform(40, 70, signs),
            )
            for _ in range(space.runs)
        ]

    def write(path: Path, distance: np.ndarray, dims: Sequence[str], stage: str) -> None:
        flat = distance.reshape(-1, signs, signs)
        rank = np.stack([mutual_ranks(one) for one in flat]).reshape(distance.shape)
        values = {
            "distance": distance,
            "mutual_rank": rank,
            "energy": 1 - np.exp(-distance / distance.mean()),
        }
        dataset = xr.Dataset(
            {name: (dims, value.astype(np.float32)) for name, value in values.items()},
            coords={"sign": names, "other": names},
        )
        spaces = SPACES if "ae_seed" in dims else (RAW_SPACE,)
        dataset = dataset.assign_coords(coordinates(spaces))
        if "ae_seed" in dims:
            without = np.stack([rank + 0.01 * session for session in range(SESSIONS)], axis=2)
            dataset = dataset.assign(
                crossing=dataset.energy,
                ceiling=(dims[:-1], rank[..., 1].astype(np.float32)),
                held_out_agreement=(dims[:2], rank[..., 0, 1].astype(np.float32)),
                rank_without=((*dims[:2], "session", *pairwise), without.astype(np.float32)),
                label_rank=(("labelling", *pairwise), rank[0, [0] * LABELLINGS].astype(np.float32)),
                label_agreement=("labelling", np.zeros(LABELLINGS)),
            ).assign_coords(ae_seed=range(AE_SEEDS), session=list(map(str, range(SESSIONS))))
            on_the_way = {space: mean_paths(space) for space in spaces if space != LAST_SPACE}
            dataset = dataset.merge(parting_variables(on_the_way, spaces, names, AE_SEEDS, PARTING))
            dataset.attrs["parting"] = PARTING
        write_store(dataset, path, stage=stage, title="made for a benchmark")

    pairwise = ("sign", "other")
    write(folder / "raw.zarr", distances()[None], ("space", *pairwise), "closeness-raw")
    shape = (len(SPACES), AE_SEEDS, signs, signs)
    write_text(folder / "networks.txt", "".join(f"{network}\n" for network in range(networks)))
    for network in range(networks):
        path = folder / f"closeness/{network}.zarr"
        if network < DRAWN:
            drawn = np.stack([distances() for _ in range(len(SPACES) * AE_SEEDS)])
            write(path, drawn.reshape(shape), ("space", "ae_seed", *pairwise), "closeness")
        else:
            shutil.copytree(path.with_name(f"{network % DRAWN}.zarr"), path)


def runs_limits(rounds: int, networks: int, signs: int) -> list[Limit]:
    """Measure seconds and memory of stage `stability` over many runs, the start of Python in it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told(f"writing the closeness of {networks} networks")
        write_runs(folder, networks, signs)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        took, memory = [], []
        for turn in range(rounds):
            began = time.monotonic()
            memory.append(in_own_process(folder))
            took.append(time.monotonic() - began)
            told(f"round {turn + 1}/{rounds}  stability  {took[-1]:.1f} s  {memory[-1]:.0f} MiB")
    what = f"stability of {networks:,} networks x {signs * (signs - 1) // 2:,} pairs"
    note = f"median of {rounds}, {min(took):.1f} to {max(took):.1f} s; {size / 2**20:.0f} MiB read"
    partial = (networks, signs) != (NETWORKS, SIGNS)
    largest = f"largest of {rounds}, of the whole process"
    return [
        Limit(f"{what}: time", "s", MOST_SECONDS, statistics.median(took), note, partial),
        Limit(f"{what}: memory", "MiB", MOST_MIB, max(memory), largest, partial),
    ]


def in_own_process(folder: Path) -> float:
    """Run the stage in a process of its own; give the most memory that it held, in MiB."""
    done = subprocess.run(
        [sys.executable, __file__, "--folder", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"stability failed:\n{done.stderr}")
    return float(json.loads(done.stdout)["mib"])


def run_stability(folder: Path) -> dict[str, float]:
    """Run stage `stability` over the runs of a folder; give this process's peak of memory."""
    stability(
        folder / "networks.txt",
        folder / "raw.zarr",
        folder / "closeness",
        folder / "out/stability.zarr",
        folder / "out/pairs.csv",
    )
    return {"mib": peak_mib()}


def peak_mib() -> float:
    """Give the most memory that this process held, in MiB.

    Not from `getrusage`: on Linux a process inherits there what its parent held at the start.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        raise SystemExit("the peak of memory is read from /proc/self/status, which Linux has")
    lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def table(limits: Sequence[Limit]) -> str:
    """Lay the limits out as text."""
    lines = [COLUMNS.format("what", "at most", "measured", "")]
    for limit in limits:
        goal = f"{limit.goal:.0f} {limit.unit}"
        measured = "-" if limit.measured is None else f"{limit.measured:.1f} {limit.unit}"
        lines += [COLUMNS.format(limit.what, goal, measured, limit.verdict), f"    {limit.note}"]
    return "\n".join(lines)


def raw_numbers(limits: Sequence[Limit]) -> list[dict[str, Any]]:
    """Give the limits as JSON takes them."""
    return [{**asdict(limit), "verdict": limit.verdict} for limit in limits]


def main() -> None:
    """Measure, print the table, write the raw numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auslan", type=Path, help="a finished study, for the time that it took")
    parser.add_argument("--out", type=Path, default=Path("results/bench-limits.json"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of few runs: a trial")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        json.dump(run_stability(given.folder), sys.stdout)
        return
    size = (1, 6, 20) if given.quick else (given.rounds, NETWORKS, SIGNS)
    limits = [study_limit(given.auslan), *runs_limits(*size)]
    print(table(limits))
    write_json(given.out, {"cores": os.cpu_count(), "limits": raw_numbers(limits)})
    print(f"raw numbers: {given.out}")


if __name__ == "__main__":
    main()
