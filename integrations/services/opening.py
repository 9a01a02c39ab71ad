"""A credential as an engine is given it: references followed, and a token in it that is good for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors import oauth2, schemas
from integrations.domain import Json
from integrations.models import Credential
from integrations.services import references
from integrations.services.oauth2 import grants, setups

BEARER = "Bearer"


@dataclass(frozen=True, slots=True)
class Opened:
    """`secrets` is everything that no message may hold; an older token is among them, which a run may still show."""

    data: Json = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)


def opened(credential: Credential, *, is_underway: bool = False, wait_seconds: float = 0.0) -> Opened:
    """Follow the credential's references and, where it signs in with OAuth 2.0, put the token under `oauth2`.

    The refresh token and the client's secret stay here: engines get what ends by itself. For a run that is under way
    no token is renewed: what is known will do. Raises `Busy`, `EngineError`, `vault.Unreadable`.
    """
    connector = credential.connector
    data = references.resolve(credential, connector.credential_schema, is_underway=is_underway)
    secrets = schemas.secrets(connector.credential_schema, data)
    if not oauth2.choose(connector.oauth2, data):
        return Opened(data, secrets)
    tokens = grants.known(credential) if is_underway else _token(credential, data, wait_seconds)
    if not tokens:
        return Opened(data, secrets)
    given = oauth2.without_client(connector.oauth2, data)
    given[oauth2.FIELD] = {"access_token": tokens["access_token"], "token_type": BEARER}
    return Opened(given, [*secrets, tokens["access_token"], tokens["previous"]])


def _token(credential: Credential, data: Json, wait_seconds: float) -> Json:
    setup = setups.of(credential.connector, credential.tenant_id, data)
    return grants.token(credential, setup, wait_seconds=wait_seconds) if setup else {}
