"""Mutual ranks: the closeness of a pair that no rotation, shift or scaling of a space changes.

Takes distances between signs or examples; gives mutual ranks, the largest that counts as close,
what they become without a session, and what the two halves of one sign reach (N4).
"""

import numpy as np
import pandas as pd

from signpaths.closeness.distances import group_sums, mean_distances
from signpaths.closeness.examples import Examples


def mutual_ranks(distance: np.ndarray) -> np.ndarray:
    """Give m(a, b) = √(ρ(b|a)·ρ(a|b)), where ρ(b|a) ranks b among a's other signs, 1 the nearest.

    Ties share their mean rank. The diagonal has no rank and is NaN.
    """
    others = distance.copy()
    np.fill_diagonal(others, 0)
    # Equal distances may differ by rounding; below this share of the largest it is nothing else.
    others = np.round(others / max(others.max(), 1e-300), 12)
    np.fill_diagonal(others, np.inf)
    # (SciPy ranks them alike, but takes half a second to import.)
    rank = pd.DataFrame(others).rank(axis=1).to_numpy()
    mutual = np.sqrt(rank * rank.T)
    np.fill_diagonal(mutual, np.nan)
    return mutual


def jackknife_sessions(label: np.ndarray, session: np.ndarray) -> list[str]:
    """Give the sessions without which every sign still has an example; none if there is one."""
    names = sorted(set(session.tolist()))
    omissible = [
        name for name in names if np.unique(label[session != name]).size == np.unique(label).size
    ]
    return omissible if len(omissible) > 1 else []


def jackknife_ranks(between: np.ndarray, label: np.ndarray, session: np.ndarray) -> np.ndarray:
    """Give the mutual ranks with one session left out, `(session, sign, other)`."""
    signs = int(label.max()) + 1
    omissible = jackknife_sessions(label, session)
    names, of_session = np.unique(session, return_inverse=True)
    # Sums by sign and session, once; leaving one out is then a matter of small matrices.
    present, block = np.unique(label * names.size + of_session, return_inverse=True)
    sums, sizes = group_sums(between, block, present.size)
    sign_of, session_of = np.divmod(present, names.size)
    without = np.empty((len(omissible), signs, signs))
    for row, name in enumerate(omissible):
        others = names[session_of] != name
        total, _ = group_sums(sums[np.ix_(others, others)], sign_of[others], signs)
        count = np.bincount(sign_of[others], sizes[others], minlength=signs)
        without[row] = mutual_ranks(mean_distances(total, count))
    return without


def noise_ceilings(between: np.ndarray, label: np.ndarray, examples: Examples) -> np.ndarray:
    """Give each sign's noise ceiling, the mutual rank of its two halves among all halves (N4).

    Examples go to the halves by turns, in the order of session and take, so both hold every
    session. `(sign,)`; a sign with one example stays whole and has no ceiling: NaN.
    """
    signs = int(label.max()) + 1
    order = np.lexsort((examples.take, examples.session, label))
    first = np.searchsorted(label[order], np.arange(signs))
    half = np.empty(label.size, dtype=int)
    half[order] = (np.arange(label.size) - first[label[order]]) % 2
    group = 2 * label + half
    present, dense = np.unique(group, return_inverse=True)
    ranks = mutual_ranks(mean_distances(*group_sums(between, dense, present.size)))
    found = np.full(signs, np.nan)
    split = np.flatnonzero(np.bincount(present // 2, minlength=signs) == 2)
    at = np.searchsorted(present, 2 * split)
    found[split] = ranks[at, at + 1]
    return found


def largest_close_rank(signs: int, close_fraction: float) -> int:
    """Give k, the largest mutual rank that counts as close: 5 for 94 signs, 1 for 12."""
    return max(1, round(close_fraction * (signs - 1)))


def sensitivity_ranks(k: int, signs: int) -> tuple[int, int]:
    """Give half of k and its double, for the sensitivity: from 1 to as many as there are ranks."""
    return max(1, round(k / 2)), max(1, min(2 * k, signs - 1))
