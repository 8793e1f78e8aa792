"""Stage `evidence`: probabilities of every run and stability in, evidence from outside out.

Takes what the networks answer on held-out examples and every run's ranks in every space; gives
`evidence.zarr`, how well closeness foretells which signs are mixed up (see `scores`), and
`claims.csv`, claims beside what the retrainings say (see `claims`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.columns import Column, in_order, variables
from signpaths.errors import UserError
from signpaths.evidence.claims import Facts, claim_table, listed
from signpaths.evidence.scores import (
    AGAINST,
    CONFIDENCE,
    mean_interval,
    mean_of_known,
    most_confused,
    prediction_scores,
    softmax_mass,
)
from signpaths.options import ClaimsOptions, EvidenceOptions
from signpaths.runs import names_of, open_run, open_runs
from signpaths.spaces import HEADLINE, RAW, Space, coordinates, described
from signpaths.stores import open_store, write_store, write_table

if TYPE_CHECKING:
    from signpaths.columns import Variable


@dataclass(frozen=True)
class RanksAndMass:
    """What closeness says of every pair in every network, and what the networks answer.

    Attributes
    ----------
    networks
        Their names.
    signs
        Names, `(sign,)`.
    spaces
        Those of the networks, then those of the raw signals.
    rank
        Mutual rank `(network, space, pair)`, median over a network's autoencoders.
    mass
        Softmax mass `(network, pair)`.
    unheld
        Signs that have no held-out example in some network's split.
    """

    networks: list[str]
    signs: np.ndarray
    spaces: list[Space]
    rank: np.ndarray
    mass: np.ndarray
    unheld: set[str]


def evidence(
    stability: Path,
    activations: Path,
    store: Path,
    claims_csv: Path,
    /,
    *,
    options: EvidenceOptions = EvidenceOptions(),
    claims: ClaimsOptions = ClaimsOptions(),
) -> None:
    """Hold closeness against held-out mistakes, and claims against the retrainings.

    Parameters
    ----------
    stability
        The store of stage `stability`; it names the networks, and each space of the raw signals in
        it is a rival.
    activations
        The folder with the stores of stage `activations`, `<network>.zarr`.
    store
        The zarr store to write: `ap`, `auc`, `spearman` over `(space, against, network)`, their
        summary over `(space, against)` and `softmax_mass(network, pair)`.
    claims_csv
        The CSV to write: one row a claim.

    Raises
    ------
    UserError
        If the stores are not of one study.
    """
    stable = open_store(stability)
    found = _read(stable, activations)
    scores, share = prediction_scores(found.rank, found.mass, options.confused_fraction)
    facts = Facts(
        stable, mean_of_known(found.mass), _two_handed(open_run(activations, found.networks[0]))
    )
    write_table(claims_csv, claim_table(claims.claims, facts))
    write_store(
        _dataset(found, scores, share).assign_attrs(
            chance_ap=_chance(share, found.mass.shape[1], options.confused_fraction),
            confused_fraction=options.confused_fraction,
            confidence=CONFIDENCE,
            networks=len(found.networks),
            signs=found.signs.size,
            pairs=found.mass.shape[1],
            claims=len(claims.claims),
            note=_note(found, share),
        ),
        store,
        stage="evidence",
        title="How well closeness foretells which signs are mixed up on held-out examples",
        options=options,
    )


# Reading the runs.


def _read(stable: xr.Dataset, activations: Path) -> RanksAndMass:
    """Take the ranks from the stability, and read the answers of one network after the other."""
    names, signs = names_of(stable), stable.sign.values
    in_states = stable.mutual_rank.transpose("network", "space", "pair").values
    in_signals = stable.input_rank.transpose("raw_space", "pair").values
    # The raw signals know no network.
    rivals = np.broadcast_to(in_signals, (len(names), *in_signals.shape))
    upper = np.triu_indices(signs.size, 1)
    mass, unheld = [], set()
    for path, network in open_runs(activations, names):
        between, without = _held_out_mass(network, signs, path)
        mass.append(between[upper])
        unheld |= without
    return RanksAndMass(
        networks=names,
        signs=signs,
        spaces=described(stable) + described(stable, "raw_space"),
        rank=np.concatenate([in_states, rivals], axis=1),
        mass=np.array(mass),
        unheld=unheld,
    )


def _held_out_mass(
    network: xr.Dataset, signs: np.ndarray, path: Path
) -> tuple[np.ndarray, set[str]]:
    """Softmax mass `(sign, sign)` of one network, and the signs that have no held-out example."""
    column = pd.Index(network["class"].values).get_indexer(pd.Index(signs))
    if (column < 0).any():
        raise UserError(
            f"{path}: the network does not know the sign {signs[column < 0][0]}. Make it and its "
            "closeness from the same sequences."
        )
    held_out = network.part.values != "train"
    sign = network.sign.values[held_out]
    probability = network.probability.values[held_out][:, column]
    return softmax_mass(probability, sign, signs), {*signs.tolist()} - {*sign.tolist()}


def _two_handed(network: xr.Dataset) -> dict[str, bool]:
    """Of each sign, whether most of its examples use both hands; empty where it is not known."""
    if "hands" not in network:
        return {}
    sign, hands = network.sign.values, network.hands.values
    if not np.isin(hands, ("one", "two")).all():
        return {}
    return {str(name): bool((hands[sign == name] == "two").mean() >= 0.5) for name in set(sign)}


# What is written.


def _chance(share: np.ndarray, pairs: int, fraction: float) -> float:
    """Average precision by chance: the share of pairs that do count, or else that should."""
    known = share[np.isfinite(share)]
    return float(known.mean()) if known.size else most_confused(pairs, fraction) / pairs


def _dataset(
    found: RanksAndMass, scores: Mapping[str, np.ndarray], share: np.ndarray
) -> xr.Dataset:
    first, second = found.signs[np.stack(np.triu_indices(found.signs.size, 1))]
    mixed_up = "of closeness for the pairs that are mixed up"
    of_network = (
        Column("ap", f"average precision {mixed_up}", 8),
        Column("auc", f"area under the ROC curve {mixed_up}", 8),
        Column("spearman", "rank correlation of closeness with softmax mass", 8),
    )
    positive = Column(
        "positive_share",
        "share of pairs that count as mixed up: average precision by chance",
        8,
        shown="fine percent",
    )
    mass = Column(
        "softmax_mass",
        "probability given to the other sign on held-out examples, mean of both ways",
        8,
        heading="Mixed up",
        shown="fine percent",
        words="The probability that networks give to the one sign on new examples of the other.",
    )
    made = {
        **variables(
            ("space", "against", "network"), *((one, scores[one.name]) for one in of_network)
        ),
        **_summary(scores["ap"], scores["auc"], [space.name for space in found.spaces]),
        **variables(("against", "network"), (positive, share)),
        **variables(("network", "pair"), (mass, found.mass)),
    }
    return in_order(
        xr.Dataset(
            made,
            coords={
                **coordinates(found.spaces),
                "against": (
                    "against",
                    list(AGAINST),
                    {"long_name": "whose softmax mass: of the same network, or the mean of others"},
                ),
                "network": ("network", found.networks, {"long_name": "network"}),
                "sign_a": ("pair", first, {"long_name": "first sign of the pair"}),
                "sign_b": ("pair", second, {"long_name": "second sign of the pair"}),
            },
        )
    )


def _summary(ap: np.ndarray, auc: np.ndarray, spaces: list[str]) -> dict[str, "Variable"]:
    """Scores over networks, and paired differences, each with its interval."""
    hidden, raw = (ap[spaces.index(space)] for space in (HEADLINE, RAW))
    precision = "average precision"
    summaries = (
        (
            ap,
            0,
            Column(
                "ap_mean",
                f"{precision}, mean over networks",
                8,
                heading="Average precision",
                words="How well closeness finds the pairs that are mixed up; 1 is perfect.",
            ),
            ("ap", precision),
        ),
        (
            auc,
            0,
            Column(
                "auc_mean",
                "area under the ROC curve, mean over networks",
                8,
                heading="AUC",
                words="The share of cases in which a pair that is mixed up is closer than one that "
                "is not: 1 is perfect, 0.5 is chance.",
            ),
            ("auc", "area under the ROC curve"),
        ),
        (
            hidden - ap,
            -1,
            Column(
                "ap_gain",
                f"{precision} of {HEADLINE} less this one's, mean over networks",
                8,
                heading=f"{HEADLINE} more than this",
            ),
            ("ap_gain", f"{precision} of {HEADLINE} less this one's"),
        ),
        (
            ap - raw,
            -1,
            Column(
                "ap_over_raw",
                f"{precision} less that of {RAW}, mean over networks",
                8,
                heading=f"more than {RAW}",
            ),
            ("ap_over_raw", f"{precision} less that of {RAW}"),
        ),
    )
    made: dict[str, Variable] = {}
    for values, lowest, mean, (name, what) in summaries:
        # A t interval knows no bounds; scores and a difference of two do.
        ends = np.clip(np.apply_along_axis(mean_interval, -1, values), lowest, 1)
        interval = f"end of its {CONFIDENCE:.0%} t interval"
        made |= variables(
            ("space", "against"),
            (mean, ends[..., 0]),
            (
                Column(f"{name}_low", f"{what}, lower {interval}", 8, to=f"{name}_high"),
                ends[..., 1],
            ),
            (Column(f"{name}_high", f"{what}, upper {interval}", 8), ends[..., 2]),
        )
    return made


def _note(found: RanksAndMass, share: np.ndarray) -> str:
    """Say in words what is missing and why; empty if nothing is."""
    told: list[str] = []
    if found.unheld:
        told.append(
            f"No held-out example of {listed(sorted(found.unheld))} in at least one network's "
            "split: the pairs of these signs are missing there."
        )
    if flat := [name for name, one in zip(found.networks, share[0], strict=True) if np.isnan(one)]:
        told.append(
            f"Networks {listed(flat)}: too few pairs, or the same softmax mass in all of them, "
            "so none counts as mixed up more than another; average precision and AUC are missing."
        )
    if len(found.networks) == 1:
        told.append(
            "One network: there are no other runs to hold it against, and there is no interval. "
            "Train more networks."
        )
    return " ".join(told)
