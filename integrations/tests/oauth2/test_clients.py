from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from connectors.models import Connector
from integrations.models import Credential, OAuthClient
from integrations.services import credentials
from integrations.services.errors import Invalid, Refused
from integrations.services.oauth2 import clients, grants
from integrations.services.oauth2.errors import NoClient
from integrations.services.opening import opened
from integrations.testing import fake_connector
from integrations.tests.oauth2.conftest import SignIn
from integrations.tests.oauth2.service import CLIENT_ID, CLIENT_SECRET, OAuth2Service, query_of
from servicetsunami.settings import oauth_clients
from tenants.models import AuditEvent, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand(service: OAuth2Service) -> Connector:
    """A connector of one service, as most are: it says where, and brings no client."""
    declared = {
        "grant": "authorization_code",
        "authorization_url": {"value": f"{service.url}/authorize"},
        "token_url": {"value": f"{service.url}/token"},
        "scopes": ["read"],
        "parameters": {"access_type": "offline"},
    }
    return fake_connector("sign_in", oauth2=declared)


@pytest.fixture
def credential(brand: Connector, acme: Tenant) -> Credential:
    return credentials.create(tenant_id=acme.pk, connector=brand, name="Sam's", data={}, by=None)


def register(brand: Connector, tenant: Tenant, client_id: str = CLIENT_ID) -> OAuthClient:
    return clients.create(
        tenant_id=tenant.pk, connector=brand, client_id=client_id, client_secret=CLIENT_SECRET, by=None
    )


def test_without_a_client_it_is_said_who_must_register_one(credential: Credential, alice: User, service: Any) -> None:
    with pytest.raises(Refused, match="no OAuth client") as caught:
        SignIn(service, credential, alice).begin()
    assert caught.value.code == "no_oauth_client" and "oauth-clients" in caught.value.fix
    with pytest.raises(NoClient):
        opened(credential)


def test_the_hubs_own_client_serves_everybody(
    credential: Credential, alice: User, service: OAuth2Service, settings: LazySettings
) -> None:
    settings.OAUTH_CLIENTS = {"sign_in": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}}
    sign_in = SignIn(service, credential, alice)

    assert query_of(sign_in.begin())["access_type"] == "offline"
    sign_in.complete()

    assert opened(credential).data["oauth2"]["access_token"] == service.live[-1]


def test_a_tenants_own_client_goes_before_it_and_serves_nobody_else(
    brand: Connector, acme: Tenant, globex: Tenant, settings: LazySettings
) -> None:
    settings.OAUTH_CLIENTS = {"sign_in": {"client_id": "hubs"}}
    register(brand, acme, "own")

    found = [clients.find(brand, tenant.pk) for tenant in (acme, globex)]

    assert [client and client.client_id for client in found] == ["own", "hubs"]


def test_another_client_cannot_renew_what_the_first_was_granted(
    credential: Credential, brand: Connector, acme: Tenant, alice: User, service: OAuth2Service
) -> None:
    client = register(brand, acme)
    sign_in = SignIn(service, credential, alice)
    sign_in.complete()

    clients.update(client=client, by=None, client_id="other", client_secret="other")

    with pytest.raises(grants.NeedsAuthorisation, match="another one now"):
        opened(credential)
    assert service.asked == ["authorization_code"]
    assert sign_in.shown[0] == "needs_authorisation"


def test_a_client_in_use_is_not_deleted_and_names_its_users(
    credential: Credential, brand: Connector, acme: Tenant, alice: User, service: OAuth2Service
) -> None:
    client = register(brand, acme)
    SignIn(service, credential, alice).complete()

    with pytest.raises(Refused, match="It is used by: Sam's"):
        clients.delete(client=client, by=None)

    credentials.delete(credential=credential, by=None)
    clients.delete(client=client, by=None)
    assert not OAuthClient.everywhere.exists()


def test_one_client_a_connector_and_only_where_one_is_asked_for(brand: Connector, acme: Tenant) -> None:
    register(brand, acme)
    with pytest.raises(Invalid, match="There is a client"):
        register(brand, acme)
    with pytest.raises(Invalid, match="asks for no client"):
        register(fake_connector("plain"), acme)


def test_another_client_needs_its_own_secret(brand: Connector, acme: Tenant) -> None:
    with pytest.raises(Invalid, match="Another client has another secret"):
        clients.update(client=register(brand, acme), by=None, client_id="other")


def test_the_trail_names_clients_without_their_secret(brand: Connector, acme: Tenant, alice: User) -> None:
    clients.update(client=register(brand, acme), by=alice, client_secret="planted-two")

    trail = str(list(AuditEvent.everywhere.values()))
    assert CLIENT_ID in trail and "planted" not in trail


@pytest.mark.parametrize("text", ["[]", '{"a": "b"}', '{"a": {"id": "b"}}', '{"a": {"client_secret": "b"}}', "{"])
def test_clients_in_settings_are_refused_in_words_when_they_are_wrong(text: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("HUB_OAUTH_CLIENTS", text)
    with pytest.raises(ImproperlyConfigured, match="HUB_OAUTH_CLIENTS is not as it must be"):
        oauth_clients("HUB_OAUTH_CLIENTS")
