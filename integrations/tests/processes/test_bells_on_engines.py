"""What test_bells.py shows with an engine that only waits, on the real ones."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from integrations.tests.processes.hub import Hub
from integrations.tests.processes.test_bells import DOWN_SECONDS, ring, versions
from integrations.tests.processes.works import Work

pytestmark = [pytest.mark.processes, pytest.mark.n8n, pytest.mark.spark]


class Works:
    """The same held work in both engines."""

    def __init__(self, hub: Hub, make_work: Callable[..., Work]) -> None:
        self.hub = hub
        self.works = [make_work(engine) for engine in ("n8n", "spark")]
        self.integrations = [hub.integrate(work.connector, work.config) for work in self.works]
        self.runs: list[str] = []

    def ask(self) -> None:
        self.runs = [self.hub.run(integration) for integration in self.integrations]

    def begin(self) -> None:
        self.ask()
        self.wait_until_begun()

    def wait_until_begun(self) -> None:
        for work, run in zip(self.works, self.runs, strict=True):
            self.hub.wait_for(lambda work=work, run=run: work.starts() and self.hub.handle(run), "the work's begin")

    def let_through(self) -> None:
        for work in self.works:
            work.let_through()

    def assert_ended_once(self) -> None:
        ended = [self.hub.ended(run) for run in self.runs]
        assert [(run["state"], run["attempt"]) for run in ended] == [("succeeded", 1)] * 2, ended
        assert [work.starts() for work in self.works] == [1, 1]
        for integration, run in zip(self.integrations, self.runs, strict=True):
            assert versions(self.hub, integration) == [run.replace("-", "")]


@pytest.fixture
def works(hub: Hub, make_work: Callable[..., Work]) -> Works:
    return Works(hub, make_work)


def test_two_workers_and_many_bells_ask_each_engine_once(hub: Hub, works: Works) -> None:
    hub.start_second_worker()
    works.ask()
    for queue, run in zip(("n8n", "spark"), works.runs, strict=True):
        ring(hub, queue, [run] * 20)
    works.wait_until_begun()
    works.let_through()
    works.assert_ended_once()
    hub.kill("second")


def test_work_goes_on_while_the_broker_is_flushed_and_then_down(hub: Hub, works: Works) -> None:
    works.begin()
    with hub.broker as broker:
        broker.flushall()
    hub.kill("valkey")
    down_until = time.monotonic() + DOWN_SECONDS
    works.let_through()
    time.sleep(max(0.0, down_until - time.monotonic()))
    hub.start_broker()
    works.assert_ended_once()


def test_a_worker_that_slept_through_its_lease_changes_nothing_of_what_another_finished(
    hub: Hub, works: Works, make_work: Callable[..., Work]
) -> None:
    works.begin()
    with hub.frozen("worker"):
        hub.start_second_worker()
        works.let_through()
        works.assert_ended_once()
        ended = [hub.shown(run) for run in works.runs]
        hub.kill("second")
    later = make_work("n8n")
    later.let_through()
    assert hub.ended(hub.run(hub.integrate(later.connector, later.config)))["state"] == "succeeded"
    assert [hub.shown(run) for run in works.runs] == ended
    works.assert_ended_once()
