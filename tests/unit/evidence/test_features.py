"""What units may answer to: features of one example, by their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from makers import GLOVE_CHANNELS
from signpaths.evidence.features import KINDS, VIEWS, moving_features, moving_values, position


def value_of(frames: np.ndarray, name: str) -> np.ndarray:
    names = [feature.name for feature in moving_features(GLOVE_CHANNELS)]
    return moving_values(frames, GLOVE_CHANNELS)[:, names.index(name)]


def frames_with(**channels: np.ndarray) -> np.ndarray:
    frames = np.zeros((len(next(iter(channels.values()))), len(GLOVE_CHANNELS)))
    for name, values in channels.items():
        frames[:, GLOVE_CHANNELS.index(name)] = values
    return frames


def test_gloves_have_events_of_every_kind() -> None:
    kinds = [feature.kind for feature in moving_features(GLOVE_CHANNELS)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "channel": 22,
        "direction": 6,
        "turning": 6,
        "bending": 10,
        "shape": 2,
        "fist": 2,
        "speed": 2,
    }


@given(st.integers(1, 9), st.sampled_from([GLOVE_CHANNELS, ("a", "left_x", "b"), ("c",)]))
def test_every_feature_has_one_name_a_kind_and_a_column(frames: int, channels: tuple) -> None:
    found = moving_features(channels)
    assert len({feature.name for feature in found}) == len(found)
    values = moving_values(np.zeros((frames, len(channels))), channels)
    assert values.shape == (frames, len(found))
    assert all(KINDS[feature.kind].lagged for feature in found)
    assert {kind.view for kind in KINDS.values()} == {*VIEWS}


def test_channels_without_glove_names_have_values_and_rates_only() -> None:
    kinds = [(one.kind, one.of) for one in moving_features(("channel_00", "x", "left_x"))]
    assert kinds == [
        *(("channel", name) for name in ("channel_00", "x", "left_x")),
        *(("rate", "channel_00"), ("rate", "x"), ("direction", "left_x")),
    ]


def test_a_fist_closes_as_its_fingers_bend_together() -> None:
    bend = np.linspace(0, 1, 11)
    fingers = ("thumb", "fore", "index", "ring", "little")
    fist = frames_with(**{f"right_{finger}": bend for finger in fingers})
    np.testing.assert_allclose(value_of(fist, "fist:right"), 0.1)
    np.testing.assert_allclose(value_of(fist, "fist:left"), 0)
    np.testing.assert_allclose(value_of(fist, "shape:right"), bend)
    np.testing.assert_allclose(value_of(frames_with(right_ring=bend), "fist:right"), 0.1 / 5)
    np.testing.assert_allclose(value_of(frames_with(right_ring=bend), "bending:right_ring"), 0.1)


def test_a_hand_on_a_circle_has_one_speed_and_every_direction() -> None:
    angle = np.linspace(0, 2 * np.pi, 401)
    circle = frames_with(left_x=3 * np.cos(angle), left_z=3 * np.sin(angle))
    inner = slice(1, -1)
    np.testing.assert_allclose(
        value_of(circle, "speed:left")[inner], 3 * (angle[1] - angle[0]), rtol=1e-3
    )
    assert np.corrcoef(value_of(circle, "direction:left_x"), -np.sin(angle))[0, 1] > 0.999
    np.testing.assert_allclose(value_of(circle, "speed:right"), 0)


def test_one_frame_does_not_move() -> None:
    values = moving_values(np.full((1, len(GLOVE_CHANNELS)), 7.0), GLOVE_CHANNELS)[0]
    still = [feature.kind in ("channel", "shape") for feature in moving_features(GLOVE_CHANNELS)]
    np.testing.assert_allclose(values, np.where(still, 7.0, 0.0))


def test_position_goes_from_beginning_to_end() -> None:
    np.testing.assert_allclose(position(5), [0, 0.25, 0.5, 0.75, 1])
    assert position(1).tolist() == [0]
