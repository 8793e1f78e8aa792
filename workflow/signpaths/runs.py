"""Many runs: which networks a study has, and the files of each of them, one network at a time.

Takes the list of networks that stage `networks` writes, and folders that hold one file a network;
gives stores and metrics in the order of that list. A folder may hold networks that the study no
longer has: they are passed over.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.origins import made_from
from signpaths.spaces import Space
from signpaths.stores import open_store, read_json
from signpaths.sums import read_text

# What all who read a network's metrics ask for.
METRICS = ("validation_accuracy", "test_accuracy", "learned")


def read_names(listed: Path) -> list[str]:
    """Read the names of a study's networks, one a line.

    Raises
    ------
    UserError
        If there is none, one stands there twice, or the list is damaged.
    """
    names = [line.strip() for line in read_text(listed).splitlines() if line.strip()]
    if not names:
        raise UserError(f"{listed}: it names no network; expected one name a line.")
    if len(set(names)) < len(names):
        raise UserError(f"{listed}: it names a network twice; give each name once.")
    return names


def names_of(dataset: xr.Dataset) -> list[str]:
    """Give the names of the networks that a store is about, in its order."""
    return [str(name) for name in dataset["network"].values]


def open_run(folder: Path, name: str, stage: str) -> xr.Dataset:
    """Open the store of one network, `<folder>/<network>.zarr`.

    Raises
    ------
    UserError
        If it is not there, or not of the stage, or another network's.
    """
    path = folder / f"{name}.zarr"
    found = open_store(path, stage)
    if (own := str(found.attrs.get("network", name))) != name:
        raise UserError(
            f"{path}: it is of network {own}, not of network {name}. Give it its own name, or make "
            "it again."
        )
    return found


def open_runs(
    folder: Path, names: Sequence[str], stage: str, same: Sequence[str] = ()
) -> Iterator[tuple[Path, xr.Dataset]]:
    """Open the stores of all networks, one after the other, each with its path.

    Raises
    ------
    UserError
        If one is not there, or its variables or coordinates `same` or its options are not those of
        the first.
    """
    first = open_run(folder, names[0], stage)
    require(first, same, str(folder / f"{names[0]}.zarr"))
    first = first[list(same)].load()
    for name in names:
        path, one = folder / f"{name}.zarr", open_run(folder, name, stage)
        check_same(one, first, same, str(path))
        if one.attrs.get("options") != first.attrs.get("options"):
            raise UserError(f"{path}: made with other options than the other runs. Make it again.")
        yield path, one


def check_same(one: xr.Dataset, first: xr.Dataset, names: Sequence[str], what: str) -> None:
    """Refuse a run that is not of the same examples, signs or spaces as the first run.

    Parameters
    ----------
    one, first
        Stores of the same stage.
    names
        Variables or coordinates that have to be equal, such as `sign`.
    what
        Where the run comes from; the message begins with it.

    Raises
    ------
    UserError
        If they are not.
    """
    require(one, names, what)
    for name in names:
        if not np.array_equal(one[name].values, first[name].values):
            raise UserError(f"{what}: its {name}s are not those of the other runs. Make it again.")


def check_distinct(folder: Path, names: Sequence[str]) -> None:
    """Refuse stores that say they were made from the same activations.

    Raises
    ------
    UserError
        If two do: one network would count twice.
    """
    seen: dict[str, Path] = {}
    for name in names:
        path = folder / f"{name}.zarr"
        content = made_from(path).get("activations", str(path))
        if content in seen:
            raise UserError(
                f"{path}: it is of the same network as {seen[content]}. Make both again."
            )
        seen[content] = path


def of_activations(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Give the contents of the activations that the networks' stores were made from.

    As `made_from` of a store that is about all networks has them: by `network <name>`.
    """
    found = {name: made_from(folder / f"{name}.zarr").get("activations") for name in names}
    return {f"network {name}": content for name, content in found.items() if content}


def require(one: xr.Dataset, names: Sequence[str], what: str) -> None:
    """Refuse a store that lacks variables, coordinates or attributes.

    Raises
    ------
    UserError
        If it does.
    """
    for name in names:
        if name not in one.variables and name not in one.attrs:
            raise UserError(
                f"{what}: it has no {name}, so it may come from an earlier version. Make it again."
            )


def of_runs(
    values: np.ndarray, spaces: Sequence[Space], dtype: type[np.floating] = np.float64
) -> np.ndarray:
    """Average over the runs of each space.

    Parameters
    ----------
    values
        `(space, ae_seed, …)`; what stands beyond a space's runs is repeated.
    spaces
        In that order.
    dtype
        Of the means.
    """
    each = zip(spaces, values, strict=True)
    return np.array([one[: space.runs].mean(axis=0, dtype=dtype) for space, one in each])


def read_metrics(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """Read `<folder>/<network>/metrics.json` of every network, each with its name as `network`.

    Raises
    ------
    UserError
        If one is not there, or lacks the accuracies or whether the network has learned.
    """
    return [{**_metrics(folder / name / "metrics.json"), "network": name} for name in names]


def accuracies(metrics: Sequence[dict[str, Any]], part: str) -> list[float]:
    """Give the networks' accuracies on a part of the split; those without examples are left out."""
    found = [run.get(f"{part}_accuracy") for run in metrics if run.get("examples", {}).get(part, 1)]
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def failed_to_learn(metrics: Sequence[dict[str, Any]]) -> list[str]:
    """Give the networks that recognise too little of what they were trained on."""
    return [run["network"] for run in metrics if not run["learned"]]


def _metrics(path: Path) -> dict[str, Any]:
    content = read_json(path, METRICS)
    accuracies, learned = [content[name] for name in METRICS[:-1]], content[METRICS[-1]]
    shares = [isinstance(one, float | int) and 0 <= one <= 1 for one in accuracies]
    if not isinstance(learned, bool) or not all(shares):
        raise UserError(
            f"{path}: expected accuracies from 0 to 1 and true or false for learned; found "
            f"{', '.join(map(repr, accuracies))} and {learned!r}. Train this network again."
        )
    return content
