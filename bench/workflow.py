"""The n8n workflow that is measured bare and through the hub: one expression makes five rows of what was posted."""

from __future__ import annotations

import itertools
from typing import Any

Json = dict[str, Any]
ROWS = 5
CONFIG = {"name": "bench"}
TRIGGER = "Hub"
"""The expression reads what this node got, in both workflows."""
EXPRESSION = """={{ ({
  rows: Array.from({ length: %d }, (_, at) => ({ number: at, name: $json.body.config.name + ' ' + at })),
}) }}"""
NODES: list[Json] = [
    {
        "name": "Make rows",
        "type": "n8n-nodes-base.set",
        "typeVersion": 3.4,
        "position": [220, 0],
        "parameters": {"mode": "raw", "jsonOutput": EXPRESSION % ROWS, "options": {}},
    },
    {
        "name": "Hub Output",
        "type": "n8n-nodes-base.splitOut",
        "typeVersion": 1,
        "position": [440, 0],
        "parameters": {"fieldToSplitOut": "rows", "options": {}},
    },
]


def template() -> Json:
    """The workflow as a connector has it: the hub puts its own webhook in place of the trigger."""
    return _workflow({"type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}})


def bare(path: str) -> Json:
    """The workflow as somebody without the hub would publish it: the webhook answers with the rows when all is done."""
    answer = {"responseMode": "lastNode", "responseData": "allEntries", "options": {}}
    parameters = {"httpMethod": "POST", "path": path, **answer}
    webhook = {"type": "n8n-nodes-base.webhook", "typeVersion": 2.1, "webhookId": path, "parameters": parameters}
    return {"name": "Bare", **_workflow(webhook)}


def _workflow(trigger: Json) -> Json:
    nodes = [{"name": TRIGGER, "position": [0, 0], **trigger}, *NODES]
    names = [node["name"] for node in nodes]
    following = {
        name: {"main": [[{"node": after, "type": "main", "index": 0}]]} for name, after in itertools.pairwise(names)
    }
    return {"nodes": nodes, "connections": following, "settings": {"executionOrder": "v1"}}
