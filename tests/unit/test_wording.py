"""How things are written for people: numbers, counts, names and phrases."""

import pytest
from signpaths.wording import (
    PERCENT,
    counted,
    duration,
    interval,
    listed,
    number,
    pair_name,
    percent,
    plain,
    printable,
    probability,
    sentence,
    signed,
    significant,
)


def test_numbers() -> None:
    assert [number(value) for value in (None, 1, 0.25, 2.5, 13.04)] == [
        "–",
        "1.0",
        "0.3",
        "2.5",
        "13.0",
    ]
    assert [signed(value) for value in (None, -0.25, -0.001, 0.5)] == ["–", "−0.25", "0.00", "0.50"]
    assert [probability(v) for v in (None, 0.0, 0.0123, 0.5)] == ["–", "<0.001", "0.012", "0.50"]
    assert [significant(v) for v in (0.1 + 0.2, float("nan"), None)] == ["0.300", "–", "–"]
    assert percent(0.30000000000000004) == "30.0\N{NO-BREAK SPACE}%"
    assert interval(0.0, 0.312) == "0–31\N{NO-BREAK SPACE}%"
    assert interval(None, 0.312) == "–"
    assert [duration(s) for s in (3, 82, 7322)] == ["3.0 s", "1 min 22 s", "2 h 02 min"]


def test_settings_are_short() -> None:
    values = (None, [], True, 0.1 + 0.2, [1, 2.5], "x")
    assert [plain(value) for value in values] == ["–", "–", "yes", "0.3", "1, 2.5", "x"]


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1 network"), (0, "0 networks"), (1234, "1,234 networks")]
)
def test_counts_agree_with_what_is_counted(value: int, text: str) -> None:
    assert counted(value, "network") == text


def test_counts_of_more_than_one_word() -> None:
    assert counted(1, "is apart", "are apart") == "1 is apart"
    assert counted(2, "is apart", "are apart") == "2 are apart"


def test_lists_and_sentences() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert sentence("close now and then") == "Close now and then."
    assert sentence("Is it?") == "Is it?"


def test_a_name_cannot_move_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc") == "a�[2Jb�c"
    assert pair_name("thank-you", "you\n") == "thank-you – you�"
    # Separators of lines and paragraphs are none; no-break and ideographic spaces are spaces.
    assert printable(f"12–34{PERCENT}, a\u3000b\u2028\u202e") == f"12–34{PERCENT}, a\u3000b��"
