"""The examples that are compared: which ones, and what is known of them.

Takes the labels that stand beside sequences or hidden states, and the parts of a split.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from signpaths.errors import UserError


@dataclass(frozen=True)
class Examples:
    """What is known of the examples that are compared, `(example,)` each."""

    sign: np.ndarray
    session: np.ndarray
    take: np.ndarray
    held_out: np.ndarray


def chosen_examples(part: np.ndarray, examples: str) -> np.ndarray:
    """Tell the examples that `closeness.examples` names, bool `(example,)`."""
    if examples == "all":
        return np.ones(part.size, dtype=bool)
    return (part == "train") == (examples == "train")


def described_examples(labels: xr.Dataset, part: np.ndarray, chosen: np.ndarray) -> Examples:
    """Gather what is known of the chosen examples.

    Raises
    ------
    UserError
        If they are of fewer than two signs.
    """
    found = Examples(
        sign=labels.sign.values[chosen],
        session=labels.session.values[chosen],
        take=labels["take"].values[chosen],
        held_out=(part != "train")[chosen],
    )
    if np.unique(found.sign).size < 2:
        raise UserError(
            f"{np.unique(found.sign).size} sign among the examples to compare; a pair takes two. "
            "See closeness.examples and the recordings."
        )
    return found
