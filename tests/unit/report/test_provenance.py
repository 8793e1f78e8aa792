"""Stage `provenance`: what made a study, written down."""

import json
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from makers import write_names, write_recordings
from signpaths import __version__
from signpaths.errors import UserError
from signpaths.hashes import code_hash
from signpaths.report.provenance import _drawn, processor, provenance, seconds
from signpaths.stages import STAGES

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_benchmarks(folder: Path) -> Path:
    rows = {
        "lstm/0.tsv": "12.31\t0:00:12\t500.5\t1\t1\t1\t0\t0\t90.0\t11\n",
        "lstm/1.tsv": "10.11\t0:00:10\t700.25\t1\t1\t1\t0\t0\t90.0\t11\n",
        # Snakemake has no measure of jobs that end at once.
        "agreement/all.tsv": "0.02\t0:00:00\t-\t-\t-\t-\t-\t-\t0.00\t0\n",
        "autoencoder/0/2/1.tsv": "1.5\t0:00:01\t10\t1\t1\t1\t0\t0\t90.0\t11\n",
        "autoencoder/0/3/1.tsv": "2.5\t0:00:01\t-\t1\t1\t1\t0\t0\t90.0\t11\n",
        # The study had a third network once.
        "lstm/2.tsv": "99\t0:01:39\t900\t1\t1\t1\t0\t0\t90.0\t11\n",
        "autoencoder/2/2/1.tsv": "99\t0:01:39\t900\t1\t1\t1\t0\t0\t90.0\t11\n",
        # And other autoencoders.
        "autoencoder/0/2/2.tsv": "99\t0:01:39\t900\t1\t1\t1\t0\t0\t90.0\t11\n",
        "paths/2.tsv": "99\t0:01:39\t900\t1\t1\t1\t0\t0\t90.0\t11\n",
    }
    for name, row in rows.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEADER + row)
    (folder / "empty").mkdir()
    (folder / "stray.tsv").write_text(HEADER)
    return folder


def test_seconds_are_summed_by_rule_over_the_study_s_networks(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = seconds(write_benchmarks(tmp_path / "benchmarks"), ["0", "1"], ["2/1", "3/1"])
    assert found == {
        "agreement": {"jobs": 1, "seconds": 0.0, "largest_mib": 0.0},
        "autoencoder": {"jobs": 2, "seconds": 4.0, "largest_mib": 10.0},
        "lstm": {"jobs": 2, "seconds": 22.4, "largest_mib": 700.2},
    }
    assert seconds(tmp_path / "missing", ["0"], []) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        HEADER[:20],
        HEADER + "12.3\t0:0",
        HEADER + "12.3\t0:00:12\t50",
        HEADER + "x\t0:00:12\t500\n",
        "\0\n1\n",
    ],
)
def test_a_damaged_benchmark_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "lstm").mkdir()
    (tmp_path / "lstm" / "0.tsv").write_text(text)
    with pytest.raises(UserError, match=r"lstm/0\.tsv: no benchmark of Snakemake .* Remove it"):
        seconds(tmp_path, ["0"], [])


def test_what_is_drawn_of_single_networks_is_counted_too(tmp_path: Path) -> None:
    for name in ("film/median/ae", "film/0/ae", "film/best/ae", "sightings/median", "sightings/0"):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + "2\t0:00:02\t10\t1\t1\t1\t0\t0\t90.0\t11\n")
    drawn = _drawn({"figures": {"runs": ["reference", "median"], "maps": ["ae"]}})
    found = seconds(tmp_path, ["0", "1"], [], [], drawn)
    assert {rule: one["jobs"] for rule, one in found.items()} == {"film": 2, "sightings": 2}


def test_the_processor_has_a_name() -> None:
    assert processor().strip()


def test_what_made_the_study_is_written_down(tmp_path: Path) -> None:
    recordings = [("God", "s", 1, np.ones((2, 2))), ("who", "s", 1, "bad")]
    write_recordings(tmp_path / "recordings.zarr", recordings)
    config = {"study": "grüße", "data": {"source": "x/y.tar.gz"}, "lstm": {"seeds": 2}}
    provenance(
        write_names(tmp_path / "networks.txt", [0, 1]),
        tmp_path / "recordings.zarr",
        write_benchmarks(tmp_path / "benchmarks"),
        tmp_path / "provenance.json",
        config=json.dumps(config),
    )
    found = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    assert found["study"] == "grüße"
    assert found["config"] == config
    assert found["signpaths"] == __version__
    assert found["source"] == {
        "path": "x/y.tar.gz",
        "files": 2,
        "bad_files": 0,
        "sha256_of_names_and_contents": "of-the-source",
    }
    rules = [stage for stage in STAGES if stage.name != "findings"]
    assert found["code"] == {stage.rule: code_hash(stage.module) for stage in rules}
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["zarr"] == version("zarr")
    assert found["machine"]["cores"] >= 1
    assert found["seconds"]["lstm"]["jobs"] == 2
    text = json.dumps(found)
    assert platform.node() not in text or len(platform.node()) < 4
    assert str(tmp_path) not in text


@pytest.mark.parametrize("config", ["", "{", "study: demo"])
def test_a_config_that_is_no_json_is_refused(tmp_path: Path, config: str) -> None:
    write_recordings(tmp_path / "recordings.zarr", [("God", "s", 1, np.ones((2, 2)))])
    names = write_names(tmp_path / "networks.txt", [0])
    with pytest.raises(UserError, match="--config"):
        provenance(
            *(names, tmp_path / "recordings.zarr", tmp_path, tmp_path / "out.json"), config=config
        )
    assert not (tmp_path / "out.json").exists()
