"""What is wrong with options, in words: where, what was found, what is expected.

Takes what pydantic finds wrong with a model of `options`; gives one message a fault, with the
nearest key that exists or the quotes that are missing.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from signpaths import options as models
from signpaths.nearest import nearest
from signpaths.options import Study
from signpaths.schema import (
    Place,
    Schema,
    expected,
    listed,
    schema,
    schema_at,
    schema_keys,
    types_of,
)

LONGEST_QUOTE = 60  # characters of a wrong value that a message shows
LARGEST = sys.float_info.max


def option_faults(error: ValidationError) -> list[str]:
    """Say what is wrong with the options of a command, as `checked` says it of keys.

    Parameters
    ----------
    error
        What pydantic found wrong with a model of `options`, or with something else.

    Returns
    -------
    list of str
        One message a fault, such as `--units is '0', expected an integer of at least 1`. Empty
        if the error is about something else.
    """
    model = getattr(models, error.title, None)
    if model is None:
        return []
    problems = _faults(error, schema(model))
    return [f"--{at.replace('_', '-')}{said.removeprefix(at)}" for at, said in problems.items()]


def validated(config: dict[str, Any]) -> tuple[Study, dict[str, str]]:
    """Give the study, with defaults for what is wrong, and what is wrong by dotted key."""
    try:
        return Study.model_validate(config), {}
    except ValidationError as error:
        wrong = {fault["loc"][:2] for fault in error.errors()}
        return Study.model_validate(_without(config, wrong)), _faults(error, schema())


def _without(config: dict[str, Any], wrong: set[Place]) -> dict[str, Any]:
    """Leave out what is at these places, of one key or two."""
    right: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, dict) and wrong.isdisjoint({(), (name,)}):
            right[name] = {
                key: item
                for key, item in value.items()
                if isinstance(key, str) and (name, key) not in wrong
            }
        elif not any(place[:1] in ((), (name,)) for place in wrong):
            right[name] = value
    return {name: value for name, value in right.items() if isinstance(name, str)}


def _faults(error: ValidationError, own: Schema) -> dict[str, str]:
    """Say in words what pydantic found, by dotted key, unknown keys first."""
    unknown: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for fault in error.errors():
        if fault["type"] in ("extra_forbidden", "invalid_key"):
            key = fault["input"] if fault["type"] == "invalid_key" else fault["loc"][-1]
            unknown |= _unknown(fault["loc"][:-1], key, own)
        else:
            at, problem = _wrong(fault, own)
            wrong.setdefault(at, problem)
    return unknown | wrong


def _wrong(fault: ErrorDetails, own: Schema) -> tuple[str, str]:
    place, value = fault["loc"], fault["input"]
    names = schema_at(place[:-2], own).get("propertyNames")
    if names and place[-1] == "[key]":
        at, found, wanted = _dotted(place[:-2]), f"has the name {shown(value)}", names
    elif fault["type"] == "missing" and "required" in schema_at(place[:-1], own):
        at, found, wanted = _dotted(place), "is missing", schema_at(place, own)
    else:
        place = place[:-1] if fault["type"] == "missing" else place
        at, found, wanted = _dotted(place), f"is {shown(value)}", schema_at(place, own)
    return at, f"{at} {found}, expected {_expected_of(value, wanted)}"


def _expected_of(value: Any, own: Schema) -> str:
    if isinstance(value, str) and value != value.encode(errors="ignore").decode().replace("\0", ""):
        return "text that a file could hold"
    if isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        return "a finite number"
    return f"{expected(own)}{_hint(value, own)}"


def one_of(choices: Sequence[str], given: str) -> str:
    """List what could stand there, and what was probably meant: `a, b or c; did you mean b?`."""
    return f"{listed(choices)}{did_you_mean(given, choices)}"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Ask for the known name that is most like what was given, after a semicolon, if one is."""
    near = nearest(given, known)
    return f"; did you mean {near}?" if near else ""


def _hint(value: Any, own: Schema) -> str:
    if isinstance(value, str) and all(isinstance(choice, str) for choice in own.get("enum", [0])):
        return did_you_mean(value, own["enum"])
    if "string" in types_of(own) and not isinstance(value, str | list | dict):
        return "; put it in quotes"
    return ""


def _dotted(place: Place) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")


def shown(value: Any) -> str:
    """Show a value as a user would write it, or its beginning."""
    if isinstance(value, str | float):
        text = repr(value[: LONGEST_QUOTE + 1] if isinstance(value, str) else value)
    else:
        # Piece by piece: aliases in YAML can make a value of many gigabytes.
        text = ""
        try:
            for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
                text += piece
                if len(text) > LONGEST_QUOTE:
                    break
        except (TypeError, ValueError):
            # A date as a key, or an integer of thousands of digits.
            text += "…"
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _unknown(place: Place, key: Any, own: Schema) -> dict[str, str]:
    """Name a key that is not known, with the nearest ones that are."""
    known, here = schema_keys(own), schema_at(place, own)["properties"]
    prefix = f"{_dotted(place)}." if place else ""
    at = f"{prefix}{key if isinstance(key, str) and key.isprintable() else shown(key)}"
    if isinstance(key, str) and not prefix and key in known:
        section, _, rest = key.partition(".")
        return {at: f"{at} stands in a section: write it as {section}: {{{rest}: …}}"}
    problem = f"{at} is no config key"
    if not isinstance(key, str):
        return {at: problem}
    leaves: dict[str, list[str]] = {}
    for dotted in known:
        leaves.setdefault(dotted.rpartition(".")[2], []).append(dotted)
    beside = nearest(key, here)
    near = [f"{prefix}{beside}"] if beside else []
    near += leaves.get(key, [])
    near = near or leaves.get(nearest(key, leaves) or "", [])
    if near:
        return {at: f"{problem}; did you mean {listed(dict.fromkeys(near))}?"}
    where = f"the keys of {prefix[:-1]}" if prefix else "the sections and keys at the top"
    return {at: f"{problem}; {where} are {', '.join(here)}"}
