"""The plain rival of the networks: a linear metric learned on the same training examples.

Takes trajectories at equal phases and the part of every example; gives each example's place along
the linear discriminants (Fisher 1936; shrunk covariances after Ledoit and Wolf 2004, both from
scikit-learn), and how many examples the same discriminants recognise.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

# Above this many features, time and memory for their covariance would outgrow a network's.
MOST_FEATURES = 2000
# A feature that spans less than this share of the widest one does not move.
NO_MOVEMENT = 1e-9


@dataclass(frozen=True)
class Discriminants:
    """What linear discriminant analysis makes of the examples.

    Attributes
    ----------
    places
        Along the discriminants, whitened within signs, `(example, discriminant)`; None if they
        could not be fitted.
    accuracy
        Share of the examples of each part that are recognised; a part without examples is left out.
    note
        Why they could not be fitted; empty if they were.
    """

    places: np.ndarray | None
    accuracy: dict[str, float]
    note: str


def discriminants(points: np.ndarray, sign: np.ndarray, part: np.ndarray) -> Discriminants:
    """Fit linear discriminants on the training examples, and place all examples along them.

    Parameters
    ----------
    points
        Resampled trajectories `(example, phase, channel)`.
    sign
        Of each example.
    part
        Of each example: `train` or another name. Signs are two at least.
    """
    train = part == "train"
    # Numbers in place of names: scikit-learn does not sort every kind of string.
    names, label = np.unique(sign, return_inverse=True)
    if lacking := [name for name in names if (train & (sign == name)).sum() < 2]:
        return _left_out(
            f"{len(lacking)} of {names.size} signs have fewer than 2 training examples"
        )
    features = points.reshape(len(points), -1)
    span = np.ptp(features[train], axis=0)
    if not span.any():
        return _left_out("no channel moves in the training examples")
    # What resampling leaves of a constant is rounding.
    features = features[:, span > NO_MOVEMENT * span.max()]
    if features.shape[1] > MOST_FEATURES:
        # Not all training examples may span so many axes.
        axes = min(MOST_FEATURES, int(train.sum()) - 1)
        features = PCA(axes, svd_solver="full").fit(features[train]).transform(features)
    model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    try:
        places = model.fit(features[train], label[train]).transform(features)
        recognised = model.predict(features) == label
    except np.linalg.LinAlgError:
        return _left_out("the examples of a sign do not differ from one another")
    if not np.isfinite(places).all():
        return _left_out("the examples of a sign do not differ from one another")
    return Discriminants(
        places=places,
        accuracy={name: float(recognised[part == name].mean()) for name in sorted(set(part))},
        note="",
    )


def _left_out(why: str) -> Discriminants:
    return Discriminants(None, {}, f"No linear discriminants were fitted: {why}.")
