"""Stage `sightings`: one run's files in, what the article saw in its figures as numbers out.

Takes the recordings, one network's hidden states and paths; gives for the hidden states and every
projection how smooth paths are, how far signs keep to themselves, how hands mix and how near
mistakes are. Pictures and report tell these numbers beside the figures.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import xarray as xr
from cyclopts import Parameter

from signpaths.data.hands import TWO, UNKNOWN, hands, movements
from signpaths.errors import UserError
from signpaths.evidence.pictures import (
    mixing,
    neighbours_of_other_signs,
    ranks_of_chosen,
    sign_share,
    step_length,
    step_lengths,
    told_by_last,
)
from signpaths.frames import check_finite, last_states, resample, sampled_frames
from signpaths.options import BEST, MEDIAN
from signpaths.origins import check_origin, made_from
from signpaths.runs import check_same, names_of, open_run, read_metrics
from signpaths.spaces import HIDDEN_SPACE, SHARED_AUTOENCODER, coordinates, described
from signpaths.stores import open_store, write_store

PHASES = 32
# Among which neighbours are looked for; time and memory grow with the square.
FRAMES = 3000
# Shares of the right hand's movement that might as well part one-handed from two-handed signs.
THRESHOLDS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7)
PARTS = ("train", "validation", "test")
DIMS = {
    "step_length": ("space",),
    "step_length_sign": ("space", "sign"),
    "sign_share": ("space",),
    "told_by_last": ("space",),
    "mistakes": ("part",),
    "examples": ("part",),
    "chosen_rank": ("space", "part"),
    "mixing": ("space", "threshold"),
    "mixing_by_chance": ("space", "threshold"),
    "mixing_p": ("space", "threshold"),
    "two_handed": ("threshold",),
}
MEANINGS = {
    "step_length": "root mean square step over root mean square distance of two frames",
    "step_length_sign": "the same of the steps of one sign",
    "sign_share": "share of the squared deviations at equal phases that lies between signs",
    "told_by_last": "share of held-out examples whose sign most of the 5 training examples that "
    "end nearest have",
    "mistakes": "examples that the network takes for another sign",
    "examples": "examples",
    "chosen_rank": "median rank of the mistaken sign among all others, by how near they end",
    "mixing": "share of the 10 nearest frames of other signs that use other hands",
    "mixing_by_chance": "the same with hands dealt out to signs at random, mean",
    "mixing_p": "share of random deals that mix no more",
    "two_handed": "two-handed signs",
}
UNITS = {"mistakes": "count", "examples": "count", "two_handed": "count"}


def sightings(
    sequences: Path,
    activations: Path,
    paths: Path,
    networks: Path,
    agreement: Path,
    shared_map: Path,
    out: Path,
    /,
    *,
    run: Annotated[str, Parameter(allow_leading_hyphen=True)],
) -> None:
    """Measure in one run what the article saw in its figures.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    activations, paths
        The folders of these stages, with `<network>.zarr` in it.
    networks
        The folder of the trained networks, with `<network>/metrics.json` in it.
    agreement
        The store of stage `agreement`: which networks there are, and how alike.
    shared_map
        The store of stage `shared-map`: which of its autoencoders is drawn.
    out
        The zarr store to write.
    run
        The network by its name; `best` for the one of the best validation accuracy, `median` for
        the one whose hidden states are on average most like the others'.

    Raises
    ------
    UserError
        If there is no such network, or the stores are not of one study.
    """
    compared, mapped = open_store(agreement, "agreement"), open_store(shared_map, "shared-map")
    name = named_network(run, compared, networks)
    examples = open_store(sequences, "sequences").load()
    store = activations / f"{name}.zarr"
    states = open_run(activations, name, "activations").load()
    check_origin(store, made_from(store), {"sequences": sequences})
    for of_networks in (agreement, shared_map):
        check_origin(of_networks, made_from(of_networks), {f"network {name}": store})
    path = open_run(paths, name, "paths").load()
    check_origin(paths / store.name, made_from(paths / store.name), {"activations": store})
    check_same(path, states, ["sign"], str(paths / store.name))
    drawn = drawn_autoencoders(path, mapped)
    spaces = [HIDDEN_SPACE, *described(path)]
    views = [states.hidden.values, *views_of(path, drawn)]
    check_finite(views[0][states.mask.values], store)
    for view in views[1:]:
        check_finite(view[states.mask.values], paths / store.name)
    found = {**measured(views, states), **handedness(views, states, examples)}
    dataset = xr.Dataset(
        {
            key: (DIMS[key], np.asarray(values), {"long_name": MEANINGS[key]} | _unit(key))
            for key, values in found.items()
        },
        coords={
            **coordinates(spaces),
            "sign": ("sign", np.unique(states.sign.values), {"long_name": "sign"}),
            "part": ("part", list(PARTS), {"long_name": "part of the split"}),
            "threshold": (
                "threshold",
                thresholds(examples),
                {
                    "long_name": "share of the right hand's movement from which on a sign is "
                    "two-handed",
                    "units": "1",
                },
            ),
            "drawn": (
                "space",
                [0, *drawn],
                {"long_name": "which of its autoencoders is drawn, by seed"},
            ),
        },
        attrs={
            "network": name,
            "run": run,
            "signs": int(np.unique(states.sign.values).size),
            "two_handed": own_threshold(examples),
        },
    )
    write_store(
        dataset,
        out,
        stage="sightings",
        title=f"What the article saw in its figures, in network {name}",
        made_from={
            **{"sequences": sequences, "activations": store, "paths": paths / store.name},
            **{"agreement": agreement, "shared_map": shared_map},
        },
    )


def named_network(run: str, agreement: xr.Dataset, networks: Path) -> str:
    """Give the network that a run of the config means.

    Raises
    ------
    UserError
        If the study has no such network.
    """
    names = names_of(agreement)
    if run == MEDIAN:
        return names[most_typical(agreement["shape_distance"].values)]
    if run == BEST:
        found = [float(one["validation_accuracy"]) for one in read_metrics(networks, names)]
        return names[int(np.argmax(found))]
    if run not in names:
        raise UserError(
            f"no network {run} in this study: expected {BEST}, {MEDIAN} or one of "
            f"{', '.join(names[:10])}{', …' if len(names) > 10 else ''}."
        )
    return run


def most_typical(apart: np.ndarray) -> int:
    """Give the network nearest to the others on average, the medoid of `(network, network)`.

    What is not known counts for nothing; where nothing is known, the first.
    """
    others = np.where(np.eye(len(apart), dtype=bool), np.nan, apart)
    known = np.isfinite(others).sum(axis=1)
    mean = np.nansum(others, axis=1) / np.maximum(known, 1)
    return int(np.argmin(np.where(known > 0, mean, np.inf)))


def drawn_autoencoders(path: xr.Dataset, shared_map: xr.Dataset) -> list[int]:
    """Say which autoencoder draws each space: a network's first one, of the shared map the best."""
    of_shared = shared_map["drawn"]
    return [
        int(of_shared.sel(projection=space.name)) if space.kind == SHARED_AUTOENCODER else 0
        for space in described(path)
    ]


def views_of(path: xr.Dataset, drawn: list[int]) -> list[np.ndarray]:
    """Give the paths `(example, time, dim)` of every space by the autoencoder that draws it."""
    values = path["path"].transpose("space", "ae_seed", "example", "time", "dim").values
    return [
        values[row, seed][..., : space.dims]
        for row, (space, seed) in enumerate(zip(described(path), drawn, strict=True))
    ]


def measured(views: list[np.ndarray], states: xr.Dataset) -> dict[str, Any]:
    """Measure smoothness, the signs' own places and the mistakes in every view."""
    real, sign = states.mask.values, states.sign.values
    part, predicted = states.part.values, states.predicted.values
    train, wrong = part == "train", predicted != sign
    names = np.unique(sign)
    number, chosen = np.searchsorted(names, sign), np.searchsorted(names, predicted)
    found: dict[str, list[Any]] = {
        key: []
        for key in ("step_length", "step_length_sign", "sign_share", "told_by_last", "chosen_rank")
    }
    for view in views:
        last = last_states(view, real)
        # A sign without training examples ends nowhere that one could be near to.
        middles = np.array(
            [
                last[train & (number == one)].mean(axis=0)
                if (train & (number == one)).any()
                else np.full(last.shape[1], np.inf)
                for one in range(names.size)
            ]
        )
        ranks = ranks_of_chosen(last[wrong], middles, number[wrong], chosen[wrong])
        found["step_length"].append(step_length(view, real))
        found["step_length_sign"].append(step_lengths(view, real, sign))
        found["sign_share"].append(sign_share(resample(np.nan_to_num(view), real, PHASES), sign))
        found["told_by_last"].append(told_by_last(last, sign, train))
        found["chosen_rank"].append(
            [
                float(np.median(of_part)) if (of_part := ranks[part[wrong] == one]).size else np.nan
                for one in PARTS
            ]
        )
    return found | {
        "mistakes": [int((wrong & (part == one)).sum()) for one in PARTS],
        "examples": [int((part == one).sum()) for one in PARTS],
    }


def thresholds(examples: xr.Dataset) -> list[float]:
    """Give the thresholds that are tried, the study's own among them."""
    return sorted({*THRESHOLDS, own_threshold(examples)})


def own_threshold(examples: xr.Dataset) -> float:
    """Give the study's own `data.two_handed`."""
    return float(json.loads(examples.attrs["options"])["two_handed"])


def handedness(views: list[np.ndarray], states: xr.Dataset, examples: xr.Dataset) -> dict[str, Any]:
    """Measure at every threshold how far one- and two-handed signs mix; nothing if not known."""
    real, sign = states.mask.values, states.sign.values
    x, channels = examples.x.values, examples.channel.values
    moved = movements([one[mask] for one, mask in zip(x, real, strict=True)], channels)
    if moved is None or (states.hands.values == UNKNOWN).any():
        return {}
    _, first, number = np.unique(sign, return_index=True, return_inverse=True)
    two = np.array([hands(sign, moved, limit)[first] == TWO for limit in thresholds(examples)])
    example, time = sampled_frames(real, np.ones(len(sign), dtype=bool), FRAMES)
    found = np.empty((3, len(views), len(two)))
    for row, view in enumerate(views):
        nearest = neighbours_of_other_signs(view[example, time], number[example])
        for column, group in enumerate(two):
            found[:, row, column] = mixing(nearest, number[example], group)
    return {
        **dict(zip(("mixing", "mixing_by_chance", "mixing_p"), found, strict=True)),
        "two_handed": two.sum(axis=1),
    }


def _unit(key: str) -> dict[str, str]:
    return {"units": UNITS.get(key, "1")}
