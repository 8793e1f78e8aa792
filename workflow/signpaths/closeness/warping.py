"""Dynamic time warping of many trajectories at once.

Takes trajectories of equal length; gives the warped distance of every pair of them: the dependent
kind, with a Sakoe–Chiba band (1978) and the cost divided by the length of the warp path. The
dtaidistance library gives that length for one pair at a time, some thirty times slower; here all
pairs of a block go through the table of partial costs together.
"""

from time import monotonic

import numpy as np

# Examples that are warped together: more take more memory and are no faster.
ROWS = 128
# Seconds between two lines of progress.
TELL_AFTER = 10


def warped_distances(points: np.ndarray, band: float) -> np.ndarray:
    """Give the mean Euclidean distance along the cheapest warp path, for all pairs of examples.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, unit)`.
    band
        How far apart two phases may be matched, as a share of all phases.

    Returns
    -------
    numpy.ndarray
        float64 `(example, example)`, symmetric, 0 on the diagonal. Of equally cheap paths the one
        with more diagonal steps counts.
    """
    examples, phases, _ = points.shape
    reach = min(phases - 1, max(1, round(band * phases)))
    flat = np.ascontiguousarray((points - points.mean(axis=(0, 1))).swapaxes(0, 1), np.float64)
    square = np.einsum("uid,uid->ui", flat, flat)
    distance = np.zeros((examples, examples))
    told = monotonic()
    for start in range(0, examples, ROWS):
        rows = slice(start, start + ROWS)
        distance[rows, start:] = _warped(flat, square, rows, start, reach)
        if monotonic() - told > TELL_AFTER:
            told = monotonic()
            done = 1 - (1 - min(1, (start + ROWS) / examples)) ** 2
            print(f"time warping: {done:.0%} of all pairs of examples", flush=True)
    upper = np.triu(distance, 1)
    return upper + upper.T


def _warped(
    flat: np.ndarray, square: np.ndarray, rows: slice, start: int, reach: int
) -> np.ndarray:
    """Warp some examples onto all from `start` on; rows of `(phase, example, unit)`."""
    phases = len(flat)
    shape = (flat[0, rows].shape[0], flat.shape[1] - start)
    nothing = 1e-12 * max(square.max(), 1e-300)
    outside = (np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32))
    above: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for u in range(phases):
        row: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for v in range(max(0, u - reach), min(phases, u + reach + 1)):
            product = flat[u, rows] @ flat[v, start:].T
            squared = square[u, rows][:, None] + square[v, start:] - 2 * product
            # Equal points come out as rounding error of either sign.
            squared[squared < nothing] = 0
            local = np.sqrt(squared).astype(np.float32)
            if u == v == 0:
                row[v] = (local, np.ones(shape, np.float32))
                continue
            cost, steps = above.get(v - 1, outside)
            for other_cost, other_steps in (above.get(v, outside), row.get(v - 1, outside)):
                cheaper = other_cost < cost
                cost = np.where(cheaper, other_cost, cost)
                steps = np.where(cheaper, other_steps, steps)
            row[v] = (cost + local, steps + 1)
        above = row
    cost, steps = above[phases - 1]
    return cost / steps
