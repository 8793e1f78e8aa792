"""The article figure by figure: what it says of each, and what this study finds.

Takes the figures of the first run drawn, what was measured of it and the claims; gives one row a
figure with its pictures, the article's sentence in other words, what was found, and whether they
agree. The article: Tempczyk and Bartołd, "Visualizing LSTM Networks. Part I".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from signpaths.evidence.claims import NO, PARTLY, UNSAID, YES
from signpaths.report import gallery
from signpaths.report.bottlenecks import sentence_rows
from signpaths.report.sections.claims import claim_rows
from signpaths.report.study import Study, rows_of
from signpaths.runs import accuracies
from signpaths.spaces import HEADLINE
from signpaths.wording import PERCENT, counted, listed, number, percent

NAME = "The article, figure by figure"
# What the article's network knew, and how near to it is as much.
ARTICLE_ACCURACY, AS_MUCH = 0.96, 0.02
# Paths are smooth if a step is no longer than this share of what two frames are apart, and a sign
# has a part of its own if at least so much of where its examples are follows from it.
SMOOTH, OWN_PART = 0.25, 0.5
# Last steps explain what the network knows if they tell nearly as much, and a part of it from half.
EXPLAINS, IN_PART = 0.9, 0.5
# Groups seldom mix if they do so at most half as often as by chance, and that is no chance.
SELDOM, CHANCE = 0.5, 0.05
# A chosen sign is near if so small a share of all others is nearer.
NEAR, FAIRLY_NEAR = 0.1, 0.25
FEWEST_MISTAKES = 5
PARTS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Said:
    """A sentence of the article beside what was found.

    Attributes
    ----------
    said
        In other words than the article's; empty where it says nothing that could be held.
    found
        What this study finds, with its numbers.
    agrees
        Yes, partly, no, or that it cannot be said; empty without a sentence.
    """

    said: str
    found: str
    agrees: str = ""


@dataclass(frozen=True)
class Row:
    """A figure of the article.

    Attributes
    ----------
    entry
        What is told of the figure.
    pictures
        Its pictures by their place in the run's folder.
    sentences
        What is held against it.
    """

    entry: gallery.Entry
    pictures: Sequence[str]
    sentences: Sequence[Said] = field(default=())


def content(study: Study) -> dict[str, Any] | None:
    """Give a row for every figure that was drawn; nothing if none was."""
    seen = study.sightings
    if seen is None or not study.run_pictures:
        return None
    figures = study.config.get("figures", {})
    drawn = gallery.of_run(
        figures.get("maps", []),
        study.config.get("autoencoder", {}).get("dims", []),
        figures.get("signs", []),
    )
    first = figures.get("maps", [""])[0]
    rows = []
    for entry in (one for one in gallery.GALLERY if one.category == gallery.ARTICLE):
        if entry.of == gallery.COMPARED and study.bottlenecks is not None:
            rows.append(Row(entry, [entry.name], _of_bottlenecks(study.bottlenecks)))
        # Of the other maps figure 3 alone: beside the first it shows what a projection does.
        places = [
            one.path
            for one in drawn
            if one.entry == entry
            and one.path in study.run_pictures
            and (one.path.startswith(f"{first}/") or not one.map or entry.name == "03-paths")
        ]
        if places:
            rows.append(Row(entry, places, sentences(entry.name, study, seen, f"{first}2")))
    return {
        "network": str(seen.attrs["network"]),
        "run": str(seen.attrs["run"]),
        "map": first,
        "rows": rows,
        "missing": _missing(drawn, first),
        "others": [one for one in figures.get("runs", [])[1:]],
    }


def _missing(drawn: Sequence[gallery.Drawn], first: str) -> list[str]:
    """Say which figures there are none of, and why."""
    there = {one.entry.of for one in drawn if one.path.startswith(f"{first}/")}
    reasons = {
        gallery.PLANE: "Figures 2 to 4, 6 to 13: no paths in two dimensions (autoencoder.dims)",
        gallery.VOLUME: "Figure 5: no paths in three dimensions (autoencoder.dims)",
        gallery.SIGNS: "Figures 7 to 10: no signs are named (figures.signs)",
    }
    return [why for kind, why in reasons.items() if kind not in there]


def sentences(figure: str, study: Study, seen: xr.Dataset, plane: str) -> list[Said]:
    """Hold what the article says of a figure against the study."""
    at = seen.sel(space=plane) if plane in seen["space"].values else None
    if figure == "01-network":
        return [_accuracy(study, str(seen.attrs["network"]))]
    if figure == "07-signs":
        return _of_signs(study)
    if at is None:
        return []
    hidden = seen.sel(space=HEADLINE)
    if figure == "03-paths":
        return [_smooth(at, hidden), _own_part(at, hidden)]
    if figure == "04-last-steps":
        return [_last_steps(at, hidden)]
    if figure == "06-hands":
        return [_hands(at, float(seen.attrs["two_handed"]))]
    part = figure.rpartition("-mistakes-")[2]
    return [_mistakes(at, part, int(seen.attrs["signs"]))] if part in PARTS else []


def _accuracy(study: Study, network: str) -> Said:
    known = accuracies(study.metrics, "test")
    own = [float(one["test_accuracy"]) for one in study.metrics if str(one["network"]) == network]
    said = f"The network recognises about {100 * ARTICLE_ACCURACY:g}{PERCENT} of the examples."
    if not known:
        return Said(said, "There are no test examples.", UNSAID)
    mean, best = sum(known) / len(known), max(known)
    knows = "recognises" if len(known) == 1 else "recognise"
    found = (
        f"On test examples {counted(len(known), 'network')} {knows} {percent(mean)} on average "
        f"({percent(min(known))} to {percent(best)})"
    )
    found += f"; the one drawn {percent(own[0])}." if own and math.isfinite(own[0]) else "."
    least = ARTICLE_ACCURACY - AS_MUCH
    return Said(said, found, YES if mean >= least else PARTLY if best >= least else NO)


def _smooth(at: xr.Dataset, hidden: xr.Dataset) -> Said:
    step, own = float(at["step_length"]), float(hidden["step_length"])
    of_sign = at["step_length_sign"]
    known = of_sign.fillna(-1)
    longest = known.isel(sign=int(known.values.argmax()))
    worst = float(longest)
    return Said(
        "All paths look smooth, though frames were shuffled before the autoencoder was trained.",
        f"A step is {number(step, 2)} of what two frames of any examples are apart (1 if frames "
        f"were shuffled), most of all in {longest['sign'].item()}, {number(worst, 2)}. In the "
        f"hidden states it is {number(own, 2)}, so the network is smooth itself, and the picture "
        f"{'smoother still' if step < own else 'less so'}.",
        YES if worst <= SMOOTH else PARTLY if step <= SMOOTH else NO,
    )


def _own_part(at: xr.Dataset, hidden: xr.Dataset) -> Said:
    share = float(at["sign_share"])
    chance = (int(at.attrs["signs"]) - 1) / max(int(at["examples"].sum()) - 1, 1)
    beyond = (share - chance) / (1 - chance) if chance < 1 else 0.0
    return Said(
        "Paths of a sign keep to a part of the space.",
        f"Of where examples are after equal shares of their way, {percent(share)} follows from "
        f"their sign ({percent(float(hidden['sign_share']))} in the hidden states); "
        f"{percent(chance)} would by chance.",
        YES if beyond >= OWN_PART else NO,
    )


def _last_steps(at: xr.Dataset, hidden: xr.Dataset) -> Said:
    told, known = float(at["told_by_last"]), float(hidden["told_by_last"])
    said = "Where examples end explains why the network recognises so many of them."
    if not math.isfinite(told):
        return Said(said, "There are no held-out examples.", UNSAID)
    share = told / known if known else 0.0
    return Said(
        said,
        f"A vote of the five training examples that end nearest knows {percent(told)} of the "
        f"held-out ones here, and {percent(known)} in the hidden states: where examples end in "
        f"the picture holds {'nearly all' if share >= EXPLAINS else 'a part'} of what tells them.",
        YES if share >= EXPLAINS else PARTLY if share >= IN_PART else NO,
    )


def _hands(at: xr.Dataset, limit: float) -> Said:
    said = "One- and two-handed signs take other parts of the space and do not mix very often."
    if "mixing" not in at or not math.isfinite(float(at["mixing"].sel(threshold=limit))):
        return Said(said, "Both kinds of signs are not told apart here.", UNSAID)
    own = at.sel(threshold=limit)
    mixing, chance, p = (float(own[name]) for name in ("mixing", "mixing_by_chance", "mixing_p"))
    others = at["mixing"].values / at["mixing_by_chance"].values
    known = others[[math.isfinite(one) for one in others]]
    seldom = YES if mixing <= SELDOM * chance else PARTLY
    return Said(
        said,
        f"Of the nearest frames of other signs {percent(mixing)} use other hands, by chance "
        f"{percent(chance)} (p = {number(p, 3)}). By thresholds from "
        f"{float(at['threshold'].min()):g} to {float(at['threshold'].max()):g}, which make "
        f"{int(at['two_handed'].max())} to {int(at['two_handed'].min())} signs two-handed, it is "
        f"{number(float(known.min()), 2)} to {number(float(known.max()), 2)} of chance.",
        seldom if p <= CHANCE else NO,
    )


def _of_bottlenecks(bottlenecks: xr.Dataset) -> list[Said]:
    return [
        Said(
            row["said"],
            f"{'; '.join(row['behind'])}. Criterion: {row['criterion']}.",
            row["agrees"],
        )
        for row in sentence_rows(bottlenecks)
    ]


def _of_signs(study: Study) -> list[Said]:
    """Give the claims of pairs that are drawn together; of others what the retrainings say."""
    rows = [] if study.claims is None else claim_rows(study.claims)
    of_pair = {frozenset((row["sign_a"], row["sign_b"])): row for row in rows}
    told = rows_of(study.table[["sign_a", "sign_b", "verdict"]])
    found = []
    for group in study.config.get("figures", {}).get("signs", []):
        pairs = [{one, other} for place, one in enumerate(group) for other in group[place + 1 :]]
        claimed = [of_pair[frozenset(pair)] for pair in pairs if frozenset(pair) in of_pair]
        found += [
            Said(f"{row['claim']}: {row['said']}", row["found"], row["agrees"]) for row in claimed
        ]
        verdicts = [
            f"{row['sign_a']} and {row['sign_b']}: {row['verdict']}"
            for row in told
            if {row["sign_a"], row["sign_b"]} in pairs
            and frozenset((row["sign_a"], row["sign_b"])) not in of_pair
        ]
        if verdicts:
            found.append(Said("", f"What all retrainings say: {listed(verdicts)}."))
    # A claim on a pair that stands in two figures is told once.
    return list(dict.fromkeys(found))


def _mistakes(at: xr.Dataset, part: str, signs: int) -> Said:
    said = "Mistakes are more often between signs that are near in the picture."
    wrong, every = (int(at[name].sel(part=part)) for name in ("mistakes", "examples"))
    are = "is" if wrong == 1 else "are"
    count = f"{wrong:,} of {counted(every, f'{PARTS[part]} example')} {are} misclassified"
    if wrong < FEWEST_MISTAKES:
        return Said(said, f"{count}, too few to tell.", UNSAID)
    rank = float(at["chosen_rank"].sel(part=part))
    share = (rank - 1) / max(signs - 2, 1)
    return Said(
        said,
        f"{count}. Of the {signs - 1} other signs the chosen one is the {ordinal(rank)} to where "
        f"the example ends (median; by chance the {ordinal(signs / 2)}).",
        YES if share <= NEAR else PARTLY if share <= FAIRLY_NEAR else NO,
    )


def ordinal(rank: float) -> str:
    """Write a rank by nearness: nearest, 2nd nearest, 13th nearest; a half as it is."""
    if rank == 1:
        return "nearest"
    if rank != int(rank):
        return f"{rank:g}th nearest"
    last, tens = int(rank) % 10, int(rank) // 10 % 10
    ending = "th" if tens == 1 else {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return f"{int(rank):,}{ending} nearest"
