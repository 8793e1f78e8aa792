"""Hashes of what a stage runs and reads, so that a change re-runs that stage and what follows.

The code hash is of a module's syntax tree and of those of the package's modules that it imports,
without comments and docstrings; other files beside a module that carry its name (its template)
count as its code. Models of options only declare: what they say reaches a stage through its rule's
params, so they are left out, and so is the package's own `__init__`, which holds the version. The
content hash is of the recordings' names and bytes.
"""

import ast
import functools
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from signpaths.errors import UserError
from signpaths.folders import candidate, cannot_be_read, check_source, entries

PACKAGE = Path(__file__).parent
DECLARING = ("options",)
# Of files that a page is made of.
TEMPLATES = (".j2", ".css", ".js")
# Nanoseconds after which a file's times tell whether it has changed.
SETTLED = 2 * 10**9


def code_hash(module: str, package: Path = PACKAGE) -> str:
    """Hash the code of `module` and of the package's modules that it imports, directly or not.

    Parameters
    ----------
    module
        A module's name inside the package, such as `networks.lstm`.
    package
        The package's folder.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name in sorted(_reachable(module, package)):
        digest.update(f"{name}\n".encode())
        source = _file(name, package)
        digest.update(_read(source).code.encode())
        for beside in _beside(source):
            digest.update(beside.name.encode() + b"\n" + beside.read_bytes())
    return digest.hexdigest()[:12]


def content_hash(source: Path, pattern: str, cache: Path) -> str:
    """Hash the recordings: a file's bytes, or names and bytes of those below a folder that count.

    In a folder these are the files that match the pattern, and archives. What cannot be read but
    has such a name is listed in `excluded.csv`, so its name counts.

    Parameters
    ----------
    source
        A folder or a file.
    pattern
        The regular expression that a recording's path inside the folder matches, as
        `data.pattern`. It should have been checked.
    cache
        A file of this source's own, where digests are kept: a file is only read again once its
        size, its times or its place on the disk have changed. It may be lost or damaged.

    Returns
    -------
    str
        Twelve hexadecimal digits.

    Raises
    ------
    UserError
        If the source, or something in it, cannot be read.
    """
    check_source(source)
    digests = _Digests(cache)
    if not source.is_dir():
        found = digests.of(source.name, source)
    else:
        compiled = re.compile(pattern)
        whole = hashlib.sha256()
        for path, file, unread in entries(source):
            if candidate(path, compiled, unread):
                line = f"{path} {unread or digests.of(path, file)}\n"
                whole.update(line.encode("utf-8", "surrogateescape"))
        found = whole.hexdigest()
    digests.keep()
    return found[:12]


class _Digests:
    """SHA-256 of files, by what the system says of them; known ones are kept in a file."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known = _kept(cache)
        self._seen: dict[str, list[int | str]] = {}
        # A file may change without a change of its times while the clock stands still.
        self._settled = time.time_ns() - SETTLED

    def of(self, name: str, path: Path | str) -> str:
        """Give the digest of the file that lies at `path` and is called `name` in its source."""
        try:
            found = os.stat(path)
            state = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
            known = self._known.get(name)
            if known and known[:-1] == state:
                digest = str(known[-1])
            else:
                with open(path, "rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError as error:
            raise UserError(cannot_be_read(path, error)) from error
        if max(found.st_mtime_ns, found.st_ctime_ns) < self._settled:
            self._seen[name] = [*state, digest]
        return digest

    def keep(self) -> None:
        """Write what is known now, whole or not at all; the cache only saves time."""
        if self._seen == self._known:
            return
        text = json.dumps(self._seen)
        partial = self._cache.with_name(f".{self._cache.name}-{os.getpid()}")
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(f"{_sha256(text)}\n{text}", encoding="ascii")
            os.replace(partial, self._cache)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _kept(cache: Path) -> dict[str, list[int | str]]:
    """Read kept digests; none if there are none, or if a byte of them has changed."""
    try:
        checksum, _, text = cache.read_text(encoding="ascii").partition("\n")
        known: dict[str, list[int | str]] = json.loads(text) if checksum == _sha256(text) else {}
    except (OSError, ValueError):
        return {}
    return known


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _file(module: str, package: Path) -> Path:
    """Give the file of a module, or of a package's own code."""
    path = package.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _beside(source: Path) -> list[Path]:
    """Give the templates that carry a module's name: `report.html.j2` beside `report.py`.

    Notes, and what an editor or a merge leaves (`report.css~`, `report.py.orig`), are none of them.
    """
    found = source.parent.glob(f"{source.stem}.*")
    return sorted(path for path in found if path.is_file() and path.suffix in TEMPLATES)


class _Parsed(NamedTuple):
    """A module's syntax tree without docstrings, as text, and the dotted names that it imports."""

    code: str
    imports: frozenset[str]


def _read(source: Path) -> _Parsed:
    return _parsed(source.read_text(encoding="utf-8"))


@functools.cache  # Stages share most of their modules.
def _parsed(text: str) -> _Parsed:
    tree = ast.parse(text)
    return _Parsed(ast.dump(_without_docstrings(tree)), frozenset(_dotted(tree)))


def _reachable(module: str, package: Path) -> set[str]:
    """Give the names of the package's modules that `module` imports, itself included."""
    found: set[str] = set()
    waiting = list(_with_parents(module))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_own(_read(_file(name, package)).imports, package))
    return found


def _dotted(tree: ast.Module) -> Iterator[str]:
    """Give all that a tree imports, inside functions too: modules, and names that may be some."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own(imports: frozenset[str], package: Path) -> Iterator[str]:
    """Give the package's own modules among imported names."""
    prefix = f"{package.name}."
    for name in imports:
        if name.startswith(prefix):
            for module in _with_parents(name.removeprefix(prefix)):
                if module not in DECLARING and _file(module, package).is_file():
                    yield module


def _with_parents(module: str) -> Iterator[str]:
    """Give the packages that a module is in, whose code its import runs as well, and itself."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                del node.body[0]
    return tree
