"""The figures: labels that do not overlap, the same bytes twice, names that do no harm."""

import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from fake_study import HOSTILE, NAMES, Study, make_study, make_whole_study, write_agreement
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.errors import UserError
from signpaths.hashes import PACKAGE, code_hash
from signpaths.options import PairsOptions
from signpaths.report import gallery
from signpaths.report.closest import named, over_all_counts, telling
from signpaths.report.drawing.labels import place_labels
from signpaths.report.drawing.networks import draw_networks
from signpaths.report.drawing.pairs import draw_pairs
from signpaths.report.drawing.runs import draw_runs
from signpaths.report.drawing.shared_map import draw_parting
from signpaths.report.drawing.variance import draw_variance
from signpaths.report.figures import figures
from signpaths.stores import open_store


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("study"), spaces=("hidden", "pca2", "ae3"))


def overlapping(centres: np.ndarray, sizes: np.ndarray) -> int:
    """Count the pairs of boxes that overlap, one by one."""
    count = 0
    for i in range(len(centres)):
        for j in range(i):
            gap = np.abs(centres[i] - centres[j]) - (sizes[i] + sizes[j]) / 2
            count += bool((gap < 0).all())
    return count


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.floats(0, 300), st.integers(0, 2**31))
def test_no_two_labels_overlap_and_all_stay_inside(n: int, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = 600 + spread * rng.normal(size=(n, 2))
    sizes = np.stack([rng.uniform(10, 130, n), np.full(n, 16.0)], axis=1)
    centres = place_labels(anchors, sizes, (0, 0, 1200, 1200))
    assert not np.isnan(centres).any()
    assert overlapping(centres, sizes) == 0
    assert (centres - sizes / 2 >= 0).all()
    assert (centres + sizes / 2 <= 1200).all()


def test_a_lone_label_sits_just_above_its_anchor() -> None:
    centre = place_labels(np.array([[50.0, 50.0]]), np.array([[20.0, 10.0]]), (0, 0, 100, 100))
    np.testing.assert_allclose(centre, [[50, 58]])


def test_a_label_that_fits_nowhere_is_left_out() -> None:
    sizes = np.array([[80.0, 80.0], [80.0, 80.0]])
    centres = place_labels(np.full((2, 2), 50.0), sizes, (0, 0, 200, 100))
    assert np.isnan(centres).all(axis=1).sum() <= 1
    assert np.isnan(place_labels(np.full((1, 2), 50.0), sizes[:1], (0, 0, 60, 60))).all()


def test_every_figure_is_written_and_again_the_same_bytes(study: Study, tmp_path: Path) -> None:
    for name in ("a", "b"):
        figures(*study.for_figures, tmp_path / name, study="fake")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(file for entry in gallery.of_study(False) for file in entry.files)
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    for name in names:
        if name.endswith(".svg"):
            assert "fake · 10 networks · " in (tmp_path / "a" / name).read_text(), name


def test_named_pairs_are_drawn_too_and_each_once(study: Study, tmp_path: Path) -> None:
    stability = open_store(study.for_figures[0]).load()
    first, second = (stability[name].values.astype(str) for name in ("sign_a", "sign_b"))
    pairs = ((second[3], first[3]), (first[5], second[5]))
    assert named(stability, pairs) == [3, 5]
    shared = open_store(study.folder / "shared_map.zarr").load()
    titles = [axes.get_title() for axes in draw_parting(shared, stability, [3, 5]).axes]
    assert titles == [f"{first[pair]} and {second[pair]}" for pair in (3, 5)]
    best = telling(stability)[0]
    sizes = []
    for chosen in ((), pairs, (*pairs, (first[best], second[best]))):
        folder = tmp_path / str(len(chosen))
        figures(*study.for_figures, folder, study="fake", options=PairsOptions(pairs=chosen))
        sizes.append(
            [plt.imread(folder / f"{name}.png").shape for name in ("retrainings", "parting")]
        )
    for few, more in zip(*sizes[:2], strict=True):
        assert np.prod(more) > 1.3 * np.prod(few)
    assert sizes[2] == sizes[1]


def test_a_named_pair_of_a_sign_that_is_not_there_is_refused(study: Study, tmp_path: Path) -> None:
    options = PairsOptions(pairs=((NAMES[0], NAMES[1][:-1]),))
    with pytest.raises(UserError, match=f"figures.pairs: .* mean {NAMES[1]}"):
        figures(*study.for_figures, tmp_path / "out", study="fake", options=options)
    assert not (tmp_path / "out").exists()


def test_one_run_and_hostile_names_can_be_drawn(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", names=HOSTILE, runs=1, takes=1, spaces=("hidden", "ae2"))
    figures(*study.for_figures, tmp_path / "out", study="<b>")
    assert (tmp_path / "out/pairs.svg").stat().st_size > 1000


def test_a_study_without_any_close_pair_says_so(study: Study) -> None:
    stability = open_store(study.for_figures[0]).load()
    stability["close"][:] = False
    stability["pi"][:] = 0
    texts = [text.get_text() for text in draw_networks(stability).axes[0].texts]
    assert texts == ["No pair was close in any network."]
    assert len(draw_pairs(stability).axes[0].get_yticks()) == 10


def test_a_missing_run_is_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"0.metrics\.json: it cannot be read"):
        figures(*study.for_figures[:-1], tmp_path, tmp_path / "out", study="fake")
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_whole_study(tmp_path_factory.mktemp("whole"), spaces=("hidden", "ae2"))


def test_variance_shows_the_store_s_shares_and_reliability(whole: Study) -> None:
    stability = open_store(whole.for_figures[0]).load()
    upper, lower = draw_variance(stability).axes
    shares = stability["variance_share"].transpose("space", "source").values
    widths = [[bar.get_width() for bar in bars] for bars in upper.containers]
    np.testing.assert_allclose(np.transpose(widths), shares)
    starts = [[bar.get_x() for bar in bars] for bars in upper.containers]
    np.testing.assert_allclose(np.transpose(starts), np.cumsum(shares, axis=1) - shares)
    spaces = [label.get_text() for label in upper.get_yticklabels()]
    assert spaces == ["hidden", "untrained", "ae2", "shared_pca2"]
    curves = {line.get_label(): line for line in lower.lines}
    counts = stability["network_count"].values
    for space in ("hidden", "ae2"):
        x, y = curves[space].get_data()
        stored = stability["reliability"].sel(space=space, ae_count=2).values
        within = counts <= x[-1]
        np.testing.assert_allclose(np.interp(counts[within], x, y), stored[within])
    assert "untrained" not in curves
    dots = [line for line in lower.lines if line.get_marker() == "o"]
    assert [list(dot.get_xdata()) for dot in dots] == [[12], [12]]


def test_one_network_has_no_variance_to_draw(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path, runs=1, autoencoders=1, takes=1, spaces=("hidden", "ae2"))
    (axes,) = draw_variance(open_store(study.for_figures[0]).load()).axes
    assert [text.get_text() for text in axes.texts] == [
        "One network: what another training would change is not known."
    ]


def test_runs_that_stand_out_have_a_ring_and_a_name(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = write_agreement(study.folder / "map.zarr", NAMES, 10, ["outlying ranks"])
    found.place[3] = np.nan
    axes = draw_runs(found).axes[0]
    dots, rings = axes.collections
    assert dots.get_offsets().shape == (9, 2)
    np.testing.assert_allclose(rings.get_offsets(), found.place.values[[1]])
    labels = {text.get_text() for text in axes.texts} - {"shape distance 0.2"}
    assert labels == set("012456789")
    assert f"{100 * found.attrs['map_stress']:.0f} % (stress)" in axes.get_xlabel()
    # Of many, only those that stand out are named.
    monkeypatch.setattr("signpaths.report.drawing.runs.NAMED", 8)
    labels = {text.get_text() for text in draw_runs(found).axes[0].texts}
    assert labels - {"shape distance 0.2"} == {"1"}


def test_two_networks_make_no_map(study: Study) -> None:
    (axes,) = draw_runs(write_agreement(study.folder / "two.zarr", NAMES, 2)).axes
    assert ["needs three networks" in text.get_text() for text in axes.texts] == [True]


def test_rewording_what_was_found_draws_no_figure_again(tmp_path: Path) -> None:
    package = tmp_path / "signpaths"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    before = code_hash("report.figures", package)
    for name in ("report/findings.py", "report/method.py", "report/sections/pairs.py"):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write("NEW = 1\n")
    assert code_hash("report.figures", package) == before
    with (package / "report/drawing/labels.py").open("a", encoding="utf-8") as file:
        file.write("NEW = 1\n")
    assert code_hash("report.figures", package) != before


def test_the_pairs_shown_are_of_all_numbers_of_networks() -> None:
    """The closest of every count before the second of any, against a loop; none that never is."""
    generator = np.random.default_rng(4)
    pi = generator.integers(0, 6, 60) / 5
    rank = generator.permutation(60) + 1.0
    stability = xr.Dataset(
        {"pi": (("space", "pair"), pi[None]), "rank_mean": (("space", "pair"), rank[None])},
        coords={"space": ["hidden"]},
    )
    by_count = [
        sorted(np.flatnonzero(np.rint(5 * pi) == count), key=lambda i: rank[i])
        for count in (5, 4, 3, 2, 1)
    ]
    turns = [one[at] for at in range(60) for one in by_count if at < len(one)]
    for most in (3, 7, 12, 100):
        expected = sorted(turns[:most], key=lambda i: (-pi[i], rank[i]))
        assert over_all_counts(stability, most).tolist() == expected


def test_signs_that_are_together_at_any_distance_are_drawn(study: Study) -> None:
    """The limit lies inside the picture, however large it is."""
    stability = open_store(study.for_figures[0]).load()
    shared = open_store(study.folder / "shared_map.zarr").load().assign_attrs(parting=20.0)
    axes = draw_parting(shared, stability, [0]).axes[0]
    assert axes.get_ylim()[1] > 20
    assert 20 in axes.get_yticks()
