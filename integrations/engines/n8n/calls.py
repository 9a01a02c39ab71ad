"""From a configuration to the parameters of one n8n node: nothing that a user typed is ever evaluated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.discovery.drafts import COLUMNS, ROWS
from connectors.schemas import chosen, item_schema, property_schema
from integrations.domain import Json
from integrations.engines.n8n import rowwise
from integrations.engines.n8n.credentials import literal

HINT = "x-n8n"


def parameters(shape: Json, config: Json) -> Json:
    """The node's parameters: of what the configuration holds, each in the form that n8n has for it.

    `shape` is the connector's config schema; its `x-n8n` hints say where n8n's form is another than the value's.
    A call that is made for each row of a dataset reads its values there.
    """
    own = {name: value for name, value in config.items() if name not in (ROWS, COLUMNS)}
    if not rowwise.is_rowwise(config):
        return Builder().root(shape, own)
    made = Builder(text=rowwise.text, document=rowwise.document, takes_rows=True).root(shape, own)
    return made | _from_columns(shape, own, config.get(COLUMNS) or {})


def _from_columns(shape: Json, config: Json, columns: Json) -> Json:
    """Whole fields that are a column of the row; never one that decides which others there are."""
    parts = list(chosen(shape, config))
    found = {}
    for name, column in columns.items():
        field = property_schema(parts, name)
        if field is None or field.get("oneOf") or _hint(field).get("as") in ("evaluated", "mapper", "only"):
            continue
        value = rowwise.column(column)
        hint = _hint(field)
        found[name] = {"__rl": True, "mode": hint["mode"], "value": value} if hint.get("as") == "locator" else value
    return found


@dataclass(frozen=True, slots=True)
class Builder:
    """How leaves are written: as literals, or with values of a row in them."""

    text: Callable[[Any], Any] = literal
    document: Callable[[str], Any] = literal
    takes_rows: bool = False

    def root(self, shape: Json, config: Json) -> Json:
        made = self._built(shape, config)
        return made if isinstance(made, dict) else {}

    def _built(self, schema: Json, value: Any) -> Any:
        hint = _hint(schema)
        match hint.get("as"):
            case "locator":
                return {"__rl": True, "mode": hint["mode"], "value": self.text(value)}
            case "mapper":
                return self._mapped(value, has_matching=bool(hint.get("matching")))
            case "object":
                return self.text(_parsed(value))
            case "json":
                return self.document(value if isinstance(value, str) else json.dumps(value))
            case "evaluated":
                return unevaluated(value)
            case "only":
                return {hint["name"]: self._plain(schema, value)}
        return self._plain(schema, value)

    def _plain(self, schema: Json, value: Any) -> Any:
        if isinstance(value, dict):
            parts = list(chosen(schema, value))
            known = {name: property_schema(parts, name) for name in value}
            is_closed = any("properties" in part for part in parts)
            # What belongs to an option that is not chosen now is no part of the call.
            return {
                name: self._built(known[name] or {}, item)
                for name, item in value.items()
                if known[name] is not None or not is_closed
            }
        if isinstance(value, list):
            parts = list(chosen(schema, value))
            return [self._built(item_schema(parts, index) or {}, item) for index, item in enumerate(value)]
        return self.text(value)

    def _mapped(self, value: Any, *, has_matching: bool) -> Json:
        values = value.get("value", {}) if has_matching and isinstance(value, dict) else value
        matching = value.get("matchingColumns", []) if has_matching and isinstance(value, dict) else []
        return {
            "mappingMode": "defineBelow",
            # Nothing said about columns is all of them, as the row has them.
            "value": rowwise.ROW if self.takes_rows and not values else self.text(values or {}),
            "matchingColumns": literal(matching),
            "schema": literal([_column(name) for name in values or ()]),
        }


def _column(name: str) -> Json:
    off = dict.fromkeys(("required", "defaultMatch"), False)
    on = dict.fromkeys(("display", "canBeUsedToMatch"), True)
    return {"id": name, "displayName": name, "type": "string", **off, **on}


def _hint(schema: Json) -> Json:
    """The hint of a field; two variants that are shown together agree on it."""
    for part in (schema, *schema.get("allOf", ())):
        found = part.get(HINT)
        if isinstance(found, dict):
            return found
    return {}


def unevaluated(value: Any) -> Any:
    """A text in which the node itself looks for {{ }}: one that holds any is given as an expression's literal."""
    if not isinstance(value, str) or not (value.startswith("=") or "{{" in value):
        return value
    quoted = json.dumps(value).replace("{", "\\u007b").replace("}", "\\u007d")
    return f"{{{{ {quoted} }}}}"


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
