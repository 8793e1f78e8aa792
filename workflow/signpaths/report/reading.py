"""Reads what pictures and page have in common: stores in, map, units or one run out.

Takes paths of stores; gives the shared map or the units of the study, or the files of the network
that the figures of a run are of, checked to belong together.
"""

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
    require(units, ["strength", "least"], str(path))
    check_same(units, stability, ["network"], str(path))
    return units


@dataclass(frozen=True)
class Run:
    """One network whose paths are drawn.

    Attributes
    ----------
    network
        Its name.
    title
        Its name, and by which word it was chosen.
    states
        Its store of stage `activations`.
    paths
        Its store of stage `paths`.
    sightings
        What was measured of it.
    """

    network: str
    title: str
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
    check_origin(sightings, made_from(sightings), {"activations": store})
    states, path = open_run(activations, name, "activations"), open_run(paths, name, "paths")
    check_origin(paths / store.name, made_from(paths / store.name), {"activations": store})
    check_same(path, states, ["sign", "session", "take", "length"], str(paths / store.name))
    title = f"network {name}" + (f" ({chosen})" if chosen != name else "")
    return Run(name, title, states, path, seen)
