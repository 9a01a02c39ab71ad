"""The hub's own memory without its engines: web, worker, beat, broker and what looks after them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psutil

from bench import fake
from bench import hub as hubs
from bench.figures import Figure
from bench.hub import Hub

PART = "memory"
LOOK_SECONDS = 0.5


def measure(quick: bool) -> Iterator[Figure]:
    with hubs.running({"HUB_N8N": "off", "HUB_ENGINES": hubs.FAKE}) as hub:
        time.sleep(3)
        yield Figure(PART, "PSS of all processes, idle", pss(hub), "MB", "<= 300")
        run = f"{hub.url}/api/v1/integrations/{hub.integrate('bench-fake', {'rows': [{'a': 1}]})}/run"
        yield Figure(PART, "PSS of all processes, under load, highest", loaded(hub, run, quick), "MB", "<= 300")


def loaded(hub: Hub, run: str, quick: bool) -> float:
    seen: list[float] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_SECONDS):
            seen.append(pss(hub))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        list(fake.single(hub, run, 20 if quick else 60))
        fake.bulk(hub, run, 500)
    finally:
        is_over.set()
        watcher.join()
    return max(seen)


def pss(hub: Hub) -> float:
    """Megabytes that would be free without the hub: what processes share is counted once."""
    total = 0
    for process in hub.processes():
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6
