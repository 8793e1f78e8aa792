"""How the page opens: what to beware of, what was found, and the study's size.

Takes the study, gives sentences and the networks that failed to learn or stand out.
"""

from typing import Any

from signpaths.report.findings import cautions, sentences
from signpaths.report.sections.agreement import flagged
from signpaths.report.study import Study
from signpaths.runs import failed_to_learn
from signpaths.stability.comparison import FAILED

NAME = "What was found"


def content(study: Study) -> dict[str, Any]:
    """Say what the study found and what it cannot tell."""
    flags = [] if study.agreement is None else flagged(study.agreement)
    return {
        "sentences": sentences(study.stability, study.metrics),
        "notes": cautions(study.stability, study.evidence),
        "failed": failed_to_learn(study.metrics),
        # Those that only failed to learn have a notice of their own.
        "odd": [row for row in flags if row["flag"] != FAILED],
    }
