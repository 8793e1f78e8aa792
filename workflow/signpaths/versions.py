"""Versions of packages: what is installed, and what trains networks.

Takes names of packages, gives versions as text. Weights depend on them, so each network's
`metrics.json` holds them; what is told of differences is in `upgrades`.
"""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

TRAINING = ("tensorflow", "keras")
# The key of `metrics.json`.
TRAINED_BY = "trained_by"


def installed(packages: Sequence[str]) -> dict[str, str]:
    """Give the installed versions; TensorFlow goes by one of two names."""
    found = {}
    for name in packages:
        for candidate in (name, f"{name}-cpu"):
            try:
                found[name] = version(candidate)
            except PackageNotFoundError:
                continue
            break
    return found


def training() -> str:
    """Name what trains networks here, such as `tensorflow 2.20.0, keras 3.12.0`."""
    return ", ".join(f"{name} {found}" for name, found in installed(TRAINING).items())
