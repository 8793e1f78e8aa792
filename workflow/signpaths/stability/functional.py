"""How alike two networks answer: disagreement, error consistency and divergence.

Takes what networks answer on examples that they were not trained on; gives for every two networks
the share answered differently, Cohen's kappa of their mistakes (error consistency, Geirhos et al.
2020) and the Jensen-Shannon divergence of their probabilities (Lin 1991), over the examples that
both held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signpaths.stability.crossed import Likeness

# Networks that one is compared with at once: of 555 examples and 94 signs, 13 MB.
BLOCK = 64
# With fewer examples held out by both, two networks are not compared.
FEWEST_COMMON = 10


@dataclass(frozen=True)
class Answers:
    """What a network answers on the examples that it has not been trained on.

    Attributes
    ----------
    example
        Their numbers among all examples, ascending, `(held_out,)`.
    probability
        Given to each sign, float32 `(held_out, class)`.
    answer
        The likeliest sign as a number, `(held_out,)`.
    """

    example: np.ndarray
    probability: np.ndarray
    answer: np.ndarray


@dataclass(frozen=True)
class Functional:
    """How alike every two networks answer.

    Attributes
    ----------
    disagreement
        Share of examples with different answers.
    error_consistency
        Cohen's kappa of right and wrong; NaN where chance would agree on all examples.
    divergence
        Jensen-Shannon divergence in bits, mean over examples.
    common
        Examples that both held out, `(network, other_network)`.
    of_sign
        Share of a sign's examples with different answers, over all pairs of networks, `(sign,)`.
    """

    disagreement: Likeness
    error_consistency: Likeness
    divergence: Likeness
    common: np.ndarray
    of_sign: np.ndarray


def functional_likeness(answers: Sequence[Answers], label: np.ndarray, signs: int) -> Functional:
    """Compare the answers of every two networks.

    Parameters
    ----------
    answers
        Of each network.
    label
        The right sign of each example as a number, `(example,)`.
    signs
        Their number.

    Returns
    -------
    Functional
        NaN for two networks with fewer than ten examples in common.
    """
    networks = len(answers)
    values = np.full((3, networks, networks), np.nan)
    common = np.zeros((networks, networks), dtype=int)
    without, counted = np.zeros((2, 3, signs))
    differing, compared = np.zeros((2, signs))
    for start in range(0, networks, BLOCK):
        block = answers[start : start + BLOCK]
        held, probability, answer = _laid_out(block, label.size)
        entropy = _entropy(probability)
        for row, one in enumerate(answers[: start + len(block)]):
            first = max(0, row + 1 - start)
            if first == len(block):
                continue
            others, own = slice(first, None), one.example
            at = row, slice(start + first, start + len(block))
            both = held[others, own]
            sums = _summed_by_sign(
                both,
                one.answer,
                answer[others, own],
                _divergence(one, probability[others, own], entropy[others, own], both),
                label[own],
                signs,
            )
            whole, left = (
                _measured(part)
                for part in (sums.sum(axis=2, keepdims=True), sums.sum(axis=2)[..., None] - sums)
            )
            values[:, *at] = whole[..., 0]
            values[:, *at[::-1]] = whole[..., 0]
            common[at] = common.T[at] = both.sum(axis=1)
            enough = common[at] >= FEWEST_COMMON
            without += np.nan_to_num(left).sum(axis=1)
            counted += np.isfinite(left).sum(axis=1)
            differing += sums[1][enough].sum(axis=0)
            compared += sums[0][enough].sum(axis=0)
    np.fill_diagonal(common, [one.example.size for one in answers])
    with np.errstate(invalid="ignore"):
        # A sign that nobody held out says nothing of how far the means vary with the signs.
        means = np.where(compared > 0, without / counted, np.nan)
        of_sign = differing / compared
    different, consistent, divergent = map(Likeness, values, means)
    return Functional(different, consistent, divergent, common, of_sign)


def _laid_out(block: Sequence[Answers], examples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay out by all examples: which are held out, their probabilities and answers."""
    held = np.zeros((len(block), examples), dtype=bool)
    probability = np.zeros((len(block), examples, block[0].probability.shape[1]), dtype=np.float32)
    answer = np.full((len(block), examples), -1)
    for index, one in enumerate(block):
        held[index, one.example] = True
        probability[index, one.example] = one.probability
        answer[index, one.example] = one.answer
    return held, probability, answer


def _divergence(
    one: Answers, probability: np.ndarray, entropy: np.ndarray, both: np.ndarray
) -> np.ndarray:
    """Jensen-Shannon divergence of one network's answers and others', `(other, example)`."""
    mixed = _entropy((probability + one.probability) / 2)
    found = mixed - (entropy + _entropy(one.probability)) / 2
    return np.where(both, np.maximum(found, 0), 0)


def _entropy(probability: np.ndarray) -> np.ndarray:
    """Entropy in bits over the last axis; what has no probability counts nothing."""
    tiny = np.finfo(np.float32).tiny
    return -(probability * np.log2(np.maximum(probability, tiny))).sum(axis=-1)


def _summed_by_sign(
    both: np.ndarray,
    mine: np.ndarray,
    theirs: np.ndarray,
    divergence: np.ndarray,
    label: np.ndarray,
    signs: int,
) -> np.ndarray:
    """Count by sign: examples, different answers, right ones of each and of both, and divergence.

    `(count, other, sign)`.
    """
    right, other_right = both & (mine == label), both & (theirs == label)
    counts = (both, both & (mine != theirs), right, other_right, right & other_right, divergence)
    of_sign = (label[:, None] == np.arange(signs)).astype(np.float64)
    return np.stack([one @ of_sign for one in counts])


def _measured(sums: np.ndarray) -> np.ndarray:
    """Give disagreement, kappa and divergence, `(measure, other, …)`, from what was summed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.where(sums[0] >= FEWEST_COMMON, sums[0], np.nan)
        different, mine, theirs, both, divergence = sums[1:] / count
        observed = 1 + 2 * both - mine - theirs
        expected = mine * theirs + (1 - mine) * (1 - theirs)
        # Rounding leaves a trifle where both are always right, or one is and the other never.
        open_ = np.where(1 - expected > 1e-9, 1 - expected, np.nan)
        return np.stack([different, (observed - expected) / open_, divergence])
