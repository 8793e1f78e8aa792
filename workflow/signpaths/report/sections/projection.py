"""How faithful the projections of the reference run are.

Takes the reconstruction errors in its paths' store, gives one row a projection.
"""

from typing import Any

import xarray as xr

from signpaths.report.study import Study
from signpaths.runs import of_runs
from signpaths.spaces import COMPONENTS, SHARED_COMPONENTS, described, of_kind

NAME = "Projection"


def content(study: Study) -> list[dict[str, Any]]:
    """Give one row a projection."""
    return projection_rows(study.paths)


def projection_rows(paths: xr.Dataset) -> list[dict[str, Any]]:
    """Set the reconstruction errors of the autoencoders beside those of PCA."""
    error = paths["reconstruction_error"].transpose("space", "ae_seed", "seen").load()
    spaces = described(paths)
    mean = error.isel(ae_seed=0).copy(data=of_runs(error.values, spaces))
    rows = []
    for space in sorted(spaces, key=lambda one: one.as_pictures):
        held_out = error.sel(space=space.name, seen="held_out")[: space.runs]
        own = mean.sel(space=space.name)
        rival = SHARED_COMPONENTS if space.is_shared else COMPONENTS
        rivals = of_kind(paths, rival, dims=space.dims) if space.is_trained else []
        pca = next(iter(rivals), None)
        of_pca = float(mean.sel(space=pca, seen="held_out")) if pca else 0.0
        rows.append(
            {
                "space": space.name,
                "train": float(own.sel(seen="train")),
                "held_out": float(own.sel(seen="held_out")),
                "spread": (float(held_out.min()), float(held_out.max()))
                if space.runs > 1
                else None,
                "ratio": float(own.sel(seen="held_out")) / of_pca if of_pca else None,
            }
        )
    return rows
