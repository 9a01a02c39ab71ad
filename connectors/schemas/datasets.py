"""Finds the datasets that a value names: these make a pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.schemas.shape import chosen, item_schema, property_schema
from connectors.schemas.values import Json, Reference, below

_NAMES = ("name", "as")


def references(schema: Json, value: Json) -> list[Reference]:
    """Each string of format "dataset", named by its sibling "name" or "as", else by its property.

    The datasets of an array of plain strings are told apart by a number: `inputs_1`, `inputs_2`.
    """
    return list(_found(schema, value, "", "input"))


def _found(schema: Json, value: Any, pointer: str, name: str) -> Iterator[Reference]:
    parts = list(chosen(schema, value))
    if isinstance(value, dict):
        own = next((value[key] for key in _NAMES if isinstance(value.get(key), str) and value[key]), None)
        for key, item in value.items():
            part = property_schema(parts, key) or {}
            label = own if own and isinstance(item, str) else key
            yield from _found(part, item, below(pointer, key), label)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            label = name if len(value) == 1 else f"{name}_{index + 1}"
            yield from _found(item_schema(parts, index) or {}, item, below(pointer, index), label)
    elif isinstance(value, str) and value and any(part.get("format") == "dataset" for part in parts):
        yield Reference(pointer, name, value)
