"""What happened to an integration: who changed what from what to what, what its credential went through, its runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from integrations.domain import Json
from integrations.models import Credential, Integration, Run
from integrations.services import integrations
from integrations.services.errors import Refused
from tenants.models import AuditEvent, User

SIZE = 30


@dataclass(frozen=True, slots=True)
class Change:
    """One value that changed; what was not there before, or is not any more, is None."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: an event of the trail with its changes, or a run."""

    at: datetime
    event: AuditEvent | None = None
    changes: tuple[Change, ...] = ()
    run: Run | None = None
    can_be_restored: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    entries: list[Entry]
    next_before: datetime | None


def of(integration: Integration, before: datetime | None = None) -> Timeline:
    """The latest entries before a moment, the newest first."""
    until = Q(at__lt=before) if before else Q()
    events = AuditEvent.objects.filter(until, _about(integration)).order_by("-at", "-id")[: SIZE + 1]
    runs = Run.objects.filter(Q(queued_at__lt=before) if before else Q(), integration=integration)
    latest = runs.select_related("requested_by").order_by("-queued_at", "-id")[: SIZE + 1]
    merged = [*(_of_event(event, integration) for event in events), *(Entry(run.queued_at, run=run) for run in latest)]
    merged.sort(key=lambda entry: entry.at, reverse=True)
    return Timeline(merged[:SIZE], merged[SIZE - 1].at if len(merged) > SIZE else None)


def restore(*, integration: Integration, event_id: UUID, by: User | None) -> Integration:
    """Configure the integration as it was after an event of its trail; secrets stay as they are now.

    Raises `Refused` when the event does not tell, `Invalid` when the connector accepts that configuration no more.
    """
    event = AuditEvent.objects.filter(pk=event_id, object_id=integration.pk).first()
    if event is None or not _tells_all(event):
        raise Refused("cannot_restore", gettext("This entry does not say how the integration was configured."))
    after: Json = dict(event.after or {})
    changes = {name: after[name] for name in ("name", "config", *integrations.OPTIONS) if name in after}
    if after.get("credential"):
        changes["credential"] = _credential(integration, after["credential"])
    return integrations.update(integration=integration, by=by, **changes)


def changes_of(event: AuditEvent) -> tuple[Change, ...]:
    """What differs between before and after, down to single values."""
    if not event.before or not event.after:
        return ()
    return tuple(_differences("", event.before, event.after))


def _about(integration: Integration) -> Q:
    about = Q(object_id=integration.pk)
    if integration.credential_id:
        about |= Q(object_id=integration.credential_id) & ~Q(verb="used")
    return about


def _of_event(event: AuditEvent, integration: Integration) -> Entry:
    is_past = event.object_id == integration.pk and _tells_all(event)
    return Entry(event.at, event=event, changes=changes_of(event), can_be_restored=is_past)


def _tells_all(event: AuditEvent) -> bool:
    return isinstance(event.after, dict) and "config" in event.after


def _credential(integration: Integration, key: str) -> Credential:
    found = Credential.objects.filter(pk=key, connector=integration.connector_id).first()
    if found is None:
        raise Refused(
            "credential_gone", gettext("The credential that it used then is gone. Choose another in the settings.")
        )
    return found


def _differences(name: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    elif old != new:
        yield Change(name, old, new)
