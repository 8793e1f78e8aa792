"""How much detail fits: kinds of detail in their order in, the text of a file of that size out.

Each kind is held for all networks, for the first of them, or not at all; after the first kind that
does not fit, none is held. Which, the index tells. Knows no file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from signpaths.report.packing import Block, Blocks, as_json

# Blocks and their names.
Named = list[tuple[str, Block]]


@dataclass(frozen=True)
class Kind:
    """A kind of detail.

    Attributes
    ----------
    name, words
        What it is called in the index, and what it is for people.
    of_network
        Gives the blocks of a network by its number.
    of_first
        For blocks that are of many networks: gives those of the first so many.
    """

    name: str
    words: str
    of_network: Callable[[int], Named] | None = None
    of_first: Callable[[int], Named] | None = None


def fitted(
    head: dict[str, Any], always: Iterable[Named], kinds: Sequence[Kind], networks: int, most: int
) -> str:
    """Write the index and the blocks, as many as fit.

    Parameters
    ----------
    head
        What the index says of the study.
    always
        Blocks that are held whatever they take.
    kinds
        The others, in the order in which they are held.
    networks
        How many there are.
    most
        Characters of the text, at most; blocks that are always held may take more.

    Returns
    -------
    str
        Two lines: JSON in ASCII, and base 91.
    """

    def index(counts: Sequence[int], entries: dict[str, Any]) -> str:
        details = [
            {"kind": kind.name, "words": kind.words, "networks": count, "of": networks}
            for kind, count in zip(kinds, counts, strict=True)
        ]
        return as_json({**head, "details": details, "blocks": entries})

    blocks = Blocks()
    for some in always:
        blocks.add(some)
    # The two ends of lines, and all other words of the index.
    room = most - len(index([networks] * len(kinds), {})) - 2
    counts: list[int] = []
    for kind in kinds:
        whole = not counts or counts[-1] == networks
        counts.append(_held(kind, blocks, networks, room) if whole else 0)
    return f"{index(counts, blocks.entries)}\n{''.join(blocks.texts)}\n"


def _held(kind: Kind, blocks: Blocks, networks: int, room: int) -> int:
    """Add the blocks of as many networks as fit; say how many these are."""
    if kind.of_first is not None:
        count = networks
        while count:
            some = kind.of_first(count)
            cost = blocks.cost(some)
            if blocks.size + cost <= room:
                blocks.add(some)
                break
            count = min(count - 1, int(count * max(room - blocks.size, 0) / cost))
        return count
    assert kind.of_network is not None
    for network in range(networks):
        some = kind.of_network(network)
        if blocks.size + blocks.cost(some) > room:
            return network
        blocks.add(some)
    return networks
