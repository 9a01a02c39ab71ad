"""The audit trail: who did what to which object, from where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from tenants import origin
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
    event = _event(tenant_id, verb, subject)
    event.actor, event.actor_name = actor, actor.email if actor else ""
    event.before, event.after = _plain(before), _plain(after)
    event.save(force_insert=True)
    return event


def note_use(*, subject: Model, tenant_id: UUID, actor: User | None, user: Model, after: Mapping[str, Any]) -> None:
    """Note that `user` (a run, a test) used the subject (a credential): once, however often it does.

    The event's id is made of both ids, so the database itself leaves out what is there already.
    """
    event = _event(tenant_id, "used", subject)
    event.id = uuid5(user.pk, str(subject.pk))
    event.actor, event.actor_name = actor, actor.email if actor else ""
    event.after = _plain({type(user).__name__.lower(): str(user.pk), **after})
    AuditEvent.everywhere.bulk_create([event], ignore_conflicts=True)


def _event(tenant_id: UUID, verb: str, subject: Model) -> AuditEvent:
    place = origin.current()
    return AuditEvent(
        tenant_id=tenant_id,
        verb=verb,
        object_type=subject._meta.object_name or "",
        object_id=subject.pk,
        object_name=str(subject)[:NAME_LENGTH],
        address=place.address,
        request_id=place.request_id,
        via=place.via,
    )


def _plain(value: Mapping[str, Any] | None) -> Any:
    """Turn dates, UUIDs and decimals into what JSON can hold."""
    return None if value is None else json.loads(json.dumps(dict(value), cls=DjangoJSONEncoder))
