"""The JSON schema of the config, flat, and what it takes in words.

Takes the models in `options`; gives their schema, in which nothing refers to anything else.
"""

import functools
import json
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from signpaths.options import Options, Study

Schema = dict[str, Any]
Place = tuple[Any, ...]  # keys and positions that lead to a value, as pydantic gives them


class _Flat(GenerateJsonSchema):
    """Pydantic's schema in fewer words: null is a type, and a list or map is one of like items."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> Schema:
        inner = self.generate_inner(schema["schema"])
        return inner | {"type": [inner["type"], "null"]}

    def tuple_schema(self, schema: Any) -> Schema:
        made = super().tuple_schema(schema)
        if "prefixItems" in made:
            made["items"] = made.pop("prefixItems")[0]
        return made

    def dict_schema(self, schema: Any) -> Schema:
        names = self.generate_inner(schema["keys_schema"])
        values = self.generate_inner(schema["values_schema"])
        return {"type": "object", "propertyNames": names, "additionalProperties": values}


@functools.cache
def schema(model: type[Options] = Study) -> Schema:
    """Make the JSON schema of a model, in which nothing refers to anything else.

    It is made once and shared: do not change it.
    """
    made = model.model_json_schema(schema_generator=_Flat)
    definitions = made.pop("$defs", {})
    del made["title"]
    # By way of text, so that no two parts are one object, which YAML would write as a reference.
    flat: Schema = json.loads(json.dumps(_inlined(made, definitions)))
    return flat


def _inlined(node: Any, definitions: Schema) -> Any:
    """Put what a schema refers to in its place, and descriptions on one line."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if reference := node.get("$ref"):
        section: Schema = {"default": {}} if "default" in node else {}
        node = definitions[reference.rpartition("/")[2]] | section
        del node["title"]
    return {
        key: " ".join(value.split())
        if key == "description" and isinstance(value, str)
        else _inlined(value, definitions)
        for key, value in node.items()
    }


def schema_keys(own: Schema) -> dict[str, Schema]:
    """List every key, dotted (`lstm.epochs`), with its own schema, in the schema's order."""
    keys: dict[str, Schema] = {}
    for name, inner in own["properties"].items():
        if "properties" in inner:
            keys |= {f"{name}.{key}": value for key, value in schema_keys(inner).items()}
        else:
            keys[name] = inner
    return keys


def types_of(own: Schema) -> list[str]:
    """Give the JSON types that a schema takes."""
    kinds = own.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def schema_at(place: Place, own: Schema) -> Schema:
    """Give the schema of what stands at a place."""
    for part in place:
        if "items" in own:
            own = own["items"]
        else:
            own = own.get("properties", {}).get(part) or own.get("additionalProperties") or {}
    return own


def expected(own: Schema) -> str:
    """Say in words what a schema takes, such as `an integer of at least 1, or null`."""
    kinds = types_of(own)
    words = [_expected_kind(kind, own) for kind in kinds if kind != "null"]
    words = [own["title"]] if "title" in own else words
    return ", or ".join(words + ["null"] * ("null" in kinds))


def _expected_kind(kind: str, own: Schema) -> str:
    if "enum" in own:
        return listed(str(choice) for choice in own["enum"])
    if kind == "array":
        return _expected_list(own)
    if kind == "object":
        if "properties" in own:
            if "required" in own:
                return f"a map with the keys {', '.join(own['properties'])}"
            return "a section, with its keys indented below it"
        return f"a map, each value {expected(own['additionalProperties'])}"
    names = {"integer": "an integer", "number": "a number", "boolean": "true or false"}
    limits = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{words} {_bound(own[limit])}" for limit, words in limits.items() if limit in own]
    if {"minimum", "maximum"} <= set(own):
        bounds = [f"from {_bound(own['minimum'])} to {_bound(own['maximum'])}"]
    return f"{names.get(kind, 'text')} {' and '.join(bounds)}".rstrip()


def _bound(limit: float) -> str:
    return f"{limit:,}" if limit == int(limit) else repr(limit)


def _expected_list(own: Schema) -> str:
    least, most = own.get("minItems", 0), own.get("maxItems")
    count = f" of {least}" if least == most else " of at least one" if least == 1 else ""
    count = f" of at most {most}" if most and not least else count
    once = ", none twice" if own.get("uniqueItems") else ""
    return f"a list{count}, each {expected(own['items'])}{once}"


def listed(words: Iterable[str]) -> str:
    """List choices: `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
