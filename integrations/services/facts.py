"""A document told in words: each field under its title, for whoever reads it and does not edit it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from connectors import schemas
from connectors.forms.facts import choices
from connectors.forms.names import humanised
from integrations.domain import Json
from integrations.models import Dataset
from integrations.services import references

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Fact:
    """A field. A secret has no text; `reference` says where it is kept when that is elsewhere."""

    label: str
    text: str = ""
    is_secret: bool = False
    reference: str = ""


def of(schema: Json, fields: Json) -> list[Fact]:
    """What masked fields say; those that are empty say nothing."""
    return list(_facts(schema, fields))


def _facts(schema: Json, fields: Json, title: str = "") -> Iterator[Fact]:
    """Which of several kinds an object is stands under the title of the whole."""
    parts = list(schemas.chosen(schema, fields))
    for name in _in_order(parts, fields):
        value = fields[name]
        part = schemas.property_schema(parts, name) or {}
        label = str(part.get("title") or humanised(name))
        if "const" in part:
            yield Fact(title or humanised(name), label if part.get("title") else _option(parts, name, value))
        elif isinstance(value, dict) and value.get("set") is True:
            yield Fact(label, is_secret=True, reference=value.get(references.SHOWN, ""))
        elif isinstance(value, dict):
            yield from _facts(part, value, label)
        elif value not in (None, "", []):
            yield Fact(label, _words(part, value))


def _option(parts: Sequence[Json], name: str, value: Any) -> str:
    """What the chosen one of several kinds is called."""
    said = (part.get("title") for part in parts if part.get("properties", {}).get(name, {}).get("const") == value)
    return str(next(filter(None, said), value))


def _in_order(parts: Sequence[Json], fields: Json) -> list[str]:
    """The names as the form shows them: by `x-order`, then as they are declared."""
    declared = {name: part for each in parts for name, part in each.get("properties", {}).items()}
    places = {name: (part.get("x-order", len(declared)), place) for place, (name, part) in enumerate(declared.items())}
    return sorted(fields, key=lambda name: places.get(name, (len(declared), len(declared))))


def _words(schema: Json, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _short(", ".join(_item(item) for item in value))
    if schema.get("format") == "dataset":
        return _dataset(value)
    named = (str(said.get("title") or choice) for choice, said in choices(schema) if choice == value)
    return _short(next(named, str(value)))


def _item(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dataset(key: Any) -> str:
    row = Dataset.objects.filter(pk=key).select_related("integration").first() if schemas.is_uuid(key) else None
    return row.integration.name if row else str(key)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
