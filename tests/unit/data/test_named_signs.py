"""Stage `named-signs`: the signs that a config names are in the study, or all of them are told."""

from pathlib import Path

import numpy as np
import pytest
from makers import write_sequences
from pydantic import ValidationError
from signpaths.data.named_signs import named_signs
from signpaths.errors import UserError
from signpaths.options import PairsOptions, SignsOptions
from signpaths.stores import read_table


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    path = tmp_path / "sequences.zarr"
    return write_sequences(path, [np.ones((2, 1))] * 3, "pre", 2, sign=["God", "think", "crazy"])


def test_known_signs_are_listed_by_the_key_that_names_them(sequences: Path, tmp_path: Path) -> None:
    pairs = PairsOptions(pairs=(("think", "crazy"),))
    signs = SignsOptions(signs=(("God",), ("crazy", "God", "think")))
    named_signs(sequences, tmp_path / "named.csv", pairs=pairs, signs=signs)
    table = read_table(tmp_path / "named.csv", ["key", "sign"])
    assert table.to_numpy().tolist() == [
        *(["figures.pairs", sign] for sign in ("think", "crazy")),
        *(["figures.signs", sign] for sign in ("God", "crazy", "God", "think")),
    ]


def test_no_sign_makes_an_empty_table(sequences: Path, tmp_path: Path) -> None:
    named_signs(sequences, tmp_path / "named.csv")
    assert (tmp_path / "named.csv").read_text() == "key,sign\n"


def test_every_unknown_sign_is_told_with_what_may_be_meant(sequences: Path, tmp_path: Path) -> None:
    pairs = PairsOptions(pairs=(("thnik", "god"), ("crazy", "xyzzy")))
    signs = SignsOptions(signs=(("crazy", "thinks"),))
    with pytest.raises(UserError) as told:
        named_signs(sequences, tmp_path / "named.csv", pairs=pairs, signs=signs)
    assert str(told.value).splitlines() == [
        "figures.pairs: the study has no sign thnik. Did you mean think?",
        "figures.pairs: the study has no sign god. Did you mean God?",
        "figures.pairs: the study has no sign xyzzy. There are God, crazy, think.",
        "figures.signs: the study has no sign thinks. Did you mean think?",
    ]
    assert not (tmp_path / "named.csv").exists()


@pytest.mark.parametrize("pairs", [[("a", "b"), ("b", "a")], [("a", "b")] * 2, [("a", "a")]])
def test_a_pair_stands_once(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError, match="twice"):
        PairsOptions(pairs=tuple(pairs))


@pytest.mark.parametrize(
    "signs", [[("a", "b"), ("a", "b")], [("a", "a")], [()], [tuple("abcdefg")], [("",)]]
)
def test_a_list_of_signs_is_of_different_ones_and_not_too_long(
    signs: list[tuple[str, ...]],
) -> None:
    with pytest.raises(ValidationError):
        SignsOptions(signs=tuple(signs))
