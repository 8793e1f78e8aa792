"""Claims about signs, held against what the retrainings say; used by stage `evidence`.

Takes claims and the store of stage `stability`; gives one row a claim: what was said, what was
found, whether the two agree, and the numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.errors import UserError
from signpaths.nearest import nearest
from signpaths.options import Claim
from signpaths.spaces import HEADLINE, PROJECTIONS, autoencoder, of_kind, plane
from signpaths.stability.verdicts import APART, COMES, NONE, STAYS, UNDECIDED
from signpaths.stores import read_table
from signpaths.wording import PERCENT, interval, number, percent, plain

# Paths cross if they meet as often as those of the pairs above this quantile.
OFTEN = 0.9
# Before an answer that too few studies of resampled networks repeat.
LIKELY = "likely "
YES, PARTLY, NO, UNSAID = ("yes", "partly", "no", "cannot be said")
# The answer to a claim that a pair is close, apart or now this, now that, by where it stands.
CLOSE_IF = {STAYS: YES, COMES: PARTLY, APART: NO, UNDECIDED: UNSAID}
APART_IF = {STAYS: NO, COMES: PARTLY, APART: YES, UNDECIDED: UNSAID}
SOMETIMES_IF = {STAYS: NO, COMES: YES, APART: NO, UNDECIDED: UNSAID}
# What is said if a claim of a kind says no more.
KINDS = {
    "close": "the two signs are close",
    "apart": "the two signs are apart",
    "crossing": "their paths meet, but the two signs are not close",
    "sometimes": "sometimes close, sometimes not",
    "near_in_plane": "near in two dimensions",
    "handedness": "one-handed and two-handed signs are apart",
}
NUMBERS = (
    *("pi", "pi_low", "pi_high", "q", "rank_mean", "verdict", "cause"),
    *("picture_space", "picture", "crossing", "raw_rank", "softmax_mass"),
)
MEASURED = ("pi", "pi_low", "pi_high", "q", "rank_mean", "crossing", "raw_rank", "softmax_mass")
CLAIM_COLUMNS = (
    *("claim", "kind", "sign_a", "sign_b", "space", "said", "found", "agrees"),
    *NUMBERS,
)


@dataclass(frozen=True)
class Facts:
    """What claims are held against.

    Attributes
    ----------
    stability
        The store of stage `stability`.
    mass
        Softmax mass, mean over networks, `(pair,)`.
    two_handed
        Of each sign, whether it uses both hands; empty where that is not known.
    """

    stability: xr.Dataset
    mass: np.ndarray
    two_handed: Mapping[str, bool]


def claim_table(claims: Sequence[Claim], facts: Facts) -> pd.DataFrame:
    """Lay out one row a claim: what was said, what the retrainings say, and the numbers.

    `pi`, its interval, `q` and `rank_mean` are of the claim's space; `verdict` and `cause` are what
    stage `stability` says of the pair in the hidden states; `picture` and `crossing` are of the
    projection that `picture_space` names: the claim's space if it is one, or else the plane. Behind
    «likely» stands what too few studies of resampled networks repeat.
    """
    return pd.DataFrame([_row(claim, facts) for claim in claims], columns=list(CLAIM_COLUMNS))


def read_claims(path: Path) -> pd.DataFrame:
    """Read the table of claims, as text.

    Raises
    ------
    UserError
        If there is none, or a cell holds no number where one belongs.
    """
    table = read_table(path, CLAIM_COLUMNS)
    for name in MEASURED:
        cells = table[name][table[name] != ""]
        if (wrong := cells[pd.to_numeric(cells, errors="coerce").isna()]).size:
            raise UserError(
                f"{path}: its {name} is {wrong.iloc[0]!r}, expected a number. It is damaged: make "
                "it again."
            )
    return table


def _row(claim: Claim, facts: Facts) -> dict[str, Any]:
    of_kind = _plane(facts.stability) if claim.kind == "near_in_plane" else HEADLINE
    space = claim.space or of_kind
    numbers: dict[str, Any] = {}
    if absent := _not_in_study(claim.signs, space, facts.stability):
        agrees, found = UNSAID, absent
    elif claim.kind == "handedness":
        agrees, found = _judge_handedness(facts, space)
    else:
        pair = _pair_index(facts.stability, *claim.signs)
        numbers = _numbers(facts, pair, space)
        agrees, found = _judge_pair(claim.kind, numbers, facts.stability, pair, space)
    sign_a, sign_b = claim.signs or ("", "")
    return {
        **{"claim": claim.claim, "kind": claim.kind, "sign_a": sign_a, "sign_b": sign_b},
        **{
            "space": space,
            "said": claim.said or KINDS[claim.kind],
            "found": found,
            "agrees": agrees,
        },
        **numbers,
    }


def _plane(stability: xr.Dataset) -> str:
    """Name the picture in two dimensions; that of an autoencoder, if the study has none at all."""
    return plane(stability) or autoencoder(2).name


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


def _numbers(facts: Facts, pair: int, space: str) -> dict[str, Any]:
    """What the study has measured of a pair; what it has not is left out."""
    of_pair = facts.stability.isel(pair=pair)
    at = of_pair.sel(space=space)
    numbers = {name: at[name].item() for name in ("pi", "pi_low", "pi_high", "q", "rank_mean")}
    numbers |= {name: _answer(of_pair, name) for name in ("verdict", "cause")}
    if seen := _picture(facts.stability, space):
        pictured = of_pair.sel(space=seen)
        numbers |= {"picture_space": seen, "picture": _answer(pictured, "picture")}
        if "crossing" in pictured:
            numbers["crossing"] = pictured["crossing"].item()
    return numbers | {
        "raw_rank": of_pair.raw_rank.item(),
        "softmax_mass": float(facts.mass[pair]),
    }


def _picture(stability: xr.Dataset, space: str) -> str | None:
    """Name the projection whose picture goes with a claim about a space; None if there is none."""
    return space if space in of_kind(stability, *PROJECTIONS) else plane(stability)


def _answer(at: xr.Dataset, name: str) -> str:
    """Read an answer on a pair; it is no more than likely if too few resampled studies repeat it.

    To be undecided is always sure.
    """
    answer = str(at[name].item())
    if answer in (NONE, UNDECIDED) or at[f"{name}_repeats"].item() >= at.attrs["sure"]:
        return answer
    return f"{LIKELY}{answer}"


def _judge_pair(
    kind: str, numbers: Mapping[str, Any], stability: xr.Dataset, pair: int, space: str
) -> tuple[str, str]:
    """Give the answer to a claim about a pair, and the sentences that say why."""
    attrs = stability.attrs
    found = (
        f"Close in {_how_often(numbers['pi'], stability, space)} "
        f"({plain(100 * attrs['confidence'])}{PERCENT} interval "
        f"{interval(numbers['pi_low'], numbers['pi_high'])}), mean mutual rank "
        f"{number(numbers['rank_mean'])}"
        + (f": {numbers['verdict']}." if space == HEADLINE else ".")
    )
    if not attrs["inference"]:
        needed = attrs["networks_needed_any"]
        return UNSAID, f"{found} Too few networks for inference: needs at least {needed}."
    standing = _standing(stability.isel(pair=pair), space)
    if kind == "sometimes":
        now_and_then, more = _sometimes_in_plane(stability, pair, space)
        answer = YES if now_and_then else SOMETIMES_IF[standing]
    elif kind == "crossing":
        meet, more = _paths_meet(numbers, stability)
        answer = PARTLY if APART_IF[standing] == YES and not meet else APART_IF[standing]
    else:
        answer, more = (APART_IF if kind == "apart" else CLOSE_IF)[standing], ""
    return answer, found + more


def _standing(of_pair: xr.Dataset, space: str) -> str:
    """Say how a pair stands in a space: by the verdict or, elsewhere than it is about, as it does.

    Whether closeness over autoencoders is firm or rare is told from shares of pictures.
    """
    if space == HEADLINE:
        return str(of_pair.verdict.item())
    at, attrs = of_pair.sel(space=space), of_pair.attrs
    if at.q.item() <= attrs["fdr"]:
        return STAYS
    if at.apart_q.item() <= attrs["fdr"]:
        return APART
    between = attrs["rare"] < at.pi_low.item() and at.pi_high.item() < attrs["firm"]
    return COMES if between else UNDECIDED


def _how_often(share: float, stability: xr.Dataset, space: str) -> str:
    """Write a share as a count, of retrainings or of the pictures that they make."""
    every = stability.sizes["network"] * int(stability["runs"].sel(space=space))
    what = "pictures" if space in of_kind(stability, *PROJECTIONS) else "retrainings"
    return f"{round(share * every)} of {every} {what} in {space}"


def _sometimes_in_plane(stability: xr.Dataset, pair: int, space: str) -> tuple[bool, str]:
    """Whether the picture now shows the pair as close and now does not, and the sentence."""
    seen = plane(stability)
    if seen is None:
        return False, ""
    share = stability.pi.sel(space=seen).isel(pair=pair).item()
    more = "" if seen == space else f" Close in {_how_often(share, stability, seen)}."
    return stability.attrs["rare"] <= share <= stability.attrs["firm"], more


def _paths_meet(numbers: Mapping[str, Any], stability: xr.Dataset) -> tuple[bool, str]:
    """Whether paths of the pair cross as often as in the upper tenth of pairs, and the sentence."""
    crossing, seen = numbers.get("crossing", np.nan), numbers.get("picture_space")
    if seen is None or not np.isfinite(crossing):
        return False, " How often their paths cross was not measured."
    often = float(np.nanquantile(stability.crossing.sel(space=seen).values, OFTEN))
    return bool(crossing > 0 and crossing >= often), (
        f" Their paths meet at different times in {percent(crossing)} of example pairs in {seen} "
        f"({percent(often)} or more in a tenth of all pairs)."
    )


def _judge_handedness(facts: Facts, space: str) -> tuple[str, str]:
    """Whether close pairs seldom mix a one-handed with a two-handed sign, in every network."""
    stability, two_handed = facts.stability, facts.two_handed
    if not {*stability.sign_a.values, *stability.sign_b.values} <= two_handed.keys():
        return UNSAID, "Which signs are one-handed and which two-handed is not known."
    first, second = (
        np.array([two_handed[name] for name in stability[side].values])
        for side in ("sign_a", "sign_b")
    )
    mixed = first != second
    # Where autoencoders differ, a pair counts by the share of those in which it is close.
    close = stability["close"].sel(space=space).values.astype(np.float64)
    close = close[close.any(axis=1)]
    if not mixed.any() or not len(close):
        lacking = "no pair is close in any network" if mixed.any() else "all use the same hands"
        return UNSAID, f"No pair could mix one-handed and two-handed signs: {lacking}."
    share, expected = close @ mixed / close.sum(axis=1), mixed.mean()
    found = (
        f"Of the close pairs in {space}, {percent(share.mean())} mix a one-handed with a "
        f"two-handed sign ({percent(share.min())} to {percent(share.max())} over "
        f"{len(share)} networks); of all pairs {percent(expected)} do."
    )
    if len(share) < 2:
        return UNSAID, f"{found} One network cannot say what retraining changes."
    if (share < expected / 2).all():
        return YES, found
    return (PARTLY if share.mean() < expected else NO), found


def _nearest(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f" (nearest: {near})" if near else ""


def listed(names: Iterable[object]) -> str:
    """Write names one after the other, as a sentence has them."""
    return ", ".join(str(name) for name in names)
