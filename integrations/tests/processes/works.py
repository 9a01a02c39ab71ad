"""Work for the real engines that a test can watch and hold: it begins, waits at a gate, and ends when let through."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import psutil
import requests

from embedded.n8n.access import api_key, login
from embedded.n8n.account import Account
from embedded.n8n.installation import install
from embedded.n8n.server import Server, start, wait_until_ready
from embedded.n8n.testing import start_somewhere


class Work(Protocol):
    """What an integration makes its engine do."""

    connector: str

    @property
    def config(self) -> dict[str, Any]: ...

    def starts(self) -> int:
        """Count how often the engine began."""
        ...

    def let_through(self) -> None: ...

    def is_gone(self, handle: dict[str, Any]) -> bool:
        """Tell whether the engine itself has ended the work, not only the hub."""
        ...


# n8n: the work waits for a service's answer


@dataclass
class Gate:
    opened: threading.Event = field(default_factory=threading.Event)
    requests: int = 0


@dataclass(frozen=True)
class Reply:
    """What the service says: text as HTML, anything else as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """A service on this machine. Below /keyed/ it wants the right key, below /refused/ it takes none.

    Below /echo/ it repeats in an error what it was sent. A path with a gate is answered when that is open, one that
    a test serves with what that test makes of the query.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.gates: dict[str, Gate] = {}
        self.served: dict[str, Callable[[dict[str, str]], Reply]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.service = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        for gate in self.gates.values():
            gate.opened.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, answer: Callable[[dict[str, str]], Reply]) -> str:
        """Answer so at an address of its own, and return that."""
        path = f"/served/{uuid.uuid4()}"
        self.served[path] = answer
        return self.url + path

    def answer(self, target: str, key: str) -> Reply:
        path, _, query = target.partition("?")
        if served := self.served.get(path):
            return served(dict(parse_qsl(query)))
        if gate := self.gates.get(path):
            gate.requests += 1
            gate.opened.wait()
        if path.startswith("/echo/"):
            return Reply({"message": f"What is {key}?"}, 400)
        if path.startswith("/refused/") or (path.startswith("/keyed/") and key != self.key):
            return Reply({"message": "No."}, 401)
        return Reply([{"n": 1}])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        reply = self.server.service.answer(self.path, self.headers.get("X-Key", ""))
        is_text = isinstance(reply.body, str)
        text = (reply.body if is_text else json.dumps(reply.body)).encode()
        kind = "text/html" if is_text else "application/json"
        try:
            self.send_response(reply.status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(text)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)
        except OSError:  # whoever asked has been killed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class N8n:
    """A real n8n that can be killed and started again on its port and its data."""

    def __init__(self, folder: Path) -> None:
        self.server: Server = start_somewhere(folder)
        self.url = self.server.url
        self.folder = self.server.setup.folder
        self.key = api_key(self.url, self.folder)

    def kill(self) -> None:
        self.server.kill()

    def start_again(self) -> None:
        """Return at once: n8n boots."""
        self.server = start(install(), self.server.setup)

    def ensure_ready(self) -> None:
        if self.server.process.poll() is not None:
            self.start_again()
        wait_until_ready(self.url)

    def call(self, method: str, path: str) -> requests.Response:
        return requests.request(method, f"{self.url}/api/v1{path}", headers={"X-N8N-API-KEY": self.key}, timeout=60)

    def credentials(self) -> set[str]:
        """Name every credential that n8n holds, as its owner sees them."""
        owner = login(self.url, Account.owner(self.folder))
        return {row["id"] for row in owner.get(f"{self.url}/rest/credentials", timeout=60).json()["data"]}

    def status(self, execution: str) -> str:
        return self.call("GET", f"/executions/{execution}").json()["status"]


class HeldRequest:
    """An n8n execution that waits for a service's answer."""

    connector = "rest_api"

    def __init__(self, service: Service, n8n: N8n, below: str) -> None:
        self.n8n = n8n
        self.path = f"/{below}/{uuid.uuid4()}"
        self.gate = service.gates.setdefault(self.path, Gate())
        self.config = {"url": service.url + self.path}

    def starts(self) -> int:
        return self.gate.requests

    def let_through(self) -> None:
        self.gate.opened.set()

    def is_gone(self, handle: dict[str, Any]) -> bool:
        return self.n8n.status(handle["execution"]) == "canceled"


# Spark: the work waits for a file


class HeldDriver:
    """A Spark driver whose job waits for a file."""

    connector = "gated"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / str(uuid.uuid4())
        self.folder.mkdir()
        self.config = {"folder": str(self.folder)}

    def starts(self) -> int:
        marks = self.folder / "starts"
        return len(marks.read_text().splitlines()) if marks.exists() else 0

    def let_through(self) -> None:
        (self.folder / "gate").touch()

    def is_gone(self, handle: dict[str, Any]) -> bool:
        return not drivers(handle["dir"])


def drivers(folder: str) -> list[int]:
    """Name the living processes of the driver whose run directory this is."""
    found = []
    for process in psutil.process_iter():
        try:
            is_of_it = process.environ().get("HUB_RUN_DIR") == folder
        except psutil.Error:
            continue
        if is_of_it and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found
