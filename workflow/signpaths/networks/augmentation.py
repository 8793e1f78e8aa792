"""Training batches: padded sequences in, shuffled and jittered ones out, new in every epoch.

Recordings of one sign differ by how the gloves sit and how far the hands reach: every example gets
a gain and an offset for each channel, and noise on every frame. Padding stays zero.
"""

from dataclasses import dataclass

import keras
import numpy as np


@dataclass(frozen=True)
class Jitter:
    """How examples are varied; `mean` and `deviation` are those of the channels.

    `gain` is the standard deviation of the logarithm of the factor by which an example's channel is
    stretched about its mean; `offset` and `noise` are in deviations of the channel.
    """

    mean: np.ndarray
    deviation: np.ndarray
    gain: float
    offset: float
    noise: float

    def __call__(
        self, x: np.ndarray, real: np.ndarray, generator: np.random.Generator
    ) -> np.ndarray:
        """Vary `x(example, time, channel)`, float32, on its real frames `real(example, time)`."""
        if not (self.gain or self.offset or self.noise):
            return x
        examples, _, channels = x.shape
        # Nothing is drawn for steps that are padding in every example.
        steps = real.any(axis=0)
        seen = x[:, steps]

        def draw(size: float, *shape: int) -> np.ndarray:
            return np.float32(size) * generator.standard_normal(shape, dtype=np.float32)

        varied = (seen - self.mean) * np.exp(draw(self.gain, examples, 1, channels)) + self.mean
        varied += draw(self.offset, examples, 1, channels) * self.deviation
        varied += draw(self.noise, *seen.shape) * self.deviation
        result = np.zeros_like(x)
        result[:, steps] = varied * real[:, steps, None]
        return result


class Batches(keras.utils.PyDataset):
    """Batches of examples for `fit`, in a new order and with new jitter in every epoch.

    Parameters
    ----------
    x, label, real
        The examples `(example, time, channel)`, their signs, and their real frames.
    batch_size
        Examples a batch; the last may have fewer.
    bucket
        Out of so many shuffled batches, examples of like length are put together, so that a batch
        has little padding; 1 leaves them shuffled.
    jitter
        What is done to them.
    seed
        Of the order and the jitter.
    """

    def __init__(
        self,
        x: np.ndarray,
        label: np.ndarray,
        real: np.ndarray,
        batch_size: int,
        bucket: int,
        jitter: Jitter,
        seed: int,
    ) -> None:
        super().__init__()
        self.x, self.label, self.real = x, label, real
        self.batch_size, self.bucket = batch_size, bucket
        self.jitter = jitter
        self.generator = np.random.default_rng(seed)
        self.batches = self.dealt()

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.batches[index]
        x = self.jitter(self.x[chosen], self.real[chosen], self.generator)
        return x, self.label[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self.batches = self.dealt()

    def dealt(self) -> list[np.ndarray]:
        """Deal the examples out to the batches of one epoch."""
        order = self.generator.permutation(len(self.x))
        if self.bucket == 1:
            return parts(order, self.batch_size)
        length = self.real.sum(axis=1)
        batches = [
            batch
            for bucket in parts(order, self.bucket * self.batch_size)
            for batch in parts(bucket[np.argsort(length[bucket], kind="stable")], self.batch_size)
        ]
        # Else short examples would always come before long ones.
        return [batches[index] for index in self.generator.permutation(len(batches))]


def parts(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut into parts of one size; the last may be smaller."""
    return np.split(order, range(size, len(order), size))
