from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from tenants.models import User
from tenants.web import team

AWAY = [OperationalError("server closed the connection"), InterfaceError("connection already closed")]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_what_is_not_there_is_said_in_the_hub_s_clothes(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "hub.css" in answer.content.decode()


@pytest.mark.django_db
def test_a_role_that_does_not_do_is_told_whom_to_ask(client: Client, bob: User) -> None:
    client.force_login(bob)
    answer = client.get("/audit")
    assert (answer.status_code, b"Ask an admin" in answer.content) == (403, True)


@pytest.mark.django_db
def test_a_form_that_is_too_old_says_so() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "a@example.com", "password": "x"})
    assert (answer.status_code, b"This form is too old" in answer.content) == (403, True)


@pytest.mark.django_db
def test_a_failure_of_the_hub_names_the_request(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(alice)
    break_(monkeypatch, RuntimeError("planted-secret"))
    answer = client.get("/team")
    assert answer.status_code == 500
    assert "The hub itself failed" in answer.content.decode()
    assert answer.headers["X-Request-ID"] in answer.content.decode()
    assert "planted-secret" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_a_database_that_is_away_is_no_failure_of_the_hub(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    client.force_login(alice)
    break_(monkeypatch, error)
    answer = client.get("/team")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "database does not answer" in answer.content.decode()


def test_it_is_told_also_when_nobody_can_be_asked_who_signed_in(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr("tenants.middleware.enter_page", away)
    client.cookies["sessionid"] = "any"
    assert client.get("/team").status_code == 503


def test_the_api_says_it_as_a_problem(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no connection")

    monkeypatch.setattr("tenants.api.authentication.TokenAuthentication.authenticate", away)
    answer = client.get("/api/v1/tenants/", headers={"Authorization": "Bearer hub_x"})
    assert (answer.status_code, json.loads(answer.content)["type"]) == (503, "urn:hub:database_away")


def break_(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(team, "shown", fail)
