"""A configuration that a form would take, made of its schema alone: for asking n8n whether it takes the call."""

from __future__ import annotations

from typing import Any

from connectors.schemas import chosen, constant, defaults, property_schema, validate
from connectors.schemas.shape import matches
from connectors.schemas.values import Json

_ROUNDS = 6
_BY_FORMAT = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00Z",
    "email": "somebody@example.com",
    "json": "{}",
    "uri": "https://example.com",
    "sql": "select 1",
}


_LIKELY = (
    *("sample", "12345678", "~123", "ab_cd", "ab-cd1", "eu-west-1_ab12CD34", "somebody@example.com", "a1b2c3d4e5f6g7h"),
    *("12345678-1234-4234-9234-123456789abc", "{ab-cd}", "accounts/1", "locations/1", "arn:aws:sns:eu-west-1:1:topic"),
    *("accounts/1/locations/1/reviews/1", "accounts/1/locations/1/localPosts/1", "https://example.com", "a.b.c"),
)
"""Ids as services have them; where a pattern is demanded, the first that keeps it."""


def smallest(schema: Json, start: Json) -> Json:
    """What the form holds once everything that it demands is given, from what was chosen at first."""
    value = defaults(schema, start)
    for _ in range(_ROUNDS):
        before = value
        value = defaults(schema, _demanded(schema, value))
        if value == before:
            break
    return value


def is_complete(schema: Json, value: Json) -> bool:
    return not validate(schema, value)


def of(schema: Json, name: str = "") -> Any:
    """A value that the schema takes, as far as its kind tells."""
    if fixed := constant(schema):
        return fixed[0]
    for key in ("oneOf", "anyOf"):
        if options := schema.get(key):
            return of(options[0], name)
    match schema.get("type"):
        case "object":
            return _demanded(schema, defaults(schema, {}))
        case "array":
            return [of(schema.get("items") or {}, name)]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("default", schema.get("minimum", 1))
    return _text(schema, name)


def _text(schema: Json, name: str) -> str:
    if "url" in name.casefold():
        return "https://example.com"
    usual = _BY_FORMAT.get(str(schema.get("format")), "sample")
    hint = str(schema.get("x-placeholder") or "").removeprefix("e.g. ").removeprefix("eg. ").strip()
    fits = (one for one in (usual, hint, *_LIKELY) if one and matches({"type": "string", **_limits(schema)}, one))
    return next(fits, usual)


def _limits(schema: Json) -> Json:
    return {key: schema[key] for key in ("pattern", "minLength", "maxLength") if key in schema}


def _demanded(schema: Json, value: Json) -> Json:
    parts = list(chosen(schema, value))
    names = {name for part in parts for name in part.get("required", ())}
    missing = {name: of(_plain(property_schema(parts, name) or {}), name) for name in names if name not in value}
    empty = {
        name: of(_plain(property_schema(parts, name) or {}), name)
        for name, item in value.items()
        if name in names and item in ("", [], None)
    }
    return {**value, **missing, **empty}


def _plain(schema: Json) -> Json:
    """What several variants say together, as one."""
    merged: Json = {}
    for part in (schema, *schema.get("allOf", ())):
        merged |= {key: item for key, item in part.items() if key != "allOf"}
    return merged
