"""Waiting for a run's end, for a caller that wants its result in the same call."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from integrations.domain import RunState
from integrations.models import Run
from tenants.reach import crossing

FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.1
GROWTH = 1.25


def until_ended(run_id: UUID, seconds: float) -> bool:
    """Look at the run's state until it has ended or the time is over; return whether it has ended."""
    until = time.monotonic() + seconds
    pause = FIRST_PAUSE_SECONDS
    rows = Run.everywhere.filter(pk=run_id).values_list("state")
    # Django takes longer to make the statement than the database to answer it.
    statement = rows.query.sql_with_params()
    while True:
        if RunState(_state(connections[rows.db], *statement)).is_final:
            return True
        left = until - time.monotonic()
        if left <= 0:
            return False
        _spare(connections[rows.db])
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)


@crossing()
def _state(connection: BaseDatabaseWrapper, sql: str, parameters: tuple[Any, ...]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchone()
    if found is None:
        raise Run.DoesNotExist
    return str(found[0])


def _spare(connection: BaseDatabaseWrapper) -> None:
    """Give a pooled connection back for the pause; one that is kept open stays open."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
