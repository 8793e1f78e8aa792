"""Turning networks onto one another: sign means in, rotation, scale and shift out.

Takes the mean hidden state of every sign at equal phases, network by network. Gives the orthogonal
map that takes one network onto another (Schönemann 1966), the consensus of several (generalised
Procrustes analysis, Gower 1975), and how well a network fits it. An orthogonal map keeps every
distance inside a network, so that no closeness changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from signpaths.frames import resample

# Networks are turned onto one another until a round brings them nearer by less than this share.
NEARER = 1e-5
MOST_ROUNDS = 50
# What a fit is judged on: the examples that it was made with, or the others.
SEEN = ("train", "held_out")
# Divides where nothing varies.
TINY = 1e-300


@dataclass(frozen=True)
class Turn:
    """The map of one network's hidden states onto the reference.

    Attributes
    ----------
    shift
        What is taken off first, `(unit,)`.
    rotation
        `(unit, reference_unit)`, its rows or its columns orthonormal, whichever are fewer.
    scale
        By which the rest is multiplied.
    """

    shift: np.ndarray
    rotation: np.ndarray
    scale: float

    def forth(self, states: np.ndarray) -> np.ndarray:
        """Turn hidden states `(…, unit)` onto the reference, float32 `(…, reference_unit)`."""
        turned = (states - self.shift) @ (self.rotation * self.scale)
        return turned.astype(np.float32)

    def back(self, turned: np.ndarray) -> np.ndarray:
        """Turn states of the reference `(…, reference_unit)` back into the network's."""
        return turned @ (self.rotation.T / self.scale) + self.shift


@dataclass(frozen=True)
class Consensus:
    """What several networks have in common.

    Attributes
    ----------
    mean
        `(sign, phase, unit)` with as many units as the widest network, centred; NaN for a sign that
        a network has no examples of.
    without
        For each network the consensus of the others; empty if there is one network.
    size
        Of the networks, on average: root of their sign means' summed squared deviations.
    """

    mean: np.ndarray
    without: list[np.ndarray]
    size: float


@dataclass(frozen=True)
class Fit:
    """How well a network fits the reference.

    R², the share of the reference's squared deviations that the best scale of the turned means
    explains; below 0 if turning explains less than nothing.

    Attributes
    ----------
    whole
        Of all signs and phases, about the reference's grand mean.
    by_sign
        Of one sign, likewise, `(sign,)`; NaN where it has no examples.
    by_phase
        Of one phase, about the mean of all signs at that phase, `(phase,)`.
    """

    whole: float
    by_sign: np.ndarray
    by_phase: np.ndarray


def sign_means(
    states: np.ndarray, real: np.ndarray, label: np.ndarray, signs: int, phases: int
) -> np.ndarray:
    """Average the hidden states of every sign's examples at equal phases.

    Parameters
    ----------
    states
        Hidden states `(example, time, unit)`, padded.
    real
        Real frames, bool `(example, time)`.
    label
        Number of each example's sign, `(example,)`.
    signs
        How many signs there are.
    phases
        Number of phases.

    Returns
    -------
    numpy.ndarray
        float64 `(sign, phase, unit)`; NaN for a sign without an example.
    """
    means = np.full((signs, phases, states.shape[2]), np.nan)
    for sign in np.unique(label):
        own = label == sign
        means[sign] = resample(states[own], real[own], phases).mean(axis=0)
    return means


def consensus(networks: Sequence[np.ndarray]) -> Consensus:
    """Find what several networks have in common once they are turned onto one another.

    Parameters
    ----------
    networks
        Sign means `(sign, phase, unit)` of each; networks may differ in units.
    """
    known = np.logical_and.reduce([np.isfinite(one).all(axis=(1, 2)) for one in networks])
    phases, widest = networks[0].shape[1], max(one.shape[2] for one in networks)
    rows = [_rows(one, known, widest) for one in networks]
    centred = [one - one.mean(axis=0) for one in rows]
    size = float(np.mean([_size(one) for one in centred]))
    alike = [one * (size / max(_size(one), TINY)) for one in centred]
    # What the networks have in common is found from these small matrices alone.
    products = np.array([[one.T @ other for other in alike] for one in alike])
    every = list(range(len(networks)))
    turns = _generalised(products, every, np.array([_nearest(one) for one in products[:, 0]]))

    def mean_of(members: list[int], by: np.ndarray) -> np.ndarray:
        placed = np.full((known.size, phases, widest), np.nan)
        mean = np.mean([alike[one] @ by[one] for one in members], axis=0)
        placed[known] = mean.reshape(-1, phases, widest)
        return placed

    others = [[one for one in every if one != left_out] for left_out in every]
    return Consensus(
        mean=mean_of(every, turns),
        without=[mean_of(rest, _generalised(products, rest, turns)) for rest in others if rest],
        size=size,
    )


def turn_onto(reference: np.ndarray, means: np.ndarray, size: float) -> Turn:
    """Find the orthogonal map that brings a network's sign means nearest to the reference.

    Parameters
    ----------
    reference
        `(sign, phase, reference_unit)`, centred; signs that are NaN here or there do not count.
    means
        Of the network, `(sign, phase, unit)`. If it has more units than the reference, what has no
        counterpart there is lost.
    size
        Root of the summed squared deviations that the means shall have: all networks the same.
    """
    known = _known(reference, means)
    own = _rows(means, known)
    shift = own.mean(axis=0)
    rotation = _nearest((own - shift).T @ _rows(reference, known))
    return Turn(shift, rotation, size / max(_size(own - shift), TINY))


def fit_of(turn: Turn, reference: np.ndarray, means: np.ndarray, judged: np.ndarray) -> Fit:
    """Say how well a turned network fits the reference.

    Parameters
    ----------
    turn
        The map.
    reference
        `(sign, phase, reference_unit)`.
    means
        The sign means that the map was fitted to; they set the scale.
    judged
        The sign means that are judged, of the same or of other examples.
    """
    known = _known(reference, means)
    turned, target = turn.forth(means[known]), reference[known]
    scale = float((turned * target).sum() / max((turned**2).sum(), TINY))
    known = _known(reference, judged)
    by_sign = np.full(known.size, np.nan)
    if not known.any():
        return Fit(np.nan, by_sign, np.full(reference.shape[1], np.nan))
    target = reference[known]
    lost = ((target - scale * turn.forth(judged[known])) ** 2).sum(axis=2)
    spread = (target**2).sum(axis=2)
    at_phase = ((target - target.mean(axis=0)) ** 2).sum(axis=(0, 2))
    by_sign[known] = _explained(lost.sum(axis=1), spread.sum(axis=1))
    return Fit(
        whole=float(_explained(lost.sum(), spread.sum())),
        by_sign=by_sign,
        by_phase=_explained(lost.sum(axis=0), at_phase),
    )


def permuted_fits(
    reference: np.ndarray, means: np.ndarray, judged: np.ndarray, size: float, permutations: int
) -> Iterator[tuple[float, float]]:
    """Turn the network again and again with its signs permuted.

    Gives R² on the means fitted to and on those judged.
    """
    random, same = np.random.default_rng(0), np.arange(len(means))
    for _ in range(permutations):
        order = random.permutation(len(means))
        # Of few signs every sixth order, or second, is their own.
        while len(means) > 1 and np.array_equal(order, same):
            order = random.permutation(len(means))
        turn = turn_onto(reference, means[order], size)
        yield (
            fit_of(turn, reference, means[order], means[order]).whole,
            fit_of(turn, reference, means[order], judged[order]).whole,
        )


def judged(
    judge: np.ndarray, means: list[np.ndarray], size: float, permutations: int
) -> tuple[list[Fit], np.ndarray]:
    """Say how well a network fits what others have in common.

    Parameters
    ----------
    judge
        Consensus of other networks, `(sign, phase, unit)`; NaN where there is none.
    means
        The network's sign means over training examples, which it is turned by, and over held-out
        ones.
    size
        The usual one of a network.
    permutations
        How many times the signs are permuted.

    Returns
    -------
    tuple
        Fits on the training and on the held-out examples, and R² of both with the signs permuted,
        `(permutation, 2)`; NaN where the network has no one to be judged by.
    """
    if not np.isfinite(judge).any():
        unknown = Fit(np.nan, np.full(len(judge), np.nan), np.full(judge.shape[1], np.nan))
        return [unknown, unknown], np.full((permutations, len(SEEN)), np.nan)
    turn = turn_onto(judge, means[0], size)
    return (
        [fit_of(turn, judge, means[0], one) for one in means],
        np.array(list(permuted_fits(judge, means[0], means[1], size, permutations))),
    )


def fits_the_reference(fit: np.ndarray, permuted: np.ndarray) -> bool:
    """Say whether a network fits better than with its signs permuted, wherever that is known.

    A network of which nothing is known does not fit.

    Parameters
    ----------
    fit
        R² on training and on held-out examples, `(2,)`.
    permuted
        The same with the signs permuted, `(permutation, 2)`.
    """
    known = np.isfinite(fit) & np.isfinite(permuted).all(axis=0)
    return bool(known.any() and (fit > permuted.max(axis=0))[known].all())


def _generalised(products: np.ndarray, members: list[int], start: np.ndarray) -> np.ndarray:
    """Turn the members onto one another until they come no nearer; `products` is X_iᵀX_j of all."""
    turns = start.copy()
    if len(members) < 2:
        return turns
    others = [[other for other in members if other != one] for one in members]
    # Beside one another, so that one product sums over all others.
    beside = [
        np.hstack(list(products[one, rest])) for one, rest in zip(members, others, strict=True)
    ]
    before = 0.0
    for _ in range(MOST_ROUNDS):
        alike = 0.0
        for one, rest, product in zip(members, others, beside, strict=True):
            towards = product @ np.vstack(list(turns[rest]))
            turns[one] = _nearest(towards)
            alike += float((turns[one] * towards).sum())
        if alike - before <= NEARER * alike:
            break
        before = alike
    return turns


def _nearest(matrix: np.ndarray) -> np.ndarray:
    """Give the orthogonal matrix nearest to one."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return left @ right


def _rows(means: np.ndarray, known: np.ndarray, width: int = 0) -> np.ndarray:
    """Lay the known signs' phases under one another, `(sign · phase, unit)`, padded with zeros."""
    rows = means[known].reshape(-1, means.shape[2])
    return np.pad(rows, ((0, 0), (0, max(0, width - rows.shape[1]))))


def _known(reference: np.ndarray, means: np.ndarray) -> np.ndarray:
    return np.isfinite(reference).all(axis=(1, 2)) & np.isfinite(means).all(axis=(1, 2))


def _size(centred: np.ndarray) -> float:
    return float(np.linalg.norm(centred))


def _explained(lost: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return 1 - np.divide(lost, spread, out=np.full(np.shape(lost), np.nan), where=spread > 0)
