from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from celery import Celery

from integrations.services import bell
from integrations.tests.processes.hub import Hub, running

pytestmark = pytest.mark.processes

DOWN_SECONDS = 10
ACTIVE = "SELECT 1 FROM integrations_run WHERE due_at IS NOT NULL"
OVERDUE = "SELECT 1 FROM integrations_integration WHERE next_run_at < '2021-01-01'"


@pytest.fixture(scope="module")
def whole_hub() -> Iterator[Hub]:
    with running({"fake": "integrations.engines.fake.FakeEngine"}) as hub:
        yield hub


@pytest.fixture
def hub(whole_hub: Hub) -> Hub:
    whole_hub.mend()
    return whole_hub


@pytest.fixture
def integration(hub: Hub) -> str:
    return hub.integrate("fake", {"seconds": 0.3, "rows": [{"n": 1}]})


def starts(hub: Hub, run: str) -> int:
    return len((hub.var / "runs" / run / "1" / "starts").read_text().splitlines())


def versions(hub: Hub, integration: str) -> list[str]:
    """Name the runs behind each version of the integration's dataset."""
    query = (
        "SELECT v.run_id FROM integrations_datasetversion v JOIN integrations_run r ON r.id = v.run_id"
        " WHERE r.integration_id = ?"
    )
    return sorted(run for (run,) in hub.rows(query, integration.replace("-", "")))


def ring(hub: Hub, queue: str, runs: list[str]) -> None:
    """Ring once for each of these runs, beside the hub's own bells."""
    with Celery("bells", broker=hub.environment["HUB_BROKER_URL"]) as bells:
        for run in runs:
            bells.send_task(bell.ADVANCE, args=[[run]], queue=queue)


def test_runs_whose_bells_were_flushed_away_still_run(hub: Hub, integration: str) -> None:
    hub.kill("worker")
    runs = hub.run_many(integration, 20)
    with hub.broker as broker:
        broker.flushall()
    hub.launch("worker")
    assert [hub.ended(run)["state"] for run in runs] == ["succeeded"] * 20


def test_a_flush_under_a_living_worker_stops_nothing(hub: Hub, integration: str) -> None:
    first = hub.run_many(integration, 5)
    with hub.broker as broker:
        broker.flushall()
    second = hub.run_many(integration, 5)
    assert [hub.ended(run)["state"] for run in [*first, *second]] == ["succeeded"] * 10


def test_runs_are_taken_while_the_broker_is_down_and_end_after_it_is_back(hub: Hub, integration: str) -> None:
    hub.kill("valkey")
    down_until = time.monotonic() + DOWN_SECONDS
    runs = [hub.run(integration)]
    while time.monotonic() < down_until:
        runs.append(hub.run(integration))
        time.sleep(1)
    assert {hub.shown(run)["state"] for run in runs} == {"queued"}
    hub.start_broker()
    assert [hub.ended(run)["state"] for run in runs] == ["succeeded"] * len(runs)


def test_two_workers_and_many_bells_end_each_run_once(hub: Hub, integration: str) -> None:
    hub.start_second_worker()
    runs = hub.run_many(integration, 40)
    ring(hub, "fake", runs * 5)
    ended = [hub.ended(run) for run in runs]
    hub.kill("second")
    assert {(run["state"], run["attempt"]) for run in ended} == {("succeeded", 1)}
    assert [starts(hub, run) for run in runs] == [1] * len(runs)
    assert versions(hub, integration) == sorted(run.replace("-", "") for run in runs)


def test_a_worker_that_slept_through_its_lease_writes_nothing(hub: Hub) -> None:
    integration = hub.integrate("fake", {"seconds": 5, "rows": [{"n": 1}]})
    run = hub.run(integration)
    hub.wait_for(lambda: hub.handle(run), "the run's start")
    with hub.frozen("worker"):
        hub.start_second_worker()
        ended = hub.ended(run)
        hub.kill("second")
    other = hub.integrate("fake", {"seconds": 1})
    assert hub.ended(hub.run(other))["state"] == "succeeded"
    assert hub.shown(run) == ended
    assert (ended["state"], starts(hub, run)) == ("succeeded", 1)
    assert versions(hub, integration) == [run.replace("-", "")]


def test_a_reader_runs_once_for_each_version_however_many_bells_ring(hub: Hub, integration: str) -> None:
    dataset = hub.get(f"/api/v1/integrations/{integration}")["dataset"]
    reader = hub.integrate("fake", {"reads": dataset, "seconds": 0.1}, on_new_data=True)
    hub.start_second_worker()
    runs = hub.run_many(integration, 5)
    ring(hub, "fake", runs * 5)
    assert [hub.ended(run)["state"] for run in runs] == ["succeeded"] * 5
    started = hub.get(f"/api/v1/runs/?integration={reader}")["results"]
    ring(hub, "fake", [run["id"] for run in started] * 5)
    ended = [hub.ended(run["id"]) for run in started]
    hub.kill("second")
    assert [(run["state"], run["trigger"]) for run in ended] == [("succeeded", "new_data")] * 5
    assert len(hub.get(f"/api/v1/runs/?integration={reader}")["results"]) == 5


def test_two_clocks_start_what_is_due_once(hub: Hub) -> None:
    yearly = {"cron": "0 0 1 1 *", "time_zone": "Europe/Berlin"}
    due = [hub.integrate("fake", {"rows": []}, schedule=yearly) for _ in range(10)]
    hub.start_second_worker()  # and with it a second beat
    for _ in range(2):
        hub.write(
            "UPDATE integrations_integration SET next_run_at = '2020-01-01 00:00:00' WHERE next_run_at IS NOT NULL"
        )
        hub.wait_for(lambda: not hub.rows(OVERDUE) and not hub.rows(ACTIVE), "the clocks")
    hub.kill("second")
    for integration in due:
        runs = hub.get(f"/api/v1/runs/?integration={integration}")["results"]
        assert [run["trigger"] for run in runs] == ["schedule"] * 2
