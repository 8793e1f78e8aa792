"""How well every network recognises the signs.

Takes every network's metrics, gives one row a network.
"""

from collections.abc import Sequence
from typing import Any

from signpaths.report.study import Study
from signpaths.runs import accuracies

NAME = "Accuracy"
PARTS = ("train", "validation", "test")


def content(study: Study) -> list[dict[str, Any]]:
    """Give one row a network."""
    return network_rows(study.metrics)


def network_rows(metrics: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give accuracies, losses and epochs of every network; what is not known is None."""
    return [
        {
            "network": run["network"],
            "learned": run["learned"],
            "accuracy": [next(iter(accuracies([run], part)), None) for part in PARTS],
            "loss": [run.get(f"{part}_loss") for part in PARTS],
            "best_epoch": run.get("best_epoch"),
            "epochs_run": run.get("epochs_run"),
        }
        for run in metrics
    ]
