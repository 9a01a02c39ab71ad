"""What a schema says about a field, as a form needs to know it. Values play no part: posts are read by the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Any

from connectors.schemas import branches, discriminator, holds_secret, is_secret, kinds
from connectors.schemas.shape import constant
from connectors.schemas.values import Json


class Kind(Enum):
    SECRET = auto()
    FIXED = auto()
    CHOICE = auto()
    CHECKS = auto()
    TEXT = auto()
    NUMBER = auto()
    SWITCH = auto()
    LIST = auto()
    OBJECT = auto()
    ANY = auto()  # whatever no control can show: JSON in a text area


_PLAIN = {
    frozenset({"string"}): Kind.TEXT,
    frozenset({"boolean"}): Kind.SWITCH,
    frozenset({"integer"}): Kind.NUMBER,
    frozenset({"number"}): Kind.NUMBER,
    frozenset({"integer", "number"}): Kind.NUMBER,
}
_TEXT_WORDS = ("format", "pattern", "minLength", "maxLength")


def kind(schema: Json) -> Kind:
    """What controls show it. What would be JSON, and may hold a secret, is one secret as a whole."""
    if is_secret(schema):
        return Kind.SECRET
    found = _open_kind(schema)
    return Kind.SECRET if found is Kind.ANY and holds_secret(schema) else found


def _open_kind(schema: Json) -> Kind:
    if say(schema, "readOnly") is True:
        return Kind.FIXED
    if choices(schema):
        return Kind.CHOICE
    named = expected(schema) - {"null"}
    if named == {"object"}:
        return Kind.OBJECT if is_showable(schema) else Kind.ANY
    if named == {"array"}:
        return _kind_of_list(schema)
    if not named and any(say(schema, word) is not None for word in _TEXT_WORDS):
        return Kind.TEXT
    return _PLAIN.get(frozenset(named), Kind.ANY)


def _kind_of_list(schema: Json) -> Kind:
    items = item(schema)
    if items is None or say(schema, "prefixItems") is not None:
        return Kind.ANY
    return Kind.CHECKS if len(choices(items)) > 1 and not is_secret(items) else Kind.LIST


def secret_kind(schema: Json) -> Kind:
    """How a secret is typed: as a text, a number, or JSON."""
    named = expected(schema) - {"null"}
    listed = [value for value, _ in choices(schema)]
    if any(not isinstance(value, str) for value in listed):
        return Kind.ANY
    return _PLAIN.get(frozenset(named), Kind.ANY) if named else Kind.TEXT


def certain(schema: Json) -> Iterator[Json]:
    """The parts that hold whatever is chosen; "this, or null" counts as this."""
    yield schema
    for part in schema.get("allOf", ()):
        yield from certain(part)
    for key in ("oneOf", "anyOf"):
        others = [part for part in schema.get(key, ()) if part.get("type") != "null"]
        if len(others) == 1:
            yield from certain(others[0])


def plain(schema: Json) -> Json:
    """The schema without "or null": what it says about the value when there is one."""
    result = dict(schema)
    for key in ("oneOf", "anyOf"):
        options = schema.get(key, ())
        others = [part for part in options if part.get("type") != "null"]
        if len(others) == 1 < len(options):
            del result[key]
            result["allOf"] = [*result.get("allOf", ()), *others]
    if "allOf" in result:
        result["allOf"] = [plain(part) for part in result["allOf"]]
    return result


def say(schema: Json, key: str, default: Any = None) -> Any:
    """What the schema says about itself under a keyword; the outermost word counts."""
    return next((part[key] for part in certain(schema) if key in part), default)


def expected(schema: Json) -> set[str]:
    """The JSON types that may stand here, named or implied."""
    every = list(branches(schema))
    found = kinds(every)
    implied = any(isinstance(part.get(key), dict) for part in every for key in _OBJECT_WORDS)
    return found or ({"object"} if implied else set())


_OBJECT_WORDS = ("additionalProperties", "patternProperties")


def is_nullable(schema: Json) -> bool:
    return "null" in expected(schema) or any(value is None for value, _ in choices(schema))


def source(schema: Json) -> str:
    """Where the choices of a value are asked for, as a text: a name, or JSON. Empty when there is nowhere to ask."""
    found = say(schema, "x-options")
    return found if isinstance(found, str) else "" if found is None else json.dumps(found, sort_keys=True)


def choices(schema: Json) -> list[tuple[Any, Json]]:
    """(value, what is said about it) for each value a field may have; empty when there are more than can be listed."""
    found = _listed(schema)
    or_null = any(option.get("type") == "null" for part in certain(schema) for option in _options(part))
    if found and or_null and not any(value is None for value, _ in found):
        found.append((None, {}))
    return found


def _options(part: Json) -> Iterator[Json]:
    for key in ("oneOf", "anyOf"):
        yield from (option for option in part.get(key, ()) if isinstance(option, dict))


def _listed(schema: Json) -> list[tuple[Any, Json]]:
    for part in certain(schema):
        if constant(part):
            return [(constant(part)[0], part if part is not schema else {})]
        if part.get("enum"):
            return [(value, {}) for value in part["enum"]]
        for options in (part.get("oneOf"), part.get("anyOf")):
            if options and all(constant(option) and "properties" not in option for option in options):
                return [(constant(option)[0], option) for option in options]
    return []


def discriminators(parts: Iterable[Json]) -> dict[str, list[Json]]:
    """The properties that choose among options, each with its options."""
    found: dict[str, list[Json]] = {}
    for part in parts:
        for key in ("oneOf", "anyOf"):
            options = [option for option in part.get(key, ()) if isinstance(option, dict)]
            name = discriminator(options)
            if name is not None:
                found.setdefault(name, options)
    return found


def is_showable(schema: Json) -> bool:
    """Can the fields of an object be shown? Not if it has none, or options that nothing tells apart."""
    every = list(branches(schema))
    if not any(declares(part) for part in every):
        return False
    known = {name for part in certain(schema) for name in part.get("properties", ())}
    for part in every:
        for options in (part.get("oneOf", ()), part.get("anyOf", ())):
            names = {name for option in options for name in option.get("properties", ())}
            if names - known and discriminator(options) is None and len(options) > 1:
                return False
    return True


def declares(part: Json) -> bool:
    return bool(part.get("properties") or part.get("patternProperties") or isinstance(_more(part), dict))


def _more(part: Json) -> Any:
    return part.get("additionalProperties")


def item(schema: Json) -> Json | None:
    """What each item of a list is."""
    found = [part["items"] for part in certain(schema) if isinstance(part.get("items"), dict)]
    return found[0] if len(found) == 1 else ({"allOf": found} if found else None)


def entry(parts: Iterable[Json]) -> Json | None:
    """What an entry is that has no declared name; None when there may be none."""
    for part in parts:
        if isinstance(_more(part), dict):
            more: Json = _more(part)
            return more
        for pattern in part.get("patternProperties", {}).values():
            if isinstance(pattern, dict):
                return pattern
    return None


def tokens(values: list[Any]) -> list[str]:
    """How the values of a choice are called in HTML: texts by themselves if they all can be, others by their JSON."""
    if all(isinstance(value, str) and value.isprintable() and value for value in values):
        return list(values)
    return [json.dumps(value) for value in values]


def stray_token(value: Any) -> str:
    """How a value is called that is offered no more."""
    return "~" + json.dumps(value)


def chosen_value(values: list[Any], token: str) -> Any:
    """The value a token stands for; the token itself when it stands for none."""
    for value, known in zip(values, tokens(values), strict=True):
        if known == token:
            return value
    try:
        return json.loads(token[1:]) if token.startswith("~") else token
    except ValueError:
        return token
