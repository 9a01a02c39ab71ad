"""What staff decides about the catalogue through the API: folders taken in, connectors published and withdrawn."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from connectors import exchange
from connectors.models import Connector
from tenants.models import User
from tenants.services import audit

DECIDED = ("status", "is_featured", "position")


def take(*, archive: bytes, by: User, tenant_id: UUID) -> Connector:
    """Bring a folder into the catalogue, as `exchange.take` does, and note who did it in their tenant's trail."""
    with transaction.atomic():
        row = exchange.take(archive)
        after = {"slug": row.slug, "version": row.version, "status": row.status}
        audit.record(tenant_id=tenant_id, actor=by, verb="imported", subject=row, after=after)
    return row


def decide(*, connector: Connector, by: User, tenant_id: UUID, **changes: object) -> Connector:
    """Change where the connector stands: its status and its place. What it is follows its folder."""
    before = {name: getattr(connector, name) for name in DECIDED}
    for name in DECIDED:
        setattr(connector, name, changes.get(name, before[name]))
    after = {name: getattr(connector, name) for name in DECIDED}
    with transaction.atomic():
        connector.save(update_fields=[*DECIDED, "updated_at"])
        audit.record(tenant_id=tenant_id, actor=by, verb="changed", subject=connector, before=before, after=after)
    return connector
