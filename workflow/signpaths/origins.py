"""Where a file comes from: what a store holds, in one word, and the stores that it was made from.

Takes and gives attributes of zarr stores. Every store says `content`, a digest of its values, and
`made_from`, the contents of the stores that its stage read, so that no stage mixes one network's
files, or one study's, with another's. A `.keras` file says `made_from` in its metadata; the content
of a file is its checksum.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.sums import checksum, read_bytes, read_metadata

# The member of a `.keras` file that says what saved it; `made_from` stands there.
MODEL_MEMBER = "metadata.json"


def digest(dataset: xr.Dataset) -> str:
    """Hash names, shapes and values of all variables; 32 hexadecimal digits."""
    found = hashlib.blake2b(digest_size=16)
    for name in sorted(map(str, dataset.variables)):
        variable = dataset.variables[name]
        values = np.ascontiguousarray(variable.values)
        found.update(json.dumps([name, variable.dims, values.shape]).encode())
        # Strings are of one length in an array and of another in a store.
        text = values.dtype.kind in "OUT"
        found.update(json.dumps(values.tolist()).encode() if text else values.data)
    return found.hexdigest()


def contents(sources: Mapping[str, Path | str]) -> dict[str, str]:
    """Give the contents of stores and files, by what each is to what is made from them.

    A text is a content already, of what another store was made from.
    """
    return {name: one if isinstance(one, str) else _content(one) for name, one in sources.items()}


def made_from(store: Path) -> dict[str, str]:
    """Give the contents of the stores that a store was made from."""
    recorded: dict[str, str] = json.loads(read_metadata(store)["attributes"]["made_from"])
    return recorded


def check_origin(
    what: Path, recorded: Mapping[str, str], sources: Mapping[str, Path | str]
) -> None:
    """Refuse what was made from something else.

    Parameters
    ----------
    what
        A file or store, for the message.
    recorded
        What it says it was made from; if it says nothing, as what signpaths did not make, nothing
        is checked.
    sources
        What it should have been made from.

    Raises
    ------
    UserError
        If a content is another.
    """
    for name, content in contents(sources).items():
        if recorded and recorded.get(name) != content:
            source = sources[name]
            other = source if isinstance(source, Path) else f"the same {name}"
            raise UserError(
                f"{what}: it was not made from {other}, but from another network's or "
                "study's, or from what stood there before. Make it again."
            )


def _content(source: Path) -> str:
    if not source.is_dir():
        return checksum(read_bytes(source))
    return str(read_metadata(source)["attributes"]["content"])
