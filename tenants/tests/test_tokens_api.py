from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.models import ApiToken, AuditEvent, Member, Tenant, User
from tenants.roles import Role
from tenants.services import tokens
from tenants.testing import client_of

TOKENS = "/api/v1/tokens/"


def make(client: APIClient, **values: Any) -> dict[str, Any]:
    answer = client.post(TOKENS, {"name": "script", **values}, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def bearer(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def session(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


def test_a_token_is_shown_once(session: APIClient) -> None:
    made = make(session, role="viewer")
    again = session.get(f"{TOKENS}{made['id']}").json()
    assert again == {name: value for name, value in made.items() if name != "token"}
    assert tokens.verify(made["token"]) is not None
    assert made["token"] not in session.get(TOKENS).content.decode()
    assert made["token"] not in str(list(AuditEvent.everywhere.values_list("after", "object_name")))


def test_a_revoked_token_stops_working_at_once(session: APIClient) -> None:
    made = make(session)
    client = bearer(made["token"])
    assert client.get(TOKENS).status_code == 200
    assert session.delete(f"{TOKENS}{made['id']}").status_code == 204
    assert client.get(TOKENS).status_code == 401
    assert session.get(f"{TOKENS}{made['id']}").json()["state"] == "revoked"


def test_members_see_their_own_tokens_and_an_admin_sees_all(session: APIClient, bob: User) -> None:
    mine, his = make(session), make(client_of(bob))
    as_bob = client_of(bob)
    assert his["id"] in [row["id"] for row in as_bob.get(TOKENS).json()["results"]]
    assert {mine["id"], his["id"]} <= {row["id"] for row in session.get(TOKENS).json()["results"]}
    assert as_bob.delete(f"{TOKENS}{mine['id']}").status_code == as_bob.get(f"{TOKENS}{mine['id']}").status_code == 404
    assert session.delete(f"{TOKENS}{his['id']}").status_code == 204


def test_nobody_makes_a_token_above_their_role(bob: User) -> None:
    answer = client_of(bob).post(TOKENS, {"name": "script", "role": "admin"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/role")


def test_a_token_gives_away_no_more_than_it_has(session: APIClient) -> None:
    end = timezone.now() + timedelta(days=1)
    parent = bearer(make(session, role="editor", expires_at=end.isoformat())["token"])
    assert parent.post(TOKENS, {"name": "x", "role": "admin"}, format="json").status_code == 400
    child = make(parent)
    assert child["role"] == "editor"
    assert ApiToken.everywhere.get(pk=child["id"]).expires_at == end


def test_the_tokens_made_with_a_token_end_with_it(session: APIClient) -> None:
    parent = make(session)
    child = make(bearer(parent["token"]))
    grandchild = make(bearer(child["token"]))
    session.delete(f"{TOKENS}{parent['id']}")
    assert tokens.verify(child["token"]) is tokens.verify(grandchild["token"]) is None


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x", "role": "root"}, "/role"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "rolle": "viewer"}, "/rolle"),
    ],
)
def test_a_wrong_field_of_a_token_is_named(session: APIClient, values: dict[str, str], pointer: str) -> None:
    answer = session.post(TOKENS, values, format="json")
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (400, [pointer])


def test_a_token_of_another_tenant_is_not_there(session: APIClient, charlie: User) -> None:
    his = make(client_of(charlie))
    assert session.delete(f"{TOKENS}{his['id']}").status_code == 404
    assert tokens.verify(his["token"]) is not None


def test_tokens_stay_dead_when_their_owner_comes_back(acme: Tenant, alice: User, bob: User) -> None:
    member = Member.everywhere.get(user=bob)
    _, secret = tokens.issue(member=member, name="script")
    as_alice = client_of(alice)
    assert as_alice.delete(f"/api/v1/members/{member.pk}").status_code == 204
    Member.everywhere.create(tenant=acme, user=bob, role=Role.VIEWER)
    assert tokens.verify(secret) is None
