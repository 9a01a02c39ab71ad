"""How a hub credential becomes one of n8n's: the `n8n.credential` map of a connector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from integrations.domain import EngineError, Json, Origin


@dataclass(frozen=True, slots=True)
class N8nCredential:
    """What n8n is given: a credential of a type, or none, and the parameters its nodes then need."""

    type: str = ""
    data: Json = field(default_factory=dict, repr=False)
    node_parameters: Json = field(default_factory=dict)


def translate(mapping: Json, credential: Json) -> N8nCredential:
    """Choose n8n's credential type and fill its fields.

    A map is one choice `{type, data, node}`, or `{by: pointer, cases: {value: choice}}`. The case "none" also stands
    for an integration without a credential. In `data` a string is a JSON pointer into our credential, and
    `{"value": x}` is x itself.
    """
    choice = _choose(mapping, credential)
    kind = str(choice.get("type") or "")
    if not kind or not (credential or "by" in mapping):
        return N8nCredential(node_parameters=choice.get("node") or {})
    data = {name: _fill(source, credential) for name, source in (choice.get("data") or {}).items()}
    present = {name: value for name, value in data.items() if value is not None}
    return N8nCredential(kind, present, choice.get("node") or {})


def _choose(mapping: Json, credential: Json) -> Json:
    if "by" not in mapping:
        return mapping
    chosen = resolve(mapping["by"], credential)
    cases: dict[str, Json] = mapping["cases"]
    if chosen is None and not credential:
        chosen = "none"
    if chosen not in cases:
        raise EngineError(
            f"The connector does not say which n8n credential stands for {mapping['by']} = {chosen!r}.",
            retryable=False,
            code="credential_map",
            origin=Origin.HUB,
            fix=f"Add the case to the connector's n8n.credential map; it knows {', '.join(sorted(cases)) or 'none'}.",
        )
    return cases[chosen]


def _fill(source: Any, credential: Json) -> Any:
    return resolve(source, credential) if isinstance(source, str) else source.get("value")


def resolve(pointer: str, value: Any) -> Any:
    """Follow a JSON pointer; None when nothing is there."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value
