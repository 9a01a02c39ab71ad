"""Light clients: a session per thread that keeps its connection, since client and hub share the machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from bench.figures import BenchError

Json = dict[str, Any]
Sample = TypeVar("Sample")
CLIENTS = 8
MOST_AT_ONCE = 500
"""Runs that one call may start."""
END_SECONDS = 120.0
ACTIVE = ("queued", "starting", "running", "cancelling")


def new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # looking for proxies takes longer than the call
    return session


@dataclass(slots=True)
class Client:
    """The hub's API, for one thread."""

    url: str
    token: str = field(repr=False)
    session: requests.Session = field(default_factory=new_session)

    def another(self) -> Client:
        return Client(self.url, self.token)

    def send(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.request(method, f"{self.url}/api/v1/{path}", json=body, headers=headers, timeout=90)

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.send(method, path, body)
        if not answer.ok:
            raise BenchError(f"{method} {path} was answered with {answer.status_code}: {answer.text[:500]}")
        content: Json = answer.json()
        return content

    def integration(self, connector: str, config: Json | None = None) -> Integration:
        body = {"connector": connector, "name": f"{connector} {time.time()}", "config": config or {}}
        return Integration(self, self.call("POST", "integrations/", body)["id"])


@dataclass(frozen=True, slots=True)
class Integration:
    client: Client
    id: str

    def for_another(self) -> Integration:
        return Integration(self.client.another(), self.id)

    def send(self) -> int:
        """Ask for a run; return the HTTP status."""
        return self.client.send("POST", f"integrations/{self.id}/run").status_code

    def start(self, count: int) -> None:
        """Ask for so many runs, in as few calls as it takes."""
        for already in range(0, count, MOST_AT_ONCE):
            order = {"count": min(MOST_AT_ONCE, count - already)}
            self.client.call("POST", f"integrations/{self.id}/run", order)

    def run(self) -> Json:
        """Ask for a run and wait for its success, in one call."""
        run = self.client.call("POST", f"integrations/{self.id}/run?wait=60")
        if run["state"] != "succeeded":
            raise BenchError(f"A run ended as {run['state']}: {run['failure'] or run}")
        return run

    def wait_until_idle(self, pause_seconds: float = 0.05) -> None:
        """Return when all runs asked for have ended. Looking costs the hub some milliseconds: choose the pause."""
        states = "&".join(f"state={state}" for state in ACTIVE)
        deadline = time.monotonic() + END_SECONDS
        while self.client.call("GET", f"runs/?integration={self.id}&page_size=1&{states}")["results"]:
            if time.monotonic() > deadline:
                raise BenchError(f"Runs have not ended after {END_SECONDS:.0f} s.")
            time.sleep(pause_seconds)

    def demand_success(self) -> None:
        states = "&".join(f"state={state}" for state in ("failed", "cancelled", "timed_out", "lost"))
        bad = self.client.call("GET", f"runs/?integration={self.id}&page_size=1&{states}")["results"]
        if bad:
            raise BenchError(f"A run ended as {bad[0]['state']}: {bad[0]['failure']}")


def milliseconds(call: Callable[[], object]) -> float:
    return 1000 * seconds(call)


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def side_by_side(calls: list[Callable[[], Sample]]) -> list[Sample]:
    """Make these calls in as many threads, all beginning at the same moment."""
    barrier = threading.Barrier(len(calls))

    def begin(call: Callable[[], Sample]) -> Sample:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def in_turns(
    ours: Callable[[], Sample], bare: Callable[[], Sample], count: int, between: Callable[[], object] = lambda: None
) -> tuple[list[Sample], list[Sample]]:
    """Take samples of both sides alternately, so that both see the same machine."""
    pairs = []
    for _ in range(count):
        mine = ours()
        between()
        pairs.append((mine, bare()))
    return [mine for mine, _ in pairs], [theirs for _, theirs in pairs]
