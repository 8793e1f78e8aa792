"""Everything that the report tells of a study, read once, and the pairs as its table shows them.

Takes the files of the stages before; gives stores, tables and numbers that the sections turn into
rows. A part that was not handed over is None, and its section gives nothing.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.errors import UserError
from signpaths.report.embedded import Picture
from signpaths.runs import accuracies, names_of, open_run
from signpaths.spaces import HEADLINE, Space, described
from signpaths.stability.pairs import pair_table
from signpaths.stability.verdicts import PROMISES, VERDICTS
from signpaths.stores import open_store, read_json
from signpaths.wording import PERCENT, listed, plain

# What `provenance.json` tells.
ORIGIN = ("config", "versions", "source", "code", "machine", "seconds")
# As many significant digits has a number in `pairs.csv`.
DIGITS = 6


@dataclass(frozen=True)
class Compared:
    """Another study that this one stands beside."""

    name: str
    stability: xr.Dataset
    config: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """What the report is about.

    Attributes
    ----------
    stability
        `stability.zarr`, in memory.
    metrics
        Of every network, in the store's order.
    origin
        `provenance.json`.
    reference
        The network whose paths are drawn.
    quality
        The folder with a store for every network.
    sightings, run_pictures
        What was measured of the run whose figures are shown, and these by their place.
    bottlenecks
        Bottlenecks of other activations compared.
    film
        Its film, as an address.
    """

    stability: xr.Dataset
    metrics: Sequence[dict[str, Any]]
    origin: dict[str, Any]
    sequences: xr.Dataset
    excluded: pd.DataFrame
    paths: xr.Dataset
    reference: str
    pictures: dict[str, Picture]
    evidence: xr.Dataset | None = None
    claims: pd.DataFrame | None = None
    agreement: xr.Dataset | None = None
    shared_map: xr.Dataset | None = None
    units: xr.Dataset | None = None
    quality: Path | None = None
    sightings: xr.Dataset | None = None
    run_pictures: dict[str, Picture] = field(default_factory=dict)
    bottlenecks: xr.Dataset | None = None
    film: str | None = None
    compared: Sequence[Compared] = ()
    planted: pd.DataFrame | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The config as it was resolved."""
        return self.origin.get("config", {})

    @property
    def runs(self) -> int:
        """How many networks there are."""
        return self.stability.sizes["network"]

    @cached_property
    def table(self) -> pd.DataFrame:
        """`pairs.csv`, the closest pairs first."""
        return pair_table(self.stability)

    @cached_property
    def pairs(self) -> list[dict[str, Any]]:
        """Its rows as they are shown."""
        return shown_rows(self.table)

    @property
    def spaces(self) -> list[Space]:
        """The spaces in which the networks' closeness is measured."""
        return described(self.stability)

    def quality_runs(self) -> list[xr.Dataset]:
        """Open the quality of every network's projections; it is not read yet."""
        if self.quality is None:
            return []
        return [open_run(self.quality, name, "quality") for name in names_of(self.stability)]


def open_stability(path: Path) -> xr.Dataset:
    """Open the store of stage `stability` and load it.

    Raises
    ------
    UserError
        If it has not the space that verdicts are about, or other answers than this version gives.
    """
    stability = open_store(path, "stability").load()
    if "network" not in stability.dims:
        raise UserError(
            f"{path}: made by a version before networks had names. Take that study over as "
            "CHANGELOG.md says, or run it again."
        )
    # What verdicts mean changed with them.
    missing = [name for name in ("verdict", "cause", "picture") if name not in stability]
    if missing:
        raise UserError(
            f"{path}: made by another version, without {listed(missing)}. Run the stage stability "
            "of that study again."
        )
    if HEADLINE not in stability["space"].values:
        raise UserError(f"{path}: no space {HEADLINE}; run the stability stage again to make it.")
    return stability


def read_compared(folder: Path) -> Compared:
    """Read what is set beside this study of another one.

    Raises
    ------
    UserError
        If it does not say of every pair how often it is close.
    """
    config = read_json(folder / "provenance.json", ["config"])["config"]
    stability = open_stability(folder / "stability.zarr")
    if bool(stability["pi"].sel(space=HEADLINE).isnull().any()):
        raise UserError(
            f"{folder / 'stability.zarr'}: it does not say of every pair how often it is close. "
            "Make that study again, or leave it out of report.compare."
        )
    return Compared(folder.name, stability, config)


def measured(study: Study) -> dict[str, Any]:
    """Give the study's sizes and thresholds, which all sections speak of."""
    verdict = study.stability["verdict"].values.astype(str)
    test = accuracies(study.metrics, "test")
    attrs = study.stability.attrs
    return {
        "signs": int(attrs["signs"]),
        "pairs": study.stability.sizes["pair"],
        "runs": study.runs,
        "ae_seeds": int(attrs["ae_seeds"]),
        **{
            name: attrs[name]
            for name in ("k", "tau", "fdr", "rare", "firm", "present", "confidence", "sure")
        },
        "inference": bool(attrs["inference"]),
        "needed_any": attrs["networks_needed_any"],
        "resampled": resampled_studies(study.stability),
        "verdicts": {name: int((verdict == name).sum()) for name in VERDICTS},
        "test_accuracy": float(np.mean(test)) if test else None,
        "smallest_p": attrs["tau"] ** study.runs,
    }


def promises(stability: xr.Dataset) -> dict[str, str]:
    """Give what each verdict promises, with the study's thresholds."""
    limits = {
        name: f"{plain(100 * stability.attrs[name])}{PERCENT}"
        for name in ("tau", "fdr", "rare", "firm")
    }
    return {name: PROMISES[name].format_map(limits) for name in VERDICTS}


def resampled_studies(stability: xr.Dataset) -> int:
    """Tell from how many studies of resampled networks it is known how sure an answer is."""
    return int(json.loads(stability.attrs["options"])["resampled_studies"])


def shown_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows with numbers as `pairs.csv` has them, and None where a cell is empty."""
    return [{name: _shown(value) for name, value in row.items()} for row in rows_of(table)]


def shown_columns(table: pd.DataFrame) -> dict[str, list[str | bool | float | int | None]]:
    """Give a table's columns likewise."""
    found = {}
    for name in table:
        values = table[name].tolist()
        told = {value: _shown(value) for value in set(values)}
        found[str(name)] = [told[value] for value in values]
    return found


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table row by row, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def known(value: Any) -> float | None:
    """Give a number, or None if it is missing."""
    number = float(value)
    return number if math.isfinite(number) else None


def spread(values: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Mean, least and most of what is known."""
    found = values[np.isfinite(values)]
    if not found.size:
        return None, None, None
    return float(found.mean()), float(found.min()), float(found.max())


def _shown(value: Any) -> str | bool | float | int | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not math.isfinite(value):
        return None
    number = float(f"{value:.{DIGITS}g}")
    return int(number) if number.is_integer() and abs(number) < 1e9 else number
