"""Frames of many examples: trajectories and their masks in, resampled or sampled frames out.

Takes padded arrays and the mask that tells real frames; used wherever examples of different length
are compared.
"""

from pathlib import Path

import numpy as np

from signpaths.errors import UserError

SAMPLE_SEED = 0


def check_finite(frames: np.ndarray, store: Path) -> None:
    """Refuse a store whose values on the frames wanted `(frame, unit)` are no numbers.

    Raises
    ------
    UserError
        If one is NaN or infinite.
    """
    if not np.isfinite(frames).all():
        raise UserError(
            f"{store}: it holds values on real frames that are no finite numbers. A network has "
            "diverged: train it again with a lower learning rate, or leave out its seed."
        )


def resample(trajectories: np.ndarray, real: np.ndarray, phases: int) -> np.ndarray:
    """Bring trajectories to equally spaced phases of their own length, linear in between.

    Parameters
    ----------
    trajectories
        `(example, time, unit)`, padded.
    real
        bool `(example, time)`: real frames, contiguous.
    phases
        Number of phases.

    Returns
    -------
    numpy.ndarray
        float64 `(example, phase, unit)`.
    """
    first = real.argmax(axis=1)[:, None]
    position = np.linspace(0, 1, phases) * (real.sum(axis=1)[:, None] - 1)
    before = np.floor(position).astype(int)
    after = np.ceil(position).astype(int)
    weight = (position - before)[..., None]
    row = np.arange(len(trajectories))[:, None]
    return (1 - weight) * trajectories[row, first + before] + weight * trajectories[
        row, first + after
    ]


def sampled_frames(
    real: np.ndarray, chosen: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw real frames of the chosen examples, in random order.

    What is drawn depends on which frames are real and chosen, not on what is in them: runs of one
    study share their sample.

    Parameters
    ----------
    real
        bool `(example, time)`: real frames.
    chosen
        bool `(example,)`: examples to draw from.
    most
        Frames to draw at most.

    Returns
    -------
    tuple of numpy.ndarray
        Number of the example and step of each frame, `(frame,)`.
    """
    example, time = np.nonzero(real)
    # All frames are shuffled first: other chosen examples then change the sample little.
    drawn = np.random.default_rng(SAMPLE_SEED).permutation(example.size)
    drawn = drawn[chosen[example[drawn]]][:most]
    return example[drawn], time[drawn]


def last_states(states: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Give what stands at each example's last real frame, `(example, unit)`.

    Parameters
    ----------
    states
        `(example, time, unit)`, padded on either side.
    real
        bool `(example, time)`: real frames.
    """
    last = real.shape[1] - 1 - real[:, ::-1].argmax(axis=1)
    return states[np.arange(len(states)), last]
