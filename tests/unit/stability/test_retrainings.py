"""What is read of all runs and said of each pair, against loops over the stores."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import random_ranks, write_run
from signpaths.closeness.ranks import mutual_ranks
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions, StabilityOptions
from signpaths.stability import betting, inference
from signpaths.stability.hubs import occurrences, scaled_locally
from signpaths.stability.intervals import mean_interval
from signpaths.stability.pairs import (
    crossing_statistics,
    frequency_statistics,
    pair_table,
    rank_statistics,
)
from signpaths.stability.retrainings import Retrainings, read_retrainings
from signpaths.stores import open_store, write_store

SIGNS, NETWORKS, SEEDS, SESSIONS, FRACTION = 21, 5, 3, 2, 0.1
SPACES = ("last", "hidden", "ae2")
NAMES = [f"sign{index:02d}" for index in range(SIGNS)]
PAIRS = list(itertools.combinations(range(SIGNS), 2))
K = 2
OPTIONS = StabilityOptions(tau=0.4, fdr=0.1, confidence=0.9)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Retrainings, list[xr.Dataset]]:
    """Five networks with every measure that a run can hold, and what was written of each."""
    folder = tmp_path_factory.mktemp("closeness")
    generator, written = np.random.default_rng(21), []
    dims = ("space", "ae_seed")
    for network in range(NETWORKS):
        close = [(0, 1), (2, 3)] if network else [(0, 1)]
        ranks = np.array(
            [[random_ranks(generator, SIGNS, close) for _ in range(SEEDS)] for _ in SPACES]
        )
        # In spaces without autoencoders all columns are the same.
        ranks[:2] = ranks[:2, :1]
        path = write_run(folder / f"{network}.zarr", ranks, NAMES, SPACES)
        run = open_store(path).load()
        place = generator.normal(size=(SIGNS, 3))
        distance = np.linalg.norm(place[:, None] - place, axis=2)
        run["distance"] = run.distance + distance.astype(np.float32)
        for name, size, own in (
            ("energy", (SIGNS, SIGNS), ("sign", "other")),
            ("crossing", (SIGNS, SIGNS), ("sign", "other")),
            ("held_out_agreement", (), ()),
            ("ceiling", (SIGNS,), ("sign",)),
        ):
            run[name] = ((*dims, *own), generator.random((len(SPACES), SEEDS, *size)))
        without = [
            [[random_ranks(generator, SIGNS, close) for _ in range(SESSIONS)] for _ in one]
            for one in ranks
        ]
        run["rank_without"] = ((*dims, "session", "sign", "other"), np.array(without))
        run = run.assign_coords(session=["x", "y"])
        run["label_rank"] = (
            ("labelling", "sign", "other"),
            np.array([random_ranks(generator, SIGNS, [(4, 5)]) for _ in range(2)]),
        )
        run["label_agreement"] = ("labelling", generator.random(2))
        write_store(run, path, stage="closeness", title="test", options=ClosenessOptions())
        written.append(open_store(path).load())
    return read_retrainings(folder, list(map(str, range(NETWORKS))), FRACTION), written


def test_everything_read_is_what_a_loop_over_the_stores_gives(study) -> None:
    found, runs = study
    assert (found.k, found.autoencoders) == (K, SEEDS)
    for row, (index, (a, b)) in itertools.product(range(len(SPACES)), enumerate(PAIRS)):
        # Beyond a space's runs the stores repeat, or hold what is never looked at.
        seeds = range(SEEDS if SPACES[row] == "ae2" else 1)
        own = [one.mutual_rank.values[row, :, a, b].astype(float) for one in runs]
        np.testing.assert_array_equal(found.ranks[row, :, :, index], own)
        close = [[rank <= K for rank in one] for one in own]
        np.testing.assert_allclose(found.close[row, :, index], np.mean(close, axis=1))
        np.testing.assert_allclose(found.mean_ranks[row, :, index], np.mean(own, axis=1))
        for name in ("energy", "crossing"):
            every = [one[name].values[row, seed, a, b] for one in runs for seed in seeds]
            assert found.means[name][row, index] == pytest.approx(sum(every) / len(every))
        for session in range(SESSIONS):
            every = np.array([one.rank_without.values[row, seeds, session, a, b] for one in runs])
            assert found.rank_without[session, row, index] == pytest.approx(every.mean())
            assert found.close_without[session, row, index] == pytest.approx((every <= K).mean())
    for row, network in np.ndindex(len(SPACES), NETWORKS):
        np.testing.assert_array_equal(
            found.ceiling[row, network], runs[network].ceiling.values[row]
        )
        for name in ("together_to", "apart_from"):
            every = runs[network][name].values[row].astype(float)
            expected = every[: SEEDS if SPACES[row] == "ae2" else 1].mean(axis=0)
            np.testing.assert_allclose(getattr(found, name)[row, network], expected, atol=1e-3)
    for row, space in enumerate(SPACES):
        own = [one.apart_from.values[row, : SEEDS if space == "ae2" else 1] for one in runs]
        # The last step has no way on which signs could part.
        expected = (
            np.full(len(PAIRS), np.nan)
            if space == "last"
            else np.mean([(one.astype(float) < 1).mean(axis=0) for one in own], axis=0)
        )
        np.testing.assert_allclose(found.parts[row], expected)
    agreement = [one.held_out_agreement.values for one in runs]
    expected = [np.mean([one[row, : (1, 1, SEEDS)[row]] for one in agreement]) for row in range(3)]
    np.testing.assert_allclose(found.held_out_agreement, expected)


def test_pseudo_signs_and_hubs_are_counted_over_networks(study) -> None:
    found, runs = study
    upper = np.triu_indices(SIGNS, 1)
    for labelling, network in np.ndindex(2, NETWORKS):
        ranks = runs[network].label_rank.values[labelling]
        np.testing.assert_array_equal(
            found.label_close[labelling, network], [ranks[pair] <= K for pair in PAIRS]
        )
    expected = [sum(one.label_agreement.values[at] for one in runs) / NETWORKS for at in (0, 1)]
    np.testing.assert_allclose(found.label_agreement, expected)
    # Hubs are those of the hidden states, which the first space is not.
    distances = [one.distance.values[1, 0].astype(float) for one in runs]
    hubs = [occurrences(one, K) for one in distances]
    np.testing.assert_allclose(found.hubness, sum(hubs) / NETWORKS)
    close = [mutual_ranks(scaled_locally(one, K))[upper] <= K for one in distances]
    np.testing.assert_array_equal(found.unhubbed, np.sum(close, axis=0))


def test_two_signs_are_one_pair_and_one_is_none(tmp_path: Path) -> None:
    ranks = np.ones((1, 1, 2, 2))
    write_run(tmp_path / "0.zarr", ranks, NAMES[:2])
    found = read_retrainings(tmp_path, ["0"], FRACTION)
    assert (found.ranks.shape, found.k) == ((1, 1, 1, 1), 1)
    write_run(tmp_path / "0.zarr", ranks[..., :1, :1], NAMES[:1])
    with pytest.raises(UserError, match="two signs or more"):
        read_retrainings(tmp_path, ["0"], FRACTION)


def test_how_near_a_pair_is_is_said_of_means_over_networks(study) -> None:
    found, _ = study
    said = rank_statistics(found, OPTIONS)
    for row in range(len(SPACES)):
        at, means = said.isel(space=row), found.mean_ranks[row]
        low, high = mean_interval(means, largest=SIGNS - 1, confidence=0.9)
        np.testing.assert_allclose(at.rank_mean, means.mean(axis=0))
        np.testing.assert_allclose(at.rank_low, low)
        np.testing.assert_allclose(at.rank_high, high)
        np.testing.assert_allclose(at.rank_q25, np.percentile(means, 25, axis=0))
        np.testing.assert_allclose(at.rank_q75, np.percentile(means, 75, axis=0))
        np.testing.assert_allclose(at.energy, found.means["energy"][row])
        np.testing.assert_allclose(at.mutual_rank, means, rtol=1e-6)
        errors = found.rank_without[:, row]
        spread = ((errors - errors.mean(axis=0)) ** 2).sum(axis=0)
        np.testing.assert_allclose(at.rank_error, np.sqrt(spread * (SESSIONS - 1) / SESSIONS))
    np.testing.assert_allclose(crossing_statistics(found).crossing, found.means["crossing"])


def test_how_often_a_pair_is_close_is_tested_at_every_limit(study) -> None:
    found, _ = study
    said = frequency_statistics(found, OPTIONS)
    limits = {"tau": 0.4, "confidence": 0.9}
    for row, space in enumerate(SPACES):
        at = said.isel(space=row)
        for name, k in (("", K), ("_half_k", 1), ("_double_k", 4)):
            close = (found.ranks[row] <= k).mean(axis=1)
            tested = (
                inference.share_tested(close.astype(np.float32), **limits)
                if space == "ae2"
                else inference.count_tested(close.sum(axis=0).astype(int), NETWORKS, **limits)
            )
            np.testing.assert_allclose(at[f"pi{name}"], close.mean(axis=0), rtol=1e-6)
            np.testing.assert_allclose(at[f"q{name}"], tested.q, rtol=1e-6)
        log_e = betting.log_e_values(found.close[row], 0.4)
        np.testing.assert_allclose(10**at.e.values, np.exp(log_e))
        np.testing.assert_array_equal(at.always, betting.discovered(log_e, 0.1))
        ends = betting.confidence_sequence(found.close[row], 0.9)
        np.testing.assert_allclose([at.pi_always_low, at.pi_always_high], ends)
        half = found.close[row] >= 0.5
        np.testing.assert_allclose(at.p_arrangement, inference.arrangement(half))


def test_rows_are_in_order_and_equal_pairs_by_name() -> None:
    """Share, then mean rank, then both names: the first in which two pairs differ decides."""
    rows = [
        (0.5, 2.0, "a", "c"),
        (0.5, 2.0, "a", "b"),
        (0.9, 3.0, "b", "d"),
        (0.9, 1.0, "c", "d"),
        (0.5, 2.0, "A", "z"),
    ]
    share, mean, a, b = (np.array(column) for column in zip(*rows, strict=True))
    made = xr.Dataset(
        {
            "pi": (("space", "pair"), share[None]),
            "rank_mean": (("space", "pair"), mean[None]),
            "close": (("space", "network", "pair"), np.array([[[0.5] * 5, [0.49] * 5]])),
            "input_rank": (("raw_space", "pair"), np.arange(10.0).reshape(2, 5)),
        },
        coords={
            "space": ["hidden"],
            "raw_space": ["raw", "dtw"],
            "network": ["7", "eight"],
            "sign_a": ("pair", a),
            "sign_b": ("pair", b),
        },
    )
    table = pair_table(made)
    expected = sorted(rows, key=lambda one: (-one[0], *one[1:]))
    assert list(zip(table.sign_a, table.sign_b, strict=True)) == [one[2:] for one in expected]
    told = {names: rank for names, rank in zip(zip(a, b, strict=True), range(5, 10), strict=True)}
    assert [told[names] for names in zip(table.sign_a, table.sign_b, strict=True)] == list(
        table.dtw_rank
    )
    assert set(table.hidden_breaks) == {"eight"}, "half of the autoencoders are enough"
