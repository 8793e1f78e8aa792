"""Stage `agreement`: hidden states and ranks of every run in, how alike the runs are out.

Takes activations, closeness and metrics of all networks, one run at a time; gives for every two
runs linear CKA (Kornblith et al. 2019), Procrustes disparity and the correlation of their ranks,
for every run its place below the noise ceiling (Nili et al. 2014), and flags the runs that stand
out. Nothing is dropped. The measures are in `similarity`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from signpaths.closeness.ranks import largest_close_rank
from signpaths.columns import Column, in_order, variables
from signpaths.errors import UserError
from signpaths.frames import sampled_frames
from signpaths.options import AgreementOptions, CloseOptions
from signpaths.runs import open_run, open_runs, read_metrics, read_names
from signpaths.spaces import HEADLINE
from signpaths.stability.similarity import (
    DEVIATIONS,
    cka_and_procrustes,
    mean_jaccard,
    nearest_signs,
    noise_ceiling,
    normalised,
    outlying,
    rank_correlations,
)
from signpaths.stores import write_store

FAILED, INACCURATE, OUTLYING, CONSTANT = FLAGS = (
    "failed to learn",
    "low validation accuracy",
    "outlying ranks",
    "constant activations",
)
# No less than this stands out: where all runs are alike, a trifle is many deviations.
ACCURACY_MARGIN = 0.05
CONSENSUS_MARGIN = 0.1


@dataclass(frozen=True)
class Comparands:
    """What is compared of all networks, in their order.

    Attributes
    ----------
    networks
        Their names.
    signs
        Names, `(sign,)`.
    k
        So many nearest signs are compared.
    states
        Sampled hidden states of each network, centred and of norm 1, float32 `(frame, unit)`; None
        if they are all equal.
    ranks
        Ranks of the pairs' mutual ranks in the headline's space, `(network, pair)`.
    nearest
        Whether `other` is one of the sign's k nearest, bool `(network, sign, other)`.
    validation, test
        Accuracy, `(network,)`.
    learned
        bool `(network,)`.
    frames
        Frames in the sample.
    """

    networks: list[str]
    signs: np.ndarray
    k: int
    states: list[np.ndarray | None]
    ranks: np.ndarray
    nearest: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    learned: np.ndarray
    frames: int

    @property
    def constant(self) -> np.ndarray:
        """Tell the networks whose hidden states are all equal, bool `(network,)`."""
        return np.array([states is None for states in self.states])


def agreement(
    networks: Path,
    activations: Path,
    closeness: Path,
    metrics: Path,
    store: Path,
    /,
    *,
    options: AgreementOptions = AgreementOptions(),
    close: CloseOptions = CloseOptions(),
) -> None:
    """Say how alike the runs of a study are, and which stand out.

    Parameters
    ----------
    networks
        The list of stage `networks`.
    activations
        The folder with the stores of stage `activations`, `<network>.zarr`.
    closeness
        The folder with the stores of stage `closeness`, `<network>.zarr`.
    metrics
        The folder with the metrics of the trained networks, `<network>/metrics.json`.
    store
        The zarr store to write: `cka`, `procrustes` and `rank_correlation` over
        `(network, other_network)`, `jaccard(network, sign)`, and `consensus`, `ceiling_upper`,
        accuracies and `flag` over `network`.

    Raises
    ------
    UserError
        If the files are not of one study or hold no finite numbers.
    """
    names = read_names(networks)
    found = read_comparands(
        names, activations, closeness, metrics, options.frames, close.close_fraction
    )
    dataset = comparison(found)
    flagged = int((dataset.flag.values != "").sum())
    write_store(
        dataset.assign_attrs(
            networks=len(names),
            signs=found.signs.size,
            pairs=found.ranks.shape[1],
            frames=found.frames,
            k=found.k,
            flagged=flagged,
            deviations=DEVIATIONS,
            accuracy_margin=ACCURACY_MARGIN,
            consensus_margin=CONSENSUS_MARGIN,
            note="\n".join(_notes(found)),
        ),
        store,
        stage="agreement",
        title=f"How alike {len(names)} networks are in hidden states and ranks",
        options=options,
    )


def read_comparands(
    names: list[str],
    activations: Path,
    closeness: Path,
    metrics: Path,
    frames: int,
    close_fraction: float,
) -> Comparands:
    """Read one network after the other, and of each no more than is compared."""
    trained = read_metrics(metrics, names)
    signs = open_run(closeness, names[0]).sign.values
    if signs.size < 2:
        raise UserError("one sign has no pair; the study needs two signs or more.")
    real = open_run(activations, names[0]).mask.values
    # Splits can differ between runs: only a sample of all examples is the same for each.
    at = sampled_frames(real, np.ones(len(real), dtype=bool), frames)
    if at[0].size < 2:
        raise UserError(f"{activations}: fewer than two real frames; nothing to compare.")
    k = largest_close_rank(signs.size, close_fraction)
    upper = np.triu_indices(signs.size, 1)
    states, ranks, nearest = [], [], []
    for path, one in open_runs(activations, names, ("sign", "mask")):
        states.append(normalised(_finite(one.hidden.values[at], path)))
    for path, one in open_runs(closeness, names, ("sign",)):
        if HEADLINE not in one.space.values:
            raise UserError(f"{path}: no space {HEADLINE} here. Make its closeness again.")
        # The hidden states do without an autoencoder and are repeated over its seeds.
        own = one.sel(space=HEADLINE).isel(ae_seed=0)
        ranks.append(rankdata(_finite(own.mutual_rank.values[upper], path)))
        nearest.append(nearest_signs(own.distance.values, k))
    return Comparands(
        networks=names,
        signs=signs,
        k=k,
        states=states,
        ranks=np.array(ranks),
        nearest=np.array(nearest),
        validation=np.array([float(run["validation_accuracy"]) for run in trained]),
        test=np.array([float(run["test_accuracy"]) for run in trained]),
        learned=np.array([run["learned"] for run in trained]),
        frames=at[0].size,
    )


def flags(found: Comparands, consensus: np.ndarray) -> np.ndarray:
    """Say what is odd about each run, `(network,)`; several things joined, nothing is empty."""
    told = {
        FAILED: ~found.learned,
        INACCURATE: outlying(found.validation, ACCURACY_MARGIN),
        OUTLYING: outlying(consensus, CONSENSUS_MARGIN),
        CONSTANT: found.constant,
    }
    return np.array(
        [
            "; ".join(name for name, of_runs in told.items() if of_runs[index])
            for index in range(len(found.networks))
        ]
    )


def comparison(found: Comparands) -> xr.Dataset:
    """Compare all networks, and lay out what was found."""
    runs = len(found.networks)
    cka, procrustes = cka_and_procrustes(found.states)
    jaccard = np.full((runs, found.signs.size), np.nan)
    jaccard[~found.constant] = mean_jaccard(found.nearest[~found.constant])
    consensus, ceiling_upper = noise_ceiling(found.ranks)
    equal = "on the diagonal and where hidden states are all equal"
    vary = "with one run, or where ranks do not vary"
    of_two = variables(
        ("network", "other_network"),
        (
            Column(
                "cka",
                f"linear CKA of hidden states: 1 alike; empty {equal}",
                7,
                heading="Linear CKA",
                words="How alike the hidden states of two networks are; 1 is the same but for "
                "rotation.",
            ),
            cka,
        ),
        (
            Column(
                "procrustes",
                "Procrustes disparity of hidden states: 0 alike but for rotation and scale, 1 "
                f"nothing in common; empty {equal}",
                7,
                heading="Procrustes disparity",
                words="How much of one network's hidden states no rotation of another's explains; "
                "0 is the same but for rotation.",
            ),
            procrustes,
        ),
        (
            Column(
                "rank_correlation",
                f"Spearman's correlation of the pairs' mutual ranks in {HEADLINE}; empty on the "
                "diagonal and where ranks do not vary",
                7,
                heading="Rank correlation",
                words="How alike the order of the pairs is in two networks.",
            ),
            rank_correlations(found.ranks),
        ),
    )
    of_sign = variables(
        ("network", "sign"),
        (
            Column(
                "jaccard",
                f"share of the sign's {found.k} nearest signs that two runs have in common "
                "(Jaccard index), mean over the other runs; empty with one run, or where hidden "
                "states are all equal",
                7,
                heading="Nearest signs in common",
                shown="percent",
            ),
            jaccard,
        ),
    )
    of_one = variables(
        "network",
        (
            Column(
                "consensus",
                "Spearman's correlation of the run's ranks with the mean ranks of the others; its "
                f"mean is the lower end of the noise ceiling; empty {vary}",
                7,
                heading="Noise ceiling",
                to="ceiling_upper",
                words="So well would a perfect model of all networks correlate with one of them.",
            ),
            consensus,
        ),
        (
            Column(
                "ceiling_upper",
                "Spearman's correlation of the run's ranks with the mean ranks of all runs; its "
                f"mean is the upper end of the noise ceiling; empty {vary}",
                7,
            ),
            ceiling_upper,
        ),
        (
            Column(
                "validation_accuracy", "accuracy on validation examples", 7, shown="fine percent"
            ),
            found.validation,
        ),
        (Column("test_accuracy", "accuracy on test examples", 7, shown="fine percent"), found.test),
        (
            Column(
                "learned",
                "whether the network learned enough to count as trained",
                7,
                shown="words",
            ),
            found.learned,
        ),
        (
            Column("flag", "what is odd about the run; empty: nothing", 7, shown="words"),
            flags(found, consensus),
        ),
    )
    return in_order(
        xr.Dataset(
            of_two | of_sign | of_one,
            coords={
                "network": ("network", found.networks, {"long_name": "network"}),
                "other_network": (
                    "other_network",
                    found.networks,
                    {"long_name": "network of the other run"},
                ),
                "sign": ("sign", found.signs, {"long_name": "sign"}),
            },
        )
    )


def _notes(found: Comparands) -> list[str]:
    notes = []
    if len(found.networks) == 1:
        notes.append("One network has nothing to agree with; the values are missing.")
    if found.signs.size == 2:
        notes.append("Two signs make one pair: its ranks cannot vary, so nothing correlates.")
    return notes


def _finite(values: np.ndarray, store: Path) -> np.ndarray:
    if not np.isfinite(values).all():
        raise UserError(
            f"{store}: it holds values that are no finite numbers. A network has diverged: train "
            "it again with a lower learning rate, or leave it out."
        )
    return values
