"""Calls from several clients at once, each with a session it keeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests


@dataclass(slots=True)
class Load:
    """What clients saw: seconds of each call, and the answers that were not as wanted."""

    seconds: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    wall: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall


def clients(
    count: int,
    calls: int,
    session: Callable[[], requests.Session],
    call: Callable[[requests.Session], requests.Response],
) -> Load:
    """Make `calls` calls from each of `count` clients; an answer from 400 on is odd."""
    load = Load()

    def work() -> None:
        own = session()
        for _ in range(calls):
            began = time.perf_counter()
            answer = call(own)
            load.seconds.append(time.perf_counter() - began)
            if answer.status_code >= 400:
                load.odd.append(f"{answer.status_code} {answer.text[:200]}")

    threads = [threading.Thread(target=work) for _ in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.wall = time.perf_counter() - began
    return load
