from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from tenants.models import AuditEvent, Member, Tenant, Unchangeable, User
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


def test_the_trail_survives_the_person_whom_it_names(event: AuditEvent, alice: User) -> None:
    alice.delete()
    kept = AuditEvent.everywhere.get()
    assert (kept.actor_id, kept.actor_name) == (event.actor_id, "alice@example.com")


def test_a_tenant_with_a_trail_stays(event: AuditEvent, acme: Tenant) -> None:
    with pytest.raises(ProtectedError):
        acme.delete()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditevent SET verb = 'x'",
        "UPDATE tenants_auditevent SET actor_id = NULL",
        "DELETE FROM tenants_auditevent",
    ],
)
def test_the_database_itself_refuses_to_change_the_trail(event: AuditEvent, statement: str) -> None:
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    kept = AuditEvent.everywhere.get()
    assert (kept.verb, kept.actor_id) == ("changed", event.actor_id)


def test_an_event_is_not_replaced_by_another_of_the_same_id(event: AuditEvent, acme: Tenant) -> None:
    other = AuditEvent(id=event.pk, tenant=acme, verb="forged", object_type="x", object_id=acme.pk, object_name="x")
    AuditEvent.everywhere.bulk_create([other], ignore_conflicts=True)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT OR REPLACE INTO tenants_auditevent SELECT * FROM tenants_auditevent")
    assert AuditEvent.everywhere.get().verb == "changed"


def test_a_use_is_noted_once(acme: Tenant, alice: User) -> None:
    member = Member.everywhere.get(user=alice)
    for _ in range(3):
        audit.note_use(subject=acme, tenant_id=acme.pk, actor=alice, user=member, after={"why": "test"})
    event = AuditEvent.everywhere.get()
    assert (event.verb, event.after) == ("used", {"member": str(member.pk), "why": "test"})
