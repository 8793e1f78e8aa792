"""Stage `shared`: frames of the reference in, one denoising autoencoder for all networks out.

Takes `reference.zarr`, whose frames are of all reference networks alike and turned onto what these
have in common; trains an autoencoder on them (see `denoising`). Small steps: large ones restore
frames better, but fold the plane, and fewer pairs stay near one another in it.
"""

from pathlib import Path
from typing import Literal

from signpaths.networks import training
from signpaths.options import DenoisingOptions, SeedOption, SharedOptions
from signpaths.projections import denoising
from signpaths.projections.denoising import Written
from signpaths.stores import open_store


def shared(
    reference: Path,
    model: Path,
    history: Path,
    metrics: Path,
    /,
    *,
    dims: Literal[2, 3],
    seed: SeedOption,
    options: DenoisingOptions = DenoisingOptions(),
    regime: SharedOptions = SharedOptions(),
) -> None:
    """Train one autoencoder of the shared map.

    Parameters
    ----------
    reference
        The store of stage `reference`. Without validation examples the last fifth of its frames,
        shuffled, validates.
    model
        The trained autoencoder to write, `.keras`; its layer `bottleneck` gives the path.
    history
        The CSV to write: one row an epoch.
    metrics
        The JSON to write: losses and counts.
    dims
        Units of the bottleneck, 2 or 3.
    seed
        Sets initial weights, noise and the order of the frames.
    """
    training.start(seed)
    common = open_store(reference, "reference")
    frames, part = common.frame.values, common.part.values
    train, validation = frames[part == "train"], frames[part == "validation"]
    if not len(validation):
        train, validation = denoising.last_fifth(train, seed)
    denoising.train(
        train,
        validation,
        Written(model, history, metrics),
        made_from={"reference": reference},
        dims=dims,
        seed=seed,
        options=options,
        regime=regime,
    )
