from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from embedded.n8n.testing import RunningN8n
from integrations.domain import Job, Json, Plan, Progress, Ref
from integrations.engines.n8n.engine import N8nEngine


@dataclass(frozen=True)
class Request:
    """What a workflow asked of the sample service."""

    method: str
    path: str
    query_list: list[tuple[str, str]]
    headers: dict[str, str]
    body: str

    @property
    def query(self) -> dict[str, str]:
        return dict(self.query_list)


@dataclass
class Reply:
    """What the sample service answers: a status, a body (text, or anything as JSON) and headers."""

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Service:
    """A service on this machine whose answers each test writes itself."""

    url: str
    answer: Callable[[Request], Reply]
    requests: list[Request] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.service = Service(f"http://127.0.0.1:{server.server_port}", lambda _: Reply([]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.service
    server.shutdown()
    thread.join()
    server.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        reply = self._reply()
        is_text = isinstance(reply.body, str)
        body = (reply.body if is_text else json.dumps(reply.body)).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "text/html" if is_text else "application/json", **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def _reply(self) -> Reply:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.command,
            path,
            parse_qsl(query, keep_blank_values=True),
            headers,
            self.rfile.read(length).decode(),
        )
        self.server.service.requests.append(request)
        return self.server.service.answer(request)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def n8n(n8n_server: RunningN8n) -> N8nEngine:
    return N8nEngine(n8n_server.url, n8n_server.key, n8n_server.test_key)


@dataclass(frozen=True)
class Provisioned:
    plan: Plan
    ref: Ref


@pytest.fixture
def provision(n8n: N8nEngine) -> Iterator[Callable[..., Provisioned]]:
    """Provision a template, and take it out of n8n when the test is over."""
    made: list[Ref] = []

    def make(template: Json, **fields: Any) -> Provisioned:
        plan = Plan(key=str(uuid.uuid4()), name="A test", template=template, hook_token=uuid.uuid4().hex, **fields)
        made.append(n8n.provision(plan))
        return Provisioned(plan, made[-1])

    yield make
    for ref in made:
        n8n.deprovision(ref)


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    def make(deployed: Provisioned | None, config: Json | None = None, **fields: Any) -> Job:
        run_id = uuid.uuid4()
        values = {
            "run_id": run_id,
            "attempt": 1,
            "tenant_id": uuid.uuid4(),
            "connector": "test",
            "config": config or {},
            "workspace": tmp_path / str(run_id),
            "ref": deployed.ref if deployed else {},
            "hook_token": deployed.plan.hook_token if deployed else "",
            "asked_at": datetime.now(UTC),
        }
        return Job(**{**values, **fields})

    return make


def finish(engine: N8nEngine, job: Job) -> Progress:
    return follow(engine, job, engine.start(job))


def follow(engine: N8nEngine, job: Job, progress: Progress) -> Progress:
    deadline = time.monotonic() + 100
    while progress.outcome is None and time.monotonic() < deadline:
        time.sleep(0.02)
        progress = engine.poll(job, progress.handle)
    assert progress.outcome is not None, "n8n did not end the execution within 100 s"
    return progress


def rows_of(progress: Progress) -> list[Json]:
    assert progress.outcome is not None
    assert progress.outcome.failure is None, progress.outcome.failure
    assert progress.outcome.output is not None
    return [json.loads(line) for line in progress.outcome.output.path.read_text().splitlines()]
