"""The audit trail: who did what to which object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from tenants.models import AuditEvent, User

NAME_LENGTH = 200


def record(
    *,
    tenant_id: UUID,
    actor: User | None,
    verb: str,
    subject: Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add an event in the caller's transaction. `before` and `after` must hold no secret."""
    return AuditEvent.everywhere.create(
        tenant_id=tenant_id,
        actor=actor,
        verb=verb,
        object_type=type(subject).__name__,
        object_id=subject.pk,
        object_name=str(subject)[:NAME_LENGTH],
        before=_plain(before),
        after=_plain(after),
    )


def _plain(value: Mapping[str, Any] | None) -> Any:
    """Turn dates, UUIDs and decimals into what JSON can hold."""
    return None if value is None else json.loads(json.dumps(dict(value), cls=DjangoJSONEncoder))
