"""Every stage once, in the order of the data: its package, what it does and what it can be told.

The command line, the rules' options and code hashes, provenance and the README's list of stages
are made from this table. Imports nothing heavy: `--help` and every Snakefile read it.
"""

from dataclasses import dataclass

from signpaths import options


@dataclass(frozen=True)
class Stage:
    """A stage: a rule, a command and a function of one name, alone in a module of that name.

    Attributes
    ----------
    name
        As on the command line, such as `closeness-raw`.
    package
        The package that its module is in; also the rule file.
    summary
        What it does, in one sentence.
    takes
        The models of `options` that the stage takes from the config.
    """

    name: str
    package: str
    summary: str
    takes: tuple[type[options.Options], ...] = ()

    @property
    def rule(self) -> str:
        """The name as Python and Snakemake write it."""
        return self.name.replace("-", "_")

    @property
    def module(self) -> str:
        """The module inside the package `signpaths`, such as `networks.lstm`."""
        return f"{self.package}.{self.rule}"


STAGES = (
    Stage(
        "simulate",
        "data",
        "Write simulated glove recordings with planted truth.",
        (options.SimulateOptions,),
    ),
    Stage(
        "tsd",
        "data",
        "Read .tsd recordings from a folder or an archive.",
        (options.TsdOptions,),
    ),
    Stage(
        "sequences",
        "data",
        "Choose the examples and pad them to one length.",
        (options.SequencesOptions,),
    ),
    Stage(
        "named-signs",
        "data",
        "Check that the study has the signs that its config names.",
        (options.PairsOptions, options.SignsOptions),
    ),
    Stage(
        "splits",
        "data",
        "Split the examples in training, validation and test.",
        (options.SplitsOptions,),
    ),
    Stage("networks", "networks", "List a study's networks.", (options.NetworksOptions,)),
    Stage("lstm", "networks", "Train one LSTM classifier.", (options.LstmOptions,)),
    Stage(
        "activations",
        "networks",
        "Write the hidden states of a trained network and of its untrained twin.",
        (options.ActivationsOptions,),
    ),
    Stage(
        "autoencoder",
        "projections",
        "Train one denoising autoencoder on hidden states.",
        (options.AutoencoderOptions,),
    ),
    Stage(
        "reference",
        "projections",
        "Find what the first networks have in common once they are turned onto one another.",
        (options.ReferenceOptions, options.PhasesOptions),
    ),
    Stage(
        "alignment",
        "projections",
        "Turn the hidden states of one network onto the reference.",
        (),
    ),
    Stage(
        "shared",
        "projections",
        "Train one denoising autoencoder for all networks, turned onto the reference.",
        (options.DenoisingOptions, options.SharedOptions),
    ),
    Stage(
        "paths",
        "projections",
        "Project the hidden states to two and three dimensions.",
        (options.PathsOptions,),
    ),
    Stage(
        "quality",
        "projections",
        "Measure how far the paths of one network are to be trusted.",
        (options.QualityOptions,),
    ),
    Stage(
        "bottlenecks",
        "projections",
        "Compare activations of the bottleneck on one network.",
        (options.QualityOptions,),
    ),
    Stage(
        "closeness",
        "closeness",
        "Measure how close every pair of signs is in one run.",
        (options.ClosenessOptions,),
    ),
    Stage(
        "closeness-raw",
        "closeness",
        "Measure how close every pair of signs is in the raw signals.",
        (options.ClosenessRawOptions,),
    ),
    Stage(
        "stability",
        "stability",
        "Say which pairs stay close over retrainings.",
        (options.StabilityOptions,),
    ),
    Stage(
        "agreement",
        "stability",
        "Measure how alike the runs are, and flag those that stand out.",
        (options.AgreementOptions, options.CloseOptions),
    ),
    Stage(
        "shared-map",
        "stability",
        "Put all networks into one map, and say where on their way pairs part.",
        (options.CloseOptions,),
    ),
    Stage(
        "evidence",
        "evidence",
        "Hold closeness against held-out mistakes, and claims against the retrainings.",
        (options.EvidenceOptions, options.ClaimsOptions),
    ),
    Stage(
        "responses",
        "evidence",
        "Measure what the units of one network answer to.",
        (options.ResponsesOptions,),
    ),
    Stage(
        "units",
        "evidence",
        "Say which units answer to what, and whether such units come again.",
        (options.UnitsOptions,),
    ),
    Stage(
        "sightings",
        "evidence",
        "Measure in one run what the article saw in its figures.",
    ),
    Stage("method", "report", "Say in words what was computed.", (options.MethodOptions,)),
    Stage(
        "figures",
        "report",
        "Draw the figures of all runs.",
        (options.PairsOptions, options.TransformOptions),
    ),
    Stage(
        "run-figures",
        "report",
        "Draw the article's figures of one run.",
        (options.SignsOptions, options.TransformOptions),
    ),
    Stage(
        "film",
        "report",
        "Film one network's paths and its answers, time step by time step.",
        (options.FilmOptions,),
    ),
    Stage(
        "excerpts",
        "report",
        "Gather what the report's explorer shows of one network.",
        (options.PhasesOptions,),
    ),
    Stage(
        "explorer",
        "report",
        "Pack what the report's explorer shows into one file.",
        (options.ExplorerOptions,),
    ),
    Stage("provenance", "report", "Write down what made the study."),
    Stage(
        "report",
        "report",
        "Write the report, one self-contained page.",
        (options.ReportOptions,),
    ),
    Stage("findings", "report", "Print what a study found, in a few lines."),
)
BY_RULE = {stage.rule: stage for stage in STAGES}
BEGIN, END = "<!-- stages: made by `make docs` -->\n", "<!-- end of stages -->\n"


def documented(readme: str) -> str:
    """Give a README with the table of stages as it is now, between its two marks."""
    rows = [f"| `{stage.name}` | {stage.package} | {stage.summary} |\n" for stage in STAGES]
    head = "| stage | package | what it does |\n| --- | --- | --- |\n"
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}{head}{''.join(rows)}{END}{rest.partition(END)[2]}"
