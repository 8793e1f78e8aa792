"""Pictures, films and the explorer's data as text, so that a page needs no other file.

Takes the files that the stages before have drawn, and refuses what has no end or is damaged inside;
gives what the page shows.
"""

import base64
import io
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from signpaths.errors import UserError
from signpaths.origins import check_origin
from signpaths.sums import read_bytes, read_folder, read_text

PNG, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
# The parts of an MP4 without which nothing can be shown.
FILM_PARTS = {b"ftyp", b"moov", b"mdat"}
# How a drawing is embedded, at its own size. At this quality lines of one pixel and small names
# stay as they are, and only the faintest grey loses a little. Colours are kept at every pixel, for
# thin lines have them. On one thread, so that the same drawing always gives the same bytes.
AS_AVIF = {"quality": 50, "subsampling": "4:4:4", "speed": 8, "max_threads": 1}
AS_WEBP = {"lossless": True, "quality": 75, "method": 4}


@dataclass(frozen=True)
class Picture:
    """A figure, ready to be put in the page.

    Attributes
    ----------
    name
        The stem of its file.
    width, height
        In pixels, those of its file and of the page.
    content
        The PNG.
    """

    name: str
    width: int
    height: int
    content: bytes = field(repr=False)

    @cached_property
    def source(self) -> str:
        """Give it as an address, in the format that takes least; made only if the page shows it."""
        png = Image.open(io.BytesIO(self.content))
        drawn = png.convert("RGBA" if png.has_transparency_data else "RGB")
        found = {
            "image/webp": _encoded(drawn, "WEBP", AS_WEBP),
            "image/avif": _encoded(drawn, "AVIF", AS_AVIF),
        }
        kind = min(found, key=lambda one: len(found[one]))
        return _address(found[kind], kind)


@dataclass(frozen=True)
class Explorer:
    """What the explorer shows: the index of its blocks, and these in base 91."""

    index: dict[str, Any]
    data: str


def explorer(path: Path, sources: Mapping[str, Path]) -> Explorer:
    """Read what stage `explorer` wrote.

    Parameters
    ----------
    path
        Two lines: JSON and base 91.
    sources
        What it should have been made from.

    Raises
    ------
    UserError
        If it is something else, or of another study.
    """
    first, _, second = read_text(path).partition("\n")
    try:
        index, data = json.loads(first), second.removesuffix("\n")
    except ValueError:
        index = None
    if not isinstance(index, dict) or not re.fullmatch(r"[^&<\\\s]*", data, re.ASCII):
        raise UserError(f"{path}: it is no file of stage explorer. Make it again.")
    check_origin(path, index.get("made_from", {}), sources)
    return Explorer(index, data)


def pictures(folder: Path) -> dict[str, Picture]:
    """Embed all PNGs of a folder, by their place in it: `pairs`, `ae/03-paths`.

    Raises
    ------
    UserError
        If one is damaged, or was there when the folder was written and is missing.
    """
    return {
        place.removesuffix(".png"): _picture(folder / place, content)
        for place, content in read_folder(folder, ".png").items()
    }


def film(path: Path) -> str:
    """Embed an MP4.

    Raises
    ------
    UserError
        If it is damaged or cut short.
    """
    content = read_bytes(path)
    if not _boxes(content) >= FILM_PARTS:
        raise UserError(f"{path}: it is no whole MP4. Remove it and run again.")
    return _address(content, "video/mp4")


def _picture(path: Path, content: bytes) -> Picture:
    """Embed a PNG; its size keeps the page from jumping while it is decoded."""
    if not _whole_png(content):
        raise UserError(f"{path}: it is no whole PNG. Remove it and run again.")
    width, height = struct.unpack(">II", content[16:24])
    return Picture(path.stem, width, height, content)


def _encoded(picture: Image.Image, kind: str, how: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def _whole_png(content: bytes) -> bool:
    """Say whether the chunks of a PNG have the checksums that they say, up to its end."""
    kind, start = b"", len(PNG)
    while content.startswith(PNG) and kind != PNG_END and start + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        inside = content[start + 4 : start + 8 + length]
        if content[start + 8 + length :][:4] != struct.pack(">I", zlib.crc32(inside)):
            return False
        start += 12 + length
    return kind == PNG_END


def _boxes(content: bytes) -> set[bytes]:
    """Give the names of the outer boxes of an MP4; none if the last does not end where it does."""
    found, start = set(), 0
    while start + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, start)
        if size == 1 and start + 16 <= len(content):
            [size] = struct.unpack_from(">Q", content, start + 8)
        if size < 8:
            return set()
        found.add(name)
        start += size
    return found if start == len(content) else set()


def _address(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
