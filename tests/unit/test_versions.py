"""Versions that trained networks: written with them, and told where they differ."""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest
from signpaths import upgrades, versions
from signpaths.upgrades import mixed, trained_by, upgrade
from signpaths.versions import TRAINED_BY, installed

HERE, OTHER = "tensorflow 2.20.0, keras 3.12.0", "tensorflow 2.16.1, keras 3.3.0"


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three networks, of which the last was trained by other versions; a fourth says nothing."""
    monkeypatch.setattr(upgrades, "training", lambda: HERE)
    paths = [tmp_path / str(network) / "metrics.json" for network in range(5)]
    contents = [{TRAINED_BY: HERE}, {TRAINED_BY: HERE}, {TRAINED_BY: OTHER}, {}, []]
    for path, content in zip(paths, contents, strict=True):
        path.parent.mkdir()
        path.write_text(json.dumps(content))
    return [*paths, tmp_path / "none.json"]


def test_versions_are_those_installed() -> None:
    found = installed(("numpy", "tensorflow", "no-such-package-here"))
    assert found["numpy"] == np.__version__
    assert found.get("tensorflow") in (
        version_or_none("tensorflow"),
        version_or_none("tensorflow-cpu"),
    )
    assert "no-such-package-here" not in found
    assert versions.training().startswith("tensorflow ")


def version_or_none(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def test_networks_are_counted_by_what_trained_them(metrics: list[Path]) -> None:
    assert trained_by(metrics) == {HERE: 2, OTHER: 1}


def test_an_upgrade_is_told_with_what_to_do(metrics: list[Path]) -> None:
    said = upgrade(metrics)
    assert f"1 by {OTHER}" in said
    assert f"installed is {HERE}" in said
    assert "--forcerun lstm autoencoder" in said
    assert upgrade(metrics[:2]) == ""
    assert upgrade([]) == ""


def test_the_report_names_networks_of_other_versions() -> None:
    same = [{"network": name, TRAINED_BY: HERE} for name in "01"]
    assert mixed(same) == ""
    assert mixed([{"network": "0"}]) == ""
    said = mixed([*same, {"network": "2", TRAINED_BY: OTHER}, {"network": "3"}])
    assert f"0, 1 by {HERE}; 2 by {OTHER}; 3 by an earlier version" in said
