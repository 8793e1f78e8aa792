"""Regular expressions whose search hardly ends: a pattern in, a path that shows it out.

Takes what a user wrote as `data.pattern`. Python's `re` tries every way to cut a text into repeats,
so (a+)+ takes 2ⁿ steps on n letters that do not match in the end, and nothing can stop it. Patterns
that repeat a repeat or a choice, or that have many repeats, are tried on such texts in a process of
their own; others cost no more than a look at what `re` parses.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
# So many repeats one after the other take too long on a path as long as some are.
MANY_REPEATS = 4
# Repeats in a path: enough for 2ⁿ never to end, and as many letters as a long path has.
TIMES = (40, 250)
# What may stand behind the repeats, so that the pattern does not match.
ENDS = ("", "!", "/", "\n", "0", "a")
SECONDS = 1  # of the processor
WAITED = 60  # seconds by the clock, on a machine that does much else
TRY = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))
pattern, texts = json.load(sys.stdin)
compiled = re.compile(pattern)
for number, text in enumerate(texts):
    print(number, flush=True)
    compiled.search(text)
print("done")
"""


@cache
def never_ends(pattern: str) -> str | None:
    """Give a path on which the search for a pattern takes longer than a second; None if none does.

    Parameters
    ----------
    pattern
        What `re` compiles.
    """
    parsed = parser.parse(pattern)
    open_ended = [value for value in _repeats(parsed) if value[1] > TIMES[0]]
    if not _nested(parsed, False) and len(open_ended) < MANY_REPEATS:
        return None
    texts = list(dict.fromkeys(_hostile(parsed)))
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", TRY, str(SECONDS)],
            input=json.dumps([pattern, texts]),
            capture_output=True,
            text=True,
            check=False,
            timeout=WAITED,
        )
        said = done.stdout
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode()
    last = (said.split() or ["done"])[-1]
    return None if last == "done" else texts[int(last)]


def _repeats(parsed: Any) -> Iterator[Any]:
    """Give what is repeated more than once, at any depth."""
    for kind, value in parsed:
        if kind in REPEATS and value[1] > 1:
            yield value
        for inner in _inside(kind, value):
            yield from _repeats(inner)


def _nested(parsed: Any, repeated: bool) -> bool:
    """Tell whether a repeat or a choice stands inside a repeat."""
    for kind, value in parsed:
        again = kind in REPEATS and value[1] > 1
        if repeated and (again or kind is op.BRANCH or (kind in REPEATS and value[0] == 0)):
            return True
        if any(_nested(inner, repeated or again) for inner in _inside(kind, value)):
            return True
    return False


def _inside(kind: Any, value: Any) -> Iterator[Any]:
    """Give the sequences that stand inside an element of a parsed pattern."""
    if kind is op.BRANCH:
        yield from value[1]
    elif kind is op.GROUPREF_EXISTS:
        yield from (inner for inner in value[1:] if inner is not None)
    elif isinstance(value, tuple):
        yield from (inner for inner in value if isinstance(inner, parser.SubPattern))
    elif isinstance(value, parser.SubPattern):
        yield value


def _hostile(parsed: Any) -> Iterator[str]:
    """Make paths that match up to a repeat, go on for long, and then do not match."""
    choices = range(max([1, *(len(value[1]) for value in _choices(parsed))]))
    for value in _repeats(parsed):
        for choice in choices:
            for times in TIMES:
                begun, _ = _example(parsed, value, times, choice)
                yield from (begun + end for end in ENDS)


def _choices(parsed: Any) -> Iterator[Any]:
    for kind, value in parsed:
        if kind is op.BRANCH:
            yield value
        for inner in _inside(kind, value):
            yield from _choices(inner)


def _example(parsed: Any, pumped: Any, times: int, choice: int) -> tuple[str, bool]:
    """Write what matches, up to the end of the repeat that is pumped; say if that was reached."""
    text = ""
    for kind, value in parsed:
        count, inner = 1, None
        if kind in REPEATS or kind is op.POSSESSIVE_REPEAT:
            count, inner = (times if value is pumped else max(1, min(value[0], 100))), value[2]
        elif kind is op.BRANCH:
            inner = value[1][min(choice, len(value[1]) - 1)]
            if own := [one for one in value[1] if any(it is pumped for it in _repeats(one))]:
                inner = own[0]
        elif kind is op.SUBPATTERN:
            inner = value[-1]
        elif kind is op.ATOMIC_GROUP:
            inner = value
        if inner is None:
            text += _letter(kind, value)
            continue
        one, reached = _example(inner, pumped, times, choice)
        text += one * count
        # A repeat around the one that is pumped is begun only once.
        if reached or value is pumped:
            return (text[: len(text) - len(one) * (count - 1)] if reached else text), True
    return text, False


def _letter(kind: Any, value: Any) -> str:
    """Give a letter that an element matches; nothing for one that matches no letter."""
    if kind is op.LITERAL:
        return chr(value)
    if kind in (op.ANY, op.NOT_LITERAL):
        return "b" if value == ord("a") else "a"
    if kind is not op.IN:
        return ""
    negated = value[0][0] is op.NEGATE
    likely = (*"a0_-. /", *(chr(code) for code in range(33, 127)))
    for letter in likely:
        if any(_matches(letter, *one) for one in value[negated:]) != negated:
            return letter
    first, what = value[negated]
    return chr(what if first is op.LITERAL else what[0] if first is op.RANGE else ord("a"))


def _matches(letter: str, kind: Any, value: Any) -> bool:
    if kind is op.LITERAL:
        return ord(letter) == value
    if kind is op.RANGE:
        return value[0] <= ord(letter) <= value[1]
    of_class = {
        op.CATEGORY_DIGIT: letter.isdigit(),
        op.CATEGORY_WORD: letter.isalnum() or letter == "_",
        op.CATEGORY_SPACE: letter.isspace(),
        op.CATEGORY_NOT_DIGIT: not letter.isdigit(),
        op.CATEGORY_NOT_WORD: not (letter.isalnum() or letter == "_"),
        op.CATEGORY_NOT_SPACE: not letter.isspace(),
    }
    return of_class.get(value, False)
