"""What was planted in simulated recordings, and what was found.

Takes `planted.csv` and the answers on all pairs; gives one row a planted pair, how many plantings
were found by the networks and by a copy of the raw signals in their place, and the pairs nobody
planted. What each relation promises is declared here, once: some of it no such copy can keep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.options import StabilityOptions
from signpaths.report.sections.pairs import is_likely
from signpaths.report.study import Study, rows_of
from signpaths.spaces import HEADLINE, UNTRAINED
from signpaths.stability.answers import Observed, counts_of
from signpaths.stability.verdicts import (
    APART,
    COMES,
    FLICKERS,
    INPUT,
    LEARNED,
    NONE,
    RECURRENT,
    STAYS,
    UNLEARNED,
    answered,
)
from signpaths.wording import count, listed, number

NAME = "Planted truth"


@dataclass(frozen=True)
class Promise:
    """What a planted relation should be found as.

    Attributes
    ----------
    words
        How the signs were made.
    verdict, cause
        Of the pair.
    hidden
        Whether the recordings say the opposite, so that no copy of them can find it.
    together
        Whether one pair of the planting is enough: it is for no network to say which one.
    """

    words: str
    verdict: str
    cause: str
    hidden: bool = False
    together: bool = False


PROMISES = {
    "twin": Promise("the same movement, but for one finger towards its end", STAYS, INPUT),
    "prefix": Promise("one sign is the beginning of the other", STAYS, INPUT),
    "crossing": Promise("the same place at different times", APART, NONE),
    "learned": Promise(
        "the same but for a left hand that every take moves somewhere else, which hides it in the "
        "recordings",
        STAYS,
        LEARNED,
        hidden=True,
    ),
    "learned apart": Promise(
        "near in the recordings, for the second sign is without that unrest; but not the same",
        APART,
        UNLEARNED,
        hidden=True,
    ),
    "trembling": Promise(
        "the same but for a left hand that trembles, which any recurrent network smooths",
        STAYS,
        RECURRENT,
        hidden=True,
    ),
    "flickering": Promise(
        "two of four signs at equal distances: now these are nearest, now others; one pair at "
        "least should come and go",
        COMES,
        FLICKERS,
        together=True,
    ),
}


@dataclass(frozen=True)
class Answer:
    """What is said of a pair, and whether resampled studies repeat it often enough to be sure."""

    verdict: str
    cause: str
    sure: bool = True


# What a promise is about, as `pairs.csv` calls it.
ANSWERS = ("verdict", "cause")
# By the two signs of a pair.
Answers = Mapping[frozenset[str], Answer]
# A planted pair: its signs, relation and planting.
Planted = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """How many plantings were found as promised.

    Attributes
    ----------
    judged
        Plantings that promise something and are in the study.
    kept
        Those whose promise was kept,
    likely
        and those of them that are only likely.
    missed
        Relations of those that were not.
    """

    judged: int
    kept: int
    likely: int
    missed: Sequence[str]


def content(study: Study) -> dict[str, Any] | None:
    """Set planted against found; nothing if the recordings are real."""
    return (
        None
        if study.planted is None
        else (planted_rows(study.planted, study.stability, study.pairs))
    )


def planted_rows(
    planted: pd.DataFrame, stability: xr.Dataset, pairs: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Set what was planted in simulated data against what was found; `pairs` as in `pairs.csv`."""
    found = {_key(row): row for row in pairs}
    relations = rows_of(planted)
    meant = {_key(one) for one in relations}
    runs, sure = stability.sizes["network"], float(stability.attrs["sure"])
    own, copied = own_answers(pairs, sure), copied_answers(stability)
    columns = (relations, kept(relations, own), kept(relations, copied), spans(relations))
    return {
        "rows": [
            {
                **_row(one, found.get(_key(one)), runs, sure),
                "agrees": right,
                "copied": copy,
                "span": span,
            }
            for one, right, copy, span in zip(*columns, strict=True)
        ],
        "score": score(relations, own),
        "copied": score(relations, copied),
        "extra": [
            (row["sign_a"], row["sign_b"])
            for key, row in found.items()
            if row["verdict"] == STAYS and key not in meant
        ],
    }


def own_answers(pairs: Sequence[dict[str, Any]], sure: float) -> Answers:
    """Give the study's own answer on every pair, and which are more than likely."""
    return {
        _key(row): Answer(
            row["verdict"], row["cause"], not any(is_likely(row, name, sure) for name in ANSWERS)
        )
        for row in pairs
    }


def copied_answers(stability: xr.Dataset) -> Answers:
    """Give what would be said if every network's hidden states were a copy of the raw signals.

    A pair is close in all of these networks or in none. What is known of them before training, and
    the rules, are the study's own.
    """
    networks, raw = stability.sizes["network"], stability["raw_close"].values.astype(bool)
    known = UNTRAINED in stability["space"].values
    observed = Observed(
        close=np.tile(raw, (networks, 1)),
        untrained=stability["close"].sel(space=UNTRAINED).values == 1 if known else None,
        raw_close=raw,
        pictured={},
        autoencoders={},
    )
    (counts,) = counts_of(observed, np.ones((1, networks), dtype=int))
    thresholds = ("tau", "fdr", "rare", "firm", "present", "confidence")
    answers = answered(
        counts, StabilityOptions(**{name: stability.attrs[name] for name in thresholds})
    )
    return {
        pair: Answer(str(verdict), str(cause))
        for pair, verdict, cause in zip(
            _pairs(stability), answers.verdict, answers.cause, strict=True
        )
    }


def kept(planted: Sequence[Planted], found: Answers) -> list[bool | None]:
    """Say of every planted pair whether its planting's promise was kept.

    Returns
    -------
    list
        None for a pair that is not in the study, or of a relation that promises nothing. Of pairs
        that promise together, all are right if one of the same planting is.
    """
    alone = [_keeps(one, found) for one in planted]
    return [
        any(other for other, its in zip(alone, planted, strict=True) if _together(one, its))
        if right is not None
        else None
        for right, one in zip(alone, planted, strict=True)
    ]


def score(planted: Sequence[Planted], found: Answers) -> Score:
    """Count the plantings that were found as promised."""
    right = {
        one["planting"]: (one["relation"], agrees)
        for one, agrees in zip(planted, kept(planted, found), strict=True)
        if agrees is not None
    }
    sure = {one["planting"] for one in planted if _keeps(one, found) and found[_key(one)].sure}
    agreeing = {planting for planting, (_, agrees) in right.items() if agrees}
    return Score(
        judged=len(right),
        kept=len(agreeing),
        likely=len(agreeing - sure),
        missed=[relation for relation, agrees in right.values() if not agrees],
    )


def spans(planted: Sequence[Planted]) -> list[int]:
    """Give over how many rows each pair's planting reaches; 0 below its first row."""
    plantings = [one["planting"] for one in planted]
    return [
        0 if planting in plantings[:row] else plantings.count(planting)
        for row, planting in enumerate(plantings)
    ]


def planted_sentence(
    planted: pd.DataFrame, stability: xr.Dataset, pairs: Sequence[dict[str, Any]]
) -> str:
    """Say how much of what was planted was found, and how much a copy of the raw signals would."""
    relations = rows_of(planted)
    own = score(relations, own_answers(pairs, float(stability.attrs["sure"])))
    told = f"As planted: {count(own.kept)} of {count(own.judged)} plantings"
    if own.likely:
        told += f", {count(own.likely)} of them only likely"
    if own.missed:
        told += f" (not {listed(own.missed)})"
    copied = score(relations, copied_answers(stability))
    return (
        f"{told}; a copy of the raw signals in place of networks would find {count(copied.kept)}."
    )


def _keeps(one: Planted, found: Answers) -> bool | None:
    """Say whether a pair by itself is what its relation promises."""
    promise, answer = PROMISES.get(one["relation"]), found.get(_key(one))
    if promise is None or answer is None:
        return None
    return (promise.verdict, promise.cause) == (answer.verdict, answer.cause)


def _together(one: Planted, other: Planted) -> bool:
    """Say whether the second pair can keep the first one's promise."""
    if PROMISES[one["relation"]].together:
        return one["planting"] == other["planting"]
    return _key(one) == _key(other)


def _key(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((row["sign_a"], row["sign_b"]))


def _pairs(stability: xr.Dataset) -> list[frozenset[str]]:
    names = (stability[name].values.astype(str).tolist() for name in ("sign_a", "sign_b"))
    return [frozenset(pair) for pair in zip(*names, strict=True)]


def _row(relation: Planted, found: dict[str, Any] | None, runs: int, sure: float) -> dict[str, Any]:
    promise = PROMISES.get(relation["relation"], Promise("", "", NONE))
    return {
        **relation,
        "meaning": promise.words,
        "meant": promise.verdict,
        "meant_cause": promise.cause,
        "verdict": found["verdict"] if found else "not in the study",
        "cause": found["cause"] if found else NONE,
        "close": f"{round(found[f'{HEADLINE}_pi'] * runs)}/{runs}" if found else "",
        "likely": {name: found is not None and is_likely(found, name, sure) for name in ANSWERS},
        "rank": number(found[f"{HEADLINE}_rank_mean"]) if found else "",
        "raw_rank": number(found["raw_rank"]) if found else "",
    }
