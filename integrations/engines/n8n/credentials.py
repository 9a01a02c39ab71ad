"""How a hub credential becomes one of n8n's: the `n8n.credential` map of a connector."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from connectors import maps
from integrations.domain import EngineError, Json, Origin


@dataclass(frozen=True, slots=True)
class N8nCredential:
    """What n8n is given: a credential of a type, or none, and the parameters its nodes then need."""

    type: str = ""
    data: Json = field(default_factory=dict, repr=False)
    node_parameters: Json = field(default_factory=dict)


def translate(mapping: Json, credential: Json) -> N8nCredential:
    """Choose n8n's credential type and fill its fields.

    A map is one choice `{type, data, node}`, or `{by: pointer, cases: {value: map}, default: value}`; `default` is the
    case of a credential without the field, or of none at all. A choice without a type stands for no credential. In
    `data` "/pointer" is a field of our credential, `{"value": x}` is x itself,
    `{"from": "/pointer", "else": x}` either one.
    """
    choice = _choose(mapping, credential)
    parameters: Json = choice.get("node") or {}
    kind = str(choice.get("type") or "")
    if not kind or not credential:
        return N8nCredential(node_parameters={} if kind else parameters)
    data = {name: _fill(source, credential) for name, source in (choice.get("data") or {}).items()}
    present = {name: value for name, value in data.items() if value is not None}
    return N8nCredential(kind, present, parameters)


def _choose(mapping: Json, credential: Json) -> Json:
    try:
        return maps.choose(mapping, credential)
    except maps.UnknownCase as case:
        raise _unknown_case(case) from None


def _unknown_case(case: maps.UnknownCase) -> EngineError:
    return EngineError(
        f"The connector does not say which n8n credential stands for {case.pointer} = {case.found!r}.",
        retryable=False,
        code="credential_map",
        origin=Origin.HUB,
        fix=f"Add the case to the connector's n8n.credential map; it knows {', '.join(case.known) or 'none'}.",
    )


def _fill(source: Any, credential: Json) -> Any:
    # What the connector's author wrote may be an expression, what a user typed may not.
    from_user = source if isinstance(source, str) else source.get("from")
    found = maps.resolve(from_user, credential) if from_user else None
    return literal(found) if found is not None else maps.fill(source, credential)


def literal(value: Any) -> Any:
    """Keep n8n from evaluating what a user typed: any string in it that begins with "=" would be an expression."""
    if isinstance(value, dict):
        return {name: literal(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(literal, value))
    if not (isinstance(value, str) and value.startswith("=")):
        return value
    quoted = json.dumps(value).replace("{", "\\u007b").replace("}", "\\u007d")
    return f"={{{{ {quoted} }}}}"
