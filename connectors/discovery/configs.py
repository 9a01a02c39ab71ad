"""A node's configuration: resource and operation first, and behind each choice the fields that n8n shows for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.discovery.conditions import Scope, condition
from connectors.discovery.descriptions import WAITING, Node
from connectors.discovery.fields import Reading, by_name, level, listed_options, one
from connectors.schemas.values import Json

RESOURCE, OPERATION = "resource", "operation"
SIGN_IN = ("authentication", "authType", "incomingAuthentication", "nodeCredentialType")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a node can do; an empty resource or operation is one that the node does not have."""

    resource: str
    operation: str
    schema: Json = field(repr=False)
    title: str = ""
    gaps: tuple[str, ...] = ()
    """What of it no form can show, in words; empty for a complete one."""

    @property
    def known(self) -> dict[str, str]:
        pairs = ((RESOURCE, self.resource), (OPERATION, self.operation))
        return {name: value for name, value in pairs if value != ""}


def operations(node: Node, *, with_waiting: bool = False) -> list[Operation]:
    """Everything the node can do, each with the fields of its own."""
    return list(_operations(node, with_waiting))


def schema(node: Node, made: list[Operation]) -> Json:
    """One schema of all operations: first the resource, then the operation, then its fields."""
    if len(made) == 1 and not made[0].known:
        return made[0].schema
    resources = list(dict.fromkeys(one.resource for one in made))
    if resources == [""]:
        return _chosen_operation(node, made, {})
    root: Json = {
        "type": "object",
        "properties": {RESOURCE: _head(node, RESOURCE, {}, resources)},
        "required": [RESOURCE],
    }
    clauses = []
    for resource in resources:
        mine = [one for one in made if one.resource == resource]
        then = _chosen_operation(node, mine, {RESOURCE: resource})
        clauses.append({"if": _is(RESOURCE, resource), "then": _inner(then)})
    return {**root, "allOf": clauses}


def controllers(node: Node) -> dict[str, list[Json]]:
    return by_name(node.properties)


def sign_in_controllers(node: Node) -> list[str]:
    """The parameters that follow from the credential alone: nothing else in the node asks for them."""
    named = {name for part in node.credentials for name in _shows(part)}
    return [name for name in SIGN_IN if name in named and not _is_asked_for(node, name)]


def _shows(part: Json) -> Json:
    shown = (part.get("displayOptions") or {}).get("show")
    return shown if isinstance(shown, dict) else {}


def _is_asked_for(node: Node, name: str) -> bool:
    return any(name == asked.lstrip("/") for part in node.properties for asked in _asked(part))


def _asked(part: Any) -> Iterator[str]:
    """Every parameter that conditions of a parameter, or of those within it, ask for."""
    if not isinstance(part, dict):
        return
    for words in (part.get("displayOptions") or {}).values():
        yield from words if isinstance(words, dict) else ()
    for inner in (*(part.get("options") or ()), *(part.get("values") or ())):
        yield from _asked(inner)


def _operations(node: Node, with_waiting: bool) -> Iterator[Operation]:
    scope = Scope(node.version, {}, controllers(node))
    skip = frozenset({RESOURCE, OPERATION, *sign_in_controllers(node)})
    for resource in _values(node, RESOURCE, {}) or [""]:
        known = {RESOURCE: resource} if resource != "" else {}
        for operation in _values(node, OPERATION, known) or [""]:
            if operation in WAITING and not with_waiting:
                continue
            certain = known | ({OPERATION: operation} if operation != "" else {})
            reading = Reading(Scope(scope.version, certain, scope.controllers))
            made = level(node.properties, reading, skip)
            yield Operation(resource, operation, made, _title(node, certain), tuple(sorted(reading.gaps)))


def _values(node: Node, name: str, known: dict[str, str]) -> list[str]:
    found = []
    for part in _parts(node, name, known):
        scope = Scope(node.version, known, controllers(node))
        found += [option["const"] for option in listed_options(part, scope)]
    return [value for value in dict.fromkeys(found) if value != ""]


def _parts(node: Node, name: str, known: dict[str, str]) -> list[Json]:
    """The variants of a choosing parameter that are shown. One that hides itself behind others is no first choice."""
    scope = Scope(node.version, known, controllers(node))
    variants = [
        part for part in scope.controllers.get(name, ()) if part.get("type") == "options" and part.get("options")
    ]
    return [part for part in variants if condition(part, scope) == {}]


def _title(node: Node, known: dict[str, str]) -> str:
    """What the operation does, in the node's own words, as Create an issue."""
    for part in _parts(node, OPERATION, {name: known[name] for name in known if name != OPERATION}):
        for option in part.get("options") or ():
            if isinstance(option, dict) and option.get("value") == known.get(OPERATION):
                return str(option.get("action") or option.get("name") or "")
    return ""


def _chosen_operation(node: Node, made: list[Operation], known: dict[str, str]) -> Json:
    if len(made) == 1 and not made[0].operation:
        return made[0].schema
    names = [one.operation for one in made]
    head = _head(node, OPERATION, known, names)
    clauses = [{"if": _is(OPERATION, one.operation), "then": _inner(one.schema)} for one in made]
    return {"type": "object", "properties": {OPERATION: head}, "required": [OPERATION], "allOf": clauses}


def _head(node: Node, name: str, known: dict[str, str], values: list[str]) -> Json:
    parts = _parts(node, name, known)
    reading = Reading(Scope(node.version, known, controllers(node)))
    options = [option for part in parts for option in listed_options(part, reading.scope) if option["const"] in values]
    options = list({option["const"]: option for option in options}.values())
    head = one(parts[0], reading) or {}
    made: Json = {"title": head.get("title", name.title()), "oneOf": options, "x-order": -2 if name == RESOURCE else -1}
    default = parts[0].get("default")
    return {**made, "default": default if default in values else options[0]["const"]}


def _is(name: str, value: str) -> Json:
    return {"properties": {name: {"const": value}}, "required": [name]}


def _inner(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "type"}
