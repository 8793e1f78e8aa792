"""Stage `sequences`: who is in, in which order, padded where, and who is out and why."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import GLOVE_CHANNELS, write_recordings
from pydantic import ValidationError
from signpaths.data.sequences import padded, real_frames, sequences
from signpaths.errors import UserError
from signpaths.options import SequencesOptions
from signpaths.stores import open_store


def ramp(length: int, start: float = 1.0) -> np.ndarray:
    return start + np.arange(2 * length, dtype=float).reshape(length, 2)


SMALL = [
    ("who", "two", 1, ramp(3)),
    ("drink", "two", 1, ramp(5, 100)),
    ("drink", "one", 10, ramp(6, 400)),
    ("God", "one", 1, ramp(2, 300)),
    ("drink", "one", 2, ramp(4, 200)),
]


def made(folder: Path, recordings: list, options: SequencesOptions, **store):
    """Run the stage; give its dataset and the rows of its table of what is left out."""
    write_recordings(folder / "recordings.zarr", recordings, **store)
    out = (folder / "sequences.zarr", folder / "excluded.csv")
    sequences(folder / "recordings.zarr", *out, options=options)
    with out[1].open(encoding="utf-8", newline="") as handle:
        return open_store(out[0]).load(), list(csv.DictReader(handle))


# Padding


@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.integers(0, 3),
    st.sampled_from(["pre", "post"]),
    st.integers(0, 2**32 - 1),
)
def test_padding_and_mask_say_the_same(
    lengths: list[int], extra: int, padding: str, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    # Frames of zeros, of minus zeros and of numbers near zero are frames all the same.
    frames = [
        generator.choice([0.0, -0.0, 1e-38, 1.5], (length, 3), p=[0.5, 0.2, 0.1, 0.2])
        for length in lengths
    ]
    total = max(lengths) + extra
    x = padded(frames, total, padding)
    real = real_frames(np.array(lengths), total, padding)
    assert x.shape == (len(lengths), total, 3)
    assert x.dtype == np.float32
    for row, mask, values, length in zip(x, real, frames, lengths, strict=True):
        first = total - length if padding == "pre" else 0
        assert np.flatnonzero(mask).tolist() == list(range(first, first + length))
        np.testing.assert_allclose(row[first : first + length], values, atol=1e-20)
        # What a masking layer takes for padding is padding, and nothing else.
        assert (row != 0).any(axis=1).tolist() == mask.tolist()


def test_a_frame_of_zeros_stays_a_frame(tmp_path: Path) -> None:
    still = np.zeros((3, 2))
    recordings = [(sign, "s", 1, still) for sign in "abc"] + [("a", "s", 2, ramp(5))]
    dataset, _ = made(tmp_path, recordings, SequencesOptions(padding="post"))
    assert dataset.length.values.tolist() == [3, 5, 3, 3]
    real = (dataset.x.values != 0).any(axis=2)
    assert real.sum(axis=1).tolist() == [3, 5, 3, 3]
    np.testing.assert_array_equal(real, real_frames(dataset.length.values, 5, "post"))
    assert np.abs(dataset.x.values[0]).max() < 1e-20
    # Nor does it differ from zero in any sum or product.
    assert np.float32(dataset.x.values[0].max()) + np.float32(1e-10) == np.float32(1e-10)


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padding_goes_where_the_study_says(tmp_path: Path, padding: str) -> None:
    options = SequencesOptions(padding=padding, padded_length=8)
    dataset, _ = made(tmp_path, SMALL, options)
    assert dataset.attrs["padding"] == padding
    assert dataset.sizes["time"] == 8
    row = dataset.x.values[dataset.sign.values.tolist().index("God")]
    expected = np.zeros((8, 2))
    place = slice(6, 8) if padding == "pre" else slice(0, 2)
    expected[place] = ramp(2, 300)
    np.testing.assert_array_equal(row, expected)
    real = np.zeros(8, bool)
    real[place] = True
    assert dataset["mask"].dtype == bool
    np.testing.assert_array_equal(dataset["mask"].values[0], real)
    np.testing.assert_array_equal(dataset["mask"].sum("time"), dataset.length)


# Who is in


def test_examples_come_by_sign_session_and_take(tmp_path: Path) -> None:
    dataset, left_out = made(tmp_path, SMALL, SequencesOptions())
    order = list(
        zip(*(dataset[name].values.tolist() for name in ("sign", "session", "take")), strict=True)
    )
    expected = [
        ("God", "one", 1),
        ("drink", "one", 2),
        ("drink", "one", 10),
        ("drink", "two", 1),
        ("who", "two", 1),
    ]
    assert order == expected
    assert left_out == []
    assert dataset.sizes["time"] == 6
    by_name = {(sign, session, take): frames for sign, session, take, frames in SMALL}
    for key, row, length in zip(expected, dataset.x.values, dataset.length.values, strict=True):
        assert length == len(by_name[key])
        np.testing.assert_array_equal(row[6 - length :], by_name[key])
    assert dataset.source.values.tolist() == [f"{s}/{n}-{t}.tsd" for n, s, t in expected]
    assert dataset.sha256.values[0] == "sha-of-one/God-1.tsd"
    assert dataset.attrs["source_sha256"] == "of-the-source"
    assert (dataset.attrs["examples"], dataset.attrs["signs"]) == (5, 3)


def test_what_is_left_out_is_listed_with_its_reason(tmp_path: Path) -> None:
    recordings = [
        *SMALL,
        ("her", "one", 1, ramp(2)),
        ("his_hers", "two", 3, ramp(3)),
        ("long", "one", 1, ramp(40)),
        ("broken", "one", 1, 'line 3: "x", a number was expected'),
        ("his_hers", "two", 4, "also bad"),
        ("edge", "one", 1, ramp(20)),
    ]
    options = SequencesOptions(aliases={"her": "his_hers"}, exclude=("his_hers",), max_length=20)
    dataset, left_out = made(tmp_path, recordings, options)
    assert sorted(set(dataset.sign.values)) == ["God", "drink", "edge", "who"]
    assert dataset.sizes["time"] == 20
    assert {row["file"]: row["reason"] for row in left_out} == {
        "one/her-1.tsd": "sign is excluded (data.exclude)",
        "two/his_hers-3.tsd": "sign is excluded (data.exclude)",
        "one/long-1.tsd": "longer than 20 frames (data.max_length)",
        "one/broken-1.tsd": 'bad file: line 3: "x", a number was expected',
        "two/his_hers-4.tsd": "bad file: also bad",
    }
    row = next(row for row in left_out if row["file"] == "one/long-1.tsd")
    assert (row["sign"], row["session"], row["take"], row["frames"]) == ("long", "one", "1", "40")
    assert dataset.attrs["excluded"] == 5


def test_an_alias_joins_two_signs(tmp_path: Path) -> None:
    options = SequencesOptions(aliases={"God": "deity", "who": "deity"})
    recordings = [*SMALL, ("soon", "one", 1, ramp(2)), ("crazy", "one", 1, ramp(2))]
    dataset, _ = made(tmp_path, recordings, options)
    assert dataset.sign.values.tolist().count("deity") == 2
    assert not {"God", "who"} & set(dataset.sign.values)
    assert sorted(dataset.source.values[dataset.sign.values == "deity"]) == [
        "one/God-1.tsd",
        "two/who-1.tsd",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            SequencesOptions(aliases={"dirnk": "drink"}),
            ["data.aliases names 'dirnk', which no recording carries; did you mean 'drink'?"],
        ),
        (
            SequencesOptions(exclude=("god", "x" * 99)),
            [
                "data.exclude names 'god', which no recording carries; did you mean 'God'?",
                f"data.exclude names '{'x' * 60}…', which no recording carries; mend it or leave "
                "it out.",
            ],
        ),
        (
            SequencesOptions(aliases={"God": "deity", "Who": "x"}, exclude=("God",)),
            [
                "data.aliases names 'Who', which no recording carries; did you mean 'who'?",
                "data.exclude names 'God', which no recording carries after data.aliases is "
                "applied; did you mean 'deity'?",
            ],
        ),
    ],
)
def test_names_that_no_recording_carries_are_refused_all_at_once(
    tmp_path: Path, options: SequencesOptions, said: list[str]
) -> None:
    with pytest.raises(UserError) as caught:
        made(tmp_path, SMALL, options)
    assert str(caught.value).splitlines() == said
    assert not (tmp_path / "sequences.zarr").exists()


def test_a_name_that_only_a_bad_file_carries_may_be_named(tmp_path: Path) -> None:
    recordings = [*SMALL, ("her", "one", 1, ramp(2)), ("bad", "one", 1, "no number")]
    options = SequencesOptions(aliases={"her": "his"}, exclude=("his", "bad"))
    dataset, _ = made(tmp_path, recordings, options)
    assert sorted(set(dataset.sign.values)) == ["God", "drink", "who"]


@pytest.mark.parametrize("aliases", ["drink", {"": "drink"}, {"drink": ""}, {"": ""}, {"a=b": "c"}])
def test_an_alias_without_its_two_names_is_refused(aliases: object) -> None:
    with pytest.raises(ValidationError, match="aliases"):
        SequencesOptions(aliases=aliases)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (SequencesOptions(exclude=("who",)), "2 signs are left (God, drink)"),
        (SequencesOptions(aliases={"who": "God"}), "2 signs are left (God, drink)"),
        (SequencesOptions(max_length=1), "0 signs are left (none)"),
    ],
)
def test_fewer_than_three_signs_are_refused(
    tmp_path: Path, options: SequencesOptions, left: str
) -> None:
    with pytest.raises(UserError) as caught:
        made(tmp_path, SMALL, options)
    assert left in str(caught.value)
    assert not (tmp_path / "sequences.zarr").exists()


def test_an_example_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        made(tmp_path, SMALL, SequencesOptions(padded_length=5))
    assert "one/drink-10.tsd: 6 frames" in str(caught.value)
    assert "data.padded_length 5" in str(caught.value)
    dataset, _ = made(tmp_path, SMALL, SequencesOptions(padded_length=5, max_length=5))
    assert dataset.sizes == {"example": 4, "time": 5, "channel": 2}


# What padding costs


def one_long(frames: int) -> list:
    return [*SMALL, ("who", "long", 1, ramp(frames))]


def test_padding_larger_than_allowed_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Six examples of 1000 frames of two float32.
    most = SequencesOptions(largest_gib=6 * 1000 * 2 * 4 / 2**30)
    dataset, _ = made(tmp_path, one_long(1000), most)
    assert dataset.x.nbytes == 6 * 1000 * 2 * 4
    monkeypatch.setattr("signpaths.data.sequences.padded", None)
    with pytest.raises(UserError) as caught:
        made(tmp_path, one_long(1001), most)
    message = str(caught.value)
    for said in (
        "6 examples padded to 1,001 frames of 2 channels take 4.47e-05 GiB",
        "long/who-1.tsd (1,001 frames), one/drink-10.tsd (6 frames), two/drink-1.tsd (5 frames)",
        "the median is 4 frames",
        *("data.max_length", "data.padded_length", "data.largest_gib"),
    ):
        assert said in message


@pytest.mark.parametrize(("frames", "told"), [(10, False), (11, True)])
def test_the_log_says_where_padding_is_most_of_the_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], frames: int, told: bool
) -> None:
    """Twenty frames in five examples, nine of one frame, and the long one."""
    recordings = [*one_long(frames), *(("who", f"s{n}", 1, ramp(1)) for n in range(9))]
    real, count = 20 + frames + 9, 15
    assert (real / (count * frames) < 0.25) == told
    made(tmp_path, recordings, SequencesOptions())
    said = capsys.readouterr().out
    assert ("warning" in said) == told
    assert ("long/who-1.tsd (11 frames)" in said) == told


# Hands


def moving(generator: np.random.Generator, left: float, right: float) -> np.ndarray:
    """Frames in which each hand strays so far from its mean place, which is far from zero."""
    frames = generator.normal(size=(30, 22))
    for first, far in ((0, left), (11, right)):
        place = generator.normal(size=(30, 3))
        place -= place.mean(axis=0)
        place *= far / np.sqrt((place**2).sum(axis=1).mean())
        frames[:, first : first + 3] = place + generator.normal(0, 5, 3)
    return frames


def hands_of(folder: Path, movements: dict[str, list[tuple[float, float]]], share: float):
    generator = np.random.default_rng(0)
    recordings = [
        (sign, "s", take, moving(generator, left, right))
        for sign, pairs in movements.items()
        for take, (left, right) in enumerate(pairs)
    ]
    dataset, _ = made(
        folder, recordings, SequencesOptions(two_handed=share), channels=GLOVE_CHANNELS
    )
    return dict(zip(dataset.sign.values.tolist(), dataset.hands.values.tolist(), strict=True))


def test_hands_follow_from_how_far_each_hand_moves(tmp_path: Path) -> None:
    movements = {
        "just one": [(0.19, 1.0)] * 3,
        "just two": [(0.21, 1.0)] * 3,
        "left only": [(1.0, 0.0)] * 3,
        "mostly one": [(0.1, 1.0), (0.1, 1.0), (0.9, 1.0)],
        "mostly two": [(0.1, 1.0), (0.9, 1.0), (0.9, 1.0)],
        "a tie": [(0.1, 1.0), (0.9, 1.0)],
    }
    assert hands_of(tmp_path, movements, 0.2) == {
        "just one": "one",
        "just two": "two",
        "left only": "two",
        "mostly one": "one",
        "mostly two": "two",
        "a tie": "two",
    }
    # All examples of a sign are called alike, and the share is what decides.
    shares = hands_of(tmp_path, movements, 0.18)
    assert shares["just one"] == "two"


def test_hands_do_not_depend_on_where_the_hands_are_or_on_padding(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    near = moving(generator, 0.05, 1.0)
    far = near.copy()
    far[:, 0:3] += 1000
    recordings = [
        ("near", "s", 1, near),
        ("far", "s", 1, far),
        ("two", "s", 1, moving(generator, 1.0, 1.0)[:5]),
    ]
    for padding in ("pre", "post"):
        options = SequencesOptions(two_handed=0.5, padding=padding, padded_length=100)
        dataset, _ = made(tmp_path, recordings, options, channels=GLOVE_CHANNELS)
        hands = dict(zip(dataset.sign.values, dataset.hands.values, strict=True))
        assert hands == {"near": "one", "far": "one", "two": "two"}


@pytest.mark.parametrize("missing", ["left_y", "right_z"])
def test_hands_are_unknown_without_their_channels(tmp_path: Path, missing: str) -> None:
    channels = [name if name != missing else "other" for name in GLOVE_CHANNELS]
    generator = np.random.default_rng(0)
    recordings = [(sign, "s", 1, moving(generator, 1, 1)) for sign in "abc"]
    dataset, _ = made(tmp_path, recordings, SequencesOptions(), channels=channels)
    assert set(dataset.hands.values) == {"unknown"}
    assert "unknown" in dataset.hands.attrs["rule"]


# The real recordings


@pytest.fixture(scope="module")
def real_examples(real_store: Path, tmp_path_factory: pytest.TempPathFactory):
    """The real study's examples, and the same with the article's limit."""

    def made_with(max_length: int):
        folder = tmp_path_factory.mktemp("examples")
        options = SequencesOptions(
            aliases={"her": "his_hers"},
            exclude=("his_hers",),
            max_length=max_length,
            padded_length=90,
        )
        sequences(real_store, folder / "s.zarr", folder / "excluded.csv", options=options)
        with (folder / "excluded.csv").open(encoding="utf-8", newline="") as handle:
            return open_store(folder / "s.zarr"), list(csv.DictReader(handle))

    return made_with(90), made_with(89)


def test_the_real_study_has_94_signs(real_examples) -> None:
    for (dataset, left_out), count in zip(real_examples, (2529, 2528), strict=True):
        assert dataset.sizes == {"example": count, "time": 90, "channel": 22}
        assert len(set(dataset.sign.values)) == 94
        assert len(left_out) == 2565 - count
        reasons = [row["reason"] for row in left_out]
        assert reasons.count("sign is excluded (data.exclude)") == 27
        assert not {"her", "his_hers"} & set(dataset.sign.values)
        _, per_sign = np.unique(dataset.sign.values, return_counts=True)
        assert per_sign.max() == 27
        assert per_sign.sum() == 94 * 27 - (2538 - count)
        assert real_frames(dataset.length.values, 90, "pre").sum() == dataset.length.values.sum()


def test_the_real_hands_are_those_of_the_signs(real_examples) -> None:
    (dataset, _), _ = real_examples
    hands = dict(zip(dataset.sign.values, dataset.hands.values, strict=True))
    assert {sign: hands[sign] for sign in ("drink", "danger", "paper", "building")} == {
        "drink": "one",
        "danger": "one",
        "paper": "two",
        "building": "two",
    }
