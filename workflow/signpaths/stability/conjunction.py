"""Several studies at once: which pairs stay close in at least so many of them.

Takes in how many networks of each study pairs are close; gives q of the partial conjunction null
hypothesis, that fewer than r studies have π > τ. Benjamini & Heller (2008): Simes' combination of
the largest p-values, corrected over pairs after Benjamini & Hochberg (1995).
"""

import numpy as np
from scipy.stats import binom, false_discovery_control


def replicated_q(
    count: np.ndarray, networks: np.ndarray, tau: np.ndarray, at_least: int
) -> np.ndarray:
    """Test of each pair that π ≤ τ in all but fewer than `at_least` studies.

    Parameters
    ----------
    count
        In how many networks each pair is close, int `(study, pair)`; studies share no network.
    networks
        How many networks each study has, `(study,)`.
    tau
        The share that each study asks for, `(study,)`.
    at_least
        In how many studies π > τ is to be shown, from 1 to all.

    Returns
    -------
    numpy.ndarray
        q, `(pair,)`.
    """
    # Exact p-values of N1, not the conditioned ones: all pairs are looked at, and nothing has to be
    # said of how they were chosen. Conditioned ones could be combined too: given in which studies a
    # pair is close in more than τ, they are independent between studies and at most uniform where
    # π ≤ τ, and p = 1 in the others only adds to Simes' p. Their conjunction would be corrected
    # over the pairs for which that holds in `at_least` studies, and finds more.
    p = np.asarray(binom.sf(count - 1, networks[:, None], tau[:, None]))
    return false_discovery_control(conjunction_p(p, at_least), method="bh")


def conjunction_p(p: np.ndarray, at_least: int) -> np.ndarray:
    """Combine p-values of independent studies for `at_least` false null hypotheses among them.

    If fewer are false, any s − r + 1 of s studies hold a true one, the largest p-values among them:
    Simes' p of these, the least of n/i times the i-th smallest of n.

    Parameters
    ----------
    p
        `(study, pair)`.
    at_least
        r, from 1 to s.

    Returns
    -------
    numpy.ndarray
        `(pair,)`.
    """
    largest = np.sort(p, axis=0)[at_least - 1 :]
    times = len(largest) / np.arange(1, len(largest) + 1)
    return (largest * times[:, None]).min(axis=0)
