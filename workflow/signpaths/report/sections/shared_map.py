"""One map for all networks: how well they fit one another, and where on their way pairs part.

Takes `shared_map.zarr` and the pairs' statistics; gives what each projection keeps, with intervals
over networks, how much of the instability was the picture's, and pairs that part late or seem to.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import t

from signpaths.report.closest import closest_first, named, verdicts_in_words
from signpaths.report.study import Study
from signpaths.spaces import AUTOENCODER, HEADLINE, SHARED_AUTOENCODER, described, of_kind
from signpaths.stability.verdicts import COMES, STAYS

NAME = "One map for all networks"
# What is kept, and between which bounds each lies.
MEASURES = {"kept_ranks": (-1.0, 1.0), "kept_close": (0.0, 1.0), "trustworthiness": (0.0, 1.0)}
# R² is 1 at most.
OF_FIT = (-np.inf, 1.0)
PAIRS_SHOWN = 12
# A picture misleads where it shows a pair together for this much of the way longer than it is.
MISLEADS = 0.25
# Where a pair parts, each with its interval.
ENDS = ("together_to", "together_low", "together_high", "parts_at", "parts_low", "parts_high")


def content(study: Study) -> dict[str, Any] | None:
    """Give everything that the section tells; nothing if the study has no shared map."""
    if study.shared_map is None:
        return None
    pairs = [tuple(pair) for pair in study.config.get("figures", {}).get("pairs", [])]
    return shared_rows(study.shared_map, study.stability, named(study.stability, pairs))


def shared_rows(
    shared: xr.Dataset, stability: xr.Dataset, wanted: Sequence[int] = ()
) -> dict[str, Any]:
    """Give fits, what is kept, the picture's share of the instability, and where pairs part.

    `wanted` are pairs to tell of in any case.
    """
    own = shared["of_reference"].values == 1
    level = float(stability.attrs["confidence"])
    fits = shared["fit"].transpose("network", "seen").values
    chance = shared["fit_permuted"].transpose("network", "seen").values
    return {
        "space": shared.attrs["chosen"],
        "parting": shared.attrs["parting"],
        "networks": own.size,
        "level": round(100 * level),
        "reference": int(own.sum()),
        "others": int((~own).sum()),
        "drawn": int(shared["drawn"].sel(projection=shared.attrs["chosen"])),
        "drawn_of": int(stability["runs"].sel(space=shared.attrs["chosen"])),
        "fits": [
            {
                "seen": seen,
                "own": mean_and_interval(fits[own, column], level, OF_FIT),
                "others": mean_and_interval(fits[~own, column], level, OF_FIT),
                "chance": mean_and_interval(chance[:, column], level, OF_FIT),
            }
            for column, seen in enumerate(shared["seen"].values)
        ],
        "misfits": shared["network"].values[shared["fits"].values == 0].tolist(),
        "rows": [
            {
                "space": space.name,
                "shared": space.is_shared,
                "values": [
                    mean_and_interval(shared[name].sel(projection=space.name).values, level, bounds)
                    for name, bounds in MEASURES.items()
                ],
                "others": [
                    mean_and_interval(
                        shared[name].sel(projection=space.name).values[~own], level, bounds
                    )
                    for name, bounds in MEASURES.items()
                ],
            }
            for space in sorted(described(shared, "projection"), key=lambda one: one.as_pictures)
        ],
        "variance": picture_shares(stability),
        "hidden_share": _shares(stability, HEADLINE)[1],
        "pairs": partings(stability, wanted),
        "wanted": len(wanted),
        "misled": misled(stability, shared.attrs["chosen"]),
    }


def mean_and_interval(
    values: np.ndarray, confidence: float, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[float | None, float | None, float | None]:
    """Mean over networks with the ends of its t interval inside the bounds; None if not known."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None, None, None
    mean = float(known.mean())
    if known.size < 2:
        return mean, None, None
    half = float(t.ppf((1 + confidence) / 2, known.size - 1) * known.std(ddof=1)) / known.size**0.5
    return mean, max(mean - half, bounds[0]), min(mean + half, bounds[1])


def picture_shares(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Say, in percent of the spread of ranks, what a retraining changes in each kind of picture.

    In networks' own pictures a network is trained again with its autoencoder; in the shared map
    the autoencoder stays, and another would change the ranks of all networks alike.
    """
    rows = []
    for space in described(stability):
        if space.kind != AUTOENCODER or space.runs < 2:
            continue
        for name in of_kind(stability, SHARED_AUTOENCODER, dims=space.dims):
            _, network, autoencoder = _shares(stability, space.name)
            at = stability.sel(space=name)
            common = 100 * float(at["variance_common"] / at["variance"].sum())
            rows.append(
                {
                    "own": space.name,
                    "network": network,
                    "autoencoder": autoencoder,
                    "shared": name,
                    "retrained": sum(_shares(stability, name)[1:]) - common,
                    "in_all": _shares(stability, name)[1],
                    "common": common,
                    "runs": int(at["runs"]),
                }
            )
    return rows


def partings(stability: xr.Dataset, wanted: Sequence[int] = ()) -> dict[str, Any]:
    """Tell where pairs part: first those wanted, then close ones, the longest together first."""
    at = stability.sel(space=HEADLINE)
    near = np.isin(stability["verdict"].values.astype(str), (STAYS, COMES))
    known = np.isfinite(at["together_to"].values)
    order = [pair for pair in closest_first(stability) if near[pair] and known[pair]]
    order.sort(key=lambda pair: (-at["together_to"].values[pair], -at["parts_at"].values[pair]))
    shown = list(dict.fromkeys([*wanted, *order[:PAIRS_SHOWN]]))
    said = verdicts_in_words(stability)
    return {
        "rows": [_parting(at, pair, said[pair]) for pair in shown],
        "of": len({*wanted, *order}),
    }


def misled(stability: xr.Dataset, space: str) -> list[dict[str, Any]]:
    """Give pairs that a picture shows together for much longer than they are."""
    hidden = stability["together_to"].sel(space=HEADLINE).values
    seen = stability["together_to"].sel(space=space).values
    said = verdicts_in_words(stability)
    order = [
        pair
        for pair in np.argsort(hidden - seen, kind="stable")
        if seen[pair] - hidden[pair] >= MISLEADS
    ]
    return [
        {
            **_parting(stability.sel(space=HEADLINE), pair, said[pair]),
            "seen": float(seen[pair]),
        }
        for pair in order[:PAIRS_SHOWN]
    ]


def _parting(at: xr.Dataset, pair: int, verdict: str) -> dict[str, Any]:
    one = at.isel(pair=pair)
    return {
        "sign_a": str(one["sign_a"].values),
        "sign_b": str(one["sign_b"].values),
        "verdict": verdict,
        **{name: float(one[name]) for name in ENDS},
        "known": bool(np.isfinite(one["together_to"])),
        "apart_in": round(float(one["parts_in"].fillna(0)) * at.sizes["network"]),
    }


def _shares(stability: xr.Dataset, space: str) -> Sequence[float]:
    return (100 * stability["variance_share"].sel(space=space).values).tolist()
