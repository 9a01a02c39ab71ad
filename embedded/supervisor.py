"""Keep the hub's processes running: start them, show what they print, restart what dies, and leave none behind."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen

from embedded import processes

POLL_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A process that lived this long is started again as if it had never died."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running. Lower ranks are asked to stop first."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    rank: int = 0
    is_lasting: bool = True
    """Whether it is to be started again when it ends."""
    log: Path | None = None
    """A file for what it says, for what would only be noise on a terminal."""


@dataclass(slots=True)
class Child:
    service: Service
    colour: str
    process: subprocess.Popen[bytes]
    started_at: float
    deaths: int = 0
    """How often it died in a row without a steady time between."""
    restart_at: float | None = None


class Supervisor:
    """Honcho's processes and printer, with restarts: honcho's own manager ends everything when one process dies.

    `record` is a file that names the running sessions, for `end_leftovers` after this process itself was killed.
    """

    def __init__(self, cwd: Path, record: Path, output: IO[str] = sys.stdout) -> None:
        self.cwd = cwd
        self.record = record
        self.children: dict[str, Child] = {}
        self._colours = get_colours()
        self._printer = Printer(output, width=7)
        self._printing = threading.Lock()
        self._strangers = processes.children()
        processes.adopt_orphans()

    def say(self, text: str, name: str = "hub", colour: str | None = None) -> None:
        with self._printing:
            self._printer.write(Message("line", text, datetime.now(), name, colour))  # noqa: DTZ005 - the desk's clock

    def start(self, service: Service) -> None:
        colour = next(self._colours)
        self.children[service.name] = Child(service, colour, self._spawn(service, colour), time.monotonic())
        self._note_sessions()

    def replace(self, service: Service) -> None:
        """Start a running service anew with other settings."""
        child = self.children[service.name]
        processes.end_sessions([child.process.pid], patience_seconds=10)
        child.process.wait()
        child.service = service
        self._revive(child)

    def is_alive(self, name: str) -> bool:
        return self.children[name].process.poll() is None

    def watch_until(self, done: Callable[[], bool]) -> None:
        """Supervise until `done` says so."""
        while not done():
            self.watch()
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Note who died, restart whose pause is over, and reap what was orphaned below us."""
        now = time.monotonic()
        for child in self.children.values():
            if child.restart_at is None:
                if child.process.poll() is not None:
                    self._note_death(child, now)
            elif now >= child.restart_at:
                self._revive(child)
        processes.reap_orphans({child.process.pid for child in self.children.values()} | self._strangers)

    def stop(self, patience_seconds: float = 25.0) -> None:
        """Ask every process to end, rank by rank; kill what does not; return when nothing we started is left."""
        deadline = time.monotonic() + patience_seconds
        for rank in sorted({child.service.rank for child in self.children.values()}):
            leaders = {child.process.pid for child in self.children.values() if child.service.rank == rank}
            processes.end_sessions(leaders, patience_seconds=deadline - time.monotonic())
        processes.end_descendants(spare=self._strangers, patience_seconds=2.0)
        for child in self.children.values():
            child.process.wait()
        processes.reap_orphans(self._strangers)
        self.record.unlink(missing_ok=True)

    def _spawn(self, service: Service, colour: str) -> subprocess.Popen[bytes]:
        # Honcho gives each its own session: Ctrl-C reaches only us, and we end each with everything it started.
        with service.log.open("wb") if service.log else nullcontext(subprocess.PIPE) as output:
            process: subprocess.Popen[bytes] = Popen(
                list(service.command),
                shell=False,
                cwd=self.cwd,
                env=dict(service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
            )
        if service.log is None:
            threading.Thread(target=self._show, args=(service.name, colour, process), daemon=True).start()
        return process

    def _show(self, name: str, colour: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.say(line.decode("utf-8", "replace"), name, colour)

    def _note_death(self, child: Child, now: float) -> None:
        if not child.service.is_lasting:
            child.restart_at = math.inf
            return
        child.deaths = 1 if now - child.started_at > STEADY_SECONDS else child.deaths + 1
        pause = min(2.0 ** (child.deaths - 1), LONGEST_PAUSE_SECONDS)
        child.restart_at = now + pause
        processes.end_sessions([child.process.pid], patience_seconds=0)
        where = f", see {child.service.log}" if child.service.log else ""
        how = f"exit code {child.process.returncode}{where}"
        self.say(f"{child.service.name} ended ({how}); starting it again in {pause:.0f} s")

    def _revive(self, child: Child) -> None:
        child.process = self._spawn(child.service, child.colour)
        child.started_at, child.restart_at = time.monotonic(), None
        self._note_sessions()

    def _note_sessions(self) -> None:
        leaders = {c.process.pid: processes.started_at(c.process.pid) for c in self.children.values()}
        self.record.write_text(json.dumps({str(pid): at for pid, at in leaders.items() if at is not None}))


def end_leftovers(record: Path) -> int:
    """End the sessions that a supervisor which was killed left running; return how many. Spark drivers go on:
    they live in sessions of their own, and the new workers adopt them."""
    if not record.exists():
        return 0
    noted: dict[str, float] = json.loads(record.read_text() or "{}")
    leaders = {int(pid) for pid, at in noted.items() if processes.started_at(int(pid)) == at}
    processes.end_sessions(leaders, patience_seconds=20)
    record.unlink()
    return len(leaders)
