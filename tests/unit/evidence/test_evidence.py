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
from signpaths.evidence.evidence import evidence
from signpaths.evidence.scores import (
    confused,
    mean_interval,
    mean_of_others,
    prediction_scores,
    score,
    softmax_mass,
)
from signpaths.options import ClaimsOptions, EvidenceOptions
from signpaths.spaces import coordinates, described
from signpaths.stability.stability import stability
from signpaths.stores import open_store, write_store
from sklearn.metrics import average_precision_score, roc_auc_score

SAME, OTHERS = "same run", "other runs"


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


# Scores


@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(0, 1)), min_size=2, max_size=25),
    st.floats(0.05, 0.9),
)
def test_scores_are_those_of_slow_loops(pairs: list[tuple[int, float]], fraction: float) -> None:
    rank, mass = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    positive = confused(mass, fraction)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ap, auc, rho = score(rank, mass, positive)
    if positive.all() or not positive.any():
        assert np.isnan([ap, auc]).all()
    else:
        assert ap == pytest.approx(slow_average_precision(rank.tolist(), positive.tolist()))
        assert auc == pytest.approx(slow_auc(rank.tolist(), positive.tolist()))
    if np.ptp(rank) == 0 or np.ptp(mass) == 0:
        assert np.isnan(rho)
    else:
        expected = np.corrcoef(stats.rankdata(-rank), stats.rankdata(mass))[0, 1]
        assert rho == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_scores_depend_on_the_order_of_ranks_alone(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rank, mass = generator.uniform(1, 93, 40), generator.random(40)
    positive, order = confused(mass, 0.1), generator.permutation(40)
    expected = score(rank, mass, positive)
    assert score(np.log(rank) * 3, mass, positive) == pytest.approx(expected)
    assert score(rank[order], mass[order], positive[order]) == pytest.approx(expected)


def test_missing_pairs_are_left_out() -> None:
    generator = np.random.default_rng(1)
    rank, mass = generator.uniform(1, 93, 50), generator.random(50)
    mass[::5], rank[3] = np.nan, np.nan
    known = np.isfinite(mass) & np.isfinite(rank)
    positive = confused(mass, 0.2)
    ap, auc, rho = score(rank, mass, positive)
    assert ap == pytest.approx(average_precision_score(positive[known], -rank[known]))
    assert auc == pytest.approx(roc_auc_score(positive[known], -rank[known]))
    assert rho == pytest.approx(stats.spearmanr(-rank[known], mass[known]).statistic)


def test_planted_truth_is_found_and_chance_is_chance() -> None:
    """Space 0 holds the order of the mass, space 1 nothing, space 2 its reverse."""
    generator = np.random.default_rng(5)
    mass = np.repeat(generator.random((1, 2000)), 12, axis=0)
    ranks = np.stack(
        [1 / mass, generator.permuted(mass, axis=1), mass],
        axis=1,
    )
    scores, share = prediction_scores(ranks, mass, 0.05)
    np.testing.assert_allclose(share, 0.05)
    np.testing.assert_allclose(scores["ap"][0], 1)
    np.testing.assert_allclose(scores["auc"][0], 1)
    np.testing.assert_allclose(scores["spearman"][0], 1)
    assert scores["ap"][1].mean() == pytest.approx(0.05, abs=0.01)
    assert scores["auc"][1].mean() == pytest.approx(0.5, abs=0.02)
    assert scores["spearman"][1].mean() == pytest.approx(0, abs=0.02)
    assert scores["ap"][2].max() < 0.05
    np.testing.assert_allclose(scores["spearman"][2], -1)


def test_what_only_the_own_run_knows_does_not_count_against_the_others() -> None:
    """Ranks made from each run's own noise foretell its mass and not that of other runs."""
    generator = np.random.default_rng(6)
    mass = generator.random((8, 1000))
    scores, _ = prediction_scores(1 / mass[:, None], mass, 0.02)
    np.testing.assert_allclose(scores["ap"][0, 0], 1)
    assert scores["ap"][0, 1].mean() < 0.06


# Intervals


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_the_interval_is_that_of_t(values: list[float]) -> None:
    mean, low, high = mean_interval(np.array([*values, np.nan]))
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    if error > 1e-9:
        expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=error)
        np.testing.assert_allclose([low, high], expected)
    assert mean == pytest.approx(np.mean(values))
    assert low <= mean <= high


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    np.testing.assert_array_equal(mean_interval(np.array([0.3, np.nan])), [0.3, np.nan, np.nan])
    assert np.isnan(mean_interval(np.full(3, np.nan))).all()


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
        for name in ("pi", "pi_low", "pi_high", "q", "rank_mean")
    }
    dataset = xr.Dataset(
        {
            **per_space,
            "close": (
                ("space", "network", "pair"),
                np.zeros((1, len(networks), first.size), dtype=bool),
            ),
            "verdict": ("pair", np.full(first.size, "undecided")),
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
            "apart": 0.2,
            "confidence": 0.95,
        },
    )
    write_store(dataset, path, stage="stability", title="made for a test")
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


def run_on(
    folder: Path,
    options: EvidenceOptions = EvidenceOptions(),
    claims: Sequence[dict[str, object]] = (),
) -> None:
    """Run the stage on what lies in a folder."""
    evidence(
        *(folder / name for name in ("stability.zarr", "activations", "evidence.zarr")),
        folder / "claims.csv",
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
    assert described(dataset) == spaces_named("hidden", "ae2", "raw")
    assert dataset.against.values.tolist() == [SAME, OTHERS]
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
    for name, against in itertools.product(names, (SAME, OTHERS)):
        runs = [name] if against == SAME else [one for one in names if one != name]
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
                else float(np.median(ranks[name][space, :, *pairs[p]]))
                for p in known
            ]
            one = at.isel(space=space)
            assert one.ap.item() == pytest.approx(slow_average_precision(rank, positive))
            assert one.auc.item() == pytest.approx(slow_auc(rank, positive))
            rho = stats.spearmanr([-r for r in rank], target[known]).statistic
            assert one.spearman.item() == pytest.approx(rho, abs=1e-6)


def test_the_summary_is_of_paired_differences(measured) -> None:
    dataset, *_ = measured
    assert dataset.attrs["chance_ap"] == pytest.approx(dataset.positive_share.values.mean())
    hidden, raw = (dataset.ap.sel(space=space).values for space in ("hidden", "raw"))
    for space, against in itertools.product(dataset.space.values, (0, 1)):
        at = dataset.sel(space=space).isel(against=against)
        for name, values in (
            ("ap", at.ap.values),
            ("auc", at.auc.values),
            ("ap_gain", hidden[against] - at.ap.values),
            ("ap_over_raw", at.ap.values - raw[against]),
        ):
            half = stats.t.ppf(0.975, 3) * np.std(values, ddof=1) / 2
            score = name in ("ap", "auc")
            mean = at[f"{name}_mean" if score else name].item()
            assert mean == pytest.approx(values.mean())
            assert at[f"{name}_low"].item() == pytest.approx(
                max(0 if score else -1, values.mean() - half)
            )
            assert at[f"{name}_high"].item() == pytest.approx(min(1, values.mean() + half))


def test_the_store_says_what_it_holds_and_what_is_missing(measured) -> None:
    dataset, table, *_ = measured
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"] == "1", name
        assert variable.attrs["section"] == "8", name
    assert "No held-out example of d " in dataset.attrs["note"]
    assert (dataset.attrs["signs"], dataset.attrs["pairs"], dataset.attrs["networks"]) == (
        *(9, 36, 4),
    )
    assert table.empty
    assert table.columns[:3].tolist() == ["claim", "kind", "sign_a"]


def held_out(probability: np.ndarray, signs: list[str]):
    """One held-out example a sign."""
    return probability, signs, ["test"] * len(signs)


def test_one_network_has_no_other_runs_and_no_interval(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    signs = SIGNS[:5]
    network = held_out(generator.dirichlet(np.ones(5), 5), signs)
    ranks = random_ranks(generator, 5, [])[None, None]
    dataset, _ = run_stage(tmp_path, {4: network}, {4: ranks}, signs)
    assert np.isfinite(dataset.ap.sel(against=SAME)).all()
    assert np.isnan(dataset.ap.sel(against=OTHERS)).all()
    assert np.isfinite(dataset.ap_mean.sel(against=SAME)).all()
    for name in ("ap_low", "ap_high", "ap_gain_low", "ap_gain_high"):
        assert np.isnan(dataset[name]).all(), name
    assert "One network" in dataset.attrs["note"]


def test_two_signs_are_one_pair_that_nothing_sets_apart(tmp_path: Path) -> None:
    networks = dict.fromkeys((0, 1), held_out(np.array([[0.7, 0.3], [0.2, 0.8]]), ["a", "b"]))
    ranks = np.where(np.eye(2) == 1, np.nan, 1.0)[None, None]
    dataset, _ = run_stage(tmp_path, networks, dict.fromkeys((0, 1), ranks), ["a", "b"])
    np.testing.assert_allclose(dataset.softmax_mass.values, 0.25)
    assert np.isnan(dataset.ap.values).all()
    assert np.isnan(dataset.spearman.values).all()
    assert "Networks 0, 1" in dataset.attrs["note"]
    assert math.isfinite(dataset.attrs["chance_ap"])


@pytest.mark.parametrize("signs", [3, 7, 9])
def test_equal_probabilities_set_no_pair_apart(tmp_path: Path, signs: int) -> None:
    names, generator = SIGNS[:signs], np.random.default_rng(0)
    networks = dict.fromkeys(range(4), held_out(np.full((signs, signs), 1 / signs), names))
    ranks = {network: random_ranks(generator, signs, [])[None, None] for network in range(4)}
    dataset, _ = run_stage(tmp_path, networks, ranks, names)
    for name in ("ap", "auc", "spearman", "positive_share", "ap_mean", "ap_gain"):
        assert np.isnan(dataset[name]).all(), name
    assert "the same softmax mass" in dataset.attrs["note"]


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
    paths = ("stability.zarr", "activations", "evidence.zarr", "claims.csv")
    given_paths = [str(tmp_path / path) for path in paths]
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
