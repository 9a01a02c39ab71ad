from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import Work, drivers

pytestmark = [pytest.mark.processes, pytest.mark.n8n, pytest.mark.spark]

LIMIT_SECONDS = 10


def test_a_cancel_ends_the_work_in_both_engines_too(hub: Hub, make_work: Callable[..., Work]) -> None:
    works = {engine: make_work(engine) for engine in ("n8n", "spark")}
    runs = {engine: hub.run(hub.integrate(work.connector, work.config)) for engine, work in works.items()}
    for engine, work in works.items():
        hub.wait_for(lambda work=work, run=runs[engine]: work.starts() and hub.handle(run), "the work's begin")
    assert drivers(hub.handle(runs["spark"])["dir"])
    for run in runs.values():
        assert hub.call("POST", f"/api/v1/runs/{run}/cancel").status_code == 202
    for engine, run in runs.items():
        assert hub.ended(run)["state"] == "cancelled"
        assert works[engine].is_gone(hub.handle(run))


def test_a_deadline_ends_the_work_in_both_engines_too(hub: Hub, make_work: Callable[..., Work]) -> None:
    works = {engine: make_work(engine) for engine in ("n8n", "spark")}
    limit = {"timeout_seconds": LIMIT_SECONDS}
    runs = {engine: hub.run(hub.integrate(work.connector, work.config, **limit)) for engine, work in works.items()}
    for run in runs.values():
        hub.wait_for(lambda run=run: hub.handle(run), "the handles")
    assert drivers(hub.handle(runs["spark"])["dir"])
    for engine, run in runs.items():
        ended = hub.ended(run)
        assert (ended["state"], ended["failure"]["code"]) == ("timed_out", "timed_out"), ended
        assert works[engine].is_gone(hub.handle(run))
