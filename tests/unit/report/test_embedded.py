"""Pictures and films in the page: whole, or refused by name."""

import base64
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from signpaths.errors import UserError
from signpaths.report.embedded import Picture, film, pictures


def png() -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def boxes(*names: bytes, inside: bytes = b"abc") -> bytes:
    return b"".join(struct.pack(">I4s", 8 + len(inside), name) + inside for name in names)


def large(name: bytes, inside: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, name, 16 + len(inside)) + inside


def test_pictures_come_by_their_place_with_their_size(tmp_path: Path) -> None:
    (tmp_path / "ae").mkdir()
    for place in ("ae/03-paths.png", "01.png"):
        (tmp_path / place).write_bytes(png())
    (tmp_path / "01.svg").write_text("<svg/>")
    found = pictures(tmp_path)
    assert list(found) == ["01", "ae/03-paths"]
    assert found["01"] == Picture("01", 7, 5, png())


def shown(picture: Picture) -> tuple[str, np.ndarray]:
    """The format of an embedded picture, and its pixels."""
    head, content = picture.source.split(",", 1)
    image = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
    assert head == f"data:image/{(image.format or '').lower()};base64"
    assert image.size == (picture.width, picture.height)
    return image.format or "", np.asarray(image.convert("RGBA"), int)


def as_picture(pixels: np.ndarray) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return Picture("x", pixels.shape[1], pixels.shape[0], buffer.getvalue())


def test_a_plain_picture_is_embedded_as_it_is() -> None:
    pixels = np.full((40, 60, 4), 255, np.uint8)
    pixels[10:20, 5:55] = [0, 114, 178, 255]
    pixels[30:] = 0
    kind, found = shown(as_picture(pixels))
    assert kind == "WEBP"
    np.testing.assert_array_equal(found[..., 3], pixels[..., 3])
    np.testing.assert_array_equal(found[:30], pixels[:30])


def test_a_crowded_picture_is_embedded_nearly_as_it_is_at_the_same_bytes() -> None:
    """Thin lines in colour, one over the other, as maps have them."""
    canvas = Image.new("RGB", (1500, 1200), "white")
    pen, generator = ImageDraw.Draw(canvas), np.random.default_rng(0)
    colours = ["#0072b2", "#d55e00", "#222222", "#cccccc"]
    for place, line in enumerate(generator.uniform(0, 1500, (150, 4)).tolist()):
        pen.line(line, colours[place % 4], width=3)
    # With soft edges, as drawings have them.
    pixels = np.asarray(canvas.reduce(3))
    kind, found = shown(as_picture(pixels))
    assert kind == "AVIF"
    assert np.abs(found[..., :3] - pixels).mean() < 4
    assert as_picture(pixels).source == as_picture(pixels).source
    assert len(as_picture(pixels).source) < 4 / 3 * len(as_picture(pixels).content)


def test_a_picture_of_ones_own_that_is_cut_or_flipped_is_refused(tmp_path: Path) -> None:
    """Without sums beside it: what a PNG says of itself is enough."""
    content, path = png(), tmp_path / "pairs.png"
    flips = [
        content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
        for at in range(len(content))
    ]
    for changed in (*(content[:end] for end in range(len(content))), *flips):
        path.write_bytes(changed)
        with pytest.raises(UserError, match=r"pairs\.png: it is no whole PNG"):
            pictures(tmp_path)


def test_a_film_is_embedded(tmp_path: Path) -> None:
    path = tmp_path / "ae.mp4"
    path.write_bytes(boxes(b"ftyp", b"free", b"moov") + large(b"mdat", b"pictures"))
    assert film(path).startswith("data:video/mp4;base64,")


def test_a_film_that_is_cut_or_none_is_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "ae.mp4", boxes(b"ftyp", b"moov", b"mdat")
    others = [boxes(b"ftyp", b"mdat"), boxes(b"mdat", b"moov"), whole + b"\0" * 8, whole + b"x"]
    for content in (*(whole[:end] for end in range(len(whole))), *others):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"ae\.mp4: it is no whole MP4"):
            film(path)
