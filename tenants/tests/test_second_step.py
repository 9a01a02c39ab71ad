from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from tenants.models import AuditEvent, Tenant, User
from tenants.roles import Role
from tenants.testing import join

PASSWORD = "correct horse battery"
RECOVERY = re.compile(r"<code>(\d{8})</code>")


@pytest.fixture
def dora(acme: Tenant) -> User:
    user = join(acme, "dora", Role.VIEWER)
    user.set_password(PASSWORD)
    user.save()
    cache.clear()
    return user


def code_of(secret: str, steps: int = 0) -> str:
    """The six digits of RFC 6238, as a phone shows them."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), "sha1").digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def sign_in(client: Client, name: str = "dora@example.com", next_page: str = "") -> Any:
    return client.post("/login", {"username": name, "password": PASSWORD, "next": next_page})


def is_in(client: Client) -> bool:
    return client.get("/password").status_code == 200


def turn_on(client: Client) -> tuple[str, list[str]]:
    """Turn it on as a person does, and return the secret and the recovery codes that they were shown."""
    assert client.get("/second-step/on").headers["Location"] == "/confirm?next=%2Fsecond-step%2Fon"
    client.post("/confirm", {"password": PASSWORD, "next": "/second-step/on"})
    [secret] = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", client.get("/second-step/on").content.decode())
    assert client.post("/second-step/on", {"code": code_of(secret)}).status_code == 302
    return secret, RECOVERY.findall(client.get("/second-step/codes").content.decode())


@pytest.fixture
def protected(dora: User) -> tuple[str, list[str]]:
    client = Client()
    sign_in(client)
    return turn_on(client)


def test_a_password_alone_signs_in_whoever_has_no_second_step(client: Client, dora: User) -> None:
    assert sign_in(client, next_page="/team").headers["Location"] == "/team"
    assert is_in(client)


def test_after_the_password_a_code_is_asked_for(client: Client, protected: tuple[str, list[str]]) -> None:
    assert sign_in(client, next_page="/team").headers["Location"] == "/login/code"
    assert not is_in(client)
    assert client.post("/login/code", {"code": "000000"}).status_code == 200
    assert not is_in(client)
    answer = client.post("/login/code", {"code": code_of(protected[0])})
    assert answer.headers["Location"] == "/team"
    assert is_in(client)


def test_a_code_signs_in_once(protected: tuple[str, list[str]]) -> None:
    first, second = Client(), Client()
    code = code_of(protected[0])
    for client in (first, second):
        sign_in(client)
        client.post("/login/code", {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_each_recovery_code_signs_in_once(protected: tuple[str, list[str]]) -> None:
    assert len(set(protected[1])) == 10
    for code, expected in ((protected[1][0], True), (protected[1][0], False), (protected[1][9], True)):
        client = Client()
        sign_in(client)
        client.post("/login/code", {"code": code})
        assert is_in(client) == expected


def test_recovery_codes_are_shown_once(client: Client, dora: User) -> None:
    sign_in(client)
    _, codes = turn_on(client)
    assert len(codes) == 10
    page = client.get("/second-step/codes").content.decode()
    assert not any(code in page for code in codes)


def test_nobody_gets_to_the_code_without_the_password(client: Client, protected: tuple[str, list[str]]) -> None:
    assert client.get("/login/code").headers["Location"] == "/login"
    answer = client.post("/login/code", {"code": code_of(protected[0])})
    assert (answer.headers["Location"], is_in(client)) == ("/login", False)


def test_wrong_codes_and_wrong_passwords_lock_out_together(
    client: Client, protected: tuple[str, list[str]], settings: LazySettings
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client.post("/login", {"username": "dora@example.com", "password": "wrong"})
    sign_in(client)
    answers = [client.post("/login/code", {"code": "000000"}).status_code for _ in range(2)]
    locked = client.post("/login/code", {"code": code_of(protected[0])})
    assert (answers, locked.status_code, locked["Retry-After"]) == ([200, 429], 429, "900")
    assert sign_in(client).status_code == 429
    assert not is_in(client)


def test_the_right_code_forgets_the_wrong_ones(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client)
    client.post("/login/code", {"code": "000000"})
    assert AccessAttempt.objects.exists()
    client.post("/login/code", {"code": code_of(protected[0])})
    assert not AccessAttempt.objects.exists()


def test_codes_are_not_guessed_from_many_places(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client)
    for number in range(5):
        client.post("/login/code", {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{number}")
    client.post("/login/code", {"code": code_of(protected[0])}, REMOTE_ADDR="192.0.2.9")
    assert not is_in(client)


def test_wrong_passwords_before_a_change_count_too(client: Client, dora: User, settings: LazySettings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    sign_in(client)
    answers = [client.post("/confirm", {"password": "wrong", "next": "/second-step/on"}).status_code for _ in range(2)]
    assert answers == [200, 429]


def test_the_secrets_are_sealed(protected: tuple[str, list[str]]) -> None:
    secret, codes = protected
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not any(code in kept for code in codes)


def test_it_is_turned_off_after_a_proof_and_the_codes_end(client: Client, dora: User) -> None:
    sign_in(client)
    _, codes = turn_on(client)
    client.post("/second-step/off")
    assert not Authenticator.objects.exists()
    other = Client()
    assert sign_in(other).headers["Location"] != "/login/code"
    verbs = AuditEvent.everywhere.order_by("at").values_list("verb", "actor_name", "object_type")
    assert list(verbs) == [
        ("turned on second step of", "dora@example.com", "User"),
        ("turned off second step of", "dora@example.com", "User"),
    ]


def test_an_open_browser_is_not_enough_to_turn_it_off(protected: tuple[str, list[str]]) -> None:
    client = Client()
    sign_in(client)
    client.post("/login/code", {"code": code_of(protected[0])})
    assert client.post("/second-step/off").headers["Location"].startswith("/confirm?next=")
    assert Authenticator.objects.exists()


def test_a_new_password_by_mail_does_not_go_around_the_second_step(
    client: Client, dora: User, protected: tuple[str, list[str]], mailoutbox: list[Any]
) -> None:
    client.post("/password/forgotten", {"email": "dora@example.com"})
    [link] = re.findall(r"http://testserver(/\S+)", mailoutbox[0].body)
    page = client.get(link, follow=True).request["PATH_INFO"]
    client.post(page, {"new_password1": PASSWORD + "2", "new_password2": PASSWORD + "2"})
    answer = client.post("/login", {"username": "dora@example.com", "password": PASSWORD + "2"})
    assert (answer.headers["Location"], is_in(client)) == ("/login/code", False)
