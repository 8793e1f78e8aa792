"""What in a folder or an archive can be a recording: the one rule for those who hash and who read.

Takes a folder, gives its entries. Links are not followed, what has a name that begins with a dot on
its path is hidden, and only plain files are read. Imports nothing heavy: Snakefiles hash a folder.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from signpaths.errors import UserError

# Archives that are read, and others, which cannot be.
ARCHIVE = re.compile(r"\.(zip|tar(\.(gz|bz2?|xz))?|tgz|tbz2?|txz)$", re.IGNORECASE)
OTHER_ARCHIVE = re.compile(r"\.(7z|rar|zst|tzst|tlz4?|tar\.\w+)$", re.IGNORECASE)
# Characters of a path. The pattern is not tried on longer ones, on which it may take for ever.
LONGEST_PATH = 1024

# Why something is not read. Hidden files are no recordings: they are never worth an error.
HIDDEN = "hidden file: a name on its path begins with a dot"
LINK = "a symbolic link, which is not followed; put a copy of the file in its place"
LINKED_FOLDER = "a link to a folder elsewhere, which is not followed; put a copy in its place"
NOT_PLAIN = "no plain file, but a pipe, socket or device"
OTHER_KIND = "an archive of a kind that is not read; unpack it, or pack it again as .tar.gz or .zip"
TOO_LONG = f"its path has more than {LONGEST_PATH} characters; rename it"


class Entry(NamedTuple):
    """Something in a folder that is no folder itself."""

    path: str
    """Relative to the folder, with `/`."""
    file: str
    """Where it is."""
    unread: str
    """Why it cannot be read; empty for plain files."""


def entries(folder: Path) -> Iterator[Entry]:
    """Give all that lies in a folder and in those inside it, by name.

    Raises
    ------
    UserError
        If a folder cannot be read.
    """
    waiting = [("", folder)]
    while waiting:
        prefix, place = waiting.pop()
        try:
            with os.scandir(place) as scanned:
                found = sorted(scanned, key=lambda entry: entry.name)
            for entry in found:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{path}/", Path(entry.path)))
                else:
                    yield Entry(path, entry.path, _unread(path, entry, folder))
        except OSError as error:
            raise UserError(cannot_be_read(place, error)) from error


def candidate(path: str, pattern: re.Pattern[str], unread: str) -> bool:
    """Tell whether something can hold recordings: by its path, or since it holds other files.

    Parameters
    ----------
    path
        Inside the source.
    pattern
        Which files are recordings.
    unread
        Why it is not read; empty if it is.
    """
    return (
        unread == LINKED_FOLDER
        or len(path) > LONGEST_PATH
        or is_archive(path)
        or pattern.search(path) is not None
    )


def is_archive(path: str) -> bool:
    """Tell by its name whether something is an archive, of a kind that is read or of another."""
    return bool(ARCHIVE.search(path) or OTHER_ARCHIVE.search(path))


def unread_by_name(path: str) -> str:
    """Say why a plain file of this path is not read; empty if it is."""
    # What leads out of an archive is no hidden file, and is read in memory as any other.
    dotted = path.startswith(".") or "/." in path
    if dotted and any(part.startswith(".") and part not in (".", "..") for part in path.split("/")):
        return HIDDEN
    if len(path) > LONGEST_PATH:
        return TOO_LONG
    return OTHER_KIND if OTHER_ARCHIVE.search(path) and not ARCHIVE.search(path) else ""


def cannot_be_read(path: Path | str, error: OSError) -> str:
    """Say that the system does not let a file or folder be read."""
    return (
        f"{path}: it cannot be read ({error.strerror or error}). Make it readable, or take it out "
        "of the recordings."
    )


def check_source(source: Path) -> None:
    """Refuse what is no folder and no plain file; reading a device or a pipe may never end.

    Raises
    ------
    UserError
        If it is something else, or is not there.
    """
    try:
        mode = source.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{source}: no such file or folder. Set data.source to the recordings."
        ) from None
    except OSError as error:
        raise UserError(cannot_be_read(source, error)) from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UserError(
            f"{source}: {NOT_PLAIN}; expected a folder or an archive. Set data.source to one."
        )


def _unread(path: str, entry: "os.DirEntry[str]", folder: Path) -> str:
    by_name = unread_by_name(path)
    if by_name == HIDDEN:
        return by_name
    if entry.is_symlink():
        return LINKED_FOLDER if _leads_out(entry.path, folder) else LINK
    return by_name if entry.is_file(follow_symlinks=False) else NOT_PLAIN


def _leads_out(link: str, folder: Path) -> bool:
    """Tell whether a link leads to a folder whose files do not lie in this one anyway."""
    target, root = os.path.realpath(link), os.path.realpath(folder)
    return os.path.isdir(target) and os.path.commonpath([target, root]) != root
