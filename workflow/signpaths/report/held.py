"""The pairs that a page's table holds: all of them, or the closest that fit.

Takes the study; gives its first pairs as the page's script reads them, and the page with as many as
it has room for, found by writing it. Knows no file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from signpaths.report.packing import packed_object
from signpaths.report.sections.pairs import script_data
from signpaths.report.study import Study
from signpaths.report.tables import packed_table
from signpaths.stability.verdicts import CAUSES, NONE, VERDICTS

# A table of so many pairs is packed whole before anything is known of it: minutes, at most.
AT_ONCE = 2**17
MORE = 1.1
# A page may be so much smaller than it has to be: packing takes long, and more than pairs count.
SPARE = 0.02


@dataclass(frozen=True)
class Table:
    """A table's first pairs.

    Attributes
    ----------
    pairs
        How many.
    verdicts, causes
        How many have each.
    text
        What the page's script is given.
    """

    pairs: int
    verdicts: dict[str, int]
    causes: dict[str, int]
    text: str


def packed(study: Study, pairs: int) -> Table:
    """Pack the closest pairs."""
    held = study.table[:pairs]
    return Table(
        pairs=pairs,
        verdicts={name: int((held["verdict"] == name).sum()) for name in VERDICTS},
        causes={name: int((held["cause"] == name).sum()) for name in (*CAUSES, NONE)},
        text=for_script(script_data(study, pairs)),
    )


def for_script(data: dict[str, Any]) -> str:
    """Pack what the script needs of the pairs: all but the table's cells, a line, and these."""
    entries, text = packed_table(data["values"])
    return f"{packed_object({**data, 'values': entries}).text}\n{text}"


def packed_within(study: Study, most: int) -> Table:
    """Pack all pairs; fewer, if these alone take more than so many bytes."""
    every = len(study.table)
    pairs = min(AT_ONCE, every)
    table = packed(study, pairs)
    while pairs < every and len(table.text) <= most:
        # So many more should be just too many: what they take then tells well how many fit.
        pairs = min(max(int(MORE * pairs * most / len(table.text)), pairs + 1), every)
        table = packed(study, pairs)
    return table


def fitting(page_of: Callable[[int], str], too_many: int, too_large: str, most: int) -> str:
    """Give the page with the most pairs that is no larger than so many bytes, or little smaller.

    Parameters
    ----------
    page_of
        Writes the page with so many pairs.
    too_many, too_large
        A number of pairs, and the page with them.
    """
    fits, page = 1, page_of(1)
    before, last = (1, len(page.encode())), (too_many, len(too_large.encode()))
    while too_many - fits > 1 and most - len(page.encode()) > SPARE * most:
        # Pairs take about as many bytes each: a line through the last two pages tells how many.
        each = max((last[1] - before[1]) / (last[0] - before[0]), 1)
        pairs = last[0] + int(((1 - SPARE / 2) * most - last[1]) / each)
        if not fits < pairs < too_many:
            pairs = (fits + too_many) // 2
        tried = page_of(pairs)
        before, last = last, (pairs, len(tried.encode()))
        if last[1] <= most:
            fits, page = pairs, tried
        else:
            too_many = pairs
    return page
