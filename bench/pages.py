"""What the pages cost: the server's time among few and many rows, the bytes they have, and what Lighthouse says."""

from __future__ import annotations

import statistics
from collections.abc import Generator
from functools import partial

from bench import hub, lighthouse, scale
from bench.figures import Figure, at_least, at_most, growth, median
from bench.load import in_turns, milliseconds
from bench.scale import Size, filled
from bench.visitor import Visitor, signed_in

TITLE = "Pages: of a large hub against those of a small one, their bytes, and Lighthouse"
SMALL, LARGE = Size(50, 10, 10), Size(1000, 10_000, 100)
GROWTH, SERVER = at_most(1.5), at_most(200)
FIRST, LATER = at_most(250), at_most(40)
AIMS = {"performance": 95, "accessibility": 100, "best-practices": 100}
JUDGED = ("gallery", "list", "run")
LOOKS = 3
"""Lighthouse's performance is a measurement too: the median of so many."""


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    size, calls, looks = (scale.QUICK, 10, 1) if quick else (LARGE, 100, LOOKS)
    with filled("SQLite", SMALL) as small, filled("SQLite", size) as large:
        many, few = signed_in(large), signed_in(small)
        of_many, of_few = addresses(large), addresses(small)
        for name, path in of_many.items():
            ask = (
                partial(milliseconds, partial(many.open, path)),
                partial(milliseconds, partial(few.open, of_few[name])),
            )
            in_turns(*ask, 3)  # the first ones find nothing loaded
            taken = in_turns(*ask, calls)
            yield growth(f"page: {name}", *taken, "ms", GROWTH)
            yield median(f"page: {name}, large hub", taken[0], "ms", SERVER)
        seen = of_many | {"list": "/"}  # as it is opened, with all the rows that it shows
        yield from weights(many, seen)
        with lighthouse.browsing(many.url, many.cookie) as port:
            for name in JUDGED:
                yield from judged(name, f"{many.url}{seen[name]}", port, looks)


def addresses(up: hub.Hub) -> dict[str, str]:
    """The pages that are looked at most, by what they are called; as many rows of a list are shown as the small has."""
    client = up.client()
    run = client.call("GET", "runs/?page_size=1&state=succeeded")["results"][0]
    integration = f"/integrations/{run['integration']}"
    return {
        "gallery": "/connectors/",
        "list": "/?page_size=10",
        "integration": integration,
        "run": f"/runs/{run['id']}",
    }


def weights(visitor: Visitor, pages: dict[str, str]) -> Generator[Figure, None, None]:
    for name, path in pages.items():
        weight = visitor.weight(path)
        yield Figure(f"bytes of {name}, first visit", weight.first / 1000, "kB", FIRST, "compressed, all it loads")
        yield Figure(f"bytes of {name}, later", weight.later / 1000, "kB", LATER, "without what a browser keeps")


def judged(name: str, url: str, port: int, looks: int) -> Generator[Figure, None, None]:
    seen = [lighthouse.scores(url, port) for _ in range(looks)]
    for category, aim in AIMS.items():
        scores = [each[category] for each in seen]
        how = f"of 100, at a desk, median of {looks}" if looks > 1 else "of 100, at a desk"
        yield Figure(f"Lighthouse: {name}, {category}", statistics.median(scores), "", at_least(aim), how)
