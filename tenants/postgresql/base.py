"""Django's own PostgreSQL backend, which tells the server with every statement whose rows it may show.

The words go before the statement, in the same message: they cost no round trip, and `set_config(..., true)` ends with
the transaction, so that a connection goes back to the pool without them. What reads or writes no rows goes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.backends.postgresql import base, operations

from tenants import reach

TENANT, PLATFORM = "app.tenant", "app.platform"
BEGIN, END = f"SELECT set_config('{TENANT}'", ";\n"
ABOUT_ROWS = re.compile(r"\s*(?:\(\s*)*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|EXPLAIN)\b", re.IGNORECASE)
Execute = Callable[..., Any]


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        """The statement alone: what went before it is no part of it."""
        said = super().last_executed_query(cursor, sql, params)
        return said.partition(END)[2] if isinstance(said, str) and said.startswith(BEGIN) else said


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(stamped)

    def chunked_cursor(self) -> Any:
        # A cursor with a name is filled by later messages, which would say another tenant, or none.
        return self.cursor()


def stamped(execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run the statement for whoever is entered now. Many at once, and what is no plain text, see no rows."""
    if many or not isinstance(sql, str) or not ABOUT_ROWS.match(sql):
        return execute(sql, params, many, context)
    result = execute(f"{stamp()}{END}{sql}", params, many, context)
    context["cursor"].nextset()  # past what the stamp answered
    return result


def stamp() -> str:
    sees_all, tenant_id = reach.sees_all(), reach.current()
    tenant = "" if sees_all or tenant_id is None else UUID(str(tenant_id))
    platform = "on" if sees_all else ""
    return f"{BEGIN}, '{tenant}', true), set_config('{PLATFORM}', '{platform}', true)"
