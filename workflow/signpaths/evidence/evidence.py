"""Stage `evidence`: probabilities of every run and stability in, evidence from outside out.

Takes what the networks answer on held-out examples and every run's ranks in every space; gives
`evidence.zarr`, how well closeness foretells which signs are mixed up (see `scores`), beside rivals
that know no network, and `claims.csv`, claims beside what the retrainings say (see `claims`).
"""

from collections.abc import Sequence
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
    Scores,
    confused,
    mean_of_known,
    most_confused,
    prediction_scores,
    real_mistakes,
    sign_interval,
    softmax_mass,
)
from signpaths.options import ClaimsOptions, EvidenceOptions
from signpaths.origins import check_origin, made_from
from signpaths.runs import names_of, open_run, open_runs
from signpaths.spaces import HEADLINE, LDA_SPACE, RAW, Space, coordinates, described
from signpaths.stores import open_store, write_store, write_table

if TYPE_CHECKING:
    from signpaths.columns import Variable


@dataclass(frozen=True)
class Answers:
    """What one network answers on held-out examples.

    Attributes
    ----------
    mass, mistakes
        Softmax mass and real mistakes, `(pair,)`.
    unheld
        Signs that have no held-out example.
    held_out, wrong
        How many held-out examples there are, and how many of them are not recognised.
    test_accuracy
        Share of the test examples that are recognised; NaN if there are none.
    """

    mass: np.ndarray
    mistakes: np.ndarray
    unheld: set[str]
    held_out: int
    wrong: int
    test_accuracy: float


@dataclass(frozen=True)
class RanksAndAnswers:
    """What closeness says of every pair in every network, and what the networks answer.

    Attributes
    ----------
    networks
        Their names.
    signs
        Names, `(sign,)`.
    spaces
        Those of the networks, then those of the raw signals.
    ranks
        Mutual rank `(network, pair)` in each space, the same in all networks for the raw signals.
    mass, mistakes
        Softmax mass and real mistakes, `(network, pair)`.
    answers
        Of each network.
    """

    networks: list[str]
    signs: np.ndarray
    spaces: list[Space]
    ranks: list[np.ndarray]
    mass: np.ndarray
    mistakes: np.ndarray
    answers: list[Answers]


def evidence(
    stability: Path,
    signals: Path,
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
    signals
        The store of stage `closeness-raw`, for how many examples the linear rival recognises.
    activations
        The folder with the stores of stage `activations`, `<network>.zarr`.
    store
        The zarr store to write: `ap` and `auc` over `(space, against, network)`, their summary over
        `(space, against)`, `softmax_mass(network, pair)` and what of it are real mistakes.
    claims_csv
        The CSV to write: one row a claim.

    Raises
    ------
    UserError
        If the stores are not of one study.
    """
    stable = open_store(stability, "stability")
    found = _read(stable, activations)
    of_networks = {f"network {name}": activations / f"{name}.zarr" for name in found.networks}
    check_origin(stability, made_from(stability), of_networks)
    scores = prediction_scores(found.ranks, found.mass, found.mistakes, options.confused_fraction)
    facts = Facts(
        stable,
        mean_of_known(found.mass),
        _two_handed(open_run(activations, found.networks[0], "activations")),
    )
    write_table(claims_csv, claim_table(claims.claims, facts))
    write_store(
        _dataset(found, scores, options.confused_fraction).assign_attrs(
            chance_ap=_chance(scores.share, found.mass.shape[1], options.confused_fraction),
            confused_fraction=options.confused_fraction,
            confidence=CONFIDENCE,
            networks=len(found.networks),
            signs=found.signs.size,
            pairs=found.mass.shape[1],
            claims=len(claims.claims),
            note=_note(found, scores),
            **_linear_rival(open_store(signals, "closeness-raw")),
        ),
        store,
        stage="evidence",
        title="How well closeness foretells which signs are mixed up on held-out examples",
        options=options,
        made_from={"stability": stability},
    )


# Reading the runs.


def _read(stable: xr.Dataset, activations: Path) -> RanksAndAnswers:
    """Take the ranks from the stability, and read the answers of one network after the other."""
    names, signs = names_of(stable), stable.sign.values
    answers = [
        _answers(network, signs, path)
        for path, network in open_runs(activations, names, "activations")
    ]
    of_pairs = (len(names), stable.sizes["pair"])
    return RanksAndAnswers(
        networks=names,
        signs=signs,
        spaces=described(stable) + described(stable, "raw_space"),
        ranks=[
            *stable.mutual_rank.transpose("space", "network", "pair").values,
            # The raw signals know no network.
            *(
                np.broadcast_to(one, of_pairs)
                for one in stable.input_rank.transpose("raw_space", "pair").values
            ),
        ],
        mass=np.array([one.mass for one in answers]),
        mistakes=np.array([one.mistakes for one in answers]),
        answers=answers,
    )


def _answers(network: xr.Dataset, signs: np.ndarray, path: Path) -> Answers:
    classes = network["class"].values
    column = pd.Index(classes).get_indexer(pd.Index(signs))
    if (column < 0).any():
        raise UserError(
            f"{path}: the network does not know the sign {signs[column < 0][0]}. Make it and its "
            "closeness from the same sequences."
        )
    part = network.part.values
    held_out = part != "train"
    part, sign = part[held_out], network.sign.values[held_out]
    probability = network.probability.values[held_out]
    answer = classes[probability.argmax(axis=1)]
    right = answer == sign
    upper = np.triu_indices(signs.size, 1)
    return Answers(
        mass=softmax_mass(probability[:, column], sign, signs)[upper],
        mistakes=real_mistakes(answer, sign, signs)[upper],
        unheld={*signs.tolist()} - {*sign.tolist()},
        held_out=sign.size,
        wrong=int((~right).sum()),
        test_accuracy=float(right[part == "test"].mean()) if (part == "test").any() else np.nan,
    )


def _linear_rival(signals: xr.Dataset) -> dict[str, float | str]:
    """Take over how well the linear rival recognises examples, or why there is none."""
    known = (f"{LDA_SPACE.name}_{name}" for name in ("note", "test_accuracy"))
    return {name: signals.attrs[name] for name in known if name in signals.attrs}


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


def _dataset(found: RanksAndAnswers, scores: Scores, fraction: float) -> xr.Dataset:
    first, second = found.signs[np.stack(np.triu_indices(found.signs.size, 1))]
    mixed_up = "of closeness for the pairs that are mixed up"
    of_network = (
        (Column("ap", f"average precision {mixed_up}", 8), scores.ap),
        (Column("auc", f"area under the ROC curve {mixed_up}", 8), scores.auc),
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
        **variables(("space", "against", "network"), *of_network),
        **_summary(scores, [space.name for space in found.spaces]),
        **variables(("against", "network"), (positive, scores.share)),
        **variables(("network", "pair"), (mass, found.mass)),
        **_mistakes(found, scores, fraction),
    }
    return in_order(
        xr.Dataset(
            made,
            coords={
                **coordinates(found.spaces),
                "against": (
                    "against",
                    list(AGAINST),
                    {
                        "long_name": "whose closeness against whose softmax mass: a network's own "
                        "against its own, its own against the mean of the others', and the mean "
                        "rank in the others against its own"
                    },
                ),
                "network": ("network", found.networks, {"long_name": "network"}),
                "sign_a": ("pair", first, {"long_name": "first sign of the pair"}),
                "sign_b": ("pair", second, {"long_name": "second sign of the pair"}),
            },
        )
    )


def _summary(scores: Scores, spaces: Sequence[str]) -> dict[str, "Variable"]:
    """Scores over networks, and paired differences, each with its interval over signs."""
    ap, auc = scores.ap_without, scores.auc_without
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
    for without, lowest, mean, (name, what) in summaries:
        ends = sign_interval(without, (lowest, 1))
        interval = f"end of its {CONFIDENCE:.0%} interval over signs"
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


def _mistakes(found: RanksAndAnswers, scores: Scores, fraction: float) -> dict[str, "Variable"]:
    """Say how much of what counts as mixed up are real mistakes."""
    made = found.mistakes > 0
    mixed_up = confused(mean_of_known(found.mass), fraction)
    own = np.array([confused(one, fraction) for one in found.mass])
    counted = own.sum(axis=1)
    shares = made.mean(axis=0)[mixed_up]
    of_network = (
        (
            Column("test_accuracy", "share of the test examples that are recognised", 8),
            np.array([one.test_accuracy for one in found.answers]),
        ),
        (
            Column("held_out", "held-out examples", 8, shown="number"),
            np.array([one.held_out for one in found.answers]),
        ),
        (
            Column("wrong", "held-out examples that are not recognised", 8, shown="number"),
            np.array([one.wrong for one in found.answers]),
        ),
        (
            Column(
                "confused_really",
                "share of the pairs that count as mixed up by this network's own answers that it "
                "really mistook for one another on a held-out example",
                8,
                shown="percent",
            ),
            np.divide(
                (own & made).sum(axis=1), counted, out=np.full(len(made), np.nan), where=counted > 0
            ),
        ),
    )
    really = "of them, those really mistaken for one another on a held-out example by"
    of_study = (
        (Column("confused", "pairs that count as mixed up by the mean over networks", 8), mixed_up),
        (Column("confused_by_some", f"{really} a network at least", 8), shares > 0),
        (Column("confused_by_most", f"{really} most networks", 8), shares > 0.5),
    )
    alone = Column(
        "ap_mistaken",
        "average precision, mean over networks, if only pairs that count as mixed up and were "
        "really mistaken for one another count",
        8,
    )
    chance = Column(
        "share_mistaken",
        "share of pairs that count then: average precision by chance, mean over networks",
        8,
        shown="fine percent",
    )
    return {
        **variables(
            "pair",
            (
                Column(
                    "mistakes",
                    "held-out examples of either sign that were taken for the other, all networks",
                    8,
                ),
                found.mistakes.sum(axis=0),
            ),
            (
                Column(
                    "mistaken",
                    "share of networks that took a held-out example of either sign for the other",
                    8,
                    shown="percent",
                ),
                made.mean(axis=0),
            ),
        ),
        **variables("network", *of_network),
        **variables((), *((column, np.asarray(which.sum())) for column, which in of_study)),
        **variables(("space", "against"), (alone, scores.ap_mistaken)),
        **variables("against", (chance, scores.share_mistaken)),
    }


def _note(found: RanksAndAnswers, scores: Scores) -> str:
    """Say in words what is missing and why; empty if nothing is."""
    told: list[str] = []
    if unheld := set[str]().union(*(one.unheld for one in found.answers)):
        told.append(
            f"No held-out example of {listed(sorted(unheld))} in at least one network's "
            "split: the pairs of these signs are missing there."
        )
    own = zip(found.networks, scores.share[0], strict=True)
    if flat := [name for name, one in own if np.isnan(one)]:
        told.append(
            f"Networks {listed(flat)}: too few pairs, or the same softmax mass in all of them, "
            "so none counts as mixed up more than another; average precision and AUC are missing."
        )
    elif np.isnan(scores.ap_without).any(axis=-1)[:, 0].any():
        told.append(
            "So few pairs count as mixed up that a single sign is part of all of them in some "
            "network: how far other signs would change the scores cannot be said, and there is no "
            "interval."
        )
    if len(found.networks) == 1:
        told.append("One network: there are no others to hold it against. Train more networks.")
    return " ".join(told)
