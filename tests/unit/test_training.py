"""The stages that train: what they save, that they learn, and that a seed is a seed.

Each stage runs as its command in a process of its own, as in a study: TensorFlow takes its threads
once a process.
"""

import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.autoencoder import thinned
from signpaths.sequences import padded
from signpaths.stores import open_store, write_store

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


def write_study(folder: Path, padding: str) -> Path:
    """Three signs that go up, down or stay, on channels of very unlike scale, one of them dead."""
    generator = np.random.default_rng(0)
    frames, signs, lengths = [], [], []
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
            lengths.append(length)
    part = ["train"] * (PER_SIGN - 4) + ["validation"] * 2 + ["test"] * 2
    table = pd.DataFrame({"example": range(len(signs)), "sign": signs, "part": part * 3})
    folder.mkdir(parents=True)
    table.to_csv(folder / "split.csv", index=False)
    names = np.array(signs)
    dataset = xr.Dataset(
        {"x": (("example", "time", "channel"), padded(frames, TIME, padding))},
        coords={
            "sign": ("example", names),
            "session": ("example", np.full(len(signs), "s1")),
            "take": ("example", np.arange(len(signs))),
            "length": ("example", np.array(lengths)),
            "hands": ("example", np.full(len(signs), "one")),
        },
        attrs={"padding": padding},
    )
    write_store(dataset, folder / "sequences.zarr", stage="sequences", title="test")
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained LSTM, its activations, one autoencoder a dimension, and its paths."""
    folder = write_study(tmp_path_factory.mktemp("training") / "study", "pre")
    lstm = train_lstm(folder / "lstm", folder)
    run(
        *("activations", folder / "sequences.zarr", folder / "split.csv"),
        *(lstm / "model.keras", lstm / "untrained.keras"),
        *(folder / "activations.zarr", folder / "untrained.zarr"),
    )
    for dims in (2, 3):
        train_autoencoder(folder / "autoencoder" / str(dims) / "0", folder, dims)
    models = sorted((folder / "autoencoder").rglob("model.keras"))
    run("paths", folder / "activations.zarr", folder / "paths.zarr", "--models", *models)
    return folder


def train_autoencoder(folder: Path, study: Path, dims: int, *arguments: object) -> Path:
    files = [folder / name for name in ("model.keras", "history.csv", "metrics.json")]
    run(
        *("autoencoder", study / "activations.zarr", *files, "--dims", dims, "--seed", 0),
        *SMALL_AUTOENCODER,
        *("--epochs", 20, *arguments),
    )
    return folder


def test_the_lstm_learns_and_says_how_well(study: Path) -> None:
    metrics = json.loads((study / "lstm/metrics.json").read_text())
    assert metrics["train_accuracy"] >= 0.9
    assert metrics["test_accuracy"] >= 0.8
    assert metrics["examples"] == {"train": 24, "validation": 6, "test": 6}
    history = pd.read_csv(study / "lstm/history.csv")
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
        first = (study / "lstm" / name).read_bytes()
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
        assert (trained[3] / name).read_bytes() == (study / "lstm" / name).read_bytes(), name


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
    assert json.loads((study / "lstm/metrics.json").read_text())["learned"] is True
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
    code = (
        "import sys, keras\n"
        "model = keras.models.load_model(sys.argv[1], safe_mode=True)\n"
        "assert 'signpaths' not in sys.modules\n"
        "print(*(type(layer).__module__.split('.')[0] for layer in model.layers))"
    )
    for model in [study / "lstm/model.keras", *(study / "autoencoder").rglob("model.keras")]:
        done = subprocess.run(
            [sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True
        )
        assert set(done.stdout.split()) == {"keras"}
        with zipfile.ZipFile(model) as archive:
            assert "date_saved" not in archive.read("metadata.json").decode()


def test_the_untrained_twin_has_the_initial_weights(study: Path) -> None:
    trained, twin = open_store(study / "activations.zarr"), open_store(study / "untrained.zarr")
    assert not np.allclose(trained.hidden.values, twin.hidden.values)
    accuracy = (twin.predicted.values == twin.sign.values).mean()
    assert accuracy < 0.8 < (trained.predicted.values == trained.sign.values).mean()


def test_activations_carry_a_mask_and_probabilities(study: Path) -> None:
    store = open_store(study / "activations.zarr")
    assert (store.mask.sum("time").values == store.length.values).all()
    assert np.allclose(store.probability.sum("class"), 1, atol=1e-5)
    likeliest = store["class"].values[store.probability.values.argmax(axis=1)]
    assert (store.predicted.values == likeliest).all()
    # Masked and padded before: the state stays at its start until the first real frame.
    assert (store.hidden.values[~store.mask.values] == 0).all()


def test_padding_side_makes_no_difference_to_a_masked_network(tmp_path: Path) -> None:
    scores = {}
    for padding in ("pre", "post"):
        folder = write_study(tmp_path / padding, padding)
        arguments = ["--noise", "0", "--gain", "0", "--offset", "0"]
        lstm = train_lstm(folder / "lstm", folder, *arguments, epochs=4)
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


def test_the_autoencoder_learns_and_is_deterministic(study: Path, tmp_path: Path) -> None:
    folder = study / "autoencoder/2/0"
    history = pd.read_csv(folder / "history.csv")
    assert history["val_loss"].iloc[-1] < history["val_loss"].iloc[0] / 2
    again = train_autoencoder(tmp_path, study, 2)
    for name in ("model.keras", "history.csv", "metrics.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_autoencoder_sees_the_frames_that_are_asked_for(study: Path, tmp_path: Path) -> None:
    store = open_store(study / "activations.zarr")
    of_training = store.mask.values[store.part.values == "train"]
    metrics = json.loads((study / "autoencoder/2/0/metrics.json").read_text())
    assert metrics["frames"]["train"] == of_training.sum()
    window = ["--frames", "window", "--window", "2", "9", "--validation", "frame"]
    folder = train_autoencoder(tmp_path, study, 2, *window, "--noise-draw", "fixed")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["frames"] == {"train": round(24 * 8 * 0.8), "validation": round(24 * 8 * 0.2)}


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from([0.0, 0.5, 1.5]))
def test_thinning_keeps_what_a_walk_along_each_example_keeps(
    seed: int, steps: int, speed: float
) -> None:
    generator = np.random.default_rng(seed)
    states = generator.normal(size=(4, 9, 2)).cumsum(axis=1)
    chosen = generator.random((4, 9)) < 0.7
    expected = np.zeros_like(chosen)
    for example in range(4):
        frames = np.flatnonzero(chosen[example])[::steps]
        last = None
        for frame in frames:
            state = states[example, frame]
            if last is None or np.linalg.norm(state - last) >= speed:
                expected[example, frame] = True
                last = state
    np.testing.assert_array_equal(thinned(states, chosen, steps, speed), expected)


def test_thinning_is_for_training_frames_only(study: Path, tmp_path: Path) -> None:
    folder = train_autoencoder(tmp_path, study, 2, "--thin-steps", 3, "--thin-speed", 0.01)
    store = open_store(study / "activations.zarr")
    real = {part: store.mask.values[store.part.values == part] for part in ("train", "validation")}
    frames = json.loads((folder / "metrics.json").read_text())["frames"]
    assert frames["validation"] == real["validation"].sum()
    assert 0 < frames["train"] <= -(-real["train"].sum(axis=1) // 3).sum()


def test_paths_lie_on_real_frames_and_pca_is_scikit_learns(study: Path) -> None:
    from sklearn.decomposition import PCA

    paths, store = open_store(study / "paths.zarr"), open_store(study / "activations.zarr")
    assert list(paths.space.values) == ["pca2", "pca3", "ae2", "ae3"]
    mask = store.mask.values
    plane = paths.path.sel(space="ae2").isel(ae_seed=0).values
    assert np.isfinite(plane[mask][:, :2]).all()
    assert np.isnan(plane[~mask]).all()
    assert np.isnan(plane[..., 2]).all()
    train = store.part.values == "train"
    fitted = PCA(3).fit(store.hidden.values[train][mask[train]])
    expected = fitted.transform(store.hidden.values[mask])
    found = paths.path.sel(space="pca3").isel(ae_seed=0).values[mask]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    error = ((fitted.inverse_transform(expected) - store.hidden.values[mask]) ** 2).mean(axis=1)
    held_out = ~np.repeat(train, mask.sum(axis=1))
    measured = paths.reconstruction_error.sel(space="pca3", seen="held_out")
    # Every eighth frame, from the first on, stands for all.
    some = slice(None, None, 8)
    assert float(measured[0]) == pytest.approx(error[some][held_out[some]].mean(), rel=1e-4)


def after_start(code: str) -> list[str]:
    """Run code in a new process whose training has started; give the words that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"from signpaths import training\ntraining.start(0)\n{code}"],
        env={**os.environ, "PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_training_job_keeps_to_one_thread() -> None:
    threads = after_start(
        "from tensorflow import config\n"
        "print(config.threading.get_intra_op_parallelism_threads())\n"
        "print(config.threading.get_inter_op_parallelism_threads())"
    )
    assert threads == ["1", "1"]


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="a way of scheduling that Linux has")
def test_short_lived_threads_do_not_interrupt_a_training_job() -> None:
    assert after_start("import os\nprint(os.sched_getscheduler(0))") == [str(os.SCHED_BATCH)]


def test_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_zero() -> None:
    # 300 steps: the rate is at its height at step 30, and at half of that midway to the end.
    rates = after_start(
        "from signpaths.autoencoder import AutoencoderOptions\n"
        "options = AutoencoderOptions(\n"
        "    epochs=3, batch_size=10, learning_rate=0.02, schedule='one_cycle')\n"
        "rate = training.learning_rate(options, 1000)\n"
        "print(*(float(rate(step)) for step in (0, 15, 30, 165, 299)))"
    )
    assert [float(rate) for rate in rates] == pytest.approx([0, 0.01, 0.02, 0.01, 0], abs=1e-5)


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
