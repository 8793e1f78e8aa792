"""The config: its keys, its checks, and the options that rules hand to the stages.

Takes what Snakemake read from config files and the command line, and the JSON schema; says all that
is wrong with a config at once, before any job starts. `python -m signpaths.config` prints the key
tables of config/README.md. Imported while Snakefiles are parsed, so it imports nothing heavy.
"""

import copy
import difflib
import functools
import json
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from signpaths.errors import UserError

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"
GLOVE_CHANNELS = 22  # columns of a simulated recording
FEWEST_SIGNS = 3  # that give a pair's rank a meaning
LONGEST_QUOTE = 60  # characters of a wrong value that a message shows

Config = dict[str, Any]
Schema = dict[str, Any]


# What a Snakefile calls.


def check_keys(config: Config, schema_path: Path = SCHEMA) -> None:
    """Give text from the command line its types, in place, and refuse wrong keys and types.

    Parameters
    ----------
    config
        Snakemake's config, before defaults are filled in.
    schema_path
        The JSON schema.

    Raises
    ------
    UserError
        If a key is unknown or a value is of the wrong type. Values that do not fit together are
        then named as well, so that all can be mended at once.
    """
    schema = read_schema(schema_path)
    config.update(coerce(config, schema))
    wrong = _wrong_values(config, schema)
    problems = unknown_keys(config, schema) + list(wrong.values())
    if problems:
        _refuse(problems + _misfits(with_defaults(config, schema), wrong))


def check_values(config: Config) -> None:
    """Refuse values that do not fit together.

    Parameters
    ----------
    config
        A config whose keys and types are right, with all defaults.

    Raises
    ------
    UserError
        With everything that does not fit.
    """
    problems = cross_checks(config)
    if problems:
        _refuse(problems)


def options(config: Config, section: str, keys: str) -> str:
    """Write keys of a section as the options of a shell line, each quoted.

    Parameters
    ----------
    config
        A checked config with all defaults.
    section
        A section, such as `lstm`.
    keys
        Its keys in the order that they shall have, separated by spaces.

    Returns
    -------
    str
        Such as `--units=100 --mask`. A list repeats its option, a map gives `--key=name=value`.

    Raises
    ------
    KeyError
        If the section has no such key.
    """
    known = read_schema()["properties"][section]["properties"]
    words: list[str] = []
    for key in keys.split():
        if key not in known or key not in config[section]:
            raise KeyError(f"{section}.{key} is no config key")
        words += _words(key.replace("_", "-"), config[section][key], known[key])
    return shlex.join(words)


# The schema.


@functools.cache
def read_schema(path: Path = SCHEMA) -> Schema:
    """Read the JSON schema. It is read once and shared: do not change it."""
    schema: Schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    return schema


def schema_keys(schema: Schema) -> dict[str, Schema]:
    """List every key, dotted (`lstm.epochs`), with its own schema, in the schema's order."""
    keys: dict[str, Schema] = {}
    for name, own in schema["properties"].items():
        if "properties" in own:
            keys |= {f"{name}.{key}": value for key, value in schema_keys(own).items()}
        else:
            keys[name] = own
    return keys


def with_defaults(config: Config, schema: Schema) -> Config:
    """Copy a config and fill in what it lacks, as Snakemake's `validate` does in place."""
    filled = copy.deepcopy(config)
    for name, own in schema["properties"].items():
        filled.setdefault(name, copy.deepcopy(own["default"]))
        if "properties" in own and isinstance(filled[name], dict):
            filled[name] = with_defaults(filled[name], own)
    return filled


# Text from the command line.


def coerce(value: Any, schema: Schema) -> Any:
    """Give text the type that the schema asks for, and numbers the one spelling of their type.

    `--config lstm='{seeds: 5}'` arrives as text, and so does `1e-3` from a file. Text that cannot
    be of the type stays text, for `type_errors` to name. 30.0 for an integer becomes 30, and 1 for
    a number 1.0, so that equal values give equal shell lines and re-run nothing.

    Parameters
    ----------
    value
        A config, a section or a value.
    schema
        Its schema.

    Returns
    -------
    Any
        A new value; what was given is left as it was.
    """
    kinds = _kinds(schema)
    if isinstance(value, str):
        value = _parsed(value, kinds)
    if isinstance(value, dict) and "object" in kinds:
        inner = schema.get("properties", {})
        other = schema.get("additionalProperties") or {}
        return {key: coerce(item, inner.get(key, other)) for key, item in value.items()}
    if isinstance(value, list) and "array" in kinds:
        return [coerce(item, schema["items"]) for item in value]
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and "number" in kinds:
        return float(value) if abs(value) <= sys.float_info.max else math.inf
    return value


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _parsed(text: str, kinds: list[str]) -> Any:
    """Read text as YAML if that gives one of these kinds; else give it back."""
    if "string" in kinds:
        return None if "null" in kinds and text in ("null", "~") else text
    try:
        # Inside a list or a map each item is text again, to be read by its own schema.
        structure = yaml.load(text, Loader=yaml.BaseLoader)
        value = structure if isinstance(structure, list | dict) else yaml.safe_load(text)
        if isinstance(value, str):
            value = float(value)  # YAML takes 1e-3 for text
    except (yaml.YAMLError, ValueError):
        return text
    return value if any(_is(value, kind) for kind in kinds) else text


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    types = {"number": int | float, "string": str, "array": list, "object": dict}
    return kind in types and isinstance(value, types[kind])


# Keys.


def unknown_keys(config: Config, schema: Schema) -> list[str]:
    """Name every key that the schema does not know, with the nearest ones that it does.

    Parameters
    ----------
    config
        A config, with or without defaults.
    schema
        The JSON schema.

    Returns
    -------
    list of str
        One message a key.
    """
    known = schema_keys(schema)
    problems = []
    for name, value in config.items():
        own = schema["properties"].get(name)
        if own is None:
            problems.append(_unknown("", name, schema, known))
        elif "properties" in own and isinstance(value, dict):
            problems += [
                _unknown(f"{name}.", key, own, known)
                for key in value
                if key not in own["properties"]
            ]
    return problems


def _unknown(prefix: str, key: Any, own: Schema, known: dict[str, Schema]) -> str:
    plain = isinstance(key, str) and key.isprintable()
    problem = f"{prefix}{key if plain else _shown(key)} is no config key"
    if not isinstance(key, str):
        return problem
    if not prefix and key in known:
        section, _, rest = key.partition(".")
        return f"{key} stands in a section: write it as {section}: {{{rest}: …}}"
    leaves: dict[str, list[str]] = {}
    for dotted in known:
        leaves.setdefault(dotted.rpartition(".")[2], []).append(dotted)
    near = [prefix + name for name in _nearest(key, own["properties"])]
    near += leaves.get(key, [])
    near = near or [dotted for leaf in _nearest(key, leaves) for dotted in leaves[leaf]]
    if near:
        return f"{problem}; did you mean {_or(dict.fromkeys(near))}?"
    place = f"the keys of {prefix[:-1]}" if prefix else "the sections and keys at the top"
    return f"{problem}; {place} are {', '.join(own['properties'])}"


def _nearest(key: str, names: Iterable[str]) -> list[str]:
    plain = {name.lower(): name for name in names}
    near = difflib.get_close_matches(key.lower().replace("-", "_"), plain, n=1)
    return [plain[name] for name in near]


# Types.


def type_errors(config: Config, schema: Schema) -> list[str]:
    """Name every value of the wrong type or out of range: what was found, what was expected.

    Parameters
    ----------
    config
        A config, with or without defaults.
    schema
        The JSON schema.

    Returns
    -------
    list of str
        One message a value.
    """
    return list(_wrong_values(config, schema).values())


def expected(schema: Schema) -> str:
    """Say in words what a schema takes, such as `an integer of at least 1, or null`."""
    kinds = _kinds(schema)
    words = [_expected_kind(kind, schema) for kind in kinds if kind != "null"]
    return ", or ".join(words + ["null"] * ("null" in kinds))


def _wrong_values(config: Config, schema: Schema) -> dict[str, str]:
    """Give one message for each dotted key whose value is wrong."""
    import jsonschema

    problems: dict[str, str] = {}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(config):
        dotted = _dotted(error.absolute_path)
        if "propertyNames" in error.absolute_schema_path:
            problem = f"has the name {_shown(error.instance)}"
        elif error.validator == "additionalProperties":
            continue  # unknown_keys names these
        else:
            problem = f"is {_shown(error.instance)}"
        wanted = f"{expected(error.schema)}{_hint(error.instance, error.schema)}"
        problems.setdefault(dotted, f"{dotted} {problem}, expected {wanted}")
    for dotted, value in _values(config):
        if isinstance(value, float) and not math.isfinite(value):
            problems[dotted] = f"{dotted} is {value}, expected a finite number"
        if isinstance(value, str) and ("\0" in value or not _encodes(value)):
            problems[dotted] = f"{dotted} is {value!a}, expected text that a file could hold"
    return problems


def _expected_kind(kind: str, schema: Schema) -> str:
    if "title" in schema:
        return str(schema["title"])
    if "enum" in schema:
        return _or(str(choice) for choice in schema["enum"])
    if kind == "array":
        return _expected_list(schema)
    if kind == "object":
        if "properties" in schema:
            return "a section, with its keys indented below it"
        return f"a map, each value {expected(schema['additionalProperties'])}"
    names = {"integer": "an integer", "number": "a number", "boolean": "true or false"}
    limits = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{words} {schema[limit]}" for limit, words in limits.items() if limit in schema]
    return f"{names.get(kind, 'text')} {' and '.join(bounds)}".rstrip()


def _expected_list(schema: Schema) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    count = f" of {least}" if least == most else " of at least one" if least == 1 else ""
    once = ", none twice" if schema.get("uniqueItems") else ""
    return f"a list{count}, each {expected(schema['items'])}{once}"


def _hint(value: Any, schema: Schema) -> str:
    if isinstance(value, str) and all(
        isinstance(choice, str) for choice in schema.get("enum", [0])
    ):
        near = _nearest(value, schema["enum"])
        return f"; did you mean {near[0]}?" if near else ""
    if "string" in _kinds(schema) and not isinstance(value, str | list | dict):
        return "; put it in quotes"
    return ""


def _dotted(path: Iterable[Any]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _values(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _values(item, (*path, key))
            if isinstance(value, dict):
                yield _dotted(path), key
    else:
        yield _dotted(path), value


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    """Show a value as a user would write it, or its beginning."""
    text = repr(value) if isinstance(value, str) else None
    text = text or json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _or(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


# Values together.


def cross_checks(config: Config) -> list[str]:
    """Name every value that does not fit another one, or that a schema cannot judge.

    Parameters
    ----------
    config
        A config whose keys and types are right, with all defaults.

    Returns
    -------
    list of str
        One message a problem.
    """
    return _misfits(config, ())


def _misfits(config: Config, wrong: Iterable[str]) -> list[str]:
    """Run every check whose keys are all right."""
    problems: list[str] = []
    for keys, check in CHECKS.items():
        if not any(_touches(key, dotted) for key in keys.split() for dotted in wrong):
            sections = (key.split(".") for key in keys.split())
            problems += check(*(config[section][name] for section, name in sections))
    return problems


def _touches(key: str, wrong: str) -> bool:
    """Tell whether a wrong value is the key's, a part of it, or its whole section."""
    return wrong in (key, key.partition(".")[0]) or wrong.startswith((f"{key}.", f"{key}["))


def _source(source: str) -> Iterator[str]:
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", source, re.IGNORECASE)
    if scheme and scheme[1] not in ("http", "https"):
        yield (
            f"data.source is {_shown(source)}, expected http:// or https://, a folder, an archive "
            "or simulate"
        )


def _pattern(pattern: str) -> Iterator[str]:
    try:
        groups = set(re.compile(pattern).groupindex)
    except (re.error, OverflowError, RecursionError) as error:
        yield f"data.pattern is no regular expression: {error}"
        return
    for group in [group for group in ("sign", "take") if group not in groups]:
        yield f"data.pattern has no group {group}; write (?P<{group}>…) around that part"
    for group in sorted(groups - {"sign", "take", "session"}):
        yield f"data.pattern has a group {group}; it may name sign, take and session"


def _aliases(aliases: dict[str, str]) -> Iterator[str]:
    for name, target in sorted(aliases.items()):
        last = aliases.get(target, target)
        if last != target:
            yield (
                f"data.aliases takes {name} to {target}, which goes by another name itself "
                f"({last}); write {name}: {last}"
            )


def _lengths(max_length: int | None, padded_length: int | None) -> Iterator[str]:
    if max_length and padded_length and padded_length < max_length:
        yield (
            f"data.padded_length is {padded_length}, expected at least data.max_length, "
            f"which is {max_length}"
        )


def _planted(source: str, twins: int, prefixes: int, crossings: int, others: int) -> Iterator[str]:
    signs = 2 * (twins + prefixes + crossings) + others
    if source == "simulate" and signs < FEWEST_SIGNS:
        yield (
            f"simulate.twins, prefixes, crossings and others make {signs} signs, expected at least "
            f"{FEWEST_SIGNS}"
        )


def _simulated_channels(source: str, channels: list[str] | None) -> Iterator[str]:
    if source == "simulate" and channels is not None and len(channels) != GLOVE_CHANNELS:
        yield (
            f"data.channels has {len(channels)} names, but simulated recordings have "
            f"{GLOVE_CHANNELS} channels"
        )


def _split(train: float, validation: float) -> Iterator[str]:
    for key, value in (("train", train), ("validation", validation)):
        if value >= 1 and value != int(value):
            yield f"split.{key} is {value}, expected a share below 1 or a whole number"
    # 0.9 + 0.1 must count as 1 whatever the rounding of the sum.
    if train < 1 and validation < 1 and train + validation > 1 - 1e-9:
        yield (
            f"split.train and split.validation are {train} and {validation}, which leaves nothing "
            "for the test set; expected less than 1 together"
        )


def _window(frames: str, window: list[int], padded_length: int | None) -> Iterator[str]:
    first, last = window
    if first > last:
        yield f"autoencoder.window is [{first}, {last}], expected the first step before the last"
    if frames == "window" and padded_length and max(window) >= padded_length:
        yield (
            f"autoencoder.window is [{first}, {last}], expected steps up to {padded_length - 1}: "
            f"they are counted from 0, and data.padded_length is {padded_length}"
        )


def _thresholds(apart: float, tau: float) -> Iterator[str]:
    if apart > tau:
        yield f"stability.apart is {apart}, expected at most stability.tau, which is {tau}"


def _reference(reference_seed: int, seeds: int) -> Iterator[str]:
    if reference_seed >= seeds:
        yield (
            f"report.reference_seed is {reference_seed}, but lstm.seeds is {seeds}: expected a "
            f"seed from 0 to {seeds - 1}"
        )


# The keys that each check needs, in the order of its parameters.
CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "data.source": _source,
    "data.pattern": _pattern,
    "data.aliases": _aliases,
    "data.max_length data.padded_length": _lengths,
    "data.source simulate.twins simulate.prefixes simulate.crossings simulate.others": _planted,
    "data.source data.channels": _simulated_channels,
    "split.train split.validation": _split,
    "autoencoder.frames autoencoder.window data.padded_length": _window,
    "stability.apart stability.tau": _thresholds,
    "report.reference_seed lstm.seeds": _reference,
}


def _refuse(problems: list[str]) -> None:
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "\n".join(f"  - {problem}" for problem in problems)
    raise UserError(
        f"the config has {count}:\n{lines}\nEvery key is described in config/README.md."
    )


# Options of a shell line.


def _words(name: str, value: Any, schema: Schema) -> list[str]:
    """Write one key as words of a shell line, by the conventions of the command line (cyclopts).

    `--key=value` rather than `--key value`: a value may begin with a dash.
    """
    if value is None:
        # A stage's default is the schema's: left out, null would become that default.
        return [] if schema["default"] is None else [f"--{name}=none"]
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, dict):
        value = [f"{key}={value[key]}" for key in sorted(value)]
    if isinstance(value, list):
        if not value:
            return [f"--empty-{name}"]
        if schema.get("minItems", 0) == schema.get("maxItems"):
            # A list of fixed length is one option with so many values.
            return [f"--{name}={_text(value[0])}", *(_text(item) for item in value[1:])]
        return [f"--{name}={_text(item)}" for item in value]
    return [f"--{name}={_text(value)}"]


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


# config/README.md.

INTRODUCTION = """\
# Config

<!-- Made from workflow/schemas/config.schema.yaml by `python -m signpaths.config`. -->

| file | study |
| --- | --- |
| `config.yaml` | the demo: simulated recordings, small networks. It names every key |
| `auslan.yaml` | the real recordings: 94 signs, 20 LSTM seeds, 5 autoencoder seeds for each |
| `sessions.yaml` | over `auslan.yaml`: tested on recording days that no network has trained on |
| `article.yaml` | the article's own settings, flaws included |

`config.yaml` is always read first. Files given by `--configfile` are laid over it, one after
another, key by key, so a file of your own holds only what it changes:

```yaml
# my.yaml
study: my-study
lstm:
  epochs: 60
```

```console
snakemake --configfile config/auslan.yaml my.yaml
```

- A later value replaces an earlier one; so does a list. Maps (`data.aliases`) are merged: an
  earlier alias stays unless it is given again. `her: her` undoes one.
- `config.yaml` names every key, so what your files leave out is as in the demo, small networks
  included; lay a study of real recordings over `auslan.yaml`. The defaults below hold where no file
  gives a key, as when another workflow uses this one as a module.
- A key that is not below is refused.
- Single values can be given on the command line, last of all and over every file:
  `--config study=trial lstm='{seeds: 5}'`. They become what their key takes, as in a file.
- YAML reads `yes`, `no`, `on`, `off` and numbers as such: put a sign of that name in quotes.
- Another `study` writes to another folder. In the same study, a changed key re-runs what depends on
  it and nothing else.
"""


def reference(schema: Schema) -> str:
    """Write config/README.md: how configs are laid over each other, and a table for each section.

    Parameters
    ----------
    schema
        The JSON schema.

    Returns
    -------
    str
        Markdown.
    """
    sections = {name: own for name, own in schema["properties"].items() if "properties" in own}
    top = {name: own for name, own in schema["properties"].items() if name not in sections}
    parts = [INTRODUCTION, "## At the top\n", _table(top)]
    for name, own in sections.items():
        parts += [f"## {name}\n", f"{own['description']}\n", _table(own["properties"])]
    return "\n".join(parts)


def _table(keys: dict[str, Schema]) -> str:
    rows: list[tuple[str, ...]] = [("key", "takes", "default", "what it does"), ("---",) * 4]
    for name, own in keys.items():
        default = own["default"]
        code = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
        cells = (f"`{name}`", expected(own), f"`{code}`", own["description"])
        rows.append(tuple(cell.replace("|", "\\|") for cell in cells))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    """Print config/README.md."""
    print(reference(read_schema()), end="")


if __name__ == "__main__":
    main()
