"""Small `.tsd` files, and what stage `tsd` makes of them."""

from pathlib import Path

import numpy as np
import pytest
from makers import text_of, write_folder
from signpaths.data.tsd import tsd
from signpaths.errors import UserError
from signpaths.options import TsdOptions
from signpaths.stores import open_store

GOOD = b"1 2\n3 4\n"


def frames_of(seed: int, count: int = 4, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, channels))


def some_files() -> dict[str, bytes]:
    names = ("one/drink-1", "one/flash-light-2", "two/change_mind_-1", "two/God-3", "two/käse-1")
    return {
        f"{name}.tsd": text_of(frames_of(seed, count=3 + seed)) for seed, name in enumerate(names)
    }


def table(store: Path) -> list[tuple[str, str, int, int]]:
    found = open_store(store)
    columns = [found[name].values.tolist() for name in ("session", "sign", "take", "frames")]
    return list(zip(*columns, strict=True))


def problems(store: Path) -> dict[str, str]:
    found = open_store(store)
    return {
        path: problem
        for path, problem in zip(found.path.values, found.problem.values, strict=True)
        if problem
    }


def refusal(files: dict[str, bytes], folder: Path, options: TsdOptions = TsdOptions()) -> str:
    source = write_folder(folder / "source", files)
    with pytest.raises(UserError) as caught:
        tsd(source, folder / "out.zarr", options=options)
    assert not (folder / "out.zarr").exists()
    return str(caught.value)
