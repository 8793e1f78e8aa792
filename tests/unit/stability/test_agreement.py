"""Stage `agreement`: against scipy and slow loops, what must not change it, planted oddities."""

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
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import random_ranks, write_names, write_run
from pydantic import ValidationError
from scipy.spatial import procrustes
from scipy.stats import median_abs_deviation, rankdata, spearmanr
from signpaths.closeness.ranks import largest_close_rank
from signpaths.errors import UserError
from signpaths.frames import sampled_frames
from signpaths.options import AgreementOptions, CloseOptions
from signpaths.stability.agreement import agreement
from signpaths.stability.similarity import (
    cka_and_procrustes,
    mean_jaccard,
    nearest_signs,
    noise_ceiling,
    normalised,
    outlying,
    rank_correlations,
)
from signpaths.stores import open_store, write_store, write_text

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def some_states(seed: int, runs: int = 2, frames: int = 60, units: int = 5) -> list[np.ndarray]:
    """Runs that see the same things, each in its own way and with noise of its own."""
    generator = np.random.default_rng(seed)
    seen = generator.normal(size=(frames, units)) * np.arange(1, units + 1)
    return [
        seen @ generator.normal(size=(units, units)) + generator.normal(size=(frames, units)) + 3
        for _ in range(runs)
    ]


# Oracles


def slow_cka(one: np.ndarray, other: np.ndarray) -> float:
    """Kornblith et al.: HSIC of the two Gram matrices, over the geometric mean of their own."""
    count = len(one)
    centre = np.eye(count) - np.ones((count, count)) / count

    def hsic(k: np.ndarray, gram: np.ndarray) -> float:
        return float(np.trace(k @ centre @ gram @ centre))

    k, gram = one @ one.T, other @ other.T
    return hsic(k, gram) / (hsic(k, k) * hsic(gram, gram)) ** 0.5


def slow_ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    places = [[i + 1 for i, other in enumerate(ordered) if other == value] for value in values]
    return [sum(place) / len(place) for place in places]


# Two runs


def likeness(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """CKA and Procrustes disparity of two networks' states."""
    cka, disparity = cka_and_procrustes([normalised(one), normalised(other)])
    return cka[0, 1], disparity[0, 1]


@pytest.mark.parametrize("block", [1, 2, 16])
def test_many_networks_are_compared_two_by_two(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signpaths.stability.similarity.BLOCK", block)
    states = [one[:, : 5 - seed % 2] for seed in range(3) for one in some_states(seed)]
    flat = 2
    found = cka_and_procrustes(
        [None if index == flat else normalised(one) for index, one in enumerate(states)]
    )
    for row, column in np.ndindex(6, 6):
        pair = [matrix[row, column] for matrix in found]
        if row == column or flat in (row, column):
            assert np.isnan(pair).all()
        else:
            assert pair == pytest.approx(likeness(states[row], states[column]), abs=1e-9)


@given(SEEDS)
@settings(max_examples=25)
def test_cka_and_procrustes_agree_with_gram_matrices_and_scipy(seed: int) -> None:
    one, other = some_states(seed)
    cka, disparity = likeness(one, other)
    assert cka == pytest.approx(slow_cka(one, other), abs=1e-5)
    assert disparity == pytest.approx(procrustes(one, other)[2], abs=1e-5)
    assert 0 < cka < 1
    assert 0 < disparity < 1
    np.testing.assert_allclose(likeness(other, one), (cka, disparity), atol=1e-6)


@given(SEEDS, st.floats(-6, 6), st.booleans())
@settings(max_examples=25)
def test_rotation_scale_and_shift_leave_runs_alike(seed: int, log_scale: float, mirror: bool):
    one, other = some_states(seed)
    generator = np.random.default_rng([seed, 1])
    rotation = np.linalg.qr(generator.normal(size=(5, 5)))[0]
    rotation[:, 0] *= np.sign(np.linalg.det(rotation)) * (-1 if mirror else 1)
    moved = 10**log_scale * (one @ rotation + generator.normal(size=5))
    np.testing.assert_allclose(likeness(one, moved), (1, 0), atol=1e-5)
    np.testing.assert_allclose(
        likeness(moved, other),
        likeness(one, other),
        atol=1e-5,
    )


def test_runs_with_nothing_in_common() -> None:
    wave = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    one, other = (np.stack([f(n * wave) for n in (1, 2)], axis=1) for f in (np.sin, np.cos))
    np.testing.assert_allclose(likeness(one, other), (0, 1), atol=1e-6)


def test_runs_of_different_width_compare() -> None:
    one, _ = some_states(0)
    wide = np.concatenate([one, np.zeros((60, 3))], axis=1)
    np.testing.assert_allclose(likeness(one, wide), (1, 0), atol=1e-6)


def test_equal_states_have_no_norm() -> None:
    assert normalised(np.full((5, 3), 1 / 3, np.float32)) is None
    tiny = np.full((5, 3), 0.0)
    tiny[0, 0] = 1e-200
    found = normalised(tiny)
    assert found is not None
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found.dtype == np.float32


# Ranks of all runs


@given(SEEDS, st.integers(2, 6))
@settings(max_examples=25)
def test_ranks_agree_with_scipy(seed: int, runs: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=12) + generator.normal(size=(runs, 12)).round()
    ranks = rankdata(values, axis=1)
    np.testing.assert_allclose(ranks, [slow_ranks(one.tolist()) for one in values])
    found = rank_correlations(ranks)
    lower, upper = noise_ceiling(ranks)
    for one in range(runs):
        assert np.isnan(found[one, one])
        others = [ranks[other] for other in range(runs) if other != one]
        mean = np.array([sum(column) / len(others) for column in zip(*others, strict=True)])
        assert lower[one] == pytest.approx(spearmanr(values[one], mean).statistic)
        everyone = np.mean([*others, ranks[one]], axis=0)
        assert upper[one] == pytest.approx(spearmanr(values[one], everyone).statistic)
        for other in range(runs):
            if other != one:
                expected = spearmanr(values[one], values[other]).statistic
                assert found[one, other] == pytest.approx(expected)


@given(SEEDS, st.integers(2, 8), st.floats(0, 3))
@settings(max_examples=40)
def test_the_ceiling_has_its_lower_end_below(seed: int, runs: int, noise: float) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=40) + noise * generator.normal(size=(runs, 40))
    lower, upper = noise_ceiling(rankdata(values, axis=1))
    assert lower.mean() <= upper.mean() + 1e-12
    assert ((lower >= -1) & (upper <= 1 + 1e-12)).all()


def test_ranks_that_do_not_vary_correlate_with_nothing() -> None:
    ranks = np.array([[1.0, 2, 3], [2, 2, 2], [2, 1, 3]])
    found = rank_correlations(ranks)
    np.testing.assert_allclose(found[0], [np.nan, np.nan, 0.5])
    assert np.isnan(found[1]).all()
    lower, upper = noise_ceiling(ranks)
    assert np.isnan([lower[1], upper[1]]).all()
    assert np.isfinite([*lower[[0, 2]], *upper[[0, 2]]]).all()
    assert np.isnan(noise_ceiling(ranks[:1])).all(), "one run has nothing to agree with"
    assert np.isnan(rank_correlations(ranks[1:2])).all()


# Nearest signs


@given(SEEDS, st.integers(2, 5), st.integers(3, 9))
@settings(max_examples=25)
def test_the_mean_jaccard_index_is_that_of_sets(seed: int, runs: int, signs: int) -> None:
    generator = np.random.default_rng(seed)
    k = int(generator.integers(1, signs))
    distance = generator.random((runs, signs, signs))
    found = mean_jaccard(np.array([nearest_signs(one, k) for one in distance]))
    sets = [
        [
            set(sorted((other for other in range(signs) if other != sign), key=one[sign].item)[:k])
            for sign in range(signs)
        ]
        for one in distance
    ]
    for run, sign in itertools.product(range(runs), range(signs)):
        mine = sets[run][sign]
        shares = [
            len(mine & sets[other][sign]) / len(mine | sets[other][sign])
            for other in range(runs)
            if other != run
        ]
        assert found[run, sign] == pytest.approx(sum(shares) / len(shares))


def test_nearest_signs_leave_out_the_sign_itself_and_its_missing_distance() -> None:
    distance = np.array([[np.nan, 2, 2], [2, 0, 9], [2, 9, 0]])
    found = nearest_signs(distance, 1)
    np.testing.assert_array_equal(found, [[0, 1, 0], [1, 0, 0], [1, 0, 0]])
    assert np.isnan(distance[0, 0]), "the distances that were given have been changed"
    assert np.isnan(mean_jaccard(found[None])).all(), "one run has nothing to agree with"


# Runs that stand out


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_what_stands_out_is_told_by_median_and_deviation(values: list[float], margin: float):
    found = outlying(np.array(values), margin)
    limit = max(3 * median_abs_deviation(values, scale="normal"), margin)
    assert found.tolist() == [np.median(values) - value > limit for value in values]


def test_missing_values_do_not_stand_out() -> None:
    found = outlying(np.array([0.9, np.nan, 0.9, 0.9, 0.2]), 0.1)
    assert found.tolist() == [False, False, False, False, True]
    assert outlying(np.array([np.nan]), 0.1).tolist() == [False]


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
        write_states(folder, network, hidden, real, sign)
        place = np.arange(len(signs))[:, None] ** 2 + 0.3 * generator.normal(size=(len(signs), 1))
        write_closeness(folder, network, np.abs(place - place.T), signs)
        write_metrics(folder, network, 0.9 + 0.001 * network)


def write_states(
    folder: Path, network: int, hidden: np.ndarray, real: np.ndarray, sign: np.ndarray
):
    dataset = xr.Dataset(
        {
            "hidden": (("example", "time", "unit"), hidden.astype(np.float32)),
            "mask": (("example", "time"), real),
        },
        coords={"sign": ("example", sign)},
    )
    write_store(dataset, folder / f"activations/{network}.zarr", stage="test", title="test")


def write_closeness(folder: Path, network: int, distance: np.ndarray, signs: Sequence[str] = NAMES):
    """Write ranks of a run; another space and other autoencoders must not matter."""
    ranks = stage_ranks(distance)
    decoy = stage_ranks(np.random.default_rng(network).random(distance.shape))
    path = folder / f"closeness/{network}.zarr"
    write_run(path, np.array([[decoy] * 2, [ranks, ranks]]), signs, ("last", "hidden"))
    both = np.array([[decoy] * 2, [distance, distance]]).astype(np.float32)
    dataset = open_store(path).load()
    dims = dataset.distance.dims
    write_store(dataset.assign(distance=(dims, both)), path, stage="test", title="test")


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


def test_every_two_runs_are_compared(tmp_path: Path) -> None:
    write_study(tmp_path, 12)
    # As text 10 comes before 2.
    networks = ["0", "2", "5", "10"]
    found = run_stage(tmp_path, networks, close_fraction=0.4)
    assert found.network.values.tolist() == found.other_network.values.tolist() == networks
    assert found.sign.values.tolist() == list(NAMES)
    k = largest_close_rank(len(NAMES), 0.4)
    assert (
        (found.attrs["k"], found.attrs["note"], found.attrs["flagged"]) == (k, "", 0) == (3, "", 0)
    )
    for variable in found.data_vars.values():
        assert variable.attrs.keys() >= {"long_name", "units", "section"}
    real = open_store(tmp_path / "activations/0.zarr").mask.values
    assert found.attrs["frames"] == real.sum()
    states, ranks = {}, {}
    upper = np.triu_indices(len(NAMES), 1)
    for network in networks:
        states[network] = open_store(tmp_path / f"activations/{network}.zarr").hidden.values[real]
        own = open_store(tmp_path / f"closeness/{network}.zarr").mutual_rank
        ranks[network] = own.sel(space="hidden").values[0][upper]
    for one, other in itertools.permutations(networks, 2):
        both = found.sel(network=one, other_network=other)
        expected = slow_cka(states[one].astype(float), states[other].astype(float))
        assert float(both.cka) == pytest.approx(expected, abs=1e-5)
        assert float(both.procrustes) == pytest.approx(
            procrustes(states[one], states[other])[2], abs=1e-5
        )
        expected = spearmanr(ranks[one], ranks[other]).statistic
        assert float(both.rank_correlation) == pytest.approx(expected)
        assert float(both.cka) > 0.7
    for name in ("cka", "procrustes", "rank_correlation"):
        assert np.isnan(np.diag(found[name].values)).all()
    others = [rankdata(ranks[network]) for network in networks if network != "5"]
    expected = spearmanr(ranks["5"], np.mean(others, axis=0)).statistic
    assert float(found.consensus.sel(network="5")) == pytest.approx(expected)
    assert float(found.consensus.mean()) <= float(found.ceiling_upper.mean())
    np.testing.assert_allclose(found.validation_accuracy, [0.9, 0.902, 0.905, 0.91])
    np.testing.assert_allclose(found.test_accuracy, [0.89, 0.892, 0.895, 0.9])
    assert found.learned.values.all()
    assert found.flag.values.tolist() == [""] * 4
    stores = [open_store(tmp_path / f"closeness/{network}.zarr") for network in networks]
    nearest = [nearest_signs(one.distance.sel(space="hidden").values[0], k) for one in stores]
    np.testing.assert_allclose(found.jaccard, mean_jaccard(np.array(nearest)))
    assert found.jaccard.values.min() > 0


def test_the_sample_is_common_and_of_real_frames(tmp_path: Path) -> None:
    write_study(tmp_path, 2)
    found = run_stage(tmp_path, [0, 1], frames=20)
    assert found.attrs["frames"] == 20
    real = open_store(tmp_path / "activations/0.zarr").mask.values
    at = sampled_frames(real, np.ones(len(real), bool), 20)
    assert real[at].all()
    one, other = (open_store(tmp_path / f"activations/{s}.zarr").hidden.values[at] for s in (0, 1))
    assert float(found.procrustes[0, 1]) == pytest.approx(procrustes(one, other)[2], abs=1e-5)


def test_runs_that_stand_out_are_flagged_and_kept(tmp_path: Path) -> None:
    write_study(tmp_path, 9)
    write_metrics(tmp_path, 1, 0.05, learned=False)
    write_metrics(tmp_path, 2, 0.8)
    strange = np.abs(np.subtract.outer(*(2 * [np.random.default_rng(0).permutation(8)])))
    write_closeness(tmp_path, 3, strange + 0.0)
    still = open_store(tmp_path / "activations/4.zarr").load()
    write_states(
        tmp_path, 4, np.full(still.hidden.shape, 1 / 3), still.mask.values, still.sign.values
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
    for name in ("cka", "procrustes", "rank_correlation"):
        values = found[name].values
        assert np.isnan(values[4]).all()
        assert np.isnan(values[:, 4]).all()
        assert np.isfinite(values[np.ix_(fine, fine)][~np.eye(8, dtype=bool)]).all(), "kept"
    for name in ("consensus", "ceiling_upper", "jaccard"):
        assert np.isnan(found[name].values[4]).all()
        assert np.isfinite(found[name].values[fine]).all()
    assert found.consensus.values[3] < 0.5
    without = run_stage(tmp_path, fine, close_fraction=0.3)
    np.testing.assert_allclose(found.jaccard.values[fine], without.jaccard.values)


def test_planted_pairs_make_runs_agree_where_they_are(tmp_path: Path) -> None:
    """Signs that lie side by side in every run share a neighbour; strewn ones do by chance."""
    write_study(tmp_path, 7)
    generator = np.random.default_rng(1)
    for network in range(7):
        write_closeness(tmp_path, network, random_ranks(generator, 8, [(0, 1)]))
    found = run_stage(tmp_path, range(7)).jaccard.mean("network").values
    np.testing.assert_allclose(found[:2], 1)
    assert (found[2:] < 0.6).all()


def test_one_run_has_nothing_to_agree_with(tmp_path: Path) -> None:
    write_study(tmp_path, 1)
    found = run_stage(tmp_path, [0])
    for name in ("cka", "procrustes", "rank_correlation", "jaccard", "consensus", "ceiling_upper"):
        assert np.isnan(found[name].values).all(), name
    assert "One network has nothing to agree with" in found.attrs["note"]
    assert found.flag.values.tolist() == [""]
    assert found.validation_accuracy.values.tolist() == [0.9]


def test_two_signs_have_one_pair_and_no_correlation(tmp_path: Path) -> None:
    write_study(tmp_path, 3, signs=("a", "b"))
    found = run_stage(tmp_path, range(3))
    assert np.isnan(found.rank_correlation.values).all()
    assert "Two signs make one pair" in found.attrs["note"]
    np.testing.assert_array_equal(found.jaccard, 1)
    assert np.isfinite(found.cka.values[0, 1])


def test_a_store_is_the_same_every_time_and_keeps_the_order_of_the_networks(tmp_path: Path):
    write_study(tmp_path, 3)
    found = run_stage(tmp_path, [0, 1, 2])
    xr.testing.assert_identical(found, run_stage(tmp_path, [0, 1, 2]))
    turned = run_stage(tmp_path, [2, 0, 1])
    assert turned.network.values.tolist() == ["2", "0", "1"]
    turned = turned.sel(network=found.network, other_network=found.other_network)
    xr.testing.assert_allclose(found, turned)


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
    app(["agreement", *given, "--frames=30", "--close-fraction=0.4"])
    found = open_store(tmp_path / "cli.zarr")
    assert (found.sizes["network"], found.attrs["frames"], found.attrs["k"]) == (2, 30, 3)


# What the user can mend


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (AgreementOptions, {"frames": 1}),
        (AgreementOptions, {"frames": 5001}),
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
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"validation_accuracy": 0.5, "test_accuracy": 0.5}', "learned"),
        ('{"validation_accuracy": "x", "test_accuracy": 0.5, "learned": true}', "ValueError"),
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
        ("networks/1", r"1/metrics\.json: .*FileNotFoundError.*Train it again"),
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
    write_states(tmp_path, 1, hidden, one.mask.values, one.sign.values)
    with pytest.raises(UserError, match=r"activations/1\.zarr: .*no finite numbers"):
        run_stage(tmp_path, range(3))
    write_closeness(tmp_path, 2, np.full((8, 8), np.nan))
    with pytest.raises(UserError, match=r"closeness/2\.zarr: .*no finite numbers"):
        run_stage(tmp_path, [0, 2])
