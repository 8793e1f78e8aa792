"""Stage `named-signs`: sequences and the signs that a config names in, a refusal or a list out.

Runs as soon as the recordings are read, so that a misspelt sign is told at once, not when all is
trained and the figures are drawn.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from signpaths.errors import UserError
from signpaths.nearest import nearest
from signpaths.options import PairsOptions, SignsOptions
from signpaths.stores import open_store, write_table
from signpaths.wording import printable

# Of a name in a message.
LONGEST = 60


def named_signs(
    sequences: Path,
    table: Path,
    /,
    *,
    pairs: PairsOptions = PairsOptions(),
    signs: SignsOptions = SignsOptions(),
) -> None:
    """Check that the study has every sign that its config names.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    table
        The CSV to write: the `key` that names a `sign`, one a line.
    pairs
        What `figures.pairs` names.
    signs
        What `figures.signs` names.

    Raises
    ------
    UserError
        If a sign is not in the study.
    """
    known = set(open_store(sequences, "sequences").sign.values.tolist())
    named = {"figures.pairs": pairs.pairs, "figures.signs": signs.signs}
    check_signs(named, known)
    rows = [(key, sign) for key, groups in named.items() for group in groups for sign in group]
    write_table(table, pd.DataFrame(rows, columns=["key", "sign"]))


def check_signs(named: Mapping[str, Sequence[Sequence[str]]], known: Collection[str]) -> None:
    """Refuse signs that are not known, all at once.

    Parameters
    ----------
    named
        Lists of signs by the key of the config that names them.
    known
        The study's signs.

    Raises
    ------
    UserError
        If there are any; names them and what may have been meant.
    """
    unknown = dict.fromkeys(
        (key, sign)
        for key, groups in named.items()
        for group in groups
        for sign in group
        if sign not in known
    )
    if unknown:
        raise UserError("\n".join(_said_of(*one, sorted(known)) for one in unknown))


def _said_of(key: str, sign: str, known: Sequence[str]) -> str:
    near = nearest(sign, known)
    some = ", ".join(map(printable, known[:10])) + (", …" if len(known) > 10 else "")
    hint = f"Did you mean {printable(near)}?" if near else f"There are {some}."
    name = printable(sign)
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return f"{key}: the study has no sign {name}. {hint}"
