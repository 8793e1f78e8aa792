"""Training batches: every example once an epoch, padding untouched, jitter as asked for."""

import itertools

import numpy as np
import pytest
from signpaths.networks import training

training.start(0)
from signpaths.networks.augmentation import Batches, Jitter  # noqa: E402

TIME, CHANNELS = 12, 3
MEAN = np.array([5.0, -2.0, 0.0], dtype=np.float32)
DEVIATION = np.array([2.0, 0.5, 0.0], dtype=np.float32)


def study(examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences `(example, time, channel)` and their real frames."""
    generator = np.random.default_rng(0)
    real = np.arange(TIME)[None] >= generator.integers(0, TIME - 1, examples)[:, None]
    x = generator.normal(size=(examples, TIME, CHANNELS)) * DEVIATION + MEAN
    return (x * real[..., None]).astype(np.float32), real


def batches(examples: int = 23, seed: int = 0, bucket: int = 1, **sizes: float) -> Batches:
    x, real = study(examples)
    jitter = Jitter(MEAN, DEVIATION, **{"gain": 0.0, "offset": 0.0, "noise": 0.0, **sizes})
    return Batches(x, np.arange(examples), real, 5, bucket, jitter, seed)


@pytest.mark.parametrize("bucket", [1, 2, 9])
def test_an_epoch_has_every_example_once_in_a_new_order(bucket: int) -> None:
    made = batches(bucket=bucket)
    assert len(made) == 5
    orders = []
    for _ in range(2):
        orders.append(np.concatenate([made[index][1] for index in range(len(made))]))
        made.on_epoch_end()
    assert all(sorted(order) == list(range(23)) for order in orders)
    assert (orders[0] != orders[1]).any()
    x, label = made[0]
    np.testing.assert_array_equal(x, study(23)[0][label])


def test_a_bucket_holds_examples_of_like_length() -> None:
    lengths = batches(bucket=5).real.sum(axis=1)
    made = batches(bucket=5)
    spans = sorted(
        (lengths[label].min(), lengths[label].max()) for _, label in map(made.__getitem__, range(5))
    )
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_a_seed_is_a_seed() -> None:
    first, again, other = (batches(seed=seed, noise=0.3, gain=0.1)[0][0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_padding_stays_zero_and_the_recordings_stay_as_they_are() -> None:
    made = batches(noise=0.3, gain=0.1, offset=0.2)
    before = made.x.copy()
    x, label = made[0]
    assert (x[~made.real[label]] == 0).all()
    assert (x[made.real[label]] != before[label][made.real[label]])[:, :2].all()
    assert x.dtype == np.float32
    np.testing.assert_array_equal(made.x, before)


def test_jitter_has_the_size_that_is_asked_for() -> None:
    x, _ = study(4000)
    real = np.ones(x.shape[:2], dtype=bool)
    generator = np.random.default_rng(1)

    def change(**sizes: float) -> np.ndarray:
        jitter = Jitter(MEAN, DEVIATION, **{"gain": 0.0, "offset": 0.0, "noise": 0.0, **sizes})
        return (jitter(x, real, generator) - x)[..., :2] / DEVIATION[:2]

    noise = change(noise=0.3)
    assert abs(noise.std() - 0.3) < 0.01
    assert abs(np.corrcoef(noise[:, 0, 0], noise[:, 1, 0])[0, 1]) < 0.1
    offset = change(offset=0.2)
    np.testing.assert_allclose(offset, np.broadcast_to(offset[:, :1], offset.shape), atol=1e-5)
    assert abs(offset.std() - 0.2) < 0.01
    centred = (x - MEAN)[..., :2] / DEVIATION[:2]
    factor = change(gain=0.1) / centred + 1
    wide = np.abs(centred) > 0.5
    assert abs(np.log(factor[wide]).std() - 0.1) < 0.01
