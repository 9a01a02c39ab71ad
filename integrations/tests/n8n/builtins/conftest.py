"""Runs built-ins on the real n8n."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import folders, schemas
from integrations.domain import Job, Json, Outcome, Progress
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import Provisioned, finish

BUILTIN = Path(__file__).parents[4] / "connectors" / "builtin"
Run = Callable[..., Progress]


@pytest.fixture
def run_builtin(n8n: N8nEngine, provision: Callable[..., Provisioned], make_job: Callable[..., Job]) -> Run:
    """Run a built-in with a credential and settings that its own schema finds right."""

    def run(slug: str, credential: Json, config: Json, state: Json | None = None) -> Progress:
        manifest = folders.read(BUILTIN / slug)
        assert schemas.validate(manifest.schema["config"], config) == []
        deployed = provision(manifest.template, credential_map=manifest.n8n_credentials, credential=credential)
        return finish(n8n, make_job(deployed, config, state=state or {}))

    return run


def outcome(progress: Progress) -> Outcome:
    assert progress.outcome is not None
    return progress.outcome
