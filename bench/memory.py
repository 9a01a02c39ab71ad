"""How much memory the hub's own processes take: their proportional set size, which counts shared pages once."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import psutil

from bench import hub
from bench.figures import BenchError, Figure, amount, at_most
from bench.load import CLIENTS, Integration, side_by_side

TITLE = "Memory of the hub's own processes, without the engines"
MEGABYTE = 1_000_000
LOOK_SECONDS = 0.5
SETTINGS = {"rows": [{"number": number, "name": f"row {number}"} for number in range(20)]}
"""Under load the runs bring rows, so that what lands them is counted too."""
NAMES = {"uvicorn": "web", "embedded.worker": "worker", "embedded.up": "supervisor"}


@dataclass(frozen=True, slots=True)
class Look:
    by_process: dict[str, float]
    """Megabytes."""

    @property
    def total(self) -> float:
        return sum(self.by_process.values())

    def __str__(self) -> str:
        largest = sorted(self.by_process.items(), key=lambda entry: -entry[1])
        return ", ".join(f"{name} {amount(size, '')}" for name, size in largest)


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    with hub.folder() as var, hub.running(var, **hub.ONLY_FAKE) as up:
        up.settle()
        rows = up.client().integration("bench-fake", SETTINGS)
        looks = list(watched(up, 2 if quick else 5))
        total = statistics.median(look.total for look in looks)
        yield Figure("idle", total, "MB", at_most(300), str(looks[-1]))
        looks = loaded(up, rows, 3 if quick else 15)
        highest = max(looks, key=lambda look: look.total)
        yield Figure("under load, the most", highest.total, "MB", at_most(300), str(highest))


def loaded(up: hub.Hub, rows: Integration, lasting_seconds: float) -> list[Look]:
    """Look at the hub while 8 clients start runs that bring rows."""
    until = time.monotonic() + lasting_seconds

    def press(mine: Integration) -> None:
        while time.monotonic() < until:
            mine.run()

    looks: list[Look] = []
    watcher = threading.Thread(target=lambda: looks.extend(watched(up, lasting_seconds)))
    watcher.start()
    side_by_side([partial(press, rows.for_another()) for _ in range(CLIENTS)])
    watcher.join()
    return looks


def watched(up: hub.Hub, lasting_seconds: float) -> Iterator[Look]:
    until = time.monotonic() + lasting_seconds
    while time.monotonic() < until:
        yield look(up.processes())
        time.sleep(LOOK_SECONDS)


def look(processes: list[psutil.Process]) -> Look:
    sizes: dict[str, float] = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            name = name_of(process.cmdline(), process.name())
            sizes[name] = sizes.get(name, 0.0) + _size(process)
    return Look(sizes)


def name_of(command: list[str], program: str) -> str:
    return next((name for word, name in NAMES.items() if word in command), program)


def _size(process: psutil.Process) -> float:
    memory = process.memory_full_info()
    if not hasattr(memory, "pss"):
        raise BenchError("Only Linux tells the proportional set size of a process.")
    return float(memory.pss) / MEGABYTE
