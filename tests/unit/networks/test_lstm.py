"""Stage `lstm`: what it saves, that it learns, and that a seed is a seed."""

import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from signpaths.stores import open_store, write_store
from trained import SMALL_LSTM, check_stock_keras, signpaths, train_lstm, write_study


def test_the_lstm_learns_and_says_how_well(study: Path) -> None:
    metrics = json.loads((study / "networks/metrics.json").read_text())
    assert metrics["train_accuracy"] >= 0.9
    assert metrics["test_accuracy"] >= 0.8
    assert metrics["examples"] == {"train": 24, "validation": 6, "test": 6}
    history = pd.read_csv(study / "networks/history.csv")
    assert list(history["epoch"]) == list(range(1, 26))
    # The best weights are kept, not the last ones.
    assert metrics["best_epoch"] == history["epoch"][history["val_loss"].argmin()]
    assert metrics["validation_loss"] == pytest.approx(history["val_loss"].min(), rel=1e-5)


def test_the_same_seed_gives_the_same_files_and_another_seed_others(
    study: Path, tmp_path: Path
) -> None:
    again = train_lstm(tmp_path / "again", study)
    other = train_lstm(tmp_path / "other", study, seed=4)
    for name in ("model.keras", "untrained.keras", "history.csv", "metrics.json"):
        first = (study / "networks" / name).read_bytes()
        assert (again / name).read_bytes() == first, name
        assert (other / name).read_bytes() != first, name


def test_a_seed_among_others_gives_the_file_of_the_seed_alone(study: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        seeds = (2, 3, 4)
        folders = pool.map(
            lambda seed: train_lstm(tmp_path / str(seed), study, seed=seed, epochs=25), seeds
        )
        trained = dict(zip(seeds, folders, strict=True))
    for name in ("model.keras", "history.csv", "metrics.json"):
        assert (trained[3] / name).read_bytes() == (study / "networks" / name).read_bytes(), name


@pytest.mark.parametrize("mask", ["--mask", "--no-mask"])
def test_engines_agree_and_save_the_same_network(study: Path, tmp_path: Path, mask: str) -> None:
    """Weights after three epochs from the same start: the gradients agree at every step."""
    weights, configs = [], []
    for engine in ("fused", "keras"):
        folder = train_lstm(tmp_path / engine, study, mask, "--engine", engine, epochs=3)
        with zipfile.ZipFile(folder / "model.keras") as archive:
            configs.append(archive.read("config.json"))
            (tmp_path / f"{engine}.h5").write_bytes(archive.read("model.weights.h5"))
        with h5py.File(tmp_path / f"{engine}.h5") as file:
            found: dict[str, np.ndarray] = {}
            file.visititems(
                lambda name, item, found=found: (
                    found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
                )
            )
            weights.append(found)
    assert configs[0] == configs[1]
    assert weights[0].keys() == weights[1].keys()
    for name, fused in weights[0].items():
        np.testing.assert_allclose(fused, weights[1][name], atol=2e-4, err_msg=name)


def test_a_network_that_does_not_learn_is_flagged(study: Path, tmp_path: Path) -> None:
    assert json.loads((study / "networks/metrics.json").read_text())["learned"] is True
    # Gradients this small do not move Adam.
    folder = train_lstm(tmp_path, study, "--clipnorm", "1e-12", epochs=1)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["train_accuracy"] <= 0.5
    assert metrics["learned"] is False


def test_a_network_that_learns_is_not_flagged_for_an_odd_validation_day(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", "pre")
    store = open_store(study / "sequences.zarr").load()
    odd = pd.read_csv(study / "split.csv").part.values == "validation"
    other = {"down": "still", "still": "up", "up": "down"}
    store.sign.values[odd] = [other[sign] for sign in store.sign.values[odd]]
    write_store(store, study / "sequences.zarr", stage="sequences", title="test")
    folder = train_lstm(tmp_path / "lstm", study)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["validation_accuracy"] <= 0.5 < metrics["train_accuracy"]
    assert metrics["learned"] is True


def test_models_load_without_signpaths_in_safe_mode(study: Path) -> None:
    check_stock_keras(*(study / "networks" / name for name in ("model.keras", "untrained.keras")))


def test_padding_side_makes_no_difference_to_a_masked_network(tmp_path: Path) -> None:
    scores = {}
    for padding in ("pre", "post"):
        folder = write_study(tmp_path / padding, padding)
        arguments = ["--noise", "0", "--gain", "0", "--offset", "0"]
        lstm = train_lstm(folder / "networks", folder, *arguments, epochs=4)
        scores[padding] = pd.read_csv(lstm / "history.csv")["loss"].to_numpy()
    np.testing.assert_allclose(scores["pre"], scores["post"], rtol=1e-4)


def test_unmasked_raw_input_is_the_plain_keras_network(study: Path, tmp_path: Path) -> None:
    """The article's regime against the network that a user would write, weights copied over."""
    arguments = ["--no-mask", "--no-standardise"]
    lstm = train_lstm(tmp_path, study, *arguments, epochs=2)
    code = (
        "import sys, keras, numpy as np\n"
        "x = np.load(sys.argv[2])\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "plain = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.LSTM(8),\n"
        "    keras.layers.Dense(3, activation='softmax')])\n"
        "plain.set_weights(model.get_weights())\n"
        "np.testing.assert_allclose(model.predict(x), plain.predict(x), atol=1e-6)\n"
    )
    np.save(tmp_path / "x.npy", open_store(study / "sequences.zarr").x.values)
    command = [sys.executable, "-c", code, str(lstm / "model.keras"), str(tmp_path / "x.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_diverging_network_is_said_in_words(study: Path, tmp_path: Path) -> None:
    store = open_store(study / "sequences.zarr").load()
    store.x.values[0, -1, 0] = np.inf
    write_store(store, tmp_path / "sequences.zarr", stage="sequences", title="test")
    files = [tmp_path / name for name in ("model.keras", "untrained.keras", "h.csv", "m.json")]
    done = signpaths(
        *("lstm", tmp_path / "sequences.zarr", study / "split.csv", *files, "--seed", 0),
        *(*SMALL_LSTM, "--epochs", "1"),
    )
    assert done.returncode == 1
    assert "not finite" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model.keras").exists()
