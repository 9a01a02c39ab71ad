"""The last day of the whole platform: how runs ended by the hour, which were slow, what keeps failing, what waits.

Six queries over one day, however many runs there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, DurationField, ExpressionWrapper, F, OuterRef, Subquery
from django.db.models.functions import TruncHour
from django.utils import timezone

from integrations.domain import RunState
from integrations.models import Integration, Run
from integrations.services.standing import FAILED, Queue, queues

HOURS = 24
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs that were asked for within an hour, by the state they are in now."""

    begins_at: datetime
    states: Mapping[RunState, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Slow:
    run_id: UUID
    integration: str
    tenant: str
    took: timedelta


@dataclass(frozen=True, slots=True)
class Failing:
    integration_id: UUID
    integration: str
    tenant: str
    failed: int
    message: str


@dataclass(frozen=True, slots=True)
class Day:
    hours: list[Hour]
    slowest: list[Slow]
    failing: list[Failing]
    queues: list[Queue]

    @property
    def total(self) -> int:
        return sum(hour.total for hour in self.hours)

    @property
    def waiting(self) -> int:
        return sum(queue.waiting for queue in self.queues)

    @property
    def working(self) -> int:
        return sum(queue.working for queue in self.queues)

    @property
    def failed(self) -> int:
        return sum(hour.states.get(state, 0) for hour in self.hours for state in FAILED)

    @property
    def succeeded_percent(self) -> float | None:
        """Of the runs that ended well or badly; None when there is none."""
        good = sum(hour.states.get(RunState.SUCCEEDED, 0) for hour in self.hours)
        return 100 * good / (good + self.failed) if good + self.failed else None


def day() -> Day:
    first = timezone.localtime().replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    return Day(_hours(first), _slowest(first), _failing(first), queues())


def _hours(first: datetime) -> list[Hour]:
    rows = Run.everywhere.filter(queued_at__gte=first).order_by()
    counted = rows.annotate(hour=TruncHour("queued_at")).values_list("hour", "state").annotate(number=Count("pk"))
    found: dict[datetime, dict[RunState, int]] = defaultdict(dict)
    for hour, state, number in counted:
        found[hour][RunState(state)] = number
    return [Hour(at, found.get(at, {})) for at in (first + timedelta(hours=number) for number in range(HOURS))]


def _slowest(first: datetime) -> list[Slow]:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), DurationField())
    rows = Run.everywhere.filter(queued_at__gte=first, started_at__isnull=False, finished_at__isnull=False)
    # The names of the few that are shown come after: joined, they would be looked up for every run of the day.
    longest = dict(rows.annotate(took=took).order_by("-took").values_list("pk", "took")[:SHOWN])
    named = Run.everywhere.filter(pk__in=longest).values_list("pk", "integration__name", "tenant__name")
    found = [Slow(pk, integration, tenant, longest[pk]) for pk, integration, tenant in named]
    return sorted(found, key=lambda each: each.took, reverse=True)


def _failing(first: datetime) -> list[Failing]:
    rows = Run.everywhere.filter(queued_at__gte=first, state__in=FAILED).order_by()
    worst = dict(rows.values_list("integration").annotate(number=Count("pk")).order_by("-number")[:SHOWN])
    newest = Run.everywhere.filter(integration=OuterRef("pk"), state__in=FAILED).order_by("-queued_at", "-id")
    named = Integration.everywhere.filter(pk__in=worst).order_by().annotate(why=Subquery(newest.values("failure")[:1]))
    found = [
        Failing(pk, name, tenant, worst[pk], _message(why))
        for pk, name, tenant, why in named.values_list("pk", "name", "tenant__name", "why")
    ]
    return sorted(found, key=lambda each: (-each.failed, each.integration))


def _message(failure: Any) -> str:
    return str(failure.get("message", "")) if isinstance(failure, dict) else ""
