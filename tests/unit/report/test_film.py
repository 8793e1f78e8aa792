"""The film: the answers of every step, what is drawn of them, and a file that browsers play."""

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study import HOSTILE, NAMES
from hypothesis import given
from hypothesis import strategies as st
from imageio_ffmpeg import get_ffmpeg_exe
from matplotlib.colors import to_rgb
from one_network import CHANNELS, TIME, UNITS, sequences, write_files, write_model, write_sightings
from signpaths.errors import UserError
from signpaths.networks.classifiers import (
    Classifier,
    hidden_states,
    probabilities,
    read_classifier,
)
from signpaths.options import FilmOptions
from signpaths.report.drawing import film as drawing
from signpaths.report.drawing.film import HEIGHT, RIGHT, WIDTH, WRONG, apart, draw_film
from signpaths.report.film import film, filmed, held
from signpaths.report.filmed import (
    Filmed,
    aligned,
    answers,
    chosen,
    moments,
    pieces,
    position,
    shares,
    steps_of,
)
from signpaths.report.progress import progress
from signpaths.report.reading import open_drawn
from signpaths.report.video import written
from signpaths.stores import open_store, write_store

QUICK = FilmOptions(film_seconds=1)
NON_LATIN = ("手话", "жест", "إشارة", "naïve​", "e" * 300, "A\nB")


def film_of(files: tuple[Path, Path, Path], out: Path, **keywords: Any) -> None:
    """Film a network whose files lie as `write_files` lays them."""
    paths, activations, model = files
    film(
        activations.parent,
        paths.parent,
        activations.parents[1] / "sightings/0.zarr",
        model.parents[1],
        out,
        **{"study": "a study", "projection": "pca", "options": QUICK, **keywords},
    )


def read_filmed(files: tuple[Path, Path, Path]) -> Filmed:
    hidden = open_store(files[1]).load()
    network = read_classifier(files[2], None, hidden.sizes["class"], {})
    path = open_store(files[0])["path"].sel(space="pca2").values[0, ..., :2]
    return filmed(path, hidden, network)


def cut_short(network: Classifier, x: np.ndarray, at: int) -> np.ndarray:
    """Run the network on one sequence that ends at a step; give the probabilities `(sign,)`."""
    return probabilities(network, hidden_states(network, x[None, : at + 1])[:, -1])[0]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("masked", [True, False])
def test_an_answer_is_that_on_a_sequence_which_ends_there(
    padding: str, masked: bool, tmp_path: Path
) -> None:
    lengths = (5, 9, 1, 12)
    files = write_files(tmp_path, lengths, padding=padding, masked=masked)
    found = read_filmed(files)
    network = read_classifier(files[2], CHANNELS, len(lengths), {})
    x = sequences(lengths, NAMES, padding, ("train",))[0].x.values
    # A network that reads padding has said nothing final before it is read.
    reads_on = padding == "post" and not masked
    assert found.answer.shape == (4, TIME if reads_on else 12)
    for one, length in enumerate(lengths):
        first = TIME - length if padding == "pre" else 0
        for step in range(found.answer.shape[1]):
            at = min(first + step, TIME - 1) if reads_on else first + min(step, length - 1)
            expected = cut_short(network, x[one], at)
            assert found.answer[one, step] == expected.argmax()
            np.testing.assert_allclose(found.probability[one, step], expected.max(), rtol=1e-5)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("masked", [True, False])
def test_the_last_answers_are_those_that_the_study_stores(
    padding: str, masked: bool, tmp_path: Path
) -> None:
    files = write_files(tmp_path, (5, 9, 1, 12, 12, 3), padding=padding, masked=masked)
    found, hidden = read_filmed(files), open_store(files[1]).load()
    signs = np.array(found.signs)
    np.testing.assert_array_equal(signs[found.answer[:, -1]], hidden.predicted.values)
    stored = hidden.probability.values.max(axis=1)
    np.testing.assert_allclose(found.probability[:, -1], stored, rtol=1e-5)
    np.testing.assert_array_equal(signs[found.label], hidden.sign.values)
    np.testing.assert_array_equal(found.held_out, hidden.part.values != "train")
    # Some answers change on the way, or the test shows nothing.
    assert (found.answer[:, 0] != found.answer[:, -1]).any()


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_every_path_begins_at_its_own_first_frame(padding: str) -> None:
    real = np.zeros((3, 6), bool)
    path = np.full((3, 6, 2), np.nan)
    for one, length in enumerate((4, 1, 2)):
        where = slice(6 - length, 6) if padding == "pre" else slice(length)
        real[one, where] = True
        path[one, where] = 10 * one + np.arange(length)[:, None]
    found = aligned(path, real, steps_of(real, masked=True))
    assert found.shape == (3, 4, 2)
    none = np.nan
    expected = [[0, 1, 2, 3], [10, none, none, none], [20, 21, none, none]]
    np.testing.assert_array_equal(found[..., 1], expected)


def test_answers_take_one_step_after_the_other(tmp_path: Path) -> None:
    network = read_classifier(write_model(tmp_path / "m.keras", 3), None, 3, {})
    hidden = np.random.default_rng(0).normal(size=(4, 5, UNITS)).astype(np.float32)
    answer, probability = answers(network, hidden, np.tile(np.arange(5), (4, 1)))
    each = np.exp(hidden @ network.weight + network.offset)
    each /= each.sum(axis=2, keepdims=True)
    np.testing.assert_array_equal(answer, each.argmax(axis=2))
    np.testing.assert_allclose(probability, each.max(axis=2), rtol=1e-5)


@given(
    st.lists(st.floats(0, 6), max_size=8),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_pieces_put_together_are_the_whole_paths(
    inside: list[float], lengths: list[int], seed: int
) -> None:
    path = np.random.default_rng(seed).normal(size=(len(lengths), 7, 2))
    path[np.arange(7) >= np.array(lengths)[:, None]] = np.nan
    times = [0.0, *sorted(inside), 6.0]
    drawn = [lines for start, end in pairwise(times) for lines in pieces(path, start, end)]
    length = sum(np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum() for _, lines in drawn)
    whole = np.nansum(np.linalg.norm(np.diff(path, axis=1), axis=2))
    np.testing.assert_allclose(length, whole, atol=1e-9)
    middles = [middle for middle, _ in drawn]
    assert middles == sorted(middles)


def test_a_moment_between_two_steps_lies_on_the_line() -> None:
    path = np.array([[[0.0, 0.0], [4.0, 8.0], [np.nan, np.nan]]])
    np.testing.assert_allclose(position(path, 0.25), [[1, 2]])
    np.testing.assert_allclose(position(path, 1.0), [[4, 8]])
    assert np.isnan(position(path, 1.5)).all()


def test_moments_go_evenly_from_the_first_step_to_the_last() -> None:
    np.testing.assert_allclose(moments(9, 5), [0, 2, 4, 6, 8])
    np.testing.assert_array_equal(moments(1, 288), [0])


def of_labels(label: Sequence[int], right: Sequence[bool], held_out: Sequence[bool]) -> Filmed:
    answer = np.where(right, label, np.array(label) + 1)[:, None]
    path = np.zeros((len(label), 1, 2))
    signs = [str(sign) for sign in range(max(label) + 2)]
    one = np.ones_like(answer, dtype=float)
    return Filmed(path, answer, one, np.array(label), np.array(held_out), signs)


def test_the_followed_are_held_out_of_different_signs_and_some_are_mistaken() -> None:
    label = np.repeat(np.arange(40), 4)
    place = np.tile(np.arange(4), 40)
    right = ~((place == 2) & (label % 5 == 0))
    found = chosen(what := of_labels(label, right, place >= 2), 9)
    assert len(found) == 9
    assert what.held_out[found].all()
    assert (~what.right[found, -1]).sum() == 3
    assert list(label[found]) == sorted(set(label[found]))
    assert label[found][0] < 5
    assert label[found][-1] >= 35


def test_few_signs_and_no_held_out_examples_still_give_some_to_follow() -> None:
    found = chosen(of_labels([0, 0, 0, 1], [True, False, True, True], [False] * 4), 9)
    assert sorted(found) == [0, 1, 2, 3]
    found = chosen(of_labels([0, 0, 0, 1], [True] * 4, [False, True, False, False]), 9)
    assert list(found) == [1]


def test_shares_count_the_examples_of_each_step() -> None:
    np.testing.assert_allclose(shares(np.array([[True, False], [True, True]])), [1, 0.5])


@given(st.floats(0, 1), st.floats(0, 1))
def test_two_numbers_never_stand_on_one_another(one: float, other: float) -> None:
    high, low = apart([one, other], 0.13)
    assert abs(high - low) >= 0.13 - 1e-9
    assert min(high, low) >= min(one, other, 0) - 1e-9
    assert (high >= low) == (one >= other)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    rng = np.random.default_rng(1)
    return write_files(tmp_path_factory.mktemp("study"), rng.integers(6, TIME + 1, 48))


@pytest.fixture(scope="module")
def made(files: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film and its GIF."""
    out = tmp_path_factory.mktemp("film") / "film.mp4"
    film_of(files, out, gif=out.with_suffix(".gif"))
    return out


def described(path: Path) -> dict[str, Any]:
    """Say what ffmpeg, which has not been told anything of it, finds in a file."""
    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path), "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    stream = re.search(r"Stream #0:0.*?: Video: (.*)", said)
    length = re.search(r"Duration: 00:00:(\d+\.\d+)", said)
    assert stream
    assert length
    return {
        "stream": stream[1],
        "seconds": float(length[1]),
        "frames": int(re.findall(r"frame= *(\d+)", said)[-1]),
    }


def test_the_film_is_h264_of_so_many_pictures_that_browsers_take(made: Path) -> None:
    found = described(made)
    assert found["frames"] == 24 * (1 + 2)
    assert found["seconds"] == pytest.approx(3, abs=0.01)
    assert found["stream"].startswith("h264 (High)")
    for word in ("yuv420p", "bt709", f"{WIDTH}x{HEIGHT}", "24 fps"):
        assert word in found["stream"], found["stream"]
    content = made.read_bytes()
    # It plays before all of it is there.
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_gif_is_smaller_and_as_long(made: Path) -> None:
    found = described(made.with_suffix(".gif"))
    assert found["stream"].startswith("gif")
    assert "800x450" in found["stream"]
    assert found["seconds"] == pytest.approx(3, abs=0.15)
    assert found["frames"] == pytest.approx(30, abs=1)


def test_the_same_inputs_give_the_same_bytes(
    files: tuple[Path, Path, Path], made: Path, tmp_path: Path
) -> None:
    film_of(files, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == made.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", ".film.mp4.sum"}


def pictures(what: Filmed, *times: float, note: str = "network 0") -> list[np.ndarray]:
    return [one[..., :3].copy() for one in draw_film(what, np.array(times), ["x", "y"], note)]


def plane_of(picture: np.ndarray) -> np.ndarray:
    """Cut out the plane, inside its frame."""
    return picture[84:640, 50:855]


def inked(picture: np.ndarray) -> int:
    return int((plane_of(picture) < 250).any(axis=2).sum())


def has(picture: np.ndarray, colour: str) -> bool:
    return bool((np.abs(picture - np.multiply(255.0, to_rgb(colour))) < 3).all(axis=2).any())


def test_paths_grow(files: tuple[Path, Path, Path]) -> None:
    what = read_filmed(files)
    early, later, last = pictures(what, 0, 6, what.answer.shape[1] - 1)
    assert inked(early) < 0.5 * inked(later)
    assert inked(later) < inked(last)


def test_only_what_is_new_is_drawn(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def counting(path: np.ndarray, start: float, end: float) -> Any:
        found = pieces(path, start, end)
        drawn.append(sum(len(lines) for _, lines in found))
        return found

    monkeypatch.setattr(drawing, "pieces", counting)
    what = read_filmed(files)
    times = moments(what.answer.shape[1], what.answer.shape[1])
    pictures(what, *times)
    assert len(drawn) == len(times)
    assert sum(drawn[1:]) == (what.ends).sum()


def test_what_was_drawn_before_stays(files: tuple[Path, Path, Path]) -> None:
    what = read_filmed(files)
    end = what.answer.shape[1] - 1
    *_, grown = pictures(what, *moments(end + 1, 3 * end + 1))
    *_, at_once = pictures(what, 0, end)
    # Where pieces meet, and where paths of one piece cross, colours differ a little.
    apart_by = np.abs(plane_of(grown).astype(int) - plane_of(at_once)).max(axis=2)
    assert (apart_by > 60).mean() < 0.02


def test_names_come_where_examples_end(files: tuple[Path, Path, Path]) -> None:
    what = read_filmed(files)
    end = what.answer.shape[1] - 1
    nameless = Filmed(**{**vars(what), "signs": ["." for _ in what.signs]})
    first, last = pictures(what, 0, end)
    first_without, last_without = pictures(nameless, 0, end)
    np.testing.assert_array_equal(plane_of(first), plane_of(first_without))
    assert (plane_of(last) != plane_of(last_without)).any(axis=2).sum() > 500


def answering(right: float, steps: int = 3) -> Filmed:
    """Twelve examples in a row, of which such a share is answered rightly."""
    path = np.zeros((12, steps, 2))
    path[..., 0] = np.arange(12)[:, None]
    path[..., 1] = np.arange(steps) / steps
    label = np.arange(12) % 3
    answer = np.where(np.arange(12) < 12 * right, label, 3)[:, None].repeat(steps, axis=1)
    held_out = np.arange(12) % 2 == 0
    return Filmed(path, answer, np.full(answer.shape, 0.5), label, held_out, list("abcd"))


def test_right_and_wrong_have_their_colours_and_only_where_they_are() -> None:
    (right,), (wrong,), (both,) = (pictures(answering(share), 1) for share in (1, 0, 0.5))
    for picture, blue, orange in ((right, 1, 0), (wrong, 0, 1), (both, 1, 1)):
        # The plane, and the rows beside it.
        for place in (plane_of(picture), picture[370:, 870:]):
            assert (has(place, RIGHT), has(place, WRONG)) == (blue, orange)


def test_a_bar_is_as_long_as_its_probability() -> None:
    what = answering(1)
    widths = []
    for probability in (0.25, 0.5, 1.0):
        sure = np.full(what.answer.shape, probability)
        (picture,) = pictures(Filmed(**{**vars(what), "probability": sure}), 0)
        blue = (np.abs(picture - np.multiply(255.0, to_rgb(RIGHT))) < 3).all(axis=2)
        widths.append(int(blue[:, int(0.82 * WIDTH) :].sum(axis=1).max()))
    assert widths[0] / widths[2] == pytest.approx(0.25, abs=0.06)
    assert widths[1] / widths[2] == pytest.approx(0.5, abs=0.06)


def test_a_note_stands_in_the_corner_and_is_cut_to_its_place() -> None:
    what = answering(1)
    shown, without, long = (
        pictures(what, 0, note=note)[0][685:] for note in ("study, network 3", "", "x" * 900)
    )
    assert (shown[:, :300] != without[:, :300]).any()
    np.testing.assert_array_equal(long[:, 870:], without[:, 870:])


@pytest.mark.parametrize(
    ("lengths", "names"),
    [
        ((7,), NAMES),
        ((1,), NAMES),
        ((1, 1, 1), NAMES),
        ((5, 7, 3, 9), ("one",)),
        ((5, 7, 3, 9, 6, 4, 1), HOSTILE),
        ((5, 7, 3, 9, 6, 4, 1), NON_LATIN),
    ],
    ids=["one example", "one frame", "frames", "one sign", "hostile", "non-latin"],
)
@pytest.mark.filterwarnings("ignore:Glyph")
def test_odd_studies_have_a_film_too(
    lengths: Sequence[int], names: Sequence[str], tmp_path: Path
) -> None:
    files = write_files(tmp_path, lengths, names, parts=("test",))
    what = read_filmed(files)
    for picture in pictures(what, *moments(what.answer.shape[1], 3)):
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert has(picture, RIGHT) or has(picture, WRONG)


def test_a_film_of_one_frame_is_its_last_picture(tmp_path: Path) -> None:
    files = write_files(tmp_path, (1, 1))
    film_of(files, tmp_path / "film.mp4")
    assert described(tmp_path / "film.mp4")["frames"] == 1 + 2 * 24


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"projection": "ae"}, "names ae, but this study has no such paths; expected some of pca"),
        ({"projection": "shared_ae"}, "names shared_ae, but"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    files: tuple[Path, Path, Path], keywords: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        film_of(files, tmp_path / "film.mp4", **keywords)
    assert not list(tmp_path.iterdir())


def test_files_of_two_networks_are_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    lengths = open_store(files[1]).length.values.tolist()
    other = write_files(tmp_path / "other", lengths, seed=1)
    out = tmp_path / "film.mp4"
    with pytest.raises(UserError, match=r"ons/0\.zarr: it was not made from .*model\.keras"):
        film_of((*files[:2], other[2]), out)
    with pytest.raises(UserError, match=r"sightings/0\.zarr: it was not made from .*paths/0\.zarr"):
        film_of((files[0], *other[1:]), out)
    assert not out.exists()


def test_sightings_of_another_run_are_refused(tmp_path: Path) -> None:
    files = write_files(tmp_path, (5, 7, 9))
    write_sightings(tmp_path / "sightings/best.zarr", files[1])
    folders = [tmp_path / name for name in ("activations", "paths")]
    assert open_drawn(*folders, tmp_path / "sightings/best.zarr").title == "network 0 (best)"
    shutil.rmtree(tmp_path / "sightings/0.zarr")
    (tmp_path / "sightings/best.zarr").rename(tmp_path / "sightings/0.zarr")
    with pytest.raises(UserError, match=r"sightings/0\.zarr: it is of run best, not of run 0"):
        open_drawn(*folders, tmp_path / "sightings/0.zarr")


def test_states_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    files = write_files(tmp_path, (5, 7, 9))
    hidden = open_store(files[1]).load()
    hidden["hidden"][1, -1, 0] = np.nan
    write_store(hidden, files[1], stage="activations", title="Hidden states")
    paths = open_store(files[0]).load()
    made_from = {"activations": files[1]}
    write_store(paths, files[0], stage="paths", title="Paths", made_from=made_from)
    write_sightings(tmp_path / "sightings/0.zarr", files[1])
    with pytest.raises(UserError, match="no finite numbers"):
        film_of(files, tmp_path / "film.mp4")


def failing(folder: Path, script: str) -> str:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    "script", ["echo no room >&2; exit 3", "cat > /dev/null; echo no room >&2; exit 3"]
)
def test_what_ffmpeg_complains_of_is_told_and_an_old_film_stays(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", failing(tmp_path, script))
    files = write_files(tmp_path / "study", (5, 7, 9))
    out = tmp_path / "film.mp4"
    out.write_text("old")
    with pytest.raises(UserError, match=r"ended with status 3 .* no room"):
        film_of(files, out)
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ffmpeg", "film.mp4", "study"]


def test_an_ffmpeg_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "none"))
    with pytest.raises(UserError, match="ffmpeg cannot be started"):
        written([np.zeros((16, 16, 4), np.uint8)], (16, 16), 24, tmp_path / "film.mp4")


def test_the_last_picture_stays() -> None:
    shown = list(held([np.array(1), np.array(2)], 3))
    assert [int(one) for one in shown] == [1, 2, 2, 2, 2]
    assert list(held([], 3)) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(seconds: float) -> Any:
    """A clock that goes on by so much whenever it is looked at."""
    now = iter(np.arange(0, 10_000, seconds))
    return lambda: float(next(now))


def test_a_bar_grows_and_is_gone_at_the_end() -> None:
    stream = Terminal()
    assert list(progress(range(40), 40, "film", stream=stream, clock=ticking(0.5))) == [*range(40)]
    lines = stream.getvalue().split("\r")
    shares = [int(share) for share in re.findall(r"(\d+)%", stream.getvalue())]
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert "film [###" in stream.getvalue()
    # The line is empty, and the cursor at its begin.
    assert lines[-1] == ""
    assert lines[-2].strip() == ""
    assert len(lines[-2]) >= max(len(line) for line in lines)
    assert "\n" not in stream.getvalue()


def test_a_bar_is_gone_after_an_error_too() -> None:
    stream = Terminal()
    bar = progress(range(40), 40, "film", stream=stream, clock=ticking(0.5))
    for _ in range(9):
        next(bar)
    bar.close()
    assert "%" in stream.getvalue()
    assert stream.getvalue().endswith(" \r")


def test_quick_work_and_logs_have_no_bar() -> None:
    quick, log = Terminal(), io.StringIO()
    assert list(progress(range(9), 9, "film", stream=quick, clock=ticking(0.01))) == [*range(9)]
    assert list(progress(range(9), 9, "film", stream=log, clock=ticking(9))) == [*range(9)]
    assert quick.getvalue() == log.getvalue() == ""


def test_names_keep_clear_of_the_followed_examples(files: tuple[Path, Path, Path]) -> None:
    what = read_filmed(files)
    end = what.answer.shape[1] - 1
    # Every sign ends at one place, which is that of a followed example.
    path = np.where(np.isnan(what.path), np.nan, what.label[:, None, None] % 4)
    screen = drawing._Screen(Filmed(**{**vars(what), "path": path}), ["x", "y"], "")
    every = [text for text in screen.plane.texts if text.get_text() in NAMES]
    texts = [text for text in every if not text.get_path_effects()]
    assert len(texts) == len(NAMES)
    screen.grow(0, end)
    screen.picture(end)
    for row in screen.rows.rows:
        badge = row.there.mark.get_window_extent(screen.renderer)
        assert not any(badge.overlaps(text.get_window_extent(screen.renderer)) for text in texts)
