"""Stage `method`: the study's statistics in, a statement of what was computed out.

Takes the stores of `stability`, `quality`, `agreement`, `shared-map`, `evidence` and `units`,
gives `method.md`: in words, with the thresholds that were used and a table of every column, ready
for the methods section of a paper.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from signpaths.columns import columns_over
from signpaths.options import MethodOptions
from signpaths.report.retraining import DIFFER_IN
from signpaths.report.templates import environment
from signpaths.spaces import UNTRAINED, words
from signpaths.stability.intervals import UNSEEN
from signpaths.stores import open_store, write_text
from signpaths.wording import listed

OF_PAIR, IN_SPACE = ("pair",), ("space", "pair")


def method(
    stability: Path,
    quality: Path,
    agreement: Path,
    shared_map: Path,
    evidence: Path,
    units: Path,
    out: Path,
    /,
    *,
    options: MethodOptions = MethodOptions(),
) -> None:
    """Say in words what was computed.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    quality
        The store of stage `quality` of one run.
    agreement
        The study's `agreement.zarr`.
    shared_map
        The study's `shared_map.zarr`.
    evidence
        The study's `evidence.zarr`.
    units
        The study's `units.zarr`.
    out
        The Markdown file to write.
    options
        What differs between networks.
    """
    others = {
        stage.replace("-", "_"): open_store(path, stage).attrs
        for stage, path in (
            ("quality", quality),
            ("agreement", agreement),
            ("shared-map", shared_map),
            ("evidence", evidence),
            ("units", units),
        )
    }
    # Nothing in it comes from file names or signs, and Markdown needs no escaping.
    page = environment(escape=False).get_template("method.md.j2")
    stated = facts(open_store(stability, "stability"))
    write_text(out, page.render(stated, differ=DIFFER_IN[options.seeds_vary], **others))


def facts(dataset: xr.Dataset) -> dict[str, Any]:
    """Gather the thresholds, sizes and columns of a study for the text."""
    attrs = dict(dataset.attrs)
    said = words(dataset)
    predictors = dataset["predictor"].values.tolist()
    return {
        # One network has no other to agree with; untrained ones may not have been measured,
        # held-out examples may be few, and where nothing varies nothing correlates.
        **dict.fromkeys(("beyond_agreement", "beyond_agreement_p", "untrained_agreement")),
        **dict.fromkeys(("labels_agree", "signs_agree", "hub_correlation")),
        "predictors": _code(predictors),
        "raw_predictors": _code([name for name in predictors if name != UNTRAINED]),
        "label_stays": dataset["label_stays"].values.tolist() if "label_stays" in dataset else [],
        **json.loads(attrs["closeness"]),
        **json.loads(attrs["options"]),
        **attrs,
        "level": f"{100 * attrs['confidence']:g} %",
        "notes": [note for note in attrs["notes"].split("\n") if note],
        "spaces": {name: said[name] for name in dataset["space"].values.tolist()},
        "raw_spaces": {name: said[name] for name in dataset["raw_space"].values.tolist()},
        "unseen": UNSEEN,
        "of_pair": columns_over(dataset, *OF_PAIR),
        "in_space": columns_over(dataset, *IN_SPACE),
        "others": [
            (column, dims)
            for dims in sorted({one.dims for one in dataset.data_vars.values()}, key=str)
            if dims not in {OF_PAIR, IN_SPACE}
            for column in columns_over(dataset, *map(str, dims))
        ],
    }


def _code(names: Sequence[str]) -> str:
    return listed([f"`{name}`" for name in names])
