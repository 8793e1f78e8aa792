"""Claims: what is refused, and the answer to every kind from numbers that are planted."""

import itertools
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from makers import spaces_named
from pydantic import ValidationError
from signpaths.evidence.claims import (
    CLAIM_COLUMNS,
    KINDS,
    NO,
    PARTLY,
    UNSAID,
    YES,
    Facts,
    claim_table,
)
from signpaths.options import Claim, ClaimKind, ClaimsOptions
from signpaths.spaces import coordinates
from signpaths.stability.verdicts import APART, COMES, STAYS, UNDECIDED
from signpaths.wording import PERCENT, percent

SIGNS = ["God", "all", "hurt", "you"]
PAIRS = list(itertools.combinations(SIGNS, 2))
NETWORKS, AUTOENCODERS = 20, 5


def a_study(
    pi: dict[str, list[float]],
    verdicts: list[str] | None = None,
    *,
    close: np.ndarray | None = None,
    crossing: list[float] | None = None,
    cause: list[str] | None = None,
    repeats: float = 1.0,
    q: dict[str, list[float]] | None = None,
    apart_q: dict[str, list[float]] | None = None,
    two_handed: dict[str, bool] | None = None,
    enough: bool = True,
) -> Facts:
    """What is known of four signs, with the share of close networks of each pair in each space."""
    share = np.array(list(pi.values()))
    spaces = list(pi)
    if close is None:
        close = np.zeros((len(spaces), NETWORKS, len(PAIRS)), dtype=bool)
    per_space = ("space", "pair")
    q, apart_q = ({space: [0.5] * 6 for space in pi} | (given or {}) for given in (q, apart_q))
    stability = xr.Dataset(
        {
            "pi": (per_space, share),
            "pi_low": (per_space, share / 2),
            "pi_high": (per_space, (1 + share) / 2),
            "q": (per_space, np.array([q[space] for space in pi])),
            "apart_q": (per_space, np.array([apart_q[space] for space in pi])),
            "rank_mean": (per_space, np.arange(share.size).reshape(share.shape) + 1.0),
            "close": (("space", "network", "pair"), close),
            "verdict": ("pair", verdicts or [UNDECIDED] * len(PAIRS)),
            "raw_rank": ("pair", np.arange(6.0)),
            "cause": ("pair", cause or [""] * 6),
            "picture": (per_space, [[f"{space}-{pair}" for pair in range(6)] for space in pi]),
            **{f"{name}_repeats": ("pair", np.full(6, repeats)) for name in ("verdict", "cause")},
            "picture_repeats": (per_space, np.full(share.shape, repeats)),
            **(
                {
                    "crossing": (
                        per_space,
                        np.array([np.full(6, np.nan)] * (len(spaces) - 1) + [crossing]),
                    )
                }
                if crossing
                else {}
            ),
        },
        coords={
            **coordinates(spaces_named(*spaces, runs=AUTOENCODERS)),
            "network": [str(network) for network in range(close.shape[1])],
            "sign_a": ("pair", [a for a, _ in PAIRS]),
            "sign_b": ("pair", [b for _, b in PAIRS]),
        },
        attrs={
            "inference": int(enough),
            "networks_needed_any": 10,
            "tau": 0.5,
            **{"fdr": 0.05, "rare": 0.1, "firm": 0.9, "sure": 0.8, "confidence": 0.95},
        },
    )
    return Facts(stability, np.arange(6) / 100, two_handed or {})


def row(study: Facts, kind: ClaimKind, *signs: str, space: str = "") -> pd.Series:
    claim = Claim(claim="name", kind=kind, signs=signs, said="said so", space=space)
    return claim_table([claim], study).iloc[0]


# Reading


def test_every_kind_of_claim_has_words() -> None:
    assert tuple(KINDS) == get_args(ClaimKind)


def test_claims_are_read_as_they_are_written() -> None:
    entries = [
        {"claim": 'a "b", c', "kind": "close", "signs": ["God", "é \u2028"]},
        {"claim": "hands", "kind": "handedness", "said": "apart", "space": "ae2"},
        {"claim": "hands", "kind": "handedness", "signs": []},
    ]
    claims = ClaimsOptions.model_validate({"claims": entries}).claims
    table = claim_table(claims, a_study({"hidden": [0.5] * 6}))
    assert table.claim.tolist() == ['a "b", c', "hands", "hands"]
    assert table.said.tolist() == [KINDS["close"], "apart", KINDS["handedness"]]
    assert table[["sign_a", "sign_b"]].values.tolist() == [["God", "é \u2028"], ["", ""], ["", ""]]
    assert table.space.tolist() == ["hidden", "ae2", "hidden"]
    assert claim_table([], a_study({"hidden": [0.5] * 6})).empty


GOOD = {"claim": "x", "kind": "close", "signs": ["a", "b"]}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("close", r"claims\.1\b"),
        (GOOD | {"kind": "closse"}, r"claims\.1\.kind"),
        (GOOD | {"kind": None}, r"claims\.1\.kind"),
        (GOOD | {"kind": ["close"]}, r"claims\.1\.kind"),
        ({"claim": "x", "signs": ["a", "b"]}, r"claims\.1\.kind"),
        (GOOD | {"sings": []}, r"claims\.1\.sings"),
        (GOOD | {"claim": ""}, r"claims\.1\.claim"),
        ({"kind": "close", "signs": ["a", "b"]}, r"claims\.1\.claim"),
        (GOOD | {"claim": 3}, r"claims\.1\.claim"),
        (GOOD | {"said": None}, r"claims\.1\.said"),
        (GOOD | {"space": 2}, r"claims\.1\.space"),
        # What YAML makes of the signs yes and no, unless they are in quotes.
        (GOOD | {"signs": [True, False]}, r"claims\.1\.signs"),
        (GOOD | {"signs": "ab"}, r"claims\.1\.signs"),
        (GOOD | {"signs": ["a"]}, r"claims\.1\.signs"),
        (GOOD | {"signs": []}, r"claims\.1\.signs"),
        ({"claim": "x", "kind": "close"}, r"claims\.1\.signs"),
        (GOOD | {"signs": ["a", "a"]}, r"claims\.1\.signs"),
        (GOOD | {"signs": ["a", "b", "c"]}, r"claims\.1\.signs"),
        (GOOD | {"kind": "handedness"}, r"claims\.1\.signs"),
    ],
)
def test_what_is_no_claim_is_refused_by_its_place(entry: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ClaimsOptions.model_validate({"claims": [GOOD, entry]})


# Answers


VERDICTS = [STAYS, COMES, UNDECIDED, APART, STAYS, APART]


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("close", [YES, PARTLY, UNSAID, NO, YES, NO]),
        ("apart", [NO, PARTLY, UNSAID, YES, NO, YES]),
        ("crossing", [NO, PARTLY, UNSAID, PARTLY, NO, PARTLY]),  # nothing is known of crossings
        ("sometimes", [NO, YES, UNSAID, NO, NO, NO]),
    ],
)
def test_the_verdict_answers_whichever_way_round_the_signs_are(
    kind: str, answers: list[str]
) -> None:
    study = a_study({"hidden": [0.95, 0.4, 0.35, 0.0, 1.0, 0.1]}, VERDICTS)
    for (a, b), answer, verdict in zip(PAIRS, answers, VERDICTS, strict=True):
        for signs in ((a, b), (b, a)):
            found = row(study, kind, *signs)
            assert found.agrees == answer, (kind, verdict)
            assert (found.sign_a, found.sign_b) == signs
            assert verdict in found.found
            assert found.space == "hidden"


@pytest.mark.parametrize("kind", ["close", "apart", "crossing", "sometimes", "near_in_plane"])
def test_too_few_networks_answer_nothing(kind: str) -> None:
    study = a_study({"hidden": [1.0] * 6, "ae2": [0.6] * 6}, enough=False)
    found = row(study, kind, "God", "all")
    assert found.agrees == UNSAID
    assert "at least 10" in found.found


def test_the_numbers_are_those_of_the_pair_and_its_space() -> None:
    pi = {"hidden": [0.05 * p for p in range(6)], "ae2": [1 - 0.1 * p for p in range(6)]}
    study = a_study(pi, VERDICTS, crossing=[0.1 * p for p in range(6)], cause=[*"uvwxyz"])
    for pair, signs in enumerate(PAIRS):
        for kind, space, index in (("close", "hidden", 0), ("near_in_plane", "ae2", 1)):
            found = row(study, kind, *signs)
            assert found.space == space
            assert found.pi == pytest.approx(pi[space][pair])
            assert found.pi_low == pytest.approx(pi[space][pair] / 2)
            assert found.pi_high == pytest.approx((1 + pi[space][pair]) / 2)
            assert found.rank_mean == 6 * index + pair + 1
            assert (found.q, found.raw_rank) == (0.5, pair)
            assert found.softmax_mass == pytest.approx(pair / 100)
            assert found.crossing == pytest.approx(0.1 * pair)
            assert (found.verdict, found.cause) == (VERDICTS[pair], "uvwxyz"[pair])
            assert (found.picture_space, found.picture) == ("ae2", f"ae2-{pair}")
            every, what = (20, "retrainings") if space == "hidden" else (100, "pictures")
            close = round(every * pi[space][pair])
            often = f"Close in {close} of {every} {what} in {space} (95{PERCENT}"
            assert often in found.found
            assert found.said == "said so"


def test_what_was_not_measured_is_empty() -> None:
    found = row(a_study({"hidden": [0.5] * 6}), "close", "God", "all")
    assert list(found.index) == list(CLAIM_COLUMNS)
    assert np.isnan(found.crossing)
    assert found.cause == ""
    assert pd.isna(found.picture_space)
    assert pd.isna(found.picture)


def test_the_picture_is_that_of_the_projection_that_is_claimed_about() -> None:
    study = a_study({"hidden": [0.5] * 6, "pca3": [0.5] * 6, "ae2": [0.5] * 6})
    for space, picture in (("hidden", "ae2-0"), ("pca3", "pca3-0"), ("ae2", "ae2-0")):
        found = row(study, "close", *PAIRS[0], space=space)
        assert (found.picture_space, found.picture) == (picture.removesuffix("-0"), picture)


@pytest.mark.parametrize(("repeats", "likely"), [(0.79, "likely "), (0.8, "")])
def test_what_few_resampled_studies_repeat_is_likely(repeats: float, likely: str) -> None:
    verdicts = [STAYS, UNDECIDED, *[APART] * 4]
    spaces = {"hidden": [1.0] * 6, "ae2": [1.0] * 6}
    study = a_study(spaces, verdicts, cause=["learned", *[""] * 5], repeats=repeats)
    found = row(study, "close", *PAIRS[0])
    assert found.verdict == f"{likely}{STAYS}"
    assert found.cause == f"{likely}learned"
    assert found.picture == f"{likely}ae2-0"
    assert found.found.endswith(f": {likely}stays close.")
    assert found.agrees == YES
    # Nothing is likely to be undecided, or to have no cause.
    other = row(study, "close", *PAIRS[1])
    assert (other.verdict, other.cause) == (UNDECIDED, "")


# Elsewhere than in the hidden states: q, that of apart, share (with an interval from half of it to
# halfway to 1), and how the pair stands.
STANDS = [
    (0.05, 0.9, 1.0, STAYS),
    (0.06, 0.9, 1.0, UNDECIDED),
    (0.9, 0.05, 0.0, APART),
    (0.9, 0.9, 0.5, COMES),
    (0.9, 0.9, 0.1, UNDECIDED),
    (0.9, 0.9, 0.9, UNDECIDED),
]


@pytest.mark.parametrize("plane", ["ae2", "pca2"])
def test_nearness_in_the_plane_is_judged_by_the_tests_there(plane: str) -> None:
    q, apart, shares, _ = ([*column] for column in zip(*STANDS, strict=True))
    study = a_study(
        {"hidden": [0.0] * 6, plane: shares}, [APART] * 6, q={plane: q}, apart_q={plane: apart}
    )
    answers = [row(study, "near_in_plane", *signs).agrees for signs in PAIRS]
    assert answers == [YES, UNSAID, NO, PARTLY, UNSAID, UNSAID]
    assert answers == [row(study, "close", *signs, space=plane).agrees for signs in PAIRS]
    assert "stays" not in row(study, "close", *PAIRS[0], space=plane).found


def test_an_interval_that_touches_what_is_rare_or_firm_leaves_neither_out() -> None:
    """It reaches from half of the share to halfway to 1."""
    shares = [0.2, 0.21, 0.79, 0.8, 0.5, 0.5]
    study = a_study({"hidden": [0.0] * 6, "ae2": shares}, q={"ae2": [0.9] * 6})
    answers = [row(study, "near_in_plane", *signs).agrees for signs in PAIRS[:4]]
    assert answers == [UNSAID, PARTLY, PARTLY, UNSAID]


def test_shares_of_pictures_are_told_as_pictures() -> None:
    study = a_study({"hidden": [0.5] * 6, "ae2": [0.53] * 6, "pca2": [0.5] * 6})
    found = row(study, "near_in_plane", *PAIRS[0]).found
    assert found.startswith(
        "Close in 53 of 100 pictures in ae2 (95\u00a0% interval 27–77\u00a0%), "
    )
    assert row(study, "sometimes", *PAIRS[0]).found.endswith("Close in 53 of 100 pictures in ae2.")
    in_pca = row(study, "close", *PAIRS[0], space="pca2").found
    assert in_pca.startswith("Close in 10 of 20 pictures in pca2 (")


def test_the_autoencoder_goes_before_the_principal_components() -> None:
    study = a_study({"pca2": [0.0] * 6, "hidden": [0.0] * 6, "ae2": [1.0] * 6}, [APART] * 6)
    assert row(study, "near_in_plane", "God", "all").space == "ae2"
    missing = row(a_study({"hidden": [0.0] * 6}), "near_in_plane", "God", "all")
    assert (missing.agrees, missing.space) == (UNSAID, "ae2")
    assert "Not in this study: the space ae2" in missing.found


def test_sometimes_in_the_plane_is_sometimes() -> None:
    shares = [0.05, 0.1, 0.5, 0.9, 0.95, 0.0]
    study = a_study({"hidden": [0.0] * 6, "ae2": shares}, [APART] * 6)
    found = [row(study, "sometimes", *signs) for signs in PAIRS]
    assert [one.agrees for one in found] == [NO, YES, YES, YES, NO, NO]
    assert "Close in 50 of 100 pictures in ae2." in found[2].found
    undecided = a_study({"hidden": [0.3] * 6, "ae2": [1.0] * 6})
    assert row(undecided, "sometimes", "God", "all").agrees == UNSAID


def test_paths_cross_if_they_meet_as_often_as_those_of_the_upper_tenth() -> None:
    # Of the five known, nine tenths are at most 0.46 (between 0.4 and 0.5, linearly).
    crossing = [0.5, 0.4, 0.31, 0.29, 0.0, np.nan]
    study = a_study({"hidden": [0.0] * 6, "ae2": [0.0] * 6}, [APART] * 6, crossing=crossing)
    found = [row(study, "crossing", *signs) for signs in PAIRS]
    assert [one.agrees for one in found] == [YES, *[PARTLY] * 5]
    assert "40.0\u00a0% of example pairs in ae2 (46.0\u00a0% or more in a tenth" in found[1].found
    same = a_study({"hidden": [0.0] * 6, "ae2": [0.0] * 6}, [APART] * 6, crossing=[0.25] * 6)
    assert row(same, "crossing", *PAIRS[0]).agrees == YES
    close = a_study({"hidden": [1.0] * 6, "ae2": [1.0] * 6}, [STAYS, COMES] * 3, crossing=[0.9] * 6)
    assert [row(close, "crossing", *signs).agrees for signs in PAIRS[:2]] == [NO, PARTLY]


def test_paths_that_never_meet_do_not_cross() -> None:
    study = a_study({"hidden": [0.0] * 6, "ae2": [0.0] * 6}, [APART] * 6, crossing=[0.0] * 6)
    assert row(study, "crossing", "God", "all").agrees == PARTLY


def test_a_sign_that_is_not_there_is_said_with_the_nearest_name() -> None:
    study = a_study({"hidden": [0.5] * 6})
    found = row(study, "close", "god", "hurtt")
    assert found.agrees == UNSAID
    assert found.found == (
        "Not in this study: the sign god (nearest: God), the sign hurtt (nearest: hurt)."
    )
    assert found[["pi", "q", "raw_rank", "softmax_mass"]].isna().all()
    assert "nearest: hurt" in row(study, "close", "God", "HURT").found
    assert "zzzz" in row(study, "close", "God", "zzzz").found
    assert "nearest" not in row(study, "close", "God", "zzzz").found
    found = row(study, "close", "God", "all", space="hiden")
    assert "the space hiden (nearest: hidden)" in found.found


# Handedness: God and all use one hand, hurt and you both; four of six pairs mix.

HANDS = {"God": False, "all": False, "hurt": True, "you": True}
ALIKE = [0, 5]


def close_pairs(*per_network: list[int]) -> np.ndarray:
    close = np.zeros((1, len(per_network), 6), dtype=bool)
    for network, pairs in enumerate(per_network):
        close[0, network, pairs] = True
    return close


@pytest.mark.parametrize(
    ("per_network", "agrees"),
    [
        ([ALIKE, ALIKE, [0]], YES),
        ([ALIKE, [0, 5, 1]], PARTLY),  # a third of one, half of what is expected
        ([ALIKE, [1, 2]], PARTLY),
        ([[1], [2]], NO),
        ([[0, 1, 2], [3, 4, 5]], NO),
        ([ALIKE, []], UNSAID),  # no close pair in the second, and one network is not enough
        ([[], []], UNSAID),
        ([ALIKE], UNSAID),
    ],
)
def test_close_pairs_that_mix_hands_are_counted(per_network: list[list[int]], agrees: str) -> None:
    close = close_pairs(*per_network)
    found = row(a_study({"hidden": [0.5] * 6}, close=close, two_handed=HANDS), "handedness")
    assert found.agrees == agrees
    assert (found.sign_a, found.sign_b) == ("", "")
    shares = [
        sum(HANDS[PAIRS[p][0]] != HANDS[PAIRS[p][1]] for p in pairs) / len(pairs)
        for pairs in per_network
        if pairs
    ]
    if shares:
        assert f"{percent(np.mean(shares))} mix" in found.found
        assert (
            f"({percent(min(shares))} to {percent(max(shares))} over {len(shares)} network"
            in found.found
        )
        assert "66.7\u00a0% do" in found.found


def test_pairs_mix_by_the_share_of_autoencoders_in_which_they_are_close() -> None:
    close = np.zeros((1, 2, 6), dtype=np.float32)
    close[0, :, 0], close[0, :, 1] = 1, 0.25
    found = row(a_study({"hidden": [0.5] * 6}, close=close, two_handed=HANDS), "handedness")
    assert "20.0\u00a0% mix" in found.found


def test_hands_that_are_not_known_answer_nothing() -> None:
    close = close_pairs(ALIKE, ALIKE)
    for hands in ({}, {"God": False}):
        found = row(a_study({"hidden": [0.5] * 6}, close=close, two_handed=hands), "handedness")
        assert found.agrees == UNSAID
        assert "not known" in found.found
    same = dict.fromkeys(SIGNS, True)
    found = row(a_study({"hidden": [0.5] * 6}, close=close, two_handed=same), "handedness")
    assert found.agrees == UNSAID
    assert "same hands" in found.found
