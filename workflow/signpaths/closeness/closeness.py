"""Stage `closeness`: trajectories in, distance, mutual rank and energy of every pair out.

Takes the hidden states and paths of one network; measures every pair of signs in every space:
hidden states, the last one, the untrained twin's, principal components, autoencoders. Only real
frames count.
"""

from pathlib import Path

import numpy as np

from signpaths.closeness.distances import example_distances
from signpaths.closeness.examples import chosen_examples, described_examples
from signpaths.closeness.labellings import labelled_at_random, labelling_variables
from signpaths.closeness.measures import as_dataset, measure, measure_warped, summarise
from signpaths.closeness.partings import mean_paths, parting_variables
from signpaths.errors import UserError
from signpaths.frames import check_finite, last_states, resample
from signpaths.options import ClosenessOptions
from signpaths.origins import check_origin, made_from
from signpaths.spaces import (
    HIDDEN_SPACE,
    LAST_SPACE,
    UNTRAINED_SPACE,
    described,
    warped,
)
from signpaths.stores import open_store, write_store


def closeness(
    activations: Path,
    untrained: Path,
    paths: Path,
    store: Path,
    /,
    *,
    options: ClosenessOptions = ClosenessOptions(),
) -> None:
    """Measure how close every pair of signs is in one run.

    Parameters
    ----------
    activations
        The store of stage `activations`.
    untrained
        That of the untrained twin.
    paths
        The store of stage `paths`.
    store
        The zarr store to write: `distance`, `mutual_rank`, `energy` over
        `(space, ae_seed, sign, other)`. Spaces of fewer runs are repeated over `ae_seed`.
    """
    hidden, twin = open_store(activations, "activations"), open_store(untrained, "untrained")
    projected = open_store(paths, "paths")
    for path in (untrained, paths):
        check_origin(path, made_from(path), {"activations": activations})
    chosen = chosen_examples(hidden.part.values, options.examples)
    examples = described_examples(hidden, hidden.part.values, chosen)
    real = hidden.mask.values[chosen]
    states, untrained_states = (store.hidden.values[chosen] for store in (hidden, twin))
    for path, one in ((activations, states), (untrained, untrained_states)):
        check_finite(one[real], path)
    points = {
        HIDDEN_SPACE: [resample(states, real, options.phases)],
        LAST_SPACE: [last_states(states, real)[:, None]],
        UNTRAINED_SPACE: [resample(untrained_states, real, options.phases)],
    }
    seeds = projected.ae_seed.values
    for row, space in enumerate(described(projected)):
        points[space] = []
        for column in range(space.runs):
            path = projected.path[row, column].values[chosen]
            check_finite(path[real][:, : space.dims], paths)
            # What is beyond the space's dimensions, or no real frame, is empty.
            points[space].append(resample(np.nan_to_num(path), real, options.phases))
    found = {
        space: [measure(one, examples, options.crossing_examples) for one in runs]
        for space, runs in points.items()
        if space != HIDDEN_SPACE
    }
    between = example_distances(points[HIDDEN_SPACE][0])
    own = summarise(between, points[HIDDEN_SPACE][0], examples, options.crossing_examples)
    found = {HIDDEN_SPACE: [own], **found}
    by_name = {space.name: space for space in points}
    for name in options.dtw:
        if name not in by_name:
            raise UserError(f"closeness.dtw: no space {name} here; there are {', '.join(by_name)}.")
        found[warped(by_name[name])] = [
            measure_warped(one, examples, options.crossing_examples, options.dtw_band)
            for one in points[by_name[name]]
        ]
    repeated = {
        space: [runs[column % len(runs)] for column in range(len(seeds))]
        for space, runs in found.items()
    }
    dataset = as_dataset(repeated, examples).assign_coords(
        ae_seed=("ae_seed", seeds, projected.ae_seed.attrs)
    )
    signs, label = np.unique(examples.sign, return_inverse=True)
    length = real.sum(axis=1)
    on_the_way = {
        space: [mean_paths(one, label, length) for one in runs]
        for space, runs in points.items()
        if runs[0].shape[1] > 1
    }
    dataset = dataset.merge(
        parting_variables(on_the_way, list(repeated), signs.tolist(), len(seeds), options.parting)
    ).assign_attrs(parting=options.parting, network=activations.stem)
    # Where splits differ, so do the examples that are compared, and what is dealt out to whom.
    if options.labellings and options.examples == "all":
        dealt = labelled_at_random(between, label, examples.held_out, options.labellings)
        dataset = dataset.assign(labelling_variables(dealt))
    write_store(
        dataset,
        store,
        stage="closeness",
        title="Closeness of every pair of signs in every space of one run",
        options=options,
        made_from={"activations": activations, "paths": paths},
    )
