"""The report on units: its numbers are those of the store, its sentence follows from them."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from signpaths.errors import UserError
from signpaths.evidence.features import KINDS
from signpaths.report.drawing.units import Shown, clearest, correlations, draw_units
from signpaths.report.reading import open_units
from signpaths.report.sections.units import coming_again, unit_rows
from signpaths.report.templates import environment
from signpaths.stores import open_store
from signpaths.wording import printable
from unit_study import SIGNS, make_units

HOSTILE = "<b>$x$"
NAMES = [HOSTILE, *(f"sign{index:02d}" for index in range(1, SIGNS))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    make_units(folder, 3, NAMES)
    return folder


@pytest.fixture(scope="module")
def units(folder: Path) -> xr.Dataset:
    return open_store(folder / "units.zarr", "units").load()


def page(units: xr.Dataset) -> str:
    template = environment(escape=True).get_template("sections/units.html.j2")
    return template.render(units=unit_rows(units), pictures={})


def study_with(units: xr.Dataset, often: int, below: int, again: bool) -> xr.Dataset:
    """The same study, if so many parts of gestures had units, so many weak ones, roles or not."""
    parts = np.flatnonzero([KINDS[kind].gesture for kind in units["kind"].values])
    made = units.copy(deep=True)
    made["networks"].values[:] = 0
    made["networks"].values[:, parts[:often]] = 3
    made["best"].values[:] = 0.4
    made["best"].values[..., parts[len(parts) - below :]] = 0.29
    made["alike"].values[:] = 1.0 if again else 0.0
    return made


def figure_of(folder: Path, units: xr.Dataset) -> Figure:
    return draw_units(
        units,
        open_store(folder / "sequences.zarr"),
        open_store(folder / "activations/1.zarr"),
        "1",
    )


def texts(figure: Figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts]
    return found


# Numbers


def test_rows_count_features_and_networks_by_kind(units: xr.Dataset) -> None:
    rows = {row["kind"]: row for row in unit_rows(units)["rows"]}
    assert {kind: row["features"] for kind, row in rows.items()} == {
        **{
            "channel": 22,
            "direction": 6,
            "turning": 6,
            "bending": 10,
            "shape": 2,
            "fist": 2,
            "speed": 2,
        },
        **{"position": 1, "sign": SIGNS},
    }
    fist = rows["fist"]["trained"]
    own = units.sel(which="trained").isel(feature=np.flatnonzero(units["kind"] == "fist"))
    assert fist["often"] == 1
    assert fist["most"] == own["best"].max()
    assert fist["best"] == pytest.approx(np.median(own["best"]))
    assert rows["fist"]["untrained"]["often"] == 0


def test_the_clearest_answer_to_a_part_of_a_gesture_is_told(units: xr.Dataset) -> None:
    found = unit_rows(units)["clearest"]
    own = units.sel(which="trained", network=found["network"], feature=found["feature"])
    assert KINDS[str(own["kind"].values)].gesture
    assert found["strength"] == own["best"].item()
    assert found["strength"] > 0.8
    assert found["answers"]
    # All fingers of that hand bend together.
    fingers = {f"bending:right_{one}" for one in ("thumb", "fore", "index", "ring", "little")}
    assert {*unit_rows(units)["answered"]} == {"fist:right", *fingers}


def test_p_is_the_share_of_turned_studies_matched_as_well() -> None:
    made = xr.Dataset(
        {
            "alike": (("which", "pair", "unit"), np.array([[[0.9, 0.5]], [[0.2, 0.4]]])),
            "alike_turned": (
                ("which", "rotation"),
                np.array([[0.6, 0.65, 0.69], [0.2, 0.31, 0.4]]),
            ),
        },
        coords={"which": ["trained", "untrained"]},
    )
    found = coming_again(made)
    assert found is not None
    assert [row["p"] for row in found] == pytest.approx([1 / 4, 3 / 4])
    assert [row["alike"] for row in found] == pytest.approx([0.7, 0.3])
    assert found[0]["nearer"] == pytest.approx((0.7 - 0.6467) / (1 - 0.6467), abs=1e-3)
    assert not found[0]["more"]
    assert coming_again(made.drop_vars("alike")) is None


def test_a_little_more_than_chance_is_hardly_more(units: xr.Dataset) -> None:
    made = study_with(units, 5, 9, True)
    made["alike_turned"].values[:] = 0.57
    made["alike"].values[:] = 0.58
    text = page(made)
    assert "so hardly more than directions at random" in text
    assert "In part: " in text
    made["alike"].values[:] = 0.7
    assert "so more than directions at random" in page(made)


# Words


@pytest.mark.parametrize(
    ("often", "below", "again", "said"),
    [
        (0, 28, True, "Yes: no unit answers to a part of a gesture in most networks, nor comes to"),
        (0, 20, True, "For most parts of gestures, yes: "),
        (0, 20, True, "for 20 of 28 none comes to a correlation of 0.3"),
        (0, 9, True, "This study cannot tell: no unit is shown to answer to a part of a gesture, "),
        (0, 9, True, "for 19 of 28 some unit comes to a correlation of 0.3"),
        (5, 9, False, "In part: in most networks some unit answers to 5 of 28 parts of gestures"),
        (5, 9, True, "No: in most networks some unit answers to 5 of 28 parts of gestures"),
    ],
)
def test_the_sentence_follows_from_the_numbers(
    units: xr.Dataset, often: int, below: int, again: bool, said: str
) -> None:
    text = page(study_with(units, often, below, again))
    assert said in text
    assert ("so more than directions at random" in text) == again


def test_a_study_with_one_network_says_what_it_cannot_tell(units: xr.Dataset) -> None:
    one = units.sel(network=["0"]).drop_vars(["alike", "alike_turned", "partner"])
    text = page(one)
    assert "takes two networks" in text
    assert "convergent" not in text


def test_units_of_other_networks_are_refused(folder: Path, units: xr.Dataset) -> None:
    stability = xr.Dataset(coords={"network": ["0", "1"]})
    with pytest.raises(UserError, match="networks are not those"):
        open_units(folder / "units.zarr", stability)


# The figure


def test_the_figure_names_units_features_and_signs(folder: Path, units: xr.Dataset) -> None:
    figure = figure_of(folder, units)
    said = "\n".join(texts(figure))
    rows = clearest(units, "1")
    assert [abs(row.strength) for row in rows] == sorted(
        (abs(row.strength) for row in rows), reverse=True
    )
    assert {"fist", "position", "channel"} <= {row.feature.kind for row in rows}
    for row in rows:
        assert f"Unit {row.unit} and {KINDS[row.feature.kind].words}" in said
        assert f"unit {row.unit} (no unit)" in said
    assert "Network 1" in said
    assert "2 frames later" in said
    assert "frame" in said
    assert any(printable(name) in said for name in NAMES)


def test_lines_are_the_recordings_and_colours_the_unit(folder: Path, units: xr.Dataset) -> None:
    figure = figure_of(folder, units)
    drawn = [
        one
        for axes in figure.axes
        for one in axes.collections
        # A colour bar has lines without colours of their own.
        if isinstance(one, LineCollection) and one.get_array() is not None
    ]
    assert len(drawn) == 3 * len(clearest(units, "1"))
    height = next(row for row in clearest(units, "1") if row.feature.kind == "channel")
    place = clearest(units, "1").index(height)
    line = drawn[3 * place]
    values = np.array([piece[:, 1].mean() for piece in line.get_segments()])
    colours = np.asarray(line.get_array())
    # The unit does the opposite of the channel, and this is an example in which it does so well.
    assert np.corrcoef(values, colours)[0, 1] < -0.7
    figure.canvas.draw()
    assert np.asarray(figure.canvas.buffer_rgba())[..., :3].std() > 5


def test_correlations_in_examples_add_up_to_that_over_all(folder: Path, units: xr.Dataset) -> None:
    """Those of the figure are parts of the one that the stage finds."""
    recorded = open_store(folder / "sequences.zarr").load()
    states = open_store(folder / "activations/1.zarr").load()
    chosen = states["part"].values != "train"
    real = recorded["mask"].values[chosen]
    hidden = np.zeros((chosen.sum(), real.sum(axis=1).max(), states.sizes["unit"]))
    frames = []
    for row, (x, h, mask) in enumerate(
        zip(recorded["x"].values[chosen], states["hidden"].values[chosen], real, strict=True)
    ):
        frames.append(x[mask])
        hidden[row, : mask.sum()] = h[mask]
    shown = Shown(frames, hidden, recorded["channel"].values.tolist(), [""] * len(frames))
    for row in clearest(units, "1")[:3]:
        inside, _ = correlations(row, shown)
        assert np.mean(np.sign(inside) == np.sign(row.strength)) > 0.9
        assert abs(np.median(inside)) == pytest.approx(abs(row.strength), abs=0.1)


def test_nothing_to_draw_is_said(folder: Path, units: xr.Dataset) -> None:
    dead = units.copy(deep=True)
    dead["strength"].values[:] = 0
    assert "No unit to draw" in "\n".join(texts(figure_of(folder, dead)))
