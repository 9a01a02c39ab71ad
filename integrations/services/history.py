"""The runs of a tenant as a list: narrowed to some, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from integrations.domain import ACTIVE, RunState, Trigger
from integrations.models import Integration, Run
from integrations.services import overview

GROUPS = {
    "active": ACTIVE,
    "succeeded": {RunState.SUCCEEDED},
    "failed": {RunState.FAILED, RunState.TIMED_OUT, RunState.LOST},
    "cancelled": {RunState.CANCELLED},
}
"""What people look for, and the states it means."""
MOST_NAMED = 100
"""A name that fits more integrations than this narrows to the first of them."""
UNSEEN = ("config", "handle", "metrics", "log", "steps", "integration__config", "integration__state")
"""Long columns that no list of runs needs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for: `state` is a group or one state, `text` a part of an integration's name."""

    state: str = ""
    trigger: str = ""
    text: str = ""
    integration: UUID | None = None

    @property
    def is_narrow(self) -> bool:
        return self != Wish()


def runs(wish: Wish) -> QuerySet[Run]:
    """The entered tenant's runs that fit the wish; what names no state and no trigger narrows nothing."""
    rows = Run.objects.select_related("integration__connector").defer(*UNSEEN, *_connector_columns())
    if states := states_of(wish.state):
        rows = rows.filter(state__in=states)
    if wish.trigger in list(Trigger):
        rows = rows.filter(trigger=wish.trigger)
    if wish.integration:
        rows = rows.filter(integration=wish.integration)
    if wish.text.strip():
        rows = rows.filter(integration__in=_named(wish.text.strip()))
    return rows.order_by("-queued_at", "-id")


def states_of(name: str) -> set[str]:
    if name in GROUPS:
        return {state.value for state in GROUPS[name]}
    return {name} if name in list(RunState) else set()


def _named(text: str) -> list[UUID]:
    """Looked up first: each has an index of its runs, where a join would read all runs."""
    return list(Integration.objects.filter(name__icontains=text).values_list("pk", flat=True)[:MOST_NAMED])


def _connector_columns() -> list[str]:
    return [f"integration__connector__{name}" for name in (*overview.NOT_SHOWN, "schema")]
