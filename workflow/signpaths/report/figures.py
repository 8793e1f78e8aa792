"""Stage `figures`: the closest pairs, the networks and maps of them, as pictures.

Takes `stability.zarr`, `agreement.zarr`, `shared_map.zarr` and every run's `metrics.json`, gives
the figures of all runs. Verdicts are shown by shape as well as by colour. What figures there are,
`gallery` says.
"""

from pathlib import Path

import matplotlib

from signpaths.options import PairsOptions, TransformOptions
from signpaths.report.closest import named, telling
from signpaths.report.drawing.accuracy import draw_accuracy
from signpaths.report.drawing.bottlenecks import draw_bottlenecks
from signpaths.report.drawing.dendrogram import draw_dendrogram
from signpaths.report.drawing.networks import draw_networks
from signpaths.report.drawing.pairs import draw_pairs
from signpaths.report.drawing.runs import draw_runs
from signpaths.report.drawing.shared_map import draw_parting, draw_retrainings, draw_shared_map
from signpaths.report.drawing.style import STYLE, save
from signpaths.report.drawing.variance import draw_variance
from signpaths.report.reading import open_shared_map
from signpaths.runs import names_of, read_metrics
from signpaths.spaces import HEADLINE
from signpaths.stores import open_store, sealed
from signpaths.wording import counted


def figures(
    stability: Path,
    agreement: Path,
    shared_map: Path,
    networks: Path,
    out: Path,
    /,
    *,
    study: str,
    bottlenecks: Path | None = None,
    options: PairsOptions = PairsOptions(),
    transform: TransformOptions = TransformOptions(),
) -> None:
    """Draw the figures of all runs.

    Parameters
    ----------
    stability
        The study's `stability.zarr`.
    agreement
        How alike the runs are, `agreement.zarr`.
    shared_map
        All networks in one map, `shared_map.zarr`.
    networks
        The folder of the trained networks, with `<network>/metrics.json` in it.
    out
        The folder for the figures.
    study
        Its name, for the figures' corners.
    bottlenecks
        Bottlenecks of other activations compared, `bottlenecks/<network>.zarr`.
    options
        The pairs that are drawn in any case.
    transform
        How paths behind bottlenecks are drawn.

    Raises
    ------
    UserError
        If `figures.pairs` names a sign that the study does not have.
    """
    stable = open_store(stability, "stability").load()
    shared = open_shared_map(shared_map, stable)
    chosen = str(shared.attrs["chosen"])
    # Each once, where a named pair is one that tells most.
    pairs = list(dict.fromkeys([*telling(stable), *named(stable, options.pairs)]))
    with sealed(out) as folder, matplotlib.rc_context(STYLE):
        folder.mkdir()
        metrics = read_metrics(networks, names_of(stable))
        of = f"{study} · {counted(len(metrics), 'network')}"
        for name, figure, space in (
            ("pairs", draw_pairs(stable), HEADLINE),
            ("networks", draw_networks(stable), HEADLINE),
            ("dendrogram", draw_dendrogram(stable), HEADLINE),
            ("shared-map", draw_shared_map(shared), chosen),
            ("retrainings", draw_retrainings(shared, stable, pairs), chosen),
            ("parting", draw_parting(shared, stable, pairs), "several spaces"),
            ("accuracy", draw_accuracy(metrics), "answers"),
            ("variance", draw_variance(stable), "all spaces"),
            ("runs", draw_runs(open_store(agreement, "agreement").load()), HEADLINE),
        ):
            save(figure, folder / name, f"{of} · {space}")
        if bottlenecks is not None:
            compared = open_store(bottlenecks, "bottlenecks").load()
            figure = draw_bottlenecks(compared, transform.transform)
            corner = f"{study} · network {bottlenecks.stem} · ae2, other bottlenecks"
            save(figure, folder / "02-bottlenecks", corner)
