"""The explorer's file: complete, true to the stores, no larger than allowed, and told where cut."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from fake_explorer import (
    PHASES,
    RUNS,
    SIGNS,
    make_explored_study,
    write_excerpt,
    write_history,
    write_signals,
    written,
)
from fake_study import Page, Study, make_study, write_report
from hypothesis import given
from hypothesis import strategies as st
from makers import write_names
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from signpaths.errors import UserError
from signpaths.report import explorer as stage
from signpaths.report import report as page_stage
from signpaths.report.details import Kind, fitted
from signpaths.report.excerpts import HELD_PHASES
from signpaths.report.held import Table
from signpaths.report.packing import Block
from signpaths.spaces import described
from signpaths.stores import open_store, write_store
from slow_packing import bytes_of, read


@dataclass(frozen=True)
class Parts:
    """What of a study a page may do without."""

    film: str | None
    run_pictures: dict[str, str]


DETAILS = [
    *("means_shared", "ranks", "separation_median", "separation", "predicted", "means_own"),
    *("held_shared", "answers", "held_own", "held_more", "held_components", "means_volume"),
    *("ranks_volume", "frames_own", "held_volume", "frames_shared", "frames_components"),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_explored_study(tmp_path_factory.mktemp("explored"))


@pytest.fixture
def copied(study: Study, tmp_path: Path) -> Path:
    return Path(shutil.copytree(study.folder, tmp_path / "study"))


@pytest.fixture(scope="module")
def whole(study: Study) -> tuple[dict[str, Any], dict[str, Any]]:
    return read(written(study.folder, study.folder / "explorer.txt"))


def step(index: dict[str, Any], name: str) -> float:
    return max(index["blocks"][name]["scale"])


def test_the_index_says_what_the_study_is(study: Study, whole: Any) -> None:
    index, _ = whole
    shared_map = open_store(study.folder / "shared_map.zarr").load()
    stability = open_store(study.folder / "stability.zarr").load()
    expected = {
        **{"version": 1, "study": "a study", "signs": SIGNS, "networks": ["0", "1", "2"]},
        **{"k": stability.attrs["k"], "phases": PHASES, "held_phases": HELD_PHASES},
        **{"parting": 1.5, "chosen": shared_map.attrs["chosen"]},
    }
    assert {key: index[key] for key in expected} == expected
    assert [SIGNS[one] for one in index["pairs"]["a"]] == stability["sign_a"].values.tolist()
    assert [SIGNS[one] for one in index["pairs"]["b"]] == stability["sign_b"].values.tolist()
    spaces = {one["name"]: one for one in index["spaces"]}
    assert list(spaces) == stability["space"].values.tolist()
    assert index["spaces"][0]["name"] == "hidden"
    drawn = shared_map["drawn"].to_series()
    for space in described(stability):
        one = spaces[space.name]
        assert (one["words"], one["dims"], one["kind"]) == (space.words, space.dims, space.kind)
        assert one["shared"] == space.is_shared
        assert one["seeds"] == (space.runs if space.is_projection else 1)
        # A network's own is drawn by its first autoencoder, the shared map's by the best.
        assert one["drawn"] == (drawn[space.name] if space.name.startswith("shared_ae") else 0)
    assert len(index["channels"]) == 22


def test_all_kinds_are_there_and_every_block_is_of_one(whole: Any) -> None:
    index, blocks = whole
    assert [one["kind"] for one in index["details"]] == DETAILS
    assert all(one["networks"] == one["of"] == RUNS and one["words"] for one in index["details"])
    found = {name.split("/")[0] for name in blocks}
    assert found == {
        *("examples", "held", "ranks", "tree", "raw", "instability", "quality", "histories"),
        *("means", "separation_median", "separation", "predicted", "held", "answers", "sure"),
        "frames",
    }
    for space in index["spaces"]:
        assert f"ranks/{space['name']}" in blocks
        for network in range(RUNS):
            for seed in range(space["seeds"] if space["dims"] else 0):
                assert f"means/{space['name']}/{network}/{seed}" in blocks
            if space["dims"]:
                assert f"held/{space['name']}/{network}/{space['drawn']}" in blocks
            if space["name"] in ("ae2", "pca2", index["chosen"]):
                assert f"frames/{space['name']}/{network}" in blocks
    assert f"held/ae2/{RUNS - 1}/1" in blocks
    assert len(index["blocks"]) == len(blocks)


def test_paths_are_those_of_the_excerpts(study: Study, whole: Any) -> None:
    index, blocks = whole
    for network in range(RUNS):
        one = open_store(study.folder / f"excerpts/{network}.zarr").load()
        for space in described(one):
            for kind, variable in (("means", "mean"), ("held", "held_out")):
                for seed in range(space.runs):
                    name = f"{kind}/{space.name}/{network}/{seed}"
                    if name in blocks:
                        values = one[variable].sel(space=space.name)[seed].values
                        values = values[..., : space.dims]
                        assert blocks[name].shape == values.shape
                        assert np.abs(blocks[name] - values).max() <= 0.5001 * step(index, name)
                        assert step(index, name) < np.ptp(values) / 200
            name = f"frames/{space.name}/{network}"
            if name in blocks:
                seed = next(s["drawn"] for s in index["spaces"] if s["name"] == space.name)
                at = (one["plane"].values == space.name) & (one["plane_seed"].values == seed)
                values = one["frames"].values[at][0]
                assert np.abs(blocks[name] - values).max() <= 0.5001 * step(index, name)
                assert len(values) == sum(blocks["examples"]["length"])
        np.testing.assert_array_equal(blocks[f"answers/{network}"], one["answer"].values)
        np.testing.assert_array_equal(blocks[f"sure/{network}"], one["sure"].values)
        np.testing.assert_array_equal(blocks[f"predicted/{network}"], one["predicted"].values)


def test_ranks_and_separations_are_those_of_the_stores(study: Study, whole: Any) -> None:
    index, blocks = whole
    a, b, k = index["pairs"]["a"], index["pairs"]["b"], index["k"]
    for number, space in enumerate(index["spaces"]):
        found = blocks[f"ranks/{space['name']}"]
        assert found.shape == (RUNS, space["seeds"], len(a))
        for network in range(RUNS):
            one = open_store(study.folder / f"closeness/{network}.zarr")
            ranks = one["mutual_rank"].values[number, : space["seeds"]][:, a, b]
            np.testing.assert_array_equal(found[network] <= k, ranks <= k)
            np.testing.assert_allclose(found[network], ranks, rtol=0.075)
    raw = open_store(study.folder / "closeness_raw.zarr")["mutual_rank"].values[0][a, b]
    np.testing.assert_allclose(blocks["ranks/raw"], raw[None, None], rtol=0.075)
    assert [one["name"] for one in index["raw_spaces"]] == ["raw"]
    for network in range(RUNS):
        one = open_store(study.folder / f"closeness/{network}.zarr").load()
        far = one["separation"].sel(view="hidden").values[::2].clip(0, 12.7)
        found = blocks[f"separation/hidden/{network}"]
        np.testing.assert_allclose(np.sqrt(found), np.sqrt(far, dtype=float), atol=0.0126)
    shared_map = open_store(study.folder / "shared_map.zarr").load()
    for view in shared_map["view"].values:
        found = blocks[f"separation_median/{view}"]
        far = shared_map["separation"].sel(view=view).values.clip(0, 12.7)
        np.testing.assert_allclose(np.sqrt(found), np.sqrt(far, dtype=float), atol=0.0126)


def test_signals_are_means_of_the_recordings_and_a_deviation_around_them(
    study: Study, whole: Any
) -> None:
    index, blocks = whole
    sequences = open_store(study.folder / "sequences.zarr").load()
    for number, sign in enumerate(SIGNS):
        points = []
        for one in np.flatnonzero(sequences["sign"].values == sign):
            frames = sequences["x"].values[one][sequences["mask"].values[one]]
            at = np.linspace(0, len(frames) - 1, PHASES)
            points.append([np.interp(at, np.arange(len(frames)), each) for each in frames.T])
        mean, deviation = np.mean(points, axis=0).T, np.std(points, axis=0).T
        for name, values in (
            *(("mean", mean), ("low", mean - deviation), ("high", mean + deviation)),
        ):
            scale = np.array(index["blocks"][f"raw/{name}"]["scale"])
            found = blocks[f"raw/{name}"][number]
            assert (np.abs(found - values) <= 0.5001 * scale + 1e-6).all()


def test_examples_tree_and_tables_are_those_of_the_study(study: Study, whole: Any) -> None:
    _, blocks = whole
    sequences = open_store(study.folder / "sequences.zarr").load()
    examples = blocks["examples"]
    assert [SIGNS[one] for one in examples["sign"]] == sequences["sign"].values.tolist()
    for name in ("session", "take", "length", "hands", "source"):
        assert examples[name] == sequences[name].values.tolist()
    held = [number for number, part in enumerate(examples["part"]) if part != "train"]
    assert blocks["held"] == held != []
    tree, stability = blocks["tree"], open_store(study.folder / "stability.zarr").load()
    assert sorted(tree["leaves"]) == list(range(len(SIGNS)))
    assert leaves_list(np.array(tree["linkage"], float)).tolist() == tree["leaves"]
    pi = stability["pi"].sel(space="hidden").values
    joined = np.array(tree["linkage"])
    np.testing.assert_allclose(joined[:, 2], linkage(1 - pi, "average")[:, 2], atol=1e-5)
    # No order of the leaves that the plain tree gives has nearer neighbours.
    far = squareform(1 - pi)

    def length(leaves: Any) -> float:
        return float(far[leaves[:-1], leaves[1:]].sum())

    assert length(tree["leaves"]) <= length(leaves_list(linkage(1 - pi, "average"))) + 1e-6
    for number, one in enumerate(blocks["histories"]):
        metrics = json.loads((study.folder / f"networks/{number}/metrics.json").read_text())
        assert one["network"] == str(number)
        assert one["epochs"]["loss"] == [2, 1, 0.666667]
        assert one["metrics"]["test_accuracy"] == pytest.approx(metrics["test_accuracy"], abs=1e-6)
    instability = blocks["instability"]
    assert instability["sources"] == ["pair", "network", "autoencoder"]
    shares = {one["space"]: one["shares"] for one in instability["shares"]}
    expected = 100 * stability["variance_share"].sel(space="ae2").values
    np.testing.assert_allclose([one[0] for one in shares["ae2"]], expected, rtol=1e-5)
    curve = instability["curves"]["of"]["hidden"]
    assert curve == sorted(curve)
    agreement = open_store(study.folder / "agreement.zarr").load()
    np.testing.assert_allclose(
        np.array(instability["runs"]["rank_correlation"], float),
        agreement["rank_correlation"].values,
        rtol=1e-5,
    )
    quality = {one["space"]: one for one in blocks["quality"]["spaces"]}
    runs = [open_store(study.folder / f"quality/{number}.zarr") for number in range(RUNS)]
    trust = [one["trustworthiness"].sel(space="ae2", k=10).values.mean() for one in runs]
    assert quality["ae2"]["trustworthiness"] == pytest.approx(np.mean(trust), rel=1e-5)
    assert len(quality["ae2"]["trustworthiness_sign"]) == len(SIGNS)
    # Of principal components there is one run, however often it is repeated.
    trust = [one["trustworthiness"].sel(space="pca2", k=10).values[0] for one in runs]
    assert quality["pca2"]["trustworthiness"] == pytest.approx(np.mean(trust), rel=1e-5)


def test_a_smaller_file_lacks_the_finest_details_first_and_tells_it(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any
) -> None:
    monkeypatch.setattr(stage, "MIB", 1000)
    largest = len((study.folder / "explorer.txt").read_text())
    alone = written(study.folder, tmp_path / "out.txt", largest_mib=0.1)
    index, always = read(alone)
    # What the explorer cannot do without is always there.
    assert [one["networks"] for one in index["details"]] == [0] * len(DETAILS)
    assert {name.split("/")[0] for name in always} == {
        *("examples", "held", "ranks", "tree", "raw", "instability", "quality", "histories"),
    }
    assert {name for name in always if name.startswith("ranks")} == {"ranks/hidden", "ranks/raw"}
    seen = []
    for share in np.linspace(0.02, 1.05, 14):
        budget = (len(alone) + share * (largest - len(alone))) / 1000
        text = written(study.folder, tmp_path / "out.txt", largest_mib=budget)
        assert len(text) <= 1000 * budget
        index, found = read(text)
        counts = [one["networks"] for one in index["details"]]
        seen.append(counts)
        cut = next((at for at, count in enumerate(counts) if count < RUNS), len(counts))
        assert counts[:cut] == [RUNS] * cut
        assert counts[cut + 1 :] == [0] * len(counts[cut + 1 :])
        for name, values in found.items():
            expected = whole[1][name]
            if name.startswith("ranks"):
                np.testing.assert_array_equal(values, expected[: len(values)])
            elif isinstance(values, np.ndarray):
                np.testing.assert_array_equal(values, expected)
        of = dict(zip(DETAILS, counts, strict=True))
        assert sum(name.startswith("frames/ae2/") for name in found) == of["frames_own"]
        assert sum(name.startswith("predicted/") for name in found) == of["predicted"]
        assert ("separation_median/ae2" in found) == (of["separation_median"] == RUNS)
        ranks = found.get("ranks/ae2", [])
        assert len(ranks) == of["ranks"]
        assert [f"means/ae2/{one}/0" in found for one in range(RUNS)] == [
            one < of["means_own"] for one in range(RUNS)
        ]
    # More room never holds less, and some kinds were cut in the middle.
    assert seen == sorted(seen)
    assert any(0 < count < RUNS for counts in seen for count in counts)
    assert seen[-1] == [RUNS] * len(DETAILS)


def blocks_of(size: int) -> Block:
    return Block("A" * size, {"coding": "json"})


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=5),
    st.integers(1, 6),
    st.integers(0, 4000),
)
def test_a_file_is_never_larger_than_allowed(
    sizes: list[tuple[bool, int]], networks: int, most: int
) -> None:
    def kind(place: int, of_all: bool, size: int) -> Kind:
        name = f"k{place}"
        if of_all:
            return Kind(
                name, "w", of_first=lambda count: [(f"{name}/all", blocks_of(4 * size * count))]
            )
        return Kind(name, "w", of_network=lambda one: [(f"{name}/{one}", blocks_of(4 * size))])

    kinds = [kind(place, *one) for place, one in enumerate(sizes)]
    head, always = {"version": 1}, [[("a", blocks_of(8))]]
    text = fitted(head, always, kinds, networks, most)
    least = fitted(head, always, kinds, networks, 0)
    assert len(text) <= max(most, len(least))
    counts = [one["networks"] for one in json.loads(text.split("\n")[0])["details"]]
    below = [at for at, count in enumerate(counts) if count < networks]
    assert all(counts[at] == 0 for at in below[1:])
    # With room for all and for the places' longest numbers, nothing is cut.
    everything = fitted(head, always, kinds, networks, 10**9)
    if len(everything) + 200 * (1 + networks * len(kinds)) <= most:
        assert not below


def test_the_same_inputs_give_the_same_bytes(study: Study, tmp_path: Path) -> None:
    assert written(study.folder, tmp_path / "a.txt") == written(study.folder, tmp_path / "b.txt")


def test_other_splits_are_told_network_by_network(copied: Path, tmp_path: Path) -> None:
    shutil.rmtree(copied / "excerpts/1.zarr")
    write_excerpt(copied, 1, ["test", "train", "train"])
    index, blocks = read(written(copied, tmp_path / "out.txt"))
    assert [name for name in blocks if name.startswith("parts/")] == ["parts/1"]
    one = open_store(copied / "excerpts/1.zarr").load()
    assert blocks["parts/1"] == {
        "part": one["part"].values.tolist(),
        "held": one["held"].values.tolist(),
    }
    assert blocks["held/ae2/1/0"].shape[0] == one.sizes["held"] != len(blocks["held"])
    assert len(index["networks"]) == RUNS


def test_what_is_of_another_network_or_study_is_refused(copied: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    write_names(copied / "networks.txt", [0, 1])
    with pytest.raises(UserError, match=r"stability\.zarr: it is not of the networks"):
        written(copied, out)
    write_names(copied / "networks.txt", range(RUNS))
    shutil.rmtree(copied / "excerpts/1.zarr")
    shutil.copytree(copied / "excerpts/2.zarr", copied / "excerpts/1.zarr")
    with pytest.raises(UserError, match=r"excerpts/1\.zarr: it is of network 2"):
        written(copied, out)
    shutil.rmtree(copied / "excerpts/1.zarr")
    write_excerpt(copied, 1, ["train"], {"activations": "0" * 32, "paths": "1" * 32})
    one = open_store(copied / "quality/1.zarr").load()
    shutil.rmtree(copied / "quality/1.zarr")
    made_from = {"activations": "0" * 32, "paths": "2" * 32}
    write_store(
        one, copied / "quality/1.zarr", stage="quality", title="Quality", made_from=made_from
    )
    with pytest.raises(UserError, match=r"quality/1\.zarr: it was not made from"):
        written(copied, out)
    assert not out.exists()


def test_the_page_holds_it_and_no_name_ends_the_script(study: Study, tmp_path: Path) -> None:
    text = written(study.folder, tmp_path / "explorer.txt")
    page = Page(write_report(study, tmp_path / "a.html", explorer=tmp_path / "explorer.txt"))
    scripts = [attrs for tag, attrs in page.elements if tag == "script"]
    at = {attrs.get("id"): place for place, attrs in enumerate(scripts)}
    assert scripts[at["explorer-data"]]["type"] == "text/plain"
    assert scripts[at["explorer-index"]]["type"] == "text/plain"
    index, data = text.splitlines()
    assert json.loads(bytes_of(page.scripts[at["explorer-index"]])) == json.loads(index)
    assert page.scripts[at["explorer-data"]] == data
    assert at["explorer-index"] < at["explorer-data"] < at["pairs-data"]
    without = Page(write_report(study, tmp_path / "b.html"))
    assert len(without.scripts) == len(page.scripts) - 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no file of stage explorer"),
        ("[]\nAAAA\n", "no file of stage explorer"),
        ("{}\n</script>\n", "no file of stage explorer"),
        ("{}\nA&amp;A\n", "no file of stage explorer"),
        ('{"made_from": {"stability": "0"}}\nAAAA\n', "it was not made from"),
    ],
)
def test_the_page_takes_no_other_file_for_it(
    study: Study, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "explorer.txt").write_text(content)
    with pytest.raises(UserError, match=said):
        write_report(study, tmp_path / "a.html", explorer=tmp_path / "explorer.txt")


def test_an_excerpt_is_read_one_network_at_a_time(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many networks there are, few stores are open at once, and all is the same."""
    monkeypatch.setattr(stage, "AT_ONCE", 1)
    found = written(study.folder, tmp_path / "out.txt")
    assert found == (study.folder / "explorer.txt").read_text()


def test_a_study_of_one_network_has_an_explorer(tmp_path: Path) -> None:
    made = make_study(tmp_path / "one", names=SIGNS, runs=1, spaces=("hidden", "pca2"))
    write_signals(made.folder)
    write_excerpt(made.folder, 0, ["train"])
    write_history(made.folder, 0)
    index, blocks = read(written(made.folder, tmp_path / "out.txt"))
    assert blocks["held"] == []
    assert "shares" not in blocks["instability"]
    assert not [name for name in blocks if name.startswith("held/")]
    assert {one["kind"] for one in index["details"]} >= {"means_own", "frames_components"}
    assert isinstance(open_store(made.folder / "excerpts/0.zarr"), xr.Dataset)


def test_a_page_that_would_be_too_large_does_without_and_says_so(
    study: Study, whole: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert whole
    pack = study.folder / "explorer.txt"
    text = write_report(study, tmp_path / "a.html", explorer=pack)
    monkeypatch.setattr(page_stage, "LARGEST", len(text.encode()))
    assert write_report(study, tmp_path / "b.html", explorer=pack) == text
    monkeypatch.setattr(page_stage, "LARGEST", len(text.encode()) - 1)
    less = write_report(study, tmp_path / "c.html", explorer=pack)
    assert len(less) < len(text) - len(pack.read_text()) // 2
    assert "explorer-data" not in Page(less).scripts
    assert any("It does without the explorer" in one for one in Page(less).text)
    assert "It does without" not in text


@given(st.tuples(*[st.integers(0, 9)] * 4), st.integers(1, 9), st.integers(0, 50))
def test_parts_of_a_page_go_in_order_until_it_fits(
    sizes: tuple[int, ...], pairs: int, most: int
) -> None:
    film, figures, explorer, rest = sizes
    made: Any = Parts("x" * film, {"a": "x" * figures} if figures else {})

    def rendered(
        study: Any, name: str, title: Any, table: Any, explorer: Any = None, left_out: Any = ()
    ) -> str:
        parts = (study.film or "", *study.run_pictures.values(), explorer or "", "x" * table.pairs)
        return "".join((*parts, "x" * rest))

    def packed(study: Any, pairs: int) -> Table:
        return Table(pairs, {}, {}, "")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_stage, "render", rendered)
        patch.setattr(page_stage, "packed", packed)
        patch.setattr(page_stage, "packed_within", lambda study, most: packed(study, pairs))
        page = page_stage.page_within(made, "a", None, "x" * explorer or None, most)  # type: ignore[arg-type]
    wanted = [film, figures, explorer]
    while sum(wanted) + rest + pairs > most and any(wanted):
        wanted[next(at for at, one in enumerate(wanted) if one)] = 0
    # One pair is always held.
    held = min(pairs, max(most - sum(wanted) - rest, 1))
    assert len(page) == sum(wanted) + rest + held
