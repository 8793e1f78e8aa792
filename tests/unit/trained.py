"""A tiny study and its networks, trained by the stages' commands.

Each stage runs in a process of its own, as in a study: TensorFlow takes its threads once a process.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from makers import write_sequences

LIBRARY = Path(__file__).parents[2] / "workflow"
TIME, CHANNELS, PER_SIGN = 12, 3, 12
SMALL_LSTM = ["--units", "8", "--batch-size", "8", "--learning-rate", "0.02"]
SMALL_AUTOENCODER = ["--layers", "16", "--layers", "8", "--batch-size", "32"]


def signpaths(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "signpaths", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        check=False,
    )


def run(*arguments: object) -> str:
    done = signpaths(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_study(folder: Path, padding: str) -> Path:
    """Three signs that go up, down or stay, on channels of very unlike scale, one of them dead."""
    generator = np.random.default_rng(0)
    frames, signs = [], []
    for sign, slope in (("down", -1.0), ("still", 0.0), ("up", 1.0)):
        for _ in range(PER_SIGN):
            length = int(generator.integers(6, TIME + 1))
            values = np.zeros((length, CHANNELS))
            values[:, 0] = 100 + 50 * slope * np.linspace(0, 1, length)
            values[:, 0] += generator.normal(0, 3, length)
            values[:, 1] = 0.001 * generator.normal(size=length)
            values[:, 2] = 0.25
            frames.append(values)
            signs.append(sign)
    part = ["train"] * (PER_SIGN - 4) + ["validation"] * 2 + ["test"] * 2
    table = pd.DataFrame({"example": range(len(signs)), "sign": signs, "part": part * 3})
    folder.mkdir(parents=True)
    table.to_csv(folder / "split.csv", index=False)
    write_sequences(
        folder / "sequences.zarr",
        frames,
        padding,
        TIME,
        sign=signs,
        session=["s1"] * len(signs),
        take=range(len(signs)),
        hands=["one"] * len(signs),
    )
    return folder


def train_lstm(
    folder: Path, study: Path, *arguments: object, seed: int = 3, epochs: int = 25
) -> Path:
    files = [folder / name for name in ("model.keras", "untrained.keras", "history.csv")]
    inputs = (study / "sequences.zarr", study / "split.csv")
    run(
        "lstm",
        *inputs,
        *files,
        folder / "metrics.json",
        "--seed",
        seed,
        *SMALL_LSTM,
        "--epochs",
        epochs,
        *arguments,
    )
    return folder


def trained_study(base: Path) -> Path:
    """Write a study with a trained LSTM and its activations, once below this folder."""
    folder = base / "trained_study"
    if folder.exists():
        return folder
    networks = train_lstm(folder / "networks", write_study(folder, "pre"))
    run(
        *("activations", folder / "sequences.zarr", folder / "split.csv"),
        *(networks / "model.keras", networks / "untrained.keras"),
        *(folder / "activations/0.zarr", folder / "untrained.zarr"),
    )
    # A store is opened by this name wherever one network is enough.
    (folder / "activations.zarr").symlink_to("activations/0.zarr")
    return folder


def train_autoencoder(
    folder: Path,
    study: Path,
    dims: int,
    *arguments: object,
    seed: int = 0,
    stage: str = "autoencoder",
) -> Path:
    """Train a network's autoencoder, or, by stage `shared`, one of the shared map."""
    files = [folder / name for name in ("model.keras", "history.csv", "metrics.json")]
    frames = study / ("activations.zarr" if stage == "autoencoder" else "reference.zarr")
    run(
        *(stage, frames, *files, "--dims", dims, "--seed", seed),
        *SMALL_AUTOENCODER,
        *("--epochs", 20, *arguments),
    )
    return folder


def paths_of(folder: Path, autoencoders: Path | None = None) -> list[Path]:
    """What stage `paths` reads of a study."""
    own = autoencoders or folder / "autoencoders"
    names = ("alignment.zarr", "reference.zarr", "shared")
    return [folder / "activations.zarr", own, *(folder / name for name in names)]


def after_start(code: str) -> list[str]:
    """Run code in a new process whose training has started; give the words that it prints."""
    start = "from signpaths.networks import training\ntraining.start(0)"
    done = subprocess.run(
        [sys.executable, "-c", f"{start}\n{code}"],
        env={**os.environ, "PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def check_stock_keras(*models: Path) -> None:
    """Check that anyone can load models, in safe mode and without this package."""
    code = (
        "import sys, keras\n"
        "for path in sys.argv[1:]:\n"
        "    model = keras.models.load_model(path, safe_mode=True)\n"
        "    assert 'signpaths' not in sys.modules\n"
        "    print(*(type(layer).__module__.split('.')[0] for layer in model.layers))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, models)], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {"keras"}
    for model in models:
        with zipfile.ZipFile(model) as archive:
            assert "date_saved" not in archive.read("metadata.json").decode()
