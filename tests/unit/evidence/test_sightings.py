"""Which network is drawn, and how one- and two-handed signs hang on the threshold."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from makers import spaces_named
from signpaths.data.hands import ONE, TWO, hands, movements
from signpaths.errors import UserError
from signpaths.evidence.sightings import (
    drawn_autoencoders,
    most_typical,
    named_network,
    own_threshold,
    thresholds,
    views_of,
)
from signpaths.options import BEST, GLOVES, MEDIAN
from signpaths.spaces import coordinates


def agreement(apart: list[list[float]]) -> xr.Dataset:
    names = [str(10 * one) for one in range(len(apart))]
    return xr.Dataset(
        {"shape_distance": (("network", "other_network"), np.array(apart))},
        coords={"network": names},
    )


APART = [[0, 3, 9], [3, 0, 4], [9, 4, 0]]


def write_metrics(folder: Path, accuracies: dict[str, float]) -> Path:
    for name, accuracy in accuracies.items():
        (folder / name).mkdir(parents=True)
        known = {"validation_accuracy": accuracy, "test_accuracy": 0.5, "learned": True}
        (folder / name / "metrics.json").write_text(json.dumps(known))
    return folder


def test_a_network_is_meant_by_its_name_or_by_a_word(tmp_path: Path) -> None:
    networks = write_metrics(tmp_path, {"0": 0.9, "10": 0.8, "20": 0.9})
    found = agreement(APART)
    assert named_network("20", found, networks) == "20"
    assert named_network(MEDIAN, found, networks) == "10"
    # Of two that are equally good the first.
    assert named_network(BEST, found, networks) == "0"
    with pytest.raises(UserError, match="no network 1 in this study: expected best, median or"):
        named_network("1", found, networks)


def test_distances_that_are_not_known_do_not_count() -> None:
    apart = np.array(APART, dtype=float)
    apart[1] = apart[:, 1] = np.nan
    assert most_typical(apart) == 0
    assert most_typical(np.full((3, 3), np.nan)) == 0
    assert most_typical(np.zeros((1, 1))) == 0


@given(st.integers(2, 8), st.integers(0, 2**31))
def test_the_most_typical_is_the_medoid(count: int, seed: int) -> None:
    apart = np.random.default_rng(seed).random((count, count))
    apart = apart + apart.T
    means = [
        np.mean([apart[one, other] for other in range(count) if other != one])
        for one in range(count)
    ]
    assert most_typical(apart) == int(np.argmin(means))


def test_the_study_s_own_threshold_is_among_those_tried() -> None:
    examples = xr.Dataset(attrs={"options": json.dumps({"two_handed": 0.17})})
    assert own_threshold(examples) == 0.17
    found = thresholds(examples)
    assert 0.17 in found
    assert found == sorted(set(found))


def test_hands_follow_from_how_far_each_moves() -> None:
    generator = np.random.default_rng(0)
    frames, signs, shares = [], [], {"a": 0.1, "b": 0.3, "c": 0.9}
    for sign, share in shares.items():
        for _ in range(3):
            moves = generator.normal(size=(30, 3)).cumsum(axis=0)
            values = np.zeros((30, len(GLOVES)))
            values[:, [GLOVES.index(f"right_{axis}") for axis in "xyz"]] = moves + 5
            values[:, [GLOVES.index(f"left_{axis}") for axis in "xyz"]] = share * moves - 2
            frames.append(values)
            signs.append(sign)
    moved = movements(frames, np.array(GLOVES))
    assert moved is not None
    np.testing.assert_allclose(moved[0] / moved[1], np.repeat([0.1, 0.3, 0.9], 3))
    for limit, two in ((0.05, "abc"), (0.2, "bc"), (0.5, "c"), (0.95, "")):
        found = dict(zip(signs, hands(np.array(signs), moved, limit).tolist(), strict=True))
        assert found == {sign: TWO if sign in two else ONE for sign in shares}
    assert movements(frames, np.array([f"channel_{one}" for one in range(len(GLOVES))])) is None


def test_a_sign_goes_with_most_of_its_examples_and_a_tie_counts_as_two() -> None:
    moved = np.array([[1.0, 0, 0, 1, 0], [1.0] * 5])
    assert hands(np.array([*"aaabb"]), moved, 0.5).tolist() == [ONE] * 3 + [TWO] * 2


def test_a_network_s_first_autoencoder_is_drawn_and_of_the_shared_map_the_best() -> None:
    names = ("pca2", "ae2", "shared_pca2", "shared_ae2")
    spaces = spaces_named(*names, runs=3)
    values = np.arange(4 * 3 * 2 * 5 * 3).reshape(4, 3, 2, 5, 3)
    path = xr.Dataset(
        {"path": (("space", "ae_seed", "example", "time", "dim"), values)},
        coords=coordinates(spaces),
    )
    best = xr.Dataset({"drawn": ("projection", [2, 1, 2, 2])}, coords={"projection": list(names)})
    drawn = drawn_autoencoders(path, best)
    assert drawn == [0, 0, 0, 2]
    for row, view in enumerate(views_of(path, drawn)):
        np.testing.assert_array_equal(view, values[row, drawn[row], ..., :2])
