"""Stage `figures`: the reference run's paths, the closest pairs, the networks and maps of them.

Takes `stability.zarr`, `agreement.zarr`, `shared_map.zarr`, one run's `paths/<network>.zarr` and
every run's `metrics.json`, gives PNG files (and SVG where it is small). Verdicts are shown by shape
as well as by colour.
"""

from pathlib import Path

import matplotlib

from signpaths.options import FiguresOptions
from signpaths.report.closest import named, telling
from signpaths.report.drawing.accuracy import draw_accuracy
from signpaths.report.drawing.networks import draw_networks
from signpaths.report.drawing.pairs import draw_pairs
from signpaths.report.drawing.paths import draw_paths
from signpaths.report.drawing.runs import draw_runs
from signpaths.report.drawing.shared_map import draw_parting, draw_retrainings, draw_shared_map
from signpaths.report.drawing.style import STYLE, save
from signpaths.report.drawing.variance import draw_variance
from signpaths.report.reading import open_shared_map
from signpaths.runs import names_of, read_metrics
from signpaths.spaces import described
from signpaths.stores import open_store, whole


def figures(
    stability: Path,
    agreement: Path,
    shared_map: Path,
    paths: Path,
    networks: Path,
    out: Path,
    /,
    *,
    options: FiguresOptions = FiguresOptions(),
) -> None:
    """Draw the figures of a study.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    agreement
        How alike the runs are, `agreement.zarr`.
    shared_map
        All networks in one map, `shared_map.zarr`.
    paths
        The reference run's paths, `paths/<network>.zarr`.
    networks
        The folder of the trained networks, with `<network>/metrics.json` in it.
    out
        The folder for the figures.
    options
        How they are drawn.

    Raises
    ------
    UserError
        If `figures.pairs` names a sign that the study does not have.
    """
    stable = open_store(stability, "stability").load()
    metrics = read_metrics(networks, names_of(stable))
    reference = open_store(paths, "paths")
    with whole(out) as folder, matplotlib.rc_context(STYLE):
        folder.mkdir()
        for space in described(reference):
            figure = draw_paths(reference, space, paths.stem, options.transform)
            save(figure, folder / f"paths-{space.name}.png")
        for name, figure in (("pairs", draw_pairs(stable)), ("accuracy", draw_accuracy(metrics))):
            save(figure, folder / f"{name}.png")
            save(figure, folder / f"{name}.svg")
        shared = open_shared_map(shared_map, stable)
        # Each once, where a named pair is one that tells most.
        pairs = list(dict.fromkeys([*telling(stable), *named(stable, options.pairs)]))
        whole_map = draw_shared_map(shared)
        save(whole_map, folder / "shared-map.png")
        save(whole_map, folder / "shared-map.svg")
        save(draw_retrainings(shared, stable, pairs), folder / "retrainings.png")
        save(draw_parting(shared, stable, pairs), folder / "parting.png")
        save(draw_networks(stable), folder / "networks.png")
        save(draw_variance(stable), folder / "variance.png")
        save(draw_runs(open_store(agreement, "agreement").load()), folder / "runs.png")
