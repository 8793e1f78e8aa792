"""The article figure by figure: every sentence is held against what was measured."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from signpaths.report.sections import article
from signpaths.report.sections.article import Said, content, ordinal, sentences
from signpaths.report.study import Picture

LIMITS = [0.1, 0.15, 0.3]


def seen(
    *,
    step: float = 0.05,
    worst: float = 0.1,
    share: float = 0.9,
    told: Sequence[float] = (0.9, 0.88),
    mixing: Sequence[float] = (0.1, 0.2, 0.4),
    p: float = 0.001,
    mistakes: int = 5,
    rank: float = 2.0,
    hands: bool = True,
) -> xr.Dataset:
    """Sightings of 20 signs in `hidden` and `ae2`; the numbers are those of `ae2`."""
    spaces, parts = ["hidden", "ae2"], ["train", "validation", "test"]
    two = ("space",)
    values: dict[str, Any] = {
        "step_length": (two, [0.04, step]),
        "step_length_sign": (("space", "sign"), [[0.1, 0.1], [0.01, worst]]),
        "sign_share": (two, [0.95, share]),
        "told_by_last": (two, list(told)),
        "mistakes": ("part", [0, mistakes, mistakes]),
        "examples": ("part", [80, 20, 20]),
        "chosen_rank": (("space", "part"), [[np.nan, 1.0, 1.0], [np.nan, rank, rank]]),
    }
    if hands:
        per_limit = ("space", "threshold")
        values |= {
            "mixing": (per_limit, [list(mixing)] * 2),
            "mixing_by_chance": (per_limit, [[0.5, 0.5, 0.4]] * 2),
            "mixing_p": (per_limit, [[p] * 3] * 2),
            "two_handed": ("threshold", [12, 10, 7]),
        }
    return xr.Dataset(
        values,
        coords={"space": spaces, "part": parts, "threshold": LIMITS, "sign": ["calm", "wild"]},
        attrs={"network": "3", "run": "best", "signs": 20, "two_handed": 0.15},
    )


def study(**keywords: Any) -> Any:
    """As much of a study as the section reads."""
    known: dict[str, Any] = {
        "sightings": seen(),
        "run_pictures": {},
        "bottlenecks": None,
        "claims": None,
        "table": pd.DataFrame(columns=["sign_a", "sign_b", "verdict"]),
        "metrics": [{"network": n, "test_accuracy": a} for n, a in (("2", 0.97), ("3", 0.95))],
        "config": {
            "figures": {"maps": ["ae", "pca"], "signs": [["a", "b", "c"]], "runs": ["best", "1"]},
            "autoencoder": {"dims": [2]},
        },
    }
    return SimpleNamespace(**{**known, **keywords})


def only(figure: str, **keywords: Any) -> Said:
    (found,) = sentences(figure, study(), seen(**keywords), "ae2")
    return found


@pytest.mark.parametrize(
    ("accuracies", "agrees"),
    [((0.97, 0.95), "yes"), ((0.95, 0.9), "partly"), ((0.93, 0.9), "no"), ((), "cannot be said")],
)
def test_the_accuracy_is_that_of_all_networks(accuracies: Sequence[float], agrees: str) -> None:
    metrics = [{"network": str(n), "test_accuracy": a} for n, a in enumerate(accuracies)]
    (found,) = sentences("01-network", study(metrics=metrics), seen(), "ae2")
    assert found.agrees == agrees
    if accuracies:
        assert f"{100 * sum(accuracies) / 2:.1f}" in found.found


def test_the_accuracy_of_the_network_drawn_is_told() -> None:
    (found,) = sentences("01-network", study(), seen(), "ae2")
    assert "96.0\N{NO-BREAK SPACE}% on average (95.0\N{NO-BREAK SPACE}% to 97.0" in found.found
    assert found.found.endswith("the one drawn 95.0\N{NO-BREAK SPACE}%.")


@pytest.mark.parametrize(("step", "worst", "share", "answers"), [
    # Of 120 examples of 20 signs chance gives 19 of 119, from which on half of the rest is a lot.
    (0.2, 0.25, 0.58, ["yes", "yes"]), (0.25, 0.26, 0.57, ["partly", "no"]),
    (0.26, 0.5, 0.58, ["no", "yes"]),
])  # fmt: skip
def test_smooth_paths_and_signs_in_their_own_parts(
    step: float, worst: float, share: float, answers: list[str]
) -> None:
    found = sentences("03-paths", study(), seen(step=step, worst=worst, share=share), "ae2")
    assert [one.agrees for one in found] == answers
    assert f"most of all in wild, {worst + 1e-9:.2f}" in found[0].found


def test_what_chance_gives_few_examples_of_a_sign_is_taken_off() -> None:
    found = seen(share=0.6)
    assert sentences("03-paths", study(), found, "ae2")[1].agrees == "yes"
    # With two examples of each of 20 signs chance gives 19 of 39.
    few = found.assign(examples=("part", [20, 10, 10]))
    told = sentences("03-paths", study(), few, "ae2")[1]
    assert told.agrees == "no"
    assert "48.7\N{NO-BREAK SPACE}% would by chance" in told.found


@pytest.mark.parametrize(
    ("told", "agrees"),
    [((0.9, 0.82), "yes"), ((0.9, 0.8), "partly"), ((0.9, 0.44), "no"),
     ((np.nan, np.nan), "cannot be said")],
)  # fmt: skip
def test_last_steps_explain_what_they_tell(told: Sequence[float], agrees: str) -> None:
    assert only("04-last-steps", told=told).agrees == agrees


@pytest.mark.parametrize(
    ("mixing", "p", "agrees"),
    [
        ((0.1, 0.25, 0.4), 0.01, "yes"),
        ((0.1, 0.26, 0.4), 0.01, "partly"),
        ((0.1, 0.1, 0.1), 0.06, "no"),
        ((0.1, np.nan, 0.1), np.nan, "cannot be said"),
    ],
)
def test_hands_mix_seldom_if_they_do_by_chance_twice_as_often(
    mixing: Sequence[float], p: float, agrees: str
) -> None:
    found = only("06-hands", mixing=mixing, p=p)
    assert found.agrees == agrees
    if agrees == "yes":
        assert "0.20 to 1.00 of chance" in found.found
        assert "12 to 7 signs two-handed" in found.found


def test_hands_that_are_not_known_cannot_be_said() -> None:
    assert only("06-hands", hands=False).agrees == "cannot be said"


@pytest.mark.parametrize(
    ("rank", "agrees"), [(2.8, "yes"), (2.9, "partly"), (5.5, "partly"), (5.6, "no")]
)
def test_mistakes_are_near_if_few_signs_are_nearer(rank: float, agrees: str) -> None:
    # Of 18 others a tenth is 1.8, a quarter 4.5.
    assert only("12-mistakes-validation", rank=rank).agrees == agrees


def test_no_mistakes_cannot_be_said() -> None:
    assert only("11-mistakes-train").agrees == "cannot be said"
    assert only("13-mistakes-test").found.startswith("5 of 20 test examples are misclassified")
    few = only("13-mistakes-test", mistakes=1)
    assert few == Said(
        few.said, "1 of 20 test examples is misclassified, too few to tell.", "cannot be said"
    )


def test_named_signs_have_their_claims_once_and_the_verdicts_of_the_rest() -> None:
    claims = pd.DataFrame([{
        **{"claim": "a and b", "kind": "close", "sign_a": "a", "sign_b": "b", "said": "Near."},
        **{"found": "Close in 9 of 10.", "agrees": "yes"},
    }])  # fmt: skip
    pairs = [
        {"sign_a": one, "sign_b": other, "verdict": verdict}
        for one, other, verdict in (
            ("a", "b", "stays close"), ("a", "c", "apart"), ("b", "c", "undecided"),
            ("c", "d", "apart"),
        )
    ]  # fmt: skip
    config = {"figures": {"signs": [["a", "b"], ["b", "a", "c"]]}}
    found = sentences(
        "07-signs", study(claims=claims, table=pd.DataFrame(pairs), config=config), seen(), "ae2"
    )
    assert found == [
        Said("a and b: Near.", "Close in 9 of 10.", "yes"),
        Said("", "What all retrainings say: a and c: apart and b and c: undecided."),
    ]


def test_figures_are_those_of_the_first_map_and_figure_3_of_all() -> None:
    places = ("01-network", "ae/02-autoencoder", "ae/03-paths", "ae/07-signs-1", "pca/03-paths")
    others = ("pca/04-last-steps", "unit-responses")
    pictures = {place: Picture(place, "data:", 1, 1) for place in (*places, *others)}
    found = content(study(run_pictures=pictures))
    assert found
    shown = [place for row in found["rows"] for place in row.pictures]
    assert sorted(shown) == sorted(places)
    assert (found["network"], found["run"], found["others"]) == ("3", "best", ["1"])


def test_without_pictures_there_is_no_section() -> None:
    assert content(study()) is None
    assert content(study(sightings=None)) is None


def test_an_order_is_written_as_people_do() -> None:
    assert ordinal(1) == "nearest"
    words = [ordinal(one).split() for one in (2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 1002)]
    assert [first for first, _ in words] == [
        *("2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"),
        "1,002nd",
    ]
    assert {last for _, last in words} == {"nearest"}
    assert ordinal(9.5) == "9.5th nearest"


def test_every_part_of_the_split_has_its_figure() -> None:
    for part in article.PARTS:
        figures = [f"{n}-mistakes-{part}" for n in (11, 12, 13)]
        assert sum(figure in article.gallery.BY_NAME for figure in figures) == 1
