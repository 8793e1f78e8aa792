"""Claims about signs, held against what the retrainings say; used by stage `evidence`.

Takes a list of claims as JSON and the store of stage `stability`; gives one row a claim: what was
said, what was found, whether the two agree, and the numbers.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.errors import UserError
from signpaths.stability import APART, COMES, HEADLINE, STAYS, UNDECIDED

PLANES = ("ae2", "pca2")
# «Sometimes»: close in this share of retrainings.
SOMETIMES = (0.1, 0.9)
# Paths cross if they meet as often as those of the pairs above this quantile.
OFTEN = 0.9
YES, PARTLY, NO, UNSAID = ("yes", "partly", "no", "cannot be said")
# The answer to a claim that a pair is close, apart or now this, now that, by where it stands.
CLOSE_IF = {STAYS: YES, COMES: PARTLY, APART: NO, UNDECIDED: UNSAID}
APART_IF = {STAYS: NO, COMES: PARTLY, APART: YES, UNDECIDED: UNSAID}
SOMETIMES_IF = {STAYS: NO, COMES: YES, APART: NO, UNDECIDED: UNSAID}
KINDS = {
    "close": "the two signs are close",
    "apart": "the two signs are apart",
    "crossing": "their paths meet, but the two signs are not close",
    "sometimes": "sometimes close, sometimes not",
    "near_in_plane": "near in two dimensions",
    "handedness": "one-handed and two-handed signs are apart",
}
CLAIM_KEYS = ("claim", "kind", "signs", "said", "space")
NUMBERS = (
    *("pi", "pi_low", "pi_high", "q", "verdict", "origin", "rank_mean", "raw_rank"),
    *("crossing", "softmax_mass"),
)
CLAIM_COLUMNS = (
    *("claim", "kind", "sign_a", "sign_b", "space", "said", "found", "agrees"),
    *NUMBERS,
)


@dataclass(frozen=True)
class Claim:
    """One claim about a pair of signs, or about one-handed and two-handed signs."""

    claim: str
    kind: str
    signs: tuple[str, ...]
    said: str
    space: str


@dataclass(frozen=True)
class Study:
    """What claims are held against.

    Attributes
    ----------
    stability
        The store of stage `stability`.
    mass
        Softmax mass, mean over LSTM seeds, `(pair,)`.
    two_handed
        Of each sign, whether it uses both hands; empty where that is not known.
    """

    stability: xr.Dataset
    mass: np.ndarray
    two_handed: Mapping[str, bool]


def read_claims(text: str) -> list[Claim]:
    """Read the option `claims`.

    Raises
    ------
    UserError
        If it is not JSON, or an entry is not as the option describes; it names the entry.
    """
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"claims: not JSON: {error}. Expected a list of objects.") from None
    if not isinstance(entries, list):
        raise UserError("claims: expected a list of objects, one a claim.")
    return [_claim(entry, f"claims: entry {number}") for number, entry in enumerate(entries, 1)]


def claim_table(claims: Sequence[Claim], study: Study) -> pd.DataFrame:
    """Lay out one row a claim: what was said, what the retrainings say, and the numbers.

    `pi`, its interval, `q` and `rank_mean` are of the claim's space, `crossing` of the plane;
    `verdict` and `origin` are those that stage `stability` gives the pair.
    """
    return pd.DataFrame([_row(claim, study) for claim in claims], columns=list(CLAIM_COLUMNS))


def _row(claim: Claim, study: Study) -> dict[str, Any]:
    plane = _plane(study.stability)
    space = claim.space or (plane if claim.kind == "near_in_plane" else HEADLINE)
    numbers: dict[str, Any] = {}
    if absent := _not_in_study(claim.signs, space, study.stability):
        agrees, found = UNSAID, absent
    elif claim.kind == "handedness":
        agrees, found = _judge_handedness(study, space)
    else:
        pair = _pair_index(study.stability, *claim.signs)
        numbers = _numbers(study, pair, space)
        agrees, found = _judge_pair(claim.kind, numbers, study.stability, pair, space)
    sign_a, sign_b = claim.signs or ("", "")
    return {
        **{"claim": claim.claim, "kind": claim.kind, "sign_a": sign_a, "sign_b": sign_b},
        **{"space": space, "said": claim.said, "found": found, "agrees": agrees},
        **numbers,
    }


def _plane(stability: xr.Dataset) -> str:
    """Two dimensions, as the article looks at them: of the autoencoder, or else of the PCA."""
    spaces = stability.space.values
    return next((space for space in PLANES if space in spaces), PLANES[0])


def _not_in_study(names: Sequence[str], space: str, stability: xr.Dataset) -> str:
    signs = sorted({*stability.sign_a.values.tolist(), *stability.sign_b.values.tolist()})
    spaces = stability.space.values.tolist()
    absent = [f"the sign {name}{_nearest(name, signs)}" for name in names if name not in signs]
    if space not in spaces:
        absent.append(f"the space {space}{_nearest(space, spaces)}")
    return f"Not in this study: {', '.join(absent)}." if absent else ""


def _pair_index(stability: xr.Dataset, *names: str) -> int:
    first, second = sorted(names)
    return int(((stability.sign_a == first) & (stability.sign_b == second)).values.argmax())


def _numbers(study: Study, pair: int, space: str) -> dict[str, Any]:
    """What the study has measured of a pair; what it has not is left out."""
    of_pair = study.stability.isel(pair=pair)
    at = of_pair.sel(space=space)
    numbers = {name: at[name].item() for name in ("pi", "pi_low", "pi_high", "q", "rank_mean")}
    numbers |= {name: of_pair[name].item() for name in ("verdict", "origin") if name in of_pair}
    if "crossing" in of_pair:
        # Where the article saw paths cross.
        plane = _plane(study.stability)
        numbers["crossing"] = of_pair.crossing.reindex(space=[plane]).item()
    return numbers | {
        "raw_rank": of_pair.raw_rank.item(),
        "softmax_mass": float(study.mass[pair]),
    }


def _judge_pair(
    kind: str, numbers: Mapping[str, Any], stability: xr.Dataset, pair: int, space: str
) -> tuple[str, str]:
    """Give the answer to a claim about a pair, and the sentences that say why."""
    seeds, attrs = stability.sizes["lstm_seed"], stability.attrs
    found = (
        f"Close in {round(numbers['pi'] * seeds)} of {seeds} retrainings in {space} "
        f"({attrs['confidence']:.0%} interval {numbers['pi_low']:.2f} to "
        f"{numbers['pi_high']:.2f}), mean mutual rank {numbers['rank_mean']:.1f}"
        + (f": {numbers['verdict']}." if space == HEADLINE else ".")
    )
    if not attrs["inference"]:
        needed = attrs["seeds_needed_any"]
        return UNSAID, f"{found} Too few LSTM seeds for inference: needs at least {needed}."
    standing = _standing(numbers, stability, space)
    if kind == "sometimes":
        now_and_then, more = _sometimes_in_plane(stability, pair, space)
        answer = YES if now_and_then else SOMETIMES_IF[standing]
    elif kind == "crossing":
        meet, more = _paths_meet(numbers.get("crossing", np.nan), stability)
        answer = PARTLY if APART_IF[standing] == YES and not meet else APART_IF[standing]
    else:
        answer, more = (APART_IF if kind == "apart" else CLOSE_IF)[standing], ""
    return answer, found + more


def _standing(numbers: Mapping[str, Any], stability: xr.Dataset, space: str) -> str:
    """The verdict where it is given, in the headline's space; elsewhere by the share alone."""
    if space == HEADLINE:
        return str(numbers["verdict"])
    if numbers["pi"] >= stability.attrs["tau"]:
        return STAYS
    return COMES if numbers["pi"] >= stability.attrs["apart"] else APART


def _sometimes_in_plane(stability: xr.Dataset, pair: int, space: str) -> tuple[bool, str]:
    plane = _plane(stability)
    if plane not in stability.space.values:
        return False, ""
    share = stability.pi.sel(space=plane).isel(pair=pair).item()
    seeds = stability.sizes["lstm_seed"]
    more = "" if plane == space else f" In {plane} close in {round(share * seeds)} of {seeds}."
    return SOMETIMES[0] <= share <= SOMETIMES[1], more


def _paths_meet(crossing: float, stability: xr.Dataset) -> tuple[bool, str]:
    """Whether paths of the pair cross as often as in the upper tenth of pairs, and the sentence."""
    if not np.isfinite(crossing):
        return False, " How often their paths cross was not measured."
    plane = _plane(stability)
    often = float(np.nanquantile(stability.crossing.sel(space=plane).values, OFTEN))
    return bool(crossing > 0 and crossing >= often), (
        f" Their paths meet at different times in {crossing:.1%} of example pairs in {plane} "
        f"({often:.1%} or more in a tenth of all pairs)."
    )


def _judge_handedness(study: Study, space: str) -> tuple[str, str]:
    """Whether close pairs seldom mix a one-handed with a two-handed sign, in every LSTM."""
    stability, two_handed = study.stability, study.two_handed
    if not {*stability.sign_a.values, *stability.sign_b.values} <= two_handed.keys():
        return UNSAID, "Which signs are one-handed and which two-handed is not known."
    first, second = (
        np.array([two_handed[name] for name in stability[side].values])
        for side in ("sign_a", "sign_b")
    )
    mixed = first != second
    close = stability["close"].sel(space=space).values.astype(bool)
    close = close[close.any(axis=1)]
    if not mixed.any() or not len(close):
        lacking = "no pair is close in any LSTM" if mixed.any() else "all use the same hands"
        return UNSAID, f"No pair could mix one-handed and two-handed signs: {lacking}."
    share, expected = np.array([mixed[one].mean() for one in close]), mixed.mean()
    found = (
        f"Of the close pairs in {space}, {share.mean():.1%} mix a one-handed with a two-handed "
        f"sign ({share.min():.1%} to {share.max():.1%} over {len(share)} LSTM seeds); of all pairs "
        f"{expected:.1%} do."
    )
    if len(share) < 2:
        return UNSAID, f"{found} One LSTM cannot say what retraining changes."
    if (share < expected / 2).all():
        return YES, found
    return (PARTLY if share.mean() < expected else NO), found


def _claim(entry: object, where: str) -> Claim:
    if not isinstance(entry, dict):
        raise UserError(f"{where}: expected an object with {listed(CLAIM_KEYS)}.")
    if unknown := [key for key in entry if key not in CLAIM_KEYS]:
        raise UserError(
            f"{where}: unknown key {unknown[0]}{_nearest(unknown[0], CLAIM_KEYS)}. "
            f"Expected {listed(CLAIM_KEYS)}."
        )
    kind, signs = entry.get("kind"), entry.get("signs", [])
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(
            f"{where}: unknown kind {kind}{_nearest(str(kind), list(KINDS))}. "
            f"Expected one of {listed(KINDS)}."
        )
    for key in ("claim", "said", "space"):
        if not isinstance(entry.get(key, ""), str):
            raise UserError(f"{where}: {key} is no text: {entry[key]!r}.")
    if not entry.get("claim"):
        raise UserError(f"{where}: it has no claim, the name that the table shows.")
    if not isinstance(signs, list) or not all(isinstance(name, str) for name in signs):
        raise UserError(f"{where}: signs is {signs!r}; expected a list of names, in quotes.")
    wanted = 0 if kind == "handedness" else 2
    if len(signs) != wanted or len(set(signs)) != wanted:
        expected = "two different signs" if wanted else "no signs, for it is about all of them"
        raise UserError(f"{where}: {kind} needs {expected}; found {listed(signs) or 'none'}.")
    return Claim(
        entry["claim"], kind, tuple(signs), entry.get("said") or KINDS[kind], entry.get("space", "")
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    # Any letter case: `god` is near `God`.
    lowered = {one.lower(): one for one in reversed(known)}
    found = get_close_matches(name.lower(), lowered, n=1)
    return f" (nearest: {lowered[found[0]]})" if found else ""


def listed(names: Iterable[object]) -> str:
    """Write names one after the other, as a sentence has them."""
    return ", ".join(str(name) for name in names)
