"""Who may step a run: claims by conditional UPDATE, kept alive while a step takes long."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.domain import RunState
from integrations.models import Run

log = structlog.get_logger(__name__)

WHOLE = (
    "integration__connector",
    "integration__credential",
    "integration__deployment",
    "requested_by",
)


def claim(run_ids: Sequence[UUID | str]) -> tuple[datetime, list[Run]]:
    """Claim those of the runs that are due; return when, and the runs with all that a step reads.

    One statement decides: whoever finds the row not due any more got there second. A run whose `asked_at` is
    the returned time is one that no engine has been asked to start yet.
    """
    now, token = timezone.now(), uuid.uuid4()
    is_new = {"state": RunState.QUEUED, "cancel_requested_at": None}
    claimed = Run.everywhere.filter(pk__in=run_ids, due_at__lte=now).update(
        lease=token,
        due_at=now + timedelta(seconds=settings.LEASE_SECONDS),
        asked_at=Case(When(**is_new, then=Coalesce(F("asked_at"), Value(now))), default=F("asked_at")),
        started_at=Case(When(**is_new, then=Coalesce(F("started_at"), Value(now))), default=F("started_at")),
        state=Case(When(**is_new, then=Value(RunState.STARTING.value)), default=F("state")),
    )
    if not claimed:
        return now, []
    return now, list(Run.everywhere.filter(pk__in=run_ids, lease=token).select_related(*WHOLE).order_by())


def write(run: Run, **fields: Any) -> bool:
    """Write under the run's lease; False when the lease was lost meanwhile and nothing was written."""
    written = Run.everywhere.filter(pk=run.pk, lease=run.lease).update(**fields)
    for name, value in fields.items():
        setattr(run, name, value)
    return bool(written)


class Keeper:
    """Renews the leases of steps that take long (landing many rows, a slow provisioning) from one thread."""

    def __init__(self) -> None:
        self._held: dict[UUID, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def kept(self, runs: Sequence[Run]) -> Iterator[None]:
        tokens = {run.lease for run in runs if run.lease}
        with self._lock:
            self._held.update(dict.fromkeys(tokens, time.monotonic()))
            self._ensure_thread()
        try:
            yield
        finally:
            with self._lock:
                for token in tokens:
                    self._held.pop(token, None)

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = settings.LEASE_SECONDS / 4
        while True:
            time.sleep(pause)
            with self._lock:
                if not self._held:
                    self._thread = None
                    break
                long_held = [token for token, since in self._held.items() if time.monotonic() - since >= pause]
            close_old_connections()
            self._renew(long_held)
        connection.close()

    def _renew(self, tokens: list[UUID]) -> None:
        if not tokens:
            return
        until = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        try:
            # due_at is null once the run has ended: such a row must stay ended.
            Run.everywhere.filter(lease__in=tokens, due_at__isnull=False).update(due_at=until)
        except DatabaseError as error:
            log.warning("leases_not_renewed", reason=str(error))


keeper = Keeper()
