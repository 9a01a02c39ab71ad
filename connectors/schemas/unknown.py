"""Finds fields that a schema does not know: a misspelt name is an error, not a setting that silently does nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from connectors.schemas.shape import branches, is_open, item_schema, property_schema
from connectors.schemas.values import FieldError, Json, below


def unknown_fields(schema: Json, value: Any, pointer: str = "") -> Iterator[FieldError]:
    parts = list(branches(schema))
    if isinstance(value, dict):
        for name, item in value.items():
            part = property_schema(parts, name)
            if part is not None:
                yield from unknown_fields(part, item, below(pointer, name))
            elif not is_open(parts):
                yield FieldError(below(pointer, name), "unknown", _detail(name, parts))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields(item_schema(parts, index) or {}, item, below(pointer, index))


def _detail(name: str, parts: list[Json]) -> str:
    known = sorted({key for part in parts for key in part.get("properties", ())})
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return gettext("There is no such field. Did you mean %(name)s?") % {"name": near[0]}
    if not known:
        return gettext("There are no fields to give here.")
    return gettext("There is no such field. Known fields: %(names)s.") % {"names": ", ".join(known)}
