"""One real n8n for a whole test session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from embedded.n8n.access import api_keys
from embedded.n8n.installation import install
from embedded.n8n.server import Server, Setup, StartError, free_port, start, wait_until_ready

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class RunningN8n:
    """Where the session's n8n listens, and how to get in."""

    url: str
    key: str = field(repr=False)
    test_key: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    server: Server


@pytest.fixture(scope="session")
def n8n_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningN8n]:
    """Start n8n on free ports with a data folder of its own; tests that share it are in one xdist group."""
    server = start_somewhere(tmp_path_factory.mktemp("n8n"))
    try:
        keys = api_keys(server.url, server.setup.folder)
        yield RunningN8n(
            url=server.url,
            key=keys["N8N_API_KEY"],
            test_key=keys["N8N_TEST_API_KEY"],
            email=keys["N8N_EMAIL"],
            password=keys["N8N_PASSWORD"],
            server=server,
        )
    finally:
        server.kill()


def start_somewhere(folder: Path) -> Server:
    """Start n8n on a free port; another process may take the port before n8n does, so try more than once."""
    n8n = install()
    for attempt in range(ATTEMPTS):
        server = start(n8n, Setup(folder / str(attempt), free_port()))
        try:
            wait_until_ready(server.url, is_alive=lambda running=server: running.process.poll() is None)  # type: ignore[misc]
        except StartError:
            server.kill()
            print(server.log.read_text(errors="replace")[-3000:])
        else:
            return server
    raise StartError(f"n8n did not start in {ATTEMPTS} attempts; its output is above.")
