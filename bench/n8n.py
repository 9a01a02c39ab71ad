"""The same workflow by n8n's bare webhook and through the hub, in turns."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import requests

from bench import hub as hubs
from bench.figures import Figure, median
from bench.load import Load, clients
from bench.workflow import bare
from embedded.n8n import api_key, install
from embedded.n8n.server import Setup, free_port, start, wait_until_ready
from integrations.engines.n8n.client import Client

AIMS = {"legacy": ">= 0.6", "vm": ">= 0.8"}
PART = "n8n"


def measure(quick: bool) -> Iterator[Figure]:
    for engine in AIMS:
        yield from with_engine(engine, quick)


def with_engine(engine: str, quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="hub-bench-n8n-") as folder:
        server = start(install(), Setup(Path(folder), free_port(), expression_engine=engine))
        try:
            wait_until_ready(server.url)
            yield from beside(server.url, api_key(server.url, Path(folder)), engine, quick)
        finally:
            server.kill()


def beside(url: str, key: str, engine: str, quick: bool) -> Iterator[Figure]:
    hook = publish(url, key)
    with hubs.running({"N8N_URL": url, "N8N_API_KEY": key}) as hub:
        run = f"{hub.url}/api/v1/integrations/{hub.integrate('bench-rows', {'id': 1})}/run?wait=60"

        def bare_call(session: requests.Session) -> requests.Response:
            return session.post(hook, json={"config": {"id": 1}}, timeout=60)

        def hub_call(session: requests.Session) -> requests.Response:
            answer = session.post(run, timeout=90)
            if answer.json().get("state") != "succeeded":
                raise RuntimeError(f"A run did not succeed: {answer.text[:500]}")
            return answer

        for _ in range(5):
            bare_call(hub.session)
            hub_call(hub.session)
        rounds, calls = (3, 5) if quick else (6, 8)
        for at_once in (1, 8):
            bare_loads, hub_loads = [], []
            for _ in range(rounds):
                bare_loads.append(clients(at_once, calls, requests.Session, bare_call))
                hub_loads.append(clients(at_once, calls, hub.new_session, hub_call))
            yield from compared(engine, at_once, bare_loads, hub_loads)


def compared(engine: str, at_once: int, bare_loads: list[Load], hub_loads: list[Load]) -> Iterator[Figure]:
    middle = [median([s for load in loads for s in load.seconds]) * 1000 for loads in (bare_loads, hub_loads)]
    where = f"{engine}, {at_once} at once"
    yield Figure(PART, f"bare webhook, median, {where}", middle[0], "ms")
    yield Figure(PART, f"through the hub, median, {where}", middle[1], "ms")
    aim = "<= 60" if at_once == 1 else ""
    yield Figure(PART, f"added by the hub, {where}", middle[1] - middle[0], "ms", aim)
    if at_once > 1:
        ratios = [mine.per_second / theirs.per_second for theirs, mine in zip(bare_loads, hub_loads, strict=True)]
        yield Figure(PART, f"throughput of the hub to bare, {where}", median(ratios), "", AIMS[engine])


def publish(url: str, key: str) -> str:
    client, path = Client(url, key), str(uuid.uuid4())
    made = client.api("POST", "/workflows", bare(path)).body
    client.api("POST", f"/workflows/{made['id']}/publish")
    while not client.is_hook_registered(path):
        time.sleep(0.05)
    return f"{url}/webhook/{path}"
