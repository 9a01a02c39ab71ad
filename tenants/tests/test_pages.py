from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tenants.models import AuditEvent, Member, Tenant, User
from tenants.services import audit

PASSWORD = "correct horse battery"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


def test_a_person_signs_in_with_an_address_in_any_case(client: Client, root: User) -> None:
    answer = client.post("/login", {"username": "Root@Example.com", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(root.pk)


def test_a_wrong_password_is_answered_in_words_without_it(client: Client, root: User) -> None:
    page = client.post("/login", {"username": "root@example.com", "password": "s3cret"}).content.decode()
    assert "do not match" in page
    assert "s3cret" not in page


def test_signing_in_leads_to_no_other_site(client: Client, root: User) -> None:
    form = {"username": "root@example.com", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login", form)["Location"] == "/"


def test_signing_out_ends_the_session(client: Client, root: User) -> None:
    client.force_login(root)
    assert client.post("/logout")["Location"] == "/login"
    assert "_auth_user_id" not in client.session


def test_the_first_page_asks_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/")["Location"] == "/login?next=/"


def test_the_audit_trail_and_tokens_are_only_looked_at(client: Client, root: User, acme: Tenant) -> None:
    client.force_login(root)
    event = audit.record(tenant_id=acme.pk, actor=root, verb="made", subject=acme)
    for name in ("auditevent", "apitoken", "invitation"):
        assert client.get(reverse(f"admin:tenants_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:tenants_{name}_add")).status_code == 403
    assert client.post(reverse("admin:tenants_auditevent_delete", args=[event.pk]), {"post": "yes"}).status_code == 403
    assert AuditEvent.everywhere.filter(pk=event.pk).exists()


@pytest.mark.parametrize("name", ["user", "tenant", "member"])
def test_the_admin_opens_each_list_and_form_without_a_tenant(
    client: Client, root: User, alice: User, acme: Tenant, name: str
) -> None:
    client.force_login(root)
    row = {"user": alice, "tenant": acme, "member": Member.everywhere.get()}[name]
    for url in (
        reverse(f"admin:tenants_{name}_changelist"),
        reverse(f"admin:tenants_{name}_add"),
        reverse(f"admin:tenants_{name}_change", args=[row.pk]),
    ):
        assert client.get(url).status_code == 200


def test_a_member_is_changed_in_the_admin(client: Client, root: User, bob: User) -> None:
    client.force_login(root)
    member = Member.everywhere.get(user=bob)
    form = {"user": bob.pk, "tenant": member.tenant_id, "role": "editor"}
    assert client.post(reverse("admin:tenants_member_change", args=[member.pk]), form).status_code == 302
    member.refresh_from_db()
    assert member.role == "editor"
    again = client.post(reverse("admin:tenants_member_add"), form)
    assert "already exists" in again.content.decode()


def test_the_admin_shows_nothing_to_members(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get(reverse("admin:tenants_member_changelist")).status_code == 302


def test_every_model_of_the_hub_is_in_the_admin() -> None:
    registered = {model.__name__ for model in admin.site._registry if model._meta.app_label == "tenants"}
    assert registered == {"User", "Tenant", "Member", "ApiToken", "AuditEvent", "Invitation"}
