"""Principal components: against scikit-learn's, and where there are fewer than asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.projections.components import WIDEST, principal_components
from sklearn.decomposition import PCA


@given(st.integers(0, 2**32 - 1), st.integers(WIDEST, 9), st.integers(10, 60))
@settings(max_examples=50, deadline=None)
def test_components_are_scikit_learns(seed: int, units: int, frames: int) -> None:
    generator = np.random.default_rng(seed)
    # Directions of clearly unlike variance, far from the origin.
    values = generator.normal(size=(frames, units)) * 3.0 ** np.arange(units) + 50
    found = principal_components(values.astype(np.float32))
    pca = PCA(WIDEST, svd_solver="full").fit(values.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(found.centre, pca.mean_, rtol=1e-6)
    np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_, rtol=1e-6)
    # The signs, too.
    np.testing.assert_allclose(found.component, pca.components_, atol=1e-6)
    for dims in (2, WIDEST):
        scores = found.onto(values, dims)
        np.testing.assert_allclose(scores, pca.transform(values)[:, :dims], rtol=1e-4, atol=1e-3)
        nearest = (values - pca.mean_) @ pca.components_[:dims].T @ pca.components_[:dims]
        np.testing.assert_allclose(found.back(scores), nearest + pca.mean_, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("units", [1, 2])
def test_fewer_units_than_dimensions_leave_zeros(units: int) -> None:
    values = np.random.default_rng(0).normal(size=(20, units))
    found = principal_components(values)
    assert found.component.shape == (WIDEST, units)
    assert not found.component[units:].any()
    assert found.explained[:units].sum() == pytest.approx(1)
    np.testing.assert_allclose(found.back(found.onto(values, WIDEST)), values)


def test_frames_that_never_move_have_no_variance() -> None:
    found = principal_components(np.full((5, 4), 7.0))
    assert not found.explained.any()
    np.testing.assert_allclose(found.onto(np.full((2, 4), 7.0), 2), 0)
