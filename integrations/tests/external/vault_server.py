"""HashiCorp Vault's key-value engine 2 as it answers over HTTP, with the bodies that a Vault 1.x sends."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hvs.planted-token"
METADATA = {
    "created_time": "2026-11-01T10:00:00.000000000Z",
    "custom_metadata": None,
    "deletion_time": "",
    "destroyed": False,
    "version": 3,
}


class VaultServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secrets: dict[str, Any] = {}
        self.sealed = False
        self.raw: tuple[int, str, str] | None = None
        self.asked: list[tuple[str, str | None]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: VaultServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("X-Vault-Namespace")))
        if self.server.raw:
            status, kind, body = self.server.raw
            return self.answer(status, body, kind)
        if self.server.sealed:
            return self.say(503, {"errors": ["Vault is sealed"]})
        if self.headers.get("X-Vault-Token") != TOKEN:
            return self.say(403, {"errors": ["permission denied"]})
        mount, _, path = self.path.removeprefix("/v1/").partition("/data/")
        secret = self.server.secrets.get(f"{mount}/{path}")
        if secret is None:
            return self.say(404, {"errors": []})
        if secret == "deleted":
            metadata = {**METADATA, "deletion_time": "2026-11-02T10:00:00.000000000Z"}
            return self.say(404, {"request_id": "r", "data": {"data": None, "metadata": metadata}, "warnings": None})
        return self.say(200, {"request_id": "r", "lease_id": "", "data": {"data": secret, "metadata": METADATA}})

    def say(self, status: int, body: Any) -> None:
        self.answer(status, json.dumps(body), "application/json")

    def answer(self, status: int, body: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""
