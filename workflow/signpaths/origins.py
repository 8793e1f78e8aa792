"""Where a file comes from: what a store holds, in one word, and the stores that it was made from.

Takes and gives attributes of zarr stores. Every store says `content`, a digest of its values, and
`made_from`, the contents of the stores that its stage read, so that no stage mixes one network's
files, or one study's, with another's. A `.keras` file says `made_from` in its metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from signpaths.errors import UserError

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


def contents(sources: Mapping[str, Path]) -> dict[str, str]:
    """Give the contents of stores, by what each is to what is made from them.

    A store that does not say its content is left out.
    """
    found = {name: _attributes(store).get("content") for name, store in sources.items()}
    return {name: content for name, content in found.items() if content}


def made_from(store: Path) -> dict[str, str]:
    """Give the contents of the stores that a store was made from."""
    try:
        recorded = json.loads(_attributes(store).get("made_from", "{}"))
        return {str(name): str(content) for name, content in recorded.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{store}: its attribute made_from is damaged. Make it again.") from error


def check_origin(what: Path, recorded: Mapping[str, str], sources: Mapping[str, Path]) -> None:
    """Refuse what was made from something else.

    Parameters
    ----------
    what
        A file or store, for the message.
    recorded
        What it says it was made from; if it says nothing, as files of an earlier version, nothing
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
            raise UserError(
                f"{what}: it was not made from {sources[name]}, but from another network's or "
                "study's, or from what stood there before. Make it again."
            )


def _attributes(store: Path) -> dict[str, Any]:
    try:
        described = json.loads((store / "zarr.json").read_text(encoding="utf-8"))
        attributes: dict[str, Any] = dict(described["attributes"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"{store}: no zarr store can be read here ({type(error).__name__}: {error}). Run the "
            "stage that makes it again."
        ) from error
    return attributes
