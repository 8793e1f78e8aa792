"""A trained network for the tests of the stages that train and run networks."""

from pathlib import Path

import pytest
from trained import trained_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a trained LSTM and its activations."""
    return trained_study(tmp_path_factory.getbasetemp())
