from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from embedded.n8n.server import in_session
from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import N8n, Service, Work

pytestmark = [pytest.mark.processes, pytest.mark.n8n, pytest.mark.spark]


def forms(secret: str) -> list[bytes]:
    """The secret as it is, and as it looks inside base64, whatever stands before it."""
    encoded = [base64.b64encode(b"\0" * before + secret.encode())[4:-4] for before in range(3)]
    return [secret.encode(), *encoded]


def is_in(secret: str, text: str | bytes) -> bool:
    found = text.encode() if isinstance(text, str) else text
    return any(form in found for form in forms(secret))


def files_with(secret: str, *folders: Path) -> list[str]:
    files = (path for folder in folders for path in [folder, *folder.rglob("*")] if path.is_file())
    return [str(path) for path in files if is_in(secret, content(path))]


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # it was gone before we came to it
        return b""


def processes_with(secret: str, processes: list[psutil.Process]) -> list[str]:
    found = []
    for process in processes:
        try:
            shown = json.dumps([process.cmdline(), process.environ()])
        except psutil.Error:
            continue
        found += [f"{process}"] if is_in(secret, shown) else []
    return found


def n8n_executions(n8n: N8n) -> str:
    """Everything that n8n's API tells of what it executed."""
    return "".join(
        n8n.call("GET", f"/executions?includeData=true&limit=250{status}").text for status in ("", "&status=running")
    )


def driver_pages(hub: Hub, run: str) -> str:
    """What a living driver's own pages tell of its settings."""
    place = hub.var / "runs" / run / "1" / "ui.json"
    hub.wait_for(place.exists, "the driver's own pages")
    page = json.loads(place.read_text())
    address = f"{page['url']}/api/v1/applications/{page['application']}/environment"
    hub.wait_for(lambda: requests.get(address, timeout=30).ok, "the driver's environment page")
    return requests.get(address, timeout=30).text


def answers(hub: Hub) -> Iterator[tuple[str, str]]:
    """Yield what each GET call of the API answers, for each thing that it can be asked of."""
    for path, calls in hub.get("/api/schema?format=json")["paths"].items():
        if "get" in calls:
            for address in addresses(hub, path):
                answer = hub.call("GET", address)
                assert answer.status_code < 500, (address, answer.text)
                yield address, answer.text


def addresses(hub: Hub, path: str) -> list[str]:
    start, brace, rest = path.partition("{")
    if not brace:
        return [f"{path}?page_size=200"]
    _, _, end = rest.partition("}")
    if start.endswith("/connectors/"):
        return [f"{start}{slug}{end}" for slug in ("rest_api", "sealed")]
    return [f"{start}{row['id']}{end}" for row in hub.get(f"{start}?page_size=200")["results"]]


def named(data: dict[str, Any]) -> dict[str, Any]:
    """Ask for a credential of a name that no other has."""
    return {"name": secrets.token_hex(4), "data": data}


def keyed(secret: str) -> dict[str, Any]:
    return named({"auth": {"type": "api_key", "in": "header", "name": "X-Key", "key": secret}})


def test_a_secret_reaches_the_work_and_is_found_nowhere_else(
    hub: Hub, n8n: N8n, service: Service, secret: str, make_work: Callable[..., Work]
) -> None:
    request, driver = make_work("n8n", "keyed"), make_work("spark")
    pulling = hub.run(pull := hub.integrate("rest_api", request.config, credential=keyed(secret)))
    refused = hub.run(hub.integrate("rest_api", {"url": f"{service.url}/refused/"}, credential=keyed(secret)))
    working = hub.run(hub.integrate("sealed", driver.config, credential=named({"key": secret})))
    hub.wait_for(lambda: request.starts() and driver.starts(), "the works' begin")

    ours = [
        *hub.processes(),
        *(process for process in psutil.process_iter() if in_session(process, n8n.server.process.pid)),
    ]
    assert len(ours) > 5
    assert processes_with(secret, ours) == []
    assert f"hub-{working}" in (pages := driver_pages(hub, working))
    assert not is_in(secret, pages)
    assert pulling in (executions := n8n_executions(n8n))
    assert not is_in(secret, executions)
    assert files_with(secret, hub.var, n8n.folder) == []

    request.let_through()
    driver.let_through()
    assert hub.ended(pulling)["state"] == "succeeded"
    assert hub.ended(working)["state"] == "succeeded"
    assert hub.ended(refused)["failure"]["code"] == "credential_refused"
    [row] = hub.get(f"/api/v1/runs/{working}/rows")["rows"]
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()

    assert files_with(secret, hub.var, n8n.folder) == []
    assert not is_in(secret, n8n_executions(n8n))
    assert hub.call("POST", f"/api/v1/integrations/{pull}/test").json()["ok"]
    assert [address for address, text in answers(hub) if is_in(secret, text)] == []
    assert [said for said in hub.answers if is_in(secret, said)] == []
    assert files_with(f"hub-{working}", hub.var / "events")
    assert files_with(service.url, hub.var / "hub.sqlite3", hub.var / "hub.sqlite3-wal")


def test_a_secret_in_the_words_of_a_failure_is_masked(
    hub: Hub, service: Service, secret: str, make_work: Callable[..., Work]
) -> None:
    driver = make_work("spark")
    (driver.folder / "fail").touch()
    driver.let_through()
    echoed = hub.run(hub.integrate("rest_api", {"url": f"{service.url}/echo/"}, credential=keyed(secret)))
    broken = hub.run(hub.integrate("sealed", driver.config, credential=named({"key": secret})))
    assert "What is " in hub.ended(echoed)["failure"]["message"]
    assert "could not connect with " in hub.ended(broken)["failure"]["message"]
    assert [address for address, text in answers(hub) if is_in(secret, text)] == []
    assert [said for said in hub.answers if is_in(secret, said)] == []
    assert files_with(secret, *hub.var.glob("hub.sqlite3*"), hub.logs, hub.var / "valkey", hub.var / "events") == []
