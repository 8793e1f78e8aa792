"""What is made of the measures of every two runs: bounds, chance, flags and notes, by loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata
from signpaths.stability.comparison import (
    Comparands,
    Measure,
    _by_luck,
    _measures,
    _notes,
    comparison,
    flags,
)
from signpaths.stability.crossed import mean_and_interval
from signpaths.stability.functional import Answers
from signpaths.stability.representations import normalised
from signpaths.stability.similarity import nearest_signs

SIGNS, EXAMPLES, PHASES, UNITS, DRAWS = 6, 24, 3, 4, 39
# What each measure can be, and whether more of it is more alike.
BOUNDS = {
    "rank_correlation": (-1, 1, 1),
    "jaccard": (0, 1, 1),
    "cka": (-1, 1, 1),
    "shape_distance": (0, np.pi / 2, -1),
    "disagreement": (0, 1, -1),
    "error_consistency": (-1, 1, 1),
    "divergence": (0, 1, -1),
}


def some_comparands(networks: int = 4, common: float = 1.0, seed: int = 0) -> Comparands:
    """Networks that have as much in common as is asked for, and answer by lot."""
    generator = np.random.default_rng(seed)
    label = np.repeat(np.arange(SIGNS), EXAMPLES // SIGNS)
    seen = common * generator.normal(size=(EXAMPLES * PHASES, UNITS))
    place = common * generator.normal(size=(SIGNS, 3))
    states, answers, ranks, nearest = [], [], [], []
    for _ in range(networks):
        states.append(normalised(seen + generator.normal(size=seen.shape)))
        probability = generator.dirichlet(np.ones(SIGNS), EXAMPLES).astype(np.float32)
        answers.append(Answers(np.arange(EXAMPLES), probability, probability.argmax(axis=1)))
        own = place + generator.normal(size=place.shape)
        distance = np.linalg.norm(own[:, None] - own, axis=2)
        ranks.append(rankdata(distance[np.triu_indices(SIGNS, 1)]))
        nearest.append(nearest_signs(distance, 2))
    return Comparands(
        networks=[str(network) for network in range(networks)],
        signs=np.array(list("abcdef")),
        k=2,
        label=label,
        states=states,
        right=label,
        answers=answers,
        ranks=np.array(ranks),
        nearest=np.array(nearest),
        validation=np.full(networks, 0.9),
        test=np.full(networks, 0.8),
        learned=np.ones(networks, dtype=bool),
    )


def measures_of(found: Comparands) -> dict[str, Measure]:
    return {one.column.name: one for one in _measures(found, DRAWS)[0]}


def test_every_measure_has_its_bounds_and_its_sense() -> None:
    found = some_comparands()
    assert {
        name: (one.lowest, one.highest, one.alike) for name, one in measures_of(found).items()
    } == BOUNDS
    # Equal networks are as alike as can be: at the end where the measure's sense points.
    twins = replace(
        found,
        states=found.states[:1] * 3,
        answers=found.answers[:1] * 3,
        ranks=found.ranks[[0, 0, 0]],
        nearest=found.nearest[[0, 0, 0]],
        networks=found.networks[:3],
    )
    for name, one in measures_of(twins).items():
        low, high, alike = BOUNDS[name]
        expected = high if alike > 0 else low
        np.testing.assert_allclose(one.found.values[0, 1], expected, atol=2e-3, err_msg=name)


@pytest.mark.parametrize("common", [0.0, 1.0, 3.0])
def test_the_store_says_what_loops_say_of_chance(common: float) -> None:
    found = some_comparands(common=common)
    measures, store = measures_of(found), comparison(found, DRAWS)
    assert store.measure.values.tolist() == list(BOUNDS)
    for name, one in measures.items():
        at, (low, high, alike) = store.sel(measure=name), BOUNDS[name]
        mean, *ends = mean_and_interval(one.found, low, high)
        np.testing.assert_allclose([at["mean"], at.mean_low, at.mean_high], [mean, *ends])
        np.testing.assert_array_equal(store[name], one.found.values)
        if one.chance is None:
            assert np.isnan([at.by_chance, at.p, at.within_sign]).all()
            continue
        assert one.chance.size == DRAWS
        as_alike = sum(luck >= mean if alike > 0 else luck <= mean for luck in one.chance)
        assert at.p.item() == pytest.approx((1 + as_alike) / (1 + DRAWS))
        limit = np.percentile(one.chance, 95 if alike > 0 else 5)
        assert at.by_chance.item() == pytest.approx(limit)
        if name in ("cka", "shape_distance"):
            assert at.within_sign.item() == pytest.approx(sum(one.within) / DRAWS)
        else:
            assert np.isnan(at.within_sign)
    assert (store.p.sel(measure=["cka", "shape_distance"]) < 0.05).all() == (common > 0)


@pytest.mark.parametrize(("name", "less"), [("rank_correlation", 0.4), ("shape_distance", 0.6)])
def test_what_is_just_as_alike_by_luck_counts(name: str, less: float) -> None:
    one = measures_of(some_comparands(2))[name]
    luck = replace(one, chance=np.array([0.5, less, 0.5, less, less]))
    assert _by_luck(luck, 0.5) == pytest.approx(3 / 6)
    assert np.isnan(_by_luck(luck, np.nan))
    assert np.isnan(_by_luck(replace(one, chance=np.array([])), 0.5))


def test_a_map_of_one_network_is_not_off() -> None:
    assert comparison(some_comparands(1), DRAWS).attrs["map_stress"] == 0
    assert comparison(some_comparands(4), DRAWS).attrs["map_stress"] > 0


def test_a_run_stands_out_by_its_margin_and_no_less() -> None:
    """Where all are alike the deviation is 0, and the margin alone decides."""
    found = some_comparands(5)
    consensus = np.full(5, 0.8)
    assert flags(found, consensus).tolist() == [""] * 5
    validation = np.array([0.9, 0.9, 0.9, 0.86, 0.84])
    odd = replace(
        found,
        validation=validation,
        learned=np.array([True, False, True, True, True]),
        states=[None, *found.states[1:]],
    )
    consensus[[0, 2]] = 0.69, 0.71
    assert flags(odd, consensus).tolist() == [
        "outlying ranks; constant activations",
        "failed to learn",
        "",
        "",
        "low validation accuracy",
    ]


def told(found: Comparands) -> list[str]:
    return _notes(found, measures_of(found))


def test_notes_say_what_is_missing_and_nothing_else() -> None:
    found = some_comparands(4)
    assert told(found) == []
    # Of networks 0 and 1 nine examples are common, of the others ten or more.
    short = [
        Answers(one.example[at], one.probability[at], one.answer[at])
        for one, at in zip(
            found.answers, (slice(0, 16), slice(7, 24), slice(0, 24), slice(0, 24)), strict=True
        )
    ]
    notes = told(replace(found, answers=short))
    assert len(notes) == 1
    assert "Of 6 comparisons of two networks 1 have fewer than 10 held-out" in notes[0]
    assert [one.split(":")[0] for one in told(some_comparands(2))] == [
        "Two networks make one comparison"
    ]
    by_name = measures_of(found)
    assert _notes(replace(found, signs=found.signs[:3]), by_name) == []
    assert [
        one.split(":")[0] for one in _notes(replace(found, signs=found.signs[:2]), by_name)
    ] == ["Two signs make one pair"]
    alone = told(some_comparands(1))
    assert [one.split(";")[0] for one in alone] == ["One network has nothing to agree with"]
    few = replace(found, label=found.label[:3], states=[one[: 3 * PHASES] for one in found.states])
    assert told(few) == ["CKA needs 4 examples at least."]
    four = replace(found, label=found.label[:4], states=[one[: 4 * PHASES] for one in found.states])
    assert told(four) == []
