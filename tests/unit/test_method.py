"""The statement of the method: true of the study, and no column without a meaning."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import random_ranks, write_raw, write_run
from signpaths.method import method
from signpaths.stability import StabilityOptions, stability
from signpaths.stores import open_store, write_store

# What the text says of the other stages.
OTHERS = {
    "quality": {"frames": 1234, "compared": "held_out"},
    "agreement": {
        **{"frames": 4321, "k": 3, "deviations": 2.5},
        **{"accuracy_margin": 0.07, "consensus_margin": 0.13},
    },
    "evidence": {"confused_fraction": 0.031, "confidence": 0.9, "chance_ap": 0.0417, "claims": 6},
}


@pytest.fixture(scope="module", params=[1, 12])
def study(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A study of six signs, with one LSTM seed or twelve."""
    folder = tmp_path_factory.mktemp("study")
    generator = np.random.default_rng(0)
    names = [f"sign{index}" for index in range(6)]
    runs = [
        write_run(
            folder / f"{seed}.zarr",
            np.stack([np.stack([random_ranks(generator, 6, [(0, 1)])] * 2)] * 3),
            names,
            ("hidden", "untrained", "ae2"),
            np.zeros((3, 2, 6, 6)),
        )
        for seed in range(request.param)
    ]
    write_raw(folder / "raw.zarr", random_ranks(generator, 6, []), names)
    stability(
        folder / "stability.zarr",
        folder / "pairs.csv",
        raw=folder / "raw.zarr",
        runs=runs,
        options=StabilityOptions(tau=0.4, fdr=0.07),
    )
    for name, attrs in OTHERS.items():
        store = folder / f"{name}.zarr"
        write_store(xr.Dataset(attrs=attrs), store, stage=name, title="made for a test")
    others = (folder / f"{name}.zarr" for name in ("quality", "agreement", "evidence"))
    method(folder / "stability.zarr", *others, folder / "method.md", seeds_vary="both")
    return folder


def test_every_column_of_the_pair_table_is_explained(study: Path) -> None:
    text = (study / "method.md").read_text(encoding="utf-8")
    columns = (study / "pairs.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    spaces = open_store(study / "stability.zarr").space.values
    for column in columns:
        inside = [
            column.removeprefix(f"{space}_") for space in spaces if column.startswith(f"{space}_")
        ]
        if column in ("sign_a", "sign_b") or inside == ["breaks"]:
            continue
        assert any(f"| `{name}` |" in text for name in [column, *inside]), column


def test_it_states_the_thresholds_of_this_study(study: Path) -> None:
    text = (study / "method.md").read_text(encoding="utf-8")
    assert "π ≤ 0.4" in text
    assert "q ≤ 0.07" in text
    for said in ("1,234 real frames of held-out", "4,321 common frames", "3 nearest signs"):
        assert said in text
    for said in (
        "2.5 robust",
        "0.07 and 0.13",
        "The 3.1 % of pairs",
        "0.042",
        "90 % t",
        "6 claims",
    ):
        assert said in text
    # What differs between LSTMs is no question with one.
    assert ("the examples that they were trained on" in text) == ("1 LSTM was" not in text)
    few = "Too few seeds\n  for inference" in text
    assert few == ("1 LSTM was" in text)
    assert few == ("One LSTM seed" in text)
    assert "{{" not in text
    assert "None" not in text
