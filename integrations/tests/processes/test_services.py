from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import Reply, Service

pytestmark = [pytest.mark.processes, pytest.mark.n8n]

FLIGHTS = 27004
PAGES = {"type": "page", "size_param": "size", "page_size": 1000, "more_path": "has_more"}


@pytest.fixture
def read(hub: Hub, service: Service) -> Callable[..., tuple[str, dict[str, Any]]]:
    """Have a whole hub read a service; return the integration and its ended run."""

    def run(answer: Callable[[dict[str, str]], Reply], **config: Any) -> tuple[str, dict[str, Any]]:
        url = service.serve(answer)
        integration = hub.integrate("rest_api", {"url": url, **config}, max_attempts=1)
        return integration, hub.ended(hub.run(integration))

    return run


def landed(hub: Hub, run: dict[str, Any]) -> dict[str, Any]:
    assert run["state"] == "succeeded", run
    return hub.get(f"/api/v1/runs/{run['id']}/rows?limit=1000")


@pytest.mark.parametrize(
    ("reply", "code", "origin", "words"),
    [
        (Reply({"error": "bad key"}, 401), "credential_refused", "settings", "HTTP 401"),
        (Reply({"error": "gone"}, 404), "not_found", "settings", "HTTP 404"),
        (Reply({}, 429, {"Retry-After": "999"}), "rate_limited", "service", "HTTP 429"),
        (Reply("<h1>Oops</h1>", 500), "service_failed", "service", "Oops"),
        (Reply("<h1>Hello</h1>"), "unexpected_answer", "settings", "text/html where JSON was due"),
    ],
    ids=["401", "404", "429", "500", "html"],
)
def test_an_answer_without_rows_fails_the_run_with_what_and_where(
    read: Callable, reply: Reply, code: str, origin: str, words: str
) -> None:
    _, run = read(lambda _: reply)
    failure = run["failure"]
    assert (run["state"], failure["code"], failure["origin"], failure["step"]) == ("failed", code, origin, "Get"), run
    assert words in failure["message"]
    assert failure["fix"]


def test_an_empty_list_lands_as_no_rows(hub: Hub, read: Callable) -> None:
    _, run = read(lambda _: Reply([]))
    assert (landed(hub, run)["total"], run["rows"]) == (0, 0)
    assert run["dataset_version"]


def test_a_busy_service_is_waited_for(hub: Hub, read: Callable) -> None:
    replies = iter([Reply({}, 429, {"Retry-After": "1"}), Reply([{"n": 1}])])
    _, run = read(lambda _: next(replies))
    assert (landed(hub, run)["rows"], run["attempt"]) == ([{"n": 1}], 1)


def test_a_month_of_flights_lands_whole(hub: Hub, read: Callable) -> None:
    def answer(query: dict[str, str]) -> Reply:
        begin = (int(query["page"]) - 1) * int(query["size"])
        end = min(begin + int(query["size"]), FLIGHTS)
        records = [{"id": number, "delay": number % 60} for number in range(begin, end)]
        return Reply({"records": records, "has_more": end < FLIGHTS})

    _, run = read(answer, records_path="records", pagination=PAGES)
    assert landed(hub, run)["total"] == FLIGHTS
    last = hub.get(f"/api/v1/runs/{run['id']}/rows?limit=1&offset={FLIGHTS - 1}")
    assert last["rows"] == [{"id": FLIGHTS - 1, "delay": (FLIGHTS - 1) % 60}]


def test_records_of_every_shape_land_as_they_are(hub: Hub, read: Callable) -> None:
    records = [
        {"id": 1, "name": "Łódź 🎈", "where": {"city": "東京", "at": [1.5, 2]}},
        {"id": "two", "name": None, "where": {"city": "Zürich", "at": []}, "note": "a new column"},
    ]
    _, run = read(lambda _: Reply(records))
    found = landed(hub, run)
    assert {column["name"]: column["type"] for column in found["columns"]}["id"] == "JSON"
    assert found["rows"] == [{**records[0], "note": None}, records[1]]


def test_a_column_that_the_service_adds_later_is_in_the_next_version(hub: Hub, read: Callable) -> None:
    records = [{"id": 1}]
    integration, run = read(lambda _: Reply(records))
    assert landed(hub, run)["rows"] == [{"id": 1}]
    records[:] = [{"id": 1, "new": "ü"}]
    assert landed(hub, hub.ended(hub.run(integration)))["rows"] == [{"id": 1, "new": "ü"}]
