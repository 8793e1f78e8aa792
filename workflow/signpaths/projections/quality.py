"""Stage `quality`: hidden states and projections in, how far each projection can be trusted out.

Takes the activations and the paths of one network; compares a sample of held-out frames in the
hidden states and in every projection (see `neighbourhoods`).
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.options import QualityOptions
from signpaths.origins import check_origin, made_from
from signpaths.projections.neighbourhoods import (
    NEIGHBOURS,
    SIGN_NEIGHBOURS,
    Geometry,
    Quality,
    Sample,
    compare,
    geometry,
    sampled,
)
from signpaths.spaces import Space, coordinates, described
from signpaths.stores import open_store, write_store

HELD_OUT, EVERY = "held_out", "all"


def quality(
    activations: Path,
    paths: Path,
    store: Path,
    /,
    *,
    options: QualityOptions = QualityOptions(),
) -> None:
    """Measure how far the projections of one network's hidden states can be trusted.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    paths
        The store of stage `paths`, of the same network.
    store
        The zarr store to write: `trustworthiness` and `continuity` over `(space, ae_seed, k)`, one
        number a projection of the other measures, all without unit. Spaces of fewer runs are
        repeated over `ae_seed`.

    Raises
    ------
    UserError
        If the stores are not of one study, hold values that are no numbers or fewer than two
        examples.
    """
    hidden, projected = open_store(activations, "activations"), open_store(paths, "paths")
    check_origin(paths, made_from(paths), {"activations": activations})
    real, sign = hidden.mask.values, hidden.sign.values
    if not (
        np.array_equal(projected.sign.values, sign)
        and np.array_equal(projected.length.values, hidden.length.values)
    ):
        raise UserError(f"{paths}: its examples are not those of {activations}. Make both again.")
    chosen, which = compared_examples(hidden.part.values)
    count = int((chosen & real.any(axis=1)).sum())
    if count < 2:
        raise UserError(
            f"{activations}: examples with real frames: {count}. Neighbours come from other "
            "examples, so the study needs two or more."
        )
    signs, label = np.unique(sign, return_inverse=True)
    sample = sampled(real, chosen, label, options.frames)
    states = geometry(_finite(hidden.hidden.values, real & chosen[:, None], activations), sample)
    seeds = projected.ae_seed.values
    found: dict[Space, list[Quality]] = {}
    flat = []
    for row, space in enumerate(described(projected)):
        runs = []
        for column in range(space.runs):
            path = projected.path[row, column].values
            in_space = geometry(_finite(path, real & chosen[:, None], paths), sample)
            runs.append(compare(states, in_space, sample, signs.size))
            if in_space.one_point:
                of_seed = f" of seed {seeds[column]}" if space.runs > 1 else ""
                flat.append(f"{space.name}{of_seed}")
        found[space] = [runs[column % space.runs] for column in range(len(seeds))]
    dataset = _dataset(found, signs, which).assign_coords(
        ae_seed=("ae_seed", seeds, projected.ae_seed.attrs)
    )
    if "reconstruction_error" in projected:
        dataset = dataset.assign(reconstruction_error=projected.reconstruction_error.load())
    write_store(
        dataset.assign_attrs(
            network=activations.stem,
            frames=sample.example.size,
            examples=np.unique(sample.example).size,
            compared=which,
            note="\n".join(_notes(which, states, flat, sample)),
        ),
        store,
        stage="quality",
        title="How far the projections of one network's hidden states can be trusted",
        options=options,
        made_from={"activations": activations, "paths": paths},
    )


def compared_examples(part: np.ndarray) -> tuple[np.ndarray, str]:
    """Choose the held-out examples, or all if fewer than two are held out.

    Returns
    -------
    tuple
        bool `(example,)`, and `held_out` or `all`.
    """
    held_out = part != "train"
    return (held_out, HELD_OUT) if held_out.sum() > 1 else (np.ones_like(held_out), EVERY)


def _finite(trajectories: np.ndarray, wanted: np.ndarray, store: Path) -> np.ndarray:
    """Give trajectories with NaN on all that is not wanted, without the dimensions that are empty.

    A plane has an empty third dimension.
    """
    frames = trajectories[wanted]
    used = ~np.isnan(frames).all(axis=0)
    # Where all is NaN, that is what is looked at.
    check_finite(frames[:, used] if used.any() else frames, store)
    return np.where(wanted[..., None], trajectories[..., used], np.nan)


def _notes(which: str, hidden: Geometry, flat: list[str], sample: Sample) -> Iterable[str]:
    if which == EVERY:
        yield (
            "Fewer than two examples are held out; the projections are judged on all examples, "
            "those that they were fitted to included."
        )
    if hidden.one_point and sample.others.any():
        yield "All hidden states compared are equal: there is nothing a projection could keep."
    elif flat:
        yield (
            f"All points are equal in {', '.join(flat)}: neighbours there come by chance, and "
            "correlations are missing."
        )
    few = [str(k) for k in NEIGHBOURS if (sample.others < 2 * k).any()]
    if few:
        yield (
            f"Too few frames for {', '.join(few)} neighbours: some frame has fewer than twice as "
            "many others; those measures are missing."
        )


def _dataset(found: dict[Space, list[Quality]], signs: np.ndarray, which: str) -> xr.Dataset:
    """Lay out what was found in every space; runs of one network in a list."""
    where = f"real frames of {'held-out' if which == HELD_OUT else 'all'} examples"
    few = "empty if some frame has fewer than 2k others"
    flat = "empty if either does not vary"
    described = {
        "trustworthiness": (
            ("k",),
            f"share of nearest neighbours in the projection that are near in the hidden states, "
            f"weighted by rank; {where}, other examples only; {few}",
        ),
        "continuity": (
            ("k",),
            f"share of nearest neighbours in the hidden states that are near in the projection, "
            f"weighted by rank; {where}, other examples only; {few}",
        ),
        "rnx_area": (
            (),
            f"area under R_NX over log K: 1 all neighbours kept, 0 chance; {where}, other examples "
            "only; empty if some frame has fewer than two others or hidden states do not vary",
        ),
        "shepard": (
            (),
            f"Spearman's correlation of distances in hidden states and projection; {where}, pairs "
            f"of different examples; {flat}",
        ),
        "stress": (
            (),
            f"stress-1 of those distances after the best scale: 0 none, 1 all is lost; {where}; "
            "empty if hidden states do not vary",
        ),
        "step_correlation": (
            (),
            f"Spearman's correlation of step lengths along hidden states and along the path; all "
            f"{where} in the sample; {flat}",
        ),
        "trustworthiness_sign": (
            ("sign",),
            f"trustworthiness at k = {SIGN_NEIGHBOURS} of the sign's frames; {few} or the sign "
            "has no frame in the sample",
        ),
        "continuity_sign": (
            ("sign",),
            f"continuity at k = {SIGN_NEIGHBOURS} of the sign's frames; {few} or the sign has no "
            "frame in the sample",
        ),
    }
    return xr.Dataset(
        {
            name: (
                ("space", "ae_seed", *dims),
                np.array([[getattr(one, name) for one in runs] for runs in found.values()]),
                {"long_name": long_name, "units": "1"},
            )
            for name, (dims, long_name) in described.items()
        },
        coords={
            **coordinates(list(found)),
            "k": ("k", list(NEIGHBOURS), {"long_name": "neighbours", "units": "count"}),
            "sign": ("sign", signs, {"long_name": "sign"}),
        },
    )
