"""The pictures of the reference run's paths.

Takes the spaces of its store, gives the figures of planes and of volumes.
"""

from typing import Any

from signpaths.report.study import Study
from signpaths.spaces import AUTOENCODER, described

NAME = "Example paths"


def content(study: Study) -> dict[str, Any]:
    """Name the spaces whose paths are drawn; autoencoders, as in the article, come first."""
    spaces = sorted(described(study.paths), key=lambda space: space.kind != AUTOENCODER)
    return {
        "planes": [space for space in spaces if space.dims == 2],
        "volumes": [space for space in spaces if space.dims != 2],
    }
