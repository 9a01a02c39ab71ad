"""A whole hub for tests: Valkey, web and worker (with its beat) as real processes, to be killed one by one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import redis
import requests

from embedded import services
from embedded.environment import ROOT
from embedded.n8n.server import free_port, kill_session
from embedded.supervisor import Service
from embedded.up import worker_listens

FOREIGN = ("HUB_", "N8N_", "SPARK_", "DATABASE_URL", "SECRET_KEY", "DJANGO_", "PORT", "ONCE", "PYTEST_")
KEPT = ("HUB_CACHE_DIR", "SPARK_HOME")
OWNED = ("HUB_VAR_DIR", "HUB_RUN_DIR")
"""By these names in its environment a process tells whose it is; a Spark driver has the second."""
PATIENCE_SECONDS = 110
FINAL = ("succeeded", "failed", "cancelled", "timed_out", "lost")
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Hub:
    """Its processes by name: valkey, web, worker. Each writes to a file of `logs`."""

    def __init__(self, engines: dict[str, str], **settings: str) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))  # short: a socket's path may have 107 bytes
        self.logs = self.var / "logs"
        self.logs.mkdir()
        self.socket = self.var / "valkey" / "valkey.sock"
        self.socket.parent.mkdir()
        (self.var / "events").mkdir()
        self.port = free_port()
        self.environment = self._environment(engines, settings)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.api = requests.Session()
        self.api.trust_env = False
        self.api.hooks["response"].append(lambda answer, **_: self.answers.append(answer.text))
        self.answers: list[str] = []
        """All that the API ever said, whatever was asked."""

    @property
    def events(self) -> str:
        """Where Spark writes its event log, as a URI."""
        return (self.var / "events").as_uri()

    def _environment(self, engines: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(FOREIGN)}
        return {
            **kept,
            "HUB_VAR_DIR": str(self.var),
            "HUB_BROKER_URL": f"redis+socket://{self.socket}",
            "HUB_ENGINES": ",".join(f"{name}={path}" for name, path in engines.items()),
            "HUB_KEYS": f"test={KEY}",
            "HUB_LEASE_SECONDS": "4",
            "HUB_OUTBOUND_ALLOW": "127.0.0.1/32",  # where the works are
            "HUB_PATIENCE_SECONDS": "600",
            "HUB_SECURE_COOKIES": "false",
            "SPARK_MASTER": "local[1]",
            "SPARK_CONF": f"spark.eventLog.enabled=true,spark.eventLog.compress=false,spark.eventLog.dir={self.events}",
            "SECRET_KEY": secrets.token_hex(),
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
            **settings,
        }

    # Processes

    def start(self) -> None:
        self.start_broker()
        seeded = self._manage("integrations.tests.processes.seed")
        self.api.headers["Authorization"] = f"Bearer {seeded.split()[-1]}"
        for name in ("web", "worker"):
            self.launch(name)
        self.wait_for(self._web_answers, "the web server")
        self.wait_for_worker()

    def launch(self, name: str, **settings: str) -> None:
        """Start one of the hub's services under its name."""
        [service] = [s for s in services.hub(self.environment, self.port) if s.name == name]
        self._spawn(service, name, settings)

    def start_broker(self) -> None:
        self._spawn(services.valkey(self.socket), "valkey", {})
        self.wait_for(self.broker_answers, "Valkey")

    def start_second_worker(self) -> None:
        [service] = [s for s in services.hub(self.environment, self.port) if s.name == "worker"]
        second = Service("second", [*service.command, "-n", "second@%h"], service.environment)
        self._spawn(second, "second", {})
        self.wait_for(lambda: len(self.listening()) > 1, "the second worker")

    def launch_command(self, name: str, command: str) -> None:
        """Start a command as an operator writes it, under a name."""
        programs = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PORT": str(self.port)}
        self._spawn(Service(name, ["bash", "-c", command], programs), name, {})

    def restart_worker(self, **settings: str) -> None:
        """Kill the worker if it lives and start another, perhaps with other settings."""
        self.kill("worker")
        self.launch("worker", **settings)
        self.wait_for_worker()

    def kill(self, name: str) -> None:
        """SIGKILL to all of a service's session. Drivers of Spark are in sessions of their own and live on."""
        process = self.running.pop(name)
        kill_session(process.pid)
        process.wait()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Let a service stand still, as a machine does that sleeps."""
        process = self.running[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def wait_for_worker(self) -> None:
        # The socket of a worker that was just killed may still be in Valkey's list; it goes within moments.
        self.wait_for(lambda: worker_listens(self.socket) and self.is_alive("worker"), "the worker")

    def is_alive(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is None

    def mend(self) -> None:
        """Bring back what an earlier test left dead."""
        if not self.broker_answers():
            self.start_broker()
        for name in ("web", "worker"):
            if not self.is_alive(name):
                self.launch(name)
        self.wait_for_worker()

    def processes(self) -> list[psutil.Process]:
        """Everything that lives and belongs to this hub, however it was started and whoever its parent is."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def stop(self) -> None:
        """Kill all of it, again and again until nothing is left: a process may fork while it dies."""
        for name in list(self.running):  # Valkey writes its title over its environment
            self.kill(name)
        while alive := self.processes():
            for process in alive:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.05)
        shutil.rmtree(self.var, ignore_errors=True)

    def _owns(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            environment = process.environ()
            return any(environment.get(name, "").startswith(str(self.var)) for name in OWNED)
        return False

    def _spawn(self, service: Service, name: str, settings: dict[str, str]) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                list(service.command),
                env={**self.environment, **service.environment, **settings},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _manage(self, module: str) -> str:
        command = [sys.executable, "-m", module]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # Broker

    @property
    def broker(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket))

    def broker_answers(self) -> bool:
        try:
            with self.broker as broker:
                return bool(broker.ping())
        except (redis.RedisError, OSError):
            return False

    def listening(self) -> list[dict[str, str]]:
        with self.broker as broker:
            return [client for client in broker.client_list() if client["cmd"] == "brpop"]

    # API

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.api.request(method, f"http://127.0.0.1:{self.port}{path}", json=body, timeout=PATIENCE_SECONDS)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def integrate(self, connector: str, config: dict[str, Any], **options: Any) -> str:
        body = {"connector": connector, "name": f"{connector} {secrets.token_hex(4)}", "config": config, **options}
        answer = self.call("POST", "/api/v1/integrations/", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def run(self, integration: str) -> str:
        """Ask for a run and return its id."""
        answer = self.call("POST", f"/api/v1/integrations/{integration}/run")
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def run_many(self, integration: str, count: int) -> list[str]:
        answer = self.call("POST", f"/api/v1/integrations/{integration}/run", {"count": count})
        assert answer.status_code == 202, answer.text
        return [run["id"] for run in answer.json()["runs"]]

    def shown(self, run: str) -> dict[str, Any]:
        return self.get(f"/api/v1/runs/{run}")

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for a run's end and return it."""
        self.wait_for(lambda: self.shown(run)["state"] in FINAL, lambda: f"the end of run {self.shown(run)}")
        return self.shown(run)

    # What only the database tells

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.var / 'hub.sqlite3'}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(query, values).fetchall()

    def write(self, statement: str) -> None:
        """Change what no call can change: the time, as the hub sees it."""
        with closing(sqlite3.connect(self.var / "hub.sqlite3", timeout=20)) as database, database:
            database.execute(statement)

    def handle(self, run: str) -> dict[str, Any] | None:
        [(handle,)] = self.rows("SELECT handle FROM integrations_run WHERE id = ?", run.replace("-", ""))
        return json.loads(handle) if handle else None

    def due_at(self, run: str) -> str | None:
        """Tell when the run is stepped next: every step of a worker moves it."""
        [(due_at,)] = self.rows("SELECT due_at FROM integrations_run WHERE id = ?", run.replace("-", ""))
        return due_at

    # Waiting

    def wait_for(
        self, condition: Callable[[], object], words: str | Callable[[], str], seconds: float = PATIENCE_SECONDS
    ) -> None:
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                what = words if isinstance(words, str) else words()
                raise AssertionError(f"waited {seconds} s in vain for {what}\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        logs = sorted(self.logs.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}" for log in logs)

    def _web_answers(self) -> bool:
        try:
            return self.call("GET", "/readyz").status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def running(engines: dict[str, str], **settings: str) -> Iterator[Hub]:
    hub = Hub(engines, **settings)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()
