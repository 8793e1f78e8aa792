"""Statistics describe themselves: what each is called, means, looks like and where it is defined.

A statistic's `Column` stands beside its computation and goes into the attributes of its variable.
Whoever shows the statistic (`pairs.csv`'s documentation, the report's table, tooltips and legend,
`method.md`) reads it from there, so a new statistic is added in one place.
"""

from collections.abc import Hashable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    # Dimensions, values and attributes, as `xr.Dataset` takes a variable.
    Variable = tuple[str | tuple[str, ...], np.ndarray, dict[str, str]]

Shown = Literal[
    "bar",  # share of networks, as a count with a bar: 9/10
    "count",  # the same without a bar
    "percent",  # 12 %
    "fine percent",  # 12.3 %
    "rank",  # 1.4
    "number",  # 0.25
    "p",  # as many digits as it has: 0.0123 or 1.2 × 10⁻⁵
    "probability",  # <0.001, 0.012 or 0.25
    "words",  # as it is
]
# Tables of a pair's details in the report, in this order.
OFTEN, NEAR = "How often close", "How near, and how much that varies"


@dataclass(frozen=True)
class Column:
    """What is said of a statistic wherever it is shown.

    Attributes
    ----------
    name
        In stores and, behind the name of the space, in `pairs.csv`.
    meaning
        In a few words, with the thresholds that were used; the `long_name` of the variable.
    section
        Of `method.md`, where it is defined.
    unit
        `1` if it has none.
    heading
        Over a column of a table; empty if the statistic is not shown there by itself.
    shown
        How a value is written for people.
    to
        The name of the statistic that is the upper end of an interval of which this is the lower.
    group
        The table of a pair's details that it belongs to; empty for none.
    words
        What it means to a reader of the report, in a sentence or two; empty: the meaning will do.
    needs
        Where it can be known: with two `networks` at least, or with two `autoencoders` of each, in
        a space of an autoencoder; empty: everywhere.
    """

    name: str
    meaning: str
    section: int
    unit: str = "1"
    heading: str = ""
    shown: Shown = "number"
    to: str = ""
    group: str = ""
    words: str = ""
    needs: Literal["", "networks", "autoencoders"] = ""

    def over(self, dims: str | tuple[str, ...], values: "np.ndarray") -> "Variable":
        """Give the variable of these values, as `xr.Dataset` takes it."""
        return dims, values, self.attributes()

    def attributes(self) -> dict[str, str]:
        """Give what is written beside the values; what is empty is left out."""
        return {"long_name": self.meaning, "units": self.unit, "section": str(self.section)} | {
            name: value
            for name in ("heading", "shown", "to", "group", "words", "needs")
            if (value := getattr(self, name))
        }


def variables(
    dims: str | tuple[str, ...], *statistics: tuple[Column, "np.ndarray"]
) -> "dict[str, Variable]":
    """Give the variables of statistics over the same dimensions, by name."""
    return {column.name: column.over(dims, values) for column, values in statistics}


def in_order(dataset: "xr.Dataset") -> "xr.Dataset":
    """Number the variables in the attribute `place`.

    A store lists its variables by name; tables show them in the order in which they were made.
    """
    numbered = dataset.copy()
    for place, name in enumerate(dataset.data_vars):
        numbered[name].attrs["place"] = place
    return numbered


def column_of(variable: "xr.DataArray") -> Column:
    """Read the column back from the attributes of a variable."""
    attributes: dict[Hashable, Any] = dict(variable.attrs)
    optional = {one.name for one in fields(Column)} - {"name", "meaning", "section", "unit"}
    return Column(
        name=str(variable.name),
        meaning=attributes["long_name"],
        section=int(attributes["section"]),
        unit=attributes["units"],
        **{name: attributes[name] for name in optional if name in attributes},
    )


def names_over(dataset: "xr.Dataset", *dims: str) -> list[str]:
    """Name all variables over just these dimensions, in the order of `place`.

    Where no place is written down, as in a data set that was never stored, the variables' own order
    counts.
    """
    places = {
        str(name): one.attrs.get("place", 0)
        for name, one in dataset.data_vars.items()
        if one.dims == dims
    }
    return sorted(places, key=places.__getitem__)


def columns_over(dataset: "xr.Dataset", *dims: str) -> list[Column]:
    """Give the columns of all variables over just these dimensions, ordered as in `names_over`."""
    return [column_of(dataset[name]) for name in names_over(dataset, *dims)]
