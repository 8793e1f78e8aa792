"""Stage `stability`: closeness of every run in, a verdict, a cause and pictures of every pair out.

Takes the closeness of all networks and of the raw signals, run by run; gives `stability.zarr` and
`pairs.csv`: how often each pair is close over retrainings, how sure that is, where the variance
comes from and what the closeness is due to.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from signpaths.closeness.ranks import sensitivity_ranks
from signpaths.columns import in_order
from signpaths.options import StabilityOptions
from signpaths.runs import check_same, of_activations, open_run, read_names
from signpaths.spaces import HEADLINE, coordinates
from signpaths.stability.answers import SURE, answer_statistics, observed_in
from signpaths.stability.controls import (
    ceiling_statistics,
    input_statistics,
    label_statistics,
    signal_statistics,
    training_statistics,
)
from signpaths.stability.groups import group_statistics
from signpaths.stability.halves import half_statistics
from signpaths.stability.kept import kept_statistics
from signpaths.stability.pairs import (
    crossing_statistics,
    frequency_statistics,
    pair_table,
    rank_statistics,
)
from signpaths.stability.parting import parting_statistics
from signpaths.stability.planning import planned
from signpaths.stability.retrainings import Retrainings, read_retrainings
from signpaths.stability.sensitivity import curve_statistics, hub_statistics
from signpaths.stability.shrinkage import shrunk_statistics
from signpaths.stability.variance import variance_statistics
from signpaths.stability.verdicts import (
    UNDECIDED,
    VERDICTS,
    fewest_networks,
    verdict_of_counts,
)
from signpaths.stores import open_store, write_store, write_table

# Thresholds that whoever reads the store needs beside its numbers.
TOLD = ("tau", "fdr", "rare", "firm", "present", "confidence", "reliability")


def stability(
    networks: Path,
    raw: Path,
    closeness: Path,
    store: Path,
    pairs: Path,
    /,
    *,
    options: StabilityOptions = StabilityOptions(),
) -> None:
    """Say which pairs stay close over retrainings, and why the others do not.

    Parameters
    ----------
    networks
        The list of stage `networks`.
    raw
        The store of stage `closeness-raw`.
    closeness
        The folder with the stores of stage `closeness`, `<network>.zarr`.
    store
        The zarr store to write, over `(space, network, pair)`.
    pairs
        The CSV to write: one row a pair, the most stable first.

    Raises
    ------
    UserError
        If the stores are not of one study, or it has one sign only.
    """
    names = read_names(networks)
    signals = open_store(raw, "closeness-raw")
    check_same(signals, open_run(closeness, names[0], "closeness"), ["sign"], str(raw))
    found = read_retrainings(closeness, names, options.close_fraction)
    dataset = statistics(found, signals, options)
    write_table(pairs, pair_table(dataset))
    count = dataset.sizes["pair"]
    write_store(
        dataset,
        store,
        stage="stability",
        title=f"Which of {count} pairs of signs stay close over {len(names)} networks",
        options=options,
        made_from=of_activations(closeness, names),
    )


def statistics(found: Retrainings, signals: xr.Dataset, options: StabilityOptions) -> xr.Dataset:
    """Compute everything that `stability.zarr` holds; `signals` is the store of `closeness-raw`."""
    count, needed = len(found.networks), fewest_networks(options)
    # Tables show the statistics in this order.
    own = signal_statistics(found, signals)
    hidden = found.close[found.space_names.index(HEADLINE)]
    count_close = np.rint(hidden.sum(axis=0)).astype(int)
    observed = observed_in(found, own["raw_close"].values)
    dataset = xr.merge(
        [
            answer_statistics(observed, found.space_names, options),
            own,
            training_statistics(found, options),
            input_statistics(found, signals, options),
            frequency_statistics(found, options),
            rank_statistics(found, options),
            shrunk_statistics(count_close, count, options.tau),
            planned(
                count_close,
                count,
                lambda counts, networks: verdict_of_counts(counts, networks, options),
                verdicts=VERDICTS,
                open_verdict=UNDECIDED,
                options=options,
            ),
            variance_statistics(
                found.ranks,
                found.spaces,
                found.signs.size,
                confidence=options.confidence,
                target=options.reliability,
                near=2 * found.k,
            ),
            parting_statistics(found, options),
            crossing_statistics(found),
            ceiling_statistics(found),
            half_statistics(observed, options),
            group_statistics(
                hidden,
                found.signs,
                tau=options.tau,
                resamples=options.resampled_studies,
                seed=0,
            ),
            label_statistics(found, options),
            hub_statistics(found, options),
            curve_statistics(found, options),
            kept_statistics(found),
        ],
        combine_attrs="no_conflicts",
    ).assign_coords(labels(found))
    half, double = sensitivity_ranks(found.k, found.signs.size)
    return in_order(dataset).assign_attrs(
        k=found.k,
        k_half=half,
        k_double=double,
        **{name: getattr(options, name) for name in TOLD},
        networks=count,
        ae_seeds=found.autoencoders,
        signs=found.signs.size,
        pairs=dataset.sizes["pair"],
        sessions=len(found.close_without),
        networks_needed_any=needed,
        inference=int(count >= needed),
        sure=SURE,
        closeness=found.measured,
        notes="\n".join(cautions(found)),
    )


def labels(found: Retrainings) -> dict[str, tuple[str, object, dict[str, str]]]:
    """Give the coordinates of spaces, networks, signs and pairs."""
    first, second = np.triu_indices(found.signs.size, 1)
    return {
        **coordinates(found.spaces),
        "network": ("network", found.networks, {"long_name": "network"}),
        "sign": ("sign", found.signs, {"long_name": "sign"}),
        "sign_a": ("pair", found.signs[first], {"long_name": "first sign of the pair"}),
        "sign_b": ("pair", found.signs[second], {"long_name": "second sign of the pair"}),
    }


def cautions(found: Retrainings) -> list[str]:
    """Say in words what a study of this size cannot tell."""
    notes = []
    if len(found.networks) == 1:
        notes.append(
            "One network: nothing can be said about retraining; the variance between networks is "
            "unknown and counts as none."
        )
    if found.autoencoders == 1:
        notes.append(
            "One autoencoder: what autoencoders change cannot be told from what networks change."
        )
    if found.signs.size == 2:
        notes.append("Two signs make one pair, which is always close: ranks say nothing here.")
    if not len(found.close_without):
        reason = found.no_sessions or "the runs do not compare examples of the same sessions."
        notes.append(f"No standard errors over sessions: {reason}")
    return notes
