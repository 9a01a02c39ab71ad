"""Is this a schema of our dialect? Says what is not, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import jsonschema_rs

from connectors.schemas.shape import constant, discriminator, subschemas
from connectors.schemas.values import FieldError, Json, below

_FORMATS = (
    ("uri", "url", "email", "hostname", "ipv4", "ipv6", "uuid", "regex", "date", "date-time", "time", "duration"),
    ("password", "dataset", "textarea", "json", "sql"),
)
_KEYWORDS = (
    ("$schema", "$id", "$comment", "type", "title", "description", "default", "examples", "deprecated", "errorMessage"),
    ("readOnly", "writeOnly", "format", "enum", "const", "minLength", "maxLength", "pattern", "multipleOf"),
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    ("properties", "patternProperties", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
    ("required", "dependentRequired", "dependentSchemas", "oneOf", "anyOf", "allOf", "not", "if", "then", "else"),
    ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
)
FORMATS = frozenset(chain(*_FORMATS))
KEYWORDS = frozenset(chain(*_KEYWORDS))
_INSTEAD = {
    "$ref": "write the referenced schema out",
    "$defs": "write the definitions out where they are used",
    "definitions": "write the definitions out where they are used",
    "airbyte_secret": 'write "writeOnly": true',
    "order": 'write "x-order"',
    "group": 'write "x-group"',
    "airbyte_hidden": 'write "x-hidden": true',
    "dependencies": "write dependentRequired or dependentSchemas",
}


def check(schema: Any) -> list[FieldError]:
    """What is wrong with a schema, or with a {"credential", "config"} pair of them; pointers lead into the schema."""
    if not isinstance(schema, dict):
        return [FieldError("", "type", "A schema is a JSON object.")]
    if schema and schema.keys() <= {"credential", "config"}:
        return [error for name, part in schema.items() for error in _checked(part, below("", name))]
    return _checked(schema, "")


def _checked(schema: Any, pointer: str) -> list[FieldError]:
    if not isinstance(schema, dict):
        return [FieldError(pointer, "type", "A schema is a JSON object.")]
    if schema.get("type", "object") != "object":
        return [FieldError(below(pointer, "type"), "root", 'The outermost type is "object".')]
    try:
        found = list(_walk(schema, pointer))
        return found or list(_compile(schema, pointer))
    except RecursionError:
        return [FieldError(pointer, "depth", "The schema is nested too deeply.")]


def _walk(schema: Json, pointer: str) -> Iterator[FieldError]:
    yield from _keywords(schema, pointer)
    for key in ("oneOf", "anyOf"):
        if isinstance(schema.get(key), list):
            yield from _choice(schema[key], below(pointer, key), strict=key == "oneOf")
    for path, part in subschemas(schema):
        if isinstance(part, dict):
            yield from _walk(part, below(pointer, *path))
        elif path[0] not in ("additionalProperties", "items", "then", "else"):
            yield FieldError(below(pointer, *path), "type", "A schema is a JSON object.")


def _keywords(schema: Json, pointer: str) -> Iterator[FieldError]:
    for key in schema:
        if key not in KEYWORDS and not key.startswith("x-"):
            instead = _INSTEAD.get(key, 'hints start with "x-"')
            yield FieldError(below(pointer, key), "keyword", f"{key} is no word of the dialect: {instead}.")
    name = schema.get("format")
    if name is not None and name not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        yield FieldError(below(pointer, "format"), "format", f"This format is not known. Known formats: {known}.")


def _choice(options: list[Any], pointer: str, *, strict: bool) -> Iterator[FieldError]:
    if not options:
        yield FieldError(pointer, "empty", "Give at least one option.")
    if not all(isinstance(option, dict) for option in options):
        return
    objects = [option for option in options if "properties" in option or option.get("type") == "object"]
    if strict and objects and discriminator(options) is None:
        message = 'Options that are objects are told apart by one property with a different "const" in each.'
        yield FieldError(pointer, "discriminator", message)
    if strict and not objects and not all(constant(option) or "required" in option for option in options):
        yield FieldError(pointer, "options", 'Options that are not objects have a "const" and a "title".')


def _compile(schema: Json, pointer: str) -> Iterator[FieldError]:
    for error in jsonschema_rs.Draft202012Validator(_META).iter_errors(schema):
        yield FieldError(below(pointer, *error.instance_path), "schema", f"Not JSON Schema 2020-12: {error.message}.")
        return
    try:
        jsonschema_rs.Draft202012Validator(schema, offline=True)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        at = below(pointer, *getattr(error, "instance_path", ()))
        yield FieldError(at, "schema", f"Not JSON Schema 2020-12: {getattr(error, 'message', error)}.")


_META: Json = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
