"""Stage `film`: one network's paths and answers in, a film that every browser plays out.

Takes `paths/<network>.zarr`, `activations/<network>.zarr` and `networks/<network>/model.keras`,
gives an MP4 (H.264), and a GIF if wanted. The article (Tempczyk and Bartołd, "Visualizing LSTM
Networks. Part I") filmed activations as they develop during prediction.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import matplotlib
import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.networks.classifiers import Classifier, probabilities, read_classifier
from signpaths.options import FilmOptions
from signpaths.origins import check_origin, made_from
from signpaths.report.drawing.film import HEIGHT, WIDTH, draw_film
from signpaths.report.drawing.paths import axis_labels, transformed
from signpaths.report.drawing.style import STYLE
from signpaths.report.filmed import Filmed, aligned, answers, moments, steps_of
from signpaths.report.progress import progress
from signpaths.report.video import as_gif, written
from signpaths.runs import check_same
from signpaths.spaces import Space, described
from signpaths.stores import open_store, whole

FRAMES_PER_SECOND = 24
# The last picture is for reading.
LAST_SECONDS = 2
PLANE = 2
FITTED_ON = "train"
# Bits of a float32's mantissa, all of which are stored unless a study says otherwise.
EXACT = 23
# By how much a probability may differ from the stored one: what another machine may round.
ROUNDING = 1e-3


def film(
    paths: Path,
    activations: Path,
    model: Path,
    out: Path,
    /,
    *,
    space: str,
    ae_seed: int = 0,
    note: str | None = None,
    gif: Path | None = None,
    options: FilmOptions = FilmOptions(),
) -> None:
    """Film one network's paths and its answers, time step by time step.

    Parameters
    ----------
    paths
        The network's store of stage `paths`.
    activations
        Its store of stage `activations`.
    model
        The trained network.
    out
        The film to write, MP4.
    space
        The space of its paths; one of two dimensions.
    ae_seed
        The seed of the autoencoder that projects.
    note
        What is shown, for a corner of the picture; by default the network's name and the space.
    gif
        A GIF to write too.
    options
        How it is drawn.

    Raises
    ------
    UserError
        If there is no such space, seed or plane, the files are not of one network, or the film
        cannot be written.
    """
    found = open_store(paths, "paths")
    check_origin(paths, made_from(paths), {"activations": activations})
    shown = chosen_space(found, space, ae_seed, paths)
    hidden = open_store(activations, "activations").load()
    check_same(found, hidden, ("sign", "session", "take", "length"), str(paths))
    check_finite(hidden.hidden.values[hidden.mask.values], activations)
    network = read_classifier(model, None, hidden.sizes["class"], {})
    check_answers(network, hidden, model, activations)
    path = found["path"].sel(space=space, ae_seed=ae_seed).transpose("example", "time", "dim")
    plane = transformed(path.values[..., :PLANE], options.transform)
    what = filmed(plane, hidden, network)
    times = moments(what.answer.shape[1], round(options.film_seconds * FRAMES_PER_SECOND))
    seed = f", autoencoder seed {ae_seed}" if shown.is_trained else ""
    corner = f"network {paths.stem}, space {space}{seed}" if note is None else note
    with whole(out) as partial, matplotlib.rc_context(STYLE):
        pictures = draw_film(what, times, axis_labels(shown, PLANE, options.transform), corner)
        written(
            held(progress(pictures, len(times), "film"), LAST_SECONDS * FRAMES_PER_SECOND),
            (WIDTH, HEIGHT),
            FRAMES_PER_SECOND,
            partial,
        )
        if gif is not None:
            with whole(gif) as partial_gif:
                as_gif(partial, partial_gif)


def chosen_space(paths: xr.Dataset, name: str, ae_seed: int, store: Path) -> Space:
    """Find the space and refuse one that has no plane, or a seed that is not there.

    Raises
    ------
    UserError
        With what there is.
    """
    spaces = described(paths)
    planes = [one.name for one in spaces if one.dims == PLANE]
    space = next((one for one in spaces if one.name == name), None)
    if space is None or space.dims != PLANE:
        fault = "is not there" if space is None else f"has {space.dims} dimensions"
        raise UserError(
            f"{store}: a film takes a space of {PLANE} dimensions; {name} {fault}. "
            f"Expected {' or '.join(planes) or 'one: let autoencoder.dims hold 2'}."
        )
    seeds = paths["ae_seed"].values.tolist()
    if ae_seed not in seeds:
        raise UserError(
            f"{store}: it has no autoencoder of seed {ae_seed}, expected one of "
            f"{', '.join(map(str, seeds))}."
        )
    return space


def check_answers(network: Classifier, hidden: xr.Dataset, model: Path, activations: Path) -> None:
    """Refuse a network that is not the one that the hidden states are of.

    Its probabilities at the last step have to be the stored ones, but for the rounding of the
    stored hidden states.

    Raises
    ------
    UserError
        If they are not.
    """
    last = hidden.hidden.values[:, -1]
    fits = len(network.weight) == last.shape[1]
    if fits:
        bits = json.loads(hidden.attrs["options"]).get("mantissa_bits", EXACT)
        # A probability moves by no more than twice what its logits do.
        slack = np.expm1(2.0**-bits * (np.abs(last) @ np.abs(network.weight)).max(axis=1))
        apart = np.abs(probabilities(network, last) - hidden.probability.values).max(axis=1)
        fits = bool((apart <= slack + ROUNDING).all())
    if not fits:
        raise UserError(
            f"{model}: {activations} is not of this network, for the network answers otherwise "
            "at the last step. Give the files of one network, or make the second again."
        )


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
