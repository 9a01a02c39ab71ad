"""Two people who edit one row: each change is made to the row as it is now, or not at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol, TypeVar

from django.db.models import QuerySet

from integrations.services.errors import Gone, Stale


class Edited(Protocol):
    updated_at: datetime


_Row = TypeVar("_Row", bound=Edited)


def held(rows: QuerySet[_Row], seen: Collection[datetime] | None) -> _Row:  # type: ignore[type-var]
    """Lock the one row and return it as it is now; call it inside the transaction that changes it.

    `seen` are the times of the states that the caller would overwrite; None takes any. Raises `Stale` when somebody
    changed the row meanwhile, `Gone` when somebody deleted it.
    """
    row = rows.select_for_update().first()
    if row is None:
        raise Gone
    if seen is not None and row.updated_at not in seen:
        raise Stale
    return row
