"""How alike the hidden states of two networks are, and what chance gives.

Takes states of the same examples at the same phases; gives debiased linear CKA at the level of
examples (Kornblith et al. 2019, with the unbiased HSIC of Song et al. 2012), the Procrustes shape
distance (Williams et al. 2021), both with examples shuffled, and a map of the networks (SMACOF).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import squareform
from sklearn.manifold import smacof

from signpaths.stability.crossed import Likeness

# Networks that one is compared with at once: of 5,000 states and 100 units, 64 MB in float64.
BLOCK = 16
SEED = 0
# Distances that are looked at to make a map, over all its rounds: half a minute.
MOST_MOVED = 3e8
# An unbiased HSIC divides by n − 3.
FEWEST_EXAMPLES = 4


def sampled_examples(label: np.ndarray, most: int) -> np.ndarray:
    """Draw examples of all signs alike, the same for every network.

    Parameters
    ----------
    label
        Each example's sign as a number, `(example,)`.
    most
        Examples to draw at most.

    Returns
    -------
    numpy.ndarray
        Their numbers, ascending: one of each sign first, then a second of each, and so on.
    """
    drawn = np.random.default_rng(SEED).permutation(label.size)
    drawn = drawn[np.argsort(label[drawn], kind="stable")]
    own = label[drawn]
    turn = np.arange(own.size) - np.searchsorted(own, own)
    # Ties go to signs at random: the last round may not reach all of them.
    order = np.lexsort((np.random.default_rng(SEED + 1).random(own.size), turn))
    return np.sort(drawn[order][:most])


def normalised(states: np.ndarray) -> np.ndarray | None:
    """Centre hidden states `(state, unit)` and bring them to norm 1; None if all are equal.

    float32.
    """
    if (states == states[0]).all():
        return None
    centred = states - states.mean(axis=0, dtype=np.float64)
    # The greatest value first: squares of very small ones would vanish.
    centred /= np.abs(centred).max()
    return (centred / np.linalg.norm(centred)).astype(np.float32)


def centred_products(states: np.ndarray, examples: int) -> np.ndarray | None:
    """Give the products of every two examples, U-centred and of norm 1.

    U-centring (Székely and Rizzo 2014) takes from the Gram matrix without its diagonal what single
    examples and their mean add, so that each row sums to 0. The product of two such matrices is
    n(n − 3) times the unbiased HSIC, so that of two of norm 1 is debiased CKA.

    Parameters
    ----------
    states
        From `normalised`, `(example · phase, unit)`: an example's phases stand together.
    examples
        Their number.

    Returns
    -------
    numpy.ndarray
        float32 `(example pair,)`, the upper triangle, of norm 1; None if it says nothing, as with
        fewer than four examples.
    """
    if examples < FEWEST_EXAMPLES:
        return None
    vectors = states.reshape(examples, -1).astype(np.float64)
    vectors -= vectors.mean(axis=0)
    gram = vectors @ vectors.T
    np.fill_diagonal(gram, 0)
    rows = gram.sum(axis=1) / (examples - 2)
    centred = gram - rows[:, None] - rows + rows.sum() / (examples - 1)
    products = centred[np.triu_indices(examples, 1)]
    norm = np.linalg.norm(products)
    if norm <= 1e-12 * np.linalg.norm(gram):
        return None
    return (products / norm).astype(np.float32)


def debiased_cka(products: Sequence[np.ndarray | None], label: np.ndarray) -> Likeness:
    """Give debiased linear CKA of every two networks.

    Parameters
    ----------
    products
        Of each network from `centred_products`; None where nothing is known.
    label
        The sign of each example as a number, `(example,)`; all numbers up to the last are there.

    Returns
    -------
    Likeness
        From −1 to 1: 1 if the examples lie alike, about 0 if one says nothing of the other.
    """
    known, found = _known(products)
    likeness = _nothing(len(products), int(label.max()) + 1)
    if len(known) < 2:
        return likeness
    stacked = np.stack(found)
    likeness.values[np.ix_(known, known)] = np.clip(stacked @ stacked.T, -1, 1)
    np.fill_diagonal(likeness.values, np.nan)
    likeness.without[:] = _cka_without_a_sign(stacked, label)
    return likeness


def shape_distances(states: Sequence[np.ndarray | None]) -> np.ndarray:
    """Give the angle between every two networks' shapes.

    With X and Y centred and of norm 1 it is arccos of the greatest possible product of X and YR
    over all rotations R, which is the sum of the singular values of XᵀY. It is a metric: networks
    can be put on a map by it.

    Parameters
    ----------
    states
        Of each network from `normalised`, `(state, unit)`; the units may be of different number.

    Returns
    -------
    numpy.ndarray
        Radians `(network, other_network)`, from 0, alike but for rotation, scale and shift, to
        π/2, nothing in common. NaN on the diagonal and where states are None.
    """
    known, found = _known(states)
    angles = np.full((len(states),) * 2, np.nan)
    for start in range(0, len(found), BLOCK):
        block = _side_by_side(found[start : start + BLOCK])
        for row, one in enumerate(found[: start + block.shape[1]]):
            # Each two networks once: those of the block that come after this one.
            first = max(0, row + 1 - start)
            others = known[start + first : start + block.shape[1]]
            if len(others):
                at = known[row], others
                angles[at] = angles.T[at] = _angles(one, block[:, first:])
    return angles


@dataclass(frozen=True)
class Shuffled:
    """Two random networks compared again and again, the examples of one of them exchanged.

    Attributes
    ----------
    cka, shape_distance
        `(draw,)`.
    """

    cka: np.ndarray
    shape_distance: np.ndarray


def shuffled(
    states: Sequence[np.ndarray | None],
    products: Sequence[np.ndarray | None],
    label: np.ndarray,
    draws: int,
    *,
    within_signs: bool = False,
) -> Shuffled:
    """Compare networks as if one of them had seen other examples.

    One null distribution serves all pairs of networks: debiased CKA under permutation has the mean
    0 and the variance 2 / (n(n − 3)) whatever the networks are.

    Parameters
    ----------
    states, products
        Of each network from `normalised` and `centred_products`.
    label
        The sign of each example, `(example,)`.
    draws
        So many times two networks and a permutation are drawn.
    within_signs
        Each example takes the place of another one of its sign; else of any.

    Returns
    -------
    Shuffled
        Empty with fewer than two networks that say something.
    """
    generator = np.random.default_rng(SEED)
    known = [
        index
        for index, (one, other) in enumerate(zip(states, products, strict=True))
        if one is not None and other is not None
    ]
    cka, angles = [], []
    for _ in range(draws if len(known) > 1 else 0):
        one, other = generator.choice(known, 2, replace=False)
        order = _others_of_the_sign(label, generator) if within_signs else None
        if order is None:
            order = generator.permutation(label.size)
        mine, theirs = (squareform(products[index]) for index in (one, other))
        cka.append((mine * theirs[np.ix_(order, order)]).sum(dtype=np.float64) / 2)
        moved = states[other].reshape(label.size, -1, states[other].shape[-1])[order]
        angles.append(_angles(states[one], _side_by_side([moved.reshape(states[other].shape)]))[0])
    return Shuffled(np.array(cka), np.array(angles))


def map_of_networks(distance: np.ndarray) -> tuple[np.ndarray, float]:
    """Put networks on a plane so that their distances are kept as well as possible.

    Metric multidimensional scaling: stress majorisation (SMACOF) from the classical solution,
    turned onto its main axes.

    Parameters
    ----------
    distance
        `(network, other_network)`; the diagonal does not count, NaN where nothing is known.

    Returns
    -------
    tuple
        Places `(network, 2)`, NaN for those of unknown distance; and the stress, the root of the
        squared errors over the squared distances: 0 if all distances are kept. NaN with fewer than
        two networks.
    """
    places = np.full((len(distance), 2), np.nan)
    known = np.flatnonzero(np.isfinite(distance).any(axis=1))
    if known.size < 2:
        return places, float("nan")
    far = distance[np.ix_(known, known)]
    np.fill_diagonal(far, 0)
    squares = (far**2).sum()
    if squares == 0:
        places[known] = 0
        return places, 0.0
    centre = np.eye(known.size) - 1 / known.size
    values, vectors = np.linalg.eigh(-0.5 * centre @ far**2 @ centre)
    start = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))
    rounds = int(np.clip(MOST_MOVED / far.size, 10, 1000))
    found, _ = smacof(far, n_components=2, init=start, n_init=1, max_iter=rounds, eps=1e-9)
    found -= found.mean(axis=0)
    found = found @ np.linalg.svd(found, full_matrices=False)[2].T
    # A map may be mirrored: the outermost network of each axis is put on its positive side.
    outermost = np.abs(found).argmax(axis=0)[None]
    found *= np.where(np.take_along_axis(found, outermost, axis=0) < 0, -1, 1)
    places[known] = found
    kept = np.linalg.norm(found[:, None] - found, axis=2)
    return places, float(np.sqrt(((kept - far) ** 2).sum() / squares))


def _cka_without_a_sign(stacked: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Mean CKA of every two networks without the examples of a sign, `(sign,)`.

    U-centring is a projection, so a network's products without some examples are centred again
    from those with them; and the mean over all pairs of networks is that of their sum with itself.
    """
    of_sign = (label[:, None] == np.arange(label.max() + 1)).astype(np.float64)
    left, networks = label.size - of_sign.sum(axis=0), len(stacked)
    norms = np.stack([_norms_without(squareform(one), of_sign) for one in stacked])
    without = np.full(left.size, np.nan)
    # Products have norm 1 and single precision: what hardly any is left of is rounding.
    known = (left >= FEWEST_EXAMPLES) & (norms > 1e-3).all(axis=0)
    for sign in np.flatnonzero(known):
        total = squareform((1 / norms[:, sign]).astype(np.float32) @ stacked)
        square = _norms_without(total, of_sign[:, [sign]])[0] ** 2
        without[sign] = (square - networks) / (networks * (networks - 1))
    return without


def _norms_without(products: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Norm of U-centred products `(example, other)`, centred again without a group of examples.

    The groups are columns of 0 and 1, `(example, group)`; gives `(group,)`, over the upper
    triangle. 0 where fewer than four examples are left.
    """
    left = len(groups) - groups.sum(axis=0)
    squares = products.astype(np.float64) ** 2
    # A row sums to 0: without the group, it sums to what the group took from it.
    taken, taken_squares = products @ groups, squares @ groups
    inside = (groups * taken).sum(axis=0)
    kept = squares.sum() - 2 * taken_squares.sum(axis=0) + (groups * taken_squares).sum(axis=0)
    rows = ((1 - groups) * taken**2).sum(axis=0)
    enough = left >= FEWEST_EXAMPLES
    many = np.where(enough, left, FEWEST_EXAMPLES)
    norm = kept - 2 * rows / (many - 2) + inside**2 / ((many - 1) * (many - 2))
    return np.sqrt(np.maximum(np.where(enough, norm, 0), 0) / 2)


def _angles(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Angles between one network's states `(state, unit)` and others' `(state, network, unit)`."""
    # One large product takes half the time of many small ones.
    own = one.astype(np.float64)
    products = (own / np.linalg.norm(own)).T @ others.reshape(len(others), -1)
    products = products.reshape(one.shape[1], *others.shape[1:]).swapaxes(0, 1)
    return np.arccos(np.clip(np.linalg.svd(products, compute_uv=False).sum(axis=1), 0, 1))


def _others_of_the_sign(label: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Give each example another one of its sign, if there is one."""
    drawn = generator.permutation(label.size)
    drawn = drawn[np.argsort(label[drawn], kind="stable")]
    following = np.roll(drawn, -1)
    own = label[drawn]
    last = np.flatnonzero(np.append(own[1:] != own[:-1], True))
    following[last] = drawn[np.append(0, last[:-1] + 1)]
    order = np.empty(label.size, dtype=int)
    order[drawn] = following
    return order


def _known(values: Sequence[np.ndarray | None]) -> tuple[np.ndarray, list[np.ndarray]]:
    known = [index for index, one in enumerate(values) if one is not None]
    return np.array(known, dtype=int), [one for one in values if one is not None]


def _nothing(networks: int, signs: int) -> Likeness:
    return Likeness(np.full((networks, networks), np.nan), np.full(signs, np.nan))


def _side_by_side(states: Sequence[np.ndarray]) -> np.ndarray:
    """Lay states side by side, `(state, network, unit)`, of norm 1 in float64.

    Missing units are zeros, which make no difference.
    """
    units = max(one.shape[1] for one in states)
    made = np.zeros((len(states[0]), len(states), units))
    for index, one in enumerate(states):
        made[:, index, : one.shape[1]] = one
        # Of norm 1 but for the rounding to float32, which an angle near 0 would show.
        made[:, index] /= np.linalg.norm(made[:, index])
    return made
