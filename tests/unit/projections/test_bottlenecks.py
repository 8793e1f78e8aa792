"""Stage `bottlenecks`: planted paths are measured as they lie, the article's sentences judged."""

import json
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from makers import rewritten
from signpaths.errors import UserError
from signpaths.options import QualityOptions
from signpaths.projections.bottlenecks import (
    QUARTERS,
    Kept,
    as_dataset,
    bottlenecks,
    kept,
    measured,
)
from signpaths.projections.encoders import ACTIVATIONS, Layer, encoded, read_layers, restored
from signpaths.projections.neighbourhoods import NEIGHBOURS
from signpaths.stores import open_store, write_store
from sklearn.manifold import trustworthiness

ORDER = ("tanh", "relu", "linear", "sigmoid")


def padded(paths: list[list[tuple[float, float]]]) -> np.ndarray:
    """Paths `(example, time, 2)` of points, filled up before them."""
    time = max(map(len, paths)) + 1
    found = np.full((len(paths), time, 2), np.nan, dtype=np.float32)
    for row, points in zip(found, paths, strict=True):
        row[time - len(points) :] = points
    return found


def judged(trusted: dict[str, float] | None = None, **paths: np.ndarray) -> dict[str, int]:
    """What becomes of the sentences with these paths and trustworthinesses."""
    keeps = [
        Kept(0.1, np.full(len(NEIGHBOURS), (trusted or {}).get(name, np.nan)), np.zeros(3))
        for name in paths
    ]
    measures = {name: measured(path, name) for name, path in paths.items()}
    found = as_dataset(np.stack(list(paths.values())), measures, keeps)
    return dict(zip(found.sentence.values.tolist(), found.holds.values.tolist(), strict=True))


def slowly(path: np.ndarray) -> tuple[float, float, dict[str, float]]:
    """Distances of first and other points, and shares of quarters, one point after the other."""
    first, others, counts = [], [], dict.fromkeys(QUARTERS, 0)
    for example in path:
        begun = False
        for x, y in example.astype(float):
            if math.isnan(x):
                continue
            (others if begun else first).append(math.hypot(x, y))
            begun = True
            side = "right" if x >= 0 else "left"
            counts[f"{'upper' if y >= 0 else 'lower'} {side}"] += 1
    all_points = [*first, *others]
    size = math.sqrt(sum(one**2 for one in all_points) / len(all_points))
    return (
        sum(first) / len(first) / size if size else math.nan,
        sum(others) / len(others) / size if size and others else math.nan,
        {name: count / len(all_points) for name, count in counts.items()},
    )


values = st.floats(-4, 4, width=32).map(lambda value: 0.0 if abs(value) < 1e-3 else value)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (3, 5, 2), elements=values), st.integers(0, 4), st.booleans())
def test_starts_and_quarters_are_those_of_a_loop(
    path: np.ndarray, padding: int, before: bool
) -> None:
    # The third example has all its points, another none but at most one.
    path[0, slice(0, padding) if before else slice(5 - padding, 5)] = np.nan
    path[1, 1:] = np.nan
    found = measured(path, "linear")
    start, other, quarters = slowly(path)
    np.testing.assert_allclose([found.start_distance, found.other_distance], [start, other])
    np.testing.assert_allclose(found.quarter_share, [quarters[name] for name in QUARTERS])
    assert found.quarters_used == sum(share >= 0.05 for share in quarters.values())


def test_a_quarter_with_a_twentieth_of_the_points_is_used_and_one_with_less_is_not() -> None:
    def path(left: int) -> np.ndarray:
        return padded([[(1, 1)] * (100 - left) + [(-1, -1)] * left])

    assert measured(path(5), "linear").quarters_used == 2
    assert measured(path(4), "linear").quarters_used == 1


@pytest.mark.parametrize(
    ("activation", "points", "squashed"),
    [
        # A twentieth of the way from −1 to 1 is 0.1, on either end and either axis.
        ("tanh", [(0.89, 0), (0.91, 0), (0, -0.91), (0, -0.89)], 0.5),
        ("sigmoid", [(0.5, 0.04), (0.5, 0.06), (0.94, 0.5), (0.96, 0.96)], 0.5),
        # ReLU cuts off at 0 and nowhere else.
        ("relu", [(0, 3), (0.001, 3), (9, 9), (1, 0)], 0.5),
        ("linear", [(0, 0), (1, 1)], math.nan),
    ],
)
def test_squashed_is_the_share_near_a_bound(
    activation: str, points: list[tuple[float, float]], squashed: float
) -> None:
    found = measured(padded([points]), activation)
    assert found.squashed == pytest.approx(squashed, nan_ok=True)


def test_edges_are_those_of_what_a_coordinate_reaches() -> None:
    """Of 0 to 10 and of 0 to 2, a twentieth is 0.5 and 0.1."""
    points = [(0, 1), (10, 1), (5, 0), (5, 2), (0.4, 1), (0.6, 1), (5, 1.95), (5, 1.85)]
    assert measured(padded([points]), "linear").at_edge == pytest.approx(6 / 8)


def test_a_bottleneck_that_died_is_one_point_at_the_origin() -> None:
    found = measured(np.zeros((4, 6, 2), np.float32), "relu")
    assert math.isnan(found.start_distance)
    assert math.isnan(found.other_distance)
    assert found.quarter_share.tolist() == [1, 0, 0, 0]
    assert (found.squashed, found.units_used) == (1, 0)
    assert judged(relu=np.zeros((4, 6, 2), np.float32))["start"] == -1


def cross(size: float, each: tuple[int, int, int, int] = (10, 10, 10, 10)) -> np.ndarray:
    """Paths from near (0, 0) into the quarters, counter-clockwise, so many into each."""
    ends = [(size, size), (-size, size), (-size, -size), (size, -size)]
    return padded(
        [
            [(0.01 * x, 0.01 * y), (0.5 * x, 0.4 * y), (0.8 * x, 0.9 * y), (x, y)]
            for (x, y), count in zip(ends, each, strict=True)
            for _ in range(count)
        ]
    )


def cloud(size: float) -> np.ndarray:
    """One path from (0, 0) outwards over all quarters, of which few points are near an end."""
    points = np.random.default_rng(0).normal(0, size, (2000, 2))
    order = np.argsort(np.linalg.norm(points, axis=1))
    return points[order][None].astype(np.float32)


def test_the_sentences_hold_where_it_is_as_the_article_says() -> None:
    narrow = np.abs(cloud(3.0))
    found = judged(
        {"linear": 0.9, "tanh": 0.8, "relu": 0.7, "sigmoid": 0.6},
        linear=cloud(5.0),
        tanh=np.tanh(cloud(5.0)),
        relu=narrow,
        sigmoid=narrow / 4 + 0.01,
    )
    assert found == dict.fromkeys(("start", "upper_right", "evenly", "squashed", "legible"), 1)


def test_each_sentence_fails_where_it_is_otherwise() -> None:
    plane, equal = cloud(5.0), {"linear": 0.8, "tanh": 0.8}
    away = judged(linear=plane, tanh=plane[:, ::-1])
    assert (away["start"], away["upper_right"]) == (0, -1)
    assert judged(relu=plane + 99)["upper_right"] == -1  # of sigmoid nothing is known
    assert judged(relu=plane)["upper_right"] == 0  # and need not be, if ReLU is elsewhere
    # 10 of 100 in one quarter are less than half an equal share.
    assert judged(linear=cross(3, (30, 30, 30, 10)), tanh=cross(1, (25, 25, 25, 25)))["evenly"] == 0
    assert judged(linear=cross(3, (29, 29, 29, 13)), tanh=cross(1, (25, 25, 25, 25)))["evenly"] == 1
    assert judged(linear=plane, tanh=plane / 99)["squashed"] == 0
    assert judged(linear=cross(3), tanh=cross(1))["squashed"] == 0  # linear has its ends too
    assert judged(tanh=cross(1))["squashed"] == -1
    assert judged({"linear": 0.8, "tanh": 0.82}, linear=plane, tanh=plane)["legible"] == 0
    assert judged({"linear": 0.82, "tanh": 0.8}, linear=plane, tanh=plane)["legible"] == 1
    # One training each: so little may be chance.
    assert judged(equal, linear=plane, tanh=plane)["legible"] == -1
    assert judged({"linear": 0.8, "tanh": 0.805}, linear=plane, tanh=plane)["legible"] == -1
    assert judged({"linear": 0.8}, linear=plane)["legible"] == -1


def layers_of(activation: str, units: int = 4) -> list[Layer]:
    """An autoencoder of a bottleneck alone, with fixed weights."""
    generator = np.random.default_rng(1)
    down, up = generator.normal(size=(2, units, 2)).astype(np.float32)
    return [
        Layer("bottleneck", down, np.zeros(2, np.float32), ACTIVATIONS[activation]),
        Layer("restored", up.T, np.zeros(units, np.float32), ACTIVATIONS["linear"]),
    ]


def test_what_is_kept_is_measured_on_the_chosen_frames_by_scikit_learns_trustworthiness() -> None:
    """One frame an example, so that all others may be neighbours, as there."""
    states = np.random.default_rng(0).normal(size=(80, 1, 4)).astype(np.float32)
    layers = layers_of("tanh")
    path = encoded(layers, states[:, 0])[:, None]
    chosen = np.arange(80)[:, None] >= 20
    (found,) = kept(states, path[None], [layers], chosen, np.zeros(80, int), 3000)
    own, plane = states[20:, 0], path[20:, 0]
    expected = [trustworthiness(own, plane, n_neighbors=k) for k in NEIGHBOURS]
    np.testing.assert_allclose(found.trustworthiness, expected, atol=1e-6)
    expected = [trustworthiness(plane, own, n_neighbors=k) for k in NEIGHBOURS]
    np.testing.assert_allclose(found.continuity, expected, atol=1e-6)
    assert found.error == pytest.approx(((own - restored(layers, own)) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_one_example_has_no_neighbours_and_an_error_if_it_has_frames(frames: int) -> None:
    states = np.ones((1, 5, 4), np.float32)
    chosen = np.arange(5)[None] < frames
    layers = layers_of("relu")
    path = np.zeros((1, 1, 5, 2), np.float32)
    (found,) = kept(states, path, [layers], chosen, np.zeros(1, int), 100)
    assert np.isnan(found.trustworthiness).all()
    assert math.isfinite(found.error) == (frames > 0)


@pytest.fixture(scope="module")
def models(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The study's autoencoder, and as it would be if its bottleneck had another activation."""
    folder = tmp_path_factory.mktemp("bottlenecks")
    own = study / "autoencoders/2/0/model.keras"
    with zipfile.ZipFile(own) as archive:
        described = json.loads(archive.read("config.json"))
    for name in ORDER:
        for layer in described["config"]["layers"]:
            if layer["config"]["name"] == "bottleneck":
                layer["config"]["activation"] = name
        rewritten(own, folder / f"{name}.keras", config_json=json.dumps(described).encode())
    return tuple(folder / f"{name}.keras" for name in ORDER)


@pytest.fixture(scope="module")
def store(study: Path, models: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "0.zarr"
    bottlenecks(study / "activations.zarr", path, models=models)
    return path


def test_the_store_holds_the_paths_of_each_and_describes_itself(
    study: Path, store: Path, models: tuple[Path, ...]
) -> None:
    found, hidden = open_store(store, "bottlenecks"), open_store(study / "activations.zarr")
    assert found.bottleneck.values.tolist() == list(ORDER)
    assert found.path.dtype == np.float32
    real = hidden.mask.values
    for model, path in zip(models, found.path.values, strict=True):
        layers = read_layers(model, hidden.sizes["unit"], 2, {})
        np.testing.assert_array_equal(path[real], encoded(layers, hidden.hidden.values[real]))
        assert np.isnan(path[~real]).all()
    for name in ("tanh", "sigmoid", "relu"):
        lowest = np.nanmin(found.path.sel(bottleneck=name).values)
        assert (lowest < 0) == (name == "tanh")
    assert found.compared == "held_out"
    held_out = (hidden.part.values != "train")[:, None] & real
    frames = hidden.hidden.values[held_out]
    layers = read_layers(models[0], hidden.sizes["unit"], 2, {})
    error = float(((frames - restored(layers, frames)) ** 2).mean())
    assert float(found.reconstruction_error[0]) == pytest.approx(error, rel=1e-5)
    for name, variable in found.data_vars.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"] in ("1", "count"), name
    np.testing.assert_allclose(found.quarter_share.sum("quarter"), 1)


def test_order_follows_the_models_and_the_file_says_the_activation(
    study: Path, store: Path, models: tuple[Path, ...], tmp_path: Path
) -> None:
    bottlenecks(study / "activations.zarr", tmp_path / "b.zarr", models=models[:0:-1])
    found, every = open_store(tmp_path / "b.zarr"), open_store(store)
    assert found.bottleneck.values.tolist() == list(ORDER[:0:-1])
    xr.testing.assert_identical(
        found.path.load(), every.path.sel(bottleneck=list(ORDER[:0:-1])).load()
    )


def test_what_cannot_be_compared_is_refused(
    study: Path, models: tuple[Path, ...], tmp_path: Path
) -> None:
    activations, out = study / "activations.zarr", tmp_path / "out.zarr"
    with pytest.raises(UserError, match="--models is empty"):
        bottlenecks(activations, out, models=())
    with pytest.raises(UserError, match="its bottleneck is tanh, as that of"):
        bottlenecks(activations, out, models=(models[0], models[1], models[0]))
    with pytest.raises(UserError, match="expected a store of stage activations"):
        bottlenecks(study / "paths.zarr", out, models=models)
    broken = rewritten(models[0], tmp_path / "broken.keras", config_json=b"{")
    with pytest.raises(UserError, match=r"broken\.keras: it cannot be read"):
        bottlenecks(activations, out, models=(broken,))
    hidden = open_store(activations).load()
    other = hidden.assign(hidden=hidden.hidden + np.float32(0.5))
    write_store(other, tmp_path / "other.zarr", stage="activations", title="made for a test")
    with pytest.raises(UserError, match=r"it was not made from .*other\.zarr"):
        bottlenecks(tmp_path / "other.zarr", out, models=models)
    other = hidden.assign(hidden=hidden.hidden.where(hidden.hidden.example != 3))
    write_store(other, tmp_path / "nan.zarr", stage="activations", title="made for a test")
    with pytest.raises(UserError, match=r"nan\.zarr: .* no finite numbers"):
        bottlenecks(tmp_path / "nan.zarr", out, models=models)
    other = hidden.assign(mask=hidden.mask & False)
    write_store(other, tmp_path / "empty.zarr", stage="activations", title="made for a test")
    with pytest.raises(UserError, match="no example has a real frame"):
        bottlenecks(tmp_path / "empty.zarr", out, models=models)
    assert not out.exists()


def test_fewer_frames_are_compared_if_the_options_say_so(
    study: Path, store: Path, models: tuple[Path, ...], tmp_path: Path
) -> None:
    options = QualityOptions(frames=40)
    bottlenecks(study / "activations.zarr", tmp_path / "b.zarr", models=models, options=options)
    few, every = open_store(tmp_path / "b.zarr"), open_store(store)
    assert not np.allclose(few.trustworthiness[:, 0], every.trustworthiness[:, 0], atol=1e-6)
    np.testing.assert_array_equal(few.start_distance, every.start_distance)
