"""Neighbourhood preservation, written down as slowly and plainly as can be."""

import numpy as np

MEASURES = ("trustworthiness", "continuity", "rnx_area", "shepard", "stress", "step_correlation")
OF_SIGNS = ("trustworthiness_sign", "continuity_sign")


def slow_order(points: np.ndarray, example: np.ndarray, frame: int) -> list[int]:
    """The frames of other examples, the nearest first."""
    others = [other for other in range(len(points)) if example[other] != example[frame]]
    return sorted(others, key=lambda other: np.linalg.norm(points[other] - points[frame]))


def slow_preservation(near_in: np.ndarray, ranked_in: np.ndarray, example: np.ndarray, k: int):
    found = []
    for frame in range(len(example)):
        place = {o: i + 1 for i, o in enumerate(slow_order(ranked_in, example, frame))}
        penalty = sum(max(0, place[o] - k) for o in slow_order(near_in, example, frame)[:k])
        # At worst the k nearest become the k farthest.
        worst = sum(max(0, place - k) for place in range(len(place) - k + 1, len(place) + 1))
        found.append(1 - penalty / worst)
    return np.array(found)
