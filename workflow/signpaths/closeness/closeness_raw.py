"""Stage `closeness-raw`: padded sequences in, closeness of every pair in the raw signals out.

Takes the examples of a study; measures every pair of signs in the signals themselves, what any
network's closeness has to be held against. The rivals beside them: dynamic time warping, two
principal components, and a linear metric learned on the training examples.
"""

from pathlib import Path

import numpy as np

from signpaths.closeness.discriminants import discriminants
from signpaths.closeness.examples import chosen_examples, described_examples
from signpaths.closeness.measures import as_dataset, measure, measure_warped
from signpaths.data.splits import read_parts
from signpaths.frames import resample
from signpaths.options import ClosenessRawOptions
from signpaths.spaces import LDA_SPACE, RAW_SPACE, raw_components, warped
from signpaths.stores import open_store, write_store


def closeness_raw(
    sequences: Path,
    split: Path,
    store: Path,
    /,
    *,
    options: ClosenessRawOptions = ClosenessRawOptions(),
) -> None:
    """Measure how close every pair of signs is in the raw signals.

    Channels are scaled by mean and deviation of all real frames: metres and bends count alike. The
    rivals beside them: the same with dynamic time warping, two principal components, and linear
    discriminants. These learn from the training examples of one split; where networks learn from
    different shares of the examples (`seeds_vary`), theirs are others.

    Parameters
    ----------
    sequences
        The store of stage `sequences`.
    split
        The CSV of stage `splits`; tells the training and the held-out examples.
    store
        The zarr store to write: `distance`, `mutual_rank`, `energy` over `(space, sign, other)`
        for the spaces `raw`, `dtw`, `raw_pca2` and `lda`. If the last cannot be fitted it is left
        out, and `lda_note` says why; else `lda_<part>_accuracy` is the share of a part's examples
        that the discriminants recognise.
    """
    from sklearn.decomposition import PCA

    stored = open_store(sequences, "sequences").load()
    x, real = stored.x.values, stored.mask.values
    frames = x[real].astype(np.float64)
    deviation = frames.std(axis=0)
    scaled = (x - frames.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    part = read_parts(split, len(x))
    chosen = chosen_examples(part, options.examples)
    examples = described_examples(stored, part, chosen)
    dims = min(2, x.shape[2])
    # The share of variance, which is not used, is 0/0 if no channel ever moves.
    with np.errstate(invalid="ignore"):
        plane = PCA(n_components=dims, svd_solver="full").fit(scaled[real])
    every = resample(scaled, real, options.phases)
    learned = discriminants(every, stored.sign.values, part)
    points = every[chosen]
    # Principal axes are a rotation: projecting after resampling is the same.
    projected = (points - plane.mean_) @ plane.components_.T
    most, band = options.crossing_examples, options.dtw_band
    found = {
        RAW_SPACE: [measure(points, examples, most)],
        warped(RAW_SPACE): [measure_warped(points, examples, most, band)],
        raw_components(2): [measure(projected, examples, most)],
    }
    if learned.places is not None:
        # A point without phases: paths along discriminants do not exist, and so cannot cross.
        found[LDA_SPACE] = [measure(learned.places[chosen, None], examples, 0)]
    write_store(
        as_dataset(found, examples)
        .isel(ae_seed=0)
        .assign_attrs(
            lda_note=learned.note,
            **{f"lda_{name}_accuracy": share for name, share in learned.accuracy.items()},
        ),
        store,
        stage="closeness-raw",
        title="Closeness of every pair of signs in the raw signals, channels standardised",
        options=options,
    )
