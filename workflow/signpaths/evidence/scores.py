"""How well closeness foretells which signs are mixed up: ranks and answers in, scores out.

Takes plain arrays of mutual ranks and of what networks answer on held-out examples; gives softmax
mass and real mistakes, average precision and AUC, and their intervals by leaving out one sign at a
time (jackknife of the nodes of a network: Snijders and Borgatti 1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

# Whose closeness is held against whose answers: a network's own against its own, its own against
# the mean of the others', and the mean rank in the others against its own.
AGAINST = ("same run", "other runs", "mean rank")
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Scores:
    """How well closeness foretells which pairs are mixed up.

    Attributes
    ----------
    ap, auc
        `(space, against, network)`; NaN where they are not defined.
    share
        Share of the pairs that count as mixed up, `(against, network)`; NaN where that sets none
        apart.
    ap_without, auc_without
        Mean over networks of all pairs, and with one sign after the other left out,
        `(space, against, 1 + sign)`.
    ap_mistaken
        Mean over networks if only pairs of them count that were really mistaken for one another,
        `(space, against)`.
    share_mistaken
        Mean over networks of the share of pairs that count then: average precision by chance,
        `(against,)`.
    """

    ap: np.ndarray
    auc: np.ndarray
    share: np.ndarray
    ap_without: np.ndarray
    auc_without: np.ndarray
    ap_mistaken: np.ndarray
    share_mistaken: np.ndarray


def softmax_mass(probability: np.ndarray, sign: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Give S_ab: mean probability given to b on examples of a, averaged with that the other way.

    Parameters
    ----------
    probability
        `(example, sign)`: of each held-out example, over `signs`.
    sign
        The true sign of each example.
    signs
        All signs.

    Returns
    -------
    numpy.ndarray
        float64 `(sign, sign)`, symmetric. NaN where a sign has no example.
    """
    given = np.full((signs.size, signs.size), np.nan)
    for row, name in enumerate(signs):
        mine = probability[sign == name]
        if len(mine):
            given[row] = mine.mean(axis=0, dtype=np.float64)
    return (given + given.T) / 2


def real_mistakes(answer: np.ndarray, sign: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Count the examples of either sign of a pair that were taken for the other.

    Parameters
    ----------
    answer, sign
        The sign that was answered and the true one, of each held-out example.
    signs
        All signs, in sorted order.

    Returns
    -------
    numpy.ndarray
        Whole numbers `(sign, sign)`, symmetric, 0 on the diagonal.
    """
    counted = np.zeros((signs.size, signs.size), dtype=np.int64)
    known = np.isin(answer, signs) & np.isin(sign, signs) & (answer != sign)
    np.add.at(counted, tuple(np.searchsorted(signs, one[known]) for one in (sign, answer)), 1)
    return counted + counted.T


def mean_of_others(values: np.ndarray) -> np.ndarray:
    """Give, for each network, the mean over all others; `(network, pair)`, missing values left out.

    NaN where no other network has a value, so everywhere if there is but one.
    """
    known = np.isfinite(values)
    total = _sum_of_others(np.where(known, values, 0.0).astype(np.float64))
    count = _sum_of_others(known.astype(np.float64))
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _sum_of_others(values: np.ndarray) -> np.ndarray:
    # Those before and those after. Not total less own: what is left of it may be rounding alone.
    found = np.zeros(values.shape)
    np.cumsum(values[:-1], axis=0, out=found[1:])
    found[:-1] += np.cumsum(values[:0:-1], axis=0)[::-1]
    return found


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not missing; NaN where all is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def confused(mass: np.ndarray, fraction: float) -> np.ndarray:
    """Say which pairs count as mixed up: the given share with the most mass, one at least.

    Pairs that tie with the last of them count as well; those without any mass, or where it is
    missing, never do.
    """
    known = np.sort(mass[np.isfinite(mass)])
    if not known.size:
        return np.zeros(mass.shape, dtype=bool)
    cut = known[-most_confused(known.size, fraction)]
    return (mass >= cut) & (mass > 0)


def most_confused(pairs: int, fraction: float) -> int:
    """Give how many of so many pairs should count as mixed up; one at least."""
    return max(1, round(fraction * pairs))


def scores_without(
    rank: np.ndarray, positive: np.ndarray, ends: np.ndarray, signs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Say how well closeness foretells which pairs are mixed up, each sign left out in turn.

    Pairs are counted once, as near as each pair that is mixed up or nearer, and those of a sign are
    taken off: a sign left out costs no more than a subtraction. With no sign (`signs` 0 and no
    `ends`) only the scores of all pairs are given.

    Parameters
    ----------
    rank
        Mutual rank `(pair,)`: the lower, the closer.
    positive
        bool `(pair,)`: the pairs that are mixed up.
    ends
        Numbers of the two signs of each pair, `(2, pair)`.
    signs
        How many signs there are.

    Returns
    -------
    tuple of numpy.ndarray
        Average precision and AUC, `(1 + sign,)`: of all pairs, and of those without each sign. NaN
        where all pairs are mixed up or none is.
    """
    # Pairs that tie are found together: everything is counted at the ranks of the positives.
    steps, at = np.unique(rank[positive], return_inverse=True)

    def per_sign(step: np.ndarray, these: np.ndarray) -> np.ndarray:
        """Count pairs by step, those of all and those without each sign, `(step, 1 + sign)`."""
        size = steps.size + 1
        every = np.bincount(step, minlength=size)[:, None]
        of_sign = np.zeros((size, signs), dtype=np.int64)
        for end in these:
            of_sign += np.bincount(step * signs + end, minlength=size * signs).reshape(size, signs)
        return np.hstack([every, every - of_sign]).astype(np.float64)

    # The last row is that of the pairs beyond the last step.
    below = np.searchsorted(steps, rank)
    at_step = steps.take(below, mode="clip") == rank if steps.size else np.zeros(rank.shape, bool)
    near, nearer = (per_sign(step, ends).cumsum(axis=0) for step in (below, below + at_step))
    found = per_sign(at, ends[:, positive])[:-1]
    so_far, positives = found.cumsum(axis=0), found.sum(axis=0)
    negatives = near[-1] - positives
    tied = near[:-1] - nearer[:-1] - found
    farther = negatives - (nearer[:-1] - (so_far - found)) - tied / 2
    precision = np.divide(so_far, near[:-1], out=np.zeros(found.shape), where=near[:-1] > 0)
    both = (positives > 0) & (negatives > 0)
    ap, auc = (
        np.divide(top, below, out=np.full(positives.shape, np.nan), where=both)
        for top, below in (
            ((found * precision).sum(axis=0), positives),
            ((found * farther).sum(axis=0), positives * negatives),
        )
    )
    return ap, auc


def prediction_scores(
    ranks: Sequence[np.ndarray], mass: np.ndarray, mistakes: np.ndarray, fraction: float
) -> Scores:
    """Score every space in the three ways of `AGAINST`.

    Only in the first can it be that what a network answers was read off its own hidden states.

    Parameters
    ----------
    ranks
        Mutual rank `(network, pair)` in each space; pairs in the order of `np.triu_indices`.
    mass
        Softmax mass `(network, pair)`; pairs where it is missing are left out.
    mistakes
        Real mistakes `(network, pair)`.
    fraction
        Share of the pairs that count as mixed up.
    """
    networks, pairs = mass.shape
    signs = sign_count(pairs)
    ends = np.stack(np.triu_indices(signs, 1))
    made = mistakes > 0
    # In one of the others, if there is a mistake more in all than in the own.
    made_by_others = (made.sum(axis=0) - made) > 0
    others = mean_of_others(mass)
    targets = ((mass, made), (others, made_by_others), (mass, made))
    positives = [np.array([confused(one, fraction) for one in target]) for target, _ in targets[:2]]
    positives.append(positives[0])
    shape = (len(ranks), len(AGAINST), networks)
    ap, auc, ap_mistaken = (np.full(shape, np.nan) for _ in range(3))
    share, share_mistaken = (np.full(shape[1:], np.nan) for _ in range(2))
    without = np.zeros((2, len(ranks), len(AGAINST), 1 + signs))
    for space, own in enumerate(ranks):
        for against, rank in enumerate((own, own, mean_of_others(own))):
            target, real = targets[against]
            for network in range(networks):
                known = np.isfinite(target[network]) & np.isfinite(rank[network])
                positive = positives[against][network] & known
                if not 0 < positive.sum() < known.sum():
                    continue
                share[against, network] = positive.sum() / known.sum()
                here, count = rank[network][known], positive[known]
                found = scores_without(here, count, ends[:, known], signs)
                without[:, space, against] += found
                ap[space, against, network], auc[space, against, network] = (
                    one[0] for one in found
                )
                count &= real[network][known]
                share_mistaken[against, network] = count.mean()
                if count.any():
                    alone = scores_without(here, count, ends[:0, known], 0)
                    ap_mistaken[space, against, network] = alone[0][0]
    counted = np.isfinite(ap).sum(axis=-1)[..., None]
    ap_without, auc_without = np.divide(
        without, counted, out=np.full(without.shape, np.nan), where=counted > 0
    )
    return Scores(
        ap=ap,
        auc=auc,
        share=share,
        ap_without=ap_without,
        auc_without=auc_without,
        ap_mistaken=mean_of_known(np.moveaxis(ap_mistaken, -1, 0)),
        share_mistaken=mean_of_known(share_mistaken.T),
    )


def sign_count(pairs: int) -> int:
    """Give how many signs make so many pairs."""
    return round((1 + (1 + 8 * pairs) ** 0.5) / 2)


def sign_interval(without: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """Give a value with its 95 % interval over signs: value, low, high, `(…, 3)`.

    The jackknife's standard error counts what is particular to a single pair twice, once with each
    of its signs: the interval is rather too wide than too narrow. It has a t distribution's width
    with one degree of freedom less than there are signs, and ends at the bounds.

    Parameters
    ----------
    without
        `(…, 1 + sign)`: the value of all, and with one sign after the other left out. If one of
        these is missing, as where a single sign is part of all that is found, so is the interval.
    bounds
        The least and the largest value that there can be.
    """
    value, left = without[..., 0], without[..., 1:]
    signs = left.shape[-1]
    spread = ((left - left.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    half = t.ppf((1 + CONFIDENCE) / 2, signs - 1) * np.sqrt((signs - 1) / signs * spread)
    return np.stack([value, *np.clip([value - half, value + half], *bounds)], axis=-1)
