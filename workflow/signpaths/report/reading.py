"""Reads what pictures and page have in common: stores in, map, units or one run out.

Takes paths of stores; gives the shared map or the units of the study, or the files of the network
that the figures of a run are of, checked to belong together.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from signpaths.errors import UserError
from signpaths.options import Map
from signpaths.origins import check_origin, made_from
from signpaths.runs import check_same, open_run, require
from signpaths.spaces import Space, described
from signpaths.stores import open_store


def open_shared_map(path: Path, stability: xr.Dataset) -> xr.Dataset:
    """Open the store of stage `shared-map` and load it.

    Raises
    ------
    UserError
        If it is not of the networks and pairs of the stability.
    """
    shared = open_store(path, "shared-map").load()
    check_origin(path, made_from(path), recorded(stability))
    require(shared, ["chosen", "parting"], str(path))
    check_same(shared, stability, ["network", "sign_a", "sign_b"], str(path))
    return shared


def open_units(path: Path, stability: xr.Dataset) -> xr.Dataset:
    """Open the store of stage `units` and load it.

    Raises
    ------
    UserError
        If it is not of the networks of the stability.
    """
    units = open_store(path, "units").load()
    check_origin(path, made_from(path), recorded(stability))
    require(units, ["strength", "least"], str(path))
    check_same(units, stability, ["network"], str(path))
    return units


def recorded(stability: xr.Dataset) -> dict[str, str]:
    """Give the contents of the networks that the stability was made from."""
    return dict(json.loads(stability.attrs.get("made_from", "{}")))


@dataclass(frozen=True)
class Run:
    """One network whose paths are drawn.

    Attributes
    ----------
    network
        Its name.
    title
        Its name, and by which word it was chosen.
    store
        Where its store of stage `activations` is.
    origin
        What its paths were made from.
    states
        Its store of stage `activations`.
    paths
        Its store of stage `paths`.
    sightings
        What was measured of it.
    """

    network: str
    title: str
    store: Path
    origin: dict[str, str]
    states: xr.Dataset
    paths: xr.Dataset
    sightings: xr.Dataset

    def spaces(self, one: Map) -> list[Space]:
        """Give the spaces of a map that the run has paths in.

        Raises
        ------
        UserError
            If there are none.
        """
        found = [space for space in described(self.paths) if space.name == f"{one}{space.dims}"]
        if not found:
            there = dict.fromkeys(space.name.rstrip("23") for space in described(self.paths))
            raise UserError(
                f"figures.maps names {one}, but this study has no such paths; expected some of "
                f"{', '.join(there)}."
            )
        return found

    def seed(self, space: Space) -> int:
        """Give the seed of the autoencoder that draws a space."""
        return int(self.sightings["drawn"].sel(space=space.name))

    def model(self, networks: Path) -> Path:
        """Give the file of the trained network, of the folder with `<network>/model.keras` in it.

        Raises
        ------
        UserError
            If it is not the network that the hidden states are of.
        """
        model = networks / self.network / "model.keras"
        if model.is_file():
            check_origin(self.store, made_from(self.store), {"network": model})
        return model

    def trained_on(self, space: Space) -> dict[str, str]:
        """Give the content of what the autoencoder of a space was trained on, if paths say it."""
        key = "reference" if space.is_shared else "activations"
        return {key: self.origin[key]} if key in self.origin else {}

    def corner(self, study: str, space: Space) -> str:
        """Say what is drawn, for the corner of a figure."""
        seed = f", autoencoder {self.seed(space)}" if space.is_trained else ""
        return f"{study} · {self.title} · {space.name}{seed}"


def open_drawn(activations: Path, paths: Path, sightings: Path) -> Run:
    """Open the stores of the network that sightings are of.

    Parameters
    ----------
    activations, paths
        The folders of these stages, with `<network>.zarr` in it.
    sightings
        The run's store of stage `sightings`, which names its network.

    Raises
    ------
    UserError
        If they are not of one network.
    """
    seen = open_store(sightings, "sightings").load()
    name, chosen = str(seen.attrs["network"]), str(seen.attrs["run"])
    store = activations / f"{name}.zarr"
    if chosen != sightings.stem:
        raise UserError(
            f"{sightings}: it is of run {chosen}, not of run {sightings.stem}. Give it its own "
            "name, or make it again."
        )
    projected = paths / store.name
    check_origin(sightings, made_from(sightings), {"activations": store, "paths": projected})
    states, path = open_run(activations, name, "activations"), open_run(paths, name, "paths")
    origin = made_from(projected)
    check_origin(projected, origin, {"activations": store})
    check_same(path, states, ["sign", "session", "take", "length"], str(projected))
    title = f"network {name}" + (f" ({chosen})" if chosen != name else "")
    return Run(name, title, store, origin, states, path, seen)
