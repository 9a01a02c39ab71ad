"""One question to a token URL (RFC 6749), and what its answer says. Nothing is kept here."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext

from integrations.domain import Json, Origin
from integrations.masking import Mask
from integrations.services import outbound
from integrations.services.oauth2.errors import FIX, GrantLost, TokenError
from integrations.services.oauth2.setups import Setup
from integrations.services.outbound import Answer, Order, OutboundError

SECONDS = 6.0
LONGEST_LIFE_SECONDS = 10 * 365 * 86400
LONGEST_WORDS = 200
TOKEN = re.compile(r"[!-<>-~][!-~]*")
"""Visible ASCII. No token begins with =, and n8n would take one that did for an expression."""

LOST = frozenset({"invalid_grant", "bad_refresh_token", "invalid_refresh_token", "token_revoked", "token_expired"})
NOT_KNOWN = frozenset({"invalid_client", "unauthorized_client", "incorrect_client_credentials"})
BUSY = (408, 425, 429)
PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
SETTINGS_CODES = ("address_not_allowed", "address_unencrypted", "address_unreadable")


@dataclass(frozen=True, slots=True)
class Tokens:
    """`seconds` the access token lives from the moment it was asked for, None when the service does not say;
    `scopes` were granted, None for just what was asked."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    seconds: int | None = None
    scopes: tuple[str, ...] | None = None


def redeem(setup: Setup, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Change the code that a sign-in brought for tokens. Raises `TokenError`, as all of these do."""
    form = {"code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
    return _asked(setup, {"grant_type": "authorization_code", **form}, [code, verifier])


def refresh(setup: Setup, refresh_token: str) -> Tokens:
    return _asked(setup, {"grant_type": "refresh_token", "refresh_token": refresh_token}, [refresh_token])


def for_client(setup: Setup) -> Tokens:
    return _asked(setup, {"grant_type": "client_credentials", "scope": " ".join(setup.scopes)}, [])


def _asked(setup: Setup, form: dict[str, str], secrets: list[str]) -> Tokens:
    mask = Mask([*secrets, setup.client.client_secret])
    try:
        # A redirect would take the secrets elsewhere.
        answer = outbound.send(_order(setup, form), seconds=SECONDS, follow=False)
    except OutboundError as error:
        raise _unreachable(error) from None
    return _read(answer, mask)


def _order(setup: Setup, form: dict[str, str]) -> Order:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    client = setup.client
    if client.client_secret and setup.client_in == "header":
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form = {**form, "client_id": client.client_id, "client_secret": client.client_secret}
    body = urlencode({name: value for name, value in form.items() if value}).encode()
    return Order(setup.token_url, "POST", headers, body, private=True)


def _unreachable(error: OutboundError) -> TokenError:
    message = gettext("The token URL cannot be asked: %(detail)s") % {"detail": error.detail}
    if error.code in SETTINGS_CODES:
        return TokenError(message, code=error.code, fix=error.fix, stage=error.step)
    return TokenError(message, code="network", origin=Origin.NETWORK, fix=error.fix, retryable=True, stage=error.step)


def _read(answer: Answer, mask: Mask) -> Tokens:
    body = _object(answer)
    token = body.get("access_token")
    # Some services answer 200 and put an error into the body.
    if answer.status >= 300 or body.get("error") or not isinstance(token, str):
        raise _refusal(answer, body, mask)
    if not TOKEN.fullmatch(token):
        raise _no_token(
            gettext("The token URL answered HTTP %(status)s with a token that cannot be sent in a header.")
            % {"status": answer.status}
        )
    refresh_token = body.get("refresh_token")
    return Tokens(
        access_token=token,
        refresh_token=refresh_token if isinstance(refresh_token, str) else "",
        seconds=_seconds(body.get("expires_in")),
        scopes=_scopes(body.get("scope")),
    )


def _refusal(answer: Answer, body: Json, mask: Mask) -> TokenError:
    code = str(body.get("error") or "")
    words = mask.text(_words(code, body, answer.status))
    if code in LOST:
        return GrantLost(
            gettext("The service does not accept any more what it granted before (%(words)s).") % {"words": words},
            fix=gettext(FIX),
        )
    if answer.status >= 500 or answer.status in BUSY or code in PASSING:
        message, fix = f"The service gives no token now ({words}).", "Try again later, or ask the service's operators."
        return TokenError(message, code="service_failed", fix=fix, origin=Origin.SERVICE, retryable=True, stage="http")
    if code in NOT_KNOWN or answer.status == 401:
        fix = gettext("Check the client's id and secret, and whether the client may use this kind of sign-in.")
        return TokenError(
            gettext("The service does not know the OAuth client (%(words)s).") % {"words": words}, fix=fix
        )
    if code == "invalid_scope":
        fix = gettext("Correct the scopes, or allow them to the client at the service.")
        return TokenError(
            gettext("The service does not grant the scopes that are asked for (%(words)s).") % {"words": words}, fix=fix
        )
    return _no_token(gettext("The token URL gives no token (%(words)s).") % {"words": words})


def _no_token(message: str) -> TokenError:
    return TokenError(message, fix=gettext("Check the token URL, and the client's id and secret."))


def _words(code: str, body: Json, status: int) -> str:
    told = body.get("error_description")
    plain = " ".join(str(told).split())[:LONGEST_WORDS].rstrip(". ") if isinstance(told, str) else ""
    return ", ".join(part for part in (f"HTTP {status}", code[:LONGEST_WORDS], plain) if part)


def _seconds(value: Any) -> int | None:
    """Read a life in seconds; a service whose clock is wrong may say anything."""
    try:
        seconds = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0), LONGEST_LIFE_SECONDS)


def _scopes(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list):
        return tuple(map(str, value))
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) and value.strip() else None


def _object(answer: Answer) -> Json:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
