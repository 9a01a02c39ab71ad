from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tenants.models import AuditEvent, Tenant, Unchangeable, User
from tenants.services import audit


@pytest.fixture
def event(acme: Tenant, alice: User) -> AuditEvent:
    return audit.record(tenant_id=acme.pk, actor=alice, verb="changed", subject=acme, before={"a": 1}, after={"a": 2})


def test_an_event_says_who_did_what_to_which_object(event: AuditEvent, acme: Tenant, alice: User) -> None:
    kept = AuditEvent.everywhere.get()
    assert (kept.actor, kept.verb, kept.object_type, kept.object_id) == (alice, "changed", "Tenant", acme.pk)
    assert (kept.object_name, kept.before, kept.after) == ("Acme", {"a": 1}, {"a": 2})


def test_dates_and_ids_are_kept_as_text(acme: Tenant) -> None:
    values = {"at": datetime(2026, 1, 2, tzinfo=UTC), "id": UUID(int=1)}
    audit.record(tenant_id=acme.pk, actor=None, verb="made", subject=acme, after=values)
    assert AuditEvent.everywhere.get().after == {"at": "2026-01-02T00:00:00Z", "id": str(UUID(int=1))}


def test_an_event_is_never_changed(event: AuditEvent) -> None:
    event.verb = "deleted"
    with pytest.raises(Unchangeable):
        event.save()
    with pytest.raises(Unchangeable):
        AuditEvent.everywhere.update(verb="deleted")
    assert AuditEvent.everywhere.get().verb == "changed"


def test_an_event_is_never_deleted(event: AuditEvent, acme: Tenant) -> None:
    with pytest.raises(Unchangeable):
        event.delete()
    with pytest.raises(Unchangeable):
        AuditEvent.everywhere.filter(pk=event.pk).delete()
    assert AuditEvent.everywhere.count() == 1


def test_the_trail_survives_the_person_and_goes_with_the_tenant(event: AuditEvent, acme: Tenant, alice: User) -> None:
    alice.delete()
    assert AuditEvent.everywhere.get().actor is None
    acme.delete()
    assert not AuditEvent.everywhere.exists()
