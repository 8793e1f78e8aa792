"""What the report's explorer shows of a study: stores in, packed blocks out, by kinds of detail.

Takes datasets, those of single networks as they are asked for; gives what is always held, and the
kinds of detail in the order in which they are held (see `details`). Knows no file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from scipy.cluster.hierarchy import leaves_list, optimal_leaf_ordering

from signpaths.evidence.sightings import drawn_autoencoders
from signpaths.frames import resample
from signpaths.report.details import Kind, Named
from signpaths.report.packing import (
    Block,
    packed_course,
    packed_numbers,
    packed_object,
    packed_path,
    packed_ranks,
    plain,
)
from signpaths.report.sections.agreement import agreement_rows
from signpaths.report.sections.instability import reliability_rows, variance_rows
from signpaths.report.sections.planning import plan_rows
from signpaths.spaces import AUTOENCODER, COMPONENTS, HEADLINE, Space, described
from signpaths.stability import variance
from signpaths.stability.groups import groups_of, tree_of

VERSION = 1
# On a map of 700 pixels mean paths are off by 0.35 at most, frames by 0.7, held-out examples, which
# are drawn thinner, by 1.4.
MEAN_BITS, HELD_BITS, FRAME_BITS, RAW_BITS = 10, 8, 9, 8
# Separations are told in such steps of their square root, up to so much; those of one network at
# every second phase.
SEPARATION_STEP, SEPARATION_MOST, SEPARATION_EVERY = 0.025, 12.7, 2
# Neighbours for which trustworthiness and continuity are told.
NEIGHBOURS = 10
# Reliability is told for up to so many networks, or twice as many as there are.
RELIABILITY_UP_TO = 30
VOLUME = 3

# Names of spaces, each with the seed of an autoencoder.
Runs = list[tuple[str, int]]


@dataclass(frozen=True)
class Explored:
    """The stores of a study.

    Attributes
    ----------
    names
        Of the networks.
    stability, agreement, shared_map
        Of all of them.
    signals
        Closeness in the raw signals.
    sequences
        The recordings.
    excerpt, closeness
        Give the stores of one network by its number.
    """

    names: Sequence[str]
    stability: xr.Dataset
    agreement: xr.Dataset
    shared_map: xr.Dataset
    signals: xr.Dataset
    sequences: xr.Dataset
    excerpt: Callable[[int], xr.Dataset]
    closeness: Callable[[int], xr.Dataset]

    @property
    def signs(self) -> np.ndarray:
        """Their names, sorted."""
        return self.stability["sign"].values.astype(str)

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of the two signs of every pair, in the order of the stability."""
        names = self.signs.tolist()
        number = {name: place for place, name in enumerate(names)}
        first, second = (
            np.array([number[str(name)] for name in self.stability[key].values])
            for key in ("sign_a", "sign_b")
        )
        return first, second

    @property
    def projections(self) -> list[tuple[Space, int]]:
        """The spaces with paths, each with the seed of the autoencoder that draws it."""
        first = self.excerpt(0)
        return list(zip(described(first), drawn_autoencoders(first, self.shared_map), strict=True))

    @property
    def k(self) -> float:
        """The largest rank that counts as close."""
        return float(self.stability.attrs["k"])


Pack = Callable[[Explored, Runs, int], Named]


def head(found: Explored, study: str) -> dict[str, Any]:
    """Give what the index says of the study."""
    first, close = found.excerpt(0), found.closeness(0)
    drawn = {space.name: seed for space, seed in found.projections}
    return plain(
        {
            "version": VERSION,
            "study": study,
            "signs": found.signs,
            "networks": list(found.names),
            "k": found.k,
            "phases": first.sizes["phase"],
            "held_phases": first.sizes["held_phase"],
            "parting": float(found.shared_map.attrs["parting"]),
            "chosen": str(found.shared_map.attrs["chosen"]),
            "pairs": dict(zip("ab", found.pairs, strict=True)),
            "spaces": [
                _told(space)
                | {"seeds": space.runs if space.is_projection else 1, "shared": space.is_shared}
                | {"drawn": drawn.get(space.name, 0)}
                for space in described(close)
            ],
            "raw_spaces": [_told(space) for space in described(found.signals)],
            "channels": found.sequences["channel"].values.astype(str),
        }
    )


def _told(space: Space) -> dict[str, Any]:
    return {name: getattr(space, name) for name in ("name", "words", "dims", "kind")}


# What is always held.


def always(found: Explored) -> Iterable[Named]:
    """Give what the explorer cannot do without, but for what is read of the networks' folders."""
    yield of_examples(found)
    yield ranks_of(found, (HEADLINE,), len(found.names))
    yield [
        (f"ranks/{space.name}", _ranks(found, found.signals["mutual_rank"][row].values[None, None]))
        for row, space in enumerate(described(found.signals))
    ]
    yield [("tree", packed_object(plain(tree(found.stability))))]
    yield of_signals(found.sequences, found.excerpt(0).sizes["phase"])


def of_examples(found: Explored) -> Named:
    """Pack what is known of the examples, as the first network has them, and other splits."""
    first = found.excerpt(0)
    coords = found.sequences.coords
    session, source, hands = (
        coords[name].values.astype(str).tolist()
        if name in coords
        else [""] * first.sizes["example"]
        for name in ("session", "source", "hands")
    )
    parts = first["part"].values.astype(str)
    examples = {
        "sign": first["of_sign"].values,
        "session": session,
        "take": first["take"].values,
        "length": first["length"].values,
        "part": parts,
        "hands": hands,
        "source": source,
    }
    blocks = [
        ("examples", packed_object(plain(examples))),
        ("held", packed_object(plain(first["held"].values))),
    ]
    for number in range(1, len(found.names)):
        other = found.excerpt(number)
        part = other["part"].values.astype(str)
        if not np.array_equal(part, parts):
            content = {"part": part, "held": other["held"].values}
            blocks.append((f"parts/{number}", packed_object(plain(content))))
    return blocks


def ranks_of(found: Explored, names: Sequence[str], networks: int) -> Named:
    """Pack the mutual ranks of all pairs in these spaces, of every run of the first networks."""
    first, second = found.pairs
    blocks = []
    for row, space in enumerate(described(found.closeness(0))):
        if space.name in names:
            runs = space.runs if space.is_projection else 1
            ranks = [
                found.closeness(number)["mutual_rank"][row, :runs].values[..., first, second]
                for number in range(networks)
            ]
            block = packed_ranks(np.array(ranks), found.k)
            blocks.append((f"ranks/{space.name}", block))
    return blocks


def _ranks(found: Explored, ranks: np.ndarray) -> Block:
    """Pack mutual ranks `(…, sign, other)` pair by pair."""
    first, second = found.pairs
    return packed_ranks(ranks[..., first, second], found.k)


def of_signals(sequences: xr.Dataset, phases: int) -> Named:
    """Pack the mean of every sign in the raw signals, and one standard deviation around it."""
    points = resample(sequences.x.values, sequences.mask.values, phases)
    signs, label = np.unique(sequences["sign"].values.astype(str), return_inverse=True)
    own = [points[label == number] for number in range(signs.size)]
    mean = np.array([one.mean(axis=0) for one in own])
    deviation = np.array([one.std(axis=0) for one in own])
    return [
        (f"raw/{name}", packed_path(values, RAW_BITS, alike=False))
        for name, values in (("mean", mean), ("low", mean - deviation), ("high", mean + deviation))
    ]


def tree(stability: xr.Dataset) -> dict[str, Any]:
    """Join signs by how often they are close, and order them so that neighbours are alike."""
    pi = stability["pi"].sel(space=HEADLINE).values
    joined = optimal_leaf_ordering(tree_of(pi), 1 - pi)
    return {
        "linkage": joined,
        "leaves": leaves_list(joined),
        "groups": groups_of(pi, float(stability.attrs["tau"])),
        "tau": float(stability.attrs["tau"]),
    }


def instability(stability: xr.Dataset, agreement: xr.Dataset) -> dict[str, Any]:
    """Give where instability comes from, how alike the networks are and what more would decide."""
    networks = stability.sizes["network"]
    found: dict[str, Any] = {
        "agreement": {
            name: value
            for name, value in agreement_rows(agreement, stability).items()
            # The headings of a table.
            if name != "columns"
        },
        "runs": {
            "place": agreement["place"].values,
            "stress": agreement.attrs["map_stress"],
            "flag": agreement["flag"].values,
            "test_accuracy": agreement["test_accuracy"].values,
            **{
                name: agreement[name].values
                for name in ("rank_correlation", "shape_distance", "jaccard", "disagreement")
                if name in agreement
            },
        },
        "plan": plan_rows(stability),
    }
    if networks == 1:
        return found
    up_to = range(1, max(RELIABILITY_UP_TO, 2 * networks) + 1)
    autoencoders = int(stability.attrs["ae_seeds"])
    return found | {
        "sources": stability["source"].values,
        "shares": variance_rows(stability),
        # What autoencoders and networks cost is known only later.
        "reliability": reliability_rows(stability, {}),
        "target": stability.attrs["reliability"],
        "autoencoders": autoencoders,
        "curves": {
            "networks": list(up_to),
            "of": {
                space.name: variance.reliability(
                    variance.Components(*stability["variance"].sel(space=space.name).values),
                    np.array(up_to),
                    autoencoders,
                )
                for space in described(stability)
            },
        },
    }


def quality(runs: Iterable[xr.Dataset], shared_map: xr.Dataset) -> dict[str, Any]:
    """Give how far each projection is to be trusted, and what it keeps, means over networks."""
    found: dict[str, list[np.ndarray]] = {}
    spaces: list[Space] = []
    signs: Any = []
    for run in runs:
        one = run.load()
        spaces, signs = described(one), one["sign"].values
        for name in ("trustworthiness", "continuity", "trustworthiness_sign"):
            values = one[name].sel(k=NEIGHBOURS) if "k" in one[name].dims else one[name]
            means = [values[row, : space.runs].mean(axis=0) for row, space in enumerate(spaces)]
            found.setdefault(name, []).append(np.array(means))
    mean = {name: np.mean(values, axis=0) for name, values in found.items()}
    kept = {
        name: shared_map[name].mean("network").to_series().to_dict()
        for name in ("kept_ranks", "kept_close")
    }
    return {
        "neighbours": NEIGHBOURS,
        "signs": signs,
        "spaces": [
            {"space": space.name}
            | {name: values[row] for name, values in mean.items()}
            | {name: values.get(space.name) for name, values in kept.items()}
            for row, space in enumerate(spaces)
        ],
    }


# Details, the coarsest first.


def kinds(found: Explored) -> list[Kind]:
    """Give the kinds of detail that a study has, in the order in which they are held."""
    drawn = found.projections
    planes = [(space, seed) for space, seed in drawn if space.dims == 2]
    volumes = [(space, seed) for space, seed in drawn if space.dims == VOLUME]
    shared = [(space, seed) for space, seed in planes if space.is_shared]
    own = [(space, seed) for space, seed in planes if not space.is_shared]
    of_autoencoder = [one for one in own if one[0].kind == AUTOENCODER]
    of_components = [one for one in own if one[0].kind == COMPONENTS]
    chosen = [one for one in shared if one[0].name == found.shared_map.attrs["chosen"]]
    spaces = [space for space in described(found.closeness(0)) if space.name != HEADLINE]

    def each(some: list[tuple[Space, int]]) -> Runs:
        return [(space.name, seed) for space, _ in some for seed in range(space.runs)]

    def by_drawn(some: list[tuple[Space, int]]) -> Runs:
        return [(space.name, seed) for space, seed in some]

    def of_paths(name: str, words: str, pack: Pack, runs: Runs) -> list[Kind]:
        return [Kind(name, words, of_network=partial(pack, found, runs))] if runs else []

    def of_ranks(name: str, words: str, some: list[Space]) -> list[Kind]:
        names = [space.name for space in some]
        told = f"closeness of all pairs in the {words}"
        return [Kind(name, told, of_first=partial(ranks_of, found, names))] if names else []

    more = [run for run in each(of_autoencoder) if run not in by_drawn(of_autoencoder)]
    own_plane, by_components = "in each network's own plane", "by principal components"
    return [
        *of_paths("means_shared", "mean paths of the signs in the shared map", means, each(shared)),
        *of_ranks("ranks", "other spaces", [space for space in spaces if space.dims != VOLUME]),
        Kind(
            "separation_median",
            "where on their way pairs part, over all networks",
            of_network=partial(separation_of_all, found),
        ),
        Kind(
            "separation",
            "where on their way pairs part, network by network",
            of_network=partial(separation, found),
        ),
        Kind("predicted", "every example's answer", of_network=partial(predicted, found)),
        *of_paths("means_own", f"mean paths of the signs {own_plane}", means, each(own)),
        *of_paths("held_shared", "held-out examples in the shared map", held_out, by_drawn(shared)),
        Kind(
            "answers",
            "held-out examples' answers on the way",
            of_network=partial(answers, found),
        ),
        *of_paths("held_own", f"held-out examples {own_plane}", held_out, by_drawn(of_autoencoder)),
        *of_paths("held_more", "held-out examples by the other autoencoders", held_out, more),
        *of_paths(
            "held_components",
            f"held-out examples {by_components}",
            held_out,
            by_drawn(of_components),
        ),
        *of_paths(
            "means_volume", "mean paths of the signs in three dimensions", means, each(volumes)
        ),
        *of_ranks(
            "ranks_volume",
            "spaces of three dimensions",
            [space for space in spaces if space.dims == VOLUME],
        ),
        *of_paths("frames_own", f"all frames {own_plane}", frames, by_drawn(of_autoencoder)),
        *of_paths(
            "held_volume", "held-out examples in three dimensions", held_out, by_drawn(volumes)
        ),
        *of_paths("frames_shared", "all frames in the shared map", frames, by_drawn(chosen)),
        *of_paths(
            "frames_components", f"all frames {by_components}", frames, by_drawn(of_components)
        ),
    ]


def means(found: Explored, runs: Runs, network: int) -> Named:
    """Pack a network's mean path of every sign, in these runs."""
    return _paths(found, "mean", "means", runs, network, MEAN_BITS)


def held_out(found: Explored, runs: Runs, network: int) -> Named:
    """Pack a network's paths of held-out examples, in these runs."""
    return _paths(found, "held_out", "held", runs, network, HELD_BITS)


def _paths(found: Explored, variable: str, name: str, runs: Runs, network: int, bits: int) -> Named:
    store = found.excerpt(network)
    spaces = {space.name: (row, space.dims) for row, space in enumerate(described(store))}
    values = store[variable].values
    blocks = []
    for space, seed in runs:
        row, dims = spaces[space]
        path = values[row, seed][..., :dims]
        # Of no held-out example nothing can be shown.
        if path.size:
            blocks.append((f"{name}/{space}/{network}/{seed}", packed_path(path, bits)))
    return blocks


def frames(found: Explored, runs: Runs, network: int) -> Named:
    """Pack all frames of a network in these planes."""
    store = found.excerpt(network)
    planes = zip(store["plane"].values.tolist(), store["plane_seed"].values.tolist(), strict=True)
    place = {plane: row for row, plane in enumerate(planes)}
    return [
        (f"frames/{space}/{network}", packed_path(store["frames"][row].values, FRAME_BITS))
        for space, seed in runs
        if (row := place.get((space, seed))) is not None
    ]


def predicted(found: Explored, network: int) -> Named:
    """Pack what a network answers to every example."""
    return [(f"predicted/{network}", packed_numbers(found.excerpt(network)["predicted"].values))]


def answers(found: Explored, network: int) -> Named:
    """Pack what a network would answer on the way of held-out examples, and how sure it is."""
    store = found.excerpt(network)
    return [
        (f"answers/{network}", packed_numbers(store["answer"].values)),
        (f"sure/{network}", packed_numbers(store["sure"].values)),
    ]


def separation(found: Explored, network: int) -> Named:
    """Pack how far pairs are apart on their way in a network's hidden states."""
    values = found.closeness(network)["separation"].sel(view=HEADLINE).values
    return [(f"separation/{HEADLINE}/{network}", _separation(values[::SEPARATION_EVERY]))]


def separation_of_all(found: Explored, network: int) -> Named:
    """Pack the same over all networks, in every space; with the first network, as it were."""
    values = found.shared_map["separation"]
    return [
        (f"separation_median/{view}", _separation(values.sel(view=view).values))
        for view in (values["view"].values.tolist() if network == 0 else [])
    ]


def _separation(values: np.ndarray) -> Block:
    return packed_course(values, SEPARATION_STEP, SEPARATION_MOST)
