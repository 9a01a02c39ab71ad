"""A hub of its own for a measurement: `python -m embedded.up` in a temporary folder, on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from embedded.environment import ROOT, hub_environment
from embedded.n8n.server import free_port

READY_SECONDS = 180
FAKE = "fake=integrations.engines.fake.FakeEngine"
REAL = "n8n=integrations.engines.n8n.engine.N8nEngine,spark=integrations.engines.spark.engine.SparkEngine"
OURS = ("HUB_", "N8N_", "SPARK_MASTER", "DATABASE_URL", "SECRET_KEY", "DJANGO_")


@dataclass(slots=True)
class Hub:
    """A running hub. `start_seconds` is from the command to the line that says it is ready."""

    url: str
    var: Path
    process: subprocess.Popen[str]
    start_seconds: float
    session: requests.Session = field(default_factory=requests.Session)

    def new_session(self) -> requests.Session:
        session = requests.Session()
        session.headers.update(self.session.headers)
        return session

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/api/v1/{path}", timeout=120, **options)
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def integrate(self, connector: str, config: dict[str, Any]) -> str:
        body = {"connector": connector, "name": f"{connector} {time.time_ns()}", "config": config}
        return str(self.call("POST", "integrations/", json=body)["id"])

    def processes(self) -> list[psutil.Process]:
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]


@contextmanager
def running(settings: dict[str, str], var: Path | None = None) -> Iterator[Hub]:
    """Yield a hub that can be used, signed in; end it and everything it started."""
    folder = var or Path(tempfile.mkdtemp(prefix="hub-bench-"))
    port = free_port()
    began = time.monotonic()
    process = _spawn(folder, {**settings, "PORT": str(port)})
    try:
        _await_ready(process)
        hub = Hub(f"http://127.0.0.1:{port}", folder, process, time.monotonic() - began)
        hub.session.headers["Authorization"] = f"Bearer {_seed(folder)}"
        yield hub
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(60)
        if var is None:
            shutil.rmtree(folder, ignore_errors=True)


def _spawn(folder: Path, settings: dict[str, str]) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS) or name == "HUB_CACHE_DIR"}
    return subprocess.Popen(
        [sys.executable, "-m", "embedded.up"],
        cwd=ROOT,
        env={**kept, "HUB_VAR_DIR": str(folder), "HUB_LOG_LEVEL": "WARNING", **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _await_ready(process: subprocess.Popen[str]) -> None:
    said: list[str] = []
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "ready after" in line:
                ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    if not ready.wait(READY_SECONDS) or process.poll() is not None:
        raise RuntimeError("The hub did not start:\n" + "".join(said[-30:]))


def _seed(folder: Path) -> str:
    seeded = subprocess.run(
        [sys.executable, "-m", "bench.seed"],
        cwd=ROOT,
        env={**hub_environment(folder), "HUB_VAR_DIR": str(folder), "HUB_LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    if seeded.returncode:
        raise RuntimeError(f"The connectors to measure could not be made:\n{seeded.stderr[-2000:]}")
    return seeded.stdout.split()[-1]
