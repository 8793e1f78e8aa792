"""The pairs of a study by name, and in the order in which they are shown everywhere.

Takes `stability.zarr`, gives names for people and the order of `pairs.csv`.
"""

import numpy as np
import xarray as xr

from signpaths.spaces import HEADLINE
from signpaths.wording import pair_name


def closest_first(stability: xr.Dataset) -> np.ndarray:
    """Order the pairs by how often they are close, then by mean mutual rank: as in `pairs.csv`."""
    chosen = stability.sel(space=HEADLINE)
    return np.lexsort((chosen["rank_mean"].values, -chosen["pi"].values))


def pair_names(stability: xr.Dataset) -> list[str]:
    """Name every pair for people."""
    signs = zip(stability["sign_a"].values, stability["sign_b"].values, strict=True)
    return [pair_name(a, b) for a, b in signs]
