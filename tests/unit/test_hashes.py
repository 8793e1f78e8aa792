"""Hashes of code and content: what must make a stage run again, and what must not."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signpaths.__main__ import STAGES
from signpaths.hashes import PACKAGE, code_hash, content_hash

MODULE = '''"""What it does."""

import math
from pkg.near import LIMIT


class Thing:
    """A thing."""

    size = 3


def work(value: int) -> int:
    """Work on it.

    Parameters
    ----------
    value
        What.
    """
    from pkg import inner

    import pkg.deep

    return value + LIMIT + inner.STEP + pkg.deep.FAR + math.floor(1.5)


async def later() -> None:
    """Not now."""
    return None
'''
FILES = {
    "__init__.py": '"""The package."""\n',
    "stage.py": MODULE,
    "near.py": "LIMIT = 1\n",
    "inner.py": "from pkg.farther import BEYOND\n\nSTEP = 2\n",
    "deep.py": "import pkg.near\n\nFAR = 3\n",
    "farther.py": "import pkg.stage\n\nBEYOND = 4\n",
    "stranger.py": "OTHER = 5\n",
    "templates/stage.html.j2": "<p>{{ x }}</p>\n",
    "templates/near.css": "p { color: red }\n",
    "templates/stranger.css": "p { color: blue }\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "pkg"


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stage.py", "import math", "# Why\nimport math  # and what for"),
        ("stage.py", '"""What it does."""', '"""Another story."""'),
        ("stage.py", '"""What it does."""\n', ""),
        ("stage.py", '"""A thing."""', '"""Some\n    thing."""'),
        ("stage.py", '    """A thing."""\n', ""),
        ("stage.py", "Work on it.", "Labour."),
        ("stage.py", '    """Not now."""\n', ""),
        ("stage.py", "\n\n\nclass", "\n\n\n\n\nclass"),
        ("stage.py", "value + LIMIT", "(value\n        + LIMIT)"),
        ("stage.py", "size = 3", "size   =   0x3"),
        ("near.py", "LIMIT = 1", "# One is enough.\nLIMIT = (1)"),
        ("inner.py", "STEP = 2", "STEP = 2  # steps"),
        ("stranger.py", "OTHER = 5", "OTHER = 6"),
        ("templates/stranger.css", "blue", "green"),
        ("__init__.py", "The package", "This package"),
    ],
)
def test_what_does_not_change_the_code_leaves_the_hash(
    package: Path, name: str, old: str, new: str
) -> None:
    before = code_hash("stage", package)
    edit(package, name, old, new)
    assert code_hash("stage", package) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stage.py", "size = 3", "size = 4"),
        ("stage.py", "value + LIMIT", "value - LIMIT"),
        ("stage.py", "work(", "labour("),
        ("stage.py", "value: int", "value: float"),
        ("stage.py", "size = 3", 'size = "3"'),
        ("stage.py", "size = 3", "size = 3.0"),
        ("stage.py", "return None", '"""Not a docstring."""\n    return "text"'),
        ("near.py", "LIMIT = 1", "LIMIT = 2"),  # from pkg.near import …
        ("inner.py", "STEP = 2", "STEP = 3"),  # from pkg import …, inside a function
        ("deep.py", "FAR = 3", "FAR = 4"),  # import pkg.deep, inside a function
        ("farther.py", "BEYOND = 4", "BEYOND = 5"),  # imported by what is imported
        ("templates/stage.html.j2", "<p>", "<b>"),
        ("templates/near.css", "red", "blue"),
    ],
)
def test_what_changes_the_code_changes_the_hash(
    package: Path, name: str, old: str, new: str
) -> None:
    before = code_hash("stage", package)
    edit(package, name, old, new)
    assert code_hash("stage", package) != before


def test_a_new_import_or_template_changes_the_hash(package: Path) -> None:
    found = [code_hash("stage", package)]
    edit(package, "near.py", "LIMIT = 1", "import pkg.stranger\n\nLIMIT = 1")
    found.append(code_hash("stage", package))
    edit(package, "stranger.py", "OTHER = 5", "OTHER = 6")
    found.append(code_hash("stage", package))
    (package / "templates/stage.js").write_text("1")
    found.append(code_hash("stage", package))
    assert len(set(found)) == 4


def test_modules_of_other_packages_do_not_count(package: Path) -> None:
    (package / "math.py").write_text("PI = 3\n")
    before = code_hash("stage", package)
    (package / "math.py").write_text("PI = 4\n")
    assert code_hash("stage", package) == before


def test_the_hash_does_not_depend_on_where_the_package_lies(package: Path, tmp_path: Path) -> None:
    import shutil

    elsewhere = tmp_path / "other" / "pkg"
    shutil.copytree(package, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
    assert code_hash("stage", elsewhere) == code_hash("stage", package)
    assert len(code_hash("stage", package)) == 12
    assert int(code_hash("stage", package), 16) >= 0


def test_the_stages_of_the_real_package_can_be_hashed() -> None:
    hashes = {stage: code_hash(stage.partition("-")[0]) for stage in STAGES}
    assert len(set(hashes.values())) == len(STAGES) - 1, "only closeness and closeness-raw agree"


def test_the_package_imports_itself_only_in_ways_that_the_hash_sees() -> None:
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
    assert not [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE]


def test_hashing_needs_neither_numpy_nor_tensorflow() -> None:
    """Snakemake hashes the code whenever it reads the workflow, before any job."""
    probe = (
        "import sys, signpaths.hashes as h; h.code_hash('lstm'); h.content_hash(h.PACKAGE); "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "signpaths" in loaded
    assert not loaded & {"numpy", "tensorflow", "keras", "xarray", "zarr", "pandas", "scipy"}


# Content


def tree(folder: Path) -> Path:
    (folder / "s").mkdir(parents=True)
    (folder / "s/a-1.tsd").write_bytes(b"1 2\n")
    (folder / "s/b-1.tsd").write_bytes(b"3 4\n")
    return folder


CHANGES: dict[str, Callable[[Path], object]] = {
    "edit": lambda folder: (folder / "s/a-1.tsd").write_bytes(b"1 3\n"),
    "rename": lambda folder: (folder / "s/a-1.tsd").rename(folder / "s/a-2.tsd"),
    "move": lambda folder: (folder / "s/a-1.tsd").rename(folder / "a-1.tsd"),
    "rename a folder": lambda folder: (folder / "s").rename(folder / "t"),
    "add": lambda folder: (folder / "s/c-1.tsd").write_bytes(b""),
    "remove": lambda folder: (folder / "s/a-1.tsd").unlink(),
    "swap": lambda folder: [
        (folder / "s/a-1.tsd").write_bytes(b"3 4\n"),
        (folder / "s/b-1.tsd").write_bytes(b"1 2\n"),
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_content_changes_its_hash(tmp_path: Path, change: str) -> None:
    before = content_hash(tree(tmp_path / "x"))
    CHANGES[change](tmp_path / "x")
    assert content_hash(tmp_path / "x") != before


def test_touching_or_copying_leaves_the_hash_of_the_content(tmp_path: Path) -> None:
    before = content_hash(tree(tmp_path / "x"))
    for path in [*tmp_path.rglob("*"), tmp_path / "x"]:
        os.utime(path, (1, 1))
    (tmp_path / "x/empty").mkdir()
    assert content_hash(tmp_path / "x") == before
    assert content_hash(tree(tmp_path / "y")) == before


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_files_hash_alike_only_if_they_are_alike(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "one").write_bytes(one)
    (folder / "other").write_bytes(other)
    os.utime(folder / "one", (1, 1))
    same = content_hash(folder / "one") == content_hash(folder / "other")
    assert same == (one == other)


def test_a_folder_with_names_that_are_no_unicode_can_be_hashed(tmp_path: Path) -> None:
    tree(tmp_path / "x")
    try:
        (tmp_path / "x" / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names in Unicode only")
    assert len(content_hash(tmp_path / "x")) == 12
