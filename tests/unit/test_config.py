"""The config: schema, files, checks and the options that rules hand to stages."""

import contextlib
import copy
import dataclasses
import importlib
import inspect
import itertools
import json
import math
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import signpaths
import yaml
from cyclopts import App
from hypothesis import given, settings
from signpaths import config as study_config
from signpaths.config import (
    SCHEMA,
    check_keys,
    check_values,
    coerce,
    cross_checks,
    expected,
    options,
    read_schema,
    reference,
    schema_keys,
    type_errors,
    unknown_keys,
    with_defaults,
)
from signpaths.errors import UserError
from snakemake.cli import parse_config
from snakemake.utils import update_config, validate

ROOT = Path(__file__).parents[2]
KEYS = schema_keys(read_schema())
SECTIONS = [name for name, own in read_schema()["properties"].items() if "properties" in own]

# Stages whose options stand in a section of another name.
STAGE_SECTION = {"tsd": "data", "sequences": "data", "splits": "split"}
# Keys that the rules read themselves: they choose jobs, inputs or places.
KEYS_OF_RULES = {
    "study",
    "pathvars",
    "data.source",
    "split.seed",
    "seeds_vary",
    "claims",
    "lstm.seeds",
    "autoencoder.seeds",
    "autoencoder.dims",
    "report.reference_seed",
    "report.compare",
}
NASTY = [
    "; rm -rf ~",
    "$(touch broken)",
    "`id`",
    "'",
    '"',
    "a'b\"c",
    "two\nlines\r\n",
    "\\",
    "-",
    "--mask",
    "-x=1",
    " both ends ",
    "żółw 手話 🤟",
    "her=his_hers",
    "*",
    "{output}",
    "<results>",
    "%s",
    "#",
    "!!",
]


def merged(*names: str) -> dict[str, Any]:
    """Lay config files over each other and check them as Snakemake does."""
    config: dict[str, Any] = {}
    for name in names:
        update_config(config, yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8")))
    return checked(config)


def python(*arguments: str) -> str:
    """Run Python with the library and give what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout


def checked(config: dict[str, Any]) -> dict[str, Any]:
    """Do what workflow/rules/common.smk does with a config."""
    check_keys(config)
    validate(config, str(SCHEMA))
    check_values(config)
    return config


def defaults(**changes: Any) -> dict[str, Any]:
    """Give all defaults, with changes such as `lstm__epochs=5`."""
    config = with_defaults({}, read_schema())
    for dotted, value in changes.items():
        place = config
        *sections, key = dotted.split("__")
        for section in sections:
            place = place[section]
        place[key] = value
    return config


def value_at(config: dict[str, Any], dotted: str) -> Any:
    """Look a dotted key up."""
    section, _, key = dotted.rpartition(".")
    return config[section][key] if section else config[key]


def nested(dotted: str, value: Any) -> dict[str, Any]:
    """Write a dotted key as a config."""
    section, _, key = dotted.rpartition(".")
    return {section: {key: value}} if section else {key: value}


def options_classes() -> list[tuple[str, type]]:
    """List every dataclass named *Options of the package with the module that defines it."""
    found = []
    for info in pkgutil.iter_modules(signpaths.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"signpaths.{info.name}")
        for name, item in inspect.getmembers(module, inspect.isclass):
            if name.endswith("Options") and item.__module__ == module.__name__:
                found.append((info.name, item))
    return found


STAGES = options_classes()

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
) | st.sampled_from(NASTY)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw what a schema takes."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_values(kind, schema) for kind in kinds])


def _values(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        return st.integers(schema.get("minimum", -(10**6)), schema.get("maximum", 10**9))
    if kind == "number":
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        return st.floats(
            low,
            high,
            exclude_min="exclusiveMinimum" in schema,
            exclude_max="exclusiveMaximum" in schema,
            allow_nan=False,
            allow_infinity=False,
        )
    if kind == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"]).filter(lambda text: len(text) <= 100)
        return texts.filter(lambda text: len(text) >= schema.get("minLength", 0))
    if kind == "array":
        return st.lists(
            values(schema["items"]),
            min_size=schema.get("minItems", 0),
            max_size=schema.get("maxItems", 4),
            unique=schema.get("uniqueItems", False),
        )
    if schema["additionalProperties"] is False:
        own = {name: values(one) for name, one in schema["properties"].items()}
        needed = schema["required"]
        return st.fixed_dictionaries(
            {name: own[name] for name in needed},
            optional={name: one for name, one in own.items() if name not in needed},
        )
    names = texts.filter(lambda text: text != "" and "=" not in text)
    return st.dictionaries(names, values(schema["additionalProperties"]), max_size=3)


# The schema.


def test_every_key_has_a_description_and_a_default_that_it_takes() -> None:
    for dotted, own in KEYS.items():
        assert own["description"].endswith("."), dotted
        assert "default" in own, dotted
        assert expected(own), dotted
        assert not type_errors(nested(dotted, own["default"]), read_schema()), dotted
    for section in SECTIONS:
        own = read_schema()["properties"][section]
        assert own["description"].endswith(".")
        assert own["default"] == {}


def test_nothing_is_taken_that_is_not_in_the_schema() -> None:
    assert read_schema()["additionalProperties"] is False
    for section in SECTIONS:
        assert read_schema()["properties"][section]["additionalProperties"] is False
    for dotted, own in KEYS.items():
        if "object" in own["type"]:
            assert own["additionalProperties"]["type"] == "string", dotted


def test_defaults_of_numbers_are_spelt_as_coerce_spells_them() -> None:
    config = defaults()
    assert repr(coerce(config, read_schema())) == repr(config)


def test_snakemake_fills_in_the_same_defaults() -> None:
    some: dict[str, Any] = {"lstm": {"seeds": 3}, "data": {"aliases": {"a": "b"}}}
    empty: dict[str, Any] = {"lstm": {}}
    for before in ({}, empty, some):
        config = copy.deepcopy(before)
        validate(config, str(SCHEMA))
        assert config == with_defaults(before, read_schema())
        assert set(config) == set(read_schema()["properties"])
    assert read_schema() == yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


@pytest.mark.parametrize("dotted", KEYS)
def test_a_mistyped_key_is_refused_with_its_name(dotted: str) -> None:
    section, _, key = dotted.rpartition(".")
    for wrong in (key[:-1] if len(key) > 3 else f"{key}s", key.upper(), f"{key}_"):
        found = f"{section}.{wrong}".removeprefix(".")
        with pytest.raises(UserError) as error:
            check_keys(nested(found, KEYS[dotted]["default"]))
        assert f"{found} is no config key; did you mean " in str(error.value)
        assert dotted in str(error.value)
        assert "config/README.md" in str(error.value)


def test_an_unknown_key_is_looked_for_everywhere() -> None:
    def said(config: dict[Any, Any]) -> str:
        (problem,) = unknown_keys(config, read_schema())
        return problem

    assert said({"epochs": 5}) == (
        "epochs is no config key; did you mean lstm.epochs or autoencoder.epochs?"
    )
    assert said({"lstm": {"dims": [2]}}).endswith("did you mean autoencoder.dims?")
    assert said({"lst": {"epochs": 5}}).endswith("did you mean lstm?")
    assert said({"lstm": {"batch-size": 5}}).endswith("did you mean lstm.batch_size?")
    assert "did you mean lstm.seeds, " in said({"lstm": {"seed": 5}})
    assert (
        said({"lstm.epochs": 5}) == "lstm.epochs stands in a section: write it as lstm: {epochs: …}"
    )
    assert "the keys of figures are transform" in said({"figures": {"qqqqqqq": 1}})
    assert "at the top are study, pathvars, data" in said({"qqqqqqq": 1})
    assert said({"lstm": {True: 1}}) == "lstm.true is no config key"


# The files in config/.


def test_readme_is_made_from_the_schema() -> None:
    readme = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert readme == reference(read_schema()), (
        "run: PYTHONPATH=workflow python -m signpaths.config > config/README.md"
    )


def test_readme_is_what_the_module_prints() -> None:
    assert python("-m", "signpaths.config") == reference(read_schema())


def test_the_demo_names_and_comments_every_key() -> None:
    text = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    assert list(config) == list(read_schema()["properties"])
    for section in SECTIONS:
        assert list(config[section]) == list(read_schema()["properties"][section]["properties"])
    lines = text.splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"(  )?\w+:", line) and line.removesuffix(":") not in SECTIONS:
            assert before.strip().startswith("#"), line


def test_the_demo_is_valid() -> None:
    config = merged("config.yaml")
    assert (config["study"], config["data"]["source"]) == ("demo", "simulate")
    assert config["simulate"] == defaults()["simulate"]


def test_auslan_is_the_schemas_defaults_but_for_its_data() -> None:
    config, default = merged("config.yaml", "auslan.yaml"), defaults()
    different = {key for key in KEYS if value_at(config, key) != value_at(default, key)}
    assert different == {
        "study",
        "data.source",
        "data.channels",
        "data.aliases",
        "data.exclude",
        "data.max_length",
        "data.padded_length",
        "split.train",
        "split.validation",
        "claims",
    }


def test_article_has_the_articles_settings() -> None:
    config, default = merged("config.yaml", "article.yaml"), defaults()
    different = {key: value_at(config, key) for key in KEYS}
    different = {key: own for key, own in different.items() if own != value_at(default, key)}
    assert len(different.pop("data.channels")) == 22
    assert different == {
        "study": "article",
        "data.source": "data/tctodd.tar.gz",
        "data.exclude": ["her", "his_hers"],
        "data.max_length": 89,
        "data.padded_length": 90,
        "split.train": 21,
        "split.validation": 3,
        "lstm.seeds": 1,
        "lstm.epochs": 400,
        "lstm.bucket": 1,
        "lstm.learning_rate": 0.001,
        "lstm.schedule": "constant",
        "lstm.clipnorm": None,
        "lstm.standardise": False,
        "lstm.mask": False,
        "lstm.noise": 0,
        "lstm.gain": 0,
        "lstm.offset": 0,
        "autoencoder.seeds": 1,
        "autoencoder.noise_draw": "fixed",
        "autoencoder.frames": "window",
        "autoencoder.validation": "frame",
        "autoencoder.epochs": 100,
        "autoencoder.batch_size": 128,
        "autoencoder.learning_rate": 0.001,
        "autoencoder.schedule": "constant",
        "figures.transform": "log1p",
    }


def test_sessions_trains_on_as_many_recordings_as_auslan() -> None:
    config = merged("config.yaml", "auslan.yaml", "sessions.yaml")
    other = merged("config.yaml", "auslan.yaml")
    takes_a_day, days = 3, 9
    assert config["split"]["train"] * takes_a_day == other["split"]["train"]
    assert config["split"]["validation"] * takes_a_day == other["split"]["validation"]
    assert config["split"]["train"] + config["split"]["validation"] < days
    assert {key for key in config if config[key] != other[key]} == {"study", "split", "seeds_vary"}


@pytest.mark.parametrize("name", ["auslan.yaml", "article.yaml"])
def test_overlays_say_only_what_may_differ(name: str) -> None:
    """A key in an overlay differs from the demo, or says what matters to that study."""
    overlay = yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
    demo = merged("config.yaml")
    same = {
        f"{section}.{key}"
        for section, own in overlay.items()
        if isinstance(own, dict)
        for key, value in own.items()
        if demo[section][key] == value
    }
    allowed = {"lstm.bucket", "lstm.noise", "lstm.gain", "lstm.offset"} | {
        f"autoencoder.{key}" for key in ("window", "learning_rate", "schedule", "patience")
    }
    assert same <= (allowed if name == "article.yaml" else set())


# Text from the command line.


@settings(deadline=None)
@given(
    st.sampled_from([key for key in KEYS if "." in key]).flatmap(
        lambda key: st.tuples(st.just(key), values(KEYS[key]))
    )
)
def test_the_command_line_gives_the_same_values_as_a_file(drawn: tuple[str, Any]) -> None:
    dotted, value = drawn
    if value in ("null", "~"):
        return  # as a title these are taken for nothing
    section, _, key = dotted.partition(".")
    text = yaml.safe_dump({key: value}, default_flow_style=True, width=math.inf)
    config = coerce(parse_config([f"{section}={text}"]), read_schema())
    assert config == {section: {key: value}}
    assert type(config[section][key]) is type(value)
    assert coerce(config, read_schema()) == config


@settings(deadline=None)
@given(st.sampled_from(list(KEYS)).flatmap(lambda key: st.tuples(st.just(key), values(KEYS[key]))))
def test_text_of_a_value_becomes_the_value(drawn: tuple[str, Any]) -> None:
    dotted, value = drawn
    if isinstance(value, str):
        return  # stays as it is, see below
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf)
    config = nested(dotted, text.removesuffix("...\n").strip())
    before = copy.deepcopy(config)
    assert coerce(config, read_schema()) == nested(dotted, value)
    assert config == before


@settings(deadline=None)
@given(texts)
def test_text_stays_where_text_is_asked_for(text: str) -> None:
    for dotted in ("study", "data.source", "data.pattern", "lstm.schedule"):
        assert coerce(nested(dotted, text), read_schema()) == nested(dotted, text)
    config = {"data": {"exclude": [text], "aliases": {text: text}}}
    assert coerce(config, read_schema()) == config


@pytest.mark.parametrize(
    ("dotted", "text", "value"),
    [
        ("lstm.epochs", "5", 5),
        ("lstm.epochs", "5.0", 5),
        ("lstm.epochs", 5.0, 5),
        ("lstm.epochs", "many", "many"),
        ("lstm.epochs", "5.5", "5.5"),
        ("lstm.epochs", "true", "true"),
        ("lstm.epochs", True, True),
        ("lstm.epochs", "", ""),
        ("lstm.epochs", "2026-01-01", "2026-01-01"),
        ("lstm.epochs", "2026-13-01", "2026-13-01"),
        ("lstm.epochs", "[", "["),
        ("lstm.learning_rate", "1e-3", 0.001),
        ("lstm.learning_rate", 1, 1.0),
        ("lstm.learning_rate", 10**400, math.inf),
        ("lstm.clipnorm", "null", None),
        ("lstm.clipnorm", "1", 1.0),
        ("lstm.mask", "true", True),
        ("lstm.mask", "no", False),
        ("lstm.mask", "1", "1"),
        ("autoencoder.dims", "[2, 3]", [2, 3]),
        ("autoencoder.dims", ["2", "3"], [2, 3]),
        ("autoencoder.dims", "2", "2"),
        ("data.channels", "null", None),
        ("data.channels", "[1, null]", ["1", "null"]),
        ("data.aliases", "{her: his_hers}", {"her": "his_hers"}),
        ("report.title", "null", None),
        ("report.title", "5", "5"),
        ("unknown.key", "5", "5"),
    ],
)
def test_coerce(dotted: str, text: Any, value: Any) -> None:
    result = value_at(coerce(nested(dotted, text), read_schema()), dotted)
    assert result == value
    assert type(result) is type(value)


def test_a_whole_section_as_text() -> None:
    assert coerce({"lstm": "{seeds: 5, mask: false}"}, read_schema()) == {
        "lstm": {"seeds": 5, "mask": False}
    }


def test_check_keys_changes_the_config_in_place() -> None:
    config = parse_config(["lstm={seeds: 5, clipnorm: null}", "study=trial"])
    assert config["lstm"]["seeds"] == "5"
    check_keys(config)
    assert config == {"lstm": {"seeds": 5, "clipnorm": None}, "study": "trial"}


# Types.


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("lstm.epochs", "many", "lstm.epochs is 'many', expected an integer of at least 1"),
        ("lstm.epochs", 0, "lstm.epochs is 0, expected an integer of at least 1"),
        ("lstm.epochs", True, "lstm.epochs is true, expected an integer of at least 1"),
        ("lstm.seeds", False, "lstm.seeds is false, expected an integer of at least 1"),
        ("lstm.learning_rate", True, "lstm.learning_rate is true, expected a number above 0"),
        ("lstm.patience", 0.5, "lstm.patience is 0.5, expected an integer of at least 1, or null"),
        ("lstm.mask", 1, "lstm.mask is 1, expected true or false"),
        ("lstm.schedule", "cosin", "expected constant, cosine or one_cycle; did you mean cosine?"),
        ("lstm.clipnorm", math.inf, "lstm.clipnorm is inf, expected a finite number"),
        ("simulate.noise", math.nan, "simulate.noise is nan, expected a finite number"),
        ("data.channels[0]", ["x", 5], "data.channels[1] is 5, expected text; put it in quotes"),
        ("data.channels", ["x", "x"], "expected a list of at least one, each text, none twice"),
        ("data.exclude[0]", [False], "data.exclude[0] is false, expected text; put it in quotes"),
        ("data.aliases", {"a=b": "c"}, "has the name 'a=b', expected a name without `=`"),
        ("data.aliases", {True: "c"}, "has the name true, expected a name without `=`; put it in"),
        ("data.aliases.a", {"a": 5}, "data.aliases.a is 5, expected text"),
        ("data.pattern", "a\0b", "data.pattern is 'a\\x00b', expected text that a file could hold"),
        ("autoencoder.dims", [2, 2], "autoencoder.dims is [2, 2], expected a list of at least one"),
        ("autoencoder.dims", [4], "autoencoder.dims[0] is 4, expected 2 or 3"),
        ("autoencoder.window", [1], "is [1], expected a list of 2, each an integer of at least 0"),
        ("stability.tau", 1.0, "stability.tau is 1.0, expected a number above 0 and below 1"),
        ("activations.mantissa_bits", 24, "expected an integer of at least 1 and of at most 23"),
        ("lstm", None, "lstm is null, expected a section, with its keys indented below it"),
        ("lstm", 5, "lstm is 5, expected a section"),
        ("study", 2024, "study is 2024, expected a name of letters"),
        ("report.title", 5, "report.title is 5, expected text, or null; put it in quotes"),
    ],
)
def test_type_errors(dotted: str, value: Any, message: str) -> None:
    config = nested(re.sub(r"\[.*|(?<=aliases)\..*", "", dotted), value)
    (problem,) = type_errors(config, read_schema())
    assert message in problem
    with pytest.raises(UserError, match="the config has a problem:") as error:
        check_keys(config)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    "study",
    [
        "",
        ".",
        "..",
        "../up",
        "a/b",
        "/etc",
        "-rf",
        "~",
        "a b",
        "a;b",
        "a\n",
        "a\\b",
        "$HOME",
        "ż",
        "x" * 101,
        "{study}",
        "<study>",
        "a*",
        "a'b",
    ],
)
def test_a_study_that_is_no_safe_folder_name_is_refused(study: str) -> None:
    with pytest.raises(UserError, match="study is"):
        check_keys({"study": study})


@pytest.mark.parametrize("study", ["demo", "auslan-2", "a.b_C", "1", "x" * 100])
def test_a_study_that_is_a_safe_folder_name_is_taken(study: str) -> None:
    check_keys({"study": study})


@settings(deadline=None)
@given(st.sampled_from(list(KEYS)).flatmap(lambda key: st.tuples(st.just(key), values(KEYS[key]))))
def test_values_of_the_schema_are_taken(drawn: tuple[str, Any]) -> None:
    assert type_errors(nested(*drawn), read_schema()) == []


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text() | st.booleans(), inner, max_size=3)
        ),
    ),
    st.sampled_from([*KEYS, *SECTIONS]),
)
def test_anything_is_taken_or_refused_in_words(value: Any, dotted: str) -> None:
    config = nested(dotted, value)
    with contextlib.suppress(UserError):
        checked(config)


# Values together.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__source": "ftp://host/a.tar"}, "expected http:// or https://, a folder"),
        ({"data__pattern": "(?P<sign>"}, "data.pattern is no regular expression: "),
        (
            {"data__pattern": r"(?P<sign>.)(\d)"},
            "data.pattern has no group take; write (?P<take>…)",
        ),
        ({"data__pattern": r"(.)(?P<take>\d)"}, "data.pattern has no group sign"),
        (
            {"data__pattern": r"(?P<sesion>.)(?P<sign>.)(?P<take>\d)"},
            "data.pattern has a group sesion; it may name sign, take and session",
        ),
        ({"data__aliases": {"a": "b", "b": "c"}}, "write a: c"),
        (
            {"data__max_length": 90, "data__padded_length": 89},
            "data.padded_length is 89, expected at least data.max_length, which is 90",
        ),
        (
            {"simulate__twins": 1, "simulate__prefixes": 0, "simulate__crossings": 0},
            "crossings and others make 2 signs, expected at least 3",
        ),
        ({"data__channels": ["x"]}, "data.channels has 1 names, but simulated recordings have 22"),
        ({"split__train": 1.5}, "split.train is 1.5, expected a share below 1 or a whole number"),
        ({"split__validation": 2.5}, "split.validation is 2.5, expected a share"),
        ({"split__train": 0.9, "split__validation": 0.1}, "leaves nothing for the test set"),
        ({"split__train": 0.7, "split__validation": 0.3}, "leaves nothing for the test set"),
        ({"autoencoder__window": [64, 10]}, "expected the first step before the last"),
        (
            {
                "autoencoder__frames": "window",
                "autoencoder__window": [10, 90],
                "data__padded_length": 90,
            },
            "expected steps up to 89",
        ),
        ({"stability__apart": 0.6}, "stability.apart is 0.6, expected at most stability.tau"),
        (
            {"report__reference_seed": 20},
            "report.reference_seed is 20, but lstm.seeds is 20: expected a seed from 0 to 19",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    config = defaults(**changes)
    assert type_errors(config, read_schema()) == []
    (problem,) = cross_checks(config)
    assert message in problem
    with pytest.raises(UserError, match="the config has a problem"):
        check_values(config)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data__source": "https://host/a.tar.gz"},
        {"data__source": "C:/signs"},
        {"data__pattern": r"(?P<sign>.)(?P<take>\d{1,2})"},
        {"data__aliases": {"her": "his_hers", "hers": "his_hers", "his": "his"}},
        {"data__max_length": 90, "data__padded_length": 90},
        {"data__max_length": 90},
        {"split__train": 21.0, "split__validation": 0.5},
        {"split__train": 0.8, "split__validation": 0.19},
        {"autoencoder__window": [10, 90], "data__padded_length": 90},
        {"autoencoder__window": [10, 10], "autoencoder__frames": "window"},
        {"simulate__twins": 0, "simulate__prefixes": 0, "data__channels": None},
        {"simulate__twins": 1, "simulate__prefixes": 0, "simulate__crossings": 0}
        | {"simulate__others": 1},
        {"simulate__twins": 0, "simulate__prefixes": 0, "simulate__crossings": 0}
        | {"data__source": "signs", "data__channels": ["x"]},
        {"report__reference_seed": 19},
    ],
)
def test_values_that_fit_are_taken(changes: dict[str, Any]) -> None:
    check_values(defaults(**changes))


def test_an_alias_of_itself_undoes_one_of_an_earlier_file() -> None:
    config = merged("config.yaml", "auslan.yaml")
    update_config(config, {"data": {"aliases": {"her": "her"}}})
    check_values(config)


def test_all_problems_are_named_at_once() -> None:
    config = {
        "study": "a/b",
        "lstm": {"epoch": 5, "batch_size": "many", "seeds": "3"},
        "report": {"reference_seed": 3},
        "stability": {"tau": 2},
    }
    beginnings = [
        "lstm.epoch is no config key; did you mean lstm.epochs",
        "study is 'a/b', expected a name",
        "lstm.batch_size is 'many', expected an integer",
        "stability.tau is 2.0, expected a number",
        "report.reference_seed is 3, but lstm.seeds is 3",
    ]
    with pytest.raises(UserError) as error:
        check_keys(config)
    lines = str(error.value).splitlines()
    assert lines[0] == "the config has 5 problems:"
    for line, beginning in zip(lines[1:-1], beginnings, strict=True):
        assert line.startswith(f"  - {beginning}")
    assert lines[-1] == "Every key is described in config/README.md."


def test_a_wrong_value_is_not_compared_with_others() -> None:
    """Each check is left out when one of its keys is wrong: its words would mislead or break."""
    for keys in study_config.CHECKS:
        for dotted in keys.split():
            with pytest.raises(UserError) as error:
                check_keys(nested(dotted, {"no": ["such", None]}))
            assert "the config has a problem:" in str(error.value)


# Options of a shell line.


def test_options() -> None:
    config = merged("config.yaml", "auslan.yaml")
    assert options(config, "lstm", "units epochs mask clipnorm patience") == (
        "--units=100 --epochs=80 --mask --clipnorm=1.0"
    )
    assert options(config, "lstm", "epochs units") == "--epochs=80 --units=100"
    assert options(config, "autoencoder", "layers window") == (
        "--layers=600 --layers=150 --window=10 64"
    )
    assert options(config, "data", "aliases max_length channels").startswith(
        "--aliases=her=his_hers --max-length=90 --channels=left_x --channels=left_y"
    )
    article = merged("config.yaml", "article.yaml")
    assert options(article, "lstm", "mask standardise clipnorm learning_rate") == (
        "--no-mask --no-standardise --clipnorm=none --learning-rate=0.001"
    )
    assert options(article, "data", "aliases") == "--empty-aliases"
    empty = defaults(autoencoder__layers=[])
    assert options(empty, "autoencoder", "layers") == "--empty-layers"
    assert options(empty, "data", "channels max_length") == ""
    assert options(defaults(data__aliases={"b": "c", "a": "c"}), "data", "aliases") == (
        "--aliases=a=c --aliases=b=c"
    )


def test_options_of_an_unknown_key_are_an_error() -> None:
    for section, keys in (("lstm", "units epoch"), ("lstn", "units"), ("lstm", "dims")):
        with pytest.raises(KeyError):
            options(defaults(), section, keys)


def test_null_can_be_told_from_a_default() -> None:
    """Only numbers can be null with another default: text and lists have no word for it."""
    for dotted, own in KEYS.items():
        if "null" in own["type"] and own["default"] is not None:
            assert set(own["type"]) <= {"null", "integer", "number"}, dotted


@settings(deadline=None)
@given(texts, st.lists(texts.filter(bool), unique=True, min_size=1))
def test_options_are_quoted(pattern: str, channels: list[str]) -> None:
    config = defaults(data__pattern=pattern, data__channels=channels)
    words = shlex.split(options(config, "data", "pattern channels"))
    assert words == [f"--pattern={pattern}", *(f"--channels={name}" for name in channels)]


def test_a_shell_hands_options_on_as_they_are() -> None:
    line = options(defaults(data__exclude=NASTY), "data", "exclude")
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {line}"
    printed = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True)
    assert json.loads(printed.stdout) == [f"--exclude={name}" for name in NASTY]


@settings(max_examples=20, deadline=None)
@given(st.data())
@pytest.mark.parametrize(("stage", "kind"), STAGES)
def test_stages_read_options_as_the_config_gives_them(
    stage: str, kind: type, data: st.DataObject
) -> None:
    section = STAGE_SECTION.get(stage, stage)
    names = [field.name for field in dataclasses.fields(kind)]
    config = defaults()
    for name in names:
        config[section][name] = data.draw(values(KEYS[f"{section}.{name}"]), label=name)
    default = kind()
    app = App(result_action="return_value")

    def command(*, options: Any = default) -> Any:
        return options

    command.__annotations__["options"] = kind
    app.default(command)
    words = shlex.split(options(config, section, " ".join(names)))
    read = app(words, exit_on_error=False, print_error=False)
    for name in names:
        value = config[section][name]
        if isinstance(value, dict):
            value = [f"{key}={value[key]}" for key in sorted(value)]
        if isinstance(value, list):
            value = tuple(value)
        assert getattr(read, name) == value, name


@pytest.mark.parametrize(("stage", "kind"), STAGES)
def test_options_of_stages_are_keys_with_the_same_defaults(stage: str, kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kind(), dataclasses.fields(kind)[0].name, None)
    section = STAGE_SECTION.get(stage, stage)
    for field in dataclasses.fields(kind):
        assert f"{section}.{field.name}" in KEYS, f"{kind.__name__}.{field.name} is no config key"
        default = KEYS[f"{section}.{field.name}"]["default"]
        own = getattr(kind(), field.name)
        if isinstance(own, tuple):
            own, default = list(own), list(default)
        assert own == default, f"{kind.__name__}.{field.name}"
        assert isinstance(own, bool) == isinstance(default, bool)


def test_every_key_is_an_option_of_a_stage_or_read_by_the_rules() -> None:
    of_stages = {
        f"{STAGE_SECTION.get(stage, stage)}.{field.name}"
        for stage, kind in STAGES
        for field in dataclasses.fields(kind)
    }
    assert of_stages | KEYS_OF_RULES == set(KEYS)
    assert not of_stages & KEYS_OF_RULES


def test_rules_hand_every_option_on() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    calls = re.findall(r'\boptions\(\s*"(\w+)",\s*((?:"[^"]*"\s*)+)', text)
    handed = {
        f"{section}.{key}" for section, keys in calls for key in keys.replace('"', "").split()
    }
    assert handed == set(KEYS) - KEYS_OF_RULES


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, signpaths.config; "
        "print(*({'numpy', 'xarray', 'tensorflow', 'snakemake', 'jsonschema'} & set(sys.modules)))"
    )
    assert python("-c", code).strip() == ""
