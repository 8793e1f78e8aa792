"""What was measured and tested, for readers of the page; `method.md` states it for a paper.

Takes the config, gives how trajectories were compared.
"""

from typing import Any

from signpaths.report.study import Study

NAME = "Method"


def content(study: Study) -> dict[str, Any]:
    """Give the number of moments and the examples that were compared."""
    closeness = study.config.get("closeness", {})
    return {"phases": closeness.get("phases", 32), "examples": closeness.get("examples", "all")}
