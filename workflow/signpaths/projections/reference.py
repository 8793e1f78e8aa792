"""Stage `reference`: hidden states of the first networks in, what all others are turned onto out.

Takes the activations of the reference networks; gives `reference.zarr`: their consensus (see
`procrustes`), for each of them the consensus of the others, a sample of their frames turned onto
it, as many of each network, and the principal components of that sample. More networks than these
change nothing here.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.options import PhasesOptions, ReferenceOptions
from signpaths.projections.components import WIDEST, principal_components
from signpaths.projections.procrustes import Consensus, consensus, sign_means, turn_onto
from signpaths.runs import check_same, open_run
from signpaths.stores import write_store

# Frames of validation examples, as a share of those that the map is fitted to.
VALIDATION_SHARE = 0.25
PARTS = ("train", "validation")


def reference(
    activations: Path,
    store: Path,
    /,
    *,
    networks: tuple[str, ...],
    options: ReferenceOptions = ReferenceOptions(),
    phases: PhasesOptions = PhasesOptions(),
) -> None:
    """Find what the first networks have in common once they are turned onto one another.

    Parameters
    ----------
    activations
        The folder with the stores of stage `activations`, `<network>.zarr`.
    store
        The zarr store to write: `consensus(sign, phase, unit)`, `without(network, sign, phase,
        unit)`, `frame(sample, unit)` and `component(dim, unit)`.
    networks
        Names of the networks that make the reference.

    Raises
    ------
    UserError
        If no network is named or one twice, or they are not of the same examples, or have too few
        training frames to fit principal components to.
    """
    if not networks or len(set(networks)) < len(networks):
        raise UserError(
            f"--networks is {', '.join(networks) or 'empty'}, expected the names of one or more "
            "networks, none twice."
        )
    first = open_run(activations, networks[0], "activations")
    names, label = np.unique(first.sign.values, return_inverse=True)
    means, drawn, of_part = [], [], []
    share = options.frames // len(networks)
    for place, name in enumerate(networks):
        one, path = open_run(activations, name, "activations"), activations / f"{name}.zarr"
        check_same(one, first, ["sign", "length"], str(path))
        states, real, part = one.hidden.values, one.mask.values, one.part.values
        check_finite(states[real], path)
        trained = part == PARTS[0]
        means.append(
            sign_means(states[trained], real[trained], label[trained], names.size, phases.phases)
        )
        frames = [
            states[sample(real & (part == which)[:, None], most, place)]
            for which, most in zip(PARTS, (share, round(share * VALIDATION_SHARE)), strict=True)
        ]
        drawn.append(np.concatenate(frames))
        of_part.append(np.repeat(PARTS, [len(one) for one in frames]))
    found = consensus(means)
    if np.isnan(found.mean).all():
        raise UserError(
            f"{activations}: no sign has training examples in all of the networks "
            f"{', '.join(networks)}, so there is no reference. Give split.train more."
        )
    if (few := sum(int((one == PARTS[0]).sum()) for one in of_part)) < WIDEST:
        raise UserError(
            f"{activations}: {few} training frames make no map; it needs {WIDEST} or more. See "
            "shared.frames and split.train."
        )
    turned = np.concatenate(
        [
            turn_onto(found.mean, own, found.size).forth(frames)
            for own, frames in zip(means, drawn, strict=True)
        ]
    )
    network = np.repeat(np.array(networks), [len(frames) for frames in drawn])
    write_store(
        as_dataset(found, turned, np.concatenate(of_part), network).assign_coords(
            sign=("sign", names, {"long_name": "sign"}),
            network=("network", list(networks), {"long_name": "network of the reference"}),
        ),
        store,
        stage="reference",
        title=f"What {len(networks)} networks have in common once they are turned onto one another",
        options=options,
        made_from={name: activations / f"{name}.zarr" for name in networks},
    )


def sample(chosen: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw so many of the chosen frames at most, in their order: numbers of example and step."""
    example, time = np.nonzero(chosen)
    drawn = np.random.default_rng(seed).permutation(example.size)[:most]
    drawn.sort()
    return example[drawn], time[drawn]


def as_dataset(
    found: Consensus, frames: np.ndarray, part: np.ndarray, network: np.ndarray
) -> xr.Dataset:
    """Lay out the reference, its frames and their principal components."""
    components = principal_components(frames[part == PARTS[0]])
    where = "turned onto the reference"
    return xr.Dataset(
        {
            "consensus": (
                ("sign", "phase", "unit"),
                found.mean.astype(np.float32),
                {
                    "long_name": f"mean hidden state of the sign, {where}, mean over networks",
                    "units": "1",
                },
            ),
            "without": (
                ("network", "sign", "phase", "unit"),
                np.array(
                    found.without or np.full((1, *found.mean.shape), np.nan), dtype=np.float32
                ),
                {
                    "long_name": "the same of the other networks, in a frame of their own",
                    "units": "1",
                },
            ),
            "frame": (
                ("sample", "unit"),
                frames,
                {"long_name": f"hidden states, {where}", "units": "1"},
            ),
            "component": (
                ("dim", "unit"),
                components.component.astype(np.float32),
                {"long_name": "principal components of the training frames", "units": "1"},
            ),
            "centre": (
                "unit",
                components.centre.astype(np.float32),
                {"long_name": "mean of the training frames", "units": "1"},
            ),
            "explained": (
                "dim",
                components.explained,
                {
                    "long_name": "share of the training frames' variance along the component",
                    "units": "1",
                },
            ),
        },
        coords={
            "part": ("sample", part, {"long_name": "train or validation"}),
            "of_network": ("sample", network, {"long_name": "network that the frame is of"}),
        },
        attrs={"size": found.size},
    )
