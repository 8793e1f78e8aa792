"""What a pair's closeness is held against: networks before training, raw signals, halves of signs.

Takes what all retrainings say and the closeness in the raw signals; gives N2 to N4, which are in
`inference`, as data sets whose variables say what they are.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE, RAW, UNTRAINED, coordinates, described
from signpaths.stability import inference
from signpaths.stability.retrainings import Retrainings
from signpaths.stability.variance import normal_scores

if TYPE_CHECKING:
    from signpaths.columns import Variable


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
    """Say how far the raw signals explain which pairs are close (N3, section 4)."""
    names = [space.name for space in described(signals)]
    headline = found.ranks[found.space_names.index(HEADLINE)]
    n3 = inference.beyond_input(
        normal_scores(np.median(headline, axis=1)),
        dict(zip(names, _pair_ranks(found, signals), strict=True)),
        found.signs.size,
        permutations=options.permutations,
    )
    beyond = Column(
        "beyond_input",
        "N3: normal score beyond what the raw signals predict",
        4,
        heading="Beyond the input",
        shown="number",
        words="How much nearer the pair is in the hidden states than the raw signals let one "
        "expect, where 1 is the standard deviation of all pairs of one training. Below 0 it is "
        "farther apart.",
    )
    weight = Column("input_coefficient", "N3: weight of each raw space in that prediction", 4)
    p = Column("input_p", "N3: its p-value, by permuting the signs", 4, shown="p")
    agreement = {"beyond_agreement": n3.agreement, "beyond_agreement_p": n3.agreement_p}
    return xr.Dataset(
        variables("pair", (beyond, n3.residual))
        | variables("raw_space", (weight, n3.coefficients), (p, n3.coefficients_p)),
        attrs={"input_explained": n3.explained, "input_explained_p": n3.explained_p}
        | {name: value for name, value in agreement.items() if value is not None},
    )


def ceiling_statistics(found: Retrainings) -> xr.Dataset:
    """Say how near the halves of a sign are (N4, section 4), and what was learned by heart."""
    made: dict[str, Variable] = {}
    if found.ceiling is not None:
        unknown = np.isnan(found.ceiling).any(axis=1)
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
                found.ceiling.mean(axis=1),
            ),
            (
                Column(
                    "ceiling",
                    "N4: share of networks in which a sign's two halves are each other's nearest; "
                    "empty for a sign of one example",
                    4,
                    shown="percent",
                    words="If each sign is split in two halves, these are each other's nearest in "
                    "so many cases: the most that any pair can be expected to reach.",
                ),
                np.where(unknown, np.nan, (found.ceiling <= 1).mean(axis=1)),
            ),
        )
    if found.held_out_agreement is not None:
        agreement = Column(
            "held_out_agreement",
            "rank correlation of the pairs' distances over all and over held-out examples, mean "
            "over runs; empty if too few are held out",
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
