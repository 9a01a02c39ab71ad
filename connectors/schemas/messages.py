"""Says in words what is wrong with a field and what to do. Built from the schema alone, never from the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.schemas.values import Json

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object with fields",
    "null": "nothing",
}
_FORMATS = {
    "uri": "a full address, such as https://example.com/path",
    "url": "a full address, such as https://example.com/path",
    "email": "an email address, such as name@example.com",
    "date": "a date, such as 2026-01-31",
    "date-time": "a date and time with its zone, such as 2026-01-31T09:30:00Z",
    "time": "a time, such as 09:30:00Z",
    "duration": "a duration, such as P1DT12H",
    "hostname": "a host name, such as db.example.com",
    "ipv4": "an IP address, such as 192.0.2.1",
    "ipv6": "an IPv6 address, such as 2001:db8::1",
    "uuid": "an id, such as 3f0c6a52-7f0e-4c38-9a53-2f6d0f1f6a10",
    "regex": "a regular expression",
    "dataset": "the id of a dataset",
}


def detail(keyword: str, field: Json) -> str:
    """The message for a broken keyword of a field's schema; the author's own message comes first."""
    own = _own(keyword, field)
    if own:
        return own
    say = _SAY.get(keyword)
    return say(field[keyword], field) if say and keyword in field else "This value is not allowed here."


def required(name: str, parent: Json) -> str:
    field = parent.get("properties", {}).get(name)
    title = field.get("title") if isinstance(field, dict) else None
    return _own("required", field or {}) or f"{title or name} is required."


def _own(keyword: str, field: Json) -> str:
    if keyword == "pattern" and field.get("x-pattern-message"):
        return str(field["x-pattern-message"])
    own = field.get("errorMessage")
    if isinstance(own, dict):
        own = own.get(keyword)
    return own if isinstance(own, str) else ""


def _type(expected: Any, _: Json) -> str:
    names = [expected] if isinstance(expected, str) else list(expected)
    return f"Give {' or '.join(_KINDS.get(name, name) for name in names)}."


def _choice(allowed: list[Any], field: Json) -> str:
    titles = field.get("x-titles") or [str(value) for value in allowed]
    words = [str(v) if str(v) == t else f"{v} ({t})" for v, t in zip(allowed, titles, strict=False)]
    more = f" and {len(words) - 20} more" if len(words) > 20 else ""
    return f"Choose one of: {', '.join(words[:20])}{more}."


def _pattern(pattern: str, field: Json) -> str:
    examples = field.get("examples") or []
    hint = f" For example: {examples[0]}." if examples else f" It must match the pattern {pattern}."
    return f"This does not have the expected form.{hint}"


def _any_of(options: list[Any], _: Json) -> str:
    names = [option["required"][0] for option in options if isinstance(option, dict) and option.get("required")]
    if len(names) == len(options):
        return f"Give at least one of: {', '.join(names)}."
    return "This fits none of the allowed forms."


def _one_of(options: list[Any], _: Json) -> str:
    names = [option["required"][0] for option in options if isinstance(option, dict) and option.get("required")]
    if len(names) == len(options):
        return f"Give exactly one of: {', '.join(names)}."
    return "This must fit exactly one of the allowed forms."


def _count(word: str, noun: str) -> Callable[[Any, Json], str]:
    return lambda limit, _: f"Give at {word} {limit} {noun}{'' if limit == 1 else 's'}."


_SAY: dict[str, Callable[[Any, Json], str]] = {
    "type": _type,
    "enum": _choice,
    "const": lambda value, _: f"This must be {value}.",
    "format": lambda name, _: f"Give {_FORMATS.get(name, 'a ' + str(name))}.",
    "pattern": _pattern,
    "minLength": lambda limit, _: "This must not be empty." if limit == 1 else f"Give at least {limit} characters.",
    "maxLength": _count("most", "character"),
    "minimum": lambda limit, _: f"Give {limit} or more.",
    "maximum": lambda limit, _: f"Give {limit} or less.",
    "exclusiveMinimum": lambda limit, _: f"Give more than {limit}.",
    "exclusiveMaximum": lambda limit, _: f"Give less than {limit}.",
    "multipleOf": lambda step, _: f"Give a multiple of {step}.",
    "minItems": _count("least", "item"),
    "maxItems": _count("most", "item"),
    "uniqueItems": lambda *_: "Each item may be given only once.",
    "minProperties": _count("least", "field"),
    "maxProperties": _count("most", "field"),
    "anyOf": _any_of,
    "oneOf": _one_of,
}
