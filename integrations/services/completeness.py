"""Whether an integration still has what its connector asks for: a new version may ask for more."""

from __future__ import annotations

from django.db.models import F

from connectors import schemas
from integrations.models import Integration

BATCH = 500


def is_complete(integration: Integration) -> bool:
    """Tell whether a run could be put together; the connector must be loaded."""
    connector = integration.connector
    if schemas.validate(connector.config_schema, integration.config):
        return False
    if integration.credential_id or not schemas.has_fields(connector.credential_schema):
        return True
    return not schemas.validate(connector.credential_schema, schemas.defaults(connector.credential_schema, {}))


def recheck() -> int:
    """Judge some of those that were last judged by another version; return how many. Lists count by this."""
    rows = Integration.everywhere.filter(deleted_at=None).exclude(checked_version=F("connector__version"))
    judged = list(rows.select_related("connector").order_by("pk")[:BATCH])
    for row in judged:
        # One by one and by these columns alone: somebody may edit the row meanwhile.
        Integration.everywhere.filter(pk=row.pk, updated_at=row.updated_at).update(
            is_incomplete=not is_complete(row), checked_version=row.connector.version
        )
    return len(judged)
