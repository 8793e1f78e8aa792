"""What was probably meant: a name that is not known in, the known one that is most like it out."""

import difflib
from collections.abc import Iterable


def nearest(given: str, known: Iterable[str]) -> str | None:
    """Give the known name that is most like another, in any letter case; None if none is near.

    `-` and `_` are one. Of names that differ in no more than that the first is given.
    """
    plain: dict[str, str] = {}
    for name in known:
        plain.setdefault(_plain(name), name)
    found = difflib.get_close_matches(_plain(given), plain, n=1)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
