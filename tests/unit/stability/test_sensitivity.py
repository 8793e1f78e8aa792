"""What closeness hangs on, against loops over networks and pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from makers import random_ranks, write_run
from scipy import stats
from signpaths.closeness.ranks import mutual_ranks
from signpaths.options import StabilityOptions
from signpaths.stability.hubs import occurrences, scaled_locally
from signpaths.stability.inference import stays_close_q
from signpaths.stability.retrainings import Retrainings, read_retrainings
from signpaths.stability.sensitivity import curve_statistics, hub_statistics

SIGNS, NETWORKS, K = 24, 8, 2
NAMES = [f"sign{index:02d}" for index in range(SIGNS)]
OPTIONS = StabilityOptions(close_fraction=0.1)
UPPER = np.triu_indices(SIGNS, 1)


def slow_stays_close(counts: list[int], tau: float, fdr: float) -> list[bool]:
    """N1, written out: Benjamini and Hochberg's step over the pairs close in more than τ."""
    pmf = stats.binom.pmf(range(NETWORKS + 1), NETWORKS, tau)
    kept = sum(pmf[n] for n in range(NETWORKS + 1) if n > tau * NETWORKS)
    p = [sum(pmf[x:]) / kept for x in counts if x > tau * NETWORKS]
    passed = [value for at, value in enumerate(sorted(p), 1) if value <= fdr * at / len(p)]
    largest = max(passed, default=0.0) * (1 + 1e-9)
    return [x > tau * NETWORKS and sum(pmf[x:]) / kept <= largest for x in counts]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Retrainings, list[np.ndarray]]:
    """Networks whose pairs 0-1, 2-3 and 4-5 always lie side by side, 6-7 in half of them."""
    folder: Path = tmp_path_factory.mktemp("closeness")
    generator = np.random.default_rng(4)
    distances = []
    for network in range(NETWORKS):
        close = [(0, 1), (2, 3), (4, 5), *([(6, 7)] if network % 2 else [])]
        hidden, other = (random_ranks(generator, SIGNS, pairs) for pairs in (close, []))
        # Any symmetric matrix is a distance; `write_run` stores the ranks as such.
        ranks = np.stack([[other] * 2, [hidden] * 2])
        write_run(folder / f"{network}.zarr", ranks, NAMES, ("untrained", "hidden"))
        distances.append(np.float32(hidden).astype(float))
    names = [str(network) for network in range(NETWORKS)]
    return read_retrainings(folder, names, OPTIONS.close_fraction), distances


def test_shares_for_every_limit_are_those_of_a_loop(written) -> None:
    found, distances = written
    assert found.k == K
    curves = curve_statistics(found, OPTIONS)
    assert curves["limit"].values.tolist() == [1, 2, 3, 4, 5, 6]
    for limit in curves["limit"].values:
        at = curves.sel(limit=limit)
        counts = [
            sum(ranks[a, b] <= limit for ranks in distances) for a, b in zip(*UPPER, strict=True)
        ]
        np.testing.assert_allclose(at["pi_at"].values, np.array(counts) / NETWORKS, rtol=1e-6)
        passed = slow_stays_close(counts, OPTIONS.tau, OPTIONS.fdr)
        assert int(at["stays_at"]) == sum(passed)
    assert curves["stays_at"].values[K - 1] >= 3
    at_k = found.close[found.space_names.index("hidden")].mean(axis=0)
    np.testing.assert_allclose(curves["pi_at"].sel(limit=K), at_k, rtol=1e-6)
    assert (np.diff(curves["pi_at"].values, axis=0) >= 0).all()
    # Pairs whose q is just what is asked for stay close.
    q = stays_close_q(np.rint(at_k * NETWORKS).astype(int), NETWORKS, OPTIONS.tau)
    least = curve_statistics(found, StabilityOptions(close_fraction=0.1, fdr=q.min()))
    assert least["stays_at"].values[K - 1] == (q == q.min()).sum() >= 3


def test_hubs_are_those_of_the_hidden_states(written) -> None:
    found, distances = written
    hubs = hub_statistics(found, OPTIONS)
    every = np.mean([occurrences(one, K) for one in distances], axis=0)
    np.testing.assert_allclose(hubs["hubness"], every)
    assert hubs["hubness"].mean() == pytest.approx(K)
    for sign in range(SIGNS):
        close = sum(ranks[sign, other] <= K for ranks in distances for other in range(SIGNS))
        assert hubs["close_signs"].values[sign] == pytest.approx(close / NETWORKS)
    expected = stats.pearsonr(hubs["hubness"], hubs["close_signs"]).statistic
    assert hubs.attrs["hub_correlation"] == pytest.approx(expected)
    # However little hubs stand out.
    hardly = hub_statistics(replace(found, hubness=found.hubness / 100), OPTIONS)
    assert hardly.attrs["hub_correlation"] == pytest.approx(expected)


def test_closeness_without_hubs_is_counted_network_by_network(written) -> None:
    found, distances = written
    hubs = hub_statistics(found, OPTIONS)
    scaled = [mutual_ranks(scaled_locally(one, K)) for one in distances]
    counts = [sum(one[a, b] <= K for one in scaled) for a, b in zip(*UPPER, strict=True)]
    np.testing.assert_allclose(hubs["pi_unhubbed"] * NETWORKS, counts)
    passed = slow_stays_close(counts, OPTIONS.tau, OPTIONS.fdr)
    np.testing.assert_array_equal(hubs["q_unhubbed"] <= OPTIONS.fdr, passed)
    assert sum(passed) >= 3


def test_two_signs_have_no_hubs_that_could_correlate(tmp_path: Path) -> None:
    ranks = np.array([[np.nan, 1], [1, np.nan]])[None, None]
    write_run(tmp_path / "0.zarr", ranks, ["a", "b"])
    found = read_retrainings(tmp_path, ["0"], 0.05)
    hubs = hub_statistics(found, OPTIONS)
    assert hubs.attrs == {}
    assert hubs["hubness"].values.tolist() == [1, 1]
    assert curve_statistics(found, OPTIONS)["pi_at"].values.tolist() == [[1], [1], [1]]
