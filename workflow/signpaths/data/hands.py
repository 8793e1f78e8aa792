"""How much the left hand takes part: frames and their channels in, one- or two-handed signs out.

Takes recordings whose channels hold the places of both hands, gives for every example how much its
left hand moves beside its right, and for every sign the majority of its examples. The article's
authors parted signs by the variability of each hand's trackers, too.
"""

from collections.abc import Sequence

import numpy as np

# Where the hands are, left first.
PLACES = tuple(tuple(f"{side}_{axis}" for axis in "xyz") for side in ("left", "right"))
ONE, TWO, UNKNOWN = "one", "two", "unknown"


def movements(frames: Sequence[np.ndarray], channels: np.ndarray) -> np.ndarray | None:
    """Say how far both hands move in every example.

    Parameters
    ----------
    frames
        Real frames of each example, `(time, channel)`.
    channels
        Their names.

    Returns
    -------
    numpy.ndarray or None
        Root mean square distance of the left and the right hand from its mean place, in the
        channels' unit, `(hand, example)`; None if the channels do not tell where the hands are.
    """
    columns = {name: index for index, name in enumerate(channels)}
    if not columns.keys() >= {name for side in PLACES for name in side}:
        return None
    return np.array(
        [
            [_movement(values[:, [columns[name] for name in side]]) for values in frames]
            for side in PLACES
        ]
    )


def hands(sign: np.ndarray, moved: np.ndarray, two_handed: float) -> np.ndarray:
    """Call each sign one- or two-handed by the majority of its examples; a tie counts as two.

    Parameters
    ----------
    sign
        Of every example, `(example,)`.
    moved
        As `movements` gives it, `(hand, example)`.
    two_handed
        The share of the right hand's movement from which on the left one takes part.
    """
    left, right = moved
    both = left >= two_handed * right
    votes = {name: both[sign == name].mean() for name in set(sign.tolist())}
    return np.array([TWO if votes[name] >= 0.5 else ONE for name in sign.tolist()])


def _movement(position: np.ndarray) -> float:
    """Root mean square distance of a hand `(time, 3)` from its mean place."""
    return float(np.sqrt(((position - position.mean(axis=0)) ** 2).sum(axis=1).mean()))
