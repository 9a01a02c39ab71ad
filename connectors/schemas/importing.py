"""Reads schemas that others wrote: older drafts of JSON Schema, and Airbyte's words. What nobody knows is left out."""

from __future__ import annotations

import copy
from typing import Any

from connectors.schemas.dialect import KEYWORDS
from connectors.schemas.shape import branches, kinds, matches, rebuild
from connectors.schemas.values import Json

_RENAMED = {
    "order": "x-order",
    "group": "x-group",
    "airbyte_hidden": "x-hidden",
    "pattern_descriptor": "x-placeholder",
    "display_type": "x-display",
    "multiline": "x-multiline",
    "always_show": "x-always-show",
}
_WRAPPERS = ("connectionSpecification", "connection_specification")


def normalise(schema: Json) -> Json:
    """The same schema in our dialect: references written out, Airbyte's words replaced, draft 4 to 7 brought up."""
    for key in _WRAPPERS:
        if isinstance(schema.get(key), dict):
            schema = schema[key]
    return _normal(_written_out(copy.deepcopy(schema), schema, ()))


def _normal(schema: Json) -> Json:
    result = rebuild({_RENAMED.get(key, key): value for key, value in schema.items()}, _normal)
    if result.pop("airbyte_secret", False) is True or result.get("format") == "password":
        result["writeOnly"] = True
    if "x-placeholder" in result and "pattern" in result:
        result.setdefault("x-pattern-message", f"Use the form {result['x-placeholder']}.")
    if "examples" in result and not isinstance(result["examples"], list):
        result["examples"] = [result["examples"]]
    for key in ("$schema", "$id", "id", "$defs", "definitions"):
        result.pop(key, None)
    _bring_up(result)
    if "default" in result and not _fits(result, result["default"]):
        del result["default"]
    return {key: value for key, value in result.items() if key in KEYWORDS or key == "$ref" or key.startswith("x-")}


def _fits(schema: Json, value: Any) -> bool:
    """Is the value of a type that the schema expects? Some defaults name an option where an object is meant."""
    expected = kinds(branches(schema))
    return not expected or matches({"type": sorted(expected)}, value)


def _bring_up(schema: Json) -> None:
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
    for limit in ("minimum", "maximum"):
        exclusive = "exclusive" + limit.capitalize()
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and limit in schema:
            schema[exclusive] = schema.pop(limit)
    for name, needed in schema.pop("dependencies", {}).items():
        key = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
        schema.setdefault(key, {})[name] = needed if isinstance(needed, list) else _normal(needed)
    if isinstance(schema.get("enumNames"), list) and "enum" in schema:
        titles = schema.pop("enumNames")
        schema["oneOf"] = [{"const": v, "title": str(t)} for v, t in zip(schema.pop("enum"), titles, strict=False)]


def _written_out(schema: Json, root: Json, path: tuple[str, ...]) -> Json:
    """Write out references within the document. One that refers to itself stays, and is refused later."""
    target = schema.get("$ref")
    if isinstance(target, str) and target.startswith("#/") and target not in path:
        found = _at(root, target)
        if isinstance(found, dict):
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return _written_out({**copy.deepcopy(found), **rest}, root, (*path, target))
    return rebuild(schema, lambda part: _written_out(part, root, path))


def _at(root: Json, target: str) -> Any:
    here: Any = root
    for key in target[2:].split("/"):
        here = here.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(here, dict) else None
    return here
