"""One workflow for all calls of single nodes: it takes the node with the call, so nothing is deployed for it.

Whoever can call it can use every credential of that n8n, so its token is a secret of this hub alone and the hub chooses
node, version and credential.
"""

from __future__ import annotations

import hashlib
import hmac
import threading

from django.conf import settings

from integrations.domain import Handle, Job, Json, Plan, Ref
from integrations.engines.n8n import batches, calls
from integrations.engines.n8n.adaptation import HUB, fingerprint, path_of
from integrations.engines.n8n.batches import OUTPUT, REJECTED
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.provisioning import Provisioning, marked, remove_workflow

_TRIGGER = "n8n-nodes-base.executeWorkflowTrigger"
_WORKFLOW = "={{ JSON.stringify($('Hub').first().json.body.workflow) }}"
_TAKEN = "={{ { i: $('Items').item.json.i, out: $json } }}"
# Of an error its words alone: the rest of it may hold the node's credential.
_REFUSED = (
    "={{ { i: $('Items').item.json.i, row: $('Items').item.json.row, error: String("
    "($json.error || {}).description || ($json.error || {}).message || $json.error || $json.message || '') } }}"
)
_INNER_SETTINGS = {
    "executionOrder": "v1",
    "saveDataSuccessExecution": "none",
    "saveDataErrorExecution": "none",
    "saveManualExecutions": False,
    "saveExecutionProgress": False,
}
_deploying = threading.Lock()


def token() -> str:
    """The runner's token follows from the hub's own secret, so every process knows the same."""
    return _derived("token")


def key() -> str:
    """Names this hub's runner in n8n, and with it how the runner is built: another build is another workflow."""
    return f"{_derived('key')} {fingerprint(template())}"


def ensure(client: Client) -> Json:
    """The published runner's workflow and path; it is deployed when there is none."""
    if found := _running(client):
        return found
    with _deploying:
        if found := _running(client):
            return found
        plan = Plan(key=key(), name="Integrations Hub, runner", template=template(), hook_token=token())
        made = Provisioning(client, plan).run()
        return _only(client, made)


def template() -> Json:
    """The rows of a read come at once, those of a write one by one, each with its error."""
    return {
        "nodes": [
            _node(HUB, "manualTrigger", 1, 0, {}),
            _node("Items", "splitOut", 1, 200, {"fieldToSplitOut": "body.items", "options": {}}),
            _node("One by one", "if", 2.2, 400, _is_each()),
            _node("Each", "executeWorkflow", 1.4, 600, _calling("each"), y=-100, onError="continueErrorOutput"),
            _node(OUTPUT, "set", 3.4, 800, _set(_TAKEN), y=-200),
            _node(REJECTED, "set", 3.4, 800, _set(_REFUSED), y=0),
            _node("Once", "executeWorkflow", 1.4, 600, _calling("once"), y=100),
        ],
        "connections": {
            HUB: _to("Items"),
            "Items": _to("One by one"),
            "One by one": {"main": [_to("Each")["main"][0], _to("Once")["main"][0]]},
            "Each": {"main": [_to(OUTPUT)["main"][0], _to(REJECTED)["main"][0]]},
        },
        "settings": {"executionOrder": "v1"},
    }


def _running(client: Client) -> Json | None:
    for found in sorted(marked(client, key()), key=lambda flow: str(flow["id"])):
        path = path_of(found)
        if found.get("active") and path and client.is_hook_registered(path):
            return {"runner": found["id"], "path": path}
    return None


def _only(client: Client, made: Json) -> Json:
    """Two processes may have deployed it at once: the one that both see first stays."""
    first = _running(client) or {"runner": made["workflow"], "path": made["path"]}
    if first["runner"] != made["workflow"]:
        remove_workflow(client, made["workflow"])
    return first


def _derived(what: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"n8n runner {what}".encode(), hashlib.sha256).hexdigest()


def provision(client: Client, plan: Plan) -> Ref:
    """What a deployment of one node needs in n8n: its credential, and the runner that all of them share."""
    made = Provisioning(client, plan).credential_alone()
    return {**made, **ensure(client)}


def body(job: Job, handle: Handle | None = None) -> Json:
    """What the runner is called with: for one call, or for the batch of rows that a handle is at."""
    return {
        "run_id": str(job.run_id),
        "attempt": job.attempt,
        "key": batches.key(job, handle) if handle else job.key,
        "mode": "each" if handle else "once",
        "items": batches.items(handle) if handle else [{"i": 0}],
        "workflow": inner(job.template, job.config, job.ref),
    }


def inner(template: Json, config: Json, ref: Json) -> Json:
    """The workflow of the one node, with its parameters and the deployment's credential."""
    told = template["node"]
    # The credential has the last word on how the node signs in.
    given = {**calls.parameters(template.get("fields", {}), config), **ref.get("parameters", {})}
    node = {
        "id": "call",
        "name": told["title"],
        "type": told["type"],
        "typeVersion": told["version"],
        "position": [200, 0],
        "parameters": given,
    }
    if credential := ref.get("credential"):
        node["credentials"] = {credential["type"]: {"id": credential["id"], "name": credential["name"]}}
    trigger = {
        "id": "start",
        "name": "Start",
        "type": _TRIGGER,
        "typeVersion": 1.1,
        "position": [0, 0],
        "parameters": {"inputSource": "passthrough"},
    }
    return {
        "nodes": [trigger, node],
        "connections": {"Start": _to(told["title"])},
        "settings": _INNER_SETTINGS,
    }


def _node(name: str, kind: str, version: float, x: int, parameters: Json, *, y: int = 0, **more: str) -> Json:
    return {
        "id": name,
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [x, y],
        "parameters": parameters,
        **more,
    }


def _set(expression: str) -> Json:
    return {"mode": "raw", "jsonOutput": expression, "options": {}}


def _calling(mode: str) -> Json:
    return {
        "source": "parameter",
        "workflowJson": _WORKFLOW,
        "mode": mode,
        "options": {"waitForSubWorkflow": True},
    }


def _is_each() -> Json:
    return {
        "conditions": {
            "options": {"caseSensitive": True, "leftValue": "", "typeValidation": "strict", "version": 2},
            "combinator": "and",
            "conditions": [
                {
                    "id": "mode",
                    "leftValue": "={{ $('Hub').first().json.body.mode }}",
                    "rightValue": "each",
                    "operator": {"type": "string", "operation": "equals"},
                }
            ],
        },
        "options": {},
    }


def _to(name: str) -> Json:
    return {"main": [[{"node": name, "type": "main", "index": 0}]]}
