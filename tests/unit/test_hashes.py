"""Hashes of code and content: what must make a stage run again, and what must not."""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from modulefinder import ModuleFinder
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signpaths.errors import UserError
from signpaths.hashes import PACKAGE, _reachable, code_hash, content_hash
from signpaths.stages import BY_RULE, STAGES, Stage

MODULE = '''"""What it does."""

import math
from pkg.near import LIMIT
from pkg.options import Options


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

    import pkg.deep.down

    return value + LIMIT + inner.STEP + pkg.deep.down.FAR + math.floor(1.5)


async def later() -> None:
    """Not now."""
    return None
'''
# What reads the config or a command line, before any stage: nothing that a stage makes is of them.
STARTING = {
    *("__init__", "__main__", "endings", "orphans"),
    *("config", "checks", "faults", "patterns", "schema", "documents"),
}
STAGE = "works.stage"
FILES = {
    "__init__.py": '"""The package."""\n\nVERSION = 1\n',
    "options.py": 'class Options:\n    """Options."""\n\n    key = 1\n',
    "works/__init__.py": '"""All works."""\n\nBUSY = True\n',
    "works/stage.py": MODULE,
    "works/stage.html.j2": "<p>{{ x }}</p>\n",
    "works/other.py": "OTHER = 6\n",
    "works/stage_two.html.j2": "<i>{{ x }}</i>\n",
    "near.py": "LIMIT = 1\n",
    "near.css": "p { color: red }\n",
    "inner.py": "from pkg.farther import BEYOND\n\nSTEP = 2\n",
    "deep/__init__.py": "from pkg import near\n\nEVERYWHERE = 7\n",
    "deep/down.py": "import pkg.near\n\nFAR = 3\n",
    "deep/elsewhere.py": "NOWHERE = 8\n",
    "farther.py": "import pkg.works.stage\n\nBEYOND = 4\n",
    "stranger.py": "OTHER = 5\n",
    "stranger.css": "p { color: blue }\n",
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
        ("works/stage.py", "import math", "# Why\nimport math  # and what for"),
        ("works/stage.py", '"""What it does."""', '"""Another story."""'),
        ("works/stage.py", '"""What it does."""\n', ""),
        ("works/stage.py", '"""A thing."""', '"""Some\n    thing."""'),
        ("works/stage.py", '    """A thing."""\n', ""),
        ("works/stage.py", "Work on it.", "Labour."),
        ("works/stage.py", '    """Not now."""\n', ""),
        ("works/stage.py", "\n\n\nclass", "\n\n\n\n\nclass"),
        ("works/stage.py", "value + LIMIT", "(value\n        + LIMIT)"),
        ("works/stage.py", "size = 3", "size   =   0x3"),
        ("works/__init__.py", "All works", "Every work"),
        ("near.py", "LIMIT = 1", "# One is enough.\nLIMIT = (1)"),
        ("inner.py", "STEP = 2", "STEP = 2  # steps"),
        ("stranger.py", "OTHER = 5", "OTHER = 6"),
        ("stranger.css", "blue", "green"),
        ("works/other.py", "OTHER = 6", "OTHER = 7"),  # in the same package
        ("works/stage_two.html.j2", "<i>", "<b>"),  # of a name that only begins alike
        ("deep/elsewhere.py", "NOWHERE = 8", "NOWHERE = 9"),
        ("__init__.py", "The package", "This package"),
        ("__init__.py", "VERSION = 1", "VERSION = 2"),
        ("options.py", "Options.", "What can be set."),
        ("options.py", "key = 1", "key = 1\n    other = 2"),
    ],
)
def test_what_does_not_change_the_code_leaves_the_hash(
    package: Path, name: str, old: str, new: str
) -> None:
    before = code_hash(STAGE, package)
    edit(package, name, old, new)
    assert code_hash(STAGE, package) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("works/stage.py", "size = 3", "size = 4"),
        ("works/stage.py", "value + LIMIT", "value - LIMIT"),
        ("works/stage.py", "work(", "labour("),
        ("works/stage.py", "value: int", "value: float"),
        ("works/stage.py", "size = 3", 'size = "3"'),
        ("works/stage.py", "size = 3", "size = 3.0"),
        ("works/stage.py", "return None", '"""Not a docstring."""\n    return "text"'),
        ("works/__init__.py", "BUSY = True", "BUSY = False"),  # runs before the stage
        ("near.py", "LIMIT = 1", "LIMIT = 2"),  # from pkg.near import …
        ("inner.py", "STEP = 2", "STEP = 3"),  # from pkg import …, inside a function
        ("deep/down.py", "FAR = 3", "FAR = 4"),  # import pkg.deep.down, inside a function
        ("deep/__init__.py", "EVERYWHERE = 7", "EVERYWHERE = 8"),  # runs before deep.down
        ("farther.py", "BEYOND = 4", "BEYOND = 5"),  # imported by what is imported
        ("works/stage.html.j2", "<p>", "<b>"),
        ("near.css", "red", "blue"),
    ],
)
def test_what_changes_the_code_changes_the_hash(
    package: Path, name: str, old: str, new: str
) -> None:
    before = code_hash(STAGE, package)
    edit(package, name, old, new)
    assert code_hash(STAGE, package) != before


def test_a_new_import_or_template_changes_the_hash(package: Path) -> None:
    found = [code_hash(STAGE, package)]
    edit(package, "near.py", "LIMIT = 1", "import pkg.stranger\n\nLIMIT = 1")
    found.append(code_hash(STAGE, package))
    edit(package, "stranger.py", "OTHER = 5", "OTHER = 6")
    found.append(code_hash(STAGE, package))
    (package / "works/stage.js").write_text("1")
    found.append(code_hash(STAGE, package))
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    "name",
    [
        *("stage.py~", "stage.py.orig", "stage.pyc", ".stage.html.j2.swp", "stage.css~"),
        *("stage.md", "stage.txt"),
    ],
)
def test_what_an_editor_leaves_beside_a_module_is_no_code(package: Path, name: str) -> None:
    before = code_hash(STAGE, package)
    (package / "works" / name).write_bytes(b"\x00left over")
    assert code_hash(STAGE, package) == before


def test_a_package_can_be_imported_as_a_whole(package: Path) -> None:
    (package / "whole.py").write_text("import pkg.deep\n")
    before = code_hash("whole", package)
    edit(package, "deep/__init__.py", "EVERYWHERE = 7", "EVERYWHERE = 8")
    after = code_hash("whole", package)
    edit(package, "deep/down.py", "FAR = 3", "FAR = 4")
    assert after != before
    assert code_hash("whole", package) == after


def test_modules_of_other_packages_do_not_count(package: Path) -> None:
    (package / "math.py").write_text("PI = 3\n")
    before = code_hash(STAGE, package)
    (package / "math.py").write_text("PI = 4\n")
    assert code_hash(STAGE, package) == before


def test_the_hash_does_not_depend_on_where_the_package_lies(package: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other" / "pkg"
    shutil.copytree(package, elsewhere)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
    assert code_hash(STAGE, elsewhere) == code_hash(STAGE, package)
    assert len(code_hash(STAGE, package)) == 12
    assert int(code_hash(STAGE, package), 16) >= 0


# The real package


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A scratch copy of the real package."""
    return Path(
        shutil.copytree(
            PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__")
        )
    )


def hashes(package: Path = PACKAGE) -> dict[str, str]:
    return {stage.rule: code_hash(stage.module, package) for stage in STAGES}


def stages_changed_by(package: Path, path: Path) -> set[str]:
    """The stages that run again if a module gets another line of code."""
    before, text = hashes(package), path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n_ANOTHER_LINE = 1\n", encoding="utf-8")
    after = hashes(package)
    path.write_text(text, encoding="utf-8")
    return {name for name in before if after[name] != before[name]}


def test_the_stages_of_the_real_package_can_be_hashed() -> None:
    found = hashes()
    assert len(set(found.values())) == len(STAGES)


def test_options_change_the_hash_of_no_stage(copied: Path) -> None:
    """A new key or another docstring must not train anything again: values come as params."""
    before = hashes(copied)
    assert before == hashes()
    edit(copied, "options.py", '"""LSTM units', '"""Units, the')
    line = "    units: Annotated[int"
    edit(copied, "options.py", line, f"    layers: Count = 1\n\n{line}")
    assert hashes(copied) == before


@pytest.mark.parametrize(
    ("rule", "modules"),
    [
        (
            "lstm",
            {
                *(
                    "errors",
                    "imports",
                    "versions",
                    "origins",
                    "stores",
                    "sums",
                    "data/__init__",
                    "data/splits",
                    "networks/__init__",
                ),
                *("networks/lstm", "networks/training", "networks/augmentation"),
                "networks/fused",
            },
        ),
        (
            "autoencoder",
            {
                *("errors", "imports", "origins", "stores", "sums", "versions"),
                *("networks/__init__", "networks/training"),
                *("projections/__init__", "projections/autoencoder", "projections/denoising"),
            },
        ),
    ],
)
def test_only_what_trains_makes_a_stage_train_again(
    copied: Path, rule: str, modules: set[str]
) -> None:
    """No words, no statistics, no report: whatever else is edited, networks stay as they are."""
    module = BY_RULE[rule].module
    before, found = code_hash(module, copied), set()
    for path in sorted(copied.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\n_ANOTHER_LINE = 1\n", encoding="utf-8")
        if code_hash(module, copied) != before:
            found.add(path.relative_to(copied).with_suffix("").as_posix())
        path.write_text(text, encoding="utf-8")
    assert found == modules


def modules_of(stage: Stage) -> set[str]:
    """Find the package's modules that a stage's module imports; another finder than ours."""
    finder = ModuleFinder(path=[str(PACKAGE.parent)])
    finder.run_script(str(PACKAGE / f"{stage.module.replace('.', '/')}.py"))
    found = {name for name in finder.modules if name.startswith("signpaths.")}
    return {name.removeprefix("signpaths.") for name in found} | {stage.module, stage.package}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_runs_again_for_every_module_that_it_imports_and_for_no_other(
    stage: Stage,
) -> None:
    assert _reachable(stage.module, PACKAGE) == modules_of(stage) - {"options"}


def test_every_module_runs_something_again_or_is_known_to_start() -> None:
    hashed = set().union(*(modules_of(stage) for stage in STAGES))
    names = {
        path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        for path in PACKAGE.rglob("*.py")
    }
    every = {name.removesuffix(".__init__") for name in names}
    assert every - hashed == STARTING


@pytest.mark.parametrize(
    ("edited", "needed", "untouched"),
    [
        ("stores.py", {stage.rule for stage in STAGES} - {"findings"}, set()),
        ("data/splits.py", {"splits", "lstm", "activations", "closeness_raw"}, {"autoencoder"}),
        ("networks/lstm.py", {"lstm"}, {"activations", "autoencoder", "stability"}),
        ("networks/activations.py", {"activations"}, {"lstm", "autoencoder", "closeness"}),
        ("projections/neighbourhoods.py", {"quality"}, {"paths", "autoencoder", "closeness"}),
        ("closeness/warping.py", {"closeness", "closeness_raw"}, {"paths", "quality", "stability"}),
        ("spaces.py", {"paths", "closeness"}, {"lstm", "activations", "autoencoder"}),
    ],
)
def test_an_edit_runs_what_it_is_about(
    copied: Path, edited: str, needed: set[str], untouched: set[str]
) -> None:
    changed = stages_changed_by(copied, copied / edited)
    assert needed <= changed
    assert not untouched & changed


def test_the_package_imports_itself_only_in_ways_that_the_hash_sees() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
            name = getattr(node, "id", getattr(node, "attr", ""))
            assert name not in ("import_module", "__import__"), f"{path}: {name}"


@pytest.mark.parametrize(
    "call",
    [
        "signpaths.hashes as h; h.code_hash('networks.lstm'); "
        "h.content_hash(h.PACKAGE, 'x', h.Path('/dev/null/x'))",
        "signpaths.stages",
        "signpaths.spaces as s; s.coordinates(s.projections((2, 3)))",
    ],
)
def test_what_snakefiles_import_needs_neither_numpy_nor_tensorflow(call: str) -> None:
    """Snakemake reads the workflow and hashes the code before any job."""
    probe = f"import sys, {call}; print(*{{name.partition('.')[0] for name in sys.modules}})"
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

PATTERN = r"(?:(?P<session>[^/]+)/)?(?P<sign>[^/]+)-(?P<take>\d+)\.tsd$"


def hashed(source: Path, cache: Path | None = None) -> str:
    return content_hash(source, PATTERN, cache or source.with_name("no-cache.json"))


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
    "add an archive": lambda folder: (folder / "x.ZIP").write_bytes(b""),
    # Each of these is listed among what is left out.
    "hide": lambda folder: (folder / "s/a-1.tsd").rename(folder / "s/.a-1.tsd"),
    "link": lambda folder: (folder / "s/c-1.tsd").symlink_to("a-1.tsd"),
    "a link instead": lambda folder: [
        (folder / "s/a-1.tsd").rename(folder / "s/a"),
        (folder / "s/a-1.tsd").symlink_to("a"),
    ],
    "a pipe": lambda folder: os.mkfifo(folder / "s/c-1.tsd"),
    "a folder elsewhere": lambda folder: (folder / "t").symlink_to("/"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_content_changes_its_hash(tmp_path: Path, change: str) -> None:
    before = hashed(tree(tmp_path / "x"))
    CHANGES[change](tmp_path / "x")
    assert hashed(tmp_path / "x") != before


def test_what_cannot_be_a_recording_leaves_the_hash_of_the_content(tmp_path: Path) -> None:
    before = hashed(tree(tmp_path / "x"))
    for path in [*tmp_path.rglob("*"), tmp_path / "x"]:
        os.utime(path, (1, 1))
    (tmp_path / "x/empty").mkdir()
    for name in (".DS_Store", "s/notes.txt", "s/a-1.tsd~", "s/._x", "s/a-x.tsd"):
        (tmp_path / "x" / name).write_bytes(b"x")
    (tmp_path / "x/again").symlink_to(".")
    (tmp_path / "x/s/nowhere").symlink_to("nowhere")
    assert hashed(tmp_path / "x") == before
    assert hashed(tree(tmp_path / "y")) == before
    (tmp_path / "x").rename(tmp_path / "moved")
    assert hashed(tmp_path / "moved") == before
    assert content_hash(tmp_path / "moved", r"\.txt$", tmp_path / "no-cache.json") != before


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_files_hash_alike_only_if_they_are_alike(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "one").write_bytes(one)
    (folder / "other").write_bytes(other)
    os.utime(folder / "one", (1, 1))
    same = hashed(folder / "one") == hashed(folder / "other")
    assert same == (one == other)


def test_a_folder_with_names_that_are_no_unicode_can_be_hashed(tmp_path: Path) -> None:
    tree(tmp_path / "x")
    try:
        (tmp_path / "x/s" / os.fsdecode(b"\xff-1.tsd")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names in Unicode only")
    assert len(hashed(tmp_path / "x")) == 12


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that were read, on a day long after all of them were written."""
    names: list[str] = []
    digest, clock = hashlib.file_digest, time.time_ns

    def told(handle: IO[bytes], kind: str) -> object:
        names.append(Path(handle.name).name)
        return digest(handle, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", told)
    monkeypatch.setattr(time, "time_ns", lambda: clock() + 10**15)
    return names


def test_a_file_is_only_read_again_once_it_has_changed(tmp_path: Path, read: list[str]) -> None:
    source, cache = tree(tmp_path / "x"), tmp_path / "new/cache.json"
    before = hashed(source, cache)
    assert sorted(read) == ["a-1.tsd", "b-1.tsd"]
    assert hashed(source, cache) == before
    assert len(read) == 2
    stamp = (source / "s/a-1.tsd").stat()
    (source / "s/a-1.tsd").write_bytes(b"1 9\n")
    # As long as before, and with the time of before: only the system's own time tells.
    os.utime(source / "s/a-1.tsd", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    after = hashed(source, cache)
    assert after != before
    assert after == hashed(source)
    assert read[2:3] == ["a-1.tsd"]
    assert list(cache.parent.iterdir()) == [cache]


def test_a_file_that_was_just_written_is_read_again(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, cache = tree(tmp_path / "x"), tmp_path / "cache.json"
    newest = max(path.stat().st_ctime_ns for path in source.rglob("*.tsd"))
    monkeypatch.setattr(time, "time_ns", lambda: newest + 10**9)
    assert hashed(source, cache) == hashed(source, cache)
    assert len(read) == 4


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_archive_is_only_read_once(tmp_path: Path, read: list[str], kind: str) -> None:
    source = tmp_path / "x"
    source.mkdir()
    (source / "x.zip").write_bytes(b"1")
    source = source if kind == "folder" else source / "x.zip"
    assert hashed(source, tmp_path / "cache") == hashed(source, tmp_path / "cache")
    assert read == ["x.zip"]


def test_a_damaged_cache_is_none(tmp_path: Path, read: list[str]) -> None:
    source, cache = tree(tmp_path / "x"), tmp_path / "cache.json"
    before = hashed(source, cache)
    whole = cache.read_bytes()
    digit = whole.rindex(b'"') - 3
    other = b"0" if whole[digit : digit + 1] != b"0" else b"1"
    for damaged in (
        *(b"", b"{}", whole[:-20], b"\xff" * 100, whole.replace(b"{", b"[")),
        whole[:digit] + other + whole[digit + 1 :],
    ):
        cache.write_bytes(damaged)
        assert hashed(source, cache) == before
        assert cache.read_bytes() == whole
    cache.unlink()
    cache.mkdir()
    assert hashed(source, cache) == before
    assert list(tmp_path.glob(".*")) == []


def test_what_cannot_be_hashed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(UserError, match=f"{source}: no plain file"):
            hashed(source, tmp_path / "cache.json")
    with pytest.raises(UserError, match="no such file"):
        hashed(tmp_path / "nowhere")
    source = tree(tmp_path / "x")

    def refuse(path: object, *_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", refuse)
        with pytest.raises(UserError, match=r"s/a-1\.tsd: it cannot be read \(Permission denied\)"):
            hashed(source)
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", refuse)
        with pytest.raises(UserError, match=r"x: it cannot be read \(Permission denied\)"):
            hashed(source)
