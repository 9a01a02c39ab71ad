"""From a configuration to the parameters of one n8n node: nothing that a user typed is ever evaluated."""

from __future__ import annotations

import json
from typing import Any

from connectors.schemas import chosen, item_schema, property_schema
from integrations.domain import Json
from integrations.engines.n8n.credentials import literal

HINT = "x-n8n"


def parameters(shape: Json, config: Json) -> Json:
    """The node's parameters: of what the configuration holds, each in the form that n8n has for it.

    `shape` is the connector's config schema; its `x-n8n` hints say where n8n's form is another than the value's.
    """
    made = _built(shape, config)
    return made if isinstance(made, dict) else {}


def _built(schema: Json, value: Any) -> Any:
    hint = _hint(schema)
    match hint.get("as"):
        case "locator":
            return {"__rl": True, "mode": hint["mode"], "value": literal(value)}
        case "mapper":
            return _mapped(value, has_matching=bool(hint.get("matching")))
        case "object":
            return literal(_parsed(value))
        case "json":
            return literal(value if isinstance(value, str) else json.dumps(value))
        case "evaluated":
            return unevaluated(value)
        case "only":
            return {hint["name"]: _plain(schema, value)}
    return _plain(schema, value)


def _plain(schema: Json, value: Any) -> Any:
    if isinstance(value, dict):
        parts = list(chosen(schema, value))
        known = {name: property_schema(parts, name) for name in value}
        is_closed = any("properties" in part for part in parts)
        # What belongs to an option that is not chosen now is no part of the call.
        return {
            name: _built(known[name] or {}, item)
            for name, item in value.items()
            if known[name] is not None or not is_closed
        }
    if isinstance(value, list):
        parts = list(chosen(schema, value))
        return [_built(item_schema(parts, index) or {}, item) for index, item in enumerate(value)]
    return literal(value)


def _hint(schema: Json) -> Json:
    """The hint of a field; two variants that are shown together agree on it."""
    for part in (schema, *schema.get("allOf", ())):
        found = part.get(HINT)
        if isinstance(found, dict):
            return found
    return {}


def _mapped(value: Any, *, has_matching: bool) -> Json:
    values = value.get("value", {}) if has_matching and isinstance(value, dict) else value
    matching = value.get("matchingColumns", []) if has_matching and isinstance(value, dict) else []
    columns = [
        {"id": name, "displayName": name, "required": False, "defaultMatch": False, "display": True, "type": "string",
         "canBeUsedToMatch": True}
        for name in (values or {})
    ]  # fmt: skip
    return {
        "mappingMode": "defineBelow",
        "value": literal(values or {}),
        "matchingColumns": literal(matching),
        "schema": literal(columns),
    }


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
