"""Frames of examples of different length: resampled, sampled, and the last of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from signpaths.data.sequences import real_frames
from signpaths.frames import last_states, resample, sampled_frames
from slow_frames import slow_resampled

SEEDS = st.integers(0, 2**32 - 1)
PADDINGS = st.sampled_from(["pre", "post"])
LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(LENGTHS, st.integers(2, 40), PADDINGS, SEEDS)
def test_resampling_is_numpys_interpolation_of_the_real_frames(
    lengths: list[int], phases: int, padding: str, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    time = max(lengths) + int(generator.integers(3))
    trajectories = generator.normal(size=(len(lengths), time, 3))
    real = real_frames(np.array(lengths), time, padding)
    # What stands on padding must not matter.
    trajectories[~real] = 1e9
    found = resample(trajectories, real, phases)
    assert found.shape == (len(lengths), phases, 3)
    for row, mask, values in zip(found, real, trajectories, strict=True):
        np.testing.assert_allclose(row, slow_resampled(values[mask], phases), atol=1e-9)


def test_an_example_of_one_frame_stands_still() -> None:
    found = resample(np.array([[[9.0], [7.0]]]), np.array([[False, True]]), 4)
    np.testing.assert_array_equal(found, np.full((1, 4, 1), 7.0))


@given(LENGTHS, PADDINGS, SEEDS)
def test_the_last_state_is_that_of_the_last_real_frame(
    lengths: list[int], padding: str, seed: int
) -> None:
    time = max(lengths) + seed % 3
    real = real_frames(np.array(lengths), time, padding)
    states = np.random.default_rng(seed).normal(size=(len(lengths), time, 2))
    expected = [values[mask][-1] for values, mask in zip(states, real, strict=True)]
    np.testing.assert_array_equal(last_states(states, real), expected)


# The sample


@given(SEEDS, st.integers(2, 60))
def test_the_sample_is_of_chosen_real_frames_without_repeats(seed: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    real = real_frames(generator.integers(1, 8, 9), 7, "post")
    chosen = generator.random(9) < 0.7
    example, time = sampled_frames(real, chosen, most)
    assert example.size == min(most, real[chosen].sum())
    assert chosen[example].all()
    assert real[example, time].all()
    assert len(set(zip(example.tolist(), time.tolist(), strict=True))) == example.size
    np.testing.assert_array_equal(sampled_frames(real, chosen, most), (example, time))


def test_the_sample_spreads_over_all_examples() -> None:
    real = np.ones((100, 50), dtype=bool)
    example, time = sampled_frames(real, np.ones(100, bool), 1000)
    assert np.bincount(example, minlength=100).max() < 30
    assert np.unique(example).size == 100
    assert np.unique(time).size == 50
