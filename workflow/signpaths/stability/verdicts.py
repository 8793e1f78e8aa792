"""What is said of a pair: whether it stays close, what that is due to, what pictures make of it.

Takes how often pairs are close in the hidden states, before training and in projections; gives a
verdict, a cause and, for every projection, what the picture does (section 6). The verdict is about
networks alone and grows with the number of networks in which the pair is close; so is the cause.
The words for all three are declared here, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from signpaths.options import StabilityOptions
from signpaths.stability.inference import (
    apart_q,
    clopper_pearson,
    conditioned_p,
    moved_by_training,
    stays_close_q,
)

STAYS, COMES, UNDECIDED, APART = VERDICTS = ("stays close", "comes and goes", "undecided", "apart")
# What each promises, for people; the thresholds are filled in as percentages.
PROMISES = {
    STAYS: "close in more than {tau} of all retrainings; of the pairs that are said to be so, at "
    "most {fdr} can be expected not to be",
    COMES: "close in some retrainings and not in others: in more than {rare} and less than {firm} "
    "of them",
    UNDECIDED: "these networks are too few for one of the other answers; more may give one",
    APART: "close in less than {tau} of all retrainings: in none, or now and then; likewise at "
    "most {fdr} of these are mistaken",
}
# No cause, or nothing that a picture does.
NONE = ""
INPUT, RECURRENT, LEARNED, UNLEARNED, FLICKERS = (
    "input-driven",
    "recurrence-driven",
    "learned",
    "learned apart",
    "flickers",
)
# Every cause and what it means, for people, in the order in which they are shown.
CAUSES = {
    INPUT: "stays close; the pair is close in the raw signals and in networks before training too",
    RECURRENT: "stays close; the pair is close in networks before training, which have learned "
    "nothing yet, but not in the raw signals",
    LEARNED: "stays close, and training brought that about: before it the pair is seldom close",
    UNLEARNED: "apart, and training brought that about: the pair is close in the raw signals and "
    "in networks before training",
    FLICKERS: "comes and goes: in which networks the pair is close depends on the training alone",
}
KEPT, LOST, ARTEFACT, VARIES = "kept", "lost in projection", "artefact", "varies by autoencoder"
# Everything that a picture may do with a pair that stays close or is apart, likewise.
PICTURES = {
    KEPT: "stays close, and so it is shown",
    LOST: "stays close, but is not shown so",
    ARTEFACT: "apart, but shown as close",
    VARIES: "about as often close in the picture as not, and that hangs on the autoencoder at "
    "least as much as on the network",
}


@dataclass(frozen=True)
class Counts:
    """In how many networks, or in what share of them, pairs are close; `(pair,)` each.

    Attributes
    ----------
    networks
        How many there are.
    close
        Networks in which the pair is close in the hidden states.
    raw_close
        Whether it is in the raw signals.
    before
        Networks in which it is before training; None if that is not known.
    made, broken
        Networks in which it is close after training only, and before only; None likewise.
    pictured
        By projection: share of pictures, over networks and autoencoders, in which it is close.
    differing
        By projection: how often two autoencoders of one network differ on the pair; missing for
        projections that have no second one.
    """

    networks: int
    close: np.ndarray
    raw_close: np.ndarray
    before: np.ndarray | None
    made: np.ndarray | None
    broken: np.ndarray | None
    pictured: Mapping[str, np.ndarray]
    differing: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Answers:
    """What is said of every pair, `(pair,)` each."""

    verdict: np.ndarray
    cause: np.ndarray
    picture: Mapping[str, np.ndarray]


def answered(counts: Counts, options: StabilityOptions) -> Answers:
    """Say of every pair what follows from how often it is close."""
    verdict = verdict_of_counts(counts.close, counts.networks, options)
    return Answers(
        verdict=verdict,
        cause=causes(verdict, counts, options),
        picture={
            space: pictures(verdict, share, counts.differing.get(space), options)
            for space, share in counts.pictured.items()
        },
    )


def verdict_of_counts(count: np.ndarray, networks: int, options: StabilityOptions) -> np.ndarray:
    """Give the verdict on each pair from the number of networks in which it is close, `(pair,)`.

    stays close: N1 is rejected. apart: N1a is. comes and goes: the interval of π leaves out both
    what is rare and what is firm. undecided: the rest.
    """
    low, high = clopper_pearson(networks, options.confidence)
    return np.select(
        [
            stays_close_q(count, networks, options.tau) <= options.fdr,
            apart_q(count, networks, options.tau) <= options.fdr,
            (low[count] > options.rare) & (high[count] < options.firm),
        ],
        [STAYS, APART, COMES],
        UNDECIDED,
    )


def causes(verdict: np.ndarray, counts: Counts, options: StabilityOptions) -> np.ndarray:
    """Give what each pair's closeness, or the lack of it, is due to; none where it is not known."""
    flickers = np.where(verdict == COMES, FLICKERS, NONE)
    if counts.before is None or counts.made is None or counts.broken is None:
        return flickers
    stays, raw = verdict == STAYS, counts.raw_close
    before = counts.before / counts.networks >= options.present
    _, moved_q = moved_by_training(counts.made, counts.broken, options.fdr)
    moved = moved_q <= options.fdr
    return np.select(
        [
            stays & before & raw,
            stays & before,
            stays & moved & (counts.made > counts.broken),
            (verdict == APART) & before & raw & moved & (counts.broken > counts.made),
        ],
        [INPUT, RECURRENT, LEARNED, UNLEARNED],
        flickers,
    )


def pictures(
    verdict: np.ndarray,
    share: np.ndarray,
    differing: np.ndarray | None,
    options: StabilityOptions,
) -> np.ndarray:
    """Give what a projection does with the pairs that stay close or are apart.

    varies by autoencoder: the share of pictures in which the pair is close is as good as `present`
    (no farther from it than `equivalence`), and autoencoders of one network differ on it at least
    half as often as any two pictures do.
    """
    stays, apart = verdict == STAYS, verdict == APART
    varies = np.zeros(share.shape, dtype=bool)
    if differing is not None:
        as_good = np.abs(share - options.present) <= options.equivalence + 1e-9
        varies = as_good & (differing >= share * (1 - share) - 1e-9)
    present = share >= options.present
    return np.select(
        [(stays | apart) & varies, stays & present, stays, apart & present],
        [VARIES, KEPT, LOST, ARTEFACT],
        NONE,
    )


def fewest_networks(options: StabilityOptions) -> int:
    """Give the fewest networks with which a pair can stay close, if all others looked at do too."""
    networks = 1
    while conditioned_p(networks, options.tau)[-1] > options.fdr:
        networks += 1
    return networks
