"""The linear rival: a planted direction that only labels can find, and studies it cannot learn."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from makers import write_sequences
from scipy.spatial.distance import pdist
from signpaths.closeness import discriminants as module
from signpaths.closeness.closeness_raw import closeness_raw
from signpaths.closeness.discriminants import Discriminants, discriminants
from signpaths.options import ClosenessRawOptions
from signpaths.stores import open_store, write_text
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

SIGNS = ("God", "a_", "drink", "who")


def loud_nuisance(takes: int, generator: np.random.Generator):
    """Four signs on a line in a quiet channel, 0, 1, 4 and 5 from its start, beside a loud one."""
    sign = np.repeat(SIGNS, takes)
    place = np.repeat([0.0, 1.0, 4.0, 5.0], takes)
    points = generator.normal(0, 0.1, (sign.size, 3, 2))
    points[..., 0] += place[:, None]
    # The same at all phases of an example: it cannot be averaged away, only turned away from.
    points[..., 1] += generator.normal(0, 50, (sign.size, 1))
    return points, sign


def parts(sign: np.ndarray, train: int) -> np.ndarray:
    """Give the first examples of each sign to training, the others to the test."""
    order = np.concatenate([np.arange((sign == name).sum()) for name in dict.fromkeys(sign)])
    return np.where(order < train, "train", "test")


def fitted(points: np.ndarray, sign: np.ndarray, part: np.ndarray) -> Discriminants:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return discriminants(points, sign, part)


def test_labels_find_the_quiet_channel() -> None:
    points, sign = loud_nuisance(12, np.random.default_rng(1))
    found = fitted(points, sign, parts(sign, 8))
    assert found.note == ""
    assert found.accuracy == {"test": 1.0, "train": 1.0}
    middle = np.array([found.places[sign == name].mean(axis=0) for name in SIGNS])
    between = np.linalg.norm(middle[:, None] - middle, axis=-1)
    # By the loud channel any sign may be the nearest.
    assert (between.argsort(axis=1)[:, 1] == [1, 0, 3, 2]).all()


def test_only_training_examples_are_learned_from() -> None:
    generator = np.random.default_rng(2)
    points, sign = loud_nuisance(12, generator)
    part = parts(sign, 8)
    found = fitted(points, sign, part)
    other = points.copy()
    other[part == "test"] = generator.normal(0, 9, other[part == "test"].shape)
    swapped = fitted(other, sign, part)
    np.testing.assert_allclose(swapped.places[part == "train"], found.places[part == "train"])
    assert swapped.accuracy["train"] == found.accuracy["train"]
    assert swapped.accuracy["test"] < 0.8


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_channels_that_never_move_and_scales_change_nothing(scale: float) -> None:
    generator = np.random.default_rng(3)
    points, sign = loud_nuisance(12, generator)
    part = parts(sign, 8)
    # But for what resampling leaves of a constant.
    constant = 0.1 + generator.normal(0, 1e-12, (*points.shape[:2], 2))
    found = fitted(scale * np.concatenate([points, constant], axis=2), sign, part)
    expected = fitted(points, sign, part).places
    np.testing.assert_allclose(found.places, expected, rtol=1e-5, atol=1e-5)


def test_more_features_than_examples_are_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(4)
    points, sign = loud_nuisance(6, generator)
    many = np.concatenate([points, generator.normal(0, 0.1, (*points.shape[:2], 100))], axis=2)
    assert fitted(many, sign, parts(sign, 4)).note == ""
    whole = fitted(points, sign, parts(sign, 4)).places
    monkeypatch.setattr(module, "MOST_FEATURES", 6)
    # As many as there may be are left as they are.
    np.testing.assert_array_equal(fitted(points, sign, parts(sign, 4)).places, whole)
    monkeypatch.setattr(module, "MOST_FEATURES", 50)
    found = fitted(many, sign, parts(sign, 4))
    assert (found.note, found.places.shape) == ("", (24, 3))


def test_training_examples_span_one_axis_less_than_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Discriminants of the axes along which they differ, found by another decomposition."""
    generator = np.random.default_rng(8)
    points, sign = loud_nuisance(6, generator)
    points = np.concatenate([points, generator.normal(0, 0.1, (*points.shape[:2], 100))], axis=2)
    part = parts(sign, 4)
    monkeypatch.setattr(module, "MOST_FEATURES", 50)
    found = fitted(points, sign, part)
    features, train = points.reshape(len(points), -1), part == "train"
    centred = features - features[train].mean(axis=0)
    axes = np.linalg.svd(centred[train], full_matrices=False)[2][: train.sum() - 1]
    model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    expected = model.fit(centred[train] @ axes.T, sign[train]).transform(centred @ axes.T)
    np.testing.assert_allclose(pdist(found.places), pdist(expected), rtol=1e-6)
    monkeypatch.setattr(module, "MOST_FEATURES", 3)
    few = model.fit(centred[train] @ axes[:3].T, sign[train]).transform(centred @ axes[:3].T)
    np.testing.assert_allclose(pdist(fitted(points, sign, part).places), pdist(few), rtol=1e-6)


def test_what_cannot_be_fitted_says_why() -> None:
    points, sign = loud_nuisance(6, np.random.default_rng(5))
    part = parts(sign, 4)
    for given_points, given_part, why in (
        (points, parts(sign, 1), "4 signs have fewer than 2 training examples"),
        (points, parts(sign, 0), "4 signs have fewer than 2 training examples"),
        (points * 0 + 0.1, part, "no channel moves"),
        (points.mean(axis=(1, 2), keepdims=True) * 0 + _by_sign(sign), part, "do not differ"),
    ):
        found = fitted(given_points, sign, given_part)
        assert found.places is None
        assert found.accuracy == {}
        assert why in found.note


@pytest.mark.parametrize("lacking", [0, 3])
def test_one_sign_with_too_few_examples_is_the_only_one_counted(lacking: int) -> None:
    points, sign = loud_nuisance(6, np.random.default_rng(5))
    part = parts(sign, 4)
    its = np.flatnonzero(sign == np.unique(sign)[lacking])
    part[its] = "test"
    assert "1 of 4 signs have fewer than 2" in fitted(points, sign, part).note
    part[its[:2]] = "train"
    assert fitted(points, sign, part).places is not None


def _by_sign(sign: np.ndarray) -> np.ndarray:
    return np.unique(sign, return_inverse=True)[1][:, None, None] * np.ones((1, 3, 2))


@pytest.mark.parametrize("examples", ["all", "train", "held_out"])
def test_the_stage_measures_closeness_along_them(tmp_path: Path, examples: str) -> None:
    points, sign = loud_nuisance(9, np.random.default_rng(6))
    part = parts(sign, 6)
    write_sequences(
        tmp_path / "s.zarr",
        list(points),
        "pre",
        3,
        sign=sign,
        session=np.tile(["s1", "s2", "s3"], 12),
        take=np.ones(sign.size, int),
    )
    rows = [f"{index},{name}" for index, name in enumerate(part)]
    write_text(tmp_path / "split.csv", "\n".join(["example,part", *rows]) + "\n")
    options = ClosenessRawOptions(examples=examples)
    closeness_raw(tmp_path / "s.zarr", tmp_path / "split.csv", tmp_path / "r.zarr", options=options)
    found = open_store(tmp_path / "r.zarr").load()
    assert found.space.values.tolist() == ["raw", "dtw", "raw_pca2", "lda"]
    lda = found.mutual_rank.sel(space="lda")
    assert lda.sel(sign="God", other="a_") == lda.sel(sign="drink", other="who") == 1
    assert (found.crossing.sel(space="lda") == 0).all()
    assert found.attrs["lda_note"] == ""
    assert found.attrs["lda_test_accuracy"] == found.attrs["lda_train_accuracy"] == 1
