"""Keeps secrets out of what is shown, and puts them back into what is saved.

A value is hidden when any branch of the schema calls it a secret, chosen or not, and when the schema does not know it
or expects something else there: what an older version of a connector called a secret must not appear in the new one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from connectors.schemas.shape import branches, chosen, is_open, item_schema, kinds, property_schema
from connectors.schemas.values import Json, below

MARK: Json = {"set": True}
_MISSING: Any = object()
_CLOSED: Json = {"properties": {}}


def is_secret(schema: Json) -> bool:
    return any(part.get("writeOnly") is True or part.get("format") == "password" for part in branches(schema))


def holds_secret(schema: Json) -> bool:
    """Is there a secret in it, at any depth?"""
    if is_secret(schema):
        return True
    inner = [part.get(key) for part in branches(schema) for key in ("items", "additionalProperties")]
    for part in branches(schema):
        inner += [*part.get("properties", {}).values(), *part.get("patternProperties", {}).values()]
        inner += part.get("prefixItems", [])
    return any(isinstance(schema, dict) and holds_secret(schema) for schema in inner)


def mask(schema: Json, value: Json) -> Json:
    """A copy in which every secret that has a value is {"set": true}."""
    masked: Json = _mask(schema or _CLOSED, value)
    return masked


def secrets(schema: Json, value: Json) -> list[str]:
    """Every secret in the value, as text, longest first: for taking them out of messages and logs."""
    found = {text for hidden in _hidden(schema or _CLOSED, value) for text in _texts(hidden)}
    return sorted(found - {""}, key=lambda text: (-len(text), text))


def unmask(schema: Json, new: Json, old: Json) -> Json:
    """A copy of `new` in which secrets that are left out or {"set": true} have their old value.

    Items of arrays are matched by their index, or by their other fields when they moved.
    """
    unmasked: Json = _unmask(schema or _CLOSED, new, old)
    return unmasked


def replace_secrets(schema: Json, value: Json, change: Callable[[str, Any], Any]) -> Json:
    """A copy in which `change(pointer, secret)` stands for every value that the schema declares a secret."""
    replaced: Json = _replaced(schema, value, change, "")
    return replaced


def _replaced(schema: Json | None, value: Any, change: Callable[[str, Any], Any], pointer: str) -> Any:
    if schema is not None and is_secret(schema):
        return change(pointer, value)
    if isinstance(value, dict):
        fields = _fields(schema or {}, value)
        return {name: _replaced(part, value[name], change, below(pointer, name)) for name, part in fields}
    if isinstance(value, list):
        items = enumerate(value)
        return [_replaced(_item(schema or {}, at), item, change, below(pointer, at)) for at, item in items]
    return value


def _mask(schema: Json | None, value: Any) -> Any:
    if schema is None or hides(schema, value):
        return copy.copy(value) if _is_empty(value) else dict(MARK)
    if isinstance(value, dict):
        return {name: _mask(part, value[name]) for name, part in _fields(schema, value)}
    if isinstance(value, list):
        return [_mask(_item(schema, index), item) for index, item in enumerate(value)]
    return value


def _hidden(schema: Json | None, value: Any) -> Iterator[Any]:
    if schema is None or hides(schema, value):
        yield value
    elif isinstance(value, dict):
        for name, part in _fields(schema, value):
            yield from _hidden(part, value[name])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _hidden(_item(schema, index), item)


def _unmask(schema: Json | None, new: Any, old: Any) -> Any:
    if new == MARK and (schema is None or hides(schema, new) or (old is not _MISSING and hides(schema, old))):
        return copy.deepcopy(old) if old is not _MISSING else _MISSING
    if schema is None or hides(schema, new):
        return copy.deepcopy(new)
    if isinstance(new, dict):
        return _unmask_object(schema, new, old if isinstance(old, dict) else {})
    if isinstance(new, list):
        return _unmask_array(schema, new, old if isinstance(old, list) else [])
    return new


def _unmask_object(schema: Json, new: Json, old: Json) -> Json:
    result = {name: _unmask(part, new[name], old.get(name, _MISSING)) for name, part in _fields(schema, new)}
    # A secret of another choice is not carried over: a bearer token is no answer to a changed kind of account.
    before = list(chosen(schema, old))
    known = [part for part in chosen(schema, {**old, **new}) if any(part is other for other in before)]
    for name in old.keys() - new.keys():
        part = property_schema(known, name)
        if part is not None and is_secret(part):
            result[name] = copy.deepcopy(old[name])
    return {name: value for name, value in result.items() if value is not _MISSING}


def _unmask_array(schema: Json, new: list[Any], old: list[Any]) -> list[Any]:
    shown = [_mask(_item(schema, index), item) for index, item in enumerate(old)]
    result = []
    for index, item in enumerate(new):
        before = _counterpart(index, item, shown)
        value = _unmask(_item(schema, index), item, old[before] if before < len(old) else _MISSING)
        result.append(item if value is _MISSING else value)
    return result


def _counterpart(index: int, item: Any, shown: list[Any]) -> int:
    if index < len(shown) and shown[index] == item:
        return index
    return next((at for at, other in enumerate(shown) if other == item), index)


def hides(schema: Json, value: Any) -> bool:
    parts = list(branches(schema))
    if any(part.get("writeOnly") is True or part.get("format") == "password" for part in parts):
        return True
    expected = kinds(parts)
    if isinstance(value, dict):
        return bool(expected) and "object" not in expected
    if isinstance(value, list):
        return bool(expected) and "array" not in expected
    return bool(expected) and expected <= {"object", "array"}


def _fields(schema: Json, value: Json) -> Iterator[tuple[str, Json | None]]:
    """(name, its schema) for each field of the value; None for a name that nobody declared, {} for one that is free."""
    parts = list(branches(schema))
    unknown: Json | None = {} if is_open(parts) else None
    for name in value:
        part = property_schema(parts, name)
        yield name, unknown if part is None else part


def _item(schema: Json, index: int) -> Json:
    return item_schema(branches(schema), index) or {}


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
