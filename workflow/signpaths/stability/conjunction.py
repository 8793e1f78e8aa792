"""Several studies at once: which pairs stay close in at least so many of them.

Takes in how many networks of each study pairs are close; gives q of the partial conjunction null
hypothesis, that fewer than r studies have π > τ. Benjamini & Heller (2008): Simes' combination of
the largest p-values, corrected over pairs after Benjamini & Hochberg (1995).
"""

import numpy as np
from scipy.stats import false_discovery_control

from signpaths.stability.inference import conditioned_p, looked_at


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
    # Given in which studies a pair is close in more than τ, conditioned p are independent between
    # studies and at most uniform where π ≤ τ; p = 1 in the others only adds to Simes' p. So only
    # pairs for which that holds in `at_least` studies are corrected for.
    p = np.stack(
        [
            conditioned_p(int(of_study), float(share))[one]
            for one, of_study, share in zip(count, networks, tau, strict=True)
        ]
    )
    kept = looked_at(count, networks[:, None], tau[:, None]).sum(axis=0) >= at_least
    q = np.ones(count.shape[1])
    if kept.any():
        q[kept] = false_discovery_control(conjunction_p(p[:, kept], at_least), method="bh")
    return q


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
