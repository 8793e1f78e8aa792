"""Other studies beside this one, in which something else varies.

Takes their stability and config, gives how they train again, how many pairs stay close, and which.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import spearmanr

from signpaths.report.retraining import AGAIN
from signpaths.report.study import Compared, Study, known
from signpaths.spaces import HEADLINE
from signpaths.stability.verdicts import STAYS

NAME = "Other studies"


def content(study: Study) -> list[dict[str, Any]]:
    """Give one row a study, this one first; none if there is no other."""
    own = Compared(study.config.get("study", "this one"), study.stability, study.config)
    return study_rows(own, study.compared)


def study_rows(own: Compared, others: Sequence[Compared]) -> list[dict[str, Any]]:
    """Set other studies beside this one. Pairs are shared only if both studies have some."""
    if not others:
        return []
    own_pairs = _pairs(own.stability)
    staying = _staying(own_pairs)
    rows = [{**_row(own), "staying": len(staying), "overlap": None, "correlation": None}]
    for other in others:
        pairs = _pairs(other.stability)
        theirs = _staying(pairs)
        common = sorted(own_pairs.keys() & pairs.keys())
        mine, its = (np.array([one[pair][1] for pair in common]) for one in (own_pairs, pairs))
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


def _staying(pairs: dict[tuple[str, str], tuple[str, float]]) -> set[tuple[str, str]]:
    return {pair for pair, (verdict, _) in pairs.items() if verdict == STAYS}


def _pairs(stability: xr.Dataset) -> dict[tuple[str, str], tuple[str, float]]:
    share = stability.pi.sel(space=HEADLINE).values
    names = zip(stability.sign_a.values, stability.sign_b.values, strict=True)
    return {
        (str(a), str(b)): (str(verdict), float(pi))
        for (a, b), verdict, pi in zip(names, stability.verdict.values, share, strict=True)
    }
