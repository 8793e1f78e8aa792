"""Every figure, once: its name, what it is of, and what it shows in words.

Takes nothing. The outputs of the rules that draw, the captions of `snakemake --report` (by
`make docs`) and those of the report page are made from this table; how a figure of a name is drawn
stands in the stages `figures` and `run-figures`. Imports nothing heavy: every Snakefile reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# What a figure is of: all runs of a study, bottlenecks that are compared, one network, or one
# network in one projection, which has two dimensions or three. Of signs that the config names there
# are as many as it has lists.
STUDY, COMPARED, NETWORK, PLANE, VOLUME, SIGNS = (
    "study",
    "compared",
    "network",
    "plane",
    "volume",
    "signs",
)
PAIRS, MAP, RUNS, ARTICLE = "Pairs", "Shared map", "Runs", "The article's figures"
PNG, SVG, PDF, MP4 = "png", "svg", "pdf", "mp4"
# Only where an autoencoder makes the paths.
AUTOENCODER = "02-autoencoder"


@dataclass(frozen=True)
class Entry:
    """A figure.

    Attributes
    ----------
    name
        Of its file, without the suffix; those of the article begin with their number there.
    of
        What it is of, as above.
    category
        Where `snakemake --report` lists it.
    content
        What it shows, in a few words.
    caption
        What is to be seen, for somebody who has read nothing else; plain text.
    alt
        What it looks like, for those who cannot see it.
    formats
        Suffixes of its files.
    """

    name: str
    of: str
    category: str
    content: str
    caption: str
    alt: str
    formats: tuple[str, ...] = (PNG, SVG)

    @property
    def is_shown(self) -> bool:
        """Whether pages show it; the others are files to be opened."""
        return PNG in self.formats

    @property
    def files(self) -> list[str]:
        """The names of its files."""
        return [f"{self.name}.{one}" for one in self.formats]


@dataclass(frozen=True)
class Drawn:
    """A figure of one network as a file.

    Attributes
    ----------
    entry
        The figure.
    path
        In the network's folder, without the suffix.
    map
        The projection that it is drawn in; empty for a figure of the network itself.
    content
        What it shows, in a few words.
    """

    entry: Entry
    path: str
    map: str
    content: str


# Said of every picture of paths.
PATHS_ARE = (
    "At every time step the hidden state of the network, projected, is a point; the points of one "
    "example are its path."
)
ONE_RUN = (
    "This is one training and one projection: whether two signs stay close is said by the table of "
    "pairs."
)

GALLERY = (
    Entry(
        "pairs",
        STUDY,
        PAIRS,
        "The most stable pairs",
        "Pairs that are close in some network, in the hidden states; if there are many, the "
        "closest of those that are close in all networks, in all but one, and so on. Dot: the "
        "share of networks in which the pair is close; bar: its interval; dashed line: τ, the "
        "share that has to be beaten; a bar just beyond it is not enough, for the test allows "
        "for all the pairs that were looked at. Shape and colour give the verdict.",
        "Dots with bars: the share of networks in which pairs are close, with its interval.",
    ),
    Entry(
        "networks",
        STUDY,
        PAIRS,
        "Pairs by network",
        "Pairs that are close in at least one network, network by network, in the hidden states. "
        "The number is the mutual rank: 1 means that each sign is the other's nearest. Blue cells "
        "with bold numbers are close. A row that is blue throughout is a pair that every training "
        "finds again.",
        "A grid of pairs by networks with the mutual rank in every cell; close cells are blue.",
    ),
    Entry(
        "dendrogram",
        STUDY,
        PAIRS,
        "Signs that stay together",
        "Signs joined by how often they are close over the networks (average linkage on 1 - π, "
        "where π is the share of networks in which a pair is close in the hidden states). The "
        "nearer to the names a branch joins, the more often its signs are close; at the left "
        "border join signs that are close to none. Coloured branches are groups whose pairs are "
        "close in at least the share τ (dashed) on average; the others are grey.",
        "A tree of the signs; those that are often close share branches that join near their "
        "names.",
    ),
    Entry(
        "shared-map",
        STUDY,
        MAP,
        "Mean paths of all signs over all networks",
        "The mean path of every sign in the shared map: the hidden states of all networks, turned "
        "onto a common reference and projected by one projection. Colour: how far on its way the "
        "sign is. Grey: one standard deviation between networks on every side. White dots: where "
        "signs begin; red, with names: where they end.",
        "Mean paths of all signs over all networks in one map, coloured by the share of the way, "
        "with grey ribbons as wide as networks differ.",
    ),
    Entry(
        "retrainings",
        STUDY,
        MAP,
        "Pairs in every network",
        "The same pairs in every network (at most 20), each pair in one frame of the shared map, "
        "so what differs is the network: the closest pair that stays close, the one that comes "
        "and goes most evenly and the closest one that the networks' own pictures lose, as far "
        "as there are such, and those that the config names. Grey: all signs. Dark frame: close "
        "in that network's hidden states.",
        "Small pictures of chosen pairs, one for each network, all in the shared map.",
    ),
    Entry(
        "parting",
        STUDY,
        MAP,
        "Where pairs part",
        "Distance between the two signs over that within them, along the way, root mean squares, "
        "geometric mean over networks: in the hidden states, in the shared map, and in a network's "
        "own picture. From the dashed line on they are apart. Dot: how far they are together; "
        "square: from where on they are apart to the end, both medians over networks in the hidden "
        "states; bars: intervals.",
        "Curves of the distance between the two signs of chosen pairs along their way, in the "
        "hidden states and in pictures, with marks where they part.",
    ),
    Entry(
        "accuracy",
        STUDY,
        RUNS,
        "Accuracy of every network",
        "Share of the training, validation and test examples that each network recognises. The "
        "test examples took no part in training. What a network that recognises little finds "
        "close is of little worth.",
        "Training, validation and test accuracy of every network.",
    ),
    Entry(
        "variance",
        STUDY,
        RUNS,
        "Where the instability comes from",
        "Above: how much ranks differ between pairs, which is what one wants to know, and how much "
        "between trainings of one pair. Below: how far the order of the pairs could be relied on "
        "with more or fewer networks (reliability: 1 if as many others would give the same order); "
        "dot: this study; dashed: what it asks for.",
        "Above, bars for every space: how much of the spread of the ranks lies between pairs, "
        "between networks and between autoencoders. Below, curves: reliability by number of "
        "networks.",
    ),
    Entry(
        "runs",
        STUDY,
        RUNS,
        "How alike the networks are",
        "A map of the networks by the Procrustes shape distance of their hidden states: near "
        "each other means that one can nearly be turned onto the other. Axes have no meaning of "
        "their own, and a plane cannot keep all distances; the figure says how far they are off, "
        "and only what is clearly apart is apart. Networks that stand out have a red ring and "
        "their name.",
        "A dot for every network on a plane; the more alike the shapes of their hidden states, the "
        "nearer.",
    ),
    Entry(
        "01-network",
        NETWORK,
        ARTICLE,
        "Figure 1: the network",
        "The network as it was trained: an LSTM reads an example frame by frame and gives a "
        "hidden state at each; from the last one a softmax layer answers with a sign. Sizes and "
        "numbers of weights are read from the trained model.",
        "Boxes for frames, LSTM and hidden states at the first two steps and the last, and for the "
        "answer.",
    ),
    Entry(
        "unit-responses",
        NETWORK,
        "Units",
        "The clearest units over recordings",
        "The clearest unit for each kind of feature, over held-out recordings: the line is the "
        "recording, its colour what the unit does. Of the quarter of examples in which the "
        "feature varies most, one in which unit and feature go together more clearly than in "
        "most, a middle one and one in which they hardly do; beside each sign the correlation in "
        "that example.",
        "Raw channels of held-out examples as lines, coloured by what one unit does.",
    ),
    Entry(
        AUTOENCODER,
        PLANE,
        ARTICLE,
        "Figure 2: the autoencoder",
        "The denoising autoencoder that draws the paths, as it was trained: hidden states with "
        "noise go in, and have to come out without it, through a bottleneck of two units whose "
        "values are drawn. Bars are as high as the root of their layer's units.",
        "A row of bars, high at both ends, lowest at the bottleneck in the middle.",
    ),
    Entry(
        "02-bottlenecks",
        COMPARED,
        ARTICLE,
        "Other bottlenecks, side by side",
        "Paths of all examples of the reference network behind bottlenecks of other activations, "
        "each with an autoencoder of its own. Cross: (0, 0); grey lines: the edges of the "
        "quarters; dashed: the bounds of an activation. Below each: how near paths start to (0, "
        "0), which quarters they use, how many points are squashed against a bound, and how much "
        "of the hidden states is kept.",
        "Panels of paths, one for each activation of the bottleneck, with measures in words below.",
    ),
    Entry(
        "03-paths",
        PLANE,
        ARTICLE,
        "Figure 3: paths of all examples",
        f"{PATHS_ARE} Colour goes from dark (the example's beginning) to light (its end); thin "
        "lines join the steps of one example; each sign is named where its examples end. "
        f"{ONE_RUN}",
        "Paths of all examples in a plane, coloured by time step, with the name of each sign where "
        "its examples end.",
    ),
    Entry(
        "03-paths-large",
        PLANE,
        ARTICLE,
        "Figure 3, for a wall",
        "The same as lines and points that stay sharp however far one zooms in.",
        "",
        (PDF,),
    ),
    Entry(
        "04-last-steps",
        PLANE,
        ARTICLE,
        "Figure 4: last steps",
        "Where every example ends, which is all that the network answers from, joined to the "
        "one of its sign that is nearest to all others. Colours only part neighbours. Below: how "
        "many held-out examples a vote of the five nearest training examples knows, here and in "
        "the hidden states.",
        "Stars of points in a plane, one for each sign, with its name.",
    ),
    Entry(
        "05-volume",
        VOLUME,
        ARTICLE,
        "Figure 5: in three dimensions",
        "Points of all examples in three dimensions, seen from two sides, coloured by time step. "
        "Only points, for the sake of clarity.",
        "Two views of a cloud of points in three dimensions, coloured by time step.",
    ),
    Entry(
        "06-hands",
        PLANE,
        ARTICLE,
        "Figure 6: one- and two-handed signs",
        "Paths of one-handed signs (blue) and two-handed ones (magenta). A sign is two-handed if "
        "in most of its examples the left hand moves at least so much of what the right one does "
        "as the dashed line says. Beside: how many signs are two-handed by other thresholds, and "
        "how many of the nearest frames of other signs use other hands, with what chance gives "
        "if hands are dealt out to signs at random: the farther below, the less the two mix.",
        "Paths in two colours, and two curves over the threshold: the number of two-handed signs, "
        "and how far the groups mix.",
    ),
    Entry(
        "07-signs",
        SIGNS,
        ARTICLE,
        "Figures 7 to 10: named signs",
        "Every example of the signs that figures.signs names, all others faint behind. White "
        f"dots: where examples begin; filled marks: where they end. {ONE_RUN}",
        "Paths of a few signs in strong colours, all others grey.",
    ),
    *(
        Entry(
            f"{number}-mistakes-{part}",
            PLANE,
            ARTICLE,
            f"Figure {number}: mistakes in {what}",
            f"The {what} examples that the network takes for another sign: the true sign in blue "
            "above, what the network chose in red below, where the example ends; a confusion that "
            "comes several times is named once. Below: how many signs end nearer than the chosen "
            "one.",
            "A few dark paths with two names each, blue above and red below, all others grey.",
        )
        for number, part, what in (
            (11, "train", "training"),
            (12, "validation", "validation"),
            (13, "test", "test"),
        )
    ),
)
# Figure 14 moves, so it is made and shown in a way of its own.
FILM = Entry(
    "14-film",
    "film",
    ARTICLE,
    "Figure 14: the film",
    "All examples at once, from their first frame: paths grow with the time step, and a dot at "
    "their head says whether the network's answer at that step is right (blue) or not (orange). "
    "Beside it: how many training and held-out examples are answered rightly at that step, and "
    "nine held-out examples with their sign, the network's answer and its probability; up to a "
    "third of them are chosen among those that it gets wrong in the end.",
    "A film of paths that grow in a plane, with the network's current answers beside it.",
    (MP4,),
)
BY_NAME = {entry.name: entry for entry in (*GALLERY, FILM)}


def of(*kinds: str) -> list[Entry]:
    """Give the figures of these kinds."""
    return [entry for entry in GALLERY if entry.of in kinds]


def of_study(bottlenecks: bool) -> list[Entry]:
    """Give the figures of all runs; with those of bottlenecks, where they are compared."""
    return of(STUDY, *([COMPARED] if bottlenecks else []))


def of_run(maps: Sequence[str], dims: Sequence[int], signs: Sequence[Sequence[str]]) -> list[Drawn]:
    """Give the figures of one network.

    Parameters
    ----------
    maps
        The kinds of projection, as `figures.maps` names them.
    dims
        The dimensions that the study has paths in.
    signs
        The signs that are drawn together, a list a figure.
    """
    found = [Drawn(entry, entry.name, "", entry.content) for entry in of(NETWORK)]
    trained = ("ae", "shared_ae")
    for one in maps:
        for entry in of(PLANE, SIGNS) if 2 in dims else []:
            if entry.name == AUTOENCODER and one not in trained:
                continue
            if entry.of == PLANE:
                found.append(Drawn(entry, f"{one}/{entry.name}", f"{one}2", entry.content))
                continue
            for place, group in enumerate(signs, start=1):
                # Snakemake takes what stands in braces for a wildcard.
                names = ", ".join(group).replace("{", "(").replace("}", ")")
                content = f"{entry.content}: {names}"
                found.append(Drawn(entry, f"{one}/{entry.name}-{place}", f"{one}2", content))
        found += [
            Drawn(entry, f"{one}/{entry.name}", f"{one}3", entry.content)
            for entry in (of(VOLUME) if 3 in dims else [])
        ]
    return found


def captions() -> dict[str, str]:
    """Give the captions as reStructuredText, by their files in workflow/report."""
    return {f"{entry.name}.rst": f"{restructured(entry.caption)}\n" for entry in BY_NAME.values()}


def restructured(text: str) -> str:
    """Write plain text so that reStructuredText takes no part of it for markup."""
    for mark in "\\*`|_":
        text = text.replace(mark, f"\\{mark}")
    return text
