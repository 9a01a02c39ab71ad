from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.services.oauth2 import exchange
from integrations.services.oauth2.clients import Client
from integrations.services.oauth2.errors import GrantLost, TokenError
from integrations.services.oauth2.exchange import Tokens
from integrations.services.oauth2.setups import Setup
from integrations.tests.outbound.serving import served


def ask(body: Any, status: int = 200, kind: str = "application/json") -> Tokens:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with served(lambda *_: (status, {"Content-Type": kind}, content)) as server:
        client = Client("me", "planted-client-secret")
        return exchange.refresh(Setup("authorization_code", f"{server.url}/token", client), "planted-refresh-token")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(3600, 3600), ("3600", 3600), (60.9, 60), (None, None), ("soon", None), (-5, 0), (1e300, 315360000), ([], None)],
)
def test_a_life_is_read_in_whatever_form_it_comes(value: Any, seconds: int | None) -> None:
    assert ask({"access_token": "t", "expires_in": value}).seconds == seconds


@pytest.mark.parametrize(
    ("value", "scopes"),
    [("read write", ("read", "write")), ("read,write", ("read", "write")), (["a"], ("a",)), ("", None), (None, None)],
)
def test_scopes_are_read_in_whatever_form_they_come(value: Any, scopes: tuple[str, ...] | None) -> None:
    assert ask({"access_token": "t", "scope": value}).scopes == scopes


@pytest.mark.parametrize("token", ["={{ $env.SECRET }}", "two words", "line\r\nbreak", "tökén", "", "x\x00"])
def test_a_token_that_could_do_harm_is_none(token: str) -> None:
    with pytest.raises(TokenError):
        ask({"access_token": token})


@pytest.mark.parametrize(
    ("status", "body", "kind", "origin", "retryable"),
    [
        (400, {"error": "invalid_grant"}, GrantLost, "settings", False),
        (200, {"error": "bad_refresh_token"}, GrantLost, "settings", False),
        (401, {"error": "invalid_client"}, TokenError, "settings", False),
        (400, {"error": "invalid_scope"}, TokenError, "settings", False),
        (401, "<h1>no</h1>", TokenError, "settings", False),
        (404, "not here", TokenError, "settings", False),
        (302, "", TokenError, "settings", False),
        (200, "<h1>Welcome</h1>", TokenError, "settings", False),
        (200, [1], TokenError, "settings", False),
        (200, {"access_token": 7}, TokenError, "settings", False),
        (200, "[" * 100_000, TokenError, "settings", False),
        (429, {}, TokenError, "service", True),
        (503, "down", TokenError, "service", True),
        (400, {"error": "temporarily_unavailable"}, TokenError, "service", True),
    ],
)
def test_a_refusal_says_whose_side_it_is_on_and_what_to_do(
    status: int, body: Any, kind: type[TokenError], origin: str, retryable: bool
) -> None:
    with pytest.raises(TokenError) as caught:
        ask(body, status)

    failure = caught.value.failure
    assert (type(caught.value), failure.origin, failure.retryable) == (kind, origin, retryable)
    assert failure.fix and failure.step == "prepare"


def test_what_a_service_says_is_told_without_secrets_and_on_one_line() -> None:
    words = "the client\nplanted-client-secret may not use planted-refresh-token " + "x" * 5000
    with pytest.raises(TokenError) as caught:
        ask({"error": "invalid_client", "error_description": words}, 400)

    said = str(caught.value)
    assert "invalid_client, the client ••• may not use •••" in said
    assert "\n" not in said and len(said) < 500


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/token", "http://[::ffff:10.0.0.1]/token", "file:///etc/passwd"]
)
def test_a_token_url_leads_nowhere_inside(url: str) -> None:
    with pytest.raises(TokenError) as caught:
        exchange.for_client(Setup("client_credentials", url, Client("me", "x")))
    assert (caught.value.failure.origin, caught.value.retryable) == ("settings", False)
