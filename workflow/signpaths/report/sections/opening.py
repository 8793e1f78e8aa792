"""How the page opens: what to beware of, what was found, and the study's size.

Takes the study, gives sentences, how many pairs have which verdict, and the networks that failed to
learn or stand out.
"""

from typing import Any

import numpy as np
import xarray as xr

from signpaths.report.findings import cautions, sentences
from signpaths.report.sections.agreement import flagged
from signpaths.report.study import Study, promises
from signpaths.runs import failed_to_learn
from signpaths.spaces import HEADLINE
from signpaths.stability.comparison import FAILED
from signpaths.stability.verdicts import UNDECIDED, VERDICTS
from signpaths.upgrades import mixed

NAME = "What was found"


def content(study: Study) -> dict[str, Any]:
    """Say what the study found and what it cannot tell."""
    flags = [] if study.agreement is None else flagged(study.agreement)
    return {
        "verdicts": verdict_rows(study.stability),
        "sentences": sentences(study.stability, study.metrics),
        "notes": [
            note
            for note in (*cautions(study.stability, study.evidence), mixed(study.metrics))
            if note
        ],
        "failed": failed_to_learn(study.metrics),
        # Those that only failed to learn have a notice of their own.
        "odd": [row for row in flags if row["flag"] != FAILED],
    }


def verdict_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give for each verdict how many pairs have it, and in how many networks these are close.

    `sure` is how many of them enough studies of resampled networks repeat; None for what is
    undecided, which is no answer. `never` counts those that are close in no network.
    """
    verdict, repeats = stability["verdict"].values.astype(str), stability["verdict_repeats"].values
    said = promises(stability)
    networks = stability.sizes["network"]
    close = np.rint(stability["pi"].sel(space=HEADLINE).values * networks).astype(int)
    rows = []
    for name in VERDICTS:
        its = verdict == name
        sure = int((repeats[its] >= stability.attrs["sure"]).sum())
        rows.append(
            {
                "name": name,
                "promise": said[name],
                "pairs": int(its.sum()),
                "sure": None if name == UNDECIDED else sure,
                "close": (int(close[its].min()), int(close[its].max())) if its.any() else None,
                "never": int((close[its] == 0).sum()),
            }
        )
    return rows
