"""A table's columns as text that a page can hold, every cell exactly as it was.

Takes columns of words, numbers, truths and empty cells; gives what a reader needs to decode each,
and one text of all their blocks. A column that says little is written out; others are coded by
their distinct values, by the column that they follow from, or by the digits of their numbers.
Knows no file.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from signpaths.report.packing import ROUGHLY, deflated, sealed, zigzag

Value = str | float | int | bool | None

# As many significant digits has a number; numbers of one power of ten are so many.
DIGITS = 6
DECADE = 9 * 10 ** (DIGITS - 1)
# Binary numbers of so few digits are coded by these: by so many bits of 32 fewer.
CUTS = (13, 12, 11, 10)
# A column may be foreseen from one of so many before it, in steps of its slope.
REACH, SLOPES = 48, 256
# Columns of fewer distinct values than this are not worth more than listing them.
FEW = 12


@dataclass(frozen=True)
class Coded:
    """A way to write a column.

    Attributes
    ----------
    entry
        How it is decoded.
    content
        Its block; nothing if all is in the entry.
    way
        By which its numbers were coded, if they were.
    """

    entry: Any
    content: bytes = b""
    way: tuple[str, int] | None = None

    @cached_property
    def size(self) -> int:
        """Say how many bytes it takes, about: the entry is deflated together with others."""
        return sum(len(deflated(one, ROUGHLY)) for one in (self.content, _json(self.entry)) if one)


@dataclass
class _Column:
    """A column with what others may need of it.

    Attributes
    ----------
    values
        Its cells.
    numbers
        Whole numbers that stand for them, by the way of coding: `decimal`, or `binary` and a cut.
    """

    values: Sequence[Value]
    numbers: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    @cached_property
    def distinct(self) -> list[Value]:
        """Give its distinct values, numbers from the least on."""
        return [value for _, value in sorted({_key(one): one for _, one in self._kinds}.items())]

    @cached_property
    def places(self) -> np.ndarray:
        """Give the place of each cell's value among the distinct ones."""
        place = {_key(value): at for at, value in enumerate(self.distinct)}
        by_kind = {(kind, value): place[_key(value)] for kind, value in self._kinds}
        typed = zip(map(type, self.values), self.values, strict=True)
        return np.fromiter(map(by_kind.__getitem__, typed), np.int64, len(self.values))

    @cached_property
    def _kinds(self) -> dict[tuple[type, Value], None]:
        """Give its distinct values with their types, for a truth equals a number."""
        return dict.fromkeys(zip(map(type, self.values), self.values, strict=True))


def packed_table(columns: Sequence[Sequence[Value]]) -> tuple[list[Any], str]:
    """Pack columns of equal length.

    Returns
    -------
    tuple
        For each column its cells, or how it is decoded, with `at` and `size` in the text of all:

        - `{"list": values}`: the block has the place of each cell's value, low bytes before high
          ones.
        - `{"list": values, "of": column}`: the values in the order in which the values that they
          follow from first appear in that column. No block.
        - `{"decimal": lowest}` and `{"binary": cut}`: the block has whole numbers, all lowest bytes
          first, in the order 0, -1, 1, -2, …: what is not foreseen. That is `shift`, with `of` also
          that column's number times `slope` / 256, rounded down; with `before`, the number of the
          cell before instead. `missing` stands for an empty cell. Decimal: 0 is 0; 1 and on are
          1.00000, 1.00001, … 9.99999 times ten to the power of `lowest`, then of the next power;
          below 0 the negative ones. Binary: a float of 32 bits without its last `cut`, to six
          digits, halves to the even one.
    """
    done: list[_Column] = []
    entries: list[Any] = []
    texts: list[str] = []
    at = 0
    for values in columns:
        column = _Column(values)
        best = min(
            _ways(column, done[-REACH:], max(0, len(done) - REACH)), key=lambda one: one.size
        )
        # Others can follow only from what a reader has: the numbers of the way that was taken.
        column.numbers = {way: one for way, one in column.numbers.items() if way == best.way}
        done.append(column)
        if best.content:
            text = sealed(best.content)
            entries.append({**best.entry, "at": at, "size": len(text)})
            texts.append(text)
            at += len(text)
        else:
            entries.append(best.entry)
    return entries, "".join(texts)


def _ways(column: _Column, before: Sequence[_Column], first: int) -> Iterator[Coded]:
    """Give the ways to write a column after others, the first of which has this number."""
    yield Coded(list(column.values))
    distinct = column.distinct
    if len(distinct) < 2**16:
        yield Coded({"list": distinct}, _planes(column.places))
    # The fewer values another column has, the shorter the list.
    for place, other in sorted(enumerate(before), key=lambda one: len(one[1].distinct)):
        if len(other.distinct) >= len(distinct) > 1 and (found := _following(column, other)):
            yield Coded({"list": found, "of": first + place})
            break
    if len(distinct) < FEW or not all(_is_number(value) for value in distinct):
        return
    for way, entry in _numbered(column):
        numbers = column.numbers[way]
        told = {name: value for name, value in entry.items() if value is not None}
        shift = int(np.median(numbers))
        yield Coded(told | {"shift": shift}, _planes(zigzag(numbers - shift)), way)
        yield Coded(told | {"before": True}, _planes(zigzag(np.diff(numbers, prepend=0))), way)
        lines = [
            (_surprise(numbers - foreseen), first + place, slope, shift, foreseen)
            for place, other in enumerate(before)
            if way in other.numbers
            for slope, shift, foreseen in _foreseen(numbers, other.numbers[way])
        ]
        for _, place, slope, shift, foreseen in sorted(lines, key=lambda one: one[:4])[:2]:
            yield Coded(
                told | {"of": place, "slope": slope, "shift": shift},
                _planes(zigzag(numbers - foreseen)),
                way,
            )


def _following(column: _Column, other: _Column) -> list[Value]:
    """Give the value that follows from each of the other column's; none if they do not."""
    _, first = np.unique(other.places, return_index=True)
    found = np.empty(len(first), dtype=np.int64)
    found[other.places[first]] = column.places[first]
    if not np.array_equal(found[other.places], column.places):
        return []
    return [column.values[at] for at in np.sort(first)]


def _numbered(column: _Column) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    """Number a column's cells in each way that gives them back; say the way, and how it is told."""
    distinct, places = column.distinct, column.places
    empty = np.array([value is None for value in distinct])[places]
    decimal = [None if value is None else _mantissa(value) for value in distinct]
    lowest = min((power for _, power in filter(None, decimal)), default=0)
    numbers = np.array([0 if one is None else _number(*one, lowest) for one in decimal])[places]
    yield (
        _kept(column, ("decimal", 0), numbers, empty),
        {
            "decimal": lowest,
            "missing": _fill(column, ("decimal", 0), empty),
        },
    )
    known = np.array([0.0 if value is None else value for value in distinct])
    bits = known.astype(np.float32).view(np.uint32)
    if (known < 0).any() or not np.isfinite(known.astype(np.float32)).all():
        return
    for cut in CUTS:
        # Half a step up, for what was cut to six digits may lie below.
        short = (bits + (1 << (cut - 1))) >> cut
        back = (short << cut).view(np.float32)
        if all(float(f"{one:.{DIGITS}g}") == value for one, value in zip(back, known, strict=True)):
            way = _kept(column, ("binary", cut), short.astype(np.int64)[places], empty)
            yield way, {"binary": cut, "missing": _fill(column, way, empty)}
            return


def _kept(
    column: _Column, way: tuple[str, int], numbers: np.ndarray, empty: np.ndarray
) -> tuple[str, int]:
    column.numbers[way] = np.where(empty, 0, numbers).astype(np.int64)
    return way


def _fill(column: _Column, way: tuple[str, int], empty: np.ndarray) -> int | None:
    """Give the number of empty cells, one more than any other; None if there are none."""
    if not empty.any():
        return None
    numbers = column.numbers[way]
    missing = int(numbers.max(initial=0)) + 1
    numbers[empty] = missing
    return missing


def _mantissa(value: Any) -> tuple[int, int]:
    """Give a number as a whole one of six digits and the power of ten of its first; 0 as 0."""
    digits, power = f"{value:.{DIGITS - 1}e}".split("e")
    return int(digits.replace(".", "")), int(power) if value else 0


def _number(digits: int, power: int, lowest: int) -> int:
    if digits == 0:
        return 0
    place = (power - lowest) * DECADE + abs(digits) - 10 ** (DIGITS - 1) + 1
    return place if digits > 0 else -place


def _foreseen(numbers: np.ndarray, other: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Give what another column lets one expect, as it is and by a line: slope, shift, numbers."""
    yield SLOPES, 0, other
    around = other - other.mean()
    if around.any():
        slope = float(around @ (numbers - numbers.mean()) / (around @ around))
        if math.isfinite(slope) and abs(slope) < SLOPES:
            whole = round(slope * SLOPES)
            line = (whole * other) // SLOPES
            shift = int(np.median(numbers - line))
            yield whole, shift, line + shift


def _surprise(numbers: np.ndarray) -> float:
    """Say how many bits numbers around 0 take, about."""
    return float(np.log2(np.abs(numbers) + 1).mean())


def _planes(numbers: np.ndarray) -> bytes:
    """Write whole numbers from 0 on: the lowest bytes of all, then the next, as many as needed."""
    count = max(1, -(-int(numbers.max(initial=0)).bit_length() // 8))
    return b"".join(
        ((numbers >> 8 * byte) & 0xFF).astype(np.uint8).tobytes() for byte in range(count)
    )


def _key(value: Value) -> tuple[str, Any]:
    """Tell values apart as a page does, where 1 and 1.0 are one; in an order."""
    if value is None:
        return "", 0
    return ("number" if _is_number(value) else type(value).__name__), value


def _is_number(value: Value) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
