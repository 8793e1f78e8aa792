"""What the article saw in its pictures, as numbers: paths in, shares and their nulls out.

Takes trajectories of one run in one space, gives how smooth paths are, how far each sign keeps to a
part of the space, how well last steps tell signs, how far one- and two-handed signs mix, and how
near a mistaken sign is. What is compared follows Tempczyk and Bartołd, "Visualizing LSTM Networks.
Part I"; each measure is plain (ratios of distances, nearest neighbours, permutation of the signs).
"""

from collections.abc import Sequence

import numpy as np

NEIGHBOURS = 10
# Of last steps, which vote on a held-out one.
VOTERS = 5
PERMUTATIONS, SEED = 999, 0


def step_length(path: np.ndarray, real: np.ndarray) -> float:
    """Say how long a step is beside what two frames of any examples are apart.

    Parameters
    ----------
    path
        `(example, time, dim)`.
    real
        bool `(example, time)`.

    Returns
    -------
    float
        Root mean square step over the root mean square distance of two frames: near 0 if paths are
        smooth, 1 if their frames were shuffled. NaN if no example has two frames, or nothing moves.
    """
    both = real[:, 1:] & real[:, :-1]
    steps = (path[:, 1:] - path[:, :-1])[both].astype(np.float64)
    spread = 2 * path[real].var(axis=0, dtype=np.float64).sum()
    if not len(steps) or spread == 0:
        return np.nan
    return float(np.sqrt((steps**2).sum(axis=1).mean() / spread))


def step_lengths(path: np.ndarray, real: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Say the same of the examples of each sign, beside what two frames of any sign are apart.

    Parameters
    ----------
    path, real
        As for `step_length`.
    sign
        Of every example, `(example,)`.

    Returns
    -------
    numpy.ndarray
        In the order of the sorted signs, `(sign,)`; NaN likewise.
    """
    spread = 2 * path[real].var(axis=0, dtype=np.float64).sum()
    both = real[:, 1:] & real[:, :-1]
    squared = ((path[:, 1:] - path[:, :-1]).astype(np.float64) ** 2).sum(axis=2)
    found = []
    for name in np.unique(sign):
        steps = squared[sign == name][both[sign == name]]
        found.append(np.sqrt(steps.mean() / spread) if steps.size and spread else np.nan)
    return np.array(found)


def sign_share(resampled: np.ndarray, sign: np.ndarray) -> float:
    """Say how much of where an example is at one phase follows from its sign.

    Parameters
    ----------
    resampled
        Paths at equal phases, `(example, phase, dim)`.
    sign
        Of every example, `(example,)`.

    Returns
    -------
    float
        Share of the squared deviations between signs (η²), over all phases; NaN if nothing varies.
    """
    total = ((resampled - resampled.mean(axis=0)) ** 2).sum()
    within = sum(
        ((own - own.mean(axis=0)) ** 2).sum()
        for own in (resampled[sign == name] for name in np.unique(sign))
    )
    return float(1 - within / total) if total > 0 else np.nan


def told_by_last(last: np.ndarray, sign: np.ndarray, train: np.ndarray) -> float:
    """Say how many held-out examples are told by where they end.

    Parameters
    ----------
    last
        Last step of every example, `(example, dim)`.
    sign
        `(example,)`.
    train
        Which examples were trained on; the nearest of these vote. bool `(example,)`.

    Returns
    -------
    float
        Share of the others whose sign most of their nearest neighbours have; NaN if there are none.
    """
    from sklearn.neighbors import KNeighborsClassifier

    if train.all() or not train.any():
        return np.nan
    votes = KNeighborsClassifier(min(VOTERS, int(train.sum()))).fit(last[train], sign[train])
    return float((votes.predict(last[~train]) == sign[~train]).mean())


def neighbours_of_other_signs(frames: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Find the nearest frames of other signs.

    Parameters
    ----------
    frames
        `(frame, dim)`.
    sign
        Number of each frame's sign, `(frame,)`.

    Returns
    -------
    numpy.ndarray
        Their signs' numbers, nearest first, `(frame, neighbour)`.
    """
    from scipy.spatial.distance import cdist

    found = []
    most = min(NEIGHBOURS, len(sign) - int(np.bincount(sign).max()))
    for start in range(0, len(frames), 500):
        rows = slice(start, start + 500)
        apart = cdist(frames[rows], frames)
        apart[sign[rows, None] == sign] = np.inf
        found.append(sign[np.argsort(apart, axis=1, kind="stable")[:, :most]])
    return np.concatenate(found)


def mixing(nearest: np.ndarray, sign: np.ndarray, two: np.ndarray) -> tuple[float, float, float]:
    """Say how far two groups of signs mix.

    Parameters
    ----------
    nearest
        As `neighbours_of_other_signs` gives it.
    sign
        Of each frame, `(frame,)`.
    two
        Whether a sign is of the second group, bool `(sign,)`.

    Returns
    -------
    tuple of float
        Share of the neighbours of the other group; the same with the groups dealt out to the signs
        at random, mean; and the share of random deals that mix no more (p). NaN where one group is
        empty.
    """
    if two.all() or not two.any() or not nearest.size:
        return np.nan, np.nan, np.nan
    counted = np.zeros((two.size, two.size))
    np.add.at(counted, (sign[:, None], nearest), 1)
    counted /= counted.sum()

    def share(group: np.ndarray) -> float:
        return float(counted[group][:, ~group].sum() + counted[~group][:, group].sum())

    rng = np.random.default_rng(SEED)
    found = share(two)
    dealt = np.array([share(rng.permutation(two)) for _ in range(PERMUTATIONS)])
    # What rounding alone sets apart counts as equal.
    as_low = int((dealt <= found + 1e-12).sum())
    return found, float(dealt.mean()), (1 + as_low) / (1 + PERMUTATIONS)


def ranks_of_chosen(
    last: np.ndarray, middles: np.ndarray, true: Sequence[int], chosen: Sequence[int]
) -> np.ndarray:
    """Rank the chosen sign of every mistake by how near it is to where the example ends.

    Parameters
    ----------
    last
        Last step of every mistaken example, `(mistake, dim)`.
    middles
        Where signs end, `(sign, dim)`.
    true, chosen
        Numbers of the signs, `(mistake,)`.

    Returns
    -------
    numpy.ndarray
        1 if no sign but its own is nearer, `(mistake,)`; by chance half the number of signs.
    """
    apart = ((last[:, None] - middles) ** 2).sum(axis=2)
    rows = np.arange(len(last))
    apart[rows, true] = np.inf
    return 1 + (apart < apart[rows, chosen][:, None]).sum(axis=1)
