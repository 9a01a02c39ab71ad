import base64
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from connectors import catalog
from connectors.models import Connector
from integrations.domain import EngineError
from integrations.engines.fake import FakeEngine
from integrations.models import Credential, Integration
from integrations.services import connections, credentials
from integrations.services.errors import Refused
from integrations.testing import fake_connector
from integrations.tests.outbound.serving import Reply, certificate, served
from tenants.models import AuditEvent, Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., Integration]
FOLDER = catalog.BUILTIN / "rest_api"
TOKENS = {"access_token": "granted"}


@pytest.fixture
def rest_api() -> Connector:
    data = json.loads((FOLDER / "connector.json").read_text())
    return fake_connector("rest_api", schema=data["schema"], oauth2=data["oauth2"], test=data["test"])


@pytest.fixture
def connect(rest_api: Connector, acme: Tenant, make_integration: Make) -> Callable[..., Integration]:
    def make(url: str, auth: dict[str, Any] | None = None, **config: Any) -> Integration:
        credential = None
        if auth:
            credential = credentials.create(
                tenant_id=acme.pk, connector=rest_api, name=f"key {url}", data={"auth": auth}, by=None
            )
        return make_integration({"url": url, **config}, connector=rest_api, credential=credential)

    return make


def tried(integration: Integration) -> tuple[connections.Report, dict[str, Any]]:
    report = connections.try_integration(integration=integration, by=None)
    return report, {stage.name: stage for stage in report.stages}


def answering(status: int = 200, body: Any = None, kind: str = "application/json") -> Callable[..., Reply]:
    return lambda *_: (status, {"Content-Type": kind}, json.dumps(body or []).encode())


BEARER = {"type": "bearer", "token": "planted-secret"}
WAYS = [
    ({"type": "api_key", "in": "header", "name": "X-Key", "key": "planted-secret"}, "x-key", "planted-secret"),
    (BEARER, "authorization", "Bearer planted-secret"),
    (
        {"type": "basic", "username": "ann", "password": "planted-secret"},
        "authorization",
        "Basic " + base64.b64encode(b"ann:planted-secret").decode(),
    ),
]


@pytest.mark.parametrize(("auth", "header", "value"), WAYS)
def test_a_connection_that_works_passes_every_step(
    connect: Callable[..., Integration], auth: dict[str, str], header: str, value: str
) -> None:
    with served(answering()) as server:
        report, stages = tried(connect(server.url, auth, path="orders", query=[{"name": "a", "value": "b c"}]))

    assert report.ok
    assert list(stages) == ["resolve", "connect", "http", "authenticate", "permission"]
    [(method, path, headers, _)] = server.asked
    assert (method, path, headers[header]) == ("GET", "/orders?a=b+c", value)
    assert all(stage.seconds >= 0 for stage in report.stages)


def test_a_key_in_the_query_is_sent_and_never_shown(connect: Callable[..., Integration]) -> None:
    auth = {"type": "api_key", "in": "query", "name": "key", "key": "planted-secret"}
    with served(answering(400, {"message": "planted-secret is no key"})) as server:
        report, stages = tried(connect(server.url, auth))

    assert server.asked[0][1] == "/?key=planted-secret"
    assert not stages["http"].ok and "planted" not in str(report)


def test_a_client_gets_its_token_first(connect: Callable[..., Integration]) -> None:
    def reply(method: str, path: str, headers: dict[str, str]) -> Reply:
        return answering(body=TOKENS if path == "/token" else [])(method, path, headers)

    with served(reply) as server:
        auth = {"type": "oauth2", "token_url": f"{server.url}/token", "client_id": "me", "client_secret": "planted"}
        report, _ = tried(connect(server.url, auth))

    assert report.ok
    assert server.asked[0][2]["authorization"] == "Basic " + base64.b64encode(b"me:planted").decode()
    assert server.asked[1][2]["authorization"] == "Bearer granted"


def test_a_client_that_gets_no_token_is_told(connect: Callable[..., Integration]) -> None:
    with served(answering(401, {"error": "invalid_client"})) as server:
        auth = {"type": "oauth2", "token_url": f"{server.url}/token", "client_id": "me", "client_secret": "planted"}
        report, stages = tried(connect(server.url, auth))

    assert (report.ok, stages["authenticate"].ok, len(server.asked)) == (False, False, 1)
    assert "client" in stages["authenticate"].fix


@pytest.mark.parametrize(
    ("status", "step", "status_of_credential"),
    [
        (401, "authenticate", "rejected"),
        (403, "permission", "verified"),
        (404, "http", "unverified"),
        (429, "http", "unverified"),
        (500, "http", "unverified"),
        (200, None, "verified"),
    ],
)
def test_a_test_says_where_it_stopped_and_what_to_do(
    connect: Callable[..., Integration], status: int, step: str | None, status_of_credential: str
) -> None:
    with served(answering(status, {"detail": "no planted-secret"})) as server:
        integration = connect(server.url, BEARER)
        report, _ = tried(integration)

    failed = [stage for stage in report.stages if not stage.ok]
    assert [stage.name for stage in failed] == ([step] if step else [])
    assert all(stage.fix and stage.detail and "planted" not in stage.detail for stage in failed)
    kept = Credential.everywhere.get(pk=integration.credential_id)
    assert (kept.status, kept.verified_at is not None) == (status_of_credential, status_of_credential == "verified")


def test_a_page_for_people_is_no_api(connect: Callable[..., Integration]) -> None:
    with served(lambda *_: (200, {"Content-Type": "text/html"}, b"<html>")) as server:
        _, stages = tried(connect(server.url))

    assert not stages["http"].ok
    assert "text/html" in stages["http"].detail


def test_a_service_that_wants_a_credential_says_so(connect: Callable[..., Integration]) -> None:
    with served(answering(401)) as server:
        _, stages = tried(connect(server.url))

    assert "give the integration one" in stages["authenticate"].fix


def test_the_days_of_a_certificate_are_told(
    connect: Callable[..., Integration], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path, days=9)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with served(answering(), context) as server:
        report, stages = tried(connect(server.url.replace("http", "https")))

    assert report.ok
    assert (stages["tls"].days_left, "soon" in stages["tls"].fix) == (9, True)


def test_an_inner_address_is_not_tested(connect: Callable[..., Integration], settings: LazySettings) -> None:
    with served(answering()) as server:
        integration = connect(server.url)
        settings.OUTBOUND_ALLOW = ()
        report, stages = tried(integration)

    assert (report.ok, list(stages), server.asked) == (False, ["resolve"], [])


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding"])
def test_headers_that_frame_a_request_are_not_taken(connect: Callable[..., Integration], name: str) -> None:
    with served(answering()) as server:
        report, _ = tried(connect(server.url, headers=[{"name": name, "value": "evil.example"}]))

    assert report.ok
    assert "evil" not in str(server.asked)


@pytest.mark.parametrize(("name", "value"), [("X\r\nEvil", "1"), ("X-A", "1\r\nEvil: 2"), ("", "1")])
def test_a_header_that_smuggles_is_not_sent(
    connect: Callable[..., Integration], make_integration: Make, name: str, value: str
) -> None:
    with served(answering()) as server:
        integration = connect(server.url)
        integration.config["headers"] = [{"name": name, "value": value}]
        _, stages = tried(integration)

    assert (stages["http"].ok, server.asked) == (False, [])


def test_a_credential_is_tested_with_who_uses_it(connect: Callable[..., Integration]) -> None:
    with served(answering()) as server:
        credential = connect(server.url, BEARER).credential
        assert credential is not None
        report = connections.try_credential(credential=credential, by=None)

    assert report.ok
    assert AuditEvent.everywhere.get(verb="tested").after == {"ok": True, "failed": None}


def test_to_test_an_integration_is_to_use_its_credential(connect: Callable[..., Integration]) -> None:
    with served(answering()) as server:
        integration = connect(server.url, BEARER)
        tried(integration)

    used = AuditEvent.everywhere.get(verb="used")
    assert (used.object_type, used.object_id) == ("Credential", integration.credential_id)
    assert used.after == {"integration": integration.name, "trigger": "test"}


def test_a_credential_changed_meanwhile_is_not_called_verified(connect: Callable[..., Integration]) -> None:
    with served(answering()) as server:
        integration = connect(server.url, BEARER)
        Credential.everywhere.filter(pk=integration.credential_id).update(revision=2)
        tried(integration)

    assert Credential.everywhere.get(pk=integration.credential_id).status == "unverified"


def test_what_has_no_test_says_so(rest_api: Connector, acme: Tenant, make_integration: Make) -> None:
    unused = credentials.create(tenant_id=acme.pk, connector=rest_api, name="k", data={"auth": BEARER}, by=None)

    with pytest.raises(Refused, match="no test"):
        connections.try_credential(credential=unused, by=None)
    with pytest.raises(Refused, match="no test"):
        connections.try_integration(integration=make_integration({}), by=None)


@pytest.mark.parametrize(("verdict", "status"), [("good", "verified"), ("bad", "rejected")])
def test_an_engine_tests_in_its_own_way(acme: Tenant, verdict: str, status: str) -> None:
    connector = fake_connector("own", credential={"type": "object", "properties": {"verdict": {"type": "string"}}})
    made = credentials.create(tenant_id=acme.pk, connector=connector, name="k", data={"verdict": verdict}, by=None)

    [stage] = connections.try_credential(credential=made, by=None).stages

    assert (stage.name, stage.ok, bool(stage.fix)) == ("authenticate", verdict == "good", False)
    assert Credential.everywhere.get(pk=made.pk).status == status


def test_an_engine_that_is_away_says_nothing_of_the_credential(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise EngineError("planted-secret", retryable=True, fix="Start it.")

    monkeypatch.setattr(FakeEngine, "test", away)
    connector = fake_connector("own", credential={"type": "object", "properties": {"verdict": {"type": "string"}}})
    made = credentials.create(tenant_id=acme.pk, connector=connector, name="k", data={"verdict": "good"}, by=None)

    report = connections.try_credential(credential=made, by=None)

    assert (report.ok, report.stages[0].name, report.stages[0].fix) == (False, "connect", "Start it.")
    assert "planted" not in str(report)
    assert Credential.everywhere.get(pk=made.pk).status == "unverified"


def test_a_slow_service_costs_no_more_than_the_time_there_is(
    connect: Callable[..., Integration], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connections.LONGEST_SECONDS == 8
    monkeypatch.setattr(connections, "LONGEST_SECONDS", 0.4)
    end = threading.Event()

    def slow(*_: Any) -> Reply:
        end.wait(60)
        return 200, {}, b"[]"

    with served(slow) as server:
        began = time.monotonic()
        report, stages = tried(connect(server.url))
        seconds = time.monotonic() - began
        end.set()

    assert (report.ok, stages["http"].ok) == (False, False)
    assert stages["http"].fix and 0.3 < stages["http"].seconds <= report.seconds <= seconds < 5
