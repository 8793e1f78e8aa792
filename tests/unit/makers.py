"""Makers of tiny recordings and stores, in the format that the stages write."""

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from signpaths.closeness.partings import MeanPaths, parting_variables
from signpaths.closeness.ranks import mutual_ranks
from signpaths.options import ClosenessOptions
from signpaths.projections.alignment import as_dataset
from signpaths.projections.procrustes import Fit, Turn
from signpaths.spaces import (
    HIDDEN_SPACE,
    LAST_SPACE,
    LDA_SPACE,
    RAW_SPACE,
    UNTRAINED_SPACE,
    Space,
    coordinates,
    projections,
    raw_components,
)
from signpaths.stores import write_store, write_text

PHASES, PARTING = 8, 1.5
GLOVE_CHANNELS = tuple(
    f"{side}_{part}"
    for side in ("left", "right")
    for part in (
        *("x", "y", "z", "roll", "pitch", "yaw"),
        *("thumb", "fore", "index", "ring", "little"),
    )
)


def text_of(frames: np.ndarray) -> bytes:
    """One frame a line, numbers parted by tabs, so that each number comes back as it was."""
    return "".join(
        "\t".join(repr(float(value)) for value in frame) + "\n" for frame in frames
    ).encode()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def rewritten(model: Path, target: Path, **members: bytes) -> Path:
    """Copy a model with other content in some of its members."""
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, members.get(name.replace(".", "_"), old.read(name)))
    return target


def tarred(files: Mapping[str, bytes] | Sequence[tuple[str, bytes]], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def write_recordings(
    path: Path,
    recordings: Sequence[tuple[str, str, int, np.ndarray | str]],
    channels: Sequence[str] = ("a", "b"),
) -> Path:
    """Write a store of stage `tsd`: sign, session, take and frames, or the problem, of each."""
    frames = [
        np.empty((0, len(channels))) if isinstance(content, str) else np.asarray(content)
        for *_, content in recordings
    ]
    lengths = np.array([len(values) for values in frames])
    names = [f"{session}/{sign}-{take}.tsd" for sign, session, take, _ in recordings]
    columns = {
        "path": names,
        "sign": [recording[0] for recording in recordings],
        "session": [recording[1] for recording in recordings],
        "take": [recording[2] for recording in recordings],
        "sha256": [f"sha-of-{name}" for name in names],
        "problem": [content if isinstance(content, str) else "" for *_, content in recordings],
        "frames": lengths,
        "first": np.cumsum(lengths) - lengths,
    }
    dataset = xr.Dataset(
        {"value": (("frame", "channel"), np.concatenate(frames).astype(np.float32))},
        coords={
            "channel": list(channels),
            **{name: ("file", values) for name, values in columns.items()},
        },
        attrs={"files": len(names), "bad_files": 0, "source_sha256": "of-the-source"},
    )
    write_store(dataset, path, stage="tsd", title="made for a test")
    return path


def write_sequences(
    path: Path,
    frames: Sequence[np.ndarray],
    padding: str,
    time: int,
    channels: Sequence[str] = (),
    **columns: Sequence[object],
) -> Path:
    """Write a store of stage `sequences`, with these columns beside the examples' frames."""
    length = np.array([len(values) for values in frames])
    x = np.zeros((len(frames), time, frames[0].shape[1]), np.float32)
    mask = np.zeros((len(frames), time), bool)
    for row, values in enumerate(frames):
        first = time - len(values) if padding == "pre" else 0
        x[row, first : first + len(values)] = values
        mask[row, first : first + len(values)] = True
    dataset = xr.Dataset(
        {"x": (("example", "time", "channel"), x), "mask": (("example", "time"), mask)},
        coords={
            "length": ("example", length),
            **({"channel": list(channels)} if channels else {}),
            **{name: ("example", np.array(values)) for name, values in columns.items()},
        },
        attrs={"padding": padding},
    )
    write_store(dataset, path, stage="sequences", title="made for a test")
    return path


def spaces_named(*names: str, runs: int = 1) -> list[Space]:
    """The spaces of these names, as stages describe them; so many runs where autoencoders are."""
    own = [HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE, RAW_SPACE, raw_components(2), LDA_SPACE]
    known = {space.name: space for space in [*own, *projections((2, 3), runs, runs)]}
    return [known[name] for name in names]


def write_names(path: Path, names: Sequence[object]) -> Path:
    """Write the list of a study's networks, as stage `networks` does."""
    write_text(path, "".join(f"{name}\n" for name in names))
    return path


def write_run(
    path: Path,
    ranks: np.ndarray,
    signs: Sequence[str],
    spaces: Sequence[str] = ("hidden",),
    energy: np.ndarray | None = None,
) -> Path:
    """Write a store of stage `closeness` from mutual ranks `(space, ae_seed, sign, other)`."""
    energy = np.zeros(ranks.shape) if energy is None else energy
    dims = ("space", "ae_seed", "sign", "other")
    described = spaces_named(*spaces, runs=ranks.shape[1])
    dataset = xr.Dataset(
        {
            "distance": (dims, ranks.astype(np.float32)),
            "mutual_rank": (dims, ranks.astype(np.float32)),
            "energy": (dims, energy.astype(np.float32)),
        },
        coords={
            **coordinates(described),
            "ae_seed": range(ranks.shape[1]),
            "sign": list(signs),
            "other": list(signs),
        },
    )
    dataset = dataset.merge(on_the_way(described, ranks.shape[1], signs, len(path.stem)))
    dataset = dataset.assign_attrs(parting=PARTING)
    write_store(
        dataset, path, stage="closeness", title="made for a test", options=ClosenessOptions()
    )
    return path


def on_the_way(spaces: Sequence[Space], seeds: int, signs: Sequence[str], seed: int) -> xr.Dataset:
    """What a run's closeness holds of where signs go: straight paths from one place."""
    rng, way = np.random.default_rng(seed), np.linspace(0, 1, PHASES)[:, None]
    found = {
        space: [
            MeanPaths(
                mean=way * rng.normal(size=(len(signs), 1, space.dims or 5)),
                spread=np.full((len(signs), PHASES), 0.01),
                count=np.full(len(signs), 4),
                duration=np.full(len(signs), 20.0),
            )
            for _ in range(space.runs)
        ]
        for space in [HIDDEN_SPACE, *(one for one in spaces if one.is_projection)]
    }
    return parting_variables(found, spaces, signs, seeds, PARTING)


def write_alignment(path: Path, signs: Sequence[str], of_reference: bool) -> Path:
    """Write a store of stage `alignment`, of a network that fits."""
    rng = np.random.default_rng(list(path.stem.encode()))
    fits = [Fit(0.7, rng.random(len(signs)), rng.random(PHASES)) for _ in range(2)]
    dataset = as_dataset(Turn(np.zeros(5), np.eye(5), 1.0), fits, np.full((3, 2), 0.2))
    dataset = dataset.assign_coords(sign=list(signs)).assign_attrs(of_reference=int(of_reference))
    write_store(dataset, path, stage="alignment", title="made for a test")
    return path


def write_raw(path: Path, ranks: np.ndarray, signs: Sequence[str]) -> Path:
    """Write a store of stage `closeness-raw` from mutual ranks `(sign, other)`."""
    dims = ("space", "sign", "other")
    dataset = xr.Dataset(
        {name: (dims, ranks[None].astype(np.float32)) for name in ("distance", "mutual_rank")},
        coords={**coordinates([RAW_SPACE]), "sign": list(signs), "other": list(signs)},
    )
    write_store(dataset, path, stage="closeness-raw", title="made for a test")
    return path


def random_ranks(generator: np.random.Generator, signs: int, close: Sequence[tuple[int, int]]):
    """Mutual ranks of signs strewn at random, but for pairs that lie side by side."""
    place = generator.normal(size=(signs, 12))
    for one, other in close:
        place[other] = place[one] + generator.normal(0, 1e-3, 12)
    distance = np.linalg.norm(place[:, None] - place, axis=2)
    return mutual_ranks(distance)
