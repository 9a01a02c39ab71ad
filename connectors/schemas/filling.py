"""Fills what was left out with the schema's defaults."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.schemas.shape import branches, chosen, item_schema, kinds, property_schema
from connectors.schemas.values import Json

# A default may choose a branch, which brings its own defaults.
_ROUNDS = 8


def defaults(schema: Json, value: Json) -> Json:
    """A copy of the value with defaults filled in, through objects, arrays and the chosen branches."""
    filled: Json = copy.deepcopy(value)
    for _ in range(_ROUNDS):
        before, filled = filled, _filled(schema, filled)
        if filled == before:
            break
    return filled


def _filled(schema: Json, value: Any) -> Any:
    if isinstance(value, dict):
        return _filled_object(schema, value)
    if isinstance(value, list):
        parts = list(chosen(schema, value))
        return [_filled(item_schema(parts, index) or {}, item) for index, item in enumerate(value)]
    return value


def _filled_object(schema: Json, value: Json) -> Json:
    parts = list(chosen(schema, value))
    result = dict(value)
    for name in dict.fromkeys(name for part in parts for name in part.get("properties", ())):
        part = property_schema(parts, name) or {}
        if name in value:
            result[name] = _filled(part, value[name])
        elif start := _start(part, required=name in required_names(parts)):
            result[name] = start[0]
    return {name: _filled(property_schema(parts, name) or {}, item) for name, item in result.items()}


def _start(schema: Json, *, required: bool) -> tuple[Any, ...]:
    """What a missing field starts with, as a 1-tuple; empty when nothing is known."""
    for part in _certain(schema):
        if "default" in part:
            return (copy.deepcopy(part["default"]),)
    if "object" not in kinds(branches(schema)):
        return ()
    inner = _filled_object(schema, {})
    complete = inner and required_names(chosen(schema, inner)) <= inner.keys()
    return (inner,) if required or complete else ()


def _certain(schema: Json) -> Iterator[Json]:
    """The parts that hold whatever is chosen: a branch's default says nothing before the choice."""
    yield schema
    for part in schema.get("allOf", ()):
        yield from _certain(part)


def required_names(parts: Iterable[Json]) -> set[str]:
    return {name for part in parts for name in part.get("required", ())}
