"""PostgreSQL's own refusal to show or take a tenant's rows while the hub works for another tenant, or for none.

Each model that is `TenantOwned` is named by a `Protect` in its app's migrations; `manage.py check` says which is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from tenants.postgresql.base import PLATFORM, TENANT

POLICY = "rows_of_the_tenant"
# In a SELECT of its own the setting is read once a statement and not once a row.
IS_SHOWN = (
    f"tenant_id = (SELECT nullif(current_setting('{TENANT}', true), '')::uuid) "
    f"OR (SELECT current_setting('{PLATFORM}', true) = 'on')"
)


class Protect(Operation):
    """Show and take the rows of these models only for the tenant that a statement says it is for.

    The tables' owner is no exception. Databases without row-level security are left as they are.
    """

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    def __init__(self, *names: str) -> None:
        self.names = [name.lower() for name in names]

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, list(self.names), {}

    def describe(self) -> str:
        return f"Protect the rows of {', '.join(self.names)}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for table in self._tables(app_label, schema_editor, to_state):
            schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            schema_editor.execute(f"CREATE POLICY {POLICY} ON {table} USING ({IS_SHOWN}) WITH CHECK ({IS_SHOWN})")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for table in self._tables(app_label, schema_editor, from_state):
            schema_editor.execute(f"DROP POLICY {POLICY} ON {table}")
            schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")

    def _tables(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> Iterator[str]:
        if schema_editor.connection.vendor == "postgresql":
            for name in self.names:
                yield schema_editor.quote_name(state.apps.get_model(app_label, name)._meta.db_table)


def bypassed_by(connection: BaseDatabaseWrapper) -> str:
    """Name the connection's role if PostgreSQL lets it see all rows whatever the policies say; else nothing."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)")
        found = cursor.fetchone()
    return str(found[0]) if found else ""
