"""Credentials as people look at them: found in a list, each with how it stands, what it holds and who uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from connectors import catalog, schemas
from connectors.forms.facts import choices
from connectors.forms.names import humanised
from connectors.models import Connector
from integrations.domain import Json
from integrations.models import Credential, Integration
from integrations.services import credentials, references
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
class Fact:
    """A field of a credential. A secret has no text; `reference` says where it is kept when that is elsewhere."""

    label: str
    text: str = ""
    is_secret: bool = False
    reference: str = ""


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
        facts=list(_facts(credential.connector.credential_schema, fields)),
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


def _row(credential: Any) -> Row:
    standing = Standing(credentials.status(credential))
    sign_in = credentials.sign_in(credential)
    ends = credential.expires_at or (sign_in.expires_at if sign_in and not sign_in.renews else None)
    return Row(credential, standing, credential.users, ends)


def _facts(schema: Json, fields: Json, of: str = "") -> Iterator[Fact]:
    """Each field under its title; which of several kinds it is stands under the title of the whole, `of`."""
    parts = list(schemas.chosen(schema, fields))
    for name in _in_order(parts, fields):
        value = fields[name]
        part = schemas.property_schema(parts, name) or {}
        label = str(part.get("title") or humanised(name))
        if "const" in part:
            yield Fact(of or humanised(name), label)
        elif isinstance(value, dict) and value.get("set") is True:
            yield Fact(label, is_secret=True, reference=value.get(references.SHOWN, ""))
        elif isinstance(value, dict):
            yield from _facts(part, value, label)
        elif value not in (None, "", []):
            yield Fact(label, _words(part, value))


def _in_order(parts: Sequence[Json], fields: Json) -> list[str]:
    """The names as the form shows them: by `x-order`, then as they are declared."""
    declared = {name: part for each in parts for name, part in each.get("properties", {}).items()}
    places = {name: (part.get("x-order", len(declared)), place) for place, (name, part) in enumerate(declared.items())}
    return sorted(fields, key=lambda name: places.get(name, (len(declared), len(declared))))


def _words(schema: Json, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join("•••" if isinstance(item, dict) else str(item) for item in value)
    return next((str(said.get("title") or choice) for choice, said in choices(schema) if choice == value), str(value))
