"""Stage `evidence`: its scores against slow loops and scikit-learn, and planted truth."""

import itertools
import json
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cyclopts import App
from hypothesis import given
from hypothesis import strategies as st
from makers import random_ranks, spaces_named, write_names, write_raw, write_run
from pydantic import ValidationError
from scipy import stats
from signpaths.errors import UserError
from signpaths.evidence.evidence import _summary, evidence
from signpaths.evidence.scores import (
    AGAINST,
    Scores,
    confused,
    mean_of_others,
    prediction_scores,
    real_mistakes,
    scores_without,
    sign_count,
    sign_interval,
    softmax_mass,
)
from signpaths.options import ClaimsOptions, EvidenceOptions
from signpaths.spaces import coordinates, described
from signpaths.stability.stability import stability
from signpaths.stores import open_store, write_store
from sklearn.metrics import average_precision_score, roc_auc_score

SAME, OTHERS, MEAN = AGAINST


# Oracles


def slow_average_precision(rank: list[float], positive: list[bool]) -> float:
    """Step through the ranks from the nearest on: precision at each, times the recall it adds."""
    total, before = 0.0, 0
    for cut in sorted(set(rank)):
        found = [p for r, p in zip(rank, positive, strict=True) if r <= cut]
        total += sum(found) / len(found) * (sum(found) - before) / sum(positive)
        before = sum(found)
    return total


def slow_auc(rank: list[float], positive: list[bool]) -> float:
    """How often a pair that is mixed up is the closer one; a tie counts half."""
    one = [r for r, p in zip(rank, positive, strict=True) if p]
    other = [r for r, p in zip(rank, positive, strict=True) if not p]
    wins = [(a < b) + (a == b) / 2 for a in one for b in other]
    return sum(wins) / len(wins)


def slow_mass(probability: np.ndarray, sign: list[str], a: str, b: str, signs: list[str]) -> float:
    ways = []
    for true, answer in ((a, b), (b, a)):
        given_to = [
            float(row[signs.index(answer)])
            for row, name in zip(probability, sign, strict=True)
            if name == true
        ]
        ways.append(sum(given_to) / len(given_to) if given_to else math.nan)
    return sum(ways) / 2


# Softmax mass


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_softmax_mass_is_what_a_loop_gives(count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    signs = [f"s{index}" for index in range(count)]
    sign = generator.choice(signs, 3 * count).tolist()
    probability = generator.dirichlet(np.ones(count), len(sign)).astype(np.float32)
    found = softmax_mass(probability, np.array(sign), np.array(signs))
    assert found.shape == (count, count)
    np.testing.assert_array_equal(found, found.T)
    for (i, a), (j, b) in itertools.combinations(enumerate(signs), 2):
        expected = slow_mass(probability, sign, a, b, signs)
        np.testing.assert_allclose(found[i, j], expected, atol=1e-6)


def test_the_mean_of_the_others_leaves_out_the_own_run_and_what_is_missing() -> None:
    mass = np.array([[1.0, 1, np.nan], [2, np.nan, np.nan], [6, 5, 7]])
    np.testing.assert_allclose(mean_of_others(mass), [[4, 5, 7], [3.5, 3, 7], [1.5, 1, np.nan]])
    assert np.isnan(mean_of_others(mass[:1])).all()


@given(st.floats(1e-6, 1), st.integers(2, 7))
def test_equal_masses_have_equal_means(value: float, networks: int) -> None:
    """Rounding must not part what is equal: it would make pairs look mixed up."""
    assert np.ptp(mean_of_others(np.full((networks, 9), value)), axis=1).max() == 0


# Which pairs count as mixed up


@pytest.mark.parametrize(
    ("mass", "fraction", "expected"),
    [
        ([0.1, 0.4, 0.3, 0.2], 0.5, [0, 1, 1, 0]),
        ([0.1, 0.4, 0.3, 0.2], 0.02, [0, 1, 0, 0]),  # one at least
        ([0.1, 0.4, np.nan, 0.2], 0.6, [0, 1, 0, 1]),  # of those that are known
        ([0.3, 0.3, 0.1, 0.1], 0.25, [1, 1, 0, 0]),  # ties count together
        ([0.0, 0.0, 0.2, 0.0], 0.5, [0, 0, 1, 0]),  # no mass, not mixed up
        ([0.0, 0.0], 0.5, [0, 0]),
        ([np.nan, np.nan], 0.5, [0, 0]),
        ([0.5], 0.02, [1]),
    ],
)
def test_the_pairs_with_the_most_mass_are_mixed_up(
    mass: list[float], fraction: float, expected: list[int]
) -> None:
    assert confused(np.array(mass), fraction).tolist() == [bool(one) for one in expected]


# Real mistakes


def test_mistakes_are_those_of_a_loop_both_ways() -> None:
    generator, signs = np.random.default_rng(3), np.array(["a", "b", "c", "d"])
    sign = generator.choice(signs, 60)
    answer = generator.choice([*signs, "elsewhere"], 60)
    found = real_mistakes(answer, sign, signs)
    for (i, a), (j, b) in itertools.product(enumerate(signs), repeat=2):
        taken = sum({s, t} == {a, b} for s, t in zip(sign, answer, strict=True) if s != t)
        assert found[i, j] == taken


# Scores


PAIRS_OF = {signs: np.stack(np.triu_indices(signs, 1)) for signs in range(2, 9)}


@given(st.integers(3, 8), st.floats(0.05, 0.9), st.integers(0, 2**32 - 1))
def test_scores_without_each_sign_are_those_of_slow_loops(
    signs: int, fraction: float, seed: int
) -> None:
    generator, ends = np.random.default_rng(seed), PAIRS_OF[signs]
    rank = generator.integers(1, 6, ends.shape[1]).astype(float)
    positive = generator.random(ends.shape[1]) < fraction
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ap, auc = scores_without(rank, positive, ends, signs)
    assert ap.shape == auc.shape == (1 + signs,)
    for out in range(-1, signs):
        left = (ends != out).all(axis=0)
        r, p = rank[left].tolist(), positive[left].tolist()
        if all(p) or not any(p):
            assert np.isnan([ap[1 + out], auc[1 + out]]).all()
        else:
            assert ap[1 + out] == pytest.approx(slow_average_precision(r, p))
            assert auc[1 + out] == pytest.approx(slow_auc(r, p))
    alone = scores_without(rank, positive, ends[:0], 0)
    np.testing.assert_array_equal(alone, [ap[:1], auc[:1]])


def test_scores_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(1)
    ends = np.stack(np.triu_indices(30, 1))
    rank, positive = np.sqrt(generator.integers(1, 40, 435)), generator.random(435) < 0.1
    ap, auc = scores_without(rank, positive, ends, 30)
    for out in range(-1, 30):
        left = (ends != out).all(axis=0)
        assert ap[1 + out] == pytest.approx(average_precision_score(positive[left], -rank[left]))
        assert auc[1 + out] == pytest.approx(roc_auc_score(positive[left], -rank[left]))


@given(st.integers(0, 2**32 - 1))
def test_scores_depend_on_the_order_of_ranks_alone(seed: int) -> None:
    generator = np.random.default_rng(seed)
    ends = np.stack(np.triu_indices(9, 1))
    rank, positive = generator.uniform(1, 8, 36), generator.random(36) < 0.2
    order = generator.permutation(36)
    expected = scores_without(rank, positive, ends, 9)
    for other in (
        scores_without(np.log(rank) * 3, positive, ends, 9),
        scores_without(rank[order], positive[order], ends[:, order], 9),
    ):
        np.testing.assert_allclose(other, expected)


@given(st.integers(2, 200))
def test_pairs_tell_how_many_signs_there_are(signs: int) -> None:
    assert sign_count(signs * (signs - 1) // 2) == signs


def predicted(
    ranks: np.ndarray, mass: np.ndarray, fraction: float, mistakes: np.ndarray | None = None
) -> Scores:
    """Score ranks `(network, space, pair)`."""
    mistakes = np.zeros(mass.shape, int) if mistakes is None else mistakes
    return prediction_scores(list(ranks.transpose(1, 0, 2)), mass, mistakes, fraction)


def test_missing_pairs_are_left_out() -> None:
    generator = np.random.default_rng(1)
    rank, mass = generator.uniform(1, 10, 55), generator.random(55)
    mass[::5], rank[3] = np.nan, np.nan
    known = np.isfinite(mass) & np.isfinite(rank)
    positive = confused(mass, 0.2) & known
    found = predicted(rank[None, None], mass[None], 0.2)
    expected = average_precision_score(positive[known], -rank[known])
    assert found.ap[0, 0, 0] == pytest.approx(expected)
    assert found.auc[0, 0, 0] == pytest.approx(roc_auc_score(positive[known], -rank[known]))
    assert found.share[0, 0] == pytest.approx(positive.sum() / known.sum())


def test_planted_truth_is_found_and_chance_is_chance() -> None:
    """Space 0 holds the order of the mass, space 1 nothing, space 2 its reverse."""
    generator = np.random.default_rng(5)
    pairs = 64 * 63 // 2
    mass = np.repeat(generator.random((1, pairs)), 12, axis=0)
    ranks = np.stack(
        [1 / mass, generator.permuted(mass, axis=1), mass],
        axis=1,
    )
    scores = predicted(ranks, mass, 0.05)
    np.testing.assert_allclose(scores.share, 0.05, atol=1e-3)
    np.testing.assert_allclose(scores.ap[0], 1)
    np.testing.assert_allclose(scores.auc[0], 1)
    assert scores.ap[1].mean() == pytest.approx(0.05, abs=0.01)
    assert scores.auc[1].mean() == pytest.approx(0.5, abs=0.02)
    assert scores.ap[2].max() < 0.05
    np.testing.assert_allclose(scores.ap_without[..., 0], scores.ap.mean(axis=-1))
    np.testing.assert_allclose(scores.auc_without[..., 0], scores.auc.mean(axis=-1))


def test_what_only_the_own_run_knows_does_not_count_against_the_others() -> None:
    """Ranks made from each run's own noise foretell its mass and nothing of other runs."""
    generator = np.random.default_rng(6)
    mass = generator.random((8, 45 * 44 // 2))
    scores = predicted(1 / mass[:, None], mass, 0.02)
    np.testing.assert_allclose(scores.ap[0, 0], 1)
    assert scores.ap[0, 1:].mean() < 0.06


def test_the_mean_rank_finds_what_single_networks_see_through_noise() -> None:
    generator = np.random.default_rng(7)
    truth = generator.random(45 * 44 // 2)
    ranks = truth + generator.normal(0, 0.3, (10, 1, truth.size))
    scores = predicted(ranks, np.repeat(1 - truth[None], 10, axis=0), 0.02)
    same, others, mean = scores.ap_without[0, :, 0]
    assert same == pytest.approx(others)
    assert mean > 1.5 * same
    # The own rank is no part of it: nine others are averaged.
    for network, positive in enumerate(confused(1 - truth, 0.02)[None].repeat(10, axis=0)):
        expected = average_precision_score(positive, -np.delete(ranks[:, 0], network, 0).mean(0))
        assert scores.ap[0, 2, network] == pytest.approx(expected)


def test_only_real_mistakes_count_if_asked_for() -> None:
    """Of the two pairs with the most mass, one was really taken for the other, by one network."""
    rank = np.array([[1.0, 2, 3, 4, 5, 6]] * 3)
    mass = np.array([[0.5, 0.1, 0.4, 0.1, 0.1, 0.1]] * 3)
    mistakes = np.zeros((3, 6), int)
    mistakes[0, 2], mistakes[:, 5] = 2, 1  # the last does not count as mixed up
    found = predicted(rank[:, None], mass, 0.3, mistakes)
    np.testing.assert_allclose(found.ap[0], (1 + 2 / 3) / 2)
    np.testing.assert_allclose(found.ap_mistaken[0], [1 / 3] * 3)
    # Own answers: in one of three networks; those of others: in two of three.
    np.testing.assert_allclose(found.share_mistaken, [1 / 18, 2 / 18, 1 / 18])


# Intervals


def test_the_interval_is_the_jackknife_of_the_mean() -> None:
    """Left out one at a time, a mean's standard error is the usual one."""
    values = np.random.default_rng(8).normal(0.5, 0.1, 17)
    without = [values.mean(), *(np.delete(values, index).mean() for index in range(17))]
    value, low, high = sign_interval(np.array(without), (-9, 9))
    expected = stats.t.interval(0.95, 16, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose([low, high], expected)
    assert value == values.mean()
    np.testing.assert_array_equal(sign_interval(np.array(without), (0.49, 0.51))[1:], [0.49, 0.51])


def test_there_is_no_interval_where_a_sign_holds_all_that_is_mixed_up() -> None:
    without = np.array([[0.4, np.nan, 0.5, 0.3], [np.nan] * 4])
    found = sign_interval(without, (0, 1))
    np.testing.assert_array_equal(found, [[0.4, np.nan, np.nan], [np.nan] * 3])


def test_the_interval_over_signs_covers() -> None:
    """Hubs among the signs, pairs of their own and 30 signs: 19 in 20 studies at least, or so."""
    generator, signs, studies = np.random.default_rng(9), 30, 150
    first, second = np.triu_indices(signs, 1)
    found = []
    for _ in range(studies):
        place, hub = generator.normal(size=(signs, 4)), generator.normal(0, 0.5, signs)
        far = np.linalg.norm(place[first] - place[second], axis=1)
        mass = np.exp(hub[first] + hub[second] - 2 * far + generator.normal(0, 1, far.size))
        ranks = far + generator.normal(0, [[0.4], [0.8]], (2, far.size))
        scores = predicted(ranks[None], mass[None], 0.05)
        one, other = scores.ap_without[:, 0]
        found.append(np.stack([one, other, one - other]))
    value, low, high = sign_interval(np.array(found), (-1, 1)).T
    truth = value.mean(axis=1, keepdims=True)
    covered = ((low <= truth) & (truth <= high)).mean(axis=1)
    assert (covered > 0.9).all(), covered


# The stage


def write_network(
    path: Path,
    probability: np.ndarray,
    sign: list[str],
    part: list[str],
    signs: list[str],
    hands: list[str] | None = None,
) -> Path:
    """Write a store of stage `activations`, as far as this stage reads it."""
    hands = hands or ["unknown"] * len(sign)
    dataset = xr.Dataset(
        {"probability": (("example", "class"), probability.astype(np.float32))},
        coords={
            "class": signs,
            **{
                name: ("example", values)
                for name, values in (("sign", sign), ("part", part), ("hands", hands))
            },
        },
    )
    write_store(dataset, path, stage="activations", title="made for a test")
    return path


def write_stability(path: Path, signs: list[str], networks: list[str]) -> Path:
    """Write a store of stage `stability`, as far as this stage reads it."""
    first, second = np.triu_indices(len(signs), 1)
    per_space = {
        name: (("space", "pair"), np.full((1, first.size), 0.5))
        for name in ("pi", "pi_low", "pi_high", "q", "apart_q", "rank_mean")
    }
    dataset = xr.Dataset(
        {
            **per_space,
            "close": (
                ("space", "network", "pair"),
                np.zeros((1, len(networks), first.size), dtype=bool),
            ),
            "verdict": ("pair", np.full(first.size, "undecided")),
            "cause": ("pair", np.full(first.size, "")),
            "mutual_rank": (
                ("space", "network", "pair"),
                np.full((1, len(networks), first.size), 1.5),
            ),
            "input_rank": (("raw_space", "pair"), np.full((1, first.size), 1.5)),
            "raw_rank": ("pair", np.full(first.size, 1.5)),
        },
        coords={
            **coordinates(spaces_named("hidden")),
            **coordinates(spaces_named("raw"), dim="raw_space"),
            "sign": signs,
            "network": networks,
            "sign_a": ("pair", np.array(signs)[first]),
            "sign_b": ("pair", np.array(signs)[second]),
        },
        attrs={
            "inference": 0,
            "networks_needed_any": 8,
            "tau": 0.5,
            **{"fdr": 0.05, "rare": 0.1, "firm": 0.9, "sure": 0.8, "confidence": 0.95},
        },
    )
    write_store(dataset, path, stage="stability", title="made for a test")
    write_raw(path.with_name("raw.zarr"), np.ones((len(signs), len(signs))), signs)
    return path


def run_stage(
    folder: Path,
    networks: dict[int, tuple[np.ndarray, list[str], list[str]]],
    ranks: dict[int, np.ndarray],
    signs: list[str],
    spaces: tuple[str, ...] = ("hidden",),
    raw: np.ndarray | None = None,
    options: EvidenceOptions = EvidenceOptions(),
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Run the stage on probabilities, signs and parts, and on mutual ranks, of each network."""
    for network, given_answers in networks.items():
        write_network(folder / f"activations/{network}.zarr", *given_answers, signs)
        write_run(folder / f"closeness/{network}.zarr", ranks[network], signs, spaces)
    write_raw(folder / "raw.zarr", next(iter(ranks.values()))[0, 0] if raw is None else raw, signs)
    run_stability(folder, list(networks))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_on(folder, options)
    table = pd.read_csv(folder / "claims.csv", keep_default_na=False)
    return open_store(folder / "evidence.zarr").load(), table


def run_stability(folder: Path, networks: list[int]) -> None:
    """Run stage `stability` on what lies in a folder."""
    stability(
        write_names(folder / "networks.txt", networks),
        *(folder / name for name in ("raw.zarr", "closeness", "stability.zarr", "pairs.csv")),
    )


FILES = ("stability.zarr", "raw.zarr", "activations", "evidence.zarr", "claims.csv")


def run_on(
    folder: Path,
    options: EvidenceOptions = EvidenceOptions(),
    claims: Sequence[dict[str, object]] = (),
) -> None:
    """Run the stage on what lies in a folder."""
    evidence(
        *(folder / name for name in FILES),
        options=options,
        claims=ClaimsOptions.model_validate({"claims": claims}),
    )


SIGNS = ["No", "a", "b", "c", "d", "true", "x", "y", "z é"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory):
    """Four networks of nine signs; `d` has no held-out example in the split of network 3."""
    generator = np.random.default_rng(2)
    networks, ranks = {}, {}
    for network in (0, 3, 10, 11):
        sign = [name for name in SIGNS for _ in range(4)]
        part = ["train", "test", "validation", "train"] * len(SIGNS)
        if network == 3:
            part = ["train" if s == "d" else p for s, p in zip(sign, part, strict=True)]
        order = generator.permutation(len(sign))
        probability = generator.dirichlet(np.full(len(SIGNS), 0.3), len(sign))
        networks[network] = (
            probability,
            [sign[index] for index in order],
            [part[index] for index in order],
        )
        hidden = random_ranks(generator, len(SIGNS), [])
        projected = [random_ranks(generator, len(SIGNS), []) for _ in range(3)]
        ranks[network] = np.stack([np.stack([hidden] * 3), np.stack(projected)])
    raw = random_ranks(generator, len(SIGNS), [])
    dataset, table = run_stage(
        tmp_path_factory.mktemp("measured"),
        networks,
        ranks,
        SIGNS,
        ("hidden", "ae2"),
        raw,
        EvidenceOptions(confused_fraction=0.15),
    )
    return dataset, table, networks, ranks, raw


def test_every_score_is_what_a_loop_gives(measured) -> None:
    dataset, _, networks, ranks, raw = measured
    names, pairs = [0, 3, 10, 11], list(itertools.combinations(range(len(SIGNS)), 2))
    assert described(dataset) == spaces_named("hidden", "ae2", "raw", runs=3)
    assert dataset.against.values.tolist() == [SAME, OTHERS, MEAN]
    assert dataset.network.values.tolist() == [str(name) for name in names]
    assert dataset.sign_a.values.tolist() == [SIGNS[a] for a, _ in pairs]
    assert dataset.sign_b.values.tolist() == [SIGNS[b] for _, b in pairs]
    mass = {}
    for name, (probability, sign, part) in networks.items():
        held = [index for index, one in enumerate(part) if one != "train"]
        mass[name] = [
            slow_mass(probability[held], [sign[i] for i in held], SIGNS[a], SIGNS[b], SIGNS)
            for a, b in pairs
        ]
        found = dataset.softmax_mass.sel(network=str(name)).values
        np.testing.assert_allclose(found, mass[name], atol=1e-6)
    assert np.isnan(dataset.softmax_mass.values).sum() == len(SIGNS) - 1
    for name, against in itertools.product(names, (SAME, OTHERS, MEAN)):
        others = [one for one in names if one != name]
        runs = others if against == OTHERS else [name]
        ranked = others if against == MEAN else [name]
        target = (
            np.array([np.nanmean([mass[run][p] for run in runs]) for p in range(len(pairs))])
            if against == OTHERS
            else np.array(mass[name])
        )
        known = [p for p in range(len(pairs)) if not np.isnan(target[p])]
        wanted = max(1, round(0.15 * len(known)))
        top = sorted(known, key=lambda p: -target[p])[:wanted]
        positive = [p in top for p in known]
        at = dataset.sel(network=str(name), against=against)
        assert at.positive_share.item() == pytest.approx(wanted / len(known))
        for space in range(3):
            rank = [
                float(raw[pairs[p]])
                if space == 2
                else np.mean([ranks[one][space, :, *pairs[p]].mean() for one in ranked])
                for p in known
            ]
            one = at.isel(space=space)
            assert one.ap.item() == pytest.approx(slow_average_precision(rank, positive))
            assert one.auc.item() == pytest.approx(slow_auc(rank, positive))


def test_the_summary_is_of_paired_differences_over_signs(measured) -> None:
    dataset, *_ = measured
    assert dataset.attrs["chance_ap"] == pytest.approx(dataset.positive_share.values.mean())
    hidden, raw = (dataset.ap.sel(space=space) for space in ("hidden", "raw"))
    for space, against in itertools.product(dataset.space.values, (SAME, OTHERS, MEAN)):
        at = dataset.sel(space=space, against=against)
        for name, values, lowest in (
            ("ap", at.ap, 0),
            ("auc", at.auc, 0),
            ("ap_gain", hidden.sel(against=against) - at.ap, -1),
            ("ap_over_raw", at.ap - raw.sel(against=against), -1),
        ):
            mean = at[name if lowest else f"{name}_mean"].item()
            assert mean == pytest.approx(values.values.mean())
            low, high = at[f"{name}_low"].item(), at[f"{name}_high"].item()
            assert lowest <= low <= mean <= high <= 1
            assert (low < high) == (name in ("ap", "auc") or np.ptp(values.values) > 0)


def test_the_interval_is_the_jackknife_over_signs_of_the_mean_over_networks(measured) -> None:
    dataset, _, networks, ranks, raw = measured
    pairs = np.stack(np.triu_indices(len(SIGNS), 1))
    own = {name: one[0, 0][*pairs] for name, one in ranks.items()}
    gains = []
    for out in range(-1, len(SIGNS)):
        left = (pairs != out).all(axis=0)
        each = []
        for name in networks:
            mass = dataset.softmax_mass.sel(network=str(name)).values
            positive = confused(mass, 0.15)
            keep = left & np.isfinite(mass)
            of_hidden, of_raw = (
                average_precision_score(positive[keep], -rank[keep])
                for rank in (own[name], raw[*pairs])
            )
            each.append(of_hidden - of_raw)
        gains.append(np.mean(each))
    spread = np.sqrt(8 / 9 * np.square(gains[1:] - np.mean(gains[1:])).sum())
    half = stats.t.ppf(0.975, 8) * spread
    at = dataset.sel(space="raw", against=SAME)
    assert at.ap_gain.item() == pytest.approx(gains[0])
    assert at.ap_gain_low.item() == pytest.approx(max(-1, gains[0] - half))
    assert at.ap_gain_high.item() == pytest.approx(min(1, gains[0] + half))


def test_intervals_end_where_scores_do() -> None:
    """With one sign or another left out scores are 0 or 1: no interval could be wider."""
    without = np.array([[0.5, 1, 0, 1, 0], [0.5, 0, 1, 0, 1], [0.5, 1, 1, 0, 0]])
    every = np.repeat(without[:, None], 3, axis=1)
    nothing = np.zeros((3, 3, 1))
    scores = Scores(nothing, nothing, nothing[0], every, every, nothing[..., 0], nothing[0, :, 0])
    found = _summary(scores, ["hidden", "ae2", "raw"])
    for name, lowest, at in (
        ("ap", 0, 0),
        ("auc", 0, 0),
        ("ap_gain", -1, 1),
        ("ap_over_raw", -1, 1),
    ):
        low, high = (np.asarray(found[f"{name}_{end}"][1])[at] for end in ("low", "high"))
        assert (low.tolist(), high.tolist()) == ([lowest] * 3, [1] * 3)


def test_what_counts_as_mixed_up_is_held_against_real_mistakes(measured) -> None:
    dataset, _, networks, *_ = measured
    pairs = list(itertools.combinations(SIGNS, 2))
    total, by = np.zeros(len(pairs)), np.zeros(len(pairs))
    for name, (probability, sign, part) in networks.items():
        wrong = [
            {one, SIGNS[row.argmax()]}
            for one, row, where in zip(sign, probability, part, strict=True)
            if where != "train" and SIGNS[row.argmax()] != one
        ]
        made = np.array([wrong.count({*pair}) for pair in pairs])
        total, by = total + made, by + (made > 0)
        at = dataset.sel(network=str(name))
        assert at.wrong.item() == len(wrong)
        assert at.held_out.item() == sum(one != "train" for one in part)
        positive = confused(at.softmax_mass.values, 0.15)
        assert at.confused_really.item() == pytest.approx((made > 0)[positive].mean())
        tested = [
            one == SIGNS[row.argmax()]
            for one, row, where in zip(sign, probability, part, strict=True)
            if where == "test"
        ]
        assert at.test_accuracy.item() == pytest.approx(np.mean(tested))
    np.testing.assert_array_equal(dataset.mistakes, total)
    np.testing.assert_allclose(dataset.mistaken, by / 4)
    mixed_up = confused(np.nanmean(dataset.softmax_mass.values, axis=0), 0.15)
    assert dataset.confused.item() == mixed_up.sum()
    assert dataset.confused_by_some.item() == (by[mixed_up] > 0).sum()
    assert dataset.confused_by_most.item() == (by[mixed_up] > 2).sum()


def test_mass_without_a_mistake_is_told_from_mistakes_by_half_and_by_most(tmp_path: Path) -> None:
    """Three pairs have mass: mistaken by two of four networks, by three, and by none."""
    signs, networks = list("abcd"), list("0123")
    write_stability(tmp_path / "stability.zarr", signs, networks)
    for network in range(4):
        a = [0.4, 0.45, 0.15, 0] if network < 2 else [0.6, 0.25, 0.15, 0]
        b = [0.1, 0.35, 0.55, 0] if network < 3 else [0.1, 0.5, 0.4, 0]
        probability = np.array([a, b, [0.05, 0.05, 0.9, 0], [0, 0, 0, 1]])
        path = tmp_path / f"activations/{network}.zarr"
        write_network(path, probability, signs, ["test"] * 4, signs)
    run_on(tmp_path, EvidenceOptions(confused_fraction=0.5))
    found = open_store(tmp_path / "evidence.zarr").load()
    assert (found.confused, found.confused_by_some, found.confused_by_most) == (3, 2, 1)
    np.testing.assert_allclose(found.mistaken, [0.5, 0, 0, 0.75, 0, 0])
    np.testing.assert_allclose(found.confused_really, [2 / 3, 2 / 3, 1 / 3, 0])
    np.testing.assert_allclose(found.test_accuracy, [0.5, 0.5, 0.75, 1])


def test_what_the_linear_rival_recognises_is_taken_over(tmp_path: Path) -> None:
    write_study(tmp_path)
    raw = open_store(tmp_path / "raw.zarr").load()
    raw = raw.assign_attrs(lda_note="", lda_test_accuracy=0.75, lda_train_accuracy=0.9)
    write_store(raw, tmp_path / "raw.zarr", stage="closeness-raw", title="made for a test")
    run_on(tmp_path)
    attrs = open_store(tmp_path / "evidence.zarr").attrs
    assert (attrs["lda_note"], attrs["lda_test_accuracy"]) == ("", 0.75)


def test_the_store_says_what_it_holds_and_what_is_missing(measured) -> None:
    dataset, table, *_ = measured
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"] == "1", name
        assert variable.attrs["section"] == "8", name
    assert "No held-out example of d " in dataset.attrs["note"]
    assert "network:" not in dataset.attrs["note"]
    assert (dataset.attrs["signs"], dataset.attrs["pairs"], dataset.attrs["networks"]) == (
        *(9, 36, 4),
    )
    assert table.empty
    assert table.columns[:3].tolist() == ["claim", "kind", "sign_a"]


def held_out(probability: np.ndarray, signs: list[str]):
    """One held-out example a sign."""
    return probability, signs, ["test"] * len(signs)


def test_one_network_has_no_other_runs(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    signs = SIGNS[:5]
    network = held_out(generator.dirichlet(np.ones(5), 5), signs)
    ranks = random_ranks(generator, 5, [])[None, None]
    dataset, _ = run_stage(tmp_path, {4: network}, {4: ranks}, signs)
    assert np.isfinite(dataset.ap.sel(against=SAME)).all()
    assert np.isnan(dataset.ap.sel(against=[OTHERS, MEAN])).all()
    assert np.isfinite(dataset.ap_mean.sel(against=SAME)).all()
    assert "One network" in dataset.attrs["note"]
    # One of the ten pairs is mixed up: without its signs none is left.
    for name in ("ap_low", "ap_high", "ap_gain_low", "ap_gain_high"):
        assert np.isnan(dataset[name]).all(), name
    assert "there is no interval" in dataset.attrs["note"]


def test_one_network_of_many_signs_has_an_interval(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    network = held_out(generator.dirichlet(np.ones(9), 9), SIGNS)
    ranks = random_ranks(generator, 9, [])[None, None]
    options = EvidenceOptions(confused_fraction=0.3)
    dataset, _ = run_stage(tmp_path, {4: network}, {4: ranks}, SIGNS, options=options)
    assert np.isfinite(dataset.ap_low.sel(against=SAME)).all()
    assert dataset.attrs["note"].startswith("One network")


@pytest.mark.filterwarnings("error")
def test_without_a_test_example_there_is_no_accuracy_on_them(tmp_path: Path) -> None:
    write_study(tmp_path)
    part = ["validation", "validation", "train"]
    write_network(tmp_path / "activations/0.zarr", np.eye(3), [*"abc"], part, [*"abc"])
    run_on(tmp_path)
    found = open_store(tmp_path / "evidence.zarr").load()
    assert np.isnan(found.test_accuracy.values).all()
    assert found.held_out.values.tolist() == [2]


def test_two_signs_are_one_pair_that_nothing_sets_apart(tmp_path: Path) -> None:
    networks = dict.fromkeys((0, 1), held_out(np.array([[0.7, 0.3], [0.2, 0.8]]), ["a", "b"]))
    ranks = np.where(np.eye(2) == 1, np.nan, 1.0)[None, None]
    dataset, _ = run_stage(tmp_path, networks, dict.fromkeys((0, 1), ranks), ["a", "b"])
    np.testing.assert_allclose(dataset.softmax_mass.values, 0.25)
    assert np.isnan(dataset.ap.values).all()
    assert "Networks 0, 1" in dataset.attrs["note"]
    assert math.isfinite(dataset.attrs["chance_ap"])


@pytest.mark.parametrize("signs", [3, 7, 9])
def test_equal_probabilities_set_no_pair_apart(tmp_path: Path, signs: int) -> None:
    names, generator = SIGNS[:signs], np.random.default_rng(0)
    networks = dict.fromkeys(range(4), held_out(np.full((signs, signs), 1 / signs), names))
    ranks = {network: random_ranks(generator, signs, [])[None, None] for network in range(4)}
    dataset, _ = run_stage(tmp_path, networks, ranks, names)
    for name in ("ap", "auc", "positive_share", "ap_mean", "ap_gain"):
        assert np.isnan(dataset[name]).all(), name
    assert "the same softmax mass" in dataset.attrs["note"]
    # Of so few pairs one would count, by chance.
    assert dataset.attrs["chance_ap"] == pytest.approx(2 / (signs * (signs - 1)))


def test_nothing_held_out_leaves_everything_missing(tmp_path: Path) -> None:
    names, generator = SIGNS[:4], np.random.default_rng(0)
    networks = dict.fromkeys((0, 1), (np.eye(4), names, ["train"] * 4))
    ranks = {network: random_ranks(generator, 4, [])[None, None] for network in (0, 1)}
    dataset, _ = run_stage(tmp_path, networks, ranks, names)
    assert np.isnan(dataset.softmax_mass).all()
    assert np.isnan(dataset.ap).all()
    assert f"No held-out example of {', '.join(names)} " in dataset.attrs["note"]


def test_the_answers_of_a_network_are_found_by_name(tmp_path: Path) -> None:
    """Closeness among held-out examples may know fewer signs than the network."""
    answers = ["c", "a", "b", "d"]
    probability = np.array([[0.1, 0.5, 0.4, 0], [0.1, 0.2, 0.6, 0.1], [0.8, 0.1, 0.0, 0.1]])
    write_network(
        tmp_path / "activations/0.zarr", probability, ["a", "b", "c"], ["test"] * 3, answers
    )
    write_stability(tmp_path / "stability.zarr", ["a", "b", "c"], ["0"])
    run_on(tmp_path)
    found = open_store(tmp_path / "evidence.zarr").softmax_mass.values[0]
    np.testing.assert_allclose(found, [(0.4 + 0.2) / 2, 0.1, (0.1 + 0.0) / 2], atol=1e-7)


# Stores that do not belong together


def write_study(
    folder: Path, known: str = "abc", answered: str = "abc", networks: Sequence[str] = ("0",)
) -> None:
    """Write one network's answers, and a stability of these signs and networks."""
    write_stability(folder / "stability.zarr", list(known), list(networks))
    signs = list(answered)
    write_network(folder / "activations/0.zarr", np.eye(3), signs, ["test"] * 3, signs)


@pytest.mark.parametrize(
    ("known", "answered", "lacking"), [("abd", "abc", "d"), ("abc", "abd", "c")]
)
def test_stores_of_other_signs_are_refused(
    tmp_path: Path, known: str, answered: str, lacking: str
) -> None:
    write_study(tmp_path, known, answered)
    with pytest.raises(UserError, match=rf"activations/0\.zarr: .* know the sign {lacking}\."):
        run_on(tmp_path)
    assert not (tmp_path / "evidence.zarr").exists()
    assert not (tmp_path / "claims.csv").exists()


@pytest.mark.parametrize("networks", [["1"], ["0", "1"]])
def test_networks_without_answers_are_refused(tmp_path: Path, networks: list[str]) -> None:
    write_study(tmp_path, networks=networks)
    with pytest.raises(UserError, match=r"activations/1\.zarr: no zarr store here"):
        run_on(tmp_path)
    assert not (tmp_path / "evidence.zarr").exists()


def test_networks_that_the_stability_does_not_know_are_passed_over(tmp_path: Path) -> None:
    write_study(tmp_path)
    signs = ["x", "y", "z"]
    for other in ("1", "untrained-0"):
        path = tmp_path / f"activations/{other}.zarr"
        write_network(path, np.eye(3), signs, ["test"] * 3, signs)
    run_on(tmp_path)
    assert open_store(tmp_path / "evidence.zarr").network.values.tolist() == ["0"]


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2, math.nan])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(ValidationError, match="confused_fraction"):
        EvidenceOptions(confused_fraction=fraction)


def test_the_command_line_hands_over_folders_and_claims(tmp_path: Path) -> None:
    write_study(tmp_path)
    claims = [
        {"claim": 'x "1", é', "kind": "close", "signs": ["b", "a"]},
        {"claim": "hands", "kind": "handedness"},
    ]
    app = App(result_action="return_value")
    app.command(evidence)
    given_paths = [str(tmp_path / path) for path in FILES]
    words = [f"--claims={json.dumps(claim)}" for claim in claims]
    app(["evidence", *given_paths, "--confused-fraction=0.4", *words])
    assert open_store(tmp_path / "evidence.zarr").attrs["confused_fraction"] == 0.4
    table = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
    assert table.claim.tolist() == ['x "1", é', "hands"]
    assert table[["sign_a", "sign_b"]].values.tolist() == [["b", "a"], ["", ""]]
    # Each sign is answered with certainty, so nothing goes to another.
    assert table.softmax_mass.tolist() == ["0", ""]
    assert table.raw_rank.tolist() == ["1.5", ""]


@pytest.mark.parametrize(
    ("hands", "agrees"),
    [
        # The close pair is a–b: alike, mixed, mixed by a tie that counts as two, and not known.
        (["one", "one", "one", "one", "two", "two"], "yes"),
        (["one", "one", "two", "two", "two", "two"], "no"),
        (["one", "one", "one", "two", "two", "two"], "no"),
        (["one", "one", "one", "one", "two", "unknown"], "cannot be said"),
    ],
)
def test_hands_come_from_the_examples(tmp_path: Path, hands: list[str], agrees: str) -> None:
    signs = ["a", "b", "c"]
    store = write_stability(tmp_path / "stability.zarr", signs, ["0", "1"])
    dataset = open_store(store).load()
    dataset["close"][:, :, 0] = True
    write_store(dataset, store, stage="stability", title="made for a test")
    probability = np.repeat(np.eye(3), 2, axis=0)
    sign = [name for name in signs for _ in range(2)]
    for network in (0, 1):
        path = tmp_path / f"activations/{network}.zarr"
        write_network(path, probability, sign, ["test"] * 6, signs, hands)
    run_on(tmp_path, claims=[{"claim": "hands", "kind": "handedness"}])
    assert pd.read_csv(tmp_path / "claims.csv").agrees.tolist() == [agrees]


def test_the_store_of_stage_stability_is_understood(tmp_path: Path) -> None:
    """A pair that lies side by side in all of twelve networks, and one that never does."""
    generator, signs = np.random.default_rng(4), SIGNS
    for network in range(12):
        ranks = random_ranks(generator, len(signs), [(0, 1), (2, 3), (4, 5), (6, 7)])
        write_run(tmp_path / f"closeness/{network}.zarr", ranks[None, None], signs)
        probability = generator.dirichlet(np.ones(len(signs)), len(signs))
        path = tmp_path / f"activations/{network}.zarr"
        write_network(path, probability, signs, ["test"] * len(signs), signs)
    write_raw(tmp_path / "raw.zarr", random_ranks(generator, len(signs), []), signs)
    run_stability(tmp_path, list(range(12)))
    claims = [
        {"claim": "close", "kind": kind, "signs": pair}
        for pair in (signs[:2], [signs[8], signs[0]])
        for kind in ("close", "apart")
    ]
    run_on(tmp_path, claims=claims)
    table = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
    assert table.agrees.tolist() == ["yes", "no", "no", "yes"]
    assert table.verdict.tolist() == ["stays close"] * 2 + ["apart"] * 2


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write_study(tmp_path / folder)
        run_on(tmp_path / folder)
    one, two = (
        {
            p.relative_to(tmp_path / folder): p.read_bytes()
            for p in (tmp_path / folder).rglob("*")
            if p.is_file()
        }
        for folder in ("one", "two")
    )
    assert one == two
