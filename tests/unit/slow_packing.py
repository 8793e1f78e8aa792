"""The explorer's blocks decoded number by number, as its format says and without this library."""

import base64
import itertools
import json
import math
import zlib
from typing import Any

import numpy as np


def bytes_of(text: str) -> bytes:
    """What a block holds, inflated from raw deflate."""
    inflate = zlib.decompressobj(-15)
    content = inflate.decompress(base64.b64decode(text, validate=True))
    assert inflate.eof
    assert not inflate.unused_data
    return content


def decoded(entry: dict[str, Any], text: str) -> Any:
    content = bytes_of(text)
    if entry["coding"] == "json":
        return json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    if entry["coding"] == "path":
        return _path(entry, content)
    width = {"u8": 1, "u16": 2}[entry["coding"]]
    missing = 256**width - 1
    values = []
    for start in range(0, len(content), width):
        whole = int.from_bytes(content[start : start + width], "little")
        known = entry["offset"][0] + entry["scale"][0] * whole
        values.append(math.nan if whole == missing else known)
    return np.array(values).reshape(entry["shape"])


def _path(entry: dict[str, Any], content: bytes) -> np.ndarray:
    *_, dims = shape = entry["shape"]
    points = math.prod(shape[:-1])
    count = points * dims
    assert len(content) == count * (2 if entry["wide"] else 1)
    found = np.empty((points, dims))
    for dim in range(dims):
        row = []
        for point in range(points):
            place = dim * points + point
            coded = content[place]
            if entry["wide"]:
                coded += 256 * content[count + place]
            row.append(coded // 2 if coded % 2 == 0 else -(coded + 1) // 2)
        for _ in range(entry["order"]):
            row = list(itertools.accumulate(row))
        for point, steps in enumerate(row):
            found[point, dim] = entry["offset"][dim] + entry["scale"][dim] * steps
    return found.reshape(shape)


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
