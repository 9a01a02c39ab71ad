"""Hold a row of the vault without keeping others from holding it too."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection, models

from tenants.scope import crossing

_Row = TypeVar("_Row", bound=models.Model)


def shared(rows: models.QuerySet[_Row]) -> _Row | None:
    """Return the first of the rows. Nobody deletes it, nor locks it alone, until this transaction ends.

    On SQLite a transaction that may write is alone anyway.
    """
    if not connection.features.has_select_for_update:
        return rows.first()
    sql, params = rows[:1].query.sql_with_params()
    with crossing():
        return next(iter(rows.model._base_manager.raw(f"{sql} FOR KEY SHARE", params)), None)
