from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.models import Connector
from integrations.domain import Trigger
from integrations.models import Dataset
from integrations.services import integrations, requests
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow
from tenants import checks, reach
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.row_security import POLICY, bypassed_by
from tenants.scope import TenantOwned, platform, scope
from tenants.services import invitations, tokens
from tenants.testing import join

TABLES = sorted(model._meta.db_table for model in checks.owned())
on_postgres = [pytest.mark.postgres, pytest.mark.django_db]


def sql(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def tenants_of(table: str) -> set[UUID]:
    return {row[0] for row in sql(f"SELECT DISTINCT tenant_id FROM {table}")}


def furnish(tenant: Tenant, connector: Connector) -> None:
    """Give the tenant at least one row in every table of its own."""
    user = join(tenant, f"admin-of-{tenant.slug}", Role.ADMIN)
    tokens.issue(member=Member.everywhere.get(user=user), name="script")
    invitations.create(tenant=tenant, by=user, role=Role.VIEWER)
    made: dict[str, Any] = {"tenant_id": tenant.pk, "by": user, "connector": connector}
    credential = NewCredential("key", {"key": "x"})
    source = integrations.create(**made, name="source", config={"rows": [{"a": 1}]}, credential=credential)
    follow(requests.request(integration=source, trigger=Trigger.API)[0])
    reads = str(Dataset.everywhere.get(integration=source).pk)
    reader = integrations.create(**made, name="reader", config={"reads": reads}, credential=source.credential)
    follow(requests.request(integration=reader, trigger=Trigger.API)[0])
    for model in checks.owned():
        if not model.everywhere.filter(tenant=tenant).exists():
            model.everywhere.create(tenant=tenant, **made_up(model, tenant))


def made_up(model: Any, tenant: Tenant) -> dict[str, Any]:
    """Whatever a row of the model cannot be without."""
    return {field.name: value_for(field, tenant) for field in model._meta.concrete_fields if is_needed(field)}


def is_needed(field: Any) -> bool:
    is_filled = field.null or field.blank or field.has_default()
    return field.name != "tenant" and not is_filled


def value_for(field: Any, tenant: Tenant) -> Any:
    if field.is_relation:
        rows = field.related_model._base_manager.all()
        is_owned = issubclass(field.related_model, TenantOwned)
        return rows.filter(tenant=tenant).first() if is_owned else rows.first()
    kinds = {"DateTimeField": timezone.now(), "JSONField": {}, "PositiveIntegerField": 1, "BooleanField": False}
    return kinds.get(field.get_internal_type(), uuid4().hex[: field.max_length])


@pytest.fixture
def furnished(acme: Tenant, globex: Tenant, bells: list[str]) -> None:
    connector = fake_connector("keyed", credential=KEY)
    for tenant in (acme, globex):
        furnish(tenant, connector)


def test_a_model_of_tenants_rows_that_no_migration_protects_fails_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.every_row_is_protected() == []
    monkeypatch.setattr(checks, "owned", lambda: [Member, User])
    found = checks.every_row_is_protected()
    assert [error.id for error in found] == ["tenants.E001"]
    assert "Protect('user')" in str(found[0].hint)


def test_migrations_change_the_rows_of_all_tenants(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(migrate.Command, "handle", lambda *_, **__: seen.append(reach.sees_all()))
    call_command("migrate")
    assert seen == [True]
    assert not reach.sees_all()


class TestOnPostgres:
    pytestmark = on_postgres

    def test_the_hub_s_role_is_no_exception(self) -> None:
        assert bypassed_by(connection) == ""

    def test_a_role_for_whom_the_policies_do_not_count_is_named(self) -> None:
        other = connections.create_connection("default")
        other.settings_dict = {**connection.settings_dict, "USER": "postgres", "OPTIONS": {}}
        try:
            assert bypassed_by(other) == "postgres"
        finally:
            other.close()

    @pytest.mark.parametrize("table", TABLES)
    def test_every_table_of_tenants_rows_is_protected_from_its_owner_too(self, table: str) -> None:
        kept = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass"
        policies = "SELECT policyname, permissive, cmd FROM pg_policies WHERE tablename = %s"
        assert sql(kept, table) == [(True, True)]
        assert sql(policies, table) == [(POLICY, "PERMISSIVE", "ALL")]

    def test_statements_of_no_tenant_see_nothing(self, furnished: None) -> None:
        for table in TABLES:
            assert tenants_of(table) == set(), table
            assert sql(f"SELECT count(*) FROM {table}") == [(0,)]

    def test_statements_of_a_tenant_see_its_rows_alone(self, furnished: None, acme: Tenant, globex: Tenant) -> None:
        for table in TABLES:
            with platform():
                assert tenants_of(table) == {acme.pk, globex.pk}, table
            with scope(acme.pk):
                assert tenants_of(table) == {acme.pk}, table

    def test_no_row_is_put_into_another_tenant(self, furnished: None, acme: Tenant, globex: Tenant) -> None:
        row = "jsonb_populate_record(NULL::{0}, to_jsonb(mine) || jsonb_build_object('tenant_id', %s::text))"
        for table in TABLES:
            with scope(acme.pk), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                sql(f"INSERT INTO {table} SELECT ({row.format(table)}).* FROM {table} mine", str(globex.pk))

    def test_no_row_is_given_to_another_tenant(self, furnished: None, acme: Tenant, globex: Tenant) -> None:
        for table in set(TABLES) - {"tenants_auditevent"}:
            with scope(acme.pk), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                sql(f"UPDATE {table} SET tenant_id = %s", globex.pk)

    def test_rows_of_another_tenant_are_not_there_to_change(
        self, furnished: None, acme: Tenant, globex: Tenant
    ) -> None:
        for table in set(TABLES) - {"tenants_auditevent"}:
            with scope(acme.pk):
                assert sql(f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = %s", globex.pk) == [(0,)]
                assert sql(f"DELETE FROM {table} WHERE tenant_id = %s", globex.pk) == [(0,)]

    def test_a_row_of_no_entered_tenant_is_refused(self, acme: Tenant, alice: User) -> None:
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            columns = "id, role, created_at, tenant_id, user_id"
            values = "gen_random_uuid(), 'admin', now(), %s, %s"
            sql(f"INSERT INTO tenants_member ({columns}) VALUES ({values})", acme.pk, alice.pk)

    def test_even_everywhere_stays_in_the_tenant_that_is_entered(
        self, acme: Tenant, globex: Tenant, alice: User, charlie: User
    ) -> None:
        assert Member.everywhere.count() == 2
        with scope(acme.pk):
            assert [member.user for member in Member.everywhere.all()] == [alice]
            assert Member.everywhere.filter(tenant=globex).update(role=Role.VIEWER) == 0
        with platform():
            assert Member.everywhere.filter(tenant=globex).update(role=Role.VIEWER) == 1

    def test_between_two_rows_of_everywhere_the_caller_is_who_it_was(self, alice: User, charlie: User) -> None:
        between = [sql("SELECT count(*) FROM tenants_member") for _ in Member.everywhere.iterator(1)]
        assert between == [[(0,)], [(0,)]]

    def test_an_undone_savepoint_and_a_left_scope_change_nothing_for_the_next(
        self, acme: Tenant, globex: Tenant, alice: User, charlie: User
    ) -> None:
        with transaction.atomic(), scope(acme.pk):
            with transaction.atomic(), scope(globex.pk):
                assert tenants_of("tenants_member") == {globex.pk}
                transaction.set_rollback(True)
            assert tenants_of("tenants_member") == {acme.pk}
            with platform():
                assert len(tenants_of("tenants_member")) == 2
            assert tenants_of("tenants_member") == {acme.pk}
        assert tenants_of("tenants_member") == set()

    def test_the_tenant_goes_along_in_the_statement_s_own_message(
        self, acme: Tenant, alice: User, tmp_path: Path
    ) -> None:
        file = os.open(tmp_path / "trace", os.O_RDWR | os.O_CREAT)
        connection.connection.pgconn.trace(file)
        with scope(acme.pk):
            assert Member.objects.get().user_id == alice.pk
        connection.connection.pgconn.untrace()
        sent = re.findall(r"\tF\t\d+\t(\w+)", (tmp_path / "trace").read_text())
        assert sent == ["Query"]

    def test_what_is_logged_is_the_statement_alone(self, acme: Tenant, alice: User) -> None:
        with scope(acme.pk), CaptureQueriesContext(connection) as queries:
            assert Member.objects.count() == 1
        assert [query["sql"].split()[0:2] for query in queries] == [["SELECT", "COUNT(*)"]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_goes_back_to_the_pool_without_a_tenant(acme: Tenant, alice: User) -> None:
    with scope(acme.pk):
        assert Member.objects.count() == 1
    used = connection.connection
    connection.close()  # Django gives a pooled connection back

    said = used.execute("VALUES (current_setting('app.tenant', true), current_setting('app.platform', true))")
    assert said.fetchall() == [("", "")]
    used.rollback()
