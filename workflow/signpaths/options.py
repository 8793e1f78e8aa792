"""Everything that a study can set, once: a model a section, a docstring a key.

From here come the config's schema and README, its checks, the options of every command with their
help, and the shell options of every rule (see `config`). What a stage takes is a model of its own;
a section is that model, or is derived from those of its stages and adds the keys that rules read.
Imports nothing heavy: every Snakefile and `--help` read it.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from cyclopts import Parameter
from cyclopts.validators import Number
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    Strict,
    ValidationInfo,
    field_validator,
)

# The channels of the Auslan gloves, which simulated recordings have too.
GLOVES = tuple(
    f"{side}_{part}"
    for side in ("left", "right")
    for part in (
        *("x", "y", "z", "roll", "pitch", "yaw"),
        *("thumb", "fore", "index", "ring", "little"),
    )
)

# Where pydantic alone would take too much, or cannot read what a command line gives it: text.


def _not_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _null(value: Any) -> Any:
    return None if value in ("none", "null") else value


def _gloves(value: Any) -> Any:
    return GLOVES if value in ("gloves", ["gloves"]) else value


def _list(value: Any) -> Any:
    """Take a list inside a list for what it holds: cyclopts reads JSON, and repeats options."""
    whole = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)
    return value[0] if whole else value


def _pairs(value: Any) -> Any:
    """Take the list of pairs out of the list that cyclopts, which reads JSON, puts around it."""
    match value:
        case [[[*_], *_] as pairs]:
            return pairs
    return value


def _seed(value: Any) -> Any:
    """Take a seed as YAML reads it, a whole number, for a network's name."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _map(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("no file and no shell line can hold that")
    return text


def _any(values: tuple[Any, ...]) -> tuple[Any, ...]:
    # As a bound of the type, it would also be said of a list whose only item is wrong.
    if not values:
        raise ValueError("nothing stands there")
    return values


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("something stands there twice")
    return values


def _pairs_once(values: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len(set(map(frozenset, values))) < len(values):
        raise ValueError("a pair stands there twice, in either order")
    return values


# What a value may be. A bound stands before the function that looks at the value first: only then
# does the schema say it as JSON schema does. A title says what is taken where bounds do not.

NUMBER = BeforeValidator(_not_boolean)
NULL = BeforeValidator(_null)
ONCE = AfterValidator(_once)

Boolean = Annotated[bool, Strict(), BeforeValidator(_boolean)]
# A number has a largest value far above what anyone wants, so that a slip is told at once, not by a
# job that takes all memory or never ends.
Natural = Annotated[int, Field(ge=0, le=100_000), NUMBER]
Count = Annotated[int, Field(ge=1, le=1_000_000), NUMBER]
Few = Annotated[int, Field(ge=0, le=1000), NUMBER]
Some = Annotated[int, Field(ge=1, le=1000), NUMBER]
# Of what is drawn again and again.
Draws = Annotated[int, Field(ge=1, le=10_000), NUMBER]
Epochs = Annotated[int, Field(ge=1, le=100_000), NUMBER]
Frames = Annotated[int, Field(ge=1, le=100_000), NUMBER]  # of an example
NotNegative = Annotated[FiniteFloat, Field(ge=0, le=1000), NUMBER]
Positive = Annotated[FiniteFloat, Field(gt=0, le=1_000_000), NUMBER]
# With ten, Adam's steps are larger than any weight; beyond, float32 ends.
LearningRate = Annotated[FiniteFloat, Field(gt=0, le=10), NUMBER]
# From 0 to 1, with both ends, without 0, and with neither.
Fraction = Annotated[FiniteFloat, Field(ge=0, le=1), NUMBER]
Share = Annotated[FiniteFloat, Field(gt=0, le=1), NUMBER]
Inside = Annotated[FiniteFloat, Field(gt=0, lt=1), NUMBER]

# What seeds random numbers. A stage takes up to 31 bits, for networks count on from `split.seed`.
Seed = Annotated[int, Field(ge=0, le=2_000_000_000), NUMBER]
SeedOption = Annotated[int, Parameter(validator=Number(gte=0, lte=2**31 - 1))]
CountOption = Annotated[int, Parameter(validator=Number(gte=0, lte=1000))]

AnyText = Annotated[str, AfterValidator(_no_nul)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_no_nul)]
Item = TypeVar("Item")
Distinct = Annotated[
    tuple[Item, ...],
    BeforeValidator(_list),
    ONCE,
    Field(json_schema_extra={"uniqueItems": True}),
]
Texts = Distinct[Text]
OneOrMore = Annotated[
    tuple[Item, ...],
    AfterValidator(_any),
    ONCE,
    Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
]

Pairs = Annotated[
    tuple[Annotated[tuple[Text, Text], ONCE, Field(json_schema_extra={"uniqueItems": True})], ...],
    BeforeValidator(_pairs),
    AfterValidator(_pairs_once),
    Field(
        max_length=24,
        title="a list of at most 24 pairs, each `[sign, other sign]`, none twice",
        json_schema_extra={"uniqueItems": True},
    ),
    Parameter(accepts_keys=False, n_tokens=1),
]

SignGroups = Annotated[
    tuple[
        Annotated[
            tuple[Text, ...],
            Field(min_length=1, max_length=6, json_schema_extra={"uniqueItems": True}),
            ONCE,
        ],
        ...,
    ],
    BeforeValidator(_pairs),
    ONCE,
    Field(
        max_length=24,
        title="a list of at most 24 lists, each of 1 to 6 different signs, none twice",
        json_schema_extra={"uniqueItems": True},
    ),
    Parameter(accepts_keys=False, n_tokens=1),
]

# Words for a network that is known once all are trained, beside names of networks.
REFERENCE_RUN, MEDIAN, BEST = "reference", "median", "best"
Run = Annotated[
    str,
    Field(
        pattern=f"^(0|[1-9][0-9]{{0,8}}|{REFERENCE_RUN}|{MEDIAN}|{BEST})$",
        title=f"a network's seed, `{REFERENCE_RUN}`, `{MEDIAN}` or `{BEST}`",
    ),
    BeforeValidator(_seed),
]
Map = Literal["ae", "pca", "shared_ae", "shared_pca"]

StudyName = Annotated[
    str,
    Field(
        max_length=100,
        pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        title="a name of letters, digits, `-`, `_` and `.` that begins with a letter or digit",
    ),
]

Activation = Literal["relu", "tanh", "sigmoid", "linear"]
Engine = Literal["auto", "fused", "keras"]
Schedule = Literal["constant", "cosine", "one_cycle"]
SeedsVary = Literal["training", "split", "both"]
ClaimKind = Literal["close", "apart", "crossing", "sometimes", "near_in_plane", "handedness"]


@Parameter(name="*")
class Options(BaseModel):
    """What all models here have in common: nothing can be changed, no other key is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SimulateOptions(Options):
    """Made-up glove recordings with planted truth, used when `data.source` is `simulate`."""

    seed: Seed = 0
    """Seed of the recordings; another seed makes other signs."""

    twins: Few = 2
    """Pairs of nearly equal signs, which should stay close."""

    prefixes: Few = 2
    """Pairs in which one sign is the beginning of the other, which should stay close."""

    crossings: Few = 2
    """Pairs that pass through the same places at other times, which should not be close."""

    learned: Few = 0
    """Groups of three: two signs that only training brings together, for every take adds another
    movement of the left hand to what they share, and a quiet sign that is near the first until
    training takes it away.
    """

    trembling: Few = 0
    """Groups of three: two signs that any recurrent network brings together, for it smooths the
    trembling that sets their takes apart, and a quiet sign that is near them in the signals.
    """

    flickering: Few = 0
    """Groups of four signs at equal distances, of which now two are close, now other two."""

    others: Few = 0
    """Signs without a planted relation to any other."""

    sessions: Some = 3
    """Recording sessions."""

    takes: Some = 4
    """Recordings of each sign in each session."""

    noise: Annotated[FiniteFloat, Field(ge=0, le=10), NUMBER] = 0.01
    """Standard deviation of the sensors' noise, as a share of a channel's range."""

    drift: Annotated[FiniteFloat, Field(ge=0, le=10), NUMBER] = 0.05
    """Standard deviation of what each session adds to a channel, as a share of its range."""

    @property
    def signs(self) -> int:
        """How many signs these make."""
        pairs = self.twins + self.prefixes + self.crossings
        threes = self.learned + self.trembling
        return 2 * pairs + 3 * threes + 4 * self.flickering + self.others


class Source(Options):
    """Where the recordings are."""

    source: Text | None = None
    """Where the recordings are: a folder, an archive (`.tar`, `.tar.gz`, `.tar.bz2`, `.tar.xz` or
    `.zip`, also one inside the other), an `http://` or `https://` address of an archive, or
    `simulate` for made-up recordings with planted truth. Every study has to say it.
    """


class SizeOptions(Options):
    """How much is taken for honest."""

    largest_gib: Annotated[FiniteFloat, Field(gt=0, le=100_000), NUMBER] = 4.0
    """The most that the recordings may hold, in GiB, so that a damaged or hostile archive fills
    neither memory nor disk: what is read of a folder or comes out of archives, inside others too
    (each file counts as 4 KiB at least), and the padded examples. One file may hold a 64th of it.
    """


class TsdOptions(SizeOptions):
    """How files are named and what a frame holds."""

    pattern: Text = r"(?:(?P<session>[^/]+)/)?(?P<sign>[^/]+)-(?P<take>\d+)\.tsd$"
    """Regular expression that is searched for in each file's path inside the source. Its named
    groups `sign`, `take` (a whole number) and, if there is one, `session` label the recording;
    files that do not match are passed over. Of those that match, hidden ones (a name on the path
    begins with a dot) are left out and listed in `excluded.csv`; links, which are not followed,
    and what else is no plain file are bad files. A hard link in a tar is read.
    """

    channels: Annotated[
        OneOrMore[Text] | None,
        Field(
            title="a list of at least one, each text, none twice, or `gloves`",
            json_schema_extra={"type": ["array", "string", "null"], "pattern": "^gloves$"},
        ),
        BeforeValidator(_gloves),
        BeforeValidator(_list),
    ] = None
    """Names of the channels, in the order of the columns. `gloves` stands for the 22 of the Auslan
    gloves, left hand first; `null` names them `channel_00`, `channel_01` and so on. One- and
    two-handed signs are told apart only if `left_x` to `left_z` and `right_x` to `right_z` are
    among them.
    """

    on_bad_file: Literal["error", "skip"] = "error"
    """What to do with files that cannot be read: stop and list them all (`error`), or leave them
    out and say so in `excluded.csv` and the report (`skip`).
    """


class SequencesOptions(SizeOptions):
    """Which recordings become examples, and how they are padded."""

    aliases: Annotated[
        dict[
            Annotated[
                str, Field(pattern="^[^=]+$", title="a name without `=`"), AfterValidator(_no_nul)
            ],
            Text,
        ],
        BeforeValidator(_map),
        Parameter(accepts_keys=False, n_tokens=1),
    ] = {}
    """Signs that go by another name, each as `name: sign`, the name in the files first."""

    exclude: Texts = ()
    """Signs to leave out, by their names after `data.aliases` is applied."""

    max_length: Annotated[Frames | None, NULL] = None
    """The longest example to keep, in frames; longer ones are listed in `excluded.csv`. `null`
    keeps all.
    """

    padded_length: Annotated[Frames | None, NULL] = None
    """Frames of every sequence after padding with zeros; `null` takes the longest example's."""

    padding: Literal["pre", "post"] = "pre"
    """Where the zeros go, before (`pre`) or after (`post`) the recorded frames."""

    two_handed: Positive = 0.15
    """A sign is two-handed if, in most of its examples, the left hand moves at least this share of
    what the right hand does.
    """


class Data(SequencesOptions, TsdOptions, Source):
    """The recordings, and which of them become examples."""


class SplitsOptions(Options):
    """How examples are dealt out; what training and validation leave is the test set."""

    by: Literal["example", "session"] = "example"
    """Deal out each sign's examples (`example`), or whole sessions (`session`)."""

    train: Positive = 0.78
    """The training set: below 1 a share, from 1 on a whole number, of each sign's examples (or of
    the sessions).
    """

    validation: Positive = 0.11
    """The validation set, given like `split.train`."""


class Split(SplitsOptions):
    """How examples are dealt out to training, validation and test; what the first two leave is the
    test set.
    """

    seed: Seed = 0
    """Seed of the split."""


class NetworksOptions(Options):
    """How often a network is trained."""

    seeds: Annotated[int, Field(ge=1, le=10_000), NUMBER] = 20
    """How many networks are trained, with seeds 0, 1, 2 and so on. Stability is counted over them:
    with fewer than about 10, no pair can be shown to stay close.
    """


class LstmOptions(Options):
    """The network that learns the signs, and how it is trained."""

    units: Annotated[int, Field(ge=1, le=4096), NUMBER] = 100
    """LSTM units, the dimensions of a hidden state. Time and memory grow with the square."""

    epochs: Epochs = 80
    """Passes over the training examples, at most."""

    batch_size: Count = 64
    """Examples a training step."""

    bucket: Count = 8
    """Out of this many shuffled batches, examples of like length are put together, so that less
    padding is computed; 1 leaves the batches shuffled.
    """

    learning_rate: LearningRate = 0.006
    """Adam's largest learning rate."""

    schedule: Schedule = "cosine"
    """Keep the learning rate (`constant`), let it fall to zero over the epochs (`cosine`), or let
    it rise over the first tenth of the steps before it falls (`one_cycle`).
    """

    # Beyond these float32 makes nothing, or no number, of a gradient.
    clipnorm: Annotated[
        Annotated[FiniteFloat, Field(ge=1e-12, le=1_000_000), NUMBER] | None, NULL
    ] = 1.0
    """Largest norm of a weight's gradient; `null` clips nothing."""

    patience: Annotated[Epochs | None, NULL] = None
    """Stop after this many epochs without a better validation loss; `null` trains all epochs. The
    weights of the best validation loss are kept in either case.
    """

    standardise: Boolean = True
    """Scale each channel by its mean and standard deviation over the training set's real frames;
    the scaling is part of the saved network.
    """

    mask: Boolean = True
    """Let the LSTM pass over padding instead of reading its zeros."""

    noise: Annotated[FiniteFloat, Field(ge=0, le=100), NUMBER] = 0.3
    """Standard deviation of the Gaussian noise on real frames while training, in standard
    deviations of a channel; 0 adds none.
    """

    gain: Annotated[FiniteFloat, Field(ge=0, le=5), NUMBER] = 0.1
    """How much a channel of an example is stretched or shrunk about the channel's mean, by another
    factor each time it is trained on: the standard deviation of the factor's logarithm. 0
    leaves it.
    """

    offset: Annotated[FiniteFloat, Field(ge=0, le=100), NUMBER] = 0.2
    """How far a channel of an example is shifted, anew each time it is trained on: the standard
    deviation of the shift, in standard deviations of the channel. 0 leaves it.
    """

    engine: Engine = "auto"
    """What computes the LSTM in training: TensorFlow's sequence kernel (`fused`), Keras' own layer
    (`keras`), or the faster of the two: Keras' on a GPU, the kernel elsewhere (`auto`). The
    saved networks are the same but for rounding.
    """


class Lstm(LstmOptions, NetworksOptions):
    """The network that learns the signs, and its retrainings."""


class ActivationsOptions(Options):
    """How hidden states are stored."""

    mantissa_bits: Annotated[int, Field(ge=1, le=23), NUMBER] = 23
    """Bits of precision to keep. 23 loses nothing; fewer make smaller files."""


class PathsOptions(Options):
    """How many autoencoders there are of a network."""

    seeds: Some = 5
    """How many autoencoders are trained for each network and each number of dimensions, with seeds
    0, 1, 2 and so on.
    """

    dims: OneOrMore[Annotated[int, Field(ge=2, le=3, title="2 or 3"), NUMBER]] = (2, 3)
    """Dimensions of the paths."""


class DenoisingOptions(Options):
    """A denoising autoencoder."""

    layers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=10_000), NUMBER], ...], Field(max_length=10)
    ] = (600, 150)
    """Sizes of the encoder's layers; the decoder mirrors them."""

    activation: Activation = "relu"
    """Activation of those layers."""

    bottleneck: Activation = "linear"
    """Activation of the layer between encoder and decoder, whose output is the path."""

    noise: Fraction = 0.1
    """Standard deviation of the Gaussian noise on the input in training, where states are from -1
    to 1.
    """

    noise_draw: Literal["fresh", "fixed"] = "fresh"
    """Draw the noise at every training step (`fresh`), or once for all (`fixed`)."""


class RegimeOptions(Options):
    """How an autoencoder is trained."""

    epochs: Epochs = 3
    """Passes over the training frames, at most."""

    batch_size: Count = 256
    """Frames a training step."""

    learning_rate: LearningRate = 0.012
    """Adam's largest learning rate."""

    schedule: Schedule = "one_cycle"
    """Keep the learning rate (`constant`), let it fall to zero over the epochs (`cosine`), or let
    it rise over the first tenth of the steps before it falls (`one_cycle`).
    """

    patience: Annotated[Epochs | None, NULL] = 5
    """Stop after this many epochs without a better validation loss; `null` trains all epochs."""


class AutoencoderOptions(RegimeOptions, DenoisingOptions):
    """A network's autoencoder, the frames that it sees and how it is trained."""

    frames: Literal["real", "window"] = "real"
    """Train on all recorded frames and no padding (`real`), or on the time steps of
    `autoencoder.window`, padding or not (`window`).
    """

    window: tuple[Natural, Natural] = (10, 64)
    """First and last time step to train on, counted from 0, both included. Used only if
    `autoencoder.frames` is `window`.
    """

    thin_steps: Frames = 1
    """Train on every so many-th frame of an example; 1 takes all."""

    thin_speed: NotNegative = 0.0
    """Leave out training frames whose hidden state is nearer than this to the last one kept
    (Euclidean distance); 0 leaves out none.
    """

    validation: Literal["example", "frame"] = "example"
    """Judge the training on the validation examples (`example`), or on the last fifth of the
    shuffled training frames (`frame`).
    """


class Autoencoder(AutoencoderOptions, PathsOptions):
    """The denoising autoencoders that project hidden states to paths in two and three dimensions,
    trained anew for every network.
    """


class Alignment(Options):
    """How the hidden states of all networks are turned onto a common reference."""

    reference: Annotated[int, Field(ge=2, le=1000), NUMBER] = 10
    """Networks whose consensus is the reference: the first so many, or all of a smaller study.
    More networks are turned onto it and change nothing.
    """


class ReferenceOptions(Options):
    """What the shared map is made from."""

    frames: Count = 60_000
    """Frames that the shared map is fitted to, at most: training examples of the reference
    networks, as many of each. Time and memory do not grow with the networks.
    """


class SharedOptions(RegimeOptions):
    """How the shared map's autoencoders are trained."""

    learning_rate: LearningRate = 0.001
    """Adam's largest learning rate."""


class Shared(SharedOptions, ReferenceOptions):
    """One map for all networks: principal components, and denoising autoencoders of the layers and
    noise of `autoencoder`, trained on the hidden states turned onto the reference.
    """

    seeds: Few = 2
    """How many autoencoders are trained for each number of dimensions, with seeds 0, 1, 2 and so
    on. It takes two to tell how much of what the map shows is the autoencoder's; 0 leaves the
    principal components.
    """


class QualityOptions(Options):
    """How far projections are to be trusted."""

    frames: Annotated[int, Field(ge=2, le=5000), NUMBER] = 3000
    """Frames of held-out examples among which neighbours are looked for, at most. Time and memory
    grow with the square.
    """


class PhasesOptions(Options):
    """Where on their way trajectories are compared."""

    phases: Annotated[int, Field(ge=2, le=250), NUMBER] = 32
    """Points of a path, equally spaced over its own length, at which two paths are compared.
    Memory grows with it, and the time that crossings and time warping take with its square.
    """


class ClosenessRawOptions(PhasesOptions):
    """How trajectories are compared, those of raw signals too."""

    examples: Literal["all", "train", "held_out"] = "all"
    """The examples to compare: `all`, those of the training set (`train`), or those of validation
    and test (`held_out`).
    """

    crossing_examples: Few = 9
    """At most so many examples of a sign are compared to see whether two signs meet at different
    times; 0 leaves that out.
    """

    dtw_band: Share = 0.15
    """How far apart two phases may be matched by dynamic time warping, as a share of all phases."""


class ClosenessOptions(ClosenessRawOptions):
    """How the closeness of two signs is measured inside one run."""

    labellings: Few = 5
    """How many times the examples are dealt out to pseudo-signs at random, to see how many pairs
    of these would stay close; 0 leaves that out. Only where all examples are compared.
    """

    parting: Annotated[FiniteFloat, Field(gt=1, le=1000), NUMBER] = 1.5
    """Two signs have parted where the distance between their examples is at least this many times
    the distance within the signs, after equal times (root mean squares).
    """

    dtw: Texts = ()
    """Spaces to be measured with dynamic time warping as well, which then stand beside them as
    `<space>_dtw`: a sensitivity that takes a few seconds for every run and space.
    """


class CloseOptions(Options):
    """When a pair counts as close in a run."""

    close_fraction: Share = 0.05
    """A pair is close in a run if its mutual rank is at most this share of the other signs, and at
    least 1.
    """


class StabilityOptions(CloseOptions):
    """When a pair counts as close, and when it is said to stay close over retrainings."""

    # Nearer to 0 or 1, it takes thousands of networks to tell anything, and long to count them.
    tau: Annotated[FiniteFloat, Field(ge=0.01, le=0.99), NUMBER] = 0.5
    """A pair stays close if it is shown to be close in more than this share of retrainings."""

    fdr: Annotated[FiniteFloat, Field(ge=1e-6, lt=1), NUMBER] = 0.05
    """False discovery rate that is accepted among the pairs said to stay close, and to be apart."""

    rare: Fraction = 0.1
    """A pair comes and goes if it is shown to be close in more than this share of retrainings, and
    in less than `stability.firm`.
    """

    firm: Share = 0.9
    """See `stability.rare`."""

    equivalence: Inside = 0.1
    """Shares of retrainings no farther than this from `stability.tau` are as good as it. How many
    pairs lie so near is told: to decide these takes very many networks, and tells nothing of use.
    Likewise shares of pictures no farther from `stability.present`: such a pair may vary by
    autoencoder.
    """

    present: Share = 0.5
    """Close in at least this share of networks, or of pictures, a pair counts as close before
    training, or in a projection. It decides the cause of a pair and what a picture does with it.
    """

    confidence: Inside = 0.95
    """Confidence level of the intervals."""

    reliability: Inside = 0.9
    """The reliability for which the number of networks needed is told."""

    resampled_studies: Annotated[int, Field(ge=1, le=5000), NUMBER] = 200
    """Studies of resampled networks, in which it is counted how often each answer comes again.
    Memory grows with it.
    """

    halves: Annotated[int, Field(ge=1, le=2000), NUMBER] = 100
    """Random splits of the networks in two halves, of which it is told whether both halves give
    the same answers. It takes four networks. Memory grows with it.
    """

    permutations: Draws = 1000
    """Permutations of the signs, for the share that the raw signals explain. Memory grows with it.
    """


class AgreementOptions(Options):
    """How alike the runs are."""

    examples: Annotated[int, Field(ge=4, le=2000), NUMBER] = 500
    """Examples whose hidden states are compared between two networks, at most; they are drawn from
    all signs alike, and are the same for all networks.
    """

    permutations: Draws = 200
    """Comparisons of two networks with the examples, or signs, of one of them shuffled: what chance
    gives.
    """


class EvidenceOptions(Options):
    """How closeness is held against what the networks mix up."""

    confused_fraction: Inside = 0.02
    """Share of the pairs, those with the most probability given to the other sign on held-out
    examples, that count as mixed up.
    """


class ResponsesOptions(Options):
    """How units are held against what happens in the recordings."""

    lags: Annotated[int, Field(ge=0, le=30), NUMBER] = 5
    """How many steps later a unit may answer, at most; the best lag counts, and p is corrected for
    how many there are.
    """


class UnitsOptions(Options):
    """Which units answer to what."""

    least: Inside = 0.3
    """A unit answers to a feature if their correlation is shown to be larger than this, either way:
    0.3 is a tenth of what the unit does.
    """

    fdr: Inside = 0.05
    """Largest share of false ones that is accepted among the pairs of a unit and a feature said to
    go together in one network.
    """

    rotations: Draws = 50
    """How many times the units of all networks are turned at random, to see how well directions
    without a meaning of their own can be matched.
    """


class Units(UnitsOptions, ResponsesOptions):
    """What single units answer to, and whether such units come again in other networks."""


class PairsOptions(Options):
    """The pairs that the config names."""

    pairs: Pairs = ()
    """Pairs to draw in every network and along their way, beside those that tell most. A sign that
    the study does not have is told as soon as the recordings are read.
    """


class SignsOptions(Options):
    """The signs that the config names, to be drawn together."""

    signs: SignGroups = ()
    """Signs to draw together, each list in a figure of its own, all others faint behind."""


class TransformOptions(Options):
    """How paths are drawn."""

    transform: Literal["none", "log1p"] = "none"
    """Draw paths as they are (`none`), or as sign(x) · log(1 + |x|), which shows their beginnings
    more closely (`log1p`). No measure is changed.
    """


class FilmOptions(TransformOptions):
    """How the film is drawn."""

    film_seconds: Annotated[FiniteFloat, Field(ge=1, le=120), NUMBER] = 12.0
    """Seconds in which the film goes from the first time step to the last, 1 to 120; the last
    picture stays for two more.
    """


class Figures(FilmOptions, SignsOptions, PairsOptions):
    """What is drawn, and how."""

    runs: OneOrMore[Run] = (REFERENCE_RUN, MEDIAN)
    """The networks whose paths are drawn: seeds, `reference` for that of `report.reference_seed`,
    `median` for the one that is most like the others, `best` for the one of the best validation
    accuracy. The report shows the first.
    """

    maps: OneOrMore[Map] = ("ae", "pca")
    """The projections that paths are drawn in, in the dimensions of `autoencoder.dims`: a network's
    own autoencoder (`ae`) or principal components (`pca`), or the shared map's (`shared_ae`,
    `shared_pca`). The report shows the first.
    """

    film_gif: Boolean = False
    """Write the film as a GIF too, for slides and pages that play no MP4: smaller and coarser."""

    bottlenecks: Distinct[Activation] = ("linear", "tanh", "relu", "sigmoid")
    """Activations of the bottleneck to compare side by side, in this order: one more autoencoder of
    the network of `report.reference_seed` for each but `autoencoder.bottleneck`, in two dimensions.
    An empty list compares none.
    """


class ExplorerOptions(Options):
    """How much the report's explorer holds."""

    largest_mib: Annotated[FiniteFloat, Field(ge=0.1, le=1000), NUMBER] = 9.0
    """The most that the explorer adds to the report page, in MiB. Where all networks' paths take
    more, their details are left out, the finest first, or held for the first networks only; the
    report tells which. What the explorer cannot do without is always held.
    """


class ReportOptions(Options):
    """How the report is headed."""

    title: Text | None = None
    """Title of the report; `null` makes one from the study's name."""


class Report(ReportOptions):
    """The report page."""

    reference_seed: Natural = 0
    """Seed of the network whose paths are drawn; below `lstm.seeds`."""

    compare: Distinct[StudyName] = ()
    """Names of other studies, finished before, whose stability the report sets beside this one's:
    those in which something else varies (`seeds_vary`), say.
    """


class Claim(Options):
    """Something that was said about signs."""

    claim: Text
    """Its name, which the table shows."""

    kind: ClaimKind
    """What kind of thing was said."""

    signs: Annotated[
        tuple[Text, ...],
        Field(
            title="two different signs, or none for `handedness`",
            json_schema_extra={"uniqueItems": True, "maxItems": 2},
            validate_default=True,
        ),
    ] = ()
    """The two signs; none for `handedness`."""

    said: AnyText = ""
    """What was said, in words."""

    space: AnyText = ""
    """The space to look in; by default that of the kind."""

    @field_validator("signs")
    @classmethod
    def _as_many_as_the_kind_is_about(
        cls, signs: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        # If the kind itself is wrong, that is said, and no more.
        kind = info.data.get("kind")
        wanted = 0 if kind == "handedness" else 2
        if kind and (len(signs) != wanted or len(set(signs)) != wanted):
            raise ValueError("not the signs that a claim of this kind is about")
        return signs


class ClaimsOptions(Options):
    """What is held against the retrainings."""

    claims: tuple[Claim, ...] = ()
    """What has been said about pairs of signs, to be set beside what the retrainings say. Each has
    a name (`claim`), a `kind` (`close`, `apart`, `crossing`, `sometimes`, `near_in_plane` or
    `handedness`), two `signs` (none for `handedness`) and, if wanted, what was `said` and the
    `space` to look in.
    """


class MethodOptions(Options):
    """What the method's text has to know of the training."""

    seeds_vary: SeedsVary = "training"
    """What differs between networks: initial weights and the order of the examples (`training`),
    the examples that they are trained on (`split`), or both (`both`).
    """


class Names(Options):
    """What a study is called, and where it is kept."""

    study: StudyName = "study"
    """Name of the study. Its results go to `results/<study>/`."""

    pathvars: dict[AnyText, Text] = {}
    """Snakemake's own path variables, such as `results` and `logs`: where results and logs go.
    Needed only to put them somewhere else.
    """


class Study(ClaimsOptions, MethodOptions, Names):
    """Everything that a study can set. A key that is not here is refused."""

    data: Data = Data()
    simulate: SimulateOptions = SimulateOptions()
    split: Split = Split()
    lstm: Lstm = Lstm()
    activations: ActivationsOptions = ActivationsOptions()
    autoencoder: Autoencoder = Autoencoder()
    alignment: Alignment = Alignment()
    shared: Shared = Shared()
    quality: QualityOptions = QualityOptions()
    closeness: ClosenessOptions = ClosenessOptions()
    stability: StabilityOptions = StabilityOptions()
    agreement: AgreementOptions = AgreementOptions()
    evidence: EvidenceOptions = EvidenceOptions()
    units: Units = Units()
    figures: Figures = Figures()
    explorer: ExplorerOptions = ExplorerOptions()
    report: Report = Report()
