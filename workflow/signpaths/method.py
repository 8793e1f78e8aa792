"""Stage `method`: the study's statistics in, a statement of what was computed out.

Takes the stores of `stability`, `quality`, `agreement` and `evidence`, gives `method.md`: in words,
with the thresholds that were used and a table of every column, ready for the methods section of a
paper.
"""

import json
from pathlib import Path
from typing import Any, Literal

import xarray as xr
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from signpaths.stores import open_store, write_text

TEMPLATES = Path(__file__).parent / "templates"
DIFFER = {
    "training": "initial weights and the order of the examples",
    "split": "the examples that they were trained on",
    "both": "initial weights, the order of the examples and the examples that they were trained on",
}


def method(
    stability: Path,
    quality: Path,
    agreement: Path,
    evidence: Path,
    out: Path,
    /,
    *,
    seeds_vary: Literal["training", "split", "both"] = "training",
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
    evidence
        The study's `evidence.zarr`.
    out
        The Markdown file to write.
    seeds_vary
        What differs between LSTM seeds: training, split, or both.
    """
    others = {
        name: open_store(path).attrs
        for name, path in (("quality", quality), ("agreement", agreement), ("evidence", evidence))
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # Markdown; nothing in it comes from file names or signs
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda value: f"{int(value):,}"
    page = environment.get_template("method.md.j2")
    write_text(out, page.render(facts(open_store(stability)), differ=DIFFER[seeds_vary], **others))


def facts(dataset: xr.Dataset) -> dict[str, Any]:
    """Gather the thresholds, sizes and columns of a study for the text."""
    attrs = dict(dataset.attrs)
    spaces = [str(space) for space in dataset.space.values]
    projections = [space for space in spaces if space.startswith("ae")]
    return {
        # One LSTM has no other to agree with.
        "beyond_agreement": None,
        "beyond_agreement_p": None,
        **json.loads(attrs["closeness"]),
        **json.loads(attrs["options"]),
        **attrs,
        "level": f"{100 * attrs['confidence']:g} %",
        "notes": [note for note in attrs["notes"].split("\n") if note],
        "spaces": [f"`{space}`" for space in spaces],
        "raw_spaces": [f"`{space}`" for space in dataset.raw_space.values],
        "projection": projections[0] if projections else "ae2",
        "alone": rows(dataset, ("pair",)),
        "in_space": rows(dataset, ("space", "pair")),
        "others": [
            row
            for dims in sorted({one.dims for one in dataset.data_vars.values()}, key=str)
            if dims not in {("pair",), ("space", "pair")}
            for row in rows(dataset, dims)
        ],
    }


def rows(dataset: xr.Dataset, dims: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Describe the variables over these dimensions."""
    return [
        {
            "name": name,
            "dims": dims,
            "units": variable.attrs["units"],
            "meaning": variable.attrs["long_name"],
            "section": variable.attrs["section"],
        }
        for name, variable in dataset.data_vars.items()
        if variable.dims == dims
    ]
