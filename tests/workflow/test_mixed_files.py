"""Files of another network, run or study, handed over by hand: each is refused by name."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from signpaths.data.splits import read_parts
from signpaths.errors import UserError
from signpaths.evidence.evidence import evidence
from signpaths.evidence.sightings import sightings
from signpaths.networks.activations import activations
from signpaths.options import PathsOptions
from signpaths.projections.paths import paths
from signpaths.report.report import report
from signpaths.report.run_figures import run_figures
from signpaths.stores import open_store, read_table, write_store, write_table
from signpaths.sums import sidecar


@pytest.fixture
def study(micro: Path, tmp_path: Path) -> Path:
    """A copy of the micro study, in which files are put in the place of others."""
    shutil.copytree(micro / "results" / "micro", tmp_path / "micro")
    return tmp_path / "micro"


def put(source: Path, place: Path) -> None:
    """Let a file or store stand in the place of another one, with its sums."""
    if source.is_dir():
        shutil.rmtree(place)
        shutil.copytree(source, place)
    else:
        shutil.copy(source, place)
        shutil.copy(sidecar(source), sidecar(place))
        text = sidecar(place).read_text().replace(f"  {source.name}", f"  {place.name}")
        sidecar(place).write_text(text)


def of_another_study(store: Path, stage: str) -> None:
    """Let a store say that it was made from other networks, as one of another study does."""
    one = open_store(store).load()
    made_from = {f"network {name}": "0" * 32 for name in (0, 1)}
    write_store(one, store, stage=stage, title="of another study", made_from=made_from)


def seen(study: Path, out: str = "out.zarr", run: str = "0") -> None:
    names = ("sequences.zarr", "activations", "paths", "networks")
    found = [study / name for name in (*names, "agreement.zarr", "shared_map.zarr", out)]
    sightings(*found, run=run)


def drawn(study: Path, one: str = "ae") -> None:
    names = (
        *("activations", "paths", "sightings/0.zarr", "units.zarr", "sequences.zarr"),
        *("networks", "autoencoders", "shared", "out"),
    )
    run_figures(*(study / name for name in names), study="micro", maps=[one])


def told(study: Path) -> None:
    names = (
        *("stability.zarr", "sequences.zarr", "excluded.csv", "paths/0.zarr", "networks"),
        *("figures", "provenance.json", "out.html"),
    )
    more = {"evidence": study / "evidence.zarr", "agreement": study / "agreement.zarr"}
    report(*(study / name for name in names), **more)


def run_again(study: Path) -> None:
    names = (
        *("sequences.zarr", "splits/0.csv", "networks/0/model.keras"),
        *("networks/0/untrained.keras", "out.zarr", "twin.zarr"),
    )
    activations(*(study / name for name in names))


def projected(study: Path) -> None:
    names = ("activations/0.zarr", "autoencoders/0", "alignment/0.zarr", "reference.zarr", "shared")
    options = PathsOptions(dims=(2,), seeds=1)
    paths(*(study / name for name in names), study / "out.zarr", options=options)


def held_against_mistakes(study: Path) -> None:
    names = ("stability.zarr", "closeness_raw.zarr", "activations", "out.zarr", "out.csv")
    evidence(*(study / name for name in names))


MIXED = [
    # What is taken, in whose place, what reads it, and which file is named.
    ("activations/1.zarr", "activations/0.zarr", seen, "activations/0.zarr: it is of network 1"),
    ("activations/1.zarr", "activations/0.zarr", held_against_mistakes, "it is of network 1"),
    ("paths/1.zarr", "paths/0.zarr", seen, "paths/0.zarr: it is of network 1, not of network 0"),
    ("paths/1.zarr", "paths/0.zarr", told, "paths/0.zarr: it was not made from"),
    ("untrained/0.zarr", "activations/0.zarr", seen, "expected a store of stage activations"),
    ("untrained/0.zarr", "activations/0.zarr", projected, "expected a store of stage activations"),
    ("networks/1/model.keras", "networks/0/model.keras", drawn, "activations/0.zarr: it was not"),
    ("networks/1/model.keras", "networks/0/model.keras", run_again, "0/model.keras: it was not"),
    ("networks/1/untrained.keras", "networks/0/untrained.keras", run_again, "0/model.keras: it"),
    ("networks/0/untrained.keras", "networks/0/model.keras", run_again, "0/model.keras: it was"),
    (
        *("autoencoders/1/2/0/model.keras", "autoencoders/0/2/0/model.keras", drawn),
        "autoencoders/0/2/0/model.keras: it was not made from",
    ),
    (
        *("autoencoders/1/2/0/model.keras", "autoencoders/0/2/0/model.keras", projected),
        "autoencoders/0/2/0/model.keras: it was not made from",
    ),
]


@pytest.mark.parametrize(("other", "place", "stage", "said"), MIXED)
def test_another_networks_file_is_refused(
    study: Path, other: str, place: str, stage: Callable[[Path], None], said: str
) -> None:
    put(study / other, study / place)
    with pytest.raises(UserError) as caught:
        stage(study)
    assert said in str(caught.value)
    assert not list(study.glob("out*"))


def test_an_autoencoder_of_a_network_is_not_taken_for_the_shared_maps(study: Path) -> None:
    put(study / "autoencoders/0/2/0/model.keras", study / "shared/2/0/model.keras")
    with pytest.raises(UserError, match=r"shared/2/0/model\.keras: it was not made from"):
        drawn(study, "shared_ae")


@pytest.mark.parametrize(
    ("name", "stage", "reader"),
    [
        ("agreement", "agreement", seen),
        ("agreement", "agreement", told),
        ("shared_map", "shared-map", seen),
        ("stability", "stability", told),
        ("stability", "stability", held_against_mistakes),
        ("units", "units", drawn),
    ],
)
def test_another_studys_store_is_refused(
    study: Path, name: str, stage: str, reader: Callable[[Path], None]
) -> None:
    of_another_study(study / f"{name}.zarr", stage)
    with pytest.raises(UserError, match="it was not made from"):
        reader(study)
    assert not list(study.glob("out*"))


def test_sightings_of_other_paths_are_refused(study: Path) -> None:
    one = open_store(study / "paths/0.zarr").load()
    one["path"] = one["path"] + 1
    write_store(
        one,
        study / "paths/0.zarr",
        stage="paths",
        title="made again otherwise",
        made_from={"activations": study / "activations/0.zarr"},
    )
    with pytest.raises(UserError, match=r"sightings/0\.zarr: it was not made from .*paths/0\.zarr"):
        drawn(study)


def test_a_network_trained_on_another_split_is_refused(study: Path) -> None:
    table = read_table(study / "splits/0.csv")
    write_table(study / "splits/0.csv", table.assign(part=table["part"].to_numpy()[::-1]))
    assert read_parts(study / "splits/0.csv", len(table)).size
    with pytest.raises(UserError, match=r"model\.keras: it was not made from .*splits/0\.csv"):
        run_again(study)


def test_files_of_one_study_are_taken(study: Path) -> None:
    for place, stage in enumerate((seen, drawn, told, run_again, projected, held_against_mistakes)):
        stage(study)
        for one in study.glob("out*"):
            one.rename(study / f"made-{place}-{one.name}")
