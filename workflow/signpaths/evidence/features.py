"""What a unit may answer to: one example's frames in, every feature at every frame out.

Takes the channels of an example and their names; gives each channel, its events (a finger that
bends, a fist that closes, a hand that moves or turns, its speed and direction) and the position in
the sign. The list follows what the article looked for in vain, after Karpathy, Johnson and Li
(2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HANDS = ("left", "right")
PLACE = ("x", "y", "z")
ANGLES = ("roll", "pitch", "yaw")
FINGERS = ("thumb", "fore", "index", "ring", "little")


@dataclass(frozen=True)
class Kind:
    """A kind of feature.

    Attributes
    ----------
    words
        What it is, for readers.
    gesture
        Whether it is an event that a person could see as a part of a gesture.
    view
        Which of a unit's variation it is held against: `moving`, what an example has beyond its
        mean and beyond the mean course of all examples; `within`, what it has beyond its mean;
        `between`, the means of examples.
    """

    words: str
    gesture: bool
    view: str

    @property
    def lagged(self) -> bool:
        """Whether a unit may answer some steps later."""
        return self.view == "moving"


VIEWS = {
    "moving": "within examples, less the mean course of all examples",
    "within": "within examples",
    "between": "between the means of examples",
}
KINDS = {
    "channel": Kind("a channel's value", gesture=False, view="moving"),
    "bending": Kind("a finger bends", gesture=True, view="moving"),
    "shape": Kind("how closed a hand is, all fingers at once", gesture=True, view="moving"),
    "fist": Kind("a fist closes, all fingers at once", gesture=True, view="moving"),
    "speed": Kind("how fast a hand moves", gesture=True, view="moving"),
    "direction": Kind("where a hand moves to", gesture=True, view="moving"),
    "turning": Kind("a hand turns", gesture=True, view="moving"),
    "rate": Kind("how fast a channel rises", gesture=True, view="moving"),
    "position": Kind("position in the sign, 0 to 1", gesture=False, view="within"),
    "sign": Kind("one sign against all others", gesture=False, view="between"),
}
# The rate of these channels of a hand has a kind of its own.
KIND_OF_RATE = {
    **dict.fromkeys(PLACE, "direction"),
    **dict.fromkeys(ANGLES, "turning"),
    **dict.fromkeys(FINGERS, "bending"),
}


@dataclass(frozen=True)
class Feature:
    """Something that a unit may answer to.

    Attributes
    ----------
    kind
        One of `KINDS`.
    of
        The channel, the hand or the sign that it is of; empty for the position.
    """

    kind: str
    of: str = ""

    @property
    def name(self) -> str:
        """In stores and tables, such as `bending:right_thumb`."""
        return f"{self.kind}:{self.of}" if self.of else self.kind


def moving_features(channels: Sequence[str]) -> list[Feature]:
    """Name the features that vary in time, in the order of `moving_values`.

    Where channels are not named as those of the gloves, their values and rates remain.
    """
    hands = [hand for hand in HANDS if _has(channels, hand, FINGERS)]
    moved = [hand for hand in HANDS if _has(channels, hand, PLACE)]
    return [
        *(Feature("channel", name) for name in channels),
        *(Feature(_kind_of_rate(name), name) for name in channels),
        *(Feature("shape", hand) for hand in hands),
        *(Feature("fist", hand) for hand in hands),
        *(Feature("speed", hand) for hand in moved),
    ]


def moving_values(frames: np.ndarray, channels: Sequence[str]) -> np.ndarray:
    """Give the features of one example that vary in time.

    Parameters
    ----------
    frames
        Its real frames, `(frame, channel)`, one or more.
    channels
        Their names.

    Returns
    -------
    numpy.ndarray
        float64 `(frame, feature)`: channels in their own unit, rates and speeds in that unit a
        frame, by central differences.
    """
    values = np.asarray(frames, dtype=float)
    rate = np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)
    fingers, places = (_columns(channels, parts) for parts in (FINGERS, PLACE))
    return np.column_stack(
        [
            *(values, rate),
            *(one[:, own].mean(axis=1) for one in (values, rate) for own in fingers),
            *(np.linalg.norm(rate[:, own], axis=1) for own in places),
        ]
    )


def position(length: int) -> np.ndarray:
    """Give the share of an example's way at each of its frames, `(frame,)`, from 0 to 1."""
    return np.linspace(0, 1, length)


def _has(channels: Sequence[str], hand: str, parts: Sequence[str]) -> bool:
    return {f"{hand}_{part}" for part in parts} <= {*channels}


def _columns(channels: Sequence[str], parts: Sequence[str]) -> list[list[int]]:
    """Give where the parts of each hand stand, of hands that have them all."""
    return [
        [channels.index(f"{hand}_{part}") for part in parts]
        for hand in HANDS
        if _has(channels, hand, parts)
    ]


def _kind_of_rate(channel: str) -> str:
    hand, _, part = channel.partition("_")
    return KIND_OF_RATE.get(part, "rate") if hand in HANDS else "rate"
