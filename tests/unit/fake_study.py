"""A synthetic study in the stores' formats, and its report as a page: for the tests of both.

`make_study` writes what the last stages read: the stability of made-up ranks, by the stage itself;
`make_whole_study` one with planted causes, and the stores of `evidence` and `quality` beside it.
"""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from makers import (
    random_ranks,
    spaces_named,
    write_alignment,
    write_names,
    write_raw,
    write_run,
)
from scipy.stats import rankdata
from signpaths.closeness.ranks import mutual_ranks
from signpaths.evidence.claims import CLAIM_COLUMNS
from signpaths.options import ClosenessOptions, StabilityOptions
from signpaths.report.figures import figures
from signpaths.report.report import report
from signpaths.spaces import Space, coordinates, described
from signpaths.stability.comparison import Comparands, comparison
from signpaths.stability.functional import Answers
from signpaths.stability.representations import normalised
from signpaths.stability.shared_map import shared_map
from signpaths.stability.similarity import nearest_signs
from signpaths.stability.stability import stability
from signpaths.stores import open_store, write_store, write_table
from slow_packing import bytes_of, columns_of

NAMES = ("drink", "danger", "who", "soon", "think", "crazy", "God", "science")
HOSTILE = ("<script>alert(1)</script>", 'a",b', "</script><b>x", "$x_1$", "=1+1", "{{ 7 * 7 }}")
SPACES = (
    *("hidden", "last", "untrained", "pca2", "pca3", "ae2", "ae3"),
    *("shared_pca2", "shared_pca3", "shared_ae2", "shared_ae3"),
)
QUICK = StabilityOptions(resampled_studies=50, permutations=100)


@dataclass(frozen=True)
class Study:
    """A synthetic study's folder, and the files that the last stages read."""

    folder: Path

    @property
    def for_figures(self) -> tuple[Path, ...]:
        """The inputs of the figures stage."""
        names = ("stability.zarr", "agreement.zarr", "shared_map.zarr", "networks")
        return tuple(self.folder / name for name in names)


def make_study(
    folder: Path,
    *,
    names: Sequence[str] = NAMES,
    runs: int = 10,
    takes: int = 4,
    steps: int = 24,
    spaces: Sequence[str] = SPACES,
    flicker: float = 1.0,
) -> Study:
    """Write the stores of a study in which the first two signs are twins and others come and go."""
    rng = np.random.default_rng(7)
    k = len(names)
    # Every study has a shared map.
    spaces = [*spaces, *({"shared_pca2"} - set(spaces))]
    place = rng.normal(size=(k, 6)) * 2.5
    for twin in range(1, k, max(2, k // 8)):
        place[twin] = place[twin - 1] + 0.12 * rng.normal(size=6) * (1 + twin)
    for run in range(runs):
        moved = [place + 0.5 * flicker * rng.normal(size=place.shape) for _ in spaces]
        ranks = np.stack([np.stack([_ranks(one)] * 2) for one in moved])
        energy = 1 - np.exp(-ranks / 30)
        write_run(folder / f"closeness/{run}.zarr", ranks, names, spaces, energy)
    write_raw(folder / "closeness_raw.zarr", _ranks(place), names)
    write_names(folder / "networks.txt", range(runs))
    write_stability(folder)
    write_shared_map(folder, names, runs)
    write_agreement(folder / "agreement.zarr", names, runs)
    _write_recordings(folder, names, takes, steps, place, spaces, rng)
    _write_metrics(folder / "networks", k, runs, rng)
    _write_texts(folder, names)
    return Study(folder)


def write_stability(folder: Path) -> None:
    """Run the stage `stability` on the runs in a study's folder."""
    inputs = ("networks.txt", "closeness_raw.zarr", "closeness", "stability.zarr", "pairs.csv")
    stability(*(folder / name for name in inputs), options=QUICK)


def write_shared_map(folder: Path, names: Sequence[str], runs: int) -> None:
    """Run the stage `shared-map` on the runs in a study's folder, the first five the reference."""
    rng = np.random.default_rng(5)
    run = open_store(folder / "closeness/0.zarr")
    drawn = [space for space in described(run) if space.is_projection]
    for number in range(runs):
        write_alignment(folder / f"alignment/{number}.zarr", names, number < 5)
        _write_quality(folder / f"quality/{number}.zarr", names, drawn, run.sizes["ae_seed"], rng)
    inputs = ("networks.txt", "alignment", "closeness", "quality", "shared_map.zarr")
    shared_map(*(folder / name for name in inputs))


def make_whole_study(
    folder: Path,
    *,
    names: Sequence[str] = NAMES,
    runs: int = 12,
    autoencoders: int = 2,
    optional: bool = True,
    **keywords: Any,
) -> Study:
    """Write a study with cause, evidence and trust: pair 0-1 from the input, pair 2-3 learned.

    Pair 4-5 comes and goes, and pair 0-1 is lost in ae2. Without `optional` the runs have no
    sessions, and too few examples for what needs more of them.
    """
    study = make_study(folder, names=names, runs=runs, **keywords)
    rng = np.random.default_rng(3)
    count = len(names)
    input_pair, learned_pair, flicker = (0, 1), (2, 3), (4, 5)
    for run in range(runs):
        close = [input_pair, learned_pair, *([flicker] if run % 2 else [])]
        by_space = {
            "hidden": [random_ranks(rng, count, close)] * autoencoders,
            "untrained": [random_ranks(rng, count, [input_pair])] * autoencoders,
            "ae2": [random_ranks(rng, count, [learned_pair]) for _ in range(autoencoders)],
            "shared_pca2": [random_ranks(rng, count, close)] * autoencoders,
        }
        path = folder / f"closeness/{run}.zarr"
        write_run(path, np.stack(list(by_space.values())), names, list(by_space))
        if optional:
            _add_optional(path, rng)
    write_raw(folder / "closeness_raw.zarr", random_ranks(rng, count, [input_pair]), names)
    write_stability(folder)
    stable = open_store(folder / "stability.zarr").load()
    write_evidence(folder / "evidence.zarr", [*stable.space.values, "raw", "lda"], rng)
    write_shared_map(folder, names, runs)
    odd = ("failed to learn", "low validation accuracy; outlying ranks", "outlying ranks")
    write_agreement(folder / "agreement.zarr", names, runs, odd if runs > 3 else ())
    write_claims(folder / "claims.csv", ["Two signs, said to be near.", "close", "as said", "yes"])
    return study


def write_claims(path: Path, *rows: Sequence[str]) -> None:
    """Write claims: what was said (and the claim's name), its kind, what was found, agrees."""
    known = {
        **{"sign_a": "drink", "sign_b": "danger", "space": "hidden"},
        **{"pi": 0.75, "pi_low": 0.5, "pi_high": 0.9, "q": 0.0123, "verdict": "stays close"},
        **{
            "cause": "learned",
            "picture": "likely kept",
            "rank_mean": 1.25,
            "raw_rank": 7.5,
            "crossing": None,
        },
        "softmax_mass": 0.00625,
    }
    columns = ("said", "kind", "found", "agrees")
    claims = [{"claim": row[0], **dict(zip(columns, row, strict=True)), **known} for row in rows]
    write_table(path, pd.DataFrame(claims, columns=list(CLAIM_COLUMNS)))


def _add_optional(path: Path, rng: np.random.Generator) -> None:
    """Add what a run's closeness holds if there are sessions, and examples enough."""
    run = open_store(path).load()
    shape = tuple(run.sizes[name] for name in ("space", "ae_seed", "sign"))
    dims = ("space", "ae_seed", "sign")
    without = run.mutual_rank.values[:, :, None] + rng.random((*shape[:2], 3, *shape[2:] * 2))
    run = run.assign(
        crossing=((*dims, "other"), 0.1 * rng.random((*shape, shape[2]))),
        rank_without=(("space", "ae_seed", "session", "sign", "other"), without),
        ceiling=(dims, rng.choice([1.0, 2.0], shape)),
        held_out_agreement=(("space", "ae_seed"), rng.uniform(0.8, 1, shape[:2])),
        label_rank=(
            ("labelling", "sign", "other"),
            np.stack([random_ranks(rng, shape[2], pairs) for pairs in ([], [(0, 1)])]),
        ),
        label_agreement=("labelling", [-0.05, -0.07]),
    ).assign_coords(session=["s1", "s2", "s3"])
    shutil.rmtree(path)
    write_store(run, path, stage="closeness", title="Closeness", options=ClosenessOptions())


def write_evidence(path: Path, spaces: Sequence[str], rng: np.random.Generator) -> xr.Dataset:
    """Write made-up scores of these spaces, against three kinds of answers of two networks."""
    dims = ("space", "against")
    made = {}
    for name in ("ap", "auc", "ap_over_raw", "ap_gain"):
        values = rng.random((len(spaces), 3))
        mean = f"{name}_mean" if name in ("ap", "auc") else name
        made |= {mean: (dims, values), f"{name}_low": (dims, values - 0.1)}
        made |= {f"{name}_high": (dims, values + 0.1)}
    dataset = xr.Dataset(
        {
            **made,
            "ap_mistaken": (dims, rng.random((len(spaces), 3))),
            "share_mistaken": ("against", [0.01, 0.015, 0.01]),
            **{"confused": ((), 7), "confused_by_some": ((), 4), "confused_by_most": ((), 1)},
            "confused_really": ("network", [0.25, 0.5]),
            "test_accuracy": ("network", [0.875, 0.75]),
            **{"held_out": ("network", [40, 40]), "wrong": ("network", [3, 4])},
        },
        coords={
            **coordinates(spaces_named(*spaces)),
            "against": ["same run", "other runs", "mean rank"],
            "network": ["0", "1"],
        },
        attrs={"chance_ap": 0.02, "confused_fraction": 0.02, "note": ""}
        | {"lda_note": "", "lda_test_accuracy": 0.9},
    )
    write_store(dataset, path, stage="evidence", title="Evidence")
    return dataset


def _write_quality(
    path: Path,
    names: Sequence[str],
    drawn: Sequence[Space],
    autoencoders: int,
    rng: np.random.Generator,
) -> None:
    dims = ("space", "ae_seed")
    shape = (len(drawn), autoencoders)
    each = {
        name: (dims, rng.random(shape))
        for name in ("rnx_area", "shepard", "stress", "step_correlation")
    }
    by_size = {
        name: ((*dims, "k"), rng.random((*shape, 3))) for name in ("trustworthiness", "continuity")
    }
    of_sign = {"trustworthiness_sign": ((*dims, "sign"), rng.random((*shape, len(names))))}
    dataset = xr.Dataset(
        each | by_size | of_sign,
        coords={
            **coordinates(drawn),
            "k": [5, 10, 20],
            "sign": list(names),
        },
        attrs={"note": ""},
    )
    write_store(dataset, path, stage="quality", title="Quality")


def write_agreement(
    path: Path, names: Sequence[str], runs: int, flags: Sequence[str] = ()
) -> xr.Dataset:
    """Write how alike made-up networks are; the second and those after it get the flags."""
    rng = np.random.default_rng(3)
    signs, takes, units = len(names), 3, 4
    label = np.repeat(np.arange(signs), takes)
    seen = rng.normal(size=(signs, units))[label]
    states, answers, ranks, nearest = [], [], [], []
    for _ in range(runs):
        own = seen @ rng.normal(size=(units, units)) + 0.3 * rng.normal(size=seen.shape)
        states.append(normalised(own))
        probability = rng.dirichlet(np.ones(signs), label.size) + 2 * np.eye(signs)[label]
        probability /= probability.sum(axis=1, keepdims=True)
        answer = np.where(rng.random(label.size) < 0.2, (label + 1) % signs, label)
        answers.append(Answers(np.arange(label.size), probability.astype(np.float32), answer))
        place = np.arange(signs)[:, None] + rng.random((signs, 1))
        ranks.append(rankdata(_ranks(np.abs(place - place.T))[np.triu_indices(signs, 1)]))
        nearest.append(nearest_signs(np.abs(place - place.T), 1))
    found = Comparands(
        networks=[str(run) for run in range(runs)],
        signs=np.array(names),
        k=1,
        label=label,
        states=states,
        right=label,
        answers=answers,
        ranks=np.array(ranks),
        nearest=np.array(nearest),
        validation=0.9 + 0.05 * rng.random(runs),
        test=0.9 + 0.05 * rng.random(runs),
        learned=np.ones(runs, dtype=bool),
    )
    dataset = comparison(found, 20)
    flag = np.array([""] * runs, dtype=object)
    flag[1 : 1 + len(flags)] = flags[: max(runs - 1, 0)]
    dataset = dataset.assign(flag=("network", flag.astype(str), dataset.flag.attrs))
    write_store(dataset, path, stage="agreement", title="Agreement")
    return dataset


def _ranks(place: np.ndarray) -> np.ndarray:
    return mutual_ranks(np.linalg.norm(place[:, None] - place[None], axis=2))


def _write_metrics(folder: Path, signs: int, runs: int, rng: np.random.Generator) -> None:
    for run in range(runs):
        accuracy = 0.95 + 0.04 * rng.random(3)
        metrics = {"network": run, "epochs_run": 30, "best_epoch": 20 + run % 9, "signs": signs}
        metrics |= {"parameters": 52894, "examples": {"train": 8, "validation": 2, "test": 2}}
        metrics |= {"learned": True}
        for part, value in zip(("train", "validation", "test"), accuracy, strict=True):
            metrics |= {f"{part}_accuracy": float(value), f"{part}_loss": float(1 - value)}
        (folder / str(run)).mkdir(parents=True)
        (folder / str(run) / "metrics.json").write_text(json.dumps(metrics))


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
    drawn = [one for one in spaces_named(*spaces, runs=2) if one.is_projection]
    trained = [one.is_trained for one in drawn]
    phase = np.clip((np.arange(steps) - (steps - length)[:, None] + 1) / length[:, None], 0, None)
    bend = np.sin(np.pi * phase)[..., None] * place[sign][:, None, 3:6] * 0.5
    path = np.sqrt(phase)[..., None] * place[sign][:, None, :3] + bend
    path = path + 0.08 * phase[..., None] * rng.normal(size=(n, 1, 3)) * (1 + phase[..., None])
    path[phase <= 0] = np.nan
    stack = np.stack([np.stack([path, -path]) * (3 if known else 1) for known in trained])
    for i, space in enumerate(drawn):
        stack[i, ..., space.dims :] = np.nan
    error = np.array([[0.011, 0.012] if known else [0.02, 0.0212] for known in trained])
    error = error[:, None] + 0.0003 * rng.random((len(drawn), 2, 1))
    paths = xr.Dataset(
        {
            "path": (("space", "ae_seed", "example", "time", "dim"), stack.astype(np.float32)),
            "reconstruction_error": (("space", "ae_seed", "seen"), error),
        },
        coords={
            **coords,
            **coordinates(drawn),
            "ae_seed": [0, 1],
            "seen": ["train", "held_out"],
        },
    )
    write_store(paths, folder / "paths/0.zarr", stage="paths", title="Paths")


def _write_texts(folder: Path, names: Sequence[str]) -> None:
    excluded = pd.DataFrame(columns=["file", "sign", "session", "take", "frames", "reason"])
    excluded.loc[0] = ["s1/x-1.tsd", "x", "s1", 1, 136, "longer than 90 frames"]
    excluded.to_csv(folder / "excluded.csv", index=False)
    planted = [[names[0], names[1], "twin", 1], [names[2], names[3], "crossing", 2]]
    pd.DataFrame(planted, columns=["sign_a", "sign_b", "relation", "planting"]).to_csv(
        folder / "planted.csv", index=False
    )
    provenance = {
        "config": {
            "study": "fake", "data": {"source": "simulate", "padding": "pre", "exclude": []},
            "split": {"by": "example", "train": 0.67}, "lstm": {"units": 24},
            "autoencoder": {"layers": [48, 16], "noise": 0.1 + 0.2}, "report": {"title": None},
        },
        "versions": {"python": "3.11.2", "signpaths": "0.1.0", "numpy": "2.4.6"},
        "code": {"lstm": "a1" * 32, "stability": "b2" * 32},
        "source": {"path": "simulate", "sha256": "c3" * 32, "files": 144},
        "machine": {"system": "Linux", "cpus": 2},
        "seconds": {"lstm": {"jobs": 10, "seconds": 81.61243}, "report": {"jobs": 1, "seconds": 2}},
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(provenance))


class Page(HTMLParser):
    """The elements of a page, its visible cells and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self._in: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in.append(tag)
        if tag == "script":
            self.scripts.append("")
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._in[-1:] == ["script"]:
            self.scripts[-1] += data
        else:
            self.text.append(data)
            if {"td", "th"} & set(self._in):
                self.rows[-1][-1] += data


def packed_pairs(text: str) -> dict[str, Any]:
    """What a page's script is given of the pairs, with a row for each."""
    found = re.search(r'id="pairs-data">([^<]*)</script>', text)
    assert found
    told, cells = found[1].split("\n")
    data = json.loads(bytes_of(told))
    data["values"] = columns_of(data["values"], cells, len(data["curves"]))
    return data | {"rows": [list(row) for row in zip(*data["values"], strict=True)]}


def write_report(study: Study, out: Path, **keywords: Any) -> str:
    folder = study.folder
    if not (folder / "figures").exists():
        figures(*study.for_figures, folder / "figures", study="fake")
    inputs = ("stability.zarr", "sequences.zarr", "excluded.csv", "paths/0.zarr", "networks")
    report(
        *(folder / name for name in (*inputs, "figures", "provenance.json")),
        out,
        planted=folder / "planted.csv",
        **keywords,
    )
    return out.read_text(encoding="utf-8")


def write_whole_report(study: Study, out: Path, **keywords: Any) -> str:
    """Write the report of a study by `make_whole_study`, with all that it holds."""
    folder = study.folder
    return write_report(
        study,
        out,
        evidence=folder / "evidence.zarr",
        claims=folder / "claims.csv",
        agreement=folder / "agreement.zarr",
        shared_map=folder / "shared_map.zarr",
        quality=folder / "quality",
        **keywords,
    )
