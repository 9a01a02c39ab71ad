"""A hub of its own for each part: started as a user would, in a folder that is thrown away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.figures import BenchError
from bench.load import Client
from embedded import processes
from embedded.environment import ROOT
from embedded.n8n.server import free_port
from embedded.ports import HOST

READY = "ready after"
READY_SECONDS = 240.0
STOP_SECONDS = 60.0
QUIET_SECONDS = 300.0
ONLY_FAKE = {"HUB_N8N": "off", "HUB_ENGINES": "fake=integrations.engines.fake.FakeEngine"}
NO_N8N = {"HUB_N8N": "off"}
OTHERS_SETTINGS = ("HUB_", "N8N_", "SPARK_", "DATABASE_", "SECRET_KEY", "DJANGO_", "PORT", "ONCE")
KEPT = ("HUB_CACHE_DIR", "SPARK_HOME")


@dataclass(slots=True)
class Program:
    """`python -m embedded.up`, its last lines, and when it said that it is ready."""

    process: subprocess.Popen[str]
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    ready_at: float | None = None
    has_news: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)
                if self.ready_at is None and READY in line:
                    self.ready_at = time.monotonic()
                    self.has_news.set()
        self.has_news.set()

    def wait_until_ready(self) -> float:
        self.has_news.wait(READY_SECONDS)
        if self.ready_at is None:
            raise BenchError("The hub did not start. Its last lines:\n" + "".join(self.lines))
        return self.ready_at


@dataclass(frozen=True, slots=True)
class Hub:
    url: str
    environment: dict[str, str] = field(repr=False)
    process: psutil.Process
    start_seconds: float

    def client(self) -> Client:
        """Seed the hub and return a client with a token for it."""
        return Client(self.url, self.run("bench.seed"))

    def run(self, module: str, *arguments: str) -> str:
        """Run a module in the hub's environment and return what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{module} failed in the hub's environment: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def settle(self) -> None:
        """Wait until the hub has done what it does in the background after its start: Java's class archive."""
        deadline = time.monotonic() + QUIET_SECONDS
        time.sleep(1.0)
        while any(_is_preparing(process) for process in self.processes()):
            if time.monotonic() > deadline:
                raise BenchError(f"The hub still prepares Spark after {QUIET_SECONDS:.0f} s.")
            time.sleep(0.2)


def _is_preparing(process: psutil.Process) -> bool:
    try:
        return "prepare_spark" in process.cmdline()
    except psutil.Error:
        return False


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@contextmanager
def running(var: Path, **settings: str) -> Iterator[Hub]:
    """Start a hub on `var`; at the end it and all it started are gone."""
    port = free_port()
    environment = {**clean_environment(), "HUB_VAR_DIR": str(var), "PORT": str(port), **settings}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded.up"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for us; we then ask the hub
    )
    try:
        program = Program(process)
        threading.Thread(target=program.read, daemon=True).start()
        ready_at = program.wait_until_ready()
        yield Hub(f"http://{HOST}:{port}", environment, psutil.Process(process.pid), ready_at - began)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    processes.end_sessions([process.pid], patience_seconds=0)
    process.wait()


def clean_environment() -> dict[str, str]:
    """What is set for another hub, or for the tests, is not for this one."""
    return {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(OTHERS_SETTINGS)}
