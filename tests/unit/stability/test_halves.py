"""Split halves: against a slow loop over pairs and splits, and planted pairs that do or do not
replicate.
"""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import rankdata, spearmanr
from signpaths.options import StabilityOptions
from signpaths.stability.answers import Observed, counts_of
from signpaths.stability.halves import FEWEST, drawn_halves, half_statistics, rank_correlations
from signpaths.stability.verdicts import (
    APART,
    CAUSES,
    FLICKERS,
    PICTURES,
    STAYS,
    UNDECIDED,
    VERDICTS,
    Answers,
    answered,
)
from signpaths.stores import open_store, write_store

OPTIONS = StabilityOptions(halves=20)


def observed_with(
    pi: np.ndarray,
    networks: int,
    seed: int = 0,
    before: np.ndarray | None = None,
    autoencoders: int = 3,
) -> Observed:
    """Networks that find each pair close with its own probability, and pictures at random."""
    generator = np.random.default_rng(seed)

    def drawn(share: np.ndarray) -> np.ndarray:
        return generator.random((networks, pi.size)) < share

    shown = generator.integers(autoencoders + 1, size=(networks, pi.size)) / autoencoders
    return Observed(
        close=drawn(pi),
        untrained=None if before is None else drawn(before),
        raw_close=generator.random(pi.size) < pi,
        pictured={"pca2": drawn(pi).astype(np.float32), "ae2": shown.astype(np.float32)},
        autoencoders={"pca2": 1, "ae2": autoencoders},
    )


def with_networks(observed: Observed, members: np.ndarray) -> Observed:
    """What a study of these networks alone would have seen."""
    return Observed(
        close=observed.close[members],
        untrained=None if observed.untrained is None else observed.untrained[members],
        raw_close=observed.raw_close,
        pictured={name: share[members] for name, share in observed.pictured.items()},
        autoencoders=observed.autoencoders,
    )


def answers_of(observed: Observed) -> Answers:
    (counts,) = counts_of(observed, np.ones((1, len(observed.close)), dtype=int))
    return answered(counts, OPTIONS)


def slow_counts(pairs_of_answers: list[tuple[np.ndarray, np.ndarray]], word: str, other: str):
    """How many pairs get one word from one half and the other from the other, mean over splits."""
    count = 0.0
    for one, two in pairs_of_answers:
        for first, second in zip(one, two, strict=True):
            count += ((first, second) == (word, other)) / 2 + ((second, first) == (word, other)) / 2
    return count / len(pairs_of_answers)


@pytest.mark.parametrize("networks", [20, 25])
def test_they_are_those_of_a_slow_loop_over_studies_of_half_the_networks(networks: int) -> None:
    generator = np.random.default_rng(1)
    pi = np.concatenate([np.full(12, 0.97), np.full(20, 0.5), np.full(60, 0.03)])
    before = np.where(generator.random(pi.size) < 0.3, 0.95, 0.05)
    observed = observed_with(pi, networks, before=before)
    found = half_statistics(observed, OPTIONS)
    studies = []
    for split in drawn_halves(networks, OPTIONS.halves):
        first, second = (np.flatnonzero(half) for half in split)
        assert len(first) == len(second) == networks // 2
        assert not set(first) & set(second)
        halves = [with_networks(observed, members) for members in (first, second)]
        studies.append((halves, [answers_of(half) for half in halves]))
    assert found.attrs["half_networks"] == networks // 2

    verdicts = [(one.verdict, two.verdict) for _, (one, two) in studies]
    table = np.array([[slow_counts(verdicts, a, b) for b in VERDICTS] for a in VERDICTS])
    np.testing.assert_allclose(found.halves.sel(answer=list(VERDICTS)), table)
    assert table.sum() == pytest.approx(pi.size)
    causes = [(one.cause, two.cause) for _, (one, two) in studies]
    check_given(found.half_causes, found.half_cause_repeats, causes, list(CAUSES))
    assert (found.half_causes > 0).sum() >= 4
    for space in ("pca2", "ae2"):
        pictures = [(one.picture[space], two.picture[space]) for _, (one, two) in studies]
        given, repeats = (
            found[name].sel(projection=space) for name in ("half_pictures", "half_picture_repeats")
        )
        check_given(given, repeats, pictures, list(PICTURES))
    for at, (halves, _) in enumerate(studies):
        ranks = [rankdata(half.close.mean(axis=0)) for half in halves]
        assert found.half_correlation.values[at] == pytest.approx(np.corrcoef(*ranks)[0, 1])


def check_given(
    given: xr.DataArray,
    repeats: xr.DataArray,
    answers: list[tuple[np.ndarray, np.ndarray]],
    words: list[str],
) -> None:
    for at, word in enumerate(words):
        number = np.mean([(half == word).sum() for split in answers for half in split])
        assert given.values[at] == pytest.approx(number)
        if number == 0:
            assert np.isnan(repeats.values[at])
        else:
            assert repeats.values[at] == pytest.approx(slow_counts(answers, word, word) / number)


def test_firm_pairs_replicate_and_the_toss_of_a_coin_does_not() -> None:
    # A pair at the edge of a verdict, not in the middle of none, is what halves disagree on.
    pi = np.concatenate([np.ones(30), np.full(100, 0.65), np.zeros(200)])
    found = half_statistics(observed_with(pi, 40), StabilityOptions(halves=100))
    firm = half_statistics(observed_with(np.delete(pi, slice(30, 130)), 40), OPTIONS)
    assert firm.half_repeats.sel(answer=[STAYS, APART]).values.tolist() == [1, 1]
    assert firm.half_contradicts.sel(answer=[STAYS, APART]).values.tolist() == [0, 0]
    np.testing.assert_allclose(firm.half_correlation, 1)
    # 30 of those that stay close in a half do so in both; of the others fewer than half.
    table = found.halves.sel(answer=STAYS)
    often, both = float(table.sum()) - 30, float(table.sel(other_answer=STAYS)) - 30
    assert often > 5
    assert both / often < 0.5
    assert found.half_cause_repeats.sel(cause_name=FLICKERS) < 0.8


def test_a_verdict_is_contradicted_by_its_opposite_only() -> None:
    # Networks of two kinds, each of which finds other pairs close, and a pair that both disagree
    # on. Only halves of one kind decide, and then each says the opposite of the other.
    close = np.zeros((6, 61), dtype=bool)
    close[:3, :30] = close[3:, 30:60] = close[::2, 60] = True
    easy = StabilityOptions(halves=200, fdr=0.4)
    found = half_statistics(Observed(close, None, close[0], {}, {}), easy)
    table = found.halves
    for verdict, opposite in ((STAYS, APART), (APART, STAYS)):
        assert 0 < float(table.sel(answer=verdict, other_answer=opposite)) < 15
        assert found.half_repeats.sel(answer=verdict) == 0
        assert found.half_contradicts.sel(answer=verdict) == 1
    assert found.half_contradicts.sel(answer=UNDECIDED) == 0
    assert "half_pictures" not in found


def test_every_split_leaves_another_network_out_and_halves_are_drawn_evenly() -> None:
    halves = drawn_halves(7, 700)
    assert (halves.sum(axis=2) == 3).all()
    assert (halves.sum(axis=1) <= 1).all()
    taken = halves.sum(axis=(0, 1))
    assert np.abs(taken / 700 - 6 / 7).max() < 0.06
    np.testing.assert_array_equal(halves, drawn_halves(7, 700))


def test_few_networks_have_no_halves_and_nothing_varies_without_a_difference() -> None:
    pi = np.full(6, 0.5)
    # The fewest of which a half is more than one network.
    assert (FEWEST - 1) // 2 == 1 < FEWEST // 2
    assert not half_statistics(observed_with(pi, FEWEST - 1), OPTIONS).data_vars
    found = half_statistics(observed_with(pi, FEWEST), OPTIONS)
    # Two networks decide nothing, and so say the same.
    assert found.half_repeats.sel(answer=UNDECIDED) == 1
    assert np.isnan(found.half_repeats.sel(answer=STAYS))
    equal = half_statistics(observed_with(np.ones(6), FEWEST), OPTIONS)
    assert np.isnan(equal.half_correlation).all()


def test_halves_correlate_if_both_vary_however_little() -> None:
    close = np.array([[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 2, 3]])
    expected = spearmanr(close[0], close[1]).statistic
    np.testing.assert_allclose(rank_correlations(close), [expected] * 2)
    assert np.isnan(rank_correlations(np.vstack([close[:1], close[:1] * 0 + 1]))).all()
    assert np.isnan(rank_correlations(np.vstack([close[:1] * 0 + 1, close[:1]]))).all()


def test_they_can_be_stored_beside_the_other_statistics(tmp_path) -> None:
    found = half_statistics(observed_with(np.linspace(0, 1, 15), 12), OPTIONS)
    beside = xr.Dataset({"verdict": ("pair", ["apart"] * 15), "cause": ("pair", [""] * 15)})
    write_store(xr.merge([beside, found]), tmp_path / "x.zarr", stage="stability", title="a test")
    again = open_store(tmp_path / "x.zarr")
    xr.testing.assert_allclose(again[list(found.data_vars)].load(), found)
    for variable in found.data_vars.values():
        assert variable.attrs["section"] == "9"
