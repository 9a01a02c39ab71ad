from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.tests.processes.engines import trap
from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import Work

pytestmark = [pytest.mark.processes, pytest.mark.n8n, pytest.mark.spark]

ADOPTED_SECONDS = 30


@pytest.mark.parametrize("engine", ["n8n", "spark"])
def test_work_outlives_its_killed_worker_and_is_adopted_within_30_seconds(
    hub: Hub, make_work: Callable[..., Work], engine: str
) -> None:
    work = make_work(engine)
    run = hub.run(hub.integrate(work.connector, work.config))
    hub.wait_for(lambda: work.starts() and hub.handle(run), "the work's begin")
    hub.kill("worker")
    left = hub.due_at(run)
    hub.launch("worker")
    hub.wait_for_worker()
    hub.wait_for(lambda: hub.due_at(run) != left, "the adoption", seconds=ADOPTED_SECONDS)
    work.let_through()
    ended = hub.ended(run)
    assert (ended["state"], ended["attempt"], work.starts()) == ("succeeded", 1, 1), ended


@pytest.mark.parametrize("engine", ["n8n", "spark"])
def test_work_nobody_noted_is_found_by_its_key_and_not_started_twice(
    hub: Hub, make_work: Callable[..., Work], engine: str
) -> None:
    work = make_work(engine)
    integration = hub.integrate(work.connector, work.config)
    trap(hub.var, engine).touch()
    run = hub.run(integration)
    hub.wait_for(lambda: not hub.is_alive("worker"), "the worker's death")
    assert hub.handle(run) is None
    hub.wait_for(work.starts, "the work's begin")
    hub.launch("worker")
    hub.wait_for(lambda: hub.handle(run), "the adoption")
    work.let_through()
    ended = hub.ended(run)
    assert (ended["state"], ended["attempt"], work.starts()) == ("succeeded", 1, 1), ended
