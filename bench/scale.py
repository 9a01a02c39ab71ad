"""What many rows cost: the same page of a hub with few rows and of one with a million, in turns; and the vault."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from bench import hub
from bench.figures import Figure, at_most, growth, median
from bench.load import Client, in_turns, milliseconds
from embedded import postgres

TITLE = "Many rows: lists of a large hub against those of a small one, and opening a credential"
LISTS = {
    "integrations/": "integrations/?page_size=10",
    "integrations/available": "integrations/available?page_size=50",
    "runs/": "runs/?page_size=10",
}
GROWTH = at_most(1.3)


@dataclass(frozen=True, slots=True)
class Size:
    """Rows of a hub; `runs_each` are of each integration."""

    connectors: int
    integrations: int
    runs_each: int

    def __str__(self) -> str:
        runs = self.integrations * self.runs_each
        return f"{self.integrations:,} integrations, {runs:,} runs, {self.connectors:,} connectors"


SMALL, LARGE, QUICK = Size(50, 10, 10), Size(2000, 10_000, 100), Size(200, 200, 20)


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    size, calls = (QUICK, 20) if quick else (LARGE, 300)
    for name in ("SQLite", "PostgreSQL"):
        with filled(name, SMALL) as small, filled(name, size) as large:
            yield from lists(name, large, small, calls)
            if name == "SQLite":
                taken = json.loads(small.run("bench.opening"))
                yield median("opening a credential", taken, "µs", at_most(100))


def lists(name: str, large: hub.Hub, small: hub.Hub, calls: int) -> Generator[Figure, None, None]:
    many, few = large.client(), small.client()
    for route, path in LISTS.items():
        ask = (
            partial(milliseconds, partial(many.call, "GET", path)),
            partial(milliseconds, partial(few.call, "GET", path)),
        )
        in_turns(*ask, 5)  # the first ones find nothing loaded
        yield growth(f"GET {route}, {name}", *in_turns(*ask, calls), "ms", GROWTH)


@contextmanager
def filled(database: str, size: Size) -> Iterator[hub.Hub]:
    """Start a hub on a database of its own and give it so many rows."""
    with ExitStack() as stack:
        settings = dict(hub.ONLY_FAKE)
        if database == "PostgreSQL":
            settings["DATABASE_URL"] = stack.enter_context(postgres.running())
        up = stack.enter_context(hub.running(stack.enter_context(hub.folder()), **settings))
        up.settle()
        one_of_each(up.client())
        counts = {"connectors": size.connectors, "integrations": size.integrations, "runs-each": size.runs_each}
        up.run("bench.fill", *(word for name, count in counts.items() for word in (f"--{name}", str(count))))
        yield up


def one_of_each(client: Client) -> None:
    client.integration("bench-fake").run()
