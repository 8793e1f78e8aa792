"""Fixtures that several files of tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# A busy machine must not fail a property test; the same examples are drawn in every run.
settings.register_profile(
    "calm", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# For mutation runs, where a failure needs no smallest example.
settings.register_profile(
    "quick",
    settings.get_profile("calm"),
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("calm")

REAL_RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "tctodd.tar.gz"


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of stage `tsd`, of the real recordings."""
    from makers import GLOVE_CHANNELS
    from signpaths.data.tsd import TsdOptions, tsd

    if not REAL_RECORDINGS.is_file():
        pytest.skip(f"the real recordings are not there: {REAL_RECORDINGS.name}")
    store = tmp_path_factory.mktemp("real") / "recordings.zarr"
    tsd(REAL_RECORDINGS, store, options=TsdOptions(channels=GLOVE_CHANNELS))
    return store
