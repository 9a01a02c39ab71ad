from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors import schemas
from connectors.discovery import drafts, signing
from connectors.tests.discovery.nodes import choice, node, parameter, show
from integrations.domain import Job, Json, Plan, Source
from integrations.engines.n8n import batches
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import Provisioned, Reply, Request, Service, follow, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]

SECRET = "a-very-secret-token"
HEADER_AUTH = {
    "name": "httpHeaderAuth",
    "displayName": "Header",
    "properties": [parameter("name"), parameter("value", typeOptions={"password": True})],
}


@pytest.fixture
def post(
    n8n: N8nEngine, service: Service, make_job: Callable[..., Job], tmp_path: Path
) -> Iterator[Callable[..., Job]]:
    """A job that posts each of so many rows to the service, by n8n's own HTTP Request node."""
    found = node(
        choice("method", "POST"),
        parameter("url"),
        parameter("authentication", default=""),
        parameter("genericAuthType", default=""),
        parameter("sendBody", "boolean", default=True),
        choice("specifyBody", "json"),
        parameter("jsonBody", "json", displayOptions=show(specifyBody="json")),
        name="n8n-nodes-base.httpRequest",
        version=4.2,
        defaultVersion=4.2,
        credentials=[{"name": "httpHeaderAuth", "required": True}],
    )
    draft = drafts.draft(found, signing.types([HEADER_AUTH]))
    assert draft is not None
    credential = {"name": "X-Key", "value": SECRET}
    plan = Plan(str(uuid.uuid4()), "Rows", draft.template, draft.sign_in.map, credential=credential)
    ref = n8n.provision(plan)

    def make(rows: int) -> Job:
        path = tmp_path / "rows.parquet"
        query = f"COPY (SELECT range AS n, 'boat ' || range AS name FROM range({rows})) TO '{path}' (FORMAT parquet)"
        duckdb.sql(query)
        config = schemas.defaults(
            draft.schema["config"],
            {
                "url": service.url + "/{{row.n}}",
                "authentication": "genericCredentialType",
                "genericAuthType": "httpHeaderAuth",
                "jsonBody": '{"name": "{{row.name}}"}',
                "hub_rows": str(uuid.uuid4()),
            },
        )
        source = Source("hub_rows", path.as_uri())
        return make_job(
            Provisioned(plan, ref), config, template=draft.template, inputs=(source,), credential=credential
        )

    yield make
    n8n.deprovision(ref)


def answer(request: Request) -> Reply:
    """The service takes every row but the one of number 3, and says so with the key that it was given."""
    if request.path == "/3":
        return Reply({"message": f"no berth for {request.headers['x-key']}"}, 422)
    return Reply({"kept": json.loads(request.body)["name"]})


def sent(service: Service) -> list[str]:
    return [request.path for request in service.requests]


def test_each_row_is_sent_once_and_those_refused_become_a_dataset_of_their_own(
    n8n: N8nEngine, service: Service, post: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    service.answer = answer
    job = post(7)

    progress = follow(n8n, job, n8n.start(job))

    assert sent(service) == [f"/{number}" for number in range(7)]
    assert [(row["hub_row"], row["kept"]) for row in rows_of(progress)] == [
        (number + 1, f"boat {number}") for number in range(7) if number != 3
    ]
    (rejected,) = progress.outcome.others
    refused = [json.loads(line) for line in rejected.path.read_text().splitlines()]
    assert [(row["hub_row"], row["n"], row["name"]) for row in refused] == [(4, 3, "boat 3")]
    assert "request is invalid" in refused[0]["hub_error"]
    assert SECRET not in rejected.path.read_text()
    n8n.forget(progress.handle)
    assert [n8n._fetch(one, with_data=False) for one in batches.executions(progress.handle)] == [None] * 3


def test_a_batch_that_was_begun_and_not_written_down_is_not_begun_again(
    n8n: N8nEngine, service: Service, post: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    service.answer = answer
    job = post(6)
    first = ended(n8n, job, n8n.start(job).handle)

    second = n8n.poll(job, first).handle
    again = n8n.poll(job, first).handle

    assert second["execution"] == again["execution"] != first["execution"]
    follow(n8n, job, n8n.poll(job, again))
    assert len(service.requests) == 6


def test_no_batch_is_begun_for_a_run_that_shall_end(
    n8n: N8nEngine, service: Service, post: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    service.answer = answer
    job = post(6)
    handle = ended(n8n, job, n8n.start(job).handle)

    progress = n8n.poll(replace(job, is_ending=True), handle)

    assert progress.outcome.is_cancelled
    assert len(service.requests) == 3


def test_a_run_whose_rows_are_all_refused_fails_with_the_first_reason(
    n8n: N8nEngine, service: Service, post: Callable[..., Job]
) -> None:
    service.answer = lambda _: Reply({"message": "closed"}, 403)
    job = post(2)

    failure = follow(n8n, job, n8n.start(job)).outcome.failure

    assert failure.code == "rows_rejected"
    assert "The first: Forbidden" in failure.message


def test_no_rows_are_no_calls(n8n: N8nEngine, service: Service, post: Callable[..., Job]) -> None:
    job = post(0)

    assert n8n.start(job).outcome.failure is None
    assert service.requests == []


def ended(n8n: N8nEngine, job: Job, handle: Json) -> Any:
    """The handle once its execution has ended, whatever the engine would do next."""
    while n8n._fetch(handle["execution"], with_data=False).is_running:
        pass
    return handle
