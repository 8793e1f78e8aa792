"""Stage `agreement`: what it reads and compares, what must not change it, planted oddities."""

import itertools
import json
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from cyclopts import App
from makers import random_ranks, write_names, write_run
from pydantic import ValidationError
from scipy.spatial import procrustes
from scipy.stats import rankdata, spearmanr
from signpaths.closeness.ranks import largest_close_rank
from signpaths.errors import UserError
from signpaths.frames import resample
from signpaths.options import AgreementOptions, CloseOptions
from signpaths.stability.agreement import PHASES, agreement
from signpaths.stability.functional import Answers, functional_likeness
from signpaths.stability.representations import (
    centred_products,
    debiased_cka,
    normalised,
    sampled_examples,
)
from signpaths.stability.similarity import jaccard, nearest_signs
from signpaths.stores import open_store, write_store, write_text

MEASURES = (
    *("rank_correlation", "jaccard", "cka", "shape_distance"),
    *("disagreement", "error_consistency", "divergence"),
)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# The stage on tiny stores

NAMES = ("God", "a_", "drink", "five", "how", "who", "you", "zero")
TIME, UNITS = 6, 4


def write_study(folder: Path, runs: int, signs: Sequence[str] = NAMES) -> None:
    """Write all that the stage reads: runs that agree but for a little noise."""
    generator = np.random.default_rng(8)
    sign = np.repeat(signs, 3)
    real = np.arange(TIME) >= TIME - generator.integers(2, TIME + 1, sign.size)[:, None]
    seen = generator.normal(size=(sign.size, TIME, UNITS))
    for network in range(runs):
        rotation = np.linalg.qr(generator.normal(size=(UNITS, UNITS)))[0]
        hidden = (seen + 0.3 * generator.normal(size=seen.shape)) @ rotation
        hidden[~real] = 1e9
        # Of every sign the last two are held out, and one in five answers is wrong.
        answer = np.where(generator.random(sign.size) < 0.2, generator.permutation(sign), sign)
        write_states(folder, network, hidden, real, sign, answer)
        place = np.arange(len(signs))[:, None] ** 2 + 0.3 * generator.normal(size=(len(signs), 1))
        write_closeness(folder, network, np.abs(place - place.T), signs)
        write_metrics(folder, network, 0.9 + 0.001 * network)


def write_states(
    folder: Path,
    network: int,
    hidden: np.ndarray,
    real: np.ndarray,
    sign: np.ndarray,
    answer: np.ndarray,
    part: np.ndarray | None = None,
) -> None:
    signs = np.unique(sign)[::-1]
    probability = 0.6 * (answer[:, None] == signs) + 0.4 / signs.size
    held_out = np.where(np.arange(sign.size) % 3, "test", "train")
    dataset = xr.Dataset(
        {
            "hidden": (("example", "time", "unit"), hidden.astype(np.float32)),
            "mask": (("example", "time"), real),
            "probability": (("example", "class"), probability.astype(np.float32)),
        },
        coords={
            "sign": ("example", sign),
            "class": signs,
            "part": ("example", held_out if part is None else part),
        },
    )
    write_store(dataset, folder / f"activations/{network}.zarr", stage="activations", title="test")


def write_closeness(folder: Path, network: int, distance: np.ndarray, signs: Sequence[str] = NAMES):
    """Write ranks of a run; another space and other autoencoders must not matter."""
    ranks = stage_ranks(distance)
    decoy = stage_ranks(np.random.default_rng(network).random(distance.shape))
    path = folder / f"closeness/{network}.zarr"
    write_run(path, np.array([[decoy] * 2, [ranks, ranks]]), signs, ("last", "hidden"))
    both = np.array([[decoy] * 2, [distance, distance]]).astype(np.float32)
    dataset = open_store(path).load()
    dims = dataset.distance.dims
    write_store(dataset.assign(distance=(dims, both)), path, stage="closeness", title="test")


def stage_ranks(distance: np.ndarray) -> np.ndarray:
    others = distance.copy()
    np.fill_diagonal(others, np.inf)
    rank = rankdata(others, axis=1)
    mutual = np.sqrt(rank * rank.T)
    np.fill_diagonal(mutual, np.nan)
    return mutual


def write_metrics(folder: Path, network: int, accuracy: float, learned: bool = True) -> None:
    content = {
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy - 0.01,
        "learned": learned,
    }
    write_text(folder / f"networks/{network}/metrics.json", json.dumps(content))


def run_stage(
    folder: Path, networks: Sequence[object], close_fraction: float = 0.05, **options: int
) -> xr.Dataset:
    agreement(
        write_names(folder / "networks.txt", networks),
        *(folder / name for name in ("activations", "closeness", "networks", "out.zarr")),
        options=AgreementOptions(**options),
        close=CloseOptions(close_fraction=close_fraction),
    )
    return open_store(folder / "out.zarr").load()


def held_out_answers(one: xr.Dataset) -> Answers:
    held_out = np.flatnonzero(one.part.values != "train")
    own = one.isel(example=held_out).sortby("class").probability.values
    return Answers(held_out, own, own.argmax(axis=1))


def test_every_two_runs_are_compared(tmp_path: Path) -> None:
    write_study(tmp_path, 12)
    # As text 10 comes before 2.
    networks = ["0", "2", "5", "10"]
    found = run_stage(tmp_path, networks, close_fraction=0.4)
    assert found.network.values.tolist() == found.other_network.values.tolist() == networks
    assert found.sign.values.tolist() == list(NAMES)
    assert found.measure.values.tolist() == list(MEASURES)
    k = largest_close_rank(len(NAMES), 0.4)
    assert found.attrs["k"] == k == 3
    assert (found.attrs["note"], found.attrs["flagged"]) == ("", 0)
    for variable in found.data_vars.values():
        assert variable.attrs.keys() >= {"long_name", "units", "section"}
    assert found.attrs["examples"] == 24
    runs = [open_store(tmp_path / f"activations/{network}.zarr").load() for network in networks]
    label = np.searchsorted(NAMES, runs[0].sign.values)
    phases = [resample(one.hidden.values, one.mask.values, PHASES) for one in runs]
    states = [one.reshape(-1, UNITS) for one in phases]
    products = [centred_products(normalised(one), 24) for one in states]
    np.testing.assert_allclose(found.cka, debiased_cka(products, label).values, atol=1e-5)
    answered = functional_likeness([held_out_answers(one) for one in runs], label, len(NAMES))
    for name in ("disagreement", "error_consistency", "divergence"):
        np.testing.assert_allclose(found[name], getattr(answered, name).values, atol=1e-6)
    assert 0.1 < float(found["mean"].sel(measure="disagreement")) < 0.6
    assert (found.common == 16).all()
    np.testing.assert_allclose(found.disagreement_sign, answered.of_sign)
    upper = np.triu_indices(len(NAMES), 1)
    stores = [open_store(tmp_path / f"closeness/{network}.zarr") for network in networks]
    own = [one.sel(space="hidden").isel(ae_seed=0).load() for one in stores]
    ranks = [one.mutual_rank.values[upper] for one in own]
    for one, other in itertools.permutations(range(4), 2):
        both = found.isel(network=one, other_network=other)
        disparity = procrustes(states[one], states[other])[2]
        assert np.sin(float(both.shape_distance)) ** 2 == pytest.approx(disparity, abs=1e-5)
        expected = spearmanr(ranks[one], ranks[other]).statistic
        assert float(both.rank_correlation) == pytest.approx(expected)
        assert float(both.cka) > 0.7
    for name in MEASURES:
        assert np.isnan(np.diag(found[name].values)).all()
        values = found[name].values[~np.eye(4, dtype=bool)]
        assert float(found["mean"].sel(measure=name)) == pytest.approx(values.mean())
        assert (
            found.mean_low.sel(measure=name) <= values.mean() <= found.mean_high.sel(measure=name)
        )
    others = [rankdata(ranks[index]) for index in (0, 1, 3)]
    expected = spearmanr(ranks[2], np.mean(others, axis=0)).statistic
    assert float(found.consensus.sel(network="5")) == pytest.approx(expected)
    assert float(found.consensus.mean()) <= float(found.ceiling_upper.mean())
    np.testing.assert_allclose(found.validation_accuracy, [0.9, 0.902, 0.905, 0.91])
    np.testing.assert_allclose(found.test_accuracy, [0.89, 0.892, 0.895, 0.9])
    assert found.learned.values.all()
    assert found.flag.values.tolist() == [""] * 4
    nearest = np.array([nearest_signs(one.distance.values, k) for one in own])
    shared, of_sign = jaccard(nearest, np.ones(4, dtype=bool))
    np.testing.assert_allclose(found.jaccard, shared.values)
    np.testing.assert_allclose(found.jaccard_sign, of_sign)
    assert of_sign.min() > 0


def test_what_is_alike_is_told_from_chance(tmp_path: Path) -> None:
    write_study(tmp_path, 4)
    found = run_stage(tmp_path, range(4))
    table = found[["mean", "by_chance", "p", "within_sign"]].to_dataframe()
    alike = table.loc[["rank_correlation", "jaccard", "cka"]]
    assert (alike["mean"] > alike["by_chance"]).all()
    assert table.loc["shape_distance", "mean"] < table.loc["shape_distance", "by_chance"]
    assert table.loc[["rank_correlation", "cka", "shape_distance"], "p"].to_numpy() == (
        pytest.approx(1 / 201)
    )
    assert table.loc[["disagreement", "error_consistency", "divergence"], "p"].isna().all()
    # The examples of a sign have nothing in common here.
    assert abs(table.loc["cka", "within_sign"]) < 0.1


def test_runs_without_anything_in_common_are_as_chance_has_it(tmp_path: Path) -> None:
    write_study(tmp_path, 4)
    for network in range(4):
        one = open_store(tmp_path / f"activations/{network}.zarr").load()
        hidden = np.random.default_rng(network).normal(size=one.hidden.shape)
        write_states(tmp_path, network, hidden, one.mask.values, one.sign.values, one.sign.values)
    found = run_stage(tmp_path, range(4)).sel(measure=["cka", "shape_distance"])
    assert (found.p > 0.02).all()


def test_the_sample_is_common_to_all(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    found = run_stage(tmp_path, [0, 1], examples=10)
    assert found.attrs["examples"] == 10
    runs = [open_store(tmp_path / f"activations/{network}.zarr").load() for network in (0, 1)]
    at = sampled_examples(np.searchsorted(NAMES, runs[0].sign.values), 10)
    states = [
        resample(one.hidden.values[at], one.mask.values[at], PHASES).reshape(-1, UNITS)
        for one in runs
    ]
    disparity = procrustes(*states)[2]
    assert np.sin(float(found.shape_distance[0, 1])) ** 2 == pytest.approx(disparity, abs=1e-5)
    assert "Two networks make one comparison" in found.attrs["note"]
    assert np.isnan(found.mean_low).all()


def test_splits_that_differ_leave_what_both_held_out(tmp_path: Path) -> None:
    write_study(tmp_path, 3)
    for network, train in ((1, slice(0, 12)), (2, slice(12, 24))):
        one = open_store(tmp_path / f"activations/{network}.zarr").load()
        part = np.full(24, "validation")
        part[train] = "train"
        arrays = (one.hidden, one.mask, one.sign, one.sign)
        write_states(tmp_path, network, *(array.values for array in arrays), part)
    found = run_stage(tmp_path, range(3))
    assert found.common.values.tolist() == [[16, 8, 8], [8, 12, 0], [8, 0, 12]]
    assert np.isnan(found.disagreement).all()
    assert "Of 3 comparisons of two networks 3 have fewer than 10" in found.attrs["note"]
    assert np.isfinite(found.cka.values[0, 1])


def test_runs_that_stand_out_are_flagged_and_kept(tmp_path: Path) -> None:
    write_study(tmp_path, 9)
    write_metrics(tmp_path, 1, 0.05, learned=False)
    write_metrics(tmp_path, 2, 0.8)
    strange = np.abs(np.subtract.outer(*(2 * [np.random.default_rng(0).permutation(8)])))
    write_closeness(tmp_path, 3, strange + 0.0)
    still = open_store(tmp_path / "activations/4.zarr").load()
    write_states(
        *(tmp_path, 4, np.full(still.hidden.shape, 1 / 3), still.mask.values),
        *(still.sign.values, still.sign.values),
    )
    write_closeness(tmp_path, 4, np.zeros((8, 8)))
    found = run_stage(tmp_path, range(9), close_fraction=0.3)
    assert found.flag.values.tolist() == [
        "",
        "failed to learn; low validation accuracy",
        "low validation accuracy",
        "outlying ranks",
        "constant activations",
        *[""] * 4,
    ]
    assert found.attrs["flagged"] == 4
    fine = [0, 1, 2, 3, 5, 6, 7, 8]
    for name in ("rank_correlation", "jaccard", "cka", "shape_distance"):
        values = found[name].values
        assert np.isnan(values[4]).all()
        assert np.isnan(values[:, 4]).all()
        assert np.isfinite(values[np.ix_(fine, fine)][~np.eye(8, dtype=bool)]).all(), "kept"
    for name in ("consensus", "ceiling_upper", "place"):
        assert np.isnan(found[name].values[4]).all()
        assert np.isfinite(found[name].values[fine]).all()
    assert np.isfinite(found.disagreement.values[4, fine]).all(), "what it answers is known"
    assert found.consensus.values[3] < 0.5
    without = run_stage(tmp_path, fine, close_fraction=0.3)
    np.testing.assert_allclose(found.jaccard.values[np.ix_(fine, fine)], without.jaccard)


def test_planted_pairs_make_runs_agree_where_they_are(tmp_path: Path) -> None:
    """Signs that lie side by side in every run share a neighbour; strewn ones do by chance."""
    write_study(tmp_path, 7)
    generator = np.random.default_rng(1)
    for network in range(7):
        write_closeness(tmp_path, network, random_ranks(generator, 8, [(0, 1)]))
    found = run_stage(tmp_path, range(7)).jaccard_sign.values
    np.testing.assert_allclose(found[:2], 1)
    assert (found[2:] < 0.6).all()


def test_one_run_has_nothing_to_agree_with(tmp_path: Path) -> None:
    write_study(tmp_path, 1)
    found = run_stage(tmp_path, [0])
    for name in (*MEASURES, "mean", "by_chance", "p", "consensus", "ceiling_upper", "place"):
        assert np.isnan(found[name].values).all(), name
    assert "One network has nothing to agree with" in found.attrs["note"]
    assert found.flag.values.tolist() == [""]
    assert found.validation_accuracy.values.tolist() == [0.9]


def test_two_signs_have_one_pair_and_no_correlation(tmp_path: Path) -> None:
    write_study(tmp_path, 3, signs=("a", "b"))
    found = run_stage(tmp_path, range(3))
    assert np.isnan(found.rank_correlation.values).all()
    assert "Two signs make one pair" in found.attrs["note"]
    np.testing.assert_array_equal(found.jaccard_sign, 1)
    assert np.isfinite(found.cka.values[0, 1])


def test_a_store_is_the_same_every_time_and_keeps_the_order_of_the_networks(tmp_path: Path):
    write_study(tmp_path, 3)
    found = run_stage(tmp_path, [0, 1, 2])
    xr.testing.assert_identical(found, run_stage(tmp_path, [0, 1, 2]))
    turned = run_stage(tmp_path, [2, 0, 1])
    assert turned.network.values.tolist() == ["2", "0", "1"]
    turned = turned.sel(network=found.network, other_network=found.other_network)
    # Which networks are drawn to be shuffled goes by their place.
    drawn = ["by_chance", "within_sign"]
    xr.testing.assert_allclose(found.drop_vars(drawn), turned.drop_vars(drawn))


def test_hidden_states_need_no_more_than_one_autoencoder(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    expected = run_stage(tmp_path, [0, 1], permutations=5)
    for network in (0, 1):
        path = tmp_path / f"closeness/{network}.zarr"
        one = open_store(path).load().isel(ae_seed=[0])
        write_store(one, path, stage="closeness", title="test")
    xr.testing.assert_identical(run_stage(tmp_path, [0, 1], permutations=5), expected)


def test_one_sign_is_refused(tmp_path: Path) -> None:
    write_study(tmp_path, 2, signs=("a",))
    with pytest.raises(UserError, match="two signs or more"):
        run_stage(tmp_path, [0, 1])


def test_networks_that_are_not_listed_are_passed_over(tmp_path: Path) -> None:
    write_study(tmp_path, 3)
    found = run_stage(tmp_path, [0, 2])
    assert found.network.values.tolist() == ["0", "2"]


def test_the_command_takes_folders(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    write_names(tmp_path / "networks.txt", [0, 1])
    app = App(result_action="return_value")
    app.command(agreement)
    paths = ("networks.txt", "activations", "closeness", "networks", "cli.zarr")
    given = [str(tmp_path / path) for path in paths]
    app(["agreement", *given, "--examples=12", "--close-fraction=0.4"])
    found = open_store(tmp_path / "cli.zarr")
    assert (found.sizes["network"], found.attrs["examples"], found.attrs["k"]) == (2, 12, 3)


# What the user can mend


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (AgreementOptions, {"examples": 3}),
        (AgreementOptions, {"examples": 2001}),
        (AgreementOptions, {"permutations": 0}),
        (CloseOptions, {"close_fraction": 0.0}),
        (CloseOptions, {"close_fraction": 1.5}),
    ],
)
def test_options_out_of_bounds_are_refused(options: type, values: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        options(**values)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON can be read"),
        ("[]", "expected a JSON object"),
        ('{"validation_accuracy": 0.5, "test_accuracy": 0.5}', "learned"),
        ('{"validation_accuracy": "x", "test_accuracy": 0.5, "learned": true}', "from 0 to 1"),
        ('{"validation_accuracy": NaN, "test_accuracy": 0.5, "learned": true}', "nan"),
        ('{"validation_accuracy": 1, "test_accuracy": 0.5, "learned": "yes"}', "'yes'"),
    ],
)
def test_metrics_that_cannot_be_read_are_named(tmp_path: Path, content: str, said: str) -> None:
    write_study(tmp_path, 2)
    write_text(tmp_path / "networks/1/metrics.json", content)
    with pytest.raises(UserError, match=rf"1/metrics\.json: .*{said}"):
        run_stage(tmp_path, [0, 1])


def test_networks_listed_twice_or_none_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    for networks, said in (([0, 1, 0], "names a network twice"), ([], "names no network")):
        with pytest.raises(UserError, match=said):
            run_stage(tmp_path, networks)
    assert not (tmp_path / "out.zarr").exists()


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("activations/1.zarr", r"activations/1\.zarr: no zarr store here"),
        ("closeness/1.zarr", r"closeness/1\.zarr: no zarr store here"),
        ("networks/1", r"1/metrics\.json: .*FileNotFoundError.*again"),
    ],
)
def test_files_that_a_network_lacks_are_named(tmp_path: Path, lost: str, said: str) -> None:
    write_study(tmp_path, 2)
    shutil.rmtree(tmp_path / lost)
    with pytest.raises(UserError, match=said):
        run_stage(tmp_path, [0, 1])
    assert not (tmp_path / "out.zarr").exists()


def test_stores_of_two_studies_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path / "theirs", 2, signs=NAMES[:-1])
    for name in ("activations", "closeness"):
        mine = tmp_path / name
        write_study(mine, 2)
        shutil.rmtree(mine / name / "1.zarr")
        shutil.copytree(tmp_path / "theirs" / name / "1.zarr", mine / name / "1.zarr")
        with pytest.raises(UserError, match=rf"{name}/1\.zarr: its signs are not those"):
            run_stage(mine, [0, 1])


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path, 3)
    path = tmp_path / "activations/1.zarr"
    one = open_store(path).load()
    hidden = one.hidden.values.copy()
    hidden[5, -1, 0] = np.nan
    write_states(tmp_path, 1, hidden, one.mask.values, one.sign.values, one.sign.values)
    with pytest.raises(UserError, match=r"activations/1\.zarr: .*no finite numbers"):
        run_stage(tmp_path, range(3))
    write_closeness(tmp_path, 2, np.full((8, 8), np.nan))
    with pytest.raises(UserError, match=r"closeness/2\.zarr: .*no finite numbers"):
        run_stage(tmp_path, [0, 2])


def test_ranks_of_another_network_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    for network, source in ((0, 0), (1, 0)):
        path = tmp_path / f"closeness/{network}.zarr"
        sources = {"activations": tmp_path / f"activations/{source}.zarr"}
        one = open_store(path).load()
        write_store(one, path, stage="closeness", title="test", made_from=sources)
    with pytest.raises(UserError, match=r"1\.zarr: it was not made from .*activations/1\.zarr"):
        run_stage(tmp_path, [0, 1])
