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
from signpaths.runs import open_run
from signpaths.spaces import Space, described
from signpaths.stores import open_store, whole

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
    seen = open_store(sightings, "sightings").load()
    name = str(seen.attrs["network"])
    store = activations / f"{name}.zarr"
    check_origin(sightings, made_from(sightings), {"activations": store})
    states = open_run(activations, name, "activations")
    path = open_run(paths, name, "paths")
    check_origin(paths / store.name, made_from(paths / store.name), {"activations": store})
    run = f"network {name}" + (f" ({seen.attrs['run']})" if seen.attrs["run"] != name else "")
    with whole(out) as folder, matplotlib.rc_context(STYLE):
        folder.mkdir()
        with stored(networks / name / "model.keras", "a classifier") as found:
            save(draw_network(found), folder / "01-network", f"{study} · {run}")
        for one in maps:
            inner = folder / one
            inner.mkdir()
            for space in spaces_of(path, one):
                seed = int(seen["drawn"].sel(space=space.name))
                corner = " · ".join(
                    [study, run, space.name + (f", autoencoder {seed}" if space.is_trained else "")]
                )
                scene = scene_of(path, states, seen, space, seed, transform.transform)
                if space.dims == 2 and space.is_trained:
                    models = shared if space.is_shared else autoencoders / name
                    model = models / str(space.dims) / str(seed) / "model.keras"
                    with stored(model, "an autoencoder") as found:
                        save(draw_autoencoder(found), inner / "02-autoencoder", corner)
                for figure, draw in drawn_in(space, signs.signs).items():
                    save(draw(scene), inner / figure, corner, LARGE.get(figure, FORMATS))


def spaces_of(path: xr.Dataset, one: str) -> list[Space]:
    """Give the spaces of a map that the run has paths in.

    Raises
    ------
    UserError
        If there are none.
    """
    found = [space for space in described(path) if space.name == f"{one}{space.dims}"]
    if not found:
        there = dict.fromkeys(space.name.rstrip("23") for space in described(path))
        raise UserError(
            f"figures.maps names {one}, but this study has no such paths; expected some of "
            f"{', '.join(there)}."
        )
    return found


def drawn_in(space: Space, signs: Sequence[Sequence[str]]) -> dict[str, Callable[[Scene], Figure]]:
    """Give how each figure of a space is drawn, by its name."""
    if space.dims == 3:
        return dict(IN_VOLUME)
    named = {
        f"07-signs-{place}": partial(draw_signs, signs=group)
        for place, group in enumerate(signs, start=1)
    }
    return {**IN_PLANE, **named}


def scene_of(
    path: xr.Dataset,
    states: xr.Dataset,
    sightings: xr.Dataset,
    space: Space,
    seed: int,
    transform: str,
) -> Scene:
    """Gather what is drawn of a run in one space."""
    values = path["path"].sel(space=space.name, ae_seed=seed)
    return Scene(
        path=transformed(
            values.transpose("example", "time", "dim").values[..., : space.dims], transform
        ),
        sign=states["sign"].values.astype(str),
        predicted=states["predicted"].values.astype(str),
        part=states["part"].values.astype(str),
        hands=states["hands"].values.astype(str),
        space=space,
        transform=transform,
        network=str(sightings.attrs["network"]),
        sightings=sightings,
    )
