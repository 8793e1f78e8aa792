"""Counts and bootstrap studies against networks that are really drawn again."""

import numpy as np
import pytest
from signpaths.options import StabilityOptions
from signpaths.stability.answers import Observed, counts_of, repeated
from signpaths.stability.verdicts import answered


@pytest.fixture(scope="module")
def observed() -> Observed:
    generator = np.random.default_rng(8)
    share = generator.beta(0.3, 0.3, 30)
    parts = generator.binomial(3, share, (12, 30)) / 3
    return Observed(
        close=generator.random((12, 30)) < share,
        untrained=generator.random((12, 30)) < 0.4,
        raw_close=generator.random(30) < 0.5,
        pictured={
            "pca2": (generator.random((12, 30)) < share).astype(np.float32),
            "ae2": parts.astype(np.float32),
        },
        autoencoders={"pca2": 1, "ae2": 3},
    )


def test_weights_count_like_networks_that_are_really_taken(observed: Observed) -> None:
    weights = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=5)
    for counts, often in zip(counts_of(observed, weights), weights, strict=True):
        taken = np.repeat(np.arange(12), often)
        close, untrained = observed.close[taken], observed.untrained[taken]
        assert counts.networks == 12
        assert counts.close.tolist() == close.sum(axis=0).tolist()
        assert counts.before.tolist() == untrained.sum(axis=0).tolist()
        assert counts.made.tolist() == (close & ~untrained).sum(axis=0).tolist()
        assert counts.broken.tolist() == (untrained & ~close).sum(axis=0).tolist()
        parts = observed.pictured["ae2"][taken]
        np.testing.assert_allclose(counts.pictured["ae2"], parts.mean(axis=0), atol=1e-6)
        assert set(counts.differing) == {"ae2"}


def test_how_often_two_autoencoders_differ_is_counted_pair_by_pair(observed: Observed) -> None:
    """Three autoencoders of which so many show the pair: three couples, each alike or not."""
    (counts,) = counts_of(observed, np.ones((1, 12), dtype=int))
    shown = np.rint(observed.pictured["ae2"] * 3).astype(int)
    expected = (shown * (3 - shown) / 3).mean(axis=0)
    np.testing.assert_allclose(counts.differing["ae2"], expected, atol=1e-6)


def test_repeats_are_those_of_a_slow_loop(observed: Observed) -> None:
    options = StabilityOptions(resampled_studies=40)
    (whole,) = counts_of(observed, np.ones((1, 12), dtype=int))
    found = answered(whole, options)
    verdict, cause, picture = repeated(observed, found, options, seed=3)
    drawn = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), size=40)
    again = []
    for often in drawn:
        taken = np.repeat(np.arange(12), often)
        study = Observed(
            observed.close[taken],
            observed.untrained[taken],
            observed.raw_close,
            {space: share[taken] for space, share in observed.pictured.items()},
            observed.autoencoders,
        )
        (counts,) = counts_of(study, np.ones((1, 12), dtype=int))
        again.append(answered(counts, options))
    np.testing.assert_allclose(verdict, np.mean([a.verdict == found.verdict for a in again], 0))
    np.testing.assert_allclose(cause, np.mean([a.cause == found.cause for a in again], 0))
    for space in ("pca2", "ae2"):
        same = [a.picture[space] == found.picture[space] for a in again]
        np.testing.assert_allclose(picture[space], np.mean(same, axis=0))
    assert 0 < verdict.min() < 1 == verdict.max()


def test_firm_answers_repeat_and_coin_flips_do_not() -> None:
    close = np.zeros((20, 60), dtype=bool)
    close[:, :10] = True
    close[:16, 10] = True
    observed = Observed(close, None, np.zeros(60, bool), {}, {})
    options = StabilityOptions()
    (counts,) = counts_of(observed, np.ones((1, 20), dtype=int))
    verdict, _, _ = repeated(observed, answered(counts, options), options)
    assert (verdict[:10] == 1).all()
    assert (verdict[11:] == 1).all()
    assert 0.4 < verdict[10] < 0.8
