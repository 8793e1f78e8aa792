"""Stage `tsd`: raw recordings in, one store of frames and a table of files out.

Takes a folder or an archive (`.tar.*`, `.zip`, one inside the other) of `.tsd` files: text, one
frame a line, numbers parted by any white space. Gives `recordings.zarr`, which holds every frame
and, for each file that was not read though it may be a recording, the reason.
"""

import hashlib
import re
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from signpaths.data.archives import UNREADABLE, Allowance, Member, members, without_archives
from signpaths.errors import UserError
from signpaths.folders import HIDDEN, LONGEST_PATH, candidate, is_archive
from signpaths.options import TsdOptions
from signpaths.stores import write_store
from signpaths.sums import check_folder

# What fits into 64 bits.
TAKE = re.compile(r"\d{1,18}")
# Bad files, and others, that a message names.
LISTED, SHOWN = 20, 3
# Bytes that are parsed at once, and of a line.
PIECE, LONGEST_LINE = 2**16, 2**20
END_OF_LINE = re.compile(rb"\r\n|\r|\n")
NO_FRAMES = np.empty((0, 0), dtype=np.float32)
HARD_LINK = (
    "a hard link to {}, which is no recording that was read before it; pack again with "
    "--hard-dereference"
)
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Recording:
    """One `.tsd` file: its frames `(time, channel)`, or the problem that kept them from us.

    Of what is not read the hash is empty.
    """

    path: str
    sign: str
    session: str
    take: int
    sha256: str
    frames: np.ndarray
    problem: str = ""


class Content(NamedTuple):
    """What a file holds, whatever its name: float32 frames `(time, channel)`, or the problem."""

    sha256: str = ""
    frames: np.ndarray = NO_FRAMES
    problem: str = ""


def tsd(source: Path, recordings: Path, /, *, options: TsdOptions = TsdOptions()) -> None:
    """Read every `.tsd` file of `source` into one store.

    Parameters
    ----------
    source
        A folder or an archive.
    recordings
        The zarr store to write: `value(frame, channel)` and a table over `file`.

    Raises
    ------
    UserError
        If nothing matches the pattern, or if files are bad and `on_bad_file` is `error`.
    """
    check_folder(source)
    found = list(_found(source, _compiled(options.pattern), options.largest_gib))
    found.sort(key=lambda recording: recording.path)
    found = _with_one_width(_without_doubles(found), options.channels)
    left_out = [recording for recording in found if recording.problem]
    bad = [recording for recording in left_out if recording.problem != HIDDEN]
    if len(left_out) == len(found) or (bad and options.on_bad_file == "error"):
        raise UserError(_bad_files(source, bad or left_out, len(found)))
    for recording in left_out:
        print(f"left out {recording.path}: {recording.problem}")
    write_store(
        _dataset(found, options.channels),
        recordings,
        stage="tsd",
        title=f"Frames of {len(found) - len(left_out)} recordings as read from the source",
        options=options,
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"data.pattern: no regular expression ({error}): {pattern}") from error
    if not {"sign", "take"} <= set(compiled.groupindex):
        raise UserError(f"data.pattern: needs the groups (?P<sign>…) and (?P<take>…): {pattern}")
    return compiled


def _found(source: Path, pattern: re.Pattern[str], largest_gib: float) -> Iterator[Recording]:
    """Give the files whose path matches, and what may hold such but is not read."""
    others: list[str] = []
    passed, matched = 0, False
    contents: dict[str, Content] = {}
    largest = Allowance(source, largest_gib).one_file
    for member in members(source, largest_gib):
        path = member.path
        if not candidate(path, pattern, member.unread):
            passed += 1
            others += [path][: SHOWN - len(others)]
            continue
        matched = True
        if member.content:
            contents[path] = _content(source, member, largest)
            yield _recording(path, pattern, contents[path])
        elif member.unread:
            yield _recording(path, pattern, Content(problem=member.unread))
        else:
            target, unknown = member.same_as, HARD_LINK.format(_printable(member.same_as))
            known = None if is_archive(path) else contents.get(target)
            contents[path] = known or Content(problem=unknown)
            yield _recording(path, pattern, contents[path])
    such = ", ".join(map(_printable, others))
    if not matched:
        seen = f"It has {passed:,} files, such as {such}" if others else "It has no files at all"
        raise UserError(
            f"{source}: no file matches data.pattern {pattern.pattern!r}. {seen}. "
            "Change data.source or data.pattern."
        )
    if others:
        print(f"passed over {passed} files that do not match the pattern, such as {such}")


def _content(source: Path, member: Member, largest: int) -> Content:
    assert member.content is not None
    try:
        data = member.content.read(largest + 1)
    except UNREADABLE as error:
        raise UserError(
            f"{source}: {_printable(member.path)} cannot be read to its end ({error}). Fetch or "
            "pack it again."
        ) from error
    if len(data) > largest:
        return Content(
            problem=f"holds more than {largest / 2**20:.4g} MiB, a 64th of data.largest_gib; if it "
            "is right, raise that"
        )
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        return Content(sha256, parse_frames(data).astype(np.float32))
    except ValueError as error:
        return Content(sha256, problem=str(error))


def _recording(path: str, pattern: re.Pattern[str], content: Content) -> Recording:
    match = pattern.search(path) if len(path) <= LONGEST_PATH else None
    groups = match.groupdict(default="") if match else {}
    sign, session, take = (groups.get(name, "") for name in ("sign", "session", "take"))
    problem = content.problem
    if match and problem != HIDDEN:
        if not (path.isprintable() and sign):
            problem = "its name holds characters that cannot be printed, or no sign"
        elif not TAKE.fullmatch(take):
            problem = f"the take in its name is {take!r}, expected a whole number"
    return Recording(
        path=_printable(path),
        sign=_printable(sign),
        session=_printable(session),
        take=int(take) if TAKE.fullmatch(take) else -1,
        sha256=content.sha256,
        frames=NO_FRAMES if problem else content.frames,
        problem=problem,
    )


def parse_frames(data: bytes) -> np.ndarray:
    """Parse the text of one `.tsd` file.

    Parameters
    ----------
    data
        One frame a line, numbers parted by any white space; blank lines are passed over.

    Returns
    -------
    numpy.ndarray
        float64 `(time, channel)`.

    Raises
    ------
    ValueError
        With the line, what was found there and what was expected.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    widths: Counter[int] = Counter()
    for piece in _pieces(data):
        widths.update(len(line.split()) for line in piece.splitlines())
    del widths[0]
    if not widths:
        raise ValueError("holds no frame; expected one frame a line")
    expected = widths.most_common(1)[0][0]
    if len(widths) == 1:
        parts = [_numbers(piece) for piece in _pieces(data)]
        values = [part for part in parts if part is not None]
        if len(values) == len(parts) and sum(map(len, values)) == expected * widths[expected]:
            return np.concatenate(values).reshape(-1, expected)
    raise ValueError(_first_fault(data, expected))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut a file after ends of lines, so that a large one is never held as lines and words."""
    start = 0
    while start < len(data):
        end = min(start + PIECE, len(data))
        if end < len(data):
            last = END_OF_LINE.search(data, end, end + LONGEST_LINE)
            if last is None and end + LONGEST_LINE < len(data):
                line = 1 + sum(1 for _ in END_OF_LINE.finditer(data, 0, end))
                raise ValueError(f"line {line}: longer than a MiB, expected one frame a line")
            end = last.end() if last else len(data)
        yield data[start:end]
        start = end


def _numbers(data: bytes) -> np.ndarray | None:
    """Parse all numbers at once; None if one of them is none, or not finite."""
    if not data.strip():
        return np.empty(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            values = np.fromstring(data.decode("ascii"), sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    return values if (np.abs(values) < FLOAT32_MAX).all() else None


def _first_fault(data: bytes, expected: int) -> str:
    """Find the first line that is wrong, slowly, after the fast way has failed."""
    before = 0
    for piece in _pieces(data):
        lines = piece.splitlines()
        for number, line in enumerate(lines, start=before + 1):
            words = line.split()
            if words and len(words) != expected:
                return (
                    f"line {number}: {len(words)} numbers, expected {expected} as in most of its "
                    "lines"
                )
            if words and not _are_numbers(words):
                ends = range(1, len(words) + 1)
                wrong = bisect_left(ends, True, key=lambda end: not _are_numbers(words[:end]))
                return f"line {number}: {_shown(words[wrong])} found, expected a finite number"
        before += len(lines)
    return "cannot be read as numbers"


def _are_numbers(words: list[bytes]) -> bool:
    values = _numbers(b" ".join(words))
    return values is not None and len(values) == len(words)


def _shown(token: bytes) -> str:
    text = token.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= 20 else f"{text[:20]}…")


def _printable(text: str) -> str:
    text = text if len(text) <= LONGEST_PATH else f"{text[:100]}…{text[-20:]}"
    return text.encode("unicode_escape").decode() if not text.isprintable() else text


def _without_doubles(found: list[Recording]) -> list[Recording]:
    """Mark recordings that carry the session, sign and take of an earlier one."""
    first: dict[tuple[str, str, int], str] = {}
    checked = []
    for recording in found:
        key = (recording.session, recording.sign, recording.take)
        if not recording.problem:
            if key in first:
                problem = f"same session, sign and take as {first[key]}"
                recording = _spoilt(recording, problem)
            else:
                first[key] = recording.path
        checked.append(recording)
    return checked


def _with_one_width(found: list[Recording], channels: tuple[str, ...] | None) -> list[Recording]:
    """Mark recordings whose number of channels is not the one named, or else the commonest."""
    widths = Counter(recording.frames.shape[1] for recording in found if not recording.problem)
    if not widths:
        return found
    expected = len(channels) if channels else widths.most_common(1)[0][0]
    why = "as data.channels names" if channels else "as in most files"
    return [
        recording
        if recording.problem or recording.frames.shape[1] == expected
        else _spoilt(
            recording, f"line 1: {recording.frames.shape[1]} numbers, expected {expected} {why}"
        )
        for recording in found
    ]


def _spoilt(recording: Recording, problem: str) -> Recording:
    return replace(recording, frames=NO_FRAMES, problem=problem)


def _bad_files(source: Path, bad: list[Recording], total: int) -> str:
    listed = [f"  {recording.path}: {recording.problem}" for recording in bad[:LISTED]]
    if len(bad) > LISTED:
        listed.append(f"  … and {len(bad) - LISTED} more")
    return "\n".join(
        [
            f"{source}: {len(bad)} of {total} files are bad:",
            *listed,
            "Mend them, or set data.on_bad_file to skip: they are then left out and listed in "
            "excluded.csv and in the report.",
        ]
    )


def _dataset(found: list[Recording], channels: tuple[str, ...] | None) -> xr.Dataset:
    good = [recording.frames for recording in found if not recording.problem]
    values = np.concatenate(good)
    lengths = np.array([len(recording.frames) for recording in found], dtype=np.int64)
    names = channels or [f"channel_{index:02d}" for index in range(values.shape[1])]

    def column(name: str, long_name: str) -> tuple[str, list[object], dict[str, str]]:
        return "file", [getattr(recording, name) for recording in found], {"long_name": long_name}

    dataset = xr.Dataset(
        {
            "value": (
                ("frame", "channel"),
                values,
                {
                    "long_name": "frames of all readable files in a row",
                    "units": "as recorded",
                },
            )
        },
        coords={
            "channel": ("channel", list(names), {"long_name": "channel name"}),
            "path": column("path", "path inside the source"),
            "sign": column("sign", "sign as in the file's name"),
            "session": column("session", "folder of the recording session"),
            "take": column("take", "number of the take in its session"),
            "sha256": column("sha256", "hash of the file's bytes"),
            "problem": column("problem", "why the file could not be read; empty if it could"),
            "frames": ("file", lengths, {"long_name": "number of frames", "units": "frames"}),
            "first": (
                "file",
                np.cumsum(lengths) - lengths,
                {"long_name": "index of the file's first frame", "units": "frames"},
            ),
        },
    )
    return dataset.assign_attrs(
        files=len(found), bad_files=len(found) - len(good), source_sha256=_content_hash(found)
    )


def _content_hash(found: Iterable[Recording]) -> str:
    """Hash names and contents, so that a folder and an archive of the same files agree."""
    lines = sorted(
        f"{without_archives(recording.path)} {recording.sha256}\n"
        for recording in found
        if recording.sha256
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
