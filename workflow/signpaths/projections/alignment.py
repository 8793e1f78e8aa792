"""Stage `alignment`: one network and the reference in, how it is turned onto the reference out.

Takes the activations of one network and `reference.zarr`; gives the orthogonal map, scale and shift
that bring its sign means nearest to the reference (see `procrustes`), fitted on training examples
only, and how well it fits: R² on training and on held-out examples, by sign and by phase, against
the same with the signs permuted. A network of the reference is judged by the others' consensus.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.errors import UserError
from signpaths.frames import check_finite
from signpaths.origins import contents, made_from
from signpaths.projections.procrustes import (
    SEEN,
    Fit,
    Turn,
    fits_the_reference,
    judged,
    sign_means,
    turn_onto,
)
from signpaths.stores import open_store, write_store

# Fits with the signs permuted: chance alone beats all of them once in 21 times.
PERMUTATIONS = 20


def alignment(
    activations: Path,
    reference: Path,
    store: Path,
    /,
    *,
    network: str,
) -> None:
    """Turn the hidden states of one network onto the reference.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    reference
        The store of stage `reference`.
    store
        The zarr store to write: `rotation(unit, reference_unit)`, `shift(unit)`, `scale`, and R²
        `fit(seen)`, `fit_sign(seen, sign)`, `fit_phase(seen, phase)`, `fit_permuted(permutation,
        seen)`.
    network
        The network's name: one of the reference's own is judged by the others.

    Raises
    ------
    UserError
        If the network knows other signs than the reference, its hidden states are no numbers, or
        it is another than its name says.
    """
    hidden = open_store(activations, "activations").load()
    common = open_store(reference, "reference")
    check_network(activations, reference, network)
    check_finite(hidden.hidden.values[hidden.mask.values], activations)
    signs, label = np.unique(hidden.sign.values, return_inverse=True)
    if not np.array_equal(signs, common.sign.values):
        raise UserError(f"{activations}: its signs are not those of {reference}. Make both again.")
    trained = hidden.part.values == SEEN[0]
    means = [
        sign_means(
            hidden.hidden.values[chosen],
            hidden.mask.values[chosen],
            label[chosen],
            signs.size,
            common.sizes["phase"],
        )
        for chosen in (trained, ~trained)
    ]
    consensus, size = common.consensus.values, float(common.attrs["size"])
    own = network in common.network.values
    judge = common.without.sel(network=network).values if own else consensus
    if not (np.isfinite(consensus) & np.isfinite(means[0]).all(axis=(1, 2), keepdims=True)).any():
        raise UserError(
            f"{activations}: no sign has training examples both here and in {reference}. Give "
            "split.train more."
        )
    fits, permuted = judged(judge, means, size, PERMUTATIONS)
    write_store(
        as_dataset(turn_onto(consensus, means[0], size), fits, permuted)
        .assign_coords(sign=("sign", signs, {"long_name": "sign"}))
        .assign_attrs(network=network, of_reference=int(own)),
        store,
        stage="alignment",
        title=f"How the hidden states of network {network} are turned onto the reference",
        made_from={"activations": activations, "reference": reference},
    )


def check_network(activations: Path, reference: Path, network: str) -> None:
    """Refuse hidden states of a network of the reference under another's name.

    Raises
    ------
    UserError
        If they are.
    """
    of_reference = made_from(reference)
    [content] = contents({network: activations}).values() or [None]
    for name, other in of_reference.items():
        if (name == network) != (other == content):
            raise UserError(
                f"{activations}: these are not the hidden states of network {network} that "
                f"{reference} was made from. Check the network's name, or make both again."
            )


def as_dataset(turn: Turn, fits: list[Fit], permuted: np.ndarray) -> xr.Dataset:
    """Lay out the map and how well it fits."""
    share = "share of the reference's squared deviations that is explained, at the best scale (R²)"
    whole = np.array([one.whole for one in fits])
    return xr.Dataset(
        {
            "rotation": (
                ("unit", "reference_unit"),
                turn.rotation,
                {"long_name": "orthogonal map of hidden states", "units": "1"},
            ),
            "shift": (
                "unit",
                turn.shift,
                {"long_name": "taken off hidden states before", "units": "1"},
            ),
            "scale": (
                (),
                turn.scale,
                {
                    "long_name": "by which they are multiplied after; it makes networks one size",
                    "units": "1",
                },
            ),
            "fit": ("seen", whole, {"long_name": f"{share}, about its grand mean", "units": "1"}),
            "fit_sign": (
                ("seen", "sign"),
                np.array([one.by_sign for one in fits]),
                {"long_name": f"{share}, at one sign", "units": "1"},
            ),
            "fit_phase": (
                ("seen", "phase"),
                np.array([one.by_phase for one in fits]),
                {"long_name": f"{share}, between the signs at one phase", "units": "1"},
            ),
            "fit_permuted": (
                ("permutation", "seen"),
                permuted,
                {"long_name": f"{share}, with the signs of the network permuted", "units": "1"},
            ),
        },
        coords={
            "seen": (
                "seen",
                list(SEEN),
                {"long_name": "examples of training, which the map is fitted to, or the others"},
            )
        },
        attrs={"fits": int(fits_the_reference(whole, permuted))},
    )
