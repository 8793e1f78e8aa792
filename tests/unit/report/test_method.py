"""The statement of the method: true of the study, and no column without a meaning."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from makers import random_ranks, write_names, write_raw, write_run
from signpaths.columns import Column
from signpaths.options import MethodOptions, StabilityOptions
from signpaths.report.method import method
from signpaths.stability.stability import stability
from signpaths.stores import open_store, write_store

# What the text says of the other stages.
OTHERS = {
    "quality": {"frames": 1234, "compared": "held_out"},
    "agreement": {
        **{"examples": 4321, "phases": 7, "k": 3, "deviations": 2.5, "networks": 12},
        **{"permutations": 321, "fewest_common": 17, "confidence": 0.97, "map_stress": 0.234},
        **{"accuracy_margin": 0.07, "consensus_margin": 0.13},
    },
    "shared_map": {"reference": 5, "fitting": 11, "permutations": 23, "chosen": "shared_pca2"},
    "evidence": {"confused_fraction": 0.031, "confidence": 0.9, "chance_ap": 0.0417, "claims": 6},
    "units": {"least": 0.37, "fdr": 0.043, "lags": 7, "rotations": 47, "examples": 876, "note": ""},
}


@pytest.fixture(scope="module", params=[1, 12])
def study(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A study of six signs, with one network or twelve."""
    folder = tmp_path_factory.mktemp("study")
    generator = np.random.default_rng(0)
    names = [f"sign{index}" for index in range(6)]
    for run in range(request.param):
        write_run(
            folder / f"closeness/{run}.zarr",
            np.stack([np.stack([random_ranks(generator, 6, [(0, 1)])] * 2)] * 3),
            names,
            ("hidden", "untrained", "ae2"),
            np.zeros((3, 2, 6, 6)),
        )
    write_raw(folder / "closeness_raw.zarr", random_ranks(generator, 6, []), names)
    write_names(folder / "networks.txt", range(request.param))
    stability(
        *(folder / name for name in ("networks.txt", "closeness_raw.zarr", "closeness")),
        *(folder / name for name in ("stability.zarr", "pairs.csv")),
        options=StabilityOptions(tau=0.4, fdr=0.07),
    )
    for name, attrs in OTHERS.items():
        store = folder / f"{name}.zarr"
        write_store(
            xr.Dataset(attrs=attrs), store, stage=name.replace("_", "-"), title="made for a test"
        )
    write_method(folder, folder / "stability.zarr")
    return folder


def write_method(folder: Path, stability_store: Path) -> str:
    others = (
        folder / f"{name}.zarr"
        for name in ("quality", "agreement", "shared_map", "evidence", "units")
    )
    options = MethodOptions(seeds_vary="both")
    method(stability_store, *others, folder / "method.md", options=options)
    return (folder / "method.md").read_text(encoding="utf-8")


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
    for said in ("1,234 real frames of held-out", "4,321 examples", "3 nearest signs"):
        assert said in text
    for said in (
        "2.5 robust",
        "17 examples in common",
        "321 times",
        "means (97 %)",
        "0.07 and 0.13",
        "The 3.1 % of pairs",
        "0.042",
        "90 % intervals",
        "6 claims",
        "876 examples not trained on",
        "7 steps later",
        "correlation is 0.37 or",
        "at a rate of 0.043",
    ):
        assert said in text
    # What differs between networks is no question with one.
    assert ("the examples that they were trained on" in text) == ("1 network was" not in text)
    assert ("at random (47 times)" in text) == ("1 network was" not in text)
    few = "**This study has too few networks for inference**" in text
    assert few == ("1 network was" in text)
    assert few == ("One network" in text)
    assert "{{" not in text
    assert "None" not in text


def test_it_says_what_pseudo_signs_do_if_any_were_made(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "study")
    stable = open_store(study / "stability.zarr").load()
    assert "N0x, labels" not in (study / "method.md").read_text(encoding="utf-8")
    stays = Column("label_stays", "pairs that stay close", 4)
    stable = stable.assign(label_stays=stays.over("labelling", np.array([0, 12, 3])))
    for known in (False, True):
        store = tmp_path / f"{known}.zarr"
        told = {"labels_agree": -0.001, "signs_agree": 0.987} if known else {}
        stable = stable.assign_attrs(told)
        write_store(
            stable, store, stage="stability", title="test", options=StabilityOptions(tau=0.4)
        )
        text = write_method(tmp_path / "study", store)
        assert "3 times: 0, 12, 3 pairs of these" in text
        assert ("of\n  0.00, those of the signs of 0.99 (" in text) == known


def test_it_says_what_every_space_is(study: Path) -> None:
    text = (study / "method.md").read_text(encoding="utf-8")
    for line in (
        "- `hidden`: the network's hidden states at every time step",
        "- `ae2`: the hidden states projected to 2 dimensions by a denoising autoencoder",
        "- `raw`: the recorded signals themselves",
    ):
        assert line in text


def test_a_new_statistic_is_explained_without_an_edit_here(study: Path, tmp_path: Path) -> None:
    stable = open_store(study / "stability.zarr").load()
    new = Column("novelty", "how new this is", 7, unit="count")
    write_store(
        stable.assign(novelty=new.over(("space", "pair"), np.zeros_like(stable.pi.values))),
        tmp_path / "stability.zarr",
        stage="stability",
        title="made for a test",
        options=StabilityOptions(),
    )
    for name in OTHERS:
        shutil.copytree(study / f"{name}.zarr", tmp_path / f"{name}.zarr")
    text = write_method(tmp_path, tmp_path / "stability.zarr")
    assert "| `novelty` | count | how new this is | 7 |" in text


def test_halves_are_told_of_where_there_are_any(study: Path, tmp_path: Path) -> None:
    stable = open_store(study / "stability.zarr").load()
    stable.attrs.pop("half_networks", None)
    for name in OTHERS:
        shutil.copytree(study / f"{name}.zarr", tmp_path / f"{name}.zarr")
    options = StabilityOptions(halves=17)
    for halves in ({}, {"half_networks": 6}):
        path = tmp_path / "stability.zarr"
        told = stable.assign_attrs(halves)
        write_store(told, path, stage="stability", title="made for a test", options=options)
        text = " ".join(write_method(tmp_path, path).split())
        assert ("at random, 17 times" in text) == ("Each half, of 6 networks," in text)
        assert ("Each half, of 6 networks," in text) == bool(halves)
        assert "π > 0.4 in fewer than r of the studies" in text
