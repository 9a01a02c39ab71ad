"""How long the hub takes from its command to its ready line, in a folder where it ran before."""

from __future__ import annotations

from collections.abc import Generator

from bench import hub
from bench.figures import Aim, Figure, at_most, median
from embedded.n8n.server import free_port

TITLE = "Start of the hub, warm, until it can be used"


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    starts = 1 if quick else 3
    yield warm("without n8n", starts, at_most(10), **hub.NO_N8N)
    yield warm("with n8n", starts, at_most(20), N8N_PORT=str(free_port()))


def warm(name: str, starts: int, aim: Aim, **settings: str) -> Figure:
    with hub.folder() as var:
        with hub.running(var, **settings) as first:
            first.settle()
        taken = []
        for _ in range(starts):
            with hub.running(var, **settings) as again:
                taken.append(again.start_seconds)
        return median(name, taken, "s", aim)
