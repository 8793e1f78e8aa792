"""The micro study that several files of tests look at; they leave it as they found it."""

from pathlib import Path

import pytest
from running import MICRO, checkout_copy, finished


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which the micro study has been run."""
    folder = checkout_copy(tmp_path_factory.mktemp("micro") / "signpaths")
    finished(folder, MICRO)
    return folder
