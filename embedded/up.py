"""Start the whole hub on this machine: `python -m embedded.up`, or a `Hub` inside another program (the demo)."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import requests

from embedded import assets, ports, services
from embedded.environment import ROOT, hub_environment, note_running, socket_path, var_dir
from embedded.n8n import InstallError, StartError, api_keys, install, kept_keys
from embedded.n8n.server import is_ready
from embedded.supervisor import Service, Supervisor, end_leftovers

READY_SECONDS = 180.0
N8N_PORT = 5678


class UpError(RuntimeError):
    """The hub cannot start; the message says why and what to do."""


class Interrupted(BaseException):
    """Somebody asked us to stop."""


@dataclass(slots=True)
class Hub:
    """The hub's processes on one port. Use `running()`: it leaves nothing behind."""

    port: int
    var: Path
    supervisor: Supervisor
    environment: dict[str, str]
    began: float
    n8n_url: str = ""

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    def start(self) -> None:
        """Start everything and return when it can be used: web answers, a worker listens, n8n takes webhooks."""
        broker = self._start_broker()
        self._start_n8n()
        self._install_assets()
        self._prepare()
        keys = (kept_keys(self._n8n_folder) if self.n8n_url else {}) or self._api_keys()
        self._start_hub(keys)
        self.wait("the web server", self._web_answers)
        if broker is not None:
            self.wait("the worker", lambda: worker_listens(broker))
        if keys != (fresh := self._api_keys()):
            self._renew_keys(fresh)
        self.say(f"ready after {time.monotonic() - self.began:.1f} s at {self.url}")

    def say(self, text: str) -> None:
        self.supervisor.say(text)

    def quicken_spark(self) -> None:
        """Make Java's class archive in the background, once per machine: local Spark runs start in half the time."""
        command = ["nice", sys.executable, "-m", "embedded.manage", "prepare_spark"]
        self.add(Service("spark", command, self.environment, is_lasting=False))

    def run(self) -> None:
        """Keep everything running until somebody interrupts."""
        self.supervisor.watch_until(lambda: False)

    def pause(self, seconds: float) -> None:
        """Sleep, and look after the processes."""
        self.supervisor.watch()
        time.sleep(seconds)

    def wait(self, what: str, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS

        def is_over() -> bool:
            return is_done() or time.monotonic() > deadline

        self.supervisor.watch_until(is_over)
        if not is_done():
            raise UpError(f"{what} was not ready after {READY_SECONDS:.0f} s. Its lines above say why.")

    def add(self, service: Service) -> None:
        self.supervisor.start(service)

    def _start_broker(self) -> Path | None:
        if "HUB_BROKER_URL" in os.environ:
            return None
        listen = socket_path(self.var)
        self.environment["HUB_BROKER_URL"] = f"redis+socket://{listen}"
        self.add(services.valkey(listen))
        return listen

    def _start_n8n(self) -> None:
        """Start n8n unless the caller has one or wants none; without it the hub works, and its connectors say so."""
        if os.environ.get("N8N_URL") or os.environ.get("HUB_N8N", "").lower() in {"off", "0", "no", "false"}:
            return
        try:
            install()
        except InstallError as error:
            self.say(f"{error}\nStarting without n8n: connectors that need it will say that it is missing.")
            return
        port = self._n8n_port()
        self.n8n_url = f"http://{ports.HOST}:{port}"
        self.add(services.n8n(self._n8n_folder, port))

    @property
    def _n8n_folder(self) -> Path:
        return self.var / "n8n"

    def _n8n_port(self) -> int:
        if chosen := os.environ.get("N8N_PORT"):
            ports.demand(int(chosen), variable="N8N_PORT", purpose="n8n")
            return int(chosen)
        port = ports.first_free(N8N_PORT)
        if port != N8N_PORT:
            self.say(f"n8n takes port {port}, because {N8N_PORT} is taken")
        return port

    def _install_assets(self) -> None:
        try:
            assets.install()
        except InstallError as error:
            raise UpError(str(error)) from None

    def _prepare(self) -> None:
        """Migrate, read the connectors and try the vault; n8n boots meanwhile."""
        prepared = subprocess.run(
            [sys.executable, "-m", "embedded.prepare"], cwd=ROOT, env=self.environment, check=False
        )
        if prepared.returncode:
            raise UpError("The database could not be prepared; the lines above say why.")

    def _api_keys(self) -> dict[str, str]:
        """n8n's own word on the keys, by setting: waits until n8n is there. None when the hub runs no n8n."""
        if not self.n8n_url:
            return {}
        self.wait("n8n", lambda: is_ready(self.n8n_url))
        return api_keys(self.n8n_url, self._n8n_folder)

    def _start_hub(self, keys: dict[str, str]) -> None:
        for service in services.hub(self._settings(keys), self.port):
            self.add(service)

    def _renew_keys(self, keys: dict[str, str]) -> None:
        for service in services.hub(self._settings(keys), self.port):
            self.supervisor.replace(service)
        self.wait("the web server", self._web_answers)

    def _settings(self, keys: dict[str, str]) -> dict[str, str]:
        if self.n8n_url:
            self.environment |= {"N8N_URL": self.n8n_url, **keys}
        found = ("HUB_BROKER_URL", "N8N_URL", "N8N_API_KEY", "N8N_TEST_API_KEY", "N8N_EMAIL", "N8N_PASSWORD")
        note_running(self.var, {name: self.environment[name] for name in found if name in self.environment})
        return self.environment

    def _web_answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False


def worker_listens(broker: Path) -> bool:
    """Whether a Celery worker waits for bells: Valkey lists a client blocked on its queues."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(broker))
            client.sendall(b"CLIENT LIST\r\n")
            return b"cmd=brpop" in client.recv(65536)
        except OSError:
            return False


@contextmanager
def running(port: int) -> Iterator[Hub]:
    """Yield a hub that has not started yet; at the end everything it started is gone, within half a minute."""
    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    var = var_dir()
    with only_one(var):
        record = var / "sessions.json"
        if ended := end_leftovers(record):
            print(f"Ended {ended} processes that an earlier start had left running.", flush=True)
        ports.demand(port, variable="PORT", purpose="the hub")
        hub = Hub(port, var, Supervisor(ROOT, record), _environment(var), began)
        try:
            yield hub
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            hub.say("stopping; this takes up to 30 s")
            hub.supervisor.stop()
            hub.say("stopped")


def _environment(var: Path) -> dict[str, str]:
    # What an earlier start found out is no longer true.
    (var / "running.env").unlink(missing_ok=True)
    return hub_environment(var)


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Refuse a second hub in the same folder."""
    with (var / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UpError(
                f"A hub already runs on {var} (process {lock.read().strip()}). "
                "Stop it first, or give this one a folder of its own: HUB_VAR_DIR=var/second"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def chosen_port() -> int:
    return int(os.environ.get("PORT") or 8000)


def main() -> int:
    try:
        with running(chosen_port()) as hub:
            hub.start()
            tell_login(hub)
            hub.quicken_spark()
            hub.run()
    except Interrupted:
        return 0
    except (UpError, StartError, ports.PortTakenError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def tell_login(hub: Hub) -> None:
    path = hub.var / "login.json"
    if path.exists():
        hub.say(f"sign in as {json.loads(path.read_text())['email']}; the password is in {path}")


if __name__ == "__main__":
    sys.exit(main())
