"""The explorer's blocks decoded number by number, as its format says and without this library."""

import json
import math
import struct
import zlib
from typing import Any

import numpy as np

DIGITS = [chr(code) for code in range(33, 127) if chr(code) not in "&<\\"]


def unwritten(text: str) -> bytes:
    """Base 91: two digits are 13 bits, one at the end 6, the lowest bit first."""
    bits = ""
    for start in range(0, len(text), 2):
        places = [DIGITS.index(one) for one in text[start : start + 2]]
        number = sum(place * 91**power for power, place in enumerate(places))
        bits += f"{number:0{13 if len(places) == 2 else 6}b}"[::-1]
    whole, rest = divmod(len(bits), 8)
    assert "1" not in bits[len(bits) - rest :]
    return bytes(int(bits[8 * at : 8 * at + 8][::-1], 2) for at in range(whole))


def bytes_of(text: str) -> bytes:
    """What a block holds, inflated from raw deflate; CRC-32 of it stands behind."""
    inflate = zlib.decompressobj(-15)
    sealed = unwritten(text)
    content = inflate.decompress(sealed[:-4])
    assert int.from_bytes(sealed[-4:], "little") == zlib.crc32(content)
    assert inflate.eof
    assert not inflate.unused_data
    return content


def decoded(entry: dict[str, Any], text: str) -> Any:
    content = bytes_of(text)
    if entry["coding"] == "json":
        return json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    if entry["coding"] in ("path", "course"):
        return _path(entry, content)
    width = {"u8": 1, "u16": 2}[entry["coding"]]
    missing = 256**width - 1
    values = []
    for start in range(0, len(content), width):
        whole = int.from_bytes(content[start : start + width], "little")
        known = entry["offset"][0] + entry["scale"][0] * whole
        if entry.get("power") == "exp":
            known = math.exp(known)
        values.append(math.nan if whole == missing else known)
    return np.array(values).reshape(entry["shape"])


def _path(entry: dict[str, Any], content: bytes) -> np.ndarray:
    shape, course = entry["shape"], entry["coding"] == "course"
    points, dims = (shape[0], 1) if course else shape[-2:]
    paths = math.prod(shape) // (points * dims)
    count = math.prod(shape)
    assert len(content) == count * (2 if entry["wide"] else 1)
    whole = np.empty((points, paths, dims), int)
    found = np.empty((points, paths, dims))
    for place, (point, path, dim) in enumerate(np.ndindex(points, paths, dims)):
        coded = content[place]
        if entry["wide"]:
            coded += 256 * content[count + place]
        unforeseen = coded // 2 if coded % 2 == 0 else -(coded + 1) // 2
        if point == 0:
            foreseen = whole[0, path - 1, dim] if path else 0
        else:
            foreseen = whole[point - 1, path, dim]
        if point > 1:
            last = whole[point - 1, path, dim] - whole[point - 2, path, dim]
            foreseen += math.floor(entry["lead"] * last / 4)
        whole[point, path, dim] = foreseen + unforeseen
        known = entry["offset"][dim] + entry["scale"][dim] * whole[point, path, dim]
        if course:
            known = math.nan if whole[point, path, dim] == entry["missing"] else known**2
        found[point, path, dim] = known
    return found.reshape(shape) if course else found.swapaxes(0, 1).reshape(shape)


def columns_of(columns: list[Any], text: str, rows: int) -> list[list[Any]]:
    """A table's columns, decoded cell by cell."""
    cells: list[list[Any]] = []
    numbers: dict[int, list[int]] = {}
    for place, column in enumerate(columns):
        coded = []
        if isinstance(column, dict) and "at" in column:
            content = bytes_of(text[column["at"] : column["at"] + column["size"]])
            assert len(content) % rows == 0
            coded = [int.from_bytes(content[row::rows], "little") for row in range(rows)]
        if isinstance(column, list):
            cells.append(column)
        elif "list" in column and "of" in column:
            # 1 and true are two cells, whatever Python thinks of them.
            keys = [(isinstance(cell, bool), cell) for cell in cells[column["of"]]]
            seen = list(dict.fromkeys(keys))
            assert len(seen) == len(column["list"])
            cells.append([column["list"][seen.index(key)] for key in keys])
        elif "list" in column:
            cells.append([column["list"][one] for one in coded])
        else:
            own: list[int] = []
            for row, one in enumerate(coded):
                foreseen = column.get("shift", 0)
                if "of" in column:
                    foreseen += numbers[column["of"]][row] * column["slope"] // 256
                elif column.get("before"):
                    foreseen = own[-1] if own else 0
                own.append(foreseen + (one // 2 if one % 2 == 0 else -(one + 1) // 2))
            numbers[place] = own
            cells.append([_cell(column, one) for one in own])
    return cells


def _cell(column: dict[str, Any], number: int) -> float | None:
    if number == column.get("missing"):
        return None
    if "binary" in column:
        [known] = struct.unpack("<f", struct.pack("<I", number << column["binary"]))
        return float(f"{known:.6g}")
    if number == 0:
        return 0
    power, rest = divmod(abs(number) - 1, 900_000)
    sign = "-" if number < 0 else ""
    return float(f"{sign}{100_000 + rest}e{column['decimal'] + power - 5}")


def read(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The index of an explorer's file, and all of its blocks, decoded."""
    first, second, rest = text.split("\n")
    assert rest == ""
    assert first.isascii()
    index = json.loads(first, parse_constant=_no_constant)
    end, found = 0, {}
    for name, entry in index["blocks"].items():
        assert entry["at"] == end
        end += entry["size"]
        found[name] = decoded(entry, second[entry["at"] : end])
    assert end == len(second)
    return index, found


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
