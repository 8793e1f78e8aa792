"""Where instability comes from: mutual ranks of all runs in, how much of their spread is whose.

Takes normal scores of the mutual ranks over networks and the autoencoders nested in them (crossed
with them in the shared map); gives the variance between pairs, between networks within a pair and
between autoencoders, from a balanced analysis of variance in closed form, and what follows for the
number of networks (generalizability theory, Shavelson & Webb 1991).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import xarray as xr
from scipy.stats import norm, rankdata

from signpaths.columns import NEAR, Column, variables
from signpaths.spaces import Space

SOURCES = ("pair", "network", "autoencoder")
# The numbers of networks, and of autoencoders of each, at which the reliability is told.
NETWORK_COUNTS = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100)
AE_COUNTS = (1, 2, 3, 5, 10)
# No study trains more; a number beyond it is «never», and so is what comes of rounding.
MOST_NETWORKS = 1_000_000


@dataclass(frozen=True)
class SumsOfSquares:
    """What the analysis of variance needs of each pair; arrays `(pair,)` and the two counts.

    Attributes
    ----------
    mean
        Mean score over all runs.
    network
        Squared deviations of the networks' means from it, summed.
    autoencoder
        Squared deviations of the runs from their network's mean, summed; less `common`.
    networks, autoencoders
        How many networks there are, and autoencoders of each.
    common
        Squared deviations of the autoencoders' means over all networks, summed over the runs; None
        if every network has autoencoders of its own.
    """

    mean: np.ndarray
    network: np.ndarray
    autoencoder: np.ndarray
    networks: int
    autoencoders: int
    common: np.ndarray | None = None


@dataclass(frozen=True)
class Components:
    """Variance of normal scores, as numbers or as arrays of any one shape.

    Attributes
    ----------
    pair
        Between pairs.
    network
        Between networks, within a pair.
    autoencoder
        Between autoencoders.
    common
        How much of that is the same in all networks, which share the autoencoders.
    """

    pair: np.ndarray
    network: np.ndarray
    autoencoder: np.ndarray
    common: np.ndarray | float = 0.0

    def shares(self) -> "Components":
        """Give each as a share of their sum; all 0 if nothing varies."""
        total = np.asarray(self.pair + self.network + self.autoencoder)
        safe = np.where(total > 0, total, 1.0)
        return Components(self.pair / safe, self.network / safe, self.autoencoder / safe)


def normal_scores(mutual_rank: np.ndarray) -> np.ndarray:
    """Turn each run's mutual ranks `(…, pair)` into normal scores, the closest pair highest.

    The score is Φ⁻¹ of the rank's quantile inside its run: every run has the same scores in another
    order, so effects of whole runs vanish. Ties share their mean rank.
    """
    pairs = mutual_rank.shape[-1]
    return norm.ppf((rankdata(-mutual_rank, axis=-1) - 0.5) / pairs)


def sums_of_squares(ranks: np.ndarray, crossed: bool = False) -> SumsOfSquares:
    """Sum up the normal scores of one space's `ranks(network, ae_seed, pair)`.

    Parameters
    ----------
    ranks
        Mutual ranks of all runs.
    crossed
        Whether all networks share the autoencoders.
    """
    networks, autoencoders, pairs = ranks.shape
    of_network = np.empty((networks, pairs))
    of_autoencoder = np.zeros((autoencoders, pairs))
    within = np.zeros(pairs)
    for index, one in enumerate(ranks):
        scores = normal_scores(one)
        of_network[index] = scores.mean(axis=0)
        of_autoencoder += scores / networks
        within += ((scores - of_network[index]) ** 2).sum(axis=0)
    sums = summed_over_networks(of_network, within, autoencoders)
    if not crossed:
        return sums
    common = networks * ((of_autoencoder - sums.mean) ** 2).sum(axis=0)
    # Rounding takes the difference of equals below zero.
    return replace(sums, autoencoder=np.maximum(within - common, 0), common=common)


def summed_over_networks(
    of_network: np.ndarray, autoencoder: np.ndarray, autoencoders: int
) -> SumsOfSquares:
    """Sum up the scores of a study.

    Parameters
    ----------
    of_network
        Mean score over a network's autoencoders, `(network, pair)`.
    autoencoder
        Squared deviations of the runs from that mean, summed over all runs, `(pair,)`.
    autoencoders
        How many autoencoders each network has.
    """
    mean = of_network.mean(axis=0)
    return SumsOfSquares(
        mean, ((of_network - mean) ** 2).sum(axis=0), autoencoder, len(of_network), autoencoders
    )


def components(found: SumsOfSquares, without: np.ndarray | None = None) -> Components:
    """Estimate the variance components, none below zero.

    With one network, or one autoencoder of each, their variance cannot be told from that of what is
    above them; it is 0.

    Parameters
    ----------
    found
        The sums of every pair.
    without
        bool `(case, pair)`: pairs to leave out in each case; by default one case without any.

    Returns
    -------
    Components
        Arrays `(case,)`.
    """
    out = np.zeros((1, found.mean.size), dtype=bool) if without is None else without
    weight = (~out).astype(float)
    pairs = weight.sum(axis=1)
    a, b = found.networks, found.autoencoders
    centred = found.mean - found.mean.mean()
    between = a * b * (weight @ centred**2 - (weight @ centred) ** 2 / np.maximum(pairs, 1))
    freedom = np.maximum(pairs - 1, 1)
    ms_pair = between / freedom
    ms_network = b * (weight @ found.network) / (freedom * max(a - 1, 1))
    if found.common is None:
        ms_run = (weight @ found.autoencoder) / (freedom * a * max(b - 1, 1))
        ms_common = ms_run
    else:
        ms_run = (weight @ found.autoencoder) / (freedom * max(a - 1, 1) * max(b - 1, 1))
        ms_common = (weight @ found.common) / (freedom * max(b - 1, 1))
    common = np.maximum(0.0, (ms_common - ms_run) / a)
    return Components(
        pair=np.maximum(0.0, (ms_pair - ms_network - ms_common + ms_run) / (a * b)),
        network=np.maximum(0.0, (ms_network - ms_run) / b) if a > 1 else np.zeros_like(ms_network),
        autoencoder=ms_run + common,
        common=common,
    )


def of_each_pair(found: SumsOfSquares) -> Components:
    """Estimate every pair's own variance between its networks and between their autoencoders.

    Returns
    -------
    Components
        Arrays `(pair,)`; `pair` is 0, since one pair has no variance between pairs.
    """
    a, b = found.networks, found.autoencoders
    ms_network = b * found.network / max(a - 1, 1)
    if found.common is None:
        ms_run = found.autoencoder / (a * max(b - 1, 1))
        common = np.zeros_like(ms_run)
    else:
        ms_run = found.autoencoder / (max(a - 1, 1) * max(b - 1, 1))
        common = np.maximum(0.0, (found.common / max(b - 1, 1) - ms_run) / a)
    return Components(
        pair=np.zeros_like(ms_network),
        network=np.maximum(0.0, (ms_network - ms_run) / b),
        autoencoder=ms_run + common,
        common=common,
    )


def jackknife(values: np.ndarray, estimate: float, confidence: float) -> tuple[float, float]:
    """Give a normal interval around an estimate, from its values with one unit left out each."""
    units = len(values)
    error = math.sqrt((units - 1) / units * ((values - values.mean()) ** 2).sum())
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return estimate - reach, estimate + reach


def reliability(
    found: Components, networks: float | np.ndarray, autoencoders: float | np.ndarray
) -> np.ndarray:
    """Give the share of the variance of means over so many runs that is between pairs.

    0 if pairs do not differ.
    """
    noise = (
        found.network / networks
        + (found.autoencoder - found.common) / (np.asarray(networks) * autoencoders)
        + found.common / autoencoders
    )
    total = np.asarray(found.pair + noise)
    return np.where(total > 0, found.pair / np.where(total > 0, total, 1.0), 0.0)


def networks_for(found: Components, target: float, autoencoders: int) -> int:
    """Give the fewest networks for a reliability; 0 if no number of them reaches it."""
    # What all networks have in common no number of them averages out.
    common = float(found.common) / autoencoders
    allowed = float(found.pair) * (1 - target) / target - common
    if allowed <= 0:
        return 0
    noise = float(found.network) + float(found.autoencoder) / autoencoders - common
    needed = noise / allowed
    return max(1, math.ceil(needed - 1e-9)) if needed <= MOST_NETWORKS else 0


def best_autoencoders(found: Components, network_cost: float, autoencoder_cost: float) -> float:
    """Give the number of autoencoders a network that buys most reliability for its cost, B*.

    `inf` if only autoencoders vary: then more networks buy nothing.
    """
    if float(found.network) <= 0:
        return math.inf if float(found.autoencoder) > 0 else 1.0
    cost = network_cost / autoencoder_cost
    return max(1.0, math.sqrt(cost * float(found.autoencoder) / float(found.network)))


def variance_statistics(
    ranks: np.ndarray,
    spaces: Sequence[Space],
    signs: int,
    *,
    confidence: float,
    target: float,
    near: float,
) -> xr.Dataset:
    """Say how much of the variance is whose, and what more networks would buy (section 5).

    Parameters
    ----------
    ranks
        Mutual ranks of all runs `(space, network, ae_seed, pair)`, pairs in the order of
        `np.triu_indices`.
    spaces
        In the order of the ranks.
    signs
        How many signs there are; leaving out one at a time gives the intervals.
    confidence
        Of the intervals.
    target
        The reliability that the number of networks needed is told for.
    near
        Pairs up to this mean mutual rank are near ones.
    """
    upper = np.triu_indices(signs, 1)
    without = np.stack([(upper[0] == sign) | (upper[1] == sign) for sign in range(signs)])
    of_space = []
    for space, every in zip(spaces, ranks, strict=True):
        runs = every[:, : space.runs]
        sums = sums_of_squares(runs, crossed=space.is_shared and space.runs > 1)
        nearest = runs.mean(axis=(0, 1), dtype=np.float64) <= near
        of_space.append(_of_space(sums, without, confidence, target, nearest))
    found = {name: np.stack([one[name] for one in of_space]) for name in of_space[0]}
    level = f"{confidence:.0%}"
    of_scores = "variance of normal scores of the ranks"
    by_source = (
        Column("variance_share", f"share of the {of_scores}", 5, heading="Share", shown="percent"),
        Column(
            "variance_share_low",
            f"lower end of its {level} interval",
            5,
            shown="percent",
            to="variance_share_high",
        ),
        Column("variance_share_high", f"upper end of its {level} interval", 5, shown="percent"),
        Column("variance", of_scores, 5),
    )
    reliable = Column(
        "reliability",
        "reliability of the pairs' mean score over so many networks and autoencoders",
        5,
        heading="Reliability",
        words="How surely a study orders the pairs: 1 if another study with as many networks and "
        "autoencoders would give the same order.",
    )
    needed = Column(
        "networks_needed",
        f"networks for a reliability of {target:g}; 0: never reached",
        5,
        unit="count",
        heading="Networks needed",
        shown="words",
    )
    words = (
        "How much the pair's place among all pairs changes from one {} (variance). 1 is as much as "
        "the pairs of one training differ."
    )
    of_pair = (
        Column(
            "network_variance",
            "the pair's own variance of normal scores between networks, less what its autoencoders "
            "add to it in a projection; 0 if nothing is left",
            5,
            heading="Varies by network",
            group=NEAR,
            words=words.format("network to another"),
            needs="networks",
        ),
        Column(
            "ae_variance",
            "the pair's own variance of normal scores between a network's autoencoders",
            5,
            heading="Varies by autoencoder",
            group=NEAR,
            words=words.format("autoencoder to another on the same network"),
            needs="autoencoders",
        ),
    )
    made = {
        **variables(("space", "pair"), *((one, found[one.name]) for one in of_pair)),
        **variables(("space", "source"), *((one, found[one.name]) for one in by_source)),
        **variables(("space", "network_count", "ae_count"), (reliable, found["reliability"])),
        **variables(
            ("space", "ae_count"),
            (needed, found["networks_needed"]),
            (
                replace(
                    needed,
                    name="networks_needed_near",
                    meaning=f"the same over the pairs of mean rank up to {near:g} only",
                ),
                found["networks_needed_near"],
            ),
        ),
        **variables(
            ("space", "source"),
            (
                Column(
                    "variance_near",
                    f"{of_scores}, over the pairs of mean rank up to {near:g} only",
                    5,
                ),
                found["variance_near"],
            ),
        ),
        **variables(
            "space",
            (
                Column(
                    "variance_common",
                    f"{of_scores} between autoencoders that is the same in all networks, which "
                    "share them; 0 where each network has its own, or there is one",
                    5,
                ),
                found["variance_common"],
            ),
            (
                Column("near_pairs", f"pairs of mean rank up to {near:g}", 5, unit="pairs"),
                found["near_pairs"],
            ),
        ),
    }
    return xr.Dataset(
        made,
        coords={
            "source": ("source", list(SOURCES), {"long_name": "what varies"}),
            "network_count": ("network_count", list(NETWORK_COUNTS), {"long_name": "networks"}),
            "ae_count": ("ae_count", list(AE_COUNTS), {"long_name": "autoencoders of each"}),
        },
    )


def _only(found: Components) -> Components:
    """Take the components of the one case there is."""
    return Components(*(np.asarray(getattr(found, part.name)).flat[0] for part in fields(found)))


def _of_space(
    sums: SumsOfSquares,
    without: np.ndarray,
    confidence: float,
    target: float,
    near: np.ndarray,
) -> dict[str, np.ndarray]:
    """Everything that is told of one space, by the name of the variable; `near` marks its pairs."""
    whole, others = components(sums), components(sums, without).shares()
    shares = whole.shares()
    values = np.array([getattr(shares, source)[0] for source in SOURCES])
    ends = np.clip(
        [
            jackknife(getattr(others, source), value, confidence)
            for source, value in zip(SOURCES, values, strict=True)
        ],
        0,
        1,
    )
    one, among = _only(whole), _only(components(sums, ~near[None]))
    own = of_each_pair(sums)
    return {
        "variance_share": values,
        "variance_share_low": ends[:, 0],
        "variance_share_high": ends[:, 1],
        "variance": np.array([getattr(one, source) for source in SOURCES]),
        "variance_common": np.asarray(one.common),
        "reliability": reliability(one, np.array(NETWORK_COUNTS)[:, None], np.array(AE_COUNTS)),
        "networks_needed": np.array([networks_for(one, target, count) for count in AE_COUNTS]),
        "variance_near": np.array([getattr(among, source) for source in SOURCES]),
        "networks_needed_near": np.array([networks_for(among, target, n) for n in AE_COUNTS]),
        "near_pairs": np.array(near.sum()),
        "network_variance": own.network,
        "ae_variance": own.autoencoder,
    }
