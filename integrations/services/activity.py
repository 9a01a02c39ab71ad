"""What an integration did lately, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from integrations.domain import RunState
from integrations.models import Integration, Run

DAYS = 30


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    succeeded: int = 0
    failed: int = 0
    other: int = 0
    rows: int = 0

    @property
    def runs(self) -> int:
        return self.succeeded + self.failed + self.other


def days(integration: Integration) -> list[Day]:
    """The last days in the reader's time zone, the oldest first, those without a run too."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time(), tzinfo=timezone.get_current_timezone())
    good, bad = Q(state=RunState.SUCCEEDED), Q(state__in=(RunState.FAILED, RunState.TIMED_OUT, RunState.LOST))
    counted = (
        Run.objects.filter(integration=integration, queued_at__gte=since)
        .order_by()
        .annotate(day=TruncDate("queued_at"))
        .values("day")
        .annotate(
            succeeded=Count("pk", filter=good),
            failed=Count("pk", filter=bad),
            other=Count("pk", filter=~good & ~bad),
            landed=Sum("rows"),
        )
    )
    found = {
        row["day"]: Day(row["day"], row["succeeded"], row["failed"], row["other"], row["landed"] or 0)
        for row in counted
    }
    return [found.get(day) or Day(day) for day in (first + timedelta(days=n) for n in range(DAYS))]
