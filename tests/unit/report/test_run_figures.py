"""The article's figures of one run: what is drawn is what was handed over, and all of it."""

import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from fake_study import HOSTILE, NAMES
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from signpaths.data.hands import ONE, TWO
from signpaths.errors import UserError
from signpaths.evidence.sightings import DIMS, PARTS, handedness, measured
from signpaths.networks.weights import Stored
from signpaths.options import GLOVES
from signpaths.report import gallery
from signpaths.report.drawing import hands, signs
from signpaths.report.drawing.architecture import draw_autoencoder, draw_network, weights_of
from signpaths.report.drawing.hands import draw_hands
from signpaths.report.drawing.paths import (
    colours_apart,
    draw_large_paths,
    draw_last_steps,
    draw_paths,
    draw_volume,
)
from signpaths.report.drawing.scene import Scene, last_points, transformed
from signpaths.report.drawing.signs import draw_mistakes, draw_signs
from signpaths.report.drawing.style import FORMATS, STYLE, save
from signpaths.report.reading import Run
from signpaths.report.run_figures import IN_PLANE, IN_VOLUME, LARGE, drawn_in
from signpaths.spaces import HIDDEN_SPACE, autoencoder, components, coordinates

TAKES, STEPS = 6, 20
LIMIT = 0.15


def scene(names: Any = NAMES, dims: int = 2, takes: int = TAKES) -> Scene:
    """Signs on lines of their own, the first of each pair of signs two-handed; two mistakes."""
    generator = np.random.default_rng(0)
    sign = np.repeat(np.array(names), takes)
    number = np.repeat(np.arange(len(names)), takes)
    length = generator.integers(STEPS // 2, STEPS + 1, len(sign))
    phase = (np.arange(STEPS) - (STEPS - length)[:, None] + 1) / length[:, None]
    ends = generator.normal(size=(len(names), dims)) * 3
    path = phase[..., None] * ends[number][:, None] + 0.05 * generator.normal(
        size=(len(sign), STEPS, dims)
    )
    real = phase > 0
    path[~real] = np.nan
    predicted = sign.copy()
    part = np.tile(np.array(["train", "train", "train", "train", "validation", "test"]), 99)
    part = part[: len(sign)]
    predicted[takes - 2] = names[1]
    predicted[2 * takes - 1] = names[0]
    x = np.zeros((len(sign), STEPS, len(GLOVES)), np.float32)
    moves = np.cumsum(generator.normal(size=(len(sign), STEPS, 3)), axis=1)
    x[..., [GLOVES.index(f"right_{axis}") for axis in "xyz"]] = moves
    share = np.where(number % 2 == 0, 0.6, 0.01)[:, None, None]
    x[..., [GLOVES.index(f"left_{axis}") for axis in "xyz"]] = share * moves
    x[~real] = 0
    of_hands = np.where(number % 2 == 0, TWO, ONE)
    examples = xr.Dataset(
        {"x": (("example", "time", "channel"), x)},
        coords={"channel": list(GLOVES)},
        attrs={"options": f'{{"two_handed": {LIMIT}}}'},
    )
    states = xr.Dataset(
        {"mask": (("example", "time"), real), "predicted": ("example", predicted)},
        coords={
            name: ("example", v)
            for name, v in (("sign", sign), ("part", part), ("hands", of_hands))
        },
    )
    space = autoencoder(dims)
    views = [path, path]
    found = {**measured(views, states), **handedness(views, states, examples)}
    limits = sorted({0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7})
    sightings = xr.Dataset(
        {name: (DIMS[name], np.asarray(values)) for name, values in found.items()},
        coords={
            **coordinates([HIDDEN_SPACE, space]),
            "part": list(PARTS),
            "sign": sorted(set(names)),
            "threshold": limits,
        },
        attrs={"network": "3", "run": "median", "signs": len(set(names)), "two_handed": LIMIT},
    )
    return Scene(path, sign, predicted, part, of_hands, space, "none", sightings)


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in words(axes)]


def words(axes: Any) -> list[Any]:
    """The texts of axes, without their halos."""
    return [text for text in axes.texts if not text.get_path_effects()]


def threads(axes: Any) -> list[LineCollection]:
    return [one for one in axes.collections if isinstance(one, LineCollection)]


def test_transform_is_odd_and_keeps_nan() -> None:
    values = np.array([-3.0, -0.5, 0.0, 0.5, 3.0, np.nan])
    drawn = transformed(values, "log1p")
    np.testing.assert_allclose(drawn[:5], -drawn[4::-1])
    np.testing.assert_allclose(drawn[3:5], np.log1p([0.5, 3.0]))
    assert np.isnan(drawn[5])
    assert transformed(values, "none") is values
    with pytest.raises(UserError, match="expected none or log1p"):
        transformed(values, "sqrt")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_last_points_are_found_whichever_side_the_padding_is_on(padding: str) -> None:
    path = np.full((2, 4, 2), np.nan)
    real = slice(1, 4) if padding == "pre" else slice(0, 3)
    path[0, real] = [[0, 0], [1, 1], [2, 5]]
    np.testing.assert_array_equal(last_points(path), [[2, 5], [np.nan, np.nan]])


@pytest.mark.parametrize("draw", [draw_paths, draw_large_paths])
def test_every_path_is_drawn_frame_by_frame_and_every_sign_named(draw: Any) -> None:
    seen = scene()
    figure = draw(seen)
    (collection,) = threads(figure.axes[0])
    drawn = collection.get_segments()
    assert len(drawn) == len(seen.path) == len(NAMES) * TAKES
    for one, path in zip(drawn, seen.path, strict=True):
        np.testing.assert_array_equal(one, path[np.isfinite(path).all(axis=1)])
    assert set(NAMES) <= set(texts(figure))


def test_points_are_coloured_by_the_steps_since_their_example_began() -> None:
    seen = scene()
    cloud = next(
        one for one in draw_paths(seen).axes[0].collections if not isinstance(one, LineCollection)
    )
    steps = [np.arange(1, int(real.sum()) + 1) for real in seen.real]
    np.testing.assert_array_equal(cloud.get_array(), np.concatenate(steps))


def test_the_large_figure_has_every_point_too_and_no_pictures() -> None:
    seen = scene()
    axes = draw_large_paths(seen).axes[0]
    points = sum(
        len(line.get_xdata())
        for line in axes.lines
        if line.get_marker() == "."  # one a step
    )
    assert points == seen.real.sum()
    assert not any(one.get_rasterized() for one in axes.collections)


@pytest.mark.parametrize("dpi", [None, 72])
@pytest.mark.parametrize("draw", [draw_paths, draw_last_steps])
def test_names_never_leave_the_picture(draw: Any, dpi: int | None) -> None:
    figure = draw(scene())
    # An SVG has 72 points an inch, whatever the PNG has.
    figure.set_dpi(dpi or figure.dpi)
    figure.canvas.draw()
    axes = figure.axes[0]
    frame = axes.get_window_extent()
    boxes = [text.get_window_extent() for text in words(axes) if text.get_text() in NAMES]
    assert len(boxes) == len(NAMES)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert not any(p.overlaps(q) for i, p in enumerate(boxes) for q in boxes[:i])


def test_last_steps_are_joined_to_the_middle_of_their_sign() -> None:
    seen = scene()
    ends = last_points(seen.path)
    found = threads(draw_last_steps(seen).axes[0])
    assert len(found) == len(NAMES)
    for name, spokes in zip(seen.names, found, strict=True):
        own = ends[seen.sign == name]
        for spoke, end in zip(spokes.get_segments(), own, strict=True):
            apart = [sum(np.linalg.norm(one - other) for other in own) for one in own]
            np.testing.assert_allclose(spoke, [own[int(np.argmin(apart))], end])


def test_neighbours_have_other_colours() -> None:
    generator = np.random.default_rng(1)
    same = []
    for _ in range(20):
        anchors = generator.normal(size=(60, 2))
        colours = colours_apart(anchors)
        assert len(set(colours)) > 5
        apart = np.linalg.norm(anchors[:, None] - anchors, axis=2)
        np.fill_diagonal(apart, np.inf)
        nearest = apart.argmin(axis=1)
        for one in range(60):
            same.append(colours[one] == colours[nearest[one]])
            # Two that are each other's nearest never look alike.
            assert not same[-1] or nearest[nearest[one]] != one
    assert np.mean(same) < 0.03


def test_a_volume_shows_every_point() -> None:
    seen = scene(dims=3)
    views = draw_volume(seen).axes[:2]
    assert views[0].azim != views[1].azim
    for axes in views:
        (cloud,) = axes.collections
        assert len(cloud.get_array()) == seen.real.sum()


def test_hands_have_their_colours_and_the_threshold_its_curve() -> None:
    seen = scene()
    paths, of_signs, mixing = draw_hands(seen).axes
    (collection,) = threads(paths)
    colours = collection.get_colors()
    alpha = collection.get_alpha()
    for kind, colour in hands.COLOURS.items():
        count = (colours[:, :3] == to_rgba(colour, alpha)[:3]).all(axis=1).sum()
        assert count == (seen.hands == kind).sum() > 0
    (curve, *_) = of_signs.lines
    # The left hand moves 0.6 of what the right does, or next to nothing.
    np.testing.assert_array_equal(curve.get_ydata(), [4, 4, 4, 4, 4, 4, 4, 4, 0])
    found = seen.sightings["mixing"].sel(space="ae2").values
    np.testing.assert_allclose(mixing.lines[0].get_ydata(), 100 * found)


def test_hands_that_are_not_known_are_said_so() -> None:
    seen = scene()
    unknown = Scene(**{**vars(seen), "sightings": seen.sightings.drop_vars("mixing")})
    assert "not known" in texts(draw_hands(unknown))[0]


def test_hands_that_are_all_the_same_are_said_so() -> None:
    seen = scene()
    both = Scene(**{**vars(seen), "hands": np.full(len(seen.sign), TWO)})
    assert texts(draw_hands(both)) == [
        "All signs are two-handed, so there is nothing that could mix."
    ]


def test_named_signs_are_drawn_over_all_others() -> None:
    seen = scene()
    axes = draw_signs(seen, (NAMES[2], NAMES[5])).axes[0]
    back, *own = threads(axes)
    assert len(back.get_segments()) == (len(NAMES) - 2) * TAKES
    assert [len(one.get_segments()) for one in own] == [TAKES, TAKES]
    labels = {text.get_text(): text.get_color() for text in words(axes)}
    assert set(labels) == {NAMES[2], NAMES[5]}
    assert len(set(labels.values())) == 2


def test_a_mistake_has_its_true_name_above_in_blue_and_the_chosen_one_below_in_red() -> None:
    seen = scene()
    figure = draw_mistakes(seen, "validation")
    axes = figure.axes[0]
    above, below = words(axes)
    assert (above.get_text(), above.get_color()) == (NAMES[0], signs.TRUE)
    assert (below.get_text(), below.get_color()) == (NAMES[1], signs.CHOSEN)
    assert above.get_window_extent().y0 >= below.get_window_extent().y0 + 1
    _, shown = threads(axes)
    (path,) = shown.get_segments()
    wrong = seen.path[TAKES - 2]
    np.testing.assert_array_equal(path, wrong[np.isfinite(wrong).all(axis=1)])
    assert "1 of 8 validation examples" in axes.get_title()


def test_no_mistake_is_said_so() -> None:
    found = texts(draw_mistakes(scene(), "train"))
    assert found == ["None of 32 training examples is misclassified."]


def test_a_confusion_is_named_once_and_of_many_the_most_frequent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = scene()
    predicted = np.roll(seen.sign, TAKES)
    # One example of the first sign is taken for yet another.
    predicted[0] = NAMES[3]
    every = Scene(**{**vars(seen), "predicted": predicted})
    axes = draw_mistakes(every, "train").axes[0]
    assert len(threads(axes)[1].get_segments()) == 32
    below = [text.get_text() for text in words(axes) if text.get_color() == signs.CHOSEN]
    assert len(below) == 9
    assert sorted(one.endswith(" ×4") for one in below) == [False] * 2 + [True] * 7
    monkeypatch.setattr(signs, "MOST", 5)
    axes = draw_mistakes(every, "train").axes[0]
    below = [text.get_text() for text in words(axes) if text.get_color() == signs.CHOSEN]
    assert len(below) == 5
    assert all(one.endswith(" ×4") for one in below)
    assert "the 5 most frequent of 9 confusions" in axes.get_xlabel()


def test_named_signs_fill_their_picture() -> None:
    seen = scene()
    axes = draw_signs(seen, (NAMES[2], NAMES[5])).axes[0]
    own = seen.path[np.isin(seen.sign, [NAMES[2], NAMES[5]])]
    for (low, high), dim in ((axes.get_xlim(), 0), (axes.get_ylim(), 1)):
        assert low < np.nanmin(own[..., dim]) <= np.nanmax(own[..., dim]) < high
    reach = max(np.nanmax(own[..., dim]) - np.nanmin(own[..., dim]) for dim in (0, 1))
    assert np.ptp(axes.get_xlim()) == pytest.approx(1.2 * reach)


@pytest.mark.parametrize("name", [*drawn_in(autoencoder(2), [NAMES[:2]])])
def test_every_figure_is_a_small_file_with_its_names_and_corner(name: str, tmp_path: Path) -> None:
    seen = scene()
    with matplotlib.rc_context(STYLE):
        figure = drawn_in(seen.space, [NAMES[:2]])[name](seen)
        save(figure, tmp_path / name, "a study · network 3")
    pixels = plt.imread(tmp_path / f"{name}.png")[..., :3]
    assert 0.002 < (pixels < 0.9).any(axis=2).mean() < 0.9
    assert (pixels[:3, :3] == 1).all()
    text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    assert "a study · network 3" in text
    assert (tmp_path / f"{name}.svg").stat().st_size < 5_000_000
    if name in ("03-paths", "04-last-steps"):
        written = set(re.findall(r"<text[^>]*>([^<]*)</text>", text))
        assert set(NAMES) <= written


def test_what_the_table_of_figures_has_is_drawn_in_its_formats_and_no_more() -> None:
    planes = {entry.name: entry.formats for entry in gallery.of(gallery.PLANE)}
    # The autoencoder is drawn from its model, not from paths.
    assert planes.pop(gallery.AUTOENCODER) == FORMATS
    assert planes == {name: LARGE.get(name, FORMATS) for name in IN_PLANE}
    assert {entry.name for entry in gallery.of(gallery.VOLUME)} == set(IN_VOLUME)
    (named,) = gallery.of(gallery.SIGNS)
    drawn = set(drawn_in(autoencoder(2), [NAMES[:2], NAMES[2:4]])) - set(IN_PLANE)
    assert drawn == {f"{named.name}-1", f"{named.name}-2"}


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    seen = scene(names=HOSTILE)
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, draw in drawn_in(seen.space, [HOSTILE[:3]]).items():
            save(draw(seen), tmp_path / name, HOSTILE[0])
            assert "<script>" not in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")


def test_a_map_that_the_study_lacks_is_named() -> None:
    paths = xr.Dataset(coords=coordinates([components(2), autoencoder(2), autoencoder(3)]))
    seen = xr.Dataset(coords={"space": ["ae2"], "drawn": ("space", [4])})
    run = Run("3", "network 3 (median)", Path("3.zarr"), {}, xr.Dataset(), paths, seen)
    assert [one.name for one in run.spaces("ae")] == ["ae2", "ae3"]
    assert run.corner("mine", autoencoder(2)) == "mine · network 3 (median) · ae2, autoencoder 4"
    with pytest.raises(UserError, match=r"names shared_ae, .* expected some of pca, ae"):
        run.spaces("shared_ae")


def dense(name: str, units: int, activation: str) -> dict[str, Any]:
    return {
        "class_name": "Dense",
        "config": {"name": name, "units": units, "activation": activation},
        "inbound_nodes": [],
    }


def test_the_autoencoder_is_drawn_as_it_is() -> None:
    sizes = {"encoder_1": 48, "bottleneck": 2, "decoder_1": 48, "restored": 24}
    widths = [24, *sizes.values()]
    weights = {
        name: [np.zeros((before, after)), np.zeros(after)]
        for name, before, after in zip(sizes, widths, widths[1:], strict=False)
    }
    layers = [{"class_name": "GaussianNoise", "config": {"name": "noise", "stddev": 0.1}}]
    layers += [dense(name, units, "relu") for name, units in sizes.items()]
    found = Stored(layers, weights, {})
    said = texts(figure := draw_autoencoder(found))
    assert [word for word in said if word.isdigit()] == ["24", "48", "2", "48", "24"]
    assert "plus noise,\nσ = 0.1" in said
    # Fan-in times units, and a bias a unit.
    assert weights_of(found) == 24 * 48 + 48 + 48 * 2 + 2 + 2 * 48 + 48 + 48 * 24 + 24
    assert f"{weights_of(found):,} weights" in figure.axes[0].get_title()


def test_the_network_is_drawn_as_it_is() -> None:
    lstm = {"name": "lstm", "units": 100, "activation": "tanh", "recurrent_activation": "sigmoid"}
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 90, 22]}},
        {"class_name": "LSTM", "config": lstm, "inbound_nodes": [{"kwargs": {}}]},
        dense("probability", 94, "softmax"),
    ]
    weights = {
        "lstm_cell": [np.zeros((22, 400)), np.zeros((100, 400)), np.zeros(400)],
        "probability": [np.zeros((100, 94)), np.zeros(94)],
    }
    figure = draw_network(Stored(layers, weights, {}))
    said = "\n".join(texts(figure))
    for word in ("frame 90", "22 channels", "100 units", "94 signs", "raw signals", "read like"):
        assert word in said
    assert figure.axes[0].get_title() == "The network: 58,694 weights"
