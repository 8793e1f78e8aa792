"""Bottlenecks side by side: what is drawn and said is what the store holds."""

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection
from signpaths.errors import UserError
from signpaths.projections.bottlenecks import BOUNDS, Kept, as_dataset, measured
from signpaths.report.bottlenecks import sentence_rows
from signpaths.report.drawing.bottlenecks import draw_bottlenecks
from signpaths.report.drawing.scene import transformed
from signpaths.report.drawing.style import STYLE
from signpaths.wording import ACTIVATIONS

EXAMPLES, TIME = 12, 9
NAMES = ("linear", "tanh", "relu", "sigmoid")


def planted(names: tuple[str, ...] = NAMES, dead: str = "") -> xr.Dataset:
    """Paths out of (0, 0), each behind its activation, the first two steps padding."""
    generator = np.random.default_rng(0)
    way = np.linspace(0, 4, TIME)[:, None] * generator.normal(0, 1, (EXAMPLES, 1, 2))
    behind = {
        "linear": way,
        "tanh": np.tanh(way),
        "relu": np.maximum(way, 0),
        "sigmoid": 1 / (1 + np.exp(-way)),
    }
    paths = np.stack([behind[name] * (name != dead) for name in names]).astype(np.float32)
    paths[:, :, :2] = np.nan
    kept = [Kept(0.0123, np.array([0.9, 0.876, 0.8]), np.zeros(3)) for _ in names]
    measures = {name: measured(path, name) for name, path in zip(names, paths, strict=True)}
    return as_dataset(paths, measures, kept)


def pixels(figure: object) -> np.ndarray:
    figure.canvas.draw()  # type: ignore[attr-defined]
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]


@pytest.mark.parametrize("transform", ["none", "log1p"])
def test_every_bottleneck_has_a_panel_with_its_paths_and_bounds(transform: str) -> None:
    found = planted()
    with matplotlib.rc_context(STYLE):
        figure = draw_bottlenecks(found, transform)
    assert f"Paths of {EXAMPLES} examples" in figure.get_suptitle()
    assert "4 bottlenecks" in figure.get_suptitle()
    panels, bar = figure.axes[:4], figure.axes[4]
    assert bar.get_ylim() == (1, TIME - 2)
    assert [axes.get_title(loc="left") for axes in panels] == [ACTIVATIONS[name] for name in NAMES]
    for name, axes in zip(NAMES, panels, strict=True):
        path = transformed(found.path.sel(bottleneck=name).values, transform)
        (lines,) = (one for one in axes.collections if isinstance(one, LineCollection))
        (points,) = (one for one in axes.collections if isinstance(one, PathCollection))
        assert lines.get_rasterized()
        assert points.get_rasterized()
        assert len(lines.get_segments()) == EXAMPLES
        np.testing.assert_allclose(points.get_offsets(), path[:, 2:].reshape(-1, 2))
        np.testing.assert_array_equal(points.get_array(), np.tile(range(1, TIME - 1), EXAMPLES))
        # All points, (0, 0) and the bounds are inside, one unit as long on both axes.
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert right - left == pytest.approx(high - low)
        ends = transformed(np.array([end for end in BOUNDS[name] if np.isfinite(end)]), transform)
        for x, y in [*path[:, 2:].reshape(-1, 2), (0, 0), *np.transpose([ends, ends])]:
            assert left < x < right
            assert low < y < high
        dashed = [line for line in axes.lines if line.is_dashed()]
        across = [line.get_ydata()[0] for line in dashed if list(line.get_xdata()) == [0, 1]]
        upright = [line.get_xdata()[0] for line in dashed if list(line.get_ydata()) == [0, 1]]
        np.testing.assert_allclose([across, upright], [ends, ends])
        assert len(dashed) == 2 * len(ends)


def test_the_picture_is_not_blank_and_nothing_covers_anything() -> None:
    with matplotlib.rc_context(STYLE):
        figure = draw_bottlenecks(planted(), "none")
        image = pixels(figure)
        for axes in figure.axes[:4]:
            box = axes.get_window_extent()
            rows = slice(int(image.shape[0] - box.y1), int(image.shape[0] - box.y0))
            inside = image[rows, int(box.x0) : int(box.x1)]
            assert (inside != 255).any(axis=2).mean() > 0.005
    words = [axes.texts[0].get_window_extent() for axes in figure.axes[:4]]
    names = [axes.get_tightbbox() for axes in figure.axes[4:]]
    boxes = [*words, *(axes.get_window_extent() for axes in figure.axes[:4]), *names]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i])
        assert 0 <= one.x0 < one.x1 <= image.shape[1]
        assert 0 <= one.y0 < one.y1 <= image.shape[0]


def test_what_was_measured_stands_below_each_panel() -> None:
    found = planted()
    figure = draw_bottlenecks(found, "none")
    for name, axes in zip(NAMES, figure.axes[:4], strict=True):
        one, said = found.sel(bottleneck=name), axes.texts[0].get_text()
        assert f"first points {float(one.start_distance):.2f}" in said
        assert f"Quarters used: {int(one.quarters_used)} of 4" in said
        share = float(one.quarter_share.sel(quarter="upper right"))
        assert f"upper right {100 * share:.0f}" in said
        assert "error 0.0123; trustworthiness 0.876" in said
        squashed = "no bounds" if name == "linear" else f"{100 * float(one.squashed):.1f}"
        assert squashed in said
    assert "cut off at 0" in figure.axes[2].texts[0].get_text()


def test_a_dead_bottleneck_is_drawn_and_said() -> None:
    figure = draw_bottlenecks(planted(("relu",), dead="relu"), "log1p")
    said = figure.axes[0].texts[0].get_text()
    assert "No unit varies" in said
    assert "nan" not in said
    assert np.isfinite(figure.axes[0].get_xlim()).all()
    assert figure.get_suptitle().endswith("behind one bottleneck")
    figure.canvas.draw()


def test_no_bottleneck_and_an_unknown_transform_are_refused() -> None:
    with pytest.raises(UserError, match=r"figures\.bottlenecks"):
        draw_bottlenecks(planted().isel(bottleneck=slice(0)), "none")
    with pytest.raises(UserError, match=r"figures\.transform"):
        draw_bottlenecks(planted(), "sqrt")


def test_rows_tell_each_sentence_with_its_verdict_and_numbers() -> None:
    found = planted()
    found["holds"][:] = [1, 0, -1, 1, 0]
    rows = sentence_rows(found)
    verdicts = ["yes", "no", "cannot be said", "yes", "no"]
    assert [row["agrees"] for row in rows] == verdicts
    assert [row["said"] for row in rows] == found.said.values.tolist()
    assert all(row["criterion"] for row in rows)
    counts = [len(row["behind"]) for row in rows]
    assert counts == [4, 2, 2, 2, 4]
    start = float(found.start_distance.sel(bottleneck="tanh"))
    assert any(
        text.startswith(f"tanh: first points {start:.2f}, all others") for text in rows[0]["behind"]
    )
    assert [text.split(":")[0] for text in rows[1]["behind"]] == ["ReLU", "sigmoid"]
    squashed = float(found.squashed.sel(bottleneck="tanh"))
    assert any(f"tanh: {100 * squashed:.1f}" in text for text in rows[3]["behind"])
    assert rows[4]["behind"][0] == "linear: trustworthiness 0.876"
    assert not any("nan" in text for row in rows for text in row["behind"])
