"""How often, how surely and how near each pair of signs is close: ranks in, its statistics out.

Takes what all retrainings say; gives one data set after the other, whose variables say what they
are, and lays all of them out as `pairs.csv`. The statistics are in `inference`; multiple tests are
corrected after Benjamini & Hochberg (1995) and Benjamini & Yekutieli (2001), by scipy.
"""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import false_discovery_control

from signpaths.closeness.ranks import sensitivity_ranks
from signpaths.columns import NEAR, OFTEN, Column, names_over, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE, RAW
from signpaths.stability import inference
from signpaths.stability.inference import Counted
from signpaths.stability.retrainings import Retrainings

IN_SPACE = ("space", "pair")


def frequency_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how often each pair is close in each space, and how surely (sections 3 and 4)."""
    counted = _counted(found.close, options)
    confidence, tau = _percent(options.confidence), _percent(options.tau)
    level = f"{options.confidence:.0%}"
    count, pairs = len(found.networks), f"{found.ranks.shape[-1]:,}"
    networks = f"{count:,} network{'s' if count != 1 else ''}"
    statistics = [
        (
            Column(
                "pi",
                "share of networks in which the pair is close",
                3,
                heading="Close in",
                shown="bar",
                group=OFTEN,
                words=f"In how many of the {networks} the pair is close. The bar shows the share, "
                "π.",
            ),
            counted.pi,
        ),
        (
            Column(
                "pi_low",
                f"lower end of its {level} interval (Clopper-Pearson)",
                3,
                heading=f"Interval ({confidence})",
                shown="percent",
                to="pi_high",
                group=OFTEN,
                words=f"The {confidence} Clopper–Pearson interval of the share of retrainings in "
                "which the pair is close: where it may lie, seen that only "
                f"{networks} {'were' if count != 1 else 'was'} trained.",
            ),
            counted.pi_low,
        ),
        (
            Column(
                "pi_high",
                f"upper end of its {level} interval (Clopper-Pearson)",
                3,
                shown="percent",
            ),
            counted.pi_high,
        ),
    ]
    if len(found.close_without):
        error = Column(
            "pi_error",
            "standard error of pi, from leaving out one session at a time",
            3,
            heading="± sessions",
            shown="percent",
            group=OFTEN,
            words=_moved_by_sessions("that share", found),
        )
        statistics.append((error, inference.jackknife_error(found.close_without)))
    statistics += [
        (
            Column(
                "p",
                f"N1: exact binomial test of pi at most {options.tau:g}",
                4,
                heading="p",
                shown="p",
                group=OFTEN,
                words="The chance of at least so many close networks if the pair were close in "
                f"{tau} of retrainings.",
            ),
            counted.p,
        ),
        (
            Column(
                "q",
                "p after Benjamini and Hochberg over all pairs",
                4,
                heading="q",
                shown="p",
                group=OFTEN,
                words="Small if chance makes such a share unlikely for a pair that is close in at "
                f"most {tau} of retrainings: p, corrected for looking at {pairs} pairs.",
            ),
            false_discovery_control(counted.p, axis=-1, method="bh"),
        ),
        (
            Column("q_by", "p after Benjamini and Yekutieli over all pairs", 4, shown="p"),
            false_discovery_control(counted.p, axis=-1, method="by"),
        ),
        (
            Column(
                "p_chance",
                "N0: chance of so many close networks if the signs' labels carried nothing",
                4,
                heading="By chance",
                shown="probability",
                group=OFTEN,
                words="The chance of at least so many close networks if the signs' names were "
                "dealt out anew in each. It is easy to pass; the verdict asks for more.",
            ),
            np.stack([inference.chance(one) for one in found.close]),
        ),
    ]
    for name, k in zip(
        ("half", "double"), sensitivity_ranks(found.k, found.signs.size), strict=True
    ):
        sensitive = _counted(found.median_ranks <= k, options)
        text = f"mutual ranks up to {k} count as close"
        share = Column(
            f"pi_{name}_k",
            f"share of networks if {text}",
            3,
            # Half of a small k is k itself, and says nothing new.
            heading=f"If close up to {k}" if k != found.k else "",
            shown="count",
            group=OFTEN,
            words="In how many networks the pair would be close if another mutual rank than "
            f"{found.k} were the limit. A verdict that hangs on the limit is a weak one.",
        )
        corrected = Column(
            f"q_{name}_k", f"q of N1 (Benjamini and Hochberg) if {text}", 4, shown="p"
        )
        statistics += [
            (share, sensitive.pi),
            (corrected, false_discovery_control(sensitive.p, axis=-1, method="bh")),
        ]
    close = Column(
        "close",
        f"mutual rank at most {found.k}",
        2,
        heading="Breaks at",
        shown="words",
        group=OFTEN,
        words="The networks in which the pair is not close.",
    )
    return xr.Dataset(
        variables(IN_SPACE, *statistics)
        | variables(("space", "network", "pair"), (close, found.close))
    )


def rank_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how near each pair is in each space, and how far that varies (section 3)."""
    middle = found.median_ranks
    low, high = np.stack(
        [
            inference.bootstrap_means(
                ranks, resamples=options.resamples, confidence=options.confidence
            )
            for ranks in found.ranks
        ],
        axis=1,
    )
    level = f"{options.confidence:.0%}"
    statistics = [
        (
            Column(
                "rank_mean",
                "mean mutual rank over networks",
                3,
                unit="rank",
                heading="Mean rank",
                shown="rank",
                group=NEAR,
                words="How near the two signs are among all signs: 1 means each is the other's "
                f"nearest, {found.signs.size - 1} is the furthest. Averaged over the networks.",
            ),
            middle.mean(axis=1),
        ),
        (
            Column(
                "rank_low",
                f"lower end of its {level} interval (two-stage bootstrap)",
                3,
                unit="rank",
                heading=f"Interval ({_percent(options.confidence)})",
                shown="rank",
                to="rank_high",
                group=NEAR,
                words=f"Where the mean mutual rank may lie ({_percent(options.confidence)}), from "
                "drawing networks, and autoencoders of each, again and again out of those that "
                "were trained (bootstrap).",
                needs="networks",
            ),
            low,
        ),
        (
            Column(
                "rank_high",
                f"upper end of its {level} interval (two-stage bootstrap)",
                3,
                unit="rank",
                shown="rank",
                needs="networks",
            ),
            high,
        ),
    ]
    if len(found.rank_without):
        error = Column(
            "rank_error",
            "standard error of the mean mutual rank, from leaving out one session at a time",
            3,
            unit="rank",
            heading="± sessions",
            shown="rank",
            group=NEAR,
            words=_moved_by_sessions("the mean mutual rank", found),
        )
        statistics.append((error, inference.jackknife_error(found.rank_without)))
    statistics += [
        (
            Column(
                "rank_q25",
                "first quartile of the mutual rank",
                3,
                unit="rank",
                heading="Quartiles",
                shown="rank",
                to="rank_q75",
                group=NEAR,
                words="Half of the networks give the pair a mutual rank between these two.",
            ),
            np.quantile(middle, 0.25, axis=1),
        ),
        (
            Column("rank_q75", "third quartile of the mutual rank", 3, unit="rank", shown="rank"),
            np.quantile(middle, 0.75, axis=1),
        ),
    ]
    if "energy" in found.means:
        energy = Column(
            "energy",
            "mean energy coefficient: 0 full overlap, 1 none",
            2,
            heading="Energy",
            shown="number",
            group=NEAR,
            words="How much the examples of the two signs overlap: 0 if they lie alike, near 1 if "
            "the signs are far apart for how much they vary.",
        )
        statistics.append((energy, found.means["energy"]))
    rank = Column("mutual_rank", "mutual rank, median over autoencoder seeds", 2, unit="rank")
    return xr.Dataset(
        variables(IN_SPACE, *statistics)
        | variables(("space", "network", "pair"), (rank, middle.astype(np.float32)))
    )


def crossing_statistics(found: Retrainings) -> xr.Dataset:
    """Say how often the paths of each pair meet at different times (section 1)."""
    if "crossing" not in found.means:
        return xr.Dataset()
    crossing = Column(
        "crossing",
        "share of example pairs that meet at different times; empty if none is known",
        1,
        heading="Paths meet",
        shown="fine percent",
        group=NEAR,
        words="In how many pairs of examples the two paths come to the same place, but at "
        "different times. Such paths cross in a picture although the signs are not alike.",
    )
    return xr.Dataset(variables(IN_SPACE, (crossing, found.means["crossing"])))


def pair_table(dataset: xr.Dataset) -> pd.DataFrame:
    """Lay out `stability.zarr` as one row a pair, the most stable first.

    Whatever is known of pairs, or of pairs in spaces, gets a column.
    """
    table = {"sign_a": dataset.sign_a.values, "sign_b": dataset.sign_b.values}
    table |= {name: dataset[name].values for name in names_over(dataset, "pair")}
    for space in dataset.raw_space.values:
        if space != RAW:
            table[f"{space}_rank"] = dataset["input_rank"].sel(raw_space=space).values
    networks = dataset.network.values.astype(str)
    for space in dataset.space.values:
        here = dataset.sel(space=space)
        for name in names_over(dataset, *IN_SPACE):
            table[f"{space}_{name}"] = here[name].values
        close = here["close"].transpose("pair", "network").values
        table[f"{space}_breaks"] = [" ".join(networks[broken]) for broken in ~close]
    return pd.DataFrame(table).sort_values(
        [f"{HEADLINE}_pi", f"{HEADLINE}_rank_mean", "sign_a", "sign_b"],
        ascending=[False, True, True, True],
    )


def _counted(close: np.ndarray, options: StabilityOptions) -> Counted:
    return inference.count_close(close, tau=options.tau, confidence=options.confidence)


def _percent(share: float) -> str:
    return f"{100 * share:g}\u00a0%"


def _moved_by_sessions(what: str, found: Retrainings) -> str:
    return (
        f"How far {what} would move with other recording sessions: its standard error, from "
        f"leaving out one of {len(found.close_without)} sessions at a time."
    )
