"""Packed numbers: what is decoded is what went in, within half a step, and no rank crosses k."""

import html
import json
import math
import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from signpaths.report.packing import (
    Block,
    Blocks,
    as_json,
    as_text,
    packed_course,
    packed_numbers,
    packed_object,
    packed_path,
    packed_ranks,
    plain,
)
from slow_packing import decoded, unwritten


def back(block: Block) -> Any:
    return decoded(block.entry, block.text)


def paths(width: int = 32) -> st.SearchStrategy[np.ndarray]:
    """Paths, as they come out of a network: of float32, near nothing or far from it."""
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 4))
    kind: Any = np.float32
    return shapes.flatmap(
        lambda shape: arrays(
            kind, shape, elements=st.floats(-1e6, 1e6, width=width, allow_subnormal=False)
        )
    )


@given(st.binary(max_size=200))
def test_bytes_come_back_from_text_that_html_leaves_alone(content: bytes) -> None:
    text = as_text(content)
    assert unwritten(text) == content
    assert text == html.escape(text, quote=False).replace("&gt;", ">")
    assert not set(text) - set(string.printable.replace("\\", "").strip())
    assert len(text) <= -(-16 * len(content) // 13) + 1


@given(paths(), st.sampled_from([8, 10, 12]), st.booleans())
def test_a_path_comes_back_within_half_a_step(values: np.ndarray, bits: int, alike: bool) -> None:
    block = packed_path(values, bits, alike=alike)
    found, scale = back(block), np.array(block.entry["scale"])
    assert found.shape == values.shape
    room = 1e-9 * np.abs(values).max() + 1e-12
    assert (np.abs(found - values) <= scale / 2 + room).all()
    extent = np.ptp(values.reshape(-1, values.shape[-1]).astype(float), axis=0)
    if alike:
        assert len(set(scale.tolist())) == 1
        extent[:] = extent.max()
    # No coarser than the bits allow, but for a rounded step.
    known = extent > 0
    assert (scale[known] <= 1.002 * extent[known] / (2**bits - 2)).all()
    assert (scale[~known] == 1).all()


@given(st.integers(2, 400), st.sampled_from([8, 10, 12]))
def test_a_wild_path_comes_back_too(points: int, bits: int) -> None:
    """From one end of the range to the other at every step, which takes the most bits."""
    values = np.where(np.arange(points)[:, None] % 2, 1.0, -1.0) * np.array([1.0, 0.5])
    block = packed_path(values, bits)
    assert np.abs(back(block) - values).max() <= block.entry["scale"][0] / 2 + 1e-12
    assert block.entry["wide"]


def test_the_lead_is_whichever_is_smallest() -> None:
    generator = np.random.default_rng(0)
    line = np.sin(np.linspace(0, 3, 500))[:, None] * [3.0, 1.0]
    assert packed_path(line, 12).entry["lead"] == 4
    assert packed_path(generator.normal(size=(500, 2)), 8).entry["lead"] == 0
    assert not packed_path(line, 8).entry["wide"]


@given(
    arrays(
        np.float64, st.integers(1, 20), elements=st.one_of(st.just(math.nan), st.floats(0, 300))
    ),
    st.sampled_from([0.05, 0.5, 1.0, 3.0]),
    st.sampled_from([0.0, -2.0]),
)
def test_numbers_come_back_within_half_a_step_and_the_missing_as_missing(
    values: np.ndarray, scale: float, offset: float
) -> None:
    block = packed_numbers(values, scale, offset)
    np.testing.assert_array_equal(np.isnan(back(block)), np.isnan(values))
    known = ~np.isnan(values)
    assert (np.abs(back(block) - values)[known] <= scale / 2 + 1e-9).all()
    # 255 in 8 bits is what is missing.
    most = np.rint((values[known] - offset) / scale).max(initial=0)
    assert block.entry["coding"] == ("u8" if most < 255 else "u16")


def test_whole_numbers_stay_what_they_are_and_take_as_few_bits_as_they_can() -> None:
    for most, coding in ((0, "u8"), (254, "u8"), (255, "u16"), (65534, "u16")):
        block = packed_numbers(np.array([[0, most]]))
        assert block.entry["coding"] == coding
        np.testing.assert_array_equal(back(block), [[0, most]])
    assert back(packed_numbers(np.zeros((0, 24)))).shape == (0, 24)


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 7), st.integers(1, 6)),
        elements=st.one_of(st.just(math.nan), st.just(math.inf), st.floats(0, 14)),
    ),
    st.sampled_from([0.01, 0.025, 0.05]),
)
def test_a_course_comes_back_within_half_a_step_of_the_root(
    values: np.ndarray, step: float
) -> None:
    found = back(packed_course(values, step, 12.7))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    roots = np.sqrt(np.clip(values, 0, 12.7))
    assert (np.abs(np.sqrt(found) - roots)[~np.isnan(roots)] <= step / 2 + 1e-9).all()


def test_what_is_too_large_is_the_most_that_is_told_even_if_it_is_infinite() -> None:
    values = np.array([0, 0.06, 12.68, 12.71, 1e9, np.inf, np.nan])
    found = back(packed_course(values, 0.05, 12.7))
    np.testing.assert_allclose(found, [0, 0.0625, *[3.55**2] * 4, np.nan])


@given(st.data(), st.integers(2, 5000))
def test_rounding_lets_no_rank_cross_k(data: st.DataObject, signs: int) -> None:
    k = data.draw(st.integers(1, signs - 1))
    near = st.floats(max(1, k - 0.6), min(signs - 1, k + 0.6))
    ranks = np.array(
        data.draw(st.lists(st.one_of(st.floats(1, signs - 1), near, st.just(float(k))), max_size=9))
    )
    block = packed_ranks(ranks, k)
    found = back(block)
    np.testing.assert_array_equal(found <= k, ranks <= k)
    # A page's numbers have 32 bits.
    np.testing.assert_array_equal(found.astype(np.float32) <= k, ranks <= k)
    assert block.entry["coding"] == "u8"
    # Clamped at k, a rank may be off by a whole step.
    assert (np.abs(np.log(found / ranks)) <= block.entry["scale"][0] + 1e-9).all()
    far = np.abs(np.log(ranks / k)) > 0.071
    assert (np.abs(np.log(found / ranks))[far] <= 0.0351).all()


def test_small_ranks_are_told_well_and_the_missing_are_missing() -> None:
    ranks = np.array([[1.0, np.sqrt(2), 2.0], [93, np.nan, 40]])
    found = back(packed_ranks(ranks, 5))
    np.testing.assert_allclose(found, ranks, rtol=0.036)
    assert found[0, 0] == 1
    assert np.isnan(found[1, 1])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-999, 999) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_plain_data_comes_back_whatever_its_names(content: Any) -> None:
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert back(packed_object(content)) == content
    assert plain(content) == content


def test_numbers_of_numpy_become_plain_and_what_is_none_is_null() -> None:
    content = {
        **{1: np.float32(0.5), "a": np.array([[1.23456789, np.nan]]), "b": (np.inf, np.int64(3))},
        **{"c": np.bool_(True), "d": np.array(["x"]), "e": {"f": float("-inf")}},
    }
    assert plain(content) == {
        **{"1": 0.5, "a": [[1.23457, None]], "b": [None, 3]},
        **{"c": True, "d": ["x"], "e": {"f": None}},
    }
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed_object([math.nan])


def test_blocks_lie_one_after_the_other_and_never_take_more_than_they_cost() -> None:
    blocks = Blocks()
    some = [("a", packed_object([1, 2])), ("b/0", packed_path(np.ones((3, 2)), 8))]
    expected = blocks.cost(some)
    blocks.add(some)
    assert blocks.size == expected
    text, entries = "".join(blocks.texts), blocks.entries
    assert len(text) + len(as_json(entries)) <= expected
    for name, block in some:
        entry = entries[name]
        assert text[entry["at"] : entry["at"] + entry["size"]] == block.text
    assert decoded(entries["a"], blocks.texts[0]) == [1, 2]
