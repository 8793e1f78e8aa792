"""Stage `activations`: hidden states and their mask, and how they are rounded for the disk."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from signpaths.networks.activations import rounded
from signpaths.stores import open_store


def test_the_untrained_twin_has_the_initial_weights(study: Path) -> None:
    trained, twin = open_store(study / "activations.zarr"), open_store(study / "untrained.zarr")
    assert not np.allclose(trained.hidden.values, twin.hidden.values)
    accuracy = (twin.predicted.values == twin.sign.values).mean()
    assert accuracy < 0.8 < (trained.predicted.values == trained.sign.values).mean()


def test_activations_carry_a_mask_and_probabilities(study: Path) -> None:
    store = open_store(study / "activations.zarr")
    assert (store.mask.sum("time").values == store.length.values).all()
    assert np.allclose(store.probability.sum("class"), 1, atol=1e-5)
    likeliest = store["class"].values[store.probability.values.argmax(axis=1)]
    assert (store.predicted.values == likeliest).all()
    # Masked and padded before: the state stays at its start until the first real frame.
    assert (store.hidden.values[~store.mask.values] == 0).all()


# Rounding of what is stored


def slow_rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """The bits of one number after the other, as integers; half to even, whatever they mean."""
    drop = 23 - bits
    found = []
    for raw in values.ravel(order="C").view(np.uint32).tolist():
        odd = (raw >> drop) & 1
        found.append((((raw + (1 << (drop - 1)) - 1 + odd) >> drop) << drop) % 2**32)
    return np.array(found, np.uint32).view(np.float32).reshape(values.shape)


@given(
    arrays(np.uint32, array_shapes(min_dims=1, max_dims=3, max_side=4)),
    st.integers(1, 22),
    st.booleans(),
)
@settings(max_examples=300)
def test_any_bits_are_rounded_as_integers(raw: np.ndarray, bits: int, turned: bool) -> None:
    """Numbers of every kind: not a number, infinite, minus zero, too small to be normal."""
    values = raw.view(np.float32)
    values = values.T if turned else values
    before = values.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rounded(values, bits)
    assert found.shape == values.shape
    assert found.dtype == np.float32
    expected = slow_rounded(np.ascontiguousarray(values), bits)
    np.testing.assert_array_equal(
        np.ascontiguousarray(found).view(np.uint32), expected.view(np.uint32)
    )
    np.testing.assert_array_equal(values, before, "what was given has been changed")


def test_hidden_states_are_rounded_in_their_shape() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    values[0, 0, :4] = [np.nan, np.inf, -np.inf, -0.0]
    for bits in (1, 10, 22):
        found = rounded(values, bits)
        expected = slow_rounded(values, bits)
        np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))
    assert rounded(values, 23) is values


@given(arrays(np.float32, 8, elements=st.floats(-(2.0**99), 2.0**99, width=32)), st.integers(1, 23))
def test_bits_are_kept_as_arithmetic_says(values: np.ndarray, bits: int) -> None:
    normal = np.where(np.abs(values) < 1e-30, np.float32(0), values)
    mantissa, exponent = np.frexp(normal.astype(np.float64))
    # numpy's round is half to even, as IEEE arithmetic is; one bit of the mantissa is implied.
    expected = np.ldexp(np.round(mantissa * 2.0 ** (bits + 1)), exponent - (bits + 1))
    found = rounded(normal, bits)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected.astype(np.float32))
    np.testing.assert_array_equal(rounded(found, bits), found)
    assert (np.abs(found - normal) <= np.abs(normal) * 2.0 ** -(bits + 1)).all()


@pytest.mark.parametrize(
    ("value", "bits", "expected"),
    [
        (1 + 1 / 4, 1, 1.0),  # half way between 1 and 1.5: the even one
        (1 + 3 / 4, 1, 2.0),
        (1.2500001, 1, 1.5),
        (-1.25, 1, -1.0),
        (1 / 3, 23, np.float32(1 / 3)),
        (0.0, 5, 0.0),
        (np.inf, 5, np.inf),
    ],
)
def test_bits_of_cases_done_by_hand(value: float, bits: int, expected: float) -> None:
    assert rounded(np.array([value], dtype=np.float32), bits)[0] == np.float32(expected)
