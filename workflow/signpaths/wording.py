"""How numbers, names and phrases are written for people, once.

Takes values, gives text without markup; pages, figures and the terminal all write them so.
"""

import math
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

DASH = "\N{EN DASH}"
# Activations of a layer, by their keys.
ACTIVATIONS = {"linear": "linear", "tanh": "tanh", "relu": "ReLU", "sigmoid": "sigmoid"}
PERCENT = "\N{NO-BREAK SPACE}%"  # so that the sign never stands alone on a line


def count(value: float) -> str:
    """Show a whole number with commas: 1,234."""
    return f"{int(value):,}"


def counted(value: float, one: str, many: str = "") -> str:
    """Show how many there are of something: 1 network, 1,234 networks."""
    return f"{count(value)} {one if value == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """Show a share as a percentage with one decimal."""
    return f"{100 * share:.1f}{PERCENT}"


def number(value: float | None, decimals: int = 1) -> str:
    """Show a number with fixed decimals, halves away from zero, as the report's script does."""
    if value is None:
        return DASH
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def signed(value: float | None, decimals: int = 2) -> str:
    """Show a number with fixed decimals and a true minus sign, but never −0.00."""
    if value is None:
        return DASH
    text = number(abs(value), decimals)
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text) else text


def significant(value: float | None, digits: int = 3) -> str:
    """Show a number with a few significant digits, never as 0.30000000000000004."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:#.{digits}g}".removesuffix(".")


def probability(value: float | None) -> str:
    """Show a p or q value: two decimals when it is large, three below 0.1."""
    if value is None:
        return DASH
    if value < 0.001:
        return "<0.001"
    return number(value, 3 if value < 0.1 else 2)


def interval(low: float | None, high: float | None) -> str:
    """Show an interval of a share as whole percents."""
    if low is None or high is None:
        return DASH
    return f"{number(100 * low, 0)}{DASH}{number(100 * high, 0)}{PERCENT}"


def duration(seconds: float) -> str:
    """Show a time span in the unit that suits it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def plain(value: Any) -> str:
    """Show a setting: numbers short, lists with commas, nothing as a dash."""
    if value is None or value == [] or value == {}:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return str(value)


def printable(name: object) -> str:
    """Make a sign's name safe to show: control characters would move a terminal's cursor.

    Spaces of any width stay, which Python does not count as printable.
    """
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else "\N{REPLACEMENT CHARACTER}"
        for c in str(name)
    )


def pair_name(sign_a: object, sign_b: object) -> str:
    """Join two signs' names with a spaced en dash, since names hold hyphens of their own."""
    return f"{printable(sign_a)} {DASH} {printable(sign_b)}"


def listed(parts: Sequence[str]) -> str:
    """Write parts one after the other, as a sentence has them: a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def sentence(phrase: str) -> str:
    """Make a phrase a sentence: with a capital letter and a full stop."""
    return f"{phrase[:1].upper()}{phrase[1:]}" + ("" if phrase.endswith((".", "?", "!")) else ".")
