"""Reads a schema's shape: which subschemas speak about a value, a property or an item."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from connectors.schemas.values import Json

MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLES = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def rebuild(schema: Json, change: Callable[[Json], Json]) -> Json:
    """A copy of the schema with `change` applied to each subschema directly below it."""
    copy = dict(schema)
    for key, value in schema.items():
        if key in MAPS and isinstance(value, dict):
            copy[key] = {name: _changed(part, change) for name, part in value.items()}
        elif (key in LISTS or key == "items") and isinstance(value, list):
            copy[key] = [_changed(part, change) for part in value]
        elif key in SINGLES:
            copy[key] = _changed(value, change)
    return copy


def _changed(part: Any, change: Callable[[Json], Json]) -> Any:
    return change(part) if isinstance(part, dict) else part


def subschemas(schema: Json) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every (path, subschema) directly below."""
    for key, value in schema.items():
        if key in MAPS and isinstance(value, dict):
            yield from (((key, name), part) for name, part in value.items())
        elif key in LISTS and isinstance(value, list):
            yield from (((key, index), part) for index, part in enumerate(value))
        elif key in SINGLES:
            yield (key,), value


def branches(schema: Json) -> Iterator[Json]:
    """The schema and everything in it that may speak about the same value, whichever way its choices fall."""
    yield schema
    parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())]
    parts += [schema.get("then"), schema.get("else"), *schema.get("dependentSchemas", {}).values()]
    for part in parts:
        if isinstance(part, dict):
            yield from branches(part)


def chosen(schema: Json, value: Any) -> Iterator[Json]:
    """The schema and everything in it that speaks about this very value."""
    yield schema
    for part in _applied(schema, value):
        if isinstance(part, dict):
            yield from chosen(part, value)


def _applied(schema: Json, value: Any) -> Iterator[Any]:
    yield from schema.get("allOf", ())
    for key in ("oneOf", "anyOf"):
        yield pick(schema.get(key, ()), value)
    if "if" in schema:
        yield schema.get("then" if matches(schema["if"], value) else "else")
    if isinstance(value, dict):
        yield from (part for name, part in schema.get("dependentSchemas", {}).items() if name in value)


def pick(options: Iterable[Any], value: Any) -> Json | None:
    """The option that a value has chosen: by its discriminator, else the first one it satisfies."""
    options = [option for option in options if isinstance(option, dict)]
    name = discriminator(options)
    if name is None:
        return next((option for option in options if matches(option, value)), None)
    if not isinstance(value, dict) or name not in value:
        return None
    return next((option for option in options if same(constant(option["properties"][name])[0], value[name])), None)


def discriminator(options: Iterable[Json]) -> str | None:
    """The property that is a different constant in every option."""
    options = list(options)
    for name in (options[0].get("properties") or {}) if options else ():
        fields = [(option.get("properties") or {}).get(name) for option in options]
        constants = [constant(field) for field in fields if isinstance(field, dict)]
        if len(constants) == len(options) and all(constants) and len({str(c) for c in constants}) == len(options):
            return str(name)
    return None


def constant(schema: Json) -> tuple[Any, ...]:
    """The one value that a schema allows, as a 1-tuple; empty when it allows more."""
    if "const" in schema:
        return (schema["const"],)
    allowed = schema.get("enum", ())
    return (allowed[0],) if len(allowed) == 1 else ()


def same(left: Any, right: Any) -> bool:
    """Equality as in JSON, where true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def property_schema(parts: Iterable[Json], name: str) -> Json | None:
    """What the parts say together about a property; None when they do not know it."""
    return together([schema for part in parts for schema in _property(part, name)])


def _property(part: Json, name: str) -> Iterator[Json]:
    found = [part["properties"][name]] if name in part.get("properties", ()) else []
    found += [schema for pattern, schema in part.get("patternProperties", {}).items() if re.search(pattern, name)]
    yield from (schema for schema in found or [part.get("additionalProperties")] if isinstance(schema, dict))


def item_schema(parts: Iterable[Json], index: int) -> Json | None:
    """What the parts say together about an item of an array."""
    return together([schema for part in parts for schema in _item(part, index)])


def _item(part: Json, index: int) -> Iterator[Json]:
    prefix = part.get("prefixItems", ())
    schema = prefix[index] if index < len(prefix) else part.get("items")
    if isinstance(schema, dict):
        yield schema


def together(schemas: list[Json]) -> Json | None:
    if len(schemas) < 2:
        return schemas[0] if schemas else None
    return {"allOf": schemas}


def is_open(parts: Iterable[Json]) -> bool:
    """Does an object take names that were not declared? Only if it says so, or declares none at all."""
    parts = list(parts)
    if any(part.get("additionalProperties") is True for part in parts):
        return True
    return not any(key in part for part in parts for key in ("properties", "patternProperties", "additionalProperties"))


def kinds(parts: Iterable[Json]) -> set[str]:
    """The JSON types the parts name or imply."""
    found: set[str] = set()
    for part in parts:
        named = part.get("type", ())
        found.update([named] if isinstance(named, str) else named)
        found.update(kind for key, kind in (("properties", "object"), ("items", "array")) if key in part)
    return found


def matches(schema: Any, value: Any) -> bool:
    return (isinstance(schema, bool) and schema) or bool(_validator(json.dumps(schema)).is_valid(value))


@lru_cache(maxsize=2048)
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), validate_formats=True, mask="(hidden)")


def fields(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every declaration of a field at any depth, in whichever branch; an item of an array is called `*`."""
    for part in branches(schema):
        declared = [*part.get("properties", {}).items(), *part.get("patternProperties", {}).items()]
        declared += [("*", part.get(key)) for key in ("items", "additionalProperties")]
        declared += [("*", item) for item in part.get("prefixItems", ())]
        for name, field in declared:
            if isinstance(field, dict):
                yield (*path, name), field
                yield from fields(field, (*path, name))
