"""N3: how far raw signals and untrained networks explain which pairs are close.

Takes normal scores of mutual ranks; gives a linear regression whose p-values come from permuting
the signs, not the pairs, for pairs share signs (quadratic assignment procedure, Krackhardt 1988; of
one predictor among others by double semi-partialing, Dekker, Krackhardt & Snijders 2007), and what
is left that networks have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Regression:
    """How far predictors explain the ranks in a space.

    Attributes
    ----------
    coefficients
        Of each predictor's normal scores, `(predictor,)`.
    coefficients_p
        Two-sided, by permuting the signs in what the other predictors do not say of a predictor.
    explained
        Share of the variance of the mean scores over networks, R².
    explained_p
        By permuting the signs.
    residual
        Mean score beyond the prediction, `(pair,)`: above 0, closer than predicted.
    agreement
        Correlation between the residuals of even and of odd networks: what they share beyond the
        predictors. None with one network.
    agreement_p
        By permuting the signs of one half. None with one network.
    """

    coefficients: np.ndarray
    coefficients_p: np.ndarray
    explained: float
    explained_p: float
    residual: np.ndarray
    agreement: float | None
    agreement_p: float | None


def regressed(
    scores: np.ndarray,
    predictors: Mapping[str, np.ndarray],
    signs: int,
    *,
    permutations: int,
    seed: int = 0,
) -> Regression:
    """Regress the mean normal scores of the pairs on those of the predictors.

    Parameters
    ----------
    scores
        Normal scores of each network, `(network, pair)`, pairs in the order of `np.triu_indices`.
    predictors
        Normal scores of each, by name, `(pair,)`.
    signs
        Number of signs.
    permutations
        How many; p is at least 1 / (1 + permutations).
    seed
        Of the permutations.
    """
    design = np.stack([np.ones(scores.shape[1]), *predictors.values()], axis=1)
    solve = np.linalg.pinv(design)
    mean = scores.mean(axis=0)
    coefficients = solve @ mean
    residual = mean - design @ coefficients
    total = ((mean - mean.mean()) ** 2).sum()
    moved = _moved_pairs(signs, permutations, seed)
    shuffled = mean[moved].T
    explained = _explained(residual, total)
    left = shuffled - design @ (solve @ shuffled)
    by_chance = np.array([_explained(column, total) for column in left.T])
    agreement, agreement_p = None, None
    if len(scores) > 1:
        halves = [scores[start::2].mean(axis=0) for start in (0, 1)]
        even, odd = (half - design @ (solve @ half) for half in halves)
        agreement = _correlation(even, odd)
        by_luck = np.array([_correlation(even, odd[row]) for row in moved])
        agreement_p = _permutation_p(agreement, by_luck)
    return Regression(
        coefficients=coefficients[1:],
        coefficients_p=np.array(
            [
                _partial_p(np.delete(design, column, axis=1), design[:, column], mean, moved)
                for column in range(1, design.shape[1])
            ]
        ),
        explained=explained,
        explained_p=_permutation_p(explained, by_chance),
        residual=residual,
        agreement=agreement,
        agreement_p=agreement_p,
    )


def _moved_pairs(signs: int, permutations: int, seed: int) -> np.ndarray:
    """Give the pair that stands in each pair's place after the signs have changed places.

    int `(permutation, pair)`.
    """
    upper = np.triu_indices(signs, 1)
    pair = np.zeros((signs, signs), dtype=np.int32)
    pair[upper] = np.arange(upper[0].size)
    pair += pair.T
    generator = np.random.default_rng(seed)
    orders = (generator.permutation(signs) for _ in range(permutations))
    return np.stack([pair[order[upper[0]], order[upper[1]]] for order in orders])


def _partial_p(
    others: np.ndarray, predictor: np.ndarray, response: np.ndarray, moved: np.ndarray
) -> float:
    """Test whether a predictor adds to the others: by its partial correlation, a pivotal statistic.

    Permuting the response instead would take away what the others explain too, and the test would
    hardly ever reject.
    """
    directions, sizes, _ = np.linalg.svd(others, full_matrices=False)
    basis = directions[:, sizes > 1e-9 * sizes[0]]

    def without_others(values: np.ndarray) -> np.ndarray:
        return values - basis @ (basis.T @ values)

    own, left = without_others(predictor), without_others(response)
    every = without_others(np.column_stack([own, own[moved].T]))
    norm = np.linalg.norm(every, axis=0) * np.linalg.norm(left)
    small = 1e-9 * np.linalg.norm(predictor) * np.linalg.norm(response)
    partial = np.divide(np.abs(left @ every), norm, out=np.zeros_like(norm), where=norm > small)
    return _permutation_p(partial[0], partial[1:])


def _explained(residual: np.ndarray, total: float) -> float:
    """R², from the total sum of squares; 0 if nothing varies."""
    return float(1 - (residual**2).sum() / total) if total > 0 else 0.0


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation; 0 if either does not vary but for rounding."""
    if min(a.std(), b.std()) < 1e-9:
        return 0.0
    return float(((a - a.mean()) * (b - b.mean())).mean() / (a.std() * b.std()))


def _permutation_p(found: float, others: np.ndarray) -> float:
    # Equal up to rounding counts as equal: a permutation that changes nothing is no rarer.
    return float((1 + (others >= found - 1e-12).sum()) / (1 + others.size))
