"""How far long work has come, for who waits at a terminal.

Takes what is to be done, gives it on, and writes a bar beside it. In a log there is none, and none
for work that is quick.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

Item = TypeVar("Item")
WIDTH = 30
# Seconds before the bar is seen, and between two changes of it.
QUICK, TELL_AFTER = 1.0, 0.1


def progress(
    items: Iterable[Item],
    total: int,
    what: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Item]:
    """Give items as they are, with a bar on a terminal that is gone when the last is done.

    Parameters
    ----------
    items
        What is worked on.
    total
        How many they are.
    what
        What is being made, in a word or two.
    stream
        Where the bar is drawn, if it is a terminal; stderr by default.
    clock
        Gives seconds.
    """
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield from items
        return
    told, width = clock() + QUICK - TELL_AFTER, 0
    try:
        for done, item in enumerate(items):
            if clock() - told >= TELL_AFTER:
                told = clock()
                line = bar(done, total, what)
                width = max(width, len(line))
                stream.write(f"\r{line}")
                stream.flush()
            yield item
    finally:
        # Also after an error, whose message begins a line of its own.
        if width:
            stream.write(f"\r{' ' * width}\r")
            stream.flush()


def bar(done: int, total: int, what: str) -> str:
    """Write how much is done: `film [#####.....]  50% (144 of 288)`."""
    share = done / total
    full = round(WIDTH * share)
    return f"{what} [{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%} ({done} of {total})"
