"""The config: what a Snakefile asks of it, around the models in `options`.

Takes what Snakemake read from config files and the command line; says all that is wrong with it at
once, before any job starts, and gives rules the shell options of their stages. Imported while
Snakefiles are parsed, so it imports nothing heavy.
"""

import json
import shlex
from typing import Any

import yaml

from signpaths.checks import misfits
from signpaths.errors import UserError
from signpaths.faults import validated
from signpaths.options import Options, Study
from signpaths.schema import Schema, schema, schema_at, types_of
from signpaths.stages import BY_RULE

Config = dict[str, Any]


def checked(config: Config) -> Config:
    """Check a config and fill in what it lacks.

    Parameters
    ----------
    config
        Snakemake's config, which holds text where the command line gave it. It is left as it was.

    Returns
    -------
    dict
        Every key of `Study`, as JSON would hold it. A value is spelt as its key has it (1 for a
        number becomes 1.0), so equal studies give equal shell lines and re-run nothing.

    Raises
    ------
    UserError
        With all unknown keys, all wrong values and all that do not fit together, so that they can
        be mended at once.
    """
    study, problems = validated(read_text(config, schema()))
    found = [*problems.values(), *misfits(study, problems)]
    if found:
        count = "a problem" if len(found) == 1 else f"{len(found)} problems"
        lines = "\n".join(f"  - {problem}" for problem in found)
        raise UserError(
            f"the config has {count}:\n{lines}\nEvery key is described in config/README.md."
        )
    return study.model_dump(mode="json")


def options(config: Config, rule: str, **instead: Any) -> str:
    """Write what a stage takes from the config as the options of a shell line, each quoted.

    Parameters
    ----------
    config
        A checked config.
    rule
        A stage by its rule's name, such as `closeness_raw`.
    instead
        Values of the stage's keys that are others than the config's.

    Returns
    -------
    str
        Such as `--units=100 --mask`, in the order of the stage's models. A list repeats its option;
        a map is JSON.
    """
    words: list[str] = []
    for model in BY_RULE[rule].takes:
        values, keys = _section(config, model)
        for key in model.model_fields:
            words += _words(key.replace("_", "-"), instead.get(key, values[key]), keys[key])
    return shlex.join(words)


def missing_source() -> str:
    """Say what to do where `data.source` is needed and not set."""
    return (
        "data.source is not set: say where the recordings are (a folder, an archive or the address "
        "of one), in a file of your own (snakemake --configfile my.yaml) or on the command line "
        "(--config data='{source: recordings.zip}'); config/README.md has every key. "
        "`make demo` shows the whole thing on simulated recordings."
    )


# Text from the command line.

TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": (int, float),
    "number": (int, float),
    "array": list,
    "object": dict,
}


def read_text(value: Any, own: Schema) -> Any:
    """Read text as YAML where that gives what the schema takes.

    `--config lstm='{seeds: 5}'` arrives as text, at least inside of the map. Text that cannot be
    what is wanted stays text, for a message to show.

    Parameters
    ----------
    value
        A config, a section or a value.
    own
        Its schema.

    Returns
    -------
    Any
        A new value; what was given is left as it was.
    """
    kinds = types_of(own)
    if isinstance(value, str):
        value = _parsed(value, kinds)
    if isinstance(value, dict) and "object" in kinds:
        return {key: read_text(item, schema_at((key,), own)) for key, item in value.items()}
    if isinstance(value, list) and "array" in kinds:
        return [read_text(item, own["items"]) for item in value]
    return value


def _parsed(text: str, kinds: list[str]) -> Any:
    if text in ("null", "Null", "NULL", "~"):
        return None if "null" in kinds else text
    try:
        # Inside a list or a map each item is text again, to be read by its own schema.
        structure = yaml.load(text, Loader=yaml.BaseLoader)
        value = structure if isinstance(structure, list | dict) else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return value if any(_is(value, kind) for kind in kinds) else text


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES.get(kind, ()))


# Options of a shell line.


def _section(config: Config, model: type[Options]) -> tuple[Config, dict[str, Schema]]:
    """Find where a stage's options stand: in the section made of them, or at the top."""
    own = schema()
    if not issubclass(Study, model):
        fields = Study.model_fields.items()
        name = next(name for name, field in fields if isinstance(field.default, model))
        config, own = config[name], own["properties"][name]
    return config, own["properties"]


def _words(name: str, value: Any, own: Schema) -> list[str]:
    """Write one key as words of a shell line, by the conventions of the command line (cyclopts).

    `--key=value` rather than `--key value`: a value may begin with a dash.
    """
    if value is None:
        # Text and lists have no word for nothing; they are left out, and nothing is their default.
        return [f"--{name}=none"] if {"integer", "number"} & set(types_of(own)) else []
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if not isinstance(value, list):
        return [f"--{name}={_text(value)}"]
    if not value:
        return [f"--empty-{name}"]
    if any(isinstance(item, list) for item in value) or any(
        # Alone, such a text would be read as JSON itself.
        isinstance(item, str) and item.strip()[:1] in ("{", "[")
        for item in value
    ):
        return [f"--{name}={_json(value)}"]
    words = [_text(item) for item in value]
    if own.get("minItems", 0) == own.get("maxItems"):
        # A list of fixed length is one option with so many values.
        return [f"--{name}={words[0]}", *words[1:]]
    return [f"--{name}={word}" for word in words]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return _json(value)
    return repr(value) if isinstance(value, float) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
