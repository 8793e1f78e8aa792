"""Findings: what a study found, in a handful of plain sentences.

Takes `stability.zarr` and every run's `metrics.json`, gives text for the report and the terminal.
The wording follows the verdicts of the stability stage and never claims more than they do.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from signpaths import variance
from signpaths.errors import UserError
from signpaths.stability import (
    ARTEFACT,
    HEADLINE,
    INPUT,
    LEARNED,
    RECURRENT,
    STAYS,
    VERDICTS,
)
from signpaths.stores import open_store

NAMED_PAIRS = 5


def findings(study: Path, /) -> None:
    """Print what a study found: at most five sentences, each on one line, and what to beware of.

    Parameters
    ----------
    study
        The study's folder, for example `results/demo`.
    """
    stability = open_store(study / "stability.zarr").load()
    metrics = read_metrics(study / "lstm", lstm_seeds(stability))
    for line in (*sentences(stability, metrics), *cautions(stability)):
        print(line)


def sentences(stability: xr.Dataset, metrics: Sequence[dict[str, Any]]) -> list[str]:
    """Say in at most five sentences what was asked and trained, what was found and its limits."""
    asked = _asked(stability, metrics)
    failed = failed_to_learn(metrics)
    if failed:
        named = _listed([str(seed) for seed in failed])
        asked = f"{asked[:-1]}; seed{'' if len(failed) == 1 else 's'} {named} failed to learn."
    told = [asked, _found(stability), _causes(stability), _limits(stability)]
    return [sentence for sentence in (*told, _reliability(stability)) if sentence]


def cautions(stability: xr.Dataset) -> list[str]:
    """Give what a study of this size cannot tell, a line each."""
    return [line for line in str(stability.attrs.get("notes", "")).split("\n") if line]


def lstm_seeds(stability: xr.Dataset) -> list[int]:
    """Give the LSTM seeds that the stability is measured over."""
    return [int(seed) for seed in stability["lstm_seed"].values]


def read_metrics(lstm: Path, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Read `metrics.json` of every run, in the order of the seeds."""
    metrics = []
    for seed in seeds:
        path = lstm / str(seed) / "metrics.json"
        if not path.is_file():
            raise UserError(f"{path}: not there; run the lstm stage for seed {seed} first.")
        # The folder names the run: where only the split varies, all LSTMs share one training seed.
        metrics.append({**json.loads(path.read_text(encoding="utf-8")), "lstm_seed": seed})
    return metrics


def accuracies(metrics: Sequence[dict[str, Any]], part: str) -> list[float]:
    """Give the runs' accuracy on one part of the split; runs that have none are left out."""
    found = [run.get(f"{part}_accuracy") for run in metrics if run.get("examples", {}).get(part, 1)]
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def failed_to_learn(metrics: Sequence[dict[str, Any]]) -> list[int]:
    """Give the seeds of the runs that the `lstm` stage flagged."""
    return [run["lstm_seed"] for run in metrics if not run.get("learned", True)]


def closest_first(stability: xr.Dataset, space: str = HEADLINE) -> np.ndarray:
    """Order the pairs by how often they are close, then by mean mutual rank: as in `pairs.csv`."""
    chosen = stability.sel(space=space)
    return np.lexsort((chosen["rank_mean"].values, -chosen["pi"].values))


def pair_names(stability: xr.Dataset) -> list[str]:
    """Name every pair for people."""
    signs = zip(stability["sign_a"].values, stability["sign_b"].values, strict=True)
    return [pair_name(a, b) for a, b in signs]


def pair_name(sign_a: object, sign_b: object) -> str:
    """Join two signs' names with a spaced en dash, since names hold hyphens of their own."""
    return f"{printable(sign_a)} \N{EN DASH} {printable(sign_b)}"


def printable(name: object) -> str:
    """Make a sign's name safe to show: control characters would move a terminal's cursor."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(name))


def percent(share: float) -> str:
    """Show a share with one decimal; the sign never stands alone on a line."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _asked(stability: xr.Dataset, metrics: Sequence[dict[str, Any]]) -> str:
    signs = len(set(stability["sign_a"].values) | set(stability["sign_b"].values))
    pairs = stability.sizes["pair"]
    among = f"{pairs:,} pairs of {signs:,} signs" if pairs != 1 else "one pair of 2 signs"
    start = f"Asked which of {among} stay close when an LSTM is trained again"
    runs = len(metrics)
    who = "1 LSTM recognises" if runs == 1 else f"{runs:,} LSTMs recognise"
    for part in ("test", "validation", "train"):
        values = accuracies(metrics, part)
        if not values:
            continue
        name = "training" if part == "train" else part
        if len(values) == 1:
            return f"{start}: {who} {percent(values[0])} of the {name} examples."
        if min(values) == max(values):
            return f"{start}: all {who} {percent(values[0])} of the {name} examples."
        spread = f"from {percent(min(values))} to {percent(max(values))}"
        mean = percent(float(np.mean(values)))
        return f"{start}: {who} {mean} of the {name} examples on average ({spread})."
    return f"{start}; how well the LSTMs recognise the signs was not recorded."


def _found(stability: xr.Dataset) -> str:
    verdict = stability["verdict"].values.astype(str)
    count = {name: int((verdict == name).sum()) for name in VERDICTS}
    pairs = stability.sizes["pair"]
    of = "the 1 pair" if pairs == 1 else f"the {pairs:,} pairs"
    stays = count["stays close"]
    if stays:
        names = pair_names(stability)
        close = [names[i] for i in closest_first(stability) if verdict[i] == "stays close"]
        named = ", ".join(close[:NAMED_PAIRS])
        more = f" and {stays - NAMED_PAIRS:,} more" if stays > NAMED_PAIRS else ""
        start = f"{stays:,} of {of} {'stays' if stays == 1 else 'stay'} close ({named}{more})"
    else:
        start = f"None of {of} stays close"
    phrases = {
        "comes and goes": ("comes and goes", "come and go"),
        "undecided": ("is undecided", "are undecided"),
        "apart": ("is apart", "are apart"),
    }
    rest = [f"{count[v]:,} {p[count[v] != 1]}" for v, p in phrases.items() if count[v]]
    if len(rest) == 1 and not stays and pairs > 1:
        rest = ["all " + rest[0].partition(" ")[2]]
    return f"{start}{'; ' if rest else ''}{_listed(rest)}."


def _causes(stability: xr.Dataset) -> str:
    """Say what closeness is due to, and where the projection shows something else."""
    if "origin" not in stability or not int(stability.attrs.get("inference", 1)):
        return ""
    origin = stability["origin"].values.astype(str)
    stays = stability["verdict"].values.astype(str) == STAYS
    words = {
        INPUT: "alike in the recordings already",
        RECURRENT: "close before training though not in the recordings",
        LEARNED: "close by training only",
    }
    parts = [
        f"{count:,} {'is' if count == 1 else 'are'} {text}"
        for name, text in words.items()
        if (count := int((origin[stays] == name).sum()))
    ]
    # All that are lost, those that stay close included; their origin is another.
    lost = int(stability["lost_in_projection"].values.sum())
    made_up = int((origin == ARTEFACT).sum())
    of_projection = {
        "pair that is close in the hidden states is lost in the projection": lost,
        "pair is close in the projection only": made_up,
    }
    shown = [
        f"{count:,} {text if count == 1 else text.replace('pair', 'pairs').replace(' is', ' are')}"
        for text, count in of_projection.items()
        if count
    ]
    of_staying = f"Of those that stay close, {_listed(parts)}" if parts else ""
    if len(parts) == 1 and set(origin[stays]) <= set(words):
        who = "The pair that stays close" if stays.sum() == 1 else "All that stay close"
        of_staying = f"{who} {parts[0].partition(' ')[2]}"
    told = "; ".join(filter(None, [of_staying, _listed(shown)]))
    return f"{told}." if told else ""


def _reliability(stability: xr.Dataset) -> str:
    """Say how far the order of the pairs can be relied on, and how many seeds that takes."""
    runs = stability.sizes["lstm_seed"]
    # With one LSTM the spread between them is unknown.
    if "variance" not in stability or runs < 2:
        return ""
    target, each = float(stability.attrs["reliability"]), int(stability.attrs["ae_seeds"])
    found = variance.Components(*stability["variance"].sel(space=HEADLINE).values)
    now = float(variance.reliability(found, runs, each))
    needed = variance.lstms_for(found, target, each)
    enough = (
        f"for {target:g} it takes {needed:,}" if needed else f"no number of them gives {target:g}"
    )
    return (
        f"The order of the pairs has reliability {now:.2f} with {runs:,} LSTMs, where 1 means that "
        f"{runs:,} others would give the same order; {enough}."
    )


def _limits(stability: xr.Dataset) -> str:
    runs = stability.sizes["lstm_seed"]
    needed_any = _needed(stability, "seeds_needed_any")
    needed_one = _needed(stability, "seeds_needed_one")
    seeds = f"{runs:,} LSTM {'seed' if runs == 1 else 'seeds'}"
    if not int(stability.attrs.get("inference", 1)):
        text = "Too few seeds for inference: "
        if needed_any is not None:
            alone = ""
            if needed_one is not None and needed_one > needed_any:
                alone = f" ({needed_one:,} for a single pair on its own)"
            text += f"needs at least {needed_any:,} LSTM seeds{alone} and "
        return f"{text}has {runs:,}, so no pair can be said to stay close."
    chosen = stability.sel(space=HEADLINE)
    order = closest_first(stability)
    pi = chosen["pi"].values[order]
    doubt = pi * (1 - pi)
    if doubt.max(initial=0.0) <= 0:
        text = f"No pair flickers: each is close in all {runs:,} LSTMs or in none"
    else:
        most = int(np.argmax(doubt))
        name = pair_names(stability)[order[most]]
        tied = int(np.isclose(doubt, doubt[most]).sum()) - 1
        close = round(pi[most] * runs)
        text = f"{name} flickers most: close in {close:,} of {runs:,} LSTMs"
        if tied:
            text += f" ({tied:,} other {'pair flickers' if tied == 1 else 'pairs flicker'} as much)"
    if needed_one is not None and runs < needed_one:
        text += (
            f"; with {seeds} a pair can pass only together with others, alone from {needed_one:,}"
        )
    return f"{text}."


def _needed(stability: xr.Dataset, key: str) -> int | None:
    value = stability.attrs.get(key)
    return int(value) if value is not None and math.isfinite(value) and value > 0 else None


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
