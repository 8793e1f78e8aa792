"""Numbers as text that a page can hold: rounded to a few bits, deflated and written in base64.

Takes arrays and plain data; gives blocks of text, each with what a reader needs to decode it. Raw
deflate is what browsers read as `deflate-raw`. Knows no file.
"""

import base64
import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Significant digits of numbers in JSON.
DIGITS = 6
LEVEL, MEMORY, RAW = 9, 9, -15
# Of what is rounded to steps of 0.5 where it can be.
HALF = 0.5
# A path's differences are at most so often taken.
ORDERS = (1, 2)


@dataclass(frozen=True)
class Block:
    """A packed array or object.

    Attributes
    ----------
    text
        Base64.
    entry
        How it is decoded, as the index of all blocks tells it: coding, shape, scale, offset.
    """

    text: str
    entry: dict[str, Any] = field(default_factory=dict)


def packed_object(content: Any) -> Block:
    """Pack plain data as JSON."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return _block(text.encode(), coding="json")


def packed_numbers(values: np.ndarray, scale: float = 1.0, offset: float = 0.0) -> Block:
    """Pack numbers as whole steps of `scale` from `offset` on, the nearest to each.

    Parameters
    ----------
    values
        Of any shape; NaN where missing. What is beyond 16 bits counts as the last step.
    scale, offset
        A step, and the number that no step stands for.
    """
    steps = np.rint((np.asarray(values, dtype=np.float64) - offset) / scale)
    return _packed_steps(steps, scale, offset)


def packed_clipped(values: np.ndarray, scale: float, most: float) -> Block:
    """Pack numbers from 0 on as whole steps; what is larger than `most`, infinite too, is that."""
    with np.errstate(over="ignore"):
        return packed_numbers(np.clip(np.asarray(values, dtype=np.float64), 0, most), scale)


def packed_ranks(ranks: np.ndarray, k: float, signs: int) -> Block:
    """Pack mutual ranks so that what is decoded is at most `k` exactly where the rank is.

    In steps of 0.5; of coarser ones if there are more signs than these can count in 8 bits.

    Parameters
    ----------
    ranks
        Of any shape; NaN where missing.
    k
        The largest rank that counts as close.
    signs
        Of the study; no rank is larger.
    """
    scale = max(HALF, float(f"{(signs - 1) / (_missing(np.uint8) - 1):.4g}"))
    while scale * (_missing(np.uint8) - 1) < signs - 1:
        scale = float(f"{scale * 1.001:.4g}")
    ranks = np.asarray(ranks, dtype=np.float64)
    steps = np.rint(ranks / scale)
    # The last step that is no larger than k; a decoder multiplies likewise.
    last = math.floor(k / scale) + 1
    while last * scale > k:
        last -= 1
    steps = np.where(ranks <= k, np.minimum(steps, last), np.maximum(steps, last + 1))
    return _packed_steps(np.where(np.isnan(ranks), np.nan, steps), scale, 0.0)


def packed_path(values: np.ndarray, bits: int, *, alike: bool = True) -> Block:
    """Pack paths, which change little from one point to the next, as differences of steps.

    Parameters
    ----------
    values
        Finite, `(…, dim)`; the points of all paths one after the other.
    bits
        Of the range of the dimension that extends most (or of each).
    alike
        Whether all dimensions have the same step, so that shapes stay what they are.
    """
    flat = np.asarray(values, dtype=np.float64).reshape(-1, values.shape[-1])
    low, extent = flat.min(axis=0), np.ptp(flat, axis=0)
    extent = np.full(extent.shape, extent.max()) if alike else extent
    scale = np.array([_step(one, bits) for one in extent.tolist()])
    offset = np.array([_near(one, step) for one, step in zip(low, scale, strict=True)])
    steps = np.rint((flat - offset) / scale).astype(np.int32).T
    coded = {order: _zigzag(steps, order) for order in ORDERS}
    found = {order: _deflated(_bytes(one)) for order, one in coded.items()}
    order = min(found, key=lambda one: len(found[one]))
    return Block(
        base64.b64encode(found[order]).decode("ascii"),
        {
            "coding": "path",
            "shape": list(values.shape),
            "scale": scale.tolist(),
            "offset": offset.tolist(),
            "order": order,
            "wide": bool(coded[order].max(initial=0) > _missing(np.uint8)),
        },
    )


def plain(content: Any) -> Any:
    """Give what is made of numpy's numbers and arrays as JSON can hold it; None for no number."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, np.ndarray):
        return plain(content.tolist())
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, np.generic):
        return plain(content.item())
    if isinstance(content, float):
        return float(f"{content:.{DIGITS}g}") if math.isfinite(content) else None
    return content


@dataclass
class Blocks:
    """Blocks one after the other, and their index.

    Attributes
    ----------
    texts
        In their order.
    entries
        By the name of the block.
    size
        Characters of the texts, and of the entries as the index writes them.
    """

    texts: list[str] = field(default_factory=list)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    size: int = 0
    _end: int = 0

    def cost(self, blocks: Iterable[tuple[str, Block]]) -> int:
        """Say how many characters these blocks would add at most."""
        return sum(
            len(block.text) + len(as_json({name: self._entry(block)})) for name, block in blocks
        )

    def add(self, blocks: Iterable[tuple[str, Block]]) -> None:
        """Add blocks, each with its name."""
        for name, block in blocks:
            self.size += self.cost([(name, block)])
            self.entries[name] = self._entry(block) | {"at": self._end}
            self.texts.append(block.text)
            self._end += len(block.text)

    def _entry(self, block: Block) -> dict[str, Any]:
        # The place is not known before; no file is so large that it takes more digits.
        return {"at": 10**11, "size": len(block.text), **block.entry}


def as_json(content: Any) -> str:
    """Write plain data as ASCII in one line."""
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def _packed_steps(steps: np.ndarray, scale: float, offset: float) -> Block:
    """Pack whole steps from 0 on, NaN where missing, in as few bytes as hold them."""
    known = ~np.isnan(steps)
    most = steps.max(initial=0, where=known)
    kind: type[np.unsignedinteger[Any]] = np.uint8 if most < _missing(np.uint8) else np.uint16
    missing = _missing(kind)
    whole = np.where(known, np.clip(steps, 0, missing - 1), missing).astype(kind)
    return _block(
        whole.astype(whole.dtype.newbyteorder("<")).tobytes(),
        coding=f"u{8 * whole.itemsize}",
        shape=list(steps.shape),
        scale=[scale],
        offset=[offset],
    )


def _missing(kind: type[np.unsignedinteger[Any]]) -> int:
    return int(np.iinfo(kind).max)


def _step(extent: float, bits: int) -> float:
    """Give a step of few digits, so many of which hold a range; 1 for a range of nothing."""
    if extent <= 0:
        return 1.0
    step = extent / (2**bits - 2)
    short = float(f"{step:.4g}")
    return short if short >= step else float(f"{step * 1.0005:.4g}")


def _near(low: float, step: float) -> float:
    """Give a number of few digits within a tenth of a step of the lowest."""
    return float(round(float(low), 1 - math.floor(math.log10(step))))


def _zigzag(steps: np.ndarray, order: int) -> np.ndarray:
    """Give the differences of each row, as numbers from 0 on: 0, -1, 1, -2, …"""
    for _ in range(order):
        steps = np.diff(steps, axis=-1, prepend=np.int32(0))
    return ((steps << 1) ^ (steps >> 31)).ravel().astype(np.uint16)


def _bytes(coded: np.ndarray) -> bytes:
    """Give the low bytes of all, and the high bytes if there are any."""
    low, high = (coded & 0xFF).astype(np.uint8), (coded >> 8).astype(np.uint8)
    return low.tobytes() + (high.tobytes() if high.any() else b"")


def _block(content: bytes, **entry: Any) -> Block:
    return Block(base64.b64encode(_deflated(content)).decode("ascii"), entry)


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW, MEMORY)
    return packer.compress(content) + packer.flush()
