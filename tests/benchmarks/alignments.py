"""`make alignments`: other ways to bring networks onto the reference, and what each of them keeps.

Takes the finished study; gives a table on the terminal. Each network of the reference is brought
onto the consensus of the others, each further network onto that of all, by maps fitted on training
examples. A map that may stretch fits better, but closeness is about distances: so it is told as
well what is left of a network's own mutual ranks behind the map, and in one plane for all networks.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from signpaths.closeness.distances import example_distances, group_sums, mean_distances
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks
from signpaths.frames import resample
from signpaths.projections.procrustes import turn_onto
from signpaths.runs import read_names
from signpaths.stability.kept import close_kept, rank_correlations
from signpaths.stores import open_store
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold

# What the base config calls close.
CLOSE_FRACTION = 0.05
PENALTIES = np.logspace(-1, 5, 13)
CANONICAL = 20
WARPINGS = 3
# Of the frames that the common plane is fitted to, each so-many-th is taken.
EVERY = 10

Map = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray], Map]


class Network(NamedTuple):
    """One network and what it is brought onto.

    Attributes
    ----------
    points
        Hidden states of every example at equal phases, `(example, phase, unit)`.
    train
        Which examples are of training, bool `(example,)`.
    label
        Number of each example's sign, `(example,)`.
    target
        Consensus of other networks, `(sign, phase, unit)`.
    frames
        What other networks make of the training examples, turned, `(train example, phase, unit)`.
    """

    points: np.ndarray
    train: np.ndarray
    label: np.ndarray
    target: np.ndarray
    frames: np.ndarray

    def means(self, chosen: np.ndarray) -> np.ndarray:
        """Sign means of the chosen examples, `(sign, phase, unit)`."""
        return np.stack(
            [
                self.points[chosen & (self.label == sign)].mean(axis=0)
                for sign in range(len(self.target))
            ]
        )


def turned(own: np.ndarray, target: np.ndarray) -> Map:
    """The stage's own map: rotation, shift and scale."""
    turn = turn_onto(target, own, float(np.linalg.norm(target)))
    placed = turn.forth(own)
    scale = float((placed * target).sum() / (placed**2).sum())
    return lambda points: scale * turn.forth(points)


def ridge(own: np.ndarray, target: np.ndarray) -> Map:
    """Any affine map, held small: the penalty that foretells left-out signs best."""
    sign = np.repeat(np.arange(len(own)), own.shape[1])
    search = GridSearchCV(Ridge(), {"alpha": PENALTIES}, cv=GroupKFold(5))
    search.fit(_rows(own), _rows(target), groups=sign)
    return lambda points: search.predict(_rows(points)).reshape(*points.shape[:2], -1)


def affine(own: np.ndarray, target: np.ndarray) -> Map:
    """Any affine map, by least squares."""
    found = Ridge(1e-6).fit(_rows(own), _rows(target))
    return lambda points: found.predict(_rows(points)).reshape(*points.shape[:2], -1)


def canonical(own: np.ndarray, target: np.ndarray) -> Map:
    """By canonical correlations: the affine map through the first so many pairs of variates."""
    x, t = _rows(own), _rows(target)
    middle = x.mean(axis=0)
    q_x, r_x = np.linalg.qr(x - middle)
    q_t, r_t = np.linalg.qr(t - t.mean(axis=0))
    left, correlation, right = np.linalg.svd(q_x.T @ q_t, full_matrices=False)
    some = slice(CANONICAL)
    to_variates = np.linalg.pinv(r_x) @ left[:, some]
    back = (correlation[some, None] * right[some]) @ r_t
    return lambda points: (points - middle) @ to_variates @ back + t.mean(axis=0)


def by_means(fit: Fit) -> "Way":
    """Fit to the sign means; phases stay as they are."""
    return lambda one: (fit(one.means(one.train), one.target), np.eye(one.points.shape[1]))


def by_frames(fit: Fit) -> "Way":
    """Fit to all frames of the training examples; phases stay as they are."""
    return lambda one: (
        fit(one.points[one.train].astype(float), one.frames),
        np.eye(one.points.shape[1]),
    )


def warped(one: Network) -> tuple[Map, np.ndarray]:
    """The stage's map, and for every sign its phases matched to the reference's, in turns."""
    own = one.means(one.train)
    match = np.stack([np.eye(own.shape[1])] * len(own))
    for _ in range(WARPINGS):
        found = turned(match @ own, one.target)
        match = np.stack([matched(*both) for both in zip(found(own), one.target, strict=True)])
    return turned(match @ own, one.target), match


def matched(own: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Match the phases of one path to another's by time warping; weights `(target, own)`."""
    cost = np.linalg.norm(target[:, None] - own, axis=2)
    total = np.full((len(target) + 1, len(own) + 1), np.inf)
    total[0, 0] = 0
    steps = ((1, 1), (1, 0), (0, 1))
    for i in range(1, len(target) + 1):
        for j in range(1, len(own) + 1):
            total[i, j] = cost[i - 1, j - 1] + min(total[i - a, j - b] for a, b in steps)
    weight = np.zeros_like(cost)
    i, j = len(target), len(own)
    while i and j:
        weight[i - 1, j - 1] = 1
        a, b = min(steps, key=lambda step: total[i - step[0], j - step[1]])
        i, j = i - a, j - b
    return weight / weight.sum(axis=1, keepdims=True)


def networks(results: Path) -> dict[str, Network]:
    """Read every network and what it is brought onto."""
    reference = open_store(results / "reference.zarr").load()
    own = reference.network.values.tolist()
    points, train = {}, {}
    for name in read_names(results / "networks.txt"):
        store = open_store(results / f"activations/{name}.zarr").load()
        points[name] = resample(store.hidden.values, store.mask.values, reference.sizes["phase"])
        label = np.unique(store.sign.values, return_inverse=True)[1]
        train[name] = store.part.values == "train"
    found = {}
    for name, states in points.items():
        judge = reference.without.sel(network=name) if name in own else reference.consensus
        target = judge.values.astype(float)
        frames = np.zeros((train[name].sum(), *target.shape[1:]))
        others = [other for other in own if other != name]
        for other in others:
            known = Network(points[other], train[other], label, target, frames)
            turn = turn_onto(target, known.means(train[other]), float(np.linalg.norm(target)))
            frames += turn.forth(points[other][train[name]]) / len(others)
        found[name] = Network(states, train[name], label, target, frames)
    return found


def explained(target: np.ndarray, got: np.ndarray) -> float:
    """R² about the reference's grand mean, which is 0."""
    return 1 - float(((target - got) ** 2).sum() / (target**2).sum())


def ranks(points: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Mutual ranks of all pairs."""
    signs = int(label.max()) + 1
    rank = mutual_ranks(mean_distances(*group_sums(example_distances(points), label, signs)))
    return rank[np.triu_indices(signs, 1)]


def kept(points: np.ndarray, label: np.ndarray, own: np.ndarray) -> list[float]:
    """Rank correlation with a network's own ranks, and the share of its close pairs kept."""
    k = largest_close_rank(int(label.max()) + 1, CLOSE_FRACTION)
    run, hidden = ranks(points, label)[None, None], own[None]
    return [rank_correlations(run, hidden).item(), close_kept(run <= k, hidden <= k).item()]


def of_way(every: dict[str, Network], own: dict[str, np.ndarray], way: "Way") -> np.ndarray:
    """What one way gives for every network: R² seen and held out, kept behind it and in a plane."""
    mapped, fit = {}, {}
    for name, one in every.items():
        forth, match = way(one)
        fit[name] = [
            explained(one.target, forth(match @ one.means(chosen)))
            for chosen in (one.train, ~one.train)
        ]
        mapped[name] = forth(one.points)
    some = [_rows(points[every[name].train])[::EVERY] for name, points in mapped.items()]
    plane = PCA(2, random_state=0).fit(np.concatenate(some))
    rows = []
    for name, points in mapped.items():
        flat = plane.transform(_rows(points)).reshape(*points.shape[:2], 2)
        label = every[name].label
        rows.append(fit[name] + kept(points, label, own[name]) + kept(flat, label, own[name]))
    return np.array(rows)


# A map, and the weights of a sign's phases at every phase of the reference.
Way = Callable[[Network], tuple[Map, np.ndarray]]
WAYS: dict[str, Way] = {
    "rotation, sign means (the stage)": by_means(turned),
    "rotation, all frames": by_frames(turned),
    "rotation, phases warped": warped,
    "affine, sign means": by_means(affine),
    "affine, all frames": by_frames(affine),
    "ridge, sign means": by_means(ridge),
    f"canonical, {CANONICAL} variates, sign means": by_means(canonical),
}


def _rows(points: np.ndarray) -> np.ndarray:
    return points.reshape(-1, points.shape[-1])


def main() -> None:
    """Print the table: means over networks, with the least and the largest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder of a finished study")
    every = networks(parser.parse_args().results)
    own = {name: ranks(one.points, one.label) for name, one in every.items()}
    print("map | R² seen | R² held out | ranks behind | close behind | ranks plane | close plane")
    for name, way in WAYS.items():
        cells = [
            f"{one.mean():.2f} ({one.min():.2f} to {one.max():.2f})"
            for one in of_way(every, own, way).T
        ]
        print(" | ".join((name, *cells)), flush=True)


if __name__ == "__main__":
    main()
