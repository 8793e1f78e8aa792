"""Stage `named-signs`: the signs that a config names are in the study, or all of them are told."""

from pathlib import Path

import numpy as np
import pytest
from makers import write_sequences
from pydantic import ValidationError
from signpaths.data.named_signs import named_signs
from signpaths.errors import UserError
from signpaths.options import NamedSignsOptions
from signpaths.stores import read_table


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    path = tmp_path / "sequences.zarr"
    return write_sequences(path, [np.ones((2, 1))] * 3, "pre", 2, sign=["God", "think", "crazy"])


def test_pairs_of_known_signs_are_written(sequences: Path, tmp_path: Path) -> None:
    options = NamedSignsOptions(pairs=(("think", "crazy"), ("crazy", "God")))
    named_signs(sequences, tmp_path / "named.csv", options=options)
    table = read_table(tmp_path / "named.csv", ["sign_a", "sign_b"])
    assert table.to_numpy().tolist() == [["think", "crazy"], ["crazy", "God"]]


def test_no_pair_makes_an_empty_table(sequences: Path, tmp_path: Path) -> None:
    named_signs(sequences, tmp_path / "named.csv")
    assert (tmp_path / "named.csv").read_text() == "sign_a,sign_b\n"


def test_every_unknown_sign_is_told_with_what_may_be_meant(sequences: Path, tmp_path: Path) -> None:
    options = NamedSignsOptions(pairs=(("thnik", "god"), ("crazy", "xyzzy")))
    with pytest.raises(UserError) as told:
        named_signs(sequences, tmp_path / "named.csv", options=options)
    assert str(told.value).splitlines() == [
        "figures.pairs: the study has no sign thnik. Did you mean think?",
        "figures.pairs: the study has no sign god. Did you mean God?",
        "figures.pairs: the study has no sign xyzzy. There are God, crazy, think.",
    ]
    assert not (tmp_path / "named.csv").exists()


@pytest.mark.parametrize("pairs", [[("a", "b"), ("b", "a")], [("a", "b")] * 2, [("a", "a")]])
def test_a_pair_stands_once(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError, match="twice"):
        NamedSignsOptions(pairs=tuple(pairs))
