"""Networks that other versions have trained: told before any job, and in the report.

Takes the metrics of networks, which say what trained them; gives sentences. Nothing is trained
again for it.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from signpaths.versions import TRAINED_BY, training


def trained_by(metrics: Iterable[Path]) -> dict[str, int]:
    """Count networks by what trained them; files that do not say it are left out.

    Parameters
    ----------
    metrics
        Paths of `metrics.json`.
    """
    found: dict[str, int] = {}
    for path in metrics:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))[TRAINED_BY]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        found[str(told)] = found.get(str(told), 0) + 1
    return found


def upgrade(metrics: Iterable[Path]) -> str:
    """Say that networks were trained by other versions than are installed; empty if none was."""
    here = training()
    others = {told: count for told, count in trained_by(metrics).items() if told != here}
    if not here or not others:
        return ""
    who = " and ".join(f"{count} by {told}" for told, count in sorted(others.items()))
    return (
        f"of the networks that are there, {who} were trained; installed is {here}. They are kept, "
        "and the report tells of it where networks differ. To train all of them again: the same "
        "snakemake command with --forcerun lstm autoencoder."
    )


def mixed(metrics: Sequence[dict[str, Any]]) -> str:
    """Say which networks were trained by which versions, if by more than one; else nothing.

    Parameters
    ----------
    metrics
        Those of every network, each with its name as `network`.
    """
    by: dict[str, list[str]] = {}
    for one in metrics:
        by.setdefault(str(one.get(TRAINED_BY, "an earlier version")), []).append(one["network"])
    if len(by) < 2:
        return ""
    who = "; ".join(f"{', '.join(names)} by {told}" for told, names in by.items())
    return (
        "The networks were not trained by the same versions of the software, which alone can make "
        f"networks differ: {who}."
    )
