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
    """One thing that a node can do: what must be chosen for it, in order, and the fields it then has."""

    known: dict[str, str]
    schema: Json = field(repr=False)
    title: str = ""
    gaps: tuple[str, ...] = ()
    """What of it no form can show, in words; empty for a complete one."""

    @property
    def name(self) -> str:
        return " ".join(self.known.values())


def operations(node: Node, *, with_waiting: bool = False) -> list[Operation]:
    """Everything the node can do, each with the fields of its own."""
    chain = choosers(node)
    skip = frozenset({*chain, *sign_in_controllers(node)})
    found = _choices(node, chain, {})
    wanted = [known for known in found if with_waiting or known.get(OPERATION) not in WAITING]
    return [_operation(node, known, skip) for known in wanted]


def schema(node: Node, made: list[Operation]) -> Json:
    """One schema of all operations: first the resource, then the operation, then its fields."""
    return _tree(node, made, choosers(node), {})


def choosers(node: Node) -> list[str]:
    """What is chosen first, in order: whatever resource and operation depend on, then these two."""
    parts = controllers(node)
    asked = {
        name.lstrip("/") for first in (RESOURCE, OPERATION) for part in parts.get(first, ()) for name in _asked(part)
    }
    leading = [name for name in parts if name in asked - {RESOURCE, OPERATION} and _is_choice(parts[name])]
    return [*leading, RESOURCE, OPERATION]


def _is_choice(variants: list[Json]) -> bool:
    return len(variants) == 1 and variants[0].get("type") == "options" and not variants[0].get("displayOptions")


def controllers(node: Node) -> dict[str, list[Json]]:
    return by_name(node.properties)


def sign_in_controllers(node: Node) -> list[str]:
    """The parameters that follow from the credential alone: nothing else in the node asks for them."""
    named = {name for part in node.credentials for name in _shows(part)}
    return [name for name in SIGN_IN if name in named and not _is_asked_for(node, name)]


def sign_in_parameters(node: Node) -> list[str]:
    """The parameters that the credential decides, whatever a form says of them; not one that is chosen first."""
    named = {name for part in node.credentials for name in _shows(part)}
    first = choosers(node)
    return [name for name in SIGN_IN if name in named and name not in first]


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


def _operation(node: Node, known: dict[str, str], skip: frozenset[str]) -> Operation:
    reading = Reading(Scope(node.version, known, controllers(node)))
    made = level(node.properties, reading, skip)
    return Operation(known, made, _title(node, known), tuple(sorted(reading.gaps)))


def _choices(node: Node, chain: list[str], known: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every way through the choices; one that the node does not have is left out."""
    if not chain:
        yield known
        return
    name, *rest = chain
    values = _values(node, name, known)
    for more in [{name: value} for value in values] or [{}]:
        yield from _choices(node, rest, known | more)


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


def _tree(node: Node, made: list[Operation], chain: list[str], known: dict[str, str]) -> Json:
    if not chain:
        return made[0].schema
    name, *rest = chain
    values = list(dict.fromkeys(one.known[name] for one in made if name in one.known))
    if not values:
        return _tree(node, made, rest, known)
    clauses = []
    for value in values:
        mine = [one for one in made if one.known.get(name) == value]
        clauses.append({"if": _is(name, value), "then": _inner(_tree(node, mine, rest, known | {name: value}))})
    head = _head(node, name, known, values, -len(chain))
    return {"type": "object", "properties": {name: head}, "required": [name], "allOf": clauses}


def _head(node: Node, name: str, known: dict[str, str], values: list[str], order: int) -> Json:
    parts = _parts(node, name, known)
    reading = Reading(Scope(node.version, known, controllers(node)))
    options = [option for part in parts for option in listed_options(part, reading.scope) if option["const"] in values]
    options = list({option["const"]: option for option in options}.values())
    head = one(parts[0], reading) or {}
    made: Json = {"title": head.get("title", name.title()), "oneOf": options, "x-order": order}
    default = parts[0].get("default")
    return {**made, "default": default if default in values else options[0]["const"]}


def _is(name: str, value: str) -> Json:
    return {"properties": {name: {"const": value}}, "required": [name]}


def _inner(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "type"}
