"""Stage `evidence`: probabilities of every run and stability in, evidence from outside out.

Takes what the networks answer on held-out examples and every run's ranks in every space; gives
`evidence.zarr`, how well closeness foretells which signs are mixed up (average precision and AUC
from scikit-learn, rank correlation from scipy), and `claims.csv`, claims beside what the
retrainings say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import xarray as xr
from cyclopts import Parameter
from scipy.stats import sem, spearmanr, t
from sklearn.metrics import average_precision_score, roc_auc_score

from signpaths.claims import Study, claim_table, listed, read_claims
from signpaths.errors import UserError
from signpaths.stability import HEADLINE, RAW
from signpaths.stores import by_seed, open_store, write_store, write_text

AGAINST = ("same run", "other runs")
CONFIDENCE = 0.95


@Parameter(name="*")
@dataclass(frozen=True)
class EvidenceOptions:
    """What counts as mixed up.

    Parameters
    ----------
    confused_fraction
        Share of the pairs, those with the most softmax mass, that count as mixed up.
    """

    confused_fraction: float = 0.02


def evidence(
    stability: Path,
    store: Path,
    claims_csv: Path,
    /,
    *,
    activations: Annotated[Sequence[Path], Parameter(consume_multiple=True)],
    claims: str = "[]",
    options: EvidenceOptions = EvidenceOptions(),
) -> None:
    """Hold closeness against held-out mistakes, and claims against the retrainings.

    Parameters
    ----------
    stability
        The store of stage `stability`; each space of the raw signals in it is a rival.
    store
        The zarr store to write: `ap`, `auc`, `spearman` over `(space, against, lstm_seed)`, their
        summary over `(space, against)` and `softmax_mass(lstm_seed, pair)`.
    claims_csv
        The CSV to write: one row a claim.
    activations
        The stores of stage `activations`, each `…/<lstm_seed>.zarr`, of the same seeds.
    claims
        JSON: a list of objects with `claim` (its name), `kind` (close, apart, crossing, sometimes,
        near_in_plane or handedness), `signs` (two names; none for handedness) and, if wanted,
        `said` (what was claimed, in words) and `space` (hidden by default).

    Raises
    ------
    UserError
        If the stores are not of one study, or an option is not as described.
    """
    said = read_claims(claims)
    if not 0 < options.confused_fraction < 1:
        raise UserError(
            f"confused_fraction is {options.confused_fraction}; it is a share of the pairs, "
            "above 0 and below 1."
        )
    networks = by_seed(activations)
    stable = open_store(stability)
    if not np.array_equal(stable.lstm_seed.values, list(networks)):
        raise UserError(f"{stability}: its LSTM seeds are not those of the runs. Make it again.")
    found = _read(networks, stable)
    scores, share = foretold(found.rank, found.mass, options.confused_fraction)
    study = Study(stable, _mean(found.mass), _two_handed(networks))
    write_text(
        claims_csv,
        claim_table(said, study).to_csv(index=False, lineterminator="\n", float_format="%.6g"),
    )
    write_store(
        _dataset(found, scores, share).assign_attrs(
            chance_ap=_chance(share, found.mass.shape[1], options.confused_fraction),
            confused_fraction=options.confused_fraction,
            confidence=CONFIDENCE,
            lstm_seeds=len(found.seeds),
            signs=found.signs.size,
            pairs=found.mass.shape[1],
            claims=len(said),
            note=_note(found, share),
        ),
        store,
        stage="evidence",
        title="How well closeness foretells which signs are mixed up on held-out examples",
        options=options,
    )


# Softmax mass and what foretells it.


def softmax_mass(probability: np.ndarray, sign: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Give S_ab: mean probability given to b on examples of a, averaged with that the other way.

    Parameters
    ----------
    probability
        `(example, sign)`: of each held-out example, over `signs`.
    sign
        The true sign of each example.
    signs
        All signs.

    Returns
    -------
    numpy.ndarray
        float64 `(sign, sign)`, symmetric. NaN where a sign has no example.
    """
    given = np.full((signs.size, signs.size), np.nan)
    for row, name in enumerate(signs):
        mine = probability[sign == name]
        if len(mine):
            given[row] = mine.mean(axis=0, dtype=np.float64)
    return (given + given.T) / 2


def mean_of_others(mass: np.ndarray) -> np.ndarray:
    """Give, for each LSTM, the mean over all others; `(lstm_seed, pair)`, missing values left out.

    NaN where no other LSTM has a value, so everywhere if there is but one.
    """
    # Not total less own: the rounding would part masses that are equal.
    return np.array([_mean(np.delete(mass, index, axis=0)) for index in range(len(mass))])


def confused(mass: np.ndarray, fraction: float) -> np.ndarray:
    """Say which pairs count as mixed up: the given share with the most mass, one at least.

    Pairs that tie with the last of them count as well; those without any mass, or where it is
    missing, never do.
    """
    known = np.sort(mass[np.isfinite(mass)])
    if not known.size:
        return np.zeros(mass.shape, dtype=bool)
    cut = known[-_wanted(known.size, fraction)]
    return (mass >= cut) & (mass > 0)


def _wanted(pairs: int, fraction: float) -> int:
    return max(1, round(fraction * pairs))


def score(rank: np.ndarray, mass: np.ndarray, positive: np.ndarray) -> tuple[float, float, float]:
    """Say how well closeness foretells mass.

    Parameters
    ----------
    rank
        Mutual rank `(pair,)`: the lower, the closer.
    mass
        Softmax mass `(pair,)`; pairs where it is missing are left out.
    positive
        bool `(pair,)`: the pairs that count as mixed up.

    Returns
    -------
    tuple of float
        Average precision and AUC of closeness for the pairs that are mixed up (NaN if all or none
        are), and its rank correlation with the mass (NaN if one of them does not vary).
    """
    known = np.isfinite(mass) & np.isfinite(rank)
    closer, mass, positive = -rank[known], mass[known], positive[known]
    ap = auc = rho = np.nan
    if 0 < positive.sum() < positive.size:
        ap = average_precision_score(positive, closer)
        auc = roc_auc_score(positive, closer)
    if closer.size and np.ptp(closer) > 0 and np.ptp(mass) > 0:
        rho = spearmanr(closer, mass).statistic
    return float(ap), float(auc), float(rho)


def foretold(
    rank: np.ndarray, mass: np.ndarray, fraction: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Score every space against the mass of the same LSTM, and against that of all others.

    The second way, what a network answers cannot be read off its own hidden states.

    Parameters
    ----------
    rank
        Mutual rank `(lstm_seed, space, pair)`.
    mass
        Softmax mass `(lstm_seed, pair)`.
    fraction
        Share of the pairs that count as mixed up.

    Returns
    -------
    tuple
        `ap`, `auc`, `spearman` over `(space, against, lstm_seed)`, NaN where they are not defined;
        and the share of the pairs that do count as mixed up, `(against, lstm_seed)`, NaN where
        that sets none apart.
    """
    targets = (mass, mean_of_others(mass))
    scores = np.full((3, rank.shape[1], len(AGAINST), len(mass)), np.nan)
    share = np.full((len(AGAINST), len(mass)), np.nan)
    for against, seed in np.ndindex(*share.shape):
        target = targets[against][seed]
        positive = confused(target, fraction)
        known = int(np.isfinite(target).sum())
        if 0 < positive.sum() < known:
            share[against, seed] = positive.sum() / known
        for space in range(rank.shape[1]):
            scores[:, space, against, seed] = score(rank[seed, space], target, positive)
    return dict(zip(("ap", "auc", "spearman"), scores, strict=True)), share


def mean_interval(values: np.ndarray) -> np.ndarray:
    """Give the mean over LSTM seeds with its 95 % t interval: mean, low, high.

    Missing values are left out. Without any, all three are NaN; with one, the ends are.
    """
    known = values[np.isfinite(values)]
    if known.size < 2:
        return np.array([known.mean() if known.size else np.nan, np.nan, np.nan])
    half = t.ppf((1 + CONFIDENCE) / 2, known.size - 1) * sem(known)
    return known.mean() + half * np.array([0, -1, 1])


# Reading the runs.


@dataclass(frozen=True)
class Runs:
    """What is read of all runs, in the order of their seeds.

    Attributes
    ----------
    rank
        Mutual rank `(lstm_seed, space, pair)`, median over autoencoder seeds.
    mass
        Softmax mass `(lstm_seed, pair)`.
    unheld
        Signs that have no held-out example in some LSTM's split.
    """

    seeds: list[int]
    signs: np.ndarray
    spaces: list[str]
    rank: np.ndarray
    mass: np.ndarray
    unheld: set[str]


def _read(networks: Mapping[int, Path], stable: xr.Dataset) -> Runs:
    """Take the ranks from the stability, and read the answers of one network after the other."""
    signs = stable.sign.values
    in_states = stable.mutual_rank.transpose("lstm_seed", "space", "pair").values
    in_signals = stable.input_rank.transpose("raw_space", "pair").values
    # The raw signals know no LSTM.
    rivals = np.broadcast_to(in_signals, (len(networks), *in_signals.shape))
    upper = np.triu_indices(signs.size, 1)
    mass, unheld = [], set()
    for path in networks.values():
        between, without = _held_out_mass(open_store(path), signs, path)
        mass.append(between[upper])
        unheld |= without
    return Runs(
        seeds=list(networks),
        signs=signs,
        spaces=[*stable.space.values.tolist(), *stable.raw_space.values.tolist()],
        rank=np.concatenate([in_states, rivals], axis=1),
        mass=np.array(mass),
        unheld=unheld,
    )


def _held_out_mass(
    network: xr.Dataset, signs: np.ndarray, path: Path
) -> tuple[np.ndarray, set[str]]:
    """Softmax mass `(sign, sign)` of one LSTM, and the signs that have no held-out example."""
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


def _two_handed(networks: Mapping[int, Path]) -> dict[str, bool]:
    """Of each sign, whether most of its examples use both hands; empty where it is not known."""
    network = open_store(next(iter(networks.values())))
    if "hands" not in network:
        return {}
    sign, hands = network.sign.values, network.hands.values
    if not np.isin(hands, ("one", "two")).all():
        return {}
    return {str(name): bool((hands[sign == name] == "two").mean() >= 0.5) for name in set(sign)}


# What is written.


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not missing; NaN where all is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _chance(share: np.ndarray, pairs: int, fraction: float) -> float:
    """Average precision by chance: the share of pairs that do count, or else that should."""
    known = share[np.isfinite(share)]
    return float(known.mean()) if known.size else _wanted(pairs, fraction) / pairs


def _dataset(runs: Runs, scores: Mapping[str, np.ndarray], share: np.ndarray) -> xr.Dataset:
    first, second = runs.signs[np.stack(np.triu_indices(runs.signs.size, 1))]
    described = {
        "ap": "average precision of closeness for the pairs that are mixed up",
        "auc": "area under the ROC curve of closeness for the pairs that are mixed up",
        "spearman": "rank correlation of closeness with softmax mass",
    }
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        **{
            name: (("space", "against", "lstm_seed"), values, described[name])
            for name, values in scores.items()
        },
        **_summary(scores["ap"], scores["auc"], runs.spaces),
        "positive_share": (
            ("against", "lstm_seed"),
            share,
            "share of pairs that count as mixed up: average precision by chance",
        ),
        "softmax_mass": (
            ("lstm_seed", "pair"),
            runs.mass,
            "probability given to the other sign on held-out examples, mean of both ways",
        ),
    }
    coords = {
        "space": ("space", runs.spaces, "where closeness is measured"),
        "against": (
            "against",
            list(AGAINST),
            "whose softmax mass: of the same LSTM, or the mean of all others",
        ),
        "lstm_seed": ("lstm_seed", runs.seeds, "LSTM seed"),
        "sign_a": ("pair", first, "first sign of the pair"),
        "sign_b": ("pair", second, "second sign of the pair"),
    }
    return xr.Dataset(
        {
            name: (dims, values, {"long_name": long_name, "units": "1"})
            for name, (dims, values, long_name) in variables.items()
        },
        coords={
            name: (dim, values, {"long_name": long_name})
            for name, (dim, values, long_name) in coords.items()
        },
    )


def _summary(
    ap: np.ndarray, auc: np.ndarray, spaces: list[str]
) -> dict[str, tuple[tuple[str, ...], np.ndarray, str]]:
    """Scores over LSTM seeds, and paired differences, each with its interval."""
    hidden, raw = (ap[spaces.index(space)] for space in (HEADLINE, RAW))
    summary: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {}
    for name, mean, values, lowest, long_name in (
        ("ap", "ap_mean", ap, 0, "average precision"),
        ("auc", "auc_mean", auc, 0, "area under the ROC curve"),
        ("ap_gain", "ap_gain", hidden - ap, -1, f"average precision of {HEADLINE} less this one's"),
        ("ap_over_raw", "ap_over_raw", ap - raw, -1, f"average precision less that of {RAW}"),
    ):
        # A t interval knows no bounds; scores and a difference of two do.
        ends = np.clip(np.apply_along_axis(mean_interval, -1, values), lowest, 1)
        for part, end, text in (
            (mean, 0, f"{long_name}, mean over LSTM seeds"),
            (f"{name}_low", 1, f"{long_name}, lower end of its {CONFIDENCE:.0%} t interval"),
            (f"{name}_high", 2, f"{long_name}, upper end of its {CONFIDENCE:.0%} t interval"),
        ):
            summary[part] = (("space", "against"), ends[..., end], text)
    return summary


def _note(runs: Runs, share: np.ndarray) -> str:
    """Say in words what is missing and why; empty if nothing is."""
    told: list[str] = []
    if runs.unheld:
        told.append(
            f"No held-out example of {listed(sorted(runs.unheld))} in at least one LSTM's split: "
            "the pairs of these signs are missing there."
        )
    if flat := [seed for seed, one in zip(runs.seeds, share[0], strict=True) if np.isnan(one)]:
        told.append(
            f"LSTM seeds {listed(flat)}: too few pairs, or the same softmax mass in all of them, "
            "so none counts as mixed up more than another; average precision and AUC are missing."
        )
    if len(runs.seeds) == 1:
        told.append(
            "One LSTM: there are no other runs to hold it against, and there is no interval. "
            "Train more LSTM seeds."
        )
    return " ".join(told)
