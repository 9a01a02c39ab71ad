"""OAuth clients: what a service knows us by. A tenant's own goes before the one that the hub's settings name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from connectors import oauth2
from connectors.models import Connector
from integrations.domain import Json
from integrations.models import Credential, OAuthClient
from integrations.services import editing
from integrations.services.errors import Refused, invalid
from tenants.models import User
from tenants.services import audit


@dataclass(frozen=True, slots=True)
class Client:
    client_id: str
    client_secret: str = field(default="", repr=False)


def find(connector: Connector, tenant_id: UUID) -> Client | None:
    """Raises `vault.Unreadable`."""
    if own := OAuthClient.everywhere.filter(tenant_id=tenant_id, connector=connector).first():
        return Client(own.client_id, own.client_secret)
    given = settings.OAUTH_CLIENTS.get(connector.slug)
    return Client(**given) if given else None


def create(
    *, tenant_id: UUID, connector: Connector, client_id: str, client_secret: str, by: User | None
) -> OAuthClient:
    """Raises `Invalid`."""
    if not oauth2.needs_client(connector.oauth2):
        raise invalid("/connector", "no_client", gettext("This connector asks for no client of its own."))
    client = OAuthClient(tenant_id=tenant_id, connector=connector, client_id=client_id, client_secret=client_secret)
    with transaction.atomic():
        _save(client)
        audit.record(tenant_id=tenant_id, actor=by, verb="created", subject=client, after=snapshot(client))
    return client


def update(
    *,
    client: OAuthClient,
    by: User | None,
    client_id: str | None = None,
    client_secret: str | None = None,
    seen: Collection[datetime] | None = None,
) -> OAuthClient:
    """A secret that is left out stays. What another client was granted must be authorised again when it is needed next.

    Raises `Stale` as `editing.held` does.
    """
    with transaction.atomic():
        held = editing.held(_rows(client), seen)
        before = snapshot(held)
        if client_id is not None and client_id != held.client_id and client_secret is None:
            raise invalid("/client_secret", "required", gettext("Another client has another secret: enter it too."))
        held.client_id = held.client_id if client_id is None else client_id
        if client_secret is not None:
            held.client_secret = client_secret
        held.save()
        after = snapshot(held)
        audit.record(tenant_id=held.tenant_id, actor=by, verb="changed", subject=held, before=before, after=after)
    return held


def delete(*, client: OAuthClient, by: User | None, seen: Collection[datetime] | None = None) -> None:
    """Raises `Refused`, naming the credentials whose tokens it renews; `Stale` as `update` does."""
    with transaction.atomic():
        held = editing.held(_rows(client), seen)
        if names := [credential.name for credential in users(held)]:
            raise Refused(
                "in_use",
                gettext("It is used by: %(names)s.") % {"names": ", ".join(names)},
                fix=gettext("Delete these credentials first."),
            )
        audit.record(tenant_id=held.tenant_id, actor=by, verb="deleted", subject=held, before=snapshot(held))
        held.delete()


def users(client: OAuthClient) -> QuerySet[Credential]:
    """The credentials that hold tokens which this client asked for, or could have."""
    rows = Credential.everywhere.filter(tenant_id=client.tenant_id, connector=client.connector_id)
    return rows.filter(grant__renewable=True).order_by("name")


def snapshot(client: OAuthClient) -> Json:
    return {"connector": client.connector.slug, "client_id": client.client_id}


def _rows(client: OAuthClient) -> QuerySet[OAuthClient]:
    return OAuthClient.everywhere.filter(pk=client.pk)


def _save(client: OAuthClient) -> None:
    try:
        with transaction.atomic():
            client.save(force_insert=True)
    except IntegrityError as error:
        raise invalid(
            "/connector", "taken", gettext("There is a client for this connector already: change that one.")
        ) from error
