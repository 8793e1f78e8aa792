"""Numbers as text that a page can hold: rounded to a few bits, deflated and written in base 91.

Takes arrays and plain data; gives blocks of text, each with what a reader needs to decode it. Raw
deflate is what browsers read as `deflate-raw`. Knows no file.
"""

import json
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Significant digits of numbers in JSON.
DIGITS = 6
# Raw deflate, as small as it gets. Which way that is hangs on the numbers: noise gains nothing by
# matches, and what changes on the way gains by less memory, which starts new codes sooner.
LEVEL, RAW = 9, -15
WAYS = (
    (zlib.Z_DEFAULT_STRATEGY, 9),
    (zlib.Z_FILTERED, 9),
    (zlib.Z_FILTERED, 7),
    (zlib.Z_FILTERED, 6),
    (zlib.Z_HUFFMAN_ONLY, 6),
)
# The one that tells soon which of two contents takes less.
ROUGHLY = WAYS[3:4]
# The digits of base 91: what ASCII has but spaces, what HTML reads as its own, and the backslash.
# Two digits hold 13 bits, so a text is a thirteenth shorter than in base64.
DIGITS_91 = bytes(one for one in range(33, 127) if one not in b"&<\\")
PAIR_BITS, DIGIT_BITS = 13, 6
# Mutual ranks are told in steps of so much of themselves.
RANK_STEP = 0.07
SUM_BYTES = 4
# A path goes on by so many quarters of its last step, or else it costs.
LEADS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Block:
    """A packed array or object.

    Attributes
    ----------
    text
        In base 91, of what is deflated and its checksum.
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


def packed_course(values: np.ndarray, step: float, most: float) -> Block:
    """Pack how numbers from 0 on change on the way, the finer the smaller they are.

    In equal steps of the square root, which is how they are drawn.

    Parameters
    ----------
    values
        `(phase, …)`, NaN where missing; what is larger than `most`, infinite too, is that.
    step
        Of the square root.
    most
        The largest number that is told.
    """
    roots = np.sqrt(np.clip(np.asarray(values, dtype=np.float64), 0, most))
    missing = math.ceil(math.sqrt(most) / step) + 1
    steps = np.where(np.isnan(roots), missing, np.rint(roots / step)).astype(np.int32)
    coded, entry = _on_the_way(steps.reshape(len(steps), -1), 1)
    return _block(
        coded,
        coding="course",
        shape=list(values.shape),
        scale=[step],
        offset=[0.0],
        missing=missing,
        **entry,
    )


def packed_ranks(ranks: np.ndarray, k: float) -> Block:
    """Pack mutual ranks so that what is decoded is at most `k` exactly where the rank is.

    In equal steps of the logarithm, so that small ranks, which tell most, are told best.

    Parameters
    ----------
    ranks
        From 1 on, of any shape; NaN where missing.
    k
        The largest rank that counts as close.
    """
    scale = RANK_STEP
    # No step stands for `k` itself, but for 1, or readers who round otherwise would disagree.
    while k > 1 and abs(math.exp(scale * round(math.log(k) / scale)) / k - 1) < 1e-4:
        scale = float(f"{scale * 0.999:.6g}")
    ranks = np.asarray(ranks, dtype=np.float64)
    steps, last = np.rint(np.log(ranks) / scale), math.floor(math.log(k) / scale)
    steps = np.where(ranks <= k, np.minimum(steps, last), np.maximum(steps, last + 1))
    return _packed_steps(np.where(np.isnan(ranks), np.nan, steps), scale, 0.0, power="exp")


def packed_path(values: np.ndarray, bits: int, *, alike: bool = True) -> Block:
    """Pack paths, which go on much as they went, as what is unforeseen in their steps.

    Parameters
    ----------
    values
        Finite, `(…, point, dim)`.
    bits
        Of the range of the dimension that extends most (or of each).
    alike
        Whether all dimensions have the same step, so that shapes stay what they are.
    """
    *_, points, dims = values.shape
    flat = np.asarray(values, dtype=np.float64).reshape(-1, dims)
    low, extent = flat.min(axis=0), np.ptp(flat, axis=0)
    extent = np.full(extent.shape, extent.max()) if alike else extent
    scale = np.array([_step(one, bits) for one in extent.tolist()])
    offset = np.array([_near(one, step) for one, step in zip(low, scale, strict=True)])
    steps = np.rint((flat - offset) / scale).astype(np.int32).reshape(-1, points, dims)
    coded, entry = _on_the_way(steps.swapaxes(0, 1).reshape(points, -1), dims)
    return _block(
        coded,
        coding="path",
        shape=list(values.shape),
        scale=scale.tolist(),
        offset=offset.tolist(),
        **entry,
    )


def as_text(content: bytes) -> str:
    """Write bytes in base 91, which can stand in HTML as it is.

    The bits, the lowest of each byte first, 13 at a time; of a number of 13 bits first what is left
    of a division by 91. Up to 6 bits that are left at the end take one digit.
    """
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    filled = np.append(bits, np.zeros(-bits.size % PAIR_BITS, np.uint8))
    numbers = filled.reshape(-1, PAIR_BITS) @ (1 << np.arange(PAIR_BITS))
    digits = np.stack([numbers % len(DIGITS_91), numbers // len(DIGITS_91)], axis=1).ravel()
    if 0 < bits.size % PAIR_BITS <= DIGIT_BITS:
        digits = digits[:-1]
    return np.frombuffer(DIGITS_91, np.uint8)[digits].tobytes().decode("ascii")


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


def _packed_steps(steps: np.ndarray, scale: float, offset: float, **entry: Any) -> Block:
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
        **entry,
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


def _on_the_way(steps: np.ndarray, dims: int) -> tuple[bytes, dict[str, Any]]:
    """Code whole numbers on their way by what is unforeseen, by the lead that is shortest.

    Parameters
    ----------
    steps
        int `(point, path and dim)`.
    dims
        So many beside each other are of one path.
    """
    coded = {lead: _bytes(_unforeseen(steps, dims, lead)) for lead in LEADS}
    lead = min(coded, key=lambda one: len(deflated(coded[one], ROUGHLY)))
    return coded[lead], {"lead": lead, "wide": len(coded[lead]) > steps.size}


def _unforeseen(steps: np.ndarray, dims: int, lead: int) -> np.ndarray:
    """Give where paths are but for where they were foreseen, as numbers from 0 on: 0, -1, 1, -2, …

    The first points are foreseen at those of the path before, all others `lead` quarters of the
    last step further on. By point, path and dim, for paths differ less at a time than over time.
    """
    foreseen = np.zeros_like(steps)
    foreseen[:1, dims:] = steps[:1, :-dims]
    foreseen[1:] = steps[:-1]
    foreseen[2:] += (lead * (steps[1:-1] - steps[:-2])) >> 2
    return zigzag(steps - foreseen).ravel().astype(np.uint16)


def zigzag(numbers: np.ndarray) -> np.ndarray:
    """Number whole numbers from 0 on: 0, -1, 1, -2, …"""
    return np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)


def _bytes(coded: np.ndarray) -> bytes:
    """Give the low bytes of all, and the high bytes if there are any."""
    low, high = (coded & 0xFF).astype(np.uint8), (coded >> 8).astype(np.uint8)
    return low.tobytes() + (high.tobytes() if high.any() else b"")


def _block(content: bytes, **entry: Any) -> Block:
    return Block(sealed(content), entry)


def sealed(content: bytes) -> str:
    """Deflate, and write as text with a checksum behind: CRC-32 of the content, lowest byte first.

    Raw deflate has none, and a page that was damaged would show other numbers.
    """
    return as_text(deflated(content) + zlib.crc32(content).to_bytes(SUM_BYTES, "little"))


def deflated(content: bytes, ways: Sequence[tuple[int, int]] = WAYS) -> bytes:
    """Deflate without a frame, by the way that is shortest."""
    return min((_deflated_by(content, *way) for way in ways), key=len)


def _deflated_by(content: bytes, strategy: int, memory: int) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW, memory, strategy)
    return packer.compress(content) + packer.flush()
