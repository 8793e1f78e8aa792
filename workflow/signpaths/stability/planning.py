"""What more networks would decide, before they are trained.

Takes in how many networks each pair is close today; gives how many networks N1 needs with these
counts, and what verdicts are to be expected after some more. These are posterior predictive: each
pair's π is drawn from what `shrinkage` says of it, further networks from π, and the study's own
rule decides on what comes out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from signpaths.columns import Column, variables
from signpaths.options import StabilityOptions
from signpaths.stability import shrinkage
from signpaths.stability.inference import conditioned_p, looked_at

# Networks that are added to the study; 0 is the study as it is.
MORE = (0, 1, 2, 5, 10, 20, 50, 100, 200)
# Futures that expectations are taken over. Numbers of pairs vary little between them.
FUTURES = 40
# A pair whose π lies near τ with at least this probability is counted as one that does.
SURE = 0.8

# The verdict on each pair from the counts `(pair,)` and the number of networks.
Decide = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Needed:
    """How many networks N1 needs, with the counts that were seen.

    Attributes
    ----------
    kept
        Pairs that are close in more than τ of the networks: N1 corrects for these.
    full
        Pairs that are close in all networks.
    together
        Networks with which pairs that are close in all of them pass, if they stay as many as they
        are (one, if there is none yet) among as many that are kept.
    alone
        Networks with which a single pair does.
    """

    kept: int
    full: int
    together: int
    alone: int


def networks_needed(count: np.ndarray, networks: int, *, tau: float, fdr: float) -> Needed:
    """Say how many networks N1 needs, from what the counts are like.

    Parameters
    ----------
    count
        In how many networks each pair is close, int `(pair,)`.
    networks
        How many there are.
    tau, fdr
        Of N1.
    """
    kept, full = int(looked_at(count, networks, tau).sum()), int((count == networks).sum())

    def fewest(passing: int) -> int:
        # Benjamini and Hochberg pass r of n pairs if the r-th smallest p is at most fdr·r/n.
        limit = fdr * passing / max(kept, 1)
        enough = 1
        while conditioned_p(enough, tau)[-1] > limit:
            enough += 1
        return enough

    return Needed(kept, full, fewest(max(full, 1)), fewest(1))


def expected_verdicts(
    count: np.ndarray,
    networks: int,
    decide: Decide,
    verdicts: Sequence[str],
    *,
    more: Sequence[int] = MORE,
    futures: int = FUTURES,
    seed: int = 0,
) -> np.ndarray:
    """Foretell the verdicts after more networks.

    Parameters
    ----------
    count
        In how many networks each pair is close, int `(pair,)`.
    networks
        How many there are.
    decide
        The verdict on each pair from counts and the number of networks.
    verdicts
        The words that it gives.
    more
        How many networks are added, in rising order.
    futures
        How many are drawn. In one future networks come one after another, so that later ones add to
        earlier ones.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        The probability of each verdict for each pair, `(more, verdict, pair)`.
    """
    generator = np.random.default_rng(seed)
    words = np.array(verdicts)[:, None]
    times = np.zeros((len(more), words.size, count.size))
    mixture = shrinkage.fitted(count, networks)
    for pi in mixture.draws(count, networks, futures, generator):
        so_far, added = count, 0
        for row, target in enumerate(more):
            so_far = so_far + generator.binomial(target - added, pi)
            added = target
            times[row] += decide(so_far, networks + added) == words
    return times / futures


def planned(
    count: np.ndarray,
    networks: int,
    decide: Decide,
    *,
    verdicts: Sequence[str],
    open_verdict: str,
    options: StabilityOptions,
) -> xr.Dataset:
    """Give what more networks would decide, as `stability.zarr` holds it.

    Parameters
    ----------
    count, networks, decide
        As in `expected_verdicts`.
    verdicts
        All words of `decide`, in the order in which they are shown.
    open_verdict
        The one that decides nothing.
    options
        The thresholds.

    Returns
    -------
    xarray.Dataset
        Over `(more, answer)`, and of a pair that is close in so many networks today over
        `(more, answer, close_in)`, missing where no pair is; attributes `plan_…` say what
        `networks_needed` does, how many pairs are expected to have π near τ (`plan_equivalent`),
        and of how many that is nearly certain.
    """
    needed = networks_needed(count, networks, tau=options.tau, fdr=options.fdr)
    probability = expected_verdicts(count, networks, decide, verdicts)
    still_open = decide(count, networks) == open_verdict
    low, high = equivalent(options)
    near = shrinkage.fitted(count, networks).posterior_between(low, high, networks)[count]
    dataset = xr.Dataset(
        variables(
            ("more", "answer"),
            (
                Column(
                    "plan",
                    "expected number of pairs with each verdict after so many more networks",
                    4,
                    unit="pairs",
                ),
                probability.sum(axis=2),
            ),
            (
                Column(
                    "plan_open",
                    f"the same of the pairs that are {open_verdict} today",
                    4,
                    unit="pairs",
                ),
                probability[:, :, still_open].sum(axis=2),
            ),
        )
        | variables(
            ("more", "answer", "close_in"),
            (
                Column(
                    "plan_by_count",
                    "probability of each verdict after so many more networks, of a pair that is "
                    "close in so many today",
                    4,
                ),
                by_count(probability, count, networks),
            ),
        ),
        coords={
            "more": ("more", list(MORE), {"long_name": "networks added to those of the study"}),
            "answer": ("answer", list(verdicts), {"long_name": "verdict"}),
            "close_in": (
                "close_in",
                np.arange(networks + 1),
                {"long_name": "networks in which a pair is close today"},
            ),
        },
    )
    return dataset.assign_attrs(
        plan_kept=needed.kept,
        plan_full=needed.full,
        plan_together=needed.together,
        plan_alone=needed.alone,
        plan_equivalent=float(near.sum()),
        plan_equivalent_low=low,
        plan_equivalent_high=high,
        plan_sure=SURE,
        plan_equivalent_sure=int((near >= SURE).sum()),
    )


def by_count(probability: np.ndarray, count: np.ndarray, networks: int) -> np.ndarray:
    """Average over pairs that are close in as many networks: the rule knows no more of them.

    Parameters
    ----------
    probability
        Over `(more, verdict, pair)`.
    count
        In how many networks each pair is close, int `(pair,)`.
    networks
        How many there are.

    Returns
    -------
    numpy.ndarray
        Over `(more, verdict, networks + 1)`; NaN for counts that no pair has.
    """
    found = np.full((*probability.shape[:2], networks + 1), np.nan)
    for one in np.unique(count):
        found[:, :, one] = probability[:, :, count == one].mean(axis=2)
    return found


def equivalent(options: StabilityOptions) -> tuple[float, float]:
    """Give the region of practical equivalence: shares that are as good as τ."""
    return max(options.tau - options.equivalence, 0.0), min(options.tau + options.equivalence, 1.0)
