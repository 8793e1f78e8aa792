"""Stage `sequences`: recordings in, the study's examples out, padded to one length.

Takes `recordings.zarr`; applies aliases and exclusions; gives `sequences.zarr` and `excluded.csv`,
which names every file that was left out and why. Whether a sign is one- or two-handed follows from
how much each hand moves, as in the article.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.data.hands import UNKNOWN, hands, movements
from signpaths.errors import UserError
from signpaths.folders import HIDDEN
from signpaths.nearest import nearest
from signpaths.options import SequencesOptions
from signpaths.stores import open_store, write_store, write_table

FEWEST_SIGNS = 3
# Recordings that a message names; characters of a name in it.
LISTED, LONGEST_NAME = 3, 60
# The share of padding from which on the log speaks of it.
MOSTLY_PADDING = 0.75
# Zeros mean padding. A recorded frame of nothing but zeros gets this in its first channel, a number
# that no arithmetic in float32 tells from zero and that no test for zero takes for padding.
ALMOST_ZERO = np.float32(1e-30)


def sequences(
    recordings: Path,
    sequences: Path,
    excluded: Path,
    /,
    *,
    options: SequencesOptions = SequencesOptions(),
) -> None:
    """Choose the examples of a study and pad them to one length.

    Parameters
    ----------
    recordings
        The store of stage `tsd`.
    sequences
        The zarr store to write: `x(example, time, channel)`, ordered by sign, session and take.
    excluded
        The CSV to write: every file that was left out, with the reason.

    Raises
    ------
    UserError
        If a sign that the options name is not there, fewer than three signs are left, an example
        is longer than `padded_length`, or the padded examples are larger than `largest_gib`.
    """
    found = open_store(recordings, "tsd").load()
    sign = _renamed(found.sign.values, options)
    reasons = _reasons(found, sign, options)
    kept = np.flatnonzero(reasons == "")
    kept = kept[np.lexsort((found["take"][kept], found.session.values[kept], sign[kept]))]
    _check_signs(sign[kept])
    length = found.frames.values[kept]
    padded_length = options.padded_length or int(length.max())
    if length.max() > padded_length:
        longest = kept[length.argmax()]
        raise UserError(
            f"{found.path.values[longest]}: {length.max()} frames do not fit into "
            f"data.padded_length {padded_length}. Set data.max_length to {padded_length} at most, "
            "which leaves longer examples out, or pad to more."
        )
    _check_size(found.path.values[kept], length, padded_length, found.sizes["channel"], options)
    frames = [_frames(found, int(index)) for index in kept]
    dataset = xr.Dataset(
        {
            "x": (
                ("example", "time", "channel"),
                padded(frames, padded_length, options.padding),
                {"long_name": "recorded frames, padded with zeros", "units": "as recorded"},
            ),
            "mask": (
                ("example", "time"),
                real_frames(length, padded_length, options.padding),
                {"long_name": "true on real frames, false on padding"},
            ),
        },
        coords={
            "channel": found.channel,
            "sign": ("example", sign[kept], {"long_name": "sign"}),
            "session": ("example", found.session.values[kept], {"long_name": "recording session"}),
            "take": ("example", found["take"].values[kept], {"long_name": "take in its session"}),
            "length": ("example", length, {"long_name": "real frames", "units": "frames"}),
            "hands": _hands(sign[kept], frames, found.channel.values, options.two_handed),
            "source": ("example", found.path.values[kept], {"long_name": "path inside the source"}),
            "sha256": ("example", found.sha256.values[kept], {"long_name": "hash of the file"}),
        },
        attrs={
            "padding": options.padding,
            "examples": kept.size,
            "signs": len(set(sign[kept])),
            "excluded": int((reasons != "").sum()),
            "source_sha256": found.attrs["source_sha256"],
        },
    )
    write_table(excluded, _excluded_table(found, sign, reasons))
    write_store(
        dataset,
        sequences,
        stage="sequences",
        title=f"{kept.size} examples of {dataset.attrs['signs']} signs, {padded_length} frames",
        options=options,
    )


def padded(frames: list[np.ndarray], length: int, padding: str) -> np.ndarray:
    """Pad examples with zeros to one length.

    Parameters
    ----------
    frames
        One `(time, channel)` array an example.
    length
        Frames of every padded example.
    padding
        `pre` or `post`: where the zeros go.

    Returns
    -------
    numpy.ndarray
        float32 `(example, length, channel)`.
    """
    x = np.zeros((len(frames), length, frames[0].shape[1]), dtype=np.float32)
    for row, values in zip(x, frames, strict=True):
        part = row[length - len(values) :] if padding == "pre" else row[: len(values)]
        part[:] = values
        part[~part.any(axis=1), 0] = ALMOST_ZERO
    return x


def real_frames(length: np.ndarray, padded_length: int, padding: str) -> np.ndarray:
    """Tell real frames from padding: bool `(example, time)`."""
    step = np.arange(padded_length)
    if padding == "pre":
        return step >= padded_length - length[:, None]
    return step < length[:, None]


def _frames(found: xr.Dataset, index: int) -> np.ndarray:
    first, count = int(found["first"][index]), int(found.frames[index])
    return found.value.values[first : first + count]


def _renamed(sign: np.ndarray, options: SequencesOptions) -> np.ndarray:
    renamed = np.array([options.aliases.get(name, name) for name in sign])
    unknown = [
        *_unknown_names("data.aliases", options.aliases, set(sign)),
        *_unknown_names("data.exclude", options.exclude, set(renamed), options.aliases),
    ]
    if unknown:
        raise UserError("\n".join(unknown))
    return renamed


def _unknown_names(
    key: str,
    names: Iterable[str],
    known: Collection[str],
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """Say which names no recording carries, and what may have been meant."""
    for name in names:
        if name not in known:
            near = renamed.get(name) or nearest(name, sorted(known))
            hint = f"did you mean {str(near)!r}?" if near else "mend it or leave it out."
            after = " after data.aliases is applied" if name in renamed else ""
            shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
            yield f"{key} names {shown!r}, which no recording carries{after}; {hint}"


def _check_size(
    path: np.ndarray,
    length: np.ndarray,
    padded_length: int,
    channels: int,
    options: SequencesOptions,
) -> None:
    """Refuse examples that padding makes too large; say it where padding is most of them.

    Parameters
    ----------
    path, length
        Of every example; frames.
    padded_length
        Frames of a padded example.
    channels
        Of a frame.
    options
        For what is allowed.
    """
    order = np.argsort(-length, kind="stable")[:LISTED]
    longest = ", ".join(f"{path[index]} ({length[index]:,} frames)" for index in order)
    takes = length.size * padded_length * channels * np.dtype(np.float32).itemsize / 2**30
    padding = 1 - length.sum() / (length.size * padded_length)
    what = (
        f"{length.size:,} examples padded to {padded_length:,} frames of {channels} channels take "
        f"{takes:.3g} GiB, and {padding:.0%} of that is padding"
    )
    if takes > options.largest_gib:
        raise UserError(
            f"{what}; data.largest_gib allows {options.largest_gib:g}. The longest recordings: "
            f"{longest}. Leave long ones out by data.max_length (the median is "
            f"{np.median(length):,.0f} frames), set a smaller data.padded_length, mend them or "
            "take them out of the recordings, or raise data.largest_gib."
        )
    if padding > MOSTLY_PADDING:
        print(f"warning: {what}. The longest recordings: {longest}. See data.max_length.")


def _reasons(found: xr.Dataset, sign: np.ndarray, options: SequencesOptions) -> np.ndarray:
    """Say for every file why it is left out; an empty text for those that stay."""
    reasons = found.problem.values.astype(object)
    for index, (name, frames) in enumerate(zip(sign, found.frames.values, strict=True)):
        if reasons[index] == HIDDEN:
            continue
        if reasons[index]:
            reasons[index] = f"bad file: {reasons[index]}"
        elif name in options.exclude:
            reasons[index] = "sign is excluded (data.exclude)"
        elif options.max_length is not None and frames > options.max_length:
            reasons[index] = f"longer than {options.max_length} frames (data.max_length)"
    return reasons


def _check_signs(sign: np.ndarray) -> None:
    signs = sorted(set(sign))
    if len(signs) < FEWEST_SIGNS:
        raise UserError(
            f"{len(signs)} signs are left ({', '.join(signs) or 'none'}); the rank of a pair needs "
            f"at least {FEWEST_SIGNS}. See data.exclude, data.aliases and data.max_length."
        )


def _hands(
    sign: np.ndarray, frames: list[np.ndarray], channels: np.ndarray, two_handed: float
) -> tuple[str, np.ndarray, dict[str, str]]:
    rule = f"two if the left hand moves at least {two_handed} of what the right hand does"
    attrs = {
        "long_name": "hands that the sign uses",
        "rule": f"{rule}, in most examples of the sign",
    }
    moved = movements(frames, channels)
    if moved is None:
        attrs["rule"] = "unknown: there are no channels left_x … right_z"
        return "example", np.full(len(sign), UNKNOWN), attrs
    return "example", hands(sign, moved, two_handed), attrs


def _excluded_table(found: xr.Dataset, sign: np.ndarray, reasons: np.ndarray) -> pd.DataFrame:
    """List the files that are left out, and print how many there are for each reason."""
    out = np.flatnonzero(reasons != "")
    table = pd.DataFrame(
        {
            "file": found.path.values[out],
            "sign": sign[out],
            **{name: found[name].values[out] for name in ("session", "take", "frames")},
            "reason": reasons[out],
        }
    )
    for reason, count in Counter(reason.partition(":")[0] for reason in table.reason).most_common():
        print(f"left out {count}: {reason}")
    return table
