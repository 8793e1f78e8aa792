"""The sentences: grammatical for none, one and many, and never more than the verdicts say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from fake_study import make_whole_study, write_evidence
from signpaths.errors import UserError
from signpaths.report.findings import findings, sentences
from signpaths.spaces import (
    HIDDEN_SPACE,
    UNTRAINED_SPACE,
    Space,
    autoencoder,
    components,
    coordinates,
)
from signpaths.stores import open_store, write_store

RUNS = 10


def stability(verdicts: list[str], pi: list[float] | None = None, **attrs: Any) -> xr.Dataset:
    n = len(verdicts)
    share = np.linspace(1, 0, n) if pi is None else np.array(pi)
    return xr.Dataset(
        {
            "pi": (("space", "pair"), share[None]),
            "rank_mean": (("space", "pair"), np.linspace(1, 9, n)[None]),
            "verdict": ("pair", np.array(verdicts)),
            "verdict_repeats": ("pair", np.ones(n)),
        },
        coords={
            **coordinates([HIDDEN_SPACE]),
            "network": [str(run) for run in range(attrs.pop("runs", RUNS))],
            "sign_a": ("pair", [f"a{i}" for i in range(n)]),
            "sign_b": ("pair", [f"b{i}" for i in range(n)]),
        },
        attrs={"inference": 1, "networks_needed_any": 9, "sure": 0.8, "present": 0.5, "notes": ""}
        | attrs,
    )


def run(test: float | None, name: str = "0", learned: bool = True) -> dict[str, Any]:
    return {"network": name, "test_accuracy": test, "train_accuracy": 1.0, "learned": learned}


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("metrics", "end"),
    [
        ([run(0.9)], ": the one network trained here recognises 90.0 % of the test examples."),
        (
            [run(0.9), run(1.0, "1")],
            ": 2 networks recognise 95.0 % of the test examples on average "
            "(from 90.0 % to 100.0 %).",
        ),
        (
            [run(None)],
            ": the one network trained here recognises 100.0 % of the training examples.",
        ),
        ([], "; how well the networks recognise the signs was not recorded."),
    ],
)
def test_what_was_trained(metrics: list[dict[str, Any]], end: str) -> None:
    asked = plain(sentences(stability(["apart"] * 3), metrics)[0])
    assert asked.startswith("Asked which of 3 pairs of 6 signs stay close when")
    assert asked.endswith(end)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["apart"] * 3, "None of the 3 pairs stays close; all are apart."),
        (
            ["stays close", "comes and goes", "undecided", "apart"],
            "1 of the 4 pairs stays close (a0 – b0); "
            "1 comes and goes, 1 is undecided and 1 is apart.",
        ),
        (
            ["stays close"] * 2 + ["comes and goes"] * 2 + ["apart"] * 2,
            "2 of the 6 pairs stay close (a0 – b0, a1 – b1); 2 come and go and 2 are apart.",
        ),
        (["stays close"], "1 of the 1 pair stays close (a0 – b0)."),
    ],
)
def test_what_was_found(verdicts: list[str], expected: str) -> None:
    assert sentences(stability(verdicts), [])[1] == expected


def test_at_most_five_pairs_are_named_closest_first() -> None:
    data = stability(["stays close"] * 7 + ["apart"] * 1993, list(np.linspace(0, 1, 2000)))
    found = sentences(data, [])
    assert found[1].startswith("7 of the 2,000 pairs stay close (a6 – b6, a5 – b5, ")
    assert " a2 – b2 and 2 more); 1,993 are apart." in found[1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            stability(["undecided"] * 3, inference=0, runs=2),
            "Too few networks for inference: needs at least 9 and has 2, so no pair can be said "
            "to stay close.",
        ),
        (
            stability(["stays close", "apart"], [1, 0]),
            "No pair is shown to flicker with 10 networks.",
        ),
        (
            stability(["stays close", "comes and goes", "apart"], [1, 0.6, 0.1]),
            "a1 – b1 flickers most: close in 6 of 10 networks.",
        ),
        (
            stability(["stays close", "undecided", "comes and goes"], [1, 0.5, 0.3]),
            "a2 – b2 flickers most: close in 3 of 10 networks.",
        ),
        (
            stability(["undecided"] * 3, [0.6, 0.4, 0.6]),
            "No pair is shown to flicker with 10 networks.",
        ),
        (
            stability(["comes and goes"] * 3, [0.6, 0.4, 0.6]),
            "a0 – b0 flickers most: close in 6 of 10 networks (2 other pairs flicker as much).",
        ),
    ],
)
def test_what_limits_it(data: xr.Dataset, expected: str) -> None:
    assert sentences(data, [])[2] == expected


def test_the_command_prints_a_line_a_sentence_and_the_rival(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = stability(["stays close", "apart"], runs=1)
    write_store(data, tmp_path / "stability.zarr", stage="stability", title="Stability")
    with pytest.raises(UserError, match=r"0.metrics\.json: it cannot be read"):
        findings(tmp_path)
    (tmp_path / "networks/0").mkdir(parents=True)
    write_evidence(tmp_path / "evidence.zarr", ["hidden", "raw"], np.random.default_rng(0))
    metrics = run(0.5) | {"validation_accuracy": 0.5}
    (tmp_path / "networks/0/metrics.json").write_text(json.dumps(metrics))
    findings(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("A plain linear method")


def test_runs_that_failed_to_learn_are_named() -> None:
    runs = [run(0.9, name, learned=name not in "13") for name in "0123"]
    asked = sentences(stability(["apart"]), runs)[0]
    assert asked.endswith("; networks 1 and 3 failed to learn.")
    asked = sentences(stability(["apart"]), runs[:3])[0]
    assert asked.endswith("; network 1 failed to learn.")
    assert "failed" not in sentences(stability(["apart"]), runs[:1])[0]


def test_what_is_only_likely_is_told() -> None:
    data = stability(["stays close"] * 3 + ["apart"])
    data["verdict_repeats"][1:] = 0.79
    told = sentences(data, [])[1]
    assert told.startswith("3 of the 4 pairs stay close (a0 – b0, ")
    assert told.endswith(", a2 – b2), 2 of them only likely; 1 is apart.")


def in_spaces(data: xr.Dataset, *spaces: Space) -> xr.Dataset:
    """The same study with other spaces, whose numbers are those of the first or missing."""
    bare = data.drop_vars(["kind", "dims", "words"])
    return bare.reindex(space=[one.name for one in spaces]).assign_coords(coordinates(spaces))


def with_causes(verdicts: list[str], causes: list[str], likely: int = 0) -> xr.Dataset:
    """A study that measured untrained networks too; the last causes are no more than likely."""
    both = in_spaces(stability(verdicts), HIDDEN_SPACE, UNTRAINED_SPACE)
    repeats = np.where(np.arange(len(causes)) < len(causes) - likely, 0.8, 0.79)
    return both.assign(cause=("pair", np.array(causes)), cause_repeats=("pair", repeats))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            with_causes(
                ["stays close"] * 5 + ["apart"],
                ["input-driven", "learned", "input-driven", "recurrence-driven", "", ""],
            ),
            "Of those that stay close, 2 are alike in the recordings already, 1 is close before "
            "training though not in the raw signals, 1 is close by training only (a1 – b1) and 1 "
            "is of unknown cause.",
        ),
        (
            with_causes(["stays close"] * 2 + ["apart"], ["input-driven", "input-driven", ""]),
            "All that stay close are alike in the recordings already.",
        ),
        (
            with_causes(["stays close", "apart", "apart"], ["learned"] + ["learned apart"] * 2, 1),
            "The pair that stays close is close by training only (a0 – b0); 2 pairs that are alike "
            "in the recordings were taken apart by training, 1 of them only likely.",
        ),
        (
            with_causes(["stays close"] * 4, ["learned"] * 4),
            "All that stay close are close by training only.",
        ),
        (
            with_causes(["apart"] * 2, ["learned apart", ""]),
            "1 pair that is alike in the recordings was taken apart by training.",
        ),
    ],
)
def test_causes_are_counted(data: xr.Dataset, expected: str) -> None:
    assert sentences(data, [])[2] == expected


def test_nothing_is_said_of_causes_if_there_are_none_or_they_are_not_known() -> None:
    assert len(sentences(with_causes(["apart", "comes and goes"], ["", "flickers"]), [])) == 3
    assert len(sentences(stability(["stays close"]), [])) == 3


@pytest.mark.parametrize(
    ("of_autoencoder", "of_pca", "expected"),
    [
        (
            [0.9, 0.49, 0.5],
            [0.5, 0.9, 0.0],
            "One picture of ae2 shows as close, on average, 1 of the 2 that stay close and 1 that "
            "is apart (PCA: 1 and 0).",
        ),
        (
            [0.9, 0.7, 0.49],
            [0.9, 0.1, 0.6],
            "One picture of ae2 shows as close, on average, 2 of the 2 that stay close and 0 that "
            "are apart (PCA: 1 and 1).",
        ),
    ],
)
def test_the_plane_is_held_against_the_hidden_states(
    of_autoencoder: list[float], of_pca: list[float], expected: str
) -> None:
    data = stability(["stays close", "stays close", "apart"])
    wide = in_spaces(data, HIDDEN_SPACE, components(2), autoencoder(2))
    pi = np.array([[1.0, 1.0, 0.0], of_pca, of_autoencoder])
    told = sentences(wide.assign(pi=(("space", "pair"), pi)), [])
    assert told[2] == expected


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (
            0.5,
            "The order of the pairs has reliability 0.95 with 10 networks, where 1 means that 10 "
            "others would give the same order; for 0.9 it takes 5.",
        ),
        (
            None,
            "The order of the pairs has reliability 0.00 with 10 networks, where 1 means that 10 "
            "others would give the same order; no number of them gives 0.9.",
        ),
    ],
)
def test_the_networks_needed_are_told(network: float | None, expected: str) -> None:
    # Reliability of the mean of A: pair / (pair + network / A).
    parts = [0.0, 1.0, 0.0] if network is None else [1.0, network, 0.0]
    data = stability(["apart", "comes and goes"]).assign(
        variance=(("space", "source"), np.array([parts])),
        variance_near=(("space", "source"), np.array([parts])),
        near_pairs=("space", np.array([0])),
    )
    told = sentences(data.assign_attrs(reliability=0.9, ae_seeds=2), [])
    assert told[-1] == expected


def test_a_whole_study_says_no_more_than_six_sentences(tmp_path: Path) -> None:
    folder = make_whole_study(tmp_path / "whole").folder
    data = open_store(folder / "stability.zarr").load()
    told = sentences(data, [])
    assert len(told) == 6
    assert told[2].startswith("Of those that stay close, 1 is alike in the recordings already and")
    assert told[3] == (
        "One picture of ae2 shows as close, on average, 1 of the 2 that stay close and 1 that is "
        "apart."
    )
    target = reliability_by_hand(data)
    assert f"reliability {target:.2f} with 12 networks" in told[5]


def reliability_by_hand(data: xr.Dataset) -> float:
    pair, network, autoencoder = data["variance"].sel(space="hidden").values
    return float(pair / (pair + network / 12 + autoencoder / 24))


def test_the_terminal_hears_what_a_small_study_cannot_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings(make_whole_study(tmp_path, runs=1, autoencoders=1, optional=False).folder)
    lines = capsys.readouterr().out.splitlines()
    for start in ("One network: nothing can be said about retraining", "One autoencoder:"):
        assert any(line.startswith(start) for line in lines)
    assert not any("reliability" in line for line in lines)
