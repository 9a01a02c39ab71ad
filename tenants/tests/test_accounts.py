from __future__ import annotations

import threading
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from tenants.models import AuditEvent, Member, Tenant, User
from tenants.roles import Role
from tenants.services import accounts, members, tokens

ADMIN = {"email": "Root@Example.com", "password": "correct horse battery", "tenant": "Acme & Sons"}


def create_admin(**options: str) -> str:
    out = StringIO()
    call_command("create_admin", stdout=out, **{**ADMIN, **options})
    return out.getvalue()


def test_a_tenant_begins_with_an_admin(db: None) -> None:
    user = User.objects.create_user("ann@example.com", "x")
    tenant = accounts.create_tenant(name="New", slug="new", admin=user)
    assert Member.everywhere.get(tenant=tenant).role == Role.ADMIN
    assert AuditEvent.everywhere.get().verb == "created"


def test_a_tenant_whose_slug_is_taken_is_refused_by_name(acme: Tenant, alice: User) -> None:
    with pytest.raises(ValidationError) as caught:
        accounts.create_tenant(name="Other", slug="acme", admin=alice)
    assert list(caught.value.message_dict) == ["slug"]


def test_one_address_is_one_person_in_any_case(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ALICE@example.com", "x")
    assert User.objects.get_by_natural_key("Alice@Example.com") == alice


def test_create_admin_makes_an_admin_who_can_sign_in(db: None) -> None:
    assert "is an admin now" in create_admin()
    user = User.objects.get()
    assert user.is_superuser
    assert user.check_password(ADMIN["password"])
    assert Member.everywhere.get(tenant__slug="acme-sons").role == Role.ADMIN


def test_create_admin_changes_nothing_the_second_time(db: None) -> None:
    create_admin()
    assert "keeps the password" in create_admin(email="root@example.com", password="another long one")
    assert User.objects.get().check_password(ADMIN["password"])
    assert (Tenant.objects.count(), Member.everywhere.count()) == (1, 1)


def test_create_admin_takes_its_options_from_the_environment(db: None) -> None:
    values = {f"HUB_ADMIN_{name.upper()}": value for name, value in ADMIN.items()}
    with patch.dict("os.environ", values):
        call_command("create_admin", stdout=StringIO())
    assert User.objects.get().email == "Root@example.com"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"password": "1234"}, "too short"),
        ({"email": ""}, "HUB_ADMIN_EMAIL"),
        ({"tenant": "!"}, "letter"),
        ({"email": "x"}, "valid email"),
    ],
)
def test_create_admin_says_what_is_wrong(db: None, options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        create_admin(**options)
    assert not User.objects.exists()


def test_create_token_prints_a_token_that_works(alice: User) -> None:
    out = StringIO()
    call_command("create_token", email="alice@example.com", role="viewer", days=1, stdout=out)
    token = tokens.verify(out.getvalue().strip())
    assert token is not None
    assert (token.user, token.role) == (alice, "viewer")


def test_create_token_names_the_tenants_to_choose_from(alice: User, globex: Tenant) -> None:
    members.add(tenant=globex, user=alice, role=Role.VIEWER, by=None)
    with pytest.raises(CommandError, match="acme, globex"):
        call_command("create_token", email="alice@example.com")
    with pytest.raises(CommandError, match="no such tenant"):
        call_command("create_token", email="nobody@example.com")


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_leave_at_once_one_stays(acme: Tenant, alice: User, bob: User) -> None:
    Member.everywhere.update(role=Role.ADMIN)
    both, refused = threading.Barrier(2), []

    def leave(member: Member) -> None:
        both.wait()
        try:
            members.remove(member=member, by=None)
        except members.LastAdmin as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[member]) for member in Member.everywhere.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), Member.everywhere.count()) == (1, 1)


def test_a_role_read_long_ago_lets_no_last_admin_go(acme: Tenant, alice: User, bob: User) -> None:
    was_viewer = members.of_user(bob).get()
    members.change_role(member=members.of_user(bob).get(), role=Role.ADMIN, by=alice)
    members.remove(member=members.of_user(alice).get(), by=alice)
    with pytest.raises(members.LastAdmin):
        members.remove(member=was_viewer, by=bob)


def test_a_tenant_keeps_at_least_one_admin(alice: User, bob: User) -> None:
    admin = members.of_user(alice).get()
    for leave in (
        lambda: members.remove(member=admin, by=alice),
        lambda: members.change_role(member=admin, role=Role.VIEWER, by=alice),
    ):
        with pytest.raises(members.LastAdmin, match="Acme needs an admin"):
            leave()
    members.change_role(member=members.of_user(bob).get(), role=Role.ADMIN, by=alice)
    members.remove(member=admin, by=bob)
    assert not members.of_user(alice).exists()
