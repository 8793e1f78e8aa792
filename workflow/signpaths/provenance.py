"""Stage `provenance`: what made a study, as one JSON file.

Takes the resolved config, the recordings' store and the folder of Snakemake's benchmarks; gives
versions, code hashes, the hash of the raw data, the machine and the time that each rule took.
"""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from signpaths import __version__
from signpaths.errors import UserError
from signpaths.hashes import code_hash
from signpaths.stores import open_store, write_json

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
STAGES = (
    *("simulate", "tsd", "sequences", "splits", "lstm", "activations", "autoencoder"),
    *("paths", "closeness", "quality", "agreement", "stability", "evidence", "method"),
    *("figures", "report"),
)


def provenance(recordings: Path, benchmarks: Path, out: Path, /, *, config: str) -> None:
    """Write down what made a study.

    Parameters
    ----------
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
    raw = open_store(recordings)
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
            "code": {stage: code_hash(stage) for stage in STAGES},
            "machine": {
                "system": platform.system(),
                "processor": processor(),
                "cores": os.cpu_count(),
            },
            "seconds": seconds(benchmarks),
        },
    )


def installed(packages: tuple[str, ...]) -> dict[str, str]:
    """Give the installed versions; TensorFlow goes by one of two names."""
    found = {}
    for name in packages:
        for candidate in (name, f"{name}-cpu"):
            try:
                found[name] = version(candidate)
            except PackageNotFoundError:
                continue
            break
    return found


def processor() -> str:
    """Name the processor, as well as the system can tell."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def seconds(benchmarks: Path) -> dict[str, dict[str, float]]:
    """Sum Snakemake's benchmark files by rule: jobs, wall seconds, largest memory in MiB."""
    found = {}
    for folder in sorted(path for path in benchmarks.glob("*") if path.is_dir()):
        tables = [
            pd.read_csv(path, sep="\t", na_values="-") for path in sorted(folder.rglob("*.tsv"))
        ]
        if tables:
            table = pd.concat(tables)
            found[folder.name] = {
                "jobs": len(table),
                "seconds": round(float(table["s"].sum()), 1),
                "largest_mib": round(float(table["max_rss"].fillna(0).max()), 1),
            }
    return found
