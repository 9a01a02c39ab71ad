"""How one credential signs in: what its connector declares, filled with its fields and with the client's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from connectors import maps, oauth2
from connectors.models import Connector
from connectors.oauth2 import CODE
from integrations.domain import Json
from integrations.services.oauth2 import clients
from integrations.services.oauth2.clients import Client
from integrations.services.oauth2.errors import NoClient


@dataclass(frozen=True, slots=True)
class Setup:
    kind: str
    token_url: str
    client: Client
    authorization_url: str = ""
    client_in: str = "header"
    scopes: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Tells whose tokens these are: they are sent nowhere else, and renewed by nobody else."""
        parts = [self.kind, self.token_url, self.client.client_id]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def of(connector: Connector, tenant_id: UUID, data: Json) -> Setup | None:
    """None when the credential does not sign in with OAuth 2.0. Raises `errors.NoClient`, `vault.Unreadable`."""
    choice = oauth2.choose(connector.oauth2, data)
    if not choice:
        return None
    return Setup(
        kind=choice["grant"],
        token_url=_text(choice, "token_url", data),
        client=_client(choice, connector, tenant_id, data),
        authorization_url=_text(choice, "authorization_url", data),
        client_in=_text(choice, "client_in", data) or "header",
        scopes=tuple(scopes(choice, data)),
        parameters=choice.get("parameters", {}),
    )


def scopes(choice: Json, data: Json) -> list[str]:
    """What the connector needs: a list, or a text with blanks between, of its own or from the credential."""
    declared = choice.get("scopes", [])
    found = declared if isinstance(declared, list) else maps.fill(declared, data)
    return list(found) if isinstance(found, list) else str(found or "").split()


def signs_in(choice: Json) -> bool:
    """Tell whether a person must sign in at the service."""
    return choice.get("grant") == CODE


def _client(choice: Json, connector: Connector, tenant_id: UUID, data: Json) -> Client:
    if "client_id" in choice:
        return Client(_text(choice, "client_id", data), _text(choice, "client_secret", data))
    found = clients.find(connector, tenant_id)
    if found is None:
        raise NoClient(connector)
    return found


def _text(choice: Json, name: str, data: Json) -> str:
    return str(maps.fill(choice.get(name), data) or "")
