"""Other studies beside this one, in which something else varies.

Takes their stability and config, gives how they train again, how many pairs stay close and which,
the pairs that are shown to stay close in several studies at once, and what each study says of each
pair of this one, for the page's script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import spearmanr

from signpaths.report.packing import plain
from signpaths.report.retraining import AGAIN
from signpaths.report.study import Compared, Study, known
from signpaths.spaces import HEADLINE
from signpaths.stability.conjunction import replicated_q
from signpaths.stability.verdicts import STAYS

NAME = "Other studies"
# So many pairs are named.
IN_ALL, DIFFERING = 20, 30

# What another study says of a pair: in the hidden states, and as a whole.
IN_SPACE = ("pi", "pi_low", "pi_high", "q")
OF_PAIR = ("verdict", "verdict_repeats", "cause", "cause_repeats")

# A pair by its two signs, whichever comes first in a study.
Pair = frozenset[str]


@dataclass(frozen=True)
class Found:
    """What a study says of a pair in the hidden states, and how it writes the pair."""

    signs: tuple[str, str]
    verdict: str
    pi: float


def content(study: Study) -> dict[str, Any] | None:
    """Give one row a study, this one first, and what they say together; nothing without others."""
    if not study.compared:
        return None
    own = Compared(study.config.get("study", "this one"), study.stability, study.config)
    rows, fdr = study_rows(own, study.compared), float(study.stability.attrs["fdr"])
    said = together([own, *study.compared], fdr)
    pairs = [*map(frozenset, zip(study.table["sign_a"], study.table["sign_b"], strict=True))]
    return {
        "rows": rows,
        "together": said,
        "data": {
            "fdr": fdr,
            "studies": [
                {key: row[key] for key in ("study", "again", "networks")}
                | {name: float(one.stability.attrs[name]) for name in ("k", "tau")}
                | (answers_on(pairs, one.stability) if number else {})
                for number, (row, one) in enumerate(zip(rows, [own, *study.compared], strict=True))
            ],
            "in_all": [said["q"].get(pair) for pair in pairs],
        },
    }


def of_first(data: dict[str, Any], held: int) -> dict[str, Any]:
    """Give of the script's data what is said of the table's first pairs."""
    own, *others = data["studies"]
    told = [
        {key: value[:held] if key in (*IN_SPACE, *OF_PAIR) else value for key, value in one.items()}
        for one in others
    ]
    return data | {"studies": [own, *told], "in_all": data["in_all"][:held]}


def answers_on(pairs: Sequence[Pair], stability: xr.Dataset) -> dict[str, list[Any]]:
    """Give what another study says of a table's pairs, by column; None where it lacks the pair."""
    names = zip(stability.sign_a.values, stability.sign_b.values, strict=True)
    place = {frozenset((str(a), str(b))): number for number, (a, b) in enumerate(names)}
    rows = [place.get(pair) for pair in pairs]
    headline = stability.sel(space=HEADLINE)
    columns = {name: headline[name].values.tolist() for name in IN_SPACE}
    columns |= {name: stability[name].values.tolist() for name in OF_PAIR}
    return {
        name: [None if row is None else plain(values[row]) for row in rows]
        for name, values in columns.items()
    }


def study_rows(own: Compared, others: Sequence[Compared]) -> list[dict[str, Any]]:
    """Set other studies beside this one. Pairs are shared only if both studies have some."""
    own_pairs = _pairs(own.stability)
    staying = _staying(own_pairs)
    rows = [{**_row(own), "staying": len(staying), "overlap": None, "correlation": None}]
    for other in others:
        pairs = _pairs(other.stability)
        theirs = _staying(pairs)
        common = _common([own_pairs, pairs])
        mine, its = (np.array([one[pair].pi for pair in common]) for one in (own_pairs, pairs))
        rows.append(
            {
                **_row(other),
                "staying": len(theirs),
                "overlap": len(staying & theirs) / len(staying | theirs)
                if staying and theirs
                else None,
                "correlation": known(spearmanr(mine, its).statistic)
                if common and np.ptp(mine) > 0 and np.ptp(its) > 0
                else None,
            }
        )
    return rows


def together(studies: Sequence[Compared], fdr: float) -> dict[str, Any]:
    """Say of the pairs that all studies know in how many of them they are shown to stay close.

    Parameters
    ----------
    studies
        Two or more.
    fdr
        The false discovery rate that is accepted.

    Returns
    -------
    dict
        `common`, how many pairs all know, of `most` that one of them does; `rows`, how many pairs
        stay close in at least so many studies; `in_all`, the first of these by name, surest first;
        `q`, that of staying close in all of them, by pair;
        `differing`, pairs with a verdict of each study, of which some but not all say that they
        stay close, those that most say it of first, and how many there are, `differ`.
    """
    pairs = [_pairs(one.stability) for one in studies]
    common = _common(pairs)
    told: dict[str, Any] = {
        "studies": [one.name for one in studies],
        "few": [one.name for one in studies if not int(one.stability.attrs["inference"])],
        "common": len(common),
        "most": max(map(len, pairs)),
        "fdr": fdr,
        "q": {},
    }
    if not common:
        return told
    networks = np.array([one.stability.sizes["network"] for one in studies])
    tau = np.array([float(one.stability.attrs["tau"]) for one in studies])
    pi = np.array([[one[pair].pi for pair in common] for one in pairs])
    verdict = np.array([[one[pair].verdict for pair in common] for one in pairs])
    names = [pairs[0][pair].signs for pair in common]
    count = np.rint(pi * networks[:, None]).astype(int)
    q = {
        at_least: replicated_q(count, networks, tau, at_least)
        for at_least in range(2, len(studies) + 1)
    }
    surest = np.lexsort((-pi.mean(axis=0), q[len(studies)]))
    staying = (verdict == STAYS).sum(axis=0)
    by_staying = np.lexsort((-pi.mean(axis=0), -staying))
    differing = [at for at in by_staying if 0 < staying[at] < len(studies)]
    return told | {
        "rows": [
            {
                "at_least": at_least,
                "pairs": int((found <= fdr).sum()),
                "verdicts": int((staying >= at_least).sum()),
            }
            for at_least, found in q.items()
        ],
        "in_all": [names[at] for at in surest if q[len(studies)][at] <= fdr][:IN_ALL],
        "q": dict(zip(common, map(plain, q[len(studies)].tolist()), strict=True)),
        "differing": [
            {"pair": names[at], "verdicts": verdict[:, at].tolist()} for at in differing[:DIFFERING]
        ],
        "differ": len(differing),
    }


def _row(study: Compared) -> dict[str, Any]:
    """Tell how often and how a study trains again, and where the variance of its ranks lies."""
    again = AGAIN.get(study.config.get("seeds_vary", ""), "unknown")
    if study.config.get("split", {}).get("by") == "session":
        again += "; tested on sessions not trained on"
    stability = study.stability
    # With one network the spread between them is unknown.
    known_spread = stability.sizes["network"] > 1
    return {
        "study": study.name,
        "again": again,
        "networks": stability.sizes["network"],
        "shares": (100 * stability.variance_share.sel(space=HEADLINE)).values.tolist()
        if known_spread
        else None,
    }


def _common(studies: Sequence[dict[Pair, Found]]) -> list[Pair]:
    """Give the pairs that all studies know, in the order of the first."""
    return [pair for pair in studies[0] if all(pair in one for one in studies)]


def _staying(pairs: dict[Pair, Found]) -> set[Pair]:
    return {pair for pair, found in pairs.items() if found.verdict == STAYS}


def _pairs(stability: xr.Dataset) -> dict[Pair, Found]:
    share = stability.pi.sel(space=HEADLINE).values
    names = zip(stability.sign_a.values, stability.sign_b.values, strict=True)
    return {
        frozenset((str(a), str(b))): Found((str(a), str(b)), str(verdict), float(pi))
        for (a, b), verdict, pi in zip(names, stability.verdict.values, share, strict=True)
    }
