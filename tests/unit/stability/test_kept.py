"""What projections keep: each run against its own network, by scipy and by counting."""

import numpy as np
from scipy import stats
from signpaths.stability.kept import close_kept, rank_correlations


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
    assert np.isnan(rank_correlations(np.ones((1, 2, 6)), hidden)).all()


def test_close_pairs_are_counted_run_by_run() -> None:
    hidden = np.array([[1, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
    runs = np.array([[[1, 0, 0, 1], [1, 1, 1, 0]], [[1, 1, 1, 1], [0, 0, 0, 0]]], dtype=bool)
    found = close_kept(runs, hidden)
    np.testing.assert_allclose(found[0], [1 / 3, 1])
    # A network without a close pair has none to keep.
    assert np.isnan(found[1]).all()
