"""Stage `simulate`: counts of planted pairs in, recordings as from a pair of gloves out.

Takes nothing but options. Gives `.tsd` files in the format of the Auslan gloves (22 numbers a
frame) and `planted.csv`, which names the pairs that were made for an answer: the truth that the
rest of the workflow has to give back. Signs are smooth curves through random anchor points. Some
pairs are alike or not in the recordings themselves; of others the recordings say the opposite of
what a network learns, because takes differ most in what does not matter.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline, PchipInterpolator

from signpaths.data.planted import COLUMNS
from signpaths.errors import UserError
from signpaths.options import SimulateOptions
from signpaths.stores import sealed, write_table

FEWEST_SIGNS = 3

# A hand's channels: its place (x, y, z in metres, roll, pitch and yaw from 0 to 1), then the bend
# of thumb, fore, index, ring and little finger. Signs are made in shares of a channel's range, 0
# its middle; ranges and middles are near those of the real recordings.
HAND, PLACE = 11, 6
RANGE = np.tile([0.3, 0.6, 0.4, 0.5, 0.5, 0.4, *[1.0] * 5], 2)
MIDDLE = np.tile([0.06, 0.0, -0.14, 0.5, 0.45, 0.5, *[0.5] * 5], 2)
MIDDLE[0] = -MIDDLE[0]
FINGER = np.tile([False] * PLACE + [True] * 5, 2)
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

# Restless signs, whose takes differ most in the left hand: in each it goes somewhere else and stays
# (fidgets), or shakes to and fro between two frames and the next two (trembles), in a direction
# drawn anew. By these shares of the range in each of the six channels of a place; the second sign's
# more, so that in the signals the quiet sign is nearest to the first.
FIDGET, TREMOR, SECOND = 0.55, 0.5, 1.2
FIDGETS_BY = 0.2
TREMBLES = np.array([1, 1, -1, -1])
# How far from the first sign the quiet one is, likewise: nearer than any two takes of the others,
# and farther than the others once the left hand is left out of account.
QUIET_BESIDE = {"learned": 0.7, "trembling": 0.6}

# How far apart the right hands of any two of a quartet are, as a root mean square, in each of the
# six channels of a place.
QUARTET = 0.24
# Which way each of the four sways, of two opposite ones, in three kinds of swaying: the corners of
# a tetrahedron, every two as far apart.
CORNERS = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))

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

# Takes phases from 0 to 1; gives points `(phase, channel)` in shares of the range.
Curve = Callable[[np.ndarray], np.ndarray]

# The planted pairs of a group of signs, by the group's kind: two of its signs, and their relation.
PAIRS: dict[str, tuple[tuple[int, int, str], ...]] = {
    "twin": ((0, 1, "twin"),),
    "prefix": ((0, 1, "prefix"),),
    "crossing": ((0, 1, "crossing"),),
    "learned": ((0, 1, "learned"), (0, 2, "learned apart")),
    "trembling": ((0, 1, "trembling"),),
    "flickering": tuple(
        (one, other, "flickering") for one, other in itertools.combinations(range(4), 2)
    ),
    "": (),
}


@dataclass(frozen=True)
class Movement:
    """A sign as it is meant, before anyone makes it.

    Parameters
    ----------
    curve
        Where the hands are.
    frames
        Usual duration.
    vary
        Draws what one take adds to that; None if takes differ no more than all takes do.
    """

    curve: Curve
    frames: float
    vary: Callable[[np.random.Generator], Curve] | None = None


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
        Kind of its group, a key of `PAIRS`; empty for a sign alone.
    group
        Signs that were made together have the same number.
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
        The CSV to write: sign_a, sign_b, relation (see `PAIRS`) and planting. Of a prefix pair,
        sign_a is how sign_b begins.

    Raises
    ------
    UserError
        If the options make no study.
    """
    check(options)
    signs = plant(options)
    with sealed(folder) as partial:
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
    if options.signs < FEWEST_SIGNS:
        raise UserError(
            f"the counts of the section simulate, from twins to others, make {options.signs} "
            f"signs, expected at least {FEWEST_SIGNS}; closeness is a rank among other signs. "
            "Change these keys of the config."
        )


def plant(options: SimulateOptions) -> list[Sign]:
    """Make the signs, group by group, in the order of `PAIRS`; signs alone come last.

    One group is one-handed, the next two-handed, and so on. Signs of different groups are far
    apart at every seed: of many candidates the one farthest from all others is taken.
    """
    counts = {
        "twin": options.twins,
        "prefix": options.prefixes,
        "crossing": options.crossings,
        "learned": options.learned,
        "trembling": options.trembling,
        "flickering": options.flickering,
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
    """Draw a movement and, if a relation asks for them, those that have it to the first."""
    first = draw_movement(two_handed, rng, turning=relation == "crossing")
    match relation:
        case "twin":
            return [first, twin_of(first, rng)]
        case "prefix":
            return [first, continued(first, rng)]
        case "crossing":
            return [first, reversed_in_time(first)]
        case "learned":
            return beside_quiet(first, fidgeting, FIDGET, QUIET_BESIDE[relation], rng)
        case "trembling":
            return beside_quiet(first, trembling, TREMOR, QUIET_BESIDE[relation], rng)
        case "flickering":
            return quartet(first, rng)
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
    return _bent(movement, rng.choice(RIGHT_FINGERS))


def quartet(movement: Movement, rng: np.random.Generator) -> list[Movement]:
    """Give a movement about which the right hand sways in four ways, every two as far apart.

    Each adds up three kinds of swaying: once around, once around a quarter of a turn later, and
    twice around. The channels sway a sixth of a turn apart, and in the last kind a third. So every
    two of the four are as far from each other at every moment, and in the end in every channel:
    whatever a network heeds most, none of the six pairs is meant to be the nearest. Which of them
    are, each network decides.
    """
    # Two differ in two kinds, by twice the size of each, whose mean square is half its square.
    size = QUARTET / 2 * rng.choice([-1, 1], PLACE)
    start = rng.permutation(PLACE) / PLACE

    def swaying(corner: tuple[int, int, int]) -> Curve:
        def curve(phase: np.ndarray) -> np.ndarray:
            turn = 2 * math.pi * (start + phase[:, None])
            kinds = (np.cos(turn), np.sin(turn), np.cos(2 * turn))
            points = movement.curve(phase).copy()
            points[:, HAND : HAND + PLACE] += size * sum(
                way * kind for way, kind in zip(corner, kinds, strict=True)
            )
            return points

        return curve

    return [replace(movement, curve=swaying(corner)) for corner in CORNERS]


def beside_quiet(
    movement: Movement,
    unrest: Callable[[float], Callable[[np.random.Generator], Curve]],
    size: float,
    apart: float,
    rng: np.random.Generator,
) -> list[Movement]:
    """Give twins whose takes differ most in the left hand, and a sign beside the first without it.

    In the signals the quiet sign is nearest to both, for two restless takes are farther from each
    other than a restless one is from the middle. What leaves the left hand out of account finds the
    twins nearest.

    Parameters
    ----------
    movement
        What the twins have in common; the right hand's part is kept.
    unrest
        Makes from a size what draws what a take adds.
    size
        Of the first sign's unrest.
    apart
        Distance of the quiet sign.
    """
    one = Movement(_left_still(movement.curve), movement.frames)
    other = twin_of(one, rng)
    return [
        replace(one, vary=unrest(size)),
        replace(other, vary=unrest(SECOND * size)),
        elsewhere(one, apart, rng),
    ]


def fidgeting(size: float) -> Callable[[np.random.Generator], Curve]:
    """Let the left hand go somewhere else in every take, and stay there."""

    def vary(rng: np.random.Generator) -> Curve:
        change = _left_place(size, rng)
        return lambda phase: _ease(phase / FIDGETS_BY)[:, None] * change

    return vary


def trembling(size: float) -> Callable[[np.random.Generator], Curve]:
    """Let the left hand shake from frame to frame, in every take in another direction."""

    def vary(rng: np.random.Generator) -> Curve:
        change, start = _left_place(size, rng), rng.integers(TREMBLES.size)

        def curve(phase: np.ndarray) -> np.ndarray:
            return TREMBLES[(start + np.arange(phase.size)) % TREMBLES.size, None] * change

        return curve

    return vary


def elsewhere(movement: Movement, size: float, rng: np.random.Generator) -> Movement:
    """Give the same movement with the right hand held elsewhere throughout."""
    change = np.zeros(2 * HAND)
    change[HAND : HAND + PLACE] = size / math.sqrt(PLACE) * rng.choice([-1, 1], PLACE)
    return replace(movement, curve=lambda phase: movement.curve(phase) + change)


def _bent(movement: Movement, finger: int) -> Movement:
    end = movement.curve(np.array([1.0]))[0, finger]
    change = np.zeros(2 * HAND)
    change[finger] = -math.copysign(TWIN_BEND, end)

    def curve(phase: np.ndarray) -> np.ndarray:
        share = _ease((phase - TWIN_FROM) / (1 - TWIN_FROM))
        return movement.curve(phase) + share[:, None] * change

    return replace(movement, curve=curve)


def _left_place(size: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a change of the left hand's place, `(channel,)`: as large in all of its channels."""
    change = np.zeros(2 * HAND)
    change[:PLACE] = size * rng.choice([-1, 1], PLACE)
    return change


def _left_still(curve: Curve) -> Curve:
    """Keep the left hand in the middle."""

    def still(phase: np.ndarray) -> np.ndarray:
        points = curve(phase).copy()
        points[:, :HAND] = 0
        return points

    return still


def continued(movement: Movement, rng: np.random.Generator) -> Movement:
    """Give a longer movement that begins as this one and ends with other bends at that place."""
    joint = 1 / (1 + TAIL)
    end = movement.curve(np.array([1.0]))[0]
    change = np.zeros(2 * HAND)
    change[HAND : HAND + PLACE] = rng.uniform(-TAIL_MOVE, TAIL_MOVE, PLACE)
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
    phase = PchipInterpolator(thirds, reached)(np.linspace(0, 1, duration))
    points = movement.curve(phase)
    middle = points.mean(axis=0)
    points = middle + (1 + SIZE * _deviates(rng, 2 * HAND)) * (points - middle)
    if movement.vary is not None:
        points += movement.vary(rng)(phase)
    points += drift + rng.normal(0, noise, points.shape)
    return MIDDLE + RANGE * _clipped(points)


def sign_names(count: int, seed: int) -> list[str]:
    """Give distinct names that are safe in file names; the seed deals them out."""
    rounds = -(-count // len(NAMES))
    names = [name if turn == 0 else f"{name}{turn + 1}" for turn in range(rounds) for name in NAMES]
    return [str(name) for name in _generator(seed, "names").permutation(names[:count])]


def planted_pairs(signs: Sequence[Sign]) -> pd.DataFrame:
    """List the planted pairs, in the order in which they were made.

    Pairs of one relation that were made together have the same number, from 1, as their `planting`.
    """
    groups: dict[int, list[Sign]] = {}
    for sign in signs:
        groups.setdefault(sign.group, []).append(sign)
    plantings: dict[tuple[int, str], int] = {}
    return pd.DataFrame(
        [
            (
                group[one].name,
                group[other].name,
                relation,
                plantings.setdefault((number, relation), len(plantings) + 1),
            )
            for number, group in groups.items()
            for one, other, relation in PAIRS[group[0].relation]
        ],
        columns=COLUMNS,
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
