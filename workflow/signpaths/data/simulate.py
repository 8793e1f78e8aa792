"""Stage `simulate`: counts of planted pairs in, recordings as from a pair of gloves out.

Takes nothing but options. Gives `.tsd` files in the format of the Auslan gloves (22 numbers a
frame) and `planted.csv`, which names the pairs that were made alike: the truth that the rest of the
workflow has to give back. Signs are smooth curves through random anchor points.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline, PchipInterpolator

from signpaths.errors import UserError
from signpaths.options import SimulateOptions
from signpaths.stores import whole, write_table

FEWEST_SIGNS = 3

# A hand's channels: x, y, z in metres, roll, pitch and yaw from 0 to 1, then the bend of thumb,
# fore, index, ring and little finger. Signs are made in shares of a channel's range, 0 its middle;
# ranges and middles are near those of the real recordings.
HAND = 11
RANGE = np.tile([0.3, 0.6, 0.4, 0.5, 0.5, 0.4, *[1.0] * 5], 2)
MIDDLE = np.tile([0.06, 0.0, -0.14, 0.5, 0.45, 0.5, *[0.5] * 5], 2)
MIDDLE[0] = -MIDDLE[0]
FINGER = np.tile([False] * 6 + [True] * 5, 2)
RIGHT_FINGERS = np.flatnonzero(FINGER)[5:]
# A glove's fingers are clipped half a range from the middle, so their channels are often constant.
STRAIGHT, BENT = -0.65, 0.65
# Where the left hand waits while the right signs alone, and how far it strays meanwhile.
REST = np.array([0.0, -0.35, 0.1, 0.1, -0.3, 0.0, *[STRAIGHT] * 5])
IDLE = 0.03

ANCHORS = np.linspace(0, 1, 5)
# Movements drawn for each new sign; the one farthest from all signs so far is taken.
CANDIDATES = 64
# Where two movements are compared.
PHASES = np.linspace(0, 1, 33)
# A sign's usual duration; real ones take twice as long, but the demo's networks are small.
FRAMES = (24, 28)

# From this phase on one finger of a twin bends or straightens, in the end by this share of its
# range.
TWIN_FROM, TWIN_BEND = 0.6, 0.6
# The longer sign of a prefix pair goes on for this share of the shorter one: its fingers spread or
# close while the hand stays within this share of its range.
TAIL, TAIL_MOVE = 0.3, 0.1

# How takes differ, as standard deviations: of the logarithm of the duration, of how early or late
# the hand is on its way, of the size of the movement. No take is more than `MOST` of them away.
TEMPO, WARP, SIZE = 0.08, 0.03, 0.06
MOST = 2.0

NAMES = (
    "river", "thank-you", "wait_", "lantern", "copper", "meadow", "whistle", "anchor", "pepper",
    "thunder", "violin", "harvest", "marble", "comet", "ladder", "velvet", "acorn", "bridge",
    "candle", "falcon", "ginger", "island", "jigsaw", "kettle", "lemon", "mirror", "needle",
    "orchard", "pebble", "quilt", "rocket", "saddle", "tunnel", "umbrella", "walnut", "zebra",
)  # fmt: skip


@dataclass(frozen=True)
class Movement:
    """A sign as it is meant, before anyone makes it.

    Parameters
    ----------
    curve
        Takes phases from 0 to 1; gives points `(phase, channel)` in shares of the range.
    frames
        Usual duration.
    """

    curve: Callable[[np.ndarray], np.ndarray]
    frames: float


@dataclass(frozen=True)
class Sign:
    """A movement with a name, and the group of signs that it was made with.

    Parameters
    ----------
    name
        As in the names of its files.
    movement
        What is recorded.
    relation
        `twin`, `prefix` or `crossing` to the other sign of its group; empty for a sign alone.
    group
        The two signs of a pair have the same number.
    """

    name: str
    movement: Movement
    relation: str
    group: int


def simulate(
    folder: Path, planted: Path, /, *, options: SimulateOptions = SimulateOptions()
) -> None:
    """Write simulated glove recordings with planted truth.

    Parameters
    ----------
    folder
        Where to write `<session>/<sign>-<take>.tsd`; what was there before goes.
    planted
        The CSV to write: sign_a, sign_b, relation (twin, prefix, crossing). Of a prefix pair,
        sign_a is how sign_b begins.

    Raises
    ------
    UserError
        If the options make no study.
    """
    check(options)
    signs = plant(options)
    with whole(folder) as partial:
        for session in range(options.sessions):
            place = partial / f"session{session + 1}"
            place.mkdir(parents=True)
            # The same day shifts all signs alike.
            drift = _generator(options.seed, "drift", session).normal(0, options.drift, 2 * HAND)
            for index, sign in enumerate(signs):
                for take in range(options.takes):
                    rng = _generator(options.seed, "take", session, index, take)
                    frames = record(sign.movement, rng, drift, options.noise)
                    path = place / f"{sign.name}-{take + 1}.tsd"
                    np.savetxt(path, frames, fmt="%.6f", delimiter="\t")
    write_table(planted, planted_pairs(signs))


def check(options: SimulateOptions) -> None:
    """Refuse options that make no study.

    Raises
    ------
    UserError
        If they make fewer than three signs.
    """
    signs = 2 * (options.twins + options.prefixes + options.crossings) + options.others
    if signs < FEWEST_SIGNS:
        raise UserError(
            f"simulate.twins, prefixes and crossings (pairs) and others make {signs} signs, "
            f"expected at least {FEWEST_SIGNS}; closeness is a rank among other signs. "
            "Change these keys of the config."
        )


def plant(options: SimulateOptions) -> list[Sign]:
    """Make the signs, group by group: twins, prefix pairs, crossing pairs, signs alone.

    One group is one-handed, the next two-handed, and so on. Signs of different groups are far
    apart at every seed: of many candidates the one farthest from all others is taken.
    """
    counts = {
        "twin": options.twins,
        "prefix": options.prefixes,
        "crossing": options.crossings,
        "": options.others,
    }
    relations = [relation for relation, count in counts.items() for _ in range(count)]
    groups: list[list[Movement]] = []
    for index, relation in enumerate(relations):
        rng = _generator(options.seed, "group", index)
        candidates = [draw_group(relation, index % 2 == 1, rng) for _ in range(CANDIDATES)]
        groups.append(_farthest(candidates, [movement for group in groups for movement in group]))
    names = iter(sign_names(sum(map(len, groups)), options.seed))
    return [
        Sign(next(names), movement, relation, index)
        for index, (relation, group) in enumerate(zip(relations, groups, strict=True))
        for movement in group
    ]


def draw_group(relation: str, two_handed: bool, rng: np.random.Generator) -> list[Movement]:
    """Draw a movement and, if a relation asks for one, the movement that has it to the first."""
    first = draw_movement(two_handed, rng, turning=relation == "crossing")
    match relation:
        case "twin":
            return [first, twin_of(first, rng)]
        case "prefix":
            return [first, continued(first, rng)]
        case "crossing":
            return [first, reversed_in_time(first)]
        case _:
            return [first]


def draw_movement(two_handed: bool, rng: np.random.Generator, turning: bool = False) -> Movement:
    """Draw a movement through random anchor points, at rest where it starts and ends.

    Parameters
    ----------
    two_handed
        Whether the left hand signs too, or waits.
    turning
        Whether each hand ends opposite to where it started.
    """
    right = _anchors(rng, turning)
    stray = rng.uniform(-1, 1, (ANCHORS.size, HAND))
    left = _anchors(rng, turning) if two_handed else REST + IDLE * stray
    spline = CubicSpline(ANCHORS, np.hstack([left, right]), bc_type="clamped")
    return Movement(spline, rng.uniform(*FRAMES))


def twin_of(movement: Movement, rng: np.random.Generator) -> Movement:
    """Give the same movement, but one finger of the right hand moves away towards the end."""
    finger = rng.choice(RIGHT_FINGERS)
    end = movement.curve(np.array([1.0]))[0, finger]
    change = np.zeros(2 * HAND)
    change[finger] = -math.copysign(TWIN_BEND, end)

    def curve(phase: np.ndarray) -> np.ndarray:
        share = _ease((phase - TWIN_FROM) / (1 - TWIN_FROM))
        return movement.curve(phase) + share[:, None] * change

    return Movement(curve, movement.frames)


def continued(movement: Movement, rng: np.random.Generator) -> Movement:
    """Give a longer movement that begins as this one and ends with other bends at that place."""
    joint = 1 / (1 + TAIL)
    end = movement.curve(np.array([1.0]))[0]
    change = np.zeros(2 * HAND)
    change[HAND : HAND + 6] = rng.uniform(-TAIL_MOVE, TAIL_MOVE, 6)
    change[RIGHT_FINGERS] = np.where(end[RIGHT_FINGERS] > 0, STRAIGHT, BENT) - end[RIGHT_FINGERS]

    def curve(phase: np.ndarray) -> np.ndarray:
        share = _ease((phase - joint) / (1 - joint))
        beginning = movement.curve(np.minimum(phase / joint, 1))
        return beginning + share[:, None] * change

    return Movement(curve, movement.frames * (1 + TAIL))


def reversed_in_time(movement: Movement) -> Movement:
    """Give the movement that passes through the same places the other way round."""
    return Movement(lambda phase: movement.curve(1 - phase), movement.frames)


def outline(movement: Movement) -> np.ndarray:
    """Give the points of a movement at `PHASES`, fingers clipped as the gloves do."""
    return _clipped(movement.curve(PHASES))


def record(
    movement: Movement, rng: np.random.Generator, drift: np.ndarray, noise: float
) -> np.ndarray:
    """Make one recording of a movement.

    Parameters
    ----------
    movement
        What is meant; duration, speed on the way and size differ from take to take.
    rng
        Where the differences come from.
    drift
        What the session adds to each channel, in shares of the range.
    noise
        Standard deviation of the sensors' noise, in shares of the range.

    Returns
    -------
    numpy.ndarray
        `(time, channel)`, in the numbers that gloves give.
    """
    duration = round(movement.frames * math.exp(TEMPO * _deviates(rng)[0]))
    thirds = np.array([0, 1 / 3, 2 / 3, 1])
    reached = thirds + np.array([0, *(WARP * _deviates(rng, 2)), 0])
    points = movement.curve(PchipInterpolator(thirds, reached)(np.linspace(0, 1, duration)))
    middle = points.mean(axis=0)
    points = middle + (1 + SIZE * _deviates(rng, 2 * HAND)) * (points - middle)
    points += drift + rng.normal(0, noise, points.shape)
    return MIDDLE + RANGE * _clipped(points)


def sign_names(count: int, seed: int) -> list[str]:
    """Give distinct names that are safe in file names; the seed deals them out."""
    rounds = -(-count // len(NAMES))
    names = [name if turn == 0 else f"{name}{turn + 1}" for turn in range(rounds) for name in NAMES]
    return [str(name) for name in _generator(seed, "names").permutation(names[:count])]


def planted_pairs(signs: Sequence[Sign]) -> pd.DataFrame:
    """List the planted pairs, in the order in which they were made."""
    return pd.DataFrame(
        [
            (one.name, other.name, one.relation)
            for one, other in itertools.pairwise(signs)
            if one.group == other.group
        ],
        columns=["sign_a", "sign_b", "relation"],
    )


def _anchors(rng: np.random.Generator, turning: bool) -> np.ndarray:
    """Draw the anchor points of one hand, `(anchor, channel)`."""
    places = rng.uniform(-0.5, 0.5, (ANCHORS.size, 6))
    start, end = rng.choice([STRAIGHT, BENT], (2, 5))
    if turning:
        # Odd about the middle, the one place where the movement and its reverse meet at one time,
        # and with its ends far out.
        places = (places - places[::-1]) / math.sqrt(2)
        places[0] = np.copysign(rng.uniform(0.3, 0.5, 6), places[0])
        places[-1] = -places[0]
        end = -start
    bends = start + ANCHORS[:, None] * (end - start)
    return np.hstack([places, bends])


def _farthest(candidates: list[list[Movement]], taken: list[Movement]) -> list[Movement]:
    """Choose the group that is farthest, at equal phases, from the nearest movement taken."""
    others = np.array([outline(movement) for movement in taken])

    def clearance(group: list[Movement]) -> float:
        return min(float(((outline(one) - others) ** 2).sum(axis=(1, 2)).min()) for one in group)

    return max(candidates, key=clearance) if taken else candidates[0]


def _clipped(points: np.ndarray) -> np.ndarray:
    return np.where(FINGER, np.clip(points, -0.5, 0.5), points)


def _ease(share: np.ndarray) -> np.ndarray:
    """Go from 0 to 1 without a jerk."""
    share = np.clip(share, 0, 1)
    return share**2 * (3 - 2 * share)


def _deviates(rng: np.random.Generator, count: int = 1) -> np.ndarray:
    """Draw standard normal deviates, none of them beyond `MOST`."""
    return np.clip(rng.standard_normal(count), -MOST, MOST)


def _generator(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Give each thing that is drawn its own generator: more takes leave the others as they are."""
    return np.random.default_rng([seed, *purpose.encode(), *index])
