"""Stage `shared-map`: every number of it beside a slow, obvious computation."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fake_study import NAMES, make_study, write_shared_map
from makers import random_ranks
from scipy.stats import spearmanr
from signpaths.errors import UserError
from signpaths.options import CloseOptions
from signpaths.spaces import described
from signpaths.stability.shared_map import shared_map
from signpaths.stores import open_store, write_store

RUNS = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven networks, five of them the reference, two autoencoders a network and in all."""
    spaces = ("hidden", "pca2", "ae2", "shared_pca2", "shared_ae2")
    study = make_study(tmp_path_factory.mktemp("study"), runs=RUNS, takes=1, spaces=spaces)
    rng = np.random.default_rng(6)
    for number in range(RUNS):
        path = study.folder / f"closeness/{number}.zarr"
        one = open_store(path).load()
        first = {"space": ["ae2", "shared_ae2"], "ae_seed": 0}
        one.mutual_rank.loc[first] = [random_ranks(rng, len(NAMES), []) for _ in range(2)]
        for name in ("separation", "mean_path"):
            factor = np.exp(rng.normal(size=one[name].shape))
            one[name] = (one[name] * factor).astype(one[name].dtype)
        write_store(one, path, stage="closeness", title="made for a test")
    write_shared_map(study.folder, NAMES, RUNS)
    return study.folder


@pytest.fixture(scope="module")
def found(folder: Path) -> xr.Dataset:
    return open_store(folder / "shared_map.zarr").load()


def stores(folder: Path, kind: str) -> list[xr.Dataset]:
    return [open_store(folder / f"{kind}/{number}.zarr").load() for number in range(RUNS)]


def test_paths_are_those_of_the_shared_spaces_best_autoencoders(
    folder: Path, found: xr.Dataset
) -> None:
    assert found.space.values.tolist() == ["shared_pca2", "shared_ae2"]
    assert found.network.values.tolist() == [str(number) for number in range(RUNS)]
    for number, run in enumerate(stores(folder, "closeness")):
        for space in found.space.values:
            drawn = int(found.drawn.sel(projection=space))
            expected = run.mean_path.sel(shared_space=space, ae_seed=drawn)
            np.testing.assert_array_equal(found.path.sel(space=space).values[number], expected)


def test_separations_are_geometric_means_over_networks(folder: Path, found: xr.Dataset) -> None:
    assert found.view.values.tolist() == ["hidden", "pca2", "ae2", "shared_pca2", "shared_ae2"]
    each = np.array([one.separation.values.astype(float) for one in stores(folder, "closeness")])
    geometric = np.prod(each ** (1 / RUNS), axis=0)
    np.testing.assert_allclose(found.separation, geometric, rtol=1e-5)
    assert np.ptp(each, axis=0).mean() > 0.1


def test_what_is_kept_is_what_loops_over_runs_give(folder: Path, found: xr.Dataset) -> None:
    upper = np.triu_indices(found.sizes["sign"], 1)
    qualities = stores(folder, "quality")
    for number, one in enumerate(stores(folder, "closeness")):
        hidden = one.mutual_rank.sel(space="hidden").values[0][upper]
        for space in described(found, "projection"):
            ranks = [
                one.mutual_rank.sel(space=space.name).values[run][upper]
                for run in range(space.runs)
            ]
            at = found.sel(projection=space.name).isel(network=number)
            expected = np.mean([spearmanr(rank, hidden).statistic for rank in ranks])
            np.testing.assert_allclose(at.kept_ranks, expected, rtol=1e-6)
            close = hidden <= 1
            kept = np.mean([(rank[close] <= 1).mean() for rank in ranks])
            np.testing.assert_allclose(at.kept_close, kept)
            trust = qualities[number].trustworthiness.sel(space=space.name, k=10)
            np.testing.assert_allclose(at.trustworthiness, trust.values[: space.runs].mean())


def test_the_shared_plane_that_keeps_and_can_be_trusted_most_is_chosen(found: xr.Dataset) -> None:
    score = (found.kept_close * found.trustworthiness).mean("network").to_series()
    planes = ["shared_pca2", "shared_ae2"]
    assert found.attrs["chosen"] == score[planes].idxmax()


def test_the_autoencoder_drawn_keeps_and_can_be_trusted_most(
    folder: Path, found: xr.Dataset
) -> None:
    upper = np.triu_indices(found.sizes["sign"], 1)
    worth = np.zeros(2)
    for one, quality in zip(stores(folder, "closeness"), stores(folder, "quality"), strict=True):
        close = one.mutual_rank.sel(space="hidden").values[0][upper] <= 1
        for seed in range(2):
            rank = one.mutual_rank.sel(space="shared_ae2").values[seed][upper]
            trust = quality.trustworthiness.sel(space="shared_ae2", k=10).values[seed]
            worth[seed] += (rank[close] <= 1).mean() * trust
    assert int(found.drawn.sel(projection="shared_ae2")) == worth.argmax() == 1


def test_fits_are_gathered_with_whose_they_are(found: xr.Dataset) -> None:
    np.testing.assert_allclose(found["fit"], 0.7)
    np.testing.assert_allclose(found.fit_permuted, 0.2)
    assert found.of_reference.values.tolist() == [1] * 5 + [0] * 2
    facts = ("reference", "fitting", "permutations")
    assert [found.attrs[name] for name in facts] == [5, RUNS, 3]


def test_a_network_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "networks.txt").write_text("".join(f"{one}\n" for one in range(RUNS + 1)))
    inputs = [folder / kind for kind in ("alignment", "closeness", "quality")]
    with pytest.raises(UserError, match=rf"{RUNS}\.zarr"):
        shared_map(tmp_path / "networks.txt", *inputs, tmp_path / "out.zarr", close=CloseOptions())
    assert not (tmp_path / "out.zarr").exists()


def test_a_network_on_another_reference_is_refused(folder: Path, tmp_path: Path) -> None:
    alignment = shutil.copytree(folder / "alignment", tmp_path / "alignment")
    references = [tmp_path / f"reference{number}.zarr" for number in range(2)]
    for number, reference in enumerate(references):
        made = xr.Dataset({"consensus": float(number)})
        write_store(made, reference, stage="reference", title="made for a test")
    for number in range(RUNS):
        path = alignment / f"{number}.zarr"
        sources = {"reference": references[number == 3]}
        one = open_store(path).load()
        write_store(one, path, stage="alignment", title="made for a test", made_from=sources)
    inputs = [alignment, folder / "closeness", folder / "quality"]
    with pytest.raises(UserError, match=r"3\.zarr: it is turned onto another reference than .*0\."):
        shared_map(folder / "networks.txt", *inputs, tmp_path / "out.zarr")


def test_separations_that_are_not_known_are_no_fault(folder: Path, tmp_path: Path) -> None:
    """Of two signs with one example each nothing is known."""
    closeness = shutil.copytree(folder / "closeness", tmp_path / "closeness")
    for number in range(RUNS):
        path = closeness / f"{number}.zarr"
        one = open_store(path).load()
        one.separation[..., 2] = np.nan
        write_store(one, path, stage="closeness", title="made for a test")
    inputs = [folder / "alignment", closeness, folder / "quality"]
    shared_map(folder / "networks.txt", *inputs, tmp_path / "out.zarr")
    unknown = np.isnan(open_store(tmp_path / "out.zarr").separation.values)
    assert unknown[..., 2].all()
    assert not np.delete(unknown, 2, axis=2).any()


@pytest.mark.parametrize("kind", ["alignment", "quality"])
def test_what_is_of_another_network_is_refused(folder: Path, tmp_path: Path, kind: str) -> None:
    """Whichever of them it is; it stands under the right name."""
    for number in range(2):
        made = xr.Dataset({"hidden": float(number)})
        path = tmp_path / f"{number}.zarr"
        write_store(made, path, stage="activations", title="made for a test")
    copied = {one: tmp_path / one for one in ("alignment", "closeness", "quality")}
    for one, place in copied.items():
        shutil.copytree(folder / one, place)
        own = {"activations": tmp_path / f"{int(one == kind)}.zarr"}
        store = open_store(place / "4.zarr").load()
        write_store(store, place / "4.zarr", stage=one, title="made for a test", made_from=own)
    with pytest.raises(UserError, match=rf"{kind}/4\.zarr: it is of another network or study"):
        shared_map(folder / "networks.txt", *copied.values(), tmp_path / "out.zarr")
