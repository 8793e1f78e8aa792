"""What is said of a pair over all retrainings, and what its closeness is due to.

Takes shares of retrainings with their intervals and tests; gives one verdict and one origin a pair.
The words for both are declared here, and nowhere else.
"""

import math

import numpy as np
import xarray as xr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import AUTOENCODER, HEADLINE, UNTRAINED, of_kind
from signpaths.stability.inference import Counted

STAYS, COMES, UNDECIDED, APART = VERDICTS = ("stays close", "comes and goes", "undecided", "apart")
(
    INPUT,
    RECURRENT,
    LEARNED,
    ARTEFACT,
    LOST,
    BY_NETWORK,
    BY_AUTOENCODER,
    UNTOLD,
    NOWHERE,
) = (
    "input-driven",
    "recurrence-driven",
    "learned",
    "projection artefact",
    "lost in projection",
    "network-dependent",
    "autoencoder-dependent",
    "cannot be told",
    "not close",
)
# Every origin and what it means, for people, in the order in which they are shown.
ORIGINS = {
    INPUT: "stays close; so it is in the raw signals and in networks before training",
    RECURRENT: "stays close; so it is before training, but not in the raw signals",
    LEARNED: "stays close, but is not close before training",
    ARTEFACT: "close in the picture, not in the hidden states",
    LOST: "close in the hidden states, not in the picture",
    BY_NETWORK: "close now and then; which network was trained matters most",
    BY_AUTOENCODER: "close now and then; which autoencoder was trained matters most",
    UNTOLD: "close now and then; one network or one autoencoder cannot say why",
    NOWHERE: "too seldom close to ask why",
}


def judged(
    dataset: xr.Dataset, options: StabilityOptions, *, enough: bool, told_apart: bool
) -> xr.Dataset:
    """Give the verdict on each pair and, if it can be known, its origin (section 6).

    Parameters
    ----------
    dataset
        The statistics of `pairs` and `variance`, with the spaces' kinds.
    options
        The thresholds.
    enough
        Whether there are networks enough for any pair to stay close.
    told_apart
        Whether there are two networks and two autoencoders of each, so that it can be told which
        of them a pair depends on.
    """
    headline = dataset.sel(space=HEADLINE)
    verdict = verdicts(
        Counted(*(headline[name].values for name in ("pi", "pi_low", "pi_high", "p"))),
        headline["q"].values,
        enough=enough,
        options=options,
    )
    column = Column(
        "verdict",
        f"verdict in space {HEADLINE}",
        6,
        heading="Verdict",
        shown="words",
        words="What is said of the pair over all retrainings.",
    )
    statistics = [(column, verdict)]
    projections = of_kind(dataset, AUTOENCODER)
    if UNTRAINED in dataset.space.values and projections:
        projection = projections[0]
        projected = dataset.sel(space=projection)
        origin = origins(
            verdict,
            pi=headline["pi"].values,
            pi_untrained=dataset.sel(space=UNTRAINED)["pi"].values,
            pi_projected=projected["pi"].values,
            raw_close=dataset["raw_close"].values,
            network_variance=projected["network_variance"].values,
            ae_variance=projected["ae_variance"].values,
            enough=told_apart,
            options=options,
        )
        column = Column(
            "origin",
            f"what the closeness is due to; projection: {projection}",
            6,
            heading="Origin",
            shown="words",
            words="What the closeness, or its coming and going, is due to. Pairs that are not "
            "close have none.",
        )
        statistics.append((column, origin))
        lost = lost_in_projection(headline["pi"].values, projected["pi"].values, options)
        column = Column(
            "lost_in_projection",
            f"close in {HEADLINE}, but not in {projection}",
            6,
            heading="Lost in projection",
            shown="words",
            words="Close in the hidden states, but seldom in the picture.",
        )
        statistics.append((column, lost))
    return xr.Dataset(variables("pair", *statistics))


def networks_needed_to_pass(signs: int, k: int, options: StabilityOptions) -> tuple[int, int]:
    """Give the fewest networks at which N1 can pass for any pair, and for one pair alone.

    A pair that is close in all of A networks has p = τ^A. With r discoveries among M pairs,
    Benjamini and Hochberg pass it if τ^A ≤ fdr·r/M. No more than signs·(2k − 1)/2 pairs can be
    close at once: a pair is close only if one side ranks the other below k, or both rank each other
    k at most.
    """
    pairs = signs * (signs - 1) // 2

    def fewest(discoveries: int) -> int:
        return math.ceil(math.log(options.fdr * discoveries / pairs, options.tau) - 1e-9)

    return fewest(min(pairs, signs * (2 * k - 1) // 2)), fewest(1)


def verdicts(
    counted: Counted, q: np.ndarray, *, enough: bool, options: StabilityOptions
) -> np.ndarray:
    """Give the verdict on each pair.

    stays close: N1 is rejected. undecided: there are too few networks for any pair, or the interval
    leaves both «apart» and «stays close» open, or it lies above τ but not far enough for N1 over
    all pairs. apart: close in less than the share `apart` of networks. comes and goes: the rest.
    """
    if not enough:
        return np.full(q.shape, UNDECIDED)
    stays = q <= options.fdr
    open_both_ways = (counted.pi_low < options.apart) & (counted.pi_high > options.tau)
    nearly = counted.pi_low > options.tau
    return np.select(
        [stays, open_both_ways | nearly, counted.pi < options.apart],
        [STAYS, UNDECIDED, APART],
        COMES,
    )


def lost_in_projection(
    pi: np.ndarray, pi_projected: np.ndarray, options: StabilityOptions
) -> np.ndarray:
    """Tell the pairs that are firmly close in the hidden states but not in the projection."""
    return (pi >= options.firm) & (pi_projected < options.present)


def origins(
    verdict: np.ndarray,
    *,
    pi: np.ndarray,
    pi_untrained: np.ndarray,
    pi_projected: np.ndarray,
    raw_close: np.ndarray,
    network_variance: np.ndarray,
    ae_variance: np.ndarray,
    enough: bool,
    options: StabilityOptions,
) -> np.ndarray:
    """Give what each pair's closeness, or the lack of it, is due to; the first that fits.

    not close: too rarely close in hidden states and projection to ask. input-driven: stays close,
    and is close in the raw signals and before training. recurrence-driven: stays close, and is
    close before training, but not in the raw signals. learned: stays close, but is not close before
    training. projection artefact: close in the projection only. lost in projection: firmly close
    in the hidden states, not in the projection. Else, whichever varies more for this pair, if there
    are networks and autoencoders enough to know: cannot be told, if there is only one of a kind.
    """
    stays = verdict == STAYS
    before = pi_untrained >= options.present
    return np.select(
        [
            ~stays & (np.maximum(pi, pi_projected) < options.apart),
            stays & before & raw_close,
            stays & before,
            stays,
            (pi_projected >= options.present) & (pi < options.apart),
            lost_in_projection(pi, pi_projected, options),
            np.full(pi.shape, not enough),
            network_variance >= ae_variance,
        ],
        [NOWHERE, INPUT, RECURRENT, LEARNED, ARTEFACT, LOST, UNTOLD, BY_NETWORK],
        BY_AUTOENCODER,
    )
