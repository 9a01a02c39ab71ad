from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client

from tenants.models import AuditEvent, Member, Tenant, User
from tenants.services import first_start
from tenants.services.errors import Conflict

FORM = {
    "tenant_name": "Möbel & Söhne",
    "name": "Zoë",
    "email": "Zoe@Example.com",
    "password": "correct horse battery",
}


@pytest.mark.django_db
def test_the_first_visitor_makes_the_admin_and_the_organisation(client: Client) -> None:
    assert client.get("/login")["Location"] == "/welcome"
    assert b"Welcome to your hub" in client.get("/welcome").content
    answer = client.post("/welcome", FORM, follow=True)
    user, tenant = User.objects.get(), Tenant.objects.get()
    assert "The hub is yours." in answer.content.decode()
    assert (user.is_staff, user.is_superuser, user.first_name) == (True, True, "Zoë")
    assert (tenant.name, tenant.slug) == ("Möbel & Söhne", "mobel-sohne")
    assert Member.everywhere.get().role == "admin"
    assert AuditEvent.everywhere.filter(verb="created", actor=user).exists()


@pytest.mark.django_db
def test_the_door_is_closed_once_somebody_is_there(client: Client, alice: User) -> None:
    assert client.get("/welcome")["Location"] == "/login"
    assert client.post("/welcome", FORM)["Location"] == "/login"
    assert client.get("/login").status_code == 200
    with pytest.raises(Conflict):
        first_start.begin(email="eve@example.com", password="correct horse battery", tenant_name="Eve")
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.django_db
def test_it_stays_closed_when_the_people_are_gone_but_not_their_organisation(client: Client, acme: Tenant) -> None:
    assert client.get("/welcome")["Location"] == "/login"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("password", "12345678", "too common"), ("email", "x", "valid email"), ("tenant_name", " ", "required")],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_made(
    client: Client, field: str, value: str, words: str
) -> None:
    answer = client.post("/welcome", FORM | {field: value})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert FORM["password"] not in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_an_organisation_without_a_letter_of_ours_gets_an_address(client: Client) -> None:
    client.post("/welcome", FORM | {"tenant_name": "山田"})
    assert Tenant.objects.get().slug == "main"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_one_is_first() -> None:
    gate, ended = Barrier(2), []

    def come(name: str) -> None:
        gate.wait()
        try:
            first_start.begin(email=f"{name}@example.com", password="correct horse battery", tenant_name=name)
            ended.append("made")
        except Conflict:
            ended.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=come, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ended) == ["made", "refused"]
    assert (User.objects.count(), Tenant.objects.count()) == (1, 1)
