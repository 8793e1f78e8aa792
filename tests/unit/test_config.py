"""The config: what is made from the models, files, checks and the options that rules hand on."""

import contextlib
import copy
import inspect
import itertools
import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from cyclopts import App
from hypothesis import assume, given, settings
from signpaths.checks import CHECKS
from signpaths.config import checked, missing_source, options, read_text
from signpaths.errors import UserError
from signpaths.options import GLOVES, Options, Study
from signpaths.schema import expected, schema, schema_keys
from signpaths.stages import BY_RULE, STAGES
from snakemake.cli import parse_config
from snakemake.utils import update_config, validate

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
KEYS = schema_keys(schema())
SECTIONS = [name for name, own in schema()["properties"].items() if "properties" in own]
NULLS = ("null", "Null", "NULL", "~")
# Config files in the order in which they are read.
DEMO = ("config.yaml", "demo.yaml")
AUSLAN = ("config.yaml", "auslan.yaml")
ARTICLE = (*AUSLAN, "article.yaml")
SESSIONS = (*AUSLAN, "sessions.yaml")
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
    "[1]",
    "{}",
    '{"claim": 1}',
    "none",
]


def read(name: str) -> dict[str, Any]:
    """Read a config file."""
    return yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))


def merged(*names: str) -> dict[str, Any]:
    """Lay config files over each other and check them as Snakemake does."""
    config: dict[str, Any] = {}
    for name in names:
        update_config(config, read(name))
    return checked(config)


def python(*arguments: str) -> str:
    """Run Python with the library and give what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout


def defaults(**changes: Any) -> dict[str, Any]:
    """Give all defaults, with changes such as `lstm__epochs=5`."""
    config = Study().model_dump(mode="json")
    for dotted, value in changes.items():
        update_config(config, nested(dotted.replace("__", "."), value))
    return config


def problems(config: dict[Any, Any]) -> list[str]:
    """List what is wrong with a config, and hold the message around it to its form."""
    try:
        checked(config)
    except UserError as error:
        first, *lines, last = str(error).splitlines()
        count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
        assert first == f"the config has {count}:"
        assert all(line.startswith("  - ") for line in lines)
        assert last == "Every key is described in config/README.md."
        return [line.removeprefix("  - ") for line in lines]
    return []


def resolved(config: dict[str, Any]) -> Study:
    """Read a config that is right key by key, whether its values fit together or not."""
    return Study.model_validate(read_text(config, schema()))


def value_at(config: dict[str, Any], dotted: str) -> Any:
    """Look a dotted key up."""
    section, _, key = dotted.rpartition(".")
    return config[section][key] if section else config[key]


def nested(dotted: str, value: Any) -> dict[str, Any]:
    """Write a dotted key as a config."""
    section, _, key = dotted.rpartition(".")
    return {section: {key: value}} if section else {key: value}


def differences(config: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Give the values of a config that differ from another's, by dotted key."""
    values = {key: value_at(config, key) for key in KEYS}
    return {key: value for key, value in values.items() if value != value_at(other, key)}


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
) | st.sampled_from(NASTY)


def values(own: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw what a schema takes."""
    kinds = own["type"] if isinstance(own["type"], list) else [own["type"]]
    return st.one_of([_values(kind, own) for kind in kinds])


def _values(kind: str, own: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in own:
        return st.sampled_from(own["enum"])
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        return st.integers(own.get("minimum", -(10**6)), own.get("maximum", 10**9))
    if kind == "number":
        low = own.get("minimum", own.get("exclusiveMinimum"))
        high = own.get("maximum", own.get("exclusiveMaximum"))
        return st.floats(
            low,
            high,
            exclude_min="exclusiveMinimum" in own,
            exclude_max="exclusiveMaximum" in own,
            allow_nan=False,
            allow_infinity=False,
        )
    if kind == "string":
        if "pattern" in own:
            return st.from_regex(own["pattern"], fullmatch=True).filter(
                lambda text: len(text) <= 100
            )
        return texts.filter(lambda text: len(text) >= own.get("minLength", 0))
    if kind == "array":
        return st.lists(
            values(own["items"]),
            min_size=own.get("minItems", 0),
            max_size=own.get("maxItems", 4),
            unique_by=str if own.get("uniqueItems", False) else None,
        )
    if "required" in own:
        return _claims()
    names = texts.filter(lambda text: text != "" and "=" not in text)
    return st.dictionaries(names, values(own["additionalProperties"]), max_size=3)


def _claims() -> st.SearchStrategy[Any]:
    some = texts.filter(bool)
    free = {"claim": some, "kind": st.sampled_from(["close", "crossing"])}
    signs = st.lists(some, min_size=2, max_size=2, unique=True)
    optional = {"said": texts, "space": texts}
    return st.fixed_dictionaries(
        free | {"signs": signs}, optional=optional
    ) | st.fixed_dictionaries(free | {"kind": st.just("handedness")}, optional=optional)


drawn_keys = st.sampled_from(list(KEYS)).flatmap(
    lambda key: st.tuples(st.just(key), values(KEYS[key]))
)


# What is made from the models.


def test_every_key_has_a_description_and_a_default_that_it_takes() -> None:
    for dotted, own in KEYS.items():
        assert own["description"].endswith("."), dotted
        assert expected(own), dotted
        assert resolved(nested(dotted, own["default"])) == Study(), dotted
    for section in SECTIONS:
        own = schema()["properties"][section]
        assert own["description"].endswith(".")
        assert own["default"] == {}


def test_nothing_is_taken_that_is_not_in_the_schema() -> None:
    assert schema()["additionalProperties"] is False
    for section in SECTIONS:
        assert schema()["properties"][section]["additionalProperties"] is False
    for dotted, own in KEYS.items():
        if "object" in own["type"]:
            assert own["additionalProperties"]["type"] == "string", dotted


def test_the_schema_can_be_read_as_it_is() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    assert not re.search(r"\$ref|\$defs|(any|one|all)Of|&id|prefixItems", text)
    bounds = {"ge", "gt", "le", "lt"}  # what pydantic writes where it cannot say minimum
    assert not any(bounds & set(own) for own in KEYS.values())


def test_snakemake_fills_in_the_same_defaults() -> None:
    some: dict[str, Any] = {"lstm": {"seeds": 3}, "data": {"aliases": {"a": "b"}}}
    empty: dict[str, Any] = {"lstm": {}}
    for before in ({}, empty, some):
        config = copy.deepcopy(before)
        validate(config, str(SCHEMA))
        assert config == checked(before)


@pytest.mark.parametrize("dotted", KEYS)
def test_a_mistyped_key_is_refused_with_its_name(dotted: str) -> None:
    section, _, key = dotted.rpartition(".")
    for wrong in (key[:-1] if len(key) > 3 else f"{key}s", key.upper(), f"{key}_"):
        found = f"{section}.{wrong}".removeprefix(".")
        (problem,) = problems(nested(found, KEYS[dotted]["default"]))
        assert problem.startswith(f"{found} is no config key; did you mean ")
        assert dotted in problem


def test_an_unknown_key_is_looked_for_everywhere() -> None:
    def said(config: dict[Any, Any]) -> str:
        (problem,) = problems(config)
        return problem

    assert said({"epochs": 5}) == (
        "epochs is no config key; did you mean lstm.epochs, autoencoder.epochs or shared.epochs?"
    )
    assert said({"lstm": {"dims": [2]}}).endswith("did you mean autoencoder.dims?")
    assert said({"lst": {"epochs": 5}}).endswith("did you mean lstm?")
    assert said({"lstm": {"batch-size": 5}}).endswith("did you mean lstm.batch_size?")
    assert "did you mean lstm.seeds, " in said({"lstm": {"seed": 5}})
    assert (
        said({"lstm.epochs": 5}) == "lstm.epochs stands in a section: write it as lstm: {epochs: …}"
    )
    assert "the keys of figures are pairs, signs, transform, film_seconds" in said(
        {"figures": {"qqqqqqq": 1}}
    )
    assert "at the top are study, pathvars, seeds_vary, claims, data" in said({"qqqqqqq": 1})
    assert said({"lstm": {True: 1}}) == "lstm.true is no config key"
    assert said({None: 1}) == "null is no config key"
    claim = {"claim": "a", "kind": "handedness", "sings": []}
    assert said({"claims": [claim]}) == (
        "claims[0].sings is no config key; did you mean claims[0].signs?"
    )


# The files in config/.


def test_the_base_names_and_comments_every_key_with_its_default() -> None:
    text = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")
    config = read("config.yaml")
    assert config == defaults()
    assert list(config) == list(schema()["properties"])
    for section in SECTIONS:
        assert list(config[section]) == list(schema()["properties"][section]["properties"])
    lines = text.splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"(  )?\w+:", line) and line.removesuffix(":") not in SECTIONS:
            assert before.strip().startswith("#"), line


def test_the_base_needs_a_source_and_says_so() -> None:
    assert merged("config.yaml")["data"]["source"] is None
    assert all(word in missing_source() for word in ("data.source", "--configfile", "make demo"))


@pytest.mark.parametrize("names", [DEMO, AUSLAN, SESSIONS, ARTICLE])
def test_overlays_say_only_what_they_change(names: tuple[str, ...]) -> None:
    overlay, below = read(names[-1]), merged(*names[:-1])
    for name, own in overlay.items():
        for dotted in [f"{name}.{key}" for key in own] if name in SECTIONS else [name]:
            assert value_at(overlay, dotted) != value_at(below, dotted), dotted


@pytest.mark.parametrize("names", [DEMO, AUSLAN, SESSIONS, ARTICLE])
def test_files_keep_to_the_schema_as_they_stand(names: tuple[str, ...]) -> None:
    for name in names:
        validate(read(name), str(SCHEMA))


def test_the_demo_needs_nothing() -> None:
    config = merged(*DEMO)
    assert (config["study"], config["data"]["source"]) == ("demo", "simulate")
    assert config["data"]["channels"] == list(GLOVES)
    # Of everything that can be planted there is something.
    planted = ("twins", "prefixes", "crossings", "learned", "trembling", "flickering")
    assert all(config["simulate"][name] > 0 for name in planted)


def test_auslan_is_the_base_but_for_its_data() -> None:
    assert set(differences(merged(*AUSLAN), defaults())) == {
        "study",
        "data.source",
        "data.channels",
        "data.aliases",
        "data.exclude",
        "data.max_length",
        "data.padded_length",
        "split.train",
        "split.validation",
        "figures.pairs",
        "figures.signs",
        "figures.maps",
        "claims",
    }


def test_article_has_the_articles_settings() -> None:
    different = differences(merged(*ARTICLE), defaults())
    assert different.pop("data.channels") == list(GLOVES)
    assert different.pop("figures.pairs")[0] == ["think", "crazy"]
    # The article's figures 7 to 10.
    assert different.pop("figures.signs")[:4] == [
        *(["drink", "danger"], ["who", "soon"], ["think", "crazy"]),
        ["think", "crazy", "sorry", "you"],
    ]
    assert different == {
        "study": "article",
        "data.source": "data/tctodd.tar.gz",
        "data.aliases": {"her": "his_hers"},
        "data.exclude": ["his_hers"],
        "data.max_length": 89,
        "data.padded_length": 90,
        "split.train": 21,
        "split.validation": 3,
        "lstm.seeds": 5,
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
        "figures.runs": ["best"],
        "figures.maps": ["ae", "pca", "shared_ae"],
    }


def test_sessions_trains_on_as_many_recordings_as_auslan() -> None:
    config = merged(*SESSIONS)
    other = merged(*AUSLAN)
    takes_a_day, days = 3, 9
    assert config["split"]["train"] * takes_a_day == other["split"]["train"]
    assert config["split"]["validation"] * takes_a_day == other["split"]["validation"]
    assert config["split"]["train"] + config["split"]["validation"] < days
    assert {key for key in config if config[key] != other[key]} == {"study", "split", "seeds_vary"}


# Text from the command line.


@settings(deadline=None)
@given(drawn_keys)
def test_the_command_line_gives_the_same_values_as_a_file(drawn: tuple[str, Any]) -> None:
    dotted, value = drawn
    # As a title these are taken for nothing.
    assume("." in dotted and value not in NULLS)
    section, _, key = dotted.partition(".")
    text = yaml.safe_dump({key: value}, default_flow_style=True, width=math.inf)
    assert resolved(parse_config([f"{section}={text}"])) == Study.model_validate(nested(*drawn))


@settings(deadline=None)
@given(drawn_keys)
def test_text_of_a_value_becomes_the_value(drawn: tuple[str, Any]) -> None:
    dotted, value = drawn
    assume(not isinstance(value, str))  # stays as it is, see below
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf)
    config = nested(dotted, text.removesuffix("...\n").strip())
    before = copy.deepcopy(config)
    assert resolved(config) == Study.model_validate(nested(*drawn))
    assert config == before


@settings(deadline=None)
@given(texts)
def test_text_stays_where_text_is_asked_for(text: str) -> None:
    assume(text not in NULLS)
    for dotted in ("study", "data.source", "data.pattern", "lstm.schedule", "report.title"):
        assert read_text(nested(dotted, text), schema()) == nested(dotted, text)
    config = {"data": {"exclude": [text], "aliases": {text: text}}}
    assert read_text(config, schema()) == config


@pytest.mark.parametrize(
    ("dotted", "given", "value"),
    [
        ("lstm.epochs", "5", 5),
        ("lstm.epochs", "5.0", 5),
        ("lstm.epochs", 5.0, 5),
        ("lstm.learning_rate", "1e-3", 0.001),
        ("lstm.learning_rate", 1, 1.0),
        ("lstm.clipnorm", "null", None),
        ("lstm.clipnorm", "1", 1.0),
        ("lstm.mask", "true", True),
        ("lstm.mask", "no", False),
        ("autoencoder.dims", "[2, 3]", [2, 3]),
        ("autoencoder.dims", ["2", "3"], [2, 3]),
        ("data.channels", "null", None),
        ("data.channels", "[1, null]", ["1", "null"]),
        ("data.channels", "gloves", list(GLOVES)),
        ("data.aliases", "{her: his_hers}", {"her": "his_hers"}),
        ("data.source", "null", None),
        ("report.title", "null", None),
        ("report.title", "5", "5"),
    ],
)
def test_values_get_the_one_spelling_of_their_key(dotted: str, given: Any, value: Any) -> None:
    result = value_at(checked(nested(dotted, given)), dotted)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("dotted", "text"),
    [
        ("lstm.epochs", "many"),
        ("lstm.epochs", "true"),
        ("lstm.epochs", ""),
        ("lstm.epochs", "2026-01-01"),
        ("lstm.epochs", "2026-13-01"),
        ("lstm.epochs", "["),
        ("lstm.mask", "1"),
        ("autoencoder.dims", "2"),
        ("data.channels", "glove"),
        ("data.channels", ""),
    ],
)
def test_text_that_is_not_what_is_wanted_is_shown(dotted: str, text: str) -> None:
    (problem,) = problems(nested(dotted, text))
    assert problem.startswith(f"{dotted} is {text!r}, expected ")


def test_a_whole_section_as_text() -> None:
    config = checked({"lstm": "{seeds: 5, mask: false}"})
    assert (config["lstm"]["seeds"], config["lstm"]["mask"]) == (5, False)


def test_checking_leaves_the_config_as_it_was() -> None:
    config = parse_config(["lstm={seeds: 5, clipnorm: null}", "study=trial"])
    before = copy.deepcopy(config)
    assert before["lstm"]["seeds"] == "5"
    assert checked(config) == defaults(lstm__seeds=5, lstm__clipnorm=None, study="trial")
    assert config == before
    assert checked(checked(config)) == checked(config)


# Types.


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("lstm.epochs", "many", "lstm.epochs is 'many', expected an integer from 1 to 100,000"),
        ("lstm.epochs", 0, "lstm.epochs is 0, expected an integer from 1 to 100,000"),
        ("lstm.epochs", True, "lstm.epochs is true, expected an integer from 1 to 100,000"),
        ("lstm.seeds", False, "lstm.seeds is false, expected an integer from 1 to 10,000"),
        ("lstm.learning_rate", True, "lstm.learning_rate is true, expected a number above 0"),
        (
            "lstm.patience",
            0.5,
            "lstm.patience is 0.5, expected an integer from 1 to 100,000, or null",
        ),
        ("lstm.mask", 1, "lstm.mask is 1, expected true or false"),
        ("lstm.schedule", "cosin", "expected constant, cosine or one_cycle; did you mean cosine?"),
        ("lstm.learning_rate", 10**400, "expected a finite number"),
        ("lstm.clipnorm", math.inf, "lstm.clipnorm is inf, expected a finite number"),
        ("simulate.noise", math.nan, "simulate.noise is nan, expected a finite number"),
        ("data.channels", ["x", 5], "data.channels[1] is 5, expected text; put it in quotes"),
        ("data.channels", ["x", "x"], "expected a list of at least one, each text, none twice"),
        ("data.exclude", [False], "data.exclude[0] is false, expected text; put it in quotes"),
        ("data.channels", "\ud800", "is '\\ud800', expected text that a file could hold"),
        ("data.aliases", {"a=b": "c"}, "has the name 'a=b', expected a name without `=`"),
        ("data.aliases", {True: "c"}, "has the name true, expected a name without `=`; put it in"),
        ("data.aliases", {"a": 5}, "data.aliases.a is 5, expected text"),
        ("data.pattern", "a\0b", "data.pattern is 'a\\x00b', expected text that a file could hold"),
        ("autoencoder.dims", [2, 2], "autoencoder.dims is [2, 2], expected a list of at least one"),
        ("autoencoder.dims", [4], "autoencoder.dims[0] is 4, expected 2 or 3"),
        (
            "autoencoder.window",
            [1],
            "is [1], expected a list of 2, each an integer from 0 to 100,000",
        ),
        ("stability.tau", 1.0, "stability.tau is 1.0, expected a number from 0.01 to 0.99"),
        ("activations.mantissa_bits", 24, "expected an integer from 1 to 23"),
        ("autoencoder.window", [1, 2, 3], "is [1, 2, 3], expected a list of 2, each an integer"),
        ("claims", 5, "claims is 5, expected a list, each a map with the keys claim, kind, signs"),
        ("claims", [{"claim": "a"}], "claims[0].kind is missing, expected close, apart"),
        (
            "claims",
            [{"claim": "a", "kind": "close", "signs": ["b", "b"]}],
            'claims[0].signs is ["b", "b"], expected two different signs, or none for',
        ),
        (
            "claims",
            [{"claim": "a", "kind": "handedness", "signs": ["b", "c"]}],
            "expected two different signs, or none for `handedness`",
        ),
        ("lstm", None, "lstm is null, expected a section, with its keys indented below it"),
        ("lstm", 5, "lstm is 5, expected a section"),
        ("study", 2024, "study is 2024, expected a name of letters"),
        ("report.title", 5, "report.title is 5, expected text, or null; put it in quotes"),
    ],
)
def test_wrong_values(dotted: str, value: Any, message: str) -> None:
    (problem,) = problems(nested(dotted, value))
    assert problem.startswith(dotted)
    assert message in problem


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
        checked({"study": study})


@pytest.mark.parametrize("study", ["demo", "auslan-2", "a.b_C", "1", "x" * 100])
def test_a_study_that_is_a_safe_folder_name_is_taken(study: str) -> None:
    checked({"study": study})


@settings(deadline=None)
@given(drawn_keys)
def test_values_of_the_schema_are_taken(drawn: tuple[str, Any]) -> None:
    Study.model_validate(nested(*drawn))


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
    with contextlib.suppress(UserError):
        checked({dotted: value, str(value): value} | ({value: 1} if value is None else {}))


# Values together.

SIMULATE = {"data__source": "simulate"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"data__source": "ftp://host/a.tar"},
            "expected a folder, an archive, an http:// or https://",
        ),
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
            SIMULATE | {"simulate__twins": 1, "simulate__prefixes": 0, "simulate__crossings": 0},
            "from twins to others, make 2 signs, expected at least 3",
        ),
        (
            SIMULATE | {"data__channels": ["x"]},
            "data.channels has 1 names, but simulated recordings have 22",
        ),
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
        ({"stability__rare": 0.9}, "stability.rare is 0.9, expected less than stability.firm"),
        (
            {"closeness__dtw": ["hidden", "hiden"]},
            "closeness.dtw names the space hiden, expected hidden, last, untrained, pca2, pca3, "
            "ae2, ae3, shared_pca2, shared_pca3, shared_ae2 or shared_ae3; did you mean hidden?",
        ),
        (
            {"claims": [{"claim": "c", "kind": "handedness", "space": "ae4"}]},
            "claims[0].space is ae4, expected hidden, ",
        ),
        ({"lstm__units": 1, "autoencoder__dims": [2]}, "lstm.units is 1, expected at least 2"),
        (
            {"report__reference_seed": 20},
            "report.reference_seed is 20, but lstm.seeds is 20: expected a seed from 0 to 19",
        ),
        (
            {"figures__runs": ["best", "19", "20"]},
            "figures.runs names network 20, but lstm.seeds is 20: expected a seed from 0 to 19",
        ),
        (
            {"figures__maps": ["ae", "shared_ae"], "shared__seeds": 0},
            "figures.maps names shared_ae, but shared.seeds is 0",
        ),
        ({"shared__frames": 99}, "expected at least 100: 10 of each of the 10 networks"),
        ({"shared__frames": 19, "lstm__seeds": 2}, "at least 20: 10 of each of the 2 networks"),
        ({"data__source": "http://"}, "data.source is 'http://', expected a folder, an archive"),
        ({"data__source": "simulat"}, "no such file or folder; did you mean simulate?"),
        ({"data__source": "/dev/zero"}, "'/dev/zero', which is neither a file nor a folder"),
        ({"data__source": "x" * 5000}, "which cannot be read: File name too long"),
        (
            {"data__pattern": "(?P<sign>(a+)+)(?P<take>[0-9])$"},
            "whose search hardly ends on a path such as 'aaaa",
        ),
        (SIMULATE | {"simulate__others": 1000}, "make 1012 signs, expected at most 500"),
        (
            SIMULATE | {"simulate__takes": 1000, "simulate__sessions": 9},
            "simulate makes 108,000 recordings",
        ),
        (
            {
                "autoencoder__frames": "window",
                "autoencoder__window": [10, 90],
                "data__max_length": 90,
            },
            "expected steps up to 89: they are counted from 0, and data.max_length is 90",
        ),
        (
            {"autoencoder__layers": [9000, 9000]},
            "autoencoder.layers is [9000, 9000], which makes 163,800,000 weights",
        ),
        (
            {"lstm__seeds": 10_000, "autoencoder__seeds": 6},
            "ask for 120,000 autoencoders (10000 x 6 x 2), expected at most 100,000",
        ),
        ({"report__compare": ["study"]}, "report.compare names study, which is this study"),
        (
            {"pathvars": {"resutls": "out"}},
            "pathvars.resutls is no path variable, expected results, logs, study, stats, reports, "
            "temp, resources or benchmarks; did you mean results?",
        ),
        (
            {"data__exclude": [f"sign {number}" for number in range(9000)]},
            "the options of stage sequences are ",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    config = defaults(**changes)
    Study.model_validate(config)
    (problem,) = problems(config)
    assert message in problem


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
        SIMULATE | {"simulate__twins": 0, "simulate__prefixes": 0, "data__channels": None},
        SIMULATE | {"data__channels": "gloves"},
        SIMULATE
        | {"simulate__twins": 1, "simulate__prefixes": 0, "simulate__crossings": 0}
        | {"simulate__others": 1},
        {"simulate__twins": 0, "simulate__prefixes": 0, "simulate__crossings": 0}
        | {"data__source": "signs", "data__channels": ["x"]},
        {"report__reference_seed": 19},
        {"data__source": "."},
        {"data__source": "no/such.zip"},
        {"report__compare": ["other"], "pathvars": {"results": "out", "benchmarks": "b"}},
        {"data__exclude": [f"sign {number}" for number in range(2000)]},
        {"shared__frames": 20, "lstm__seeds": 2},
        {"closeness__dtw": ["hidden", "ae3"], "autoencoder__dims": [3]},
        {"claims": [{"claim": "c", "kind": "handedness", "space": "ae2"}]}
        | {"autoencoder__dims": [3]},
    ],
)
def test_values_that_fit_are_taken(changes: dict[str, Any]) -> None:
    checked(defaults(**changes))


def test_an_alias_of_itself_undoes_one_of_an_earlier_file() -> None:
    config = merged(*AUSLAN)
    update_config(config, {"data": {"aliases": {"her": "her"}}})
    checked(config)


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
        "stability.tau is 2, expected a number",
        "report.reference_seed is 3, but lstm.seeds is 3",
    ]
    for problem, beginning in zip(problems(config), beginnings, strict=True):
        assert problem.startswith(beginning)


def test_a_wrong_value_is_not_compared_with_others() -> None:
    """Each check is left out when one of its keys is wrong: its words would mislead or break."""
    for keys in CHECKS:
        for dotted in keys.split():
            assert len(problems(nested(dotted, {"no": ["such", None]}))) == 1


# Options of a shell line.


def taken(model: type[Options]) -> set[str]:
    """Name the keys whose values a model of a stage holds."""
    fields = Study.model_fields.items()
    section = next((f"{name}." for name, field in fields if isinstance(field.default, model)), "")
    return {section + key for key in model.model_fields}


def command_of(rule: str) -> Callable[[str], Any]:
    """Make a command that takes a stage's options and gives their models."""
    parameters = [
        inspect.Parameter(
            f"options_{n}", inspect.Parameter.KEYWORD_ONLY, default=kind(), annotation=kind
        )
        for n, kind in enumerate(BY_RULE[rule].takes)
    ]
    defaults = {parameter.name: parameter.default for parameter in parameters}

    def command(**given: Options) -> list[Options]:
        return list((defaults | given).values())

    command.__signature__ = inspect.Signature(parameters)
    app = App(result_action="return_value")
    app.default(command)
    return lambda line: app(shlex.split(line), exit_on_error=False, print_error=False)


RULES = [stage.rule for stage in STAGES if stage.takes]


def test_options() -> None:
    assert options(defaults(), "lstm") == (
        "--units=100 --epochs=80 --batch-size=64 --bucket=8 --learning-rate=0.006"
        " --schedule=cosine --clipnorm=1.0 --patience=none --standardise --mask --noise=0.3"
        " --gain=0.1 --offset=0.2 --engine=auto"
    )
    auslan, article = merged(*AUSLAN), merged(*ARTICLE)
    assert "--layers=600 --layers=150 " in options(auslan, "autoencoder")
    assert " --window=10 64 " in options(auslan, "autoencoder")
    own = options(auslan, "autoencoder")
    assert " --bottleneck=linear " in own
    other = options(auslan, "autoencoder", bottleneck="tanh")
    assert other == own.replace("--bottleneck=linear", "--bottleneck=tanh")
    pairs = '[["think", "crazy"], ["God", "science"], ["buy", "shop"]]'
    assert options(auslan, "figures") == f"'--pairs={pairs}' --transform=none"
    assert options(auslan, "tsd").partition(" --channels")[2].startswith("=left_x --channels=left_")
    assert options(auslan, "sequences") == (
        """--largest-gib=4.0 '--aliases={"her": "his_hers"}' --exclude=his_hers --max-length=90"""
        " --padded-length=90 --padding=pre --two-handed=0.15"
    )
    assert " --clipnorm=none --patience=none --no-standardise --no-mask " in options(
        article, "lstm"
    )
    assert "'--aliases={}' --empty-exclude --max-length=none " in options(defaults(), "sequences")
    assert "channels" not in options(defaults(), "tsd")
    aliases = {"b": "c", "a": "c"}
    assert '{"a": "c", "b": "c"}' in options(defaults(data__aliases=aliases), "sequences")
    assert options(auslan, "evidence").count("--claims={") == len(auslan["claims"])


def test_options_come_from_the_sections_of_their_models() -> None:
    config = defaults(stability__close_fraction=0.1, closeness__phases=16, seeds_vary="both")
    assert options(config, "agreement") == "--examples=500 --permutations=200 --close-fraction=0.1"
    assert options(config, "closeness_raw").startswith("--phases=16 ")
    assert "--empty-dtw" in options(config, "closeness")
    assert "dtw=" not in options(config, "closeness_raw")
    assert options(config, "method") == "--seeds-vary=both"
    assert options(config, "findings") == ""


def test_null_can_be_told_from_a_default() -> None:
    """Only numbers can be null with another default: text and lists have no word for it."""
    for dotted, own in KEYS.items():
        if "null" in own["type"] and own["default"] is not None:
            assert set(own["type"]) <= {"null", "integer", "number"}, dotted


@settings(deadline=None)
@given(texts.filter(bool), st.lists(texts.filter(bool), unique=True, min_size=1))
def test_options_are_quoted(pattern: str, channels: list[str]) -> None:
    config = defaults(data__pattern=pattern, data__channels=channels)
    _, first, *words, _ = shlex.split(options(config, "tsd"))
    assert first == f"--pattern={pattern}"
    whole = [f"--channels={json.dumps(channels, ensure_ascii=False)}"]
    assert words in (whole, [f"--channels={name}" for name in channels])


def test_a_shell_hands_options_on_as_they_are() -> None:
    plain = [name for name in NASTY if name.strip()[0] not in "[{"]
    line = options(defaults(data__channels=plain, data__pattern="'$(id)"), "tsd")
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {line}"
    printed = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True)
    assert json.loads(printed.stdout) == [
        "--largest-gib=4.0",
        "--pattern='$(id)",
        *(f"--channels={name}" for name in plain),
        "--on-bad-file=error",
    ]


@settings(max_examples=20, deadline=None)
@given(st.data())
@pytest.mark.parametrize("rule", RULES)
def test_a_command_reads_the_models_that_the_config_holds(rule: str, data: st.DataObject) -> None:
    kinds = BY_RULE[rule].takes
    config: dict[str, Any] = {}
    for dotted in sorted(set().union(*map(taken, kinds))):
        update_config(config, nested(dotted, data.draw(values(KEYS[dotted]), label=dotted)))
    study = Study.model_validate(config)
    wanted = [
        kind(**{key.rpartition(".")[2]: field(study, key) for key in taken(kind)}) for kind in kinds
    ]
    assert command_of(rule)(options(study.model_dump(mode="json"), rule)) == wanted


def field(study: Study, dotted: str) -> Any:
    """Look a dotted key up."""
    section, _, key = dotted.rpartition(".")
    return getattr(getattr(study, section) if section else study, key)


def test_every_key_is_an_option_of_a_stage_or_read_by_the_rules() -> None:
    rules = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    read_there = {
        f"{section}.{key}".removesuffix(".")
        for section, key in re.findall(r"""config\[["'](\w+)["']\](?:\[["'](\w+)["']\])?""", rules)
    }
    of_stages = set().union(*(taken(model) for stage in STAGES for model in stage.takes))
    of_snakemake = {"pathvars"}
    assert set(KEYS) <= of_stages | read_there | of_snakemake
    assert read_there <= set(KEYS)


def test_rules_hand_every_option_on() -> None:
    rules = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert sorted(re.findall(r'\boptions\("(\w+)"\)', rules)) == sorted(RULES)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, signpaths.config; "
        "print(*({'numpy', 'xarray', 'tensorflow', 'snakemake', 'jsonschema'} & set(sys.modules)))"
    )
    assert python("-c", code).strip() == ""
