"""Seconds from the command to a hub that can be used, on a machine that has started it before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import hub as hubs
from bench.figures import Figure, median

PART = "start"


def measure(quick: bool) -> Iterator[Figure]:
    samples = 1 if quick else 3
    yield Figure(PART, "warm start without n8n, median", warm({"HUB_N8N": "off"}, samples), "s", "<= 10")
    yield Figure(PART, "warm start with n8n, median", warm({}, samples), "s", "<= 20")


def warm(settings: dict[str, str], samples: int) -> float:
    with tempfile.TemporaryDirectory(prefix="hub-bench-start-") as folder:
        seconds = []
        for _ in range(samples + 1):
            with hubs.running(settings, Path(folder)) as hub:
                seconds.append(hub.start_seconds)
    return median(seconds[1:])
