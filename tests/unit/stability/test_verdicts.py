"""Verdicts, causes and pictures: what each word promises, for all counts and many studies."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from signpaths.options import StabilityOptions
from signpaths.stability.inference import (
    apart_q,
    clopper_pearson,
    moved_by_training,
    stays_close_q,
)
from signpaths.stability.verdicts import (
    APART,
    ARTEFACT,
    COMES,
    FLICKERS,
    INPUT,
    KEPT,
    LEARNED,
    LOST,
    NONE,
    RECURRENT,
    STAYS,
    UNDECIDED,
    UNLEARNED,
    VARIES,
    Counts,
    answered,
    causes,
    fewest_networks,
    pictures,
    verdict_of_counts,
)

OPTIONS = StabilityOptions()


def verdict_by_count(networks: int, others: np.ndarray, options: StabilityOptions = OPTIONS):
    """The verdict for every number of networks, in a study with these other pairs."""
    count = np.r_[np.arange(networks + 1), others]
    return verdict_of_counts(count, networks, options)[: networks + 1].tolist()


@given(
    st.integers(1, 120),
    st.lists(st.floats(0, 1), max_size=60),
    st.integers(0, 3000),
    st.sampled_from([0.3, 0.5, 0.7]),
)
@settings(max_examples=100, deadline=None)
def test_the_verdict_grows_with_the_count(
    networks: int, shares: list[float], never: int, tau: float
) -> None:
    """Each word has one run of counts, apart before comes and goes before stays close."""
    others = np.r_[np.rint(np.array(shares) * networks).astype(int), np.zeros(never, int)]
    found = verdict_by_count(networks, others, StabilityOptions(tau=tau))
    decided = [word for word in found if word != UNDECIDED]
    place = [(APART, COMES, STAYS).index(word) for word in decided]
    assert place == sorted(place)
    # Nothing is undecided below what is apart, or above what stays close.
    assert APART not in found or found[0] == APART
    assert STAYS not in found or found[-1] == STAYS
    for word in set(decided):
        at = [index for index, one in enumerate(found) if one == word]
        assert at == list(range(at[0], at[-1] + 1))


def test_twenty_networks() -> None:
    """STATISTICS, section 6: most pairs of a study are hardly ever close."""
    found = verdict_by_count(20, np.zeros(4000, dtype=int))
    assert found == [APART] * 6 + [COMES] * 9 + [UNDECIDED] + [STAYS] * 5


def slow_verdicts(count: list[int], networks: int, options: StabilityOptions) -> list[str]:
    """The verdict on each pair, by scipy's tests and a loop over all pairs."""

    def passes(p: float, others: list[float]) -> bool:
        # Benjamini and Hochberg: some p at least as large is within its own limit.
        part = options.fdr / len(others)
        return any(p <= two <= part * sum(one <= two for one in others) for two in set(others))

    def test(one: int, way: str) -> float:
        return float(stats.binomtest(one, networks, options.tau, alternative=way).pvalue)

    kept = [one for one in set(count) if one > options.tau * networks]
    known = sum(
        stats.binom.pmf(one, networks, options.tau)
        for one in range(networks + 1)
        if one > options.tau * networks
    )
    above = {one: test(one, "greater") / known for one in kept}
    below = {one: test(one, "less") for one in set(count)}
    words = {}
    for one in set(count):
        interval = stats.binomtest(one, networks).proportion_ci(options.confidence)
        if one in above and passes(above[one], [above[two] for two in count if two in above]):
            words[one] = STAYS
        elif passes(below[one], [below[two] for two in count]):
            words[one] = APART
        elif interval.low > options.rare and interval.high < options.firm:
            words[one] = COMES
        else:
            words[one] = UNDECIDED
    return [words[one] for one in count]


@given(
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
    st.sampled_from(
        [
            OPTIONS,
            StabilityOptions(tau=0.7, fdr=0.2),
            StabilityOptions(tau=0.35, fdr=0.01, confidence=0.8),
            StabilityOptions(rare=0.25, firm=0.7, confidence=0.9),
        ]
    ),
)
@settings(max_examples=30, deadline=None)
def test_verdicts_are_those_of_a_slow_loop(
    networks: int, seed: int, options: StabilityOptions
) -> None:
    generator = np.random.default_rng(seed)
    count = generator.binomial(networks, generator.beta(0.3, 0.6, 40))
    found = verdict_of_counts(count, networks, options)
    assert found.tolist() == slow_verdicts(count.tolist(), networks, options)


def test_a_threshold_that_is_met_decides() -> None:
    """q at most fdr decides; an interval that touches what is rare does not leave it out."""
    count = np.array([2, 10, 16])

    def words(**thresholds: float) -> list[str]:
        return verdict_of_counts(count, 20, StabilityOptions(**thresholds)).tolist()

    stays, apart = stays_close_q(count, 20, 0.5)[2], apart_q(count, 20, 0.5)[0]
    low, high = (ends[10] for ends in clopper_pearson(20, 0.95))
    assert words(fdr=stays)[2] == STAYS
    assert words(fdr=np.nextafter(stays, 0))[2] == UNDECIDED
    assert words(fdr=apart)[0] == APART
    assert words(fdr=np.nextafter(apart, 0))[0] == UNDECIDED
    assert words()[1] == COMES
    assert words(rare=low)[1] == words(firm=high)[1] == UNDECIDED
    assert words(rare=np.nextafter(low, 0), firm=np.nextafter(high, 1))[1] == COMES


@given(st.integers(1, 5), st.lists(st.integers(0, 5), min_size=1, max_size=200))
def test_no_pair_of_five_networks_or_fewer_stays_close(networks: int, count: list[int]) -> None:
    found = verdict_of_counts(np.minimum(count, networks), networks, OPTIONS)
    assert STAYS not in found
    assert networks > 4 or set(found) == {UNDECIDED}


@pytest.mark.parametrize(("tau", "fdr"), [(0.5, 0.05), (0.5, 0.01), (0.7, 0.05), (0.3, 0.2)])
def test_with_fewer_networks_no_pair_can_stay_close(tau: float, fdr: float) -> None:
    options = StabilityOptions(tau=tau, fdr=fdr)
    fewest = fewest_networks(options)
    for networks in range(1, fewest + 30):
        all_close = verdict_of_counts(np.full(9, networks), networks, options)
        assert set(all_close) == {STAYS if networks >= fewest else UNDECIDED}


def counts(networks: int = 20, **given: object) -> Counts:
    """Of one pair; what is not given is 0."""
    known = dict.fromkeys(("close", "before", "made", "broken"), 0) | {"raw_close": False} | given
    return Counts(
        networks=networks,
        pictured={},
        differing={},
        **{name: np.array([value]) for name, value in known.items()},
    )


@pytest.mark.parametrize(
    ("verdict", "given", "cause"),
    [
        (STAYS, {"before": 10, "raw_close": True, "made": 10}, INPUT),
        (STAYS, {"before": 10, "made": 10}, RECURRENT),
        (STAYS, {"before": 9, "made": 11, "raw_close": True}, LEARNED),
        (STAYS, {"made": 20}, LEARNED),
        # Six networks that all differ the same way are the fewest that tell.
        (STAYS, {"before": 9, "made": 6}, LEARNED),
        (STAYS, {"before": 9, "made": 5}, NONE),
        (STAYS, {"before": 9, "made": 2, "broken": 9}, NONE),
        # Training moved it, but the other way.
        (STAYS, {"before": 9, "broken": 9}, NONE),
        (APART, {"before": 10, "made": 9, "raw_close": True}, NONE),
        # Close in the raw signals alone, or before training alone, is not both.
        (STAYS, {"raw_close": True}, NONE),
        (APART, {"broken": 10, "raw_close": True}, NONE),
        (APART, {"before": 18, "broken": 18, "raw_close": True}, UNLEARNED),
        (APART, {"before": 18, "broken": 18}, NONE),
        (APART, {"before": 9, "broken": 9, "raw_close": True}, NONE),
        (APART, {"before": 10, "broken": 5, "raw_close": True}, NONE),
        (COMES, {"before": 18, "broken": 10, "raw_close": True}, FLICKERS),
        (UNDECIDED, {"before": 18, "raw_close": True}, NONE),
        (APART, {}, NONE),
    ],
)
def test_every_cause_has_its_case(verdict: str, given: dict[str, object], cause: str) -> None:
    assert causes(np.array([verdict]), counts(**given), OPTIONS).tolist() == [cause]


@given(st.integers(1, 99), st.integers(1, 200))
@example(28, 25)
@example(55, 20)
@example(50, 20)
def test_close_before_training_is_a_share_as_it_is_written(hundredths: int, networks: int) -> None:
    """In binary, 0.28 times 25 is more than 7."""
    options = StabilityOptions(present=hundredths / 100)
    fewest = -(-hundredths * networks // 100)
    for before, cause in ((fewest, INPUT), (fewest - 1, NONE)):
        one = counts(networks, before=before, raw_close=True)
        assert causes(np.array([STAYS]), one, options).tolist() == [cause]


def test_without_untrained_networks_only_flickering_has_a_cause() -> None:
    known = counts()
    few = Counts(20, known.close, known.raw_close, None, None, None, {}, {})
    assert causes(np.array([STAYS]), few, OPTIONS).tolist() == [NONE]
    assert causes(np.array([COMES]), few, OPTIONS).tolist() == [FLICKERS]


def test_a_pair_that_training_moves_as_surely_as_asked_is_learned() -> None:
    """Five networks that all differ one way: p is 1/16."""
    for fdr, cause in ((1 / 16, LEARNED), (1 / 16.1, NONE)):
        options = StabilityOptions(fdr=fdr)
        assert causes(np.array([STAYS]), counts(made=5), options).tolist() == [cause]


def slow_cause(counts: Counts, pair: int, word: str, q: float, options: StabilityOptions) -> str:
    """The cause of one pair, as section 6 of STATISTICS has it."""
    raw = counts.raw_close[pair]
    before = counts.before[pair] / counts.networks >= options.present
    change = int(counts.made[pair]) - int(counts.broken[pair])
    if word == COMES:
        return FLICKERS
    if word == STAYS and before:
        return INPUT if raw else RECURRENT
    if word == STAYS and q <= options.fdr and change > 0:
        return LEARNED
    if word == APART and raw and before and q <= options.fdr and change < 0:
        return UNLEARNED
    return NONE


def slow_picture(word: str, share: float, differing: float | None, options: StabilityOptions):
    """What one projection does with one pair."""
    if word not in (STAYS, APART):
        return NONE
    near = abs(share - options.present) < options.equivalence
    if differing is not None and near and differing >= share * (1 - share):
        return VARIES
    if word == STAYS:
        return KEPT if share >= options.present else LOST
    return ARTEFACT if share >= options.present else NONE


@given(
    st.integers(6, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(
        [
            OPTIONS,
            StabilityOptions(present=0.75, equivalence=0.2),
            StabilityOptions(present=0.3, tau=0.7, fdr=0.2),
        ]
    ),
)
@settings(max_examples=60, deadline=None)
def test_answers_are_those_of_a_slow_loop(
    networks: int, seed: int, options: StabilityOptions
) -> None:
    """Cause and picture pair by pair; other pictures change no verdict and no cause."""
    generator = np.random.default_rng(seed)
    close, untrained = generator.random((2, networks, 60)) < generator.beta(0.4, 0.4, (2, 1, 60))
    made, broken = (close & ~untrained).sum(axis=0), (untrained & ~close).sum(axis=0)

    def study(**pictured: np.ndarray) -> Counts:
        return Counts(
            networks,
            close.sum(axis=0),
            raw,
            untrained.sum(axis=0),
            made,
            broken,
            pictured,
            {"ae2": differing},
        )

    raw, differing = generator.random(60) < 0.5, generator.random(60) / 2
    one = study(ae2=generator.random(60), pca2=generator.random(60))
    found = answered(one, options)
    for other in (study(), study(ae2=generator.random(60))):
        again = answered(other, options)
        assert found.verdict.tolist() == again.verdict.tolist()
        assert found.cause.tolist() == again.cause.tolist()
    _, q = moved_by_training(made, broken, options.fdr)
    assert found.verdict.tolist() == verdict_of_counts(one.close, networks, options).tolist()
    for pair, word in enumerate(found.verdict):
        assert found.cause[pair] == slow_cause(one, pair, word, q[pair], options)
        assert (found.cause[pair] == FLICKERS) == (word == COMES)
        for space, differ in (("ae2", differing[pair]), ("pca2", None)):
            share = one.pictured[space][pair]
            assert found.picture[space][pair] == slow_picture(word, share, differ, options)
    # Of one autoencoder, as of principal components, no two can differ.
    assert VARIES not in found.picture["pca2"]


@pytest.mark.parametrize(
    ("verdict", "share", "differing", "picture"),
    [
        (STAYS, 0.5, None, KEPT),
        (STAYS, 0.49, None, LOST),
        (STAYS, 0.5, 0.24, KEPT),
        (STAYS, 0.5, 0.25, VARIES),
        (STAYS, 0.41, 0.25, VARIES),
        (STAYS, 0.41, 0.24, LOST),
        (STAYS, 0.39, 0.48, LOST),
        (STAYS, 0.61, 0.48, KEPT),
        (STAYS, 0.4, 0.48, VARIES),
        (STAYS, 0.6, 0.48, VARIES),
        (APART, 0.5, None, ARTEFACT),
        (APART, 0.49, None, NONE),
        (APART, 0.45, 0.3, VARIES),
        (APART, 0.39, 0.3, NONE),
        (COMES, 0.9, 0.1, NONE),
        (COMES, 0.5, 0.5, NONE),
        (UNDECIDED, 0.1, None, NONE),
    ],
)
def test_every_picture_has_its_case(
    verdict: str, share: float, differing: float | None, picture: str
) -> None:
    by_autoencoder = None if differing is None else np.array([differing])
    found = pictures(np.array([verdict]), np.array([share]), by_autoencoder, OPTIONS)
    assert found.tolist() == [picture]
