"""Stage `explorer`: what the report's explorer shows in, one file of packed blocks out.

Takes the excerpts of all networks, one at a time, and the stores that are about all networks; gives
`explorer.txt`: a line of JSON, the index, and a line in base 91, the blocks (see `packing`). What
does not fit is left out in a fixed order, the finest detail first, and the index tells it.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import xarray as xr

from signpaths.errors import UserError
from signpaths.options import ExplorerOptions
from signpaths.origins import check_origin, contents, made_from
from signpaths.report import explored
from signpaths.report.details import fitted
from signpaths.report.explored import Explored
from signpaths.report.packing import packed_object, plain
from signpaths.report.reading import open_shared_map, recorded
from signpaths.report.study import open_stability
from signpaths.runs import check_same, names_of, open_run, read_metrics, read_names, require
from signpaths.stores import open_store, read_table, write_text

MIB = 2**20
# Stores of single networks that stay open.
AT_ONCE = 64
OF_EXAMPLES = ("session", "take", "length")


def explorer(
    networks: Path,
    stability: Path,
    agreement: Path,
    shared_map: Path,
    signals: Path,
    sequences: Path,
    excerpts: Path,
    closeness: Path,
    quality: Path,
    trained: Path,
    out: Path,
    /,
    *,
    study: str,
    options: ExplorerOptions = ExplorerOptions(),
) -> None:
    """Pack what the report's explorer shows into one file.

    Parameters
    ----------
    networks
        The list of stage `networks`.
    stability, agreement, shared_map
        The stores of these stages.
    signals
        The store of stage `closeness-raw`.
    sequences
        The recordings, `sequences.zarr`.
    excerpts, closeness, quality
        The folders with the stores of these stages, `<network>.zarr`.
    trained
        The folder of the trained networks, with `<network>/metrics.json` and `history.csv` in it.
    out
        The text file to write.
    study
        Its name.
    options
        How much it may hold.

    Raises
    ------
    UserError
        If the files are not of one study.
    """
    names, stable = read_names(networks), open_stability(stability)
    if names != names_of(stable):
        raise UserError(f"{stability}: it is not of the networks of {networks}. Make it again.")
    of_networks = recorded(stable)
    check_origin(agreement, made_from(agreement), of_networks)
    check_origin(signals, made_from(signals), {"sequences": sequences})
    for name in names:
        own = excerpts / f"{name}.zarr"
        if states := of_networks.get(f"network {name}"):
            check_origin(own, made_from(own), {"activations": states})
        made = {key: one for key, one in made_from(own).items() if key in ("activations", "paths")}
        for folder in (closeness, quality):
            check_origin(folder / own.name, made_from(folder / own.name), made)
    recordings = open_store(sequences, "sequences").load()
    first = open_run(excerpts, names[0], "excerpts")

    @lru_cache(AT_ONCE)
    def excerpt(number: int) -> xr.Dataset:
        one, path = open_run(excerpts, names[number], "excerpts"), f"{names[number]}.zarr"
        check_same(one, stable, ["sign"], str(excerpts / path))
        check_same(one, recordings, OF_EXAMPLES, str(excerpts / path))
        check_same(one, first, ["space", "runs", "phase", "held_phase"], str(excerpts / path))
        return one

    @lru_cache(AT_ONCE)
    def close(number: int) -> xr.Dataset:
        one, path = open_run(closeness, names[number], "closeness"), f"{names[number]}.zarr"
        require(one, ["separation"], str(closeness / path))
        check_same(one, stable, ["space", "sign", "sign_a", "sign_b"], str(closeness / path))
        return one

    found = Explored(
        names=names,
        stability=stable,
        agreement=open_store(agreement, "agreement").load(),
        shared_map=open_shared_map(shared_map, stable),
        signals=open_store(signals, "closeness-raw").load(),
        sequences=recordings,
        excerpt=excerpt,
        closeness=close,
    )
    metrics = read_metrics(trained, names)
    runs = (open_run(quality, name, "quality") for name in names)
    more = {
        "instability": explored.instability(stable, found.agreement),
        "quality": explored.quality(runs, found.shared_map),
        "histories": histories(trained, metrics),
    }
    text = fitted(
        explored.head(found, study) | {"made_from": contents({"stability": stability})},
        chain(
            explored.always(found),
            ([(name, packed_object(plain(content)))] for name, content in more.items()),
        ),
        explored.kinds(found),
        len(names),
        math.floor(options.largest_mib * MIB),
    )
    write_text(out, text)


def histories(folder: Path, metrics: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read how every network was trained, epoch by epoch, beside the numbers of its metrics."""
    found = []
    for run in metrics:
        table = read_table(folder / str(run["network"]) / "history.csv", ["epoch"])
        found.append(
            {
                "network": run["network"],
                "metrics": {
                    name: value
                    for name, value in run.items()
                    if isinstance(value, int | float | dict)
                },
                "epochs": {
                    str(name): [float(cell) if cell else None for cell in table[name]]
                    for name in table
                },
            }
        )
    return found
