"""The bell: tells a worker that runs are due. A lost one costs a second, until the next tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from integrations.models import Run

ADVANCE = "integrations.advance"
BATCH = 10
"""Runs a bell names at most: they share one claim, and their pauses overlap."""

log = structlog.get_logger(__name__)


def ring(runs: Iterable[Run]) -> None:
    """Ring for these runs once the current transaction is committed."""
    by_queue: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        by_queue[run.queue].append(str(run.id))
    for queue, ids in by_queue.items():
        for start in range(0, len(ids), BATCH):
            transaction.on_commit(partial(_send, queue, ids[start : start + BATCH]))


def _send(queue: str, ids: list[str]) -> None:
    try:
        current_app.send_task(ADVANCE, args=[ids], queue=queue)
    except (OperationalError, OSError) as error:
        log.warning("bell_lost", queue=queue, runs=len(ids), reason=str(error))
