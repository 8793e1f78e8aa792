"""Findings: what a study found, in a handful of plain sentences.

Takes `stability.zarr` and every run's `metrics.json`, gives text for the report and the terminal.
The wording follows the verdicts of the stability stage and never claims more than they do.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from signpaths.data.planted import read_planted
from signpaths.report.closest import closest_first, pair_names
from signpaths.report.rivals import rival_caution
from signpaths.report.sections.planted import planted_sentence
from signpaths.report.study import shown_rows
from signpaths.runs import accuracies, failed_to_learn, names_of, read_metrics
from signpaths.spaces import COMPONENTS, HEADLINE, UNTRAINED, of_kind, plane
from signpaths.stability import variance
from signpaths.stability.pairs import pair_table
from signpaths.stability.verdicts import (
    APART,
    COMES,
    INPUT,
    LEARNED,
    NONE,
    RECURRENT,
    STAYS,
    UNDECIDED,
    UNLEARNED,
    VERDICTS,
)
from signpaths.stores import open_store
from signpaths.wording import count, counted, listed, number, percent

NAMED_PAIRS, NAMED_LEARNED = 5, 3
# Among fewer pairs an order says nothing.
FEWEST_NEAR = 10


def findings(study: Path, /) -> None:
    """Print what a study found: at most six sentences, each on one line, and what to beware of.

    Parameters
    ----------
    study
        The study's folder, for example `results/demo`.
    """
    stability = open_store(study / "stability.zarr", "stability").load()
    metrics = read_metrics(study / "networks", names_of(stability))
    evidence = open_store(study / "evidence.zarr", "evidence").load()
    planted = study / "planted.csv"
    story = (
        [planted_sentence(read_planted(planted), stability, shown_rows(pair_table(stability)))]
        if planted.exists()
        else []
    )
    for line in (*story, *sentences(stability, metrics), *cautions(stability, evidence)):
        print(line)


def sentences(stability: xr.Dataset, metrics: Sequence[dict[str, Any]]) -> list[str]:
    """Say in at most six sentences what was asked and trained, what was found and its limits."""
    asked = _asked(stability, metrics)
    failed = failed_to_learn(metrics)
    if failed:
        who = "network" if len(failed) == 1 else "networks"
        asked = f"{asked[:-1]}; {who} {listed(failed)} failed to learn."
    told = [asked, _found(stability), _causes(stability), _pictures(stability)]
    return [one for one in (*told, _limits(stability), _reliability(stability)) if one]


def cautions(stability: xr.Dataset, evidence: xr.Dataset | None) -> list[str]:
    """Give what to beware of, a line each: a rival that does as well, what the size cannot tell."""
    rival = "" if evidence is None else rival_caution(evidence)
    return [line for line in (rival, *str(stability.attrs["notes"]).split("\n")) if line]


def _asked(stability: xr.Dataset, metrics: Sequence[dict[str, Any]]) -> str:
    signs = len(set(stability["sign_a"].values) | set(stability["sign_b"].values))
    pairs = stability.sizes["pair"]
    among = f"{count(pairs)} pairs of {count(signs)} signs" if pairs != 1 else "one pair of 2 signs"
    start = f"Asked which of {among} stay close when a network is trained again"
    runs = len(metrics)
    who = (
        "the one network trained here recognises"
        if runs == 1
        else f"{count(runs)} networks recognise"
    )
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
    return f"{start}; how well the networks recognise the signs was not recorded."


def _found(stability: xr.Dataset) -> str:
    verdict = stability["verdict"].values.astype(str)
    found = {name: int((verdict == name).sum()) for name in VERDICTS}
    pairs = stability.sizes["pair"]
    of = f"the {counted(pairs, 'pair')}"
    stays = found[STAYS]
    if stays:
        names = pair_names(stability)
        close = [names[i] for i in closest_first(stability) if verdict[i] == STAYS]
        named = ", ".join(close[:NAMED_PAIRS])
        more = f" and {count(stays - NAMED_PAIRS)} more" if stays > NAMED_PAIRS else ""
        start = f"{count(stays)} of {of} {'stays' if stays == 1 else 'stay'} close ({named}{more})"
        start += _only_likely(stability["verdict_repeats"].values[verdict == STAYS], stability)
    else:
        start = f"None of {of} stays close"
    phrases = {
        COMES: ("comes and goes", "come and go"),
        UNDECIDED: ("is undecided", "are undecided"),
        APART: ("is apart", "are apart"),
    }
    rest = [counted(found[v], *forms) for v, forms in phrases.items() if found[v]]
    if len(rest) == 1 and not stays and pairs > 1:
        rest = ["all " + rest[0].partition(" ")[2]]
    return f"{start}{'; ' if rest else ''}{listed(rest)}."


def _only_likely(repeats: np.ndarray, stability: xr.Dataset) -> str:
    """Say how many answers too few resampled studies repeat; nothing if all are sure."""
    likely = int((repeats < float(stability.attrs["sure"])).sum())
    if not likely:
        return ""
    return ", but only likely" if repeats.size == 1 else f", {count(likely)} of them only likely"


def _causes(stability: xr.Dataset) -> str:
    """Say what closeness is due to, and what training took apart."""
    if UNTRAINED not in stability["space"].values:
        return ""
    cause = stability["cause"].values.astype(str)
    stays = stability["verdict"].values.astype(str) == STAYS
    words = {
        INPUT: "alike in the recordings already",
        RECURRENT: "close before training though not in the raw signals",
        LEARNED: "close by training only",
        NONE: "of unknown cause",
    }
    names = np.array(pair_names(stability))
    parts = []
    for name, text in words.items():
        its = names[stays & (cause == name)]
        if its.size:
            # What only training brings about is what one looks for: so it is named.
            named = f" ({', '.join(its)})" if name == LEARNED and its.size <= NAMED_LEARNED else ""
            parts.append(counted(its.size, f"is {text}{named}", f"are {text}{named}"))
    if len(parts) == 1:
        who = "The pair that stays close" if stays.sum() == 1 else "All that stay close"
        of_staying = f"{who} {parts[0].partition(' ')[2]}"
    else:
        of_staying = f"Of those that stay close, {listed(parts)}" if parts else ""
    parted = cause == UNLEARNED
    by_training = counted(
        int(parted.sum()),
        "pair that is alike in the recordings was taken apart by training",
        "pairs that are alike in the recordings were taken apart by training",
    )
    by_training += _only_likely(stability["cause_repeats"].values[parted], stability)
    told = "; ".join(filter(None, [of_staying, by_training if parted.any() else ""]))
    return f"{told}." if told else ""


def _pictures(stability: xr.Dataset) -> str:
    """Say how many of the pairs that stay close one picture shows as close, and PCA's beside it."""
    verdict = stability["verdict"].values.astype(str)
    stays, shown = verdict == STAYS, plane(stability)
    if shown is None or not stays.any():
        return ""
    pca = next(iter(of_kind(stability, COMPONENTS, dims=2)), shown)

    def close_among(which: str, space: str) -> str:
        # A pair is close in a share π of all pictures, so one picture has so many on average.
        return number(float(stability["pi"].sel(space=space).values[verdict == which].sum()), 0)

    def both(space: str) -> tuple[str, str]:
        return close_among(STAYS, space), close_among(APART, space)

    found, made_up = both(shown)
    of = "the pair that stays" if stays.sum() == 1 else f"the {count(stays.sum())} that stay"
    beside = "" if pca == shown else " (PCA: {} and {})".format(*both(pca))
    return (
        f"One picture of {shown} shows as close, on average, {found} of {of} close and {made_up} "
        f"that {'is' if made_up == '1' else 'are'} apart{beside}."
    )


def _reliability(stability: xr.Dataset) -> str:
    """Say how far the order of the pairs can be relied on, and how many networks that takes."""
    runs = stability.sizes["network"]
    # With one network the spread between them is unknown.
    if "variance" not in stability or runs < 2:
        return ""
    target, each = float(stability.attrs["reliability"]), int(stability.attrs["ae_seeds"])
    hidden = stability.sel(space=HEADLINE)
    every, near = (
        variance.Components(*hidden[name].values) for name in ("variance", "variance_near")
    )
    now, among = (float(variance.reliability(one, runs, each)) for one in (every, near))
    told = (
        f"The order of the pairs has reliability {now:.2f} with {counted(runs, 'network')}, where "
        f"1 means that {count(runs)} others would give the same order"
    )
    pairs = int(hidden["near_pairs"])
    if pairs < FEWEST_NEAR:
        return f"{told}; {_takes(variance.networks_for(every, target, each), target)}."
    return (
        f"{told}; that of the {count(pairs)} near ones {among:.2f}, and "
        f"{_takes(variance.networks_for(near, target, each), target)} there."
    )


def _takes(needed: int, target: float) -> str:
    if not needed:
        return f"no number of them gives {target:g}"
    return f"for {target:g} it takes {count(needed)}"


def _limits(stability: xr.Dataset) -> str:
    runs = stability.sizes["network"]
    if not int(stability.attrs["inference"]):
        return (
            "Too few networks for inference: needs at least "
            f"{count(int(stability.attrs['networks_needed_any']))} and has {count(runs)}, so no "
            "pair can be said to stay close."
        )
    chosen = stability.sel(space=HEADLINE)
    order = closest_first(stability)
    pi = chosen["pi"].values[order]
    # To flicker is what pairs that come and go do; how near to it others are says nothing yet.
    comes = stability["verdict"].values[order] == COMES
    doubt = np.where(comes, pi * (1 - pi), 0.0)
    if doubt.max(initial=0.0) <= 0:
        text = f"No pair is shown to flicker with {counted(runs, 'network')}"
    else:
        most = int(np.argmax(doubt))
        name = pair_names(stability)[order[most]]
        tied = int(np.isclose(doubt, doubt[most]).sum()) - 1
        close = round(pi[most] * runs)
        text = f"{name} flickers most: close in {count(close)} of {counted(runs, 'network')}"
        if tied:
            text += f" ({counted(tied, 'other pair flickers', 'other pairs flicker')} as much)"
    return f"{text}."
