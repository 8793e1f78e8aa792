"""The report on the shared map: where pairs part, what pictures do with it, ribbons, intervals."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t
from signpaths.errors import UserError
from signpaths.report.closest import verdicts_in_words
from signpaths.report.drawing.shared_map import ribbon
from signpaths.report.reading import open_shared_map
from signpaths.report.sections.shared_map import (
    mean_and_interval,
    misled,
    partings,
    picture_shares,
)
from signpaths.spaces import coordinates, projections
from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED
from signpaths.stores import write_store

SIGNS = ("a", "b", "c", "d")
PAIRS = [(one, other) for place, one in enumerate(SIGNS) for other in SIGNS[place + 1 :]]
# Of every pair, in hidden and in the picture: together to, and apart from.
TOGETHER = np.array([[0.4, 1.0, 0.0, 0.4, np.nan, 0.9], [0.4, 1.0, 0.3, 0.6, np.nan, 0.9]])
PARTS = np.array([[0.6, 1.0, 0.5, 0.7, np.nan, 0.9]] * 2)
VERDICTS = [STAYS, COMES, STAYS, STAYS, STAYS, APART]


@pytest.fixture
def stability() -> xr.Dataset:
    pair = ("space", "pair")
    return xr.Dataset(
        {
            "together_to": (pair, TOGETHER),
            "together_low": (pair, TOGETHER - 0.1),
            "together_high": (pair, TOGETHER + 0.1),
            "parts_at": (pair, PARTS),
            "parts_low": (pair, PARTS - 0.1),
            "parts_high": (pair, PARTS + 0.1),
            "parts_in": (pair, np.array([[0.75, 0.0, 1.0, 1.0, 0.0, 1.0]] * 2)),
            "pi": (pair, np.array([[1.0, 0.5, 0.9, 0.8, 0.7, 0.0]] * 2)),
            "rank_mean": (pair, np.ones((2, 6))),
            "verdict": ("pair", np.array(VERDICTS)),
            "verdict_repeats": ("pair", np.array([0.9, 0.5, 0.8, 0.79, 1.0, 0.2])),
        },
        coords={
            "space": ["hidden", "shared_ae2"],
            "network": list("0123"),
            "sign_a": ("pair", [pair[0] for pair in PAIRS]),
            "sign_b": ("pair", [pair[1] for pair in PAIRS]),
        },
        attrs={"sure": 0.8},
    )


def names(rows: list[dict[str, object]]) -> list[str]:
    return [f"{row['sign_a']}{row['sign_b']}" for row in rows]


def test_close_pairs_are_told_the_longest_together_first(stability: xr.Dataset) -> None:
    """Those that never part too, and those that begin apart; none of which nothing is known."""
    told = partings(stability)
    # Of two that are together equally long the one that parts later comes first.
    assert names(told["rows"]) == ["ac", "bc", "ab", "ad"]
    assert told["of"] == 4
    assert told["rows"][2]["parts_at"] == 0.6
    assert [row["apart_in"] for row in told["rows"]] == [0, 4, 3, 4]


def test_pairs_that_are_asked_for_come_first_whatever_they_are(stability: xr.Dataset) -> None:
    told = partings(stability, wanted=[5, 2])
    assert names(told["rows"]) == ["cd", "ad", "ac", "bc", "ab"]
    assert told["of"] == 5


def test_a_picture_misleads_by_what_it_shows_together_too_long(stability: xr.Dataset) -> None:
    rows = misled(stability, "shared_ae2")
    assert names(rows) == ["ad"]
    assert rows[0]["seen"] == 0.3
    assert rows[0]["together_to"] == 0.0


def test_a_verdict_that_is_seldom_repeated_is_likely(stability: xr.Dataset) -> None:
    stability["verdict"][4] = UNDECIDED
    stability["verdict_repeats"][4] = 0.1
    said = verdicts_in_words(stability)
    assert said == [
        STAYS,
        f"likely {COMES}",
        STAYS,
        f"likely {STAYS}",
        UNDECIDED,
        f"likely {APART}",
    ]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.floats(0.5, 0.99))
def test_intervals_are_those_of_t(values: list[float], level: float) -> None:
    mean, low, high = mean_and_interval(np.array([*values, np.nan]), level)
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert mean == pytest.approx(np.mean(values))
    if error > 1e-9:
        expected = t.interval(level, len(values) - 1, np.mean(values), error)
        assert (low, high) == pytest.approx(expected)


def test_nothing_known_has_no_mean_and_one_network_no_interval() -> None:
    assert mean_and_interval(np.array([np.nan]), 0.95) == (None, None, None)
    assert mean_and_interval(np.array([0.5, np.nan]), 0.95) == (0.5, None, None)


def test_what_a_retraining_changes_in_own_and_in_shared_pictures() -> None:
    """Of a spread of 10: own pictures change with network and autoencoder, shared ones but with
    the network and with what the autoencoder does to one network."""
    spaces = projections((2,), 2, 2)
    variance = {"pca2": (8, 2, 0), "ae2": (4, 2, 4), "shared_pca2": (8, 2, 0)}
    variance["shared_ae2"] = (3.0, 0.5, 6.5)
    parts = np.array([variance[space.name] for space in spaces], dtype=float)
    stability = xr.Dataset(
        {
            "variance": (("space", "source"), parts),
            "variance_share": (("space", "source"), parts / 10),
            "variance_common": ("space", [5.0 * (one.name == "shared_ae2") for one in spaces]),
        },
        coords=coordinates(spaces),
    )
    [row] = picture_shares(stability)
    assert (row["own"], row["shared"], row["runs"]) == ("ae2", "shared_ae2", 2)
    assert (row["network"], row["autoencoder"]) == pytest.approx((20, 40))
    # Half of a network's own, and 6.5 less 5 of autoencoder and network together.
    assert (row["retrained"], row["common"]) == pytest.approx((20, 50))
    assert row["in_all"] == pytest.approx(5)


def test_intervals_end_where_values_can_be() -> None:
    values = np.array([0.5, 1.0])
    assert mean_and_interval(values, 0.95, (0.0, 1.0)) == (0.75, 0.0, 1.0)


def test_a_map_of_other_networks_or_pairs_is_refused(stability: xr.Dataset, tmp_path: Path) -> None:
    shared = stability[["sign_a", "sign_b", "network"]].assign_attrs(chosen="x", parting=1.5)
    for name, one in (
        ("same", shared),
        ("other", shared.assign_coords(network=list("0124"))),
        ("turned", shared.isel(pair=slice(None, None, -1))),
    ):
        write_store(one, tmp_path / f"{name}.zarr", stage="shared-map", title="made for a test")
    open_shared_map(tmp_path / "same.zarr", stability)
    with pytest.raises(UserError, match=r"other\.zarr: its networks are not"):
        open_shared_map(tmp_path / "other.zarr", stability)
    with pytest.raises(UserError, match=r"turned\.zarr: its sign_as are not"):
        open_shared_map(tmp_path / "turned.zarr", stability)


# Ribbons


def test_a_ribbon_is_a_standard_deviation_wide() -> None:
    """On a straight way, where networks differ across it alone."""
    way = np.linspace(0, 10, 21)
    mean = np.stack([way, np.zeros(21)], axis=1)
    off = np.array([1.0, 1.0, -1.0, -1.0])
    paths = np.stack([mean + np.array([0, one]) for one in off])
    found = ribbon(mean, paths)
    # A deviation in one of two directions counts half.
    wide = np.std(off, ddof=1) / np.sqrt(2)
    for height, inside in ((0.9 * wide, True), (1.05 * wide, False), (-0.9 * wide, True)):
        assert found.contains_points([[x, height] for x in way[3:-3]]).all() == inside
        assert found.contains_points([[x, height] for x in way[3:-3]]).any() == inside


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0.0, 2.0))
def test_a_ribbon_lies_about_its_path_without_a_hole(seed: int, spread: float) -> None:
    """Wherever the path turns: the middle and most of each disc are inside, none counted away."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=(12, 2)).cumsum(axis=0)
    paths = mean + spread * rng.normal(size=(7, 12, 2))
    found = ribbon(mean, paths)
    radius = np.sqrt(((paths - mean) ** 2).sum(axis=(0, 2)) / 6 / 2)
    angle = rng.uniform(0, 2 * np.pi, 12)
    around = 0.9 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert found.contains_points(mean + around, radius=1e-9).all() or spread < 1e-6
    # All pieces turn one way, so that what overlaps is no hole.
    turns = [_area(piece) for piece in found.to_polygons(closed_only=True)]
    assert min(turns) > 0 or spread < 1e-6


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def test_a_sign_that_stays_at_one_place_has_a_ribbon_too() -> None:
    mean = np.full((5, 2), 0.7)
    assert ribbon(mean, np.stack([mean, mean])).contains_points(mean).all()
