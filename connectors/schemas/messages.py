"""Says in words what is wrong with a field and what to do. Built from the schema alone, never from the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from connectors.schemas.values import Json

_KINDS = {
    "string": gettext_noop("text"),
    "integer": gettext_noop("a whole number"),
    "number": gettext_noop("a number"),
    "boolean": gettext_noop("true or false"),
    "array": gettext_noop("a list"),
    "object": gettext_noop("an object with fields"),
    "null": gettext_noop("nothing"),
}
_FORMATS = {
    "uri": gettext_noop("a full address, such as https://example.com/path"),
    "url": gettext_noop("a full address, such as https://example.com/path"),
    "email": gettext_noop("an email address, such as name@example.com"),
    "date": gettext_noop("a date, such as 2026-01-31"),
    "date-time": gettext_noop("a date and time with its zone, such as 2026-01-31T09:30:00Z"),
    "time": gettext_noop("a time, such as 09:30:00Z"),
    "duration": gettext_noop("a duration, such as P1DT12H"),
    "hostname": gettext_noop("a host name, such as db.example.com"),
    "ipv4": gettext_noop("an IP address, such as 192.0.2.1"),
    "ipv6": gettext_noop("an IPv6 address, such as 2001:db8::1"),
    "uuid": gettext_noop("an id, such as 3f0c6a52-7f0e-4c38-9a53-2f6d0f1f6a10"),
    "regex": gettext_noop("a regular expression"),
    "dataset": gettext_noop("the id of a dataset"),
}


MOST_NAMED = 20


def detail(keyword: str, field: Json) -> str:
    """The message for a broken keyword of a field's schema; the author's own message comes first."""
    own = _own(keyword, field)
    if own:
        return own
    say = _SAY.get(keyword)
    return say(field[keyword], field) if say and keyword in field else gettext("This value is not allowed here.")


def required(name: str, parent: Json) -> str:
    field = parent.get("properties", {}).get(name)
    title = field.get("title") if isinstance(field, dict) else None
    return _own("required", field or {}) or gettext("%(name)s is required.") % {"name": title or name}


def _own(keyword: str, field: Json) -> str:
    if keyword == "pattern" and field.get("x-pattern-message"):
        return str(field["x-pattern-message"])
    own = field.get("errorMessage")
    if isinstance(own, dict):
        own = own.get(keyword)
    return own if isinstance(own, str) else ""


def _type(expected: Any, _: Json) -> str:
    names = [expected] if isinstance(expected, str) else list(expected)
    kinds = gettext(" or ").join(gettext(_KINDS.get(name, name)) for name in names)
    return gettext("Give %(kinds)s.") % {"kinds": kinds}


def _format(name: Any, _: Json) -> str:
    kind = gettext(_FORMATS[name]) if name in _FORMATS else str(name)
    return gettext("Give %(kinds)s.") % {"kinds": kind}


def _choice(allowed: list[Any], field: Json) -> str:
    titles = field.get("x-titles") or [str(value) for value in allowed]
    words = [str(v) if str(v) == t else f"{v} ({t})" for v, t in zip(allowed, titles, strict=False)]
    named = {"options": ", ".join(words[:MOST_NAMED]), "number": len(words) - MOST_NAMED}
    if len(words) > MOST_NAMED:
        return gettext("Choose one of: %(options)s and %(number)s more.") % named
    return gettext("Choose one of: %(options)s.") % named


def _pattern(pattern: str, field: Json) -> str:
    examples = field.get("examples") or []
    if examples:
        return gettext("This does not have the expected form. For example: %(example)s.") % {"example": examples[0]}
    words = gettext("This does not have the expected form. It must match the pattern %(pattern)s.")
    return words % {"pattern": pattern}


def _any_of(options: list[Any], _: Json) -> str:
    if names := _required_by(options):
        return gettext("Give at least one of: %(names)s.") % {"names": ", ".join(names)}
    return gettext("This fits none of the allowed forms.")


def _one_of(options: list[Any], _: Json) -> str:
    if names := _required_by(options):
        return gettext("Give exactly one of: %(names)s.") % {"names": ", ".join(names)}
    return gettext("This must fit exactly one of the allowed forms.")


def _required_by(options: list[Any]) -> list[str]:
    """What each option demands; empty unless each demands something."""
    names = [option["required"][0] for option in options if isinstance(option, dict) and option.get("required")]
    return names if len(names) == len(options) else []


def _least_length(limit: int, _: Json) -> str:
    if limit == 1:
        return gettext("This must not be empty.")
    return gettext("Give at least %(limit)s characters.") % {"limit": limit}


def _most_length(limit: int, _: Json) -> str:
    return ngettext("Give at most %(limit)d character.", "Give at most %(limit)d characters.", limit) % {"limit": limit}


def _least_items(limit: int, _: Json) -> str:
    return ngettext("Give at least %(limit)d item.", "Give at least %(limit)d items.", limit) % {"limit": limit}


def _most_items(limit: int, _: Json) -> str:
    return ngettext("Give at most %(limit)d item.", "Give at most %(limit)d items.", limit) % {"limit": limit}


def _least_fields(limit: int, _: Json) -> str:
    return ngettext("Give at least %(limit)d field.", "Give at least %(limit)d fields.", limit) % {"limit": limit}


def _most_fields(limit: int, _: Json) -> str:
    return ngettext("Give at most %(limit)d field.", "Give at most %(limit)d fields.", limit) % {"limit": limit}


_SAY: dict[str, Callable[[Any, Json], str]] = {
    "type": _type,
    "enum": _choice,
    "const": lambda value, _: gettext("This must be %(value)s.") % {"value": value},
    "format": _format,
    "pattern": _pattern,
    "minLength": _least_length,
    "maxLength": _most_length,
    "minimum": lambda limit, _: gettext("Give %(limit)s or more.") % {"limit": limit},
    "maximum": lambda limit, _: gettext("Give %(limit)s or less.") % {"limit": limit},
    "exclusiveMinimum": lambda limit, _: gettext("Give more than %(limit)s.") % {"limit": limit},
    "exclusiveMaximum": lambda limit, _: gettext("Give less than %(limit)s.") % {"limit": limit},
    "multipleOf": lambda step, _: gettext("Give a multiple of %(step)s.") % {"step": step},
    "minItems": _least_items,
    "maxItems": _most_items,
    "uniqueItems": lambda *_: gettext("Each item may be given only once."),
    "minProperties": _least_fields,
    "maxProperties": _most_fields,
    "anyOf": _any_of,
    "oneOf": _one_of,
}
