"""What made the study.

Takes `provenance.json`, gives tables of names and values.
"""

from collections.abc import Iterable
from typing import Any

from signpaths import __version__
from signpaths.report.study import Study
from signpaths.wording import duration, plain

NAME = "Provenance"


def content(study: Study) -> dict[str, Any]:
    """Lay out what made the study."""
    return provenance_tables(study.origin)


def provenance_tables(origin: dict[str, Any]) -> dict[str, Any]:
    """Lay out `provenance.json` as tables of names and values."""
    seconds = origin.get("seconds", {})
    return {
        "config": list(flattened(origin.get("config", {}))),
        "versions": list(flattened({"signpaths": __version__} | origin.get("versions", {}))),
        "source": list(flattened(origin.get("source", {}))),
        "code": list(flattened(origin.get("code", {}))),
        "machine": list(flattened(origin.get("machine", {}))),
        "seconds": [
            {
                "rule": rule,
                "jobs": int(used["jobs"]),
                "total": duration(used["seconds"]),
                "each": duration(used["seconds"] / used["jobs"]),
            }
            for rule, used in seconds.items()
            if used.get("jobs")
        ],
        "total": duration(sum(used.get("seconds", 0) for used in seconds.values())),
    }


def flattened(content: Any, prefix: str = "") -> Iterable[tuple[str, str]]:
    """Lay out nested settings as `section.key` and text."""
    if isinstance(content, dict) and (content or not prefix):
        for name, value in content.items():
            yield from flattened(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, plain(content)
