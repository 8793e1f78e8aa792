"""Hashes of what a stage runs and reads, so that a change re-runs that stage and what follows.

The code hash is of a module's syntax tree and of those of the package's modules that it imports,
without comments and docstrings; files in `templates/` that carry the module's name count as its
code. The content hash is of a source's bytes. A comment, a blank line or a touch changes neither.
"""

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent


def code_hash(module: str, package: Path = PACKAGE) -> str:
    """Hash the code of `module` and of the package's modules that it imports, directly or not.

    Parameters
    ----------
    module
        A module's name inside the package, such as `lstm`.
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
        digest.update(ast.dump(_without_docstrings(_tree(name, package))).encode())
        for template in sorted((package / "templates").glob(f"{name}.*")):
            digest.update(template.name.encode() + b"\n" + template.read_bytes())
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


def _tree(module: str, package: Path) -> ast.Module:
    return ast.parse((package / f"{module}.py").read_text(encoding="utf-8"))


def _reachable(module: str, package: Path) -> set[str]:
    """Give the names of the package's modules that `module` imports, itself included."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imported(_tree(name, package), package))
    return found


def _imported(tree: ast.Module, package: Path) -> set[str]:
    """Give the package's own modules among a tree's imports, those inside functions included."""
    dotted: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            dotted.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted.add(node.module)
            dotted.update(f"{node.module}.{alias.name}" for alias in node.names)
    prefix = f"{package.name}."
    names = {name.removeprefix(prefix) for name in dotted if name.startswith(prefix)}
    return {name for name in names if (package / f"{name}.py").is_file()}


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
