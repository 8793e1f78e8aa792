"""What was said about signs, beside what the retrainings say.

Takes the table of claims, gives its rows with the numbers behind each of them in words.
"""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from signpaths.evidence.claims import LIKELY
from signpaths.report.study import Study, rows_of
from signpaths.wording import number, percent, probability

NAME = "Claims"
# The numbers behind a claim that the sentence about it leaves out.
BEHIND: dict[str, tuple[str, Callable[[float], str]]] = {
    "q": ("q in {space}", probability),
    "raw_rank": ("rank in the raw signals", number),
    "crossing": ("paths meet in {picture_space}", percent),
    "softmax_mass": ("probability of the other", percent),
}


# What stage `stability` says of the pair of a claim.
ANSWERS = ("verdict", "cause", "picture")


def content(study: Study) -> list[dict[str, Any]]:
    """Give one row a claim; none if nothing was claimed."""
    return [] if study.claims is None else claim_rows(study.claims)


def claim_rows(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of `claims.csv` as text, with `answers` and the numbers `behind` each of them.

    An answer is its words and whether it is no more than likely.
    """
    return [
        {"space": "", "picture_space": "", **row}
        | {
            "answers": {name: _answer(row.get(name)) for name in ANSWERS},
            "behind": [
                (text.format_map(row), show(float(row[name])))
                for name, (text, show) in BEHIND.items()
                if row.get(name) and math.isfinite(float(row[name]))
            ],
        }
        for row in rows_of(claims)
    ]


def _answer(text: str | None) -> tuple[str, bool]:
    """Part an answer from what says that it is no more than likely."""
    answer = text or ""
    return answer.removeprefix(LIKELY), answer.startswith(LIKELY)
