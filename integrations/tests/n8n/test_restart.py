from __future__ import annotations

import dataclasses
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from embedded.n8n import Server, api_key, install, start, wait_until_ready
from embedded.n8n.testing import start_somewhere
from integrations.domain import EngineError, Job, Plan, Progress
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import Provisioned
from integrations.tests.n8n.test_lifecycle import SLOW

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def own_n8n(tmp_path: Path) -> Iterator[Server]:
    server = start_somewhere(tmp_path)
    yield server
    server.kill()


def test_a_run_survives_the_death_of_n8n_as_a_failure_to_retry(own_n8n: Server, make_job: Callable[..., Job]) -> None:
    engine = N8nEngine(own_n8n.url, api_key(own_n8n.url, own_n8n.setup.folder))
    plan = Plan(key=str(uuid.uuid4()), name="Dies", template=SLOW, hook_token="t0ken")
    job = make_job(Provisioned(plan, engine.provision(plan)))
    handle = engine.start(job).handle
    own_n8n.kill()
    with pytest.raises(EngineError) as caught:
        engine.poll(job, handle)
    assert (caught.value.failure.code, caught.value.retryable) == ("n8n_unreachable", True)
    again = start(install(), own_n8n.setup)
    try:
        progress = poll_through_the_boot(engine, job, handle)
        wait_until_ready(again.url)
        call_running(own_n8n, handle)
        overlooked = poll_through_the_boot(engine, dataclasses.replace(job, asked_at=LONG_AGO), handle)
    finally:
        again.kill()
    for told in (progress, overlooked):
        assert told.outcome is not None
        assert told.outcome.failure is not None
        assert (told.outcome.failure.code, told.outcome.failure.retryable) == ("engine_crashed", True)


def call_running(server: Server, handle: dict[str, str]) -> None:
    """Leave the execution as n8n does when it died between two lines of its own log: it says that it runs, for ever."""
    with closing(sqlite3.connect(server.setup.folder / ".n8n" / "database.sqlite", timeout=20)) as database, database:
        database.execute(
            "UPDATE execution_entity SET status = 'running', stoppedAt = NULL WHERE id = ?", [handle["execution"]]
        )


def poll_through_the_boot(engine: N8nEngine, job: Job, handle: dict[str, str]) -> Progress:
    """Poll without a pause from the first moment: whatever n8n says while it boots must be taken as passing."""
    deadline = time.monotonic() + 110
    while time.monotonic() < deadline:
        try:
            progress = engine.poll(job, handle)
        except EngineError as error:
            assert error.retryable, error
            assert error.failure.code in ("n8n_unreachable", "n8n_starting", "n8n_refused")
        else:
            if progress.outcome:
                return progress
        time.sleep(0.02)
    raise AssertionError("n8n did not come back within 110 s")
