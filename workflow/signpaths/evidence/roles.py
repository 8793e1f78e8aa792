"""Units of several networks in, which of them have the same role out, beside directions at random.

A unit's role is its profile: how strongly it goes together with every feature. Takes profiles and
gives the best one-to-one matching of two networks' units, as in convergent learning (Li et al.
2016), there by activity. Null: one network's hidden states are turned at random, which keeps all
that they hold and takes from the units whatever is particular to them; profiles after a turn follow
from sums of products.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class Network:
    """What the roles of a network's units, and of any turn of them, follow from.

    Attributes
    ----------
    strength
        Correlation `(lag, unit, feature)`.
    products
        Sums of products of the units in every view, `(view, unit, unit)`.
    view
        Number of the view that each feature is held against, `(feature,)`.
    """

    strength: np.ndarray
    products: np.ndarray
    view: np.ndarray


def turned(network: Network, turn: np.ndarray) -> np.ndarray:
    """Give the strengths of a network's units once its hidden states are turned.

    Parameters
    ----------
    network
        With as many units as the turn.
    turn
        Orthogonal, `(unit, turned unit)`.

    Returns
    -------
    numpy.ndarray
        Correlation `(lag, turned unit, feature)`; 0 where the turned unit does not vary.
    """
    size = np.sqrt(np.einsum("vuu->vu", network.products))
    # A unit's sum of products with a feature, over the feature's size.
    with_feature = network.strength * size[network.view].T
    turned_size = np.sqrt(
        np.maximum(np.einsum("ut,vuw,wt->vt", turn, network.products, turn, optimize=True), 0)
    )
    return np.divide(
        turn.T @ with_feature,
        turned_size[network.view].T,
        out=np.zeros_like(with_feature, dtype=float),
        where=turned_size[network.view].T > 0,
    )


def profiles(strength: np.ndarray) -> np.ndarray:
    """Give units' roles `(unit, lag and feature)` of strengths `(lag, unit, feature)`.

    Each is a vector of length 1; 0 for a unit that goes together with nothing.
    """
    flat = strength.transpose(1, 0, 2).reshape(strength.shape[1], -1)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, size, out=np.zeros_like(flat), where=size > 0)


def matched(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match two networks' units one to one, so that matched roles are as alike as they can be.

    A unit and one that does just the opposite have the same role: an LSTM with one unit's sign
    turned throughout is the same network.

    Parameters
    ----------
    ours, theirs
        Roles `(unit, lag and feature)`, as many units each.

    Returns
    -------
    tuple of numpy.ndarray
        For each of ours its partner, and how alike the two are: cosine without its sign, 0 to 1.
    """
    alike = np.abs(ours @ theirs.T)
    _, partner = linear_sum_assignment(alike, maximize=True)
    return partner, np.minimum(alike[np.arange(len(ours)), partner], 1)


def random_turn(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw an orthogonal matrix, all alike likely (Stewart 1980)."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.where(np.diag(r) < 0, -1, 1)
