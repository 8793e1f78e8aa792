"""Units and features of many examples in, how strongly they go together out, beside chance.

Takes padded arrays; gives correlations over all frames at every lag, their standard errors over
groups of examples, and their exact variance if each example's feature were shifted round by a
random number of steps, which keeps all autocorrelation (against what Harris 2020 calls nonsense
correlations). Whether a correlation is shown to be larger than a stated size is a minimum-effect
test (Murphy and Myors 1999).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from signpaths.frames import resample

# Phases at which the mean course of all examples is taken.
PHASES = 32
# Deviations below this share of the largest value are rounding.
ROUNDING = 1e-9
# Components of less than this share of the largest one's variance hold nothing but rounding.
FLAT = 1e-8
# Of what chance explains beyond this share, no more can be taken off.
TOLD = 0.5


@dataclass(frozen=True)
class Associations:
    """How units go together with features.

    Attributes
    ----------
    strength
        Correlation `(lag, unit, feature)`; 0 where unit or feature does not vary.
    error
        Its standard error over groups, `(lag, unit, feature)`.
    chance
        Standard deviation of the correlation by chance, `(unit, feature)`, the same at every lag.
    groups
        How many groups of equal weight would tell as much as these, `(unit, feature)`: fewer than
        there are where a few hold most of the variation.
    """

    strength: np.ndarray
    error: np.ndarray
    chance: np.ndarray
    groups: np.ndarray


def aligned(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Move each example's real frames to the front, zeros behind them.

    Parameters
    ----------
    values
        `(example, time, …)`.
    real
        bool `(example, time)`: real frames, contiguous.

    Returns
    -------
    numpy.ndarray
        float64 `(example, longest, …)`.
    """
    moved = np.zeros((len(values), int(real.sum(axis=1).max()), *values.shape[2:]))
    moved[_front(real)] = values[real]
    return moved


def _front(real: np.ndarray) -> np.ndarray:
    length = real.sum(axis=1)
    return np.arange(length.max()) < length[:, None]


def centred(values: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Take each example's mean off `(example, time, column)`, aligned; what is behind stays 0."""
    real = np.arange(values.shape[1]) < length[:, None]
    mean = values.sum(axis=1) / length[:, None]
    less = np.where(real[..., None], values - mean[:, None], 0)
    largest = np.abs(values).max(axis=(0, 1))
    return np.where(np.abs(less) > ROUNDING * largest, less, 0)


def without_course(values: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Take the mean course of all examples off, phase by phase, and each example's mean again.

    Parameters
    ----------
    values
        `(example, time, column)`, aligned and centred.
    length
        Frames of every example, `(example,)`.
    """
    real = np.arange(values.shape[1]) < length[:, None]
    course = resample(values, real, PHASES).mean(axis=0)
    less = np.zeros_like(values)
    for row, frames in enumerate(length):
        at = np.linspace(0, PHASES - 1, frames)
        before = np.minimum(at.astype(int), PHASES - 2)
        part = (at - before)[:, None]
        expected = (1 - part) * course[before] + part * course[before + 1]
        less[row, :frames] = values[row, :frames] - expected
    # What is rounding beside the values themselves is nothing.
    kept = np.abs(less) > ROUNDING * np.abs(values).max(axis=(0, 1))
    return centred(np.where(kept, less, 0), length)


def shifted(values: np.ndarray, length: np.ndarray, steps: int) -> np.ndarray:
    """Shift each aligned example round by so many steps: what was first comes later."""
    step = np.arange(values.shape[1])
    origin = np.where(step < length[:, None], (step - steps) % length[:, None], step)
    return np.take_along_axis(values, origin[..., None], axis=1)


def associations(
    units: np.ndarray, features: np.ndarray, length: np.ndarray, group: np.ndarray, lags: int
) -> Associations:
    """Correlate units with features of so many steps before, over all frames.

    Parameters
    ----------
    units, features
        `(example, time, unit)` and `(example, time, feature)`, aligned and centred in each example.
    length
        Frames of every example, `(example,)`.
    group
        Number of the group that every example is in, `(example,)`: those of one group are no
        independent witnesses.
    lags
        The largest lag. Lags go round in each example, as the shifts of chance do.
    """
    both, unit, feature = _products(units, features, length, group, lags)
    scale = _over(1, np.sqrt(unit.sum(axis=0)[:, None] * feature.sum(axis=0)))
    strength, error = [], []
    for products in both:
        strength.append(np.clip(products.sum(axis=0) * scale, -1, 1))
        error.append(_error(products * scale, strength[-1], unit, feature))
    return Associations(
        strength=np.array(strength),
        error=np.array(error),
        chance=np.sqrt(shift_variance(units, features, length)) * scale,
        groups=_effective(unit, feature),
    )


def between(means: np.ndarray, features: np.ndarray) -> Associations:
    """Correlate the means of examples with features that are constant in an example.

    Chance is a random permutation of the examples. Each example is a group.

    Parameters
    ----------
    means, features
        `(example, unit)` and `(example, feature)`, centred over the examples.
    """
    unit, feature = means**2, features**2
    varies = np.sqrt(unit.sum(axis=0)[:, None] * feature.sum(axis=0))
    scale = _over(1, varies)
    products = means[:, :, None] * features[:, None, :]
    strength = np.clip(products.sum(axis=0) * scale, -1, 1)
    products *= scale
    return Associations(
        strength=strength[None],
        error=_error(products, strength, unit, feature)[None],
        chance=(varies > 0) / np.sqrt(max(len(means) - 1, 1)),
        groups=_effective(unit, feature),
    )


def whitened(units: np.ndarray) -> np.ndarray:
    """Turn and scale units to components that have nothing in common; flat ones are left out.

    Parameters
    ----------
    units
        `(example, time, unit)`, centred, 0 behind the real frames.
    """
    flat = units.reshape(-1, units.shape[2])
    size, direction = np.linalg.eigh(flat.T @ flat)
    kept = size > FLAT * max(size.max(), np.finfo(float).tiny)
    return units @ (direction[:, kept] / np.sqrt(size[kept]))


def together(found: Associations) -> np.ndarray:
    """Give how well all units together tell each feature, `(lag, feature)`.

    The multiple correlation of the feature with the units, less what chance gives so many units:
    its square is the share of the feature's variance that a best weighted sum of them explains.

    Parameters
    ----------
    found
        Of the `whitened` units.

    Returns
    -------
    numpy.ndarray
        NaN where there are so many units, or so few examples, that chance alone explains half.
    """
    by_chance = (found.chance**2).sum(axis=0)
    told = np.where(by_chance <= TOLD, by_chance, np.nan)
    share = (found.strength**2).sum(axis=1)
    return np.sqrt(np.clip((share - told) / (1 - told), 0, 1))


def shift_variance(units: np.ndarray, features: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Give the variance of the sum of cross products under random circular shifts, exactly.

    Each example's features are shifted by a number of steps drawn evenly from its frames, apart
    from all others. The mean is 0, since both are centred; the variance is the mean square of the
    circular cross-correlation, which by Parseval's theorem is a sum over products of periodograms.
    What changes so slowly that an example does not end as it began is too seldom as alike once it
    is shifted: of such noise 7 to 16 % pass a test at 5 %. Errors over groups know nothing of that.

    Parameters
    ----------
    units, features
        `(example, time, unit)` and `(example, time, feature)`, aligned and centred.
    length
        Frames of every example, `(example,)`.

    Returns
    -------
    numpy.ndarray
        `(unit, feature)`.
    """
    total = np.zeros((units.shape[2], features.shape[2]))
    for frames in np.unique(length):
        rows = length == frames
        one, other = (
            (np.abs(np.fft.fft(values[rows, :frames], axis=1)) ** 2).reshape(-1, values.shape[2])
            for values in (units, features)
        )
        total += one.T @ other / frames**2
    return total


def judged(
    found: Associations, least: float, lagged: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Test that a correlation is no chance, and that it is larger than `least` either way.

    Parameters
    ----------
    found
        The correlations.
    least
        The size that has to be shown to be exceeded.
    lagged
        bool `(feature,)`: whether the best of all lags counts, or none but the first.

    Returns
    -------
    tuple of numpy.ndarray
        Strength at the best lag, that lag, and p, `(unit, feature)`. p is the larger one of both
        tests (for both have to be passed), times the number of lags.
    """
    size = np.abs(found.strength)
    size[1:, :, ~lagged] = -1
    lag = size.argmax(axis=0)
    strength, error = (
        np.take_along_axis(values, lag[None], axis=0)[0] for values in (found.strength, found.error)
    )
    p = np.maximum(chance_p(strength, found.chance), least_p(strength, error, found.groups, least))
    return strength, lag, np.minimum(p * np.where(lagged, len(found.strength), 1), 1)


def chance_p(strength: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Give two-sided p of a correlation against what chance gives: normal, of many examples."""
    return np.where(chance > 0, 2 * norm.sf(_over(np.abs(strength), chance)), 1)


def least_p(
    strength: np.ndarray, error: np.ndarray, groups: np.ndarray, least: float
) -> np.ndarray:
    """Give p against a correlation of `least` or less, either way.

    On Fisher's scale, by Student's t with one degree of freedom less than there are groups of equal
    weight; 1 where there are fewer than two.
    """
    size = np.minimum(np.abs(strength), 1 - ROUNDING)
    # A perfect correlation has no error.
    error = np.maximum(error / (1 - size**2), ROUNDING)
    freedom = np.maximum(groups - 1, 1)
    near, far = (
        t.sf(_over(np.arctanh(size) + side * np.arctanh(least), error), freedom) for side in (-1, 1)
    )
    return np.where(groups >= 2, near + far, 1)


def _products(
    units: np.ndarray, features: np.ndarray, length: np.ndarray, group: np.ndarray, lags: int
) -> tuple[Iterator[np.ndarray], np.ndarray, np.ndarray]:
    """Give sums of products in every group: at each lag, of units, and of features."""
    of_group = (np.arange(group.max() + 1)[:, None] == group).astype(float)
    turned = units.transpose(0, 2, 1)
    shape = (len(of_group), units.shape[2], features.shape[2])
    both = (
        (of_group @ (turned @ shifted(features, length, lag)).reshape(len(group), -1)).reshape(
            shape
        )
        for lag in range(lags + 1)
    )
    return both, of_group @ (units**2).sum(axis=1), of_group @ (features**2).sum(axis=1)


def _error(
    products: np.ndarray, strength: np.ndarray, unit: np.ndarray, feature: np.ndarray
) -> np.ndarray:
    """Give the standard error of a ratio of sums over groups, by linearisation.

    `products` of each group are scaled so that their sum is the correlation.
    """
    count = len(products)
    if count < 2:
        return np.zeros_like(strength)
    share = _over(unit, unit.sum(axis=0))[:, :, None] + _over(feature, feature.sum(axis=0))[:, None]
    influence = products - strength / 2 * share
    return np.sqrt(count / (count - 1) * (influence**2).sum(axis=0))


def _effective(unit: np.ndarray, feature: np.ndarray) -> np.ndarray:
    weight = np.sqrt(unit[:, :, None] * feature[:, None])
    return _over(weight.sum(axis=0) ** 2, (weight**2).sum(axis=0))


def _over(one: np.ndarray | float, other: np.ndarray) -> np.ndarray:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(one, other, out=np.zeros(np.broadcast(one, other).shape), where=other > 0)
