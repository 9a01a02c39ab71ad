from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.models import Connector
from integrations.models import Authorisation, Credential
from integrations.testing import fake_connector
from integrations.tests.api.conftest import Api, api_of
from integrations.tests.oauth2.conftest import SignIn, auth_of, machine_of
from integrations.tests.oauth2.service import BACK, CLIENT_SECRET, OAuth2Service
from tenants.models import User
from tenants.roles import Role
from tenants.testing import join

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(alice: User) -> Api:
    return api_of(alice)


@pytest.fixture
def brand(db: None) -> Connector:
    declared = {"grant": "client_credentials", "token_url": {"value": "https://auth.example.com/token"}}
    return fake_connector("brand", oauth2=declared)


def test_a_new_credential_says_that_somebody_must_sign_in(
    api: Api, connector: Connector, service: OAuth2Service
) -> None:
    body = {"connector": connector.slug, "name": "Sam's", "data": {"auth": auth_of(service)}}

    made = api.post("credentials/", body).json()

    assert (made["status"], made["authorisation"]["state"]) == ("needs_authorisation", "needed")
    assert "Authorise" in made["authorisation"]["fix"]


def test_a_program_begins_and_its_user_signs_in_at_a_browser(sign_in: SignIn, api: Api) -> None:
    path = f"credentials/{sign_in.credential.pk}"

    begun = api.post(f"{path}/authorise").json()
    assert (begun["redirect_uri"], begun["scopes"]) == (BACK, ["read", "write"])
    assert sign_in.come_back(sign_in.service.consent(begun["url"])).status_code == 200

    shown = api.get(path).json()
    assert (shown["status"], shown["authorisation"]["state"]) == ("verified", "ok")
    assert shown["authorisation"]["renews"] and shown["authorisation"]["expires_at"]
    assert shown["expires_at"] is None  # it renews itself


def test_what_was_begun_by_a_session_is_bound_to_it(sign_in: SignIn) -> None:
    path = f"/api/v1/credentials/{sign_in.credential.pk}/authorise"
    csrf = sign_in.browser.get("/").cookies

    answer = sign_in.browser.post(path, headers={"X-CSRFToken": csrf["csrftoken"].value if "csrftoken" in csrf else ""})

    assert answer.status_code == 200, answer.content
    assert Authorisation.everywhere.get().session_sha256


def test_no_answer_holds_a_token(sign_in: SignIn, api: Api) -> None:
    tokens = sign_in.complete().tokens

    answers = [api.get("credentials/"), api.get(f"credentials/{sign_in.credential.pk}"), api.get("audit/")]

    assert not any(
        secret and secret in answer.content.decode()
        for answer in answers
        for secret in [*tokens.values(), CLIENT_SECRET]
    )


def test_a_list_of_credentials_that_sign_in_costs_the_same_however_long_it_is(
    sign_in: SignIn, make_credential: Callable[..., Credential], api: Api, django_assert_num_queries: Any
) -> None:
    sign_in.complete()
    api.get("credentials/")  # the token's use is noted once a minute
    with CaptureQueriesContext(connection) as few:
        api.get("credentials/")
    for number in range(5):
        make_credential(auth_of(sign_in.service), name=f"Credential {number}")

    with django_assert_num_queries(len(few)):
        assert len(api.get("credentials/").json()["results"]) == 6


def test_what_needs_nobody_is_refused_in_words(
    make_credential: Callable[..., Credential], service: OAuth2Service, api: Api
) -> None:
    answer = api.post(f"credentials/{make_credential(machine_of(service)).pk}/authorise")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:nothing_to_authorise")


def test_an_authorization_url_is_a_web_address(
    make_credential: Callable[..., Credential], service: OAuth2Service, api: Api
) -> None:
    row = make_credential(auth_of(service))
    row.data = {"auth": auth_of(service, authorization_url="javascript:alert(1)")}
    row.save()

    answer = api.post(f"credentials/{row.pk}/authorise")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:bad_authorization_url")


def test_an_admin_keeps_the_organisations_own_clients(api: Api, brand: Connector) -> None:
    body = {"connector": "brand", "client_id": "ours", "client_secret": "planted"}

    made = api.post("oauth-clients/", body)

    path = f"oauth-clients/{made.json()['id']}"
    assert (made.status_code, made.json()["client_id"], made.headers["Location"]) == (201, "ours", f"/api/v1/{path}")
    assert made.json()["redirect_uri"] == "http://testserver/connectors/brand/authorised"
    assert api.get("oauth-clients/").json()["results"] == [made.json()]
    changed = api.patch(path, {"client_id": "other", "client_secret": "planted-2"}, HTTP_IF_MATCH=made.headers["ETag"])
    assert (changed.status_code, changed.json()["client_id"]) == (200, "other")
    assert api.patch(path, {"client_secret": "x"}, HTTP_IF_MATCH=made.headers["ETag"]).status_code == 412
    assert b"planted" not in made.content + changed.content + api.get("audit/").content
    assert [api.delete(path).status_code, api.get(path).status_code] == [204, 404]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"connector": "gone", "client_id": "a", "client_secret": ""}, "/connector"),
        ({"connector": "brand", "client_id": "", "client_secret": ""}, "/client_id"),
        ({"connector": "brand", "client_id": "a"}, "/client_secret"),
        ({"connector": "fake", "client_id": "a", "client_secret": ""}, "/connector"),
    ],
)
def test_a_wrong_client_is_named_by_its_field(api: Api, brand: Connector, body: Any, pointer: str) -> None:
    fake_connector()
    answer = api.post("oauth-clients/", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_clients_are_for_admins_and_for_no_stranger(api: Api, brand: Connector, acme: Any, charlie: User) -> None:
    made = api.post("oauth-clients/", {"connector": "brand", "client_id": "a", "client_secret": ""}).json()
    editor, stranger = api_of(join(acme, "edith", Role.EDITOR)), api_of(charlie)

    assert editor.get("oauth-clients/").status_code == 403
    assert [stranger.get(f"oauth-clients/{key}").status_code for key in (made["id"], uuid4())] == [404, 404]
