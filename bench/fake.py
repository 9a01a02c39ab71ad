"""What the hub itself costs: runs of an engine that does nothing, through API, queue and database."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

from bench import hub
from bench.figures import BenchError, Figure, at_least, at_most, median
from bench.load import CLIENTS, Integration, milliseconds, seconds, side_by_side

TITLE = "The hub itself: a fake engine, through API, queue and database (SQLite)"
SOON, LATER = 0.05, 0.2
"""Pauses between two looks at whether all has ended: what they add is a small part of what they measure."""


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    with hub.folder() as var, hub.running(var, **hub.ONLY_FAKE) as up:
        up.settle()
        nothing = up.client().integration("bench-fake")
        side_by_side([nothing.for_another().run for _ in range(CLIENTS)])  # the first runs find nothing loaded
        yield one_run(nothing, 10 if quick else 50)
        yield together(nothing, 40, 1 if quick else 5)
        yield one_call_each(nothing, 80 if quick else 600)
        yield in_bulk(nothing, 200 if quick else 1000)
        yield burst(nothing, 80 if quick else 200)
        nothing.demand_success()


def one_run(nothing: Integration, samples: int) -> Figure:
    taken = [milliseconds(nothing.run) for _ in range(samples)]
    return median("one tiny run, POST to its end", taken, "ms", at_most(60))


def together(nothing: Integration, count: int, samples: int) -> Figure:
    taken = [until_ended(nothing, partial(nothing.start, count), SOON) for _ in range(samples)]
    return median(f"{count} tiny runs, started in bulk", taken, "s", at_most(1))


def one_call_each(nothing: Integration, count: int) -> Figure:
    taken = until_ended(nothing, partial(posted, nothing, count), LATER)
    how = f"{count} runs from {CLIENTS} clients in {taken:.1f} s"
    return Figure("runs a second, one call each", count / taken, "runs/s", at_least(60), how)


def in_bulk(nothing: Integration, count: int) -> Figure:
    taken = until_ended(nothing, partial(nothing.start, count), LATER)
    how = f"{count:,} runs in {taken:.1f} s"
    return Figure("runs a second, started in bulk", count / taken, "runs/s", at_least(200), how)


def burst(nothing: Integration, count: int) -> Figure:
    statuses = posted(nothing, count)
    nothing.wait_until_idle(LATER)
    refused = [status for status in statuses if status >= 500]
    how = f"{count} runs from {CLIENTS} clients at once"
    return Figure("5xx in a burst", len(refused), "", at_most(0), how)


def posted(nothing: Integration, count: int) -> list[int]:
    """Ask for so many runs from 8 clients at once, one call each; return the HTTP statuses."""

    def share(client: Integration) -> list[int]:
        return [client.send() for _ in range(count // CLIENTS)]

    found = side_by_side([partial(share, nothing.for_another()) for _ in range(CLIENTS)])
    statuses = [status for one in found for status in one]
    if odd := {status for status in statuses if status != 202 and status < 500}:
        raise BenchError(f"Runs were asked for, and the hub answered with {odd}.")
    return statuses


def until_ended(nothing: Integration, start: Callable[[], object], pause_seconds: float) -> float:
    """Seconds from the first call to the moment when no run is left."""
    return seconds(start) + seconds(partial(nothing.wait_until_idle, pause_seconds))
