"""The runs of a tenant as a list: narrowed to some, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

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
        rows = one_of(rows, "state", states)
    if wish.trigger in list(Trigger):
        rows = rows.filter(trigger=wish.trigger)
    if wish.integration:
        rows = rows.filter(integration=wish.integration)
    if wish.text.strip():
        rows = rows.filter(integration__in=_named(wish.text.strip()))
    return rows.order_by("-queued_at", "-id")


def states_of(name: str) -> list[str]:
    if name in GROUPS:
        return sorted(state.value for state in GROUPS[name])
    return [name] if name in list(RunState) else []


def one_of(rows: QuerySet[Run], name: str, values: list[str]) -> QuerySet[Run]:
    """The rows whose field has one of the values, by the index of each value or of the whole order.

    No index has the rows of several values in order: a page of them is read value by value (`Pages.merged`), for
    which the database must not look for all of them at once.
    """
    if len(values) < 2:
        return rows.filter(**{name: values[0]}) if values else rows
    return rows.alias(**{f"any_{name}": Coalesce(name, Value(""))}).filter(**{f"any_{name}__in": values})


def _named(text: str) -> list[UUID]:
    """Looked up first: each has an index of its runs, where a join would read all runs."""
    return list(Integration.objects.filter(name__icontains=text).values_list("pk", flat=True)[:MOST_NAMED])


def _connector_columns() -> list[str]:
    return [f"integration__connector__{name}" for name in (*overview.NOT_SHOWN, "schema")]
