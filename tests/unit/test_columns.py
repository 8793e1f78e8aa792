"""Statistics describe themselves: what stands beside a variable, and whoever shows it finds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from makers import random_ranks, write_names, write_raw, write_run
from signpaths.columns import (
    NEAR,
    OFTEN,
    Column,
    column_of,
    columns_over,
    in_order,
    names_over,
    variables,
)
from signpaths.stability import stability as stage
from signpaths.stability.retrainings import Retrainings
from signpaths.stores import open_store, write_store

SIGNS = ["a", "b", "c", "d", "e"]
SPACES = ("hidden", "untrained", "ae2")
# The upper ends of intervals are shown with the lower ones, and corrections beside what they
# correct; half of k is k itself in so small a study.
WITHOUT_HEADING = {
    *("verdict_repeats", "cause_repeats", "picture_repeats"),
    *("learned_p", "learned_q", "raw_close", "pi_high", "rank_high", "rank_q75", "q_by"),
    *("together_high", "parts_high"),
    *("pi_half_k", "q_half_k", "q_double_k", "e", "pi_always_high", "q_unhubbed"),
}
NOVEL = Column("novel", "something new", 3, heading="Novel", shown="rank", group=NEAR)


def run_stage(folder: Path) -> xr.Dataset:
    """Run stage `stability` on a study of two networks that holds all kinds of spaces."""
    generator = np.random.default_rng(0)
    for network in range(2):
        ranks = [[random_ranks(generator, len(SIGNS), []) for _ in range(2)] for _ in SPACES]
        write_run(folder / f"closeness/{network}.zarr", np.array(ranks), SIGNS, SPACES)
    write_raw(folder / "raw.zarr", random_ranks(generator, len(SIGNS), []), SIGNS)
    stage.stability(
        write_names(folder / "networks.txt", [0, 1]),
        *(folder / name for name in ("raw.zarr", "closeness", "stability.zarr", "pairs.csv")),
    )
    return open_store(folder / "stability.zarr").load()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    return run_stage(tmp_path_factory.mktemp("study"))


@pytest.mark.parametrize(
    "column",
    [
        Column("plain", "no more than it has to be", 1),
        Column("full", "m", 4, "rank", "H", "percent", "upper", OFTEN, "Words.", "networks"),
    ],
)
def test_a_column_comes_back_from_a_store(tmp_path: Path, column: Column) -> None:
    dataset = xr.Dataset(variables("pair", (column, np.arange(3.0))))
    write_store(dataset, tmp_path / "one.zarr", stage="test", title="made for a test")
    variable = open_store(tmp_path / "one.zarr")[column.name]
    assert column_of(variable) == column
    assert "" not in variable.attrs.values()


def test_variables_keep_their_order_in_a_store(tmp_path: Path) -> None:
    columns = [Column(name, "m", 1) for name in ("pi", "b", "z", "a")]
    values = np.zeros(2)
    made = xr.Dataset(variables("pair", *((one, values) for one in columns)))
    made = made.assign(other=("sign", values))
    assert columns_over(made, "pair") == columns
    numbered = in_order(made)
    assert "place" not in made["pi"].attrs, "the data set that was given has been changed"
    write_store(numbered, tmp_path / "many.zarr", stage="test", title="made for a test")
    found = open_store(tmp_path / "many.zarr")
    assert list(found.data_vars) == ["a", "b", "other", "pi", "z"]
    assert columns_over(found, "pair") == columns
    assert names_over(found, "sign") == ["other"]


def test_every_statistic_of_a_pair_has_a_heading_or_goes_without_on_purpose(
    stored: xr.Dataset,
) -> None:
    alone, in_space = columns_over(stored, "pair"), columns_over(stored, "space", "pair")
    without = {one.name for one in [*alone, *in_space] if not one.heading}
    assert without == WITHOUT_HEADING
    names = {one.name for one in [*alone, *in_space]}
    for one in [*alone, *in_space]:
        assert one.meaning
        assert not one.heading or one.words, one.name
        assert not one.to or one.to in names, one.name
        assert one.group in ("", OFTEN, NEAR), one.name
    assert all(one.group for one in in_space if one.heading)
    for dims in {variable.dims for variable in stored.data_vars.values()}:
        assert all(one.section in range(1, 10) for one in columns_over(stored, *map(str, dims)))


def test_tables_show_the_statistics_in_the_order_in_which_they_are_made(
    stored: xr.Dataset,
) -> None:
    headings = {
        group: [one.heading for one in columns_over(stored, "space", "pair") if one.group == group]
        for group in (OFTEN, NEAR)
    }
    often = ["Close in", "Interval (95\u00a0%)", "p", "q", "q of apart", "At any time"]
    looked = ["Interval, at any time", "By arrangement", "", "If close up to 2"]
    assert headings[OFTEN] == often + looked
    near = ["Picture", "Mean rank", "Interval (95\u00a0%)", "Quartiles", "Energy"]
    parting = ["Together to", "Together to, interval", "Apart from", "Apart from, interval"]
    parting += ["Apart at the end in"]
    assert headings[NEAR] == [*near, "Varies by network", "Varies by autoencoder", *parting]
    assert column_of(stored["close"]).group == OFTEN


def test_what_is_known_with_several_networks_or_autoencoders_only_says_so(
    stored: xr.Dataset,
) -> None:
    needs = {one.name: one.needs for one in columns_over(stored, "space", "pair") if one.needs}
    networks = ("rank_low", "rank_high", "together_low", "together_high", "parts_low", "parts_high")
    networks += ("network_variance",)
    assert needs == dict.fromkeys(networks, "networks") | {"ae_variance": "autoencoders"}


def test_a_statistic_that_is_added_in_one_place_is_stored_and_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stage.crossing_statistics

    def crossing_statistics(found: Retrainings) -> xr.Dataset:
        values = np.arange(found.close.shape[0] * found.close.shape[2], dtype=float)
        values = values.reshape(found.close.shape[0], -1)
        return made(found).assign(variables(("space", "pair"), (NOVEL, values)))

    monkeypatch.setattr(stage, "crossing_statistics", crossing_statistics)
    stored = run_stage(tmp_path)
    assert columns_over(stored, "space", "pair")[-1] == NOVEL
    table = pd.read_csv(tmp_path / "pairs.csv").sort_values(["sign_a", "sign_b"])
    for space in SPACES:
        expected = stored["novel"].sel(space=space).values
        np.testing.assert_array_equal(table[f"{space}_novel"], expected)
