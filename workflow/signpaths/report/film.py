"""Stage `film`: one network's paths and answers in, a film that every browser plays out.

Takes `paths/<network>.zarr`, `activations/<network>.zarr` and `networks/<network>/model.keras`,
gives an MP4 (H.264), and a GIF if wanted. The article (Tempczyk and Bartołd, "Visualizing LSTM
Networks. Part I") filmed activations as they develop during prediction.
"""

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Annotated

import matplotlib
import numpy as np
import xarray as xr
from cyclopts import Parameter

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.networks.classifiers import Classifier, read_classifier
from signpaths.options import FilmOptions, Map
from signpaths.report.drawing.film import HEIGHT, WIDTH, draw_film
from signpaths.report.drawing.scene import axis_labels, transformed
from signpaths.report.drawing.style import STYLE
from signpaths.report.filmed import Filmed, aligned, answers, moments, steps_of
from signpaths.report.progress import progress
from signpaths.report.reading import open_drawn
from signpaths.report.video import as_gif, written
from signpaths.stores import sealed

FRAMES_PER_SECOND = 24
# The last picture is for reading.
LAST_SECONDS = 2
PLANE = 2
FITTED_ON = "train"


def film(
    activations: Path,
    paths: Path,
    sightings: Path,
    networks: Path,
    out: Path,
    /,
    *,
    study: str,
    projection: Annotated[Map, Parameter(name="--map")],
    gif: Path | None = None,
    options: FilmOptions = FilmOptions(),
) -> None:
    """Film one network's paths and its answers, time step by time step.

    Parameters
    ----------
    activations, paths
        The folders of these stages, with `<network>.zarr` in it.
    sightings
        The run's store of stage `sightings`, which names its network.
    networks
        The folder of the trained networks, with `<network>/model.keras` in it.
    out
        The film to write, MP4.
    study
        Its name, for a corner of the picture.
    projection
        The projection to film in; one that the study has in two dimensions.
    gif
        A GIF to write too.
    options
        How it is drawn.

    Raises
    ------
    UserError
        If there is no such plane, the files are not of one network, or the film cannot be written.
    """
    run = open_drawn(activations, paths, sightings)
    space = next((one for one in run.spaces(projection) if one.dims == PLANE), None)
    if space is None:
        raise UserError(f"a film needs paths in {PLANE} dimensions: let autoencoder.dims hold 2.")
    hidden = run.states.load()
    check_finite(hidden.hidden.values[hidden.mask.values], run.store)
    network = read_classifier(run.model(networks), None, hidden.sizes["class"], {})
    path = run.paths["path"].sel(space=space.name, ae_seed=run.seed(space))
    plane = transformed(
        path.transpose("example", "time", "dim").values[..., :PLANE], options.transform
    )
    what = filmed(plane, hidden, network)
    times = moments(what.answer.shape[1], round(options.film_seconds * FRAMES_PER_SECOND))
    with sealed(out) as partial, matplotlib.rc_context(STYLE):
        pictures = draw_film(
            what, times, axis_labels(space, options.transform), run.corner(study, space)
        )
        written(
            held(progress(pictures, len(times), "film"), LAST_SECONDS * FRAMES_PER_SECOND),
            (WIDTH, HEIGHT),
            FRAMES_PER_SECOND,
            partial,
        )
        if gif is not None:
            with sealed(gif) as partial_gif:
                as_gif(partial, partial_gif)


def filmed(path: np.ndarray, hidden: xr.Dataset, network: Classifier) -> Filmed:
    """Bring one network's paths `(example, time, 2)` and answers to each example's own first frame.

    Parameters
    ----------
    path
        As it is to be drawn.
    hidden
        The store of stage `activations`.
    network
        The network that it is of.
    """
    real = hidden.mask.values
    steps = steps_of(real, network.masked)
    answer, probability = answers(network, hidden.hidden.values, steps)
    signs = hidden["class"].values.astype(str)
    return Filmed(
        path=aligned(path, real, steps),
        answer=answer,
        probability=probability,
        label=np.searchsorted(signs, hidden.sign.values.astype(str)),
        held_out=hidden.part.values != FITTED_ON,
        signs=signs.tolist(),
    )


def held(pictures: Iterable[np.ndarray], more: int) -> Iterator[np.ndarray]:
    """Give pictures, and the last of them so many times more."""
    last = None
    for last in pictures:
        yield last
    if last is not None:
        yield from repeat(last, more)
