"""Classifiers without TensorFlow: against Keras, and with files that are none."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from makers import rewritten
from signpaths.errors import UserError
from signpaths.networks.classifiers import hidden_states, probabilities, read_classifier
from trained import after_start

EXAMPLES, TIME, CHANNELS, SIGNS = 40, 15, 6, 7
KINDS = {
    "masked": {"standardise": True, "mask": True},
    "every-step": {"standardise": True, "mask": False},
    "unscaled": {"standardise": False, "mask": True},
}
KERAS = """
from pathlib import Path
import keras
import numpy as np
from signpaths.networks import lstm
from signpaths.options import LstmOptions

folder = Path(FOLDER)
x = np.load(folder / "x.npy")
for name, kind in KINDS.items():
    options = LstmOptions(units=9, **kind)
    network = lstm.build(x[(x != 0).any(axis=2)], x.shape[1], SIGNS, options)
    random = np.random.default_rng(1)
    # Fresh biases would be zeros and ones, and small weights would leave every gate half open.
    network.set_weights([random.normal(size=one.shape) for one in network.get_weights()])
    training.save_model(network, folder / f"{name}.keras", {})
    both = keras.Model(network.inputs, [network.get_layer("lstm").output, network.outputs[0]])
    for what, values in zip(("hidden", "probability"), both.predict(x, verbose=0)):
        np.save(folder / f"{name}-{what}.npy", values)
"""


def padded() -> np.ndarray:
    """Sequences padded before or after, with frames of zeros between, all real, or empty."""
    generator = np.random.default_rng(0)
    x = generator.normal(3, 2, size=(EXAMPLES, TIME, CHANNELS)).astype(np.float32)
    # A channel without variance, which standardising must not blow up.
    x[:, :, 2] = 0.5
    for example, length in enumerate(generator.integers(1, TIME + 1, EXAMPLES)):
        x[example, length:] = 0
    x[::2] = x[::2, ::-1]
    x[3, 1] = x[4, TIME - 2] = 0
    x[5] = 0
    return x


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks of every kind, and what Keras makes of some sequences."""
    folder = tmp_path_factory.mktemp("classifiers")
    np.save(folder / "x.npy", padded())
    given = f"FOLDER, SIGNS, KINDS = {str(folder)!r}, {SIGNS}, {KINDS!r}"
    after_start(f"{given}\n{KERAS}")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_computes_what_keras_computes(folder: Path, kind: str) -> None:
    network = read_classifier(folder / f"{kind}.keras", CHANNELS, SIGNS, {})
    hidden = hidden_states(network, np.load(folder / "x.npy"))
    assert hidden.dtype == np.float32
    np.testing.assert_allclose(hidden, np.load(folder / f"{kind}-hidden.npy"), atol=2e-6)
    probability = probabilities(network, hidden[:, -1])
    expected = np.load(folder / f"{kind}-probability.npy")
    np.testing.assert_allclose(probability, expected, atol=2e-6)
    assert np.ptp(expected, axis=0).min() > 0.05, "a comparison of constants"


def described(model: Path, layer: str, **changed: object) -> bytes:
    """Give a model's description with a layer's arguments changed."""
    with zipfile.ZipFile(model) as archive:
        config = json.loads(archive.read("config.json"))
    for one in config["config"]["layers"]:
        if one["config"]["name"] == layer:
            one["config"].update(changed)
    return json.dumps(config).encode()


@pytest.mark.parametrize(
    ("layer", "changed"),
    [
        ("lstm", {"activation": "relu"}),
        ("lstm", {"go_backwards": True}),
        ("lstm", {"name": "gru"}),
        ("probability", {"activation": "sigmoid"}),
        ("standardise", {"mean": None}),
    ],
)
def test_a_network_of_another_kind_is_named(
    folder: Path, tmp_path: Path, layer: str, changed: dict[str, object]
) -> None:
    good = folder / "masked.keras"
    other = rewritten(good, tmp_path / "other.keras", config_json=described(good, layer, **changed))
    with pytest.raises(UserError, match=r"other\.keras: it "):
        read_classifier(other, CHANNELS, SIGNS, {})


@pytest.mark.parametrize(("channels", "signs"), [(CHANNELS + 1, SIGNS), (CHANNELS, SIGNS - 1)])
def test_a_network_of_another_study_is_named(folder: Path, channels: int, signs: int) -> None:
    for kind in KINDS:
        expected = f"{kind}.keras: .* from {channels} channels to {signs} signs"
        with pytest.raises(UserError, match=expected):
            read_classifier(folder / f"{kind}.keras", channels, signs, {})


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("layers/lstm/cell/vars/0", np.full((CHANNELS, 36), np.nan)),
        ("layers/lstm/cell/vars/1", np.zeros((9, 35))),
        ("layers/lstm/cell/vars/2", None),
        ("layers/dense/vars/1", np.full(SIGNS, np.inf)),
        ("layers/dense/vars/0", np.zeros(3)),
    ],
)
def test_weights_that_are_none_or_do_not_chain_are_refused(
    folder: Path, tmp_path: Path, place: str, value: np.ndarray | None
) -> None:
    good = folder / "masked.keras"
    with zipfile.ZipFile(good) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as stored:
        del stored[place]
        if value is not None:
            stored[place] = value
    bad = rewritten(good, tmp_path / "bad.keras", model_weights_h5=weights.getvalue())
    with pytest.raises(UserError, match=r"bad\.keras: it "):
        read_classifier(bad, CHANNELS, SIGNS, {})


def test_a_damaged_file_is_named(folder: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.keras"
    cut.write_bytes((folder / "masked.keras").read_bytes()[:-100])
    for model in (cut, tmp_path / "missing.keras"):
        with pytest.raises(UserError, match=model.name):
            read_classifier(model, CHANNELS, SIGNS, {})
