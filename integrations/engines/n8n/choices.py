"""Choices that a node would load in n8n's own editor, asked of n8n as its editor does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from integrations.domain import Choice, EngineError, Json, Plan
from integrations.engines.n8n import calls
from integrations.engines.n8n.adaptation import Reference
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.credentials import N8nCredential, translate
from integrations.engines.n8n.provisioning import id_of, remove_credential
from integrations.engines.n8n.session import Session

log = structlog.get_logger(__name__)

ENDPOINTS = {"options": "options", "search": "resource-locator-results", "fields": "resource-mapper-fields"}


def load(client: Client, session: Session, plan: Plan, source: Any, config: Json, seconds: float) -> Sequence[Choice]:
    """Ask with the plan's credential, which is made for this alone. What was entered so far is evaluated by nobody."""
    told = plan.template.get("node")
    if not told or not isinstance(source, dict) or source.get("kind") not in ENDPOINTS:
        raise EngineError("This connector has no choices to load.", retryable=False, code="no_choices")
    credential = translate(plan.credential_map, plan.credential)
    reference = _made(client, plan, credential, seconds)
    try:
        body = _body(plan, source, config, credential, reference)
        return list(_choices(session.choices(ENDPOINTS[source["kind"]], body, seconds)))
    finally:
        if reference:
            _remove(client, reference.id)


def _body(plan: Plan, source: Json, config: Json, credential: N8nCredential, reference: Reference | None) -> Json:
    told = plan.template["node"]
    given = {**calls.parameters(plan.template.get("fields", {}), _harmless(config)), **credential.node_parameters}
    asked: Json = {
        "path": source.get("path", "parameters"),
        "nodeTypeAndVersion": {"name": told["type"], "version": told["version"]},
        "currentNodeParameters": given,
    }
    if reference:
        asked["credentials"] = {credential.type: {"id": reference.id, "name": reference.name}}
    if "load" in source:
        return asked | {"loadOptions": source["load"]}
    return asked | {"methodName": source["method"]}


def _harmless(value: Any) -> Any:
    """Without texts that n8n may take for expressions: in some places it evaluates them here, in others it does not."""
    if isinstance(value, dict):
        return {name: _harmless(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    return "" if isinstance(value, str) and value.startswith("=") else value


def _made(client: Client, plan: Plan, credential: N8nCredential, seconds: float) -> Reference | None:
    if not credential.type:
        return None
    made = id_of(plan.key, "choices")
    reference = Reference(made, f"Choices {made}")
    body = {"id": made, "name": reference.name, "type": credential.type, "data": credential.data}
    client.api("POST", "/credentials", body, seconds=seconds)
    return reference


def _remove(client: Client, made: str) -> None:
    try:
        remove_credential(client, made)
    except EngineError as error:
        log.warning("credential_of_choices_left", credential=made, reason=str(error))


def _choices(answer: Json) -> Iterator[Choice]:
    """n8n answers a list, or one under `results` or `fields`."""
    data = answer.get("data")
    found = (data.get("results") or data.get("fields") or []) if isinstance(data, dict) else data
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        value = one.get("value", one.get("id"))
        if isinstance(value, str | int | float) and value != "":
            label = one.get("name") or one.get("displayName") or value
            yield Choice(str(value), str(label), str(one.get("description") or ""))
