"""Stage `stability`: its statistics against scipy and obvious loops, its verdicts against truth."""

import itertools
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cyclopts import App
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import random_ranks, spaces_named, write_names, write_raw, write_run
from scipy import stats
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks, sensitivity_ranks
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions, StabilityOptions
from signpaths.spaces import described
from signpaths.stability.inference import Counted, chance, count_close
from signpaths.stability.pairs import pair_table
from signpaths.stability.stability import stability
from signpaths.stability.verdicts import (
    APART,
    COMES,
    STAYS,
    UNDECIDED,
    lost_in_projection,
    networks_needed_to_pass,
    origins,
    verdicts,
)
from signpaths.stores import open_store, write_store

LETTERS = [f"sign{index:02d}" for index in range(60)]


def slow_benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Each p times M over its rank, and never above that of a larger p."""
    scaled = [value * len(p) / sum(other <= value for other in p) for value in p]
    larger = [[s for s, other in zip(scaled, p, strict=True) if other >= value] for value in p]
    return np.array([min(1.0, *found) for found in larger])


def counted_by(close: np.ndarray, options: StabilityOptions) -> Counted:
    return count_close(close, tau=options.tau, confidence=options.confidence)


def close_in(counts: list[int], networks: int) -> np.ndarray:
    """Bool `(1, network, pair)`: each pair close in so many networks."""
    return np.stack([np.arange(networks) < count for count in counts], axis=1)[None]


# Counting


@pytest.mark.parametrize("networks", [1, 2, 7, 10, 20])
@pytest.mark.parametrize(("tau", "confidence"), [(0.5, 0.95), (0.3, 0.8)])
def test_intervals_and_p_are_the_exact_ones(networks: int, tau: float, confidence: float) -> None:
    counts = np.arange(networks + 1)
    options = StabilityOptions(tau=tau, confidence=confidence)
    found = counted_by(close_in(counts.tolist(), networks), options)
    alpha = 1 - confidence
    with np.errstate(invalid="ignore"):
        low = np.nan_to_num(stats.beta.ppf(alpha / 2, counts, networks - counts + 1), nan=0.0)
        high = np.nan_to_num(stats.beta.ppf(1 - alpha / 2, counts + 1, networks - counts), nan=1.0)
    np.testing.assert_allclose(found.pi[0], counts / networks)
    np.testing.assert_allclose(found.pi_low[0], low, atol=1e-9)
    np.testing.assert_allclose(found.pi_high[0], high, atol=1e-9)
    np.testing.assert_allclose(found.p[0], stats.binom.sf(counts - 1, networks, tau), rtol=1e-9)
    assert found.pi_low[0][0] == 0
    assert found.pi_high[0][-1] == 1


def test_spaces_and_pairs_are_counted_apart() -> None:
    close = np.zeros((2, 4, 3), dtype=bool)
    close[0, :3, 1] = True
    close[1, :, 2] = True
    found = counted_by(close, StabilityOptions())
    np.testing.assert_array_equal(found.pi, [[0, 0.75, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("signs", "fraction", "k"),
    [(94, 0.05, 5), (12, 0.05, 1), (3, 0.05, 1), (94, 0.1, 9), (94, 0.025, 2), (12, 0.2, 2)],
)
def test_the_largest_close_rank(signs: int, fraction: float, k: int) -> None:
    assert largest_close_rank(signs, fraction) == k


# How many networks it takes


def most_favourable(signs: int, k: int) -> np.ndarray:
    """Whether each pair is close, when as many are as can be: groups of 2k signs, alike inside.

    Within such a group all 2k − 1 others share the first ranks, whose mean is k.
    """
    group = np.arange(signs) // (2 * k)
    distance = np.where(np.equal.outer(group, group), 1.0, 100.0)
    distance += np.where(distance > 50, np.abs(np.subtract.outer(group, group)), 0)
    return (mutual_ranks(distance) <= k)[np.triu_indices(signs, 1)]


def passes(close: np.ndarray, networks: int, options: StabilityOptions) -> bool:
    """Whether N1 passes for a pair when these pairs are close in all networks, the others never."""
    counted = counted_by(np.repeat(close[None, None], networks, axis=1), options)
    return bool((stats.false_discovery_control(counted.p[0]) <= options.fdr).any())


@given(st.integers(3, 9), st.integers(1, 3), st.integers(0, 2**32 - 1), st.booleans())
def test_no_more_pairs_can_be_close_than_in_groups_alike(
    signs: int, k: int, seed: int, ties: bool
) -> None:
    """The bound on which the number of networks rests: (2k − 1)/2 close pairs a sign."""
    distance = np.random.default_rng(seed).random((signs, signs))
    distance = np.round((distance + distance.T) * (2 if ties else 1e9))
    close = (mutual_ranks(distance) <= k)[np.triu_indices(signs, 1)]
    assert close.sum() <= signs * (2 * k - 1) / 2


@pytest.mark.parametrize(
    ("signs", "k"), [(4, 1), (12, 1), (24, 1), (30, 1), (48, 2), (52, 2), (60, 3), (40, 5), (6, 3)]
)
@pytest.mark.parametrize("tau", [0.5, 0.7])
def test_fewer_networks_than_needed_can_never_pass(signs: int, k: int, tau: float) -> None:
    options = StabilityOptions(tau=tau)
    close = most_favourable(signs, k)
    assert close.sum() == min(close.size, signs * (2 * k - 1) // 2)
    needed_any, needed_one = networks_needed_to_pass(signs, k, options)
    assert passes(close, needed_any, options), "so many networks are not enough"
    assert not passes(close, needed_any - 1, options), "fewer networks are enough"
    alone = np.arange(close.size) == 0
    assert passes(alone, needed_one, options)
    assert not passes(alone, needed_one - 1, options)


@given(st.integers(3, 94), st.sampled_from([0.3, 0.5, 0.8]), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=12)
def test_a_single_pair_needs_as_many_networks_as_said(signs: int, tau: float, fdr: float) -> None:
    options = StabilityOptions(tau=tau, fdr=fdr)
    _, needed = networks_needed_to_pass(signs, 1, options)
    alone = np.arange(signs * (signs - 1) // 2) == 0
    assert passes(alone, needed, options)
    assert not passes(alone, needed - 1, options)


def test_a_bound_that_is_met_exactly_counts() -> None:
    # 4 signs, k 1: two pairs of six can be close; with fdr 3/16 two discoveries need p ≤ 1/16.
    options = StabilityOptions(fdr=3 / 16)
    assert passes(most_favourable(4, 1), 4, options)
    assert not passes(most_favourable(4, 1), 3, options)
    assert networks_needed_to_pass(4, 1, options)[0] == 4


def test_networks_of_the_real_study() -> None:
    """STATISTICS: ten can pass with many discoveries; one pair alone needs far more."""
    needed_any, needed_one = networks_needed_to_pass(94, 5, StabilityOptions())
    assert needed_any <= 10
    assert needed_one == math.ceil(math.log2(4371 / 0.05)) == 17


# Verdicts


WITHOUT_REJECTION = {
    # 95 % intervals: 1 of 10 ends at 0.45; 2 to 5 reach from below 0.2 to above 0.5; 9 begins at
    # 0.55, so both 9 and 10 lie above one half.
    10: {0: APART, 1: APART, **dict.fromkeys(range(2, 6), UNDECIDED)}
    | dict.fromkeys(range(6, 9), COMES)
    | {9: UNDECIDED, 10: UNDECIDED},
    # 5 of 20 ends at 0.49, 6 at 0.54; 8 begins at 0.19, 9 at 0.23; 14 begins at 0.46, 15 at 0.51.
    20: dict.fromkeys(range(4), APART)
    | dict.fromkeys((4, 5), COMES)
    | dict.fromkeys((6, 7, 8), UNDECIDED)
    | dict.fromkeys(range(9, 15), COMES)
    | dict.fromkeys(range(15, 21), UNDECIDED),
}


@pytest.mark.parametrize("networks", [10, 20])
def test_every_count_has_the_verdict_that_its_interval_gives(networks: int) -> None:
    options = StabilityOptions()
    counted = counted_by(close_in(list(range(networks + 1)), networks), options)
    one = Counted(*(getattr(counted, name)[0] for name in ("pi", "pi_low", "pi_high", "p")))
    found = verdicts(one, np.ones(networks + 1), enough=True, options=options)
    assert dict(enumerate(found.tolist())) == WITHOUT_REJECTION[networks]
    rejected = np.where(np.arange(networks + 1) > 0.8 * networks, options.fdr, 0.0501)
    found = verdicts(one, rejected, enough=True, options=options)
    for count, verdict in enumerate(found):
        expected = STAYS if count > 0.8 * networks else WITHOUT_REJECTION[networks][count]
        assert verdict == expected
    found = verdicts(one, np.zeros(networks + 1), enough=False, options=options)
    assert set(found) == {UNDECIDED}


def test_options_move_the_verdicts() -> None:
    counted = counted_by(close_in(list(range(21)), 20), StabilityOptions())
    one = Counted(*(getattr(counted, name)[0] for name in ("pi", "pi_low", "pi_high", "p")))
    ones = np.ones(21)
    found = verdicts(one, ones, enough=True, options=StabilityOptions(apart=0.31))
    assert found[5] == APART
    assert found[9] == UNDECIDED
    found = verdicts(one, ones, enough=True, options=StabilityOptions(tau=0.8))
    assert found[16] == COMES
    found = verdicts(one, ones / 10, enough=True, options=StabilityOptions(fdr=0.1))
    assert set(found) == {STAYS}


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
    assert dataset.attrs["inference"] == 1


def test_every_number_is_what_a_loop_gives(planted) -> None:
    dataset, _, runs, energies, raw, names, _, _ = planted
    assert dataset.attrs["k"] == 1
    assert (dataset.attrs["networks"], dataset.attrs["ae_seeds"]) == (20, 3)
    assert (dataset.attrs["signs"], dataset.attrs["pairs"]) == (30, 435)
    assert dataset.network.values.tolist() == [str(network) for network in range(20)]
    assert described(dataset) == spaces_named("hidden", "ae2")
    assert dataset.raw_kind.values.tolist() == ["raw signals"]
    pairs = list(itertools.combinations(range(30), 2))
    assert dataset.sign_a.values.tolist() == [names[a] for a, _ in pairs]
    assert dataset.sign_b.values.tolist() == [names[b] for _, b in pairs]
    for row in range(2):
        one = dataset.isel(space=row)
        for index in [*range(0, 435, 23), 0, 434]:
            a, b = pairs[index]
            medians = [float(np.median(np.float32(ranks[row, :, a, b]))) for ranks in runs]
            energy = np.mean([values[row, :, a, b].mean() for values in energies])
            close = [m <= 1 for m in medians]
            at = one.isel(pair=index)
            np.testing.assert_allclose(at.mutual_rank.values, medians)
            assert at["close"].values.tolist() == close
            assert at.pi.item() == pytest.approx(sum(close) / 20)
            assert at.rank_mean.item() == pytest.approx(np.mean(medians))
            assert at.rank_q25.item() == pytest.approx(np.percentile(medians, 25))
            assert at.rank_q75.item() == pytest.approx(np.percentile(medians, 75))
            assert at.energy.item() == pytest.approx(energy, rel=1e-5)
            assert at.p.item() == pytest.approx(stats.binom.sf(sum(close) - 1, 20, 0.5))
            assert at.raw_rank.item() == pytest.approx(raw[a, b], rel=1e-6)
            assert bool(at.raw_close.item()) == (raw[a, b] <= 1)
        np.testing.assert_allclose(one.q.values, slow_benjamini_hochberg(one.p.values))
        harmonic = sum(1 / rank for rank in range(1, 436))
        by = np.minimum(1, slow_benjamini_hochberg(one.p.values * harmonic))
        np.testing.assert_allclose(one.q_by.values, by)
        np.testing.assert_allclose(one.p_chance.values, chance(one["close"].values))
        np.testing.assert_allclose(one.pi_half_k.values, (one.mutual_rank <= 1).mean("network"))
        np.testing.assert_allclose(one.pi_double_k.values, (one.mutual_rank <= 2).mean("network"))
    assert not any(
        np.isnan(v.values).any() for v in dataset.data_vars.values() if v.dtype.kind == "f"
    )
    for name, variable in dataset.data_vars.items():
        assert {"long_name", "units", "section"} <= set(variable.attrs), name


def test_the_table_says_what_the_store_says(planted) -> None:
    dataset, table, *_ = planted
    assert len(table) == 435
    assert table.columns[:5].tolist() == ["sign_a", "sign_b", "verdict", "raw_rank", "raw_close"]
    names = [str(n) for n, one in dataset.data_vars.items() if one.dims == ("space", "pair")]
    assert {"pi", "p", "q", "q_by", "rank_mean", "rank_low", "energy", "ae_variance"} <= set(names)
    alone = {str(n) for n, one in dataset.data_vars.items() if one.dims == ("pair",)}
    expected = [f"{space}_{name}" for space in ("hidden", "ae2") for name in (*names, "breaks")]
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
            np.testing.assert_allclose(
                table[f"{space}_{name}"], one[name].values, rtol=1e-5, atol=1e-12
            )
        for text, close in zip(table[f"{space}_breaks"], one["close"].values.T, strict=True):
            assert text.split() == [str(seed) for seed in range(20) if not close[seed]]
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
        ([1, 1, 2], True),  # close in two of three
        ([1, 2, 2], False),  # in one of three
        ([1, 1, 60], True),  # the mean would say no
        ([1, 1.5], False),  # of two the median is the mean
        ([1, 1], True),
        ([1, 1, 9, 9], False),
        ([1, 1, 1, 9], True),
        ([1, 1, 1.001, 9], False),
        ([1], True),
    ],
)
def test_the_median_over_autoencoders_counts(
    tmp_path: Path, per_autoencoder: list[float], close: bool
) -> None:
    dataset, _ = run_stage(tmp_path, [ranks_for(per_autoencoder)], LETTERS[:3])
    assert dataset.attrs["k"] == 1
    assert bool(dataset["close"].values[0, 0, 0]) is close
    assert dataset.mutual_rank.values[0, 0, 0] == pytest.approx(np.median(per_autoencoder))


def test_autoencoders_are_never_counted_as_retrainings(tmp_path: Path) -> None:
    """Two networks of fifty autoencoders are two observations."""
    dataset, _ = run_stage(tmp_path, [ranks_for([1] * 50), ranks_for([1] * 50)], LETTERS[:3])
    assert dataset.p.values[0, 0] == pytest.approx(0.25)
    assert dataset.pi_low.values[0, 0] == pytest.approx(stats.beta.ppf(0.025, 2, 1))
    assert set(dataset.verdict.values) == {UNDECIDED}


def test_one_network_decides_nothing(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    ranks = random_ranks(generator, 8, [(0, 1)])[None, None]
    dataset, table = run_stage(tmp_path, [ranks], LETTERS[:8])
    assert set(dataset.verdict.values) == {UNDECIDED}
    assert dataset.attrs["inference"] == 0
    assert dataset.attrs["networks_needed_any"] > 1
    for name, variable in dataset.data_vars.items():
        assert variable.dtype.kind != "f" or not np.isnan(variable.values).any(), name
    assert not (table.drop(columns=["hidden_breaks"]) == "").any().any()


@pytest.mark.parametrize(("networks", "enough"), [(7, False), (8, True)])
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
    write_store(other, tmp_path / "closeness/1.zarr", stage="closeness", title="made for a test")
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


# The false discovery rate, over many simulated studies (ranks only)


def test_the_false_discovery_rate_is_kept_and_power_is_there() -> None:
    """Pairs whose true share is exactly τ are the hardest nulls; 0.98 is to be found."""
    generator = np.random.default_rng(0)
    options = StabilityOptions()
    truth = np.concatenate([np.full(40, 0.98), np.full(60, 0.5), np.full(300, 0.05)])
    # Two hundred studies, as if each were a space of one.
    counted = counted_by(generator.random((200, 20, truth.size)) < truth, options)
    found = stats.false_discovery_control(counted.p, axis=1) <= options.fdr
    rates = found[:, truth <= 0.5].sum(axis=1) / np.maximum(1, found.sum(axis=1))
    error = rates.std() / np.sqrt(len(rates))
    assert rates.mean() <= options.fdr + 2 * error
    assert found[:, truth > 0.5].mean() > 0.9


# Origins


def origin_of(verdict: str, **shares: float) -> str:
    """The origin of one pair; shares that are not given are 0."""
    given = dict.fromkeys(("pi", "pi_untrained", "pi_projected"), 0.0)
    given |= {"raw_close": False, "network_variance": 1.0, "ae_variance": 0.0} | shares
    enough = bool(given.pop("enough", True))
    arrays = {name: np.array([value]) for name, value in given.items()}
    options = StabilityOptions()
    return str(origins(np.array([verdict]), enough=enough, options=options, **arrays)[0])


def test_every_origin_has_its_case() -> None:
    stays = {"pi": 0.95, "pi_projected": 0.9}
    assert origin_of(STAYS, **stays, pi_untrained=0.5, raw_close=True) == "input-driven"
    assert origin_of(STAYS, **stays, pi_untrained=0.5) == "recurrence-driven"
    assert origin_of(STAYS, **stays, pi_untrained=0.4, raw_close=True) == "learned"
    assert origin_of(STAYS, pi=0.95, pi_untrained=0.0) == "learned"
    assert origin_of(APART, pi=0.15, pi_projected=0.5) == "projection artefact"
    assert origin_of(COMES, pi=0.2, pi_projected=0.5) == "network-dependent"
    assert origin_of(UNDECIDED, pi=0.8, pi_projected=0.4) == "lost in projection"
    assert origin_of(UNDECIDED, pi=0.8, pi_projected=0.5) == "network-dependent"
    flickers = {"pi": 0.3, "network_variance": 0.1, "ae_variance": 0.2}
    assert origin_of(COMES, **flickers) == "autoencoder-dependent"
    assert origin_of(COMES, **flickers, enough=False) == "cannot be told"
    assert origin_of(STAYS, pi=0.95, enough=False) == "learned"
    assert origin_of(APART, pi=0.1, pi_projected=0.19) == "not close"
    assert origin_of(UNDECIDED) == "not close"


def test_a_pair_that_stays_close_can_be_lost_in_the_projection_too() -> None:
    found = lost_in_projection(
        np.array([0.8, 0.8, 0.79]), np.array([0.49, 0.5, 0.0]), StabilityOptions()
    )
    assert found.tolist() == [True, False, False]


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
    # The variance between networks, or autoencoders, of which there is one is unknown, not none.
    assert not set(table.origin) & {"network-dependent", "autoencoder-dependent"}
    numbers = table.select_dtypes("number")
    assert np.isfinite(numbers.to_numpy()).all()
    assert ("beyond_agreement" in dataset.attrs) == (networks > 1)


def test_equal_ranks_in_every_run_are_no_evidence(tmp_path: Path) -> None:
    """Signs that are all alike, or states that are all equal: every rank is the middle one."""
    tied = mutual_ranks(np.ones((5, 5)) - np.eye(5))
    runs = [np.stack([np.stack([tied] * 2)] * 3) for _ in range(12)]
    dataset, table = run_stage(tmp_path, runs, LETTERS[:5], spaces=("hidden", "untrained", "ae2"))
    assert set(table.verdict) == {APART}
    assert set(table.origin) == {"not close"}
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
            without = np.stack([ranks] * len(sessions))[None]
            dims = ("space", "session", "sign", "other")
            run = run.assign(rank_without=(dims, without)).assign_coords(session=sessions)
        options = ClosenessOptions()
        write_store(run, path, stage="closeness", title="made for a test", options=options)
    write_raw(tmp_path / "raw.zarr", ranks, signs)
    for networks, known in (([0, 1], True), ([1, 2, 3], False), ([3, 4], False)):
        run_on(tmp_path, networks)
        found = open_store(tmp_path / "stability.zarr")
        assert ("rank_error" in found) == ("pi_error" in found) == known
        assert ("do not compare examples of the same sessions" in found.attrs["notes"]) != known


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
