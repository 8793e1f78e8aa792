"""Stage `networks`: the list that the stages which read all networks follow."""

from pathlib import Path

import pytest
from signpaths.networks.networks import networks
from signpaths.options import NetworksOptions
from signpaths.runs import read_names


@pytest.mark.parametrize("seeds", [1, 12])
def test_networks_are_named_after_their_seeds(tmp_path: Path, seeds: int) -> None:
    networks(tmp_path / "networks.txt", options=NetworksOptions(seeds=seeds))
    assert read_names(tmp_path / "networks.txt") == [str(seed) for seed in range(seeds)]
