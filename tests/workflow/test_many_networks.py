"""Three thousand networks: no shell line grows with them, and what reads them all goes through."""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import records
import xarray as xr
from running import changed, checkout_copy, finished
from signpaths.stores import open_store, write_store

MANY = 3000
# Of Linux: no argument of a command, and a shell line is one, may be longer.
LONGEST_LINE = 128 * 1024


@pytest.fixture(scope="module")
def many(micro: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the micro study in which every network is a copy of the first one's files."""
    folder = checkout_copy(tmp_path_factory.mktemp("many") / "signpaths")
    mine, theirs = folder / "results/micro", micro / "results/micro"
    for name in ("closeness_raw.zarr", "sequences.zarr"):
        shutil.copytree(theirs / name, mine / name)
    needed = {
        "activations": ["hidden", "mask", "probability"],
        "closeness": ["mutual_rank", "distance", "energy", "together_to", "apart_from"],
    }
    for kind, names in needed.items():
        # No more than is read of every network: three thousand of it take minutes.
        tiny = folder / f"{kind}.zarr"
        one = open_store(theirs / kind / "0.zarr")[names].load()
        # It stands for every network, so it says of which one it is no more.
        del one.attrs["network"]
        write_store(one, tiny, stage=kind, title="Tiny")
        for network in range(MANY):
            # Linked, since nothing changes them: a copy of each would take a minute.
            shutil.copytree(tiny, mine / kind / f"{network}.zarr", copy_function=_link)
    for network in range(MANY):
        (mine / f"networks/{network}").mkdir(parents=True)
        _link(theirs / "networks/0/metrics.json", mine / f"networks/{network}/metrics.json")
    stores = [*mine.glob("*.zarr"), *mine.glob("*/*.zarr"), *mine.glob("networks/*/metrics.json")]
    _vouch(folder, stores)
    return folder


def _vouch(folder: Path, outputs: Iterable[Path]) -> None:
    """Write records of what no run made, or it would be refused."""
    for output in outputs:
        record = {"params": [], "code": "", "input": [], "endtime": output.stat().st_mtime}
        name = records._name(output.relative_to(folder).as_posix())
        path = folder / "results" / records.RECORDS / records.METADATA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))


def _link(source: str | Path, target: str | Path) -> None:
    Path(target).hardlink_to(source)


def test_no_shell_line_grows_with_the_networks(micro: Path) -> None:
    lines = finished(
        micro,
        {**changed(lstm={"seeds": MANY}), "study": "many"},
        "-n",
        "-p",
        "--workflow-profile",
        "none",
    )
    shell = re.findall(r"python -m signpaths .*", lines)
    assert len([line for line in shell if " lstm " in line]) == MANY
    assert max(map(len, shell)) < LONGEST_LINE / 10


def test_what_reads_all_networks_goes_through(many: Path) -> None:
    study = many / "results/micro"
    overlay = changed(
        lstm={"seeds": MANY},
        stability={"resampled_studies": 10, "halves": 5, "permutations": 10},
        # Every two networks are compared: four and a half million times.
        agreement={"examples": 10, "permutations": 10},
    )
    stores = [f"results/micro/{name}.zarr" for name in ("stability", "agreement")]
    # What the networks were made from is not there: only what is older is asked for.
    finished(many, overlay, *stores, "--rerun-triggers", "mtime")
    assert (study / "networks.txt").read_text().split() == [str(name) for name in range(MANY)]
    for store in stores:
        assert xr.open_zarr(many / store).sizes["network"] == MANY
