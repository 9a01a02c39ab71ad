from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.domain import Job
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import finish, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]

ECHO = {
    "nodes": [
        {"name": "Hub", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "position": [0, 0], "parameters": {}},
        {
            "name": "Hub Output",
            "type": "n8n-nodes-base.set",
            "typeVersion": 3.4,
            "position": [200, 0],
            "parameters": {"mode": "raw", "jsonOutput": "={{ $json.body.config }}", "options": {}},
        },
    ],
    "connections": {"Hub": {"main": [[{"node": "Hub Output", "type": "main", "index": 0}]]}},
    "settings": {"executionOrder": "v1"},
}


def test_a_run_brings_its_rows(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    job = make_job(provision(ECHO), {"greeting": "grüß dich 🎈", "formula": "={{ 1 + 1 }}"})
    assert rows_of(finish(n8n, job)) == [{"greeting": "grüß dich 🎈", "formula": "={{ 1 + 1 }}"}]
