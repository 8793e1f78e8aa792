"""Counts and bootstrap studies against networks that are really drawn again."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from makers import random_ranks, write_run
from signpaths.options import StabilityOptions
from signpaths.stability.answers import SURE, Observed, counts_of, observed_in, repeated
from signpaths.stability.retrainings import read_retrainings
from signpaths.stability.verdicts import LOST, answered


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


@pytest.mark.parametrize("spaces", [("pca2", "untrained", "ae2", "hidden"), ("hidden", "pca2")])
def test_closeness_is_taken_from_the_space_that_it_is_of(
    tmp_path: Path, spaces: tuple[str, ...]
) -> None:
    """In projections by the share of autoencoders; principal components have none."""
    generator, upper = np.random.default_rng(6), np.triu_indices(9, 1)
    every = []
    for network in range(4):
        # Spaces without autoencoders are repeated over their seeds.
        ranks = np.array([[random_ranks(generator, 9, [])] * 3 for _ in spaces])
        if "ae2" in spaces:
            ranks[2] = [random_ranks(generator, 9, []) for _ in range(3)]
        write_run(tmp_path / f"{network}.zarr", ranks, list("abcdefghi"), spaces)
        every.append((np.float32(ranks) <= 2)[:, :, *upper].mean(axis=1))
    shares = dict(zip(spaces, np.swapaxes(every, 0, 1), strict=True))
    raw_close = generator.random(36) < 0.5
    found = observed_in(read_retrainings(tmp_path, list("0123"), 0.25), raw_close)
    np.testing.assert_array_equal(found.close, shares["hidden"] == 1)
    if "untrained" in spaces:
        np.testing.assert_array_equal(found.untrained, shares["untrained"] == 1)
        assert found.autoencoders == {"pca2": 1, "ae2": 3}
        np.testing.assert_allclose(found.pictured["ae2"], shares["ae2"])
    else:
        assert found.untrained is None
        assert found.autoencoders == {"pca2": 1}
    np.testing.assert_array_equal(found.pictured["pca2"], shares["pca2"])
    assert found.pictured.keys() == found.autoencoders.keys()
    np.testing.assert_array_equal(found.raw_close, raw_close)


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


@pytest.mark.parametrize("autoencoders", [1, 2, 3, 7])
def test_what_autoencoders_show_is_counted_couple_by_couple(autoencoders: int) -> None:
    """Networks and autoencoders drawn for real, and all couples of one network looked at."""
    generator = np.random.default_rng(autoencoders)
    shown = generator.random((9, autoencoders, 14)) < generator.random(14)
    share = shown.mean(axis=1, dtype=np.float32)
    observed = Observed(
        shown[:, 0], None, np.zeros(14, bool), {"ae2": share}, {"ae2": autoencoders}
    )
    drawn = generator.multinomial(9, np.full(9, 1 / 9), size=6)
    for counts, often in zip(counts_of(observed, drawn), drawn, strict=True):
        taken = shown[np.repeat(np.arange(9), often)]
        np.testing.assert_allclose(counts.pictured["ae2"], taken.mean(axis=(0, 1)), rtol=1e-12)
        couples = itertools.combinations(range(autoencoders), 2)
        differ = [taken[:, one] != taken[:, other] for one, other in couples]
        if autoencoders == 1:
            assert counts.differing == {}
        else:
            expected = np.mean(differ, axis=(0, 1))
            np.testing.assert_allclose(counts.differing["ae2"], expected, rtol=1e-12)


@pytest.mark.parametrize("autoencoders", [3, 5, 6, 7, 10])
def test_half_of_the_pictures_is_one_half_in_any_order(autoencoders: int) -> None:
    """Shares such as 0.1 are no binary numbers; their sum must not fall short of a threshold."""
    generator = np.random.default_rng(1)
    first = generator.integers(0, autoencoders + 1, (10, 200))
    parts = generator.permuted(np.concatenate([first, autoencoders - first]), axis=0)
    share = (parts / autoencoders).astype(np.float32)
    observed = Observed(
        np.ones(share.shape, bool), None, np.zeros(200, bool), {"ae2": share}, {"ae2": autoencoders}
    )
    (counts,) = counts_of(observed, np.ones((1, 20), dtype=int))
    assert (counts.pictured["ae2"] == 0.5).all()
    assert LOST not in answered(counts, StabilityOptions()).picture["ae2"]


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


def test_the_same_seed_draws_the_same_studies_and_another_does_not(observed: Observed) -> None:
    options = StabilityOptions(resampled_studies=30)
    (whole,) = counts_of(observed, np.ones((1, 12), dtype=int))
    found = answered(whole, options)
    one, again, other = (repeated(observed, found, options, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    for space, repeats in one[2].items():
        np.testing.assert_array_equal(repeats, again[2][space])
    assert (one[0] != other[0]).any()


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
    assert 0.4 < verdict[10] < SURE < 1
