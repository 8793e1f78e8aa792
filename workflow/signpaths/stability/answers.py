"""The answers on every pair, and how sure each is: how often resampled studies repeat it.

Takes what all retrainings say; gives verdict, cause and picture (`verdicts`), each with the
share of bootstrap studies, whose networks are drawn from the study's with replacement, that give
the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from signpaths.columns import NEAR, Column, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE, UNTRAINED
from signpaths.stability.retrainings import Retrainings
from signpaths.stability.verdicts import NONE, Answers, Counts, answered

# Answers that fewer bootstrap studies than these repeat are told as likely, not as they are.
SURE = 0.8


@dataclass(frozen=True)
class Observed:
    """In which networks pairs are close.

    Attributes
    ----------
    close
        In the hidden states, bool `(network, pair)`.
    untrained
        Before training, likewise; None if that was not measured.
    raw_close
        In the raw signals, `(pair,)`.
    pictured
        By projection: share of the network's autoencoders in which the pair is close there,
        `(network, pair)`.
    autoencoders
        By projection: how many there are of a network.
    """

    close: np.ndarray
    untrained: np.ndarray | None
    raw_close: np.ndarray
    pictured: Mapping[str, np.ndarray]
    autoencoders: Mapping[str, int]


def answer_statistics(
    observed: Observed, spaces: Sequence[str], options: StabilityOptions
) -> xr.Dataset:
    """Give the answers on every pair, and how often bootstrap studies repeat them (section 6).

    Parameters
    ----------
    observed
        In which networks pairs are close.
    spaces
        Names of all spaces, projections or not, in their order.
    options
        The thresholds.
    """
    networks = len(observed.close)
    (counts,) = counts_of(observed, np.ones((1, networks), dtype=int))
    answers = answered(counts, options)
    verdict, cause, picture = repeated(observed, answers, options)
    nothing = (np.full(verdict.shape, NONE), np.full(verdict.shape, np.nan))
    in_spaces = [
        (answers.picture[name], _of_answers(answers.picture[name], picture[name]))
        if name in picture
        else nothing
        for name in spaces
    ]
    share = "share of studies of resampled networks that give the same"
    return xr.Dataset(
        variables(
            "pair",
            (
                Column(
                    "verdict",
                    f"verdict in space {HEADLINE}",
                    6,
                    heading="Verdict",
                    shown="words",
                    words="What is said of the pair over all retrainings.",
                ),
                answers.verdict,
            ),
            (
                Column("verdict_repeats", f"{share} verdict", 6, shown="percent"),
                verdict,
            ),
            (
                Column(
                    "cause",
                    "what the closeness, or its coming and going, is due to; empty: nothing to "
                    "tell, or not known",
                    6,
                    heading="Cause",
                    shown="words",
                    words="What the closeness, its coming and going, or the lack of it is due to.",
                ),
                answers.cause,
            ),
            (
                Column("cause_repeats", f"{share} cause; empty without one", 6, shown="percent"),
                _of_answers(answers.cause, cause),
            ),
        )
        | variables(
            ("space", "pair"),
            (
                Column(
                    "picture",
                    "what the projection does with a pair that stays close or is apart; empty "
                    "where there is nothing to tell",
                    6,
                    heading="Picture",
                    shown="words",
                    group=NEAR,
                    words="What the picture makes of a pair that stays close, or is apart.",
                ),
                np.array([words for words, _ in in_spaces]),
            ),
            (
                Column(
                    "picture_repeats", f"{share} picture; empty without one", 6, shown="percent"
                ),
                np.array([repeats for _, repeats in in_spaces]),
            ),
        )
    )


def _of_answers(answer: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Leave out how often nothing was repeated: it is no answer."""
    return np.where(answer == NONE, np.nan, repeats)


def observed_in(found: Retrainings, raw_close: np.ndarray) -> Observed:
    """Take from all retrainings what the answers follow from."""
    close = dict(zip(found.space_names, found.close, strict=True))
    untrained = close.get(UNTRAINED)
    projections = [one for one in found.spaces if one.is_projection]
    return Observed(
        close=close[HEADLINE] == 1,
        untrained=None if untrained is None else untrained == 1,
        raw_close=raw_close,
        pictured={space.name: close[space.name] for space in projections},
        autoencoders={space.name: space.runs for space in projections},
    )


def counts_of(observed: Observed, weights: np.ndarray) -> list[Counts]:
    """Count in how many networks pairs are close, with each network taken so many times.

    Parameters
    ----------
    observed
        In which networks pairs are close.
    weights
        How often each network is taken, `(study, network)`.

    Returns
    -------
    list of Counts
        One for each study.
    """
    often = weights.astype(np.float32)
    networks = weights.sum(axis=1)

    def whole(values: np.ndarray) -> np.ndarray:
        """Sum whole numbers over the networks taken, `(study, pair)`.

        Whole, so that no rounding decides on which side of a threshold a share lies.
        """
        return np.rint(often @ values.astype(np.float32)).astype(int)

    close = whole(observed.close)
    before = made = broken = None
    if observed.untrained is not None:
        before = whole(observed.untrained)
        made = whole(observed.close & ~observed.untrained)
        broken = whole(observed.untrained & ~observed.close)
    shown = {
        space: np.rint(share * observed.autoencoders[space])
        for space, share in observed.pictured.items()
    }
    pictured = {
        space: whole(one) / (networks[:, None] * observed.autoencoders[space])
        for space, one in shown.items()
    }
    # Of a network's autoencoders, couples of one that shows the pair and one that does not.
    differing = {
        space: whole(one * (count - one)) / (networks[:, None] * (count * (count - 1) / 2))
        for space, one in shown.items()
        if (count := observed.autoencoders[space]) > 1
    }
    return [
        Counts(
            networks=int(networks[study]),
            close=close[study],
            raw_close=observed.raw_close,
            before=None if before is None else before[study],
            made=None if made is None else made[study],
            broken=None if broken is None else broken[study],
            pictured={space: share[study] for space, share in pictured.items()},
            differing={space: share[study] for space, share in differing.items()},
        )
        for study in range(len(weights))
    ]


def repeated(
    observed: Observed, found: Answers, options: StabilityOptions, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Give the share of bootstrap studies that repeat each verdict, cause and picture, `(pair,)`.

    Parameters
    ----------
    observed
        In which networks pairs are close.
    found
        The study's own answers.
    options
        The thresholds, and how many studies are drawn.
    seed
        Of the draws.
    """
    networks = len(observed.close)
    even = np.full(networks, 1 / networks)
    drawn = np.random.default_rng(seed).multinomial(networks, even, size=options.resampled_studies)
    verdict, cause = np.zeros((2, observed.close.shape[1]))
    picture = {space: np.zeros(verdict.shape) for space in found.picture}
    for counts in counts_of(observed, drawn):
        again = answered(counts, options)
        verdict += again.verdict == found.verdict
        cause += again.cause == found.cause
        for space, share in picture.items():
            share += again.picture[space] == found.picture[space]
    studies = len(drawn)
    return (
        verdict / studies,
        cause / studies,
        {space: share / studies for space, share in picture.items()},
    )
