"""Pseudo-signs and the regression as the stage puts them together, against what is written out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import random_ranks, spaces_named, write_run
from scipy import stats
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions, StabilityOptions
from signpaths.spaces import RAW_SPACE, coordinates, warped
from signpaths.stability.controls import (
    ceiling_statistics,
    input_statistics,
    label_statistics,
    signal_statistics,
    training_statistics,
)
from signpaths.stability.inference import moved_by_training, stays_close_q
from signpaths.stability.retrainings import Retrainings, read_retrainings
from signpaths.stability.variance import normal_scores
from signpaths.stores import open_store, write_store

SIGNS, NETWORKS = 14, 7
NAMES = [f"sign{index:02d}" for index in range(SIGNS)]
UPPER = np.triu_indices(SIGNS, 1)
OPTIONS = StabilityOptions(permutations=50, tau=0.4, fdr=0.1)
LABELLINGS = ([], [(0, 1), (2, 3)], [(4, 5)])


def write_networks(
    folder: Path,
    spaces: tuple[str, ...] = ("hidden", "untrained"),
    labelled: range = range(NETWORKS),
    agreement: float = 0.1,
) -> list[str]:
    """Write the closeness of networks; pseudo-signs of those that are `labelled`."""
    generator = np.random.default_rng(0)
    for network in range(NETWORKS):
        ranks = [random_ranks(generator, SIGNS, [(0, 1)]) for _ in spaces]
        path = folder / f"{network}.zarr"
        write_run(path, np.stack([[one] * 2 for one in ranks]), NAMES, spaces)
        run = open_store(path).load()
        run["held_out_agreement"] = (("space", "ae_seed"), np.full((len(spaces), 2), 0.9))
        if network in labelled:
            # The last one's pair is missed once: the thresholds of `OPTIONS` still let it pass.
            dealt = LABELLINGS if network else [*LABELLINGS[:2], []]
            drawn = np.stack([random_ranks(generator, SIGNS, pairs) for pairs in dealt])
            run["label_rank"] = (("labelling", "sign", "other"), drawn.astype(np.float32))
            run["label_agreement"] = ("labelling", [agreement, -0.2, 0.01 * network])
        write_store(run, path, stage="closeness", title="test", options=ClosenessOptions())
    return [str(network) for network in range(NETWORKS)]


def read(folder: Path, **options: object) -> Retrainings:
    return read_retrainings(folder, write_networks(folder, **options), OPTIONS.close_fraction)


def raw_store(generator: np.random.Generator) -> xr.Dataset:
    """Closeness in the raw signals: also by time warping, in their plane, and by the rival."""
    spaces = [RAW_SPACE, warped(RAW_SPACE), *spaces_named("raw_pca2", "lda")]
    ranks = np.stack([random_ranks(generator, SIGNS, [(0, 1)]) for _ in spaces])
    variables = {"mutual_rank": (("space", "sign", "other"), ranks)}
    return xr.Dataset(variables, coords=coordinates(spaces))


# N0x


def test_pseudo_signs_are_tested_as_signs_are(tmp_path: Path) -> None:
    found = read(tmp_path)
    counts = np.zeros((3, UPPER[0].size), dtype=int)
    for network in range(NETWORKS):
        ranks = open_store(tmp_path / f"{network}.zarr")["label_rank"].values
        counts += ranks[:, *UPPER] <= found.k
    labels = label_statistics(found, OPTIONS)
    expected = [(stays_close_q(one, NETWORKS, OPTIONS.tau) <= OPTIONS.fdr).sum() for one in counts]
    assert labels["label_stays"].values.tolist() == expected == [0, 2, 1]
    np.testing.assert_allclose(labels["label_agreement"], [0.1, -0.2, 0.03])
    assert labels.attrs["labels_agree"] == pytest.approx((0.1 - 0.2 + 0.03) / 3)
    assert labels.attrs["signs_agree"] == pytest.approx(0.9)
    # A pair whose q is just what is asked for stays close.
    least = StabilityOptions(tau=0.4, fdr=stays_close_q(counts[1], NETWORKS, 0.4).min())
    assert label_statistics(found, least)["label_stays"].values[1] == 2


def test_no_labelling_is_told_if_none_was_made(tmp_path: Path) -> None:
    assert not label_statistics(read(tmp_path, labelled=range(0)), OPTIONS)


def test_what_is_not_known_of_held_out_examples_is_not_told(tmp_path: Path) -> None:
    labels = label_statistics(read(tmp_path, agreement=np.nan), OPTIONS)
    assert labels.attrs == {}
    assert np.isnan(labels["label_agreement"].values[0])
    assert labels["label_stays"].values.tolist() == [0, 2, 1]


def test_runs_with_and_without_pseudo_signs_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="other measures"):
        read(tmp_path, labelled=range(4))


# N2, raw signals and N4


def test_what_training_does_is_counted_network_by_network(tmp_path: Path) -> None:
    found = training_statistics(read(tmp_path, spaces=("untrained", "hidden")), OPTIONS)
    made, broken = np.zeros((2, UPPER[0].size), dtype=int)
    for network in range(NETWORKS):
        ranks = open_store(tmp_path / f"{network}.zarr").mutual_rank.values[:, 0]
        before, after = ([one[pair] <= 1 for pair in zip(*UPPER, strict=True)] for one in ranks)
        made += [b and not a for a, b in zip(before, after, strict=True)]
        broken += [a and not b for a, b in zip(before, after, strict=True)]
    assert (made * broken).any()
    np.testing.assert_allclose(found["learned"], (made - broken) / NETWORKS)
    p, q = moved_by_training(made, broken, OPTIONS.fdr)
    np.testing.assert_allclose(found["learned_p"], p)
    np.testing.assert_allclose(found["learned_q"], q)
    assert not training_statistics(read(tmp_path, spaces=("hidden",)), OPTIONS)


def test_pairs_are_close_in_the_raw_signals_up_to_the_limit(tmp_path: Path) -> None:
    networks = write_networks(tmp_path)
    signals = raw_store(np.random.default_rng(3)).isel(space=[3, 1, 0])
    found = signal_statistics(read_retrainings(tmp_path, networks, 0.25), signals)
    assert found["raw_space"].values.tolist() == signals["space"].values.tolist()
    every = signals.mutual_rank.values
    for index, pair in enumerate(zip(*UPPER, strict=True)):
        assert found["input_rank"].values[:, index].tolist() == every[:, *pair].tolist()
        assert found["raw_rank"].values[index] == every[2][pair]
        assert found["raw_close"].values[index] == (every[2][pair] <= 3)
    assert (found["raw_rank"].values < 3).any()


def test_halves_are_nearest_in_the_share_of_runs_in_which_they_are(tmp_path: Path) -> None:
    """A sign of one example has no halves."""
    generator, study = np.random.default_rng(5), read(tmp_path)
    ceiling = generator.choice([1, 2**0.5, 2], (2, NETWORKS, 1, SIGNS)).astype(np.float32)
    ceiling[..., 3] = np.nan
    found = ceiling_statistics(replace(study, ceiling=ceiling))
    for space, sign in np.ndindex(2, SIGNS):
        runs = [float(one) for one in ceiling[space, ..., sign].ravel()]
        expected = [sum(runs) / len(runs), sum(one == 1 for one in runs) / len(runs)]
        expected = [np.nan, np.nan] if sign == 3 else expected
        at = found.isel(space=space, sign=sign)
        np.testing.assert_allclose([at["ceiling_rank"], at["ceiling"]], expected)
    np.testing.assert_allclose(found["held_out_agreement"], 0.9)
    assert list(ceiling_statistics(study)) == ["held_out_agreement"]


# N3


@pytest.mark.parametrize("spaces", [("hidden", "untrained"), ("untrained", "hidden"), ("hidden",)])
def test_raw_signals_and_untrained_networks_explain_and_nothing_else(
    tmp_path: Path, spaces: tuple[str, ...]
) -> None:
    """A rival that has learned, and time warping, are no predictors."""
    found = read(tmp_path, spaces=spaces)
    signals = raw_store(np.random.default_rng(1))
    beyond = input_statistics(found, signals, OPTIONS)
    twin = "untrained" in spaces
    names = ["raw", "raw_pca2", *(["untrained"] if twin else [])]
    assert beyond["predictor"].values.tolist() == names

    scores = {
        space: np.stack(
            [
                normal_scores(
                    open_store(tmp_path / f"{network}.zarr")
                    .mutual_rank.values[row, 0][UPPER]
                    .astype(float)
                )
                for network in range(NETWORKS)
            ]
        )
        for row, space in enumerate(spaces)
    }
    inputs = [
        normal_scores(signals.mutual_rank.sel(space=name).values[UPPER]) for name in names[:2]
    ]
    every = [*inputs, *([scores["untrained"].mean(axis=0)] if twin else [])]

    def residual(response: np.ndarray, predictors: list[np.ndarray]) -> np.ndarray:
        design = np.stack([np.ones(response.size), *predictors], axis=1)
        return response - design @ np.linalg.lstsq(design, response, rcond=None)[0]

    def shared(own: np.ndarray, predictors: list[np.ndarray]) -> float:
        halves = (residual(own[start::2].mean(axis=0), predictors) for start in (0, 1))
        return stats.pearsonr(*halves).statistic

    own = scores["hidden"]
    left = residual(own.mean(axis=0), every)
    np.testing.assert_allclose(beyond["beyond_input"], left, atol=1e-9)
    told = beyond.attrs
    assert told["whole_explained"] == pytest.approx(1 - left.var() / own.mean(axis=0).var())
    by_input = residual(own.mean(axis=0), inputs)
    assert told["input_explained"] == pytest.approx(1 - by_input.var() / own.mean(axis=0).var())
    assert told["beyond_agreement"] == pytest.approx(shared(own, every))
    assert told["input_agreement"] == pytest.approx(shared(own, inputs))
    assert ("untrained_agreement" in told) == twin
    if twin:
        expected = shared(scores["untrained"], inputs)
        assert told["untrained_agreement"] == pytest.approx(expected)
