"""One measurement in a process of its own: TensorFlow takes its threads once a process.

`python workers.py <what> <folder> [--epochs N] [--seed S]` prints one JSON object. The stock ways
are what a user would write: Keras' layers, `fit` on arrays, all cores. `ours` are the stages.
"""

import argparse
import contextlib
import io
import json
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml
from signpaths.options import LstmOptions, Study
from signpaths.projections import encoders
from signpaths.stores import open_store
from snakemake.utils import update_config

CONFIG = Path(__file__).parents[2] / "config"
# The article's settings lie over those of the real study.
RECIPES = {"auslan": ("config", "auslan"), "article": ("config", "auslan", "article")}
# The projection is judged on so many of the test examples' frames; neighbours as scikit-learn has.
JUDGED_FRAMES, NEIGHBOURS = 3000, 10
# The network of the stock measurements; the batch that ENGINE's first measurements and most users
# take.
STOCK_BATCH = 64
# Keras takes one step at a time unless told otherwise.
KERAS_STEPS = 1


@cache
def recipe(name: str) -> Study:
    """Give what a study sets whose files are laid over each other, as Snakemake does it."""
    config: dict[str, Any] = {}
    for file in RECIPES[name]:
        update_config(config, yaml.safe_load((CONFIG / f"{file}.yaml").read_text("utf-8")))
    return Study(**config)


class EpochClock(io.StringIO):
    """A standard output that notes when each epoch's line is printed."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def write(self, text: str) -> int:
        """Note the time of a line that tells of an epoch."""
        if text.startswith("epoch "):
            self.at.append(time.monotonic())
        return len(text)


def stock_seconds(fit: Callable[[Any], Any]) -> list[float]:
    """Give the seconds of each epoch but the first, in which TensorFlow traces its graphs."""
    import keras

    at: list[float] = []
    fit(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: at.append(time.time())))
    return np.diff(at).tolist()


def peak(folder: Path, epochs: int, seed: int, all_threads: bool) -> dict[str, Any]:
    """Measure the rate of a float32 matrix product, in GFLOP/s."""
    import tensorflow as tf

    if not all_threads:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    size = 2048
    a = tf.random.normal((size, size))
    product = tf.function(lambda: tf.linalg.matmul(a, a))
    product()
    took = []
    for _ in range(8):
        start = time.monotonic()
        product().numpy()
        took.append(time.monotonic() - start)
    return {"gflops": 2 * size**3 / np.median(took) / 1e9}


def stock_lstm(folder: Path, epochs: int, seed: int, options: LstmOptions) -> dict[str, Any]:
    """Time epochs of Keras' own layer on all threads."""
    import keras
    from signpaths.data.splits import read_parts
    from signpaths.networks import lstm

    keras.utils.set_random_seed(seed)
    examples = open_store(folder / "sequences.zarr").load()
    x = examples.x.values
    signs, label = np.unique(examples.sign.values, return_inverse=True)
    part = read_parts(folder / "split.csv", len(x))
    real = examples["mask"].values
    train = part == "train"
    network = lstm.build(x[train][real[train]], x.shape[1], len(signs), options)
    lstm.compile_for_training(network, int(train.sum()), options)
    network.steps_per_execution = KERAS_STEPS
    batch = options.batch_size
    seconds = stock_seconds(
        lambda clock: network.fit(
            *(x[train], label[train]), batch_size=batch, epochs=epochs, verbose=0, callbacks=[clock]
        )
    )
    return {"seconds": seconds}


def our_lstm(folder: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Time epochs of stage `lstm`, with its validation and its progress line."""
    from signpaths.networks.lstm import lstm

    out = folder / "networks" / str(seed)
    files = [out / name for name in ("model.keras", "untrained.keras", "h.csv", "m.json")]
    options = recipe("auslan").lstm.model_copy(update={"epochs": epochs})
    with contextlib.redirect_stdout(EpochClock()) as clock:
        lstm(folder / "sequences.zarr", folder / "split.csv", *files, seed=seed, options=options)
    return {"seconds": np.diff(clock.at).tolist()}


def stock_autoencoder(folder: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Time epochs of the article's regime on stock `fit` and all threads."""
    import keras
    from signpaths.projections import autoencoder, denoising

    keras.utils.set_random_seed(seed)
    options = recipe("article").autoencoder
    hidden = open_store(folder / "activations.zarr").load()
    train, validation = autoencoder.training_frames(hidden, seed, options)
    generator = np.random.default_rng(seed)
    noisy, noisy_validation = (
        states + generator.normal(0, options.noise, states.shape).astype(np.float32)
        for states in (train, validation)
    )
    network = denoising.build(train.shape[1], 2, options)
    denoising.compile_for_training(network, len(train), options)
    network.steps_per_execution = KERAS_STEPS
    seconds = stock_seconds(
        lambda clock: network.fit(
            *(noisy, train),
            validation_data=(noisy_validation, validation),
            batch_size=options.batch_size,
            epochs=epochs,
            verbose=0,
            callbacks=[clock],
        )
    )
    return {"seconds": seconds}


def whole_autoencoder(folder: Path, epochs: int, seed: int, regime: str) -> dict[str, Any]:
    """Train an autoencoder to its end by stage `autoencoder`, time its epochs and judge it."""
    from signpaths.projections.autoencoder import autoencoder

    out = folder / "autoencoders" / regime / str(seed)
    files = [out / name for name in ("model.keras", "history.csv", "metrics.json")]
    options = recipe(regime).autoencoder
    options = options.model_copy(update={"epochs": min(epochs, options.epochs)})
    with contextlib.redirect_stdout(EpochClock()) as clock:
        autoencoder(folder / "activations.zarr", *files, dims=2, seed=seed, options=options)
    seconds = np.diff(clock.at).tolist()
    found = quality(files[0], open_store(folder / "activations.zarr").load())
    return {"seconds": seconds, "epochs": len(seconds) + 1, **found}


def quality(model: Path, hidden: Any) -> dict[str, float]:
    """Judge a plane's autoencoder on the test examples' real frames."""
    from sklearn.manifold import trustworthiness

    chosen = hidden.part.values == "test"
    frames = hidden.hidden.values[chosen][hidden.mask.values[chosen]]
    layers = encoders.read_layers(model, frames.shape[1], dims=2, sources={})
    path, restored = encoders.encoded(layers, frames), encoders.restored(layers, frames)
    few = np.random.default_rng(0).permutation(len(frames))[:JUDGED_FRAMES]
    return {
        "reconstruction_error": float(((frames - restored) ** 2).mean()),
        "trustworthiness": trustworthiness(frames[few], path[few], n_neighbors=NEIGHBOURS),
        # Continuity is trustworthiness with the two spaces swapped (Venna & Kaski 2001).
        "continuity": trustworthiness(path[few], frames[few], n_neighbors=NEIGHBOURS),
    }


def our_figure(folder: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Project all examples and draw figure 3, every sign with its name."""
    import matplotlib
    from signpaths.report.drawing.paths import draw_paths
    from signpaths.report.drawing.scene import Scene
    from signpaths.report.drawing.style import STYLE, save
    from signpaths.spaces import autoencoder

    hidden, model = drawn(folder)
    began = time.monotonic()
    layers = encoders.read_layers(model, hidden.sizes["unit"], dims=2, sources={})
    mask = hidden.mask.values
    path = np.full((*mask.shape, 2), np.nan, np.float32)
    path[mask] = encoders.encoded(layers, hidden.hidden.values[mask])
    sign = hidden.sign.values.astype(str)
    scene = Scene(path, sign, sign, sign, sign, autoencoder(2), "none", xr.Dataset())
    with matplotlib.rc_context(STYLE):
        save(draw_paths(scene), folder / "figure-ours", "bench", ("png",))
    return {"seconds": [time.monotonic() - began]}


def stock_figure(folder: Path, epochs: int, seed: int) -> dict[str, Any]:
    """Draw it as the article did: one `predict`, one `plot` and one `scatter` an example."""
    import keras
    import matplotlib.pyplot as plt

    hidden, model = drawn(folder)
    network = keras.saving.load_model(model)
    encoder = keras.Model(network.inputs, network.get_layer("bottleneck").output)
    began = time.monotonic()
    plt.figure(figsize=(11, 10), dpi=160)
    examples = zip(hidden.hidden.values, hidden.mask.values, hidden.sign.values, strict=True)
    named: set[str] = set()
    for states, mask, sign in examples:
        path = encoder.predict(states[mask], verbose=0)
        plt.plot(*path.T, color="black", lw=0.3, alpha=0.3)
        plt.scatter(path[:, 0], path[:, 1], c=np.arange(len(path)), vmin=0, vmax=len(mask), s=4)
        if sign not in named:
            plt.text(path[-1, 0], path[-1, 1], sign)
            named.add(sign)
    plt.savefig(folder / "figure-article.png")
    return {"seconds": [time.monotonic() - began]}


def drawn(folder: Path) -> tuple[xr.Dataset, Path]:
    """Give the hidden states to draw, and an autoencoder that has been trained on them."""
    hidden = open_store(folder / "activations.zarr").load()
    return hidden, next((folder / "autoencoders" / "auslan").glob("*/model.keras"))


WAYS: dict[str, Callable[[Path, int, int], dict[str, Any]]] = {
    "peak-one": partial(peak, all_threads=False),
    "peak-all": partial(peak, all_threads=True),
    "lstm-stock": partial(
        stock_lstm, options=recipe("auslan").lstm.model_copy(update={"batch_size": STOCK_BATCH})
    ),
    "lstm-article": partial(stock_lstm, options=recipe("article").lstm),
    "lstm-ours": our_lstm,
    "autoencoder-article": stock_autoencoder,
    # What the regime reaches does not hang on threads, so it is trained to its end on one each.
    "autoencoder-article-judged": partial(whole_autoencoder, regime="article"),
    "autoencoder-ours": partial(whole_autoencoder, regime="auslan"),
    "figure-article": stock_figure,
    "figure-ours": our_figure,
}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=WAYS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    json.dump(WAYS[given.what](given.folder, given.epochs, given.seed), sys.stdout)


if __name__ == "__main__":
    main()
