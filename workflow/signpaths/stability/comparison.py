"""What is measured of every two runs: hidden states, ranks and answers in, a data set out.

Takes what is compared of all networks; gives every measure of every two with its mean, interval and
what chance gives, each network's place on a map and below the noise ceiling, and flags the runs
that stand out. The measures are in `representations`, `similarity` and `functional`, the intervals
in `crossed`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from signpaths.columns import Column, in_order, variables
from signpaths.spaces import HEADLINE
from signpaths.stability.crossed import CONFIDENCE, Likeness, mean_and_interval
from signpaths.stability.functional import FEWEST_COMMON, Answers, functional_likeness
from signpaths.stability.representations import (
    FEWEST_EXAMPLES,
    centred_products,
    debiased_cka,
    map_of_networks,
    shape_distances,
    shuffled,
)
from signpaths.stability.similarity import (
    jaccard,
    noise_ceiling,
    outlying,
    rank_correlations,
    shuffled_signs,
)
from signpaths.wording import PERCENT, number

if TYPE_CHECKING:
    from signpaths.columns import Variable

FAILED, INACCURATE, OUTLYING, CONSTANT = (
    "failed to learn",
    "low validation accuracy",
    "outlying ranks",
    "constant activations",
)
# No less than this stands out: where all runs are alike, a trifle is many deviations.
ACCURACY_MARGIN = 0.05
CONSENSUS_MARGIN = 0.1
# So much of what chance gives is less alike.
CHANCE = 0.95
BY_TWO = ("network", "other_network")


@dataclass(frozen=True)
class Comparands:
    """What is compared of all networks, in their order.

    Attributes
    ----------
    networks
        Their names.
    signs
        Names, `(sign,)`.
    k
        So many nearest signs are compared.
    label
        The sign of each sampled example as a number, `(sampled,)`.
    states
        Hidden states of the sampled examples of each network, centred and of norm 1, float32
        `(sampled · phase, unit)`; None if they are all equal.
    right
        The sign of every example as a number, `(example,)`.
    answers
        Of each network on what it was not trained on.
    ranks
        Ranks of the pairs' mutual ranks in the headline's space, `(network, pair)`.
    nearest
        Whether `other` is one of the sign's k nearest, bool `(network, sign, other)`.
    validation, test
        Accuracy, `(network,)`.
    learned
        bool `(network,)`.
    """

    networks: list[str]
    signs: np.ndarray
    k: int
    label: np.ndarray
    states: list[np.ndarray | None]
    right: np.ndarray
    answers: list[Answers]
    ranks: np.ndarray
    nearest: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    learned: np.ndarray

    @property
    def constant(self) -> np.ndarray:
        """Tell the networks whose hidden states are all equal, bool `(network,)`."""
        return np.array([states is None for states in self.states])


@dataclass(frozen=True)
class Measure:
    """A measure of every two networks, and what it can be.

    Attributes
    ----------
    column
        What it is called and means.
    found
        Its values.
    lowest, highest
        Its bounds.
    chance
        Its values where one network was shuffled, `(draw,)`; None if that says nothing.
    within
        The same, shuffled within signs.
    alike
        1 if a greater value is more alike, −1 if a smaller one is.
    """

    column: Column
    found: Likeness
    lowest: float
    highest: float
    chance: np.ndarray | None = None
    within: np.ndarray | None = None
    alike: int = 1


def comparison(found: Comparands, draws: int) -> xr.Dataset:
    """Compare all networks, and lay out what was found; `draws` shuffles tell what chance gives."""
    measures, of_signs = _measures(found, draws)
    consensus, ceiling_upper = noise_ceiling(found.ranks)
    by_name = {one.column.name: one for one in measures}
    places, stress = map_of_networks(by_name["shape_distance"].found.values)
    vary = "with one run, or where ranks do not vary"
    of_one = variables(
        "network",
        (
            Column(
                "consensus",
                "Spearman's correlation of the run's ranks with the mean ranks of the others; its "
                f"mean is the lower end of the noise ceiling; empty {vary}",
                7,
                heading="Noise ceiling",
                to="ceiling_upper",
                words="So well would a perfect model of all networks correlate with one of them.",
            ),
            consensus,
        ),
        (
            Column(
                "ceiling_upper",
                "Spearman's correlation of the run's ranks with the mean ranks of all runs; its "
                f"mean is the upper end of the noise ceiling; empty {vary}",
                7,
            ),
            ceiling_upper,
        ),
        (
            Column(
                "validation_accuracy", "accuracy on validation examples", 7, shown="fine percent"
            ),
            found.validation,
        ),
        (Column("test_accuracy", "accuracy on test examples", 7, shown="fine percent"), found.test),
        (
            Column(
                "learned",
                "whether the network learned enough to count as trained",
                7,
                shown="words",
            ),
            found.learned,
        ),
        (
            Column("flag", "what is odd about the run; empty: nothing", 7, shown="words"),
            flags(found, consensus),
        ),
    )
    place = Column(
        "place",
        "place of the network on a map by shape distance (metric multidimensional scaling)",
        7,
        unit="radian",
    )
    return in_order(
        xr.Dataset(
            {
                **variables(BY_TWO, *((one.column, one.found.values) for one in measures)),
                **_over_measures(measures),
                **of_signs,
                **of_one,
                **variables(("network", "axis"), (place, places)),
            },
            coords={
                "network": ("network", found.networks, {"long_name": "network"}),
                "other_network": (
                    "other_network",
                    found.networks,
                    {"long_name": "network of the other run"},
                ),
                "sign": ("sign", found.signs, {"long_name": "sign"}),
                "measure": ("measure", [*by_name], {"long_name": "measure of two networks"}),
            },
            attrs={
                "map_stress": stress if np.isfinite(stress) else 0.0,
                "note": "\n".join(_notes(found, by_name)),
            },
        )
    )


def flags(found: Comparands, consensus: np.ndarray) -> np.ndarray:
    """Say what is odd about each run, `(network,)`; several things joined, nothing is empty."""
    told = {
        FAILED: ~found.learned,
        INACCURATE: outlying(found.validation, ACCURACY_MARGIN),
        OUTLYING: outlying(consensus, CONSENSUS_MARGIN),
        CONSTANT: found.constant,
    }
    return np.array(
        [
            "; ".join(name for name, of_runs in told.items() if of_runs[index])
            for index in range(len(found.networks))
        ]
    )


def _measures(found: Comparands, draws: int) -> tuple[list[Measure], dict[str, "Variable"]]:
    """Measure every two networks, and say of each sign how far they are alike there."""
    products = [
        None if one is None else centred_products(one, found.label.size) for one in found.states
    ]
    by_chance = shuffled(found.states, products, found.label, draws)
    by_sign = shuffled(found.states, products, found.label, draws, within_signs=True)
    rank_chance, jaccard_chance = shuffled_signs(
        found.ranks[~found.constant], found.nearest[~found.constant], draws
    )
    in_common, of_sign = jaccard(found.nearest, ~found.constant)
    answered = functional_likeness(found.answers, found.right, found.signs.size)
    empty = "empty on the diagonal and where hidden states are all equal"
    few = f"empty with fewer than {FEWEST_COMMON} examples in common"
    unknown = np.full(found.signs.size, np.nan)
    measures = [
        Measure(
            Column(
                "rank_correlation",
                f"Spearman's correlation of the pairs' mutual ranks in {HEADLINE}; empty on the "
                "diagonal and where ranks do not vary",
                7,
                heading="Order of the pairs",
                words="Rank correlation of all pairs: 1 if two networks put them in the same "
                "order, from the closest to the furthest.",
            ),
            rank_correlations(found.ranks, found.signs.size),
            -1,
            1,
            rank_chance,
        ),
        Measure(
            Column(
                "jaccard",
                f"share of a sign's {found.k} nearest signs that two runs have in common (Jaccard "
                f"index), mean over signs; {empty}",
                7,
                heading="Nearest signs in common",
                shown="percent",
                words=f"Of the signs that are among a sign's {found.k} nearest in one network or "
                "the other, so many are in both.",
            ),
            in_common,
            0,
            1,
            jaccard_chance,
        ),
        Measure(
            Column(
                "cka",
                f"debiased linear CKA of examples: 1 alike, about 0 unrelated; {empty}",
                7,
                heading="Likeness of examples (CKA)",
                words="Whether examples that are alike in one network are alike in the other: 1 "
                "if they lie in the same way, 0 if one network says nothing of the other.",
            ),
            debiased_cka(products, found.label),
            -1,
            1,
            by_chance.cka,
            by_sign.cka,
        ),
        Measure(
            Column(
                "shape_distance",
                "Procrustes shape distance of hidden states: 0 alike but for rotation and scale, "
                f"π/2 nothing in common; {empty}",
                7,
                unit="radian",
                heading="Shape distance",
                words="The angle that is left when one network's states are turned onto the "
                f"other's as well as they can: 0 is the same shape, {np.pi / 2:.2f} nothing in "
                "common. Its interval is for other networks alone.",
            ),
            Likeness(shape_distances(found.states), unknown),
            0,
            np.pi / 2,
            by_chance.shape_distance,
            by_sign.shape_distance,
            alike=-1,
        ),
        Measure(
            Column(
                "disagreement",
                f"share of held-out examples that two networks answer differently; {few}",
                7,
                heading="Answered differently",
                shown="fine percent",
                words="Of the examples that neither network was trained on, so many get different "
                "answers.",
            ),
            answered.disagreement,
            0,
            1,
            alike=-1,
        ),
        Measure(
            Column(
                "error_consistency",
                "Cohen's kappa of the mistakes of two networks on held-out examples; empty where "
                f"both are always right, and {few.removeprefix('empty ')}",
                7,
                heading="Same mistakes",
                words="Whether networks fail on the same examples (error consistency): 1 if "
                "always, 0 if no more often than two networks of their accuracy would by chance.",
            ),
            answered.error_consistency,
            -1,
            1,
        ),
        Measure(
            Column(
                "divergence",
                "Jensen-Shannon divergence of two networks' probabilities, mean over held-out "
                f"examples; {few}",
                7,
                unit="bit",
                heading="Divergence of answers",
                words="How far the probabilities differ that two networks give to the signs "
                "(Jensen-Shannon): 0 if they are the same, 1 if they have nothing in common.",
            ),
            answered.divergence,
            0,
            1,
            alike=-1,
        ),
    ]
    common = Column("common", "held-out examples that two networks have in common", 7, unit="count")
    shared = Column(
        "jaccard_sign",
        f"share of the sign's {found.k} nearest signs that two runs have in common, mean over all "
        "two runs",
        7,
        heading="Nearest signs in common",
        shown="percent",
    )
    differently = Column(
        "disagreement_sign",
        "share of the sign's held-out examples that two networks answer differently, mean over all "
        "two networks",
        7,
        heading="Answered differently",
        shown="percent",
    )
    return measures, {
        **variables(BY_TWO, (common, answered.common)),
        **variables("sign", (shared, of_sign), (differently, answered.of_sign)),
    }


def _over_measures(measures: list[Measure]) -> dict[str, "Variable"]:
    """What each measure comes to over all networks."""
    ends = [mean_and_interval(one.found, one.lowest, one.highest) for one in measures]
    means, low, high = np.array(ends).T
    level, confidence = f"{CONFIDENCE:.0%}", f"{number(100 * CONFIDENCE, 0)}{PERCENT}"
    short = f"{number(100 * CHANCE, 0)}{PERCENT}"
    return variables(
        "measure",
        (
            Column(
                "mean",
                "mean over every two networks",
                7,
                heading="Mean",
                words="Over every two networks.",
            ),
            means,
        ),
        (
            Column(
                "mean_low",
                f"lower end of its {level} interval for other networks and signs (jackknife)",
                7,
                heading=f"Interval ({confidence})",
                to="mean_high",
                words="Where the mean may lie for other networks and other signs of this kind.",
            ),
            low,
        ),
        (Column("mean_high", f"upper end of its {level} interval", 7), high),
        (
            Column(
                "by_chance",
                f"what {CHANCE:.0%} of comparisons stay short of if the examples, or signs, of one "
                "network are shuffled; empty where shuffling says nothing",
                7,
                heading="By chance",
                words="What two networks would come to by luck: their examples, or signs, were "
                f"shuffled, and {short} of such comparisons are less alike than this.",
            ),
            np.array([_less_alike(one, one.chance) for one in measures]),
        ),
        (
            Column(
                "p",
                "share of shuffled comparisons that are as alike as the mean, itself counted",
                7,
                shown="p",
            ),
            np.array([_by_luck(one, mean) for one, mean in zip(measures, means, strict=True)]),
        ),
        (
            Column(
                "within_sign",
                "mean if each example of one network is exchanged for another of its sign; empty "
                "where that says nothing",
                7,
                heading="From the sign alone",
                words="What is left if each example of one network stands for another one of the "
                "same sign: so far networks agree on signs rather than on single examples.",
            ),
            np.array(
                [
                    one.within.mean() if one.within is not None and one.within.size else np.nan
                    for one in measures
                ]
            ),
        ),
    )


def _less_alike(measure: Measure, chance: np.ndarray | None) -> float:
    if chance is None or not chance.size:
        return float("nan")
    return float(measure.alike * np.quantile(measure.alike * chance, CHANCE))


def _by_luck(measure: Measure, mean: float) -> float:
    chance = measure.chance
    if chance is None or not chance.size or not np.isfinite(mean):
        return float("nan")
    as_alike = (measure.alike * chance >= measure.alike * mean).sum()
    return float((1 + as_alike) / (1 + chance.size))


def _notes(found: Comparands, measures: dict[str, Measure]) -> list[str]:
    notes = []
    networks = len(found.networks)
    if networks == 1:
        notes.append("One network has nothing to agree with; the values are missing.")
    elif networks == 2:
        notes.append("Two networks make one comparison: there are no intervals.")
    if found.signs.size == 2:
        notes.append("Two signs make one pair: its ranks cannot vary, so nothing correlates.")
    if found.label.size < FEWEST_EXAMPLES:
        notes.append(f"CKA needs {FEWEST_EXAMPLES} examples at least.")
    missing = np.isnan(measures["disagreement"].found.values).sum() - networks
    if networks > 1 and missing:
        notes.append(
            f"Of {networks * (networks - 1) // 2:,} comparisons of two networks {missing // 2:,} "
            f"have fewer than {FEWEST_COMMON} held-out examples in common: their answers are not "
            "compared."
        )
    return notes
