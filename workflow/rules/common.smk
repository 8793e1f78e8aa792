# Checks the config before any job starts and gives the rules what they share.
import json
import os
import shlex
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path

LIBRARY = Path(workflow.current_basedir).parent
sys.path.insert(0, str(LIBRARY))

import live
import records
from signpaths import config as study_config
from signpaths import upgrades
from signpaths.checks import unknown_pathvars
from signpaths.errors import UserError
from signpaths.hashes import code_hash, content_hash
from signpaths.options import REFERENCE_RUN
from signpaths.report import gallery
from signpaths.stages import BY_RULE
from signpaths.sums import altered
from terminal import watch

# Rules call `python -m signpaths`: by the Python that runs Snakemake unless a rule has an
# environment of its own, and always with this checkout's library.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONPATH=str(LIBRARY),
    # A job whose Snakemake was killed ends too, before it writes what the next run makes.
    SIGNPATHS_PARENT=str(os.getpid()),
)

watch(workflow)
# What a `module:` statement gives this workflow; what stands outside of it is of no concern here.
GIVEN_PATHVARS = [name for name, level in workflow.pathvars.level.items() if level == 1]

try:
    study_config.check_files(workflow.configfiles)
    config.update(study_config.checked(config))
    if unknown := list(unknown_pathvars(GIVEN_PATHVARS)):
        raise UserError("\n".join(unknown))
except UserError as error:
    # An error of Snakemake's would be followed by the places in Snakefiles that it came from.
    sys.exit(str(error))


pathvars:
    study=config["study"],


wildcard_constraints:
    split=r"\d+",
    network=r"\d+",
    ae_seed=r"\d+",
    shared_seed=r"\d+",
    dims=r"[23]",
    run=r"\d+|median|best",
    map=r"(shared_)?(ae|pca)",
    bottleneck="linear|tanh|relu|sigmoid",


ENVIRONMENT = str(LIBRARY.parent / "envs" / "signpaths.yaml")
SOURCE = config["data"]["source"]
# A network is named after the seed that sets what differs between networks.
NETWORKS = [str(seed) for seed in range(config["lstm"]["seeds"])]
REFERENCE = str(config["report"]["reference_seed"])
DIMS = config["autoencoder"]["dims"]
AE_SEEDS = range(config["autoencoder"]["seeds"])
# What all networks are turned onto; more networks than these change nothing in it.
REFERENCE_NETWORKS = NETWORKS[: config["alignment"]["reference"]]
SHARED_SEEDS = range(config["shared"]["seeds"])
# The networks whose paths are drawn, by name, or by a word for one that is known when all are trained.
RUNS = list(
    dict.fromkeys(
        REFERENCE if run == REFERENCE_RUN else run for run in config["figures"]["runs"]
    )
)
RUN_FIGURES = gallery.of_run(
    config["figures"]["maps"], DIMS, [list(one) for one in config["figures"]["signs"]]
)
# A film is of a plane.
FILMED = config["figures"]["maps"] if 2 in DIMS else []
BOTTLENECKS = config["figures"]["bottlenecks"]
COMPARED_BOTTLENECKS = (
    [f"<results>/<study>/bottlenecks/{REFERENCE}.zarr"] if BOTTLENECKS else []
)
COMPARED = config["report"]["compare"]
RESULTS = Path(workflow.pathvars.apply("<results>"))
STUDY = RESULTS / config["study"]


def take_the_place():
    """Put records with the results, take away what killed runs left, tell what should be known."""
    working = live.others(records.SNAKEMAKE)
    if working and records.kept_elsewhere(RESULTS):
        sys.exit(
            f"at work in this folder, on other results: {', '.join(working)}. Wait for it."
        )
    if working and "--unlock" in sys.argv:
        sys.exit(f"at work in this folder: {', '.join(working)}. Its locks are in use.")
    records.keep(RESULTS)
    # A dry run changes nothing, and may be made at any time.
    if not workflow.output_settings.dryrun:
        begun = RESULTS / records.RECORDS / records.BEGUN
        locked = live.locked_outputs(records.SNAKEMAKE, STUDY)
        try:
            if live.clear_locks(records.SNAKEMAKE, STUDY, begun):
                records.begin_again(RESULTS, locked)
                say(
                    "took away the locks of a run that was killed; what it finished is kept."
                )
        except live.BusyError as busy:
            # What to say to jobs that may go on is to end them and to unlock.
            if "--unlock" not in sys.argv:
                sys.exit(str(busy))
            records.begin_again(RESULTS, locked)
    for path in altered(STUDY):
        say(
            f"{path} is not what was written: cut, damaged or edited. To have it made again, "
            "remove it."
        )
    if told := upgrades.upgrade(STUDY.glob("networks/*/metrics.json")):
        say(told)


def say(line):
    """Print a line that is no output of a command."""
    print(line, file=sys.stderr)


if workflow.is_main_process:
    take_the_place()

if workflow.remote_exec:
    # A job on a machine of a cluster lives as its Snakemake does, which it may outlive.
    live.register_if_possible(records.SNAKEMAKE, f"a job of study {config['study']}")


def options(rule):
    """The part of a shell line that hands a stage its options from the config."""
    return verbatim(study_config.options(config, rule))


def with_bottleneck(activation):
    """The plane of the first autoencoder with this bottleneck; the study's own is trained once."""
    own = activation == config["autoencoder"]["bottleneck"]
    folder = "autoencoders" if own else f"bottlenecks/{activation}"
    return f"<results>/<study>/{folder}/{{network}}/2/0/model.keras"


def code(rule):
    """A hash of the code that a rule runs."""
    return code_hash(BY_RULE[rule].module)


def verbatim(text):
    """A param that Snakemake takes as it is: braces in it are no wildcards."""
    return lambda wildcards: text


def grown(first):
    """A resource of a job: so much at first, twice as much when it is tried again, and so on."""
    return lambda wildcards, attempt: first * attempt


def each(*patterns):
    """The paths of every network of the study."""
    return expand(patterns, network=NETWORKS)


def of_run(pattern, **more):
    """The paths of the network that a run means; of all, where only they tell which it is."""

    def paths(wildcards):
        networks = [wildcards.run] if wildcards.run.isdigit() else NETWORKS
        return expand(pattern, network=networks, **more)

    return paths


def all_of(rule):
    """The paths of all that a rule makes for the study."""
    return expand(rule.output, **EVERY)


def benchmarks_of(*rules):
    """The benchmark files of these rules' jobs. One that was lost is no reason to do its job again."""
    return [
        benchmark
        for rule in rules
        for benchmark, output in zip(
            expand(str(rule.benchmark), **EVERY), expand(str(rule.output[0]), **EVERY)
        )
        if Path(benchmark).exists() or not Path(output).exists()
    ]


def split_seed(network):
    """The seed of the split that a network is trained on."""
    return config["split"]["seed"] + int(network) * (config["seeds_vary"] != "training")


def split_of(network):
    """The split that a network is trained on."""
    return f"<results>/<study>/splits/{split_seed(network)}.csv"


def training_seed(network):
    """The seed of a network's initial weights and of the order of its examples."""
    return 0 if config["seeds_vary"] == "split" else int(network)


def source(wildcards):
    """Where recordings come from that Snakemake makes or fetches; nothing for a local file or folder.

    Of these the content counts, which is a param: neither their dates nor where they lie.
    """
    if SOURCE is None:
        # An error of Snakemake's would be wrapped in a traceback.
        sys.exit(study_config.missing_source())
    if SOURCE == "simulate":
        return "<results>/<study>/simulated"
    if SOURCE.startswith(("http://", "https://")):
        return storage.http(SOURCE)
    if not Path(SOURCE).exists():
        sys.exit(
            f"data.source: no such file or folder: {SOURCE}. Set it to the recordings in your config, "
            "or run make demo, which needs none."
        )
    return []


@cache
def source_content():
    """The content hash of a local source; elsewhere Snakemake itself sees a change."""
    if SOURCE is None or not Path(SOURCE).exists():
        return str(SOURCE)
    path = Path(SOURCE)
    known = (
        records.SNAKEMAKE
        / "sources"
        / f"{blake2b(bytes(path.resolve())).hexdigest()[:12]}.json"
    )
    try:
        return content_hash(path, config["data"]["pattern"], known)
    except UserError as error:
        sys.exit(str(error))


# What the report reads of other studies.
COMPARED_FILES = [
    RESULTS / study / file
    for study in COMPARED
    for file in ("stability.zarr", "provenance.json")
]


def compared(wildcards):
    """What the report reads of other studies. They are finished, or Snakemake would leave it stale."""
    for path in COMPARED_FILES:
        if not path.exists():
            sys.exit(
                f"report.compare names {path.parent.name}, but {path.parent} holds no finished study. "
                "Run that study first, or leave it out."
            )
    return COMPARED_FILES


# What the wildcards of most rules stand for.
EVERY = {
    "split": list(dict.fromkeys(map(split_seed, NETWORKS))),
    "network": NETWORKS,
    "dims": DIMS,
    "ae_seed": AE_SEEDS,
    "shared_seed": SHARED_SEEDS,
    "run": RUNS,
    "map": FILMED,
}
