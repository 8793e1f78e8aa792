"""Packed columns: every cell comes back as it was, however it was coded."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signpaths.report.tables import packed_table
from slow_packing import columns_of

ROWS = 400


def back(columns: list[list[Any]]) -> tuple[list[Any], list[list[Any]]]:
    entries, text = packed_table(columns)
    # As a page reads them.
    entries = json.loads(json.dumps(entries))
    return entries, columns_of(entries, text, len(columns[0]))


def shown(values: Any) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.integers(-9, 9),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda one: float(f"{one:.6g}")),
)
numbers = st.one_of(
    st.none(),
    st.floats(-1e9, 1e9).map(lambda one: float(f"{one:.6g}")),
    st.floats(0, 1, width=16).map(lambda one: float(f"{one:.6g}")),
)


@given(
    st.integers(1, 30).flatmap(
        lambda rows: st.lists(
            st.one_of(
                st.lists(cells, min_size=rows, max_size=rows),
                st.lists(numbers, min_size=rows, max_size=rows),
            ),
            min_size=1,
            max_size=4,
        )
    )
)
def test_cells_come_back(columns: list[list[Any]]) -> None:
    _, found = back(columns)
    assert found == columns
    for one, other in zip(found, columns, strict=True):
        assert [isinstance(cell, bool) for cell in one] == [
            isinstance(cell, bool) for cell in other
        ]


@pytest.mark.parametrize("empty", [False, True])
def test_numbers_are_coded_by_what_is_known_of_them(empty: bool) -> None:
    generator = np.random.default_rng(0)
    mean = generator.uniform(13, 60, ROWS)
    half = generator.uniform(0, 1, ROWS).astype(np.float16).astype(float)
    columns: list[list[Any]] = [
        *(shown(mean), shown(0.8 * mean + generator.normal(0, 0.01, ROWS))),
        *(shown(generator.normal(0, 1, ROWS)), shown(10 ** generator.uniform(-9, 4, ROWS))),
        *(shown(half), shown(np.where(half < 0.9, half, 1.0)), shown(1 - 0.25 * half)),
        *(shown(np.round(half, 1)), shown(np.round(half, 1) ** 2), shown(np.sort(mean))),
    ]
    if empty:
        for column in columns:
            column[5] = None
    entries, found = back(columns)
    assert found == columns
    assert "of" not in entries[0]
    assert entries[1]["of"] == 0
    assert 180 < entries[1]["slope"] < 230
    assert entries[2]["decimal"] < 0
    assert entries[4]["binary"] == 13
    assert entries[5]["of"] == 4
    assert "list" in entries[7]
    assert (entries[8]["of"], len(entries[8]["list"])) == (7, len(set(columns[7])))
    assert entries[9]["before"]
    assert all(("missing" in one) == empty for one in entries[:7])


def test_halves_of_the_last_digit_are_what_they_are_in_a_file() -> None:
    """Floats of few bits, many of which lie in the middle between two numbers of six digits."""
    values = shown(np.arange(1, 2**11, 2) / 2**11)
    entries, found = back([values])
    assert found == [values]
    assert "binary" in entries[0]


def test_it_takes_less_than_the_digits_do() -> None:
    generator = np.random.default_rng(1)
    column = shown(generator.uniform(10, 60, 4000))
    entries, text = packed_table([column])
    assert len(text) < 1.25 * 4000 * math.log2(500_000) / 6.5
    assert entries[0]["size"] == len(text)
