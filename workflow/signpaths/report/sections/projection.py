"""How faithful the projections of the reference run are.

Takes the reconstruction errors in its paths' store, gives one row a projection.
"""

from typing import Any

import xarray as xr

from signpaths.report.study import Study
from signpaths.spaces import AUTOENCODER, COMPONENTS, described, of_kind

NAME = "Projection"


def content(study: Study) -> list[dict[str, Any]]:
    """Give one row a projection."""
    return projection_rows(study.paths)


def projection_rows(paths: xr.Dataset) -> list[dict[str, Any]]:
    """Set the reconstruction errors of the autoencoders beside those of PCA."""
    error = paths["reconstruction_error"].transpose("space", "ae_seed", "seen").load()
    mean = error.mean("ae_seed")
    rows = []
    for space in described(paths):
        trained = space.kind == AUTOENCODER
        held_out = error.sel(space=space.name, seen="held_out")
        own = mean.sel(space=space.name)
        pca = next(iter(of_kind(paths, COMPONENTS, dims=space.dims)), None) if trained else None
        of_pca = float(mean.sel(space=pca, seen="held_out")) if pca else 0.0
        rows.append(
            {
                "space": space.name,
                "train": float(own.sel(seen="train")),
                "held_out": float(own.sel(seen="held_out")),
                "spread": (float(held_out.min()), float(held_out.max()))
                if trained and error.sizes["ae_seed"] > 1
                else None,
                "ratio": float(own.sel(seen="held_out")) / of_pca if of_pca else None,
            }
        )
    return rows
