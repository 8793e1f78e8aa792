"""Stage `autoencoder`: that it learns, which frames it sees, and that a seed is a seed."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from signpaths.projections.autoencoder import thinned
from signpaths.stores import open_store
from trained import check_stock_keras, train_autoencoder


def test_the_autoencoder_learns_and_is_deterministic(study: Path, tmp_path: Path) -> None:
    folder = study / "autoencoders/2/0"
    history = pd.read_csv(folder / "history.csv")
    assert history["val_loss"].iloc[-1] < history["val_loss"].iloc[0] / 2
    again = train_autoencoder(tmp_path, study, 2)
    for name in ("model.keras", "history.csv", "metrics.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_whether_an_autoencoder_has_learned_is_noted(study: Path, tmp_path: Path) -> None:
    metrics = json.loads((study / "autoencoders/2/0/metrics.json").read_text())
    assert metrics["learned"] is True
    # So little that it restores frames no better than zeros would.
    folder = train_autoencoder(tmp_path, study, 2, "--learning-rate", "1e-30")
    assert json.loads((folder / "metrics.json").read_text())["learned"] is False


def test_models_load_without_signpaths_in_safe_mode(study: Path) -> None:
    models = sorted((study / "autoencoders").rglob("model.keras"))
    assert len(models) == 2
    check_stock_keras(*models)


def test_the_autoencoder_sees_the_frames_that_are_asked_for(study: Path, tmp_path: Path) -> None:
    store = open_store(study / "activations.zarr")
    of_training = store.mask.values[store.part.values == "train"]
    metrics = json.loads((study / "autoencoders/2/0/metrics.json").read_text())
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
