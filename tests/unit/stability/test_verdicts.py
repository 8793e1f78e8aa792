"""Verdicts, causes and pictures: what each word promises, for all counts and many studies."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from signpaths.options import StabilityOptions
from signpaths.stability.inference import moved_by_training
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
@settings(max_examples=150, deadline=None)
def test_the_verdict_grows_with_the_count(
    networks: int, shares: list[float], never: int, tau: float
) -> None:
    """Each word has one run of counts, apart before comes and goes before stays close."""
    others = np.r_[np.rint(np.array(shares) * networks).astype(int), np.zeros(never, int)]
    found = verdict_by_count(networks, others, StabilityOptions(tau=tau))
    decided = [word for word in found if word != UNDECIDED]
    place = [(APART, COMES, STAYS).index(word) for word in decided]
    assert place == sorted(place)
    for word in set(decided):
        at = [index for index, one in enumerate(found) if one == word]
        assert at == list(range(at[0], at[-1] + 1))


def test_twenty_networks() -> None:
    """STATISTICS, section 6: most pairs of a study are hardly ever close."""
    found = verdict_by_count(20, np.zeros(4000, dtype=int))
    assert found == [APART] * 6 + [COMES] * 9 + [UNDECIDED] + [STAYS] * 5


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_each_word_keeps_its_promise(networks: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    count = generator.binomial(networks, generator.beta(0.3, 0.6, 80))
    for one, word in zip(count, verdict_of_counts(count, networks, OPTIONS), strict=True):
        share = one / networks
        interval = stats.binomtest(one, networks).proportion_ci(0.95)
        above = stats.binomtest(one, networks, 0.5, alternative="greater").pvalue
        below = stats.binomtest(one, networks, 0.5, alternative="less").pvalue
        if word == STAYS:
            assert share > 0.5
            assert above <= 0.05
        if word == APART:
            assert share < 0.5
            assert below <= 0.05
        if word == COMES:
            assert interval.low > 0.1
            assert interval.high < 0.9


@pytest.mark.parametrize(("tau", "fdr"), [(0.5, 0.05), (0.5, 0.01), (0.7, 0.05), (0.3, 0.2)])
def test_with_fewer_networks_no_pair_can_stay_close(tau: float, fdr: float) -> None:
    options = StabilityOptions(tau=tau, fdr=fdr)
    fewest = fewest_networks(options)
    for networks in range(1, fewest + 1):
        all_close = verdict_of_counts(np.full(9, networks), networks, options)
        assert (all_close == STAYS).all() == (networks == fewest)


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


@given(st.integers(6, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_causes_are_about_networks_and_keep_their_promise(networks: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    close, untrained = generator.random((2, networks, 40)) < generator.beta(0.4, 0.4, (2, 1, 40))
    made, broken = (close & ~untrained).sum(axis=0), (untrained & ~close).sum(axis=0)
    one, other = (
        Counts(
            networks,
            close.sum(axis=0),
            generator.random(40) < 0.5 if index else np.ones(40, bool),
            untrained.sum(axis=0),
            made,
            broken,
            {"ae2": generator.random(40)},
            {"ae2": generator.random(40) / 2},
        )
        for index in (0, 0)
    )
    found, again = answered(one, OPTIONS), answered(other, OPTIONS)
    # Other pictures change no verdict and no cause.
    assert found.verdict.tolist() == again.verdict.tolist()
    assert found.cause.tolist() == again.cause.tolist()
    _, q = moved_by_training(made, broken, OPTIONS.fdr)
    for pair in range(40):
        match found.cause[pair]:
            case word if word in (INPUT, RECURRENT):
                assert found.verdict[pair] == STAYS
                assert one.before[pair] >= networks / 2
            case word if word == LEARNED:
                assert found.verdict[pair] == STAYS
                assert q[pair] <= 0.05
                assert made[pair] > broken[pair]
            case word if word == UNLEARNED:
                assert found.verdict[pair] == APART
                assert q[pair] <= 0.05
                assert broken[pair] > made[pair]
        assert (found.cause[pair] == FLICKERS) == (found.verdict[pair] == COMES)


@pytest.mark.parametrize(
    ("verdict", "share", "differing", "picture"),
    [
        (STAYS, 0.5, None, KEPT),
        (STAYS, 0.49, None, LOST),
        (STAYS, 0.5, 0.24, KEPT),
        (STAYS, 0.5, 0.25, VARIES),
        (STAYS, 0.41, 0.25, VARIES),
        (STAYS, 0.41, 0.24, LOST),
        (STAYS, 0.4, 0.48, LOST),
        (STAYS, 0.6, 0.48, KEPT),
        (STAYS, 0.59, 0.48, VARIES),
        (APART, 0.5, None, ARTEFACT),
        (APART, 0.49, None, NONE),
        (APART, 0.45, 0.3, VARIES),
        (APART, 0.4, 0.3, NONE),
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
