"""The same small workflow twice: bare, answering when it has ended, and as a connector's template."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
ROWS = "={{ { id: $json.body.config.id, name: 'row ' + $json.body.config.id, at: $now.toISO() } }}"


def _rows() -> Json:
    return {
        "name": "Hub Output",
        "type": "n8n-nodes-base.set",
        "typeVersion": 3.4,
        "position": [220, 0],
        "parameters": {"mode": "raw", "jsonOutput": ROWS, "options": {}},
    }


TEMPLATE: Json = {
    "name": "bench",
    "nodes": [
        {"name": "Hub", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "position": [0, 0], "parameters": {}},
        _rows(),
    ],
    "connections": {"Hub": {"main": [[{"node": "Hub Output", "type": "main", "index": 0}]]}},
    "settings": {"executionOrder": "v1"},
}


def bare(path: str) -> Json:
    """The workflow behind a webhook of its own, answering with what its last node gives."""
    hook = {
        "name": "Hook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2.1,
        "position": [0, 0],
        "webhookId": path,
        "parameters": {"httpMethod": "POST", "path": path, "responseMode": "lastNode", "options": {}},
    }
    return {
        "name": "bench bare",
        "nodes": [hook, _rows()],
        "connections": {"Hook": {"main": [[{"node": "Hub Output", "type": "main", "index": 0}]]}},
        "settings": {"executionOrder": "v1", "saveDataSuccessExecution": "all"},
    }
