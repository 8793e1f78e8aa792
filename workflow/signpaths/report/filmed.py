"""What a film of one network shows at each time step: where every example is, and what it is told.

Takes paths in a plane, hidden states and the network's softmax; gives both from each example's own
first frame on, and the network's answer at every step. The article (Tempczyk and Bartołd,
"Visualizing LSTM Networks. Part I") filmed activations as they develop during prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from signpaths.networks.classifiers import Classifier, probabilities


@dataclass(frozen=True)
class Filmed:
    """Examples from their own first frames on.

    Attributes
    ----------
    path
        float32 `(example, step, 2)`; NaN once an example has ended.
    answer
        int `(example, step)`: the likeliest sign by what has been seen so far, as a number.
    probability
        float32 `(example, step)`: of that sign, by the network.
    label
        int `(example,)`: the sign that is shown.
    held_out
        bool `(example,)`: whether the network was not trained on it.
    signs
        Their names.
    """

    path: np.ndarray
    answer: np.ndarray
    probability: np.ndarray
    label: np.ndarray
    held_out: np.ndarray
    signs: Sequence[str]

    @property
    def right(self) -> np.ndarray:
        """Whether the answer is right, bool `(example, step)`."""
        return self.answer == self.label[:, None]

    @property
    def ends(self) -> np.ndarray:
        """Last step of every example `(example,)`, counted from 0."""
        return np.isfinite(self.path).all(axis=2).sum(axis=1) - 1


def steps_of(real: np.ndarray, masked: bool) -> np.ndarray:
    """Find which time steps of its sequence an example is shown at.

    Parameters
    ----------
    real
        bool `(example, time)`: real frames, contiguous.
    masked
        Whether the network passes over padding. If not, it reads on after an example's last frame,
        and its answer is that after the padding.

    Returns
    -------
    numpy.ndarray
        int `(example, step)`: from the first real frame on; the last is repeated.
    """
    first = real.argmax(axis=1)
    time = real.shape[1]
    count = real.sum(axis=1) if masked else time - first
    return first[:, None] + np.minimum(np.arange(count.max()), count[:, None] - 1)


def aligned(path: np.ndarray, real: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Let every path begin at step 0.

    Parameters
    ----------
    path
        `(example, time, dim)`.
    real
        bool `(example, time)`: real frames, contiguous.
    steps
        By `steps_of`.

    Returns
    -------
    numpy.ndarray
        `(example, step, dim)`; NaN after an example's last frame.
    """
    row = np.arange(len(path))[:, None]
    shown = np.arange(steps.shape[1]) < real.sum(axis=1)[:, None]
    return np.where(shown[..., None], path[row, steps], np.nan)


def answers(
    network: Classifier, hidden: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the network's answer at every step, as if its sequence ended there.

    Parameters
    ----------
    network
        Whose softmax reads the hidden states.
    hidden
        Hidden states `(example, time, unit)`.
    steps
        By `steps_of`.

    Returns
    -------
    tuple of numpy.ndarray
        The likeliest sign, int `(example, step)`, and its probability, float32 of the same shape.
    """
    row = np.arange(len(hidden))
    answer = np.empty(steps.shape, int)
    probability = np.empty(steps.shape, np.float32)
    # A step at a time: all signs' probabilities at all steps would take memory for nothing.
    for step, at in enumerate(steps.T):
        each = probabilities(network, hidden[row, at])
        answer[:, step] = each.argmax(axis=1)
        probability[:, step] = each.max(axis=1)
    return answer, probability


def chosen(filmed: Filmed, most: int) -> np.ndarray:
    """Choose examples to be followed one by one: held out, of different signs, some mistaken.

    Parameters
    ----------
    filmed
        All examples.
    most
        How many, at most.

    Returns
    -------
    numpy.ndarray
        Their numbers, in order of their signs: up to a third whose last answer is wrong, the others
        right, evenly over the signs. If nothing was held out, examples of training.
    """
    pool = np.flatnonzero(filmed.held_out if filmed.held_out.any() else filmed.label >= 0)
    right = filmed.right[pool, -1]
    wrong = _spread(filmed.label, pool[~right], most // 3)
    others = pool[~np.isin(filmed.label[pool], filmed.label[wrong])]
    found = [*wrong, *_spread(filmed.label, others[filmed.right[others, -1]], most - len(wrong))]
    # Few signs: more than one example of each, and more mistakes.
    rest = [int(one) for one in pool if one not in found]
    found += rest[: most - len(found)]
    return np.array(sorted(found, key=lambda one: (filmed.label[one], one)), int)


def _spread(label: np.ndarray, pool: np.ndarray, most: int) -> list[int]:
    """Take one example of a sign, from signs evenly over their order."""
    _, first = np.unique(label[pool], return_index=True)
    places = np.linspace(0, len(first) - 1, min(most, len(first))).round().astype(int)
    return [int(pool[first[place]]) for place in places]


def shares(right: np.ndarray) -> np.ndarray:
    """Give the share of examples that are answered rightly `(step,)`, of `(example, step)`."""
    return right.mean(axis=0)


def moments(steps: int, frames: int) -> np.ndarray:
    """Give the time of every picture in steps: evenly from the first step, 0, to the last."""
    return np.linspace(0, steps - 1, frames) if steps > 1 else np.zeros(1)


def position(path: np.ndarray, moment: float) -> np.ndarray:
    """Give where the examples are at a moment between two steps `(example, dim)`: on the line.

    NaN once an example has ended.
    """
    before, after = int(np.floor(moment)), int(np.ceil(moment))
    weight = moment - before
    return (1 - weight) * path[:, before] + weight * path[:, after]


def pieces(path: np.ndarray, start: float, end: float) -> list[tuple[float, np.ndarray]]:
    """Give what is added to the paths between two moments, cut at the steps.

    Returns
    -------
    list
        Of each piece the middle moment and the lines of the examples that still move there,
        `(example, 2, dim)`.
    """
    inside = np.arange(np.floor(start) + 1, np.ceil(end))
    cuts = [start, *inside, end]
    found = []
    for one, other in pairwise(cuts):
        lines = np.stack([position(path, one), position(path, other)], axis=1)
        found.append(((one + other) / 2, lines[np.isfinite(lines).all(axis=(1, 2))]))
    return found
