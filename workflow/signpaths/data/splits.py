"""Stage `splits`: examples in, training, validation and test parts out.

Takes `sequences.zarr`, gives a CSV with the part of every example. Splits are stratified by sign,
or made of whole recording sessions, which is the harder and more honest test.
"""

import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from signpaths.errors import UserError
from signpaths.options import SeedOption, SplitsOptions
from signpaths.stores import open_store, read_table, write_table

PARTS = ("train", "validation", "test")


def splits(
    sequences: Path, split: Path, /, *, seed: SeedOption, options: SplitsOptions = SplitsOptions()
) -> None:
    """Split the examples of a study.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV to write: example, sign, session, take, part.
    seed
        Which split; a sign's examples fall alike, whatever other signs there are.

    Raises
    ------
    UserError
        If a sign has no training example or a part is empty.
    """
    dataset = open_store(sequences, "sequences")
    sign = dataset.sign.values
    session = dataset.session.values
    if options.by == "session":
        part = deal_by_session(sign, session, seed, options)
    else:
        part = deal_by_example(sign, seed, options)
    _check_parts(part)
    write_table(
        split,
        pd.DataFrame(
            {
                "example": np.arange(part.size),
                "sign": sign,
                "session": session,
                "take": dataset["take"].values,
                "part": part,
            }
        ),
    )


def read_parts(split: Path, examples: int) -> np.ndarray:
    """Read the part of every example, in the order of `sequences.zarr`.

    Raises
    ------
    UserError
        If the split was made for other examples, or an example is in no part.
    """
    table = read_table(split, ["part"])
    part = table["part"].to_numpy(dtype=str)
    if unknown := set(part.tolist()) - set(PARTS):
        raise UserError(
            f"{split}: {min(unknown)!r} is no part, expected one of {', '.join(PARTS)} for each "
            "example. Make the split again."
        )
    if part.size != examples:
        raise UserError(
            f"{split}: parts of {part.size} examples, but the study has {examples}. "
            "Make the split again."
        )
    return part


def deal_by_example(sign: np.ndarray, seed: int, options: SplitsOptions) -> np.ndarray:
    """Deal out each sign's examples: the part of each, `(example,)`."""
    part = np.full(sign.size, "test", dtype="<U10")
    for name in np.unique(sign):
        # A generator of its own keeps a sign's split when other signs come or go.
        order = np.random.default_rng([seed, zlib.crc32(name.encode())]).permutation(
            np.flatnonzero(sign == name)
        )
        train, validation = _counts(order.size, options)
        part[order[:train]] = "train"
        part[order[train : train + validation]] = "validation"
    return part


def deal_by_session(
    sign: np.ndarray, session: np.ndarray, seed: int, options: SplitsOptions
) -> np.ndarray:
    """Deal out whole sessions: the part of each example, `(example,)`."""
    names = np.random.default_rng(seed).permutation(np.unique(session))
    if names.size < len(PARTS):
        found = ", ".join(name or "without a name" for name in sorted(names.tolist()))
        raise UserError(
            f"split.by is session, but there are {names.size} sessions ({found}); three parts need "
            f"at least {len(PARTS)}. Use split.by: example, or let data.pattern name the sessions."
        )
    train, validation = _counts(names.size, options)
    part = np.full(sign.size, "test", dtype="<U10")
    part[np.isin(session, names[:train])] = "train"
    part[np.isin(session, names[train : train + validation])] = "validation"
    missing = sorted(set(sign) - set(sign[part == "train"]))
    if missing:
        raise UserError(
            f"split.by session leaves no training example of: {', '.join(missing)}. "
            "Use another split.seed or more training sessions, or exclude these signs."
        )
    return part


def _counts(available: int, options: SplitsOptions) -> tuple[int, int]:
    """Give how many of `available` go to training, at least one, and to validation."""

    def count(value: float) -> int:
        return round(value * available) if value < 1 else round(value)

    train = min(max(1, count(options.train)), available)
    return train, min(count(options.validation), available - train)


def _check_parts(part: np.ndarray) -> None:
    counts = Counter(part)
    empty = [name for name in PARTS if not counts[name]]
    if empty:
        shares = ", ".join(f"{name} {counts[name]}" for name in PARTS)
        raise UserError(
            f"the {' and '.join(empty)} part is empty ({shares} examples). "
            "Change split.train and split.validation, or record more examples."
        )
