"""Stages `responses` and `units`: planted units are found beside noise, and come again."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from event_recordings import train, write_recordings
from makers import write_names
from signpaths.errors import UserError
from signpaths.evidence.associations import Associations, judged
from signpaths.evidence.responses import _stimuli, measured, measured_examples, responses
from signpaths.evidence.units import MOST_PAIRS, some_pairs
from signpaths.options import ResponsesOptions, UnitsOptions
from signpaths.stores import open_store, read_table, write_store
from unit_study import LATER, UNITS, make_units, run_units, write_states

# What each of the planted units answers to.
PLANTED = {
    "fist:right": LATER,
    "channel:right_y": 0,
    "position": 0,
    "sign:sign00": 0,
}
NETWORKS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("units")
    make_units(folder, NETWORKS)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> xr.Dataset:
    return open_store(folder / "units.zarr", "units").load()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three networks trained on recordings in which the events of one channel make the sign."""
    folder = write_recordings(tmp_path_factory.mktemp("trained") / "study")
    for network in range(NETWORKS):
        train(folder, network)
        responses(
            folder / "sequences.zarr",
            *(folder / name / f"{network}.zarr" for name in ("activations", "untrained")),
            folder / f"responses/{network}.zarr",
        )
    write_names(folder / "networks.txt", range(NETWORKS))
    run_units(folder)
    return folder


# Planted truth


def test_trained_networks_have_units_for_the_channel_that_makes_the_sign(trained: Path) -> None:
    """Power: in each of three networks, here; of noise, slow or white, none in any."""
    found = open_store(trained / "units.zarr", "units").load()
    own = found["networks"].sel(which="trained")
    assert own.sel(feature="channel:event").item() == NETWORKS
    for noise in ("channel:slow", "channel:white", "rate:slow", "rate:white"):
        assert own.sel(feature=noise).item() == 0, noise


def test_an_untrained_network_still_reads_noise(trained: Path) -> None:
    """What training takes away: no false discovery, for an untrained unit mixes all channels."""
    found = open_store(trained / "units.zarr", "units").load()
    best = found["best"].mean("network")
    for noise in ("channel:slow", "channel:white"):
        before, after = (best.sel(which=w, feature=noise).item() for w in ("untrained", "trained"))
        assert before > 2 * after


def test_planted_units_are_found_in_every_network_at_their_lag(found: xr.Dataset) -> None:
    for name, lag in PLANTED.items():
        own = found.sel(which="trained", feature=name)
        assert own["networks"].item() == NETWORKS, name
        for network in range(NETWORKS):
            assert own["lag"].values[network, own["best_unit"].values[network]] == lag


def test_noise_units_answer_to_nothing(found: xr.Dataset) -> None:
    assert found["answering"].sel(which="untrained").sum() == 0
    best = found["best_unit"].sel(which="trained", feature=list(PLANTED)).values
    said = (found["q"].sel(which="trained").values <= 0.05).any(axis=2)
    for network in range(NETWORKS):
        assert {*np.flatnonzero(said[network])} == {*best[network]}


def test_q_is_that_of_all_units_and_features_of_a_network(folder: Path, found: xr.Dataset) -> None:
    """Benjamini and Hochberg's q, by its definition, over p of one network."""
    run = open_store(folder / "responses/1.zarr").load().sel(which="trained")
    names = ("strength", "error", "chance", "groups")
    lagged = ~np.isin(run["kind"].values, ("position", "sign"))
    _, _, p = judged(Associations(*(run[name].values.astype(float) for name in names)), 0.3, lagged)
    flat = np.sort(p.ravel())
    for unit, feature in itertools.product(range(UNITS), (0, 1, 30, 50, -1)):
        own = p[unit, feature]
        slow = min(one * flat.size / (flat <= one).sum() for one in flat if one >= own)
        q = found["q"].sel(which="trained", network="1").values[unit, feature]
        assert q == pytest.approx(min(slow, 1), rel=1e-5, abs=1e-30)


def test_a_larger_least_size_takes_answers_away(folder: Path, found: xr.Dataset) -> None:
    strict = run_units_copy(folder, UnitsOptions(least=0.97, rotations=1))
    assert 0 < strict["answering"].sum() < found["answering"].sum()
    assert ((strict["q"] <= 0.05) <= (found["q"] <= 0.05)).all()


def test_the_same_roles_come_again_in_trained_networks_only(found: xr.Dataset) -> None:
    roles = found["best_unit"].sel(which="trained", feature=list(PLANTED)).values
    partner = found["partner"].sel(which="trained")
    for pair in range(partner.sizes["pair"]):
        one, other = (int(found[f"network_{side}"].values[pair]) for side in "ab")
        assert partner.values[pair][roles[one]].tolist() == roles[other].tolist()
    alike = found["alike"].mean(("pair", "unit"))
    assert alike.sel(which="trained") > found["alike_turned"].sel(which="trained").max() + 0.05
    assert alike.sel(which="untrained") < found["alike_turned"].sel(which="untrained").max()


def test_all_units_tell_as_much_as_the_best_one_at_least(found: xr.Dataset) -> None:
    planted = found.sel(which="trained", feature=list(PLANTED))
    assert (planted["together"] > planted["best"] - 0.05).all()
    assert found["together"].sel(which="untrained").median() < 0.15


# The table


def test_the_table_has_answers_first_and_the_clearest_unit_of_every_feature(
    folder: Path, found: xr.Dataset
) -> None:
    table = read_table(folder / "units.csv")
    answers = table[table.answers == "yes"]
    assert table.answers.tolist() == ["yes"] * len(answers) + ["no"] * (len(table) - len(answers))
    assert len(answers) == found["answering"].sel(which="trained").sum()
    assert {*table.feature} == {*found["feature"].values.tolist()}
    row = table[(table.network == "1") & (table.feature == "fist:right")].iloc[0]
    own = found.sel(network="1", feature="fist:right")
    unit = int(own["best_unit"].sel(which="trained"))
    assert int(row.unit) == unit
    assert float(row.strength) == pytest.approx(
        own["strength"].sel(which="trained", unit=unit).item(), rel=1e-4
    )
    assert float(row.untrained_best) == pytest.approx(
        own["best"].sel(which="untrained").item(), rel=1e-4
    )


def test_one_network_is_matched_with_none(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "responses", tmp_path / "responses")
    write_names(tmp_path / "networks.txt", [0])
    found = run_units(tmp_path)
    assert "alike" not in found
    assert found["networks"].sel(which="trained", feature="fist:right") == 1


# What is refused


def test_stores_of_other_recordings_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make_units(other, 1, seed=1)
    with pytest.raises(UserError, match="it was not made from"):
        responses(
            folder / "sequences.zarr",
            folder / "activations/0.zarr",
            other / "untrained/0.zarr",
            tmp_path / "out.zarr",
        )
    assert not (tmp_path / "out.zarr").exists()


def test_states_that_are_no_numbers_are_refused(folder: Path, tmp_path: Path) -> None:
    sequences = folder / "sequences.zarr"
    recorded = open_store(sequences).load()
    hidden = open_store(folder / "activations/0.zarr").hidden.values.copy()
    hidden[1, -1, 2] = np.nan
    states = [tmp_path / name / "0.zarr" for name in ("activations", "untrained")]
    write_states(states[0], hidden, recorded, sequences)
    write_states(states[1], np.nan_to_num(hidden), recorded, sequences)
    with pytest.raises(UserError, match="no finite numbers"):
        responses(sequences, *states, tmp_path / "out.zarr")


def test_another_networks_twin_is_refused(folder: Path, tmp_path: Path) -> None:
    files = [folder / name for name in ("sequences.zarr", "activations/0.zarr", "untrained/1.zarr")]
    with pytest.raises(UserError, match=r"untrained/1\.zarr: it was not made from .*ons/0\.zarr"):
        responses(*files, tmp_path / "out.zarr")
    with pytest.raises(
        UserError, match=r"expected a store of stage activations, found .*untrained"
    ):
        responses(files[0], folder / "untrained/0.zarr", files[2], tmp_path / "out.zarr")


def test_responses_of_another_network_are_refused(folder: Path, tmp_path: Path) -> None:
    for name, other in (("0", "1"), ("1", "0")):
        shutil.copytree(folder / f"responses/{other}.zarr", tmp_path / f"responses/{name}.zarr")
    write_names(tmp_path / "networks.txt", [0, 1])
    with pytest.raises(UserError, match=r"responses/0\.zarr: it is of network 1, not of network 0"):
        run_units(tmp_path)


def test_one_network_twice_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("0", "1"):
        shutil.copytree(folder / "responses/0.zarr", tmp_path / f"responses/{name}.zarr")
    write_names(tmp_path / "networks.txt", [0, 1])
    with pytest.raises(UserError, match="same network"):
        run_units(tmp_path)


def test_networks_held_against_other_lags_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "responses/0.zarr", tmp_path / "responses/0.zarr")
    responses(
        folder / "sequences.zarr",
        *(folder / name / "1.zarr" for name in ("activations", "untrained")),
        tmp_path / "responses/1.zarr",
        options=ResponsesOptions(lags=2),
    )
    write_names(tmp_path / "networks.txt", [0, 1])
    with pytest.raises(UserError, match=r"responses/1\.zarr"):
        run_units(tmp_path)


def test_recordings_without_names_of_channels_are_refused(folder: Path, tmp_path: Path) -> None:
    nameless = open_store(folder / "sequences.zarr").load().drop_vars("channel")
    write_store(nameless, tmp_path / "sequences.zarr", stage="sequences", title="made for a test")
    with pytest.raises(UserError, match="no channel"):
        responses(
            tmp_path / "sequences.zarr",
            *(folder / name / "0.zarr" for name in ("activations", "untrained")),
            tmp_path / "out.zarr",
        )


def test_held_out_examples_are_measured_and_all_where_there_are_none() -> None:
    length = np.array([3, 4, 0, 5])
    chosen, note = measured_examples(np.array(["train", "test", "test", "validation"]), length)
    assert chosen.tolist() == [False, True, False, True]
    assert note == ""
    chosen, note = measured_examples(np.array(["train", "test", "train", "train"]), length)
    assert chosen.tolist() == [True, True, False, True]
    assert "trained on" in note


@pytest.mark.parametrize("examples", [6, 20, 31, 34, 200])
def test_more_units_than_examples_are_measured_and_noise_tells_nothing(examples: int) -> None:
    """Chance alone explains a feature by as many units as there are examples."""
    generator = np.random.default_rng(examples)
    hidden = generator.normal(size=(examples, 20, 30))
    x = generator.normal(size=(examples, 20, 2))
    sign = np.array(["a", "b"])[np.arange(examples) % 2]
    stimuli = _stimuli(x, np.ones((examples, 20), bool), ["c", "d"], sign)
    found = measured(hidden, stimuli, 2)
    assert np.isfinite(found.associations.strength).all()
    of_sign = found.together[0, [one.kind == "sign" for one in stimuli.features]]
    if examples <= 34:
        assert np.isnan(of_sign).all()
    else:
        assert (of_sign < 0.5).all()


def run_units_copy(folder: Path, options: UnitsOptions) -> xr.Dataset:
    """Run stage `units` with other options, beside what is there."""
    other = folder / "other"
    other.mkdir(exist_ok=True)
    if not (other / "responses").exists():
        (other / "responses").symlink_to(folder / "responses")
        shutil.copy(folder / "networks.txt", other)
    return run_units(other, options)


@pytest.mark.parametrize("networks", [1, 2, 20, 21, 300])
def test_pairs_of_networks_are_all_or_no_more_than_so_many(networks: int) -> None:
    every = list(itertools.combinations(range(networks), 2))
    found = some_pairs(networks)
    assert len(found) == min(len(every), MOST_PAIRS)
    assert found == sorted(set(found) & set(every))
    assert found == some_pairs(networks)
