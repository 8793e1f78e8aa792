"""How well closeness foretells which signs are mixed up: ranks and answers in, scores out.

Takes plain arrays of mutual ranks and of what networks answer on held-out examples; gives softmax
mass, average precision and AUC (from scikit-learn), rank correlation and t intervals (from scipy).
"""

import numpy as np
from scipy.stats import sem, spearmanr, t
from sklearn.metrics import average_precision_score, roc_auc_score

AGAINST = ("same run", "other runs")
CONFIDENCE = 0.95


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


def mean_of_others(mass: np.ndarray) -> np.ndarray:
    """Give, for each network, the mean over all others; `(network, pair)`, missing values left out.

    NaN where no other network has a value, so everywhere if there is but one.
    """
    # Not total less own: the rounding would part masses that are equal.
    return np.array([mean_of_known(np.delete(mass, index, axis=0)) for index in range(len(mass))])


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


def score(rank: np.ndarray, mass: np.ndarray, positive: np.ndarray) -> tuple[float, float, float]:
    """Say how well closeness foretells mass.

    Parameters
    ----------
    rank
        Mutual rank `(pair,)`: the lower, the closer.
    mass
        Softmax mass `(pair,)`; pairs where it is missing are left out.
    positive
        bool `(pair,)`: the pairs that count as mixed up.

    Returns
    -------
    tuple of float
        Average precision and AUC of closeness for the pairs that are mixed up (NaN if all or none
        are), and its rank correlation with the mass (NaN if one of them does not vary).
    """
    known = np.isfinite(mass) & np.isfinite(rank)
    closer, mass, positive = -rank[known], mass[known], positive[known]
    ap = auc = rho = np.nan
    if 0 < positive.sum() < positive.size:
        ap = average_precision_score(positive, closer)
        auc = roc_auc_score(positive, closer)
    if closer.size and np.ptp(closer) > 0 and np.ptp(mass) > 0:
        rho = spearmanr(closer, mass).statistic
    return float(ap), float(auc), float(rho)


def prediction_scores(
    rank: np.ndarray, mass: np.ndarray, fraction: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Score every space against the mass of the same network, and against that of all others.

    The second way, what a network answers cannot be read off its own hidden states.

    Parameters
    ----------
    rank
        Mutual rank `(network, space, pair)`.
    mass
        Softmax mass `(network, pair)`.
    fraction
        Share of the pairs that count as mixed up.

    Returns
    -------
    tuple
        `ap`, `auc`, `spearman` over `(space, against, network)`, NaN where they are not defined;
        and the share of the pairs that do count as mixed up, `(against, network)`, NaN where
        that sets none apart.
    """
    targets = (mass, mean_of_others(mass))
    scores = np.full((3, rank.shape[1], len(AGAINST), len(mass)), np.nan)
    share = np.full((len(AGAINST), len(mass)), np.nan)
    for against, network in np.ndindex(*share.shape):
        target = targets[against][network]
        positive = confused(target, fraction)
        known = int(np.isfinite(target).sum())
        if 0 < positive.sum() < known:
            share[against, network] = positive.sum() / known
        for space in range(rank.shape[1]):
            scores[:, space, against, network] = score(rank[network, space], target, positive)
    return dict(zip(("ap", "auc", "spearman"), scores, strict=True)), share


def mean_interval(values: np.ndarray) -> np.ndarray:
    """Give the mean over networks with its 95 % t interval: mean, low, high.

    Missing values are left out. Without any, all three are NaN; with one, the ends are.
    """
    known = values[np.isfinite(values)]
    if known.size < 2:
        return np.array([known.mean() if known.size else np.nan, np.nan, np.nan])
    half = t.ppf((1 + CONFIDENCE) / 2, known.size - 1) * sem(known)
    return known.mean() + half * np.array([0, -1, 1])
