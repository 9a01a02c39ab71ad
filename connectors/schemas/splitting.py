"""Takes one object schema apart: what belongs to the credential, and what to the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.schemas.masking import holds_secret
from connectors.schemas.shape import branches
from connectors.schemas.values import Json

_CLAUSES = ("allOf", "anyOf", "oneOf")
_CONDITION = ("if", "then", "else")


def split(schema: Json) -> Json:
    """{"credential": schema, "config": schema}. A pair is given back; of a plain schema, every property that holds a
    secret goes to the credential, and with it the ones that a condition ties to it."""
    if schema.keys() <= {"credential", "config"}:
        return {"credential": schema.get("credential") or {}, "config": schema.get("config") or {}}
    clauses = list(_clauses(schema))
    names = _sealed_names(schema, clauses)
    return {"credential": _part(schema, clauses, names, True), "config": _part(schema, clauses, names, False)}


def has_fields(schema: Json) -> bool:
    return any(part.get("properties") or part.get("patternProperties") for part in branches(schema))


def _sealed_names(schema: Json, clauses: list[Json]) -> set[str]:
    names = {name for name, part in schema.get("properties", {}).items() if holds_secret(part)}
    groups = [(clause, set(_mentioned(clause))) for clause in clauses]
    names |= {name for clause, mentioned in groups if holds_secret(clause) for name in mentioned}
    while grown := {name for _, mentioned in groups if mentioned & names for name in mentioned} - names:
        names |= grown
    return names


def _clauses(schema: Json) -> Iterator[Json]:
    """Every condition of the schema as a schema of its own."""
    for part in schema.get("allOf", ()):
        yield {"allOf": [part]}
    for key in ("anyOf", "oneOf"):
        if key in schema:
            yield {key: schema[key]}
    if "if" in schema:
        yield {key: schema[key] for key in _CONDITION if key in schema}
    for key in ("dependentRequired", "dependentSchemas"):
        for name, value in schema.get(key, {}).items():
            yield {key: {name: value}}


def _mentioned(clause: Any) -> Iterator[str]:
    """The outermost properties that a condition speaks about."""
    if not isinstance(clause, dict):
        return
    yield from clause.get("properties", ())
    yield from clause.get("required", ())
    for name, needed in clause.get("dependentRequired", {}).items():
        yield from (name, *needed)
    for name, part in clause.get("dependentSchemas", {}).items():
        yield name
        yield from _mentioned(part)
    inner = [clause.get(key) for key in (*_CONDITION, "not")]
    for part in [*inner, *(part for key in _CLAUSES for part in clause.get(key, ()))]:
        yield from _mentioned(part)


def _part(schema: Json, clauses: list[Json], sealed: set[str], wanted: bool) -> Json:
    properties = {name: part for name, part in schema.get("properties", {}).items() if (name in sealed) is wanted}
    rules = [clause for clause in clauses if bool(set(_mentioned(clause)) & sealed) is wanted]
    if not properties and not rules:
        return {}
    part: Json = {"type": "object", "properties": properties}
    if required := [name for name in schema.get("required", ()) if (name in sealed) is wanted]:
        part["required"] = required
    if rules:
        part["allOf"] = [rule["allOf"][0] if list(rule) == ["allOf"] else rule for rule in rules]
    if not wanted and "additionalProperties" in schema:
        part["additionalProperties"] = schema["additionalProperties"]
    return part
