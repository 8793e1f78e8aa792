"""Damages every file of a study, one place after the other, and counts what its readers refuse.

    PYTHONPATH=workflow python tests/workflow/damage.py results/demo

prints the counts. The study is left as it was found.
"""

import shutil
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from signpaths.errors import UserError
from signpaths.networks.weights import stored
from signpaths.report import embedded
from signpaths.report.provenance import read_benchmark
from signpaths.runs import read_names
from signpaths.stores import open_store, read_json, read_table
from signpaths.sums import read_bytes, read_folder, sidecar

# Of Snakemake.
FOREIGN = ".snakemake_timestamp"
Damage = Callable[[bytes, str], bytes | None]


def flipped(content: bytes, name: str) -> bytes:
    """Flip one bit at a place that the name draws."""
    place = int(np.random.default_rng(zlib.crc32(name.encode())).integers(8 * len(content)))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def deleted(content: bytes, name: str) -> None:
    """Leave nothing."""


def cut(content: bytes, name: str) -> bytes:
    """Leave the first half, up to the end of a line if there is one."""
    half = content[: len(content) // 2]
    return half[: half.rfind(b"\n") + 1] or half


def emptied(content: bytes, name: str) -> bytes:
    """Leave an empty file."""
    return b""


@contextmanager
def damaged(path: Path, damage: Damage) -> Iterator[None]:
    """Damage a file inside the block."""
    whole = path.read_bytes()
    changed = damage(whole, path.as_posix().partition("results/")[2])
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(whole)


def stores_of(study: Path) -> list[Path]:
    return sorted({one.parent for one in study.rglob("zarr.json") if one.parent.suffix == ".zarr"})


def files_of(study: Path) -> list[Path]:
    """Give the files of no store, without sums, and without what Snakemake writes."""
    found = (one for one in study.rglob("*") if one.is_file())
    return sorted(
        one
        for one in found
        if one.name != FOREIGN
        and not one.name.endswith(".sum")
        and not any(parent.suffix == ".zarr" for parent in one.parents)
        and one.relative_to(study).parts[0] != "benchmarks"
    )


def sealed_folder(path: Path, study: Path) -> Path | None:
    """Give the folder that was written as a whole with this file in it, if there is one."""
    inside = [one for one in path.parents if one.is_relative_to(study)]
    return next((one for one in inside if sidecar(one).is_file()), None)


def read(path: Path, study: Path) -> None:
    """Read a file as the stage does that takes it; a picture with its folder."""
    folder = sealed_folder(path, study)
    if folder is not None:
        embedded.pictures(folder) if path.suffix == ".png" else read_folder(folder)
    elif path.suffix == ".keras":
        with stored(path, "a network"):
            pass
    elif path.suffix == ".mp4":
        embedded.film(path)
    else:
        readers = {".csv": read_table, ".json": read_json, ".txt": read_names}
        readers.get(path.suffix, read_bytes)(path)


def refused(reader: Callable[[], object], path: Path) -> bool:
    """Say whether a reader refuses in words that name the file or the store."""
    try:
        reader()
    except UserError as error:
        return path.name in str(error)
    return False


def tried(study: Path) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Damage everything; give how often what was done to what, and what was read all the same."""
    counts: Counter[tuple[str, str]] = Counter()
    silent = []

    def attempt(kind: str, path: Path, named: Path, how: Damage, reader: Callable[[], object]):
        counts[kind, how.__name__] += 1
        with damaged(path, how):
            if not refused(reader, named):
                silent.append(f"{path.relative_to(study)} {how.__name__}")

    for store in stores_of(study):
        open_store(store)
        for path in sorted(one for one in store.rglob("*") if one.is_file()):
            if path.name == FOREIGN:
                continue
            kind = "metadata" if path.name == "zarr.json" else "chunk"
            for how in (flipped, deleted):
                attempt(kind, path, store, how, lambda store=store: open_store(store))
    for path in files_of(study):
        read(path, study)
        for how in (flipped, cut, emptied):
            attempt("file", path, path, how, lambda path=path: read(path, study))
    for path in sorted(study.glob("benchmarks/**/*.tsv")):
        for how in (cut, emptied):
            attempt("benchmark", path, path, how, lambda path=path: read_benchmark(path))
    return counts, silent


def main() -> None:
    """Print the counts of a copy of a study."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "results" / "study"
        shutil.copytree(sys.argv[1], study)
        counts, silent = tried(study)
    for (kind, how), count in counts.items():
        print(f"{kind} {how}: {count}")
    print(f"read all the same: {len(silent)}", *silent, sep="\n")


if __name__ == "__main__":
    main()
