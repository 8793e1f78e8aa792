"""Stages `reference` and `alignment`: planted rotations are found, independent networks are not."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import orthogonal_procrustes
from signpaths.errors import UserError
from signpaths.options import PhasesOptions, ReferenceOptions
from signpaths.projections.alignment import alignment
from signpaths.projections.paths import read_turn
from signpaths.projections.procrustes import sign_means
from signpaths.projections.reference import reference
from signpaths.stores import open_store, write_store

SIGNS, TAKES, TIME, UNITS, PHASES = 12, 6, 20, 10, 8
SIGN = np.repeat([f"sign{one:02}" for one in range(SIGNS)], TAKES)
PART = np.tile(["train", "train", "train", "validation", "test", "test"], SIGNS)
REAL = np.arange(TIME) < np.random.default_rng(9).integers(10, TIME + 1, SIGN.size)[:, None]
# No test example may reach the reference, and would be seen there.
FAR = 1e3


def write_states(path: Path, states: np.ndarray) -> None:
    dims = ("example", "time", "unit")
    states = np.where(REAL[..., None], states, 0).astype(np.float32)
    dataset = xr.Dataset(
        {"hidden": (dims, states), "mask": (dims[:2], REAL)},
        coords={
            "sign": ("example", SIGN),
            "part": ("example", PART),
            "length": ("example", REAL.sum(axis=1)),
        },
    )
    write_store(dataset, path, stage="activations", title="made for a test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks 0 to 3 are turned, scaled and shifted copies of one another with noise; 4 is not."""
    folder, rng = tmp_path_factory.mktemp("networks"), np.random.default_rng(2)

    def walks() -> np.ndarray:
        way = rng.normal(size=(SIGNS, TIME, UNITS)).cumsum(axis=1)
        return np.repeat(way, TAKES, axis=0) + 0.3 * rng.normal(size=(SIGN.size, TIME, UNITS))

    common = walks()
    for number in range(4):
        turn = np.linalg.qr(rng.normal(size=(UNITS, UNITS)))[0]
        noise = 0.1 * rng.normal(size=common.shape)
        states = (0.5 + number) * ((common + noise) @ turn + rng.normal(size=UNITS))
        if number < 2:
            states[PART == "test"] = FAR
        write_states(folder / f"activations/{number}.zarr", states)
    write_states(folder / "activations/4.zarr", walks())
    reference(
        folder / "activations",
        folder / "reference.zarr",
        networks=("0", "1"),
        options=ReferenceOptions(frames=200),
        phases=PhasesOptions(phases=PHASES),
    )
    for number in range(5):
        turned = folder / f"alignment/{number}.zarr"
        activations = folder / f"activations/{number}.zarr"
        alignment(activations, folder / "reference.zarr", turned, network=str(number))
    return folder


@pytest.mark.parametrize("network", [2, 3])
def test_a_planted_rotation_is_found(folder: Path, network: int) -> None:
    found = open_store(folder / f"alignment/{network}.zarr").load()
    fit = found["fit"].to_series()
    # Held-out examples have other lengths, so that equal phases are not quite equal places.
    assert fit["train"] > 0.99
    assert fit["held_out"] > 0.9
    assert found["fit_permuted"].max() < 0.8
    assert (found.attrs["fits"], found.attrs["of_reference"]) == (1, 0)
    # Back in the first network's frame: its states but for the noise of both.
    states = [open_store(folder / f"activations/{one}.zarr").load() for one in (0, network)]
    turned = [
        read_turn(folder / f"alignment/{one}.zarr").forth(run.hidden.values[REAL])
        for one, run in zip((0, network), states, strict=True)
    ]
    seen = np.repeat(PART != "test", REAL.sum(axis=1))
    off = np.linalg.norm(turned[0][seen] - turned[1][seen], axis=1)
    assert np.median(off) < 0.2 * np.median(np.linalg.norm(turned[0][seen], axis=1))


def test_an_independent_network_fits_no_better_than_by_chance(folder: Path) -> None:
    found = open_store(folder / "alignment/4.zarr").load()
    assert found["fit"].max() < found["fit_permuted"].max() + 0.1
    assert found["fit"].max() < 0.8
    assert found["fit_sign"].shape == (2, SIGNS)
    assert found["fit_phase"].shape == (2, PHASES)


def test_a_network_of_the_reference_is_judged_by_the_others(folder: Path) -> None:
    found = open_store(folder / "alignment/0.zarr").load()
    assert found.attrs["of_reference"] == 1
    # Its test examples were moved away, so that only the training ones fit.
    fit = found["fit"].to_series()
    assert 0.98 < fit["train"] < 1
    assert fit["held_out"] < 0.9


def test_it_does_not_judge_itself(folder: Path, tmp_path: Path) -> None:
    """Of two networks each is judged by the other alone: R² in closed form, from scipy's scale."""
    common = tmp_path / "reference.zarr"
    phases = PhasesOptions(phases=PHASES)
    reference(folder / "activations", common, networks=("2", "4"), phases=phases)
    trained = PART == "train"
    label = np.unique(SIGN, return_inverse=True)[1]
    means = []
    for network in ("2", "4"):
        states = open_store(folder / f"activations/{network}.zarr").hidden.values
        mean = sign_means(states[trained], REAL[trained], label[trained], SIGNS, PHASES)
        mean = mean.reshape(-1, UNITS) - mean.reshape(-1, UNITS).mean(axis=0)
        means.append(mean / np.linalg.norm(mean))
    expected = orthogonal_procrustes(*means)[1] ** 2
    for network in ("2", "4"):
        activations, out = folder / f"activations/{network}.zarr", tmp_path / f"{network}.zarr"
        alignment(activations, common, out, network=network)
        assert open_store(out)["fit"].values[0] == pytest.approx(expected, rel=1e-5)


def test_turning_keeps_the_order_of_all_distances(folder: Path) -> None:
    states = open_store(folder / "activations/3.zarr").hidden.values[REAL][::5].astype(float)
    turned = read_turn(folder / "alignment/3.zarr").forth(states)
    before = np.linalg.norm(states[:, None] - states, axis=2)
    after = np.linalg.norm(turned[:, None] - turned, axis=2)
    ratio = after[before > 0] / before[before > 0]
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-4)


def test_frames_are_of_all_reference_networks_alike_and_never_of_test_examples(
    folder: Path,
) -> None:
    found = open_store(folder / "reference.zarr").load()
    counts = found.of_network.to_series().groupby(
        [found.of_network.values, found.part.values]
    ).size()  # fmt: skip
    assert counts.to_dict() == {
        **{(one, "train"): 100 for one in "01"},
        **{(one, "validation"): 25 for one in "01"},
    }
    assert np.abs(found.frame.values).max() < FAR / 10
    # An orthonormal basis of directions, the most telling first.
    component = found.component.values
    np.testing.assert_allclose(component @ component.T, np.eye(3), atol=1e-5)
    assert (np.diff(found.explained) <= 0).all()


def test_more_networks_change_nothing(folder: Path, tmp_path: Path) -> None:
    before = open_store(folder / "reference.zarr").load()
    reference(
        folder / "activations",
        tmp_path / "again.zarr",
        networks=("0", "1"),
        options=ReferenceOptions(frames=200),
        phases=PhasesOptions(phases=PHASES),
    )
    xr.testing.assert_identical(open_store(tmp_path / "again.zarr").load(), before)


def test_a_network_of_other_signs_is_refused(folder: Path, tmp_path: Path) -> None:
    other = open_store(folder / "activations/2.zarr").load()
    other["sign"] = ("example", np.char.add(SIGN, "x"))
    write_store(other, tmp_path / "2.zarr", stage="activations", title="made for a test")
    with pytest.raises(UserError, match=r"2\.zarr: its signs are not those of"):
        alignment(tmp_path / "2.zarr", folder / "reference.zarr", tmp_path / "out", network="2")
    assert not (tmp_path / "out").exists()


def test_too_few_frames_for_a_map_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"2 training frames make no map.*shared\.frames"):
        reference(
            folder / "activations",
            tmp_path / "reference.zarr",
            networks=("0", "1"),
            options=ReferenceOptions(frames=2),
        )
    assert not (tmp_path / "reference.zarr").exists()


@pytest.mark.parametrize("networks", [(), ("0", "1", "0")])
def test_a_reference_is_of_networks_each_once(
    folder: Path, tmp_path: Path, networks: tuple[str, ...]
) -> None:
    with pytest.raises(UserError, match="one or more networks, none twice"):
        reference(folder / "activations", tmp_path / "reference.zarr", networks=networks)
    assert not (tmp_path / "reference.zarr").exists()


@pytest.mark.parametrize(("states", "name"), [("0", "1"), ("0", "2"), ("2", "0")])
def test_a_network_under_another_name_is_refused(
    folder: Path, tmp_path: Path, states: str, name: str
) -> None:
    """One of the reference's own would be judged by itself, or another by fewer."""
    path = folder / f"activations/{states}.zarr"
    with pytest.raises(UserError, match=rf"{states}\.zarr: these are not the hidden states of"):
        alignment(path, folder / "reference.zarr", tmp_path / "out", network=name)
    assert not (tmp_path / "out").exists()
