"""The tick: rings for runs whose bell was lost or whose pause is over, and closes those nobody can step any more."""

from __future__ import annotations

from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import ChannelError, OperationalError

from integrations.masking import Mask
from integrations.models import Run
from integrations.services import bell, endings, failures, leases

RUNG_AT_ONCE = 500
ENOUGH_BELLS = 100
"""Messages that wait in a queue already; ringing on top of them would only repeat what they say."""
GRACE_SECONDS = 0.3
"""A run's own bell is on its way; only one that is overdue is rung again."""
HOST_GONE_SECONDS = 600


def ring_due(engine: str) -> None:
    """Ring for the engine's due runs, also for those bound to one host."""
    overdue = timezone.now() - timedelta(seconds=GRACE_SECONDS)
    due = Run.everywhere.filter(_of(engine), due_at__lte=overdue).order_by("due_at").only("id", "queue")
    queues = set(due.values_list("queue", flat=True).distinct().order_by())
    quiet = {queue for queue in queues if _waiting(queue) < ENOUGH_BELLS}
    bell.ring(due.filter(queue__in=quiet)[:RUNG_AT_ONCE])


def close_abandoned(engine: str) -> None:
    """Close runs whose host has not stepped them for long: their work cannot be followed from anywhere else."""
    since = timezone.now() - timedelta(seconds=HOST_GONE_SECONDS)
    bound = Run.everywhere.filter(queue__startswith=f"{engine}.", due_at__lte=since)
    elsewhere = bound.exclude(queue=f"{engine}.{settings.HOST}").order_by("due_at")
    for run_id in elsewhere.values_list("pk", flat=True)[:RUNG_AT_ONCE]:
        for run in leases.claim([run_id])[1]:
            host = run.queue.partition(".")[2]
            endings.fail(run, failures.lost(f"The host {host}, where the run's work was, is gone."), Mask(()))


def _of(engine: str) -> Q:
    return Q(queue=engine) | Q(queue__startswith=f"{engine}.")


def _waiting(queue: str) -> int:
    try:
        with current_app.connection_for_read() as connection:
            return int(connection.SimpleQueue(queue).qsize())
    except (ChannelError, OperationalError, OSError):
        return 0
