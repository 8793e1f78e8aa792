"""What was planted in simulated recordings, and what was found.

Takes `planted.csv` and the pairs, gives one row a planted pair, and the pairs nobody planted.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from signpaths.report.study import Study, rows_of
from signpaths.spaces import HEADLINE
from signpaths.stability.verdicts import INPUT, NONE, STAYS
from signpaths.wording import DASH, number

NAME = "Planted truth"
# What was planted, whether such a pair is meant to stay close, and why.
PLANTED = {
    "twin": ("the same movement, but for one finger towards its end", True, INPUT),
    "prefix": ("one sign is the beginning of the other", True, INPUT),
    "crossing": ("the same place at different times", False, NONE),
}
MEANT = {True: STAYS, False: "does not stay close", None: DASH}


def content(study: Study) -> dict[str, Any] | None:
    """Set planted against found; nothing if the recordings are real."""
    return None if study.planted is None else planted_rows(study.planted, study.pairs, study.runs)


def planted_rows(
    planted: pd.DataFrame, pairs: Sequence[dict[str, Any]], runs: int
) -> dict[str, Any]:
    """Set what was planted in simulated data against what was found."""
    found = {_key(row): row for row in pairs}
    relations = rows_of(planted)
    rows = [_row(one, found.get(_key(one)), runs) for one in relations]
    meant = {_key(one) for one in relations}
    judged = [row for row in rows if row["agrees"] is not None]
    return {
        "rows": rows,
        "agree": sum(bool(row["agrees"]) for row in judged),
        "judged": len(judged),
        "extra": [
            (row["sign_a"], row["sign_b"])
            for key, row in found.items()
            if row["verdict"] == STAYS and key not in meant
        ],
    }


def _key(row: dict[str, Any]) -> frozenset[str]:
    return frozenset((row["sign_a"], row["sign_b"]))


def _row(relation: dict[str, Any], found: dict[str, Any] | None, runs: int) -> dict[str, Any]:
    meaning, meant, cause = PLANTED.get(relation["relation"], ("", None, ""))
    verdict = found["verdict"] if found else "not in the study"
    why = found["cause"] if found else ""
    right = (verdict == STAYS) == meant and (not meant or why == cause)
    return {
        **relation,
        "meaning": meaning,
        "meant": MEANT[meant],
        "meant_cause": cause,
        "verdict": verdict,
        "cause": why,
        "close": f"{round(found[f'{HEADLINE}_pi'] * runs)}/{runs}" if found else "",
        "rank": number(found[f"{HEADLINE}_rank_mean"]) if found else "",
        "agrees": None if meant is None or not found else right,
    }
