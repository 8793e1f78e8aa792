"""Stage `provenance`: what made a study, as one JSON file.

Takes the resolved config, the list of networks, the recordings' store and the folder of Snakemake's
benchmarks; gives versions, code hashes, the hash of the raw data, the machine and the time that
each rule took.
"""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from signpaths import __version__
from signpaths.errors import UserError
from signpaths.hashes import code_hash
from signpaths.options import REFERENCE_RUN
from signpaths.runs import read_names, require
from signpaths.stages import STAGES
from signpaths.stores import open_store, write_json
from signpaths.versions import installed

PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "xarray",
    "zarr",
    "matplotlib",
    "snakemake",
)
# What only prints is no rule, and nothing of a study is made by it.
PRINTED = "findings"
# The benchmark of a rule that has one job for all networks.
EVERY = "all"
# Of jobs that end at once Snakemake has no measure.
UNKNOWN = ["-", "NA"]


def provenance(
    networks: Path, recordings: Path, benchmarks: Path, out: Path, /, *, config: str
) -> None:
    """Write down what made a study.

    Parameters
    ----------
    networks
        The list of the study's networks, one a line.
    recordings
        The store of stage `tsd`.
    benchmarks
        Folder of Snakemake's benchmark files, `<rule>/….tsv`.
    out
        The JSON to write.
    config
        The resolved config, as JSON.
    """
    try:
        resolved = json.loads(config)
    except json.JSONDecodeError as error:
        raise UserError(f"--config: expected JSON ({error})") from error
    raw = open_store(recordings, "tsd")
    require(raw, ["files", "bad_files", "source_sha256"], str(recordings))
    write_json(
        out,
        {
            "study": resolved.get("study"),
            "signpaths": __version__,
            "config": resolved,
            "source": {
                "path": resolved.get("data", {}).get("source"),
                "files": raw.attrs["files"],
                "bad_files": raw.attrs["bad_files"],
                "sha256_of_names_and_contents": raw.attrs["source_sha256"],
            },
            "versions": {"python": platform.python_version(), **installed(PACKAGES)},
            "code": {
                stage.rule: code_hash(stage.module) for stage in STAGES if stage.name != PRINTED
            },
            "machine": {
                "system": platform.system(),
                "processor": processor(),
                "cores": os.cpu_count(),
            },
            "seconds": seconds(
                benchmarks,
                read_names(networks),
                _autoencoders(resolved, "autoencoder"),
                _autoencoders(resolved, "shared"),
                _drawn(resolved),
            ),
        },
    )


def processor() -> str:
    """Name the processor, as well as the system can tell."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def seconds(
    benchmarks: Path,
    networks: Sequence[str],
    autoencoders: Sequence[str],
    shared: Sequence[str] = (),
    drawn: Sequence[str] = (),
) -> dict[str, dict[str, float]]:
    """Sum Snakemake's benchmark files by rule: jobs, wall seconds, largest memory in MiB.

    Files of networks, of autoencoders (`<dims>/<ae_seed>`, a network's or `shared`) and of what is
    drawn that the study no longer has are left out.
    """
    found = {}
    for folder in sorted(path for path in benchmarks.glob("*") if path.is_dir()):
        tables = [
            read_benchmark(path)
            for path in _files_of(folder, networks, autoencoders, [*shared, *drawn])
        ]
        if tables:
            table = pd.concat(tables)
            found[folder.name] = {
                "jobs": len(table),
                "seconds": round(float(table["s"].sum()), 1),
                "largest_mib": round(float(table["max_rss"].fillna(0).max()), 1),
            }
    return found


def read_benchmark(path: Path) -> pd.DataFrame:
    """Read a benchmark file of Snakemake: `s`, wall seconds, and `max_rss`, MiB or unknown.

    Raises
    ------
    UserError
        If it is damaged.
    """
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        found = table[["s", "max_rss"]].replace(UNKNOWN, "nan").astype(float)
    except (OSError, ValueError, LookupError) as error:
        raise _damaged(path, str(error)) from error
    # Pandas fills rows that end early.
    if not len(found) or (table == "").any(axis=None) or not np.isfinite(found["s"]).all():
        raise _damaged(path, "no seconds stand there, or its last row is cut")
    return found


def _damaged(path: Path, why: str) -> UserError:
    return UserError(
        f"{path}: no benchmark of Snakemake can be read here ({why}), so it is damaged. Remove it "
        "and run again; the seconds of its job are then left out."
    )


def _files_of(
    folder: Path, networks: Sequence[str], autoencoders: Sequence[str], others: Sequence[str]
) -> Iterator[Path]:
    """Give a rule's benchmark files: of all networks, of each, of its autoencoders, and others."""
    of_networks = [f"{one}/{own}" for one in networks for own in autoencoders]
    names = dict.fromkeys([EVERY, *networks, *of_networks, *others])
    yield from (path for name in names if (path := folder / f"{name}.tsv").is_file())


def _drawn(config: dict[str, Any]) -> list[str]:
    """Name what is drawn of single networks, their films, and the planes of other bottlenecks."""
    figures = config.get("figures", {})
    reference = str(config.get("report", {}).get("reference_seed", 0))
    runs = [reference if one == REFERENCE_RUN else one for one in figures.get("runs", ())]
    films = [f"{run}/{one}" for run in runs for one in figures.get("maps", ())]
    return [*runs, *films, f"{reference}/2/0"]


def _autoencoders(config: dict[str, Any], section: str) -> list[str]:
    """Name the autoencoders of each network, or the shared ones, as their files are called."""
    dims = config.get("autoencoder", {}).get("dims", ())
    seeds = range(config.get(section, {}).get("seeds", 0))
    return [f"{one}/{seed}" for one in dims for seed in seeds]
