"""Stage `tsd`: raw recordings in, one store of frames and a table of files out.

Takes a folder or an archive (`.tar.*`, `.zip`, one inside the other) of `.tsd` files: text, one
frame a line, numbers parted by any white space. Gives `recordings.zarr`, which holds every frame
and, for each file that could not be read, the reason. Archives are read in memory, not unpacked.
"""

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.data.archives import UNREADABLE, members, without_archives
from signpaths.errors import UserError
from signpaths.options import TsdOptions
from signpaths.stores import write_store

# What fits into 64 bits.
TAKE = re.compile(r"\d{1,18}")
LISTED = 20
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Recording:
    """One `.tsd` file: its frames `(time, channel)`, or the problem that kept them from us."""

    path: str
    sign: str
    session: str
    take: int
    sha256: str
    frames: np.ndarray
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
    pattern = _compiled(options.pattern)
    found = [_recording(path, data, pattern) for path, data in _matching(source, pattern)]
    found.sort(key=lambda recording: recording.path)
    found = _with_one_width(_without_doubles(found), options.channels)
    bad = [recording for recording in found if recording.problem]
    if bad and (options.on_bad_file == "error" or len(bad) == len(found)):
        raise UserError(_bad_files(source, bad, len(found)))
    for recording in bad:
        print(f"left out {recording.path}: {recording.problem}")
    write_store(
        _dataset(found, options.channels),
        recordings,
        stage="tsd",
        title=f"Frames of {len(found) - len(bad)} recordings as read from the source",
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


def _matching(source: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    """Give path and bytes of the files whose path matches; complain if there are none."""
    others: list[str] = []
    matched = 0
    for path, handle in members(source):
        if pattern.search(path):
            matched += 1
            try:
                data = handle.read()
            except UNREADABLE as error:
                raise UserError(
                    f"{source}: {path} cannot be read to its end ({error}). Fetch or pack it again."
                ) from error
            yield path, data
        else:
            others.append(path)
    if not matched:
        seen = ", ".join(map(_printable, others[:3])) or "no files at all"
        raise UserError(
            f"{source}: no file matches data.pattern {pattern.pattern!r}. Found: {seen}. "
            "Change data.source or data.pattern."
        )
    if others:
        such = _printable(others[0])
        print(f"passed over {len(others)} files that do not match the pattern, such as {such}")


def _recording(path: str, data: bytes, pattern: re.Pattern[str]) -> Recording:
    match = pattern.search(path)
    assert match is not None
    groups = match.groupdict(default="")
    sign, session, take = groups["sign"], groups.get("session", ""), groups["take"]
    frames = np.empty((0, 0))
    try:
        if not (path.isprintable() and sign):
            raise ValueError("its name holds characters that cannot be printed, or no sign")
        if not TAKE.fullmatch(take):
            raise ValueError(f"the take in its name is {take!r}, expected a whole number")
        frames = parse_frames(data)
        problem = ""
    except ValueError as error:
        problem = str(error)
    return Recording(
        path=_printable(path),
        sign=_printable(sign),
        session=_printable(session),
        take=int(take) if TAKE.fullmatch(take) else -1,
        sha256=hashlib.sha256(data).hexdigest(),
        frames=frames,
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
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines()
    widths = [len(line.split()) for line in lines]
    filled = [width for width in widths if width]
    if not filled:
        raise ValueError("holds no frame; expected one frame a line")
    expected = Counter(filled).most_common(1)[0][0]
    if filled.count(expected) == len(filled):
        values = _numbers(data.removeprefix(b"\xef\xbb\xbf"), expected * len(filled))
        if values is not None:
            return values.reshape(len(filled), expected)
    raise ValueError(_first_fault(lines, expected))


def _numbers(data: bytes, count: int) -> np.ndarray | None:
    """Parse all numbers at once; None if one of them is none, or not finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            values = np.fromstring(data.decode("ascii"), sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    return values if values.size == count and (np.abs(values) < FLOAT32_MAX).all() else None


def _first_fault(lines: list[bytes], expected: int) -> str:
    """Find the first line that is wrong, slowly, after the fast way has failed."""
    for number, line in enumerate(lines, start=1):
        tokens = line.split()
        if tokens and len(tokens) != expected:
            return (
                f"line {number}: {len(tokens)} numbers, expected {expected} as in most of its lines"
            )
        for token in tokens:
            values = _numbers(token, 1)
            if values is None:
                return f"line {number}: {_shown(token)} found, expected a finite number"
    return "cannot be read as numbers"


def _shown(token: bytes) -> str:
    text = token.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= 20 else f"{text[:20]}…")


def _printable(text: str) -> str:
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
    return replace(recording, frames=np.empty((0, 0)), problem=problem)


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
    values = np.concatenate(good).astype(np.float32)
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
        f"{without_archives(recording.path)} {recording.sha256}\n" for recording in found
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
