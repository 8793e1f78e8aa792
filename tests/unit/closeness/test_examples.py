"""Examples to compare: those that `closeness.examples` names, and what is known of them."""

import numpy as np
import pytest
import xarray as xr
from signpaths.closeness.examples import chosen_examples, described_examples
from signpaths.errors import UserError

PART = np.array(["train", "validation", "test", "train"])
LABELS = xr.Dataset(
    coords={
        "sign": ("example", ["a", "b", "b", "b"]),
        "session": ("example", ["x", "x", "y", "y"]),
        "take": ("example", [1, 2, 3, 4]),
    }
)


@pytest.mark.parametrize(
    ("examples", "chosen"),
    [("all", [1, 1, 1, 1]), ("train", [1, 0, 0, 1]), ("held_out", [0, 1, 1, 0])],
)
def test_examples_are_chosen_by_their_part(examples: str, chosen: list[int]) -> None:
    found = chosen_examples(PART, examples)
    assert found.dtype == bool
    assert found.tolist() == [bool(one) for one in chosen]


def test_chosen_examples_are_described() -> None:
    found = described_examples(LABELS, PART, chosen_examples(PART, "train"))
    assert found.sign.tolist() == ["a", "b"]
    assert found.session.tolist() == ["x", "y"]
    assert found.take.tolist() == [1, 4]
    assert found.held_out.tolist() == [False, False]
    every = described_examples(LABELS, PART, chosen_examples(PART, "all"))
    assert every.held_out.tolist() == [False, True, True, False]


def test_examples_of_one_sign_are_no_pair() -> None:
    with pytest.raises(UserError, match=r"1 sign among .*closeness\.examples"):
        described_examples(LABELS, PART, chosen_examples(PART, "held_out"))
