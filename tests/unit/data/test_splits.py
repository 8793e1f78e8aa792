"""Stage `splits`: every example in one part, as many as asked, the same for the same seed."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from signpaths.data.splits import (
    PARTS,
    deal_by_example,
    deal_by_session,
    read_parts,
    splits,
)
from signpaths.errors import UserError
from signpaths.options import SplitsOptions
from signpaths.stores import write_store

SEEDS = st.integers(0, 2**31 - 1)
NAMES = st.text(alphabet="aAbé_-", min_size=1, max_size=4)
SIGNS = st.dictionaries(NAMES, st.integers(1, 12), min_size=1, max_size=6)


def labels(counts: dict[str, int], seed: int = 0) -> np.ndarray:
    """Signs in any order, as often as said."""
    sign = np.repeat(list(counts), list(counts.values()))
    return np.random.default_rng(seed).permutation(sign)


def expected_counts(available: int, options: SplitsOptions) -> tuple[int, int]:
    wanted = [
        round(value * available) if value < 1 else int(value)
        for value in (options.train, options.validation)
    ]
    train = min(max(wanted[0], 1), available)
    return train, min(wanted[1], available - train)


OPTIONS = st.builds(
    SplitsOptions,
    train=st.one_of(st.integers(1, 10).map(float), st.floats(0.05, 0.9)),
    validation=st.one_of(st.integers(1, 5).map(float), st.floats(0.0, 0.5, exclude_min=True)),
)


@given(SIGNS, SEEDS, OPTIONS)
def test_every_sign_has_as_many_examples_in_a_part_as_asked(
    counts: dict[str, int], seed: int, options: SplitsOptions
) -> None:
    sign = labels(counts, seed)
    part = deal_by_example(sign, seed, options)
    assert part.shape == sign.shape
    assert set(part) <= set(PARTS)
    for name, available in counts.items():
        found = Counter(part[sign == name].tolist())
        train, validation = expected_counts(available, options)
        assert found["train"] == train >= 1
        assert found["validation"] == validation
        assert found["test"] == available - train - validation


def test_the_articles_counts_come_out() -> None:
    sign = labels({f"sign{index}": 27 for index in range(5)})
    part = deal_by_example(sign, 0, SplitsOptions(train=21, validation=3))
    assert Counter(part.tolist()) == {"train": 105, "validation": 15, "test": 15}
    part = deal_by_example(sign, 0, SplitsOptions(train=0.78, validation=0.11))
    assert Counter(part.tolist()) == {"train": 105, "validation": 15, "test": 15}


@given(SIGNS, SEEDS)
def test_the_same_seed_gives_the_same_split(counts: dict[str, int], seed: int) -> None:
    sign = labels(counts)
    once, again = (deal_by_example(sign, seed, SplitsOptions()) for _ in range(2))
    assert once.tolist() == again.tolist()


@given(SIGNS, SEEDS, st.integers(1, 9))
def test_another_sign_moves_no_example(counts: dict[str, int], seed: int, more: int) -> None:
    sign = labels(counts)
    joined = np.concatenate([np.repeat("new", more), sign])
    alone = deal_by_example(sign, seed, SplitsOptions(train=0.5, validation=0.25))
    together = deal_by_example(joined, seed, SplitsOptions(train=0.5, validation=0.25))
    assert together[more:].tolist() == alone.tolist()


def test_seeds_and_signs_are_dealt_differently() -> None:
    sign = np.repeat(["a", "b"], 20)
    parts = {tuple(deal_by_example(sign, seed, SplitsOptions())) for seed in range(20)}
    assert len(parts) == 20
    alike = [
        part[:20] == part[20:]
        for part in (tuple(deal_by_example(sign, seed, SplitsOptions())) for seed in range(20))
    ]
    assert sum(alike) < 5


def test_every_example_is_as_likely_in_training_as_another() -> None:
    sign = np.repeat("a", 10)
    options = SplitsOptions(train=5, validation=2)
    parts = np.array([deal_by_example(sign, seed, options) for seed in range(400)])
    assert np.abs((parts == "train").mean(axis=0) - 0.5).max() < 0.12
    assert np.abs((parts == "validation").mean(axis=0) - 0.2).max() < 0.1


# Whole sessions


@given(st.integers(3, 9), SEEDS)
def test_no_session_is_torn_apart(sessions: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    session = generator.permutation(np.repeat([f"s{index}" for index in range(sessions)], 6))
    sign = np.empty(session.size, dtype="<U1")
    for name in set(session):
        sign[session == name] = list("aabbcc")
    part = deal_by_session(sign, session, seed, SplitsOptions(train=sessions - 2, validation=1))
    for name in set(session):
        assert len(set(part[session == name])) == 1
    held = {name: {session[i] for i in np.flatnonzero(part == name)} for name in PARTS}
    assert [len(held[name]) for name in PARTS] == [sessions - 2, 1, 1]


def test_seeds_hold_out_different_sessions() -> None:
    session = np.repeat([f"s{index}" for index in range(9)], 3)
    sign = np.tile(list("abc"), 9)
    options = SplitsOptions(train=0.78, validation=0.11)
    tests = {
        tuple(session[deal_by_session(sign, session, seed, options) == "test"])
        for seed in range(30)
    }
    assert len(tests) >= 5
    once, again = (deal_by_session(sign, session, 4, options) for _ in range(2))
    assert once.tolist() == again.tolist()


def test_too_few_sessions_are_refused() -> None:
    session = np.array(["one", "two"] * 3)
    with pytest.raises(UserError, match=r"2 sessions \(one, two\)"):
        deal_by_session(np.array(list("aabbcc")), session, 0, SplitsOptions())


def test_a_sign_without_training_examples_is_named() -> None:
    session = np.array(["s1", "s2", "s3", "s4"] * 2)
    sign = np.array(["a"] * 7 + ["rare"])
    options = SplitsOptions(train=2, validation=1)
    outcomes, messages = [], []
    for seed in range(20):
        try:
            part = deal_by_session(sign, session, seed, options)
        except UserError as error:
            messages.append(str(error))
            outcomes.append(False)
        else:
            assert part[-1] == "train"
            outcomes.append(True)
    assert len(set(outcomes)) == 2
    assert all("rare" in message and "split.seed" in message for message in messages)


# The stage


def write_sequences(path: Path, sign: np.ndarray, session: np.ndarray) -> Path:
    columns = {"sign": sign, "session": session, "take": np.arange(sign.size)}
    dataset = xr.Dataset(
        {"x": (("example", "time", "channel"), np.ones((sign.size, 2, 1), np.float32))},
        coords={name: ("example", values) for name, values in columns.items()},
    )
    write_store(dataset, path, stage="sequences", title="made for a test")
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sign = np.repeat(["God", 'a "b", c', "x_", "NA"], 9)
    session = np.tile(np.repeat(["s1", "s2", "s3"], 3), 4)
    return write_sequences(tmp_path_factory.mktemp("splits") / "sequences.zarr", sign, session)


@pytest.mark.parametrize("by", ["example", "session"])
def test_the_table_names_every_example_once(study: Path, tmp_path: Path, by: str) -> None:
    options = SplitsOptions(by=by, train=0.34, validation=0.34)
    for seed in (0, 0, 1):
        splits(study, tmp_path / f"{seed}.csv", seed=seed, options=options)
    with (tmp_path / "0.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [int(row["example"]) for row in rows] == list(range(36))
    assert [row["sign"] for row in rows] == [
        *["God"] * 9,
        *['a "b", c'] * 9,
        *["x_"] * 9,
        *["NA"] * 9,
    ]
    assert [int(row["take"]) for row in rows] == list(range(36))
    assert [row["part"] for row in rows] == read_parts(tmp_path / "0.csv", 36).tolist()
    assert {row["part"] for row in rows} == set(PARTS)
    sign, session = (np.array([row[name] for row in rows]) for name in ("sign", "session"))
    dealt = (
        deal_by_example(sign, 0, options)
        if by == "example"
        else deal_by_session(sign, session, 0, options)
    )
    assert dealt.tolist() == [row["part"] for row in rows]
    assert (tmp_path / "0.csv").read_bytes() != (tmp_path / "1.csv").read_bytes() or by == "session"


@pytest.mark.parametrize(
    ("options", "empty"),
    [
        (SplitsOptions(train=9, validation=3), "validation and test"),
        (SplitsOptions(train=0.5, validation=0.01), "validation"),
        (SplitsOptions(train=6, validation=3), "test"),
        (SplitsOptions(by="session", train=0.9, validation=0.05), "validation and test"),
    ],
)
def test_an_empty_part_is_refused(
    study: Path, tmp_path: Path, options: SplitsOptions, empty: str
) -> None:
    with pytest.raises(UserError, match=f"the {empty} part is empty") as caught:
        splits(study, tmp_path / "split.csv", seed=0, options=options)
    assert "split.train" in str(caught.value)
    assert not (tmp_path / "split.csv").exists()


def test_a_split_of_other_examples_is_refused(study: Path, tmp_path: Path) -> None:
    splits(study, tmp_path / "split.csv", seed=0)
    with pytest.raises(UserError, match="36 examples, but the study has 35"):
        read_parts(tmp_path / "split.csv", 35)


@pytest.mark.parametrize("part", ["tran", "", "Test", "te"])
def test_an_example_in_no_part_is_refused(tmp_path: Path, part: str) -> None:
    """A split of one's own has no sums beside it."""
    (tmp_path / "split.csv").write_text(f"part,take\ntrain,1\n{part},2\n")
    with pytest.raises(UserError, match=rf"split\.csv: '{part}' is no part, expected one of train"):
        read_parts(tmp_path / "split.csv", 2)
