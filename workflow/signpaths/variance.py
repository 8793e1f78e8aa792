"""Where instability comes from: mutual ranks of all runs in, how much of their spread is whose.

Takes normal scores of the mutual ranks over LSTM seeds and the autoencoder seeds nested in them;
gives the variance between pairs, between LSTMs within a pair and between autoencoders within an
LSTM, from a balanced nested analysis of variance in closed form, and what follows for the number of
seeds (generalizability theory, Shavelson & Webb 1991).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

# No study trains more; a number beyond it is «never», and so is what comes of rounding.
MOST_LSTMS = 1_000_000


@dataclass(frozen=True)
class Sums:
    """What the analysis of variance needs of each pair; arrays `(pair,)` and the two counts.

    Attributes
    ----------
    mean
        Mean score over all runs.
    lstm
        Squared deviations of the LSTMs' means from it, summed.
    autoencoder
        Squared deviations of the runs from their LSTM's mean, summed.
    lstms, autoencoders
        LSTM seeds, and autoencoder seeds of each.
    """

    mean: np.ndarray
    lstm: np.ndarray
    autoencoder: np.ndarray
    lstms: int
    autoencoders: int


@dataclass(frozen=True)
class Components:
    """Variance of normal scores: between pairs, LSTMs within a pair, autoencoders within an LSTM.

    Numbers, or arrays of any one shape.
    """

    pair: np.ndarray
    lstm: np.ndarray
    autoencoder: np.ndarray

    def shares(self) -> "Components":
        """Give each as a share of their sum; all 0 if nothing varies."""
        total = np.asarray(self.pair + self.lstm + self.autoencoder)
        safe = np.where(total > 0, total, 1.0)
        return Components(self.pair / safe, self.lstm / safe, self.autoencoder / safe)


def normal_scores(mutual_rank: np.ndarray) -> np.ndarray:
    """Turn each run's mutual ranks `(…, pair)` into normal scores, the closest pair highest.

    The score is Φ⁻¹ of the rank's quantile inside its run: every run has the same scores in another
    order, so effects of whole runs vanish. Ties share their mean rank.
    """
    pairs = mutual_rank.shape[-1]
    return norm.ppf((rankdata(-mutual_rank, axis=-1) - 0.5) / pairs)


def sums(of_lstm: np.ndarray, autoencoder: np.ndarray, autoencoders: int) -> Sums:
    """Sum up the scores of a study.

    Parameters
    ----------
    of_lstm
        Mean score over an LSTM's autoencoders, `(lstm_seed, pair)`.
    autoencoder
        Squared deviations of the runs from that mean, summed over all runs, `(pair,)`.
    autoencoders
        Autoencoder seeds of each LSTM.
    """
    mean = of_lstm.mean(axis=0)
    return Sums(mean, ((of_lstm - mean) ** 2).sum(axis=0), autoencoder, len(of_lstm), autoencoders)


def components(found: Sums, without: np.ndarray | None = None) -> Components:
    """Estimate the variance components, none below zero.

    With one seed of a kind its variance cannot be told from that of what is above it; it is 0.

    Parameters
    ----------
    found
        The sums of every pair.
    without
        bool `(case, pair)`: pairs to leave out in each case; by default one case without any.

    Returns
    -------
    Components
        Arrays `(case,)`.
    """
    out = np.zeros((1, found.mean.size), dtype=bool) if without is None else without
    kept = (~out).astype(float)
    pairs = kept.sum(axis=1)
    a, b = found.lstms, found.autoencoders
    centred = found.mean - found.mean.mean()
    between = a * b * (kept @ centred**2 - (kept @ centred) ** 2 / np.maximum(pairs, 1))
    freedom = np.maximum(pairs - 1, 1)
    ms_pair = between / freedom
    ms_lstm = b * (kept @ found.lstm) / (freedom * max(a - 1, 1))
    ms_autoencoder = (kept @ found.autoencoder) / (freedom * a * max(b - 1, 1))
    return Components(
        pair=np.maximum(0.0, (ms_pair - ms_lstm) / (a * b)),
        lstm=np.maximum(0.0, (ms_lstm - ms_autoencoder) / b) if a > 1 else np.zeros_like(ms_lstm),
        autoencoder=ms_autoencoder,
    )


def of_each_pair(found: Sums) -> Components:
    """Estimate every pair's own variance between its LSTMs and between their autoencoders.

    Returns
    -------
    Components
        Arrays `(pair,)`; `pair` is 0, since one pair has no variance between pairs.
    """
    a, b = found.lstms, found.autoencoders
    ms_lstm = b * found.lstm / max(a - 1, 1)
    ms_autoencoder = found.autoencoder / (a * max(b - 1, 1))
    return Components(
        pair=np.zeros_like(ms_lstm),
        lstm=np.maximum(0.0, (ms_lstm - ms_autoencoder) / b),
        autoencoder=ms_autoencoder,
    )


def jackknife(values: np.ndarray, estimate: float, confidence: float) -> tuple[float, float]:
    """Give a normal interval around an estimate, from its values with one unit left out each."""
    units = len(values)
    error = math.sqrt((units - 1) / units * ((values - values.mean()) ** 2).sum())
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    return estimate - reach, estimate + reach


def reliability(
    found: Components, lstms: float | np.ndarray, autoencoders: float | np.ndarray
) -> np.ndarray:
    """Give the share of the variance of means over so many seeds that is between pairs.

    0 if pairs do not differ.
    """
    noise = found.lstm / lstms + found.autoencoder / (np.asarray(lstms) * autoencoders)
    total = np.asarray(found.pair + noise)
    return np.where(total > 0, found.pair / np.where(total > 0, total, 1.0), 0.0)


def lstms_for(found: Components, target: float, autoencoders: int) -> int:
    """Give the fewest LSTM seeds for a reliability; 0 if no number of them reaches it."""
    pair = float(found.pair)
    if pair <= 0:
        return 0
    noise = float(found.lstm) + float(found.autoencoder) / autoencoders
    needed = noise / pair * target / (1 - target)
    return max(1, math.ceil(needed - 1e-9)) if needed <= MOST_LSTMS else 0


def best_autoencoders(found: Components, lstm_cost: float, autoencoder_cost: float) -> float:
    """Give the number of autoencoders an LSTM that buys most reliability for its cost, B*.

    `inf` if only autoencoders vary: then more LSTMs buy nothing.
    """
    if float(found.lstm) <= 0:
        return math.inf if float(found.autoencoder) > 0 else 1.0
    cost = lstm_cost / autoencoder_cost
    return max(1.0, math.sqrt(cost * float(found.autoencoder) / float(found.lstm)))
