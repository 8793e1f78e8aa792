"""Many runs: their list, their stores one after the other, and what they say of themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from signpaths.errors import UserError
from signpaths.options import ClosenessOptions
from signpaths.runs import (
    accuracies,
    check_distinct,
    check_same,
    failed_to_learn,
    names_of,
    open_run,
    open_runs,
    read_metrics,
    read_names,
    require,
)
from signpaths.stores import write_store, write_text

GOOD = {"train_accuracy": 1.0, "validation_accuracy": 0.5, "test_accuracy": 0.75, "learned": True}


def write_metrics(folder: Path, name: str, **changes: object) -> None:
    content = {key: value for key, value in (GOOD | changes).items() if value != "missing"}
    write_text(folder / name / "metrics.json", json.dumps(content))


def write_run(
    folder: Path, name: str, signs: str = "abc", values: tuple[int, ...] = (1, 2)
) -> None:
    dataset = xr.Dataset({"rank": ("place", np.array(values))}, coords={"sign": list(signs)})
    write_store(dataset, folder / f"{name}.zarr", stage="closeness", title="made for a test")


# The list


@pytest.mark.parametrize(
    "text", ["0\n1\n10\n", "0\n1\n10", "  0\n\n1  \n10\n\n", "0\r\n1\r\n10\r\n"]
)
def test_names_come_one_a_line_in_their_order(tmp_path: Path, text: str) -> None:
    (tmp_path / "networks.txt").write_bytes(text.encode())
    assert read_names(tmp_path / "networks.txt") == ["0", "1", "10"]


def test_a_name_may_be_any_files_stem(tmp_path: Path) -> None:
    (tmp_path / "networks.txt").write_text("my network\n手-2\n", encoding="utf-8")
    assert read_names(tmp_path / "networks.txt") == ["my network", "手-2"]


@pytest.mark.parametrize(("text", "said"), [("", "no network"), ("\n \n", "no network")])
def test_a_list_of_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "networks.txt").write_text(text)
    with pytest.raises(UserError, match=f"networks.txt: .*{said}"):
        read_names(tmp_path / "networks.txt")


def test_a_network_named_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "networks.txt").write_text("0\n1\n0\n")
    with pytest.raises(UserError, match=r"networks\.txt: .*twice"):
        read_names(tmp_path / "networks.txt")


def test_a_store_names_its_networks_as_text() -> None:
    assert names_of(xr.Dataset(coords={"network": ["0", "10", "9"]})) == ["0", "10", "9"]


# Stores


def test_runs_come_in_the_order_of_the_list(tmp_path: Path) -> None:
    """A folder may hold networks that the study no longer has."""
    for name in ("0", "9", "10", "11"):
        write_run(tmp_path, name, values=(int(name), 7))
    found = [
        (path.name, int(one["rank"][0]))
        for path, one in open_runs(tmp_path, ["9", "10", "0"], "closeness", same=["sign"])
    ]
    assert found == [("9.zarr", 9), ("10.zarr", 10), ("0.zarr", 0)]
    assert int(open_run(tmp_path, "11", "closeness")["rank"][0]) == 11


def test_a_run_that_is_missing_is_named(tmp_path: Path) -> None:
    write_run(tmp_path, "0")
    with pytest.raises(UserError, match=r"1\.zarr: no zarr store"):
        list(open_runs(tmp_path, ["0", "1"], "closeness"))


@pytest.mark.parametrize("signs", ["abd", "ab", "abcd", "cab"])
def test_runs_of_other_signs_are_refused(tmp_path: Path, signs: str) -> None:
    write_run(tmp_path, "0")
    write_run(tmp_path, "1", signs, values=(1, 2))
    with pytest.raises(UserError, match=r"1\.zarr: its signs are not those of the other runs"):
        list(open_runs(tmp_path, ["0", "1"], "closeness", same=["sign"]))
    assert len(list(open_runs(tmp_path, ["0", "1"], "closeness"))) == 2
    one, first = open_run(tmp_path, "1", "closeness"), open_run(tmp_path, "0", "closeness")
    check_same(one, first, ["rank"], "here")
    with pytest.raises(UserError, match=r"^here: its signs"):
        check_same(one, first, ["rank", "sign"], "here")


def test_one_network_under_two_names_is_refused(tmp_path: Path) -> None:
    names = ["0", "1", "2"]
    for name in names:
        write_run(tmp_path / "activations", name, values=(int(name) % 2, 7))
    for name in names:
        one = open_run(tmp_path / "activations", name, "closeness").load()
        sources = {"activations": tmp_path / "activations" / f"{name}.zarr"}
        path = tmp_path / f"{name}.zarr"
        write_store(one, path, stage="closeness", title="made for a test", made_from=sources)
    check_distinct(tmp_path, names[:2])
    with pytest.raises(UserError, match=r"2\.zarr: it is of the same network as .*0\.zarr"):
        check_distinct(tmp_path, names)
    # What does not say what it was made from is not checked.
    check_distinct(tmp_path / "activations", names)


def test_runs_made_with_other_options_are_refused(tmp_path: Path) -> None:
    for name, options in (("0", ClosenessOptions()), ("1", ClosenessOptions(parting=2.0))):
        dataset = xr.Dataset({"rank": ("place", [int(name)])})
        path = tmp_path / f"{name}.zarr"
        write_store(dataset, path, stage="closeness", title="made for a test", options=options)
    with pytest.raises(UserError, match=r"1\.zarr: made with other options"):
        list(open_runs(tmp_path, ["0", "1"], "closeness"))


def test_what_a_store_lacks_is_named(tmp_path: Path) -> None:
    write_run(tmp_path, "0")
    one = open_run(tmp_path, "0", "closeness")
    require(one, ["rank", "sign", "stage"], "here")
    with pytest.raises(
        UserError, match=r"^here: it has no parting, so it may come from an earlier"
    ):
        require(one, ["rank", "parting"], "here")


# Metrics


def test_metrics_come_with_the_networks_name(tmp_path: Path) -> None:
    for name, accuracy in (("0", 0.25), ("2", 0.5), ("10", 0.75)):
        write_metrics(tmp_path, name, test_accuracy=accuracy, seed=99)
    found = read_metrics(tmp_path, ["10", "0"])
    assert [run["network"] for run in found] == ["10", "0"]
    assert [run["test_accuracy"] for run in found] == [0.75, 0.25]
    assert [run["seed"] for run in found] == [99, 99]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learned": "missing"}, "no learned"),
        ({"test_accuracy": "missing"}, "no test_accuracy"),
        ({"validation_accuracy": None}, "from 0 to 1"),
        ({"validation_accuracy": "high"}, "from 0 to 1"),
        ({"validation_accuracy": 7.5}, "from 0 to 1"),
        ({"test_accuracy": -0.5}, "from 0 to 1"),
        ({"learned": "yes"}, "true or false"),
        ({"learned": 1}, "true or false"),
        ({"test_accuracy": float("nan")}, "from 0 to 1"),
    ],
)
def test_metrics_that_lack_something_are_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    write_metrics(tmp_path, "0")
    write_metrics(tmp_path, "1", **changes)
    with pytest.raises(UserError, match=r"1/metrics\.json: .*expected") as caught:
        read_metrics(tmp_path, ["0", "1"])
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
def test_what_is_no_metrics_file_is_refused(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "0" / "metrics.json", text)
    with pytest.raises(UserError, match=r"0/metrics\.json: .* again"):
        read_metrics(tmp_path, ["0"])
    with pytest.raises(UserError, match=r"1/metrics\.json: .*FileNotFoundError.*makes it again"):
        read_metrics(tmp_path, ["1"])


def test_accuracies_leave_out_parts_without_examples() -> None:
    metrics = [
        {"test_accuracy": 0.5},
        {"test_accuracy": 0.25, "examples": {"test": 3}},
        {"test_accuracy": 0.0, "examples": {"test": 0}},
        {"test_accuracy": float("nan")},
        {"test_accuracy": None},
        {},
    ]
    assert accuracies(metrics, "test") == [0.5, 0.25]
    assert accuracies(metrics, "validation") == []


def test_networks_that_failed_to_learn_are_named() -> None:
    metrics = [{"network": name, "learned": name != "b"} for name in "abc"]
    assert failed_to_learn(metrics) == ["b"]
