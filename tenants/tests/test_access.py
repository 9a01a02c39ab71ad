from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tenants import scope
from tenants.models import ApiToken, Member, Tenant, User
from tenants.roles import Role
from tenants.services import audit, members, tokens

pytestmark = pytest.mark.urls("tenants.tests.addresses")
ECHO = "/api/v1/echo"


def bearer(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def assert_refused(client: APIClient) -> None:
    answer = client.get(ECHO)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["request_id"] == answer["X-Request-ID"]


@pytest.fixture
def issued(alice: User) -> tuple[ApiToken, str]:
    return tokens.issue(member=members.of_user(alice).get(), name="script")


def test_a_call_without_a_token_is_refused(db: None) -> None:
    assert_refused(APIClient())


@pytest.mark.parametrize("secret", ["hub_unknown", "", "other", "hub_\u00e9", "hub_ two"])
def test_an_unknown_token_is_refused(db: None, secret: str) -> None:
    assert_refused(bearer(secret))


def test_an_expired_token_is_refused(issued: tuple[ApiToken, str]) -> None:
    ApiToken.everywhere.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_refused(bearer(issued[1]))


def test_a_revoked_token_is_refused(issued: tuple[ApiToken, str], alice: User) -> None:
    tokens.revoke(token=issued[0], by=alice)
    assert_refused(bearer(issued[1]))


def test_a_token_dies_with_its_membership(issued: tuple[ApiToken, str]) -> None:
    Member.everywhere.all().delete()
    assert_refused(bearer(issued[1]))


def test_a_token_of_somebody_whose_account_is_closed_is_refused(issued: tuple[ApiToken, str]) -> None:
    User.objects.update(is_active=False)
    assert_refused(bearer(issued[1]))


def test_a_token_enters_its_tenant_and_leaves_it_at_the_end(as_alice: APIClient, acme: Tenant) -> None:
    assert as_alice.get(ECHO).json() == {"email": "alice@example.com", "tenant": str(acme.pk), "role": "admin"}
    assert scope.current() is None


def test_the_scheme_is_read_in_any_case(issued: tuple[ApiToken, str]) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"bearer {issued[1]}")
    assert client.get(ECHO).status_code == 200


def test_a_token_never_does_more_than_its_member_may_today(issued: tuple[ApiToken, str]) -> None:
    Member.everywhere.update(role=Role.VIEWER)
    assert bearer(issued[1]).get(ECHO).json()["role"] == "viewer"


def test_a_viewer_reads_and_changes_nothing(as_bob: APIClient) -> None:
    answer = as_bob.post(ECHO, {"name": "x"}, format="json")
    assert as_bob.get(ECHO).status_code == 200
    assert answer.status_code == 403
    assert "needs the role editor; you have the role viewer" in answer.json()["detail"]


def test_a_view_asks_for_the_role_it_names(alice: User) -> None:
    member = members.of_user(alice).get()
    _, secret = tokens.issue(member=member, name="editor", role=Role.EDITOR)
    assert bearer(secret).post(ECHO, {"name": "x"}, format="json").status_code == 200
    assert bearer(secret).put(ECHO, {"name": "x"}, format="json").status_code == 403


def test_rows_of_another_tenant_are_not_there(as_alice: APIClient, as_charlie: APIClient, globex: Tenant) -> None:
    event = audit.record(tenant_id=globex.pk, actor=None, verb="made", subject=globex)
    foreign = as_alice.get(f"/api/v1/events/{event.pk}")
    assert foreign.status_code == as_alice.delete(f"/api/v1/events/{event.pk}").status_code == 404
    assert str(event.pk) not in as_alice.get("/api/v1/events").content.decode()
    assert as_charlie.get(f"/api/v1/events/{event.pk}").status_code == 200


def test_a_session_may_read(client: Client, alice: User, acme: Tenant) -> None:
    client.force_login(alice)
    assert client.get(ECHO).json()["tenant"] == str(acme.pk)


def test_a_session_changes_nothing_without_the_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(ECHO, {"name": "x"}, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    client.get("/login")
    client.cookies["csrftoken"] = token = "a" * 32
    again = client.post(ECHO, {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": token})
    assert again.status_code == 200


def test_a_member_of_two_tenants_works_for_the_one_they_name(client: Client, alice: User, globex: Tenant) -> None:
    members.add(tenant=globex, user=alice, role=Role.VIEWER, by=None)
    client.force_login(alice)
    named = client.get(ECHO, headers={"X-Tenant": "globex"}).json()
    assert (named["tenant"], named["role"]) == (str(globex.pk), "viewer")
    assert client.post("/tenant", {"tenant": "globex"}).status_code == 302
    assert client.get(ECHO).json()["tenant"] == client.get("/page").content.decode() == str(globex.pk)


@pytest.mark.parametrize("slug", ["globex", "unknown"])
def test_a_tenant_of_others_cannot_be_named(
    client: Client, as_alice: APIClient, alice: User, globex: Tenant, slug: str
) -> None:
    client.force_login(alice)
    assert client.get(ECHO, headers={"X-Tenant": slug}).status_code == 404
    assert as_alice.get(ECHO, headers={"X-Tenant": slug}).status_code == 404
    assert client.post("/tenant", {"tenant": slug}).status_code == 404


def test_somebody_without_a_tenant_is_told_so(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("dora@example.com", "x"))
    answer = client.get(ECHO)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:hub:no_tenant")
    assert client.get("/page").content == b"nobody"


def test_a_page_works_for_the_tenant_of_its_session(client: Client, alice: User, acme: Tenant) -> None:
    assert client.get("/page").content == b"nobody"
    client.force_login(alice)
    assert client.get("/page").content.decode() == str(acme.pk)
    assert scope.current() is None
