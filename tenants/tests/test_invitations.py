from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.models import AuditEvent, Invitation, Member, Tenant, User
from tenants.roles import Role
from tenants.services import invitations
from tenants.services.errors import Conflict
from tenants.testing import client_of

INVITATIONS = "/api/v1/invitations/"
PASSWORD = "correct horse battery"


def invite(acme: Tenant, alice: User, **values: str) -> tuple[Invitation, str]:
    return invitations.create(tenant=acme, by=alice, role=Role.EDITOR, **values)


def page(secret: str) -> str:
    return f"/invitations/{secret}"


def role_of(user: User, tenant: Tenant) -> str | None:
    return Member.everywhere.filter(user=user, tenant=tenant).values_list("role", flat=True).first()


def test_a_link_is_shown_once_and_only_its_hash_is_kept(as_alice: APIClient) -> None:
    made = as_alice.post(INVITATIONS, {"role": "editor", "email": "dora@example.com"}, format="json")
    secret = made.json()["url"].rpartition("/")[2]
    assert made.status_code == 201
    assert invitations.find(secret) is not None
    assert secret not in str(list(Invitation.everywhere.values())) + str(list(AuditEvent.everywhere.values()))
    assert secret not in as_alice.get(INVITATIONS).content.decode()


def test_somebody_with_an_account_joins_by_the_link(acme: Tenant, alice: User, charlie: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    client.force_login(charlie)
    assert b"Join Acme" in client.get(page(secret)).content
    assert client.post(page(secret))["Location"] == "/"
    assert role_of(charlie, acme) == "editor"
    assert client.session["tenant"] == str(acme.pk)


def test_somebody_without_an_account_makes_one_and_is_signed_in(acme: Tenant, alice: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    form = {"email": "dora@example.com", "name": "Dora", "password": PASSWORD}
    assert client.post(page(secret), form)["Location"] == "/"
    dora = User.objects.get(email="dora@example.com")
    assert (role_of(dora, acme), client.session["_auth_user_id"]) == ("editor", str(dora.pk))
    assert client.get("/team").status_code == 200


def test_a_link_lets_in_one_person(acme: Tenant, alice: User, charlie: User, client: Client) -> None:
    invitation, secret = invite(acme, alice)
    stale = Invitation.everywhere.get(pk=invitation.pk)
    invitations.accept(invitation=invitation, user=charlie)
    with pytest.raises(Conflict, match="used, withdrawn or has expired"):
        invitations.accept(invitation=stale, user=User.objects.create(email="dora@example.com"))
    assert client.get(page(secret)).status_code == 404
    assert Member.everywhere.filter(tenant=acme).count() == 2


@pytest.mark.parametrize("field", ["expires_at", "withdrawn_at"])
def test_a_link_that_has_ended_lets_nobody_in(acme: Tenant, alice: User, client: Client, field: str) -> None:
    invitation, secret = invite(acme, alice)
    Invitation.everywhere.update(**{field: timezone.now() - timedelta(seconds=1)})
    assert invitations.find(secret) is None
    answer = client.post(page(secret), {"email": "dora@example.com", "password": PASSWORD})
    assert (answer.status_code, User.objects.filter(email="dora@example.com").exists()) == (404, False)


def test_a_link_for_one_address_lets_in_nobody_else(acme: Tenant, alice: User, charlie: User, client: Client) -> None:
    _, secret = invite(acme, alice, email="Dora@example.com")
    client.force_login(charlie)
    answer = client.post(page(secret))
    assert (answer.status_code, role_of(charlie, acme)) == (409, None)
    client.logout()
    client.post(page(secret), {"email": "eve@example.com", "password": PASSWORD})
    assert not User.objects.filter(email="eve@example.com").exists()
    assert role_of(User.objects.get(email__iexact="dora@example.com"), acme) == "editor"


def test_a_link_never_lowers_a_role(acme: Tenant, alice: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    client.force_login(alice)
    assert client.post(page(secret)).status_code == 409
    assert role_of(alice, acme) == "admin"
    assert invitations.find(secret) is not None


def test_an_account_is_not_taken_over_by_a_link(acme: Tenant, alice: User, charlie: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    answer = client.post(page(secret), {"email": "CHARLIE@example.com", "password": PASSWORD})
    assert (answer.status_code, b"Sign in" in answer.content) == (400, True)
    assert role_of(charlie, acme) is None


def test_a_weak_password_makes_no_account(acme: Tenant, alice: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    answer = client.post(page(secret), {"email": "dora@example.com", "password": "1234"})
    assert b"too short" in answer.content
    assert not User.objects.filter(email="dora@example.com").exists()
    assert invitations.find(secret) is not None


def test_a_session_accepts_by_the_api_and_a_token_does_not(acme: Tenant, alice: User, charlie: User) -> None:
    _, secret = invite(acme, alice)
    accept, body = f"{INVITATIONS}accept", {"token": secret}
    assert client_of(charlie).post(accept, body, format="json").status_code == 403
    session = APIClient()
    session.force_login(charlie)
    assert session.post(accept, {"token": "other"}, format="json").status_code == 404
    assert session.post(accept, body, format="json").json()["role"] == "editor"


def test_a_withdrawn_invitation_stops_working(as_alice: APIClient, acme: Tenant, alice: User) -> None:
    invitation, secret = invite(acme, alice)
    path = f"{INVITATIONS}{invitation.pk}"
    assert as_alice.delete(path).status_code == as_alice.delete(path).status_code == 204
    assert as_alice.get(path).json()["state"] == "withdrawn"
    assert invitations.find(secret) is None
    assert AuditEvent.everywhere.filter(verb="withdrew").count() == 1


def test_a_member_is_not_invited_again(as_alice: APIClient, bob: User) -> None:
    answer = as_alice.post(INVITATIONS, {"role": "editor", "email": "BOB@example.com"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/email")


def test_the_page_of_a_link_tells_its_address_to_nobody(acme: Tenant, alice: User, client: Client) -> None:
    _, secret = invite(acme, alice)
    answer = client.get(page(secret))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not re.search(r'(?:src|href)="https?://', answer.content.decode())
