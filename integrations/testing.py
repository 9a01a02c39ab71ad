"""What tests of integrations are given: connectors of the fake engine, and a hub that steps runs at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connectors.models import Connector
from integrations.domain import ACTIVE, Trigger
from integrations.models import Integration, Run
from integrations.services import integrations, requests, runs
from tenants.models import Tenant

ANYTHING = {"type": "object", "additionalProperties": True}
READS = {
    "type": "object",
    "additionalProperties": True,
    "properties": {"reads": {"type": "string", "format": "dataset", "title": "Reads"}},
}
KEY = {
    "type": "object",
    "required": ["key"],
    "properties": {
        "url": {"type": "string", "title": "URL", "format": "uri"},
        "key": {"type": "string", "title": "Key", "writeOnly": True, "minLength": 1},
    },
}


def fake_connector(slug: str = "fake", *, credential: dict[str, Any] | None = None, **fields: Any) -> Connector:
    schema = {"credential": credential or {}, "config": READS}
    values = {"name": slug.title(), "type": "fake", "status": "published", "schema": schema, **fields}
    return Connector.objects.get_or_create(slug=slug, defaults=values)[0]


@pytest.fixture(autouse=True)
def workspaces(settings: LazySettings, tmp_path: Any) -> None:
    settings.RUNS_DIR = tmp_path / "runs"
    settings.STORAGE_URL = f"file://{tmp_path / 'data'}"


@pytest.fixture
def make_integration(acme: Tenant) -> Callable[..., Integration]:
    def make(config: dict[str, Any] | None = None, **options: Any) -> Integration:
        values = {"tenant_id": acme.pk, "by": None, "name": f"integration {uuid4().hex[:8]}", **options}
        connector = values.pop("connector", None) or fake_connector()
        return integrations.create(connector=connector, config=config or {}, **values)

    return make


@pytest.fixture
def make_run(make_integration: Callable[..., Integration]) -> Callable[..., Run]:
    def make(config: dict[str, Any] | None = None, trigger: Trigger = Trigger.API, **options: Any) -> Run:
        return requests.request(integration=make_integration(config, **options), trigger=trigger)[0]

    return make


def make_due(run: Run) -> None:
    Run.everywhere.filter(pk=run.pk, due_at__isnull=False).update(due_at=timezone.now())


def follow(run: Run, seconds: float = 60) -> Run:
    """Step the run until it ends, as a worker that never waits for the tick."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run.refresh_from_db()
        if run.state not in ACTIVE:
            return run
        make_due(run)
        runs.advance([run.pk])
    raise AssertionError(f"the run is still {run.state} after {seconds} s")


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The ids that bells were rung for, at once and not at a commit that never comes; no broker is asked."""
    rung: list[str] = []
    monkeypatch.setattr("integrations.services.bell.transaction.on_commit", lambda send: send())
    monkeypatch.setattr("integrations.services.bell._send", lambda queue, ids: rung.extend(ids))
    yield rung
