"""What the hub adds to n8n: the same workflow by its bare webhook and as a run, in turns, on the same n8n."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

from bench import hub, workflow
from bench.figures import BenchError, Figure, added, at_least, at_most, ratio
from bench.load import CLIENTS, Integration, Json, in_turns, milliseconds, new_session, side_by_side
from embedded.n8n import Setup, api_key, install, start, wait_until_ready
from embedded.n8n.server import free_port

TITLE = "n8n: a run through the hub against the bare webhook of the same workflow"
THROUGHPUT = {"legacy": at_least(0.6), "vm": at_least(0.8)}
"""By n8n's expression engine; `vm` is n8n's own default, the embedded n8n has `legacy`."""
CALLS_EACH = {"legacy": 20, "vm": 6}
"""Calls of each of the clients in one round: some seconds' worth."""
SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Api:
    """n8n's public API, as far as it is needed here."""

    url: str
    key: str = field(repr=False)

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        headers = {"X-N8N-API-KEY": self.key}
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        content: Json = answer.json()
        return content


@dataclass(frozen=True, slots=True)
class Bare:
    """The published workflow, called as anybody would."""

    api: Api
    id: str
    path: str
    session: requests.Session = field(default_factory=new_session)

    def for_another(self) -> Bare:
        return Bare(self.api, self.id, self.path)

    def run(self) -> None:
        body = {"config": workflow.CONFIG}
        answer = self.session.post(f"{self.api.url}/webhook/{self.path}", json=body, timeout=60)
        if not answer.ok or len(answer.json()) != workflow.ROWS:
            raise BenchError(f"The bare webhook answered with {answer.status_code}: {answer.text[:300]}")


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    for engine in THROUGHPUT:
        with hub.folder() as var, served(engine, var / "its-n8n") as api:
            settings = {"N8N_URL": api.url, "N8N_API_KEY": api.key}
            with hub.running(var / "hub", **settings) as up:
                up.settle()
                ours = up.client().integration("bench-rows", workflow.CONFIG)
                yield from compare(engine, ours, published(api), quick=quick)


def compare(engine: str, ours: Integration, bare: Bare, *, quick: bool) -> Iterator[Figure]:
    for _ in range(5 if quick else 20):  # n8n is slow until it has compiled what it runs
        bare.run()
        demand_rows(ours.run())
    alone = in_turns(partial(milliseconds, ours.run), partial(milliseconds, bare.run), 10 if quick else 50)
    yield added(f"{engine}: added to one run", *alone, at_most(60))
    rounds, calls = (2, 4) if quick else (5, CALLS_EACH[engine])
    ours_at_once, bare_at_once = in_turns(
        partial(at_once, ours, calls), partial(at_once, bare, calls), rounds, partial(settle, bare)
    )
    ours_times, bare_times = ([ms for one in side for ms in one.times] for side in (ours_at_once, bare_at_once))
    yield added(f"{engine}: added with {CLIENTS} at once", ours_times, bare_times)
    ours_rates, bare_rates = ([one.per_second for one in side] for side in (ours_at_once, bare_at_once))
    name = f"{engine}: throughput with {CLIENTS} at once"
    yield ratio(name, ours_rates, bare_rates, "runs/s", THROUGHPUT[engine])


@dataclass(frozen=True, slots=True)
class Round:
    times: list[float]
    """Milliseconds of each call."""
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


def at_once(side: Integration | Bare, calls: int) -> Round:
    """Have 8 clients make so many calls each, one after the other."""

    def share(client: Integration | Bare) -> list[float]:
        return [milliseconds(client.run) for _ in range(calls)]

    clients = [side.for_another() for _ in range(CLIENTS)]
    began = time.perf_counter()
    shares = side_by_side([partial(share, client) for client in clients])
    taken = time.perf_counter() - began
    return Round([ms for times in shares for ms in times], taken)


def demand_rows(run: Json) -> None:
    if run["rows"] != workflow.ROWS:
        raise BenchError(f"A run brought {run['rows']} rows instead of {workflow.ROWS}.")


def settle(bare: Bare) -> None:
    """Wait until the hub has deleted in n8n what has landed, which it does later, so that bare n8n is alone."""
    others = [flow["id"] for flow in bare.api.call("GET", "/workflows?limit=100")["data"] if flow["id"] != bare.id]
    deadline = time.monotonic() + SETTLE_SECONDS
    while any(bare.api.call("GET", f"/executions?workflowId={flow}&limit=1")["data"] for flow in others):
        if time.monotonic() > deadline:
            raise BenchError(f"The hub has not tidied up in n8n after {SETTLE_SECONDS:.0f} s.")
        time.sleep(0.5)


@contextmanager
def served(engine: str, folder: Path) -> Iterator[Api]:
    """Start an n8n as the embedded one, with this expression engine."""
    server = start(install(), Setup(folder, free_port(), expression_engine=engine))
    try:
        wait_until_ready(server.url, is_alive=lambda: server.process.poll() is None)
        yield Api(server.url, api_key(server.url, folder))
    finally:
        server.stop()


def published(api: Api) -> Bare:
    path = str(uuid.uuid4())
    made = api.call("POST", "/workflows", workflow.bare(path))
    api.call("POST", f"/workflows/{made['id']}/publish", {})
    deadline = time.monotonic() + 30
    # Publishing takes a moment longer than its answer; asking with the wrong verb tells without running anything.
    while "make a POST" not in requests.get(f"{api.url}/webhook/{path}", timeout=30).text:
        if time.monotonic() > deadline:
            raise BenchError("n8n did not publish the bare workflow within 30 s.")
        time.sleep(0.05)
    return Bare(api, made["id"], path)
