from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from rest_framework.test import APIClient

from servicetsunami.asgi import THREADS, application
from tenants.models import AuditEvent, Tenant
from tenants.services import trail


def ask(
    path: str, headers: dict[str, str] | None = None, method: str = "GET", body: tuple[bytes, ...] = (b"",)
) -> tuple[int, dict[str, str], Any]:
    async def talk() -> tuple[int, dict[str, str], Any]:
        given = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        call = {"type": "http", "method": method, "path": path, "query_string": b"", "http_version": "1.1"}
        peer = ApplicationCommunicator(application, {**call, "headers": [(b"host", b"127.0.0.1"), *given]})
        for number, piece in enumerate(body, 1):
            await peer.send_input({"type": "http.request", "body": piece, "more_body": number < len(body)})
        start = await peer.receive_output(60)
        answer = await peer.receive_output(60)
        await peer.wait(60)
        return start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, json.loads(answer["body"])

    return asyncio.run(talk())


@pytest.fixture
def threads(transactional_db: None) -> Any:
    yield
    done = [THREADS.submit(connections.close_all) for _ in range(64)]
    for one in done:
        one.result(60)


@pytest.mark.urls("tenants.tests.addresses")
def test_a_call_is_answered_with_its_tenant_and_id(threads: None, as_alice: APIClient) -> None:
    token = as_alice._credentials["HTTP_AUTHORIZATION"]
    status, headers, body = ask("/api/v1/echo", {"Authorization": token, "X-Request-ID": "request-0001"})
    assert (status, body["email"], headers["X-Request-ID"]) == (200, "alice@example.com", "request-0001")


@pytest.mark.urls("tenants.tests.addresses")
def test_a_call_without_a_token_is_a_problem_here_too(threads: None) -> None:
    status, headers, _ = ask("/api/v1/echo")
    assert (status, headers["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.urls("tenants.tests.addresses")
def test_a_body_without_an_end_is_neither_kept_nor_taken(
    threads: None, as_alice: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    kept: list[int] = []
    read = ASGIHandler.read_body

    async def measured(self: ASGIHandler, receive: Any) -> Any:
        file = await read(self, receive)
        kept.append(len(file.read()))
        file.seek(0)
        return file

    monkeypatch.setattr(ASGIHandler, "read_body", measured)
    headers = {"Authorization": as_alice._credentials["HTTP_AUTHORIZATION"], "Content-Type": "application/json"}
    status, answered, problem = ask("/api/v1/echo", headers, "POST", (b'{"name": "' + b"x" * 900,) * 50)

    assert (status, answered["Content-Type"], problem["type"]) == (413, "application/problem+json", "urn:hub:too_large")
    assert kept == [1001]


@pytest.mark.urls("tenants.tests.addresses")
def test_a_body_in_chunks_is_read(threads: None, as_alice: APIClient) -> None:
    headers = {"Authorization": as_alice._credentials["HTTP_AUTHORIZATION"], "Content-Type": "application/json"}

    status, _, body = ask("/api/v1/echo", headers, "POST", (b'{"name": ', b'"in two"}'))

    assert (status, body) == (200, {"name": "in two"})


def test_the_next_request_finds_the_database_connection_open(threads: None) -> None:
    assert ask("/readyz")[0] == ask("/readyz")[0] == 200


def test_a_long_answer_is_sent_whole(threads: None, as_alice: APIClient, acme: Tenant) -> None:
    AuditEvent.everywhere.bulk_create(
        AuditEvent(tenant=acme, verb="x", object_type="x", object_id=acme.pk) for _ in range(2 * trail.BATCH)
    )

    async def talk() -> list[bytes]:
        given = [(b"host", b"127.0.0.1"), (b"authorization", as_alice._credentials["HTTP_AUTHORIZATION"].encode())]
        call = {"type": "http", "method": "GET", "path": "/api/v1/audit/export", "query_string": b"", "headers": given}
        peer = ApplicationCommunicator(application, {**call, "http_version": "1.1"})
        await peer.send_input({"type": "http.request", "body": b""})
        assert (await peer.receive_output(60))["status"] == 200
        pieces = []
        while (piece := await peer.receive_output(60)).get("more_body"):
            pieces.append(piece["body"])
        await peer.wait(60)
        return pieces

    pieces = asyncio.run(talk())
    assert len(b"".join(pieces).splitlines()) == AuditEvent.everywhere.count()
