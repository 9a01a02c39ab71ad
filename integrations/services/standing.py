"""How the engines stand: whether each can work, what waits for it, and what it last failed with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Min, Q
from django.utils import timezone

from integrations.domain import Health, Origin, RunState
from integrations.engines import registry
from integrations.models import Run

CHECK_SECONDS = 5.0
PATIENCE = timedelta(minutes=2)
"""How long a run may be overdue before its queue is said to be heard by nobody."""
REMEMBERED = timedelta(days=7)
LOOKED_AT = 500
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
        return engine_of(self.name)

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
    names, waiting, errors = registry.names(), queues(), _last_errors()
    healths = zip(names, checked(names), strict=True)
    return [
        Standing(name, health, [queue for queue in waiting if queue.engine == name], errors.get(name))
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


def _last_errors() -> dict[str, Run]:
    """By engine, the newest run that failed on its side, looked for among the platform's newest failures."""
    since = timezone.now() - REMEMBERED
    failed = Run.everywhere.filter(state__in=FAILED, queued_at__gte=since).order_by("-queued_at", "-id")
    found: dict[str, UUID] = {}
    for pk, queue, origin in failed.values_list("pk", "queue", "failure__origin")[:LOOKED_AT]:
        if origin == Origin.ENGINE:
            found.setdefault(engine_of(queue), pk)
    rows = Run.everywhere.filter(pk__in=found.values()).select_related("integration", "tenant").only(*_SHOWN)
    return {engine_of(run.queue): run for run in rows}


def engine_of(queue: str) -> str:
    """A queue is an engine's, or an engine's on one host: `spark.desk`."""
    return queue.partition(".")[0]


_SHOWN = ("queue", "failure", "finished_at", "queued_at", "state", "integration__name", "tenant__name")
