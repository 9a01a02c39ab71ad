"""Judges a value by its schema: one error per field, in words, without the value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from uuid import UUID

import jsonschema_rs
from django.utils.translation import gettext, gettext_noop

from connectors.schemas.compiling import compiled
from connectors.schemas.messages import detail, required
from connectors.schemas.unknown import unknown_fields
from connectors.schemas.values import FieldError, Json, below

_UNCHECKED = gettext_noop("This cannot be checked: the value is not JSON, or the connector's schema is broken.")
_CODES = {
    "minLength": "too_short",
    "minItems": "too_few",
    "minimum": "too_small",
    "exclusiveMinimum": "too_small",
    "maxLength": "too_long",
    "maxItems": "too_many",
    "maximum": "too_large",
    "exclusiveMaximum": "too_large",
    "enum": "choice",
    "const": "choice",
    "oneOf": "choice",
    "anyOf": "choice",
    "uniqueItems": "duplicate",
}


def validate(schema: Json, value: Any) -> list[FieldError]:
    """What is wrong with the value, by field; empty when it may be used."""
    try:
        rewritten, validator = _compiled(json.dumps(schema))
        found = [_field_error(rewritten, error) for error in validator.iter_errors(value)]
    except (ValueError, TypeError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        return [FieldError("", "schema", gettext(_UNCHECKED))]
    return _one_a_field([*found, *unknown_fields(schema, value)])


@lru_cache(maxsize=1024)
def _compiled(schema: str) -> tuple[Json, jsonschema_rs.Draft202012Validator]:
    rewritten = compiled(json.loads(schema))
    validator = jsonschema_rs.Draft202012Validator(
        rewritten, validate_formats=True, formats={"dataset": is_uuid}, mask="(hidden)", offline=True
    )
    return rewritten, validator


def _field_error(schema: Json, error: jsonschema_rs.ValidationError) -> FieldError:
    *path, keyword = error.schema_path
    field = _at(schema, path)
    pointer = below("", *error.instance_path)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        name = error.kind.property
        return FieldError(below(pointer, name), "required", required(name, _declaring(schema, field, error, name)))
    return FieldError(pointer, _CODES.get(str(keyword), str(keyword)), detail(str(keyword), field))


def _declaring(schema: Json, field: Json, error: jsonschema_rs.ValidationError, name: str) -> Json:
    """The nearest schema around a `required` that declares the property: a condition may demand its parent's."""
    around = [_at(schema, error.schema_path[:length]) for length in range(len(error.schema_path), -1, -1)]
    for candidate in [field, *around]:
        declared = candidate.get("properties")
        if isinstance(declared, dict) and "title" in (declared.get(name) or {}):
            return candidate
    return field


def _at(schema: Json, path: Iterable[str | int]) -> Json:
    here: Any = schema
    for key in path:
        try:
            here = here[key]
        except (KeyError, IndexError, TypeError):
            return {}
    return here if isinstance(here, dict) else {}


def _one_a_field(errors: Iterable[FieldError]) -> list[FieldError]:
    """The first error of each field; none for a field inside one that is already of the wrong type."""
    seen: dict[str, FieldError] = {}
    for error in errors:
        seen.setdefault(error.pointer, error)
    wrong = [error.pointer for error in seen.values() if error.code == "type"]
    return list(_outside(seen.values(), wrong))


def _outside(errors: Iterable[FieldError], wrong: list[str]) -> Iterator[FieldError]:
    for error in errors:
        if not any(error.pointer.startswith(pointer + "/") for pointer in wrong):
            yield error


def is_uuid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True
