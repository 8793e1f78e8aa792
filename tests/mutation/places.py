"""The places where a module's source can be changed by one step, and the changed source.

The steps are cosmic-ray's operators. What readers and type checkers see alone is left out by rule.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from parso.python.tree import Function, Param
from parso.tree import NodeOrLeaf

SOURCES = "workflow/signpaths"
# A change as people write it down: module, the line as it was and as it becomes.
Key = tuple[str, str, str]
# Each is replaced by one of its own kind: `a << b` of two floats would be found by any test.
ARITHMETIC = ("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow")
SETS = ("BitOr", "BitAnd", "BitXor")
ORDER = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
UNARY = ("Delete_USub", "Delete_Invert", "Delete_Not", "USub_UAdd", "Invert_USub")
OTHERS = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ZeroIterationForLoop",
)
# Words and messages, annotations' imports, and decorators, without which nothing runs.
LEFT_OUT = frozenset(
    {"decorator", "fstring", "import_from", "import_name", "parameters", "raise_stmt", "strings"}
)


def _both_ways(kind: str, names: tuple[str, ...]) -> Iterator[str]:
    for one, other in combinations(names, 2):
        yield f"core/Replace{kind}Operator_{one}_{other}"
        yield f"core/Replace{kind}Operator_{other}_{one}"


OPERATORS = tuple(
    chain(
        _both_ways("Binary", ARITHMETIC),
        _both_ways("Binary", SETS),
        _both_ways("Comparison", ORDER),
        _both_ways("Comparison", ("Is", "IsNot")),
        (f"core/ReplaceUnaryOperator_{name}" for name in UNARY),
        (f"core/{name}" for name in OTHERS),
    )
)


@dataclass(frozen=True, order=True)
class Place:
    """A place in a module, and the steps that change it: an operator and which of its places."""

    module: str
    line: int
    column: int
    end: int
    steps: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Mutant:
    """A module changed at one place."""

    module: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line}"

    @property
    def inside(self) -> str:
        """The module, seen from the packages."""
        return self.module.removeprefix(f"{SOURCES}/")

    @property
    def change(self) -> Key:
        return self.inside, self.before, self.after

    @property
    def key(self) -> str:
        return f"{self.name}: {self.before} -> {self.after}"


def _ancestors(node: NodeOrLeaf) -> Iterator[tuple[NodeOrLeaf, NodeOrLeaf]]:
    """Give every parent of a node with its child on the way."""
    while node.parent is not None:
        yield node.parent, node
        node = node.parent


def _matters(leaf: NodeOrLeaf) -> bool:
    for parent, child in _ancestors(leaf):
        if parent.type in LEFT_OUT:
            return False
        # What a column says of itself is words; its number is a section of method.md.
        if parent.type == "atom_expr" and parent.get_first_leaf().value == "Column":
            return False
        if isinstance(parent, Function | Param) and child is parent.annotation:
            return False
        # `strict` of a zip guards, it computes nothing.
        if parent.type == "argument" and parent.get_first_leaf().value == "strict":
            return False
        if parent.type == "annassign" and child is parent.children[1]:
            return False
    return True


def places(root: Path, module: str) -> list[Place]:
    """Find all places of a module that matter, in order."""
    tree = get_ast((root / module).read_text(encoding="utf-8"))
    nodes = list(ast_nodes(tree))
    found: dict[tuple[int, int, int], list[tuple[str, int]]] = defaultdict(list)
    for name in OPERATORS:
        operator = get_operator(name)()
        spans = (span for node in nodes for span in operator.mutation_positions(node))
        for occurrence, ((line, column), end) in enumerate(spans):
            if _matters(tree.get_leaf_for_position((line, column), include_prefixes=True)):
                found[line, column, end[1]].append((name, occurrence))
    return [Place(module, *span, steps=tuple(steps)) for span, steps in sorted(found.items())]


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def changed(root: Path, place: Place, draw: random.Random) -> Mutant | None:
    """Change a place by one of its steps, drawn by chance; None if no step gives a program."""
    source = (root / place.module).read_text(encoding="utf-8")
    for name, occurrence in draw.sample(place.steps, len(place.steps)):
        other = mutate_code(source, get_operator(name)(), occurrence)
        if other is None or not _compiles(other):
            continue
        before, after = (text.splitlines() for text in (source, other))
        at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
        if at is not None:
            return Mutant(place.module, at + 1, before[at].strip(), after[at].strip(), other)
    return None
