"""Which autoencoders the comparison of bottlenecks takes: the study's own is not trained again."""

from pathlib import Path
from typing import Any

import pytest
from running import checkout_copy, planned

STORE = "results/demo/bottlenecks/0.zarr"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout_copy(tmp_path_factory.mktemp("bottlenecks") / "signpaths")


@pytest.mark.parametrize(
    ("config", "own", "others"),
    [
        ({}, 1, 3),
        # Its plane is trained although the study has none.
        ({"autoencoder": {"dims": [3]}}, 1, 3),
        ({"autoencoder": {"bottleneck": "tanh"}}, 1, 3),
        ({"figures": {"bottlenecks": ["linear"]}}, 1, 0),
        ({"figures": {"bottlenecks": ["relu", "tanh"]}}, 0, 2),
    ],
)
def test_the_study_s_own_autoencoder_is_taken_and_the_others_trained(
    clone: Path, config: dict[str, Any], own: int, others: int
) -> None:
    jobs = planned(clone, config, STORE)
    assert jobs["bottlenecks"] == 1
    assert (jobs.get("autoencoder", 0), jobs.get("other_bottleneck", 0)) == (own, others)
    assert jobs["activations"] == 1
