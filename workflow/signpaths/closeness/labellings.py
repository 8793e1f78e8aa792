"""What any grouping of the same examples would give: pseudo-signs, dealt out at random (N0x).

Takes distances between examples and their signs; gives mutual ranks of pseudo-signs of the same
sizes. A labelling is the same in every network, so that what networks agree on without any help
from the labels shows up as pairs of pseudo-signs that stay close.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from signpaths.closeness.distances import group_sums, mean_distances
from signpaths.closeness.measures import held_out_agreement
from signpaths.closeness.ranks import mutual_ranks

if TYPE_CHECKING:
    from signpaths.columns import Variable


@dataclass(frozen=True)
class Labellings:
    """How close pseudo-signs are.

    Attributes
    ----------
    mutual_rank
        `(labelling, sign, other)`.
    held_out_agreement
        Rank correlation of their distances over training and over held-out examples,
        `(labelling,)`; about 0 by chance.
    """

    mutual_rank: np.ndarray
    held_out_agreement: np.ndarray


def labelled_at_random(
    between: np.ndarray, label: np.ndarray, held_out: np.ndarray, labellings: int
) -> Labellings:
    """Measure pseudo-signs, labelling by labelling.

    Parameters
    ----------
    between
        Distances between examples, `(example, example)`.
    label
        Number of each example's sign, `(example,)`.
    held_out
        Which examples are held out, bool `(example,)`.
    labellings
        How many times the signs are dealt out anew. The number of a labelling is its seed.
    """
    signs = int(label.max()) + 1
    ranks = np.empty((labellings, signs, signs))
    agreement = np.empty(labellings)
    for labelling in range(labellings):
        dealt = np.random.default_rng(labelling).permutation(label)
        ranks[labelling] = mutual_ranks(mean_distances(*group_sums(between, dealt, signs)))
        agreement[labelling] = held_out_agreement(between, dealt, held_out)
    return Labellings(ranks, agreement)


def labelling_variables(found: Labellings) -> "dict[str, Variable]":
    """Lay out pseudo-signs for the store of a run."""
    return {
        "label_rank": (
            ("labelling", "sign", "other"),
            found.mutual_rank.astype(np.float32),
            {
                "long_name": "mutual rank in the hidden states of pseudo-signs, to which the "
                "examples are dealt out at random, the same in all networks",
                "units": "rank",
            },
        ),
        "label_agreement": (
            ("labelling",),
            found.held_out_agreement,
            {
                "long_name": "rank correlation of the pseudo-signs' distances over training and "
                "over held-out examples; empty if there are too few of either",
                "units": "1",
            },
        ),
    }
