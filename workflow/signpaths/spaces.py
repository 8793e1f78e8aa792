"""What a space is, once: its name, its kind, its dimensions and what it is in words.

A space is where closeness is measured. Stages that make one take it from here and write these
facts beside it as coordinates; whoever reads a store asks for the kind and never parses a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

# Kinds. Of all but autoencoders there is one space a network, whatever the autoencoder's seed.
RAW_SIGNALS, DISCRIMINANTS, STATES, TWIN, LAST_STATE, COMPONENTS, AUTOENCODER = (
    "raw signals",
    "linear discriminants",
    "hidden states",
    "untrained states",
    "last state",
    "principal components",
    "autoencoder",
)
# The space that verdicts are about, and those that tell where closeness comes from.
HEADLINE, UNTRAINED, RAW = "hidden", "untrained", "raw"


@dataclass(frozen=True)
class Space:
    """A space.

    Attributes
    ----------
    name
        In files, tables and figures.
    kind
        One of the kinds above.
    words
        What it is, for people.
    dims
        Dimensions of a projection; 0 where nothing is projected.
    """

    name: str
    kind: str
    words: str
    dims: int = 0


HIDDEN_SPACE = Space(
    HEADLINE,
    STATES,
    "the network's hidden states at every time step; the verdicts are about this space",
)
LAST_SPACE = Space(
    "last",
    LAST_STATE,
    "the network's hidden state at the last time step, which is what it classifies by",
)
UNTRAINED_SPACE = Space(
    UNTRAINED,
    TWIN,
    "the hidden states of the same network before any training, as a control",
)
RAW_SPACE = Space(RAW, RAW_SIGNALS, "the recorded signals themselves, without any network")
LDA_SPACE = Space(
    "lda",
    DISCRIMINANTS,
    "the recorded signals by linear discriminant analysis, a linear metric that was learned on the "
    "training examples of the first split; the plain rival of the networks",
)


def components(dims: int) -> Space:
    """Principal components of the hidden states."""
    words = f"the hidden states projected to {dims} dimensions by principal component analysis"
    return Space(f"pca{dims}", COMPONENTS, words, dims)


def autoencoder(dims: int) -> Space:
    """The bottleneck of a denoising autoencoder of the hidden states."""
    words = f"the hidden states projected to {dims} dimensions by a denoising autoencoder"
    return Space(f"ae{dims}", AUTOENCODER, words, dims)


def projections(dims: Sequence[int]) -> list[Space]:
    """The projections of a study that has paths of these dimensions."""
    return [*map(components, sorted(dims)), *map(autoencoder, sorted(dims))]


def measured(dims: Sequence[int]) -> list[Space]:
    """The spaces in which a network's closeness is measured, with paths of these dimensions."""
    return [HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE, *projections(dims)]


def raw_components(dims: int) -> Space:
    """Principal components of the raw signals."""
    words = f"the recorded signals projected to {dims} dimensions by principal component analysis"
    return Space(f"raw_pca{dims}", RAW_SIGNALS, words, dims)


def warped(space: Space) -> Space:
    """The same space, measured with dynamic time warping."""
    name = "dtw" if space == RAW_SPACE else f"{space.name}_dtw"
    return replace(space, name=name, words=f"{space.words}; compared by dynamic time warping")


def coordinates(
    spaces: Sequence[Space], dim: str = "space"
) -> dict[str, tuple[str, list[object], dict[str, str]]]:
    """Give the coordinates that describe spaces in a store: names, `kind`, `dims` and `words`.

    `dim` is their dimension; a second one of its own, `raw_space`, has its name before the others'
    (`raw_kind`).
    """
    prefix = dim.removesuffix("space")
    return {
        dim: (dim, [one.name for one in spaces], {"long_name": "where closeness is measured"}),
        f"{prefix}kind": (dim, [one.kind for one in spaces], {"long_name": "kind of the space"}),
        f"{prefix}dims": (
            dim,
            [one.dims for one in spaces],
            {"long_name": "dimensions of a projection; 0 where nothing is projected"},
        ),
        f"{prefix}words": (dim, [one.words for one in spaces], {"long_name": "what the space is"}),
    }


def described(dataset: "xr.Dataset", dim: str = "space") -> list[Space]:
    """Give the spaces that a store's coordinates describe, along `dim` as in `coordinates`."""
    prefix = dim.removesuffix("space")
    facts = (
        dataset[name].values.tolist()
        for name in (dim, f"{prefix}kind", f"{prefix}words", f"{prefix}dims")
    )
    return [Space(*one) for one in zip(*facts, strict=True)]


def of_kind(dataset: "xr.Dataset", *kinds: str, dims: int | None = None) -> list[str]:
    """Name the spaces of these kinds in a store, in its order; of so many dimensions, if given."""
    return [
        space.name
        for space in described(dataset)
        if space.kind in kinds and dims in (None, space.dims)
    ]


def plane(dataset: "xr.Dataset") -> str | None:
    """Name the picture in two dimensions, as the article has it: by autoencoder, or else by PCA."""
    found = of_kind(dataset, AUTOENCODER, dims=2) + of_kind(dataset, COMPONENTS, dims=2)
    return found[0] if found else None


def words(*datasets: "xr.Dataset") -> dict[str, str]:
    """Say in words what every space of these stores is, raw spaces included."""
    return {
        space.name: space.words
        for dataset in datasets
        for dim in ("space", "raw_space")
        if dim in dataset.coords
        for space in described(dataset, dim)
    }
