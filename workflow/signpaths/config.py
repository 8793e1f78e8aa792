"""The config: what a Snakefile asks of it, around the models in `options`.

Takes what Snakemake read from config files and the command line; says all that is wrong with it at
once, before any job starts, and gives rules the shell options of their stages. Imported while
Snakefiles are parsed, so it imports nothing heavy.
"""

import json
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from signpaths.checks import misfits
from signpaths.errors import UserError
from signpaths.faults import shown, validated
from signpaths.options import Options, Study
from signpaths.schema import Schema, schema, schema_at, types_of
from signpaths.stages import BY_RULE

Config = dict[str, Any]
# A shell line is one argument to the shell, and Linux takes 128 KiB; paths and the command come on
# top.
LONGEST_LINE = 100_000
MOST_QUOTING = 6  # times longer than as JSON is what a shell line has of a value
# Of all keys and values of one file, those that stand there by an alias counted each time.
MOST_VALUES = 1_000_000
MERGE = "tag:yaml.org,2002:merge"


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
    taken: Config = study.model_dump(mode="json")
    found += _too_long(taken)
    if found:
        count = "a problem" if len(found) == 1 else f"{len(found)} problems"
        lines = "\n".join(f"  - {problem}" for problem in found)
        raise UserError(
            f"the config has {count}:\n{lines}\nEvery key is described in config/README.md."
        )
    return taken


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


def _too_long(config: Config) -> Iterator[str]:
    """Name the stages whose options a shell would not take, and the key that is longest."""
    if len(json.dumps(config)) * MOST_QUOTING < LONGEST_LINE:
        return
    for rule, stage in BY_RULE.items():
        length = len(options(config, rule).encode())
        if length > LONGEST_LINE:
            texts = {
                f"{section}.{key}".removeprefix("."): len(json.dumps(value))
                for section, values in {"": config, **config}.items()
                if isinstance(values, dict)
                for key, value in values.items()
                if any(key in model.model_fields for model in stage.takes)
            }
            yield (
                f"the options of stage {stage.name} are {length:,} bytes long, expected at most "
                f"{LONGEST_LINE:,}: shorten {max(texts, key=lambda key: texts[key])}"
            )


# What a file says that no one sees any more once it is read.


def check_files(files: Iterable[str | Path]) -> None:
    """Refuse config files that say a key twice, of which the first would be lost without a word.

    Parameters
    ----------
    files
        Config files, YAML or JSON, such as Snakemake's `workflow.configfiles`. Addresses are passed
        over, and so are pipes, which can be read only once.

    Raises
    ------
    UserError
        With all doubles of all files, with the lines in which they stand, and all files that cannot
        be read, that hold no map, or whose aliases stand for more than a config can be.
    """
    found = [
        f"{file}: {problem}"
        for file in dict.fromkeys(map(str, files))
        if "://" not in file
        for problem in _file_problems(Path(file))
    ]
    if found:
        count = "a problem" if len(found) == 1 else f"{len(found)} problems"
        lines = "\n".join(f"  - {problem}" for problem in found)
        raise UserError(f"the config files have {count}:\n{lines}")


def _file_problems(file: Path) -> Iterator[str]:
    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            return
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
        return
    except UnicodeDecodeError as error:
        yield f"is no text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        return
    if _is_json(text):
        # What YAML takes for text is the same in JSON, but for tabs, which stand in no JSON text.
        text = text.replace("\t", " ")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return  # an empty file, or nothing but comments, is refused by Snakemake itself
        if not isinstance(root, yaml.MappingNode):
            yield "holds no map: expected keys such as `study: mine`, one a line"
            return
        if _size(root, {}) > MOST_VALUES:
            yield (
                f"its aliases (*name) stand for more than {MOST_VALUES:,} values; write out what "
                "the config needs"
            )
            return
        yield from _doubles(root, "", set())
    except yaml.MarkedYAMLError as error:
        yield _yaml_fault(error, text)
    except yaml.YAMLError as error:
        yield f"is no YAML: {' '.join(str(error).split())}"
    except RecursionError:
        yield "is nested too deeply, or an alias (*name) stands inside of what it stands for"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _yaml_fault(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    said = ", ".join(filter(None, (error.context, error.problem)))
    if mark is None:
        return f"is no YAML: {said}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1]:
        expected = "a tab stands there; YAML takes spaces only"
    else:
        expected = f"{said}; expected lines such as `key: value`"
    return f"is no YAML: line {mark.line + 1}, column {mark.column + 1}: {expected}"


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the keys and values below a node, again wherever an alias repeats them."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(inner, known) for inner in _below(node))
    return known[id(node)]


def _below(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [inner for pair in node.value for inner in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _doubles(node: yaml.Node, place: str, seen: set[int]) -> Iterator[str]:
    """Name every key that stands twice in one map, at any depth, with its lines."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _doubles(item, f"{place}[{position}]", seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[Any, list[int]] = {}
    for key, _ in node.value:
        # Maps that are merged in (<<) may be many.
        if key.tag != MERGE and isinstance(key, yaml.ScalarNode):
            lines.setdefault(_key(key), []).append(key.start_mark.line + 1)
    for name, at in lines.items():
        if len(at) > 1:
            dotted = f"{place}.{_named(name)}".removeprefix(".")
            times = "twice" if len(at) == 2 else f"{len(at)} times"
            numbers = [str(line) for line in dict.fromkeys(at)]
            where = f"lines {', '.join(numbers[:-1])} and " if numbers[1:] else "line "
            yield (
                f"{dotted} stands there {times}, in {where}{numbers[-1]}: only the last would "
                "count. Write it once, with all that belongs to it"
            )
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield from _doubles(value, f"{place}.{_named(_key(key))}".removeprefix("."), seen)


def _key(node: yaml.ScalarNode) -> Any:
    """Read a key as YAML does: `yes` and `true` are one, and `1` and `1.0`."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError):
        return node.value
    finally:
        loader.dispose()


def _named(key: Any) -> str:
    return key if isinstance(key, str) and key.isprintable() else shown(key)


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
