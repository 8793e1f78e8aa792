"""The simulated gloves: files as from real ones, and the planted truth really in them."""

import csv
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from signpaths.closeness.distances import example_distances, group_sums, mean_distances
from signpaths.closeness.ranks import largest_close_rank, mutual_ranks
from signpaths.data import simulate as stage
from signpaths.data.simulate import (
    PAIRS,
    PHASES,
    QUARTET,
    Movement,
    Sign,
    plant,
    planted_pairs,
    simulate,
)
from signpaths.data.tsd import parse_frames
from signpaths.errors import UserError
from signpaths.frames import resample
from signpaths.options import SimulateOptions
from signpaths.report.sections.planted import PROMISES, Answer, kept
from signpaths.stability.verdicts import APART, INPUT, NONE, STAYS

ROOT = Path(__file__).parents[3]
SEEDS = range(5)
LINE = re.compile(r"-?\d+\.\d{6}(\t-?\d+\.\d{6}){21}")
FINGERS = [*range(6, 11), *range(17, 22)]
SMALL = SimulateOptions(twins=1, prefixes=1, crossings=1, sessions=2, takes=2)


def written(folder: Path, options: SimulateOptions = SMALL) -> dict[str, bytes]:
    simulate(folder / "simulated", folder / "planted.csv", options=options)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".sum"
    }


def frames_of(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    return {path: parse_frames(data) for path, data in files.items() if path.endswith(".tsd")}


def sign_of(path: str) -> str:
    return Path(path).stem.rpartition("-")[0]


def relations(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "planted.csv").open(newline="") as file:
        return [(row["sign_a"], row["sign_b"], row["relation"]) for row in csv.DictReader(file)]


def distance(one: Movement, other: Movement) -> float:
    apart = stage.outline(one) - stage.outline(other)
    return float(np.sqrt((apart**2).sum(axis=1).mean()))


def pairs(signs: list[Sign], relation: str) -> list[tuple[Sign, Sign]]:
    chosen = [sign for sign in signs if sign.relation == relation]
    return list(zip(chosen[::2], chosen[1::2], strict=True))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    written(folder, SimulateOptions())
    return folder


@pytest.fixture(scope="module")
def recordings(demo: Path) -> dict[str, np.ndarray]:
    return {str(path): parse_frames(path.read_bytes()) for path in demo.rglob("*.tsd")}


# ---- Files ----


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = written(tmp_path / "first")
    assert first == written(tmp_path / "again")
    other = written(
        tmp_path / "other", SimulateOptions(seed=1, twins=1, prefixes=1, crossings=1, sessions=2)
    )
    assert not set(first.values()) & set(other.values())
    one, another = (plant(SimulateOptions(seed=seed))[0].movement.curve(PHASES) for seed in (0, 1))
    assert not np.isclose(one[:, 11:17], another[:, 11:17]).all(axis=0).any()


def test_more_sessions_takes_and_signs_leave_the_recordings_as_they_are(tmp_path: Path) -> None:
    few = frames_of(written(tmp_path / "few"))
    more = SimulateOptions(twins=1, prefixes=1, crossings=1, sessions=3, takes=3)
    many = frames_of(written(tmp_path / "many", more))
    assert set(few) < set(many)
    assert all(np.array_equal(few[path], many[path]) for path in few)
    movements = [sign.movement.curve(PHASES) for sign in plant(SimulateOptions())]
    longer = [sign.movement.curve(PHASES) for sign in plant(SimulateOptions(others=2))]
    assert len(longer) == len(movements) + 2
    assert all(np.array_equal(*both) for both in zip(movements, longer, strict=False))


def test_every_sign_has_every_take_in_every_session(demo: Path) -> None:
    files = {path.relative_to(demo / "simulated").as_posix() for path in demo.rglob("*.tsd")}
    signs = {sign_of(path) for path in files}
    assert len(signs) == 12
    assert files == {
        f"session{session}/{sign}-{take}.tsd"
        for sign in signs
        for session in (1, 2, 3)
        for take in (1, 2, 3, 4)
    }
    assert any("-" in sign for sign in signs)
    assert any(sign.endswith("_") for sign in signs)


def test_planted_pairs_are_what_was_asked_for(demo: Path) -> None:
    found = relations(demo)
    assert [relation for *_, relation in found] == ["twin"] * 2 + ["prefix"] * 2 + ["crossing"] * 2
    signs = [sign for row in found for sign in row[:2]]
    assert len(set(signs)) == 12
    assert set(signs) == {sign_of(str(path)) for path in demo.rglob("*.tsd")}


def test_plain_signs_are_recorded_and_in_no_planted_pair(tmp_path: Path) -> None:
    options = SimulateOptions(
        twins=1, prefixes=0, crossings=0, others=3, sessions=1, takes=1, noise=0, drift=0
    )
    files = written(tmp_path, options)
    assert len(files) == 5 + 1
    assert [relation for *_, relation in relations(tmp_path)] == ["twin"]


def test_files_look_like_those_of_the_gloves(demo: Path) -> None:
    for path in demo.rglob("*.tsd"):
        text = path.read_text(encoding="ascii")
        assert text.endswith("\n")
        assert all(LINE.fullmatch(line) for line in text.splitlines()), path


def test_numbers_look_like_those_of_the_gloves(recordings: dict[str, np.ndarray]) -> None:
    frames = np.concatenate(list(recordings.values()))
    assert np.isfinite(frames).all()
    assert frames[:, FINGERS].min() == 0
    assert frames[:, FINGERS].max() == 1
    # Metres in front of the signer, and orientations that never wrap round.
    assert np.abs(frames[:, [0, 1, 2, 11, 12, 13]]).max() < 0.8
    assert 0 < frames[:, [3, 4, 5, 14, 15, 16]].min() < frames[:, [3, 4, 5, 14, 15, 16]].max() < 1
    # Clipping makes many finger channels constant, but no channel is constant throughout.
    constant = np.array([np.ptp(values, axis=0) == 0 for values in recordings.values()])
    assert 0.1 < constant[:, FINGERS].mean() < 0.9
    assert np.ptp(frames, axis=0).min() > 0


def test_lengths_vary_within_what_small_networks_can_take(
    recordings: dict[str, np.ndarray],
) -> None:
    lengths = {path: len(values) for path, values in recordings.items()}
    assert min(lengths.values()) >= 20
    assert max(lengths.values()) <= 45
    for sign in {sign_of(path) for path in lengths}:
        assert len({length for path, length in lengths.items() if sign_of(path) == sign}) > 1


def test_a_failure_on_the_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    calls = iter(range(5))
    monkeypatch.setattr(stage, "record", lambda *args: np.zeros((2 + 0 * next(calls), 22)))
    with pytest.raises(StopIteration):
        written(tmp_path, SimulateOptions(seed=7))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_what_was_in_the_folder_goes(tmp_path: Path) -> None:
    written(tmp_path)
    stale = tmp_path / "simulated" / "session9" / "stale-1.tsd"
    stale.parent.mkdir(parents=True)
    stale.touch()
    written(tmp_path)
    assert not stale.exists()


# ---- Planted truth ----


def raw_distances(folder: Path) -> dict[frozenset[str], float]:
    """Mean distance of the examples of two signs at 32 equal phases, channels standardised."""
    values = {path: parse_frames(path.read_bytes()) for path in sorted(folder.rglob("*.tsd"))}
    frames = np.concatenate(list(values.values()))
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)
    resampled: dict[str, list[np.ndarray]] = {}
    for path, recording in values.items():
        at = np.linspace(0, len(recording) - 1, 32)
        columns = ((recording - mean) / deviation).T
        points = np.array([np.interp(at, np.arange(len(recording)), column) for column in columns])
        resampled.setdefault(sign_of(str(path)), []).append(points.ravel())
    stacked = {sign: np.array(points) for sign, points in resampled.items()}
    return {
        frozenset((one, other)): float(
            np.linalg.norm(stacked[one][:, None] - stacked[other], axis=-1).mean() / np.sqrt(32)
        )
        for one in stacked
        for other in stacked
        if one < other
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_twins_and_prefixes_are_nearest_in_the_raw_signals_and_crossings_far(
    tmp_path: Path, seed: int
) -> None:
    written(tmp_path, SimulateOptions(seed=seed, takes=2))
    distances = raw_distances(tmp_path)
    planted = {frozenset(row[:2]) for row in relations(tmp_path)}
    unrelated = [value for pair, value in distances.items() if pair not in planted]
    for *pair, relation in relations(tmp_path):
        own = distances[frozenset(pair)]
        others = [
            value
            for other, value in distances.items()
            if other & set(pair) and other != frozenset(pair)
        ]
        if relation == "crossing":
            assert own > np.median(unrelated) * 0.8
            assert own > sorted(others)[3]
        else:
            assert own < min(others)
        if relation == "twin":
            assert own < 0.5 * min(unrelated)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_twin_differs_in_one_finger_at_the_end(seed: int) -> None:
    for one, other in pairs(plant(SimulateOptions(seed=seed)), "twin"):
        apart = np.abs(one.movement.curve(PHASES) - other.movement.curve(PHASES))
        assert one.movement.frames == other.movement.frames
        assert np.count_nonzero(apart.max(axis=0)) == 1
        assert apart[:, FINGERS].max() > 0.3
        assert apart[PHASES < 0.6].max() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_longer_sign_of_a_prefix_pair_begins_as_the_shorter(seed: int) -> None:
    for short, long in pairs(plant(SimulateOptions(seed=seed)), "prefix"):
        share = short.movement.frames / long.movement.frames
        assert 0.6 < share < 0.85
        beginning = long.movement.curve(PHASES * share)
        np.testing.assert_allclose(beginning, short.movement.curve(PHASES), atol=1e-12)
        # Then the hand stays about where it is and its fingers move.
        tail = long.movement.curve(np.array([share, 1.0]))
        change = np.abs(tail[1] - tail[0])
        assert change[11:17].max() <= 0.1
        assert change[17:].min() > 0.5
        assert change[:11].max() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_crossing_signs_share_their_places_but_not_their_times(seed: int) -> None:
    signs = plant(SimulateOptions(seed=seed))
    for one, other in pairs(signs, "crossing"):
        a, b = one.movement.curve(PHASES), other.movement.curve(PHASES)
        between = np.linalg.norm(a[:, None] - b, axis=-1)
        assert np.abs(PHASES[between.argmin(axis=0)] - PHASES).mean() > 0.4
        assert between.min(axis=0).max() < 1e-9
        assert np.diag(between).mean() > 20 * between.min(axis=0).max()
        unrelated = [
            distance(one.movement, sign.movement) for sign in signs if sign.group != one.group
        ]
        assert distance(one.movement, other.movement) > min(unrelated)


@pytest.mark.parametrize("seed", SEEDS)
def test_unrelated_signs_are_clearly_apart(seed: int) -> None:
    signs = plant(SimulateOptions(seed=seed, others=4))
    related = [
        distance(one.movement, other.movement)
        for relation in ("twin", "prefix")
        for one, other in pairs(signs, relation)
    ]
    unrelated = [
        distance(one.movement, other.movement)
        for index, one in enumerate(signs)
        for other in signs[:index]
        if one.group != other.group
    ]
    assert min(unrelated) > 1.1 * max(related)
    assert min(unrelated) > 0.9


def test_the_left_hand_rests_in_every_second_pair(
    demo: Path, recordings: dict[str, np.ndarray]
) -> None:
    def share(sign: str) -> list[float]:
        moved = [
            [np.sqrt(values[:, hand].var(axis=0).sum()) for hand in (slice(0, 3), slice(11, 14))]
            for path, values in recordings.items()
            if sign_of(path) == sign
        ]
        return [left / right for left, right in moved]

    for index, (one, other, _) in enumerate(relations(demo)):
        if index % 2 == 0:
            assert max(share(one) + share(other)) < 0.12
        else:
            assert min(share(one) + share(other)) > 0.3


# ---- How recordings differ ----


def test_drift_parts_the_sessions_and_takes_differ_within_them(tmp_path: Path) -> None:
    options = SimulateOptions(twins=0, prefixes=0, crossings=0, others=3, noise=0, drift=0.5)
    places: dict[tuple[str, str], list[float]] = {}
    for path, values in frames_of(written(tmp_path, options)).items():
        _, session, _ = path.split("/")
        places.setdefault((sign_of(path), session), []).append(values[:, 11].mean())
    within = max(np.ptp(values) for values in places.values())
    assert 0 < within < 0.05
    shift = {
        sign: np.diff([np.mean(places[sign, f"session{day}"]) for day in (1, 2, 3)])
        for sign, _ in places
    }
    # The same day shifts every sign by the same.
    assert max(np.abs(values).max() for values in shift.values()) > within
    assert np.ptp(list(shift.values()), axis=0).max() < 0.05


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    noise=st.floats(0, 0.5),
    drift=st.floats(-1, 1),
    two_handed=st.booleans(),
    relation=st.sampled_from(sorted(PAIRS)),
)
def test_every_recording_of_every_movement_is_a_valid_file(
    seed: int, noise: float, drift: float, two_handed: bool, relation: str
) -> None:
    rng = np.random.default_rng(seed)
    for movement in stage.draw_group(relation, two_handed, rng):
        frames = stage.record(movement, rng, np.full(22, drift), noise)
        assert frames.shape[1] == 22
        assert 20 <= len(frames) <= 45
        assert np.isfinite(frames).all()
        assert frames[:, FINGERS].min() >= 0
        assert frames[:, FINGERS].max() <= 1


@settings(deadline=None)
@given(count=st.integers(3, 200), seed=st.integers(0, 100))
def test_names_are_distinct_and_safe(count: int, seed: int) -> None:
    names = stage.sign_names(count, seed)
    assert len(set(names)) == count
    assert len({name.lower() for name in names}) == count
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]*", name) for name in names)
    assert {"thank-you", "wait_"} <= set(names)


# ---- What a copy of the raw signals cannot find ----


def of_the_demo(seed: int) -> SimulateOptions:
    config = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    return SimulateOptions(**config["simulate"] | {"seed": seed})


def raw_ranks(signs: list[Sign], options: SimulateOptions) -> np.ndarray:
    """Mutual ranks in the raw signals, measured as stage `closeness-raw` does."""
    takes = [
        stage.record(sign.movement, np.random.default_rng([seed, index]), np.zeros(22), 0.01)
        for index, sign in enumerate(signs)
        for seed in range(options.sessions * options.takes)
    ]
    real = np.arange(max(map(len, takes))) < np.array([[len(take)] for take in takes])
    x = np.zeros((*real.shape, 22))
    x[real] = np.concatenate(takes)
    scaled = (x - x[real].mean(axis=0)) / x[real].std(axis=0)
    between = example_distances(resample(scaled, real, 32))
    label = np.repeat(np.arange(len(signs)), options.sessions * options.takes)
    return mutual_ranks(mean_distances(*group_sums(between, label, len(signs))))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_copy_of_the_raw_signals_fails(seed: int) -> None:
    """Raw ranks in place of hidden ones: close in all networks or in none, before training too."""
    options = of_the_demo(seed)
    signs = plant(options)
    close = raw_ranks(signs, options) <= largest_close_rank(len(signs), 0.05)
    found = {
        frozenset((one.name, other.name)): Answer(STAYS, INPUT)
        if close[a, b]
        else Answer(APART, NONE)
        for a, one in enumerate(signs)
        for b, other in enumerate(signs[:a])
    }
    planted = planted_pairs(signs).to_dict("records")
    right = dict(zip([row["relation"] for row in planted], kept(planted, found), strict=True))
    assert right == {name: name in ("twin", "prefix", "crossing") for name in PROMISES}
    # In the signals, a quiet sign is nearest to the first of two that belong together.
    by_relation = {row["relation"]: frozenset((row["sign_a"], row["sign_b"])) for row in planted}
    assert found[by_relation["learned apart"]] == Answer(STAYS, INPUT)


def test_pairs_of_one_relation_that_were_made_together_are_a_planting() -> None:
    planted = planted_pairs(plant(of_the_demo(0)))
    assert set(planted["relation"]) == set(PROMISES)
    assert planted["planting"].tolist() == [1, 2, 3, 4, 5, 6, *[7] * 6, *[8] * 6]
    assert planted.groupby("planting")["relation"].nunique().max() == 1
    quartets = planted[planted["relation"] == "flickering"].groupby("planting")
    signs = [{*quartet["sign_a"], *quartet["sign_b"]} for _, quartet in quartets]
    assert [len(four) for four in signs] == [4, 4]
    assert not set.intersection(*signs)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_four_of_a_quartet_are_equally_far_apart(seed: int) -> None:
    signs = [sign for sign in plant(of_the_demo(seed)) if sign.relation == "flickering"]
    for group in {sign.group for sign in signs}:
        four = [sign.movement.curve(PHASES) for sign in signs if sign.group == group]
        apart = np.array([one - other for one, other in combinations(four, 2)]) ** 2
        # At every moment,
        of_moment = apart.sum(axis=2)
        np.testing.assert_allclose(of_moment, of_moment[0, 0])
        # and over a whole turn in every channel of the right hand's place, and in no other.
        of_channel = apart[:, :-1].mean(axis=1)
        np.testing.assert_allclose(of_channel[:, 11:17], QUARTET**2)
        assert np.delete(of_channel, np.s_[11:17], axis=1).max() == 0


@pytest.mark.parametrize("relation", ["learned", "trembling"])
def test_restless_signs_differ_from_take_to_take_in_the_left_hand_only(relation: str) -> None:
    signs = [sign for sign in plant(of_the_demo(0)) if sign.relation == relation]
    one, other, quiet = (sign.movement for sign in signs)
    assert quiet.vary is None
    for movement in (one, other):
        assert movement.vary is not None
        added = [movement.vary(np.random.default_rng(seed))(PHASES) for seed in range(9)]
        assert all((take[:, 6:] == 0).all() for take in added)
        assert np.ptp([take[-1, :6] for take in added], axis=0).min() > 0.5
    # What is left without it: one finger, as of twins.
    apart = np.abs(one.curve(PHASES) - other.curve(PHASES))
    assert np.count_nonzero(apart.max(axis=0)) == 1


# ---- Options that make no study ----


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"sessions": 0}, ["sessions\n.* greater than or equal to 1"]),
        ({"takes": 0}, ["takes\n.* greater than or equal to 1"]),
        ({"seed": -1}, ["seed\n.* greater than or equal to 0"]),
        ({"twins": -1}, ["twins\n.* greater than or equal to 0"]),
        ({"noise": -0.1}, ["noise\n.* greater than or equal to 0"]),
        ({"drift": float("nan")}, ["drift\n.* finite"]),
        ({"noise": float("inf")}, ["noise\n.* finite"]),
        ({"sessions": 0, "noise": -1}, ["sessions\n", "noise\n"]),
    ],
)
def test_options_out_of_bounds_are_refused(options: dict[str, float], messages: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        SimulateOptions(**options)
    for message in messages:
        assert re.search(message, str(caught.value))


def test_options_that_make_no_study_are_refused(tmp_path: Path) -> None:
    options = SimulateOptions(twins=1, prefixes=0, crossings=0)
    with pytest.raises(UserError, match="make 2 signs, expected at least 3"):
        simulate(tmp_path / "simulated", tmp_path / "planted.csv", options=options)
    assert not list(tmp_path.iterdir())
