"""Hashes of what a stage runs and reads, so that a change re-runs that stage and what follows.

The code hash is of a module's syntax tree and of those of the package's modules that it imports,
without comments and docstrings; other files beside a module that carry its name (its template)
count as its code. Models of options only declare: what they say reaches a stage through its rule's
params, so they are left out, and so is the package's own `__init__`, which holds the version. The
content hash is of a source's bytes.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent
DECLARING = ("options",)
# Of files that a page is made of.
TEMPLATES = (".j2", ".css", ".js")


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


def content_hash(source: Path) -> str:
    """Hash the bytes of a file, or names and bytes of all files below a folder.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    if not source.is_dir():
        return _file_digest(source)[:12]
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        digest.update(
            f"{path.relative_to(source).as_posix()} {_file_digest(path)}\n".encode(
                "utf-8", "surrogateescape"
            )
        )
    return digest.hexdigest()[:12]


def _file_digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


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


@cache  # Stages share most of their modules.
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
