from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connectors import folders
from connectors.catalog import BUILTIN
from connectors.models import Connector
from embedded.n8n.testing import RunningN8n
from integrations.domain import Trigger
from integrations.engines import registry
from integrations.engines.n8n.engine import N8nEngine
from integrations.models import Credential, Deployment, Grant, Integration, Run
from integrations.services import credentials, integrations, renewal, requests, runs
from integrations.testing import fake_connector, follow, make_due
from integrations.tests.oauth2.conftest import SignIn, age, auth_of, machine_of
from integrations.tests.oauth2.service import OAuth2Service
from tenants.models import Tenant, User

pytestmark = [
    pytest.mark.n8n,
    pytest.mark.django_db,
    pytest.mark.usefixtures("bells"),
    pytest.mark.xdist_group("engines"),
]
OAUTH2 = {
    "type": "oAuth2Api",
    "data": {
        "grantType": {"value": "authorizationCode"},
        "authUrl": {"value": "https://auth.example.com/authorize"},
        "accessTokenUrl": {"value": "https://auth.example.com/token"},
        "clientId": {"value": "the hub"},
        "clientSecret": {"value": ""},
        "scope": {"value": ""},
        "oauthTokenData": "/oauth2",
    },
    "node": {"authentication": "genericCredentialType", "genericAuthType": "oAuth2Api"},
}


@pytest.fixture
def engine(n8n_server: RunningN8n, monkeypatch: pytest.MonkeyPatch) -> N8nEngine:
    engine, others = N8nEngine(n8n_server.url, n8n_server.key, n8n_server.test_key), registry.get
    monkeypatch.setattr(registry, "get", lambda name: engine if name == "n8n" else others(name))
    return engine


def node(name: str, kind: str, version: float, at: int, **parameters: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [at, 0],
        "parameters": parameters,
    }


def calling(url: str, *, pause: int = 0) -> dict[str, Any]:
    """A workflow that calls the API, waits so many seconds, and calls it again."""
    call = {"url": url, "options": {}}
    nodes = [
        node("Hub", "manualTrigger", 1, 0),
        {**node("First", "httpRequest", 4.2, 200, **call), "credentials": {"hub": {}}},
    ]
    if pause:
        code = f"await new Promise(done => setTimeout(done, {pause * 1000})); return [{{json: {{}}}}];"
        nodes += [
            node("Pause", "code", 2, 400, jsCode=code),
            {**node("Second", "httpRequest", 4.2, 600, **call), "credentials": {"hub": {}}},
        ]
    names = [each["name"] for each in nodes]
    links = {a: {"main": [[{"node": b, "type": "main", "index": 0}]]} for a, b in pairwise(names)}
    return {"name": "Calls", "nodes": nodes, "connections": links, "settings": {}}


@pytest.fixture
def sign_in(service: OAuth2Service, connector: Connector, acme: Tenant, alice: User, engine: N8nEngine) -> SignIn:
    """As everywhere, with n8n behind the connector."""
    connector.type, connector.n8n_credentials = "n8n", OAUTH2
    connector.template = calling(f"{service.url}/records")
    connector.save()
    credential = credentials.create(
        tenant_id=acme.pk, connector=connector, name="Sam's", data={"auth": auth_of(service)}, by=None
    )
    return SignIn(service, credential, alice)


@pytest.fixture
def integrate(acme: Tenant, engine: N8nEngine) -> Any:
    made: list[Integration] = []

    def make(credential: Credential, config: dict[str, Any] | None = None) -> Integration:
        made.append(
            integrations.create(
                tenant_id=acme.pk,
                by=None,
                connector=credential.connector,
                name="Records",
                config=config or {},
                credential=credential,
            )
        )
        return made[-1]

    yield make
    for deployment in Deployment.everywhere.all():
        engine.deprovision({**deployment.ref, "key": str(deployment.pk)})


def requested(integration: Integration) -> Run:
    integration = Integration.everywhere.get(pk=integration.pk)
    return requests.request(integration=integration, trigger=Trigger.API)[0]


def test_n8n_sends_the_token_that_the_hub_renewed(sign_in: SignIn, integrate: Callable[..., Integration]) -> None:
    first = sign_in.complete().tokens["access_token"]
    integration = integrate(sign_in.credential)
    assert follow(requested(integration)).state == "succeeded"
    before = Deployment.everywhere.get().ref

    age(sign_in.grant)
    ended = follow(requested(integration))

    second = sign_in.grant.tokens["access_token"]
    assert (ended.state, ended.rows) == ("succeeded", 2), ended.failure
    assert sign_in.service.shown == [first, second] and first != second
    assert Deployment.everywhere.get().ref == before


def test_a_token_that_the_service_took_back_is_renewed_for_the_next_attempt(
    sign_in: SignIn, integrate: Callable[..., Integration], monkeypatch: Any
) -> None:
    monkeypatch.setattr("integrations.services.failures.retry_after", lambda *_: timedelta(0))
    sign_in.complete()
    integration = integrate(sign_in.credential)
    sign_in.service.set(revoke="access")

    ended = follow(requested(integration))

    assert (ended.state, ended.attempt) == ("succeeded", 2), ended.failure
    assert sign_in.service.shown == [sign_in.grant.tokens["access_token"]]


def test_a_run_under_way_gets_the_token_that_the_tick_renewed(
    sign_in: SignIn, integrate: Callable[..., Integration], settings: LazySettings
) -> None:
    settings.STEP_SECONDS = 0.2
    Connector.objects.update(template=calling(f"{sign_in.service.url}/records", pause=4))
    first = sign_in.complete().tokens["access_token"]
    run = requested(integrate(Credential.everywhere.get(pk=sign_in.credential.pk)))
    make_due(run)
    runs.advance([run.pk])
    run.refresh_from_db()
    assert run.state == "running", run.failure

    Grant.everywhere.update(renew_at=timezone.now())
    assert renewal.renew_due() == 1

    ended = follow(run)
    assert ended.state == "succeeded", ended.failure
    assert sign_in.service.shown == [first, sign_in.grant.tokens["access_token"]]


@pytest.mark.parametrize("auth", [auth_of, machine_of])
def test_rest_api_reads_with_either_way_to_sign_in(
    service: OAuth2Service, acme: Tenant, alice: User, integrate: Callable[..., Integration], auth: Any
) -> None:
    manifest = folders.read(BUILTIN / "rest_api")
    connector = fake_connector(
        "sign_in",
        type="n8n",
        schema=manifest.schema,
        template=manifest.template,
        n8n_credentials=manifest.n8n_credentials,
        oauth2=manifest.oauth2,
    )
    credential = credentials.create(
        tenant_id=acme.pk, connector=connector, name="Sam's", data={"auth": auth(service)}, by=None
    )
    if auth is auth_of:
        SignIn(service, credential, alice).complete()

    ended = follow(requested(integrate(credential, {"url": service.url, "path": "records"})))

    assert (ended.state, ended.rows) == ("succeeded", 2), ended.failure
    assert service.shown == [service.live[-1]]
