"""Stage `stability`: its statistics against scipy and obvious loops, its verdicts against truth."""

import itertools
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cyclopts import App
from makers import random_ranks, spaces_named, write_names, write_raw, write_run
from scipy import stats
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks, sensitivity_ranks
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions, StabilityOptions
from signpaths.spaces import described
from signpaths.stability.inference import arrangement, count_tested, share_tested
from signpaths.stability.pairs import pair_table
from signpaths.stability.retrainings import read_retrainings
from signpaths.stability.stability import stability, statistics
from signpaths.stability.verdicts import (
    APART,
    ARTEFACT,
    COMES,
    FLICKERS,
    INPUT,
    KEPT,
    LEARNED,
    LOST,
    NONE,
    RECURRENT,
    STAYS,
    UNDECIDED,
    UNLEARNED,
    VARIES,
)
from signpaths.stores import open_store, write_store

LETTERS = [f"sign{index:02d}" for index in range(60)]


@pytest.mark.parametrize(
    ("signs", "fraction", "k"),
    [(94, 0.05, 5), (12, 0.05, 1), (3, 0.05, 1), (94, 0.1, 9), (94, 0.025, 2), (12, 0.2, 2)],
)
def test_the_largest_close_rank(signs: int, fraction: float, k: int) -> None:
    assert largest_close_rank(signs, fraction) == k


# The stage


def run_on(
    folder: Path, networks: Sequence[object], options: StabilityOptions = StabilityOptions()
) -> None:
    """Run the stage on what lies in a folder."""
    stability(
        write_names(folder / "networks.txt", networks),
        folder / "raw.zarr",
        folder / "closeness",
        folder / "stability.zarr",
        folder / "pairs.csv",
        options=options,
    )


def run_stage(
    folder: Path,
    runs: list[np.ndarray],
    signs: list[str],
    raw: np.ndarray | None = None,
    spaces: tuple[str, ...] = ("hidden",),
    options: StabilityOptions = StabilityOptions(),
    energies: list[np.ndarray] | None = None,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Run the stage on mutual ranks `(space, ae_seed, sign, other)` of each network."""
    energies = energies or [np.zeros(ranks.shape) for ranks in runs]
    for network, (ranks, energy) in enumerate(zip(runs, energies, strict=True)):
        write_run(folder / f"closeness/{network}.zarr", ranks, signs, spaces, energy)
    raw = runs[0][0, 0] if raw is None else raw
    write_raw(folder / "raw.zarr", raw, signs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_on(folder, range(len(runs)), options)
    table = pd.read_csv(folder / "pairs.csv", keep_default_na=False)
    return open_store(folder / "stability.zarr").load(), table


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory):
    """Thirty signs over 20 networks and 3 autoencoders each, with known pairs among them.

    Signs 0–1 to 6–7 always lie side by side, 8–9 to 12–13 in every second network, the rest is
    strewn anew in every run. In the projection nothing is planted.
    """
    generator = np.random.default_rng(11)
    always, sometimes = [(0, 1), (2, 3), (4, 5), (6, 7)], [(8, 9), (10, 11), (12, 13)]
    runs, energies = [], []
    for seed in range(20):
        hidden = random_ranks(generator, 30, always + (sometimes if seed % 2 else []))
        projected = [random_ranks(generator, 30, []) for _ in range(3)]
        runs.append(np.stack([np.stack([hidden] * 3), np.stack(projected)]))
        energies.append(generator.random(runs[-1].shape))
        energies[-1][0] = energies[-1][0, 0]
    raw = random_ranks(generator, 30, [(0, 1), (20, 21)])
    names = [*LETTERS[:28], 'x "q", y', "é_"]
    folder = tmp_path_factory.mktemp("planted")
    dataset, table = run_stage(
        folder, runs, names, raw, ("hidden", "ae2"), StabilityOptions(), energies
    )
    return dataset, table, runs, energies, raw, names, always, sometimes


def pair_index(dataset: xr.Dataset, pair: tuple[int, int], names: list[str]) -> int:
    found = (dataset.sign_a.values == names[pair[0]]) & (dataset.sign_b.values == names[pair[1]])
    assert found.sum() == 1
    return int(found.argmax())


def test_planted_pairs_get_the_verdicts_they_deserve(planted) -> None:
    dataset, _, _, _, _, names, always, sometimes = planted
    assert dataset.sizes["pair"] == 435
    expected = np.full(435, APART, dtype=object)
    for pair in always:
        expected[pair_index(dataset, pair, names)] = STAYS
    for pair in sometimes:
        expected[pair_index(dataset, pair, names)] = COMES
    assert dataset.verdict.values.tolist() == expected.tolist()
    assert (dataset.p.sel(space="ae2").values > 0.01).all()
    assert set(dataset.picture.sel(space="ae2").values[dataset.verdict.values == STAYS]) == {LOST}
    assert set(dataset.picture.sel(space="hidden").values) == {NONE}
    assert dataset.attrs["inference"] == 1


def test_planted_pairs_get_their_cause_and_their_picture(tmp_path: Path) -> None:
    """Where and when each pair lies side by side, and what that is to be called."""
    every, no, odd = range(20), range(0), range(1, 20, 2)
    first, both = [(0,)] * 20, [(0, 1)] * 20
    # Pair: in the raw signals, in which networks before and after training, in whose pictures.
    planted = {
        (0, 1): (True, every, every, both, INPUT, KEPT),
        (2, 3): (False, every, every, [()] * 20, RECURRENT, LOST),
        (4, 5): (False, no, every, both, LEARNED, KEPT),
        (6, 7): (True, no, every, first, LEARNED, VARIES),
        (8, 9): (True, every, no, [()] * 20, UNLEARNED, NONE),
        (10, 11): (False, no, no, both, NONE, ARTEFACT),
        (12, 13): (True, odd, odd, both, FLICKERS, NONE),
        (14, 15): (True, no, no, [()] * 20, NONE, NONE),
    }
    generator = np.random.default_rng(17)
    runs = []
    for network in range(20):
        here = [
            [pair for pair, at in planted.items() if network in at[column]] for column in (1, 2)
        ]
        untrained, hidden = (random_ranks(generator, 30, pairs) for pairs in here)
        pictures = [
            random_ranks(generator, 30, [p for p, at in planted.items() if seed in at[3][network]])
            for seed in range(2)
        ]
        runs.append(np.array([[hidden] * 2, [untrained] * 2, pictures]))
    raw = random_ranks(generator, 30, [pair for pair, at in planted.items() if at[0]])
    spaces = ("hidden", "untrained", "ae2")
    found, _ = run_stage(tmp_path, runs, LETTERS[:30], raw, spaces)
    for pair, (*_, cause, picture) in planted.items():
        at = found.isel(pair=pair_index(found, pair, LETTERS))
        assert (at.cause.item(), at.picture.sel(space="ae2").item()) == (cause, picture), pair
    assert (found.cause.values != NONE).sum() == 6, "nothing else has a cause"
    assert (found.picture.sel(space="ae2").values != NONE).sum() == 5


def test_every_number_is_what_a_loop_gives(planted) -> None:
    dataset, _, runs, energies, raw, names, _, _ = planted
    assert dataset.attrs["k"] == 1
    assert (dataset.attrs["networks"], dataset.attrs["ae_seeds"]) == (20, 3)
    assert (dataset.attrs["signs"], dataset.attrs["pairs"]) == (30, 435)
    assert dataset.network.values.tolist() == [str(network) for network in range(20)]
    assert described(dataset) == spaces_named("hidden", "ae2", runs=3)
    assert dataset.raw_kind.values.tolist() == ["raw signals"]
    pairs = list(itertools.combinations(range(30), 2))
    assert dataset.sign_a.values.tolist() == [names[a] for a, _ in pairs]
    assert dataset.sign_b.values.tolist() == [names[b] for _, b in pairs]
    for row in range(2):
        one = dataset.isel(space=row)
        for index in [*range(0, 435, 23), 0, 434]:
            a, b = pairs[index]
            own = [np.float32(ranks[row, :, a, b]) for ranks in runs]
            means = [float(np.mean(ranks)) for ranks in own]
            energy = np.mean([values[row, :, a, b].mean() for values in energies])
            close = [float(np.mean([m <= 1 for m in ranks])) for ranks in own]
            at = one.isel(pair=index)
            np.testing.assert_allclose(at.mutual_rank.values, means, rtol=1e-6)
            np.testing.assert_allclose(at["close"].values, close)
            assert at.pi.item() == pytest.approx(sum(close) / 20)
            assert at.rank_mean.item() == pytest.approx(np.mean(means))
            assert at.rank_q25.item() == pytest.approx(np.percentile(means, 25))
            assert at.rank_q75.item() == pytest.approx(np.percentile(means, 75))
            assert at.energy.item() == pytest.approx(energy, rel=1e-5)
            assert at.raw_rank.item() == pytest.approx(raw[a, b], rel=1e-6)
            assert bool(at.raw_close.item()) == (raw[a, b] <= 1)
        limits = {"tau": 0.5, "confidence": 0.95}
        values = one["close"].transpose("network", "pair").values
        tested = (
            share_tested(values, **limits)
            if row
            else count_tested(values.sum(axis=0).astype(int), 20, **limits)
        )
        for name in ("pi_low", "pi_high", "p", "q", "q_by", "apart_q"):
            np.testing.assert_allclose(one[name].values, getattr(tested, name), err_msg=name)
        np.testing.assert_allclose(one.p_arrangement.values, arrangement(values >= 0.5))
        # Near are the pairs up to twice the rank that is close.
        nearby = np.mean([ranks[row].mean(axis=0) for ranks in runs], axis=0) <= 2
        assert one.near_pairs.item() == nearby[np.triu_indices(30, 1)].sum()
        assert one.near_pairs.attrs["long_name"] == "pairs of mean rank up to 2"
        upper = np.triu_indices(30, 1)
        every = np.float32([ranks[row][:, *upper] for ranks in runs])
        np.testing.assert_allclose(one.pi_half_k.values, (every <= 1).mean(axis=(0, 1)))
        np.testing.assert_allclose(one.pi_double_k.values, (every <= 2).mean(axis=(0, 1)))
    for name, one in dataset.data_vars.items():
        # What is asked of projections only, or of signs in a set, is not known elsewhere; nor is
        # how often an answer comes again that nobody gave.
        if name.startswith("half_"):
            continue
        asked = one.sel(space="ae2") if "kept" in name or "picture" in name else one
        if name in ("cause_repeats", "picture_repeats"):
            answer = dataset[name.removesuffix("_repeats")].values
            assert (np.isnan(one.values) == (answer == NONE)).all()
            continue
        if name.startswith("group_"):
            asked = one[dataset["group"].values > 0]
        if name == "plan_by_count":
            # Of counts that no pair has nothing is foretold.
            close = dataset["pi"].sel(space="hidden").values * dataset.sizes["network"]
            asked = one.sel(close_in=np.unique(np.rint(close).astype(int)))
        assert one.dtype.kind != "f" or not np.isnan(asked.values).any(), name
    for name, variable in dataset.data_vars.items():
        assert {"long_name", "units", "section"} <= set(variable.attrs), name


def test_the_table_says_what_the_store_says(planted) -> None:
    dataset, table, *_ = planted
    assert len(table) == 435
    assert table.columns[:5].tolist() == ["sign_a", "sign_b", "verdict", "verdict_repeats", "cause"]
    names = [str(n) for n, one in dataset.data_vars.items() if one.dims == ("space", "pair")]
    assert {"pi", "p", "q", "q_by", "rank_mean", "rank_low", "energy", "ae_variance"} <= set(names)
    alone = {str(n) for n, one in dataset.data_vars.items() if one.dims == ("pair",)}
    expected = [f"{space}_{name}" for space in ("hidden", "ae2") for name in (*names, "breaks")]
    # What a picture does is asked of pictures only.
    expected = [name for name in expected if not name.startswith("hidden_picture")]
    assert sorted({*table.columns} - alone) == sorted([*expected, "sign_a", "sign_b"])
    index = {
        pair: row
        for row, pair in enumerate(
            zip(dataset.sign_a.values.tolist(), dataset.sign_b.values.tolist(), strict=True)
        )
    }
    order = [index[pair] for pair in zip(table.sign_a, table.sign_b, strict=True)]
    assert sorted(order) == list(range(435))
    assert table.verdict.tolist() == dataset.verdict.values[order].tolist()
    assert table.raw_close.tolist() == dataset.raw_close.values[order].tolist()
    np.testing.assert_allclose(table.raw_rank, dataset.raw_rank.values[order], rtol=1e-5)
    for space in ("hidden", "ae2"):
        one = dataset.sel(space=space).isel(pair=order)
        for name in names:
            if name.startswith("picture"):
                continue
            np.testing.assert_allclose(
                table[f"{space}_{name}"], one[name].values, rtol=1e-5, atol=1e-12
            )
        for text, close in zip(table[f"{space}_breaks"], one["close"].values.T, strict=True):
            assert text.split() == [str(seed) for seed in range(20) if close[seed] < 0.5]
    pd.testing.assert_frame_equal(
        pair_table(dataset).reset_index(drop=True)[["sign_a", "sign_b", "verdict"]],
        table[["sign_a", "sign_b", "verdict"]],
        check_dtype=False,
    )


def test_the_table_is_sorted_from_stable_to_not(planted) -> None:
    dataset, table, *_ = planted
    pi = dataset.pi.sel(space="hidden").values
    mean = dataset.rank_mean.sel(space="hidden").values
    keys = sorted(
        zip(-pi, mean, dataset.sign_a.values.tolist(), dataset.sign_b.values.tolist(), strict=True)
    )
    assert list(zip(table.sign_a, table.sign_b, strict=True)) == [key[2:] for key in keys]
    assert set(table.verdict[:4]) == {STAYS}
    assert table.hidden_breaks[:4].tolist() == [""] * 4


def ranks_for(per_autoencoder: list[float]) -> np.ndarray:
    """Three signs whose first pair has these mutual ranks, one an autoencoder."""
    ranks = np.full((1, len(per_autoencoder), 3, 3), 2.0)
    ranks[0, :, 0, 1] = ranks[0, :, 1, 0] = per_autoencoder
    return ranks


@pytest.mark.parametrize(
    ("per_autoencoder", "close"),
    [
        ([1, 1, 2], 2 / 3),
        ([1, 2, 2], 1 / 3),
        ([1, 1, 60], 2 / 3),  # however far the third is
        ([1, 1.5], 1 / 2),
        ([1, 1], 1),
        ([1, 1, 9, 9], 1 / 2),
        ([1, 1, 1.001, 9], 1 / 2),
        ([1], 1),
        ([2], 0),
    ],
)
def test_the_share_of_autoencoders_counts(
    tmp_path: Path, per_autoencoder: list[float], close: float
) -> None:
    ranks = np.concatenate([ranks_for([1] * len(per_autoencoder)), ranks_for(per_autoencoder)])
    dataset, _ = run_stage(tmp_path, [ranks], LETTERS[:3], spaces=("hidden", "ae2"))
    assert dataset.attrs["k"] == 1
    one = dataset.sel(space="ae2").isel(network=0, pair=0)
    assert one["close"].item() == pytest.approx(close)
    assert one.pi.item() == pytest.approx(close)
    assert one.mutual_rank.item() == pytest.approx(np.mean(per_autoencoder))


def test_autoencoders_are_never_counted_as_retrainings(tmp_path: Path) -> None:
    """Two networks of fifty autoencoders are two observations."""
    ranks = np.concatenate([ranks_for([1] * 50)] * 2)
    dataset, _ = run_stage(tmp_path, [ranks, ranks], LETTERS[:3], spaces=("hidden", "ae2"))
    # Two of two, given more than one of two: as likely as not.
    assert dataset.p.sel(space="hidden").values[0] == pytest.approx(1.0)
    assert dataset.p.sel(space="ae2").values[0] == pytest.approx(0.25)
    assert dataset.pi_low.sel(space="hidden").values[0] == pytest.approx(
        stats.beta.ppf(0.025, 2, 1)
    )
    assert dataset.pi_low.sel(space="ae2").values[0] < stats.beta.ppf(0.025, 2, 1)
    assert set(dataset.verdict.values) == {UNDECIDED}


def test_one_network_decides_nothing(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    ranks = random_ranks(generator, 8, [(0, 1)])[None, None]
    dataset, table = run_stage(tmp_path, [ranks], LETTERS[:8])
    assert set(dataset.verdict.values) == {UNDECIDED}
    assert dataset.attrs["inference"] == 0
    assert dataset.attrs["networks_needed_any"] > 1
    for name, variable in dataset.data_vars.items():
        known = variable.dtype.kind != "f" or not np.isnan(variable.values).any()
        assert known or any(one in name for one in ("kept", "picture", "group", "cause")), name
    assert not (table.drop(columns=["hidden_breaks", "cause", "cause_repeats"]) == "").any().any()


@pytest.mark.parametrize(("networks", "enough"), [(5, False), (6, True)])
def test_too_few_networks_are_said_to_be_too_few(
    tmp_path: Path, networks: int, enough: bool
) -> None:
    """Twelve signs in six couples that always keep together: the best there can be."""
    place = np.repeat(np.arange(6) ** 2, 2) + np.tile([0, 0.1], 6)
    ranks = mutual_ranks(np.abs(np.subtract.outer(place, place)))[None, None]
    dataset, _ = run_stage(tmp_path, [ranks] * networks, LETTERS[:12])
    assert dataset.attrs["inference"] == int(enough)
    assert (dataset.verdict.values == STAYS).sum() == (6 if enough else 0)


def test_networks_keep_their_order_and_are_named_in_the_breaks(tmp_path: Path) -> None:
    """As text ten comes before two, and after it in the study."""
    runs = [ranks_for([1.0 if network not in (2, 9, 10) else 2.0]) for network in range(12)]
    dataset, table = run_stage(tmp_path, runs, LETTERS[:3])
    assert dataset.network.values.tolist() == [str(network) for network in range(12)]
    first = table[(table.sign_a == "sign00") & (table.sign_b == "sign01")]
    assert first.hidden_breaks.tolist() == ["2 9 10"]


def test_networks_may_have_any_name_and_others_are_passed_over(tmp_path: Path) -> None:
    for name in ("gru", "b-2", "left"):
        write_run(tmp_path / f"closeness/{name}.zarr", ranks_for([1]), ["a", "b", "c"])
    write_raw(tmp_path / "raw.zarr", ranks_for([1])[0, 0], ["a", "b", "c"])
    run_on(tmp_path, ["gru", "b-2"])
    assert open_store(tmp_path / "stability.zarr").network.values.tolist() == ["gru", "b-2"]


def test_runs_of_other_signs_are_refused(tmp_path: Path) -> None:
    ranks = ranks_for([1])
    write_run(tmp_path / "closeness/0.zarr", ranks, ["a", "b", "c"])
    write_raw(tmp_path / "raw.zarr", ranks[0, 0], ["a", "b", "c"])
    more = np.full((1, 1, 4, 4), 2.0)
    for signs, other in ((["a", "b", "d"], ranks), (["a", "b", "c", "d"], more)):
        write_run(tmp_path / "closeness/1.zarr", other, signs)
        with pytest.raises(UserError, match=r"1\.zarr") as caught:
            run_on(tmp_path, [0, 1])
        assert "sign" in str(caught.value)


def test_runs_of_other_spaces_or_autoencoders_are_refused(tmp_path: Path) -> None:
    ranks, signs = ranks_for([1, 1]), ["a", "b", "c"]
    write_raw(tmp_path / "raw.zarr", ranks[0, 0], signs)
    write_run(tmp_path / "closeness/0.zarr", ranks, signs)
    write_run(tmp_path / "closeness/1.zarr", ranks[:, :1], signs)
    with pytest.raises(UserError, match="ae_seed"):
        run_on(tmp_path, [0, 1])
    write_run(tmp_path / "closeness/1.zarr", ranks, signs, ["ae2"])
    with pytest.raises(UserError, match="space"):
        run_on(tmp_path, [0, 1])
    assert not (tmp_path / "stability.zarr").exists()
    assert not (tmp_path / "pairs.csv").exists()


def test_runs_of_other_measures_are_refused(tmp_path: Path) -> None:
    signs = ["a", "b", "c"]
    write_raw(tmp_path / "raw.zarr", ranks_for([1])[0, 0], signs)
    for network in range(2):
        write_run(tmp_path / f"closeness/{network}.zarr", ranks_for([1]), signs)
    other = open_store(tmp_path / "closeness/1.zarr").load().drop_vars("energy")
    path, options = tmp_path / "closeness/1.zarr", ClosenessOptions()
    write_store(other, path, stage="closeness", title="made for a test", options=options)
    with pytest.raises(UserError, match=r"1\.zarr: it holds other measures"):
        run_on(tmp_path, [0, 1])


@pytest.mark.parametrize("signs", [["a", "b", "d"], ["a", "b", "c", "d"], ["c", "b", "a"]])
def test_raw_signals_of_other_signs_are_refused(tmp_path: Path, signs: list[str]) -> None:
    """Ranks of other signs must not stand beside these pairs."""
    for network in range(2):
        write_run(tmp_path / f"closeness/{network}.zarr", ranks_for([1]), ["a", "b", "c"])
    write_raw(tmp_path / "raw.zarr", np.full((len(signs), len(signs)), 2.0), signs)
    with pytest.raises(UserError, match=r"raw\.zarr"):
        run_on(tmp_path, [0, 1])


@pytest.mark.parametrize(
    ("networks", "says"),
    [([0, 1], r"1\.zarr: no zarr store"), ([0, 0], "names a network twice"), ([], "no network")],
)
def test_networks_that_are_missing_twice_or_none_are_refused(
    tmp_path: Path, networks: list[int], says: str
) -> None:
    write_run(tmp_path / "closeness/0.zarr", ranks_for([1]), ["a", "b", "c"])
    write_raw(tmp_path / "raw.zarr", ranks_for([1])[0, 0], ["a", "b", "c"])
    with pytest.raises(UserError, match=says):
        run_on(tmp_path, networks)
    assert not (tmp_path / "stability.zarr").exists()


@pytest.mark.parametrize(
    ("k", "signs", "expected"), [(5, 94, (2, 10)), (1, 12, (1, 2)), (1, 2, (1, 1)), (3, 5, (2, 4))]
)
def test_sensitivity_takes_half_and_double(k: int, signs: int, expected: tuple[int, int]) -> None:
    assert sensitivity_ranks(k, signs) == expected


# What cannot be told is said in words


@pytest.mark.parametrize(("networks", "autoencoders", "signs"), [(1, 1, 2), (1, 3, 5), (4, 1, 3)])
def test_small_studies_say_what_they_cannot_tell(
    tmp_path: Path, networks: int, autoencoders: int, signs: int
) -> None:
    generator = np.random.default_rng(1)
    runs = [
        np.stack([np.stack([random_ranks(generator, signs, [])] * autoencoders)] * 3)
        for _ in range(networks)
    ]
    dataset, table = run_stage(
        tmp_path, runs, LETTERS[:signs], spaces=("hidden", "untrained", "ae2")
    )
    notes = dataset.attrs["notes"]
    assert ("One network" in notes) == (networks == 1)
    assert ("One autoencoder:" in notes) == (autoencoders == 1)
    assert ("Two signs" in notes) == (signs == 2)
    assert set(table.verdict) == {UNDECIDED}
    assert set(table.cause) == {NONE}
    assert not [name for name in table if name.startswith("hidden_picture")]
    numbers = table.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy()).all()
    assert ("beyond_agreement" in dataset.attrs) == (networks > 1)


def test_equal_ranks_in_every_run_are_no_evidence(tmp_path: Path) -> None:
    """Signs that are all alike, or states that are all equal: every rank is the middle one."""
    tied = mutual_ranks(np.ones((5, 5)) - np.eye(5))
    runs = [np.stack([np.stack([tied] * 2)] * 3) for _ in range(12)]
    dataset, table = run_stage(tmp_path, runs, LETTERS[:5], spaces=("hidden", "untrained", "ae2"))
    assert set(table.verdict) == {APART}
    assert set(table.cause) == {NONE}
    assert (dataset.variance_share == 0).all()
    assert (dataset.reliability == 0).all()
    assert np.isfinite(table.select_dtypes("number").to_numpy()).all()


def test_one_sign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two signs"):
        run_stage(tmp_path, [np.full((1, 1, 1, 1), np.nan)], ["alone"])


def test_sessions_that_differ_between_runs_give_no_error_over_sessions(tmp_path: Path) -> None:
    """Splits of their own, and closeness among held-out examples: not the same sessions."""
    generator = np.random.default_rng(2)
    signs = LETTERS[:4]
    for network, sessions in enumerate((["x", "y"], ["x", "y"], ["x", "z"], ["x", "y", "z"], [])):
        ranks = random_ranks(generator, 4, [])
        path = tmp_path / f"closeness/{network}.zarr"
        run = open_store(write_run(path, ranks[None, None], signs)).load()
        if sessions:
            without = np.stack([ranks] * len(sessions))[None, None]
            dims = ("space", "ae_seed", "session", "sign", "other")
            run = run.assign(rank_without=(dims, without)).assign_coords(session=sessions)
        options = ClosenessOptions()
        write_store(run, path, stage="closeness", title="made for a test", options=options)
    write_raw(tmp_path / "raw.zarr", ranks, signs)
    for networks, known in (([0, 1], True), ([1, 2, 3], False), ([3, 4], False)):
        run_on(tmp_path, networks)
        found = open_store(tmp_path / "stability.zarr")
        assert ("rank_error" in found) == ("pi_error" in found) == known
        assert ("do not compare examples of the same sessions" in found.attrs["notes"]) != known


def test_errors_over_sessions_and_ceilings_count_every_autoencoder(tmp_path: Path) -> None:
    """Against a loop over networks, autoencoders, sessions and pairs."""
    generator = np.random.default_rng(5)
    signs, networks, seeds, sessions = LETTERS[:6], 4, 3, ["x", "y", "z"]
    every, halves = [], []
    for network in range(networks):
        ranks = np.array([random_ranks(generator, 6, []) for _ in range(seeds)])[None]
        path = tmp_path / f"closeness/{network}.zarr"
        spaces = ("hidden", "ae2")
        run = open_store(write_run(path, ranks.repeat(2, axis=0), signs, spaces)).load()
        without = np.array([[random_ranks(generator, 6, []) for _ in sessions] for _ in ranks[0]])
        halves.append(generator.choice([1.0, 2.0, 4.0], (seeds, 6)))
        run = run.assign(
            rank_without=(
                ("space", "ae_seed", "session", "sign", "other"),
                without[None].repeat(2, axis=0),
            ),
            ceiling=(("space", "ae_seed", "sign"), halves[-1][None].repeat(2, axis=0)),
        ).assign_coords(session=sessions)
        every.append(without)
        options = ClosenessOptions()
        write_store(run, path, stage="closeness", title="made for a test", options=options)
    write_raw(tmp_path / "raw.zarr", ranks[0, 0], signs)
    found = statistics(
        read_retrainings(tmp_path / "closeness", list(map(str, range(networks))), 0.05),
        open_store(tmp_path / "raw.zarr"),
        StabilityOptions(),
    )
    for pair, (a, b) in enumerate(itertools.combinations(range(6), 2)):
        for name, value in (("rank_error", lambda m: m), ("pi_error", lambda m: m <= 1)):
            means = [
                np.mean([value(one[seed, left, a, b]) for one in every for seed in range(seeds)])
                for left in range(len(sessions))
            ]
            error = np.sqrt(2 / 3 * sum((one - np.mean(means)) ** 2 for one in means))
            assert found[name].values[1, pair] == pytest.approx(error, abs=1e-6)
    np.testing.assert_allclose(found.ceiling_rank.values[1], np.mean(halves, axis=(0, 1)))
    np.testing.assert_allclose(
        found.ceiling.values[1], (np.array(halves) == 1).mean(axis=(0, 1)), atol=1e-12
    )


def test_the_command_takes_a_list_and_a_folder(tmp_path: Path) -> None:
    for network in (0, 1):
        write_run(tmp_path / f"closeness/{network}.zarr", ranks_for([1]), ["a", "b", "c"])
    write_raw(tmp_path / "raw.zarr", ranks_for([1])[0, 0], ["a", "b", "c"])
    write_names(tmp_path / "networks.txt", [0, 1])
    app = App(result_action="return_value")
    app.command(stability)
    paths = ("networks.txt", "raw.zarr", "closeness", "stability.zarr", "pairs.csv")
    app(["stability", *(str(tmp_path / path) for path in paths), "--tau=0.4"])
    found = open_store(tmp_path / "stability.zarr")
    assert (found.sizes["network"], found.attrs["tau"]) == (2, 0.4)
