from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tenants.models import AuditEvent, Member, Tenant, User
from tenants.roles import Role
from tenants.services import members

MEMBERS = "/api/v1/members/"


def one(user: User) -> str:
    return f"{MEMBERS}{Member.everywhere.get(user=user).pk}"


def test_everybody_sees_who_belongs_to_the_tenant(as_bob: APIClient, alice: User, charlie: User) -> None:
    shown = as_bob.get(MEMBERS).json()["results"]
    assert {row["user"]["email"] for row in shown} == {"alice@example.com", "bob@example.com"}
    assert [row["user"]["email"] for row in shown if row["is_you"]] == ["bob@example.com"]


def test_an_admin_changes_a_role_and_the_trail_says_so(as_alice: APIClient, bob: User, alice: User) -> None:
    answer = as_alice.patch(one(bob), {"role": "editor"}, format="json", HTTP_X_REQUEST_ID="request-0001")
    assert (answer.status_code, answer.json()["role"]) == (200, "editor")
    event = AuditEvent.everywhere.get(verb="changed")
    assert (event.actor, event.before, event.after) == (alice, {"role": "viewer"}, {"role": "editor"})
    assert (event.address, event.request_id) == ("127.0.0.1", "request-0001")
    assert event.via.startswith("token hub_")


def test_the_last_admin_stays_and_keeps_the_role(as_alice: APIClient, alice: User, bob: User) -> None:
    for answer in (
        as_alice.patch(one(alice), {"role": "viewer"}, format="json"),
        as_alice.delete(one(alice)),
        as_alice.post(f"{MEMBERS}leave"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:last_admin")
    as_alice.patch(one(bob), {"role": "admin"}, format="json")
    assert as_alice.post(f"{MEMBERS}leave").status_code == 204
    assert as_alice.get(MEMBERS).status_code == 401


def test_a_viewer_leaves_and_removes_nobody(as_bob: APIClient, alice: User, bob: User) -> None:
    assert as_bob.delete(one(alice)).status_code == as_bob.delete(one(bob)).status_code == 403
    assert as_bob.post(f"{MEMBERS}leave").status_code == 204
    assert not Member.everywhere.filter(user=bob).exists()


def test_a_removed_member_s_session_ends_with_the_membership(as_alice: APIClient, bob: User) -> None:
    page = APIClient()
    page.force_login(bob)
    assert page.get(MEMBERS).status_code == 200
    as_alice.delete(one(bob))
    assert page.get(MEMBERS).json()["type"] == "urn:hub:no_tenant"


@pytest.mark.parametrize("body", [{}, {"role": "root"}, {"role": "viewer", "user": 1, "colour": "red"}])
def test_a_wrong_change_is_refused_by_name(as_alice: APIClient, bob: User, body: dict[str, str]) -> None:
    answer = as_alice.patch(one(bob), body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] in ("/role", "/colour")


def test_my_tenants_are_listed_with_the_current_one(alice: User, globex: Tenant) -> None:
    members.add(tenant=globex, user=alice, role=Role.VIEWER, by=None)
    client = APIClient()
    client.force_login(alice)
    shown = client.get("/api/v1/tenants/", headers={"X-Tenant": "globex"}).json()["results"]
    assert [(row["slug"], row["role"], row["is_current"]) for row in shown] == [
        ("acme", "admin", False),
        ("globex", "viewer", True),
    ]


def test_a_token_tells_nothing_of_its_owner_s_other_tenants(as_alice: APIClient, alice: User, globex: Tenant) -> None:
    members.add(tenant=globex, user=alice, role=Role.VIEWER, by=None)
    assert [row["slug"] for row in as_alice.get("/api/v1/tenants/").json()["results"]] == ["acme"]


def test_somebody_without_a_tenant_has_an_empty_list(db: None) -> None:
    client = APIClient()
    client.force_login(User.objects.create(email="dora@example.com"))
    assert client.get("/api/v1/tenants/").json() == {"results": []}
