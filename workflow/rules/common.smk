# Checks the config before any job starts and gives the rules what they share.
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

LIBRARY = Path(workflow.current_basedir).parent
sys.path.insert(0, str(LIBRARY))

from signpaths import config as study_config
from signpaths.errors import UserError
from signpaths.hashes import code_hash, content_hash

# Rules call `python -m signpaths`: by the Python that runs Snakemake unless a rule has an
# environment of its own, and always with this checkout's library.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONPATH=str(LIBRARY),
)

SCHEMA = LIBRARY / "schemas" / "config.schema.yaml"
try:
    study_config.check_keys(config, SCHEMA)
    validate(config, str(SCHEMA))
    study_config.check_values(config)
except UserError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    study=config["study"],


wildcard_constraints:
    split=r"\d+",
    lstm_seed=r"\d+",
    ae_seed=r"\d+",
    dims=r"[23]",


LSTM_SEEDS = range(config["lstm"]["seeds"])
AE_SEEDS = range(config["autoencoder"]["seeds"])
SOURCE = config["data"]["source"]
ENVIRONMENT = str(LIBRARY.parent / "envs" / "signpaths.yaml")


def options(section, keys):
    """The part of a shell line that hands these keys of a config section to a stage."""
    return verbatim(study_config.options(config, section, keys))


def verbatim(text):
    """A param that Snakemake takes as it is: braces in it are no wildcards."""
    return lambda wildcards: text


def split_seed(lstm_seed):
    """The split that an LSTM seed is trained on."""
    return config["split"]["seed"] + int(lstm_seed) * (
        config["seeds_vary"] != "training"
    )


def training_seed(lstm_seed):
    """The seed of an LSTM's initial weights and of the order of its examples."""
    return 0 if config["seeds_vary"] == "split" else int(lstm_seed)


def source():
    """The recordings: simulated, behind a URL, or a file or folder whose content counts, not its date."""
    if SOURCE == "simulate":
        return "<results>/<study>/simulated"
    if SOURCE.startswith(("http://", "https://")):
        return storage.http(SOURCE)
    if not Path(SOURCE).exists():
        raise WorkflowError(
            f"data.source: no such file or folder: {SOURCE}. Set it to the recordings in your config, "
            "or to simulate for recordings with planted truth."
        )
    return ancient(SOURCE)


def source_content():
    """The content hash of a local source; elsewhere Snakemake itself sees a change."""
    return verbatim(content_hash(Path(SOURCE)) if Path(SOURCE).exists() else SOURCE)
