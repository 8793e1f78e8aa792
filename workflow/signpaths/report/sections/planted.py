"""What was planted in simulated recordings, and what was found.

Takes `planted.csv` and the pairs; gives one row a planted pair, and the pairs nobody planted. What
each relation promises is declared here, once: some of it no copy of the raw signals can keep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from signpaths.report.study import Study, rows_of
from signpaths.spaces import HEADLINE
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
)
from signpaths.wording import count, number

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
        Whether one pair of the relation is enough: it is for no network to say which one.
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
        "two of three signs at equal distances: now these are nearest, now others; one pair at "
        "least should come and go",
        COMES,
        FLICKERS,
        together=True,
    ),
}


def content(study: Study) -> dict[str, Any] | None:
    """Set planted against found; nothing if the recordings are real."""
    return None if study.planted is None else planted_rows(study.planted, study.pairs, study.runs)


def planted_rows(
    planted: pd.DataFrame, pairs: Sequence[dict[str, Any]], runs: int
) -> dict[str, Any]:
    """Set what was planted in simulated data against what was found."""
    found = {_key(row): row for row in pairs}
    relations = rows_of(planted)
    meant = {_key(one) for one in relations}
    right = kept(relations, {key: (row["verdict"], row["cause"]) for key, row in found.items()})
    judged = [one for one in right if one is not None]
    return {
        "rows": [
            _row(one, found.get(_key(one)), runs, agrees)
            for one, agrees in zip(relations, right, strict=True)
        ],
        "agree": sum(judged),
        "judged": len(judged),
        "extra": [
            (row["sign_a"], row["sign_b"])
            for key, row in found.items()
            if row["verdict"] == STAYS and key not in meant
        ],
    }


def kept(
    planted: Sequence[Mapping[str, str]], found: Mapping[frozenset[str], tuple[str, str]]
) -> list[bool | None]:
    """Say of every planted pair whether its promise was kept.

    Parameters
    ----------
    planted
        `sign_a`, `sign_b` and `relation` of each.
    found
        Verdict and cause of every pair of the study.

    Returns
    -------
    list
        None for a pair that is not in the study, or of a relation that promises nothing. Of pairs
        that promise together, all are right if one is.
    """
    alone: list[bool | None] = []
    for one in planted:
        promise, answer = PROMISES.get(one["relation"]), found.get(_key(one))
        known = promise is not None and answer is not None
        alone.append((promise.verdict, promise.cause) == answer if promise and known else None)
    return [
        any(other for other, its in zip(alone, planted, strict=True) if its["relation"] == relation)
        if right is not None and PROMISES[relation].together
        else right
        for right, relation in zip(alone, (one["relation"] for one in planted), strict=True)
    ]


def planted_sentence(planted: pd.DataFrame, pairs: Sequence[dict[str, Any]]) -> str:
    """Say in a sentence what was hidden in the recordings, and how much of it was found."""
    rows = planted_rows(planted, pairs, 1)
    hidden = [name for name, promise in PROMISES.items() if promise.hidden]
    unseen = int(planted["relation"].isin(hidden).sum())
    told = f"As planted: {count(rows['agree'])} of {count(rows['judged'])} pairs"
    if unseen:
        told += (
            f"; {count(unseen)} of them are such that the recordings alone say the opposite, and "
            "only networks can tell"
        )
    return f"{told}."


def _key(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((row["sign_a"], row["sign_b"]))


def _row(
    relation: dict[str, Any], found: dict[str, Any] | None, runs: int, agrees: bool | None
) -> dict[str, Any]:
    promise = PROMISES.get(relation["relation"], Promise("", "", NONE))
    return {
        **relation,
        "meaning": promise.words,
        "meant": promise.verdict,
        "meant_cause": promise.cause,
        "verdict": found["verdict"] if found else "not in the study",
        "cause": found["cause"] if found else NONE,
        "close": f"{round(found[f'{HEADLINE}_pi'] * runs)}/{runs}" if found else "",
        "rank": number(found[f"{HEADLINE}_rank_mean"]) if found else "",
        "raw_rank": number(found["raw_rank"]) if found else "",
        "agrees": agrees,
    }
