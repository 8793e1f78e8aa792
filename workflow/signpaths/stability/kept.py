"""How well each projection keeps the closeness of the hidden states, run by run.

Takes mutual ranks of all runs; gives, for every projection, the rank correlation of its mutual
ranks with those of the same network's hidden states, and the share of the network's close pairs
that are close in the projection too. Each autoencoder is held against its network by itself: a
median or mean over several would be another picture than any that is drawn.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from signpaths.columns import Column, variables
from signpaths.spaces import HEADLINE
from signpaths.stability.retrainings import Retrainings

if TYPE_CHECKING:
    from signpaths.columns import Variable


def kept_statistics(found: Retrainings) -> xr.Dataset:
    """Say how well projections keep mutual ranks and close pairs (section 7); empty elsewhere."""
    hidden = found.ranks[found.space_names.index(HEADLINE), :, 0]
    correlation, close = np.full((2, len(found.spaces), 3), np.nan)
    for row, space in enumerate(found.spaces):
        if space.is_projection:
            runs = found.ranks[row, :, : space.runs]
            correlation[row] = _spread(rank_correlations(runs, hidden))
            close[row] = _spread(close_kept(runs <= found.k, hidden <= found.k))
    made: dict[str, Variable] = {}
    for name, values, heading, meaning in (
        (
            "kept_ranks",
            correlation,
            "Ranks kept",
            f"rank correlation of a projection's mutual ranks with those in {HEADLINE}",
        ),
        (
            "kept_close",
            close,
            "Close pairs kept",
            f"share of the pairs close in {HEADLINE} that are close in the projection of the run",
        ),
    ):
        made |= variables(
            "space",
            (Column(name, f"{meaning}, mean over runs", 7, heading=heading), values[:, 0]),
            (Column(f"{name}_low", f"{meaning}, least of all runs", 7), values[:, 1]),
            (Column(f"{name}_high", f"{meaning}, most of all runs", 7), values[:, 2]),
        )
    return xr.Dataset(made)


def rank_correlations(runs: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Correlate each run's ranks with its network's, Spearman, `(network, ae_seed)`.

    Parameters
    ----------
    runs
        Mutual ranks in a projection, `(network, ae_seed, pair)`.
    hidden
        In the hidden states, `(network, pair)`.

    Returns
    -------
    numpy.ndarray
        NaN where ranks do not vary.
    """
    found = np.full(runs.shape[:2], np.nan)
    for network, own in enumerate(hidden):
        of_network = _standardised(own[None])
        of_runs = _standardised(runs[network])
        found[network] = of_runs @ of_network[0]
    return found


def close_kept(runs: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Give the share of each network's close pairs that are close in its runs.

    Parameters
    ----------
    runs
        Closeness in a projection, bool `(network, ae_seed, pair)`.
    hidden
        In the hidden states, bool `(network, pair)`.

    Returns
    -------
    numpy.ndarray
        `(network, ae_seed)`; NaN for a network without a close pair.
    """
    both = (runs & hidden[:, None]).sum(axis=2)
    close = hidden.sum(axis=1)[:, None]
    return np.divide(both, close, out=np.full(both.shape, np.nan), where=close > 0)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Rank, centre and bring to norm 1, `(run, pair)`; NaN where nothing varies."""
    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.divide(ranks, norm, out=np.full(ranks.shape, np.nan), where=norm > 0)


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, least and most of what is known."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan, np.nan
    return float(known.mean()), float(known.min()), float(known.max())
