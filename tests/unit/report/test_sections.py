"""The report's tables on cause, trust and evidence: their numbers are those of the stores."""

import csv
import itertools
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from fake_study import (
    HOSTILE,
    QUICK,
    Page,
    make_study,
    make_whole_study,
    write_agreement,
    write_claims,
    write_evidence,
    write_report,
    write_stability,
    write_whole_report,
)
from makers import random_ranks, spaces_named, write_names, write_raw, write_run
from scipy.stats import spearmanr
from signpaths.errors import UserError
from signpaths.evidence.claims import CLAIM_COLUMNS
from signpaths.options import StabilityOptions
from signpaths.report.figures import figures
from signpaths.report.findings import cautions
from signpaths.report.rivals import rival_caution
from signpaths.report.sections import compared, halves, instability, planning
from signpaths.report.sections.agreement import agreement_rows
from signpaths.report.sections.causes import (
    cause_rows,
    close_once_aligned,
    picture_rows,
    projections_in,
)
from signpaths.report.sections.claims import claim_rows
from signpaths.report.sections.compared import study_rows, together
from signpaths.report.sections.evidence import evidence_rows
from signpaths.report.sections.groups import group_rows, verdicts_inside
from signpaths.report.sections.halves import half_rows
from signpaths.report.sections.instability import reliability_rows, variance_rows
from signpaths.report.sections.opening import verdict_rows
from signpaths.report.sections.planning import curve, in_whole_pairs, plan_rows
from signpaths.report.sections.projection import projection_rows
from signpaths.report.sections.sensitivity import content as sensitivity
from signpaths.report.sections.trust import quality_rows
from signpaths.report.study import Compared, open_stability
from signpaths.spaces import coordinates
from signpaths.stability.answers import Observed
from signpaths.stability.groups import group_statistics
from signpaths.stability.halves import half_statistics
from signpaths.stability.verdicts import CAUSES, PICTURES, STAYS, UNDECIDED, VERDICTS
from signpaths.stores import open_store, read_table, write_store

SIGNS = [*"abcdefgh", *HOSTILE[:2]]
SPACES = ("hidden", "untrained", "ae2")


def make_stability(folder: Path, runs: int, seed: int = 0, autoencoders: int = 2) -> Path:
    """A study in which the first pair is always close, in the input and before training too."""
    generator = np.random.default_rng(seed)
    for run in range(runs):
        always = [random_ranks(generator, len(SIGNS), [(0, 1)]) for _ in range(2)]
        projected = [
            random_ranks(generator, len(SIGNS), [(0, 1)] if generator.random() < 0.6 else [])
            for _ in range(autoencoders)
        ]
        ranks = np.stack([[always[0]] * autoencoders, [always[1]] * autoencoders, projected])
        write_run(folder / f"closeness/{run}.zarr", ranks, SIGNS, SPACES)
    write_raw(folder / "closeness_raw.zarr", random_ranks(generator, len(SIGNS), [(0, 1)]), SIGNS)
    write_names(folder / "networks.txt", range(runs))
    write_stability(folder)
    return folder / "stability.zarr"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sections")


@pytest.fixture(scope="module")
def stable(folder: Path) -> xr.Dataset:
    return open_store(make_stability(folder / "own", 12)).load()


def test_what_closeness_hangs_on_is_counted(stable: xr.Dataset) -> None:
    labels = xr.Dataset({"label_stays": ("labelling", [2, 1300])})
    attrs = {"labels_agree": -0.001, "signs_agree": 0.9}
    q = stable.q_unhubbed.copy()
    q[:3], q[5:8] = 0.9, 0.01
    one = stable.assign(labels).assign(q_unhubbed=q).assign_attrs(attrs)
    found = sensitivity(SimpleNamespace(stability=one))
    stays = {pair for pair, word in enumerate(one.verdict.values) if word == "stays close"}
    without = {pair for pair, q in enumerate(one.q_unhubbed.values) if q <= one.attrs["fdr"]}
    assert found["staying"] == len(stays) > 0
    assert found["labels"] == {"stays": [2, 1300], **attrs}
    assert [row["limit"] for row in found["limits"]] == [1, 2, 3]
    assert [row["stays"] for row in found["limits"]] == one.stays_at.values.tolist()
    assert (found["hubs"]["stays"], found["hubs"]["both"]) == (len(without), len(without & stays))
    hubness = dict(zip(one.sign.values.tolist(), one.hubness.values.tolist(), strict=True))
    assert found["hubs"]["signs"] == sorted(hubness.items(), key=lambda row: -row[1])[:3]
    assert found["hubs"]["correlation"] == one.attrs["hub_correlation"]
    assert sensitivity(SimpleNamespace(stability=stable))["labels"] is None
    few = stable.assign_attrs(inference=0)
    assert sensitivity(SimpleNamespace(stability=few)) is None


def test_the_page_says_what_other_labels_limits_and_hubs_would_do(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path, names=[f"sign{index}" for index in range(9)], takes=2)
    stable = open_store(study.folder / "stability.zarr").load()
    page = Page(write_whole_report(study, tmp_path / "report.html"))
    text = " ".join(page.text)
    counts = stable.label_stays.values.tolist()
    assert counts == [0, 1]
    assert f"Of the pairs of made-up signs {counts[0]}, {counts[1]} stay close, " in text
    agree = (stable.attrs["labels_agree"], stable.attrs["signs_agree"])
    assert agree == pytest.approx((-0.06, stable.held_out_agreement.sel(space="hidden").item()))
    assert (
        f"rank correlation of \N{MINUS SIGN}0.06, those between the signs of {agree[1]:.2f};"
        in text
    )
    row = next(row for row in page.rows if row and row[0] == "Pairs" and len(row) == 4)
    assert row[1:] == [str(count) for count in stable.stays_at.values]


def write_quality(path: Path, seed: int) -> xr.Dataset:
    generator = np.random.default_rng(seed)
    single = ("rnx_area", "shepard", "stress", "step_correlation")
    dataset = xr.Dataset(
        {name: (("space", "ae_seed"), generator.random((2, 3))) for name in single}
        | {
            name: (("space", "ae_seed", "k"), generator.random((2, 3, 2)))
            for name in ("trustworthiness", "continuity")
        }
        | {
            "trustworthiness_sign": (
                ("space", "ae_seed", "sign"),
                generator.random((2, 3, len(SIGNS))),
            )
        },
        coords={**coordinates(spaces_named("pca2", "ae2", runs=3)), "k": [5, 10], "sign": SIGNS},
    )
    dataset.trustworthiness_sign.values[:, :, 0] = np.nan
    write_store(dataset, path, stage="quality", title="made for a test")
    return dataset


def test_what_is_close_once_timing_is_aligned_is_counted() -> None:
    causes = ["recurrence-driven", "learned", "learned", "input-driven", ""]
    ranks = [[9.0] * 5, [5.0, 5.1, 2.0, 1.0, 1.0]]
    stability = xr.Dataset(
        {"cause": ("pair", causes), "input_rank": (("raw_space", "pair"), ranks)},
        coords={"raw_space": ["raw", "dtw"]},
        attrs={"k": 5},
    )
    assert close_once_aligned(stability) == {"pairs": 3, "close": 2}
    assert close_once_aligned(stability.sel(raw_space=["raw"])) is None


def test_causes_are_counted(stable: xr.Dataset) -> None:
    rows = cause_rows(stable)
    for row in rows:
        its = stable.cause.values == row["name"]
        assert row["pairs"] == its.sum()
        assert row["sure"] == (its & (stable.cause_repeats.values >= 0.8)).sum()
    by_name = {row["name"]: row for row in rows}
    assert by_name["input-driven"]["pairs"] == by_name["input-driven"]["sure"] == 1
    assert {row["name"]: row["meaning"] for row in rows} == CAUSES


def test_pictures_are_counted_beside_each_other(stable: xr.Dataset) -> None:
    spaces = projections_in(stable)
    rows = picture_rows(stable)
    assert {row["name"]: row["meaning"] for row in rows} == PICTURES
    for row in rows:
        told = [(stable.picture.sel(space=space).values == row["name"]).sum() for space in spaces]
        assert row["pairs"] == told


def test_variance_shares_are_percents_of_the_store(stable: xr.Dataset) -> None:
    rows = {row["space"]: row for row in variance_rows(stable)}
    for space, row in rows.items():
        values = 100 * stable.variance_share.sel(space=space).values
        np.testing.assert_allclose([share for share, _, _ in row["shares"]], values)
        assert row["autoencoders"] == (space == "ae2")
        assert all(low <= share <= high for share, low, high in row["shares"])


def test_with_one_network_nothing_is_said_of_its_spread(folder: Path) -> None:
    one = open_store(make_stability(folder / "one", 1)).load()
    assert instability.content(SimpleNamespace(stability=one, runs=1)) is None
    assert any("One network" in note for note in cautions(one, None))


def test_networks_are_weighed_by_what_they_cost(stable: xr.Dataset) -> None:
    seconds = {
        "lstm": {"jobs": 2, "seconds": 180.0},
        "activations": {"jobs": 2, "seconds": 20.0},
        "autoencoder": {"jobs": 10, "seconds": 250.0},
    }
    rows = {row["space"]: row for row in reliability_rows(stable, seconds)}
    assert rows.keys() == {"hidden", "ae2"}
    pair, network, autoencoder = stable["variance"].sel(space="ae2").values
    noise = network / 12 + autoencoder / 24
    assert rows["ae2"]["now"] == pytest.approx(pair / (pair + noise))
    expected = max(1.0, np.sqrt(100 / 25 * autoencoder / network)) if network > 0 else None
    assert rows["ae2"]["best"] == (pytest.approx(expected) if expected else None)
    assert rows["hidden"]["best"] is None
    assert all(row["best"] is None for row in reliability_rows(stable, {}))


def some_evidence(folder: Path) -> xr.Dataset:
    spaces = ["hidden", "ae2", "raw", "raw_pca2", "lda"]
    return write_evidence(folder / "evidence.zarr", spaces, np.random.default_rng(1))


def test_evidence_says_what_the_hidden_states_beat(tmp_path: Path) -> None:
    dataset = some_evidence(tmp_path)
    ends = {"raw": (0.1, 0.2), "raw_pca2": (-0.1, 0.2), "lda": (-0.2, -0.1)}
    for space, (low, high) in ends.items():
        dataset.ap_gain_low.loc[space, "other runs"] = low
        dataset.ap_gain_high.loc[space, "other runs"] = high
    dataset.ap_over_raw_low.loc["ae2", "other runs"] = -0.3
    dataset.ap_over_raw_high.loc["ae2", "other runs"] = -0.1
    found = evidence_rows(dataset, "ae2")
    for at, against in enumerate(("same run", "other runs", "mean rank")):
        first, one = found["rows"][0]["against"][at], dataset.sel(space="hidden", against=against)
        for score, names in (
            ("ap", ("ap_mean", "ap_low", "ap_high")),
            ("gain", ("ap_gain", "ap_gain_low", "ap_gain_high")),
            ("auc", ("auc_mean", "auc_low", "auc_high")),
        ):
            assert first[score] == [one[name].item() for name in names]
    assert [row["headline"] for row in found["rows"]] == [True, *[False] * 4]
    assert found["beaten"]["other runs"] == {
        **{"better": ["raw"], "worse": ["lda"], "neither better nor worse": ["raw_pca2"]}
    }
    low = dataset.ap_gain_low.sel(against="mean rank")
    better = [one for one in ("raw", "raw_pca2", "lda") if low.sel(space=one) > 0]
    assert found["beaten"]["mean rank"]["better"] == better
    assert found["picture"] == {"space": "ae2", "answer": "worse"}
    assert found["recognised"] == (0.9, 0.8125)
    dataset.ap_gain_low[:] = np.nan
    dataset.ap_over_raw_low[:] = np.nan
    without = evidence_rows(dataset, None)
    assert without["beaten"] == {"other runs": {}, "mean rank": {}}
    assert without["picture"] is None
    assert evidence_rows(dataset, "ae2")["picture"] is None


def test_evidence_says_how_much_of_it_are_mistakes(tmp_path: Path) -> None:
    dataset = some_evidence(tmp_path)
    found = evidence_rows(dataset, "ae2")["mistakes"]
    assert (found["confused"], found["confused_by_some"], found["confused_by_most"]) == (7, 4, 1)
    assert (found["held_out"], found["wrong"], found["own"]) == (40, 3.5, 0.375)
    assert found["chance"] == 0.015
    expected = dataset.ap_mistaken.sel(against="other runs", space=["hidden", "lda", "raw"])
    assert found["ap"] == list(zip(("hidden", "lda", "raw"), expected.values, strict=True))


def rival(folder: Path, *, accuracy: float | None, high: float) -> str:
    dataset = some_evidence(folder)
    dataset.ap_mean.loc[["lda", "hidden"], "other runs"] = [0.5, 0.25]
    dataset.ap_gain_high.loc["lda", "other runs"] = high
    dataset.attrs.pop("lda_test_accuracy")
    if accuracy is not None:
        dataset.attrs["lda_test_accuracy"] = accuracy
    return rival_caution(dataset)


def test_a_rival_that_does_as_well_is_cautioned_about(tmp_path: Path) -> None:
    for accuracy, high in ((0.8, 0.0), (0.81, 0.1), (None, 0.1), (None, np.nan)):
        assert rival(tmp_path, accuracy=accuracy, high=high) == ""
    said = rival(tmp_path, accuracy=0.8125, high=0.1)
    assert "recognises 81.2" in said
    assert "precision" not in said
    for accuracy in (None, 0.5):
        said = rival(tmp_path, accuracy=accuracy, high=-0.01)
        assert said.endswith("(average precision 0.50 against 0.25).")
        assert "recognises" not in said
    assert " and its closeness" in rival(tmp_path, accuracy=0.9, high=-0.01)


def test_without_a_rival_there_is_nothing_to_caution_about(tmp_path: Path) -> None:
    dataset = some_evidence(tmp_path)
    dataset.ap_gain_high[:] = -0.1
    dataset.attrs.pop("lda_test_accuracy")
    assert rival_caution(dataset.isel(space=slice(4))) == ""
    dataset.attrs["lda_test_accuracy"] = 1.0
    dataset.test_accuracy[:] = np.nan
    assert rival_caution(dataset.isel(space=slice(4))) == ""


def test_quality_is_the_mean_over_all_runs(folder: Path, stable: xr.Dataset) -> None:
    paths = [folder / f"quality/{seed}.zarr" for seed in (0, 1)]
    stores = [write_quality(path, seed) for seed, path in enumerate(paths)]
    found = quality_rows([open_store(path) for path in paths], stable)
    # Each autoencoder's projection stands just before the PCA with as many dimensions.
    assert [row["space"] for row in found["rows"]] == ["ae2", "pca2"]
    values = np.concatenate([one.trustworthiness.values[1, :, 1] for one in stores])
    expected = (values.mean(), values.min(), values.max())
    assert found["rows"][0]["values"][0] == pytest.approx(expected)
    of_ae2 = stable.sel(space="ae2")
    names = ("kept_close", "kept_close_low", "kept_close_high")
    assert found["rows"][0]["values"][-1] == pytest.approx([float(of_ae2[name]) for name in names])
    # The study has no such space.
    assert found["rows"][1]["values"][-1] == [None] * 3
    kept = np.mean([one.trustworthiness_sign.values[1] for one in stores], axis=(0, 1))
    order = np.argsort(kept)[:5]
    assert [name for name, _ in found["worst"]] == [SIGNS[at] for at in order]
    assert found["space"] == "ae2"


def test_agreement_leaves_a_run_s_likeness_to_itself_out(folder: Path, stable: xr.Dataset) -> None:
    dataset = write_agreement(folder / "agreement.zarr", SIGNS, 4, ["low validation accuracy"])
    found = agreement_rows(open_store(folder / "agreement.zarr"), stable)
    rows = {row["heading"]: row for row in found["rows"]}
    others = dataset.cka.values[~np.eye(4, dtype=bool)]
    row = rows["Likeness of examples (CKA)"]
    assert (row["mean"], *row["range"]) == pytest.approx(
        (others.mean(), others.min(), others.max())
    )
    assert row["mean_low"] < row["mean"] < row["mean_high"]
    assert row["by_chance"] < row["mean"]
    assert rows["Same mistakes"]["by_chance"] is None
    assert rows["Nearest signs in common"]["unit"] == "%"
    assert found["flags"] == [{"network": "1", "flag": "low validation accuracy"}]
    named = dict(found["differently"])
    assert list(named.values()) == sorted(dataset.disagreement_sign.values, reverse=True)[:5]
    assert all(dataset.disagreement_sign.sel(sign=name) == named[name] for name in named)
    assert found["common"] == [30, 30]


def test_sets_of_signs_are_listed_with_their_surest_members_first() -> None:
    stable = xr.Dataset(
        {
            "group": ("sign", [1, 2, 0, 1, 2, 1]),
            "group_close": ("sign", [0.6, 0.9, np.nan, 0.9, 0.9, 0.6]),
            "group_membership": ("sign", [0.5, 1, np.nan, 0.9, 1, 0.7]),
        },
        coords={"sign": list("abcdef")},
    )
    (row,) = group_rows(stable)
    assert [one["sign"] for one in row["signs"]] == ["d", "f", "a"]
    assert (row["close"], row["membership"]) == pytest.approx((0.7, 0.7))


def test_the_verdicts_inside_sets_are_counted() -> None:
    """Signs 0, 1 and 2 make a set, 3 and 4 one of two, 5 none."""
    pairs = list(itertools.combinations(range(6), 2))
    verdict = {(0, 1): "stays close", (0, 2): "apart", (1, 2): "stays close", (3, 4): "stays close"}
    stability = xr.Dataset(
        {
            "group": ("sign", [1, 1, 1, 2, 2, 0]),
            "verdict": ("pair", [verdict.get(pair, "comes and goes") for pair in pairs]),
        }
    )
    assert verdicts_inside(stability) == {"pairs": 3, "staying": 2, "apart": 1}


def test_every_verdict_is_counted_with_what_it_promises(tmp_path: Path) -> None:
    stable = open_store(make_whole_study(tmp_path).folder / "stability.zarr").load()
    rows = {row["name"]: row for row in verdict_rows(stable)}
    assert list(rows) == list(VERDICTS)
    close = np.rint(stable.pi.sel(space="hidden").values * stable.sizes["network"])
    for name, row in rows.items():
        its = stable.verdict.values == name
        assert row["pairs"] == its.sum()
        assert row["close"] == ((close[its].min(), close[its].max()) if its.any() else None)
        assert row["never"] == (close[its] == 0).sum()
        assert "{" not in row["promise"]
        sure = (stable.verdict_repeats.values[its] >= 0.8).sum()
        assert row["sure"] == (None if name == UNDECIDED else sure)
    assert rows["stays close"]["promise"].startswith("close in more than 50\N{NO-BREAK SPACE}% of")


def test_sets_are_shown_if_there_are_any(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path / "study", runs=10)
    path = study.folder / "stability.zarr"
    stable = open_store(path).load()
    close = np.zeros((10, 8, 8), np.float32)
    for one, other in ((0, 1), (0, 2), (1, 2), (4, 5)):
        close[1:, one, other] = 1
    found = group_statistics(
        close[:, *np.triu_indices(8, 1)], stable.sign.values, tau=0.5, resamples=20, seed=0
    )
    for dataset, shown in ((found, True), (found.assign(group=0 * found.group), False)):
        own = stable.drop_vars(dataset.data_vars, errors="ignore")
        write_store(xr.merge([own, dataset]), path, stage="stability", title="t", options=QUICK)
        text = " ".join(Page(write_whole_report(study, tmp_path / "report.html")).text)
        assert ("Sets of signs that stay together" in text) == shown
        assert ("1 set of two signs only is not listed" in text) == shown


def test_other_studies_are_set_beside(folder: Path, stable: xr.Dataset) -> None:
    theirs = open_store(make_stability(folder / "split", 12, seed=5)).load()
    other = Compared("split", theirs, {"seeds_vary": "split"})
    config = {"study": "own", "seeds_vary": "both", "split": {"by": "session"}}
    this = Compared("own", stable, config)
    own, row = study_rows(this, [other])
    assert (own["study"], own["overlap"], own["correlation"]) == ("own", None, None)
    assert own["again"] == (
        "from different random starts and on different shares of the examples; "
        "tested on sessions not trained on"
    )
    assert own["staying"] == int((stable.verdict.values == "stays close").sum())
    assert (row["study"], row["networks"]) == ("split", 12)
    assert row["again"] == "on different shares of the examples"
    assert row["staying"] == int((theirs.verdict.values == "stays close").sum())
    shares = [one.pi.sel(space="hidden").values for one in (stable, theirs)]
    assert row["correlation"] == pytest.approx(spearmanr(*shares).statistic)
    same = study_rows(this, [Compared("same", stable, {})])[1]
    assert same["overlap"] == 1
    assert same["correlation"] == pytest.approx(1)
    assert same["again"] == "unknown"
    none = stable.assign(verdict=("pair", np.full(stable.sizes["pair"], "apart")))
    assert study_rows(Compared("own", none, config), [other])[1]["overlap"] is None
    assert compared.content(SimpleNamespace(compared=())) is None
    one = study_rows(Compared("own", stable.isel(network=[0]), config), [other])
    assert [row["shares"] is None for row in one] == [True, False]


def with_pi(close: np.ndarray, signs: list[str], verdict: np.ndarray) -> xr.Dataset:
    """What a study of this closeness `(network, pair)` and these verdicts holds of its pairs."""
    first, second = np.triu_indices(len(signs), 1)
    names = np.array(signs)
    return xr.Dataset(
        {
            "pi": (("space", "pair"), close.mean(axis=0)[None]),
            "verdict": ("pair", verdict),
            "variance_share": (("space", "source"), [[0.5, 0.5]]),
        },
        coords={
            "space": ["hidden"],
            "network": [str(name) for name in range(len(close))],
            "sign_a": ("pair", names[first]),
            "sign_b": ("pair", names[second]),
        },
        attrs={"tau": 0.5, "fdr": 0.05, "inference": int(len(close) > 4)},
    )


def three_studies() -> list[Compared]:
    """Pair a-b is close in all networks of all studies, a-c in two studies, a-d in one."""
    signs = list("abcdef")
    studies = []
    for at in range(3):
        close = np.zeros((30, 15), dtype=bool)
        close[:, 0] = True
        close[:, 1] = at != 1
        close[:, 2] = at == 2
        # Not by the verdict's own rule: what is shown is the studies', not made anew.
        verdict = np.where(close[0], "stays close", "apart")
        studies.append(Compared(f"study{at}", with_pi(close, signs, verdict), {}))
    return studies


def test_pairs_that_stay_close_in_several_studies_are_named() -> None:
    found = together(three_studies(), 0.05)
    assert (found["common"], found["most"], found["few"]) == (15, 15, [])
    assert found["rows"] == [
        {"at_least": 2, "pairs": 2, "verdicts": 2},
        {"at_least": 3, "pairs": 1, "verdicts": 1},
    ]
    assert found["in_all"] == [("a", "b")]
    stays, apart = "stays close", "apart"
    assert found["differing"] == [
        {"pair": ("a", "c"), "verdicts": [stays, apart, stays]},
        {"pair": ("a", "d"), "verdicts": [apart, apart, stays]},
    ]
    assert found["differ"] == 2


def test_only_pairs_that_all_studies_know_count_whatever_the_order_of_their_signs() -> None:
    first, second, _ = three_studies()
    signs = ["b", "a", "x", "y", "z", "u"]
    other = with_pi(np.ones((30, 15), dtype=bool), signs, np.full(15, "stays close"))
    found = together([first, second, Compared("other", other, {})], 0.05)
    assert (found["common"], found["most"]) == (1, 15)
    assert found["in_all"] == [("a", "b")]
    strangers = with_pi(np.ones((30, 1), dtype=bool), ["p", "q"], np.array(["stays close"]))
    none = together([first, Compared("strangers", strangers, {})], 0.05)
    assert none["common"] == 0
    assert "rows" not in none
    few = with_pi(np.ones((3, 15), dtype=bool), list("abcdef"), np.full(15, "undecided"))
    small = together([first, Compared("small", few, {})], 0.05)
    assert small["few"] == ["small"]
    assert small["in_all"] == []


def test_many_pairs_are_counted_and_the_first_of_them_named() -> None:
    signs = [f"s{at:02d}" for at in range(12)]
    close = np.zeros((30, 66), dtype=bool)
    close[:, :60] = True
    all_close = with_pi(close, signs, np.where(close[0], "stays close", "apart"))
    nothing = with_pi(close, signs, np.full(66, "undecided"))
    found = together([Compared("one", all_close, {}), Compared("two", nothing, {})], 0.05)
    assert found["rows"] == [{"at_least": 2, "pairs": 60, "verdicts": 0}]
    assert (len(found["in_all"]), len(found["differing"]), found["differ"]) == (20, 30, 60)


def test_a_study_of_another_version_is_refused_by_name(folder: Path, stable: xr.Dataset) -> None:
    path = folder / "old.zarr"
    old = stable.drop_vars(["cause", "picture"])
    write_store(old, path, stage="stability", title="made for a test")
    with pytest.raises(UserError, match=r"old.zarr: made by another version, without cause and"):
        open_stability(path)


def halved(seed: int = 0, networks: int = 24) -> xr.Dataset:
    """What halves say of pairs of all kinds, beside the numbers that the section asks for."""
    generator = np.random.default_rng(seed)
    pi = np.repeat([0.98, 0.7, 0.5, 0.02], [10, 10, 20, 60])

    def drawn(share: np.ndarray) -> np.ndarray:
        return generator.random((networks, pi.size)) < share

    shown = drawn(pi).astype(np.float32)
    observed = Observed(drawn(pi), drawn(pi), pi > 0.8, {"pca2": shown}, {"pca2": 1})
    statistics = half_statistics(observed, StabilityOptions(halves=30))
    return statistics.assign_attrs(statistics.attrs, networks_needed_any=5)


def test_what_halves_say_is_that_of_the_store() -> None:
    stability = halved()
    found = half_rows(stability)
    assert (found["networks"], found["splits"], found["enough"]) == (12, 30, True)
    for row in found["verdicts"]:
        counts = stability.halves.sel(answer=row["name"]).values
        assert row["pairs"] == counts.tolist()
        assert row["chance"] == pytest.approx(counts.sum() / 100)
        repeats = float(stability.half_repeats.sel(answer=row["name"]))
        assert row["repeats"] == (None if counts.sum() == 0 else repeats)
    assert [row["opposite"] for row in found["verdicts"]] == ["apart", None, None, "stays close"]
    for row in found["causes"]:
        assert row["given"] == stability.half_causes.sel(cause_name=row["name"]) > 0
        assert row["repeats"] == stability.half_cause_repeats.sel(cause_name=row["name"])
    assert found["pictures"]["projections"] == ["pca2"]
    kept = found["pictures"]["rows"][0]
    assert kept["name"] == "kept"
    repeats = stability.half_picture_repeats.sel(projection="pca2", picture_name="kept")
    assert kept["each"][0]["repeats"] == float(repeats)
    mean, low, high = found["correlation"]
    assert low < mean < high
    assert mean == pytest.approx(float(stability.half_correlation.mean()))
    assert not half_rows(halved(networks=6))["enough"]


def test_without_halves_nothing_is_said(stable: xr.Dataset) -> None:
    without = stable.drop_vars([name for name in stable.data_vars if name.startswith("hal")])
    assert halves.content(SimpleNamespace(stability=without)) is None


def test_the_page_says_what_halves_and_several_studies_say(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", takes=1)
    with_halves(study.folder / "stability.zarr", halved())
    other = tmp_path / "<b>other"
    shutil.copytree(study.folder / "stability.zarr", other / "stability.zarr")
    (other / "provenance.json").write_text('{"config": {}}')
    text = write_report(study, tmp_path / "report.html", compare=[other])
    assert "<b>other" not in text
    page = Page(text)
    said = " ".join(" ".join(page.text).split())
    for sentence in (
        "The networks were split in two halves at random, 30 times, and each half of 12 networks",
        "Of the pairs that stay close in one half (",
        "get the same verdict from the other, and none the opposite one (apart).",
        "Of the pairs said to be so by one half (",
        "All 2 studies know the same 28 pairs.",
    ):
        assert sentence in said, sentence
    assert "halves are too small" not in said
    (row,) = (row for row in page.rows if row[:1] == ["all 2 of 2 studies"])
    verdict = open_store(study.folder / "stability.zarr").verdict.values
    assert row[2] == str((verdict == "stays close").sum())
    with_halves(study.folder / "stability.zarr", halved(networks=6))
    page = Page(write_report(study, tmp_path / "report.html"))
    said = " ".join(" ".join(page.text).split())
    assert "with 3 networks no pair can be shown to stay close, which takes" in said
    assert "No half finds pairs that stay close." in said


def with_halves(path: Path, statistics: xr.Dataset) -> None:
    """Put what halves say into a study's store, in place of what it holds of them."""
    stable = open_store(path).load()
    own = [name for name in stable.data_vars if name in statistics.data_vars]
    stable = stable.drop_dims("split", errors="ignore").drop_vars(own, errors="ignore")
    made = stable.assign(statistics.data_vars).assign_attrs(
        half_networks=statistics.attrs["half_networks"]
    )
    shutil.rmtree(path)
    options = StabilityOptions()
    write_store(made, path, stage="stability", title="made for a test", options=options)


def test_autoencoders_stand_beside_the_pca_of_as_many_dimensions() -> None:
    error = [[0.02, 0.02], [0.04, 0.04], [0.01, 0.03]]
    paths = xr.Dataset(
        {"reconstruction_error": (("space", "ae_seed", "seen"), np.stack([error] * 2, axis=2))},
        coords={
            **coordinates(spaces_named("pca3", "pca2", "ae2", runs=2)),
            "ae_seed": [0, 1],
            "seen": ["train", "held_out"],
        },
    )
    rows = {row["space"]: row for row in projection_rows(paths)}
    assert [rows[name]["ratio"] for name in ("pca3", "pca2")] == [None, None]
    assert rows["ae2"]["ratio"] == pytest.approx(0.5)
    assert rows["ae2"]["spread"] == (0.01, 0.03)
    assert rows["pca2"]["spread"] is None


def test_the_numbers_behind_a_claim_are_those_of_its_row(tmp_path: Path) -> None:
    write_claims(tmp_path / "claims.csv", ["said", "close", "found", "yes"])
    (row,) = claim_rows(read_table(tmp_path / "claims.csv"))
    assert row["answers"] == {
        "verdict": ("stays close", False),
        "cause": ("learned", False),
        "picture": ("kept", True),
    }
    assert row["behind"] == [
        ("q in hidden", "0.012"),
        ("rank in the raw signals", "7.5"),
        ("probability of the other", "0.6\N{NO-BREAK SPACE}%"),
    ]
    assert (row["verdict"], row["cause"]) == ("stays close", "learned")


def test_every_answer_to_a_claim_has_a_badge(tmp_path: Path) -> None:
    study = make_whole_study(tmp_path / "study", takes=1, spaces=("hidden", "ae2"))
    answers = ("yes", "partly", "no", "cannot be said")
    write_claims(study.folder / "claims.csv", *(["a", "close", "b", answer] for answer in answers))
    text = write_whole_report(study, tmp_path / "report.html")
    for answer in answers:
        assert f'<span class="answer {answer.replace(" ", "-")}">{answer}</span>' in text
        assert f".answer.{answer.replace(' ', '-')}::before" in text
    part = text[text.index('id="instability"') : text.index('id="evidence"')]
    assert 'id="figure-variance"' in part


@pytest.mark.usefixtures("stable")
def test_the_page_shows_every_part_and_no_text_becomes_markup(folder: Path, tmp_path: Path) -> None:
    some_evidence(folder)
    for name in (0, 1):
        write_quality(folder / f"quality/{name}.zarr", name)
    write_agreement(folder / "agreement.zarr", SIGNS, 4, ["low validation accuracy"])
    make_stability(folder / "few", 2, autoencoders=1)
    study = make_study(tmp_path / "study")
    figures(*study.for_figures, study.folder / "figures", study="fake")
    shutil.rmtree(study.folder / "stability.zarr")
    shutil.copytree(folder / "few/stability.zarr", study.folder / "stability.zarr")
    (folder / "own/provenance.json").write_text('{"config": {}}')
    hostile = "<script>alert(1)</script>"
    with (tmp_path / "claims.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, CLAIM_COLUMNS)
        writer.writeheader()
        writer.writerow(dict.fromkeys(["claim", "kind", "said", "found", "agrees"], hostile))
    text = write_report(
        study,
        tmp_path / "report.html",
        claims=tmp_path / "claims.csv",
        evidence=folder / "evidence.zarr",
        agreement=folder / "agreement.zarr",
        quality=folder / "quality",
        compare=[folder / "own"],
    )
    page = Page(text)
    ids = {attributes.get("id") for _, attributes in page.elements}
    sections = {"claims", "instability", "planning", "evidence", "trust", "agreement", "compared"}
    assert sections <= ids
    assert hostile not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "One autoencoder:" in text
    assert "network 1: low validation accuracy" in text
    assert not any("None" in cell for row in page.rows for cell in row)


# What more networks would decide


@pytest.fixture(scope="module")
def small(folder: Path) -> xr.Dataset:
    """A study with so few networks that much is undecided."""
    return open_store(make_stability(folder / "small", 6)).load()


def test_a_plan_begins_with_today_and_counts_the_open_pairs(small: xr.Dataset) -> None:
    today, *later = plan_rows(small)
    still_open = (small["verdict"].values == UNDECIDED).sum()
    assert still_open > 0
    assert (today["more"], today["networks"]) == (0, 6)
    assert today["open"] == still_open
    for row in later:
        assert row["networks"] == 6 + row["more"]
        parts = [row[name] for name in ("stays", "comes", "apart", "open")]
        assert sum(parts) == pytest.approx(still_open)
        whole = [in_whole_pairs(row)[name] for name in ("stays", "comes", "apart", "open")]
        assert sum(whole) == still_open
        assert np.abs(np.subtract(whole, parts)).max() < 1


def test_a_plan_tells_how_to_train_enough(small: xr.Dataset) -> None:
    found = planning.content(SimpleNamespace(stability=small))
    half = found["today"] / 2
    rows = {row["more"]: row["open"] for row in plan_rows(small)}
    suggested = found["suggested"]["more"]
    assert rows[suggested] <= half
    assert all(still > half for more, still in rows.items() if more < suggested)


def test_a_plan_says_if_fewer_pairs_stay_close_at_first(small: xr.Dataset) -> None:
    plan = small.copy(deep=True)
    staying = plan["plan"].sel(answer=STAYS)
    for numbers, falls in ((np.arange(5.0, 5 + staying.size), False), ([5, 3, *[9] * 99], True)):
        staying[:] = np.asarray(numbers)[: staying.size]
        found = planning.content(SimpleNamespace(stability=plan))
        assert (found["staying"], found["falls"]) == (5, falls)


def test_nothing_is_planned_if_nothing_is_open(small: xr.Dataset) -> None:
    decided = small.copy(deep=True)
    decided["plan_open"][:] = 0
    assert planning.content(SimpleNamespace(stability=decided)) is None


def test_the_curve_falls_from_today_at_the_left(small: xr.Dataset) -> None:
    rows = [
        {"networks": count, "open": count_open} for count, count_open in ((10, 8), (20, 4), (40, 0))
    ]
    drawn = curve(rows)
    assert drawn["points"] == "0.0,0.0 280.0,80.0 560.0,160.0"
    assert drawn["ticks"] == [(0, 10), (pytest.approx(280), 20), (560, 40)]
    assert len(curve(plan_rows(small))["ticks"]) <= len(plan_rows(small))
