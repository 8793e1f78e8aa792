"""Stage `named-signs`: sequences and the pairs that a config names in, a refusal or the pairs out.

Runs as soon as the recordings are read, so that a misspelt sign is told at once, not when all is
trained and the figures are drawn.
"""

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from signpaths.errors import UserError
from signpaths.options import NamedSignsOptions
from signpaths.stores import open_store, write_table
from signpaths.wording import printable

# Of a name in a message.
LONGEST = 60


def named_signs(
    sequences: Path, table: Path, /, *, options: NamedSignsOptions = NamedSignsOptions()
) -> None:
    """Check that the study has every sign that its config names.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    table
        The CSV to write: `sign_a` and `sign_b` of every pair named.
    options
        The pairs.

    Raises
    ------
    UserError
        If a sign is not in the study.
    """
    check_signs(options.pairs, set(open_store(sequences, "sequences").sign.values.tolist()))
    write_table(table, pd.DataFrame(options.pairs, columns=["sign_a", "sign_b"]))


def check_signs(pairs: Sequence[tuple[str, str]], known: Collection[str]) -> None:
    """Refuse pairs of `figures.pairs` whose signs are not known, all at once.

    Raises
    ------
    UserError
        If there are any; names them and what may have been meant.
    """
    unknown = dict.fromkeys(sign for pair in pairs for sign in pair if sign not in known)
    if unknown:
        raise UserError("\n".join(_said_of(sign, sorted(known)) for sign in unknown))


def _said_of(sign: str, known: Sequence[str]) -> str:
    # Any letter case: `god` is near `God`.
    lowered = {one.lower(): one for one in reversed(known)}
    near = difflib.get_close_matches(sign.lower(), lowered, n=1)
    some = ", ".join(map(printable, known[:10])) + (", …" if len(known) > 10 else "")
    hint = f"Did you mean {printable(lowered[near[0]])}?" if near else f"There are {some}."
    name = printable(sign)
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return f"figures.pairs: the study has no sign {name}. {hint}"
