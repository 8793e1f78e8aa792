"""Stage `shared-map`: how all networks are turned and where their signs go in, one map of them out.

Takes alignment, closeness and quality of all networks, one at a time; gives the mean path of every
sign in the shared map with its spread between networks, phase by phase, how far apart the two signs
of every pair are at each phase, how well every network fits the reference, and what each projection
keeps of it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from signpaths.closeness.ranks import largest_close_rank
from signpaths.errors import UserError
from signpaths.options import CloseOptions
from signpaths.origins import made_from
from signpaths.runs import (
    check_distinct,
    of_activations,
    open_run,
    open_runs,
    read_names,
    require,
)
from signpaths.spaces import HEADLINE, coordinates, described
from signpaths.stability.kept import close_kept, rank_correlations
from signpaths.stores import write_store

# Neighbours for which trustworthiness is told.
NEIGHBOURS = 10


def shared_map(
    networks: Path,
    alignment: Path,
    closeness: Path,
    quality: Path,
    store: Path,
    /,
    *,
    close: CloseOptions = CloseOptions(),
) -> None:
    """Put all networks into one map.

    Parameters
    ----------
    networks
        The list of stage `networks`.
    alignment, closeness, quality
        The folders with the stores of these stages, `<network>.zarr`.
    store
        The zarr store to write: `path(space, network, sign, phase, dim)` in the shared map,
        `separation(view, phase, pair)`, `fit(network, seen)`, and what is kept,
        `(projection, network)`.

    Raises
    ------
    UserError
        If a store is not there, or not of this study.
    """
    names = read_names(networks)
    for name in names:
        check_one_network(alignment, closeness, quality, name)
    check_one_reference(alignment, names)
    check_distinct(closeness, names)
    keeps = kept(closeness, quality, names, close.close_fraction)
    dataset = xr.merge(
        [fits(alignment, names), on_the_way(closeness, names, keeps["drawn"]), keeps],
        combine_attrs="no_conflicts",
    ).assign_coords(network=("network", names, {"long_name": "network"}))
    write_store(
        dataset.assign_attrs(
            chosen=chosen(dataset),
            reference=int(dataset["of_reference"].sum()),
            fitting=int(dataset["fits"].sum()),
        ),
        store,
        stage="shared-map",
        title=f"One map for {len(names)} networks",
        options=close,
        made_from=of_activations(closeness, names),
    )


def check_one_network(alignment: Path, closeness: Path, quality: Path, name: str) -> None:
    """Refuse alignment and quality of other hidden states or paths than closeness is of.

    Raises
    ------
    UserError
        If they are.
    """
    expected = made_from(closeness / f"{name}.zarr")
    for folder in (alignment, quality):
        store = folder / f"{name}.zarr"
        if any(expected.get(key, own) != own for key, own in made_from(store).items()):
            raise UserError(
                f"{store}: it is of another network or study than {closeness / store.name}, or of "
                "what stood there before. Make both again."
            )


def check_one_reference(alignment: Path, names: list[str]) -> None:
    """Refuse networks that are turned onto different references.

    Raises
    ------
    UserError
        If they are.
    """
    first, *others = (alignment / f"{name}.zarr" for name in names)
    expected = made_from(first).get("reference")
    for store in others:
        if made_from(store).get("reference") != expected:
            raise UserError(
                f"{store}: it is turned onto another reference than {first}. Make both again."
            )


def fits(folder: Path, names: list[str]) -> xr.Dataset:
    """Gather how well the networks fit the reference."""
    share = "share of the reference's squared deviations that a network explains (R²)"
    seen = ("network", "seen")
    meanings: dict[str, tuple[tuple[str, ...], str]] = {
        "fit": (seen, f"{share}; one of the reference's own is judged by the others' consensus"),
        "fit_sign": ((*seen, "sign"), f"{share}, at one sign"),
        "fit_phase": ((*seen, "phase"), f"{share}, between the signs at one phase"),
        "fit_permuted": (seen, f"{share}, with the signs of the network permuted, mean"),
        "fits": (("network",), "whether it fits better than with any permutation of its signs"),
        "of_reference": (("network",), "whether the network is one of the reference's own"),
    }
    found: dict[str, list[Any]] = {name: [] for name in meanings}
    for _, one in open_runs(folder, names, "alignment", ("sign",)):
        for name, values in found.items():
            values.append(one[name].values if name in one else one.attrs[name])
        found["fit_permuted"][-1] = found["fit_permuted"][-1].mean(axis=0)
    return xr.Dataset(
        {
            name: (dims, np.array(found[name]), {"long_name": meaning, "units": "1"})
            for name, (dims, meaning) in meanings.items()
        },
        coords={"seen": one.seen},
        attrs={"permutations": one.sizes["permutation"]},
    )


def on_the_way(folder: Path, names: list[str], drawn: xr.DataArray) -> xr.Dataset:
    """Gather where signs go in the shared map, and how far apart pairs are at each phase.

    Of several autoencoders the paths are those of the one drawn, `(projection,)`.
    """
    first = open_run(folder, names[0], "closeness")
    needed = ("view", "shared_space", "separation", "sign_a", "sign_b", "mean_path", "parting")
    require(first, needed, str(folder / f"{names[0]}.zarr"))
    paths = np.empty((first.sizes["shared_space"], len(names), *first.mean_path.shape[2:]))
    column = drawn.sel(projection=first.shared_space.values).values
    far = np.zeros(first.separation.shape)
    for index, (_, one) in enumerate(
        open_runs(folder, names, "closeness", ("sign", "view", "shared_space"))
    ):
        paths[:, index] = one.mean_path.values[np.arange(len(column)), column]
        far += np.log(one.separation.values, dtype=float) / len(names)
    of_name = {space.name: space for space in described(first)}
    between = "distance between the two signs' examples over that within the signs"
    return xr.Dataset(
        {
            "path": (
                ("space", "network", "sign", "phase", "dim"),
                paths.astype(np.float32),
                {
                    "long_name": "mean path of the sign in the map, by the autoencoder drawn",
                    "units": "1",
                },
            ),
            "separation": (
                ("view", "phase", "pair"),
                np.exp(far).astype(np.float32),
                {
                    "long_name": f"{between}, after equal times, geometric mean over networks",
                    "units": "1",
                },
            ),
        },
        coords={
            **coordinates([of_name[name] for name in first.shared_space.values.tolist()]),
            **{name: first[name] for name in ("view", "sign_a", "sign_b")},
            "sign": first["sign"],
            "phase": (
                "phase",
                np.linspace(0, 1, first.sizes["phase"]),
                {"long_name": "share of the way, of a pair the longer one's", "units": "1"},
            ),
        },
        attrs={"parting": float(first.attrs["parting"])},
    )


def kept(folder: Path, quality: Path, names: list[str], close_fraction: float) -> xr.Dataset:
    """Say what each projection keeps of every network, and which of its runs keeps most of all."""
    first = open_run(folder, names[0], "closeness")
    spaces = [space for space in described(first) if space.is_projection]
    upper = np.triu_indices(first.sizes["sign"], 1)
    k = largest_close_rank(first.sizes["sign"], close_fraction)
    found = np.full((3, len(spaces), len(names)), np.nan)
    worth = np.zeros((len(spaces), first.sizes["ae_seed"]))
    for index, (path, one) in enumerate(open_runs(folder, names, "closeness", ("space",))):
        rank = one.mutual_rank.values[:, :, *upper]
        place = {space.name: row for row, space in enumerate(described(one))}
        hidden = rank[place[HEADLINE], :1]
        trust = open_run(quality, path.stem, "quality").trustworthiness.sel(k=NEIGHBOURS)
        for row, space in enumerate(spaces):
            runs = rank[None, place[space.name], : space.runs]
            close = close_kept(runs <= k, hidden <= k)[0]
            trusted = trust.sel(space=space.name).values[: space.runs]
            found[0, row, index] = rank_correlations(runs, hidden).mean()
            found[1, row, index] = close.mean()
            found[2, row, index] = trusted.mean()
            worth[row, : space.runs] += np.nan_to_num(close * trusted)
    meanings = {
        "kept_ranks": f"rank correlation of mutual ranks with those in {HEADLINE}",
        "kept_close": f"share of the pairs close in {HEADLINE} that are close in the projection",
        "trustworthiness": f"trustworthiness at k = {NEIGHBOURS}, on held-out examples",
    }
    return xr.Dataset(
        {
            name: (
                ("projection", "network"),
                values,
                {"long_name": f"{meaning}, mean over runs", "units": "1"},
            )
            for (name, meaning), values in zip(meanings.items(), found, strict=True)
        }
        | {
            "drawn": (
                "projection",
                worth.argmax(axis=1),
                {
                    "long_name": "which of its autoencoders keeps most close pairs, times "
                    "trustworthiness, mean over networks; of a network's own, by their seed",
                    "units": "1",
                },
            )
        },
        coords=coordinates(spaces, "projection"),
    )


def chosen(dataset: xr.Dataset) -> str:
    """Choose the plane that the shared map is drawn in: what keeps most, and can be trusted most.

    By the mean over networks of close pairs kept times trustworthiness: the study asks for close
    pairs. Where nothing is known, by place.
    """
    planes = [one.name for one in described(dataset) if one.dims == 2] or dataset.space.values[:1]
    score = (dataset["kept_close"] * dataset["trustworthiness"]).mean("network")
    return str(max(planes, key=lambda name: np.nan_to_num(score.sel(projection=name)).item()))
