import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connections

from integrations.api import watching
from integrations.api.watching import Place
from integrations.domain import EngineError, LogPage
from integrations.engines.fake import FakeEngine
from integrations.models import Run
from integrations.services import runs
from integrations.testing import follow
from integrations.tests.api.conftest import Api
from servicetsunami.asgi import application
from tenants.api import streaming

pytestmark = [pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


def read(text: bytes) -> list[tuple[str, str, Any]]:
    """The events of a stream: name, id, data."""
    blocks = [block for block in text.decode().split("\n\n") if block.startswith("event:")]
    lines = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(each["event"], each["id"], json.loads(each["data"])) for each in lines]


def started(api: Api, made: dict[str, Any]) -> Run:
    return Run.everywhere.get(pk=api.post(f"integrations/{made['id']}/run").json()["id"])


def watched(api: Api, run: Run, last: str = "", **query: Any) -> list[tuple[str, str, Any]]:
    answer = api.get(f"runs/{run.pk}/events", query, headers={"Last-Event-ID": last} if last else {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    return read(answer.getvalue())


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Works while somebody watches: every pause of the watching steps all runs."""

    def step(seconds: float) -> None:
        if seconds:
            runs.advance(list(Run.everywhere.values_list("pk", flat=True)))

    monkeypatch.setattr(streaming, "time", SimpleNamespace(sleep=step))


@pytest.mark.django_db
@pytest.mark.usefixtures("worker")
def test_a_run_is_watched_to_its_end(make: Make, api: Api) -> None:
    events = watched(api, started(api, make(config={"rows": [{"a": 1}], "seconds": 0.05})))

    assert [name for name, _, _ in events] == [*["run"] * (len(events) - 1), "end"]
    states = [data["state"] for _, _, data in events]
    assert (states[0], states[-2:]) == ("queued", ["succeeded", "succeeded"])
    assert events[-2][2] in api.get("runs/").json()["results"]


@pytest.mark.django_db
def test_who_comes_back_is_sent_what_is_new_alone(make: Make, api: Api) -> None:
    run = started(api, make(config={"rows": []}))
    follow(run)
    first = watched(api, run, logs=True)

    names = {last: [name for name, _, _ in watched(api, run, last, logs=True)] for _, last, _ in first[:2]}

    assert [name for name, _, _ in first] == ["log", "run", "end"]
    assert list(names.values()) == [["run", "end"], ["end"]]


@pytest.mark.django_db
def test_who_saw_the_end_is_told_not_to_come_again(make: Make, api: Api) -> None:
    run = started(api, make(config={"rows": []}))
    follow(run)
    last = watched(api, run)[-1][1]

    answer = api.get(f"runs/{run.pk}/events", headers={"Last-Event-ID": last})

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("last", ["", "odd", "..", "a.b.c.d", "%", "é", "x" * 5000])
def test_an_id_that_is_none_of_ours_begins_anew(make: Make, api: Api, last: str) -> None:
    run = started(api, make(config={"rows": []}))
    follow(run)

    assert [name for name, _, _ in watched(api, run, last.encode().decode("latin1"))] == ["run", "end"]


@pytest.mark.django_db
def test_a_long_log_is_sent_whole_before_the_end(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def logs(self: FakeEngine, handle: Any, cursor: str) -> LogPage:
        number = int(cursor or 0) + 1
        return LogPage((f"line {number}",), str(number), is_last=number == 5)

    run = started(api, make(config={"rows": []}))
    follow(run)
    monkeypatch.setattr(FakeEngine, "logs", logs)
    monkeypatch.setattr(streaming, "time", SimpleNamespace(sleep=lambda seconds: None))

    events = watched(api, run, logs=True)

    assert [data["lines"] for name, _, data in events if name == "log"] == [[f"line {n}"] for n in range(1, 6)]
    assert events[-1][0] == "end"


@pytest.mark.django_db
def test_an_engine_that_cannot_give_its_log_is_in_no_ones_way(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("secret words", retryable=True)

    run = started(api, make(config={"rows": []}))
    follow(run)
    monkeypatch.setattr(FakeEngine, "logs", refuse)

    assert [name for name, _, _ in watched(api, run, logs=True)] == ["run", "end"]


@pytest.mark.django_db
def test_a_stream_closes_after_a_while_and_says_when_it_is_silent(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(range(0, 10_000, 10))
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: float(next(moments))))
    monkeypatch.setattr(streaming, "time", SimpleNamespace(sleep=lambda seconds: None))
    run = started(api, make())

    text = api.get(f"runs/{run.pk}/events").getvalue()

    assert text.startswith(b"retry: 1000\n\n") and b"\n\n: still here\n\n" in text
    assert [name for name, _, _ in read(text)] == ["run"]


@pytest.mark.django_db
def test_a_stranger_watches_nothing(make: Make, api: Api, stranger: Api) -> None:
    run = started(api, make())

    answer = stranger.get(f"runs/{run.pk}/events", headers={"Accept": "text/event-stream"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_place_comes_back_as_it_was() -> None:
    place = Place("5d41", "12:7.%\n", has_ended=True)

    assert Place.parse(str(place)) == place
    assert "\n" not in str(place)


@asynccontextmanager
async def connected(api: Api, run: Run) -> AsyncIterator[Callable[[], Any]]:
    token = api._credentials["HTTP_AUTHORIZATION"].encode()
    headers = [(b"host", b"127.0.0.1"), (b"authorization", token), (b"accept-encoding", b"gzip")]
    call = {"type": "http", "method": "GET", "path": f"/api/v1/runs/{run.pk}/events", "query_string": b""}
    peer = ApplicationCommunicator(application, {**call, "headers": headers, "http_version": "1.1"})
    await peer.send_input({"type": "http.request", "body": b""})
    start = await peer.receive_output(60)
    assert (start["status"], b"gzip" in dict(start["headers"]).values()) == (200, False)

    async def piece() -> bytes:
        return (await peer.receive_output(60)).get("body", b"")

    yield piece
    await peer.send_input({"type": "http.disconnect"})
    await peer.wait(60)


@pytest.fixture
def looking(transactional_db: None) -> Any:
    yield
    for one in [streaming.LOOKING.submit(connections.close_all) for _ in range(64)]:
        one.result(60)


@pytest.mark.django_db(transaction=True)
def test_events_come_as_they_happen_and_a_watcher_who_leaves_stops_the_looking(
    looking: None, make: Make, api: Api
) -> None:
    run = started(api, make())

    async def watch() -> tuple[list[bytes], float]:
        async with connected(api, run) as piece:
            first = await piece()
            began = time.monotonic()
            await asyncio.to_thread(Run.everywhere.filter(pk=run.pk).update, progress={"message": "half"})
            second = await piece()
            return [first, second], time.monotonic() - began

    pieces, seconds = asyncio.run(watch())

    assert [read(piece)[0][2]["progress"]["message"] for piece in pieces] == ["", "half"]
    assert seconds < 30
