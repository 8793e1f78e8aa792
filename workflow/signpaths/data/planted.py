"""`planted.csv`: which pairs of a simulated study were made for an answer.

Stage `simulate` writes it, the report and `findings` read it; its columns are declared here, once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from signpaths.stores import read_table

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("sign_a", "sign_b", "relation", "planting")


def read_planted(path: Path) -> "pd.DataFrame":
    """Read the planted pairs, as text.

    Raises
    ------
    UserError
        If there is no such table, or it is of a version that knew fewer columns.
    """
    return read_table(path, COLUMNS)
