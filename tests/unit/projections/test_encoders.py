"""Autoencoders without TensorFlow: against Keras, and with files that are none."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from makers import rewritten
from signpaths.errors import UserError
from signpaths.projections.encoders import ACTIVATIONS, encoded, read_layers, restored
from trained import after_start

UNITS, DIMS = 20, 3
KERAS = """
from pathlib import Path
import keras
import numpy as np
from signpaths.options import DenoisingOptions
from signpaths.projections import denoising

folder = Path(FOLDER)
frames = np.load(folder / "frames.npy")
for activation in ACTIVATIONS:
    options = DenoisingOptions(layers=(16, 8), activation=activation, bottleneck=activation)
    network = denoising.build(frames.shape[1], DIMS, options)
    random = np.random.default_rng(1)
    # Fresh biases would be zero.
    network.set_weights([random.normal(size=one.shape) for one in network.get_weights()])
    training.save_model(network, folder / f"{activation}.keras", {})
    [hidden] = network.inputs
    encoder = keras.Model(hidden, network.get_layer("bottleneck").output)
    np.save(folder / f"{activation}-path.npy", encoder.predict(frames, verbose=0))
    np.save(folder / f"{activation}-restored.npy", network.predict(frames, verbose=0))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of every activation, and what Keras makes of some frames."""
    folder = tmp_path_factory.mktemp("encoders")
    frames = np.random.default_rng(0).normal(size=(5000, UNITS)).astype(np.float32)
    np.save(folder / "frames.npy", frames)
    given = f"FOLDER, DIMS, ACTIVATIONS = {str(folder)!r}, {DIMS}, {list(ACTIVATIONS)}"
    after_start(f"{given}\n{KERAS}")
    return folder


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layers_compute_what_keras_computes(folder: Path, activation: str) -> None:
    frames, layers = (
        np.load(folder / "frames.npy"),
        read_layers(folder / f"{activation}.keras", UNITS, DIMS, {}),
    )
    for found, name in ((encoded, "path"), (restored, "restored")):
        expected = np.load(folder / f"{activation}-{name}.npy")
        close = {"rtol": 1e-4, "atol": 1e-5 * np.abs(expected).max()}
        np.testing.assert_allclose(found(layers, frames), expected, **close)


def test_what_is_no_autoencoder_is_named(folder: Path, tmp_path: Path) -> None:
    good = folder / "relu.keras"
    with zipfile.ZipFile(good) as archive:
        config = json.loads(archive.read("config.json"))
    for layer in config["config"]["layers"]:
        layer["config"]["name"] = layer["config"]["name"].replace("bottleneck", "waist")
    cut = tmp_path / "cut.keras"
    cut.write_bytes(good.read_bytes()[:-100])
    text = tmp_path / "text.keras"
    text.write_text("no zip")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    nothing = tmp_path / "nothing.keras"
    nothing.write_bytes(empty.getvalue())
    for model in (
        *(cut, text, nothing, tmp_path / "missing.keras"),
        rewritten(good, tmp_path / "list.keras", config_json=b"[]"),
        rewritten(good, tmp_path / "words.keras", config_json=b"not json"),
        rewritten(good, tmp_path / "other.keras", config_json=json.dumps(config).encode()),
        rewritten(good, tmp_path / "no-weights.keras", model_weights_h5=b""),
    ):
        with pytest.raises(UserError, match=model.name):
            read_layers(model, UNITS, DIMS, {})


@pytest.mark.parametrize(("units", "dims"), [(UNITS + 1, DIMS), (UNITS, DIMS - 1), (1, 1)])
def test_an_autoencoder_of_another_shape_is_named(folder: Path, units: int, dims: int) -> None:
    with pytest.raises(UserError, match=f"tanh.keras: .* from {units} hidden units to {dims}"):
        read_layers(folder / "tanh.keras", units, dims, {})


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("layers/dense/vars/0", np.full((UNITS, 16), np.nan)),
        ("layers/dense_2/vars/1", np.zeros(1)),
        ("layers/dense_1/vars/0", np.zeros((8, 16))),
        ("layers/dense_5/vars/0", np.zeros(UNITS)),
    ],
)
def test_weights_that_are_none_or_do_not_chain_are_refused(
    folder: Path, tmp_path: Path, place: str, value: np.ndarray
) -> None:
    good = folder / "relu.keras"
    read_layers(good, UNITS, DIMS, {})
    with zipfile.ZipFile(good) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as stored:
        del stored[place]
        stored[place] = value
    bad = rewritten(good, tmp_path / "bad.keras", model_weights_h5=weights.getvalue())
    with pytest.raises(UserError, match=r"bad\.keras: it is no autoencoder with finite weights"):
        read_layers(bad, UNITS, DIMS, {})
