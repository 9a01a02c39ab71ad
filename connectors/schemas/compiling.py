"""Rewrites a schema of our dialect so that a general validator gives errors a person can use.

A choice with a discriminator becomes one condition per option: only the chosen option's errors are left. A choice of
constants becomes an enum, and "this, or null" a condition. Closed objects are judged apart (`unknown.py`), because
plain JSON Schema cannot see the properties of a chosen option.
"""

from __future__ import annotations

from typing import Any

from connectors.schemas.shape import branches, constant, discriminator, kinds, rebuild
from connectors.schemas.values import Json


def compiled(schema: Json) -> Json:
    result = rebuild(schema, compiled)
    if result.get("additionalProperties") is False:
        del result["additionalProperties"]
    if "examples" in result and not isinstance(result["examples"], list):
        del result["examples"]
    for key in ("oneOf", "anyOf"):
        options = result.get(key)
        if isinstance(options, list) and options and all(isinstance(option, dict) for option in options):
            _rewrite(result, key, options)
    return result


def _rewrite(result: Json, key: str, options: list[Json]) -> None:
    name = discriminator(options)
    if name is not None:
        del result[key]
        result["allOf"] = [*result.get("allOf", ()), *_conditions(name, options)]
    elif all(constant(option) and "properties" not in option for option in options):
        del result[key]
        titles = {"x-titles": [title_of(option) for option in options]}
        choice = {"enum": [constant(option)[0] for option in options], **titles}
        result["allOf"] = [*result.get("allOf", ()), choice]
    elif (only := _or_null(options)) is not None:
        del result[key]
        result["allOf"] = [*result.get("allOf", ()), {"if": {"not": {"type": "null"}}, "then": only}]


def _or_null(options: list[Json]) -> Json | None:
    """The one option beside null: what is wrong with it is told, not that it fits none."""
    others = [option for option in options if option.get("type") != "null"]
    is_clear = len(others) == 1 < len(options) and "null" not in kinds(branches(others[0]))
    return others[0] if is_clear and kinds(branches(others[0])) else None


def _conditions(name: str, options: list[Json]) -> list[Json]:
    fields = [option["properties"][name] for option in options]
    values = [constant(field)[0] for field in fields]
    pairs = list(zip(options, values, strict=True))
    title = next((field["title"] for field in fields if "title" in field), None)
    choice: Json = {"enum": values, "x-titles": [str(option.get("title", value)) for option, value in pairs]}
    if title:
        choice["title"] = title
    demand: Json = {"type": "object", "required": [name], "properties": {name: choice}}
    return [demand, *({"if": _is(name, value), "then": option} for option, value in pairs)]


def _is(name: str, value: Any) -> Json:
    return {"type": "object", "required": [name], "properties": {name: {"const": value}}}


def title_of(schema: Json) -> str:
    return str(schema.get("title") or constant(schema)[0])
