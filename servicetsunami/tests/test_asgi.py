from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connections
from rest_framework.test import APIClient

from servicetsunami.asgi import THREADS, application
from tenants.models import AuditEvent, Tenant
from tenants.services import trail


def ask(path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], Any]:
    async def talk() -> tuple[int, dict[str, str], Any]:
        given = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        call = {"type": "http", "method": "GET", "path": path, "query_string": b"", "http_version": "1.1"}
        peer = ApplicationCommunicator(application, {**call, "headers": [(b"host", b"127.0.0.1"), *given]})
        await peer.send_input({"type": "http.request", "body": b""})
        start = await peer.receive_output(60)
        body = await peer.receive_output(60)
        await peer.wait(60)
        return start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, json.loads(body["body"])

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
