"""What projections keep: each run against its own network, by scipy and by counting."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from makers import write_run
from scipy import stats
from signpaths.closeness.ranks import mutual_ranks
from signpaths.stability.kept import close_kept, kept_statistics, rank_correlations
from signpaths.stability.retrainings import read_retrainings


def test_every_run_is_held_against_its_own_network() -> None:
    generator = np.random.default_rng(0)
    hidden = generator.integers(1, 9, (4, 30)).astype(np.float32)
    runs = np.sqrt(hidden[:, None] + generator.integers(0, 9, (4, 3, 30))).astype(np.float32)
    found = rank_correlations(runs, hidden)
    for network, run in np.ndindex(4, 3):
        expected = stats.spearmanr(runs[network, run], hidden[network]).statistic
        np.testing.assert_allclose(found[network, run], expected)


def test_ranks_that_do_not_vary_correlate_with_nothing() -> None:
    hidden = np.arange(6.0)[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(rank_correlations(np.ones((1, 2, 6)), hidden)).all()
    # However little they vary, they do.
    np.testing.assert_allclose(rank_correlations(np.array([[[4.0, 3]]]), hidden[:, :2]), -1)


def test_close_pairs_are_counted_run_by_run() -> None:
    hidden = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]], dtype=bool)
    both = [[1, 0, 0, 1], [1, 1, 1, 0]]
    runs = np.array([both, [[1, 1, 1, 1], [0, 0, 0, 0]], both], dtype=bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = close_kept(runs, hidden)
    np.testing.assert_allclose(found[0], [1 / 3, 1])
    # A network without a close pair has none to keep.
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[2], [1, 0])


def test_means_and_ranges_are_over_all_pictures_of_a_projection(tmp_path: Path) -> None:
    """Three autoencoders a network; PCA, repeated over them in the store, counts once."""
    generator = np.random.default_rng(1)
    spaces, upper = ("untrained", "ae2", "hidden", "pca2"), np.triu_indices(30, 1)
    names = [f"sign{index:02d}" for index in range(30)]
    expected: dict[str, list[tuple[float, float]]] = {"ae2": [], "pca2": []}
    for network in range(4):
        place = generator.normal(size=(30, 3))

        def ranks(noise: float, place: np.ndarray = place) -> np.ndarray:
            moved = place + noise * generator.normal(size=place.shape)
            return mutual_ranks(np.linalg.norm(moved[:, None] - moved, axis=2))

        hidden, pca, other = ranks(0), ranks(0.3), ranks(2)
        trained = [ranks(0.5 + 0.1 * seed) for seed in range(3)]
        stacked = np.stack([[other] * 3, trained, [hidden] * 3, [pca] * 3])
        write_run(tmp_path / f"{network}.zarr", stacked, names, spaces)
        for name, one in [("pca2", pca), *(("ae2", one) for one in trained)]:
            close = hidden[upper] <= 3
            expected[name].append(
                (
                    stats.spearmanr(np.float32(one[upper]), np.float32(hidden[upper])).statistic,
                    (one[upper] <= 3)[close].mean(),
                )
            )
    found = kept_statistics(read_retrainings(tmp_path, list("0123"), 0.1))
    for name, values in expected.items():
        assert len(values) == (12 if name == "ae2" else 4)
        for at, statistic in enumerate(("kept_ranks", "kept_close")):
            own = [one[at] for one in values]
            row = spaces.index(name)
            assert found[statistic].values[row] == pytest.approx(np.mean(own))
            assert found[f"{statistic}_low"].values[row] == pytest.approx(min(own))
            assert found[f"{statistic}_high"].values[row] == pytest.approx(max(own))
    for one in found.data_vars.values():
        assert np.isnan(one.values[[spaces.index("untrained"), spaces.index("hidden")]]).all()
