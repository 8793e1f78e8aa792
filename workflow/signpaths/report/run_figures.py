"""Stage `run-figures`: one run's models, paths and what was measured of them in, its figures out.

Draws the article's figures 1 to 13 (Tempczyk and Bartołd, "Visualizing LSTM Networks. Part I") for
one network in each projection wanted. What figures there are, `gallery` says.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import matplotlib
import xarray as xr
from cyclopts import Parameter
from matplotlib.figure import Figure

from signpaths.data.named_signs import check_signs
from signpaths.errors import UserError
from signpaths.networks.weights import stored
from signpaths.options import Map, SignsOptions, TransformOptions
from signpaths.origins import check_origin, made_from
from signpaths.report.drawing.architecture import draw_autoencoder, draw_network
from signpaths.report.drawing.hands import draw_hands
from signpaths.report.drawing.paths import (
    draw_large_paths,
    draw_last_steps,
    draw_paths,
    draw_volume,
)
from signpaths.report.drawing.scene import Scene, transformed
from signpaths.report.drawing.signs import draw_mistakes, draw_signs
from signpaths.report.drawing.style import FORMATS, STYLE, save
from signpaths.report.drawing.units import draw_units
from signpaths.report.reading import Run, open_drawn
from signpaths.spaces import HEADLINE, Space
from signpaths.stores import open_store, sealed

# By the name of a figure: those in a plane, and those in a volume.
IN_PLANE: Mapping[str, Callable[[Scene], Figure]] = {
    "03-paths": draw_paths,
    "03-paths-large": draw_large_paths,
    "04-last-steps": draw_last_steps,
    "06-hands": draw_hands,
    "11-mistakes-train": partial(draw_mistakes, part="train"),
    "12-mistakes-validation": partial(draw_mistakes, part="validation"),
    "13-mistakes-test": partial(draw_mistakes, part="test"),
}
IN_VOLUME: Mapping[str, Callable[[Scene], Figure]] = {"05-volume": draw_volume}
# To zoom into, nothing may be a picture; as SVG it would be ten times as large.
LARGE = {"03-paths-large": ("pdf",)}


def run_figures(
    activations: Path,
    paths: Path,
    sightings: Path,
    units: Path,
    sequences: Path,
    networks: Path,
    autoencoders: Path,
    shared: Path,
    out: Path,
    /,
    *,
    study: str,
    maps: Annotated[Sequence[Map], Parameter(consume_multiple=True)],
    signs: SignsOptions = SignsOptions(),
    transform: TransformOptions = TransformOptions(),
) -> None:
    """Draw the article's figures of one run.

    Parameters
    ----------
    activations, paths
        The folders of these stages, with `<network>.zarr` in it.
    sightings
        The run's store of stage `sightings`, which names its network.
    units
        What units answer to, `units.zarr`.
    sequences
        The recordings, `sequences.zarr`.
    networks
        The folder of the trained networks, with `<network>/model.keras` in it.
    autoencoders
        The folder of the networks' autoencoders, `<network>/<dims>/<ae_seed>/model.keras`.
    shared
        The folder of the shared map's autoencoders, `<dims>/<ae_seed>/model.keras`.
    out
        The folder for the figures: the network's own, and one folder a map.
    study
        Its name, for the figures' corners.
    maps
        The projections to draw in.
    signs
        What is drawn together.
    transform
        How paths are drawn.

    Raises
    ------
    UserError
        If the files are not of one study, or a sign or projection is not there.
    """
    run = open_drawn(activations, paths, sightings)
    check_signs({"figures.signs": signs.signs}, set(run.states["sign"].values.tolist()))
    with sealed(out) as folder, matplotlib.rc_context(STYLE):
        folder.mkdir()
        with stored(run.model(networks), "a classifier") as found:
            save(draw_network(found), folder / "01-network", f"{study} · {run.title}")
        answers = draw_units(
            units_of(run, units),
            open_store(sequences, "sequences").load(),
            run.states,
            run.network,
        )
        save(answers, folder / "unit-responses", f"{study} · {run.title} · {HEADLINE}")
        for one in maps:
            inner = folder / one
            inner.mkdir()
            for space in run.spaces(one):
                corner, seed = run.corner(study, space), run.seed(space)
                if space.dims == 2 and space.is_trained:
                    models = shared if space.is_shared else autoencoders / run.network
                    model = models / str(space.dims) / str(seed) / "model.keras"
                    with stored(model, "an autoencoder") as found:
                        check_origin(model, found.made_from, run.trained_on(space))
                        save(draw_autoencoder(found), inner / "02-autoencoder", corner)
                scene = scene_of(run, space, transform.transform)
                for figure, draw in drawn_in(space, signs.signs).items():
                    save(draw(scene), inner / figure, corner, LARGE.get(figure, FORMATS))


def units_of(run: Run, path: Path) -> xr.Dataset:
    """Open what units answer to.

    Raises
    ------
    UserError
        If it is not of the run's network.
    """
    units = open_store(path, "units").load()
    check_origin(path, made_from(path), {f"network {run.network}": run.store})
    named = [
        run.network in units["network"].values,
        units.sizes["unit"] == run.states.sizes["unit"],
    ]
    if not all(named):
        raise UserError(f"{path}: it is not of network {run.network}. Make it again.")
    return units


def drawn_in(space: Space, signs: Sequence[Sequence[str]]) -> dict[str, Callable[[Scene], Figure]]:
    """Give how each figure of a space is drawn, by its name."""
    if space.dims == 3:
        return dict(IN_VOLUME)
    named = {
        f"07-signs-{place}": partial(draw_signs, signs=group)
        for place, group in enumerate(signs, start=1)
    }
    return {**IN_PLANE, **named}


def scene_of(run: Run, space: Space, transform: str) -> Scene:
    """Gather what is drawn of a run in one space."""
    values = run.paths["path"].sel(space=space.name, ae_seed=run.seed(space))
    sign, predicted, part, hands = (
        run.states[name].values.astype(str) for name in ("sign", "predicted", "part", "hands")
    )
    return Scene(
        path=transformed(
            values.transpose("example", "time", "dim").values[..., : space.dims], transform
        ),
        sign=sign,
        predicted=predicted,
        part=part,
        hands=hands,
        space=space,
        transform=transform,
        sightings=run.sightings,
    )
