"""Empirical Bayes: how often a pair is close, seen beside all other pairs.

Takes in how many of A networks each pair is close; gives the distribution of π over pairs and, for
every count, what is to be believed of π. A mixture of beta distributions is fitted by maximum
likelihood (EM; adaptive shrinkage over a fixed dictionary as in Stephens, Biostatistics 2017, with
beta densities for proportions), so that all posteriors are mixtures of betas in closed form.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import beta, betabinom

from signpaths.columns import OFTEN, Column, variables

# Means of the dictionary's beta densities, evenly spaced for arcsin √π, and their concentrations.
MEANS = np.sin(np.linspace(0, np.pi / 2, 25)) ** 2
CONCENTRATIONS = (4.0, 16.0, 64.0, 256.0)
# From even weights on. Fewer leave the middle of the distribution too full, many more make it
# spikier than the counts can tell (`tests/benchmarks/calibration.py`).
STEPS = 1000
# Ends of the classes of π in which the fitted distribution is told.
CLASSES = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Mixture:
    """A mixture of beta distributions of π.

    Attributes
    ----------
    weight, a, b
        Of each component, `(component,)`; the weights sum to 1.
    """

    weight: np.ndarray
    a: np.ndarray
    b: np.ndarray

    def likelihoods(self, networks: int) -> np.ndarray:
        """Give each component's probability of each count of `networks`, `(count, component)`."""
        counts = np.arange(networks + 1)[:, None]
        return np.asarray(betabinom.pmf(counts, networks, self.a, self.b))

    def shares(self, networks: int) -> np.ndarray:
        """Give the probability of each count of `networks` for a pair drawn anew, `(count,)`."""
        return self.likelihoods(networks) @ self.weight

    def responsibilities(self, networks: int) -> np.ndarray:
        """Give the probability of each component, seen the count, `(count, component)`."""
        joint = self.weight * self.likelihoods(networks)
        return joint / joint.sum(axis=1, keepdims=True)

    def posterior_mean(self, networks: int) -> np.ndarray:
        """Give the mean of π, seen each count of `networks`, `(count,)`: π shrunk."""
        counts = np.arange(networks + 1)[:, None]
        means = (self.a + counts) / (self.a + self.b + networks)
        return (self.responsibilities(networks) * means).sum(axis=1)

    def posterior_below(self, value: float, networks: int) -> np.ndarray:
        """Give the probability that π is at most `value`, seen each count, `(count,)`."""
        counts = np.arange(networks + 1)[:, None]
        below = beta.cdf(value, self.a + counts, self.b + networks - counts)
        return (self.responsibilities(networks) * below).sum(axis=1)

    def posterior_above(self, value: float, networks: int) -> np.ndarray:
        """Give the probability that π is above `value`, seen each count, `(count,)`."""
        return 1.0 - self.posterior_below(value, networks)

    def posterior_between(self, low: float, high: float, networks: int) -> np.ndarray:
        """Give the probability that π is between two values, seen each count, `(count,)`."""
        return self.posterior_below(high, networks) - self.posterior_below(low, networks)

    def draws(
        self, counts: np.ndarray, networks: int, size: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Draw π from the posterior of each pair, seen its count: `(size, pair)`."""
        cumulated = self.responsibilities(networks)[counts].cumsum(axis=1)
        place = generator.random((size, counts.size))
        component = np.stack(
            [np.searchsorted(row, column) for row, column in zip(cumulated, place.T, strict=True)],
            axis=1,
        )
        component = np.minimum(component, self.weight.size - 1)
        return generator.beta(self.a[component] + counts, self.b[component] + networks - counts)


@dataclass(frozen=True)
class Calibration:
    """How a mixture fitted on some networks foretells the others.

    Attributes
    ----------
    predicted
        Mean share of the other networks in which pairs were said to be close, `(bin,)`.
    found
        In which they are.
    raw
        What the shares themselves say, without shrinking.
    pairs
        How many pairs a bin holds.
    error, raw_error
        Root mean square error of the shrunk and of the raw shares over all pairs, the noise of the
        other half taken off.
    """

    predicted: np.ndarray
    found: np.ndarray
    raw: np.ndarray
    pairs: np.ndarray
    error: float
    raw_error: float


def fitted(counts: np.ndarray, networks: int) -> Mixture:
    """Fit the distribution of π over pairs.

    Parameters
    ----------
    counts
        In how many of the networks each pair is close, int `(pair,)`.
    networks
        How many there are; at least 1.

    Returns
    -------
    Mixture
        With components that have lost all weight left out.
    """
    histogram = np.bincount(counts, minlength=networks + 1)
    mean, concentration = (one.ravel() for one in np.meshgrid(MEANS, CONCENTRATIONS))
    # Half an observation on either side keeps the outermost densities proper.
    a, b = 0.5 + concentration * mean, 0.5 + concentration * (1 - mean)
    likelihood = Mixture(np.full(a.size, 1 / a.size), a, b).likelihoods(networks)
    seen = histogram > 0
    likelihood, share = likelihood[seen], histogram[seen] / counts.size
    weight = np.full(a.size, 1 / a.size)
    for _ in range(STEPS):
        joint = weight * likelihood
        weight = share @ (joint / joint.sum(axis=1, keepdims=True))
    kept = weight > 1e-9
    return Mixture(weight[kept] / weight[kept].sum(), a[kept], b[kept])


def shrunk_statistics(count: np.ndarray, networks: int, tau: float) -> xr.Dataset:
    """Say what is to be believed of each pair's π, and how π is spread over pairs (section 3).

    Parameters
    ----------
    count
        In how many networks each pair is close in the hidden states, int `(pair,)`.
    networks
        How many there are.
    tau
        The share that N1 is about.
    """
    mixture = fitted(count, networks)
    below = (mixture.weight * beta.cdf(CLASSES[:, None], mixture.a, mixture.b)).sum(axis=1)
    return xr.Dataset(
        variables(
            "pair",
            (
                Column(
                    "pi_shrunk",
                    "pi in the hidden states, shrunk towards what it is for other pairs (mean of "
                    "the empirical Bayes posterior)",
                    3,
                    heading="Shrunk share",
                    shown="percent",
                    group=OFTEN,
                    words="The best guess of the share of retrainings in which the pair is close, "
                    "seen how often all other pairs are. The most extreme shares of a study are "
                    "partly luck; this takes the luck off.",
                ),
                mixture.posterior_mean(networks)[count],
            ),
            (
                Column(
                    "pi_above",
                    f"probability that pi is above {tau:g}, from the same posterior",
                    3,
                    heading=f"Chance of more than {100 * tau:g}\u00a0%",
                    shown="percent",
                    group=OFTEN,
                    words="How probable it is that the pair is close in more than "
                    f"{100 * tau:g}\u00a0% of retrainings, seen this pair and all others.",
                ),
                mixture.posterior_above(tau, networks)[count],
            ),
        )
        | variables(
            "pi_class",
            (
                Column(
                    "pi_share",
                    "share of pairs whose pi lies in each class, as fitted (empirical Bayes prior)",
                    3,
                ),
                np.diff(below),
            ),
        ),
        coords={
            "pi_class": (
                "pi_class",
                (CLASSES[1:] + CLASSES[:-1]) / 2,
                {"long_name": "middle of a class of pi", "units": "1"},
            )
        },
    )


def split_half(close: np.ndarray, *, bins: int = 10) -> Calibration:
    """Fit on every other network, and compare with the networks in between.

    Parameters
    ----------
    close
        bool `(network, pair)`, at least two networks.
    bins
        Of equal width over the predicted share; empty ones are left out.
    """
    seen, others = close[::2], close[1::2]
    counts, found = seen.sum(axis=0), others.mean(axis=0)
    raw = counts / len(seen)
    predicted = fitted(counts, len(seen)).posterior_mean(len(seen))[counts]
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    pairs = np.bincount(place, minlength=bins)
    kept = pairs > 0

    def means(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, values, minlength=bins)[kept] / pairs[kept]

    # An unbiased estimate of the binomial variance of the other half's shares.
    noise = (found * (1 - found)).mean() / max(len(others) - 1, 1)

    def error(values: np.ndarray) -> float:
        return float(np.sqrt(max(((values - found) ** 2).mean() - noise, 0.0)))

    return Calibration(
        predicted=means(predicted),
        found=means(found),
        raw=means(raw),
        pairs=pairs[kept],
        error=error(predicted),
        raw_error=error(raw),
    )
