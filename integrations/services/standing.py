"""How the engines stand: whether each can work, what waits for it, and what it last failed with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q
from django.utils import timezone

from integrations.domain import Health, Origin, RunState
from integrations.engines import registry
from integrations.models import Run
from tenants.models import Tenant

CHECK_SECONDS = 5.0
PATIENCE = timedelta(minutes=2)
"""How long a run may be overdue before its queue is said to be heard by nobody."""
REMEMBERED = timedelta(days=7)
FAILED = (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)


@dataclass(frozen=True, slots=True)
class Queue:
    """Runs of one queue that have not ended: `waiting` have not begun, `due_since` is the longest overdue step."""

    name: str
    waiting: int
    working: int
    due_since: datetime | None

    @property
    def engine(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_heard(self) -> bool:
        return self.due_since is None or self.due_since > timezone.now() - PATIENCE


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    health: Health
    queues: list[Queue]
    last_error: Run | None

    @property
    def waiting(self) -> int:
        return sum(queue.waiting for queue in self.queues)

    @property
    def working(self) -> int:
        return sum(queue.working for queue in self.queues)

    @property
    def advice(self) -> str:
        """What to do; empty when all is well."""
        if not self.health.is_ok:
            return self.health.fix or "See its log."
        deaf = [queue.name for queue in self.queues if not queue.is_heard]
        return f"Start a worker for {', '.join(deaf)}: nobody hears that queue." if deaf else ""


def of_engines() -> list[Standing]:
    names, waiting = registry.names(), queues()
    healths = zip(names, checked(names), strict=True)
    return [
        Standing(name, health, [queue for queue in waiting if queue.engine == name], _last_error(name))
        for name, health in healths
    ]


def queues() -> list[Queue]:
    """What has not ended, by queue: one query, over the runs that are under way alone."""
    rows = Run.everywhere.filter(due_at__isnull=False).order_by().values("queue")
    begun = Q(state=RunState.QUEUED)
    # A run whose lease is held is being stepped at this moment: its due time is when that lease ends.
    overdue = Min("due_at", filter=Q(due_at__lte=timezone.now()))
    counted = rows.annotate(waiting=Count("pk", filter=begun), working=Count("pk", filter=~begun), since=overdue)
    return [
        Queue(row["queue"], row["waiting"], row["working"], row["since"]) for row in counted.order_by(F("queue").asc())
    ]


def checked(names: Iterable[str], seconds: float = CHECK_SECONDS) -> list[Health]:
    """Ask all engines at once. One that hangs is answered for when the time is over."""
    pool = ThreadPoolExecutor(thread_name_prefix="engine-check")
    asked = [(name, pool.submit(health_of, name)) for name in names]
    pool.shutdown(wait=False)
    until = time.monotonic() + seconds
    return [_answer(name, future, until) for name, future in asked]


def health_of(name: str) -> Health:
    try:
        return registry.get(name).check()
    except ImportError as error:
        return Health(False, problem=str(error), fix=f"Correct the entry {name} of HUB_ENGINES.")


def _answer(name: str, future: Future[Health], until: float) -> Health:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except NotYet:
        words = f"{name} has not answered within {CHECK_SECONDS:.0f} s."
        return Health(False, problem=words, fix="Look at its log, at the network between here and there, and its load.")


def _last_error(name: str) -> Run | None:
    """The newest run that failed on the engine's side, by the index of runs by tenant and state."""
    since = timezone.now() - REMEMBERED
    rows = Run.everywhere.filter(tenant__in=Tenant.objects.values("pk"), state__in=FAILED, queued_at__gte=since)
    mine = rows.filter(Q(queue=name) | Q(queue__startswith=f"{name}."), failure__origin=Origin.ENGINE)
    return mine.select_related("integration", "tenant").only(*_SHOWN).order_by("-queued_at").first()


_SHOWN = ("failure", "finished_at", "queued_at", "state", "integration__name", "tenant__name")
