"""Reads what pictures and page share: store and stability in, map or units of that study out."""

from pathlib import Path

import xarray as xr

from signpaths.runs import check_same, require
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
