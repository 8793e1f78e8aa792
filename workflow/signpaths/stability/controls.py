"""What a pair's closeness is held against: other groupings, networks before training, raw signals.

Takes what all retrainings say and the closeness in the raw signals; gives N0x and N2 to N4, which
are in `inference` and `regression`, as data sets whose variables say what they are.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.runs import of_runs
from signpaths.spaces import (
    HEADLINE,
    RAW,
    UNTRAINED,
    coordinates,
    described,
    raw_components,
)
from signpaths.stability import inference
from signpaths.stability.regression import regressed
from signpaths.stability.retrainings import Retrainings
from signpaths.stability.variance import normal_scores
from signpaths.wording import listed

if TYPE_CHECKING:
    from signpaths.columns import Variable

# The raw spaces that N3 explains with: time warping says the same as `raw`, and a rival that has
# learned is no input.
EXPLAINING = (RAW, raw_components(2).name)


def training_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say what training does to each pair's closeness (N2, section 4)."""
    names = found.space_names
    if UNTRAINED not in names:
        return xr.Dataset()
    after, before = (found.close[names.index(name)] == 1 for name in (HEADLINE, UNTRAINED))
    made, broken = (after & ~before).sum(axis=0), (before & ~after).sum(axis=0)
    p, q = inference.moved_by_training(made, broken, options.fdr)
    words = (
        "In how many more networks the pair is close after training than before, or in how many "
        "fewer, and whether that could be chance."
    )
    return xr.Dataset(
        variables(
            "pair",
            (
                Column(
                    "learned",
                    "N2: share of networks in which training makes the pair close, less that in "
                    "which it parts it",
                    4,
                    heading="What training does",
                    shown="count",
                    words=words,
                ),
                (made - broken) / len(after),
            ),
            (
                Column(
                    "learned_p",
                    "N2: exact two-sided test that training changes nothing",
                    4,
                    shown="p",
                ),
                p,
            ),
            (
                Column(
                    "learned_q",
                    "learned_p after Benjamini and Hochberg over the pairs that could pass",
                    4,
                    shown="p",
                ),
                q,
            ),
        )
    )


def signal_statistics(found: Retrainings, signals: xr.Dataset) -> xr.Dataset:
    """Say how near each pair is in the raw signals, from the store of `closeness-raw`."""
    spaces = described(signals)
    ranks = _pair_ranks(found, signals)
    own = ranks[[space.name for space in spaces].index(RAW)]
    of_pair = variables(
        "pair",
        (
            Column(
                "raw_rank",
                "mutual rank in the raw signals",
                2,
                unit="rank",
                heading="Raw signals",
                shown="rank",
                words="How near the two signs are among all signs in the recorded signals "
                "themselves.",
            ),
            own,
        ),
        (Column("raw_close", "close in the raw signals", 2, shown="words"), own <= found.k),
    )
    rank = Column(
        "input_rank", "mutual rank in each space of the raw signals", 2, unit="rank", shown="rank"
    )
    return xr.Dataset(
        of_pair | variables(("raw_space", "pair"), (rank, ranks)),
        coords=coordinates(spaces, dim="raw_space"),
    )


def input_statistics(
    found: Retrainings, signals: xr.Dataset, options: StabilityOptions
) -> xr.Dataset:
    """Say how far raw signals and untrained networks explain which pairs are close (N3, section 4).

    What trained networks share beyond the raw signals is no evidence of learning by itself:
    untrained ones share as much. So these are predictors too, if they were measured.
    """
    ranks = dict(
        zip([one.name for one in described(signals)], _pair_ranks(found, signals), strict=True)
    )
    inputs = {name: normal_scores(ranks[name]) for name in EXPLAINING if name in ranks}
    scores = {
        name: normal_scores(found.mean_ranks[found.space_names.index(name)])
        for name in (HEADLINE, UNTRAINED)
        if name in found.space_names
    }
    twin = {name: one.mean(axis=0) for name, one in scores.items() if name == UNTRAINED}
    by_input, whole, untrained = (
        regressed(own, predictors, found.signs.size, permutations=options.permutations)
        for own, predictors in (
            (scores[HEADLINE], inputs),
            (scores[HEADLINE], inputs | twin),
            (scores.get(UNTRAINED, scores[HEADLINE]), inputs),
        )
    )
    beyond = Column(
        "beyond_input",
        f"N3: normal score beyond what {listed([*inputs, *twin])} predict",
        4,
        heading="Beyond the input",
        shown="number",
        words="How much nearer the pair is in the hidden states than the raw signals and networks "
        "before training let one expect, where 1 is the standard deviation of all pairs of one "
        "training. Below 0 it is farther apart.",
    )
    weight = Column("input_coefficient", "N3: weight of each predictor in that prediction", 4)
    p = Column("input_p", "N3: its p-value beside the others, by permuting the signs", 4, shown="p")
    told = {
        "input_explained": by_input.explained,
        "input_explained_p": by_input.explained_p,
        "whole_explained": whole.explained,
        "input_agreement": by_input.agreement,
        "beyond_agreement": whole.agreement,
        "beyond_agreement_p": whole.agreement_p,
        "untrained_agreement": untrained.agreement if twin else None,
    }
    return xr.Dataset(
        variables("pair", (beyond, whole.residual))
        | variables("predictor", (weight, whole.coefficients), (p, whole.coefficients_p)),
        coords={"predictor": ("predictor", [*inputs, *twin], {"long_name": "space that explains"})},
        attrs={name: value for name, value in told.items() if value is not None},
    )


def label_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how many pairs of pseudo-signs stay close, by the same test as the signs' (N0x)."""
    if not len(found.label_close):
        return xr.Dataset()
    networks = len(found.networks)
    counts = found.label_close.sum(axis=1)
    stays = [
        int((inference.stays_close_q(one, networks, options.tau) <= options.fdr).sum())
        for one in counts
    ]
    # Where splits leave too few examples of either kind, neither is known.
    agree = {}
    if found.held_out_agreement is not None:
        signs = found.held_out_agreement[found.space_names.index(HEADLINE)]
        agree = {"labels_agree": float(found.label_agreement.mean()), "signs_agree": float(signs)}
    return xr.Dataset(
        variables(
            "labelling",
            (
                Column(
                    "label_stays",
                    "N0x: pairs of pseudo-signs that stay close, if the examples are dealt out to "
                    "them at random, the same in all networks",
                    4,
                    unit="pairs",
                ),
                np.array(stays),
            ),
            (
                Column(
                    "label_agreement",
                    "N0x: rank correlation of the pseudo-signs' distances over training and over "
                    "held-out examples, mean over networks; empty if there are too few of either",
                    4,
                ),
                found.label_agreement,
            ),
        ),
        coords={"labelling": ("labelling", range(len(stays)), {"long_name": "labelling"})},
        attrs=agree if np.isfinite(list(agree.values())).all() else {},
    )


def ceiling_statistics(found: Retrainings) -> xr.Dataset:
    """Say how near the halves of a sign are (N4, section 4), and what was learned by heart."""
    made: dict[str, Variable] = {}
    if found.ceiling is not None:
        unknown = np.isnan(found.ceiling).any(axis=(1, 2))
        at_one = of_runs((found.ceiling <= 1).swapaxes(1, 2), found.spaces)
        made |= variables(
            ("space", "sign"),
            (
                Column(
                    "ceiling_rank",
                    "N4: mean mutual rank of a sign's two halves; empty for a sign of one example",
                    4,
                    unit="rank",
                    shown="rank",
                ),
                of_runs(found.ceiling.swapaxes(1, 2), found.spaces).mean(axis=1),
            ),
            (
                Column(
                    "ceiling",
                    "N4: share of runs in which a sign's two halves are each other's nearest; "
                    "empty for a sign of one example",
                    4,
                    shown="percent",
                    words="If each sign is split in two halves, these are each other's nearest in "
                    "so many cases: the most that any pair can be expected to reach.",
                ),
                np.where(unknown, np.nan, at_one.mean(axis=1)),
            ),
        )
    if found.held_out_agreement is not None:
        agreement = Column(
            "held_out_agreement",
            "rank correlation of the pairs' distances over training and over held-out examples, "
            "mean over runs; empty if there are too few of either",
            1,
            shown="number",
            words="Where it is low, closeness is learned by heart.",
        )
        made |= variables("space", (agreement, found.held_out_agreement))
    return xr.Dataset(made)


def _pair_ranks(found: Retrainings, signals: xr.Dataset) -> np.ndarray:
    """Mutual ranks in each space of the raw signals, `(raw_space, pair)`."""
    upper = np.triu_indices(found.signs.size, 1)
    return signals.mutual_rank.values[:, *upper].astype(np.float64)
