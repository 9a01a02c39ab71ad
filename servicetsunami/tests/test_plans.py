"""How the database finds runs: a hub that is a year old has millions of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from kombu.exceptions import OperationalError

from integrations import tasks
from integrations.domain import Trigger
from integrations.models import Integration, Run
from integrations.services import integrations, requests, runs
from integrations.testing import follow, make_due
from servicetsunami.tests.routes import at, table
from tenants.models import Tenant, User
from tenants.roles import Role
from tenants.scope import platform

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
ABOUT_RUNS = re.compile(r"^(SELECT|UPDATE|DELETE)\b.*\bintegrations_run\b", re.DOTALL)
WHOLE = {
    "sqlite": re.compile(r"SCAN (?:integrations_run|U\d)\b(?! USING (?:COVERING )?INDEX run_)"),
    "postgresql": re.compile(r"Seq Scan on integrations_run"),
}
"""All rows are read. The indexes called run_... hold a few of them alone."""
COPIES = 20_000
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
READS = sorted({row.route for row in table() if row.method == "GET"})
QUERIES = ("state=running", "state=failed&state=lost", "trigger=api&trigger=manual", "state=active", "page_size=1")


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the statements about runs for which the database would read all of them."""
    asked: list[tuple[str, Any]] = []
    found: list[str] = []

    def keep(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        statement = sql.rpartition(";\n")[2]  # on PostgreSQL it stands behind the words that say for whom it is
        if ABOUT_RUNS.match(statement):
            asked.append((statement, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield found
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"{EXPLAIN[connection.vendor]} {sql}", params)
            if WHOLE[connection.vendor].search("\n".join(str(row[-1]) for row in cursor.fetchall())):
                found.append(sql)


@pytest.fixture(autouse=True)
def many(globex: Tenant, make_run: Callable[..., Run]) -> None:
    """Give PostgreSQL, which plans by what there is, many runs of others. SQLite plans by the indexes alone."""
    if connection.vendor == "postgresql":
        run = make_run(tenant_id=globex.pk)
        columns = [f'"{field.column}"' for field in Run._meta.concrete_fields]
        other = {'"id"': "gen_random_uuid()", '"state"': "'succeeded'", '"due_at"': "NULL"}
        values = ", ".join(other.get(name, name) for name in columns)
        with platform(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO integrations_run ({', '.join(columns)}) SELECT {values} FROM integrations_run, "
                f"generate_series(1, {COPIES}) WHERE id = '{run.pk}'"
            )
            cursor.execute("ANALYZE integrations_run")


def test_a_search_without_an_index_is_noticed(make_run: Callable[..., Run]) -> None:
    run = make_run()
    with watched() as whole:
        Run.everywhere.filter(lease=run.pk).exists()
        Run.everywhere.filter(pk=run.pk, lease=run.pk).exists()
    assert len(whole) == 1


def test_a_run_s_whole_life_reads_no_other_runs(make_integration: Callable[..., Integration]) -> None:
    integration = make_integration({"rows": [{"a": 1}]})
    with watched() as whole:
        run = requests.request(integration=integration, trigger=Trigger.SCHEDULE)[0]
        requests.has_active(integration)
        make_due(run)
        runs.advance([run.pk])
        requests.retry(run=follow(run), by=None)
        integrations.delete(integration=integration, by=None)
    assert whole == []


@pytest.mark.parametrize("name", ["tick", "look_after", "renew_tokens"])
def test_what_is_done_again_and_again_reads_no_runs_that_have_ended(name: str, make_run: Callable[..., Run]) -> None:
    follow(make_run())
    make_run()
    with watched() as whole, suppress(OperationalError):
        getattr(tasks, name)(*(["fake"] if name == "tick" else []))
    assert whole == []


def test_no_page_and_no_call_reads_all_runs(people: dict[Role, User], objects: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(people[Role.ADMIN])
    found = {}
    for route in READS:
        with watched() as whole:
            for query in QUERIES:
                client.get(f"{at(route, objects)}?{query}")
        found[route] = whole
    assert {route: whole for route, whole in found.items() if whole} == {}
