"""What the hub itself costs: runs of an engine that does nothing, through API, queue, worker and database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import requests

from bench import hub as hubs
from bench.figures import Figure, median
from bench.hub import Hub
from bench.load import clients

PART = "fake"
MANY = 500
LOOK_SECONDS = 0.02


def measure(quick: bool) -> Iterator[Figure]:
    with hubs.running({"HUB_N8N": "off", "HUB_ENGINES": hubs.FAKE}) as hub:
        run = f"{hub.url}/api/v1/integrations/{hub.integrate('bench-fake', {})}/run"
        warm_up(hub, run)
        yield Figure(PART, "one tiny run, POST to its end, median", tiny(hub, run, 20 if quick else 60), "ms", "<= 60")
        yield Figure(PART, "40 runs in bulk, POST to the last end", bulk(hub, run, 40), "s", "<= 1")
        yield from single(hub, run, 20 if quick else 60)
        count = 500 if quick else 2000
        yield Figure(PART, f"runs a second, {count} started in bulk", count / bulk(hub, run, count), "/s", ">= 200")


def warm_up(hub: Hub, run: str) -> None:
    for _ in range(5):
        hub.session.post(f"{run}?wait=30", timeout=60).raise_for_status()


def tiny(hub: Hub, run: str, samples: int) -> float:
    seconds = []
    for _ in range(samples):
        began = time.perf_counter()
        answer = hub.session.post(f"{run}?wait=30", timeout=60)
        seconds.append(time.perf_counter() - began)
        if answer.json().get("state") != "succeeded":
            raise RuntimeError(answer.text[:500])
    return median(seconds) * 1000


def bulk(hub: Hub, run: str, count: int) -> float:
    """Seconds from the first POST to the end of the last run."""
    began = time.perf_counter()
    for start in range(0, count, MANY):
        hub.session.post(run, json={"count": min(MANY, count - start)}, timeout=60).raise_for_status()
    await_ends(hub)
    return time.perf_counter() - began


def single(hub: Hub, run: str, calls: int) -> Iterator[Figure]:
    def call(session: requests.Session) -> requests.Response:
        return session.post(run, timeout=60)

    began = time.perf_counter()
    load = clients(8, calls, hub.new_session, call)
    await_ends(hub)
    seconds = time.perf_counter() - began
    yield Figure(PART, "runs a second, one call each, 8 clients", len(load.seconds) / seconds, "/s", ">= 60")
    burst = clients(8, 25, hub.new_session, call)
    await_ends(hub)
    yield Figure(PART, "refused calls in a burst of 200 from 8 clients", len(load.odd) + len(burst.odd), "", "= 0")


def await_ends(hub: Hub) -> None:
    for state in ("queued", "starting", "running"):
        while hub.call("GET", f"runs/?state={state}&page_size=1")["results"]:
            time.sleep(LOOK_SECONDS)
