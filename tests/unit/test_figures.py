"""The figures, and the synthetic study that the report's tests use too."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control, rankdata
from signpaths.errors import UserError
from signpaths.figures import (
    FiguresOptions,
    draw_pairs,
    draw_paths,
    draw_seeds,
    figures,
    last_points,
    place_labels,
    transformed,
)
from signpaths.stores import open_store, write_store

NAMES = ("drink", "danger", "who", "soon", "think", "crazy", "God", "science")
HOSTILE = ("<script>alert(1)</script>", 'a",b', "</script><b>x", "$x_1$", "=1+1", "{{ 7 * 7 }}")
STATISTICS = ("pi", "pi_low", "pi_high", "p", "q", "rank_mean", "rank_q25", "rank_q75", "energy")


@dataclass(frozen=True)
class Study:
    """A synthetic study's folder, and the files that the last stages read."""

    folder: Path

    @property
    def for_figures(self) -> tuple[Path, Path, Path]:
        """The inputs of the figures stage."""
        return self.folder / "stability.zarr", self.folder / "paths/0.zarr", self.folder / "lstm"


def make_study(
    folder: Path,
    *,
    names: Sequence[str] = NAMES,
    runs: int = 10,
    takes: int = 4,
    steps: int = 24,
    spaces: Sequence[str] = ("hidden", "last", "untrained", "pca2", "pca3", "ae2", "ae3"),
    flicker: float = 1.0,
) -> Study:
    """Write the stores of a study in which the first two signs are twins and others come and go."""
    rng = np.random.default_rng(7)
    k = len(names)
    a, b = np.triu_indices(k, 1)
    place = rng.normal(size=(k, 6)) * 2.5
    for twin in range(1, k, max(2, k // 8)):
        place[twin] = place[twin - 1] + 0.12 * rng.normal(size=6) * (1 + twin)
    ranks = {
        s: np.stack([_mutual_ranks(place + 0.5 * flicker * rng.normal(size=place.shape), a, b)
                     for _ in range(runs)])
        for s in spaces
    }  # fmt: skip
    stability = _stability(names, ranks, _mutual_ranks(place, a, b), a, b)
    write_store(stability, folder / "stability.zarr", stage="stability", title="Stability")
    _pairs_csv(stability).to_csv(folder / "pairs.csv", index=False)
    _write_recordings(folder, names, takes, steps, place, spaces, rng)
    for seed in range(runs):
        accuracy = 0.95 + 0.04 * rng.random(3)
        run = folder / "lstm" / str(seed)
        run.mkdir(parents=True)
        metrics = {"lstm_seed": seed, "epochs_run": 30, "best_epoch": 20 + seed % 9, "signs": k}
        metrics |= {"parameters": 52894, "examples": {"train": 8, "validation": 2, "test": 2}}
        for part, value in zip(("train", "validation", "test"), accuracy, strict=True):
            metrics |= {f"{part}_accuracy": float(value), f"{part}_loss": float(1 - value)}
        (run / "metrics.json").write_text(json.dumps(metrics))
    _write_texts(folder, names)
    return Study(folder)


def _mutual_ranks(place: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    np.fill_diagonal(distance, -1)
    rank = rankdata(distance, axis=1) - 1
    return np.sqrt(rank * rank.T)[a, b]


def _stability(
    names: Sequence[str],
    ranks: dict[str, np.ndarray],
    raw: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
) -> xr.Dataset:
    k = max(1, round(0.05 * (len(names) - 1)))
    rank = np.stack(list(ranks.values()))
    close = rank <= k
    runs = rank.shape[1]
    tests = [binomtest(n, runs, 0.5, alternative="greater") for n in range(runs + 1)]
    bounds = [binomtest(n, runs).proportion_ci(0.95, "exact") for n in range(runs + 1)]
    count = close.sum(axis=1)
    p = np.array([test.pvalue for test in tests])[count]
    q = np.stack([false_discovery_control(row) for row in p])
    pi = count / runs
    q25, q75 = np.quantile(rank, [0.25, 0.75], axis=1)
    loose = np.where(pi[0] >= 0.2, "comes and goes", "apart")
    verdict = np.where(q[0] <= 0.05, "stays close", loose)
    inference = 0.5**runs <= 0.05 / len(a) * 4
    if not inference:
        verdict[:] = "undecided"
    per_space = {
        "pi": pi, "pi_low": np.array([x.low for x in bounds])[count],
        "pi_high": np.array([x.high for x in bounds])[count], "p": p, "q": q,
        "rank_mean": rank.mean(axis=1), "rank_q25": q25, "rank_q75": q75,
        "energy": 1 - np.exp(-rank.mean(axis=1) / 30),
    }  # fmt: skip
    signs = np.array(names, dtype=object).astype(str)
    return xr.Dataset(
        {name: (("space", "pair"), value) for name, value in per_space.items()}
        | {
            "mutual_rank": (("space", "lstm_seed", "pair"), rank),
            "close": (("space", "lstm_seed", "pair"), close),
            "verdict": ("pair", verdict),
            "raw_rank": ("pair", raw),
            "raw_close": ("pair", raw <= k),
        },
        coords={
            "space": list(ranks), "lstm_seed": np.arange(runs),
            "sign_a": ("pair", signs[a]), "sign_b": ("pair", signs[b]),
        },
        attrs={
            "k": k, "tau": 0.5, "fdr": 0.05, "apart": 0.2, "confidence": 0.95, "lstm_seeds": runs,
            "ae_seeds": 2, "signs": len(names), "pairs": len(a), "seeds_needed_any": 9,
            "seeds_needed_one": int(np.ceil(np.log2(len(a) / 0.05))), "inference": int(inference),
        },
    )  # fmt: skip


def _pairs_csv(stability: xr.Dataset) -> pd.DataFrame:
    shared = ("sign_a", "sign_b", "verdict", "raw_rank", "raw_close")
    columns = {name: stability[name].values for name in shared}
    for space in stability["space"].values:
        chosen = stability.sel(space=space)
        columns |= {f"{space}_{name}": chosen[name].values for name in STATISTICS}
        columns[f"{space}_breaks"] = [
            " ".join(str(seed) for seed in np.flatnonzero(~broken))
            for broken in chosen["close"].transpose("pair", "lstm_seed").values
        ]
    table = pd.DataFrame(columns)
    return table.sort_values(["hidden_pi", "hidden_rank_mean"], ascending=[False, True])


def _write_recordings(
    folder: Path,
    names: Sequence[str],
    takes: int,
    steps: int,
    place: np.ndarray,
    spaces: Sequence[str],
    rng: np.random.Generator,
) -> None:
    n = len(names) * takes
    length = rng.integers(steps // 2, steps + 1, n)
    sign = np.repeat(np.arange(len(names)), takes)
    coords = {
        "sign": ("example", np.array(names, dtype=object).astype(str)[sign]),
        "session": ("example", np.array([f"s{1 + i % 3}" for i in range(n)])),
        "take": ("example", np.arange(n) % takes),
        "length": ("example", length),
        "hands": ("example", np.where(sign % 3, "one", "two")),
        "source": ("example", [f"s{i % 3}/{i}.tsd" for i in range(n)]),
        "sha256": ("example", ["0" * 64] * n),
    }
    x = np.zeros((n, steps, 22), np.float32)
    sequences = xr.Dataset({"x": (("example", "time", "channel"), x)}, coords=coords)
    sequences.coords["channel"] = [f"channel_{i:02d}" for i in range(22)]
    write_store(sequences, folder / "sequences.zarr", stage="sequences", title="Sequences")
    drawn = [s for s in spaces if s.startswith(("pca", "ae"))]
    phase = np.clip((np.arange(steps) - (steps - length)[:, None] + 1) / length[:, None], 0, None)
    bend = np.sin(np.pi * phase)[..., None] * place[sign][:, None, 3:6] * 0.5
    path = np.sqrt(phase)[..., None] * place[sign][:, None, :3] + bend
    path = path + 0.08 * phase[..., None] * rng.normal(size=(n, 1, 3)) * (1 + phase[..., None])
    path[phase <= 0] = np.nan
    stack = np.stack([np.stack([path, -path]) * (3 if s.startswith("ae") else 1) for s in drawn])
    for i, space in enumerate(drawn):
        if space.endswith("2"):
            stack[i, ..., 2] = np.nan
    error = np.array([[0.011, 0.012] if s.startswith("ae") else [0.02, 0.0212] for s in drawn])
    error = error[:, None] + 0.0003 * rng.random((len(drawn), 2, 1))
    paths = xr.Dataset(
        {
            "path": (("space", "ae_seed", "example", "time", "dim"), stack.astype(np.float32)),
            "reconstruction_error": (("space", "ae_seed", "seen"), error),
        },
        coords=coords | {"space": drawn, "ae_seed": [0, 1], "seen": ["train", "held_out"]},
    )
    write_store(paths, folder / "paths/0.zarr", stage="paths", title="Paths")


def _write_texts(folder: Path, names: Sequence[str]) -> None:
    excluded = pd.DataFrame(columns=["file", "sign", "session", "take", "frames", "reason"])
    excluded.loc[0] = ["s1/x-1.tsd", "x", "s1", 1, 136, "longer than 90 frames"]
    excluded.to_csv(folder / "excluded.csv", index=False)
    planted = [[names[0], names[1], "twin"], [names[2], names[3], "crossing"]]
    pd.DataFrame(planted, columns=["sign_a", "sign_b", "relation"]).to_csv(
        folder / "planted.csv", index=False
    )
    provenance = {
        "config": {
            "study": "fake", "data": {"source": "simulate", "padding": "pre", "exclude": []},
            "split": {"by": "example", "train": 0.67, "vary": False}, "lstm": {"units": 24},
            "autoencoder": {"layers": [48, 16], "noise": 0.1 + 0.2}, "report": {"title": None},
        },
        "versions": {"python": "3.11.2", "signpaths": "0.1.0", "numpy": "2.4.6"},
        "code": {"lstm": "a1" * 32, "stability": "b2" * 32},
        "source": {"path": "simulate", "sha256": "c3" * 32, "files": 144},
        "machine": {"system": "Linux", "cpus": 2},
        "seconds": {"lstm": {"jobs": 10, "seconds": 81.61243}, "report": {"jobs": 1, "seconds": 2}},
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(provenance))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("study"), spaces=("hidden", "pca2", "ae3"))


def overlapping(centres: np.ndarray, sizes: np.ndarray) -> int:
    """Count the pairs of boxes that overlap, one by one."""
    count = 0
    for i in range(len(centres)):
        for j in range(i):
            gap = np.abs(centres[i] - centres[j]) - (sizes[i] + sizes[j]) / 2
            count += bool((gap < 0).all())
    return count


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.floats(0, 300), st.integers(0, 2**31))
def test_no_two_labels_overlap_and_all_stay_inside(n: int, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = 600 + spread * rng.normal(size=(n, 2))
    sizes = np.stack([rng.uniform(10, 130, n), np.full(n, 16.0)], axis=1)
    centres = place_labels(anchors, sizes, (0, 0, 1200, 1200))
    assert not np.isnan(centres).any()
    assert overlapping(centres, sizes) == 0
    assert (centres - sizes / 2 >= 0).all()
    assert (centres + sizes / 2 <= 1200).all()


def test_a_lone_label_sits_just_above_its_anchor() -> None:
    centre = place_labels(np.array([[50.0, 50.0]]), np.array([[20.0, 10.0]]), (0, 0, 100, 100))
    np.testing.assert_allclose(centre, [[50, 57]])


def test_a_label_that_fits_nowhere_is_left_out() -> None:
    sizes = np.array([[80.0, 80.0], [80.0, 80.0]])
    centres = place_labels(np.full((2, 2), 50.0), sizes, (0, 0, 200, 100))
    assert np.isnan(centres).all(axis=1).sum() <= 1
    assert np.isnan(place_labels(np.full((1, 2), 50.0), sizes[:1], (0, 0, 60, 60))).all()


def test_transform_is_odd_and_keeps_nan() -> None:
    values = np.array([-3.0, -0.5, 0.0, 0.5, 3.0, np.nan])
    drawn = transformed(values, "log1p")
    np.testing.assert_allclose(drawn[:5], -drawn[4::-1])
    np.testing.assert_allclose(drawn[3:5], np.log1p([0.5, 3.0]))
    assert np.isnan(drawn[5])
    assert transformed(values, "none") is values
    with pytest.raises(UserError, match="expected none or log1p"):
        transformed(values, "sqrt")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_last_points_are_found_whichever_side_the_padding_is_on(padding: str) -> None:
    path = np.full((2, 4, 2), np.nan)
    real = slice(1, 4) if padding == "pre" else slice(0, 3)
    path[0, real] = [[0, 0], [1, 1], [2, 5]]
    np.testing.assert_array_equal(last_points(path), [[2, 5], [np.nan, np.nan]])


def test_every_figure_is_written_and_again_the_same_bytes(study: Study, tmp_path: Path) -> None:
    figures(*study.for_figures, tmp_path / "a")
    figures(*study.for_figures, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [
        "accuracy.png", "accuracy.svg", "pairs.png", "pairs.svg", "paths-ae3.png",
        "paths-pca2.png", "seeds.png",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_one_run_and_hostile_names_can_be_drawn(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", names=HOSTILE, runs=1, takes=1, spaces=("hidden", "ae2"))
    figures(*study.for_figures, tmp_path / "out", options=FiguresOptions(transform="log1p"))
    assert (tmp_path / "out/pairs.svg").stat().st_size > 1000


def test_a_study_without_any_close_pair_says_so(study: Study) -> None:
    stability = open_store(study.for_figures[0]).load()
    stability["close"][:] = False
    stability["pi"][:] = 0
    texts = [text.get_text() for text in draw_seeds(stability).axes[0].texts]
    assert texts == ["No pair was close in any LSTM."]
    assert len(draw_pairs(stability).axes[0].get_yticks()) == 10


def test_a_missing_run_is_named(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the lstm stage for seed 0"):
        figures(study.for_figures[0], study.for_figures[1], tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_never_leave_the_picture(study: Study) -> None:
    paths = open_store(study.for_figures[1])
    figure = draw_paths(paths, "pca2", "0", "none")
    figure.canvas.draw()
    axes = figure.axes[0]
    frame = axes.get_window_extent()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text() in NAMES]
    assert len(boxes) == len(NAMES)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    assert not any(p.overlaps(q) for i, p in enumerate(boxes) for q in boxes[:i])
