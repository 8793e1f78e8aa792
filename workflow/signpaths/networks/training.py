"""What every stage that trains or runs a network shares: one thread, one seed, one line an epoch.

TensorFlow takes all cores unless told otherwise; here every job keeps to one thread, so that as
many jobs run side by side as there are cores, and a seed gives the same weights bit for bit.
"""

import contextlib
import ctypes
import json
import os
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from signpaths.errors import UserError
from signpaths.imports import quick_imports
from signpaths.options import Schedule
from signpaths.origins import MODEL_MEMBER, contents
from signpaths.stores import sealed, write_text

if TYPE_CHECKING:
    import keras

# Keras looks at import time for packages that only its unused wrappers and plots need; loading them
# doubles the start of a job, and a study starts hundreds.
UNUSED = ("matplotlib", "sklearn")
# Training steps that TensorFlow takes before it comes back to Python: saves a tenth of the time.
STEPS_AT_ONCE = 8
# Share of the steps over which schedule `one_cycle` raises the rate (Smith 2018 raises it as
# long as he lowers it).
RISING = 0.1
# Of glibc's `mallopt` (malloc.h): how many blocks may be mapped on their own, and when free memory
# at the top is given back.
M_MMAP_MAX, M_TRIM_THRESHOLD = -4, -1
# Training has diverged if the weights that are kept have so many times the loss of a network that
# always answers the same. No network that learns anything comes near it.
FAR = 10
# A fixed date inside saved models: the same weights are the same file.
EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)


def start(seed: int) -> None:
    """Import TensorFlow on one thread, with deterministic kernels, and set every seed."""
    _keep_freed_memory()
    _run_in_long_turns()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        with quick_imports():
            import keras
            import tensorflow as tf
    finally:
        for name in hidden:
            del sys.modules[name]
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


def _keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next block instead of giving it back.

    The LSTM's kernels ask for 200 kB and free them at every time step. Each time the system would
    map and clear new pages, which took as long as the matrix products.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _run_in_long_turns() -> None:
    """Ask Linux not to interrupt this process whenever a short-lived thread wakes up.

    TensorFlow hands each step from one thread to another. With as many jobs as cores, each wakening
    pushed a job off its core while another core stood idle: a sixth of the time.
    """
    if not hasattr(os, "SCHED_BATCH"):
        return
    # Where a container forbids it, training is only slower.
    with contextlib.suppress(OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class Regime(Protocol):
    """The options that every training has."""

    @property
    def epochs(self) -> int:
        """Passes over the training data, at most."""

    @property
    def batch_size(self) -> int:
        """Examples or frames a step."""

    @property
    def learning_rate(self) -> float:
        """Of the optimiser, at its largest."""

    @property
    def schedule(self) -> Schedule:
        """`constant`, `cosine`: falls to zero over the epochs, or `one_cycle`: rises first."""

    @property
    def patience(self) -> int | None:
        """Epochs without a better validation loss before training stops."""


def learning_rate(
    regime: Regime, examples: int
) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    """Give the optimiser's learning rate, or its course over all steps."""
    import keras

    if regime.schedule == "constant":
        return regime.learning_rate
    steps = regime.epochs * -(-examples // regime.batch_size)
    if regime.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(regime.learning_rate, steps)
    rising = round(RISING * steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - rising, warmup_target=regime.learning_rate, warmup_steps=rising
    )


def fit(
    network: "keras.Model",
    train: "keras.utils.PyDataset | tuple[np.ndarray, np.ndarray]",
    validation: tuple[np.ndarray, np.ndarray],
    regime: Regime,
    *,
    chance: float,
) -> pd.DataFrame:
    """Train a compiled network and keep the weights of its best validation loss.

    Parameters
    ----------
    network
        Is left with those weights.
    train
        Input and target, or batches of both.
    validation
        Input and target of the data that decide which weights are best and when to stop.
    regime
        How long, in what steps.
    chance
        The loss of a network that always answers the same.

    Returns
    -------
    pandas.DataFrame
        One row an epoch, counted from 1: losses and metrics. One line an epoch is printed, too,
        and a warning if training went astray after the weights that are kept.

    Raises
    ------
    UserError
        If training has diverged: a validation loss is not finite, or the best is above ten times
        that of chance.
    """
    # The first step would make the optimiser's variables, and TensorFlow would trace it once more
    # without them: a fifth of the job of a small network.
    network.optimizer.build(network.trainable_variables)
    arrays = isinstance(train, tuple)
    fitted = network.fit(
        *(train if arrays else (train,)),
        validation_data=validation,
        epochs=regime.epochs,
        batch_size=regime.batch_size if arrays else None,
        validation_batch_size=regime.batch_size,
        # Batches come in an order of their own.
        shuffle=arrays,
        callbacks=_callbacks(regime.epochs, regime.patience),
        verbose=0,
    )
    history = pd.DataFrame(fitted.history)
    history.insert(0, "epoch", [epoch + 1 for epoch in fitted.epoch])
    best = history["val_loss"].min()
    finite = np.isfinite(history["val_loss"]).all()
    if not finite or best > FAR * chance:
        said = (
            f"is {best:.3g} at best, that of answering always the same {chance:.3g}"
            if finite
            else "is not finite"
        )
        raise UserError(
            f"training diverged: the validation loss {said}. Lower the learning_rate in the "
            "config, or look for enormous numbers in the recordings."
        )
    if not history["loss"].iloc[-1] <= FAR * chance:
        print(
            f"warning: training went astray, to a loss of {history['loss'].iloc[-1]:.3g}; the "
            f"weights of epoch {int(best_epoch(history)['epoch'])} are kept. A lower learning_rate "
            "may serve better."
        )
    return history


def best_epoch(history: pd.DataFrame) -> pd.Series:
    """Give the row of the epoch whose weights were kept."""
    return history.iloc[int(history["val_loss"].argmin())]


def write_history(history: pd.DataFrame, path: Path) -> None:
    """Write one row an epoch as CSV."""
    write_text(path, history.to_csv(index=False, lineterminator="\n"))


def _callbacks(epochs: int, patience: int | None) -> list[Any]:
    """Keep the best weights, stop when patience is out, print one line an epoch."""
    import keras

    class EpochLine(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
            self.began = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            spent = (time.monotonic() - self.began) / (epoch + 1)
            values = "  ".join(
                f"{name} {value:.4f}" for name, value in sorted((logs or {}).items())
            )
            left = spent * (epochs - epoch - 1)
            print(
                f"epoch {epoch + 1}/{epochs}  {values}  {spent:.2f} s/epoch  {left:.0f} s left",
                flush=True,
            )

    best = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=patience or epochs, restore_best_weights=True
    )
    return [best, EpochLine()]


def save_model(model: "keras.Model", path: Path, made_from: Mapping[str, Path]) -> None:
    """Save a Keras model whole, with the contents of what it was trained on.

    The date and memory addresses that Keras writes into it are left out.
    """
    with sealed(path) as partial:
        raw = partial.with_name(f"{partial.name}.raw.keras")
        try:
            model.save(raw)
            with zipfile.ZipFile(raw) as old, zipfile.ZipFile(partial, "w") as new:
                for name in sorted(old.namelist()):
                    data = old.read(name)
                    if name.endswith(".json"):
                        described = _reproducible(json.loads(data), {})
                        if name == MODEL_MEMBER:
                            described["made_from"] = contents(made_from)
                        data = json.dumps(described).encode()
                    new.writestr(zipfile.ZipInfo(name, EPOCH_OF_ZIP), data)
        finally:
            raw.unlink(missing_ok=True)


def _reproducible(node: Any, numbers: dict[int, int]) -> Any:
    """Drop the date of saving; number shared objects in their order instead of by address."""
    if isinstance(node, list):
        return [_reproducible(child, numbers) for child in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "date_saved"}
    if "shared_object_id" in kept:
        kept["shared_object_id"] = numbers.setdefault(kept["shared_object_id"], len(numbers) + 1)
    return {key: _reproducible(value, numbers) for key, value in kept.items()}
