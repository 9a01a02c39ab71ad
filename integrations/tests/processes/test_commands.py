from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from embedded.environment import ROOT
from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import Work

pytestmark = [pytest.mark.processes, pytest.mark.n8n, pytest.mark.spark]

SHORTEST = {
    "n8n": "celery -A servicetsunami worker -Q n8n -P threads",
    "spark": "celery -A servicetsunami worker -Q spark",
    "beat": "celery -A servicetsunami beat",
}
LINES = (line.partition(": ") for line in (ROOT / "Procfile").read_text().splitlines() if not line.startswith("#"))
PROCFILE = {name: command for name, _, command in LINES}


@pytest.fixture
def only_commands(hub: Hub) -> Iterator[Callable[[dict[str, str]], None]]:
    """Have these commands do the work of the hub's own worker."""
    started: list[str] = []

    def start(commands: dict[str, str]) -> None:
        hub.kill("worker")
        for name in ("n8n", "spark", "beat"):
            hub.launch_command(name, commands[name])
            started.append(name)
        hub.wait_for(lambda: len(hub.listening()) > 1, "the workers")

    yield start
    for name in started:
        hub.kill(name)


@pytest.mark.parametrize("commands", [SHORTEST, PROCFILE], ids=["shortest", "procfile"])
def test_the_workers_commands_run_both_engines(
    hub: Hub, only_commands: Callable[[dict[str, str]], None], make_work: Callable[..., Work], commands: dict[str, str]
) -> None:
    only_commands(commands)
    request = make_work("n8n")
    pulling = hub.run(hub.integrate(request.connector, request.config))
    pi = hub.run(hub.integrate("pi_estimate", {}))
    hub.wait_for(request.starts, "the request")
    request.let_through()
    assert hub.ended(pulling)["state"] == "succeeded"
    assert hub.ended(pi)["state"] == "succeeded"
    [row] = hub.get(f"/api/v1/runs/{pi}/rows")["rows"]
    assert abs(row["pi"] - 3.14159) < 0.01
