from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from tenants.models import User

PASSWORD, NEW = "correct horse battery", "staple horse battery"


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora@example.com", PASSWORD)


@pytest.fixture(autouse=True)
def three_attempts(settings: LazySettings) -> None:
    settings.AXES_FAILURE_LIMIT = 3


def sign_in(client: Client, password: str, name: str = "dora@example.com", **meta: Any) -> int:
    return client.post("/login", {"username": name, "password": password}, **meta).status_code


def link(client: Client) -> str:
    client.post("/password/forgotten", {"email": "Dora@Example.com"})
    [sent] = mail.outbox
    [found] = re.findall(r"http://testserver(/\S+)", sent.body)
    return found


def test_passwords_are_kept_as_argon2id(dora: User) -> None:
    assert dora.password.startswith("argon2$argon2id$")


def test_too_many_wrong_passwords_lock_the_account_out_from_there(client: Client, dora: User) -> None:
    assert [sign_in(client, "wrong") for _ in range(3)] == [200, 200, 429]
    locked = client.post("/login", {"username": "dora@example.com", "password": PASSWORD})
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert b"Too many wrong passwords" in locked.content
    assert sign_in(client, PASSWORD, REMOTE_ADDR="192.0.2.1") == 302


def test_another_spelling_of_the_address_is_no_new_try(client: Client, dora: User) -> None:
    for name in ("DORA@example.com", "dora@EXAMPLE.com", "Dora@example.com"):
        sign_in(client, "wrong", name)
    assert sign_in(client, PASSWORD) == 429


def test_somebody_else_at_the_same_place_signs_in(client: Client, dora: User) -> None:
    User.objects.create_user("eve@example.com", PASSWORD)
    for _ in range(4):
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD, "eve@example.com") == 302


def test_the_lock_opens_after_a_while(client: Client, dora: User) -> None:
    for _ in range(3):
        sign_in(client, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client, PASSWORD) == 302


def test_signing_in_forgets_the_wrong_tries(client: Client, dora: User) -> None:
    for password in ("wrong", "wrong", PASSWORD):
        status = sign_in(client, password)
    assert status == 302
    assert not AccessAttempt.objects.exists()


def test_no_password_is_kept_with_a_wrong_try(client: Client, dora: User) -> None:
    sign_in(client, "nearly-right")
    assert "nearly-right" not in str(list(AccessAttempt.objects.values()))


def test_a_place_without_an_address_is_one_too(client: Client, dora: User) -> None:
    assert [sign_in(client, "wrong", REMOTE_ADDR="") for _ in range(3)] == [200, 200, 429]


def test_a_forgotten_password_is_replaced_by_a_link_once(client: Client, dora: User) -> None:
    form = client.get(link(client), follow=True).request["PATH_INFO"]
    answer = client.post(form, {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert b"Sign in with it" in answer.content
    assert sign_in(Client(), NEW) == 302
    assert sign_in(Client(), PASSWORD) == 200


def test_a_link_works_once(client: Client, dora: User) -> None:
    found = link(client)
    form = client.get(found, follow=True).request["PATH_INFO"]
    client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert b"used or is too old" in Client().get(found, follow=True).content


def test_nobody_learns_which_addresses_have_an_account(client: Client, dora: User) -> None:
    answers = [
        client.post("/password/forgotten", {"email": email}, follow=True).content
        for email in ("dora@example.com", "nobody@example.com")
    ]
    assert answers[0] == answers[1]
    assert [message.to for message in mail.outbox] == [["dora@example.com"]]


def test_a_changed_password_ends_the_other_sessions(client: Client, dora: User) -> None:
    other = Client()
    other.force_login(dora)
    client.force_login(dora)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/password", form)["Location"] == "/profile"
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
