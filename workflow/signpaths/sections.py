"""The report's tables on cause, trust and evidence, as plain rows for its template.

Takes the stores of the stages `stability`, `evidence`, `quality` and `agreement`, and the table of
claims; gives lists and dictionaries of numbers that are ready to be shown. A part that a study
lacks gives nothing.
"""

import csv
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import spearmanr

from signpaths import variance
from signpaths.findings import HEADLINE, percent
from signpaths.stability import ORIGINS, STAYS
from signpaths.stores import open_store

# What an origin means, for people.
MEANINGS = {
    "input-driven": "stays close; so it is in the raw signals and in networks before training",
    "recurrence-driven": "stays close; so it is before training, but not in the raw signals",
    "learned": "stays close, but is not close before training",
    "projection artefact": "close in the picture, not in the hidden states",
    "lost in projection": "close in the hidden states, not in the picture",
    "LSTM-dependent": "close now and then; which LSTM was trained matters most",
    "autoencoder-dependent": "close now and then; which autoencoder was trained matters most",
    "cannot be told": "close now and then; one LSTM or one autoencoder cannot say why",
    "not close": "too seldom close to ask why",
}
# The numbers behind a claim that the sentence about it leaves out.
BEHIND: dict[str, tuple[str, Callable[[float], str]]] = {
    "q": ("q in {space}", lambda value: "below 0.001" if value < 0.001 else f"{value:.3g}"),
    "raw_rank": ("rank in the raw signals", lambda value: f"{value:.1f}"),
    "crossing": ("paths meet in", percent),
    "softmax_mass": ("probability of the other", percent),
}
SHOWN_SIGNS = 5
# How a study's LSTMs are trained again, by its `seeds_vary`.
AGAIN = {
    "training": "from different random starts",
    "split": "on different shares of the examples",
    "both": "from different random starts and on different shares of the examples",
}
# Jobs of these rules are paid once for each LSTM.
PER_LSTM = ("lstm", "activations")


def origin_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Count the pairs of each origin, and how many of them stay close."""
    if "origin" not in stability:
        return []
    origin, verdict = stability.origin.values, stability.verdict.values
    return [
        {
            "origin": name,
            "meaning": MEANINGS[name],
            "pairs": int((origin == name).sum()),
            "staying": int(((origin == name) & (verdict == STAYS)).sum()),
        }
        for name in ORIGINS
    ]


def claim_rows(path: Path | None) -> list[dict[str, Any]]:
    """Give the rows of `claims.csv` as text, with the numbers `behind` each of them in words."""
    if path is None:
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {"verdict": "", "origin": "", "space": "", **row}
        | {
            "behind": [
                (text.format_map(row), show(float(row[name])))
                for name, (text, show) in BEHIND.items()
                if row.get(name) and math.isfinite(float(row[name]))
            ]
        }
        for row in rows
    ]


def variance_rows(stability: xr.Dataset) -> list[dict[str, Any]]:
    """Give the variance shares of every space in percent, with their intervals.

    Nothing with one LSTM, whose spread is unknown.
    """
    if "variance_share" not in stability or stability.sizes["lstm_seed"] == 1:
        return []
    share, low, high = (
        100 * stability[name].values
        for name in ("variance_share", "variance_share_low", "variance_share_high")
    )
    return [
        {
            "space": str(space),
            "shares": list(zip(share[row], low[row], high[row], strict=True)),
            "autoencoders": str(space).startswith("ae") and stability.attrs["ae_seeds"] > 1,
        }
        for row, space in enumerate(stability.space.values)
    ]


def seeds_rows(stability: xr.Dataset, seconds: dict[str, Any]) -> list[dict[str, Any]]:
    """Say for the hidden states and each autoencoder's space how many seeds are enough.

    Parameters
    ----------
    stability
        The study's stability.
    seconds
        `provenance.json`'s jobs and seconds by rule; tells what an LSTM and an autoencoder cost.
    """
    if "reliability" not in stability or stability.sizes["lstm_seed"] == 1:
        return []
    lstms, autoencoders = stability.sizes["lstm_seed"], int(stability.attrs["ae_seeds"])
    costs = [
        sum(seconds[rule]["seconds"] / seconds[rule]["jobs"] for rule in rules if rule in seconds)
        for rules in (PER_LSTM, ("autoencoder",))
    ]
    rows = []
    for space in stability.space.values:
        if space != HEADLINE and not str(space).startswith("ae"):
            continue
        values = stability["variance"].sel(space=space).values
        found = variance.Components(*values)
        best = variance.best_autoencoders(found, *costs) if all(costs) else float("nan")
        rows.append(
            {
                "space": str(space),
                "now": float(variance.reliability(found, lstms, autoencoders)),
                "needed": variance.lstms_for(
                    found, float(stability.attrs["reliability"]), autoencoders
                ),
                "best": best if np.isfinite(best) and space != HEADLINE else None,
            }
        )
    return rows


def evidence_rows(path: Path | None) -> dict[str, Any]:
    """Give average precision and AUC of every space, with intervals, and what they beat."""
    if path is None:
        return {}
    store = open_store(path).load()
    rows = []
    for space in store.space.values:
        one = store.sel(space=space)
        rows.append(
            {
                "space": str(space),
                "against": [
                    {
                        "ap": _known(one.ap_mean.sel(against=against)),
                        "low": _known(one.ap_low.sel(against=against)),
                        "high": _known(one.ap_high.sel(against=against)),
                        "auc": _known(one.auc_mean.sel(against=against)),
                        "auc_low": _known(one.auc_low.sel(against=against)),
                        "auc_high": _known(one.auc_high.sel(against=against)),
                        "over_raw": _known(one.ap_over_raw.sel(against=against)),
                        "over_raw_low": _known(one.ap_over_raw_low.sel(against=against)),
                        "over_raw_high": _known(one.ap_over_raw_high.sel(against=against)),
                    }
                    for against in store.against.values
                ],
            }
        )
    return {
        "against": [str(name) for name in store.against.values],
        "rows": rows,
        "chance": float(store.attrs["chance_ap"]),
        "fraction": float(store.attrs["confused_fraction"]),
        "note": str(store.attrs["note"]),
        "verdicts": [_beats_raw(rows, space) for space in (HEADLINE, "ae2")],
    }


def _beats_raw(rows: Sequence[dict[str, Any]], space: str) -> dict[str, Any]:
    """Say whether a space foretells mistakes better than the raw signals do."""
    answers = []
    for row in rows:
        if row["space"] != space:
            continue
        for one in row["against"]:
            low, high = one["over_raw_low"], one["over_raw_high"]
            if low is None or high is None:
                answers.append("cannot be said")
            elif low > 0:
                answers.append("better")
            else:
                answers.append("worse" if high < 0 else "about as well")
    return {"space": space, "answers": answers}


def quality_rows(paths: Sequence[Path]) -> dict[str, Any]:
    """Give the quality of every projection, the mean over all runs, and the worst kept signs."""
    if not paths:
        return {}
    names = (
        *("trustworthiness", "continuity", "rnx_area", "shepard", "stress"),
        "step_correlation",
    )
    stores = [open_store(path).load() for path in paths]
    rows = []
    for space in _beside_pca([str(name) for name in stores[0].space.values]):
        values = []
        for name in names:
            each = [one[name].sel(space=space) for one in stores]
            if "k" in each[0].dims:
                each = [one.sel(k=10) for one in each]
            values.append(_spread(np.concatenate([np.ravel(one.values) for one in each])))
        rows.append({"space": str(space), "values": values})
    kept = stores[0].trustworthiness_sign.mean("ae_seed") / len(stores)
    for one in stores[1:]:
        kept = kept + one.trustworthiness_sign.mean("ae_seed") / len(stores)
    projection = next((name for name in stores[0].space.values if str(name).startswith("ae")), None)
    worst: list[tuple[str, float]] = []
    if projection is not None:
        of_sign = kept.sel(space=projection).dropna("sign")
        order = np.argsort(of_sign.values)[:SHOWN_SIGNS]
        worst = [(str(of_sign.sign.values[at]), float(of_sign.values[at])) for at in order]
    return {"rows": rows, "worst": worst, "space": projection}


def _beside_pca(spaces: Sequence[str]) -> list[str]:
    """Order projections by dimensions, autoencoders before the PCA that they are set beside."""
    return sorted(spaces, key=lambda name: (name[-1], name))


def agreement_rows(path: Path | None, stability: xr.Dataset) -> dict[str, Any]:
    """Say how alike the runs are, and which stand out."""
    if path is None:
        return {}
    store = open_store(path).load()
    other = ~np.eye(store.sizes["lstm_seed"], dtype=bool)
    flags = [
        {"seed": int(seed), "flag": str(flag)}
        for seed, flag in zip(store.lstm_seed.values, store.flag.values, strict=True)
        if flag
    ]
    return {
        "measures": {
            name: _spread(store[name].values[other])
            for name in ("cka", "procrustes", "rank_correlation")
        },
        "ceiling": [_known(store.consensus.mean()), _known(store.ceiling_upper.mean())],
        "shared": _known(store.jaccard.mean()),
        "flags": flags,
        "note": str(store.attrs["note"]),
        "held_out": _of_headline(stability, "held_out_agreement"),
        "halves": _of_headline(stability, "ceiling"),
    }


def arm_rows(
    stability: xr.Dataset, config: dict[str, Any], compared: Sequence[Path]
) -> list[dict[str, Any]]:
    """Set other studies beside this one: how they train again, how many pairs stay close, which.

    The first row is this study's own. Pairs are shared only if both studies have some.
    """
    if not compared:
        return []
    own_pairs = _pairs(stability)
    staying = _staying(own_pairs)
    own_row = {
        **_arm(stability, config),
        "study": config.get("study", "this one"),
        "staying": len(staying),
    }
    rows = [{**own_row, "overlap": None, "correlation": None}]
    for path in compared:
        other = open_store(path).load()
        pairs = _pairs(other)
        theirs = _staying(pairs)
        common = sorted(own_pairs.keys() & pairs.keys())
        own, its = (np.array([one[pair][1] for pair in common]) for one in (own_pairs, pairs))
        rows.append(
            {
                **_arm(other, _config_of(path.parent)),
                "study": path.parent.name,
                "staying": len(theirs),
                "overlap": len(staying & theirs) / len(staying | theirs)
                if staying and theirs
                else None,
                "correlation": _known(spearmanr(own, its).statistic)
                if common and np.ptp(own) > 0 and np.ptp(its) > 0
                else None,
            }
        )
    return rows


def _arm(stability: xr.Dataset, config: dict[str, Any]) -> dict[str, Any]:
    """Tell how often and how a study trains again, and where the variance of its ranks lies."""
    # With one LSTM the spread between them is unknown.
    known = "variance_share" in stability and stability.sizes["lstm_seed"] > 1
    again = AGAIN.get(config.get("seeds_vary", ""), "unknown")
    if config.get("split", {}).get("by") == "session":
        again += "; tested on sessions not trained on"
    return {
        "again": again,
        "seeds": stability.sizes["lstm_seed"],
        "shares": [float(share) for share in 100 * stability.variance_share.sel(space=HEADLINE)]
        if known
        else None,
    }


def _staying(pairs: dict[tuple[str, str], tuple[str, float]]) -> set[tuple[str, str]]:
    return {pair for pair, (verdict, _) in pairs.items() if verdict == STAYS}


def _pairs(stability: xr.Dataset) -> dict[tuple[str, str], tuple[str, float]]:
    share = stability.pi.sel(space=HEADLINE).values
    names = zip(stability.sign_a.values, stability.sign_b.values, strict=True)
    return {
        (str(a), str(b)): (str(verdict), float(pi))
        for (a, b), verdict, pi in zip(names, stability.verdict.values, share, strict=True)
    }


def _config_of(study: Path) -> dict[str, Any]:
    """Give the config of another study; empty if it tells none."""
    provenance = study / "provenance.json"
    if not provenance.is_file():
        return {}
    return json.loads(provenance.read_text(encoding="utf-8")).get("config", {})


def _of_headline(stability: xr.Dataset, name: str) -> float | None:
    if name not in stability:
        return None
    return _known(stability[name].sel(space=HEADLINE).mean())


def _spread(values: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Mean, least and most of what is known."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None, None, None
    return float(known.mean()), float(known.min()), float(known.max())


def _known(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
