"""From a connector's template to the workflow that n8n is given."""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from integrations.domain import EngineError, Json, Origin
from integrations.engines.n8n.credentials import N8nCredential

HUB = "Hub"
"""The trigger's name; expressions read `$('Hub').first().json.body`."""
MARK = "hub"
"""A template's node that carries `"credentials": {"hub": {}}` is given the integration's credential."""
WEBHOOK_TYPE = "n8n-nodes-base.webhook"
TRIGGER_TYPES = (WEBHOOK_TYPE, "n8n-nodes-base.manualTrigger", "n8n-nodes-base.executeWorkflowTrigger")
KEPT_SETTINGS = ("executionOrder", "timezone")


@dataclass(frozen=True, slots=True)
class Reference:
    """A credential as nodes refer to it."""

    id: str
    name: str


def adapt(
    template: Json, *, name: str, path: str, hook: Reference, credential: N8nCredential, reference: Reference | None
) -> Json:
    """Return the workflow to publish: the hub's own trigger, the tenant's credential, what is kept of executions."""
    nodes = [copy.deepcopy(node) for node in template.get("nodes", [])]
    trigger = _trigger_of(nodes)
    renamed = {trigger["name"]: HUB}
    adapted = [
        _hook_node(trigger, path, hook) if node is trigger else _node(node, credential, reference) for node in nodes
    ]
    connections = {renamed.get(source, source): targets for source, targets in template.get("connections", {}).items()}
    settings = {key: value for key, value in (template.get("settings") or {}).items() if key in KEPT_SETTINGS}
    return {
        "name": name,
        "nodes": adapted,
        "connections": connections,
        "settings": {
            "executionOrder": "v1",
            **settings,
            "saveExecutionProgress": False,
            "saveDataSuccessExecution": "all",
            "saveDataErrorExecution": "all",
            "saveManualExecutions": False,
        },
    }


def fingerprint(workflow: Json) -> str:
    return hashlib.sha256(json.dumps(workflow, sort_keys=True).encode()).hexdigest()


def path_of(workflow: Json) -> str | None:
    """Return the webhook path of a workflow that the hub made earlier."""
    for node in workflow.get("nodes", []):
        if node.get("name") == HUB and node.get("type") == WEBHOOK_TYPE:
            path: str | None = node.get("parameters", {}).get("path")
            return path
    return None


def _trigger_of(nodes: list[Json]) -> Json:
    named = [node for node in nodes if node.get("name") == HUB]
    triggers = named or [node for node in nodes if node.get("type") in TRIGGER_TYPES]
    if len(triggers) != 1:
        raise EngineError(
            f"The connector's workflow has {len(triggers)} nodes that could be its trigger; it needs exactly one.",
            retryable=False,
            code="template_broken",
            origin=Origin.HUB,
            fix=f"Name the trigger node of its workflow.json {HUB!r}.",
        )
    return triggers[0]


def _hook_node(trigger: Json, path: str, hook: Reference) -> Json:
    return {
        "id": trigger.get("id") or str(uuid.uuid5(uuid.NAMESPACE_URL, path)),
        "name": HUB,
        "type": WEBHOOK_TYPE,
        "typeVersion": 2.1,
        "position": trigger.get("position") or [0, 0],
        "webhookId": path,
        "parameters": {
            "httpMethod": "POST",
            "path": path,
            "authentication": "headerAuth",
            "responseMode": "hostedChat",
            "options": {},
        },
        "credentials": {"httpHeaderAuth": {"id": hook.id, "name": hook.name}},
    }


def _node(node: Json, credential: N8nCredential, reference: Reference | None) -> Json:
    # Credential ids of a template belong to the n8n it was exported from; here they could be another tenant's.
    given: Any = node.pop("credentials", None) or {}
    if MARK not in given:
        return node
    node["parameters"] = {**(node.get("parameters") or {}), **credential.node_parameters}
    if reference:
        node["credentials"] = {credential.type: {"id": reference.id, "name": reference.name}}
    return node
