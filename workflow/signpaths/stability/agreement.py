"""Stage `agreement`: hidden states, ranks and answers of every run in, how alike the runs are out.

Takes activations, closeness and metrics of all networks, one run at a time; says of every two runs
how alike they are, of all what chance gives, and flags the runs that stand out. Nothing is dropped.
What is measured is in `comparison`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import rankdata

from signpaths.closeness.ranks import largest_close_rank
from signpaths.errors import UserError
from signpaths.frames import resample
from signpaths.options import AgreementOptions, CloseOptions
from signpaths.origins import check_origin, made_from
from signpaths.runs import open_run, open_runs, read_metrics, read_names
from signpaths.spaces import HEADLINE
from signpaths.stability.comparison import (
    ACCURACY_MARGIN,
    CONSENSUS_MARGIN,
    Comparands,
    comparison,
)
from signpaths.stability.crossed import CONFIDENCE
from signpaths.stability.functional import FEWEST_COMMON, Answers
from signpaths.stability.representations import normalised, sampled_examples
from signpaths.stability.similarity import DEVIATIONS, nearest_signs
from signpaths.stores import write_store

# Of each example: hidden states change slowly, and between so many phases they are nearly straight.
PHASES = 10


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
        The zarr store to write: every measure over `(network, other_network)`, what they come to
        over `measure`, places on a map over `(network, axis)`, and `consensus`, `ceiling_upper`,
        accuracies and `flag` over `network`.

    Raises
    ------
    UserError
        If the files are not of one study or hold no finite numbers.
    """
    names = read_names(networks)
    found = read_comparands(
        names, activations, closeness, metrics, options.examples, close.close_fraction
    )
    dataset = comparison(found, options.permutations)
    write_store(
        dataset.assign_attrs(
            networks=len(names),
            signs=found.signs.size,
            pairs=found.ranks.shape[1],
            examples=found.label.size,
            phases=PHASES,
            permutations=options.permutations,
            fewest_common=FEWEST_COMMON,
            k=found.k,
            flagged=int((dataset.flag.values != "").sum()),
            deviations=DEVIATIONS,
            accuracy_margin=ACCURACY_MARGIN,
            consensus_margin=CONSENSUS_MARGIN,
            confidence=CONFIDENCE,
        ),
        store,
        stage="agreement",
        title=f"How alike {len(names)} networks are in hidden states, ranks and answers",
        options=options,
        made_from={f"network {name}": activations / f"{name}.zarr" for name in names},
    )


def read_comparands(
    names: list[str],
    activations: Path,
    closeness: Path,
    metrics: Path,
    examples: int,
    close_fraction: float,
) -> Comparands:
    """Read one network after the other, and of each no more than is compared."""
    trained = read_metrics(metrics, names)
    signs = open_run(closeness, names[0], "closeness").sign.values
    if signs.size < 2:
        raise UserError("one sign has no pair; the study needs two signs or more.")
    first = open_run(activations, names[0], "activations")
    known = pd.Index(signs)
    label = known.get_indexer(pd.Index(first.sign.values))
    if (label < 0).any():
        raise UserError(
            f"{closeness}: no sign {first.sign.values[label < 0][0]} here. Make activations and "
            "closeness from the same sequences."
        )
    # Splits can differ between runs: only a sample of all examples is the same for each.
    sample = sampled_examples(label, examples)
    real = first.mask.values[sample]
    k = largest_close_rank(signs.size, close_fraction)
    upper = np.triu_indices(signs.size, 1)
    states, answers, ranks, nearest = [], [], [], []
    for path, one in open_runs(activations, names, "activations", ("sign", "mask", "class")):
        column = known.get_indexer(pd.Index(one["class"].values))
        if (column < 0).any():
            raise UserError(f"{path}: it answers signs that {closeness} lacks. Make it again.")
        hidden = _finite(resample(one.hidden.values[sample], real, PHASES), path)
        states.append(normalised(hidden.reshape(-1, hidden.shape[-1])))
        answers.append(_answers(one, column, path))
    for path, one in open_runs(closeness, names, "closeness", ("sign",)):
        check_origin(path, made_from(path), {"activations": activations / path.name})
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
        label=label[sample],
        states=states,
        right=label,
        answers=answers,
        ranks=np.array(ranks),
        nearest=np.array(nearest),
        validation=np.array([float(run["validation_accuracy"]) for run in trained]),
        test=np.array([float(run["test_accuracy"]) for run in trained]),
        learned=np.array([run["learned"] for run in trained]),
    )


def _answers(one: xr.Dataset, column: np.ndarray, store: Path) -> Answers:
    """Take what a network answers on examples that it was not trained on."""
    held_out = np.flatnonzero(one.part.values != "train")
    probability = _finite(one.probability.values[held_out], store).astype(np.float32)
    return Answers(held_out, probability, column[probability.argmax(axis=1)])


def _finite(values: np.ndarray, store: Path) -> np.ndarray:
    if not np.isfinite(values).all():
        raise UserError(
            f"{store}: it holds values that are no finite numbers. A network has diverged: train "
            "it again with a lower learning rate, or leave it out."
        )
    return values
