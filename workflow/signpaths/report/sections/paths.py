"""The pictures of the reference run's paths.

Takes the spaces of its store, gives the figures of planes and of volumes.
"""

from typing import Any

from signpaths.report.study import Study
from signpaths.spaces import described

NAME = "Example paths"


def content(study: Study) -> dict[str, Any]:
    """Name the spaces whose paths are drawn; an autoencoder's, as in the article, comes first."""
    spaces = sorted(described(study.paths), key=lambda space: space.as_pictures)
    return {
        "planes": [space for space in spaces if space.dims == 2],
        "volumes": [space for space in spaces if space.dims != 2],
    }
