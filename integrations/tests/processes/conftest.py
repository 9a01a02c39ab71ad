from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from integrations.tests.processes.engines import trap
from integrations.tests.processes.hub import Hub, running
from integrations.tests.processes.works import HeldDriver, HeldRequest, N8n, Service, Work

ENGINES = {
    "n8n": "integrations.tests.processes.engines.DeadlyN8n",
    "spark": "integrations.tests.processes.engines.DeadlySpark",
}


@pytest.fixture(scope="session")
def secret() -> str:
    """A credential's value that must be found nowhere."""
    return f"planted{secrets.token_hex(12)}"


@pytest.fixture(scope="session")
def service(secret: str) -> Iterator[Service]:
    service = Service(secret)
    yield service
    service.close()


@pytest.fixture(scope="session")
def session_n8n(tmp_path_factory: pytest.TempPathFactory) -> Iterator[N8n]:
    n8n = N8n(tmp_path_factory.mktemp("n8n"))
    yield n8n
    n8n.kill()


@pytest.fixture(scope="session")
def session_hub(session_n8n: N8n) -> Iterator[Hub]:
    """One hub on real engines for all tests: starting one takes longer than most of them."""
    with running(ENGINES, N8N_URL=session_n8n.url, N8N_API_KEY=session_n8n.key) as hub:
        yield hub


@pytest.fixture
def n8n(session_n8n: N8n) -> N8n:
    session_n8n.ensure_ready()
    return session_n8n


@pytest.fixture
def hub(n8n: N8n, session_hub: Hub) -> Hub:
    for engine in ENGINES:
        trap(session_hub.var, engine).unlink(missing_ok=True)
    session_hub.mend()
    return session_hub


@pytest.fixture
def make_work(hub: Hub, n8n: N8n, service: Service) -> Iterator[Callable[..., Work]]:
    """Make work for an engine; what a failed test left waiting is let through, so that it ends."""
    made: list[Work] = []

    def make(engine: str, below: str = "held") -> Work:
        made.append(HeldRequest(service, n8n, below) if engine == "n8n" else HeldDriver(hub.var))
        return made[-1]

    yield make
    for work in made:
        work.let_through()
