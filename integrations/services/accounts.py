"""Credentials as people look at them: found in a list, each with how it stands, what it holds and who uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from connectors import catalog, schemas
from connectors.models import Connector
from integrations.models import Credential, Integration
from integrations.services import credentials, facts
from integrations.services.facts import Fact
from integrations.services.oauth2.facts import Facts

NOT_SHOWN = ("template", "readme", "logo", "n8n_credentials")
MOST_USERS = 200


class Standing(StrEnum):
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    REJECTED = "rejected"
    NEEDS_AUTHORISATION = "needs_authorisation"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"

    @property
    def label(self) -> str:
        return str(_LOOKS[self][2])

    @property
    def tone(self) -> str:
        return _LOOKS[self][0]

    @property
    def icon(self) -> str:
        return _LOOKS[self][1]


_LOOKS = {
    Standing.VERIFIED: ("good", "circle-check", _("Works")),
    Standing.UNVERIFIED: ("idle", "circle-dashed", _("Not tried yet")),
    Standing.REJECTED: ("bad", "circle-x", _("Refused by the service")),
    Standing.NEEDS_AUTHORISATION: ("warn", "login", _("Sign-in needed")),
    Standing.EXPIRED: ("bad", "clock-x", _("Expired")),
    Standing.UNREADABLE: ("bad", "lock-x", _("Cannot be opened")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A credential with what its line in the list says. `expires_at` is the sign-in's where there is one."""

    credential: Credential
    standing: Standing
    users: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """One credential, as its page shows it."""

    credential: Credential
    standing: Standing
    facts: Sequence[Fact]
    sign_in: Facts | None
    users: Sequence[Integration]

    @property
    def signs_in(self) -> bool:
        """Somebody is asked to sign in at the service."""
        return self.sign_in is not None and self.sign_in.grant == "authorization_code"

    @property
    def expires_at(self) -> datetime | None:
        return self.credential.expires_at or (self.sign_in.expires_at if self.sign_in else None)


def found(text: str = "") -> QuerySet[Credential]:
    """The entered tenant's credentials by name; many share few connectors, so each connector is read once."""
    used = Count("integrations", filter=Q(integrations__deleted_at=None))
    connectors = Prefetch("connector", Connector.objects.defer(*NOT_SHOWN))
    rows = Credential.objects.prefetch_related(connectors).select_related("grant").annotate(users=used)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(connector__name__icontains=text))
    return rows.order_by("name", "id")


def rows(page: Sequence[Any]) -> list[Row]:
    return [_row(credential) for credential in page]


def one(credential: Credential) -> Account:
    fields, status = credentials.public(credential)
    return Account(
        credential=credential,
        standing=Standing(status),
        facts=facts.of(credential.connector.credential_schema, fields),
        sign_in=credentials.sign_in(credential),
        users=users(credential),
    )


def users(credential: Credential) -> list[Integration]:
    """The integrations that use it: while there are any, it is not deleted."""
    mine = Integration.objects.filter(credential=credential, deleted_at=None)
    return list(mine.order_by("name", "id").only("id", "name", "tenant_id")[:MOST_USERS])


def connectors(tenant_id: UUID) -> list[Connector]:
    """The connectors that somebody may make a credential for."""
    offered = catalog.available(tenant_id).defer(*NOT_SHOWN).order_by("name", "id")
    return [connector for connector in offered if schemas.has_fields(connector.credential_schema)]


def standing(credential: Credential) -> Standing:
    return Standing(credentials.status(credential))


def _row(credential: Any) -> Row:
    sign_in = credentials.sign_in(credential)
    ends = credential.expires_at or (sign_in.expires_at if sign_in and not sign_in.renews else None)
    return Row(credential, standing(credential), credential.users, ends)
