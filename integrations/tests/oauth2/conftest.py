from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from connectors import catalog
from connectors.models import Connector
from integrations.models import Credential, Grant
from integrations.services import credentials
from integrations.services.oauth2 import signing_in
from integrations.testing import fake_connector
from integrations.tests.oauth2.service import BACK, CLIENT_ID, CLIENT_SECRET, MACHINE_ID, OAuth2Service, running
from tenants.models import Tenant, User
from tenants.scope import scope


@pytest.fixture(scope="session")
def service_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OAuth2Service]:
    with running(tmp_path_factory.mktemp("oauth2")) as service:
        yield service


@pytest.fixture
def service(service_process: OAuth2Service) -> OAuth2Service:
    service_process.begin_anew()
    return service_process


@pytest.fixture
def connector(db: None) -> Connector:
    """The real connector's credential on the fake engine, so that every way to sign in is as it is declared."""
    data = json.loads((catalog.BUILTIN / "rest_api" / "connector.json").read_text())
    schema = {"credential": data["schema"]["credential"], "config": {"type": "object", "additionalProperties": True}}
    return fake_connector("sign_in", schema=schema, oauth2=data["oauth2"], test=data["test"])


def auth_of(service: OAuth2Service, **fields: Any) -> dict[str, Any]:
    return {
        "type": "oauth2_sign_in",
        "authorization_url": f"{service.url}/authorize",
        "token_url": f"{service.url}/token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "read write",
        **fields,
    }


def machine_of(service: OAuth2Service, **fields: Any) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "token_url": f"{service.url}/token",
        "client_id": MACHINE_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "read",
        **fields,
    }


@dataclass
class SignIn:
    """Alice, her browser, and one credential on its way through a sign-in."""

    service: OAuth2Service
    credential: Credential
    user: User
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.browser.force_login(self.user)

    @property
    def session_key(self) -> str:
        return self.browser.cookies[settings.SESSION_COOKIE_NAME].value

    def begin(self) -> str:
        with scope(self.credential.tenant_id):
            begun = signing_in.begin(
                credential=self.credential, user=self.user, session_key=self.session_key, redirect_uri=BACK
            )
        return begun.url

    def come_back(self, address: str, browser: Client | None = None) -> Any:
        return (browser or self.browser).get(address.removeprefix("http://testserver"))

    def complete(self, **how: Any) -> Grant:
        answer = self.come_back(self.service.consent(self.begin(), **how))
        assert answer.status_code == 200, answer.content.decode()
        return self.grant

    @property
    def grant(self) -> Grant:
        return Grant.everywhere.get(credential=self.credential)

    @property
    def shown(self) -> tuple[str, Any]:
        """The status that people see, and how the sign-in stands."""
        row = Credential.everywhere.select_related("grant", "connector").get(pk=self.credential.pk)
        return credentials.public(row)[1], credentials.sign_in(row)


@pytest.fixture
def make_credential(service: OAuth2Service, connector: Connector, acme: Tenant) -> Callable[..., Credential]:
    def make(auth: dict[str, Any], name: str = "Sam's") -> Credential:
        return credentials.create(tenant_id=acme.pk, connector=connector, name=name, data={"auth": auth}, by=None)

    return make


@pytest.fixture
def sign_in(service: OAuth2Service, make_credential: Callable[..., Credential], alice: User) -> SignIn:
    return SignIn(service, make_credential(auth_of(service)), alice)


def age(grant: Grant, seconds: float = 4000) -> None:
    """Let so much time pass for the hub."""
    ends = timezone.now() + timedelta(seconds=3600 - seconds)
    Grant.everywhere.filter(pk=grant.pk).update(expires_at=ends, renew_at=ends - timedelta(seconds=600))
