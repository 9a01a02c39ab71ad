"""One parameter of a node as one field of our dialect; `x-n8n` says where n8n expects another form of its value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from connectors.discovery import texts
from connectors.discovery.conditions import Scope, condition
from connectors.discovery.descriptions import LATER, SILENT
from connectors.schemas import check
from connectors.schemas.values import Json

EVALUATED = frozenset({"query", "sqlQuery", "queryReplacement"})
"""Texts in which a node looks for {{ }} by itself."""
EDITORS = frozenset({"sqlEditor", "htmlEditor"})
FILES = frozenset({"binaryPropertyName", "binaryProperty", "dataPropertyName", "inputDataFieldName"})
_DEEPEST = 12
_LONGEST_PATTERN = 1000
"""One that lists every time zone of the world says nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a level is read. `gaps` gathers what cannot be shown in a form, in words."""

    scope: Scope
    gaps: set[str] = field(default_factory=set)
    with_defaults: bool = True
    """Not in optional groups: n8n sends of them only what was filled."""
    depth: int = 0
    path: str = "parameters"
    """Where n8n has the level; it asks for it with live choices."""

    def within(self, properties: Iterable[Json], name: str, *, with_defaults: bool) -> Reading:
        outer = self.scope.root
        scope = Scope(self.scope.version, {}, by_name(properties), outer)
        path = f"{self.path}.{name}"
        return replace(self, scope=scope, with_defaults=with_defaults, depth=self.depth + 1, path=path)


def by_name(properties: Iterable[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for part in properties:
        found.setdefault(str(part["name"]), []).append(part)
    return found


def level(properties: list[Json], reading: Reading, skip: frozenset[str] = frozenset()) -> Json:
    """An object of the parameters: those that are always shown, and an `if` for each set shown under a condition."""
    schema: Json = {"type": "object", "properties": {}}
    later: list[tuple[Json, Json]] = []
    for order, part in enumerate(properties, start=1):
        if part["name"] in skip or part.get("type") in SILENT:
            continue
        when = condition(part, reading.scope)
        made = None if when is None else one(part, reading)
        if made is None or when is None:
            continue
        if is_file(part) and not when and not reading.depth:
            reading.gaps.add(f"{texts.title(part.get('displayName'), part['name'])}: files are not offered")
        made = {**made, "x-order": order}
        if not when and part["name"] not in schema["properties"]:
            _put(schema, part, made)
            continue
        home = next((then for known, then in later if known == when and part["name"] not in then["properties"]), None)
        if home is None:
            home = {"properties": {}}
            later.append((when, home))
        _put(home, part, made)
    if later:
        schema["allOf"] = [{"if": when, "then": then} if when else then for when, then in later]
    return schema


def _put(schema: Json, part: Json, made: Json) -> None:
    schema["properties"][part["name"]] = made
    if is_demanded(part, made):
        schema.setdefault("required", []).append(part["name"])


def is_file(part: Json) -> bool:
    """Whether it names a file that came before in a workflow; a call has none."""
    return part.get("type") == "string" and part["name"] in FILES


def is_demanded(part: Json, made: Json) -> bool:
    return bool(part.get("required")) and made.get("default") in (None, "", []) and made.get("type") != "boolean"


def one(part: Json, reading: Reading) -> Json | None:
    """The field, or None when it holds nothing that a person could give."""
    make = _KINDS.get(str(part.get("type")))
    if make is None or reading.depth > _DEEPEST:
        reading.gaps.add(f"{texts.title(part.get('displayName'), part['name'])}: {part.get('type')} has no form")
        return None
    made = make(part, reading)
    if made is None:
        return None
    head: Json = {"title": texts.title(part.get("displayName"), str(part["name"]))}
    if said := texts.plain(part.get("description")) or texts.plain(part.get("hint")):
        head["description"] = said
    hint = texts.plain(part.get("placeholder"), 120)
    if hint and made.get("type") in ("string", "number", "integer") and "oneOf" not in made:
        head["x-placeholder"] = hint
    return {**head, **made}


def _options(part: Json) -> Json:
    found = part.get("typeOptions")
    return found if isinstance(found, dict) else {}


def _default(part: Json, reading: Reading, schema: Json) -> Json:
    value = part.get("default")
    is_expression = isinstance(value, str) and value.startswith("=")
    if not reading.with_defaults or value in (None, "", [], {}) or is_expression:
        return schema
    return {**schema, "default": value}


def _string(part: Json, reading: Reading) -> Json:
    told = _options(part)
    schema: Json = {"type": "string"}
    if told.get("multipleValues"):
        return {"type": "array", "items": {"type": "string"}}
    if told.get("password"):
        schema["writeOnly"] = True
    if told.get("editor") == "sqlEditor":
        schema["format"] = "sql"
    elif told.get("editor") or (isinstance(told.get("rows"), int) and told["rows"] > 1):
        schema["format"] = "textarea"
    if told.get("editor") in EDITORS or part["name"] in EVALUATED:
        schema["x-n8n"] = {"as": "evaluated"}
    if part.get("required"):
        schema["minLength"] = 1
    if isinstance(part.get("default"), str) and not schema.get("writeOnly"):
        schema = _default(part, reading, schema)
    return schema


def _number(part: Json, reading: Reading) -> Json:
    told = _options(part)
    schema: Json = {"type": "integer" if told.get("numberPrecision") == 0 else "number"}
    for name, word in (("minValue", "minimum"), ("maxValue", "maximum")):
        if _is_number(told.get(name)):
            schema[word] = told[name]
    if told.get("multipleValues"):
        return {"type": "array", "items": schema}
    return _default(part, reading, schema) if _fits(part.get("default"), schema) else schema


def _fits(value: Any, schema: Json) -> bool:
    return _is_number(value) and bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _boolean(part: Json, reading: Reading) -> Json:
    if not reading.with_defaults:
        # A switch that is off says nothing; here "no" must be sayable.
        return {"oneOf": [{"const": True, "title": "Yes"}, {"const": False, "title": "No"}]}
    return {"type": "boolean", "default": part.get("default") is True}


def _choice(part: Json, reading: Reading) -> Json | None:
    if live := _live(part, reading):
        return _default(part, reading, {"type": "string", **_needed(part), "x-options": live})
    listed = list(listed_options(part, reading.scope))
    if not listed:
        return None if part.get("options") else {"type": "string"}
    schema: Json = {"oneOf": listed}
    if _options(part).get("multipleValues"):
        return {"type": "array", "items": schema}
    default = part.get("default")
    # "Choose one" as an empty text is no choice of its own.
    is_offered = any(_same(option["const"], default) for option in listed)
    if is_offered and reading.with_defaults:
        schema["default"] = default
    return schema


def listed_options(part: Json, scope: Scope) -> Iterator[Json]:
    seen = set()
    for option in part.get("options") or ():
        if not isinstance(option, dict) or "value" not in option or option["value"] == LATER:
            continue
        key = json.dumps(option["value"], sort_keys=True)
        if key in seen or condition(option, scope) is None:
            continue
        seen.add(key)
        found = {"const": option["value"], "title": texts.title(option.get("name"), str(option["value"]))}
        if said := texts.plain(option.get("description"), 200):
            found["description"] = said
        yield found


def _many(part: Json, reading: Reading) -> Json | None:
    if live := _live(part, reading):
        return {"type": "array", "items": {"type": "string"}, "x-options": live}
    listed = list(listed_options(part, reading.scope))
    if not listed:
        return None
    schema: Json = {"type": "array", "items": {"oneOf": listed}, "uniqueItems": True}
    default = part.get("default")
    known = [option["const"] for option in listed]
    if isinstance(default, list) and all(value in known for value in default):
        return _default(part, reading, schema)
    return schema


def _live(part: Json, reading: Reading) -> Json | None:
    told = _options(part)
    path = f"{reading.path}.{part['name']}"
    if method := told.get("loadOptionsMethod"):
        depends = told.get("loadOptionsDependsOn") or []
        return {"method": method, "kind": "options", "path": path, **({"depends_on": depends} if depends else {})}
    if isinstance(told.get("loadOptions"), dict):
        return {"load": told["loadOptions"], "kind": "options", "path": path}
    return None


def _moment(part: Json, reading: Reading) -> Json:
    return {"type": "string", "format": "date" if _options(part).get("dateOnly") else "date-time"}


def _json(part: Json, reading: Reading) -> Json:
    schema: Json = {"type": "string", "format": "json", "x-n8n": {"as": "json"}, **_needed(part)}
    value = part.get("default")
    if isinstance(value, dict | list) and value and reading.with_defaults:
        return {**schema, "default": json.dumps(value)}
    return _default(part, reading, schema) if isinstance(value, str) else schema


def _collection(part: Json, reading: Reading) -> Json | None:
    inner = [one for one in part.get("options") or () if isinstance(one, dict) and "type" in one and "name" in one]
    made = level(inner, reading.within(inner, part["name"], with_defaults=False))
    # What is optional as a group is optional in each of its parts.
    _loosen(made)
    if not _has_fields(made):
        return None
    if _options(part).get("multipleValues"):
        return {"type": "array", "items": made}
    return {**made, "x-advanced": True}


def _loosen(schema: Json) -> None:
    schema.pop("required", None)
    for clause in schema.get("allOf", ()):
        clause.get("then", clause).pop("required", None)


def _fixed(part: Json, reading: Reading) -> Json | None:
    """Groups of values. The only one a parameter may have stands for the parameter itself."""
    is_list = bool(_options(part).get("multipleValues"))
    found: dict[str, Json] = {}
    for option in part.get("options") or ():
        values = [one for one in option.get("values") or () if isinstance(one, dict) and "name" in one]
        made = level(values, reading.within(values, f"{part['name']}.{option['name']}", with_defaults=is_list))
        if not _has_fields(made):
            continue
        title = texts.title(option.get("displayName"), str(option["name"]))
        found[str(option["name"])] = {"title": title, **({"type": "array", "items": made} if is_list else made)}
    if not found:
        return None
    if len(found) == 1:
        name, only = next(iter(found.items()))
        return {**only, "x-n8n": {"as": "only", "name": name}}
    return {"type": "object", "properties": found, "x-advanced": True}


def _locator(part: Json, reading: Reading) -> Json:
    modes = {str(mode.get("name")): mode for mode in part.get("modes") or () if isinstance(mode, dict)}
    typed = [name for name, mode in modes.items() if mode.get("type") == "string" and name != "url"]
    name = next((one for one in ("id", "name", *typed, "url", *modes) if one in modes), "id")
    schema: Json = {"type": "string", **_needed(part), "x-n8n": {"as": "locator", "mode": name}}
    listed = next((mode for mode in modes.values() if mode.get("type") == "list"), None)
    method = _options(listed or {}).get("searchListMethod")
    if method and name in ("id", "name", "list"):
        schema["x-options"] = {"method": method, "kind": "search", "path": f"{reading.path}.{part['name']}"}
    if hint := texts.plain((modes.get(name) or {}).get("placeholder"), 120):
        schema["x-placeholder"] = hint
    schema |= _pattern(modes.get(name) or {})
    default = part.get("default")
    value = default.get("value") if isinstance(default, dict) else default
    if isinstance(value, str) and value and isinstance(default, dict) and default.get("mode") in (name, None):
        return _default({**part, "default": value}, reading, schema)
    return schema


def _pattern(mode: Json) -> Json:
    """What n8n demands of an id, where the dialect can say it too."""
    for rule in mode.get("validation") or ():
        told = rule.get("properties") if isinstance(rule, dict) else None
        if isinstance(told, dict) and isinstance(told.get("regex"), str) and len(told["regex"]) <= _LONGEST_PATTERN:
            pattern = f"^(?:{told['regex']})$"
            if _is_pattern(pattern):
                message = texts.plain(told.get("errorMessage"), 200)
                return {"pattern": pattern, **({"x-pattern-message": message} if message else {})}
    return {}


@cache
def _is_pattern(text: str) -> bool:
    return not check({"type": "object", "properties": {"text": {"pattern": text}}})


def _mapper(part: Json, reading: Reading) -> Json:
    told = _options(part).get("resourceMapper") or {}
    values: Json = {"type": "object", "additionalProperties": {"title": "Value"}, "title": "Values"}
    live = {"method": told.get("resourceMapperMethod"), "kind": "fields", "path": f"{reading.path}.{part['name']}"}
    if told.get("mode") not in ("update", "upsert"):
        return {**values, "x-n8n": {"as": "mapper"}, "x-options": live}
    matching = {
        "type": "array",
        "title": "Matching columns",
        "description": "The columns by which rows are found; they must be among the values.",
        "items": {"type": "string", "minLength": 1},
    }
    return {
        "type": "object",
        "properties": {"value": values, "matchingColumns": matching},
        "x-n8n": {"as": "mapper", "matching": True},
        "x-options": live,
    }


def _assignments(part: Json, reading: Reading) -> Json:
    """What n8n edits in a window of its own: as JSON, as n8n keeps it."""
    return {"type": "string", "format": "json", "x-n8n": {"as": "object"}, **_needed(part)}


def _needed(part: Json) -> Json:
    return {"minLength": 1} if part.get("required") else {}


def _has_fields(schema: Json) -> bool:
    clauses = schema.get("allOf", ())
    return bool(schema.get("properties") or any(one.get("then", one).get("properties") for one in clauses))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


_KINDS: dict[str, Callable[[Json, Reading], Json | None]] = {
    "string": _string,
    "color": _string,
    "number": _number,
    "boolean": _boolean,
    "options": _choice,
    "multiOptions": _many,
    "dateTime": _moment,
    "json": _json,
    "collection": _collection,
    "fixedCollection": _fixed,
    "resourceLocator": _locator,
    "resourceMapper": _mapper,
    "filter": _assignments,
    "assignmentCollection": _assignments,
}
