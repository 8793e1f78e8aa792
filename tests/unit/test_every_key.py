"""Every key of the config, broken in every way that its schema knows: refused by name, or unharmed.

The ways are made from the schema, so a new key is broken as well; a key that none of them breaks
fails. What is taken must come out of the shell line as it went in.
"""

import inspect
import json
import math
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from cyclopts import App
from signpaths.checks import CHECKS
from signpaths.config import checked, options
from signpaths.errors import UserError
from signpaths.options import Options, Study
from signpaths.schema import schema, schema_keys, types_of
from signpaths.stages import BY_RULE

KEYS = schema_keys(schema())
WRONG = {
    "null": [None],
    "boolean": [True, False],
    "integer": [7],
    "number": [0.37],
    "string": ["", "word"],
    "array": [[], [[]], [{}], [None]],
    "object": [{}, {"a": 1}, {"a": {"b": None}}],
}
NUMBERS = [
    *(-1, 0, 1, -(10**9), 10**9, 2**31, 2**63, 10**30, 10**400, 10**5000),
    *(-0.0, -0.5, 0.5, 1.5, 1e-320, 1e-9, 1e30, 1e308, -1e308),
    *(math.nan, math.inf, -math.inf),
]
TEXTS = [
    *("", " ", "\0", "a\0b", "{", "}", "{x}", "{{x}}", "<x>", "'", '"', "a'b\"c", "\n", "a\nb"),
    *("\r\n", "\t", "\\", "-", "--seed=3", "-1", "$(id)", "`id`", "; exit 1", "*", "?", "~", "#"),
    *(
        "none",
        "null",
        "true",
        "nan",
        "1e5",
        "[1]",
        '{"a": 1}',
        "[",
        "żółw 手話",
        "\ud800",
        "x" * 300,
    ),
]
HOSTILE = [*NUMBERS, *TEXTS]


def nested(dotted: str, value: Any) -> dict[str, Any]:
    section, _, key = dotted.rpartition(".")
    return {section: {key: value}} if section else {key: value}


def at(config: dict[str, Any], dotted: str) -> Any:
    section, _, key = dotted.rpartition(".")
    return config[section][key] if section else config[key]


def ways(own: dict[str, Any]) -> Iterator[Any]:
    """Give values that break a key, or come near it, by its schema."""
    for values in WRONG.values():
        yield from values
    yield from HOSTILE
    yield from _beyond(own)
    if "enum" in own:
        yield from (f"{choice}x" for choice in own["enum"])
        yield from (choice.upper() for choice in own["enum"])
    if "array" in types_of(own):
        inner = own["items"]
        some = _right(inner)
        yield from ([*some[:1], value] for value in HOSTILE)
        yield from ([value] for value in (*HOSTILE, *_beyond(inner)))
        yield some[:1] * 2
        yield some[:1] * 1000
    if "object" in types_of(own):
        yield from ({text: "a"} for text in TEXTS)
        yield from ({"a": value} for value in HOSTILE)


def _beyond(own: dict[str, Any]) -> Iterator[Any]:
    for limit, step in (("minimum", -1), ("exclusiveMinimum", 0)):
        if limit in own:
            yield own[limit] + step
            yield own[limit]
    for limit, step in (("maximum", 1), ("exclusiveMaximum", 0)):
        if limit in own:
            yield own[limit] + step
            yield own[limit]
    if "maxLength" in own:
        yield "x" * (own["maxLength"] + 1)


def _right(own: dict[str, Any]) -> list[Any]:
    """Give a few values that an item's schema takes."""
    if "enum" in own:
        return list(own["enum"])
    kinds = types_of(own)
    if "integer" in kinds:
        return [own.get("minimum", 1)]
    if "array" in kinds:
        return [["a", "b"]]
    if "object" in kinds:
        return [{"claim": "a", "kind": "close", "signs": ["a", "b"]}]
    return ["0" if "pattern" in own else "a"]


# For every check of values together, a study that it refuses; its words name one of its keys.
PLANTED = {"source": "simulate"}
MISFITS: dict[str, dict[str, Any]] = {
    "data.source": {"data": {"source": "/dev/zero"}},
    "data.pattern": {"data": {"pattern": "(?P<sign>(a+)+)(?P<take>[0-9])$"}},
    "data.aliases": {"data": {"aliases": {"a": "b", "b": "c"}}},
    "data.max_length data.padded_length": {"data": {"max_length": 90, "padded_length": 89}},
    "data.source simulate": {"data": PLANTED, "simulate": {"twins": 501}},
    "data.source data.channels": {"data": PLANTED | {"channels": ["x"]}},
    "split.train split.validation": {"split": {"train": 0.5, "validation": 0.5}},
    "autoencoder.frames autoencoder.window data.padded_length data.max_length": {
        "autoencoder": {"frames": "window", "window": [10, 90]},
        "data": {"max_length": 90},
    },
    "lstm.units autoencoder.layers": {"autoencoder": {"layers": [10_000, 10_000]}},
    "lstm.seeds autoencoder.seeds autoencoder.dims": {
        "lstm": {"seeds": 10_000},
        "autoencoder": {"seeds": 6},
    },
    "shared.frames alignment.reference lstm.seeds": {"shared": {"frames": 99}},
    "closeness.dtw autoencoder.dims shared.seeds": {"closeness": {"dtw": ["hiden"]}},
    "claims": {"claims": [{"claim": "c", "kind": "handedness", "space": "ea2"}]},
    "lstm.units autoencoder.dims": {"lstm": {"units": 2}},
    "stability.rare stability.firm": {"stability": {"rare": 0.9}},
    "report.reference_seed lstm.seeds": {"report": {"reference_seed": 20}},
    "study report.compare": {"study": "mine", "report": {"compare": ["other", "mine"]}},
    "pathvars": {"pathvars": {"resutls": "out"}},
    "figures.runs lstm.seeds": {"figures": {"runs": ["20"]}},
    "figures.maps shared.seeds": {"figures": {"maps": ["shared_ae"]}, "shared": {"seeds": 0}},
}


def refusal(config: dict[str, Any]) -> str:
    """Give what is said of a config; nothing if it is taken."""
    try:
        checked(config)
    except UserError as error:
        return str(error)
    return ""


@cache
def reader(rule: str, model: type[Options]) -> App:
    """Make a command that takes a stage's options and gives one of their models."""
    kinds = BY_RULE[rule].takes

    def command(**given: Any) -> Any:
        return given.get(model.__name__, model())

    parameters = [
        inspect.Parameter(
            kind.__name__, inspect.Parameter.KEYWORD_ONLY, default=kind(), annotation=kind
        )
        for kind in kinds
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    app = App(result_action="return_value")
    app.default(command)
    return app


def stages_of(dotted: str) -> list[tuple[str, type[Options]]]:
    """Name the stages that take a key, with the model that holds it."""
    section, _, key = dotted.rpartition(".")
    of_section = type(Study.model_fields[section].default) if section else Study
    return [
        (stage.rule, model)
        for stage in BY_RULE.values()
        for model in stage.takes
        if issubclass(of_section, model) and key in model.model_fields
    ]


def check_round_trip(dotted: str, config: dict[str, Any]) -> None:
    """Read a value back from the shell lines of all stages that take it."""
    key = dotted.rpartition(".")[2]
    for rule, model in stages_of(dotted):
        words = shlex.split(options(config, rule))
        read = reader(rule, model)(words, exit_on_error=False, print_error=False)
        assert json.loads(read.model_dump_json())[key] == at(config, dotted), (rule, dotted)


def test_every_key_broken_in_every_way_is_refused_by_name_or_unharmed() -> None:
    cases: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for dotted, own in KEYS.items():
        for value in ways(own):
            said = refusal(nested(dotted, value))
            cases[dotted] += 1
            if said:
                assert re.search(rf"(?<![\w.]){re.escape(dotted)}(?!\w)", said), (dotted, said)
                assert len(said) < 3000, (dotted, said[:200])
                refused[dotted] += 1
            else:
                check_round_trip(dotted, checked(nested(dotted, value)))
        misspelt = f"{dotted}s"
        assert f"{misspelt} is no config key; did you mean" in refusal(nested(misspelt, 1))
        cases[dotted] += 1
    # A key that nothing breaks is one that this test does not know.
    assert set(refused) == set(KEYS)
    assert min(cases.values()) > 30
    assert sum(cases.values()) > 10_000


def test_every_check_of_values_together_refuses_what_it_is_for() -> None:
    assert set(MISFITS) == set(CHECKS)
    for keys, config in MISFITS.items():
        said = refusal(config)
        assert said.startswith("the config has a problem:"), (keys, said)
        assert any(key in said for key in keys.split()), (keys, said)
