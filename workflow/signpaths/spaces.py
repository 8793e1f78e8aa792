"""What a space is, once: its name, its kind, its dimensions and what it is in words.

A space is where closeness is measured. Stages that make one take it from here and write these
facts beside it as coordinates; whoever reads a store asks for the kind and never parses a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

# Kinds. Autoencoders are trained with several seeds, so their spaces have several runs a network.
# Shared projections are one for all networks, which are turned onto a reference first.
(
    RAW_SIGNALS,
    DISCRIMINANTS,
    STATES,
    TWIN,
    LAST_STATE,
    COMPONENTS,
    AUTOENCODER,
    SHARED_COMPONENTS,
    SHARED_AUTOENCODER,
) = (
    "raw signals",
    "linear discriminants",
    "hidden states",
    "untrained states",
    "last state",
    "principal components",
    "autoencoder",
    "shared principal components",
    "shared autoencoder",
)
PROJECTIONS = (COMPONENTS, AUTOENCODER, SHARED_COMPONENTS, SHARED_AUTOENCODER)
TRAINED = (AUTOENCODER, SHARED_AUTOENCODER)
SHARED = (SHARED_COMPONENTS, SHARED_AUTOENCODER)
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
    runs
        Runs of one network: as many as there are autoencoders, or 1.
    """

    name: str
    kind: str
    words: str
    dims: int = 0
    runs: int = 1

    @property
    def is_projection(self) -> bool:
        """Whether it has paths that can be drawn."""
        return self.kind in PROJECTIONS

    @property
    def is_trained(self) -> bool:
        """Whether an autoencoder makes its paths."""
        return self.kind in TRAINED

    @property
    def as_pictures(self) -> tuple[int, bool, bool]:
        """Sorts projections: by dimensions, a network's own first, autoencoders before PCA."""
        return self.dims, self.is_shared, not self.is_trained

    @property
    def is_shared(self) -> bool:
        """Whether one projection serves all networks."""
        return self.kind in SHARED


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


def autoencoder(dims: int, seeds: int = 1) -> Space:
    """The bottleneck of a denoising autoencoder of the hidden states."""
    words = f"the hidden states projected to {dims} dimensions by a denoising autoencoder"
    return Space(f"ae{dims}", AUTOENCODER, words, dims, seeds)


def shared_components(dims: int) -> Space:
    """Principal components of all networks' hidden states, turned onto the reference."""
    words = (
        f"the shared map in {dims} dimensions: the hidden states of all networks, turned onto a "
        "common reference, projected by one principal component analysis"
    )
    return Space(f"shared_pca{dims}", SHARED_COMPONENTS, words, dims)


def shared_autoencoder(dims: int, seeds: int = 1) -> Space:
    """The bottleneck of a denoising autoencoder of all networks' hidden states, likewise."""
    words = (
        f"the shared map in {dims} dimensions: the hidden states of all networks, turned onto a "
        "common reference, projected by one denoising autoencoder"
    )
    return Space(f"shared_ae{dims}", SHARED_AUTOENCODER, words, dims, seeds)


def projections(dims: Sequence[int], seeds: int = 1, shared_seeds: int = 1) -> list[Space]:
    """The projections of a study that has paths of these dimensions.

    Parameters
    ----------
    dims
        2, 3 or both.
    seeds
        Autoencoders of each network.
    shared_seeds
        Autoencoders of the shared map; 0 leaves its principal components.
    """
    ordered = sorted(dims)
    return [
        *map(components, ordered),
        *(autoencoder(one, seeds) for one in ordered),
        *map(shared_components, ordered),
        *(shared_autoencoder(one, shared_seeds) for one in ordered if shared_seeds),
    ]


def measured(dims: Sequence[int], shared_seeds: int = 1) -> list[Space]:
    """The spaces in which a network's closeness is measured, with these projections."""
    own = [HIDDEN_SPACE, LAST_SPACE, UNTRAINED_SPACE]
    return [*own, *projections(dims, shared_seeds=shared_seeds)]


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
    """Give the coordinates that describe spaces in a store: names, `kind`, `words`, `dims`, `runs`.

    `dim` is their dimension; a second one of its own, such as `raw_space` or `projection`, has its
    name before the others' (`raw_kind`, `projection_kind`).
    """
    prefix = _prefix(dim)
    return {
        dim: (dim, [one.name for one in spaces], {"long_name": "where closeness is measured"}),
        f"{prefix}kind": (dim, [one.kind for one in spaces], {"long_name": "kind of the space"}),
        f"{prefix}dims": (
            dim,
            [one.dims for one in spaces],
            {"long_name": "dimensions of a projection; 0 where nothing is projected"},
        ),
        f"{prefix}runs": (
            dim,
            [one.runs for one in spaces],
            {"long_name": "runs of one network; what is beyond them is repeated"},
        ),
        f"{prefix}words": (dim, [one.words for one in spaces], {"long_name": "what the space is"}),
    }


def described(dataset: "xr.Dataset", dim: str = "space") -> list[Space]:
    """Give the spaces that a store's coordinates describe, along `dim` as in `coordinates`."""
    prefix = _prefix(dim)
    facts = (
        dataset[name].values.tolist()
        for name in (dim, *(f"{prefix}{fact}" for fact in ("kind", "words", "dims", "runs")))
    )
    return [Space(*one) for one in zip(*facts, strict=True)]


def _prefix(dim: str) -> str:
    return "" if dim == "space" else f"{dim.removesuffix('_space')}_"


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
