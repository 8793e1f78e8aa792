"""Excerpts of one network: means, phases, frames and answers against slow, obvious versions."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import spaces_named
from one_network import write_files
from signpaths.closeness.closeness import closeness
from signpaths.errors import UserError
from signpaths.networks.classifiers import read_classifier
from signpaths.options import ClosenessOptions, PhasesOptions
from signpaths.report.excerpts import HELD_PHASES, excerpts, steps_at
from signpaths.report.film import filmed
from signpaths.spaces import Space, described
from signpaths.stores import open_store, write_store

LENGTHS = (5, 9, 1, 12, 7, 8, 14, 3, 6, 10, 2, 11)
SIGNS = ("a", "b", "c")
PHASES = 8
# Every kind of space, those of autoencoders with two runs.
SPACES = spaces_named("pca2", "pca3", "ae2", "ae3", "shared_pca2", "shared_ae2", "shared_ae3")
RUNS = [
    Space(one.name, one.kind, one.words, one.dims, 2 if one.is_trained else 1) for one in SPACES
]


def files(folder: Path, padding: str = "pre", masked: bool = True) -> tuple[Path, Path, Path]:
    parts = ("train", "train", "train", "test", "validation", "train", "test")
    return write_files(
        folder, LENGTHS, SIGNS, padding=padding, masked=masked, parts=parts, spaces=RUNS
    )


def made(folder: Path, padding: str = "pre", masked: bool = True, phases: int = PHASES):
    paths, activations, model = files(folder, padding, masked)
    store = folder / "excerpts/0.zarr"
    excerpts(activations, paths, model, store, options=PhasesOptions(phases=phases))
    return open_store(store, "excerpts").load(), open_store(paths).load(), open_store(activations)


def at_phases(path: np.ndarray, real: np.ndarray, phases: int) -> np.ndarray:
    """One example's path at equal phases, a dimension after the other."""
    frames = path[real]
    at = np.linspace(0, len(frames) - 1, phases)
    return np.array([np.interp(at, np.arange(len(frames)), one) for one in frames.T]).T


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_means_and_held_out_paths_are_those_of_a_double_loop(padding: str, tmp_path: Path) -> None:
    found, paths, hidden = made(tmp_path, padding)
    real, sign, part = hidden.mask.values, hidden.sign.values, hidden.part.values
    held = [number for number, one in enumerate(part) if one != "train"]
    assert found["held"].values.tolist() == held
    assert 2 < len(held) < len(LENGTHS)
    assert described(found) == RUNS
    assert found["sign"].values.tolist() == list(SIGNS)
    for row, space in enumerate(RUNS):
        for seed in range(2):
            mean, out = found["mean"].values[row, seed], found["held_out"].values[row, seed]
            if seed >= space.runs:
                assert np.isnan(mean).all()
                assert np.isnan(out).all()
                continue
            assert np.isnan(mean[..., space.dims :]).all()
            own = paths.path.values[row, seed][..., : space.dims]
            for number, name in enumerate(SIGNS):
                examples = [
                    at_phases(own[one], real[one], PHASES)
                    for one in range(len(LENGTHS))
                    if sign[one] == name
                ]
                expected = sum(examples) / len(examples)
                np.testing.assert_allclose(mean[number][:, : space.dims], expected, atol=1e-6)
            for place, one in enumerate(held):
                expected = at_phases(own[one], real[one], HELD_PHASES)
                np.testing.assert_allclose(out[place][:, : space.dims], expected, atol=1e-6)


def test_means_in_the_shared_map_are_those_of_closeness_to_the_bit(tmp_path: Path) -> None:
    found, _, hidden = made(tmp_path)
    activations, twin = tmp_path / "activations/0.zarr", tmp_path / "untrained/0.zarr"
    write_store(
        hidden.load(),
        twin,
        stage="untrained",
        title="Twin",
        made_from={"activations": activations},
    )
    options = ClosenessOptions(phases=PHASES, labellings=0)
    close = tmp_path / "closeness/0.zarr"
    closeness(activations, twin, tmp_path / "paths/0.zarr", close, options=options)
    mean_path = open_store(close)["mean_path"].load()
    for space in described(found):
        if space.is_shared:
            for seed in range(space.runs):
                expected = mean_path.sel(shared_space=space.name)[seed].values
                mine = found["mean"].sel(space=space.name)[seed].values
                np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("masked", [True, False])
def test_answers_are_the_films(padding: str, masked: bool, tmp_path: Path) -> None:
    found, paths, hidden = made(tmp_path, padding, masked)
    network = read_classifier(tmp_path / "networks/0/model.keras", None, len(SIGNS), {})
    plane = paths["path"].sel(space="pca2").values[0, ..., :2]
    film = filmed(plane, hidden.load(), network)
    answer, sure = found["answer"].values, found["sure"].values
    for place, one in enumerate(found["held"].values):
        for phase in range(HELD_PHASES):
            step = int(phase / (HELD_PHASES - 1) * (LENGTHS[one] - 1) + 0.5)
            assert answer[place, phase] == film.answer[one, step]
            assert sure[place, phase] == round(100 * float(film.probability[one, step]))
    assert len(np.unique(answer)) > 1
    signs = np.array(film.signs)
    np.testing.assert_array_equal(signs[found["predicted"].values], hidden.predicted.values)
    np.testing.assert_array_equal(signs[found["of_sign"].values], hidden.sign.values)


def test_frames_are_all_real_ones_in_the_planes_one_example_after_the_other(tmp_path: Path) -> None:
    found, paths, hidden = made(tmp_path)
    planes = list(zip(found["plane"].values, found["plane_seed"].values, strict=True))
    # A network's own by its first autoencoder, the shared map's by all.
    assert planes == [
        *(("pca2", 0), ("ae2", 0), ("shared_pca2", 0), ("shared_ae2", 0), ("shared_ae2", 1)),
    ]
    assert found["length"].values.tolist() == list(LENGTHS)
    for row, (space, seed) in enumerate(planes):
        own = paths["path"].sel(space=space, ae_seed=seed).values
        one_by_one = [own[one][hidden.mask.values[one]][:, :2] for one in range(len(LENGTHS))]
        np.testing.assert_array_equal(found["frames"].values[row], np.concatenate(one_by_one))


def test_the_step_nearest_to_a_phase_is_within_half_a_step_and_inside() -> None:
    real = np.zeros((3, 10), bool)
    real[0, 3:], real[1, :1], real[2, 2:8] = True, True, True
    found = steps_at(real, 5)
    for one, (first, length) in enumerate(((3, 7), (0, 1), (2, 6))):
        at = first + np.linspace(0, 1, 5) * (length - 1)
        assert (np.abs(found[one] - at) <= 0.5).all()
        assert found[one][0] == first
        assert found[one][-1] == first + length - 1


def test_every_variable_says_what_it_is(tmp_path: Path) -> None:
    found, *_ = made(tmp_path)
    for name in ("mean", "held_out", "frames", "answer", "sure", "predicted"):
        assert found[name].attrs["long_name"]
        assert found[name].attrs["units"]
    assert found.attrs["network"] == "0"


def test_without_held_out_examples_the_rest_is_there(tmp_path: Path) -> None:
    paths, activations, model = write_files(tmp_path, LENGTHS, SIGNS, parts=("train",), spaces=RUNS)
    excerpts(activations, paths, model, tmp_path / "out.zarr", options=PhasesOptions(phases=2))
    found = open_store(tmp_path / "out.zarr")
    assert found["held_out"].sizes["held"] == found["answer"].sizes["held"] == 0
    assert np.isfinite(found["mean"].values[0, 0][..., :2]).all()


def test_another_networks_files_and_no_numbers_are_refused(tmp_path: Path) -> None:
    paths, activations, model = files(tmp_path / "one")
    others = write_files(tmp_path / "other", LENGTHS, SIGNS, seed=1, spaces=RUNS)
    out = tmp_path / "out.zarr"
    with pytest.raises(UserError, match=r"paths/0\.zarr: it was not made from"):
        excerpts(activations, others[0], model, out)
    with pytest.raises(UserError, match=r"activations/0\.zarr: it was not made from"):
        excerpts(activations, paths, others[2], out)
    broken = open_store(paths).load()
    attrs = {"stage": "paths", "title": "Paths", "made_from": {"activations": activations}}
    values = broken["path"].values.copy()
    values[2, 1, 3, -1, 0] = np.inf
    shutil.rmtree(paths)
    write_store(broken.assign(path=(broken["path"].dims, values)), paths, **attrs)
    with pytest.raises(UserError, match="no finite numbers"):
        excerpts(activations, paths, model, out)
    assert not out.exists()


def test_what_is_beyond_a_spaces_runs_is_not_looked_at(tmp_path: Path) -> None:
    paths, activations, model = files(tmp_path)
    one: xr.Dataset = open_store(paths).load()
    values = one["path"].values.copy()
    values[0, 1] = np.nan
    shutil.rmtree(paths)
    made_from = {"activations": activations}
    one = one.assign(path=(one["path"].dims, values))
    write_store(one, paths, stage="paths", title="Paths", made_from=made_from)
    excerpts(activations, paths, model, tmp_path / "out.zarr")
    assert np.isfinite(open_store(tmp_path / "out.zarr")["mean"].values[0, 0][..., :2]).all()
