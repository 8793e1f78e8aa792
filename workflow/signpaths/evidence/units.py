"""Stage `units`: what units of all networks answer to in, what comes again in every network out.

Takes the stores of stage `responses`, of all networks; says which units answer to which feature (an
association larger than a stated size, false discoveries bounded in each network after Benjamini and
Hochberg 1995), in how many networks a feature has such units, in trained networks and in their
untrained twins, and whether units of the same role come again (see `roles`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import false_discovery_control

from signpaths.evidence.associations import Associations, judged
from signpaths.evidence.features import KINDS
from signpaths.evidence.responses import WHICH
from signpaths.evidence.roles import Network, matched, profiles, random_turn, turned
from signpaths.options import UnitsOptions
from signpaths.runs import check_distinct, of_activations, open_runs, read_names
from signpaths.stores import write_store, write_table

SEED = 0
# Pairs of networks whose units are matched, at most: all of twenty networks.
MOST_PAIRS = 200
SAME = ("which", "lag", "view", "unit", "feature", "kind")
MEASURED = ("strength", "error", "chance", "groups", "products")
EVERY, OF_FEATURE = ("which", "network", "unit", "feature"), ("which", "network", "feature")


def units(
    networks: Path,
    responses: Path,
    store: Path,
    table: Path,
    /,
    *,
    options: UnitsOptions = UnitsOptions(),
) -> None:
    """Say which units answer to what, and whether they come again in other networks.

    Parameters
    ----------
    networks
        The list of stage `networks`.
    responses
        The folder with the stores of stage `responses`, `<network>.zarr`.
    store
        The zarr store to write: `strength`, `lag` and `q` over `(which, network, unit, feature)`,
        their summaries over `(which, network, feature)`, and, of several networks, the matching of
        their units over `(which, pair)`.
    table
        The CSV to write: a row for each unit that answers to a feature, and for the strongest unit
        of every feature, in every trained network.

    Raises
    ------
    UserError
        If a store is not there, or not of this study.
    """
    names = read_names(networks)
    check_distinct(responses, names)
    first, answers = _read(responses, names, options)
    found = _dataset(first, names, answers, options)
    if len(names) > 1:
        found = found.merge(_matching(answers, names, options.rotations))
    write_table(table, unit_table(found))
    write_store(
        found,
        store,
        stage="units",
        title=f"What the units of {len(names)} networks answer to",
        options=options,
        made_from=of_activations(responses, names),
    )


# Which units answer to what.


@dataclass(frozen=True)
class Answers:
    """What the units of one network and of its untrained twin answer to.

    Attributes
    ----------
    strength, lag, q
        At the best lag, that lag, and p corrected over all units and features of trained network or
        twin, `(which, unit, feature)`.
    together
        How well all units together tell each feature, at their best lag, `(which, feature)`.
    roles
        What the roles of the units follow from, of trained network and twin.
    """

    strength: np.ndarray
    lag: np.ndarray
    q: np.ndarray
    together: np.ndarray
    roles: list[Network]


def _read(
    folder: Path, names: Sequence[str], options: UnitsOptions
) -> tuple[xr.Dataset, list[Answers]]:
    """Read one network after the other; give the first one's store, too."""
    runs = [store for _, store in open_runs(folder, names, "responses", SAME)]
    return runs[0], [answers(run.load(), options) for run in runs]


def answers(run: xr.Dataset, options: UnitsOptions) -> Answers:
    """Test the associations of one network, a data set as stage `responses` writes it."""
    kinds = [KINDS[kind] for kind in run["kind"].values.tolist()]
    lagged = np.array([kind.lagged for kind in kinds])
    views = run["view"].values.tolist()
    view = np.array([views.index(kind.view) for kind in kinds])
    found, roles = [], []
    for which in WHICH:
        own = {name: run[name].sel(which=which).values.astype(float) for name in MEASURED}
        products = own.pop("products")
        strength, lag, p = judged(Associations(**own), options.least, lagged)
        found.append((strength, lag, false_discovery_control(p.ravel()).reshape(p.shape)))
        roles.append(Network(own["strength"], products, view))
    strength, lag, q = map(np.array, zip(*found, strict=True))
    return Answers(strength, lag, q, run["together"].max("lag").values, roles)


def _dataset(
    first: xr.Dataset, names: Sequence[str], found: Sequence[Answers], options: UnitsOptions
) -> xr.Dataset:
    strength, lag, q, together = (
        np.stack([getattr(one, name) for one in found], axis=1)
        for name in ("strength", "lag", "q", "together")
    )
    best = np.abs(strength).argmax(axis=2)
    said = q <= options.fdr
    meanings: dict[str, tuple[tuple[str, ...], np.ndarray, str, str]] = {
        "strength": (EVERY, strength.astype(np.float32), "correlation at the best lag", "1"),
        "lag": (EVERY, lag.astype(np.int16), "that lag: steps from feature to unit", "step"),
        "q": (
            EVERY,
            q.astype(np.float32),
            "q of a correlation that is no chance and larger than "
            f"{options.least:g}, over all units and features of the network",
            "1",
        ),
        "best_unit": (OF_FEATURE, best, "the unit with the strongest correlation", "1"),
        "best": (
            OF_FEATURE,
            np.take_along_axis(np.abs(strength), best[:, :, None], axis=2)[:, :, 0],
            "its correlation without sign",
            "1",
        ),
        "answering": (OF_FEATURE, said.sum(axis=2), "units that answer to the feature", "count"),
        "together": (
            OF_FEATURE,
            together,
            "multiple correlation of the feature with all units, less what chance gives so many",
            "1",
        ),
        "networks": (
            ("which", "feature"),
            said.any(axis=2).sum(axis=1),
            "networks with a unit that answers to the feature",
            "count",
        ),
    }
    return xr.Dataset(
        {
            name: (dims, values, {"long_name": meaning, "units": unit})
            for name, (dims, values, meaning, unit) in meanings.items()
        },
        coords={
            **{name: first[name] for name in ("which", "unit", "feature", "kind", "of")},
            "network": ("network", list(names), {"long_name": "network"}),
        },
        attrs={
            **{name: getattr(options, name) for name in ("least", "fdr", "rotations")},
            **{name: first.attrs[name] for name in ("examples", "frames", "note")},
            "lags": first.sizes["lag"] - 1,
        },
    )


def unit_table(found: xr.Dataset) -> pd.DataFrame:
    """Give a row for each unit that answers, and for the strongest unit of every feature.

    Of every trained network; `untrained_…` is of its twin.
    """
    trained, twin = (found.sel(which=which) for which in WHICH)
    answers = trained["q"].values <= found.attrs["fdr"]
    wanted = answers.copy()
    np.put_along_axis(wanted, trained["best_unit"].values[:, None], True, axis=1)
    network, unit, feature = np.nonzero(wanted)
    at, strength = (network, unit, feature), trained["strength"].values
    of_feature = (network, feature)
    rows = pd.DataFrame(
        {
            "network": found["network"].values[network],
            "unit": found["unit"].values[unit],
            "feature": found["feature"].values[feature],
            "kind": found["kind"].values[feature],
            "of": found["of"].values[feature],
            "strength": strength[at],
            "lag": trained["lag"].values[at],
            "q": trained["q"].values[at],
            "answers": np.where(answers[at], "yes", "no"),
            "networks": trained["networks"].values[feature],
            "together": trained["together"].values[of_feature],
            "untrained_answering": twin["answering"].values[of_feature],
            "untrained_best": twin["best"].values[of_feature],
            "untrained_together": twin["together"].values[of_feature],
        }
    )
    order = np.lexsort((-np.abs(strength[at]), network, rows["answers"] == "no"))
    return rows.iloc[order]


# Whether they come again.


def _matching(found: Sequence[Answers], names: Sequence[str], rotations: int) -> xr.Dataset:
    """Match the units of every two networks, and of networks turned at random."""
    pairs = some_pairs(len(names))
    matches = [
        match_all([one.roles[row] for one in found], pairs, rotations) for row in range(len(WHICH))
    ]
    partner, alike, by_turn = (np.array(values) for values in zip(*matches, strict=True))
    of_unit = ("which", "pair", "unit")
    return xr.Dataset(
        {
            "partner": (
                of_unit,
                partner.astype(np.int32),
                {"long_name": "unit of the second network that does the same", "units": "1"},
            ),
            "alike": (
                of_unit,
                alike.astype(np.float32),
                {
                    "long_name": "how alike their roles are: cosine of what they go together with, "
                    "without its sign",
                    "units": "1",
                },
            ),
            "alike_turned": (
                ("which", "rotation"),
                by_turn,
                {
                    "long_name": "the same with the second network turned at random, mean "
                    "over units and pairs of networks",
                    "units": "1",
                },
            ),
        },
        coords={
            **{
                f"network_{letter}": (
                    "pair",
                    [names[pair[side]] for pair in pairs],
                    {"long_name": f"{place} network of the pair"},
                )
                for side, (letter, place) in enumerate((("a", "first"), ("b", "second")))
            },
        },
    )


def some_pairs(networks: int) -> list[tuple[int, int]]:
    """Give all pairs of networks, or some by chance, so that time does not grow with them."""
    pairs = list(itertools.combinations(range(networks), 2))
    if len(pairs) <= MOST_PAIRS:
        return pairs
    drawn = np.random.default_rng(SEED).choice(len(pairs), MOST_PAIRS, replace=False)
    return [pairs[place] for place in sorted(drawn.tolist())]


def match_all(
    networks: Sequence[Network], pairs: Sequence[tuple[int, int]], rotations: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Match the units of these pairs of networks.

    Returns
    -------
    tuple of numpy.ndarray
        Partner and likeness of every unit `(pair, unit)`, and the mean likeness over units and
        pairs once the second networks are turned at random, `(rotation,)`.
    """
    rng = np.random.default_rng(SEED)
    own = [profiles(one.strength) for one in networks]
    matches = [matched(own[one], own[other]) for one, other in pairs]
    by_turn = np.empty(rotations)
    for rotation in range(rotations):
        at_random = [
            profiles(turned(one, random_turn(one.products.shape[-1], rng))) for one in networks
        ]
        by_turn[rotation] = np.mean(
            [matched(own[one], at_random[other])[1].mean() for one, other in pairs]
        )
    partner, alike = zip(*matches, strict=True)
    return np.array(partner), np.array(alike), by_turn
