"""A sample service, the kind the hub is for: flights, airlines and airports in pages of JSON, for holders of a key.

It demands `X-API-Key` (401 without the right one), and now and then answers 429 with `Retry-After: 1`, as busy ones do.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb

from demo.nycflights import TABLES, load

PAGE_SIZE = 1000
BUSY_EVERY = 12
"""Every twelfth request is told to come again."""


@dataclass(slots=True)
class Traffic:
    """Counts requests, to be busy now and then and yet the same in every run."""

    every: int = BUSY_EVERY
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_busy(self) -> bool:
        with self._lock:
            self._count += 1
            return self._count % self.every == 0


class RefusedError(Exception):
    """An answer that is not rows."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}


@dataclass(slots=True)
class Service:
    database: duckdb.DuckDBPyConnection
    key: str = field(repr=False)
    traffic: Traffic = field(default_factory=Traffic)

    def answer(self, target: str, key: str) -> dict[str, Any]:
        """Return a page of a table, or raise `RefusedError`."""
        address = urlsplit(target)
        if key != self.key:
            raise RefusedError(401, "This service wants its key in the header X-API-Key.")
        if self.traffic.is_busy():
            raise RefusedError(429, "Too many requests; come again in a second.", {"Retry-After": "1"})
        table = address.path.strip("/")
        if table not in TABLES:
            raise RefusedError(404, f"There is no /{table} here. There are /{', /'.join(TABLES)}.")
        return self._page(table, {name: values[-1] for name, values in parse_qs(address.query).items()})

    def _page(self, table: str, query: dict[str, str]) -> dict[str, Any]:
        page, size = _number(query, "page", 1, 10**6), _number(query, "page_size", PAGE_SIZE, PAGE_SIZE)
        where, values = "", []
        if table == "flights" and "month" in query:
            where, values = "where month = ?", [_number(query, "month", 1, 12)]
        cursor = self.database.cursor()
        total = cursor.execute(f"select count(*) from {table} {where}", values).fetchall()[0][0]
        found = cursor.execute(
            f"select * exclude (place) from {table} {where} order by place limit ? offset ?",
            [*values, size, (page - 1) * size],
        )
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        pages = -(-total // size)
        return {"page": page, "pages": pages, "total": total, "records": rows, "has_more": page < pages}


def _number(query: dict[str, str], name: str, default: int, largest: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        raise RefusedError(400, f"{name} must be a number from 1 to {largest}.")
    return int(text)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A keep-alive answer in two small packets would wait 40 ms for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    service: Service

    def do_GET(self) -> None:
        try:
            self._send(200, self.service.answer(self.path, self.headers.get("X-API-Key", "")), {})
        except RefusedError as refused:
            self._send(refused.status, {"error": str(refused)}, refused.headers)

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line a page would drown the demo's own."""


def serve(service: Service, port: int) -> ThreadingHTTPServer:
    """Return a server bound to the loopback; the caller runs it."""
    handler = type("BoundHandler", (Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m demo.service", description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    server = serve(Service(load(), os.environ["DEMO_API_KEY"]), arguments.parse_args().port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
