"""How to cite the study.

Takes `provenance.json`, gives the hashes of the raw data.
"""

from typing import Any

from signpaths.report.sections.provenance import flattened
from signpaths.report.study import Study

NAME = "How to cite"


def content(study: Study) -> dict[str, Any]:
    """Give what identifies the raw data."""
    source = flattened(study.origin.get("source", {}))
    return {"hashes": [value for name, value in source if "sha256" in name]}
