"""How often, how surely and how near each pair of signs is close: ranks in, its statistics out.

Takes what all retrainings say; gives one data set after the other, whose variables say what they
are, and lays all of them out as `pairs.csv`. The statistics are in `inference`
and `betting`.
"""

from dataclasses import fields

import numpy as np
import pandas as pd
import xarray as xr

from signpaths.closeness.ranks import sensitivity_ranks
from signpaths.columns import NEAR, OFTEN, Column, names_over, variables
from signpaths.options import StabilityOptions
from signpaths.spaces import HEADLINE, RAW
from signpaths.stability import betting, inference
from signpaths.stability.inference import Tested
from signpaths.stability.intervals import mean_interval
from signpaths.stability.retrainings import Retrainings
from signpaths.stability.verdicts import NONE
from signpaths.wording import counted

IN_SPACE = ("space", "pair")


def frequency_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how often each pair is close in each space, and how surely (sections 3 and 4)."""
    tested = _tested(found, found.close, options)
    confidence, tau = _percent(options.confidence), _percent(options.tau)
    level = f"{options.confidence:.0%}"
    trained = _trained(found)
    statistics = [
        (
            Column(
                "pi",
                "share of networks in which the pair is close; in a projection the mean over "
                "networks of the share of their autoencoders",
                3,
                heading="Close in",
                shown="bar",
                group=OFTEN,
                words="In how many of the networks the pair is close; in the space of an "
                "autoencoder, in how many of the pictures that all of them make. The bar shows the "
                "share, π.",
            ),
            tested["pi"],
        ),
        (
            Column(
                "pi_low",
                f"lower end of its {level} interval (Clopper-Pearson; by bets where networks "
                "count by shares)",
                3,
                heading=f"Interval ({confidence})",
                shown="percent",
                to="pi_high",
                group=OFTEN,
                words=f"Where the share of retrainings in which the pair is close may lie "
                f"({confidence}), seen that only {trained}.",
            ),
            tested["pi_low"],
        ),
        (
            Column("pi_high", f"upper end of its {level} interval", 3, shown="percent"),
            tested["pi_high"],
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
                f"N1: exact binomial test of pi at most {options.tau:g}, given that the pair is "
                "close in more; 1 if it is not; Hoeffding's bound where networks count by shares",
                4,
                heading="p",
                shown="p",
                group=OFTEN,
                words="The chance of at least so many close networks if the pair were close in "
                f"{tau} of retrainings, among pairs that are close in more than {tau}.",
            ),
            tested["p"],
        ),
        (
            Column(
                "q",
                f"p after Benjamini and Hochberg over the pairs close in more than {options.tau:g} "
                "of networks; over all pairs where networks count by shares",
                4,
                heading="q",
                shown="p",
                group=OFTEN,
                words="Small if chance makes such a share unlikely for a pair that is close in at "
                f"most {tau} of retrainings: p, corrected for looking at so many pairs.",
            ),
            tested["q"],
        ),
        (
            Column("q_by", "p after Benjamini and Yekutieli, likewise", 4, shown="p"),
            tested["q_by"],
        ),
        (
            Column(
                "apart_q",
                f"N1a: exact test of pi at least {options.tau:g}, after Benjamini and Hochberg "
                "over all pairs",
                4,
                heading="q of apart",
                shown="p",
                group=OFTEN,
                words="Small if chance makes so few close networks unlikely for a pair that is "
                f"close in at least {tau} of retrainings.",
            ),
            tested["apart_q"],
        ),
        *_however_often_looked(found.close, options),
        (
            Column(
                "p_arrangement",
                "N0: chance of so many close networks if the signs changed places at random in "
                "each; a network counts if half of its autoencoders do",
                4,
                heading="By arrangement",
                shown="probability",
                group=OFTEN,
                words="The chance of at least so many close networks if the signs changed places "
                "at random in each. It is easy to pass; the verdict asks for more.",
            ),
            np.stack([inference.arrangement(one >= 0.5) for one in found.close]),
        ),
    ]
    for name, k in zip(
        ("half", "double"), sensitivity_ranks(found.k, found.signs.size), strict=True
    ):
        sensitive = _tested(found, found.close_up_to(k), options)
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
        corrected = Column(f"q_{name}_k", f"q of N1 if {text}", 4, shown="p")
        statistics += [(share, sensitive["pi"]), (corrected, sensitive["q"])]
    close = Column(
        "close",
        f"mutual rank at most {found.k}; share of the network's autoencoders in a projection",
        2,
        heading="Not close in",
        shown="words",
        group=OFTEN,
        words="The networks in which the pair is not close, or not for half of the autoencoders.",
    )
    return xr.Dataset(
        variables(IN_SPACE, *statistics)
        | variables(("space", "network", "pair"), (close, found.close))
    )


def _however_often_looked(
    close: np.ndarray, options: StabilityOptions
) -> list[tuple[Column, np.ndarray]]:
    """N1e and the confidence sequence, which hold if networks are added after looking."""
    log_e = [betting.log_e_values(one, options.tau) for one in close]
    ends = [betting.confidence_sequence(one, options.confidence) for one in close]
    low, high = np.array(ends).swapaxes(0, 1)
    level = _percent(options.confidence)
    return [
        (
            Column(
                "e",
                f"N1e: logarithm (base 10) of the e-value against pi at most {options.tau:g}",
                4,
            ),
            np.array(log_e) / np.log(10),
        ),
        (
            Column(
                "always",
                "N1e: stays close however often one looked (e-values, Benjamini and Hochberg)",
                4,
                heading="At any time",
                shown="words",
                group=OFTEN,
                words="Whether the pair would be said to stay close even if networks were added "
                "again and again until something showed. It matters if that is what was done.",
            ),
            np.array([betting.discovered(one, options.fdr) for one in log_e]),
        ),
        (
            Column(
                "pi_always_low",
                f"lower end of the {options.confidence:.0%} confidence sequence of pi",
                3,
                heading="Interval, at any time",
                shown="percent",
                to="pi_always_high",
                group=OFTEN,
                words=f"An interval ({level}) that holds even if networks are added after "
                "looking; the price is its width.",
            ),
            low,
        ),
        (Column("pi_always_high", "upper end of it", 3, shown="percent"), high),
    ]


def rank_statistics(found: Retrainings, options: StabilityOptions) -> xr.Dataset:
    """Say how near each pair is in each space, and how far that varies (section 3)."""
    of_network = found.mean_ranks
    low, high = np.stack(
        [
            mean_interval(one, largest=found.signs.size - 1, confidence=options.confidence)
            for one in of_network
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
            of_network.mean(axis=1),
        ),
        (
            Column(
                "rank_low",
                f"lower end of its {level} interval (t on the log scale)",
                3,
                unit="rank",
                heading=f"Interval ({_percent(options.confidence)})",
                shown="rank",
                to="rank_high",
                group=NEAR,
                words=f"Where the mean mutual rank may lie ({_percent(options.confidence)}), seen "
                f"that only {_trained(found)}.",
                needs="networks",
            ),
            low,
        ),
        (
            Column(
                "rank_high",
                f"upper end of its {level} interval (t on the log scale)",
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
            np.quantile(of_network, 0.25, axis=1),
        ),
        (
            Column("rank_q75", "third quartile of the mutual rank", 3, unit="rank", shown="rank"),
            np.quantile(of_network, 0.75, axis=1),
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
    meaning = "mutual rank, mean over the network's autoencoders"
    rank = Column("mutual_rank", meaning, 2, unit="rank")
    return xr.Dataset(
        variables(IN_SPACE, *statistics)
        | variables(("space", "network", "pair"), (rank, of_network.astype(np.float32)))
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
            # What a projection does with a pair is asked in projections only.
            if not (name.startswith("picture") and (here["picture"] == NONE).all()):
                table[f"{space}_{name}"] = here[name].values
        close = here["close"].transpose("pair", "network").values
        table[f"{space}_breaks"] = [" ".join(networks[broken]) for broken in close < 0.5]
    return pd.DataFrame(table).sort_values(
        [f"{HEADLINE}_pi", f"{HEADLINE}_rank_mean", "sign_a", "sign_b"],
        ascending=[False, True, True, True],
    )


def _tested(
    found: Retrainings, close: np.ndarray, options: StabilityOptions
) -> dict[str, np.ndarray]:
    """Everything that `inference.Tested` holds, `(space, pair)` each."""
    limits = {"tau": options.tau, "confidence": options.confidence}
    count = len(found.networks)
    tested = [
        inference.share_tested(one, **limits)
        if space.runs > 1
        else inference.count_tested(np.rint(one.sum(axis=0)).astype(int), count, **limits)
        for space, one in zip(found.spaces, close, strict=True)
    ]
    return {
        field.name: np.array([getattr(one, field.name) for one in tested])
        for field in fields(Tested)
    }


def _trained(found: Retrainings) -> str:
    count = len(found.networks)
    return f"{counted(count, 'network')} {'were' if count != 1 else 'was'} trained"


def _percent(share: float) -> str:
    return f"{100 * share:g}\u00a0%"


def _moved_by_sessions(what: str, found: Retrainings) -> str:
    return (
        f"How far {what} would move with other recording sessions: its standard error, from "
        f"leaving out one of {len(found.close_without)} sessions at a time."
    )
