"""What was measured and tested, for readers of the page; `method.md` states it for a paper.

Takes the options in `stability.zarr`, gives how trajectories were compared and answers resampled.
"""

import json
from typing import Any

from signpaths.report.study import Study

NAME = "Method"


def content(study: Study) -> dict[str, Any]:
    """Give the options of closeness and stability that the text names."""
    attrs = study.stability.attrs
    return {**json.loads(attrs["closeness"]), **json.loads(attrs["options"])}
