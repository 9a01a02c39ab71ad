"""When n8n shows a parameter: what is certain for an operation is decided here, what is left becomes an `if`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.schemas.values import Json

YES: Json = {}
"""Holds for every value."""
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known while the parameters of one level are read.

    `known` are outer parameters with one certain value, `controllers` the parameters of this level by name, and `outer`
    the values that conditions beginning with "/" may ask for.
    """

    version: float
    known: Mapping[str, Any] = field(default_factory=dict)
    controllers: Mapping[str, list[Json]] = field(default_factory=dict)
    outer: Mapping[str, Any] | None = None

    @property
    def root(self) -> Mapping[str, Any]:
        return self.known if self.outer is None else self.outer


def condition(part: Json, scope: Scope, seen: tuple[str, ...] = ()) -> Json | None:
    """The `if` under which a parameter is shown: `YES` for always, None for never.

    A parameter that depends on another which is not shown is not shown either, so conditions are gathered.
    """
    told = part.get("displayOptions") or {}
    found: list[Json] = []
    for name, values in (told.get("show") or {}).items():
        one = _shows(name, _listed(values), scope, seen)
        if one is None:
            return None
        found.append(one)
    for name, values in (told.get("hide") or {}).items():
        one = _shows(name, _listed(values), scope, seen)
        if one is not None and not one:
            return None
        if one:
            found.append({"not": one})
    return both(*found)


def both(*conditions: Json) -> Json:
    wanted = [one for one in conditions if one]
    unique = [one for index, one in enumerate(wanted) if one not in wanted[:index]]
    return unique[0] if len(unique) == 1 else {"allOf": unique} if unique else YES


def _shows(name: str, values: list[Any], scope: Scope, seen: tuple[str, ...]) -> Json | None:
    """The condition that a parameter has one of the values."""
    if name == "@version":
        return YES if any(_meets(scope.version, value) for value in values) else None
    if name.startswith("@"):
        # n8n's own switches, and "used as an AI tool": never so here.
        return YES if any(value in (False, None) for value in values) else None
    if name.startswith("/"):
        return _outer(name[1:], values, scope, seen)
    if name in scope.known:
        return YES if any(_meets(scope.known[name], value) for value in values) else None
    return _inner(name, values, scope, seen)


def _outer(name: str, values: list[Any], scope: Scope, seen: tuple[str, ...]) -> Json | None:
    if scope.outer is None:
        return _shows(name, values, scope, seen)
    if name in scope.outer:
        return YES if any(_meets(scope.outer[name], value) for value in values) else None
    # What another level says cannot be asked for in JSON Schema: it may be shown.
    return YES


def _inner(name: str, values: list[Any], scope: Scope, seen: tuple[str, ...]) -> Json | None:
    path = name.split(".")
    variants = scope.controllers.get(path[0], ())
    if not variants or path[0] in seen:
        return None if not variants else YES
    shown = [(one, condition(one, scope, (*seen, path[0]))) for one in variants]
    has = [(when, _has(path, values, one)) for one, when in shown if when is not None]
    found = [both(when, asked) for when, asked in has if when is not None and asked is not None]
    if not found:
        return None
    if YES in found:
        return YES
    unique = [one for index, one in enumerate(found) if one not in found[:index]]
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def _has(path: list[str], values: list[Any], controller: Json) -> Json | None:
    """The condition that one variant of a controller has one of the values; nobody changes a hidden one."""
    default = controller.get("default", ABSENT) if len(path) == 1 else ABSENT
    if controller.get("type") == "hidden":
        return YES if any(_meets(default, value) for value in values) else None
    if isinstance(default, dict) and "__rl" in default:
        default = default.get("value")
    inner: Json = _allowed(values)
    for name in reversed(path[1:]):
        inner = {"type": "object", "properties": {name: inner}, "required": [name]}
    found: Json = {"properties": {path[0]: inner}}
    # A controller that nobody touched counts as its default.
    if default is ABSENT or not any(_meets(default, value) for value in values):
        found["required"] = [path[0]]
    return found


def _allowed(values: list[Any]) -> Json:
    plain = [value for value in values if not isinstance(value, dict)]
    special = [_special(value["_cnd"]) for value in values if isinstance(value, dict) and "_cnd" in value]
    options = ([{"const": plain[0]} if len(plain) == 1 else {"enum": plain}] if plain else []) + special
    return options[0] if len(options) == 1 else {"anyOf": options}


def _special(asked: Json) -> Json:
    word, value = next(iter(asked.items()))
    match word:
        case "eq":
            return {"const": value}
        case "not":
            return {"not": {"const": value}}
        case "gte" | "lte" | "gt" | "lt":
            key = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}[word]
            return {"type": "number", key: value}
        case "between":
            return {"type": "number", "minimum": value["from"], "maximum": value["to"]}
        case "startsWith":
            return {"type": "string", "pattern": "^" + re.escape(value)}
        case "endsWith":
            return {"type": "string", "pattern": re.escape(value) + "$"}
        case "includes":
            return {"type": "string", "pattern": re.escape(value)}
        case "regex":
            return {"type": "string", "pattern": value}
    return {"minLength": 1, "not": {"type": "null"}}


def _meets(actual: Any, asked: Any) -> bool:
    if not (isinstance(asked, dict) and "_cnd" in asked):
        return (type(actual) is type(asked) and actual == asked) or _is_same_number(actual, asked)
    word, value = next(iter(asked["_cnd"].items()))
    match word:
        case "eq":
            return bool(actual == value)
        case "not":
            return bool(actual != value)
        case "exists":
            return actual not in (None, "")
        case "startsWith" | "endsWith" | "includes" | "regex":
            return isinstance(actual, str) and re.search(_special({word: value})["pattern"], actual) is not None
    return isinstance(actual, int | float) and not isinstance(actual, bool) and _compares(word, actual, value)


def _compares(word: str, actual: float, value: Any) -> bool:
    match word:
        case "gte":
            return bool(actual >= value)
        case "lte":
            return bool(actual <= value)
        case "gt":
            return bool(actual > value)
        case "lt":
            return bool(actual < value)
        case "between":
            return bool(value["from"] <= actual <= value["to"])
    return False


def _is_same_number(left: Any, right: Any) -> bool:
    numbers = (int, float)
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return isinstance(left, numbers) and isinstance(right, numbers) and left == right


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]
